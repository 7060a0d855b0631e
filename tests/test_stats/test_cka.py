"""How alike latents are, against kernels of all pairs of persons."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shg_xai.stats.cka import Latents, linear_cka
from tests.helpers.analysis_stores import brute_force, selected

GENERATOR = np.random.default_rng(0)


def latents(folder: Path, values: np.ndarray, **keywords: Any) -> Latents:
    """One side of a comparison, its mean and eigenvalues as NumPy has them."""
    chosen = selected(folder, values, **keywords)
    exact = np.asarray(chosen.array[chosen.rows], float).reshape(len(chosen), -1)
    covariance = np.atleast_2d(np.cov(exact, rowvar=False))
    return Latents(chosen, exact.mean(axis=0), np.linalg.eigvalsh(covariance)[::-1])


def cka(folder: Path, a: np.ndarray, b: np.ndarray, threads: int = 1, **keywords: Any) -> float | None:
    """Ours of two arrays."""
    folder.mkdir(exist_ok=True)
    with ThreadPoolExecutor(threads) as pool:
        return linear_cka(latents(folder / 'a', a, **keywords), latents(folder / 'b', b, **keywords), pool)


def biased(a: np.ndarray, b: np.ndarray) -> float:
    """CKA of Kornblith and others 2019 as it is."""
    a, b = a - a.mean(axis=0), b - b.mean(axis=0)
    return float(np.linalg.norm(a.T @ b) ** 2 / np.linalg.norm(a.T @ a) / np.linalg.norm(b.T @ b))


@pytest.mark.parametrize(
    'shapes', [((90, 4), (90, 7)), ((30, 60), (30, 2, 3)), ((4, 3), (4, 2)), ((2100, 3), (2100, 5))]
)
def test_cka_is_that_of_all_pairs(tmp_path: Path, shapes: tuple) -> None:
    generator = np.random.default_rng(len(shapes[0]))
    a = (generator.standard_normal(shapes[0]) + 1).astype(np.float32)
    b = generator.standard_normal(shapes[1]).astype(np.float32) - 2
    b.reshape(len(b), -1)[:, 0] += 2 * a.reshape(len(a), -1)[:, 0]
    assert cka(tmp_path, a, b) == pytest.approx(brute_force(a, b), rel=1e-6, abs=1e-9)


def test_half_precision_and_shards(tmp_path: Path) -> None:
    a = GENERATOR.standard_normal((50, 6)).astype(np.float16)
    b = (a[:, :3].astype(np.float32) @ GENERATOR.standard_normal((3, 4))).astype(np.float16)
    found = cka(tmp_path, a, b, 3, dtype='float16', rows_per_shard=7)
    assert found == pytest.approx(brute_force(a, b), rel=1e-6)


def test_independent_noise_is_0_however_many_dimensions(tmp_path: Path) -> None:
    a, b = GENERATOR.standard_normal((2, 60, 600))
    assert biased(a, b) > 0.8
    assert cka(tmp_path, a, b) == pytest.approx(0, abs=0.05)


def test_rotation_and_scale_change_nothing(tmp_path: Path) -> None:
    a = GENERATOR.standard_normal((80, 6)) * (3, 2, 1, 1, 1, 0.5)
    rotation = np.linalg.qr(GENERATOR.standard_normal((6, 6)))[0]
    assert cka(tmp_path, a, 7 * a @ rotation + 3) == pytest.approx(1, abs=1e-6)


@pytest.mark.parametrize('count, known', [(3, False), (4, True)])
def test_three_persons_are_too_few(tmp_path: Path, count: int, known: bool) -> None:
    a, b = GENERATOR.standard_normal((2, count, 3))
    assert (cka(tmp_path, a, b) is not None) == known


def test_latents_that_do_not_vary_have_none(tmp_path: Path) -> None:
    a = GENERATOR.standard_normal((9, 3))
    assert cka(tmp_path, a, np.zeros((9, 3))) is None
