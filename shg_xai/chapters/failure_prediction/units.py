"""Joints and persons that were predicted: what is known of each without a label, and whether it is wrong.

Scores are such that a high one is suspect. Shapes: N persons of the analysis, P of them with a prediction and a
labelled joint, K joints, U units (labelled joints, or persons).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa

from shg_xai.chapters.failure_prediction.results import FLIP, HEIGHT, SPREAD, TargetName
from shg_xai.errors import InputError
from shg_xai.latents.schema import FLIPS, SPREADS
from shg_xai.latents.selection import Selection
from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints, NDArray, Singles

THR = 0.05  # of the crop's side, as the PCK of a store is
LEAST = 0.5  # of the labelled joints; a person with fewer right is wrong
COLUMNS = ('predicted_keypoints', 'keypoint_scores', 'keypoints', 'visibility', 'crop_scale', 'image_id')
DOUBTS = {SPREAD: SPREADS, FLIP: FLIPS}  # columns of what heatmaps say beside their height, by score


@dataclass(frozen=True)
class Predicted:
    """P persons: their numbers in the selection, image by number from 0, heights of their heatmaps, which joints are
    labelled and which predicted wrong, the side of their crop in pixels, and by score what else heatmaps say, where all
    of the P have it.
    """

    persons: Int[Ints, ' P']
    image_of: Int[Ints, ' P']
    heights: Float[Singles, 'P K']
    labelled: NDArray[np.bool_]
    wrong: NDArray[np.bool_]
    side: Float[Floats, ' P']
    doubts: Mapping[str, Float[Singles, 'P K']] = field(default_factory=dict)

    @property
    def images(self) -> int:
        """How many there are."""
        return int(self.image_of.max(initial=-1)) + 1


@dataclass(frozen=True)
class Units:
    """U joints or persons: scores by name, the risk that heatmaps tell (one less the height), whether each is wrong, of
    which person (by place among the P) and of which of ``kinds`` joints (None of persons).
    """

    target: TargetName
    scores: dict[str, Singles]
    told: Float[Singles, ' U']
    wrong: Bools
    person: Int[Ints, ' U']
    joint: Int[Ints, ' U'] | None = None
    kinds: int = 0

    def __len__(self) -> int:
        return len(self.wrong)


def predicted(selection: Selection) -> Predicted:
    """Who has predictions and a labelled joint; nobody, where the store has no predictions."""
    table = selection.table([*COLUMNS, *DOUBTS.values()])
    predictions = [table[name].is_valid().to_numpy() for name in ('predicted_keypoints', 'keypoint_scores')]
    known = np.logical_and(*predictions)
    persons = np.flatnonzero(known)
    table, joints = table.filter(pa.array(known)), len(selection.store.manifest.keypoint_names)
    labelled = _lists(table, 'visibility', joints) > 0
    side = _lists(table, 'crop_scale', 2).max(axis=1, initial=0).astype(float)
    truth, found = (_lists(table, name, 2 * joints) for name in ('keypoints', 'predicted_keypoints'))
    # As shg_xai.evaluation.pck has it, which would import MMPose.
    far = np.linalg.norm((found - truth).reshape(-1, joints, 2), axis=2)
    wrong = labelled & ~(far < THR * side[:, None])
    some = labelled.any(axis=1)
    _, image_of = np.unique(table['image_id'].to_numpy()[some], return_inverse=True)
    heights = _lists(table, 'keypoint_scores', joints)[some].astype(np.float32)
    table = table.filter(pa.array(some))
    known = {score: column for score, column in DOUBTS.items() if not table[column].null_count}
    doubts = {score: _lists(table, column, joints) for score, column in known.items()}
    return Predicted(persons[some], image_of, heights, labelled[some], wrong[some], side[some], doubts)


def _lists(table: pa.Table, column: str, length: int) -> NDArray[np.float32]:
    """A column of lists of one length, without null, shape (P, length)."""
    parts = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in table[column].chunks]
    values = np.concatenate([np.empty(0, np.float32), *parts])
    if len(values) != table.num_rows * length:
        raise InputError(f'rows.parquet: {column}: not {length} numbers for each person; dump the latents again')
    return values.reshape(-1, length)


def joints_of(who: Predicted, far: dict[str, Singles]) -> Units:
    """Labelled joints; ``far`` is how far each person's latent is, (P,) by name."""
    person, joint = np.nonzero(who.labelled)
    height, others = who.heights[person, joint], who.heights.sum(axis=1)[person]
    count = max(who.heights.shape[1] - 1, 1)
    scores = {
        HEIGHT: -height,
        'other_heights': -(others - height) / count,
        **{name: values[person, joint] for name, values in who.doubts.items()},
        'size': _smallness(who)[person],
        **{name: values[person] for name, values in far.items()},
    }
    return Units('joints', scores, _as_risk(height), who.wrong[person, joint], person, joint, who.heights.shape[1])


def persons_of(who: Predicted, far: dict[str, Singles]) -> Units:
    """Persons, by the share of their labelled joints that is right."""
    right = (who.labelled & ~who.wrong).sum(axis=1) / who.labelled.sum(axis=1)
    mean = who.heights.mean(axis=1)
    doubts = {name: values.mean(axis=1) for name, values in who.doubts.items()}
    scores = {HEIGHT: -mean, 'lowest_height': -who.heights.min(axis=1), **doubts, 'size': _smallness(who), **far}
    return Units('persons', scores, _as_risk(mean), right < LEAST, np.arange(len(right)))


def _smallness(who: Predicted) -> Singles:
    return -np.log(np.maximum(who.side, 1e-6)).astype(np.float32)


def _as_risk(height: Singles) -> Singles:
    return np.clip(1 - height, 0, 1)
