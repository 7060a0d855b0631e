"""Made-up differences in score of two networks, with known spreads, and how often verdicts on them are wrong."""

from dataclasses import dataclass

import numpy as np

from shg_xai.chapters.networks.differences import verdict
from shg_xai.results import Verdict
from shg_xai.stats.arrays import Float, Floats, Int, Ints
from shg_xai.stats.crossed import crossed


@dataclass(frozen=True)
class Spreads:
    """A true difference, and standard deviations: what its mean over seeds, images, or both scatters by.

    Attributes:
        seeds: Of the mean over S trainings, were all persons tested.
        images: Of the mean over G images, were all trainings run.
        both: Of one training's own on G images.
    """

    mean: float = 0.0
    seeds: float = 0.0
    images: float = 0.002
    both: float = 0.0


def made_scores(
    random: np.random.Generator, spreads: Spreads, groups: Int[Ints, ' P'], seeds: int
) -> Float[Floats, 'S P']:
    """Scores whose parts are normal; half of the variance of images is their persons', who have several an image."""
    images, persons = len(np.unique(groups)), len(groups)
    trainings = random.normal(0, spreads.seeds * np.sqrt(seeds), (seeds, 1))
    shape = np.array([[spreads.images], *[[spreads.both]] * seeds]) * np.sqrt(0.5)
    parts = shape * np.sqrt(images) * random.normal(size=(1 + seeds, images))
    own = parts[:, groups] + shape * np.sqrt(persons) * random.normal(size=(1 + seeds, persons))
    return spreads.mean + trainings + own[0] + own[1:]


def shares(
    trials: int, spreads: Spreads, groups: Int[Ints, ' P'], seeds: int, margin: float = 0.0
) -> dict[Verdict, float]:
    """How often each verdict is given; where the mean is 0, better and worse are false, and none is equivalent where
    there is no margin.
    """
    random = np.random.default_rng(seeds)
    draws = (crossed(made_scores(random, spreads, groups, seeds), groups) for _ in range(trials))
    found = [verdict(draw, 0.95, margin) for draw in draws]
    return {kind: found.count(kind) / trials for kind in Verdict}
