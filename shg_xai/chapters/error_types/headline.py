"""How good the network is, and on whom, in a sentence."""

from shg_xai.chapters.error_types.findings import WORDS
from shg_xai.chapters.error_types.results import ErrorTypes, JointErrors, KindOfError
from shg_xai.chapters.networks.results import Networks
from shg_xai.drawing.material import Headline, Sure
from shg_xai.drawing.text import confidence_of, interval, number, percent, with_span
from shg_xai.results import AnalysedLayer, Results


def headline(answer: ErrorTypes, results: Results) -> Headline | None:
    """PCK, and the kind of error that costs most of it."""
    if answer.all is None or (pck := answer.all.pck.value) is None:
        return None
    whole, costs = answer.all, max(answer.all.kinds[1:], key=lambda one: one.pck_gain.value or 0)
    layer = next((layer for layer in results.layers if layer.name == answer.of), None)
    name, whom = (layer.network_name, _whom(layer, results)) if layer else (answer.of, 'persons')
    good, pose = percent(whole.of('good').share.value), _mean_pose(layer, results)
    lost = f'; of the {number(1 - pck, 3)} that is lost, {WORDS[costs.kind]} cost most, '
    return Headline(
        f'On {number(answer.persons)} {whom} PCK is {number(pck, 3)}'
        f'{lost + with_span(costs.pck_gain) if costs.pck_gain.value else ""}.',
        unit=f'PCK of {name}, {whom}',
        number=number(pck, 3),
        figure='kinds',
        control=(
            f'PCK: {interval(whole.pck, confidence_of(answer), 3)} over images; {good} of the joints are nearer than '
            f'annotators of COCO’s photographs agree on.{_commoner(whole, costs)}'
        ),
        persons=tuple(one.annotation_id for one in answer.examples),
        lead=1,
        sure=Sure(whole.pck, pose, 'one mean pose for all', 3),
    )


def _commoner(whole: JointErrors, costs: KindOfError) -> str:
    """Why the widest part of the figure may not be what costs most."""
    jitter, own = whole.of('jitter').share.value, costs.share.value
    if costs.kind == 'jitter' or jitter is None or own is None or jitter <= own:
        return ''
    return ' Jitter is commoner and costs less: much of it is near enough to count as right.'


def _whom(layer: AnalysedLayer, results: Results) -> str:
    """Whether the network has seen these persons in its training, as far as the splits say."""
    if layer.split == 'train':
        return 'persons it was trained on'
    trained = results.layers[0].split == 'train'
    return 'persons it never saw' if trained else f'persons of {layer.split or "an unknown split"}'


def _mean_pose(layer: AnalysedLayer | None, results: Results) -> float | None:
    """PCK of one mean pose for everybody, on the same persons; None where it is not known."""
    study = results.first(Networks)
    return (study.mean_pose or {}).get('labelled') if study and layer and layer.split == 'test' else None
