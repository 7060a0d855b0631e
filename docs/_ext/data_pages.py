"""What is known of a person: the columns of a latent store, the concepts of annotations, the factors of made people."""

import inspect

from shg_xai.datasets.people.factors import describe
from shg_xai.latents.concepts import RULES
from shg_xai.latents.schema import row_schema


def store() -> str:
    """The columns of a store's table, for K joints."""
    rows = ''.join(
        f'| `{field.name}` | {field.type} | {"may be null" if field.nullable else ""} |\n' for field in row_schema(17)
    )
    said = (inspect.getdoc(row_schema) or '').partition('\n\n')[2].replace('``', '`')
    return f'{said}\n\nFor 17 joints:\n\n| column | type | |\n|---|---|---|\n{rows}'


def concepts() -> str:
    """Each concept with its definition."""
    parts = []
    for name, rule in RULES.items():
        needs = ', '.join(f'`{joint}`' for joint in rule.joints)
        needed = f' Needs the joints {needs}.' if needs else ''
        unit = f' Unit: {rule.unit}.' if rule.unit else ''
        parts.append(f'### {name}\n\n**{rule.title[0].upper()}{rule.title[1:]}.** {rule.definition}{unit}{needed}\n')
    return '\n'.join(parts)


def factors() -> str:
    """The factors of made people as ``tools/make_people.py --help`` lists them."""
    return f'```text\n{inspect.cleandoc(describe())}\n```\n'
