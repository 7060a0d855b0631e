"""The data set: COCO's format, determinism, nothing half-written."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from pycocotools.coco import COCO

from shg_xai.datasets.people import write
from shg_xai.datasets.people.compose import Picture, make_picture
from shg_xai.datasets.people.factors import parse_restrictions
from shg_xai.datasets.people.skeleton import KEYPOINTS
from shg_xai.datasets.people.write import PeopleConfig, write_people
from shg_xai.errors import InputError

COUNTS = {'train': 24, 'val': 4, 'test': 4}


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file, by its path within the folder."""
    files = (path for path in folder.rglob('*') if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope='module')
def people(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small data set with hard factors: cuts, objects in front, missing labels, distractors."""
    out = tmp_path_factory.mktemp('people') / 'set'
    rules = parse_restrictions(
        ['posture=0.25'], ['label_dropout=0:0.5', 'truncation=0:0.5'], ['occluder=0,1', 'distractors=0,2']
    )
    write_people(out, PeopleConfig(COUNTS, 128, 3, rules), workers=1)
    return out


@pytest.fixture(scope='module')
def content(people: Path) -> dict[str, Any]:
    """The training annotations as Python objects."""
    return json.loads((people / 'annotations/person_keypoints_train2017.json').read_text())


def main_persons(content: dict[str, Any]) -> list[dict[str, Any]]:
    return [a for a in content['annotations'] if 'factors' in a]


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
def test_bad_settings_say_what_is_wrong(tmp_path: Path, settings: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError, match=word):
        write_people(tmp_path / 'set', PeopleConfig(**settings), 1)
    assert not list(tmp_path.iterdir())
