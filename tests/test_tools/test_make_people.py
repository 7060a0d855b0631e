"""``tools/make_people.py`` as a user runs it."""

import json
from pathlib import Path
from typing import Any

import cv2
import pytest

SMALL = ['--train', 9, '--val', 1, '--test', 0, '--size', 64, '--workers', 2]


def test_makes_a_controlled_set_and_its_sheet(tmp_path: Path, run_tool: Any) -> None:
    out, sheet = tmp_path / 'set', tmp_path / 'sheet.png'
    done = run_tool(['make_people.py', out, *SMALL, '--two', 'posture=0,1', '--fix', 'yaw_deg=30'])
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('10 images in ')
    assert str(out) in done.stdout
    content = json.loads((out / 'annotations/person_keypoints_train2017.json').read_text())
    factors = [a['factors'] for a in content['annotations'] if 'factors' in a]
    assert {f['posture'] for f in factors} == {0, 1}
    assert {f['yaw_deg'] for f in factors} == {30}

    before = (out / 'annotations/person_keypoints_train2017.json').stat().st_mtime_ns
    done = run_tool(['make_people.py', out, '--contact-sheet', sheet])
    assert done.returncode == 0, done.stderr
    # Ten persons fill two rows of eight: 2 * (192 + 6) + 6 by 8 * (192 + 6) + 6 pixels.
    assert cv2.imread(str(sheet)).shape == (402, 1590, 3)
    after = (out / 'annotations/person_keypoints_train2017.json').stat().st_mtime_ns
    assert before == after


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        (['--fix', 'postrue=1'], ['postrue', 'posture']),
        (['--range', 'yaw_deg=0:500'], ['yaw_deg=500', '-180..180']),
        (['--train', -4], ['--train -4', '0 or more']),
        (['--size', 32], ['--size 32', '64']),
        (['--workers', 0], ['--workers 0', '1 or more']),
        (['--contact-sheet', 'sheet.txt'], ['sheet.txt', '.png']),
    ],
)
def test_bad_arguments_end_with_one_line(tmp_path: Path, run_tool: Any, arguments: list[Any], words: list[str]) -> None:
    done = run_tool(['make_people.py', tmp_path / 'set', *arguments])
    assert done.returncode == 2
    assert done.stderr.startswith('error: ')
    assert done.stderr.count('\n') == 1
    assert all(word in done.stderr for word in words)
    assert not list(tmp_path.iterdir())


def test_refuses_to_overwrite(tmp_path: Path, run_tool: Any) -> None:
    (tmp_path / 'set').mkdir()
    done = run_tool(['make_people.py', tmp_path / 'set', *SMALL])
    assert done.returncode == 2
    assert done.stderr.count('\n') == 1
    assert '--force' in done.stderr
    assert not list((tmp_path / 'set').iterdir())


def test_help_teaches_the_factors(run_tool: Any) -> None:
    done = run_tool(['make_people.py', '--help'])
    assert done.returncode == 0
    for word in ('posture', '-180..180', 'degrees', '--two posture=0,1', 'labelled_joints'):
        assert word in done.stdout
