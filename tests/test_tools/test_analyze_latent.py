"""``tools/analyze_latent.py`` as a user runs it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from tests.helpers.analysis_stores import blobs, spoil, write_store
from tests.helpers.data import only_error, run_in_process
from tools import analyze_latent as tool

QUICK = ('--k', 2, 3, '--restarts', 2, '--bootstrap', 10, '--map', 8, '--threads', 2)
# Runs the tool and tells what it had to import.
TRACED = """import runpy, sys
sys.argv = sys.argv[1:]
try:
    runpy.run_path(sys.argv[0], run_name='__main__')
except SystemExit as ended:
    heavy = {'torch', 'mmpose', 'mmcv', 'mmengine'} & set(sys.modules)
    print('heavy:', *sorted(heavy))
    raise
"""
VALUES = blobs(60, 12, 3, 5.0)


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """Sixty persons, whose last value is the same for all."""
    values = VALUES.copy()
    values[:, -1] = 2
    return write_store(tmp_path / 'stores' / 'people', values, rows_per_shard=25)


def traced(repo_root: Path, *words: Any) -> subprocess.CompletedProcess[str]:
    """The finished command; stdout ends with the heavy packages that it imported."""
    command = [sys.executable, '-c', TRACED, 'tools/analyze_latent.py', *map(str, words)]
    return subprocess.run(
        command,
        cwd=repo_root,
        capture_output=True,
        text=True,
        timeout=600,
        env={**os.environ, 'PYTHONPATH': str(repo_root)},
    )


def contents(out: Path) -> dict[str, Any]:
    """results.json but for its times, and the bytes of all tables."""
    results = json.loads((out / 'results.json').read_text())
    assert results.pop('times_s')
    return {
        'results': json.dumps(results),
        **{str(file.relative_to(out)): file.read_bytes() for file in out.rglob('*.parquet')},
    }


@pytest.fixture
def words(store: Path, tmp_path: Path) -> list[Any]:
    """Two stores with 55 persons in common, and where the report goes."""
    second = write_store(
        tmp_path / 'stores' / 'others',
        VALUES[5:, :6],
        ids=range(6, 61),
        images=[number // 2 for number in range(5, 60)],
    )
    return [store, second, '--out', tmp_path / 'reports' / 'both', *QUICK]


def test_two_stores(words: list[Any], repo_root: Path) -> None:
    out = words[3]
    done = traced(repo_root, *words)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-2:] == [f'report: {out / "report.html"}', 'heavy:']
    assert 'warning: people: 5 of 60 persons are left out, whom not all stores have.' in done.stderr
    assert 'warning: people: 1 of 12 values are the same for all persons' in done.stderr
    assert 'Traceback' not in done.stderr
    assert '<html' in (out / 'report.html').read_text()
    for kind in ('png', 'svg'):
        assert list((out / 'figures').glob(f'*.{kind}'))
    assert [file.name for file in out.parent.iterdir()] == ['both']
    assert sorted(file.name for file in out.iterdir()) == ['atlas', 'figures', 'persons', 'report.html', 'results.json']
    results = json.loads((out / 'results.json').read_text())
    assert results['command'].startswith('tools/analyze_latent.py ')
    assert [layer['persons'] for layer in results['layers']] == [55, 55]
    for name, unknown in (('people', 13), ('others', 14)):
        persons = pq.read_table(out / 'persons' / f'{name}.parquet')
        assert (persons.num_rows, persons['pck'].null_count) == (55, unknown)


@pytest.mark.slow
def test_a_second_run_takes_the_place_of_the_first(words: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    out = words[3]
    assert run_in_process(tool.main, [*words, '--no-report'], monkeypatch) == 0
    first = contents(out)
    (out / 'stale.txt').write_text('from an earlier run')
    assert run_in_process(tool.main, [*words, '--no-report'], monkeypatch) == 0
    assert contents(out) == first
    assert not (out / 'stale.txt').exists()
    assert [file.name for file in out.parent.iterdir()] == ['both']


def test_help_imports_nothing_heavy(repo_root: Path) -> None:
    done = traced(repo_root, '--help')
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith('heavy:\n')
    assert 'usage: analyze_latent.py' in done.stdout


@pytest.fixture
def refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Runs the command on bad input; gives its one line. Nothing is done and nothing is left."""

    def run(*words: Any, out: Path = tmp_path / 'reports' / 'out') -> str:
        out.parent.mkdir(exist_ok=True)
        before = sorted(tmp_path.rglob('*'))
        assert run_in_process(tool.main, [*words, '--out', out], monkeypatch) == 2
        stderr = capsys.readouterr().err
        assert 'covariance  :' not in stderr  # the bar of the first long work
        assert sorted(tmp_path.rglob('*')) == before
        return only_error(stderr)

    return run


@pytest.mark.parametrize(
    'words, message',
    [
        (('--k', 1), '--k 1: give numbers of clusters from 2 to 255'),
        (('--k', 2, 60), '60 persons of'),
        (('--confidence', 2), '--confidence 2.0: give a share between 0 and 1'),
        (('--tolerance', -1), '--tolerance -1.0: '),
        (('--restarts', 0), '--restarts 0: '),
        (('--seed', -1), '--seed -1: '),
        (('--bootstrap', 1), '--bootstrap 1: give 10 or more'),
        (('--threads', -1), '--threads -1: '),
        (('--images', 'no/such/folder'), '--images no/such/folder: no such folder'),
        (('--layers', 'botleneck'), "layer 'botleneck': not in this store; it has bottleneck"),
        (('--layers', 'bottleneck', 'bottleneck'), '--layers: 2 layers for 1 stores'),
        (('--rows', 'annotation_id > 99'), "no person of 60 meets --rows 'annotation_id > 99'"),
        (('--rows', 'anotation_id > 9'), 'annotation_id'),
        (('--rows', '1 +'), '1 +'),
        (('--dask', 'nonsense'), '--dask nonsense: no scheduler answers there'),
    ],
)
def test_bad_words(store: Path, refused: Callable[..., str], words: tuple, message: str) -> None:
    assert message in refused(store, *words)


@pytest.mark.parametrize(
    'values, message',
    [
        (np.full((30, 2, 2), 3.0), 'layer bottleneck: all 30 persons have the same values'),
        (VALUES[:1], 'one person; an analysis needs at least two'),
        (VALUES[:2], '2 persons of'),
        (np.zeros((0, 3)), 'no person'),
        (np.zeros((4, 300, 64, 64)), '1,228,800 values a person, whose covariance would take'),
    ],
)
def test_stores_that_cannot_be_analysed(
    tmp_path: Path, refused: Callable[..., str], values: np.ndarray, message: str
) -> None:
    store = write_store(tmp_path / 'store', values, dtype='float16')
    assert message in refused(store, '--k', 2, '--threads', 1)


@pytest.mark.parametrize('value', [np.nan, np.inf])
def test_values_that_are_no_numbers(store: Path, refused: Callable[..., str], value: float) -> None:
    spoil(store, 3, value)
    assert 'layer bottleneck: annotation 4 has a value that is NaN or infinite' in refused(store)


def test_values_too_large_to_be_squared(tmp_path: Path, refused: Callable[..., str]) -> None:
    store = write_store(tmp_path / 'store', VALUES * np.float32(3e20), dtype='float32')
    assert 'layer bottleneck: values of up to ' in (said := refused(store)) and 'take another checkpoint' in said


def test_the_last_store_is_looked_at_before_the_first_is_analysed(
    store: Path, tmp_path: Path, refused: Callable[..., str]
) -> None:
    other = write_store(tmp_path / 'other', VALUES)
    spoil(other, 3, np.nan)
    assert 'NaN or infinite' in refused(store, other)


def test_several_layers(tmp_path: Path, refused: Callable[..., str]) -> None:
    store = write_store(tmp_path / 'store', dict(first=VALUES, second=VALUES[:, :4]))
    assert 'has 2 layers, name one with --layers: first, second' in refused(store)
    assert "layer 'secnd': not in this store; it has second" in refused(store, '--layers', 'secnd')
    assert '--layers: 3 layers for 2 stores; give one for all or one for each' in refused(
        store, store, '--layers', 'first', 'second', 'first'
    )


def test_persons_of_different_stores(store: Path, tmp_path: Path, refused: Callable[..., str]) -> None:
    others = write_store(tmp_path / 'others', VALUES, ids=range(1001, 1061))
    assert 'have 0 persons in common (by data set, image and annotation), too few' in refused(store, others)


def test_no_store(tmp_path: Path, refused: Callable[..., str]) -> None:
    (tmp_path / 'file').write_text('')
    for folder in (tmp_path, tmp_path / 'nowhere', tmp_path / 'file'):
        assert f'{folder}: no latent store' in refused(folder)


def test_a_damaged_store(store: Path, refused: Callable[..., str]) -> None:
    file = sorted(store.rglob('bottleneck.npy'))[1]
    file.write_bytes(file.read_bytes()[:-100])
    assert str(file) in refused(store)


def test_other_files_are_left_alone(store: Path, tmp_path: Path, refused: Callable[..., str]) -> None:
    file = tmp_path / 'mine' / 'notes.txt'
    file.parent.mkdir()
    file.write_text('mine')
    assert 'holds other files than an analysis; name a new folder' in refused(store, out=file.parent)
    assert 'notes.txt: is a file; name a folder' in refused(store, out=file)
    assert file.read_text() == 'mine'


def earlier(out: Path) -> Path:
    """A folder of an earlier analysis."""
    out.mkdir(parents=True)
    (out / 'results.json').write_text(json.dumps(dict(kind='shg_xai latent analysis', old=True)))
    return out


def test_a_failed_run_leaves_the_earlier_folder(store: Path, tmp_path: Path, refused: Callable[..., str]) -> None:
    out = earlier(tmp_path / 'reports' / 'out')
    spoil(store, 3, np.nan)
    refused(store, out=out)
    assert json.loads((out / 'results.json').read_text())['old']


def heed_interrupts() -> None:
    """A job in the background has SIGINT ignored, and whatever it starts inherits that."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


@pytest.mark.parametrize('number', [signal.SIGKILL, signal.SIGINT])
def test_a_run_that_is_stopped_leaves_the_earlier_folder(
    tmp_path: Path, repo_root: Path, number: signal.Signals
) -> None:
    store = write_store(tmp_path / 'store', np.random.default_rng(0).random((400, 300)))
    out = earlier(tmp_path / 'reports' / 'out')
    slow = ['--restarts', '200', '--bootstrap', '100000', '--threads', '1']
    command = [sys.executable, 'tools/analyze_latent.py', str(store), '--out', str(out), *slow]
    with subprocess.Popen(
        command,
        cwd=repo_root,
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env={**os.environ, 'PYTHONPATH': str(repo_root)},
        preexec_fn=heed_interrupts,
    ) as process:
        end = time.monotonic() + 60
        while not list(out.parent.glob('.out.*.part/.scratch/*.npy')):
            assert process.poll() is None
            assert time.monotonic() < end
            time.sleep(0.02)
        process.send_signal(number)
    assert process.returncode != 0
    assert [file.name for file in out.iterdir()] == ['results.json']
    assert json.loads((out / 'results.json').read_text())['old']
    if number == signal.SIGINT:
        assert [file.name for file in out.parent.iterdir()] == ['out']
