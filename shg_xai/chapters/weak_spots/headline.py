"""On whom the network fails, in a sentence."""

from shg_xai.chapters.weak_spots.findings import ENDS, words
from shg_xai.chapters.weak_spots.results import Spot, WeakSpots
from shg_xai.drawing.material import Headline, Sure
from shg_xai.drawing.text import confidence_of, listed, negated, number, percent, plural, span
from shg_xai.results import Results

NAMED = 2  # further groups that are named


def headline(answer: WeakSpots, results: Results) -> Headline | None:
    """The most costly group, or that none is confirmed."""
    if not answer.spots:
        return Headline(
            f'No group of persons is confirmed on whom it is worse: {plural(answer.judged, "group")} were judged.',
            unit='PCK',
            number='none',
            verdict='fails',
            control='Corrected for all that were judged; pairs were sought in other photos than judged.',
        )
    spot = next((one for one in answer.spots if not one.is_latent), answer.spots[0])
    others = [one for one in answer.spots if one is not spot]
    named = [_who(one) for one in others if not one.is_latent][:NAMED]
    more = f'; lower also on {listed(named)}' if named else ''
    return Headline(
        f'PCK is {number(spot.gap.value, 3)} lower on {_who(spot)}: {number(spot.pck, 3)} against '
        f'{number(spot.pck_others, 3)} on the others{more}.',
        unit='PCK, this group minus the others',
        number=f'−{number(spot.gap.value, 3)}',
        figure='weak-spots',
        verdict='stands',
        control=(
            f'{_judged(spot)}, corrected for {plural(answer.judged, "group")} that were: '
            f'{confidence_of(answer)} interval {span(negated(spot.gap), 3) or "not known"}.'
        ),
        persons=tuple(face.annotation_id for face in spot.faces),
        lead=2,
        sure=Sure(negated(spot.gap), 0, digits=3),
    )


def _judged(spot: Spot) -> str:
    return 'Found in one half of the photos and judged in the other' if spot.found_in else 'Judged by all persons'


def _who(spot: Spot) -> str:
    """The group in words; a threshold stands in the findings and tables."""
    if spot.is_latent:
        return f'one region of the latent ({words(spot)}; {percent(spot.share)} of persons)'
    number_of = [own for own in spot.conditions if own.kind == 'number']
    if len(number_of) == len(spot.conditions) == 1:
        own = number_of[0]
        return f'the {percent(own.share)} of persons {ENDS[own.side]} in “{own.title}”'
    return f'persons with {words(spot)}'
