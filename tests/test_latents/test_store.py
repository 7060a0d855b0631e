"""Values come back as they went in, however they are asked for."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from shg_xai.errors import InputError
from shg_xai.latents import LatentStore, ShardWriter, create_store
from tests.helpers.latent_stores import FULL, HALF, arrays, manifest, row, write


@pytest.fixture
def store(tmp_path: Path) -> LatentStore:
    """Persons 0 to 4 of rank 0 in shards of 2, 2, 1 and 5 and 6 of rank 1 in one of 2."""
    write(tmp_path / 'store', [5, 6], rank=1)
    write(tmp_path / 'store', [0, 1, 2, 3, 4])
    return LatentStore.open(tmp_path / 'store')


def test_files_are_plain(store: LatentStore) -> None:
    shards = store.folder / 'shards'
    assert sorted(file.name for file in shards.iterdir()) == ['00-000000', '00-000001', '00-000002', '01-000000']
    assert sorted(file.name for file in (shards / '00-000000').iterdir()) == [
        'backbone-0.npy',
        'backbone.hourglasses.0.bottleneck.npy',
        'rows.parquet',
    ]
    values = np.load(shards / '00-000001' / 'backbone-0.npy', allow_pickle=False)
    assert values.dtype == np.float16 and values.flags.c_contiguous
    assert values[1, 1, 2, 2] == 10 * 3 + 17
    assert pq.read_metadata(shards / '00-000001' / 'rows.parquet').row_group(0).column(0).compression == 'ZSTD'
    # As anybody would read it, without us.
    assert pq.read_table(shards / '00-000001' / 'rows.parquet')['annotation_id'].to_pylist() == [102, 103]


def test_values_dtypes_and_order_come_back(store: LatentStore) -> None:
    assert len(store) == 7 and store.complete and store.layers == (HALF, FULL)
    assert store.annotation_ids.tolist() == [100, 101, 102, 103, 104, 105, 106]
    assert store.annotation_ids.dtype == np.int64
    for layer, expected in arrays(list(range(7))).items():
        values = np.asarray(store.array(layer))
        assert values.dtype == {HALF: np.float16, FULL: np.float32}[layer]
        np.testing.assert_array_equal(values, expected)
    assert np.asarray(store.array(FULL), dtype=float).dtype == float


def test_rows_come_back_with_null_for_what_is_absent(store: LatentStore) -> None:
    assert store.table().num_rows == 7
    assert store.table().column_names == list(store.columns)
    assert store.table(
        [
            'annotation_id',
            'bbox',
            'keypoints',
            'visibility',
            'num_labelled',
            'pck',
            'predicted_keypoints',
            'factors.posture',
        ]
    ).to_pylist()[3:5] == [
        dict(
            annotation_id=103,
            bbox=[3, 1, 20, 40],
            keypoints=[3, 2, 3, 4, 0, 0],
            visibility=[2, 1, 0],
            num_labelled=2,
            pck=None,
            predicted_keypoints=None,
            **{'factors.posture': 0.3},
        ),
        dict(
            annotation_id=104,
            bbox=[4, 1, 20, 40],
            keypoints=[4, 2, 3, 4, 0, 0],
            visibility=[2, 1, 0],
            num_labelled=2,
            pck=0.5,
            predicted_keypoints=[4] * 6,
            **{'factors.posture': 0.4},
        ),
    ]


@pytest.mark.parametrize(
    'index',
    [
        0,
        4,
        -1,
        np.int64(5),
        slice(None),
        slice(1, 6),
        slice(3, 4),
        slice(6, 1, -2),
        slice(9, 20),
        slice(None, None, 3),
        [5, 1, 1, -7],
        [],
        np.array([6, 0], np.uint8),
        [2, 4, 3],
        np.array([1, 0, 0, 1, 0, 1, 0], bool),
        [True] * 7,
        np.zeros(7, bool),
    ],
)
def test_indexing_equals_that_of_numpy(store: LatentStore, index: Any) -> None:
    whole = arrays(list(range(7)))[HALF].astype(np.float16)
    wanted = whole[index]
    found = store.array(HALF)[index]
    np.testing.assert_array_equal(found, wanted)
    assert type(found) is np.ndarray and found.dtype == wanted.dtype


@pytest.mark.parametrize('index', [7, -8, [0, 7], 1.5, [0.5], (1, 0), [[0]], [True] * 6, True, None, 'x'])
def test_other_indices_are_refused(store: LatentStore, index: object) -> None:
    with pytest.raises(IndexError):
        store.array(HALF)[index]


def test_only_the_shards_needed_are_read(store: LatentStore) -> None:
    (store.folder / 'shards' / '00-000001' / 'backbone-0.npy').unlink()
    assert store.array(HALF)[[6, 0]].shape == (2, 2, 3, 3)
    with pytest.raises(InputError, match=r'00-000001/backbone-0\.npy: cannot be read'):
        store.array(HALF)[2]


def test_a_sharded_array_looks_like_an_array(store: LatentStore) -> None:
    values = store.array(HALF)
    assert (values.shape, values.ndim, len(values), values.nbytes) == ((7, 2, 3, 3), 4, 7, 252)
    assert [row[0, 0, 0] for row in values] == [0, 10, 20, 30, 40, 50, 60]


def test_shards_know_their_place_and_map_their_files(store: LatentStore) -> None:
    assert [(shard.name, shard.start, shard.rows) for shard in store.shards()] == [
        ('00-000000', 0, 2),
        ('00-000001', 2, 2),
        ('00-000002', 4, 1),
        ('01-000000', 5, 2),
    ]
    last = list(store.shards())[-1]
    assert isinstance(last.array(FULL), np.memmap) and not last.array(FULL).flags.writeable
    assert last.table()['annotation_id'].to_pylist() == [105, 106]


def test_rows_are_chosen_by_an_expression(store: LatentStore) -> None:
    assert store.where('factors.posture > 0.25 and pck >= 0.5').tolist() == [4, 5]
    assert store.where("split == 'val' and not annotation_id < 105").tolist() == [5, 6]
    assert store.where('labelled').tolist() == []
    assert store.where('not labelled and factors.posture < 0.15').tolist() == [0, 1]
    assert store.where('1 < 2').tolist() == list(range(7))


@pytest.mark.parametrize(
    'expression,message',
    [
        ('factors.postur > 1', 'factors.postur: no such column; there is factors.posture'),
        ('bbox > 1', 'bbox: no such column'),
    ],
)
def test_a_column_that_cannot_be_chosen_by_is_named(store: LatentStore, expression: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        store.where(expression)


def test_unknown_names_are_answered_with_the_nearest(store: LatentStore) -> None:
    with pytest.raises(InputError, match=r"layer 'backbone:1'.* has backbone:0"):
        store.array('backbone:1')
    with pytest.raises(InputError, match=r"column 'pkc'.* has pck"):
        store.table(['pkc'])


def test_a_factor_of_some_rows_is_null_in_the_others(tmp_path: Path) -> None:
    create_store(tmp_path, manifest(3))
    with ShardWriter(tmp_path, manifest(3), rows_per_shard=2) as writer:
        writer.add([row(0), row(1, **{'factors.age': 9})], arrays([0, 1]))
        writer.add([row(2, pck=float('nan'))], arrays([2]))
    store = LatentStore.open(tmp_path)
    assert store.table(['factors.age'])['factors.age'].to_pylist() == [None, 9, None]
    assert store.table(['pck'])['pck'].to_pylist() == [None, 0.5, None]
    assert store.where('factors.age != 0').tolist() == [1]
    assert store.table([]).num_columns == 0


def test_a_store_without_shards_has_no_rows(tmp_path: Path) -> None:
    create_store(tmp_path, manifest())
    store = LatentStore.open(tmp_path)
    assert len(store) == 0 and not store.complete
    assert store.array(HALF)[:].shape == (0, 2, 3, 3) and store.annotation_ids.shape == (0,)
    assert store.table().num_rows == 0 and store.where('pck > 0').tolist() == []


def test_importing_leaves_the_network_out(repo_root: Path) -> None:
    code = (
        'import sys, shg_xai.latents, shg_xai.latents.__main__; '
        'print({"torch", "mmpose", "mmcv", "mmengine"} & set(sys.modules))'
    )
    done = subprocess.run([sys.executable, '-c', code], cwd=repo_root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == 'set()'
