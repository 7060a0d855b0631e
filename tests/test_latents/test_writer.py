"""Stores that are resumed, killed, or cannot be written."""

import errno
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shg_xai.errors import InputError
from shg_xai.latents import LatentStore, ShardWriter, create_store, shards, verify
from shg_xai.latents import writer as writer_module
from tests.helpers.latent_stores import FULL, HALF, arrays, keys, manifest, row, write


def test_a_new_store_has_no_rows_and_an_old_one_says_which(tmp_path: Path) -> None:
    folder = tmp_path / 'a' / 'store'
    assert create_store(folder, manifest()) == set()
    assert [file.name for file in folder.iterdir()] == ['manifest.json']
    write(folder, [4, 0, 2])
    assert create_store(folder, manifest(environment={})) == keys(0, 2, 4)
    write(folder, [1, 3, 5, 6])
    assert sorted(file.name for file in (folder / 'shards').iterdir()) == [
        '00-000000',
        '00-000001',
        '00-000002',
        '00-000003',
    ]
    assert LatentStore.open(folder).annotation_ids.tolist() == [104, 100, 102, 101, 103, 105, 106]
    assert verify(folder) == []


def test_a_store_of_something_else_is_not_gone_on_with(tmp_path: Path) -> None:
    create_store(tmp_path, manifest())
    other = manifest(source={**manifest().source, 'split': 'train'})
    with pytest.raises(InputError, match=r"another --out; .*source\.split: 'val' against 'train'"):
        create_store(tmp_path, other)


def test_a_folder_of_other_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / 'thesis.tex').touch()
    with pytest.raises(InputError, match=r'other files \(thesis.tex\).* choose another --out'):
        create_store(tmp_path, manifest())
    assert [file.name for file in tmp_path.iterdir()] == ['thesis.tex']


def test_a_manifest_that_was_not_finished_does_not_matter(tmp_path: Path) -> None:
    (tmp_path / '.manifest.json.0.part').write_text('{')
    assert create_store(tmp_path, manifest()) == set()


def test_a_file_in_place_of_the_folder_is_one_message(tmp_path: Path) -> None:
    (tmp_path / 'file').touch()
    for folder in (tmp_path / 'file', tmp_path / 'file' / 'store'):
        with pytest.raises(InputError, match=r'file.*: cannot be written: .*another --out'):
            create_store(folder, manifest())
    create_store(tmp_path / 'store', manifest())
    (tmp_path / 'store' / 'shards').touch()
    with pytest.raises(InputError, match='cannot be written'):
        ShardWriter(tmp_path / 'store', manifest())


def test_a_writer_needs_a_store_a_rank_and_memory(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'no manifest\.json'):
        ShardWriter(tmp_path, manifest())
    create_store(tmp_path, manifest())
    with pytest.raises(InputError, match='ranks 0 to 99'):
        ShardWriter(tmp_path, manifest(), rank=100)
    with pytest.raises(InputError, match='at least one row'):
        ShardWriter(tmp_path, manifest(), rows_per_shard=0)
    with pytest.raises(InputError, match='does not fit the memory'):
        ShardWriter(tmp_path, manifest(10**17), rows_per_shard=10**17)


def test_what_is_being_written_is_no_part_and_removed_by_its_rank(tmp_path: Path) -> None:
    write(tmp_path, [0])
    for name in ('.00-000001.part', '.01-000000.part'):
        (tmp_path / 'shards' / name).mkdir()
        (tmp_path / 'shards' / name / 'rows.parquet').touch()
    assert len(LatentStore.open(tmp_path)) == 1
    ShardWriter(tmp_path, manifest(), rank=0)
    assert sorted(file.name for file in (tmp_path / 'shards').iterdir()) == ['.01-000000.part', '00-000000']


def test_the_caller_may_use_its_arrays_again(tmp_path: Path) -> None:
    create_store(tmp_path, manifest())
    person, values = row(1, visibility=np.array([2, 1, 0], np.int8)), arrays([1])
    with ShardWriter(tmp_path, manifest()) as writer:
        writer.add([person], values)
        person['visibility'][:] = 0
        values[FULL][:] = 0
    store = LatentStore.open(tmp_path)
    assert store.table(['visibility'])['visibility'].to_pylist() == [[2, 1, 0]]
    assert store.array(FULL)[0].tolist() == [10, 11, 12, 13]


def test_a_closed_writer_takes_no_more(tmp_path: Path) -> None:
    create_store(tmp_path, manifest())
    with ShardWriter(tmp_path, manifest()) as writer:
        writer.add([row(1)], arrays([1]))
        writer.close()
    with pytest.raises(ValueError, match='after the writer was closed'):
        writer.add([row(2)], arrays([2]))
    assert len(LatentStore.open(tmp_path)) == 1


@pytest.mark.parametrize('error', [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_run_keeps_its_rows(tmp_path: Path, error: type[BaseException]) -> None:
    create_store(tmp_path, manifest())
    with pytest.raises(error), ShardWriter(tmp_path, manifest(), rows_per_shard=2) as writer:
        writer.add([row(0), row(1), row(2)], arrays([0, 1, 2]))
        raise error
    assert create_store(tmp_path, manifest()) == keys(0, 1, 2)


@pytest.mark.parametrize('after', [False, True])
def test_ctrl_c_while_a_shard_is_handed_over_stores_it_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, after: bool
) -> None:
    submit, calls = ThreadPoolExecutor.submit, list[Any]()

    def interrupted(self: ThreadPoolExecutor, work: Any, *args: Any) -> Any:
        given = submit(self, work, *args) if after or work is int or calls else None
        if work is not int:
            calls.append(args[0])
            if len(calls) == 1:
                raise KeyboardInterrupt
        return given

    create_store(tmp_path, manifest())
    writer = ShardWriter(tmp_path, manifest(), rows_per_shard=2)
    monkeypatch.setattr(ThreadPoolExecutor, 'submit', interrupted)
    with pytest.raises(KeyboardInterrupt), writer:
        writer.add([row(0), row(1)], arrays([0, 1]))
    assert LatentStore.open(tmp_path).annotation_ids.tolist() == [100, 101]
    assert len(calls) == (1 if after else 2)


def test_a_shard_is_written_while_the_next_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    filled, real = threading.Event(), shards.write_shard

    def slow(*args: Any) -> None:
        assert filled.wait(10)
        real(*args)

    monkeypatch.setattr(writer_module, 'write_shard', slow)
    create_store(tmp_path, manifest(5))
    with ShardWriter(tmp_path, manifest(5), rows_per_shard=2) as writer:
        writer.add([row(0), row(1), row(2)], arrays([0, 1, 2]))  # goes on, though nothing is written yet
        filled.set()
        writer.add([row(3), row(4)], arrays([3, 4]))
    store = LatentStore.open(tmp_path)
    assert store.annotation_ids.tolist() == [100, 101, 102, 103, 104] and verify(store) == []
    np.testing.assert_array_equal(store.array(FULL), arrays([0, 1, 2, 3, 4])[FULL])


def test_what_fails_while_it_is_written_is_said_and_nothing_comes_after(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, 'No space left on device')

    create_store(tmp_path, manifest(5))
    writer = ShardWriter(tmp_path, manifest(5), rows_per_shard=2)
    monkeypatch.setattr(writer_module, 'write_shard', full)
    writer.add([row(0), row(1)], arrays([0, 1]))
    with pytest.raises(InputError, match='cannot be written: No space left'):
        writer.add([row(2), row(3)], arrays([2, 3]))
    with pytest.raises(ValueError, match='could not write'):
        writer.add([row(4)], arrays([4]))
    writer.close()
    assert len(LatentStore.open(tmp_path)) == 0


def large(number: int) -> dict[str, np.ndarray]:
    """Values of which one does not fit float16, and others lose digits in it."""
    values = arrays([number])
    return {**values, HALF: np.linspace(1 / 3, 70000, 18, dtype=np.float32).reshape(1, 2, 3, 3)}


def test_a_value_too_large_for_float16_has_its_shard_and_the_next_stored_as_float32(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    create_store(tmp_path, manifest())
    with ShardWriter(tmp_path, manifest(), rows_per_shard=2) as writer:
        for number, values in enumerate((arrays([0]), arrays([1]), arrays([2]), large(3), arrays([4]))):
            writer.add([row(number)], values)
    with ShardWriter(tmp_path, manifest(), rows_per_shard=2) as writer:  # resumed
        writer.add([row(5), row(6)], arrays([5, 6]))
    store = LatentStore.open(tmp_path)
    kinds = [str(shard.array(HALF).dtype) for shard in store.shards()]
    assert kinds == ['float16', 'float32', 'float32', 'float32']
    assert [str(shard.array(FULL).dtype) for shard in store.shards()] == ['float32'] * 4
    assert store.array(HALF).dtype == np.float32 and store.complete and verify(store) == []
    expected = np.concatenate([arrays([0, 1, 2])[HALF], large(3)[HALF], arrays([4, 5, 6])[HALF]])
    np.testing.assert_array_equal(store.array(HALF), expected.astype(np.float32))
    said = 'layer backbone:0: 70000 is too large for float16; stored as float32 from here on'
    assert [record.getMessage() for record in caplog.records] == [said]


def test_what_no_float32_holds_is_refused(tmp_path: Path) -> None:
    create_store(tmp_path, manifest())
    values = {**arrays([1]), FULL: np.full((1, 4), 1e39)}
    refused = pytest.raises(InputError, match=r'backbone\.hourglasses\.0\.bottleneck: 1e\+39 is too large for float32')
    with refused, ShardWriter(tmp_path, manifest()) as writer:
        writer.add([row(0)], arrays([0]))
        writer.add([row(1)], values)
    assert LatentStore.open(tmp_path).annotation_ids.tolist() == [100]


def test_infinity_stays_what_it_is(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    create_store(tmp_path, manifest())
    with ShardWriter(tmp_path, manifest()) as writer:
        writer.add([row(0)], {**arrays([0]), HALF: np.full((1, 2, 3, 3), np.inf)})
    assert LatentStore.open(tmp_path).array(HALF).dtype == np.float16
    assert not caplog.records and 'NaN or infinite' in verify(tmp_path)[0]


def test_the_same_id_in_another_data_set_or_image_is_another_person(tmp_path: Path) -> None:
    create_store(tmp_path, manifest(3))
    with ShardWriter(tmp_path, manifest(3)) as writer:
        writer.add([row(0), row(0, dataset='others'), row(0, image_id=9)], arrays([0, 1, 2]))
    assert verify(tmp_path) == []
    assert create_store(tmp_path, manifest(3)) == {('people', 0, 100), ('others', 0, 100), ('people', 9, 100)}


@pytest.mark.parametrize(
    'change,message',
    [
        ({HALF: None}, 'layer backbone:0: missing'),
        ({'neck': np.zeros((1, 2))}, 'layer neck: unknown'),
        ({FULL: np.zeros((2, 4))}, r'layer .*bottleneck: float64 \(2, 4\) instead of float32 \(1, 4\)'),
        ({FULL: np.zeros((1, 3))}, r'\(1, 3\) instead of'),
        ({FULL: np.zeros((1, 4), complex)}, 'complex128'),
        ({FULL: np.array([[None] * 4])}, 'object'),
    ],
)
def test_arrays_that_do_not_fit_are_refused(tmp_path: Path, change: dict, message: str) -> None:
    create_store(tmp_path, manifest())
    values = {key: array for key, array in {**arrays([0]), **change}.items() if array is not None}
    with pytest.raises(InputError, match=message):
        ShardWriter(tmp_path, manifest()).add([row(0)], values)


@pytest.mark.parametrize(
    'change,message',
    [
        (dict(image_id=None), 'annotation 100: image_id: missing'),
        (dict(image_id=1.5), 'image_id: 1.5 does not fit int64'),
        (dict(image_id='7'), "image_id: needs 1 number, not '7'"),
        (dict(split=3), 'split: 3 is no text'),
        (dict(bbox=[1, 2]), 'bbox: needs 4 numbers'),
        (dict(bbox=[1, 2, 3, np.nan]), 'bbox: NaN or infinite'),
        (dict(bbox=[1, 2, 3, 1e39]), 'bbox: .* does not fit float'),
        (dict(keypoints=[[1, 2, 3]]), 'keypoints: needs 6 numbers'),
        (dict(keypoint_scores=[1, 2]), 'keypoint_scores: needs 3 numbers'),
        (dict(visibility=[0, 1, 4]), 'visibility: .* other than 0, 1, 2 and 3'),
        (dict(num_labelled=3), 'num_labelled: 3, but 2 joints'),
        (dict(postur=1), 'postur: no such'),
        ({'factors.posture': np.inf}, r'factors\.posture: NaN or infinite'),
        ({'factors.posture': 'x'}, r"factors\.posture: 'x' is no number"),
    ],
)
def test_rows_that_do_not_fit_are_refused(tmp_path: Path, change: dict, message: str) -> None:
    create_store(tmp_path, manifest())
    with pytest.raises(InputError, match=message):
        ShardWriter(tmp_path, manifest()).add([row(0, **change)], arrays([0]))


def test_a_full_disk_leaves_the_finished_shards(tmp_path: Path) -> None:
    disk = tmp_path / 'disk'
    disk.mkdir()
    mounted = (
        os.geteuid() == 0
        and subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], capture_output=True).returncode
    )
    if mounted != 0 or os.geteuid() != 0:
        pytest.skip('needs to mount a small disk')
    try:
        big = manifest(5000)
        create_store(disk / 'store', big)
        with (
            pytest.raises(
                InputError,
                match=r'store: cannot be written: No space left on device '
                r'\(free: \d+ MiB\); make room',
            ) as caught,
            ShardWriter(disk / 'store', big, rows_per_shard=1000) as writer,
        ):
            for start in range(0, 5000, 500):
                numbers = list(range(start, start + 500))
                zeros = {name: 0 * values for name, values in arrays(numbers).items()}
                # Texts that do not compress fill the disk in the rows, too.
                names = [f'{np.random.default_rng(number).bytes(200).hex()}' for number in numbers]
                writer.add([row(number, file_name=name) for number, name in zip(numbers, names, strict=True)], zeros)
        assert isinstance(caught.value.__cause__, OSError)
        whole = len(LatentStore.open(disk / 'store'))
        assert whole >= 1000 and whole % 1000 == 0
        assert not list((disk / 'store' / 'shards').glob('.*'))
        assert verify(disk / 'store') == [
            f'{disk / "store"}: incomplete: {whole} of 5000 rows; run the same command again'
        ]
    finally:
        subprocess.run(['umount', disk], check=True)


KILLED = """
import sys
from pathlib import Path
from shg_xai.latents import ShardWriter, create_store
from tests.helpers.latent_stores import arrays, keys, manifest, row
folder = Path(sys.argv[1])
there = create_store(folder, manifest(400))
left = [number for number in range(400) if not keys(number) <= there]
with ShardWriter(folder, manifest(400), rows_per_shard=8) as writer:
    print('started', flush=True)
    for start in range(0, len(left), 3):
        part = left[start:start + 3]
        writer.add([row(number) for number in part], arrays(part))
"""


def test_a_run_killed_five_times_ends_with_every_row_once(repo_root: Path, tmp_path: Path) -> None:
    folder, generator = tmp_path / 'store', np.random.default_rng(0)
    command = [sys.executable, '-c', KILLED, str(folder)]
    counts = []
    for _ in range(5):
        with subprocess.Popen(command, cwd=repo_root, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None and process.stdout.readline() == 'started\n'
            time.sleep(generator.uniform(0, 0.05))
            process.kill()
        counts.append(len(LatentStore.open(folder)))
    assert counts == sorted(counts)
    subprocess.run(command, cwd=repo_root, check=True, capture_output=True)
    store = LatentStore.open(folder)
    assert sorted(store.annotation_ids.tolist()) == list(range(100, 500))
    assert verify(store) == [] and not list((folder / 'shards').glob('.*'))
    for layer, expected in arrays((store.annotation_ids - 100).tolist()).items():
        np.testing.assert_array_equal(store.array(layer), expected.astype(store.array(layer).dtype))
    assert sorted(store.table()['factors.posture'].to_pylist()) == [n / 10 for n in range(400)]
