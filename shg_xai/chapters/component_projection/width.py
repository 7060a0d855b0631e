"""How many principal components a network needs: which numbers to try, and which one to suggest.

Shapes: N persons, D values of a latent.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from shg_xai.stats.bootstrap import mean_interval, number
from shg_xai.stats.pca import SHARES, STUDY, components_for


def ladder(dimensions: int) -> list[int]:
    """Numbers of components to try: 0, the powers of two below D, the study's 50 if below D, D.

    Args:
        dimensions: D.

    Returns:
        Ascending; 12 for D = 512, 15 for D = 4096.
    """
    powers = [2**exponent for exponent in range(dimensions.bit_length())]
    return sorted({0, dimensions, *(k for k in (*powers, STUDY) if k < dimensions)})


def mean_estimate(
    values: np.ndarray, image_ids: np.ndarray, resamples: int, confidence: float, seed: int
) -> dict[str, float | None]:
    """Mean over persons and its interval over images.

    Args:
        values: Shape (N,); NaN where a person has no value.
        image_ids: The image of each person, shape (N,).
        resamples: Resamples of images.
        confidence: Of the interval, between 0 and 1.
        seed: Of the resamples.

    Returns:
        ``value``, ``low``, ``high``; None for what is not known.
    """
    ends = mean_interval(values, image_ids, resamples, confidence, seed)
    return dict(zip(('value', 'low', 'high'), (number(float(end)) for end in ends), strict=True))


def paired_difference(
    a: np.ndarray, b: np.ndarray, image_ids: np.ndarray, resamples: int, confidence: float, seed: int
) -> dict[str, float | None]:
    """Mean over persons of a - b, each person measured twice, and its interval over images.

    What makes persons easy or hard for both is in both and goes out, so the interval is that of the difference and not
    of two means.

    Args:
        a: Shape (N,); NaN where a person has no value.
        b: The same persons, shape (N,).
        image_ids: The image of each person, shape (N,).
        resamples: Resamples of images.
        confidence: Of the interval, between 0 and 1.
        seed: Of the resamples.

    Returns:
        ``value``, ``low``, ``high`` over the persons with both values; None for what is not known.
    """
    return mean_estimate(a - b, image_ids, resamples, confidence, seed)


def suggestion(curve: Sequence[Mapping[str, Any]], tolerance: float) -> dict[str, Any]:
    """The smallest number of components that costs next to nothing, and so does every larger one.

    "And every larger": components come in the order of their variance, not of their use, so PCK may fall again as k
    grows. A k that is good by chance below one that is not would be no width to trust. All components together are the
    network itself, up to rounding: the largest k is what remains where every smaller one costs too much.

    Args:
        curve: For each k of a ladder ``k`` and ``drop``, whose ``labelled`` has ``value``, ``low`` and ``high``: the
            labelled PCK of the untouched network minus that with k components. The largest k must be D.
        tolerance: The largest drop that counts as none, in PCK (0 to 1).

    Returns:
        ``k``, ``tolerance``, and ``drop`` with ``value``, ``low``, ``high`` at that k.
    """
    falling = sorted(curve, key=lambda entry: entry['k'], reverse=True)
    chosen = falling[0]
    for entry in falling[1:]:
        if entry['drop']['labelled']['value'] > tolerance:
            break
        chosen = entry
    return dict(k=chosen['k'], tolerance=tolerance, drop=dict(chosen['drop']['labelled']))


def rules(eigenvalues: np.ndarray, noise: int) -> list[dict[str, Any]]:
    """The widths that looking at the latents alone would suggest.

    Args:
        eigenvalues: Variance along each component, descending, shape (D,).
        noise: How many components stand above noise, see :func:`~shg_xai.stats.pca.above_noise`.

    Returns:
        ``name`` and ``k`` of each; the study's 50 only where D is larger.
    """
    found = [
        dict(name=f'{share:.0%} of the variance'.replace('%', ' %'), k=components_for(eigenvalues, share))
        for share in SHARES
    ]
    found.append(dict(name='above noise (parallel analysis)', k=noise))
    if len(eigenvalues) > STUDY:
        found.append(dict(name="the study's 50", k=STUDY))
    return found
