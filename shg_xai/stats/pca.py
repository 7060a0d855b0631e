"""Principal components of latents: variance along them, and how many stand above noise."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import linalg

from shg_xai.stats.bootstrap import estimate, resample_weights

SHARES = (0.90, 0.95, 0.99)
STUDY = 50  # the component from which on the study saw nothing but noise
DRAWS = 5
FLAT = 1e-12  # share of the variance of all, below which persons do not differ
NOISE_WHY = (
    'Parallel analysis asks which components hold more variance than the strongest of '
    'as many persons whose values vary as much, each on its own, with no relation between '
    'them; unlike the threshold of Gavish and Donoho it does not take noise to be equal '
    'in all dimensions, which that of a network is not.'
)


@dataclass(frozen=True)
class Components:
    """Principal components, the strongest first.

    Attributes:
        mean: Mean latent, float64, shape (D,).
        eigenvalues: Variance along each component, float64, descending, shape (D,).
        vectors: A component a column, orthonormal, float64, shape (D, D). The sign of each is such that its largest
            entry is positive.
    """

    mean: np.ndarray
    eigenvalues: np.ndarray
    vectors: np.ndarray

    @property
    def ratio(self) -> np.ndarray:
        """Explained variance ratio of each component, shape (D,)."""
        return self.eigenvalues / self.eigenvalues.sum()


def principal_components(mean: np.ndarray, covariance: np.ndarray) -> Components:
    """Components of latents with this mean (D,) and covariance (D, D), which is overwritten."""
    values, vectors = linalg.eigh(covariance, overwrite_a=True, check_finite=False, driver='evd')
    values, vectors = np.maximum(values[::-1], 0), vectors[:, ::-1]
    largest = np.abs(vectors).argmax(axis=0)
    vectors *= np.sign(vectors[largest, np.arange(len(values))])
    return Components(mean, values, vectors)


def eigenvalues(covariance: np.ndarray) -> np.ndarray:
    """Eigenvalues of a covariance (D, D), descending, none below 0; it is overwritten."""
    values = linalg.eigh(covariance, overwrite_a=True, check_finite=False, eigvals_only=True, driver='evd')
    return np.maximum(values[::-1], 0)


def components_for(values: np.ndarray, share: float) -> int:
    """How many components hold at least this share of the variance; eigenvalues (D,) descending."""
    running = np.cumsum(values)
    return int(np.searchsorted(running, share * running[-1] * (1 - 1e-12)) + 1)


def participation_ratio(values: np.ndarray) -> float:
    """How many equal components would spread variance as these do: (sum l)^2 / sum l^2.

    Between 1 and D. Gao and others 2017, "A theory of multineuronal dimensionality", equation 4.
    """
    return float(values.sum() ** 2 / (values**2).sum())


def null_eigenvalues(variances: np.ndarray, persons: int, seed: int, draws: int = DRAWS) -> np.ndarray:
    """Largest eigenvalues, over draws, of persons whose values have nothing to do with each other.

    Horn 1965, "A rationale and test for the number of factors", in the covariance form: values are normal and
    independent, each with the variance it has in the data. Their scatter matrix follows a Wishart distribution and is
    drawn from it directly (Bartlett 1933), so that the cost does not depend on N; with no more persons than dimensions
    the persons themselves are drawn.

    Args:
        variances: Variance of each dimension, shape (D,).
        persons: N.
        seed: Of the draws.
        draws: Number of draws; of each component the largest value counts.

    Returns:
        Descending, shape (D,).
    """
    largest = np.zeros(len(variances))
    for draw in range(draws):
        generator = np.random.default_rng([seed, draw])
        scatter = _null_scatter(np.sqrt(variances), persons - 1, generator)
        values = eigenvalues(scatter)
        np.maximum(largest[: len(values)], values / (persons - 1), out=largest[: len(values)])
    return largest


def _null_scatter(deviations: np.ndarray, freedom: int, generator: np.random.Generator) -> np.ndarray:
    """A matrix with the eigenvalues above 0 of a draw from Wishart(diag(deviations^2), freedom)."""
    size = len(deviations)
    if freedom < size:
        values = generator.standard_normal((freedom, size)) * deviations
        return values @ values.T
    lower = np.tril(generator.standard_normal((size, size)), -1)
    lower[np.diag_indices(size)] = np.sqrt(generator.chisquare(freedom - np.arange(size)))
    lower *= deviations[:, None]
    return lower @ lower.T


def above_noise(values: np.ndarray, null: np.ndarray) -> int:
    """How many components come before the first that holds no more variance than by chance."""
    below = values <= null
    return int(np.argmax(below)) if below.any() else len(values)


def spectrum_results(
    values: np.ndarray, leading: Sequence[dict[str, Any]], halves: Iterable[np.ndarray], null: np.ndarray
) -> dict[str, Any]:
    """The chapter ``spectrum`` of the results.

    Args:
        values: Eigenvalues, descending, shape (D,).
        leading: Shares of the first components with their intervals.
        halves: Eigenvalues (D,) of each half of the images; none where there are too few.
        null: See :func:`null_eigenvalues`.
    """
    # Of a half in which nothing varies there are rounding errors only.
    halves = [half if half.sum() > FLAT * values.sum() else None for half in halves]
    ratio = values / values.sum()
    running = np.cumsum(ratio)
    study = (
        dict(component=STUDY, value=float(ratio[STUDY - 1]), cumulative=float(running[STUDY - 1]))
        if len(values) >= STUDY
        else None
    )
    return dict(
        eigenvalues=values.tolist(),
        explained_variance_ratio=ratio.tolist(),
        cumulative=running.tolist(),
        leading=list(leading),
        components_for=[
            dict(
                share=share,
                value=components_for(values, share),
                halves=[None if half is None else components_for(half, share) for half in halves],
            )
            for share in SHARES
        ],
        participation_ratio=dict(
            value=participation_ratio(values),
            halves=[None if half is None else participation_ratio(half) for half in halves],
        ),
        noise=dict(
            method='parallel analysis', value=above_noise(values, null), draws=DRAWS, why=NOISE_WHY, null=null.tolist()
        ),
        study=study,
    )


def leading_shares(
    squares: np.ndarray, norms: np.ndarray, image_ids: np.ndarray, resamples: int, confidence: float, seed: int
) -> list[dict[str, Any]]:
    """Shares of variance of the first components with bootstrap intervals over images.

    Directions are held; what is drawn anew is who is measured along them.

    Args:
        squares: Squared scores of the first M components, shape (N, M).
        norms: Squared distances to the mean, shape (N,).
        image_ids: The image of each person, shape (N,).
        resamples: How many resamples.
        confidence: Of the intervals.
        seed: Of the resamples.
    """
    shares = squares.sum(axis=0) / norms.sum()
    drawn = np.array(
        [weights @ squares / (weights @ norms) for weights in resample_weights(image_ids, resamples, seed)]
    ).reshape(-1, len(shares))
    return [
        dict(component=place + 1, **estimate(float(share), drawn[:, place], confidence))
        for place, share in enumerate(shares)
    ]
