"""``tools/mean_pose.py`` as a command."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.data import ALL_VISIBLE, annotation, only_error, write_part


def test_it_prints_and_writes_the_baseline(tmp_path: Path, run_tool: Callable) -> None:
    # All persons stand alike, so the mean pose is everybody's pose.
    train = write_part(tmp_path, 'train2017', [annotation(1, 1), annotation(2, 2)])
    test = write_part(tmp_path, 'val2017', [annotation(3, 1, v=(2,) * 16 + (1,))])
    out = tmp_path / 'out.json'
    done = run_tool(['mean_pose.py', train, test, '--out', out])
    assert done.returncode == 0, done.stderr
    expected = {f'pck/{group}': 1.0 for group in ('labelled', 'visible', 'occluded', 'limbs')}
    assert json.loads(out.read_text()) == dict(metrics=expected)
    assert 'pck/labelled     1.0000' in done.stdout


def test_a_group_without_a_joint_is_left_out(tmp_path: Path, run_tool: Callable) -> None:
    file = write_part(tmp_path, 'train2017', [annotation(1, 1, v=ALL_VISIBLE)])
    done = run_tool(['mean_pose.py', file, file])
    assert 'pck/visible' in done.stdout
    assert 'pck/occluded' not in done.stdout


@pytest.mark.parametrize('content', [None, '[]', '{"annotations": 3}', 'no JSON'])
def test_a_file_that_is_no_annotation_file(tmp_path: Path, run_tool: Callable, content: str | None) -> None:
    file = tmp_path / 'annotations.json'
    if content is not None:
        file.write_text(content)
    done = run_tool(['mean_pose.py', file, file])
    assert done.returncode == 2
    assert str(file) in only_error(done.stderr)
