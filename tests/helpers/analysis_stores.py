"""What tests of the analysis share: stores of given numbers, and persons to go with them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from shg_xai.explain.options import Options
from shg_xai.explain.stores import Beside, explain_selections
from shg_xai.latents import LatentStore, Layer, Manifest, ShardWriter, create_store
from shg_xai.latents.selection import Selection, select
from shg_xai.latents.shards import SHARDS
from shg_xai.results import Results
from shg_xai.results_file import encode, read_results
from shg_xai.stats.executors import executor
from shg_xai.stats.kmeans import Source
from tests.helpers.data import NAMES, STANDING

LAYER = 'bottleneck'
QUICK = Options(ks=(2, 3), restarts=2, bootstrap=10, map=12)
LINKS = ((15, 13), (13, 11), (11, 12), (5, 6), (0, 1))


def person(number: int, annotation_id: int, image_id: int) -> dict[str, Any]:
    """A standing person; every third knows not all joints, every fourth has no PCK."""
    generator = np.random.default_rng([7, number])
    flags = generator.integers(1, 3, len(NAMES))
    if number % 3 == 0:
        flags[generator.choice(len(NAMES), number % 7, replace=False)] = 0
    points = STANDING * (0.8 + 0.4 * generator.random()) + generator.normal(0, 3, STANDING.shape)
    points = np.where(flags[:, None] > 0, points + 20, 0)
    return {
        'annotation_id': annotation_id,
        'image_id': image_id,
        'file_name': f'{image_id}.jpg',
        'dataset': 'made',
        'split': 'val',
        'bbox': [20, 20, *(80 + 40 * generator.random(2))],
        'crop_center': [70, 70],
        'crop_scale': [125, 125],
        'keypoints': points.ravel(),
        'visibility': flags.tolist(),
        'pck': None if number % 4 == 0 else generator.random(),
        'factors.posture': generator.random(),
    }


def write_store(
    folder: Path,
    values: np.ndarray | Mapping[str, np.ndarray],
    ids: Sequence[int] | None = None,
    images: Sequence[int] | None = None,
    dtype: str = 'float32',
    rows_per_shard: int = 1024,
    **manifest: Any,
) -> Path:
    """A store of these values, (N, ...) or one such array for each layer.

    Persons are 1 to N and two share an image, if nothing else is said. Values that a writer refuses (infinite in
    float16) can be written over afterwards, see :func:`spoil`.
    """
    layers = dict(values) if isinstance(values, Mapping) else {LAYER: values}
    count = len(next(iter(layers.values())))
    ids = range(1, count + 1) if ids is None else ids
    images = [number // 2 for number in range(count)] if images is None else images
    facts = dict(
        rows=count,
        keypoint_names=NAMES,
        skeleton_links=LINKS,
        source=dict(split='val', dataset=dict(ann_file='made.json', sha256='made')),
        environment={},
        layers=tuple(Layer.named(name, array.shape[1:], dtype) for name, array in layers.items()),
    )
    content = Manifest(**{**facts, **manifest})
    create_store(folder, content)
    with ShardWriter(folder, content, rows_per_shard=rows_per_shard) as writer:
        writer.add([person(number, int(ids[number]), int(images[number])) for number in range(count)], layers)
    return folder


def spoil(folder: Path, row: int, value: float, layer: str = LAYER) -> None:
    """Write a value over the first one of a row of the first shard."""
    file = next(iter(sorted((folder / SHARDS).iterdir()))) / f'{layer}.npy'
    values = np.load(file, mmap_mode='r+')
    values[row].reshape(-1)[0] = value
    values.flush()


def selected(folder: Path, values: np.ndarray, rows: str = 'all', **keywords: Any) -> Selection:
    """Write a store and select persons of it."""
    return select(LatentStore.open(write_store(folder, values, **keywords)), None, rows)


def blobs(count: int, dimensions: int, groups: int = 3, distance: float = 6.0, seed: int = 0) -> np.ndarray:
    """Groups of persons, round and as many of each, float32, shape (N, D)."""
    generator = np.random.default_rng(seed)
    centres = distance * np.eye(groups, dimensions)
    return (generator.standard_normal((count, dimensions)) + centres[np.arange(count) % groups]).astype(np.float32)


class InMemory:
    """Reads blocks of an array as the tasks of K-Means."""

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    def __call__(self, task: tuple[int, int]) -> np.ndarray:
        return self.values[slice(*task)]


def source_of(values: np.ndarray, size: int = 64) -> Source:
    """An array (N, D) as K-Means reads it, ``size`` persons a block."""
    values = np.asarray(values, np.float32)
    tasks = [(start, min(start + size, len(values))) for start in range(0, len(values), size)]
    exact = values.astype(np.float64)
    return Source(tasks, InMemory(values), (exact**2).sum(axis=1), size, float(exact.var(axis=0).mean()))


def explained(
    out: Path, selections: list[Selection], threads: int = 2, options: Options = QUICK, **keywords: Any
) -> Results:
    """Explain into a new folder; what it has written is read back."""
    out.mkdir()
    with executor(threads) as pool:
        results = explain_selections(selections, options, out, pool, 'the command', Beside(**keywords))
    assert encode(read_results(out / 'results.json')) == encode(results)
    return results


def hsic(k: np.ndarray, m: np.ndarray) -> float:
    """Song and others 2012, equation 5, from two kernels (N, N)."""
    n = len(k)
    k, m = k - np.diag(np.diag(k)), m - np.diag(np.diag(m))
    one = np.ones(n)
    return (
        np.trace(k @ m) + (one @ k @ one) * (one @ m @ one) / ((n - 1) * (n - 2)) - 2 / (n - 2) * (one @ k @ m @ one)
    ) / (n * (n - 3))


def brute_force(a: np.ndarray, b: np.ndarray) -> float:
    """Debiased CKA from linear kernels of latents that are not even centred."""
    k, m = (values.reshape(len(values), -1).astype(float) for values in (a, b))
    k, m = k @ k.T, m @ m.T
    return hsic(k, m) / np.sqrt(hsic(k, k) * hsic(m, m))
