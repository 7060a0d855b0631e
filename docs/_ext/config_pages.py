"""Configs and their keys, as Markdown."""

import ast
import inspect
import re
from functools import cache
from pathlib import Path

from component_pages import Component, registered

ROOT = Path(__file__).resolve().parents[2]


@cache
def paths() -> tuple[Path, ...]:
    """Every config that is whole, and the study's base."""
    return tuple(sorted((ROOT / 'configs').glob('*.py')) + sorted((ROOT / 'configs').glob('*/*.py')))


def configs() -> str:
    """Each config: why it is as it is, and all of its text."""
    parts = []
    for path in paths():
        name = path.relative_to(ROOT / 'configs')
        said = ast.get_docstring(ast.parse(path.read_text())) or ''
        title, _, rest = said.partition('\n')
        code = path.read_text().split('"""', 2)[2].lstrip()
        parts.append(f'## {name}\n\n{title}\n\n{_markdown(rest)}\n\n```python\n{code}```\n')
    return '\n'.join(parts)


def _markdown(text: str) -> str:
    """A config's docstring: indented commands become a block, the rest stays as it is."""
    return re.sub(r'((?:^    .*\n?)+)', lambda found: f'```text\n{inspect.cleandoc(found[1])}\n```\n', text, flags=re.M)


def described(component: Component) -> dict[str, str]:
    """What docstrings say of each key: the entries of the section ``Args``, its own before those it inherits."""
    found: dict[str, str] = {}
    for kind in inspect.getmro(component.object):
        for text in (kind.__doc__, getattr(vars(kind).get('__init__'), '__doc__', None)):
            section = re.search(r'^Args:\n((?: .*\n?|\n)+)', inspect.cleandoc(text or ''), re.MULTILINE)
            for entry in re.split(r'^    (?=\w)', section[1], flags=re.MULTILINE) if section else []:
                name, _, said = entry.partition(':')
                found.setdefault(re.sub(r' \(.*', '', name).strip(), _said(said))
    return found


def _said(text: str) -> str:
    """An entry in one line of reST, without the defaults that OpenMMLab repeats; its Markdown is not ours to mend."""
    return re.sub(r'\s*Defaults?( to| is|:).*$', '', ' '.join(re.sub(r'^ *\(.*?\): ', '', text).split())).strip()


def keys() -> str:
    """Every key of every component: its default and what the docstring says of it."""
    parts = []
    for component in registered():
        if not component.keys:
            continue
        said = described(component)
        entries = []
        for key, parameter in component.keys.items():
            default = (
                '' if parameter.default is inspect.Parameter.empty else f'   :default: ``{parameter.default!r}``\n'
            )
            entries.append(f'.. confval:: {component.name}.{key}\n{default}\n   {said[key]}\n')
        block = '\n'.join(entries)
        parts.append(f'## {component.name}\n\n```{{eval-rst}}\n{block}```\n')
    return '\n'.join(parts)
