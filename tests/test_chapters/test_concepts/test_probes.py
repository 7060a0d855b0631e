"""Held-out probes, against scikit-learn's ridge regression on the same folds."""

from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
import pytest
from scipy.stats import norm
from scipy.stats import t as student
from sklearn.linear_model import LinearRegression
from sklearn.metrics import r2_score, roc_auc_score
from threadpoolctl import threadpool_limits

from shg_xai.chapters.concepts import probes
from shg_xai.chapters.concepts.probes import Scored, learned, probes_of, score
from shg_xai.chapters.concepts.results import Probe
from shg_xai.latents.concepts import Concept
from shg_xai.results import Curve
from shg_xai.stats.bootstrap import Bootstrap, interval, resample_weights

N, D = 600, 12


@dataclass(frozen=True)
class Values:
    """Components in memory, read as those of a file are."""

    values: np.ndarray

    @property
    def rows(self) -> int:
        return len(self.values)

    @property
    def dimensions(self) -> int:
        return self.values.shape[1]

    def read(self, start: int, stop: int, dimensions: int) -> np.ndarray:
        return self.values[start:stop, :dimensions].copy()

    def blocks(self, size: int) -> Iterator[tuple[int, int]]:
        for start in range(0, self.rows, min(size, 100)):
            yield start, min(start + min(size, 100), self.rows)


def concept(name: str, values: np.ndarray, kind: Literal['number', 'flag'] = 'number') -> Concept:
    return Concept(name, name, f'{name}.', '-', kind, np.asarray(values, float))


RANDOM = np.random.default_rng(0)
SCORES = Values((RANDOM.normal(size=(N, D)) * np.arange(D, 0, -1)).astype(np.float32))
GROUPS = RANDOM.permutation(np.arange(N) // 2)
Z = SCORES.values / np.arange(D, 0, -1)
CONCEPTS = [
    concept('first', 10 + 5 * Z[:, 0] + RANDOM.normal(size=N)),
    concept('fifth', np.where(np.arange(N) % 4, Z[:, 4] + 0.5 * RANDOM.normal(size=N), np.nan)),
    concept('flag', Z[:, 0] + Z[:, 2] + RANDOM.normal(size=N) > 0.5, 'flag'),
    concept('noise', RANDOM.normal(size=N)),
    concept('same', np.ones(N)),
    concept('few', np.where(np.arange(N) < 7, np.arange(N), np.nan)),
    concept('rare flag', np.where(np.arange(N) < 200, Z[:, 1] > 1, np.nan), 'flag'),
]


def run(
    pool: Executor, scores: Values = SCORES, concepts: list[Concept] = CONCEPTS, groups: np.ndarray = GROUPS
) -> dict[str, Probe]:
    """Entries by concept."""
    with threadpool_limits(1):
        bootstrap = Bootstrap(groups, 60, seed=2)
        entries = probes_of(score(scores, concepts, bootstrap, pool), concepts, bootstrap)
    return {entry.concept: entry for entry in entries}


def values_of(entry: Probe) -> list[Any]:
    """The score for each number of components."""
    return [found.value for found in entry.score.y]


@pytest.fixture(scope='module')
def results() -> dict[str, Probe]:
    with ThreadPoolExecutor(2) as pool:
        return run(pool)


@pytest.fixture(scope='module')
def plan() -> probes.Plan:
    return probes.make_plan(SCORES, CONCEPTS, Bootstrap(GROUPS, seed=2), 5)


def test_folds_hold_whole_images_of_equal_number(plan: probes.Plan):
    for image in range(N // 2):
        assert len(set(plan.folds[image == GROUPS])) == 1
    assert np.bincount(plan.folds).tolist() == [120] * 5
    for place in range(2):
        known = np.isfinite(plan.targets[:, place])
        dealt = plan.targets[:, place + len(CONCEPTS)]
        assert np.array_equal(np.isfinite(dealt), known)
        assert sorted(dealt[known]) == sorted(plan.targets[known, place])
        assert np.corrcoef(dealt[known], plan.targets[known, place])[0, 1] < 0.2


def held_out_outputs(plan: probes.Plan, values: np.ndarray, size: int) -> np.ndarray:
    """Predictions of scikit-learn's least squares, each fold by the others."""
    outputs = np.full(N, np.nan)
    for fold in range(5):
        train = (plan.folds != fold) & np.isfinite(values)
        model = LinearRegression().fit(SCORES.values[train, :size], values[train])
        outputs[plan.folds == fold] = model.predict(SCORES.values[plan.folds == fold, :size])
    return outputs


@pytest.mark.parametrize('name', ['first', 'fifth'])
def test_r2_agrees_with_scikit_learn(results: dict[str, Probe], plan: probes.Plan, name: str):
    values = next(one.values for one in CONCEPTS if one.name == name)
    known = np.isfinite(values)
    entry = results[name]
    assert entry.measure == 'r2' and entry.persons == known.sum()
    assert entry.score.x == [1, 2, 4, 8, 12]
    for size, found in zip(entry.score.x, values_of(entry), strict=True):
        plain = r2_score(values[known], held_out_outputs(plan, values, int(size))[known])
        # The ridge keeps noise out: never much worse than least squares, and little to gain here.
        assert plain - 0.005 < found < plain + 0.03
    assert all(found.low < found.value < found.high for found in entry.score.y)


def test_without_ridge_it_is_least_squares_to_the_digit(plan: probes.Plan, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr('shg_xai.stats.ridge.STRENGTHS', np.array([1e-12]))
    with ThreadPoolExecutor(2) as pool:
        entries = run(pool)
    for name in ('first', 'fifth', 'noise'):
        values = next(one.values for one in CONCEPTS if one.name == name)
        known = np.isfinite(values)
        means = np.array([values[known & (plan.folds != fold)].mean() for fold in range(5)])
        spreads = (values[known] - means[plan.folds[known]]) ** 2
        parts = plan.parts[known]
        weights = [np.ones(256), *(weights for weights in resample_weights(np.arange(256), 60, 2))]
        for at, size in enumerate([1, 2, 4, 8, 12]):
            errors = (values[known] - held_out_outputs(plan, values, size)[known]) ** 2
            drawn = [1 - (weight[parts] @ errors) / (weight[parts] @ spreads) for weight in weights]
            found = entries[name].score.y[at]
            assert found.value == pytest.approx(drawn[0], abs=1e-5)
            assert found.ends == pytest.approx(interval(drawn[1:], 0.95), abs=1e-5)
    flag = CONCEPTS[2].values
    draws = [np.ones(N), *resample_weights(GROUPS, 60, 2)]
    for at, size in enumerate([1, 2, 4, 8, 12]):
        outputs = held_out_outputs(plan, flag, size)
        drawn = [share_of_pairs(plan, flag, outputs, weights) for weights in draws]
        found = entries['flag'].score.y[at]
        assert found.value == pytest.approx(drawn[0], abs=1e-5)
        assert found.ends == pytest.approx(interval(drawn[1:], 0.95), abs=1e-4)


def share_of_pairs(plan: probes.Plan, flag: np.ndarray, outputs: np.ndarray, weights: np.ndarray) -> float:
    """AUC over the pairs of one fold, from scikit-learn's of each fold."""
    won, pairs = 0.0, 0.0
    for fold in range(5):
        rows = plan.folds == fold
        here = np.array([weights[rows & (flag == value)].sum() for value in (0, 1)]).prod()
        won += here * roc_auc_score(flag[rows], outputs[rows], sample_weight=weights[rows])
        pairs += here
    return won / pairs


def test_curves_rise_where_the_concept_lies(results: dict[str, Probe]):
    assert values_of(results['first'])[0] > 0.9
    fifth, flag = values_of(results['fifth']), values_of(results['flag'])
    assert max(fifth[:3]) < 0.05 and fifth[3] > 0.6
    assert results['flag'].measure == 'auc' and flag[2] > flag[0] + 0.05 > 0.7
    assert all(found.low < found.value < found.high for found in results['flag'].score.y)


def test_noise_and_shuffled_values_show_nothing(results: dict[str, Probe]):
    for name in ('first', 'fifth', 'noise'):
        assert all(-0.05 < value < 0.02 for value in results[name].control)
    assert all(-0.05 < value < 0.02 for value in values_of(results['noise']))
    assert all(0.4 < value < 0.6 for value in results['flag'].control)


def test_selectivity_is_what_the_control_task_lacks(results: dict[str, Probe]):
    for name in ('first', 'flag'):
        entry = results[name]
        expected = np.array(values_of(entry)) - entry.control
        assert entry.selectivity == pytest.approx(expected) and entry.selectivity[-1] > 0.2
    assert results['same'].selectivity == []


def test_p_is_of_the_most_components_and_corrected(plan: probes.Plan, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr('shg_xai.stats.ridge.STRENGTHS', np.array([1e-12]))
    with ThreadPoolExecutor(2) as pool:
        entries = run(pool)
    expected = {}
    draws = list(resample_weights(np.arange(256), 60, 2))
    for name in ('first', 'fifth', 'noise'):
        values = next(one.values for one in CONCEPTS if one.name == name)
        known = np.isfinite(values)
        means = np.array([values[known & (plan.folds != fold)].mean() for fold in range(5)])
        errors = (values - held_out_outputs(plan, values, 12))[known] ** 2
        spreads, parts = (values[known] - means[plan.folds[known]]) ** 2, plan.parts[known]
        drawn = [1 - (weight[parts] @ errors) / (weight[parts] @ spreads) for weight in draws]
        expected[name] = student.sf(
            # 5 folds: 1 / 5 of a fold's variance, and 1 / 4 for what they have in common.
            (1 - errors.sum() / spreads.sum()) / (np.std(drawn, ddof=1) * np.sqrt(0.45 / 0.2)),
            N // 2 - 1,
        )
    judged = [entry for entry in entries.values() if entry.p is not None]
    assert {entry.concept for entry in judged} == {'first', 'fifth', 'flag', 'noise', 'rare flag'}
    # Of five tests the least sure is taken once, and twice for two families.
    assert entries['noise'].p == pytest.approx(min(1, 2 * expected['noise']), rel=1e-3)
    assert entries['first'].p < 1e-6 and entries['flag'].p < 1e-6
    assert entries['noise'].p > 0.5


def test_few_persons_do_not_overfit():
    random = np.random.default_rng(1)
    scores = Values(random.normal(size=(100, 64)).astype(np.float32))
    noise = concept('noise', random.normal(size=100))
    with ThreadPoolExecutor(2) as pool:
        entry = run(pool, scores, [noise], np.arange(100))['noise']
    assert entry.score.x == [1, 2, 4, 8, 16, 32]  # 80 persons in training, so up to 40
    assert min(values_of(entry)) > -0.3  # plain least squares with 32 components: about -0.7


def test_what_cannot_be_probed_is_empty(results: dict[str, Probe]):
    for name, persons in (('same', N), ('few', 7)):
        empty = Curve(x=[], y=[])
        assert results[name] == Probe(concept=name, measure='r2', persons=persons, score=empty, control=[])
    with ThreadPoolExecutor(2) as pool:
        assert run(pool, concepts=[]) == {}
        single = run(pool, groups=np.zeros(N))  # nothing can be held out
        assert all(not entry.score.y for entry in single.values())
        alone = run(pool, concepts=CONCEPTS[4:5])
        assert alone['same'].score.y == []


def test_fewer_images_than_folds():
    few = [replace(CONCEPTS[0], values=CONCEPTS[0].values[:40])]
    with ThreadPoolExecutor(2) as pool:
        entry = run(pool, Values(SCORES.values[:40]), few, np.arange(40) % 3)['first']
    assert entry.score.x == [1, 2, 4, 8, 12] and values_of(entry)[0] > 0.8


def test_who_computes_changes_nothing(results: dict[str, Probe]):
    for pool in (ThreadPoolExecutor(1), ThreadPoolExecutor(4), ProcessPoolExecutor(1)):
        with pool:
            assert run(pool) == results


def test_what_a_baseline_tells_as_well_was_not_learned(results: dict[str, Probe]) -> None:
    """The baseline has the first three of the components: what the fifth tells, it cannot know."""
    bootstrap, short = Bootstrap(GROUPS, 60, seed=2), Values(SCORES.values[:, :3])
    with ThreadPoolExecutor(2) as pool, threadpool_limits(1):
        own, other = (score(scores, CONCEPTS, bootstrap, pool) for scores in (SCORES, short))
    found = {entry.concept: entry for entry in learned(own, dict(picture=other), CONCEPTS, bootstrap)}
    assert set(found) == {'first', 'fifth', 'flag', 'noise', 'rare flag'} and found['flag'].baseline == 'picture'
    for name, entry in found.items():
        assert entry.score.value is not None
        assert entry.more.value == pytest.approx(values_of(results[name])[-1] - entry.score.value)
    fifth, first = found['fifth'], found['first']
    assert (fifth.score.value or 0) < 0.1 and fifth.p is not None and fifth.p < 0.001
    # Both know all there is of the first: what differs is noise, far less than either score's own interval is wide.
    assert first.p is not None and first.p > 0.05 and abs(first.more.value or 0) < 0.02
    assert first.more.ends and first.score.ends
    assert np.diff(first.more.ends) < 0.5 * np.diff(first.score.ends)


def test_the_interval_of_a_claim_allows_for_the_limit_it_passed() -> None:
    images, drawn = 400, norm.ppf(np.linspace(0.002, 0.998, 201))
    drawn *= 0.05 / drawn.std(ddof=1)
    samples = np.concatenate([[[0.2, 0.2]], 0.2 + np.column_stack([drawn, drawn])])
    names = [Concept('one', 'One', 'One.', '-', 'number', np.arange(images, dtype=float))]
    bootstrap = Bootstrap(np.arange(images), len(drawn))
    (entry,) = probes_of([Scored([1, 2], samples, np.zeros(2))], names, bootstrap, 5)
    # The error with probes of other persons is half as large again; one test of two families has half of the level.
    error = 0.05 * np.sqrt(1 + 5 / 4)
    assert entry.p == pytest.approx(2 * student.sf(0.2 / error, images - 1))
    assert entry.is_claimed
    first, last = entry.score.y
    assert first.low == pytest.approx(0.2 - 1.96 * 0.05, abs=0.003)
    assert last.low == pytest.approx(0.2 - error * student.isf(0.025, images - 1), abs=1e-6)
    assert (first.value, first.high) == (last.value, last.high)
