"""The part ``interventions`` of results.json: made-up numbers of four tools."""

from typing import Any

from tests.helpers.made_results import EVIL, KEYPOINTS, LINKS, STANDING

GROUPS = ('labelled', 'visible', 'occluded', 'limbs')
WAYS = ('zero', 'mean', 'donor')
PARTS = {'face': 0.9, 'upper': 0.8, 'lower': 0.7}
SETTINGS = dict(bootstrap=1000, confidence=0.95)
POSE = STANDING / 40 + 0.5


def item(value: float, half: float = 0.02) -> dict[str, float]:
    """A value and its interval."""
    return dict(value=value, low=value - half, high=value + half)


def scores(lost: float = 0.0, face: float = 0.0, joint: float = 0.0) -> dict[str, Any]:
    """PCK with so much lost of all, of the face and of the left wrist."""
    return dict(
        pck={group: item(0.8 - lost) for group in GROUPS},
        parts={part: dict(labelled=item(level - (face if part == 'face' else lost))) for part, level in PARTS.items()},
        joints={name: dict(labelled=item(0.8 - (joint if name == 'left_wrist' else lost))) for name in KEYPOINTS},
    )


def drops(lost: float, face: float, joint: float) -> dict[str, Any]:
    """The same as losses."""
    return dict(
        pck={group: item(lost) for group in GROUPS},
        parts={part: dict(labelled=item(face if part == 'face' else lost)) for part in PARTS},
        joints={name: dict(labelled=item(joint if name == 'left_wrist' else lost)) for name in KEYPOINTS},
    )


def common(tool: str, kind: str, **more: Any) -> dict[str, Any]:
    """What the results of all tools have."""
    return dict(
        schema_version=1,
        kind=f'shg_xai {kind}',
        command=f'{tool} "<i>{kind}</i>"',
        config='shg_people.py',
        checkpoint=dict(file='best.pth', sha256='0' * 64),
        split='val',
        persons=60,
        seed=0,
        warnings=[],
        times_s=dict(network=1.5),
        **more,
    )


def condition(stack: int | None, lost: float, face: float, joint: float, **what: Any) -> dict[str, Any]:
    """A condition under which so much is lost."""
    keys = dict.fromkeys(('skips', 'level', 'latent', 'k', 'replacement'))
    return dict(stack=stack, **{**keys, **what}, **scores(lost, face, joint), drop=drops(lost, face, joint))


def skip_results(stacks: int = 1, against: bool = True) -> dict[str, Any]:
    """Two levels; level 1 off costs the left wrist 0.3; all off costs the face most."""
    conditions = []
    for stack in [*range(stacks), *([None] if stacks > 1 else [])]:
        for by in WAYS:
            more = 0.1 * (by == 'donor')
            conditions += [condition(stack, 0.3 + more, 0.5 + more, 0.4, skips='all off', replacement=by)]
            conditions += [
                condition(stack, 0.01, 0.01, 0.3 * level, skips=skips, level=level, replacement=by)
                for level in (0, 1)
                for skips in ('level off', 'level on alone')
            ]
            conditions += [condition(stack, 0.1, 0.1, 0.1, latent=by, replacement=by)]
        conditions += [condition(stack, 0.1 - 0.01 * k, 0.1, 0.1, latent='k components', k=k) for k in (0, 8)]
    control = dict(config='noskip.py', **scores(0.2, 0.2, 0.2), difference=drops(0.2, 0.2, 0.2))
    counts = [0] * 20
    pose = (100 * POSE).tolist()
    return dict(
        common('tools/ablate_skips.py', 'skip ablation'),
        settings=SETTINGS,
        levels=[0, 1],
        stacks=stacks,
        untouched=scores(),
        conditions=conditions,
        against=control if against else None,
        histogram=dict(
            edges=[place / 21 for place in range(22)],
            untouched=[*counts, 60],
            all_off={by: [60, *counts] for by in WAYS},
            against=[30, *counts[1:], 30] if against else None,
        ),
        examples=[
            dict(
                annotation_id=7 + place,
                file_name=EVIL,
                pck=dict(untouched=1.0, all_off=0.25 * place),
                keypoints=dict(untouched=pose, all_off=(20 + 80 * POSE).tolist()),
            )
            for place in range(5)
        ],
    )


def walk_results(start: str = 'person', skips: str = 'own') -> dict[str, Any]:
    """Component 1 moves joints, component 2 does not; posture follows its own direction."""
    asked = [
        ('component 1', 'component', 0.04),
        ('component 2', 'component', 0.01),
        ('standing', 'concept', 0.03),
        ('factor_<b>', 'concept', 0.02),
    ]
    directions = []
    for name, kind, shift in asked:
        own = _direction(name, kind, shift)
        more = shift - 0.005 > 0.015
        text = 'moves joints more than' if more else 'moves joints no more than'
        directions += [
            own
            | dict(
                random_mean_shift_97_5=0.015,
                random_monotonic=dict(standing=3),
                random_concept_change_97_5=dict(standing=0.2),
                concept_more_than_random=dict(standing=shift > 0.02),
                verdict=f'{text} random directions of the same length: 0.04',
            ),
            _direction('random 1', 'random', 0.01) | dict(beside=name),
        ]
    return dict(
        common('tools/walk_latent.py', 'decoded walk'),
        settings=dict(SETTINGS, random=20, peak=0.3),
        store='latents',
        layer='bottleneck',
        start=start,
        skips=skips,
        joints=list(KEYPOINTS),
        links=list(map(list, LINKS)),
        concepts=[
            dict(name='standing', title='sitting to standing <b>', unit='torso lengths', definition='How upright.')
        ],
        directions=directions,
        examples=[dict(annotation_id=7, crop_scale=[100.0, 100.0])],
    )


def _direction(name: str, kind: str, shift: float) -> dict[str, Any]:
    walk = [
        dict(
            c=float(c),
            mean_shift=item(abs(c) * shift, 0.005),
            shift={joint: item(abs(c) * shift) for joint in KEYPOINTS},
            peak_change=item(0.0),
            concepts=dict(standing=item(0.5 + 10 * c * shift)),
            pose=(POSE + c * shift).tolist(),
            peaks=[0.2 if joint == 'nose' else 0.6 for joint in KEYPOINTS],
        )
        for c in (-2, -1, 0, 1, 2)
    ]
    return dict(
        name=name,
        kind=kind,
        number=1,
        variance_share=None,
        step=3.5,
        walk=walk,
        shift_per_sigma=item(shift, 0.005),
        most_moved=['left_wrist', 'nose', 'left_hip'],
        concept_change=dict(standing=item(-10 * shift)),
        monotonic=dict(standing=shift > 0.02),
    )


def redundancy_results() -> dict[str, Any]:
    """Of eight channels the first skip needs 2, the decoder all."""
    layers = []
    for stage, part, level, best in (
        ('skips.0', 'skip', 0, 2),
        ('downs.0', 'encoder', 0, 8),
        ('bottleneck_residuals', 'bottleneck', None, 8),
    ):
        curve = [
            dict(
                k=k,
                explained_variance_ratio=k / 8,
                pck={group: item(0.8 if k >= best else 0.4) for group in GROUPS},
                drop={group: item(0.0 if k >= best else 0.4) for group in GROUPS},
            )
            for k in (0, 1, 2, 4, 8)
        ]
        layers.append(
            dict(
                name=f'backbone.hourglasses.0.{stage}',
                stack=0,
                part=part,
                level=level,
                channels=8,
                height=32,
                width=32,
                explained_variance_ratio=[0.125] * 8,
                components_95=6,
                participation_ratio=8.0,
                curve=curve,
                suggestion=dict(k=best, tolerance=0.005, drop=item(0.002, 0.01)),
            )
        )
    return dict(
        common('tools/find_redundancy.py', 'redundancy'),
        settings=dict(SETTINGS, tolerance=0.005),
        fit=dict(split='train', persons=500),
        untouched={group: item(0.8) for group in GROUPS},
        layers=layers,
    )


def misclassified_results(disagree: int = 40, concept: str = 'facing_<b>') -> dict[str, Any]:
    """Misclassified persons score 0.1 less, and moving costs them as much as the others."""
    nothing = dict(value=None, low=None, high=None)
    moved = dict(persons=disagree, before=item(0.7), after=item(0.65), gain=item(-0.05))
    return dict(
        common('tools/move_persons.py', 'misclassified'),
        settings=SETTINGS,
        layer='bottleneck',
        clusters=2,
        concept=concept,
        concept_split=dict(kind='number', at=0.25, association=0.6),
        counts=dict(agree=200, disagree=disagree, unknown=3),
        pck=dict(
            agree=item(0.8), disagree=item(0.7) if disagree else nothing, difference=item(-0.1) if disagree else nothing
        ),
        moved=dict.fromkeys(('agree', 'disagree'), moved if disagree else None),
        examples=[7, 9],
    )


def intervention_results() -> dict[str, Any]:
    """All four, with one walk."""
    return dict(
        skips=skip_results(),
        walks=[walk_results()],
        redundancy=redundancy_results(),
        misclassified=[misclassified_results()],
    )
