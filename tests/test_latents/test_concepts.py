"""Concepts of hand-made skeletons: each value can be worked out from the drawing."""

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from shg_xai.errors import InputError
from shg_xai.latents.concepts import concepts, lacking

NAMES = (
    'nose',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
)
# Standing upright, facing the camera; torso from (50, 20) to (50, 60), so 40 pixels long.
STANDING = {
    'nose': (50, 8),
    'left_shoulder': (62, 20),
    'right_shoulder': (38, 20),
    'left_elbow': (62, 40),
    'right_elbow': (38, 40),
    'left_wrist': (62, 60),
    'right_wrist': (38, 60),
    'left_hip': (58, 60),
    'right_hip': (42, 60),
    'left_knee': (58, 96),
    'right_knee': (42, 96),
    'left_ankle': (58, 130),
    'right_ankle': (42, 130),
}


def row(
    changes: Mapping[str, tuple[float, float]] | None = None, hidden: tuple[str, ...] = (), **columns: Any
) -> dict[str, Any]:
    """A person: joints that differ from STANDING, joints not labelled, other columns."""
    points = {**STANDING, **(changes or {})}
    v = [0 if name in hidden else 2 for name in NAMES]
    values = dict(
        image_id=1,
        bbox=[30, 5, 40, 130],
        crop_scale=[160.0, 160.0],
        visibility=v,
        keypoints=[value for name, seen in zip(NAMES, v, strict=True) for value in (points[name] if seen else (0, 0))],
    )
    return {**values, **columns}


def table(*rows: dict[str, Any]) -> pa.Table:
    """Rows in two chunks, as a store with two shards gives them."""
    kinds = {
        'bbox': pa.list_(pa.float32(), 4),
        'crop_scale': pa.list_(pa.float32(), 2),
        'keypoints': pa.list_(pa.float32(), 26),
        'visibility': pa.list_(pa.int8(), 13),
        'image_id': pa.int64(),
        'image_width': pa.int32(),
        'image_height': pa.int32(),
    }
    names = dict.fromkeys(name for entry in rows for name in entry)
    schema = pa.schema([(name, kinds.get(name, pa.float64())) for name in names])
    return pa.concat_tables([pa.Table.from_pylist(list(part), schema=schema) for part in (rows[:1], rows[1:])])


def values(*rows: dict[str, Any], names: tuple[str, ...] = NAMES) -> dict[str, list[float]]:
    """Values by concept."""
    return {concept.name: concept.values.tolist() for concept in concepts(table(*rows), names)}


def turned(degrees: float) -> dict[str, tuple[float, float]]:
    """STANDING, turned clockwise in the image about the middle of the hips."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    return {
        name: (50 + cos * (x - 50) - sin * (y - 60), 60 + sin * (x - 50) + cos * (y - 60))
        for name, (x, y) in STANDING.items()
    }


def test_a_standing_person():
    found = {name: value for name, [value] in values(row()).items()}
    assert found == pytest.approx(
        {
            'labelled_share': 1,
            'occluded_share': 0,
            'box_height': 130,
            'box_aspect': 40 / 130,
            'torso_in_crop': 40 / 160,
            'standing': 36 / 40,
            'facing_camera': 24 / 40,
            'facing_right': 0,
            'torso_tilt': 0,
            'crowding': 0,
            'limb_spread': math.sqrt((4 * 12**2 + 4 * 8**2) / 8) / 40,
        }
    )


def test_sitting_lying_and_half_a_sitting_person():
    to_side = {'left_knee': (94, 62), 'right_knee': (78, 58)}
    to_camera = {'left_knee': (60, 66), 'right_knee': (40, 66)}
    drawn_up = {'left_knee': (58, 40), 'right_knee': (42, 40)}
    found = values(
        row(),
        row(to_side),
        row(to_camera),
        row(drawn_up),
        row(turned(90)),
        row(to_camera, ('left_knee',)),
        row(hidden=('left_knee', 'right_knee')),
    )
    assert found['standing'] == pytest.approx([0.9, 0, 0.15, -0.5, 0, 0.15, math.nan], nan_ok=True, abs=1e-6)


def test_facing():
    away = {name: (100 - x, y) for name, (x, y) in STANDING.items()}
    to_left = {**{name: (50, y) for name, (_, y) in STANDING.items()}, 'nose': (40, 8)}
    to_right = {**to_left, 'nose': (60, 8)}
    found = values(row(), row(away), row(to_left), row(to_right), row(hidden=('nose',)))
    assert found['facing_camera'] == pytest.approx([0.6, -0.6, 0, 0, 0.6])
    assert found['facing_right'] == pytest.approx([0, 0, -0.25, 0.25, math.nan], nan_ok=True)


def test_tilt_is_clockwise_and_changes_no_spread():
    found = values(row(), row(turned(30)), row(turned(-90)), row(turned(170)))
    assert found['torso_tilt'] == pytest.approx([0, 30, -90, 170], abs=1e-4)
    assert found['limb_spread'] == pytest.approx([found['limb_spread'][0]] * 4, rel=1e-5)


def test_raised_arms_spread():
    raised = {'left_elbow': (82, 20), 'right_elbow': (18, 20), 'left_wrist': (102, 20), 'right_wrist': (-2, 20)}
    legs = ('left_knee', 'right_knee', 'left_ankle', 'right_ankle')
    found = values(row(raised), row(raised, legs), row(raised, (*legs, 'left_wrist')))
    expected = [
        math.sqrt((2 * 32**2 + 2 * 52**2 + 4 * 8**2) / 8) / 40,
        math.sqrt((2 * 32**2 + 2 * 52**2) / 4) / 40,
        math.nan,
    ]
    assert found['limb_spread'] == pytest.approx(expected, nan_ok=True)


def test_joints_without_label_are_not_known():
    shoulder = row(hidden=('left_shoulder',))
    nobody = row(hidden=NAMES)
    occluded = row(visibility=[1, 1, 1, 1, *[2] * 8, 0])
    found = values(row(), shoulder, nobody, occluded)
    assert found['labelled_share'] == pytest.approx([1, 12 / 13, 0, 12 / 13])
    assert found['occluded_share'] == pytest.approx([0, 0, math.nan, 4 / 12], nan_ok=True)
    for name in ('torso_in_crop', 'standing', 'facing_camera', 'facing_right', 'torso_tilt', 'limb_spread'):
        assert np.isnan(found[name]).tolist() == [False, True, True, False]


def test_a_torso_of_no_length_is_not_known():
    flat = dict.fromkeys(('left_shoulder', 'right_shoulder'), (50, 60.5))
    found = values(row(), row(flat))
    for name in ('torso_in_crop', 'standing', 'facing_camera', 'torso_tilt', 'limb_spread'):
        assert np.isnan(found[name]).tolist() == [False, True]


def test_sides_of_the_box_at_the_border():
    size: dict[str, Any] = dict(image_width=200, image_height=150)
    found = values(
        row(**size),
        row(bbox=[2, 5, 100, 100], **size),
        row(bbox=[3, 5, 195, 143], **size),
        row(bbox=[0, 0, 200, 150], **size),
        row(image_width=None, image_height=150),
    )
    assert found['border_sides'] == pytest.approx([0, 1, 2, 4, math.nan], nan_ok=True)
    assert 'border_sides' not in values(row(), row())
    assert 'border_sides' not in values(row(image_width=None, image_height=None))


def test_crowding_is_the_largest_overlap_within_an_image():
    found = values(
        row(image_id=5, bbox=[0, 0, 10, 10]),
        row(image_id=4, bbox=[0, 0, 10, 10]),
        row(image_id=5, bbox=[5, 0, 10, 10]),
        row(image_id=5, bbox=[9, 0, 10, 10]),
        row(image_id=5, bbox=[50, 0, 10, 10]),
        row(image_id=6, bbox=[0, 0, 0, 0]),
        row(image_id=6, bbox=[0, 0, 0, 0]),
    )
    assert found['crowding'] == pytest.approx([5 / 15, 0, 60 / 140, 60 / 140, 0, 0, 0])
    assert np.isnan(found['box_aspect']).tolist() == [False] * 5 + [True] * 2


def test_crowding_agrees_with_all_pairs():
    random = np.random.default_rng(0)
    boxes = np.concatenate([random.uniform(0, 50, (60, 2)), random.uniform(5, 40, (60, 2))], 1)
    images = random.integers(0, 8, 60)
    rows = [row(image_id=int(image), bbox=box.tolist()) for image, box in zip(images, boxes, strict=True)]
    expected = []
    for i in range(60):
        others = [0.0]
        for j in np.flatnonzero(images == images[i]):
            low = np.maximum(boxes[i, :2], boxes[j, :2])
            high = np.minimum(boxes[i, :2] + boxes[i, 2:], boxes[j, :2] + boxes[j, 2:])
            common = np.prod(np.maximum(high - low, 0))
            if j != i:
                area = boxes[i, 2:].prod() + boxes[j, 2:].prod()
                others.append(common / (area - common))
        expected.append(max(others))
    assert values(*rows)['crowding'] == pytest.approx(expected, rel=1e-5)


def test_factors_have_names_of_their_own():
    rows = [
        row(
            None,
            (),
            **{
                'factors.standing': 0.5,
                'factors.yaw_deg': 90,
                'factors.roll_deg': 3,
                'factors.occluder': 0,
                'factors.unknown': None,
            },
        ),
        row(
            None,
            (),
            **{'factors.standing': None, 'factors.yaw_deg': 180, 'factors.roll_deg': -3, 'factors.occluder': 1},
        ),
    ]
    found = {concept.name: concept for concept in concepts(table(*rows), NAMES)}
    assert found['standing'].values == pytest.approx([0.9, 0.9])
    assert found['factor_standing'].values == pytest.approx([0.5, math.nan], nan_ok=True)
    assert found['factor_yaw_cos'].values == pytest.approx([0, -1])
    assert found['factor_yaw_sin'].values == pytest.approx([1, 0])
    assert found['factor_roll_deg'].unit == 'degrees'
    flags = [name for name, concept in found.items() if concept.kind == 'flag']
    assert flags == ['factor_occluder']
    assert 'factor_unknown' not in found and 'factor_yaw_deg' not in found


def test_a_factor_with_the_name_of_a_cosine_is_kept():
    rows = [row(None, (), **{'factors.yaw_deg': 0, 'factors.yaw_cos': 0.25})]
    found = [concept for concept in concepts(table(*rows), NAMES) if 'yaw' in concept.name]
    assert [(concept.name, concept.values[0]) for concept in found] == [('factor_yaw_sin', 0), ('factor_yaw_cos', 0.25)]


def test_a_data_set_without_knees_or_without_coco_names():
    places = [place for place, name in enumerate(NAMES) if 'knee' not in name]
    entry = row()
    entry['visibility'] = [2] * 11
    entry['keypoints'] = np.reshape(entry['keypoints'], (13, 2))[places].ravel().tolist()
    plain = pa.Table.from_pylist([entry])
    found = {concept.name for concept in concepts(plain, [NAMES[place] for place in places])}
    assert 'facing_camera' in found and not found & {'standing', 'limb_spread'}
    other = {concept.name for concept in concepts(plain, [f'joint {n}' for n in range(11)])}
    assert other == {'labelled_share', 'occluded_share', 'box_height', 'box_aspect', 'crowding'}


def test_what_is_left_out_is_said():
    names = [name for name in NAMES if name not in ('left_knee', 'nose')]
    found = [concept for concept in concepts(table(row()), NAMES) if concept.name not in ('standing', 'facing_right')]
    found = [concept for concept in found if concept.name not in ('crowding', 'limb_spread')]
    assert lacking(['bbox'], names, found) == [
        'Left out of the concepts: border_sides (no image_width, image_height); crowding (known of nobody); '
        'facing_right (no nose); limb_spread (no left_knee); standing (no left_knee).'
    ]
    columns = ['image_width', 'image_height']
    whole = concepts(table(row(image_width=100, image_height=200)), NAMES)
    assert lacking(columns, NAMES, whole) == []


def test_joints_go_by_other_spellings():
    spelled = [name.replace('left_', 'L_').replace('right_', 'R_').title() for name in NAMES]
    assert spelled[1] == 'L_Shoulder'
    found = {concept.name: concept.values.tolist() for concept in concepts(table(row(), row(turned(20))), spelled)}
    assert found == values(row(), row(turned(20)))


def test_nobody_knows_who_is_occluded():
    unknown = row(visibility=[3] * 12 + [0])
    found = values(row(), unknown)
    assert found['labelled_share'] == pytest.approx([1, 12 / 13])
    assert found['occluded_share'] == pytest.approx([0, math.nan], nan_ok=True)
    assert found['standing'][1] == found['standing'][0]


def test_rows_of_another_number_of_keypoints():
    with pytest.raises(InputError, match=r'visibility: not 12 numbers for each person'):
        concepts(table(row()), NAMES[1:])


def test_no_rows():
    assert concepts(table(row()).slice(0, 0), NAMES) == []


def test_a_slice_of_a_table():
    whole = values(row(), row(turned(20)), row(turned(40)))
    part = {
        concept.name: concept.values.tolist()
        for concept in concepts(table(row(), row(turned(20)), row(turned(40))).slice(1), NAMES)
    }
    assert part == {name: entries[1:] for name, entries in whole.items()}


def test_a_factor_that_counts_what_a_concept_shares_is_no_second_row() -> None:
    """13 joints are labelled of the first, 12 of the second; a factor that counts otherwise stays."""
    same, other = (
        set(
            values(
                row(None, (), **{'factors.labelled_joints': 13}),
                row(None, ('nose',), **{'factors.labelled_joints': count}),
            )
        )
        for count in (12, 11)
    )
    assert other - same == {'factor_labelled_joints'} and 'labelled_share' in same
