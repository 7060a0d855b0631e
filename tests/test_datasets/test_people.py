"""The procedural people: factors, kinematics, visibility, COCO's format, determinism."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO

from shg_xai.datasets.people import compose, write
from shg_xai.datasets.people.compose import Picture, make_picture
from shg_xai.datasets.people.factors import (
    SPECS,
    Restriction,
    parse_restrictions,
    sample_factors,
)
from shg_xai.datasets.people.skeleton import (
    KEYPOINTS,
    Points,
    Proportions,
    body_points,
    camera_rotation,
    rotation,
    sample_pose,
    sample_proportions,
)
from shg_xai.datasets.people.write import PeopleConfig, write_people
from shg_xai.errors import InputError

INDEX = {name: k for k, name in enumerate(KEYPOINTS)}
PLAIN = {'truncation': 0, 'occluder': 0, 'label_dropout': 0, 'distractors': 0, 'roll_deg': 0}
COUNTS = {'train': 24, 'val': 4, 'test': 4}


def picture(seed: int, side: int = 128, **fixed: float) -> Picture:
    """A picture with factors fixed; the rest is plain unless said otherwise."""
    rules = {name: Restriction('fix', (value,)) for name, value in {**PLAIN, **fixed}.items()}
    return make_picture(np.random.default_rng(seed), side, rules)


def posed(seed: int, posture: float, activity: float) -> tuple[Points, Proportions]:
    """Points in the body frame and the body they belong to."""
    rng = np.random.default_rng(seed)
    body = sample_proportions(rng)
    return body_points(sample_pose(rng, posture, activity), body)[0], body


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file, by its path within the folder."""
    files = (path for path in folder.rglob('*') if path.is_file())
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


@pytest.fixture(scope='module')
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small data set with hard factors: cuts, objects in front, missing labels, distractors."""
    out = tmp_path_factory.mktemp('people') / 'set'
    rules = parse_restrictions(
        ['posture=0.25'],
        ['label_dropout=0:0.5', 'truncation=0:0.5'],
        ['occluder=0,1', 'distractors=0,2'],
    )
    write_people(out, PeopleConfig(COUNTS, 128, 3, rules), workers=1)
    return out


@pytest.fixture(scope='module')
def content(people: Path) -> dict[str, Any]:
    """The training annotations as Python objects."""
    return json.loads((people / 'annotations/person_keypoints_train2017.json').read_text())


def main_persons(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [a for a in content['annotations'] if 'factors' in a]


# Kinematics


@pytest.mark.parametrize('posture', [0.0, 0.4, 1.0])
@pytest.mark.parametrize('activity', [0.0, 1.0])
def test_bones_keep_their_lengths(posture: float, activity: float) -> None:
    for seed in range(20):
        points, body = posed(seed, posture, activity)
        for side in ('left', 'right'):
            for one, other, length in (
                ('shoulder', 'elbow', body.upper_arm),
                ('elbow', 'wrist', body.forearm),
                ('hip', 'knee', body.thigh),
                ('knee', 'ankle', body.shank),
            ):
                bone = points[f'{side}_{one}'] - points[f'{side}_{other}']
                assert np.linalg.norm(bone) == pytest.approx(length, abs=1e-9)


def test_a_standing_body_is_one_tall() -> None:
    for seed in range(20):
        assert sample_proportions(np.random.default_rng(seed)).standing == pytest.approx(1)
    points, body = posed(0, 0, 0)
    crown = points['head'][1] - body.head_y
    assert points['floor'][1] - crown == pytest.approx(1, abs=0.03)


def test_sitting_shrinks_the_drop_from_hip_to_knee() -> None:
    for seed in range(10):
        drops = [
            posed(seed, posture, 0.0)[0]['left_knee'][1] for posture in (0.0, 0.5, 1.0)
        ]  # the hips are at height 0
        assert drops[0] > drops[1] > drops[2]
        assert drops[0] > 0.2
        assert drops[2] < 0.03


def test_activity_moves_the_wrists_away_from_the_body() -> None:
    reach = [
        np.mean([abs(posed(seed, 0, activity)[0]['left_wrist'][1] - 0.0) for seed in range(40)])
        for activity in (0.0, 1.0)
    ]  # at rest the wrists hang beside the hips, height 0
    assert reach[0] < 0.1
    assert reach[1] > 0.2


def test_rotations_by_hand() -> None:
    x, y, z = np.eye(3)
    assert np.allclose(rotation(0, 90) @ y, z)
    assert np.allclose(rotation(1, 90) @ z, x)
    assert np.allclose(rotation(2, 90) @ x, y)
    # Turned by 90 degrees to its own left, a person faces the right of the image.
    forward = camera_rotation(90, 0) @ np.array((0, 0, -1))
    assert np.allclose(forward, (1, 0, 0), atol=1e-9)
    # Rolled clockwise by 90 degrees, up (-y) points right.
    assert camera_rotation(0, 90)[0] @ -y == pytest.approx(np.cos(np.radians(8)))


def test_yaw_swaps_the_sides_of_the_shoulders() -> None:
    for seed in range(5):
        gap = {}
        for yaw in (0, 180):
            x = picture(seed, yaw_deg=yaw, activity=0.1).keypoints[:, 0]
            gap[yaw] = x[INDEX['left_shoulder']] - x[INDEX['right_shoulder']]
        assert gap[0] > 5
        assert gap[180] == pytest.approx(-gap[0], abs=1.5)


# Visibility


def test_the_face_is_hidden_from_behind_and_seen_from_the_front() -> None:
    names = [INDEX[name] for name in ('nose', 'left_eye', 'right_eye')]
    for seed in range(8):
        for yaw, expected in ((0, 2), (180, 1)):
            seen = picture(seed, yaw_deg=yaw, activity=0, posture=0).keypoints[names, 2]
            assert seen.tolist() == [expected] * 3


def test_the_far_side_is_hidden_in_profile() -> None:
    for seed in range(8):
        v = picture(seed, yaw_deg=90, activity=0, posture=0).keypoints[:, 2]
        assert v[INDEX['left_shoulder']] == 1  # facing right, the left side is far
        assert v[INDEX['right_shoulder']] == 2
        assert v[INDEX['right_hip']] == 2
        assert v[INDEX['left_hip']] == 1


def test_standing_at_rest_seen_from_the_front_hides_nothing_below_the_head() -> None:
    for seed in range(8):
        v = picture(seed, yaw_deg=0, activity=0, posture=0).keypoints[5:, 2]
        assert (v == 2).all()


def test_an_occluder_hides_a_joint_and_takes_pixels() -> None:
    for seed in range(12):
        free = picture(seed, yaw_deg=0, activity=0, posture=0)
        covered = picture(seed, yaw_deg=0, activity=0, posture=0, occluder=1)
        assert np.array_equal(free.keypoints[:, :2], covered.keypoints[:, :2])
        assert (covered.keypoints[5:, 2] == 1).any()
        assert covered.mask.sum() < free.mask.sum()


@pytest.mark.parametrize('truncation', [0.0, 0.2, 0.5])
def test_truncation_is_the_share_outside(truncation: float) -> None:
    for seed in range(12):
        fixed = {'posture': 0, 'activity': 0.6, 'scale': 0.75, 'yaw_deg': 0}
        whole = picture(seed, 256, **fixed).mask
        part = picture(seed, 256, **fixed, truncation=truncation).mask
        height, width = (np.ptp(np.nonzero(whole)[axis]) for axis in (0, 1))
        kept = [np.ptp(np.nonzero(part)[0]) / height, np.ptp(np.nonzero(part)[1]) / width]
        # One axis is cut by the share; the other may lose pixels of what was cut off.
        assert min(abs(share - (1 - truncation)) for share in kept) < 0.06


def test_visible_joints_lie_on_the_silhouette() -> None:
    for seed in range(25):
        made = make_picture(np.random.default_rng(seed), 192, {})
        near = cv2.dilate(made.mask.astype(np.uint8), np.ones((5, 5), np.uint8))
        for x, y, v in made.keypoints:
            assert v != 2 or near[round(y), round(x)]


# Factors


def test_restrictions_hold_and_leave_the_other_factors_alone() -> None:
    rules = parse_restrictions(['posture=0.5'], ['yaw_deg=50:60'], ['activity=0,1'])
    coins = set()
    for seed in range(40):

        def draw(restrictions: dict[str, Restriction], seed: int = seed) -> Any:
            return sample_factors(*np.random.default_rng(seed).spawn(2), restrictions)

        free, held = draw({}), draw(rules)
        assert held.posture == 0.5
        assert 50 <= held.yaw_deg <= 60
        coins.add(held.activity)
        changed = {name: getattr(free, name) for name in ('posture', 'yaw_deg', 'activity')}
        assert replace(held, **changed) == free
    assert coins == {0.0, 1.0}


def test_default_factors_stay_in_range_and_face_the_camera_mostly() -> None:
    draws = [sample_factors(*np.random.default_rng(s).spawn(2), {}).record() for s in range(600)]
    for name, spec in SPECS.items():
        assert all(spec.low <= draw[name] <= spec.high for draw in draws), name
    frontal = np.mean([abs(draw['yaw_deg']) <= 75 for draw in draws])
    assert 0.62 < frontal < 0.80  # 0.5 + 0.5 * 150 / 360 = 0.71
    assert 0.1 < np.mean([draw['occluder'] for draw in draws]) < 0.2


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        ((['postur=1'],), ['postur', 'did you mean posture']),
        ((['posture=1.5'],), ['posture=1.5', '0..1']),
        ((['posture=nan'],), ['posture=nan', '0..1']),
        ((['occluder=0.5'],), ['occluder', 'integer']),
        ((['posture'],), ['--fix', 'posture=V']),
        (([], ['yaw_deg=60:50'],), ['LOW:HIGH']),
        (([], [], ['yaw_deg=60'],), ['--two', 'yaw_deg=A,B']),
        ((['scale=0.5'], ['scale=0.5:0.6'],), ['scale', 'twice']),
        ((['labelled_joints=4'],), ['labelled_joints', 'measured']),
    ],
)  # fmt: skip
def test_bad_restrictions_say_what_is_wrong(arguments: Any, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        parse_restrictions(*arguments)
    assert all(word in str(caught.value) for word in words)


def test_a_person_without_labels_is_an_error_not_an_endless_loop(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(compose, 'MIN_LABELLED', 18)
    with pytest.raises(InputError, match='lower truncation or label_dropout'):
        picture(0, 64)


# The data set


def test_annotations_agree_with_themselves(content: dict[str, Any]) -> None:
    persons = main_persons(content)
    assert len(persons) == len(content['images']) == COUNTS['train']
    some = {0: 0, 1: 0, 2: 0}
    for person in persons:
        keypoints = np.array(person['keypoints'], float).reshape(17, 3)
        xy, v = keypoints[:, :2], keypoints[:, 2]
        assert ((v == 0) == (xy == 0).all(1)).all()
        assert ((xy >= 0) & (xy <= 127)).all()
        assert person['num_keypoints'] == (v > 0).sum() == person['factors']['labelled_joints']
        assert person['num_keypoints'] >= 3
        assert person['factors']['posture'] == 0.25
        x, y, width, height = person['bbox']
        assert x >= 0 and y >= 0 and x + width <= 128 and y + height <= 128
        seen = xy[v == 2]
        assert (seen >= np.array((x, y)) - 2).all()
        assert (seen <= np.array((x + width, y + height)) + 1).all()
        assert 0 < person['area'] <= width * height
        for value in some:
            some[value] += int((v == value).sum())
    assert min(some.values()) > 10  # all three kinds occur, so the checks above check something


def test_distractors_have_a_box_and_no_keypoints(content: dict[str, Any]) -> None:
    others = [a for a in content['annotations'] if 'factors' not in a]
    assert others
    for other in others:
        assert other['num_keypoints'] == 0
        assert other['keypoints'] == [0] * 51
        assert other['bbox'][2] > 0
    allowed = {p['image_id']: p['factors']['distractors'] for p in main_persons(content)}
    assert all(allowed[other['image_id']] == 2 for other in others)


def test_pycocotools_reads_it(people: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seen_images: set[int] = set()
    for split, count in COUNTS.items():
        coco = COCO(str(people / f'annotations/person_keypoints_{split}2017.json'))
        (category,) = coco.loadCats(coco.getCatIds(['person']))
        assert tuple(category['keypoints']) == KEYPOINTS
        assert len(coco.imgs) == count
        assert not seen_images & set(coco.imgs)  # ids are unique over the splits
        seen_images |= set(coco.imgs)
        for annotation in coco.loadAnns(coco.getAnnIds()):
            mask = coco.annToMask(annotation)
            assert mask.sum() == pytest.approx(annotation['area'], rel=0.1, abs=15)
        for image in coco.imgs.values():
            loaded = cv2.imread(str(people / f'{split}2017' / image['file_name']))
            assert loaded.shape == (128, 128, 3)
    capsys.readouterr()


def test_info_names_what_made_it(content: dict[str, Any]) -> None:
    info = content['info']
    assert (info['seed'], info['split'], info['size']) == (3, 'train', 128)
    assert info['restrictions']['posture'] == {'kind': 'fix', 'values': [0.25]}


def test_same_seed_same_bytes_whatever_the_workers(tmp_path: Path) -> None:
    sets = {}
    for name, seed, workers in (('one', 1, 1), ('two', 1, 2), ('other', 2, 1)):
        config = PeopleConfig({'train': 18, 'val': 2, 'test': 0}, 64, seed)
        write_people(tmp_path / name, config, workers)
        sets[name] = hashes(tmp_path / name)
    assert len(sets['one']) == 23
    assert sets['one'] == sets['two']
    assert sets['one'].keys() == sets['other'].keys()
    assert all(sets['one'][path] != sets['other'][path] for path in sets['one'])


def test_a_longer_set_begins_with_the_shorter_one(tmp_path: Path) -> None:
    for count in (2, 4):
        write_people(tmp_path / str(count), PeopleConfig({'train': count}, 64), workers=1)
    short, long = hashes(tmp_path / '2/train2017'), hashes(tmp_path / '4/train2017')
    assert short.items() <= long.items()


def test_an_existing_folder_is_kept(tmp_path: Path) -> None:
    config = PeopleConfig({'train': 1}, 64)
    (tmp_path / 'mine').mkdir()
    (tmp_path / 'mine/thesis.txt').write_text('years of work')
    for force, word in ((False, '--force'), (True, 'not a data set of this tool')):
        with pytest.raises(InputError, match=word):
            write_people(tmp_path / 'mine', config, 1, force)
    assert [path.name for path in tmp_path.rglob('*')] == ['mine', 'thesis.txt']
    write_people(tmp_path / 'set', config, 1)
    write_people(tmp_path / 'set', replace(config, seed=9), 1, force=True)
    made = json.loads((tmp_path / 'set/annotations/person_keypoints_train2017.json').read_text())
    assert made['info']['seed'] == 9
    assert sorted(path.name for path in tmp_path.iterdir()) == ['mine', 'set']


@pytest.mark.parametrize('error', [KeyboardInterrupt, RuntimeError])
def test_nothing_half_written_stays(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: type[BaseException]
) -> None:
    calls = []

    def fail(*args: Any) -> Picture:
        calls.append(args)
        if len(calls) == 3:
            raise error
        return make_picture(*args)

    monkeypatch.setattr(write, 'make_picture', fail)
    with pytest.raises(error):
        write_people(tmp_path / 'set', PeopleConfig({'train': 5}, 64), workers=1)
    assert len(calls) == 3
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ('settings', 'word'),
    [
        ({'counts': {'train': -1}}, '--train -1'),
        ({'counts': {'train': 0}}, 'no images'),
        ({'counts': {'train': 1}, 'size': 63}, '64..4096'),
        ({'counts': {'train': 1}, 'seed': -1}, '--seed -1'),
    ],
)
def test_bad_settings_say_what_is_wrong(
    tmp_path: Path, settings: dict[str, Any], word: str
) -> None:
    with pytest.raises(InputError, match=word):
        write_people(tmp_path / 'set', PeopleConfig(**settings), 1)
    assert not list(tmp_path.iterdir())
