"""What the latent holds, in a sentence."""

from shg_xai.chapters.concepts.findings import claims
from shg_xai.chapters.concepts.results import Concepts
from shg_xai.drawing.material import Headline, Sure
from shg_xai.drawing.text import confidence_of, interval, listed, number, percent, plural
from shg_xai.results import Results

NAMED = 3


def headline(answer: Concepts, results: Results) -> Headline | None:
    """What the first components explain best, and what is learned."""
    told = sorted(
        (one for one in answer.span if one.is_claimed), key=lambda one: one.explained.value or 0, reverse=True
    )
    if not told:
        tests = len(answer.span) + len(answer.components) + len(answer.clusters) + len(answer.probes)
        none = f'Of {plural(tests, "relation")} tested with a concept none is more than chance gives.'
        return Headline(none, number='0', unit='relations', verdict='fails') if tests and not claims(answer) else None
    best, titles = told[0], answer.titles
    others = [f'“{titles[one.concept]}” ({percent(one.explained.value)})' for one in told[1:NAMED]]
    return Headline(
        f'Its first {plural(best.components, "principal component")} account for {percent(best.explained.value)} of '
        f'how persons rank by “{titles[best.concept]}”{"; then come " + listed(others) if others else ""}.',
        unit=f'of that ranking, by {plural(best.components, "component")}',
        number=percent(best.explained.value),
        figure='explained',
        verdict='stands',
        control=(
            f'R² of ranks, {interval(best.explained, confidence_of(answer))}; photos exchanged '
            f'{number(answer.permutations)} times, corrected for all that was tested.{_learned(answer)}'
        ),
        lead=5,
        sure=Sure(best.explained, 0, 'nothing'),
    )


def _learned(answer: Concepts) -> str:
    """Of how many concepts a probe tells more than from what has learned nothing."""
    if not answer.learned:
        return ''
    probes = [probe.concept for probe in answer.probes if probe.is_claimed]
    learned = [concept for concept in probes if answer.is_learned(concept)]
    names = listed(sorted({one.baseline.removesuffix('_0') for one in answer.learned}))
    return (
        f' A linear probe tells {number(len(probes))} concepts, {number(len(learned))} of them better than from '
        f'baselines that learned nothing ({names}).'
    )
