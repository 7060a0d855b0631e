"""Made-up misclassified persons: they score less than others who are alike, and moving costs more than at random."""

from pathlib import Path

import msgspec

from shg_xai.chapters.cluster_shift.options import ClusterShiftOptions
from shg_xai.chapters.cluster_shift.results import ClusterShift, ConceptSplit, Counts, GroupPck, Shifted, ShiftedGroups
from shg_xai.results import Checkpoint, Estimate
from shg_xai.stats.draws import Beside


def about(value: float, half: float = 0.02) -> Estimate:
    """A value and its interval."""
    return Estimate(value=value, low=value - half, high=value + half, n=100)


def cluster_shift(disagree: int = 40, concept: str = 'facing_<b>', of: str = 'plain') -> ClusterShift:
    """Of so many misclassified persons."""
    nothing = Estimate(value=None)
    moved = Shifted(persons=disagree, before=about(0.7), after=about(0.65), gain=about(-0.05), mean_offset=1.5)
    random = Beside(value=-0.06, low=-0.04, high=-0.01, p=0.01, p_corrected=0.02)
    apart = msgspec.structs.replace(moved, random_persons=min(disagree, 50), random=random)
    return ClusterShift(
        of=of,
        command='tools/move_persons.py "<i>misclassified</i>"',
        config='shg_people.py',
        checkpoint=Checkpoint(file='best.pth', sha256='0' * 64),
        split='val',
        persons=200 + disagree + 3,
        seed=0,
        store='latents',
        layer='bottleneck',
        analysis=None,
        clusters=2,
        concept=concept,
        concept_split=ConceptSplit(kind='number', at=0.25, association=0.6, chosen='by name', majority=[0, 1]),
        thr=0.05,
        normaliser='crop',
        counts=Counts(agree=200, disagree=disagree, unknown=3),
        pck=GroupPck(
            agree=about(0.8),
            disagree=about(0.7) if disagree else nothing,
            difference=about(-0.1) if disagree else nothing,
            within=about(-0.05) if disagree else nothing,
            held=['border_sides', 'labelled_share'],
            p=0.002 if disagree else None,
            p_corrected=0.004 if disagree else None,
        ),
        shifted=ShiftedGroups(agree=moved if disagree else None, disagree=apart if disagree else None),
        examples=[7, 9],
        options=ClusterShiftOptions(
            config='shg_people.py', checkpoint='best.pth', store=Path('latents'), concept=concept, layer='bottleneck'
        ),
    )
