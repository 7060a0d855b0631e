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
    material = read_report(out)
    assert list(material.persons) == ['shg_people', 'shg_ae_people']
    first = material.persons['shg_people']
    assert first.persons.num_rows == 120
    assert (first.picture(1000) or b'')[:2] == b'\xff\xd8'
    assert first.picture(1005) is None, 'one person has no picture'
    assert first.picture(7) is None, 'nobody has this id'
    assert material.layer('shg_ae_people').config_file == 'shg_ae_people.py'


@pytest.mark.parametrize(
    ('changes', 'message'),
    [
        (dict(kind='a shopping list'), r"results\.json: kind: 'a shopping list' is not .*give the folder"),
        (dict(schema_version=4), r'results\.json: schema_version: 4, .*reads 3; update shg_xai'),
        (dict(schema_version=1), r'results\.json: schema_version: 1, .*give the folder that tools/analyze_latent\.py'),
        (dict(layers=[]), r'results\.json: layers: is empty'),
        (dict(settings=None), r'results\.json: Expected `object`, got `null` - at `\$\.settings`; give'),
        (dict(answers=[{'chapter': 'astrology'}]), r"Invalid value 'astrology' - at `\$\.answers\[0\]\.chapter`"),
        (dict(shoe_size=43), r'unknown field `shoe_size`'),
    ],
)
def test_results_of_another_kind_are_refused(out: Path, changes: dict, message: str) -> None:
    change(out, **changes)
    with pytest.raises(InputError, match=message):
        read_report(out)


# Where something is taken away, or put in the place of something.
@pytest.mark.parametrize(
    ('place', 'value', 'message'),
    [
        (['layers', 0, 'name'], '../up', r"matching regex '\^\[a-z0-9_-\]\+\$' - at `\$\.layers\[0\]\.name`"),
        (['layers', 0, 'shape'], DROP, r'missing required field `shape` - at `\$\.layers\[0\]`'),
        (['answers', 0, 'noise'], DROP, r'missing required field `noise` - at `\$\.answers\[0\]`'),
        (['answers', 0, 'noise', 'draws'], 'many', r'Expected `int`, got `str` - at `\$\.answers\[0\]\.noise\.draws`'),
        (['answers', 1, 'of'], 'nobody', r"answers\[1\]\.of: 'nobody' is no layer in it"),
        (['answers', 3, 'definitions', 0, 'kind'], 'opinion', r"Invalid enum value 'opinion'"),
    ],
)
def test_what_lacks_or_is_wrong_is_one_line(out: Path, place: list, value: Any, message: str) -> None:
    results = json.loads((out / 'results.json').read_text())
    chapters = ['spectrum', 'nearest_walk', 'clusters', 'concepts']
    results['answers'].sort(
        key=lambda answer: chapters.index(answer['chapter']) if answer['chapter'] in chapters else 9
    )
    results['answers'] = [results['answers'][at] for at in (0, 2, 4, 6)]
    inner = results
    for key in place[:-1]:
        inner = inner[key]
    inner[place[-1]] = value
    if value is DROP:
        del inner[place[-1]]
    (out / 'results.json').write_text(json.dumps(results))
    with pytest.raises(InputError, match=message) as caught:
        read_report(out)
    assert str(caught.value).startswith(f'{out / "results.json"}: ') and '\n' not in str(caught.value)
    assert str(caught.value).endswith(
        '; give the folder that tools/analyze_latent.py wrote with --out, or run it again'
    )


@pytest.mark.parametrize('name', ['results.json', 'persons/shg_people.parquet', 'atlas/shg_ae_people.parquet'])
def test_a_missing_or_broken_file_is_named(out: Path, name: str) -> None:
    (out / name).write_bytes(b'\x00\xff')
    with pytest.raises(InputError, match=rf'{name}: .*(malformed|cannot be read as|utf-8).*analyze_latent'):
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
