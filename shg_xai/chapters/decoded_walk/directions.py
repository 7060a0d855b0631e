"""Directions in the latent to walk along, steering vectors: principal components, concepts and random ones.

The direction of a concept is the difference of two means, of persons who have much and who have little of it; Marks and
Tegmark, The Geometry of Truth (2024), section 5, compare it with what a linear probe finds.

Shapes: N persons, D values of a latent, M directions, R random ones, C steps.
"""

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from shg_xai.errors import InputError
from shg_xai.latents.concepts import Concept
from shg_xai.latents.selection import Selection
from shg_xai.stats.pca import FLAT, Components

COMPONENTS = (1, 2, 3, 10, 30, 50)  # walked along where none are named
NEAR = 4  # names offered for one that is not known
Floats = NDArray[np.float64]
Key = tuple[int, float]  # of a point: direction and c
START: Key = (0, 0.0)  # c = 0 of all walks
WITHIN = 2  # sigmas to either side, between which walks are compared


@dataclass(frozen=True)
class SteeringVector:
    """A direction and how far one sigma along it is."""

    name: str  # unique among those of one kind
    kind: Literal['component', 'concept']
    number: int | None  # of a component, from 1
    vector: Floats  # length 1, (D,)
    step: float  # what one sigma is long, in units of the latent
    variance_share: float  # of the latents' variance, what lies along it


def component_directions(components: Components, numbers: Sequence[int] | None, persons: int) -> list[SteeringVector]:
    """Principal components by their numbers from 1, or those of COMPONENTS that vary, of so many persons.

    One sigma is the root of the variance along each. InputError: there is no such component, or it does not vary.
    """
    values, size = components.eigenvalues, len(components.eigenvalues)
    varies = int((values > FLAT * values.sum()).sum())
    if numbers is None:
        numbers = [number for number in COMPONENTS if number <= varies]
    found = {}
    for number in numbers:
        if not 1 <= number <= size:
            raise InputError(f'--components {number}: the latent has {size} components; give numbers from 1 to {size}')
        if number > varies:
            mend = f'give numbers from 1 to {varies}, or dump more persons'
            raise InputError(f'--components {number}: the latents of {persons} persons do not vary along it; {mend}')
        vector, sigma = components.vectors[:, number - 1], float(np.sqrt(values[number - 1]))
        share = float(components.ratio[number - 1])
        found[number] = SteeringVector(f'component {number}', 'component', number, vector, sigma, share)
    return list(found.values())


def find_concepts(known: Sequence[Concept], names: Sequence[str]) -> list[Concept]:
    """The concepts of these names, in their order, each once; InputError, with the nearest names, for one unknown."""
    by_name = {concept.name: concept for concept in known}
    for name in names:
        if name not in by_name:
            holding = [other for other in by_name if name in other]
            near = dict.fromkeys([*holding, *difflib.get_close_matches(name, by_name, NEAR)])
            which = f'did you mean {" or ".join(list(near)[:NEAR])}?' if near else f'it has {", ".join(by_name)}'
            raise InputError(f'--concepts {name}: not known of the persons of the store; {which}')
    return [by_name[name] for name in dict.fromkeys(names)]


def contrast(concept: Concept) -> NDArray[np.int8]:
    """Who has much (1) and who has little (-1) of a concept; 0 neither or not known, shape (N,).

    The upper and the lower third of those it is known of, equal values together; 1 against 0 for a flag. Where both
    ends of the middle third are one value, all above it stand against the rest, or all below it, if nobody is above.
    InputError where it has one value only.
    """
    values = concept.values
    known = values[np.isfinite(values)]
    if not len(known) or known.min() == known.max():
        why = 'the same of all persons of the store, so it has no direction'
        raise InputError(f'--concepts {concept.name}: {why}; leave it out')
    low, high = (0, 1) if concept.kind == 'flag' else np.quantile(known, (1 / 3, 2 / 3))
    if low < high:
        much, little = values >= high, values <= low  # NaN is neither
    elif known.max() > high:
        much, little = values > high, values <= high
    else:
        much, little = values >= high, values < high
    return much.astype(np.int8) - little.astype(np.int8)


def concept_directions(selection: Selection, chosen: Sequence[Concept], components: Components) -> list[SteeringVector]:
    """From the mean latent of who has little of a concept to that of who has much, all of the same persons.

    One sigma is the standard deviation of all the latents along the direction. InputError: a concept has one value
    only, or both groups have the same mean.
    """
    if not chosen:
        return []
    groups = np.stack([contrast(concept) for concept in chosen])
    # Persons of a group share weight 1, and the difference of means is one sum over all persons.
    weights = np.stack([(side == 1) / (side == 1).sum() - (side == -1) / (side == -1).sum() for side in groups])
    total = np.zeros((len(chosen), selection.dimensions))
    for block in selection.blocks():
        centred = block.values() - components.mean
        total += weights[:, block.start : block.start + len(centred)] @ centred
    found = []
    for concept, difference in zip(chosen, total, strict=True):
        length = np.linalg.norm(difference)
        if not length:
            why = 'persons with much and with little of it have the same mean latent, so it has no direction'
            raise InputError(f'--concepts {concept.name}: {why}; leave it out')
        vector = difference / length
        variance = float(components.eigenvalues @ (components.vectors.T @ vector) ** 2)
        sigma, share = float(np.sqrt(variance)), variance / float(components.eigenvalues.sum())
        found.append(SteeringVector(concept.name, 'concept', None, vector, sigma, share))
    return found


def data_directions(components: Components, count: int, random: np.random.Generator) -> Floats:
    """Directions in which two persons may differ, of length 1, drawn at random, a column each, (D, R).

    They have the covariance of the latents: sum over components of sqrt(variance) times a normal number, then of length
    1. Directions drawn evenly from the sphere would be no match for any other: nearly all of their length lies where
    persons do not differ, and the rest of the network answers to what it has met.
    """
    scales = np.sqrt(components.eigenvalues[: components.vectors.shape[1]])
    drawn = components.vectors @ (scales[:, None] * random.standard_normal((len(scales), count)))
    found: Floats = drawn / np.linalg.norm(drawn, axis=0)
    return found


@dataclass(frozen=True)
class Walks:
    """All walks that are decoded, one along each of M directions."""

    directions: Sequence[SteeringVector]
    steps: Floats  # c, ascending, one of them 0, (C,)

    def walk(self, direction: int) -> list[Key]:
        """The C points of one walk."""
        return [(direction, float(c)) if c else START for c in self.steps]

    def points(self) -> list[Key]:
        """All points, each once."""
        return list(dict.fromkeys(point for place in range(len(self.directions)) for point in self.walk(place)))

    def offset(self, point: Key) -> Floats:
        """What is added to a latent at a point, (D,)."""
        direction, c = point
        return c * self.directions[direction].step * self.directions[direction].vector

    @property
    def ends(self) -> tuple[float, float]:
        """The first and the last step between -2 and 2, or of all where none of these leads away from 0."""
        inner = self.steps[np.abs(self.steps) <= WITHIN]
        inner = inner if inner.any() else self.steps
        return float(inner[0]), float(inner[-1])


def nearest_distances(selection: Selection, mean: Floats, vectors: Floats, lengths: Floats) -> Floats:
    """Distance of walked points to the nearest of N stored latents, in units of the latent, (M, C); exact.

    Walks start from the mean (D,), along vectors of length 1, (D, M), and have points at these lengths, (M, C).
    """
    nearest = np.full(lengths.shape, np.inf)
    for block in selection.blocks():
        centred = block.values() - mean
        norms, along = np.einsum('nd,nd->n', centred, centred), centred @ vectors
        for walk, own in enumerate(lengths):
            # The square of the distance to the point at a length l along a direction is |x|^2 - 2 l (x v) + l^2.
            here = [(norms - 2 * length * along[:, walk] + length**2).min() for length in own]
            nearest[walk] = np.minimum(nearest[walk], here)
    return np.sqrt(np.maximum(nearest, 0))
