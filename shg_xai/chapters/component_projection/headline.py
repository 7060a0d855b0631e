"""How many components are enough, in a sentence."""

from shg_xai.chapters.component_projection.results import ComponentProjection
from shg_xai.drawing.material import Headline
from shg_xai.drawing.text import number, percent, plural
from shg_xai.results import Results


def headline(answer: ComponentProjection, results: Results) -> Headline | None:
    """The width that is shown to be enough, or that none is."""
    told, whole = answer.suggestion, plural(answer.dimensions, 'component')
    if told.k >= answer.dimensions:
        return Headline(
            f'No smaller number tried than all {whole} is shown to lose at most {number(told.tolerance, 3)} of PCK.',
            unit='components',
            number=number(told.k),
            figure='width',
            verdict='undecided',
        )
    return Headline(
        f'With {number(told.k)} of {whole} kept, the decoder loses at most {number(told.tolerance, 3)} of PCK.',
        unit='components',
        number=f'{number(told.k)} of {number(answer.dimensions)}',
        figure='width',
        verdict='stands',
        control=(
            f'Non-inferiority: with {percent(answer.confidence)} confidence the loss is at most '
            f'{number(told.upper, 4)}; {plural(answer.persons, "person")} of {answer.split}.'
        ),
        lead=True,
    )
