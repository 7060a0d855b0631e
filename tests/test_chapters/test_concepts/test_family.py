"""All that is tested, against scipy and scikit-learn; and what chance makes of it where images are alike."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.stats import kruskal, rankdata, spearmanr
from sklearn.linear_model import LinearRegression

from shg_xai.chapters.concepts.family import Family, chances, corrected
from shg_xai.latents.concepts import Concept
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.permutation import Exchange

N, M = 90, 3
RANDOM = np.random.default_rng(0)
SCORES = (RANDOM.normal(size=(N, M)) * [3, 2, 1]).astype(np.float32)
LABELS = {2: RANDOM.integers(0, 2, N).astype(np.uint8), 3: RANDOM.integers(0, 3, N).astype(np.uint8)}
VALUES = np.array(
    [
        SCORES[:, 0] + RANDOM.normal(size=N),
        np.round(RANDOM.normal(size=N) + LABELS[3]),
        np.where(np.arange(N) % 3, SCORES[:, 1] + RANDOM.normal(size=N), np.nan),
        np.where(np.arange(N) % 3, RANDOM.normal(size=N), np.nan),
    ]
)
C = len(VALUES)


def test_statistics_are_those_of_the_known() -> None:
    found = Family.of(SCORES, LABELS, VALUES).statistics(np.arange(N)).reshape(1 + M + 2, C)
    for at, values in enumerate(VALUES):
        known = np.isfinite(values)
        ranks, scores = rankdata(values[known]), SCORES[known]
        assert found[0, at] ** 3 == pytest.approx(LinearRegression().fit(scores, ranks).score(scores, ranks), abs=1e-5)
        rhos = [np.corrcoef(rankdata(column)[known], ranks)[0, 1] for column in SCORES.T]
        assert found[1 : 1 + M, at] == pytest.approx(rhos, abs=1e-5)
        # A component ranked among all goes with the concept nearly as one ranked among the known.
        assert rhos == pytest.approx([spearmanr(column, ranks)[0] for column in scores.T], abs=0.02)
        assert found[1 + M, at] == pytest.approx(np.corrcoef(LABELS[2][known], ranks)[0, 1], abs=1e-5)
        parts = [ranks[LABELS[3][known] == cluster] for cluster in range(3)]
        assert found[2 + M, at] ** 3 == pytest.approx(kruskal(*parts).statistic / (known.sum() - 1), abs=1e-5)


def test_gaps_move_with_the_values() -> None:
    source = Exchange.of(np.arange(N) // 2).source(RANDOM)
    moved = Family.of(SCORES, LABELS, VALUES[:, source]).statistics(np.arange(N))
    assert Family.of(SCORES, LABELS, VALUES).statistics(source) == pytest.approx(moved, abs=1e-5)


def concepts_of(values: np.ndarray) -> list[Concept]:
    return [Concept(str(at), str(at), '', '-', 'number', own) for at, own in enumerate(values)]


def judged(scores: np.ndarray, values: np.ndarray, groups: np.ndarray, permutations: int = 99) -> dict:
    labels = {2: (scores[:, 0] > 0).astype(np.uint8)}
    with ThreadPoolExecutor(1) as pool:
        return chances(scores, labels, concepts_of(values), Bootstrap(groups, seed=1), permutations, pool)


def test_what_goes_with_a_component_is_found_by_every_look_and_nothing_else() -> None:
    with ThreadPoolExecutor(2) as pool:
        p = chances(SCORES, LABELS, concepts_of(VALUES), Bootstrap(np.arange(N)), 199, pool)
    assert list(p) == [
        *(('span', M, str(at)) for at in range(C)),
        *(('component', one, str(at)) for one in (1, 2, 3) for at in range(C)),
        *(('clusters', k, str(at)) for k in (2, 3) for at in range(C)),
    ]
    found = {look for look, own in p.items() if own.p < 0.05}
    assert {('span', 3, '0'), ('component', 1, '0'), ('clusters', 3, '1'), ('component', 2, '2')} <= found
    assert not found & {('component', 2, '0'), ('component', 3, '2'), ('span', 3, '3'), ('clusters', 2, '3')}
    assert min(own.p for own in p.values()) == corrected(1 / 200) == 0.01
    for look, own in p.items():
        assert (own.p < 0.05) is (own.seen > own.least), look
    known = np.isfinite(VALUES[2])
    assert p['component', 2, '2'].seen == pytest.approx(abs(spearmanr(SCORES[known, 1], VALUES[2][known])[0]), abs=0.02)
    share = LinearRegression().fit(SCORES, rankdata(VALUES[0])).score(SCORES, rankdata(VALUES[0]))
    assert p['span', M, '0'].seen == pytest.approx(share, abs=1e-4)


def test_what_cannot_be_judged_has_no_p() -> None:
    values = np.array([np.ones(N), np.where(np.arange(N) < 7, np.arange(N), np.nan), VALUES[0]])
    scores = np.column_stack([SCORES, np.zeros(N, np.float32)])
    p = judged(scores, values, np.arange(N))
    assert {name for *_, name in p} == {'2'}
    assert ('component', 4, '2') not in p and p['component', 1, '2'].p < 0.05
    assert judged(scores, values[:2], np.arange(N)) == {}
    # With a single image nothing can be exchanged, so nothing is sure.
    assert {own.p for own in judged(scores, values, np.zeros(N)).values()} == {1.0}


def alike(random: np.random.Generator, count: int, columns: int) -> np.ndarray:
    """Persons, four an image, 0.8 of whose variance is that of their image."""
    images = np.repeat(random.normal(size=(count // 4, columns)), 4, axis=0)
    return np.sqrt(0.8) * images + np.sqrt(0.2) * random.normal(size=(count, columns))


def test_in_noise_hardly_anything_is_claimed_though_persons_of_an_image_are_alike() -> None:
    random, wrong, alarms = np.random.default_rng(3), 0, 0
    stores, groups = 60, np.arange(120) // 4
    for _ in range(stores):
        scores, values = alike(random, 120, 3).astype(np.float32), alike(random, 120, 6).T
        alarms += min(own.p for own in judged(scores, values, groups).values()) < 0.05
        wrong += min(own.p for own in judged(scores, values, np.arange(120)).values()) < 0.05
    assert alarms <= 5  # half of 5 % of 60 is 1.5
    assert wrong > 20  # were persons exchanged one by one
