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

DROP = object()


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


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(kind='a shopping list'), r'results\.json: kind: .*give the folder'),
        (dict(schema_version=2), r'results\.json: schema_version: 2, .*reads 1; update shg_xai'),
        (dict(schema_version=0), r'results\.json: schema_version: 0, .*run tools/analyze_latent\.py'),
        (dict(analyses=[]), r'results\.json: analyses: is no list'),
        (dict(analyses=[{'name': '../up'}]), r"analyses\[0\]\.name: '\.\./up' is no name"),
        (dict(analyses=[{'name': 'a'}]), r'analyses\[0\]\.spectrum is missing'),
        (dict(settings=None), r'results\.json: settings is missing'),
    ],
)
def test_results_of_another_kind_are_refused(out: Path, changes: dict, message: str) -> None:
    change(out, **changes)
    with pytest.raises(InputError, match=message):
        read_report(out)


def test_a_folder_without_a_study_is_read(out: Path) -> None:
    change(out, study=None)
    assert read_report(out).results['study'] is None


# Where in the study something is taken away, or put in the place of something.
@pytest.mark.parametrize(
    ('place', 'value', 'message'),
    [
        (['splice'], DROP, 'study.splice is missing'),
        (['few'], DROP, 'study.few is missing'),
        (['settings', 'command'], DROP, 'study.settings.command is missing'),
        (['networks', 0, 'pck', 'limbs'], DROP, 'study.networks[0].pck.limbs is missing'),
        (
            ['networks', 1, 'seeds', 2, 'pck', 'visible', 'low'],
            DROP,
            'study.networks[1].seeds[2].pck.visible.low is missing',
        ),
        (['networks'], {}, 'study.networks is no list'),
        (['networks', 0, 'key'], 'other', 'study.networks: none has the key plain'),
        (['comparisons', 1, 'a'], 'lost', "study.comparisons[1].a: 'lost' is no network"),
        (['comparisons', 0], 7, 'study.comparisons[0] is no mapping'),
        (['comparisons', 0, 'verdict'], 'maybe', "study.comparisons[0].verdict: 'maybe' is none of"),
        (['widths', 1, 'curve', 3, 'drop'], DROP, 'study.widths[1].curve[3].drop is missing'),
        (['widths', 0, 'suggestion'], None, 'study.widths[0].suggestion is no mapping'),
        (['data'], [1, 2, 3], 'study.data is no mapping'),
    ],
)
def test_a_study_that_lacks_something_is_refused(out: Path, place: list, value: Any, message: str) -> None:
    study = json.loads((out / 'results.json').read_text())['study']
    inner = study
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    if value is DROP:
        del inner[place[-1]]
    change(out, study=study)
    with pytest.raises(InputError) as caught:
        read_report(out)
    assert str(caught.value).startswith(f'{out / "results.json"}: {message}')
    assert str(caught.value).endswith('; run tools/run_study.py again')


@pytest.mark.parametrize('name', ['results.json', 'persons/shg_people.parquet', 'atlas/shg_ae_people.parquet'])
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
    done = subprocess.run(
        [sys.executable, '-m', 'shg_xai.report', str(tmp_path)], capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 2
    assert done.stderr.count('\n') == 1
    assert done.stderr.startswith('error: ') and 'results.json: no such file' in done.stderr
