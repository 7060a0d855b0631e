"""The study's crop, worked out by hand; keypoints in its coordinates, beside MMPose's own pipeline."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.registry import init_default_scope

import shg_xai.plugin  # noqa: F401
from shg_xai.datasets.checked_coco import CheckedCocoDataset
from shg_xai.datasets.crops import PersonSquareCrop, read_cropped_keypoints, square_crop
from shg_xai.errors import InputError
from tests.helpers.data import NAMES, write_coco

IMAGE = (640, 480)
ANNOTATIONS = 'annotations/person_keypoints_val2017.json'


def test_by_the_pipeline_that_reads_images(tmp_path: Path) -> None:
    init_default_scope('mmpose')
    root = write_coco(tmp_path)
    persons = CheckedCocoDataset(
        data_root=str(root),
        ann_file=ANNOTATIONS,
        data_prefix=dict(img='val2017/'),
        pipeline=[
            dict(type='LoadImage'),
            dict(type='PersonSquareCrop'),
            dict(type='TopdownAffine', input_size=(100, 100)),
            dict(type='LoadVisibility'),
        ],
    )
    found = read_cropped_keypoints(str(root / ANNOTATIONS))
    assert found.names == list(NAMES)
    assert len(found.keypoints) == len(persons) == 6
    for person, keypoints, v in zip(persons, found.keypoints, found.v, strict=True):
        assert person['keypoints_visible'][0].tolist() == v.tolist()
        labelled = v > 0
        assert 100 * keypoints[labelled] == pytest.approx(person['transformed_keypoints'][0][labelled], abs=0.01)


def test_labelled_joints_lie_in_the_crop(tmp_path: Path) -> None:
    found = read_cropped_keypoints(str(write_coco(tmp_path) / ANNOTATIONS))
    labelled = found.keypoints[found.v > 0]
    assert ((labelled >= 0) & (labelled <= 1)).all()
    assert np.ptp(labelled) > 0.5


def crop(
    bbox: tuple[float, ...],
    keypoints: list[tuple[float, float]],
    labelled: list[bool] | None = None,
    image: tuple[int, int] = IMAGE,
    padding: float = 1.0,
) -> tuple[float, float, float]:
    """Left, top and side of the crop."""
    flags = [True] * len(keypoints) if labelled is None else labelled
    center, side = square_crop(
        np.array(bbox, dtype=float), np.array(keypoints, dtype=float), np.array(flags), image, padding
    )
    left, top = center - side / 2
    return left, top, side


def test_person_in_the_middle_is_centred_on_its_keypoints() -> None:
    # Box 100 x 200: side 200. Keypoints span x 240..280, y 150..290: centre 260, 220.
    assert crop((200, 100, 300, 300), [(240, 150), (280, 290)]) == (160, 120, 200)


def test_padding_grows_the_longer_side() -> None:
    left, top, side = crop((200, 100, 300, 300), [(240, 150), (280, 290)], padding=1.1)
    assert (left, top, side) == pytest.approx((150, 110, 220))


def test_a_keypoint_outside_grows_the_box() -> None:
    # Box 100 x 100; the keypoint at x = 350 makes it 150 wide. Keypoints' centre: 290, 240.
    assert crop((200, 200, 300, 300), [(230, 240), (350, 240)]) == (215, 165, 150)


def test_an_unlabelled_keypoint_does_not_count() -> None:
    assert crop((200, 200, 300, 300), [(230, 250), (270, 250), (0, 0)], [True, True, False]) == (200, 200, 100)


def test_without_a_labelled_keypoint_the_box_is_the_centre() -> None:
    assert crop((200, 100, 300, 300), [(0, 0), (0, 0)], [False, False]) == (150, 100, 200)


@pytest.mark.parametrize(
    'bbox, point, left, top',
    [
        ((0, 200, 100, 300), (20, 250), 0, 200),  # would start at -30
        ((540, 200, 640, 300), (620, 250), 540, 200),  # would end at 670
        ((300, 0, 400, 100), (350, 10), 300, 0),  # would start at -40
        ((300, 380, 400, 480), (350, 470), 300, 380),  # would end at 520
        ((540, 380, 640, 480), (635, 475), 540, 380),
    ],
)
def test_the_crop_is_pushed_into_the_image(bbox: tuple, point: tuple, left: float, top: float) -> None:
    assert crop(bbox, [point]) == (left, top, 100)


def test_a_crop_higher_than_the_image_holds_all_of_its_height() -> None:
    # Side 600 in an image of 640 x 480: all rows, as near to the keypoints as that allows.
    assert crop((0, 0, 600, 400), [(300, 240)]) == (0, 0 - 60, 600)
    assert crop((0, 0, 600, 400), [(300, 10)]) == (0, -120, 600)
    assert crop((0, 0, 600, 400), [(300, 470)]) == (0, 0, 600)


def test_a_crop_larger_than_the_image_holds_all_of_it() -> None:
    left, top, side = crop((0, 0, 640, 480), [(320, 240)], padding=1.1)
    assert (left, top, side) == pytest.approx((-32, -112, 704))
    left, top, side = crop((0, 0, 640, 480), [(5, 5)], padding=1.1)
    assert (left, top, side) == pytest.approx((-64, -224, 704))


def test_labelled_keypoints_in_the_image_stay_in_the_crop() -> None:
    generator = np.random.default_rng(0)
    for _ in range(500):
        width, height = generator.integers(20, 700, 2)
        count = generator.integers(1, 18)
        keypoints = generator.uniform(-40, (width + 40, height + 40), (count, 2))
        labelled = generator.random(count) < 0.7
        corners = np.sort(generator.uniform(0, (width, height), (2, 2)), axis=0)
        center, side = square_crop(
            corners.ravel(), keypoints, labelled, (width, height), padding=float(generator.choice([1.0, 1.1, 1.5]))
        )
        inside = ((keypoints >= 0) & (keypoints <= (width, height))).all(axis=1) & labelled
        distances = np.abs(keypoints[inside] - center)
        assert (distances <= side / 2 + 1e-9 * side).all()
        # And the crop stays in the image where it fits, or holds all of it where it does not.
        start, end = center - side / 2, center + side / 2
        small = side <= np.array([width, height])
        assert (start[small] >= -1e-9).all()
        assert (end[small] <= np.array([width, height])[small] + 1e-9).all()
        assert (start[~small] <= 1e-9).all()
        assert (end[~small] >= np.array([width, height])[~small] - 1e-9).all()


def test_transform_sets_centre_and_scale_and_changes_nothing_else() -> None:
    results = dict(
        img_shape=(480, 640),
        bbox=np.array([[200, 100, 300, 300]], dtype=np.float32),
        keypoints=np.array([[(240, 150), (280, 290), (0, 0)]], dtype=np.float32),
        keypoints_visible=np.array([[2, 1, 0]], dtype=np.float32),
    )
    before = {key: np.array(value) for key, value in results.items()}
    done = PersonSquareCrop(padding=1.1).transform(results)
    np.testing.assert_allclose(done['bbox_center'], [[260, 220]])
    np.testing.assert_allclose(done['bbox_scale'], [[220, 220]])
    assert done['bbox_center'].dtype == done['bbox_scale'].dtype == np.float32
    for key, value in before.items():
        np.testing.assert_array_equal(done[key], value)


def cropped(bbox: tuple[float, ...], use_keypoints: bool = True, **more: Any) -> tuple[float, float, float]:
    """Left, top and side of the crop of a sample in IMAGE, padded by 1.1; it has no keypoints unless they are given."""
    sample = dict(img_shape=IMAGE[::-1], bbox=np.array([bbox]), **more)
    done = PersonSquareCrop(padding=1.1, use_keypoints=use_keypoints).transform(sample)
    assert done['bbox_center'].dtype == done['bbox_scale'].dtype == np.float32
    left, top = done['bbox_center'][0] - done['bbox_scale'][0] / 2
    return left, top, done['bbox_scale'][0, 0]


BOX, OF_BOX = (200, 100, 300, 300), (140, 90, 220)  # its side of 200 times 1.1, about 250, 200
KEYPOINTS = dict(
    keypoints=np.array([[(240, 150), (280, 290)]], dtype=np.float32), keypoints_visible=np.ones((1, 2), np.float32)
)
OF_KEYPOINTS = (150, 110, 220)  # about 260, 220
DUMMIES = dict(keypoints=np.zeros((1, 2, 2), np.float32), keypoints_visible=np.ones((1, 2), np.float32))


@pytest.mark.parametrize(
    'bbox, expected',
    [
        (BOX, OF_BOX),
        ((0, 0, 640, 480), (-31.95, -111.95, 702.9)),  # a whole photo: its last pixel is 639; 639 x 1.1
        ((-50, 100, 100, 200), (0, 95, 110)),  # cut to 0..100; would start at -5
        ((600, 400, 900, 700), (553.1, 393.1, 86.9)),  # cut to 639, 479; 79 x 1.1, from 576.05, 396.05 moved into it
    ],
)
def test_without_keypoints_the_box_within_the_image_is_all_that_counts(bbox: tuple, expected: tuple) -> None:
    assert cropped(bbox) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    'known, expected',
    [
        (KEYPOINTS, OF_KEYPOINTS),  # of MPII, which has no raw_ann_info
        (KEYPOINTS | dict(raw_ann_info=dict(id=1)), OF_KEYPOINTS),
        (KEYPOINTS | dict(use_keypoints=False), OF_BOX),
        (dict(keypoints=None), OF_BOX),
        (DUMMIES, OF_BOX),  # MMPose's, of a person whose box comes from a detector
        (DUMMIES | dict(raw_ann_info=None), OF_BOX),
        # Somebody has labelled both joints in the corner: the box grows to 300 x 300, about the joints, and is moved.
        (DUMMIES | dict(raw_ann_info=dict(id=1)), (0, 0, 330)),
    ],
)
def test_whose_keypoints_count(known: dict, expected: tuple) -> None:
    assert cropped(BOX, **known) == pytest.approx(expected, abs=1e-3)


@pytest.mark.parametrize(
    'bbox',
    [
        (700, 100, 800, 200),  # to the right of the image
        (-90, 100, -10, 200),
        (100, 480, 200, 500),  # below
        (200, 100, 100, 200),  # x, y, width, height taken for corners
        (100, 100, 100, 200),  # no width
        (100, 100, float('nan'), 200),
    ],
)
def test_a_box_without_area_in_the_image_is_refused(bbox: tuple) -> None:
    with pytest.raises(InputError, match=r"^the box \(.*\) has no area in the image of 640x480 pixels; .*='xywh'$"):
        cropped(bbox)
