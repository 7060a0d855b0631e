"""Two made-up networks that differ on a group."""

from shg_xai.chapters.disagreement.results import Disagreement, GroupChange
from shg_xai.chapters.weak_spots.results import Condition
from shg_xai.results import Estimate

FLAG = Condition(name='occluder', title='occluder, as made', kind='flag', side='high', at=1, share=0.1)


def disagreement(first: str = 'plain', second: str = 'improved') -> Disagreement:
    """A group on whom the second gains more, and another training of the first."""
    group = GroupChange(
        conditions=[FLAG],
        side='more',
        persons=120,
        images=110,
        share=0.12,
        difference=Estimate(value=0.05, low=0.03, high=0.07, n=120),
        others=0.01,
        gap=Estimate(value=0.04, low=0.012, high=0.069, n=120),
        p_corrected=0.001,
    )
    return Disagreement(
        of=f'{first} → {second}',
        first=first,
        second=second,
        persons=1000,
        images=900,
        pck=[Estimate(value=0.8, low=0.79, high=0.81), Estimate(value=0.815, low=0.8, high=0.83)],
        difference=Estimate(value=0.015, low=0.01, high=0.02),
        better=Estimate(value=0.3, low=0.28, high=0.32),
        worse=Estimate(value=0.16, low=0.14, high=0.18),
        apart=Estimate(value=0.045, low=0.04, high=0.05),
        alike=Estimate(value=0.03, low=0.027, high=0.033),
        beyond=Estimate(value=0.015, low=0.01, high=0.02),
        trainings=1,
        judged=68,
        margin=0.005,
        groups=[group],
    )
