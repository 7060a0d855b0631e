"""Effect sizes and mutual information of clusters, against scipy and scikit-learn."""

import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.stats import kruskal
from sklearn.metrics import mutual_info_score, roc_auc_score

from shg_xai.chapters.concepts.family import Chance
from shg_xai.chapters.concepts.results import Separation
from shg_xai.chapters.concepts.separation import bins, entropy, mutual_information, separate
from shg_xai.latents.concepts import Concept
from shg_xai.results import Estimate
from shg_xai.stats.bootstrap import Bootstrap, interval, resample_weights

N = 300
RANDOM = np.random.default_rng(0)
LABELS: dict[int, np.ndarray] = {2: RANDOM.integers(0, 2, N), 4: RANDOM.integers(0, 4, N).astype(np.uint8)}
GROUPS = np.arange(N) // 2
VALUES: dict[str, np.ndarray] = {
    'tied': np.round(LABELS[2] + RANDOM.normal(size=N)),
    'plain': 0.5 * LABELS[4] + RANDOM.normal(size=N),
    'partly': np.where(np.arange(N) % 3, LABELS[2] + RANDOM.normal(size=N), math.nan),
    'noise': RANDOM.normal(size=N),
    'same': np.ones(N),
    'few': np.where(np.arange(N) < 7, np.arange(N), math.nan),
    'one cluster': np.where(LABELS[2] == 1, RANDOM.normal(size=N), math.nan),
}


def run(
    values: dict[str, np.ndarray] = VALUES,
    threads: int = 2,
    groups: np.ndarray = GROUPS,
    labels: dict[int, np.ndarray] = LABELS,
) -> dict[tuple[int, str], Separation]:
    """Entries by K and concept."""
    found = [Concept(name, name, f'{name}.', '-', 'number', column.astype(float)) for name, column in values.items()]
    with ThreadPoolExecutor(threads) as pool:
        entries = separate(
            labels, found, Bootstrap(groups, 80, seed=1), pool, {('clusters', 4, 'plain'): Chance(0.01, 0.5, 0.01)}
        )
    return {(entry.k, entry.concept): entry for entry in entries}


@pytest.fixture(scope='module')
def results() -> dict[tuple[int, str], Separation]:
    return run()


def test_bins():
    assert bins(np.array([5, 1, 5, 3])).tolist() == [2, 0, 2, 1]
    assert bins(np.arange(100.0)).tolist() == np.repeat(np.arange(10), 10).tolist()
    half = np.r_[np.zeros(50), np.arange(1, 51)]  # deciles 0 (five of them), 10.x, 20.x, ...
    assert np.bincount(bins(half)).tolist() == [50, 10, 10, 10, 10, 10]


def test_information_by_hand():
    assert entropy(np.array([1, 1, 2, 0])) == pytest.approx(1.5)
    tables = np.array([[[2, 0], [0, 2]], [[1, 1], [1, 1]]])
    assert mutual_information(tables) == pytest.approx([1, 0])


@pytest.mark.parametrize('name', ['tied', 'partly', 'noise'])
def test_auc_and_its_interval_agree_with_scikit_learn(results: dict[tuple[int, str], Separation], name: str):
    known = np.isfinite(VALUES[name])
    entry = results[2, name]
    aucs = [
        roc_auc_score(LABELS[2][known], VALUES[name][known], sample_weight=weights[known])
        for weights in [np.ones(N), *resample_weights(GROUPS, 80, 1)]
    ]
    assert entry.effect.n == known.sum() and entry.measure == 'auc'
    assert entry.effect.value == pytest.approx(aucs[0])
    ends = entry.effect.low, entry.effect.high
    assert ends == pytest.approx(interval(aucs[1:], 0.95))


@pytest.mark.parametrize('name', ['tied', 'plain', 'partly'])
def test_epsilon_squared_agrees_with_scipy(results: dict[tuple[int, str], Separation], name: str):
    known = np.isfinite(VALUES[name])

    def epsilon(weights: np.ndarray) -> float:
        rows = np.repeat(np.flatnonzero(known), weights[known])
        parts = [VALUES[name][rows][LABELS[4][rows] == cluster] for cluster in range(4)]
        return kruskal(*parts).statistic / (len(rows) - 1)

    assert results[4, name].measure == 'epsilon_squared'
    effect = results[4, name].effect
    value = epsilon(np.ones(N, int))
    assert effect.value == pytest.approx(value)
    drawn = np.array([epsilon(weights) for weights in resample_weights(GROUPS, 80, 1)])
    moved = np.maximum(drawn - drawn.mean() + value, 0)
    assert (effect.low, effect.high) == pytest.approx(interval(moved, 0.95))


@pytest.mark.parametrize('name', ['tied', 'plain', 'partly'])
@pytest.mark.parametrize('k', [2, 4])
def test_mutual_information_agrees_with_scikit_learn(results: dict[tuple[int, str], Separation], name: str, k: int):
    known = np.isfinite(VALUES[name])
    places, clusters = bins(VALUES[name][known]), LABELS[k][known]
    entry = results[k, name]
    drawn = []
    for weights in [np.ones(N, int), *resample_weights(GROUPS, 80, 1)]:
        rows = np.repeat(np.arange(known.sum()), weights[known])
        drawn.append(mutual_info_score(clusters[rows], places[rows]) / math.log(2))
    found = entry.mutual_information
    assert found.value == pytest.approx(drawn[0])
    moved = np.maximum(np.array(drawn[1:]) - np.mean(drawn[1:]) + drawn[0], 0)
    assert (found.low, found.high) == pytest.approx(interval(moved, 0.95))
    share = np.bincount(clusters) / len(clusters)
    assert entry.entropy_share == pytest.approx(drawn[0] / -np.sum(share * np.log2(share)))


def test_shuffled_is_that_of_exchanging_images(results: dict[tuple[int, str], Separation]):
    places, pairs = bins(VALUES['plain']), np.arange(N).reshape(-1, 2)
    dealt = [mutual_info_score(LABELS[4][RANDOM.permutation(pairs).ravel()], places) / math.log(2) for _ in range(400)]
    shuffled = results[4, 'plain'].shuffled
    assert shuffled.value == pytest.approx(np.mean(dealt), rel=0.1)
    assert shuffled.high == pytest.approx(np.quantile(dealt, 0.975), rel=0.15)
    assert shuffled.n == 99


def test_where_images_are_alike_chance_gives_more():
    random = np.random.default_rng(5)
    images = np.arange(N) // 5
    labels, values = random.integers(0, 2, N // 5)[images], random.normal(size=N // 5)[images]
    by_image, by_person = (run({'alike': values}, groups=own, labels={2: labels}) for own in (images, np.arange(N)))
    assert by_image[2, 'alike'].shuffled.value > 3 * by_person[2, 'alike'].shuffled.value


def test_p_is_that_of_the_family(results: dict[tuple[int, str], Separation]):
    assert {key: entry.p for key, entry in results.items() if entry.p is not None} == {(4, 'plain'): 0.01}


def test_random_clusters_show_nothing(results: dict[tuple[int, str], Separation]):
    for k in (2, 4):
        entry = results[k, 'noise']
        assert entry.mutual_information.value < entry.shuffled.high + 0.005
        assert entry.mutual_information.low <= entry.shuffled.value
    assert results[2, 'noise'].effect.low < 0.5 < results[2, 'noise'].effect.high
    assert results[2, 'tied'].mutual_information.low > results[2, 'tied'].shuffled.high


def test_what_cannot_be_said_is_none(results: dict[tuple[int, str], Separation]):
    for key in ((2, 'same'), (4, 'same'), (2, 'few'), (4, 'few'), (2, 'one cluster')):
        entry = results[key]
        assert entry.measure == ('auc' if key[0] == 2 else 'epsilon_squared')
        assert entry.effect == entry.mutual_information == Estimate(value=None, n=entry.effect.n)
        assert entry.entropy_share is None and entry.shuffled == Estimate(value=None, over='permutations')
    assert results[2, 'few'].effect.n == 7
    assert results[4, 'one cluster'].effect.value is not None


def test_an_empty_cluster_of_three_and_a_single_image():
    values = {'plain': np.r_[np.arange(10.0), np.arange(10.0) + 100]}
    entry = run(values, labels={3: np.repeat([0, 2], 10)}, groups=np.zeros(20))[3, 'plain']
    # 10 against 10 without overlap: mean ranks 5.5 and 15.5 of 10.5, variance (400 - 1) / 12.
    assert entry.measure == 'epsilon_squared' and entry.effect.ends is None
    assert entry.effect.value == pytest.approx(25 / (399 / 12))
    assert entry.mutual_information.value == pytest.approx(1)
    assert entry.entropy_share == pytest.approx(1)


def test_the_number_of_threads_changes_nothing(results: dict[tuple[int, str], Separation]):
    for threads in (1, 4):
        assert run(threads=threads) == results
    assert list(results) == [(k, name) for k in (2, 4) for name in VALUES]


def test_without_concepts():
    assert run({}) == {}
