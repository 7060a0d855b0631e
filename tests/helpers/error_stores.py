"""Stores of persons whose joints are where a test puts them, and are predicted where it says."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from shg_xai.explain.decomposition import Work
from shg_xai.explain.options import Options
from shg_xai.latents import LatentStore, Layer, Manifest, ShardWriter, create_store
from shg_xai.latents.selection import select
from shg_xai.stats.executors import executor

QUICK = Options(ks=(2,), bootstrap=20)


class Skeleton(NamedTuple):
    """Joints of a data set: names, sigmas, and which is the mirror image of each."""

    names: tuple[str, ...]
    sigmas: tuple[float, ...]
    mirrored: tuple[int, ...]


FIVE = Skeleton(
    ('head', 'left_hand', 'right_hand', 'left_foot', 'right_foot'), (0.05, 0.1, 0.1, 0.1, 0.1), (0, 2, 1, 4, 3)
)


def person(number: int, image: int, truth: Any, predicted: Any, **changes: Any) -> dict[str, Any]:
    """A person of 100 x 100 pixels; all joints are labelled and certain, the crop is 200 pixels wide."""
    truth = np.asarray(truth, float)
    seen: dict[str, Any] = dict(predicted_keypoints=None, keypoint_scores=None, pck=None)
    if predicted is not None:
        seen |= dict(predicted_keypoints=np.asarray(predicted), keypoint_scores=np.ones(len(truth)), pck=0.5)
    facts = dict(
        annotation_id=number,
        image_id=image,
        file_name=f'{image}.jpg',
        dataset='made',
        split='val',
        bbox=[0, 0, 100, 100],
        area=10_000.0,
        crop_center=[50, 50],
        crop_scale=[200, 150],
        keypoints=truth,
        visibility=np.full(len(truth), 2),
    )
    return {**facts, **seen, **changes}


def write_persons(folder: Path, skeleton: Skeleton, persons: Sequence[dict[str, Any]]) -> Path:
    """A store of these persons, with latents that say nothing."""
    content = Manifest(
        layers=(Layer.named('latent', (4,), 'float32'),),
        rows=len(persons),
        keypoint_names=skeleton.names,
        skeleton_links=(),
        source=dict(dataset=dict(ann_file='made.json', sha256='made')),
        environment={},
        sigmas=skeleton.sigmas,
        mirrored=skeleton.mirrored,
    )
    create_store(folder, content)
    with ShardWriter(folder, content) as writer:
        writer.add(list(persons), dict(latent=np.random.default_rng(0).normal(size=(len(persons), 4))))
    return folder


def errors_of(folder: Path, rows: str = 'all', options: Options = QUICK) -> Any:
    """What the chapter says of a store."""
    from shg_xai.chapters.error_types.measure import of_store

    selection = select(LatentStore.open(folder), None, rows)
    with executor(1) as pool:
        return of_store('made', Work(selection, options, pool, folder / 'scratch'))
