"""What is said of the width: how many components are enough, what other rules ask for, and PCK with so many."""

from shg_xai.chapters.component_projection.results import ComponentProjection
from shg_xai.chapters.networks.results import GROUPS
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import cell, confidence_of, interval, number, percent, plural, stack_name
from shg_xai.results import Results

RANK = {1: 'more', 0: 'as many', -1: 'fewer'}


def findings(answer: ComponentProjection, results: Results) -> list[str]:
    """The suggested width beside the rules, and beside the first of its network's latents if there are several."""
    best, tolerance, drop = answer.suggestion.k, answer.suggestion.tolerance, answer.suggestion.drop
    first, *more = results.all(ComponentProjection, answer.of) or [answer]
    enough = f'{number(best)} of {plural(answer.dimensions, "component")} {"is" if best == 1 else "are"} enough'
    if best >= answer.dimensions:
        enough = f'all {number(best)} components are needed'
    texts = [
        f'In the {latent_name(answer) if more else "latent"} {enough} to lose at most {number(tolerance, 3)} of PCK on '
        f'labelled joints: the loss measured is {number(drop.value, 3)} ({interval(drop, confidence_of(answer), 3)}; '
        f'{plural(answer.persons, "person")}).'
    ]
    if drop.high is not None and drop.high > tolerance:
        texts.append(f'The interval does not rule out a larger loss, up to {number(drop.high, 3)}.')
    rules = sorted(answer.rules, key=lambda rule: rule.k)
    for sign, side in RANK.items():
        if names := [rule_text(rule.name, rule.k) for rule in rules if (rule.k > best) - (rule.k < best) == sign]:
            texts.append(f'Other rules ask for {side} – {"; ".join(names)}.')
    if more and answer is not first:
        other = first.suggestion.k
        texts.append(
            f'The {latent_name(answer)} needs {RANK[(best > other) - (best < other)]} components '
            f'{"as" if best == other else "than"} the {latent_name(first)} ({number(best)} and {number(other)}; both '
            'are steps of a ladder, not exact).'
        )
    return texts


def tables(answer: ComponentProjection, results: Results) -> list[Table]:
    """PCK of each group of joints with the first k components."""
    rows = []
    for place, k in enumerate(answer.ks):
        pck = [cell(answer.pck[group].y[place], 3) for group in GROUPS]
        lost = cell(answer.drop['labelled'].y[place], 4)
        rows.append([number(k), percent(answer.explained_variance_ratio[place], 3), *pck, lost])
    intervals = f'with {confidence_of(answer)} intervals'
    caption = f'PCK with the first k components kept, {intervals}, and what is lost on labelled joints'
    return [Table(caption, ['k', 'variance', *GROUPS.values(), 'lost'], rows, folded=True)]


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
