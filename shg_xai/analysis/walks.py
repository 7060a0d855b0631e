"""Walks along principal components: which real persons are met on the way.

In the basis of the components a point on a walk is c * sigma on one axis and 0 on all others, so
the squared distance of a person x to it is |x|^2 - 2 c sigma x_k + (c sigma)^2: exact over all
persons and all dimensions, without another look at the latents.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

STEPS = (-3, -2, -1, 0, 1, 2, 3)
COMPONENTS = (1, 2, 3, 10, 30, 50, 100)  # of the study, which also took the last
DIRECTIONS = 20  # random ones
NEAREST = 3
KEPT = 10  # components whose scores are kept and set against concepts


def picked(dimensions: int, persons: int) -> list[int]:
    """Numbers, from 1, of the components to walk along: the study's and the last.

    Persons fewer than dimensions vary in N - 1 directions only; the last of those is the last.
    """
    last = min(dimensions, persons - 1)
    return sorted({number for number in COMPONENTS if number <= last} | {last})


def distances_to(norms: np.ndarray, along: np.ndarray, length: float) -> np.ndarray:
    """Distances (N,) of persons to a point at some length from the mean along a direction.

    Args:
        norms (np.ndarray): Squared distances to the mean, shape (N,).
        along (np.ndarray): Positions along the direction, shape (N,).
        length (float): Where the point is, in units of the latent.
    """
    return np.sqrt(np.maximum(norms - 2 * length * along + length ** 2, 0))


def walk(component: int, sigma: float, norms: np.ndarray, along: np.ndarray, random: np.ndarray,
         annotation_ids: np.ndarray) -> dict[str, Any]:
    """Real persons nearest to the points of a walk along a component.

    Args:
        component (int): Its number, from 1.
        sigma (float): Standard deviation along it.
        norms (np.ndarray): Squared distances of all N persons to the mean, shape (N,).
        along (np.ndarray): Their positions along the component, shape (N,).
        random (np.ndarray): Their positions along R random directions, shape (N, R), the
            baseline: as long a walk to where no component leads.
        annotation_ids (np.ndarray): Who they are, shape (N,).

    Returns:
        dict: As in the chapter ``walks`` of the results.
    """
    root = np.sqrt(norms.sum() / max(len(norms) - 1, 1))
    points = []
    for step in STEPS:
        length = step * sigma
        distance = distances_to(norms, along, length)
        baseline = np.array([distances_to(norms, other, length).min() for other in random.T])
        points.append(dict(
            step=step, distance=float(distance.min()), relative=float(distance.min() / root),
            nearest=nearest(distance, annotation_ids, NEAREST), random=spread(baseline)))
    return dict(component=component, sigma=sigma, points=points)


def nearest(distance: np.ndarray, annotation_ids: np.ndarray, count: int) -> list[dict[str, Any]]:
    """The persons with the smallest of distances (N,), nearest first, ties by annotation id."""
    some = np.argpartition(distance, min(count, len(distance)) - 1)[:count]
    # All persons as far as the last of these, so that ties do not depend on the partition.
    some = np.flatnonzero(distance <= distance[some].max())
    order = some[np.lexsort((annotation_ids[some], distance[some]))][:count]
    return [dict(annotation_id=int(annotation_ids[person]), distance=float(distance[person]))
            for person in order]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Mean and the range of the middle 95 % of a few values."""
    low, high = np.percentile(values, (2.5, 97.5))
    return dict(value=float(np.mean(values)), low=float(low), high=float(high))
