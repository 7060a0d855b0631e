"""Sentences on the width: how many components are enough, and what other rules ask for."""

from shg_xai.chapters.component_projection.results import ComponentProjection
from shg_xai.drawing.text import confidence_of, interval, number, plural, stack_name
from shg_xai.results import Results

RANK = {-1: 'fewer', 0: 'as many', 1: 'more'}


def findings(answer: ComponentProjection, results: Results) -> list[str]:
    """The suggested width beside the rules, and beside the first of its network's latents if there are several."""
    best, tolerance, drop = answer.suggestion.k, answer.suggestion.tolerance, answer.suggestion.drop
    siblings = results.all(ComponentProjection, answer.of)
    enough = (
        f'all {number(best)} components are needed'
        if best >= answer.dimensions
        else f'{number(best)} of {plural(answer.dimensions, "component")} {"is" if best == 1 else "are"} enough'
    )
    texts = [
        f'In the {latent_name(answer) if len(siblings) > 1 else "latent"} {enough} to lose at most '
        f'{number(tolerance, 3)} of PCK on labelled joints: the loss measured is {number(drop.value, 3)} '
        f'({interval(drop, confidence_of(answer), 3)}; {plural(answer.persons, "person")}).'
    ]
    if drop.high is not None and drop.high > tolerance:
        texts.append(f'The interval does not rule out a larger loss, up to {number(drop.high, 3)}.')
    sides: dict[str, list[str]] = {'more': [], 'as many': [], 'fewer': []}
    for rule in sorted(answer.rules, key=lambda rule: rule.k):
        sides[RANK[(rule.k > best) - (rule.k < best)]].append(rule_text(rule.name, rule.k))
    texts += [f'Other rules ask for {side} – {"; ".join(names)}.' for side, names in sides.items() if names]
    if len(siblings) > 1 and answer is not siblings[0]:
        other = siblings[0].suggestion.k
        texts.append(
            f'The {latent_name(answer)} needs {RANK[(best > other) - (best < other)]} components '
            f'{"as" if best == other else "than"} the {latent_name(siblings[0])} ({number(best)} and {number(other)}; '
            'both are steps of a ladder, not exact).'
        )
    return texts


def heading(answer: ComponentProjection, results: Results) -> str | None:
    """Which latent it is, where there are several."""
    several = results.all(ComponentProjection)
    where = f'{answer.of}, ' if len({other.of for other in several}) > 1 else ''
    name = f'{where}{latent_name(answer)}'
    return name[0].upper() + name[1:] if len(several) > 1 else None


def latent_name(answer: ComponentProjection) -> str:
    """``first stack``, or the name of a layer that is in none."""
    return f'layer {answer.layer}' if answer.stack is None else stack_name(answer.stack)


def rule_text(name: str, k: int) -> str:
    """``95 % of the variance: 67``; ``the study's 50`` says its number itself."""
    return name if name.endswith(f' {number(k)}') else f'{name}: {number(k)}'
