"""AP and AR of the stand-in are xtcocotools'."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from shg_xai import coco_tools

COUNTS = dict(keypoints=17, foot_kpts=6, face_kpts=68, lefthand_kpts=21, righthand_kpts=21)
SIGMAS = {key: np.linspace(0.02, 0.1, count) for key, count in COUNTS.items()}
IMAGES = 12


def made_person(rng: np.random.Generator, centre: np.ndarray, size: float) -> dict[str, Any]:
    """Keypoints of all parts about a centre, some unlabelled, with box and area; some hands are not labelled at all."""
    person: dict[str, Any] = {}
    for key, count in COUNTS.items():
        where = centre + rng.uniform(-size / 2, size / 2, (count, 2))
        flags = rng.integers(0, 3, count) * (key == 'keypoints' or rng.random() < 0.8)
        person[key] = np.column_stack([where * (flags > 0)[:, None], flags]).ravel().tolist()
    person['bbox'] = [*(centre - size / 2).tolist(), size, 1.5 * size]
    person['area'] = size * size
    person['num_keypoints'] = int(np.count_nonzero(np.array(person['keypoints'])[2::3] == 2))
    return person


def made_detection(rng: np.random.Generator, person: dict[str, Any], number: int) -> dict[str, Any]:
    """A person found more or less well, at times with scores of parts."""
    found: dict[str, Any] = dict(image_id=person['image_id'], category_id=1, score=float(rng.random()))
    spread = rng.choice([0.01, 0.05, 0.2]) * person['bbox'][2]
    for key in COUNTS:
        moved = np.array(person[key]).reshape(-1, 3) + np.array([0, 0, 0.5])
        moved[:, :2] += rng.normal(0, spread, (len(moved), 2))
        found[key] = moved.ravel().tolist()
    if number % 3 == 0:
        found.update({f'{part}_score': float(rng.random()) for part in coco_tools.SCORED})
    if number % 7 == 0:
        found['keypoints'] = [0.0] * len(found['keypoints'])
    return found


def made_files(folder: Path, seed: int = 0) -> tuple[str, str]:
    """Annotations (id 0, crowds, persons without a label, images without persons) and results, as files."""
    rng = np.random.default_rng(seed)
    people = []
    for number in range(40):
        person = made_person(rng, rng.uniform(100, 400, 2), float(rng.choice([20, 60, 90, 150, 300])))
        person.update(id=number, image_id=int(rng.integers(1, IMAGES)), category_id=1)
        if number % 9 == 0:
            person.update(iscrowd=1)
        elif number % 2:
            person.update(iscrowd=0)
        if number % 11 == 0:
            person.update(keypoints=[0] * 51, num_keypoints=0)
        if number % 13 == 5:
            person.update(num_keypoints=0)  # as CrowdPose counts, which leaves occluded joints out
        people.append(person)
    images = [dict(id=one, width=500, height=500, crowdIndex=one / IMAGES) for one in range(IMAGES)]
    truth = dict(images=images, annotations=people, categories=[dict(id=1, name='person')])
    found = [made_detection(rng, person, number) for number, person in enumerate(people * 2)]
    (folder / 'truth.json').write_text(json.dumps(truth))
    (folder / 'found.json').write_text(json.dumps(found))
    return str(folder / 'truth.json'), str(folder / 'found.json')


def stats(tools: Any, files: tuple[str, str], part: str, use_area: bool) -> np.ndarray:
    """AP and AR by these tools."""
    truth = tools.COCO(files[0])
    sigmas = np.concatenate([SIGMAS[key] for key in coco_tools.PARTS[part]])
    evaluation = tools.COCOeval(truth, truth.loadRes(files[1]), part, sigmas, use_area=use_area)
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    return np.asarray(evaluation.stats)


@pytest.mark.filterwarnings("ignore:.*not found, use 'score' instead")
@pytest.mark.parametrize('use_area', [True, False])
@pytest.mark.parametrize('part', coco_tools.PARTS)
def test_it_is_what_xtcocotools_says(part: str, use_area: bool, tmp_path: Path) -> None:
    cocoeval = pytest.importorskip('xtcocotools.cocoeval')
    if cocoeval.COCOeval is coco_tools.COCOeval:
        pytest.skip('xtcocotools is not installed')
    coco = pytest.importorskip('xtcocotools.coco')
    real = SimpleNamespace(COCO=coco.COCO, COCOeval=cocoeval.COCOeval)
    for seed in range(3):
        files = made_files(tmp_path, seed)
        theirs = stats(real, files, part, use_area)
        assert len(set(theirs.tolist())) > 5  # not all -1, 0 or 1
        np.testing.assert_allclose(stats(coco_tools, files, part, use_area), theirs, rtol=0, atol=1e-12)


# AP, AP at 0.5, AR: what xtcocotools 1.14.3 said of the same files, for where it is not.
SAID = dict(
    keypoints=(0.35362810501804587, 0.43544553849452605, 0.665625),
    keypoints_crowd=(0.34975182507250613, 0.4330067292443531, 0.6766666666666667),
    keypoints_body=(0.35362810501804587, 0.43544553849452605, 0.665625),
    keypoints_foot=(0.4125310129601508, 0.6095072842320405, 0.6714285714285715),
    keypoints_face=(0.296938581046998, 0.3681664216841852, 0.725),
    keypoints_lefthand=(0.3993365223974515, 0.4985006828307796, 0.74),
    keypoints_righthand=(0.35149324586544706, 0.46324681393172723, 0.6848484848484849),
    keypoints_wholebody=(0.33623627080956836, 0.45598457955039207, 0.68),
)


@pytest.mark.parametrize('part', SAID)
def test_it_is_what_xtcocotools_said(part: str, tmp_path: Path) -> None:
    ours = stats(coco_tools, made_files(tmp_path), part, use_area=True)
    np.testing.assert_allclose(ours[[0, 1, 3 if part == 'keypoints_crowd' else 5]], SAID[part], rtol=0, atol=1e-12)


def test_results_may_be_none(tmp_path: Path) -> None:
    truth = coco_tools.COCO(made_files(tmp_path)[0])
    evaluation = coco_tools.COCOeval(truth, truth.loadRes([]))
    evaluation.evaluate()
    evaluation.accumulate()
    evaluation.summarize()
    assert evaluation.stats[0] == evaluation.stats[5] == 0


def test_what_is_not_a_pose_is_refused() -> None:
    with pytest.raises(NotImplementedError, match=r"iouType 'bbox'.*install xtcocotools"):
        coco_tools.COCOeval(iouType='bbox')


def first_import(folder: Path, code: str) -> str:
    """What code prints in a fresh interpreter that finds packages in this folder first."""
    paths = os.pathsep.join([str(folder), str(Path(coco_tools.__file__).parents[1])])
    done = subprocess.run(
        [sys.executable, '-W', 'ignore', '-c', code],
        env={**os.environ, 'PYTHONPATH': paths},
        text=True,
        capture_output=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_it_stays_away_where_xtcocotools_is(tmp_path: Path) -> None:
    (tmp_path / 'xtcocotools').mkdir()
    (tmp_path / 'xtcocotools' / '__init__.py').touch()
    (tmp_path / 'xtcocotools' / 'coco.py').touch()
    code = """
from shg_xai.coco_tools import add_stand_in
print(add_stand_in())
import xtcocotools.coco
print(xtcocotools.coco.__file__)
"""
    assert first_import(tmp_path, code) == f'False\n{tmp_path}/xtcocotools/coco.py'


def test_it_steps_in_once_where_xtcocotools_is_missing(tmp_path: Path) -> None:
    code = """
import importlib.util, sys
find = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name == 'xtcocotools' and name not in sys.modules else find(name)
from shg_xai import coco_tools
print(coco_tools.add_stand_in(), coco_tools.add_stand_in())
import xtcocotools.mask
from xtcocotools.coco import COCO
from xtcocotools.cocoeval import COCOeval
print(COCO is coco_tools.COCO, COCOeval is coco_tools.COCOeval, xtcocotools.mask.decode.__module__)
"""
    assert first_import(tmp_path, code) == 'True False\nTrue True pycocotools.mask'
