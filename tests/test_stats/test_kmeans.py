"""K-Means against scikit-learn's."""

import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from sklearn.cluster import KMeans
from sklearn.exceptions import ConvergenceWarning
from threadpoolctl import threadpool_limits

from shg_xai.stats.kmeans import Clustering, lloyd, seeded
from tests.helpers.analysis_stores import blobs, source_of

NOISE = np.random.default_rng(5).standard_normal((700, 6)).astype(np.float32)
BLOBS = blobs(700, 6, 5, distance=4.0)


def reference(values: np.ndarray, k: int, **keywords: object) -> KMeans:
    """scikit-learn's with the same conventions, in float64."""
    with threadpool_limits(1):  # so little work takes longer in several
        return KMeans(k, algorithm='lloyd', tol=1e-4, **keywords).fit(values.astype(np.float64))


def best(
    values: np.ndarray, k: int, restarts: int = 10, threads: int = 2, size: int = 256, seed: int = 0
) -> Clustering:
    """The best of our restarts."""
    source = source_of(values, size)
    with ThreadPoolExecutor(threads) as pool:
        runs = lloyd(source, seeded(source, k, restarts, seed, pool), pool)
    return min(runs, key=lambda run: run.inertia)


@pytest.mark.parametrize('values', [BLOBS, NOISE], ids=['blobs', 'noise'])
def test_iterations_are_those_of_scikit_learn(values: np.ndarray) -> None:
    # Of several starts with several K at once, each ends as it would alone.
    starts = [values[np.random.default_rng(k).choice(700, k, replace=False)] for k in range(2, 9)]
    with ThreadPoolExecutor(2) as pool:
        runs = lloyd(source_of(values, 100), starts, pool)
    for start, run in zip(starts, runs, strict=True):
        expected = reference(values, len(start), init=start, n_init=1)
        assert np.array_equal(run.labels, expected.labels_)
        assert run.inertia == pytest.approx(expected.inertia_, rel=1e-5)
        assert run.centroids == pytest.approx(expected.cluster_centers_, abs=1e-4)
        # Inertia and labels are those of the centroids that are given.
        squares = ((values[:, None] - run.centroids) ** 2).sum(axis=2)
        assert np.array_equal(squares.argmin(axis=1), run.labels)
        assert squares.min(axis=1).sum() == pytest.approx(run.inertia, rel=1e-5)


def test_a_run_ends_the_same_however_many_others_there_are() -> None:
    # Centroid 255 is the fourth of the 29th run: labels are bytes, numbers of centroids are not.
    starts = [NOISE[np.random.default_rng(k).choice(700, 9, replace=False)] for k in range(30)]
    with ThreadPoolExecutor(2) as pool:
        together = lloyd(source_of(NOISE, 256), starts, pool)
        for number in (27, 28, 29):
            (alone,) = lloyd(source_of(NOISE, 256), starts[number : number + 1], pool)
            assert np.array_equal(together[number].labels, alone.labels)


def test_a_run_keeps_its_own_labels_only() -> None:
    # A row of the array a pass fills would keep the labels of all runs, once for each run's end.
    starts = [NOISE[np.random.default_rng(k).choice(700, 4, replace=False)] for k in range(6)]
    with ThreadPoolExecutor(1) as pool:
        runs = lloyd(source_of(NOISE, 100), starts, pool)
    assert len({run.iterations for run in runs}) > 1
    assert [run.labels.base for run in runs] == [None] * 6


@pytest.mark.parametrize('k', range(2, 11))
def test_the_best_restart_is_as_good_as_that_of_scikit_learn(k: int) -> None:
    # Ten groups, each nearer to the others than the one before, so that each K has one good end.
    values = blobs(700, 10, 10, distance=0.0)
    values[np.arange(700), np.arange(700) % 10] += 1000 * 0.6 ** (np.arange(700) % 10)
    expected = reference(values, k, n_init=10, random_state=0).inertia_
    assert best(values, k).inertia <= expected * 1.001


@pytest.mark.parametrize('values', [BLOBS, NOISE], ids=['blobs', 'noise'])
@pytest.mark.parametrize('k', [2, 3, 6, 10])
def test_restarts_are_as_good_as_those_of_scikit_learn(values: np.ndarray, k: int) -> None:
    # Where many ends are about as good the best of ten is luck, but how good they are is not.
    source, runs = source_of(values, 256), 60
    with ThreadPoolExecutor(1) as pool:
        ours = [run.inertia for run in lloyd(source, seeded(source, k, runs, 1, pool), pool)]
    theirs = [reference(values, k, n_init=1, random_state=run).inertia_ for run in range(runs)]
    error = np.sqrt((np.var(ours) + np.var(theirs)) / runs)
    assert abs(np.mean(ours) - np.mean(theirs)) <= 4 * error
    assert min(ours) <= min(theirs) * 1.01  # the best of sixty varies by half a per cent in both


def test_starts_are_distinct_persons() -> None:
    source = source_of(BLOBS, 64)
    with ThreadPoolExecutor(2) as pool:
        starts = seeded(source, 6, 3, 0, pool)
        again = seeded(source, 6, 2, 0, pool)
        others = seeded(source, 6, 2, 1, pool)
    numbers = [[np.flatnonzero((person == BLOBS).all(axis=1))[0] for person in start] for start in starts]
    assert [len(set(start)) for start in numbers] == [6, 6, 6]
    assert len({tuple(start) for start in numbers}) == 3
    # A restart does not depend on how many there are.
    assert np.array_equal(starts[:2], again)
    assert not np.array_equal(again, others)


def test_far_groups_get_a_start_each() -> None:
    values = blobs(500, 5, 5, distance=500.0)
    with ThreadPoolExecutor(1) as pool:
        for start in seeded(source_of(values), 5, 10, 0, pool):
            assert sorted(start.argmax(axis=1)) == [0, 1, 2, 3, 4]


def test_an_empty_cluster_takes_the_farthest_person() -> None:
    values = np.array([[0.0], [1], [2], [10], [11], [40]])
    start = np.array([[1.0], [10], [5000]])
    with ThreadPoolExecutor(1) as pool:
        (run,) = lloyd(source_of(values, 2), [start], pool)
    # 5000 is nobody's. 40 is farthest from its own, 10: it becomes the third centroid.
    assert run.labels.tolist() == [0, 0, 0, 1, 1, 2]
    assert run.centroids.ravel().tolist() == [1, 10.5, 40]
    assert run.inertia == pytest.approx(1 + 1 + 0.25 + 0.25)
    with warnings.catch_warnings():
        warnings.simplefilter('ignore', ConvergenceWarning)
        expected = reference(values, 3, init=start, n_init=1)
    assert run.inertia == pytest.approx(expected.inertia_)


def test_many_empty_clusters_are_all_filled() -> None:
    same = np.tile(NOISE[0], (8, 1))
    far = np.full((6, 6), 1e4, np.float32)
    with ThreadPoolExecutor(2) as pool:
        for run in lloyd(source_of(NOISE), [same, far], pool):
            assert np.bincount(run.labels, minlength=len(run.centroids)).min() > 0
            assert np.isfinite(run.centroids).all()


def test_fewer_different_persons_than_clusters() -> None:
    values = np.repeat([[0.0, 0], [3, 4], [9, 9]], 5, axis=0)
    found = best(values, 5)
    assert found.inertia == pytest.approx(0, abs=1e-5)
    assert len(set(found.labels.tolist())) == 3
    assert np.isfinite(found.centroids).all()


def test_one_cluster_less_than_persons() -> None:
    values = NOISE[:30]
    found = best(values, 29)
    assert np.bincount(found.labels, minlength=29).tolist().count(2) == 1
    pair = np.flatnonzero(np.bincount(found.labels)[found.labels] == 2)
    squares = ((values[:, None] - values) ** 2).sum(axis=2)
    # Only two persons share one: half of their squared distance is all the inertia.
    assert found.inertia == pytest.approx(squares[tuple(pair)] / 2, rel=1e-4)


def test_most_clusters() -> None:
    values = np.random.default_rng(0).standard_normal((300, 2))
    found = best(values, 255, restarts=1)
    assert np.bincount(found.labels, minlength=255).min() > 0


@pytest.mark.parametrize('values', [BLOBS, NOISE], ids=['blobs', 'noise'])
def test_threads_change_no_bit(values: np.ndarray) -> None:
    found = [best(values, 7, 3, threads) for threads in (1, 3)]
    assert np.array_equal(found[0].labels, found[1].labels)
    assert found[0].centroids.tobytes() == found[1].centroids.tobytes()
    assert found[0].inertia == found[1].inertia


@pytest.mark.parametrize('values', [BLOBS, NOISE], ids=['blobs', 'noise'])
def test_blocks_change_no_label(values: np.ndarray) -> None:
    found = [best(values, 4, 3, size=size) for size in (33, 256, 1000)]
    for other in found[1:]:
        assert np.array_equal(found[0].labels, other.labels)
        assert other.inertia == pytest.approx(found[0].inertia, rel=1e-6)
