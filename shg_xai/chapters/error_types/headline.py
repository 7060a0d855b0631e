"""How good the network is on the stored persons, in a sentence."""

from shg_xai.chapters.error_types.findings import WORDS
from shg_xai.chapters.error_types.results import ErrorTypes
from shg_xai.drawing.material import Headline
from shg_xai.drawing.text import confidence_of, interval, number, percent, with_span
from shg_xai.results import Results


def headline(answer: ErrorTypes, results: Results) -> Headline | None:
    """PCK, and the kind of error that costs most of it."""
    if answer.all is None or answer.all.pck.value is None:
        return None
    whole, costs = answer.all, max(answer.all.kinds[1:], key=lambda one: one.pck_gain.value or 0)
    trained = any(layer.name == answer.of and layer.split == 'train' for layer in results.layers)
    good = percent(whole.of('good').share.value)
    where = 'On the persons it was trained on' if trained else 'On the stored persons'
    return Headline(
        f'{where} PCK is {number(whole.pck.value, 3)}; {WORDS[costs.kind]} cost most of it, '
        f'{with_span(costs.pck_gain)}.',
        unit='PCK, training persons' if trained else 'PCK, stored persons',
        number=number(whole.pck.value, 3),
        figure='kinds',
        control=(
            f'PCK: {interval(whole.pck, confidence_of(answer), 3)} over photos; {good} of the joints are as near as '
            'people who annotate agree.'
        ),
        persons=tuple(one.annotation_id for one in answer.examples),
        lead=True,
    )
