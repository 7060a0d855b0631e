"""The study's crop, worked out by hand; keypoints in its coordinates, beside MMPose's own pipeline."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.registry import init_default_scope

import shg_xai.plugin  # noqa: F401
from shg_xai.datasets.checked_coco import CheckedCocoDataset
from shg_xai.datasets.crops import PersonSquareCrop, read_cropped_keypoints, square_crop
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
