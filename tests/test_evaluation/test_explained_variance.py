"""Explained variance: worked out by hand, by NumPy in one piece, and over processes."""

import pickle
from functools import reduce
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.evaluator import Evaluator
from mmengine.registry import init_default_scope
from torch import Tensor

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.evaluation import ExplainedVariance, explained_variance
from shg_xai.evaluation.explained_variance import joined, sums_of

# Four persons of two values; mean (2, 1); squared deviations (1 + 1 + 1 + 1) + (1 + 1 + 9 + 9).
LATENTS = np.array([[1.0, 0.0], [3.0, 2.0], [1.0, 4.0], [3.0, -2.0]], np.float32)
MEAN = np.array([2.0, 1.0])
TOTAL = 24.0


def samples(latents: np.ndarray, reconstructions: np.ndarray, codes: np.ndarray) -> list[dict[str, Tensor]]:
    return [
        dict(input=torch.tensor(x), reconstruction=torch.tensor(r), code=torch.tensor(c))
        for x, r, c in zip(latents, reconstructions, codes, strict=True)
    ]


def metrics(
    latents: np.ndarray, reconstructions: np.ndarray, codes: np.ndarray | None = None, batch: int = 3, **changes: Any
) -> dict[str, float]:
    """What an Evaluator makes of persons who come in batches."""
    init_default_scope('mmpose')
    evaluator = Evaluator(dict(type='ExplainedVariance'))
    evaluator.dataset_meta = dict(persons=len(latents)) | changes
    codes = np.arange(2.0 * len(latents)).reshape(-1, 2) if codes is None else codes
    persons = samples(latents, reconstructions, codes)
    for start in range(0, len(persons), batch):
        evaluator.process(persons[start : start + batch])
    return evaluator.evaluate(len(latents))


def test_predicting_the_mean_scores_0_and_the_truth_1() -> None:
    found = metrics(LATENTS, np.tile(MEAN, (4, 1)))
    assert found['latent/explained_variance_ratio'] == 0
    assert found['latent/mse'] == TOTAL / 8
    assert metrics(LATENTS, LATENTS)['latent/explained_variance_ratio'] == 1


def test_zero_for_everybody_scores_below_the_mean() -> None:
    # 1 + 13 + 17 + 13 = 44
    found = metrics(LATENTS, np.zeros((4, 2), np.float32))
    assert found['latent/explained_variance_ratio'] == pytest.approx(1 - 44 / TOTAL, rel=1e-15)
    assert found['latent/mse'] == 44 / 8


def test_units_with_one_value_for_all_persons_are_dead() -> None:
    codes = np.array([[0.0, 1.0, 5.0, 0.0], [0.0, 1.0, 5.0, 0.0], [0.0, 2.0, 5.0, 0.0], [0.0, 2.0, 5.0, 0.1]])
    found = metrics(LATENTS, LATENTS, codes)
    # Each batch of two alone would have three; the second and fourth unit differ over all.
    assert (found['latent/dead_code_units'], found['latent/code_channels']) == (2, 4)


@pytest.mark.parametrize('batch', [1, 7, 100])
@pytest.mark.parametrize('offset', [0.0, 1e4])
def test_in_batches_it_is_what_it_is_in_one_piece(batch: int, offset: float) -> None:
    generator = np.random.default_rng(0)
    x = (generator.standard_normal((100, 3, 2, 2)) + offset).astype(np.float32)
    r = (x + 0.3 * generator.standard_normal(x.shape)).astype(np.float32)
    exact_x, exact_r = x.astype(np.float64), r.astype(np.float64)
    expected = 1 - ((exact_r - exact_x) ** 2).sum() / ((exact_x - exact_x.mean(0)) ** 2).sum()
    found = metrics(x, r, batch=batch)
    assert found['latent/explained_variance_ratio'] == pytest.approx(expected, rel=1e-9)
    assert found['latent/mse'] == pytest.approx(((exact_r - exact_x) ** 2).mean(), rel=1e-12)


def test_memory_does_not_grow_with_the_persons() -> None:
    metric, sizes = ExplainedVariance(), []
    metric.dataset_meta = dict(persons=400)
    for _ in range(100):
        metric.process(None, samples(LATENTS, LATENTS, LATENTS))
        sizes.append(len(pickle.dumps(metric.results)))
    assert len(metric.results) == 1
    assert max(sizes) - min(sizes) < 100


@pytest.mark.parametrize('persons, processes', [(10, 2), (10, 3), (11, 4), (2, 4)])
def test_of_processes_every_person_counts_once(persons: int, processes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    generator = np.random.default_rng(1)
    x, r, c = (generator.standard_normal((persons, 5)) for _ in range(3))
    # As MMEngine's DefaultSampler with round_up deals persons out, the first ones again at the end.
    dealt = np.resize(np.arange(persons), -(-persons // processes) * processes)
    gathered = []
    for rank in range(processes):
        monkeypatch.setattr(explained_variance, 'get_rank', lambda rank=rank: rank)
        monkeypatch.setattr(explained_variance, 'get_world_size', lambda: processes)
        metric = ExplainedVariance()
        metric.dataset_meta = dict(persons=persons)
        own = dealt[rank::processes]
        for start in range(0, len(own), 2):
            batch = own[start : start + 2]
            metric.process(None, samples(x[batch], r[batch], c[batch]))
        gathered += metric.results
    # MMEngine cuts what it gathered to the number of persons.
    found = ExplainedVariance().compute_metrics(gathered[:persons])
    expected = 1 - ((r - x) ** 2).sum() / ((x - x.mean(0)) ** 2).sum()
    assert found['explained_variance_ratio'] == pytest.approx(expected, rel=1e-12)
    assert found['mse'] == pytest.approx(((r - x) ** 2).mean(), rel=1e-12)


def test_joined_sums_are_those_of_all() -> None:
    generator = np.random.default_rng(2)
    parts = [[generator.standard_normal((count, 4)) + 50 for _ in range(3)] for count in (1, 6, 3)]
    whole = sums_of(*(np.concatenate(column) for column in zip(*parts, strict=True)))
    together = reduce(joined, [sums_of(*part) for part in parts])
    assert together.count == whole.count == 10
    for name in ('mean', 'total', 'error', 'low', 'high'):
        np.testing.assert_allclose(getattr(together, name), getattr(whole, name), rtol=1e-10)


def test_persons_who_do_not_differ_are_refused() -> None:
    same = np.full((5, 3), 0.1, np.float32)
    with pytest.raises(InputError, match='latents of all 5 evaluated persons are the same'):
        metrics(same, same + 1, batch=2)


def test_a_training_that_diverged_is_named() -> None:
    wrong = LATENTS.copy()
    wrong[1, 1] = np.nan
    with pytest.raises(InputError, match='training has diverged; lower'):
        metrics(LATENTS, wrong)


def test_how_many_persons_there_are_has_to_be_known() -> None:
    with pytest.raises(InputError, match='does not know how many persons'):
        metrics(LATENTS, LATENTS, persons=None)
