"""How well each score tells what is wrong, how sure that is over images, and what one has before another.

All numbers of all scores are taken in the same resamples of images, so differences are paired.

Shapes: U units (joints or persons), P persons on G images, S = 1 + R sets of weights of the images, the first of 1.
"""

from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from shg_xai.chapters.failure_prediction.crossfit import crossfitted, fitted_to_all
from shg_xai.chapters.failure_prediction.results import (
    ALL,
    HEIGHT,
    LATENT,
    OUTSIDE,
    SINGLE,
    Calibration,
    Gain,
    Kept,
    Quality,
    Target,
)
from shg_xai.chapters.failure_prediction.units import Units
from shg_xai.results import Curve, Estimate
from shg_xai.stats.arrays import Bools, Floats, Int, Ints, Labels, Singles
from shg_xai.stats.bootstrap import Bootstrap, resample_weights
from shg_xai.stats.executors import ordered
from shg_xai.stats.reliability import Reliability, moved_down
from shg_xai.stats.risk_control import Promise, promise
from shg_xai.stats.selective import AREAS, Binned, areas, risk_at, share_estimate
from shg_xai.stats.simultaneous import simultaneous

FEWEST = 10  # images with something wrong, and with something right
COVERAGES = np.arange(1, 21) / 20
MOST_WRONG = 0.1  # of what is kept
TOGETHER = 64  # sets of weights a product; bounds memory
PAIRS = [*((name, HEIGHT) for name in (*SINGLE, OUTSIDE, ALL)), (ALL, OUTSIDE)]


@dataclass(frozen=True)
class Judged:
    """What is known of joints or persons, the four areas of each score in all resamples, (S, 4), and how many images
    have something wrong, or something right if these are fewer.
    """

    target: Target
    drawn: Mapping[str, Floats]
    images: int = 0


@dataclass(frozen=True)
class Judge:
    """Who judges: the number of each person's image, how often each image is in each resample, how intervals are
    drawn.
    """

    image_of: Int[Ints, ' P']
    times: Labels  # (S, G), first all 1
    how: Bootstrap

    @classmethod
    def of(cls, image_of: Int[Ints, ' P'], how: Bootstrap) -> 'Judge':
        """Draw the resamples of images."""
        images = int(image_of.max()) + 1
        drawn = [own.astype(np.uint8) for own in resample_weights(np.arange(images), how.resamples, how.seed)]
        return cls(image_of, np.stack([np.ones(images, np.uint8), *drawn]), how)

    def judged(self, units: Units, pool: Executor) -> Judged:
        """Everything about joints or persons but what scores have before each other."""
        image_of = self.image_of[units.person]
        wrong = self._ratio(units.wrong, np.ones(len(units), bool), image_of)
        target = Target.nothing(units.target, len(units), wrong, reason(units, image_of))
        if target.why:
            return Judged(target, {})
        # What is the same for all tells nothing, as the size of crops that all have one.
        scores: dict[str, Floats | Singles] = {name: own for name, own in units.scores.items() if np.ptp(own)}
        every, outside = list(scores), [name for name in scores if name not in LATENT]
        seed = self.how.seed
        risks = {
            OUTSIDE: crossfitted(units, outside, image_of, seed, pool),
            ALL: crossfitted(units, every, image_of, seed, pool),
        }
        scores |= risks
        judging = partial(_areas, units.wrong, image_of, self.times)
        found = dict(zip(scores, ordered(pool, judging, scores.values()), strict=True))
        images = min(_images(units.wrong, image_of), _images(~units.wrong, image_of))
        target.qualities = [self._quality(name, *found[name], images - 1, len(units)) for name in scores]
        told = {HEIGHT: units.told.astype(float), **risks}
        target.calibrations = [self._calibration(name, own, units.wrong, image_of) for name, own in told.items()]
        target.model = fitted_to_all(units, every, image_of, seed)
        target.kept = self._kept(risks[ALL], units.wrong, image_of)
        target.model.threshold = target.kept.threshold if target.kept else None
        return Judged(target, {name: own for name, (own, _) in found.items()}, images)

    def compare(self, all_judged: Sequence[Judged]) -> None:
        """Give each target what its scores have before others, by intervals that hold for all of them at once."""
        gains, columns, images = [], [], []
        for one in all_judged:
            for score, over in (pair for pair in PAIRS if set(pair) <= set(one.drawn)):
                apart = one.drawn[score] - one.drawn[over]
                columns += [apart[:, AREAS.index('auroc')], apart[:, AREAS.index('aurc')]]
                images += [one.images] * 2
                gains.append((one.target, score, over))
        if not gains:
            return
        estimates = iter(simultaneous(np.stack(columns, axis=1), np.array(images), self.how.confidence))
        for target, score, over in gains:
            own = Gain(score=score, over=over, auroc=next(estimates), aurc=next(estimates))
            own.auroc.n = own.aurc.n = target.count
            target.gains = [*target.gains, own]

    def _ratio(self, part: Bools, whole: Bools, image_of: Ints) -> Estimate:
        """Share of some units that are in a part of them."""
        sums = np.stack([np.bincount(image_of, own, self.times.shape[1]) for own in (part & whole, whole)], axis=1)
        drawn = self.times @ sums
        with np.errstate(invalid='ignore', divide='ignore'):
            shares = drawn[:, 0] / drawn[:, 1]
        return self.how.estimate(float(shares[0]), shares[1:], int(whole.sum()))

    def _quality(self, name: str, drawn: Floats, risks: Floats, degrees: int, count: int) -> Quality:
        intervals = (share_estimate(own, degrees, self.how.confidence, count) for own in drawn.T)
        told = dict(zip(AREAS, intervals, strict=True))
        return Quality(score=name, curve=Curve(x=COVERAGES.tolist(), y=self.how.estimates(risks, count)), **told)

    def _calibration(self, name: str, told: Floats, wrong: Bools, image_of: Ints) -> Calibration:
        found = Reliability.of(told, wrong, image_of, self.times.shape[1])
        means, shares, errors = found.shares(self.times.astype(float))
        some = np.isfinite(means[0])
        error = self.how.estimate(float(errors[0]), moved_down(float(errors[0]), errors[1:]), len(told))
        curve = Curve(x=means[0, some].tolist(), y=self.how.estimates(shares[:, some]))
        return Calibration(score=name, error=error, curve=curve)

    def _kept(self, predicted: Floats, wrong: Bools, image_of: Ints) -> Kept | None:
        found: Promise | None = promise(predicted, wrong, image_of, MOST_WRONG, self.how.confidence)
        if found is None:
            return None
        keep, everybody = predicted <= found.threshold, np.ones(len(wrong), bool)
        return Kept(
            most=MOST_WRONG,
            threshold=found.threshold,
            coverage=self._ratio(keep, everybody, image_of),
            risk=self._ratio(wrong, keep, image_of),
        )


def reason(units: Units, image_of: Int[Ints, ' U']) -> str | None:
    """Why nothing can be said of these units; None where something can."""
    bad, good = (_images(own, image_of) for own in (units.wrong, ~units.wrong))
    for images, word, other in ((bad, 'wrong', 'right'), (good, 'right', 'wrong')):
        if not images:
            return f'All {units.target} are {other}: there is nothing to tell apart.'
        if images < FEWEST:
            return f'Only {images} photos have {units.target} that are {word}; fewer than {FEWEST} say nothing.'
    return None


def _images(some: Bools, image_of: Ints) -> int:
    return len(np.unique(image_of[some]))


def _areas(wrong: Bools, image_of: Ints, times: Labels, scores: Floats | Singles) -> tuple[Floats, Floats]:
    """The four areas (S, 4) of a score and the risks at all coverages (S, V), in every resample."""
    known = np.where(np.isnan(scores), np.nanmedian(scores), scores)
    binned = Binned.of(known, wrong, image_of, times.shape[1])
    parts = [_some(binned, times[start : start + TOGETHER]) for start in range(0, len(times), TOGETHER)]
    drawn, risks = (np.concatenate(own) for own in zip(*parts, strict=True))
    return drawn, risks


def _some(binned: Binned, times: Labels) -> tuple[Floats, Floats]:
    right, wrong = binned.weighted(times.T.astype(float))
    return areas(right, wrong), risk_at(right, wrong, COVERAGES)
