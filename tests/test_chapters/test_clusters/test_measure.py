"""Who sits in which cluster, against plain distances between all."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score

from shg_xai.chapters.clusters.measure import (
    CENTRAL,
    MISFITS,
    Runs,
    Structure,
    central_persons,
    cluster,
    fit_of,
    stability_of,
    structure,
)
from shg_xai.chapters.clusters.results import Fit, Groups, Misfit
from shg_xai.chapters.nearest_walk.results import NearPerson
from shg_xai.explain.decomposition import Work, working
from shg_xai.explain.options import Options
from shg_xai.latents.selection import Selection
from shg_xai.results import Estimate
from shg_xai.stats.kmeans import Clustering
from shg_xai.stats.moments import look, moments
from shg_xai.stats.pca import principal_components
from shg_xai.stats.projection import project
from shg_xai.stats.silhouette import Silhouettes
from tests.helpers.analysis_stores import blobs, selected


def clustered(folder: Path, chosen: Selection, options: Options, dimensions: int, threads: int = 2) -> dict[int, Runs]:
    """Clusters of a selection, of whose components half are in the file."""
    folder.mkdir(exist_ok=True)
    with ThreadPoolExecutor(threads) as pool:
        found = moments(chosen, look(chosen, pool).mean, pool)
        components = principal_components(found.mean, found.covariance)
        work = Work(chosen, options, pool, folder / 'a.npy')
        projections = project(chosen, components, max(dimensions, chosen.dimensions // 2), work.file, pool)
        return cluster(work, components, projections, dimensions)


@pytest.fixture(scope='module')
def values() -> np.ndarray:
    """Four groups of unlike sizes far from 0, with much noise in the last dimensions."""
    generator = np.random.default_rng(1)
    centres = np.concatenate([8 * np.eye(4), np.zeros((4, 8))], axis=1)
    group = generator.choice(4, 2300, p=[0.1, 0.4, 0.3, 0.2])
    noise = generator.standard_normal((2300, 12)) * np.linspace(1.5, 0.5, 12)
    return (centres[group] + noise + 20).astype(np.float32)


def test_all_dimensions_decide(tmp_path: Path, values: np.ndarray) -> None:
    chosen = selected(tmp_path / 'store', values)
    found = clustered(tmp_path / 'work', chosen, Options(ks=(2, 3, 4), restarts=5), 4)
    assert list(found) == [2, 3, 4]
    mean = values.astype(float).mean(axis=0)
    for k, own in found.items():
        expected = KMeans(k, n_init=10, random_state=0).fit(values.astype(float))
        assert own.best.inertia == pytest.approx(expected.inertia_, rel=1e-3)
        assert adjusted_rand_score(own.best.labels, expected.labels_) > 0.99
        # The labels are those of the nearest centroid over all twelve dimensions.
        squares = ((values[:, None] - mean - own.best.centroids) ** 2).sum(axis=2)
        assert np.array_equal(own.best.labels, squares.argmin(axis=1))
        assert own.best.inertia == pytest.approx(squares.min(axis=1).sum(), rel=1e-5)
        # Going on over all dimensions only lowers what the best restart came to.
        assert len(own.restart_inertia) == 5
        assert min(own.restart_inertia) >= own.best.inertia * (1 - 1e-6)
        assert min(own.restart_inertia) <= own.best.inertia * 1.05
        sizes = np.bincount(own.best.labels, minlength=k)
        assert (np.diff(sizes) <= 0).all()
        for number, centroid in enumerate(own.best.centroids):
            assert centroid + mean == pytest.approx(values[own.best.labels == number].mean(axis=0), abs=0.02)
    assert list((tmp_path / 'work').iterdir()) == [tmp_path / 'work' / 'a.npy']


def test_restarts_on_some_persons_end_at_the_same_clusters(
    tmp_path: Path, values: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr('shg_xai.chapters.clusters.measure.RESTARTED', 700)
    own = clustered(tmp_path / 'work', selected(tmp_path / 'store', values), Options(ks=(4,), restarts=5), 4)[4]
    expected = KMeans(4, n_init=10, random_state=0).fit(values.astype(float))
    assert own.best.inertia == pytest.approx(expected.inertia_, rel=1e-3)
    assert adjusted_rand_score(own.best.labels, expected.labels_) > 0.99
    # As if it were of all persons.
    assert min(own.restart_inertia) == pytest.approx(own.best.inertia, rel=0.05)


def test_threads_change_no_bit(tmp_path: Path, values: np.ndarray) -> None:
    chosen = selected(tmp_path / 'store', values)
    first, second = (
        clustered(tmp_path / f'{threads}', chosen, Options(ks=(3, 5), restarts=3), 3, threads) for threads in (1, 3)
    )
    for k in (3, 5):
        assert first[k].best.centroids.tobytes() == second[k].best.centroids.tobytes()
        assert first[k].best.labels.tobytes() == second[k].best.labels.tobytes()
        assert first[k].restart_inertia == second[k].restart_inertia


def made(labels: np.ndarray, centroids: ArrayLike) -> Runs:
    """Clusters as if found."""
    best = Clustering(np.asarray(centroids, float), labels.astype(np.uint8), 12.5, 3)
    return Runs(best, (12.5, 13.0))


def test_central_persons_are_the_nearest(tmp_path: Path, values: np.ndarray) -> None:
    ids = np.random.default_rng(0).permutation(2300) + 50
    chosen = selected(tmp_path / 'store', values, ids=ids)
    mean = values.astype(float).mean(axis=0)
    centred = values.astype(float) - mean
    # Persons are centroids as well: their distance to themselves is 0, however far out they are.
    points = [
        centred[:2] * 1,
        np.concatenate([centred[5:6], np.zeros((1, 12)), centred[10:20].mean(axis=0, keepdims=True)]),
    ]
    with ThreadPoolExecutor(2) as pool:
        found = central_persons(chosen, mean, [made(np.zeros(2300), part) for part in points], pool)
    assert [len(entries) for entries in found] == [2, 3]
    for entries, part in zip(found, points, strict=True):
        for persons, point in zip(entries, part, strict=True):
            distance = np.linalg.norm(centred - point, axis=1)
            order = np.argsort(distance)[:CENTRAL]
            assert [person.annotation_id for person in persons] == ids[order].tolist()
            assert [person.distance for person in persons] == pytest.approx(distance[order], rel=1e-5, abs=1e-4)


def test_central_persons_of_few(tmp_path: Path) -> None:
    chosen = selected(tmp_path / 'store', np.array([[0.0], [2], [2], [4]]), ids=[9, 8, 7, 6])
    with ThreadPoolExecutor(1) as pool:
        ((persons,),) = central_persons(chosen, np.array([2.0]), [made(np.zeros(4), [[0.0]])], pool)
    assert [(person.annotation_id, person.distance) for person in persons] == [(7, 0), (8, 0), (6, 2), (9, 2)]


def fitted(runs: Runs, found: Silhouettes, central: list[list[NearPerson]], chosen: Selection) -> Fit:
    """What is told of these clusters."""
    with ThreadPoolExecutor(1) as pool, working(chosen, Options(bootstrap=20), pool) as work:
        return fit_of(runs, found, central, Estimate(value=0.9, low=0.8), work)


def test_results_by_hand(tmp_path: Path) -> None:
    chosen = selected(tmp_path / 'store', np.arange(5.0)[:, None], ids=[5, 4, 3, 2, 1])
    values = np.array([0.5, -0.25, 0.75, -0.5, -0.25], np.float32)
    labels = np.array([0, 0, 1, 0, 1])
    central = [[NearPerson(annotation_id=5, distance=0.0)], [], []]
    bounds, errors = np.array([0.1, 0.3, 0, 0, 0.1], np.float32), np.array([0.1, 0, 0, 0, 0], np.float32)
    entry = fitted(made(labels, np.zeros((3, 1))), Silhouettes(values, bounds, errors, values), central, chosen)
    assert entry.k == 3
    assert (entry.inertia, entry.restart_inertia) == (12.5, [12.5, 13])
    assert (entry.stability.value, entry.stability.low) == (0.9, 0.8)
    assert entry.silhouette.value == pytest.approx(0.05)
    assert entry.silhouette.low <= 0.05 <= entry.silhouette.high
    assert entry.error_bound == pytest.approx(0.1 + 2 * 0.02)
    assert entry.negative_share == pytest.approx(0.6)
    assert entry.sizes == [3, 2, 0]
    assert entry.silhouette_by_cluster == [pytest.approx(-0.25 / 3), pytest.approx(0.25), None]
    assert entry.centroids == central
    # The worst first, ties by annotation id, and only those below 0.
    assert entry.misfits == [
        Misfit(annotation_id=2, cluster=0, silhouette=-0.5),
        Misfit(annotation_id=1, cluster=1, silhouette=-0.25),
        Misfit(annotation_id=4, cluster=0, silhouette=-0.25),
    ]


def test_as_many_misfits_as_are_shown(tmp_path: Path) -> None:
    chosen = selected(tmp_path / 'store', np.arange(40.0)[:, None])
    values, nothing = -np.random.default_rng(0).random(40, np.float32), np.zeros(40, np.float32)
    runs = made(np.arange(40) % 2, np.zeros((2, 1)))
    entry = fitted(runs, Silhouettes(values, nothing, nothing, values), [[], []], chosen)
    assert [person.annotation_id - 1 for person in entry.misfits] == np.argsort(values)[:MISFITS].tolist()
    assert entry.negative_share == 1


def structured(folder: Path, values: np.ndarray, ks: tuple[int, ...] = (2, 3, 4), **keywords: Any) -> Structure:
    """All clusters, and the groups, of a store of these values."""
    with working(selected(folder, values, **keywords), Options(ks=ks, restarts=2, bootstrap=10)) as work:
        found = structure(work)
        assert found.groups and found.leading.shape
        return found


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fewer deals into halves and draws of a Gaussian than an analysis takes."""
    monkeypatch.setattr('shg_xai.stats.groups.DEALS', 4)
    monkeypatch.setattr('shg_xai.stats.groups.DRAWS', 39)


def test_three_groups_lead_and_one_person_an_image_is_asked(tmp_path: Path, quick: None) -> None:
    found = structured(tmp_path / 'store', blobs(600, 48, distance=4.03))  # 5.7 apart
    groups, halves = found.groups
    assert (groups.persons, groups.number, groups.gaussian_k, groups.gaussian_p) == (300, 3, 3, 1 / 40)
    assert [(own.k, own.parted) for own in groups.parted] == [(2, True), (3, True), (4, False)]
    assert groups.parted[1].midway < 0.5
    assert found.ranking[0] == 3
    assert stability_of(halves[3]).low > 0.9
    assert stability_of(None) == Estimate(value=None)


def test_a_long_cloud_is_one_group_and_keeps_the_order_of_silhouettes(tmp_path: Path, quick: None) -> None:
    values = np.random.default_rng(0).standard_normal((400, 12)) * [10, *[1] * 11]
    found = structured(tmp_path / 'store', values.astype(np.float32), images=range(400))
    groups = found.groups[0]
    assert (groups.number, groups.gaussian_k) == (1, 2)
    assert groups.gaussian_p > 0.05
    means = {k: float(own.values.mean()) for k, own in found.silhouettes.items()}
    # However well it can be cut in two.
    assert max(means.values()) > 0.4
    assert found.ranking == sorted(means, key=lambda k: -means[k])


def test_persons_of_an_image_are_no_group(tmp_path: Path, quick: None) -> None:
    random = np.random.default_rng(0)
    images = np.repeat(np.arange(60), 8)
    values = 9 * random.standard_normal((60, 10))[images] + random.standard_normal((480, 10))
    found = structured(tmp_path / 'store', values.astype(np.float32), images=images.tolist())
    assert (found.groups[0].persons, found.groups[0].number) == (60, 1)


def test_few_images_do_not_tell(tmp_path: Path, quick: None) -> None:
    found = structured(tmp_path / 'store', blobs(78, 6))
    assert found.groups[0] == Groups(persons=39, number=None, gaussian_k=None, gaussian_p=None, parted=[])
