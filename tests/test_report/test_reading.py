"""What is wrong with a folder is said in one line that names file and mend."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from shg_xai.errors import InputError
from shg_xai.report.reading import read_report


@pytest.fixture
def out(written: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(written, tmp_path / 'out'))


def change(out: Path, **changes: Any) -> None:
    results = json.loads((out / 'results.json').read_text())
    (out / 'results.json').write_text(json.dumps({**results, **changes}))


def test_a_folder_is_read(out: Path) -> None:
    report = read_report(out)
    assert [analysis.name for analysis in report.analyses] == ['shg_people', 'shg_ae_people']
    first = report.analyses[0]
    assert first.persons.num_rows == 120
    assert first.picture(1000)[:2] == b'\xff\xd8'
    assert first.picture(1005) is None, 'one person has no picture'
    assert first.picture(7) is None, 'nobody has this id'


@pytest.mark.parametrize(('changes', 'message'), [
    (dict(kind='a shopping list'), r'results\.json: kind: .*give the folder'),
    (dict(schema_version=2), r'results\.json: schema_version: 2, .*reads 1; update shg_xai'),
    (dict(schema_version=0), r'results\.json: schema_version: 0, .*run tools/analyze_latent\.py'),
    (dict(analyses=[]), r'results\.json: analyses: is no list'),
    (dict(analyses=[{'name': '../up'}]), r"analyses\[0\]\.name: '\.\./up' is no name"),
    (dict(analyses=[{'name': 'a'}]), r'analyses\[0\]\.spectrum is missing'),
    (dict(settings=None), r'results\.json: settings is missing')])
def test_results_of_another_kind_are_refused(out: Path, changes: dict, message: str) -> None:
    change(out, **changes)
    with pytest.raises(InputError, match=message):
        read_report(out)


@pytest.mark.parametrize('name', ['results.json', 'persons/shg_people.parquet',
                                  'atlas/shg_ae_people.parquet'])
def test_a_missing_or_broken_file_is_named(out: Path, name: str) -> None:
    (out / name).write_bytes(b'\x00\xff')
    with pytest.raises(InputError, match=rf'{name}: cannot be read as .*analyze_latent'):
        read_report(out)
    (out / name).unlink()
    with pytest.raises(InputError, match=rf'{name}: no such file; .*analyze_latent'):
        read_report(out)


def test_a_missing_column_is_named(out: Path) -> None:
    file = out / 'atlas' / 'shg_people.parquet'
    pq.write_table(pq.ParquetFile(file).read().drop_columns(['keypoints']), file)
    with pytest.raises(InputError, match=r"atlas/shg_people\.parquet: no column 'keypoints'"):
        read_report(out)


def test_the_command_ends_with_one_line(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, '-m', 'shg_xai.report', str(tmp_path)],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.count('\n') == 1
    assert done.stderr.startswith('error: ') and 'results.json: no such file' in done.stderr
