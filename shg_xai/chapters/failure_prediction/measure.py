"""Judge what tells, without labels, that a joint or a person is wrong; streamed, so that memory holds a few columns."""

from dataclasses import replace
from functools import partial

import numpy as np

from shg_xai.chapters.failure_prediction.judging import Judge
from shg_xai.chapters.failure_prediction.results import FailurePrediction, Target, TargetName
from shg_xai.chapters.failure_prediction.units import LEAST, THR, Predicted, joints_of, persons_of, predicted
from shg_xai.explain.decomposition import Decomposition, Work, decompose, working
from shg_xai.explain.options import FEW_IMAGES, Options
from shg_xai.latents.selection import BLOCK, Selection
from shg_xai.random_streams import stream
from shg_xai.results import Estimate
from shg_xai.stats.arrays import Float32, Int, Ints, Singles
from shg_xai.stats.executors import ordered
from shg_xai.stats.novelty import NAMES, Novelty
from shg_xai.stats.pca import components_for
from shg_xai.stats.projection import Projections

SHARE, MOST_COMPONENTS, PERSONS_A_COMPONENT = 0.9, 100, 10
REFERENCES = 5000
MOST_RESAMPLES = 300  # of images; in each all joints are counted
TARGETS: tuple[TargetName, ...] = ('joints', 'persons')


def measure(selection: Selection, options: Options | None = None) -> FailurePrediction:
    """What tells the wrong joints and persons of one layer of a store, and what its latents add; InputError if they
    cannot be analysed (``stats.moments.look``).
    """
    with working(selection, options) as work:
        return of_layer(selection.layer, work, decompose(work))


def of_layer(of: str, work: Work, found: Decomposition) -> FailurePrediction:
    """The same where components have been computed already; ``of`` is the name of the analysis."""
    who, novelty = predicted(work.selection), novelty_of(work, found)
    answer = FailurePrediction(
        of=of,
        confidence=work.options.confidence,
        warnings=_warnings(work.selection),
        persons=len(who.persons),
        images=who.images,
        components=len(novelty.variances),
        references=len(novelty.references),
        thr=THR,
        least=LEAST,
        targets=[],
    )
    if why := _reason(who, work.selection):
        answer.targets = [Target.nothing(name, 0, Estimate(value=None), why) for name in TARGETS]
        return answer
    far = distances(work, found.projections, novelty)[who.persons]
    columns = dict(zip(NAMES, far.T, strict=True))
    judge = Judge.of(
        who.image_of,
        replace(work.bootstrap, groups=who.image_of, resamples=min(work.options.bootstrap, MOST_RESAMPLES)),
    )
    with work.stage('failures') as pool:
        judged = [judge.judged(units(who, columns), pool) for units in (joints_of, persons_of)]
        judge.compare(judged)
    answer.targets = [one.target for one in judged]
    return answer


def novelty_of(work: Work, found: Decomposition) -> Novelty:
    """What latents are measured from: the leading components, and persons drawn from all."""
    values, scores = found.components.eigenvalues, found.projections.scores
    leading = min(components_for(values, SHARE), MOST_COMPONENTS, max(1, len(work.selection) // PERSONS_A_COMPONENT))
    leading = min(leading, scores.dimensions)
    drawn = stream(work.options.seed, 'failure_references').permutation(len(work.selection))[:REFERENCES]
    drawn.sort()
    mapped = scores.read(0, scores.rows, leading)
    return Novelty(values[:leading], np.array(mapped[drawn], np.float32), work.selection.image_ids[drawn])


def distances(work: Work, projections: Projections, novelty: Novelty) -> Float32[Singles, 'N 3']:
    """How far each person's latent is, block by block, see :data:`~shg_xai.stats.novelty.NAMES`."""
    images = work.selection.image_ids
    with work.stage('distances', work.blocks) as pool:
        tasks = projections.scores.blocks(BLOCK)
        parts = ordered(pool, partial(_distances, projections, novelty, images), tasks)
        return np.concatenate(list(parts))


def _distances(projections: Projections, novelty: Novelty, images: Int[Ints, ' N'], block: tuple[int, int]) -> Singles:
    here = slice(*block)
    scores = np.ascontiguousarray(projections.scores.read(*block, len(novelty.variances)))
    return novelty.distances(scores, projections.norms[here], images[here]).astype(np.float32)


def _reason(who: Predicted, selection: Selection) -> str | None:
    """Why nothing is told of anybody; None where something is."""
    if not len(who.persons):
        unpredicted = selection.table(['keypoint_scores'])['keypoint_scores'].null_count == len(selection)
        if unpredicted:
            return 'The store has no predictions: nobody is right or wrong (dump_latents.py with predictions).'
        return 'Nobody with a prediction has a labelled joint: nobody is right or wrong.'
    if who.images < FEW_IMAGES:
        few = 'photo' if who.images == 1 else 'photos'
        return f'Persons with predictions are of {who.images} {few}; fewer than {FEW_IMAGES} say nothing of others.'
    return None


def _warnings(selection: Selection) -> list[str]:
    source = selection.store.manifest.source
    split = (source.get('dataset') or {}).get('split') or source.get('split')
    trained = 'These persons are of the training set: of new ones the network gets more wrong, and may do so otherwise.'
    return [trained] if split == 'train' else []
