"""Made-up failures: the latent adds something of joints, and of persons nothing that is sure."""

from collections.abc import Mapping

from shg_xai.chapters.failure_prediction.results import (
    ALL,
    HEIGHT,
    OUTSIDE,
    Calibration,
    FailurePrediction,
    Gain,
    Kept,
    Quality,
    RiskModel,
    ScoreTerm,
    Target,
    TargetName,
)
from shg_xai.results import Curve, Estimate

AUROC = {HEIGHT: 0.8, 'mahalanobis': 0.6, OUTSIDE: 0.82, ALL: 0.85}


def about(value: float, reach: float = 0.02, n: int | None = None) -> Estimate:
    """A number and an interval to both sides."""
    return Estimate(value=value, low=value - reach, high=value + reach, n=n)


def term(score: str = HEIGHT) -> ScoreTerm:
    """Log odds of -1.5, 0 and 1.5 at 0.2, 0.5 and 0.9."""
    return ScoreTerm(score=score, median=0.5, values=[0.2, 0.5, 0.9], odds=[-1.5, 0.0, 1.5])


def target(name: TargetName, count: int, gains: Mapping[tuple[str, str], tuple[float, float]]) -> Target:
    """Joints or persons with these gains of AUROC and of AURC, all of them sure to 0.02."""
    share = [0.5, 1.0]
    return Target(
        target=name,
        count=count,
        wrong=about(0.2, n=count),
        why=None,
        qualities=[
            Quality(
                score=score,
                auroc=about(auroc, n=count),
                average_precision=about(0.5),
                aurc=about(0.1 - auroc / 20),
                excess_aurc=about(0.08 - auroc / 20, 0.01),
                curve=Curve(x=share, y=[about(0.25 - auroc / 5), about(0.2)]),
            )
            for score, auroc in AUROC.items()
        ],
        gains=[
            Gain(score=score, over=over, auroc=about(auroc), aurc=about(aurc))
            for (score, over), (auroc, aurc) in gains.items()
        ],
        calibrations=[
            Calibration(score=score, error=about(error, 0.01), curve=Curve(x=[0.1, 0.5], y=[about(0.15), about(0.4)]))
            for score, error in ((HEIGHT, 0.2), (OUTSIDE, 0.03), (ALL, 0.02))
        ],
        kept=Kept(most=0.1, threshold=0.31, coverage=about(0.7), risk=about(0.08, 0.01)),
        model=RiskModel(target=name, intercept=-1.5, terms=[term()], joints=[0.5, -0.5], threshold=0.31),
    )


def failure_prediction(of: str = 'shg_people') -> FailurePrediction:
    """Joints and persons."""
    adds, beats = (ALL, OUTSIDE), ('mahalanobis', HEIGHT)
    return FailurePrediction(
        of=of,
        persons=4000,
        images=3000,
        components=40,
        references=4000,
        thr=0.05,
        least=0.5,
        targets=[
            target('joints', 50_000, {beats: (-0.2, 0.03), adds: (0.03, -0.03)}),
            target('persons', 4000, {beats: (0.03, 0.0), adds: (0.01, -0.03)}),
        ],
    )
