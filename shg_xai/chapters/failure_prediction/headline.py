"""Whether failures can be told without labels, in a sentence."""

from shg_xai.chapters.failure_prediction.findings import claims
from shg_xai.chapters.failure_prediction.results import HEIGHT, FailurePrediction
from shg_xai.drawing.material import Headline, Sure
from shg_xai.drawing.text import confidence_of, interval, number, percent
from shg_xai.results import Results


def headline(answer: FailurePrediction, results: Results) -> Headline | None:
    """How well the heatmap's height tells wrong joints, and whether the latent adds to it."""
    joints = answer.of_target('joints')
    own = joints.quality(HEIGHT) if joints else None
    if joints is None or own is None or own.auroc.value is None:
        return None
    adds = any('the latent adds' in claim for claim in claims(answer))
    latent = 'The latent adds to it' if adds else 'The latent is not shown to add to it'
    kept = ''
    if joints.kept and joints.kept.coverage.value is not None:
        kept = (
            f' Keeping the {percent(joints.kept.coverage.value)} of joints with the lowest predicted risk leaves at '
            f'most {percent(joints.kept.most)} wrong.'
        )
    return Headline(
        f'Yes: the height of a joint’s heatmap tells wrong joints from right ones with an AUROC of '
        f'{number(own.auroc.value)}.',
        unit='AUROC',
        number=number(own.auroc.value),
        figure='risk-coverage',
        verdict='stands' if (own.auroc.low or 0) > 0.5 else 'undecided',
        control=f'Chance is 0.5; {interval(own.auroc, confidence_of(answer))}. {latent}.{kept}',
        lead=7,
        sure=Sure(own.auroc, 0.5, 'chance'),
    )
