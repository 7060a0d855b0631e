"""Made persons some of whose joints are predicted wrong, and how the chapter on failures does on them.

A joint is the more often wrong the harder it is; its heatmap's height tells some of that. A person's latent may be the
farther from the others' the more is wrong with the person that heights do not tell; or have nothing to do with it; or
be the farther the more unusual the heights are, and so tell of failures what these tell anyway. Heatmaps may say more
than their height: their spread as much, with an error of its own, and the distance to the mirror image nothing; or the
spread with a quarter of the error.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import expit, logit
from scipy.stats import rankdata

Floats = NDArray[np.float64]
JOINTS, FRESH, DIMENSIONS, ALIKE = 5, 4000, 48, 0.5
ERROR = 0.8
NAMES = ('nose', 'left_eye', 'right_eye', 'left_ear', 'right_ear')
BASE = np.array([-2.2, -2.0, -1.8, -1.6, -1.4])  # log odds of each joint to be wrong
SPREADS, FLIPS = 'keypoint_spreads', 'keypoint_flip_distances'
SIDE = 100.0  # of the crop, in pixels


class Failures(NamedTuple):
    """Heights (N, K) of heatmaps and which joints are wrong, (N, K); what else heatmaps say, by column of a store."""

    heights: Floats
    wrong: NDArray[np.bool_]
    doubts: Mapping[str, Floats]

    def columns(self, person: int) -> dict[str, Any]:
        """What a store's row says of a person: joints at 20, 20, wrong ones ten pixels away."""
        found = np.full((JOINTS, 2), 20.0)
        found[:, 0] += 10 * self.wrong[person]
        told: dict[str, Any] = dict(predicted_keypoints=found.ravel(), keypoint_scores=self.heights[person])
        told |= {name: values[person] for name, values in self.doubts.items()}
        return dict(keypoints=np.full(2 * JOINTS, 20.0), visibility=[2] * JOINTS, crop_scale=[SIDE] * 2, **told)


def draw_failures(
    random: np.random.Generator,
    images: NDArray[np.int64],
    strength: float,
    copies: bool = False,
    error: float | None = None,
) -> tuple[Floats, Failures]:
    """Latents (N, D) and failures of persons on these images; ``strength`` is what the distance says of a failure,
    ``copies``: it says what the heights say. With an ``error`` there are spreads, whose error is this; the heights' is
    :data:`ERROR`.
    """

    def numbers(size: int) -> Floats:
        own = random.standard_normal((len(images), size))
        if len(np.unique(images)) == len(images):
            return own
        return np.sqrt(ALIKE) * random.standard_normal((images.max() + 1, size))[images] + np.sqrt(1 - ALIKE) * own

    distance, person, joint = numbers(1), numbers(1), random.standard_normal((len(images), JOINTS))
    hard = 0.7 * person + 1.2 * joint
    odds = BASE + hard + strength * distance
    heights = expit(1.5 - 0.8 * hard + ERROR * random.standard_normal(hard.shape))
    if copies:
        distance = 2 * np.abs(logit(heights).mean(axis=1, keepdims=True) - 1.5) - 1
    spread = np.exp(0.3 * distance) * np.arange(1, DIMENSIONS + 1) ** -0.4
    latents, wrong = numbers(DIMENSIONS) * spread, random.random(odds.shape) < expit(odds)
    if error is None:
        return latents, Failures(heights, wrong, {})
    spreads = expit(0.8 * hard - 1.5 + error * random.standard_normal(hard.shape))
    return latents, Failures(heights, wrong, {SPREADS: spreads, FLIPS: random.exponential(0.1, hard.shape)})


@cache
def truth(strength: float) -> dict[str, float]:
    """AUROC of the height among joints and of the mean height among persons, of 300,000 persons."""
    _, made = draw_failures(np.random.default_rng(1), np.arange(300_000), strength)
    joints = auroc(-made.heights.ravel(), made.wrong.ravel())
    return dict(joints=joints, persons=auroc(-made.heights.mean(1), made.wrong.mean(1) > 0.5))


def auroc(scores: Floats, wrong: NDArray[np.bool_]) -> float:
    """By ranks."""
    bad = int(wrong.sum())
    return float((rankdata(scores)[wrong].sum() - bad * (bad + 1) / 2) / bad / (len(wrong) - bad))


def checked(
    answer: Any, novelty: Any, components: Any, fresh: tuple[Floats, Failures], strength: float
) -> dict[str, list[str]]:
    """Of joints and persons: whether the interval holds the true AUROC of the height, and whether what was promised is
    true of fresh persons; where nothing was promised, nothing is broken.
    """
    from shg_xai.chapters.failure_prediction.risk import risk
    from shg_xai.chapters.failure_prediction.units import DOUBTS, Predicted, joints_of, persons_of
    from shg_xai.stats.novelty import NAMES as DISTANCES

    latents, made = fresh
    centred = latents - components.mean
    scores = (centred @ components.vectors[:, : len(novelty.variances)]).astype(np.float32)
    far = novelty.distances(scores, (centred**2).sum(1), None).astype(np.float32)
    alone, side = np.arange(len(latents)), np.full(len(latents), SIDE)
    other = {score: made.doubts[name].astype(np.float32) for score, name in DOUBTS.items() if name in made.doubts}
    who = Predicted(alone, alone, made.heights.astype(np.float32), np.ones_like(made.wrong), made.wrong, side, other)
    told = {}
    for target, units_of in zip(answer.targets, (joints_of, persons_of), strict=True):
        own, kept, name = target.quality('height'), target.kept, target.target
        told[f'AUROC of {name}'] = ['held'] * bool(own and own.auroc.holds(truth(strength)[name]))
        units = units_of(who, dict(zip(DISTANCES, far.T, strict=True)))
        keep = risk(units.scores, target.model, units.joint) <= (kept.threshold if kept else -1)
        told[f'promise of {name}'] = ['held'] * (not keep.any() or units.wrong[keep].mean() <= kept.most)
    return told
