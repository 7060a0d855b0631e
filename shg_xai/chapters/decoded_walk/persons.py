"""The persons whose poses are decoded on a walk, and whose skips they get.

Shapes: N persons.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from mmengine.config import Config

from shg_xai.errors import InputError
from shg_xai.interventions.subject import open_persons

DONORS = 5  # keeps these random numbers apart from others of the same seed


@dataclass(frozen=True)
class Shown:
    """The N persons whose poses are decoded.

    Attributes:
        dataset: All persons of the split.
        persons: Numbers of the N persons in it, shape (N,).
        columns: What is known of all, see ``person_columns``.
        donors: Numbers of the N persons whose skips are taken; None without.
    """

    dataset: Any
    persons: np.ndarray
    columns: dict[str, np.ndarray]
    donors: np.ndarray | None

    @property
    def image_ids(self) -> np.ndarray:
        """The image of each of the N persons, shape (N,)."""
        return self.columns['image_id'][self.persons]


def choose(cfg: Config, split: str, count: int, with_donors: bool, seed: int) -> Shown:
    """Persons spread evenly over a split.

    Args:
        cfg: The config.
        split: train, val or test.
        count: How many, at most.
        with_donors: Whether each has a donor.
        seed: Of the donors.

    Raises:
        InputError: There are no persons, or no donors.
    """
    dataset, columns = open_persons(cfg, split)
    persons = spread(len(dataset), count)
    donors = find_donors(columns['image_id'], persons, seed) if with_donors else None
    return Shown(dataset, persons, columns, donors)


def spread(persons: int, count: int) -> np.ndarray:
    """At most ``count`` numbers of persons, evenly from the first to the last, ascending."""
    return np.unique(np.linspace(0, persons - 1, min(count, persons)).round().astype(int))


def find_donors(image_ids: np.ndarray, persons: np.ndarray, seed: int) -> np.ndarray:
    """For each of N persons a random one of another image.

    Args:
        image_ids: The image of each person of the data set.
        persons: Numbers of the N persons, shape (N,).
        seed: Of the draw.

    Raises:
        InputError: All persons are of one image.
    """
    if len(np.unique(image_ids)) < 2:
        raise InputError('--skips donor: all persons are of one image, so nobody has a donor; choose other skips')
    random = np.random.default_rng([seed, DONORS])
    return np.array([random.choice(np.flatnonzero(image_ids != image_ids[person])) for person in persons])
