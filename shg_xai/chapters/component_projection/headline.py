"""How many components are enough, in a sentence."""

from shg_xai.chapters.component_projection.results import ComponentProjection
from shg_xai.drawing.material import Headline
from shg_xai.drawing.text import number, percent, plural
from shg_xai.results import Results


def headline(answer: ComponentProjection, results: Results) -> Headline | None:
    """The width that is shown to be enough, or that none is."""
    told, whole = answer.suggestion, plural(answer.dimensions, 'principal component')
    if told.k >= answer.dimensions:
        return Headline(
            f'No smaller number tried than all {whole} is shown to lose at most {number(told.tolerance, 3)} of PCK.',
            unit='components',
            number=number(told.k),
            figure='width',
            verdict='undecided',
        )
    return Headline(
        f'With {number(told.k)} of the latent’s {whole} kept and all skips intact, the network loses at most '
        f'{number(told.tolerance, 3)} of PCK{_none(answer)}.',
        unit='components of the latent',
        number=f'{number(told.k)} of {number(answer.dimensions)}',
        figure='width',
        verdict='stands',
        control=(
            f'Non-inferiority: with {percent(answer.confidence)} confidence the loss is at most '
            f'{number(told.upper, 4)}; {plural(answer.persons, "person")} of {answer.split}.'
        ),
        lead=6,
    )


def _none(answer: ComponentProjection) -> str:
    """What keeping none at all costs, so that the number above has a size."""
    curve = answer.drop['labelled']
    none = (curve.at(0).value if 0 in curve.x else None) or 0
    return f'; with none of the {number(answer.dimensions)} it loses {number(none)}' if none > 0 else ''
