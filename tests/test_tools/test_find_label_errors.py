"""The tool as its command line runs it: what it writes, and bad input as one line."""

import importlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shg_xai.chapters.label_errors.results import LabelErrors
from shg_xai.results_file import read_answer
from tests.helpers.data import only_error, run_in_process
from tests.helpers.label_stores import MIRRORED, made_persons, write_labels

EVIL = '<img src=x onerror=alert(1)>.jpg'


@pytest.fixture(scope='module')
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store of 90 persons, one of whom is exchanged; his photo has an evil name, and no other one is there."""
    folder = tmp_path_factory.mktemp('labels')
    persons = made_persons(90)
    persons[16]['keypoints'], persons[16]['file_name'] = persons[16]['keypoints'][list(MIRRORED)], EVIL
    Image.fromarray(np.full((200, 200, 3), 90, np.uint8)).save(folder / EVIL)
    return write_labels(folder / 'store', persons, environment=dict(image_dir=str(folder)))


def run_tool(words: list[Any], monkeypatch: pytest.MonkeyPatch) -> int:
    return run_in_process(importlib.import_module('tools.find_label_errors').main, words, monkeypatch)


def test_page_numbers_and_files_are_written(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_tool([store, '--out', tmp_path / 'out', '--top', 5, '--bootstrap', 20], monkeypatch) == 0
    said = capsys.readouterr()
    found = read_answer(tmp_path / 'out' / 'label_errors.json', LabelErrors)
    assert 1 <= len(found.suspects) <= 5 and found.suspects[0].annotation_id == 1016
    assert found.command.startswith('tools/')
    assert '1016' in said.out and f'page: {tmp_path / "out" / "label_errors.html"}' in said.out
    page = (tmp_path / 'out' / 'label_errors.html').read_text()
    assert '<img src=x' not in page and '&lt;img src=x' in page
    assert page.count('data:image/jpeg;base64,') == 2 * len(found.suspects)
    assert '<script' not in page and 'default-src &#39;none&#39;' in page
    coco = json.loads((tmp_path / 'out' / 'person_keypoints_suspects.json').read_text())
    assert [one['id'] for one in coco['annotations']] == [one.annotation_id for one in found.suspects]
    tasks = json.loads((tmp_path / 'out' / 'label_studio.json').read_text())
    assert [one['data']['annotation_id'] for one in tasks] == [one.annotation_id for one in found.suspects]
    if len(found.suspects) > 1:
        assert 'are drawn on grey' in said.err


@pytest.mark.parametrize(
    'words, said',
    [
        ([], '--out'),
        (['--out', '{file}'], 'is a file'),
        (['--out', '{out}', '--top', 0], '--top 0'),
        (['--out', '{out}', '--images', '{out}'], 'no such folder'),
        (['--out', '{out}', '--rows', 'annotation_id < 1003'], '3 persons'),
        (['--out', '{out}', '--rows', 'nonsense > 1'], 'nonsense'),
    ],
)
def test_bad_input_is_one_line(
    store: Path,
    tmp_path: Path,
    words: list[Any],
    said: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / 'file').write_text('')
    places = dict(file=tmp_path / 'file', out=tmp_path / 'out')
    given = [str(word).format(**places) for word in words]
    assert run_tool([store, *given], monkeypatch) == 2
    assert said in only_error(capsys.readouterr().err)
    assert not (tmp_path / 'out').exists()


def test_stores_that_are_none_or_have_no_predictions_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    persons = [{**one, 'predicted_keypoints': None, 'keypoint_scores': None, 'pck': None} for one in made_persons(5)]
    for folder, said in (
        (tmp_path / 'none', 'no latent store'),
        (write_labels(tmp_path / 'unpredicted', persons), 'no predictions'),
    ):
        assert run_tool([folder, '--out', tmp_path / 'out'], monkeypatch) == 2
        assert said in only_error(capsys.readouterr().err)
