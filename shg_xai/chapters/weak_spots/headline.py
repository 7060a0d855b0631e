"""On whom the network fails, in a sentence."""

from shg_xai.chapters.weak_spots.findings import words
from shg_xai.chapters.weak_spots.results import Spot, WeakSpots
from shg_xai.drawing.material import Headline
from shg_xai.drawing.text import confidence_of, number, percent, plural, span
from shg_xai.results import Results


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
    rest = len(answer.spots) - 1
    more = f'; {plural(rest, "more group")} {"is" if rest == 1 else "are"} confirmed' if rest else ''
    return Headline(
        f'PCK is {number(spot.gap.value)} lower on {_who(spot)}: {number(spot.pck)} beside '
        f'{number(spot.pck_others)}{more}.',
        unit='PCK',
        number=f'−{number(spot.gap.value)}',
        figure='weak-spots',
        verdict='stands',
        control=(
            f'{_judged(spot)}, corrected for {plural(answer.judged, "group")} that were: '
            f'{confidence_of(answer)} interval {span(spot.gap) or "not known"}.'
        ),
        persons=tuple(face.annotation_id for face in spot.faces),
        lead=True,
    )


def _judged(spot: Spot) -> str:
    return 'Found in one half of the photos and judged in the other' if spot.found_in else 'Judged by all persons'


def _who(spot: Spot) -> str:
    share = f'{percent(spot.share)} of persons'
    return f'persons with {words(spot)}' if not spot.is_latent else f'one region of the latent ({words(spot)}; {share})'
