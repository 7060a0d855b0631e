"""The persons of a store as the kinds of error need them: where joints are, and where they were predicted.

Shapes: N persons, K joints. Places are in pixels of the image.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from shg_xai.errors import InputError
from shg_xai.latents.store import LatentStore
from shg_xai.stats.arrays import Bools, Float32, Int, Ints, Shaped, Singles

COLUMNS = ('dataset', 'image_id', 'bbox', 'area', 'crop_center', 'crop_scale', 'keypoints', 'visibility')
PREDICTED = ('predicted_keypoints', 'keypoint_scores')
OF_BOX = 0.53  # of a box's area is a person's, where nobody measured it: MMPose's base_coco_style_dataset.py
SCORE = 0.2  # MMPose's CocoMetric: keypoint_score_thr, below which a joint has no say in its person's score


@dataclass(frozen=True)
class People:
    """N persons of a store, in its order."""

    image_of: Int[Ints, ' N']  # numbers of their images, of whichever data set
    truth: Float32[Singles, 'N K 2']
    labelled: Shaped[Bools, 'N K']
    predicted: Float32[Singles, 'N K 2']  # NaN where nothing was predicted
    score: Float32[Singles, ' N']
    area: Float32[Singles, ' N']  # as annotated, else of the box
    guessed: Shaped[Bools, ' N']  # whose area is of the box
    center: Float32[Singles, 'N 2']  # of the crop
    side: Float32[Singles, ' N']  # of the crop, the longer one

    @property
    def known(self) -> Shaped[Bools, ' N']:
        """Of whom something was predicted, and a joint is labelled; others count nowhere."""
        return np.isfinite(self.predicted).all((1, 2)) & self.labelled.any(1)


def people_of(store: LatentStore) -> People:
    """All persons of a store; InputError where its table has lists of another length."""
    joints = store.manifest.num_keypoints
    table = store.table([*COLUMNS, *PREDICTED])
    box, area = lists(table, 'bbox', 4), table['area'].to_numpy().astype(np.float32)
    guessed = ~(area > 0)
    of_box = np.maximum(box[:, 2] * box[:, 3] * OF_BOX, 1)
    scores = lists(table, 'keypoint_scores', joints)
    return People(
        image_of=_images(table),
        truth=lists(table, 'keypoints', 2 * joints).reshape(-1, joints, 2),
        labelled=lists(table, 'visibility', joints) > 0,
        predicted=lists(table, 'predicted_keypoints', 2 * joints).reshape(-1, joints, 2),
        score=person_scores(scores),
        area=np.where(guessed, of_box, area).astype(np.float32),
        guessed=guessed,
        center=lists(table, 'crop_center', 2),
        side=lists(table, 'crop_scale', 2).max(1),
    )


def person_scores(scores: Float32[Singles, 'N K']) -> Float32[Singles, ' N']:
    """A person's score as MMPose's CocoMetric has it (``bbox_keypoint``) with annotated boxes, whose own score is 1:
    the mean over joints that score above 0.2, and 0 without such a joint.
    """
    counts = scores > SCORE
    return np.where(counts, scores, 0).sum(1) / np.maximum(counts.sum(1), 1)


def _images(table: pa.Table) -> Ints:
    """Numbers of images; two data sets may have an image of one id."""
    owner = table['dataset'].combine_chunks().dictionary_encode()
    owners = owner.indices.to_numpy() if isinstance(owner, pa.DictionaryArray) else np.zeros(len(table), int)
    pairs = np.stack([owners, table['image_id'].to_numpy()], 1)
    return np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)


def lists(table: pa.Table, column: str, length: int) -> Singles:
    """A column of lists of one length, (N, length), NaN where it is null."""
    found, start = np.full((len(table), length), np.nan, np.float32), 0
    for chunk in table[column].chunks:
        own = found[start : start + len(chunk)]
        there, values = chunk.is_valid().to_numpy(zero_copy_only=False), chunk.flatten().to_numpy(zero_copy_only=False)
        if len(values) != there.sum() * length:
            raise InputError(f'rows.parquet: {column}: not {length} numbers for each person; dump the latents again')
        own[there], start = values.reshape(-1, length), start + len(chunk)
    return found


def crowds(image_of: Int[Ints, ' N'], most: int) -> Iterator[Int[Ints, 'I M']]:
    """Persons by their numbers, image by image: I images with M persons each, those of a row in ascending order; at
    most ``most`` pairs of persons, and one image at least, at a time.
    """
    mixed = np.argsort(image_of, kind='stable')
    _, starts, sizes = np.unique(image_of[mixed], return_index=True, return_counts=True)
    for size in np.unique(sizes):
        first = starts[sizes == size]
        step = max(1, most // size**2)
        for start in range(0, len(first), step):
            yield mixed[first[start : start + step, None] + np.arange(size)]
