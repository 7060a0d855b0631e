"""Which unit moves which joints: a step along its direction in the latent, decoded, beside random ones as long.

Shapes: N persons, D values of a latent, W units, M units that are steered.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from shg_xai.chapters.bottlenecks.results import Name, SteeredUnit, ToldConcept
from shg_xai.chapters.decoded_walk.directions import SteeringVector, Walks
from shg_xai.chapters.decoded_walk.effects import beside_random, walk_of
from shg_xai.chapters.decoded_walk.measure import Decoded, conditions, random_numbers
from shg_xai.chapters.decoded_walk.options import BESIDE, DecodedWalkOptions
from shg_xai.interventions.evaluate import UNTOUCHED, evaluate, predictions
from shg_xai.interventions.moves import Mover
from shg_xai.interventions.network import Network
from shg_xai.interventions.persons import Persons, build_loader
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.pca import Components

STEPS = np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Steerable:
    """A unit, the concept that it tells best, and what a standard deviation of it adds to a latent, (D,)."""

    name: Name
    told: ToldConcept
    offset: Floats


def best_units(
    name: Name, concepts: Sequence[ToldConcept], directions: Floats, spread: Floats, count: int
) -> list[Steerable]:
    """The units of a kind that tell a concept best, each once; ``spread`` (W,) is the standard deviation of each."""
    found: dict[int, Steerable] = {}
    for told in sorted(concepts, key=lambda one: -one.rho):
        offset = directions[:, told.unit - 1] * spread[told.unit - 1]
        if told.unit not in found and np.linalg.norm(offset) > 0 and len(found) < count:
            found[told.unit] = Steerable(name, told, offset)
    return list(found.values())


def steer(
    units: Sequence[Steerable],
    network: Network,
    persons: Persons,
    layer: str,
    components: Components,
    options: DecodedWalkOptions,
) -> list[SteeredUnit]:
    """Add up to two standard deviations of each unit to persons' own latents, and see which joints move."""
    if not units:
        return []
    walks = Walks([_vector(unit, components) for unit in units], STEPS)
    some = persons.subset(persons.spread(options.persons))
    points = conditions(network, walks, layer, None, {})
    found = predictions(evaluate(network, build_loader(network.cfg, some.dataset), points, desc='steering'))
    peak = 0.5 * float(np.median(found[UNTOUCHED.name].scores))
    decoded = Decoded(found, walks, network.names, peak)
    few = some.spread(BESIDE)
    mover = Mover(network, some.subset(few), layer)
    random = beside_random(random_numbers(decoded, few, mover, components, options)[..., :1], [], len(few))
    bootstrap = Bootstrap(some.image_ids, options.bootstrap, options.confidence, options.seed)
    walk = partial(walk_of, joints=network.names, distances=[None] * len(STEPS), bootstrap=bootstrap)
    told = []
    for place, (unit, beside) in enumerate(zip(units, random, strict=True)):
        along = walk(decoded.poses(place))
        told.append(
            SteeredUnit(
                name=unit.name,
                unit=unit.told.unit,
                concept=unit.told.title,
                rho=unit.told.rho,
                shift=along.shift_per_sigma,
                joints=along.most_moved,
                random=beside.shift_per_sigma,
            )
        )
    return told


def _vector(unit: Steerable, components: Components) -> SteeringVector:
    length = float(np.linalg.norm(unit.offset))
    vector = unit.offset / length
    share = float(components.eigenvalues @ (components.vectors.T @ vector) ** 2 / components.eigenvalues.sum())
    return SteeringVector(f'{unit.name} {unit.told.unit}', 'component', unit.told.unit, vector, length, share)
