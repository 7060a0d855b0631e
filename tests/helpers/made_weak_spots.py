"""Made-up weak spots: a flag, a place in the latents that a concept names, and a group that was not confirmed."""

from shg_xai.chapters.weak_spots.results import Baseline, Candidate, Condition, Face, JointGap, Shared, Spot, WeakSpots
from shg_xai.results import Estimate

FLAG = Condition(name='occluder', title='generated occluder', kind='flag', side='high', at=1, share=0.1)
AXIS = Condition(name='1', title='independent axis 1', kind='independent axis', side='high', at=1.7, share=0.05)
NUMBER = Condition(name='crowding', title='crowding', kind='number', side='low', at=0.123, share=0.2)


def spot(condition: Condition, gap: float, share: float, shared: list[Shared]) -> Spot:
    """One of 2,000 persons a half."""
    joints = [('left_wrist', 0.3, 0.1, 0.001), ('right_wrist', 0.2, 0.05, 0.01), ('nose', 0.02, -0.05, 0.6)]
    return Spot(
        conditions=[condition],
        found_in=1,
        rank=1,
        persons_found=190,
        persons=round(2000 * share),
        images=80,
        share=share,
        pck=0.8 - gap,
        pck_others=0.8,
        gap=Estimate(value=gap, low=gap / 2, high=gap * 1.6, n=round(2000 * share)),
        p_corrected=0.0004,
        confirmed=True,
        shared=shared,
        joints=[
            JointGap(joint=name, gap=Estimate(value=value, low=low, high=0.5, n=90), p_corrected=p)
            for name, value, low, p in joints
        ],
        same_joints=Estimate(value=0.08, low=0.02, high=0.14, n=100),
        faces=[Face(annotation_id=1000 + place, pck=place / 10) for place in range(6)],
    )


def weak_spots(of: str = 'shg_people') -> WeakSpots:
    """Two spots of three candidates."""
    auc = Estimate(value=0.81, low=0.75, high=0.87, n=100)
    spots = [
        spot(FLAG, 0.1, 0.1, []),
        spot(AXIS, 0.12, 0.05, [Shared(concept='crowding', title='crowding', auc=auc, p_corrected=0.0001)]),
    ]
    told = [
        Candidate(**{name: getattr(own, name) for name in Candidate.__struct_fields__ if name in own.__struct_fields__})
        for own in spots
    ]
    missed = Candidate(
        conditions=[FLAG, NUMBER],
        found_in=2,
        rank=2,
        persons_found=50,
        persons=40,
        images=30,
        share=0.02,
        pck=0.79,
        pck_others=0.8,
        gap=Estimate(value=0.01, low=-0.1, high=0.2, n=40),
        p_corrected=1.0,
        confirmed=False,
    )
    return WeakSpots(
        of=of,
        splits=['val'],
        persons=4000,
        images=3000,
        pck=Estimate(value=0.79, low=0.78, high=0.8, n=4000),
        conditions=250,
        pairs=30000,
        margin=0.005,
        left_out=['labelled_share'],
        judged=300,
        candidates=[*told, missed],
        spots=spots,
        baselines=[
            Baseline(
                name='worst cluster',
                conditions=[
                    Condition(name='3', title='cluster 3 of 10', kind='cluster', side='equal', at=3, share=0.1)
                ],
                persons=210,
                gap=Estimate(value=0.03, low=-0.01, high=0.07, n=210),
            ),
            Baseline(name='worst fifth of a concept, or flag', conditions=[], persons=0, gap=Estimate(value=None)),
        ],
    )
