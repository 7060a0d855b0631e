"""How well wrong joints and wrong persons are told without labels, as numbers."""

from typing import Literal

from shg_xai.results import Answer, Curve, Estimate, Typed

TargetName = Literal['joints', 'persons']
MARGIN = 0.005  # of AUROC; what is less is nothing to speak of
HEIGHT, OUTSIDE, ALL = 'height', 'predictions', 'combination'
SPREAD, FLIP = 'spread', 'flip_distance'
TITLES = {
    HEIGHT: 'heatmap height',
    'other_heights': 'heights of the other joints',
    'lowest_height': 'lowest height',
    SPREAD: 'heatmap spread',
    FLIP: 'disagreement with the mirror image',
    'size': 'size of the crop',
    'mahalanobis': 'Mahalanobis distance',
    'neighbour': 'distance to the nearest others',
    'residual': 'residual',
    OUTSIDE: 'combination without the latent',
    ALL: 'combination of all',
}
LATENT = ('mahalanobis', 'neighbour', 'residual')
SINGLE = (SPREAD, FLIP, *LATENT)  # that may tell more than the height


class Quality(Typed, kw_only=True):
    """How well one score, by name, tells what is wrong; see :mod:`shg_xai.stats.selective`.

    ``curve`` is the risk of what is kept against the share that is kept.
    """

    score: str
    auroc: Estimate
    average_precision: Estimate
    aurc: Estimate
    excess_aurc: Estimate
    curve: Curve


class Gain(Typed, kw_only=True):
    """What a score has before another one, by names: AUROC more and AURC more (so below 0 is better).

    Intervals hold at once for all gains of the answer; None where images are too few. One is claimed where its AUROC is
    more by over :data:`MARGIN`, for of many persons the least is sure, and so is what a regression cannot bend to.
    """

    score: str
    over: str
    auroc: Estimate
    aurc: Estimate

    @property
    def is_claimed(self) -> bool:
        """Whether it is better in both, and by more than nothing to speak of."""
        return (self.auroc.low or 0) > MARGIN and (self.aurc.high or 0) < 0


class Calibration(Typed, kw_only=True):
    """Whether the risk that a score tells is the share that is wrong; see :mod:`shg_xai.stats.reliability`.

    Attributes:
        score: Its name; a heatmap's height is read as the chance to be right.
        error: Expected calibration error.
        curve: Share that is wrong against the mean predicted risk of each bin.
    """

    score: str
    error: Estimate
    curve: Curve


class Kept(Typed, kw_only=True):
    """What may be kept so that few of it are wrong; see :mod:`shg_xai.stats.risk_control`.

    Attributes:
        most: Share of what is kept that is wrong at most, with the answer's confidence (one-sided).
        threshold: Kept is what has a predicted risk up to this.
        coverage: Share that is kept.
        risk: Share of it that is wrong, as seen.
    """

    most: float
    threshold: float
    coverage: Estimate
    risk: Estimate


class ScoreTerm(Typed, kw_only=True):
    """What one score adds to the log odds of being wrong: ``odds`` at ascending ``values``, 0 in the ``median``, which
    stands for a value that is not known. Between two values they are interpolated, beyond the ends they stay.
    """

    score: str
    median: float
    values: list[float]
    odds: list[float]


class RiskModel(Typed, kw_only=True):
    """Logistic regression of being wrong, fitted to all persons; :func:`~.risk.risk` applies it.

    Attributes:
        target: Joints or persons.
        intercept: Log odds where all scores are in the median.
        terms: Of each score.
        joints: What is added for each of the K joints; empty of persons.
        threshold: Up to which risk one in ten is wrong at most; None where that cannot be promised.
    """

    target: TargetName
    intercept: float
    terms: list[ScoreTerm]
    joints: list[float]
    threshold: float | None = None


class Target(Typed, kw_only=True):
    """Joints or persons: how many are judged, how many are wrong, and what tells them.

    ``why`` says in a sentence why there are no numbers; the lists are empty then.
    """

    target: TargetName
    count: int
    wrong: Estimate
    why: str | None
    qualities: list[Quality]
    gains: list[Gain]
    calibrations: list[Calibration]
    kept: Kept | None = None
    model: RiskModel | None = None

    @classmethod
    def nothing(cls, target: TargetName, count: int, wrong: Estimate, why: str | None) -> 'Target':
        """Without numbers, or before there are any."""
        return cls(target=target, count=count, wrong=wrong, why=why, qualities=[], gains=[], calibrations=[])

    def quality(self, score: str) -> Quality | None:
        """Of a score, by name."""
        return next((one for one in self.qualities if one.score == score), None)

    def gain(self, score: str, over: str) -> Gain | None:
        """Of one score over another."""
        return next((one for one in self.gains if (one.score, one.over) == (score, over)), None)

    def calibration(self, score: str) -> Calibration | None:
        """Of a score, by name."""
        return next((one for one in self.calibrations if one.score == score), None)


class FailurePrediction(Answer, kw_only=True, tag='failure_prediction'):
    """What tells, without labels, which joints and which persons are wrong.

    Attributes:
        persons: Who have a prediction and a labelled joint.
        images: On how many photos they are.
        components: M, how many are leading.
        references: Among how many persons the nearest are looked for.
        thr: A joint is wrong from this distance on, in sides of the crop.
        least: A person is wrong below this share of labelled joints that are right.
    """

    persons: int
    images: int
    components: int
    references: int
    thr: float
    least: float
    targets: list[Target]

    def of_target(self, name: TargetName) -> Target | None:
        """Joints or persons."""
        return next((one for one in self.targets if one.target == name), None)
