"""Made-up decoded walks."""

from pathlib import Path

import numpy as np

from shg_xai.chapters.decoded_walk.options import DecodedWalkOptions, Skips, Start
from shg_xai.chapters.decoded_walk.results import (
    DecodedConcept,
    DecodedWalk,
    Direction,
    Example,
    Point,
    RandomWalks,
    Walk,
)
from shg_xai.results import Checkpoint, Estimate
from shg_xai.stats.draws import Beside
from tests.helpers.made_results import EVIL, KEYPOINTS, LINKS, STANDING

STEPS = (-2.0, -1.0, 0.0, 1.0, 2.0)
POSE = STANDING / 40 + 0.5


def about(value: float, half: float = 0.02) -> Estimate:
    """A value and its interval."""
    return Estimate(value=value, low=value - half, high=value + half, n=60)


def decoded_walk(start: Start = 'person', skips: Skips = 'own') -> DecodedWalk:
    """Component 1 moves joints, component 2 does not; posture follows its own direction."""
    return DecodedWalk(
        of='shg_people',
        command='tools/walk_latent.py "<i>decoded walk</i>"',
        config='shg_people.py',
        checkpoint=Checkpoint(file='best.pth', sha256='0' * 64),
        split='val',
        persons=60,
        seed=0,
        options=DecodedWalkOptions(
            config='shg_people.py', checkpoint='best.pth', store=Path('latents'), steps=STEPS, start=start, skips=skips
        ),
        layer='bottleneck',
        steps=list(STEPS),
        ends=(-2.0, 2.0),
        joints=list(KEYPOINTS),
        links=list(LINKS),
        concepts=[
            DecodedConcept(
                name='standing', title='sitting to standing <b>', unit='torso lengths', definition='How upright.'
            )
        ],
        peak=0.3,
        directions=[
            _direction('component 1', 1, 0.04),
            _direction('component 2', 2, 0.01),
            _direction('standing', None, 0.03),
            _direction('factor_<b>', None, 0.02),
        ],
        examples=[
            Example(
                annotation_id=7,
                donor_annotation_id=None,
                file_name=EVIL,
                crop_center=(50.0, 50.0),
                crop_scale=(100.0, 100.0),
                untouched=list(map(tuple, (100 * POSE).tolist())),
                walks=[],
            )
        ],
    )


def _direction(name: str, number: int | None, shift: float) -> Direction:
    return Direction(
        name=name,
        kind='component' if number else 'concept',
        number=number,
        variance_share=0.1,
        step=3.5,
        walk=walk(shift),
        random=RandomWalks(
            persons=10,
            shift_per_sigma=beside(shift, 0.005, 0.015, shift > 0.02),
            concept_change=dict(standing=beside(-10 * shift, -0.2, 0.2, shift > 0.02)),
        ),
    )


def beside(value: float, low: float, high: float, more: bool) -> Beside:
    """A number that is more than random ones, or not."""
    return Beside(value=value, low=low, high=high, p=0.005 if more else 0.25, p_corrected=0.01 if more else 0.75)


def walk(shift: float) -> Walk:
    """Joints move by so much a sigma, and persons sit down."""
    return Walk(
        points=[
            Point(
                c=c,
                mean_shift=about(abs(c) * shift, 0.005),
                shift={joint: about(abs(c) * shift) for joint in KEYPOINTS},
                peak_change=about(0.0),
                concepts=dict(standing=about(0.5 + 10 * c * shift)),
                pose=list(map(tuple, np.asarray(POSE + c * shift).tolist())),
                peaks=[0.2 if joint == 'nose' else 0.6 for joint in KEYPOINTS],
                nearest_distance=None,
            )
            for c in STEPS
        ],
        shift_per_sigma=about(shift, 0.005),
        most_moved=['left_wrist', 'nose', 'left_hip'],
        concept_change=dict(standing=about(-10 * shift)),
        one_way=dict(standing=about(20 * shift, 0.05)),
    )
