"""The notebooks of the documentation run, and say what stands in them."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.helpers.commands import REPO_ROOT, python

NOTEBOOKS = sorted((REPO_ROOT / 'docs').rglob('*.ipynb'))
MOST_BYTES = 200_000


def cells(notebook: Path) -> list[dict[str, Any]]:
    """The code of a notebook, cell by cell."""
    return [cell for cell in json.loads(notebook.read_text())['cells'] if cell['cell_type'] == 'code']


def printed(cell: dict[str, Any]) -> str:
    """What a cell printed when the notebook was written."""
    return ''.join(''.join(output['text']) for output in cell['outputs'] if output['output_type'] == 'stream')


def shape(text: str) -> list[list[str]]:
    """What is printed, without numbers and folders, which differ from machine to machine."""
    return [re.sub(r'\d+(\.\d+)?', '#', re.sub(r'/\S+/', '', line)).split() for line in text.splitlines()]


def test_there_is_one_and_it_is_small() -> None:
    assert [notebook.name for notebook in NOTEBOOKS] == ['small_report.ipynb']
    for notebook in NOTEBOOKS:
        assert notebook.stat().st_size < MOST_BYTES
        said = json.loads(notebook.read_text())
        assert (said['nbformat'], said['metadata']['kernelspec']['name']) == (4, 'python3')
        errors = [output for cell in cells(notebook) for output in cell['outputs'] if output['output_type'] == 'error']
        assert not errors


@pytest.mark.slow(minutes=1)
@pytest.mark.parametrize('notebook', NOTEBOOKS, ids=lambda notebook: notebook.stem)
def test_a_notebook_runs_and_prints_what_stands_in_it(notebook: Path, tmp_path: Path) -> None:
    code = '\n'.join(''.join(cell['source']) for cell in cells(notebook))
    done = python('-W', 'ignore', '-c', code, cwd=tmp_path, env={'MPLBACKEND': 'agg', 'OMP_NUM_THREADS': '1'})
    assert done.returncode == 0, done.stderr
    assert shape(done.stdout) == shape(''.join(map(printed, cells(notebook))))
    # What it teaches holds: the network has learned something, and skips carry most of it.
    before, after = map(float, re.findall(r'PCK (\S+); with the skips of another person (\S+)', done.stdout)[0])
    assert before > 0.3 and after < before - 0.1
