"""Learn to tell damaged labels from labels as they are, on other photos than those that are judged.

The score of a case is the logarithm of how many times likelier its numbers are of a damaged label than of a label as it
is. A classifier's log odds are that, less those of the shares it was shown (Bishop, Pattern Recognition and Machine
Learning, 2006, section 4.2). Labels of a store are wrong now and then themselves; few of many, they teach little.

Shapes: n as they are, m damaged, F numbers, G images.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression

from shg_xai.random_streams import stream
from shg_xai.stats.arrays import Bools, Float, Float32, Floats, Int, Ints, Labels, Shaped, Singles

FOLDS = 3
MOST = 10_000  # of either kind that a classifier is fitted to
FEWEST = 8  # of either kind; from fewer nothing is learned
NOTHING = -20.0  # the score of who is not suspect at all, or cannot be judged; what is learned is above it


@dataclass(frozen=True)
class Cases:
    """Numbers of n cases, the image of each, and of how many cases these are those that are looked at."""

    numbers: Float32[Singles, 'n F']
    image_of: Int[Ints, ' n']
    among: int

    def take(self, some: Bools) -> 'Cases':
        """Some of them."""
        return Cases(self.numbers[some], self.image_of[some], self.among)

    def drawn(self, random: np.random.Generator) -> 'Cases':
        """At most MOST of them."""
        if len(self.image_of) <= MOST:
            return self
        return self.take(random.permutation(len(self.image_of)) < MOST)


def joined(parts: Sequence[Cases]) -> Cases:
    """Several as one."""
    numbers, images = (np.concatenate([getattr(one, name) for one in parts]) for name in ('numbers', 'image_of'))
    return Cases(numbers, images, sum(one.among for one in parts))


@dataclass(frozen=True)
class Learned:
    """For each fold of the images a classifier that was fitted to the other folds; None where too few labels are looked
    at as they are, so that all of them are equally suspect.
    """

    fold: Shaped[Labels, ' G']
    classifiers: Sequence[HistGradientBoostingClassifier | None]
    shift: float  # NOTHING where nothing can be learned

    def scores(self, cases: Cases) -> Float[Floats, ' n']:
        """Of each case, by the classifier that has not seen its image."""
        found = np.full(len(cases.image_of), self.shift)
        for number, one in enumerate(self.classifiers):
            out = self.fold[cases.image_of] == number
            if one is not None and out.any():
                found[out] += one.decision_function(cases.numbers[out])
        return np.maximum(found, NOTHING)


def learn(as_is: Cases, damaged: Cases, seed: int, images: int) -> Learned:
    """Fit to cases of both kinds, equal in weight.

    What share of the cases is looked at tells, too: if half of the damaged ones are, and a hundredth of the others,
    being looked at is fifty times likelier of damage. That is all there is to say where next to none of the labels as
    they are is looked at, since the network is nearly always right.
    """
    fold = (stream(seed, 'label_folds').permutation(images) % FOLDS).astype(np.uint8)
    if len(damaged.image_of) < FEWEST:
        return Learned(fold, [], NOTHING)
    found = []
    for number in range(FOLDS):
        random = stream(seed, 'label_fits', number)
        both = [one.take(fold[one.image_of] != number).drawn(random) for one in (as_is, damaged)]
        few = min(len(one.image_of) for one in both)
        found.append(_fitted(both[0].numbers, both[1].numbers) if few >= FEWEST else None)
    return Learned(fold, found, _log_ratio(len(as_is.image_of), as_is.among, len(damaged.image_of), damaged.among))


def _log_ratio(as_is: int, of: int, damaged: int, of_damaged: int) -> float:
    """How much larger the share of damaged ones is, as a logarithm; none of few is not never (Laplace)."""
    return float(np.log((damaged + 1) / (of_damaged + 2)) - np.log((as_is + 1) / (of + 2)))


def _fitted(as_is: Float32[Singles, 'n F'], damaged: Float32[Singles, 'm F']) -> HistGradientBoostingClassifier:
    """Gradient-boosted trees, smaller ones where cases are few."""
    few, sizes = min(len(as_is), len(damaged)), np.array([len(as_is), len(damaged)])
    trees = HistGradientBoostingClassifier(
        max_iter=50,
        learning_rate=0.15,
        max_bins=63,
        max_leaf_nodes=8 if few > 500 else 4,
        min_samples_leaf=int(np.clip(few // 20, 5, 40)),
        l2_regularization=1.0,
        early_stopping=False,
        random_state=0,
    )
    weights = np.repeat(few / sizes, sizes)
    return trees.fit(np.concatenate([as_is, damaged]), np.repeat([0, 1], sizes), weights)


def calibrated(
    scores: Float[Floats, ' N'], as_is: Float[Floats, ' n'], damaged: Float[Floats, ' m']
) -> Float[Floats, ' N']:
    """Scores of persons, of whom those as they are and damaged ones have such scores, so that they mean what they say.

    A line through the scores of both that are above NOTHING (Platt, Advances in Large Margin Classifiers, 2000), never
    a falling one; what is not above it stays. Where next to nobody as they are is above it, no score says more than so.
    """
    known = [one[one > NOTHING] for one in (as_is, damaged)]
    few, sizes = min(map(len, known)), np.array([len(one) for one in known])
    if sizes[1] < FEWEST:
        return np.full(len(scores), NOTHING)
    ratio = _log_ratio(sizes[0], len(as_is), sizes[1], len(damaged))
    if few < FEWEST:
        return np.minimum(scores, ratio)
    middle = np.median(np.concatenate(known))
    line = LogisticRegression(solver='newton-cholesky').fit(
        (np.concatenate(known) - middle)[:, None], np.repeat([0, 1], sizes), np.repeat(few / sizes, sizes)
    )
    own = max(float(line.coef_[0, 0]), 0.0) * (scores - middle) + float(line.intercept_[0]) + ratio
    return np.where(scores > NOTHING, np.maximum(own, NOTHING), NOTHING)


def either(scores: Float[Floats, 'N U'], units: Int[Ints, ' N']) -> Float[Floats, ' N']:
    """The score of a person in one of whose units, nobody knows which of so many, something is wrong: the logarithm of
    the mean ratio. Units are those in which something can be.
    """
    total = np.logaddexp.reduce(scores, axis=1, initial=NOTHING)
    return np.where((scores > NOTHING).any(1), np.maximum(total - np.log(np.maximum(units, 1)), NOTHING), NOTHING)
