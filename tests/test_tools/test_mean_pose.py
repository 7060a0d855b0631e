"""``tools/mean_pose.py`` as a command."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.data import ALL_VISIBLE, annotation, only_error, run_in_process, write_part
from tools import mean_pose as tool


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


def test_a_group_without_a_joint_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_part(tmp_path, 'train2017', [annotation(1, 1, v=ALL_VISIBLE)])
    monkeypatch.setattr('sys.argv', ['tool', str(file), str(file)])
    tool.main()
    printed = capsys.readouterr().out
    assert 'pck/visible' in printed
    assert 'pck/occluded' not in printed


@pytest.mark.parametrize('content', [None, '[]', '{"annotations": 3}', 'no JSON'])
def test_a_file_that_is_no_annotation_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], content: str | None
) -> None:
    file = tmp_path / 'annotations.json'
    if content is not None:
        file.write_text(content)
    assert run_in_process(tool.main, [file, file], monkeypatch) == 2
    assert str(file) in only_error(capsys.readouterr().err)


def two_categories(file: Path) -> Path:
    content = json.loads(file.read_text())
    content['categories'].append(dict(id=2, name='bird', keypoints=['beak', 'tail']))
    bird = {**content['annotations'][0], 'id': 77, 'category_id': 2, 'keypoints': [10, 10, 2, 50, 50, 1]}
    content['annotations'].append(bird)
    file.write_text(json.dumps(content))
    return file


def test_whose_pose_is_chosen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = two_categories(write_part(tmp_path, 'train2017', [annotation(1, 1)]))
    assert run_in_process(tool.main, [file, file], monkeypatch) == 2
    assert 'several categories have keypoints (bird, person)' in only_error(capsys.readouterr().err)
    assert run_in_process(tool.main, [file, file, '--category', 'bird'], monkeypatch) == 0
    printed = capsys.readouterr().out
    assert 'pck/labelled     1.0000' in printed
    note = f'note: {file}: 1 of 2 annotations are persons; left out: of another category than bird (1)'
    assert printed.splitlines().count(note) == 1


def test_two_skeletons_do_not_compare(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    train = write_part(tmp_path, 'train2017', [annotation(1, 1)])
    test = write_part(tmp_path, 'val2017', [annotation(1, 1) | dict(keypoints=[10, 10, 2, 50, 50, 1])])
    content = json.loads(test.read_text())
    content['categories'][0]['keypoints'] = ['beak', 'tail']
    test.write_text(json.dumps(content))
    assert run_in_process(tool.main, [train, test], monkeypatch) == 2
    assert f'{test}: has other keypoints than {train}' in only_error(capsys.readouterr().err)
