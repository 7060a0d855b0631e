"""What is said of the width: how many components are enough, what other rules ask for, and PCK with so many."""

from shg_xai.chapters.component_projection.results import ComponentProjection, Suggestion
from shg_xai.chapters.networks.results import GROUPS
from shg_xai.drawing.material import Table
from shg_xai.drawing.text import cell, confidence_of, interval, listed, number, percent, plural, stack_name
from shg_xai.results import Results

RANK = {1: 'more', 0: 'as many', -1: 'fewer'}


def claims(answer: ComponentProjection) -> list[str]:
    """The width that is shown to be enough, if there is one below all."""
    enough = f'{latent_name(answer)}: {number(answer.suggestion.k)} of {plural(answer.dimensions, "component")}'
    return [f'{enough} enough'] if answer.suggestion.k < answer.dimensions else []


def findings(answer: ComponentProjection, results: Results) -> list[str]:
    """The suggested width beside the rules, and beside the first of its network's latents if there are several."""
    suggested, confidence = answer.suggestion, confidence_of(answer)
    best, drop = suggested.k, suggested.drop
    first, *more = results.all(ComponentProjection, answer.of) or [answer]
    within = f'to lose at most {number(suggested.tolerance, 3)} of PCK on labelled joints'
    where, every = f'In the {latent_name(answer) if more else "latent"}', plural(answer.dimensions, 'component')
    if best < answer.dimensions:
        texts = [
            f'{where} {number(best)} of {every} {"is" if best == 1 else "are"} enough {within}, and so is every larger '
            f'number tried: the loss measured is {number(drop.value, 3)} ({interval(drop, confidence, 3)}; '
            f'{plural(answer.persons, "person")}), and with {confidence} confidence at most '
            f'{number(suggested.upper, 4)}.'
        ]
    else:
        persons = plural(answer.persons, 'person')
        texts = [f'{where} no number tried below all {every} is shown to be enough {within} ({persons}).']
    texts += chosen_text(suggested)
    rules = sorted(answer.rules, key=lambda rule: rule.k)
    for sign, side in RANK.items():
        if names := [rule_text(rule.name, rule.k) for rule in rules if (rule.k > best) - (rule.k < best) == sign]:
            texts.append(f'Other rules ask for {side} – {"; ".join(names)}.')
    if more and answer is not first:
        texts.append(
            f'Suggested are {number(best)} for the {latent_name(answer)} and {number(first.suggestion.k)} for the '
            f'{latent_name(first)}; both are steps of a ladder, not exact.'
        )
    return texts


def chosen_text(suggested: Suggestion) -> list[str]:
    """In which share of the resamples the rule chose which number; nothing where there are none."""
    shares = [f'{number(one.k)} in {percent(one.share)}' for one in suggested.choices]
    return [f'In resamples of the images the same rule chooses {listed(shares)}.'] if shares else []


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
