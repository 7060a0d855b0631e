"""The analysis of one store as results."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pyarrow as pa
import pytest
from sklearn.decomposition import PCA
from sklearn.metrics import silhouette_score

from shg_xai.chapters.clusters.results import Clusters
from shg_xai.chapters.nearest_walk.results import NearestWalk
from shg_xai.chapters.spectrum.results import Spectrum
from shg_xai.explain.decomposition import Work
from shg_xai.explain.options import Options
from shg_xai.explain.stores import Analysis, analyse, layer_of
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import select
from shg_xai.results import Answer, Checkpoint
from shg_xai.results_file import decode, encode
from tests.helpers.analysis_stores import LAYER, LINKS, blobs, selected, spoil
from tests.helpers.data import NAMES

A = TypeVar('A', bound=Answer)
QUICK = Options(ks=(2, 3, 4), restarts=3, bootstrap=30)
VALUES = (blobs(90, 24, 3, 5.0) * np.arange(1, 25) ** -0.7).reshape(90, 6, 2, 2)


def analysed(
    folder: Path,
    values: np.ndarray,
    options: Options = QUICK,
    rows: str = 'all',
    notes: tuple[str, ...] = (),
    **keywords: Any,
) -> Analysis:
    """The analysis of a store of these values."""
    chosen = selected(folder / 'store', values, rows, **keywords)
    scratch = folder / 'scratch'
    scratch.mkdir()
    with ThreadPoolExecutor(2) as pool:
        found = analyse('made', Work(chosen, options, pool, scratch / 'made.npy'), notes)
    assert not list(scratch.iterdir())
    for answer in found.answers:
        assert decode(encode(answer), type(answer), 'memory') == answer  # no NaN, nothing of another type
        assert (answer.of, answer.confidence) == ('made', options.confidence)
    return found


def told(found: Analysis, kind: type[A]) -> A:
    """The one answer of a type."""
    (answer,) = (answer for answer in found.answers if isinstance(answer, kind))
    return answer


@pytest.fixture(scope='module')
def found(tmp_path_factory: pytest.TempPathFactory) -> Analysis:
    """Ninety persons in three groups, persons 1 to 90."""
    return analysed(tmp_path_factory.mktemp('study'), VALUES, notes=('A note.',))


def test_facts(found: Analysis) -> None:
    results = found.layer
    assert (results.name, results.layer) == ('made', LAYER)
    assert (results.persons, results.persons_in_store, results.images) == (90, 90, 45)
    assert (results.dimensions, results.shape) == (24, [6, 2, 2])
    assert results.keypoint_names == list(NAMES)
    assert results.skeleton_links == list(LINKS)
    assert results.warnings[0] == 'A note.'
    assert results.warnings[1].startswith('90 persons are few')


def test_spectrum(found: Analysis) -> None:
    spectrum = told(found, Spectrum)
    expected = PCA(svd_solver='full').fit(VALUES.reshape(90, 24).astype(float))
    assert spectrum.eigenvalues == pytest.approx(expected.explained_variance_, rel=1e-6)
    ratio = expected.explained_variance_ratio_
    assert spectrum.explained_variance_ratio == pytest.approx(ratio, rel=1e-6)
    assert spectrum.cumulative == pytest.approx(np.cumsum(ratio))
    assert len(spectrum.held_out) == 10
    for entry in spectrum.held_out:
        assert entry.ends and entry.ends[0] <= (entry.value or 0) <= entry.ends[1]
    # Others lie farther from the components.
    assert sum(entry.value or 0 for entry in spectrum.held_out) < ratio[:10].sum()
    assert [entry.share for entry in spectrum.components_for] == [0.9, 0.95, 0.99]
    assert all(len(entry.halves) == 2 for entry in spectrum.components_for)
    assert spectrum.noise.value == (np.array(spectrum.eigenvalues) > spectrum.noise.threshold).sum()
    assert spectrum.study is None


def test_walks_are_those_through_the_latents(found: Analysis) -> None:
    walks = told(found, NearestWalk)
    values = VALUES.reshape(90, 24).astype(float)
    centred = values - values.mean(axis=0)
    squares, directions = np.linalg.eigh(np.cov(values, rowvar=False))
    assert walks.steps == [-3, -2, -1, 0, 1, 2, 3]
    assert [entry.component for entry in walks.walks] == [1, 2, 3, 10, 24]
    for entry in walks.walks:
        sigma, direction = np.sqrt(squares[-entry.component]), directions[:, -entry.component]
        assert entry.sigma == pytest.approx(sigma)
        distances = {step: np.linalg.norm(centred - step * sigma * direction, axis=1) for step in walks.steps}
        # The sign of a component is anyone's.
        sign = 1 if direction[np.abs(direction).argmax()] > 0 else -1
        for point in entry.points:
            distance = distances[sign * point.step]
            assert point.distance == pytest.approx(distance.min())
            assert [person.annotation_id for person in point.nearest] == (1 + np.argsort(distance)[:3]).tolist()


def test_clusters(found: Analysis) -> None:
    clusters = told(found, Clusters)
    values = VALUES.reshape(90, 24).astype(float)
    means = {}
    for entry in clusters.fits:
        labels = found.side.labels[entry.k]
        means[entry.k] = silhouette_score(values, labels)
        silhouette = entry.silhouette
        assert silhouette.value == pytest.approx(means[entry.k], abs=1e-3)
        assert silhouette.low <= silhouette.value <= silhouette.high
        assert 0 <= entry.error_bound <= QUICK.tolerance
        assert entry.sizes == np.bincount(labels).tolist()
        assert len(entry.centroids) == entry.k
        # Who is nearest to a centroid is in its cluster.
        for number, persons in enumerate(entry.centroids):
            assert labels[persons[0].annotation_id - 1] == number
    first, second = sorted(means, key=means.__getitem__, reverse=True)[:2]
    assert (clusters.best_k, clusters.second_k) == (first, second) == (3, second)
    margin = clusters.margin
    assert margin.value == pytest.approx(means[first] - means[second], abs=2e-3)
    assert margin.low <= margin.value <= margin.high


def test_persons(found: Analysis) -> None:
    table, rows = found.persons, found.selection.store.table()
    assert table.num_rows == 90
    assert table['annotation_id'].to_pylist() == list(range(1, 91))
    assert table['file_name'].to_pylist() == [f'{number // 2}.jpg' for number in range(90)]
    assert table['pck'].equals(rows['pck'])
    assert table['pck'].null_count == 23  # every fourth
    values = VALUES.reshape(90, 24).astype(float)
    scores = np.abs((values - values.mean(axis=0)) @ PCA(svd_solver='full').fit(values).components_.T)
    for number in range(1, 11):
        column = table[f'component_{number}']
        assert column.type == pa.float32()
        assert np.abs(column.to_numpy()) == pytest.approx(scores[:, number - 1], abs=1e-4)
    assert 'component_11' not in table.column_names
    for k in (2, 3, 4):
        assert pa.types.is_integer(table[f'cluster_k{k}'].type)
        assert table[f'cluster_k{k}'].to_pylist() == found.side.labels[k].tolist()
        assert table[f'silhouette_k{k}'].type == pa.float32()


def test_one_number_of_clusters_has_no_margin(tmp_path: Path) -> None:
    clusters = told(analysed(tmp_path, VALUES, Options(ks=(3,), restarts=1, bootstrap=10)), Clusters)
    assert (clusters.best_k, clusters.second_k, clusters.margin) == (3, None, None)


def test_a_constant_value_is_a_warning(tmp_path: Path) -> None:
    values = VALUES.copy()
    values[:, 2, 1, 1] = 4
    found = analysed(tmp_path, values)
    assert found.layer.constant_dimensions == 1
    assert found.layer.warnings[0].startswith('1 of 24 values are the same for all persons')
    assert told(found, Spectrum).eigenvalues[-1] == pytest.approx(0, abs=1e-9)


def test_one_image_knows_no_interval(tmp_path: Path) -> None:
    found = analysed(tmp_path, VALUES, images=[1] * 90)
    assert found.layer.images == 1
    assert told(found, Spectrum).held_out[0].value is None
    assert told(found, Spectrum).participation_ratio.halves == []
    assert told(found, Clusters).fits[0].silhouette.high is None
    assert told(found, Clusters).margin.low is None


def test_one_dimension(tmp_path: Path) -> None:
    found = analysed(tmp_path, VALUES.reshape(90, 24)[:, :1])
    assert told(found, Spectrum).explained_variance_ratio == [1]
    assert [entry.component for entry in told(found, NearestWalk).walks] == [1]


def test_as_few_persons_as_can_be(tmp_path: Path) -> None:
    found = analysed(tmp_path, VALUES[:3], Options(ks=(2,), bootstrap=10))
    assert told(found, Clusters).fits[0].sizes == [2, 1]
    assert [entry.component for entry in told(found, NearestWalk).walks] == [1, 2]


@pytest.mark.parametrize('base', [0, 0.1])  # exact in a mean of twenty, and not
def test_only_one_person_differs(tmp_path: Path, base: float) -> None:
    # In the half of the images without that person nothing varies, so nothing is known of it.
    values = np.full((20, 4), base, np.float32)
    values[3] += (20, 40, 60, 80)
    found = analysed(tmp_path, values)
    halves = told(found, Spectrum).participation_ratio.halves
    assert sorted(halves, key=str) == [pytest.approx(1), None]
    for entry in told(found, Spectrum).components_for:
        assert sorted(entry.halves, key=str) == [1, None]
    assert told(found, Spectrum).explained_variance_ratio[0] == pytest.approx(1)
    assert told(found, Clusters).fits[0].sizes == [19, 1]


def test_persons_of_a_condition(tmp_path: Path) -> None:
    whole = analysed(tmp_path, VALUES, rows='annotation_id > 30')
    assert (whole.layer.persons, whole.layer.persons_in_store) == (60, 90)
    assert whole.persons['annotation_id'].to_pylist() == list(range(31, 91))
    part = tmp_path / 'part'
    part.mkdir()
    alone = analysed(part, VALUES[30:], ids=range(31, 91), images=[number // 2 for number in range(30, 90)])
    assert whole.answers[:3] == alone.answers[:3]  # concepts differ: each of these persons is made by its number


def test_what_is_left_out_may_be_wrong(tmp_path: Path) -> None:
    selected(tmp_path / 'store', VALUES)
    spoil(tmp_path / 'store', 4, np.nan)
    (tmp_path / 'scratch').mkdir()
    chosen = select(LatentStore.open(tmp_path / 'store'), None, 'annotation_id != 5')
    with ThreadPoolExecutor(1) as pool:
        found = analyse('a', Work(chosen, QUICK, pool, tmp_path / 'scratch' / 'a.npy'))
    assert found.layer.persons == 89


@pytest.mark.parametrize(
    'stored, told',
    [
        (dict(sha256='0f'), Checkpoint(sha256='0f')),
        (dict(url='https://a/b.pth'), Checkpoint(url='https://a/b.pth')),
        (dict(seed=0), None),
        (None, None),
    ],
)
def test_whose_latents_they_are(tmp_path: Path, stored: dict[str, Any] | None, told: Checkpoint | None) -> None:
    source = dict(checkpoint=stored, config_file='a.py', dataset=dict(ann_file='a.json', split='val'))
    layer = layer_of('made', selected(tmp_path / 'store', VALUES, source=source), 2)
    assert (layer.checkpoint, layer.constant_dimensions) == (told, 2)
    assert (layer.config_file, layer.dataset, layer.split) == ('a.py', 'a.json', 'val')
