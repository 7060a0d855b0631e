"""Damaged stores, large stores, and the command line."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shg_xai.errors import InputError
from shg_xai.latents import LatentStore, Layer, Manifest, ShardWriter, create_store, verify
from shg_xai.latents.__main__ import describe, main
from tests.helpers.data import only_error, run_in_process
from tests.helpers.latent_stores import FULL, HALF, arrays, keys, manifest, row, write

SHARD = Path('shards', '00-000001')


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A complete store of shards of 2, 2, 2 and 1 rows."""
    return write(tmp_path / 'store', list(range(7)))


def truncate(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def objects(file: Path) -> None:
    """The header of an array of Python objects; what would follow it is never looked at."""
    with file.open('wb') as handle:
        np.lib.format.write_array_header_1_0(handle, dict(descr='|O', fortran_order=False, shape=(2, 4)))


DAMAGES = [
    ('backbone-0.npy', truncate, r'backbone-0\.npy: has 199 bytes instead of 200'),
    ('backbone-0.npy', lambda file: file.write_bytes(file.read_bytes() + b'x'), 'has 201 bytes'),
    ('backbone-0.npy', Path.unlink, r'backbone-0\.npy: missing'),
    ('backbone-0.npy', lambda file: file.write_bytes(b'no array'), r'no \.npy file'),
    ('backbone-0.npy', lambda file: file.write_bytes(b''), r'no \.npy file'),
    (
        'backbone-0.npy',
        lambda file: np.save(file, np.zeros((3, 2, 3, 3), np.float16)),
        r'holds float16 \(3, 2, 3, 3\), .* say float16 \(2, 2, 3, 3\)',
    ),
    (f'{FULL}.npy', lambda file: np.save(file, np.zeros((2, 4))), 'holds float64'),
    (f'{FULL}.npy', objects, 'holds object'),
    ('rows.parquet', Path.unlink, r'rows\.parquet: missing'),
    ('rows.parquet', truncate, 'no readable Parquet file'),
    ('rows.parquet', lambda file: pq.write_table(pa.table({'a': [1, 2]}), file), 'columns not as'),
]


@pytest.mark.parametrize('name,damage,message', DAMAGES)
def test_a_damaged_file_is_named_at_opening_and_by_verify(
    folder: Path, name: str, damage: Callable, message: str
) -> None:
    damage(folder / SHARD / name)
    with pytest.raises(InputError, match=f'00-000001.*{message}.*run the same command again'):
        LatentStore.open(folder)
    first, *others, last = verify(folder)
    assert '00-000001' in first and not [line for line in others if '00-000001' not in line]
    assert last == f'{folder}: incomplete: 5 of 7 rows; run the same command again'


def test_a_missing_shard_is_resumed(folder: Path) -> None:
    (folder / SHARD).rename(folder.parent / 'gone')
    assert verify(folder) == [f'{folder}: incomplete: 5 of 7 rows; run the same command again']
    assert create_store(folder, manifest()) == keys(0, 1, 4, 5, 6)
    write(folder, [2, 3])
    assert verify(folder) == []
    assert sorted(file.name for file in (folder / 'shards').iterdir())[-1] == '00-000004'


def test_ids_stored_twice_and_too_many_rows_are_found(folder: Path) -> None:
    write(folder, [1, 9])
    assert verify(LatentStore.open(folder)) == [
        f'{folder}: annotation ids stored more than once: 101; dump again to another folder',
        f'{folder}: 8 rows, but the manifest says 7; dump again to another folder',
    ]
    assert describe(LatentStore.open(folder)).startswith(f'{folder}: 9 of 7 rows, more than')


def test_values_that_are_not_finite_are_found(tmp_path: Path) -> None:
    create_store(tmp_path, manifest(3))
    values = arrays([0, 1, 2])
    values[HALF][1, 0, 0, 0], values[HALF][2, 1, 2, 2] = np.nan, np.inf
    with ShardWriter(tmp_path, manifest(3)) as writer:
        writer.add([row(0), row(1), row(2)], values)
    (line,) = verify(tmp_path)
    assert 'backbone-0.npy: NaN or infinite values in 2 of 3 rows, first in row 1' in line


@pytest.mark.parametrize(
    'change,message',
    [
        (dict(pck=[float('nan'), 0.5]), 'pck: NaN'),
        (dict(keypoint_scores=[[0.5, 0.5, 0.5], [1.0]]), 'keypoint_scores: lists of another length'),
        (dict(keypoint_scores=[[0.5, None, 0.5], None]), 'keypoint_scores: null values'),
    ],
)
def test_rows_written_by_others_are_checked(folder: Path, change: dict, message: str) -> None:
    file = folder / SHARD / 'rows.parquet'
    table = pq.read_table(file)
    for name, values in change.items():
        place = table.schema.get_field_index(name)
        field = table.schema.field(name)
        table = table.set_column(place, field, pa.array(values, field.type))
    pq.write_table(table, file)
    (line,) = verify(folder)
    assert message in line


def test_a_folder_without_manifest_or_of_the_future_is_one_message(folder: Path) -> None:
    assert 'no latent store' in verify(folder / 'shards')[0]
    assert 'no latent store' in verify(folder / 'manifest.json')[0]
    content = json.loads((folder / 'manifest.json').read_text())
    (folder / 'manifest.json').write_text(json.dumps({**content, 'schema_version': 2}))
    (line,) = verify(folder)
    assert 'manifest.json: schema_version: 2 is newer than 1' in line
    with pytest.raises(InputError, match='update shg_xai'):
        create_store(folder, manifest())


def test_a_manifest_cannot_lead_out_of_the_store(folder: Path) -> None:
    text = (folder / 'manifest.json').read_text()
    (folder / 'manifest.json').write_text(text.replace('backbone-0.npy', '../backbone-0.npy'))
    with pytest.raises(InputError, match=r'manifest\.json: layer backbone:0: file: '):
        LatentStore.open(folder)


def test_the_command_line_shows_what_is_in_a_store(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    assert run_in_process(main, [folder], monkeypatch) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f'{folder}: 7 of 7 rows, complete'
    assert lines[3:5] == [
        '  backbone:0: 2 x 3 x 3, float16, 252 B',
        '  backbone.hourglasses.0.bottleneck: 4, float32, 112 B',
    ]
    for line in ('  split: val', '  config: 2 lines', '  checkpoint.path: a.pth', '  seed: 0'):
        assert line in lines
    assert run_in_process(main, [folder, '--verify'], monkeypatch) == 0
    assert capsys.readouterr().out == f'{folder}: 7 rows, all is well\n'


def test_the_command_line_ends_with_2_and_a_line_for_each_problem(
    folder: Path, repo_root: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    truncate(folder / SHARD / 'backbone-0.npy')
    assert run_in_process(main, [folder], monkeypatch) == 2
    assert 'has 199 bytes' in only_error(capsys.readouterr().err)
    done = subprocess.run(
        [sys.executable, '-m', 'shg_xai.latents', folder, '--verify'], cwd=repo_root, capture_output=True, text=True
    )
    first, second = done.stderr.splitlines()
    assert done.returncode == 2 and 'has 199 bytes' in first and 'incomplete: 5 of 7' in second


OPEN = """
import sys, time, tracemalloc
from pathlib import Path
from shg_xai.latents import LatentStore

def kilobytes(key):
    # Not getrusage: its peak is inherited from the process that started this one.
    status = Path('/proc/self/status')
    lines = status.read_text().splitlines() if status.exists() else [f'{key}: 0 kB']
    return next(int(line.split()[1]) for line in lines if line.startswith(key))

before = kilobytes('VmRSS')
start = time.perf_counter()
store = LatentStore.open(sys.argv[1])
seconds = time.perf_counter() - start
print(len(store), seconds, kilobytes('VmHWM') - before)
tracemalloc.start()
LatentStore.open(sys.argv[1])
print(tracemalloc.get_traced_memory()[1])
"""


@pytest.mark.slow
def test_a_store_of_150000_rows_opens_at_once(repo_root: Path, tmp_path: Path) -> None:
    rows = 150_000
    layers = tuple(Layer.named(f'layer{number}', (2,), 'float16') for number in range(3))
    large = Manifest(layers, rows, manifest().keypoint_names, (), {}, {})
    create_store(tmp_path / 'store', large)
    with ShardWriter(tmp_path / 'store', large) as writer:
        for start in range(0, rows, 5000):
            writer.add(
                [row(number) for number in range(start, start + 5000)],
                {layer.name: np.ones((5000, 2)) for layer in layers},
            )
    done = subprocess.run(
        [sys.executable, '-c', OPEN, tmp_path / 'store'], cwd=repo_root, capture_output=True, text=True, check=True
    )
    length, seconds, kilobytes, peak = done.stdout.split()
    assert int(length) == rows
    assert float(seconds) < 1
    assert int(kilobytes) < 50 * 1024 and int(peak) < 50 * 2**20
