"""Persons of a latent store as a data set: parts, layers, values, and what is refused."""

import pickle
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS

import shg_xai.plugin  # noqa: F401
from shg_xai.datasets.latent_dataset import LatentDataset
from shg_xai.errors import InputError
from shg_xai.latents.selection import held_out_images
from tests.helpers.analysis_stores import LAYER, blobs, spoil, write_store


@pytest.fixture
def values() -> np.ndarray:
    """40 persons, 2 x 3 x 2 values."""
    return blobs(40, 12).reshape(40, 2, 3, 2)


@pytest.fixture
def store(values: np.ndarray, tmp_path: Path) -> Path:
    """Two persons an image, nine persons a shard, in float16."""
    return write_store(tmp_path / 'store', values, dtype='float16', rows_per_shard=9)


def build(store: Path, **arguments: Any) -> LatentDataset:
    init_default_scope('mmpose')
    return DATASETS.build(dict(type='LatentDataset', data_root=str(store), **arguments))


def stacked(dataset: LatentDataset) -> np.ndarray:
    return torch.stack([dataset[index]['inputs'] for index in range(len(dataset))]).numpy()


def test_items_are_the_stored_values_in_float32(store: Path, values: np.ndarray) -> None:
    dataset = build(store)
    assert len(dataset) == 40
    assert dataset[7].keys() == {'inputs'}
    assert dataset[7]['inputs'].dtype == torch.float32
    np.testing.assert_array_equal(stacked(dataset), values.astype(np.float16))


def test_a_batch_is_its_items_in_the_order_asked_for(store: Path) -> None:
    dataset = build(store, rows='annotation_id > 3')
    asked = [30, 2, 17, 2, 11]  # of several shards
    batch = [item['inputs'] for item in dataset.__getitems__(asked)]
    assert torch.equal(torch.stack(batch), torch.stack([dataset[index]['inputs'] for index in asked]))


def test_parts_are_the_images_whose_checksums_come_first(store: Path, values: np.ndarray) -> None:
    images = np.arange(40) // 2
    first = sorted(range(20), key=lambda image: zlib.crc32(f'3 {image}'.encode()))[:5]
    held_out, train = (build(store, part=part, held_out=0.25, seed=3) for part in ('held_out', 'train'))
    np.testing.assert_array_equal(held_out.selection.rows, np.flatnonzero(np.isin(images, first)))
    np.testing.assert_array_equal(train.selection.rows, np.flatnonzero(~np.isin(images, first)))
    np.testing.assert_array_equal(stacked(train), values.astype(np.float16)[~np.isin(images, first)])


@pytest.mark.parametrize('share, count', [(0.1, 1), (0.5, 4), (0.51, 5), (0.9, 8)])
def test_a_share_is_rounded_up_to_whole_images(share: float, count: int) -> None:
    images = np.repeat(np.arange(8), [1, 2, 3, 1, 1, 4, 1, 2])
    mask = held_out_images(images, share, seed=0)
    assert len(np.unique(images[mask])) == count
    assert not set(images[mask]) & set(images[~mask])


def test_another_seed_holds_out_others(store: Path) -> None:
    rows = [set(build(store, part='held_out', held_out=0.3, seed=seed).selection.rows) for seed in (0, 0, 1)]
    assert rows[0] == rows[1] != rows[2]


def test_rows_are_chosen_before_parts(store: Path) -> None:
    everybody = build(store, rows='annotation_id <= 10').selection.rows
    parts = [
        build(store, rows='annotation_id <= 10', part=part, held_out=0.4).selection.rows
        for part in ('train', 'held_out')
    ]
    np.testing.assert_array_equal(everybody, np.arange(10))
    np.testing.assert_array_equal(np.sort(np.concatenate(parts)), everybody)


def test_metainfo_says_what_the_persons_are(store: Path) -> None:
    assert build(store, rows='annotation_id <= 10').metainfo == dict(
        store=str(store), layer=LAYER, shape=(2, 3, 2), part='all', persons=10, network=None
    )  # made, not dumped from a checkpoint


def test_a_worker_process_opens_the_files_itself(tmp_path: Path) -> None:
    values = blobs(64, 512)
    dataset = build(write_store(tmp_path / 'store', values))
    dataset[0]
    sent = pickle.dumps(dataset)
    assert len(sent) < values.nbytes / 4
    np.testing.assert_array_equal(stacked(pickle.loads(sent)), values)


def test_of_several_layers_one_has_to_be_named(tmp_path: Path) -> None:
    store = write_store(tmp_path / 'store', dict(first=blobs(8, 3), second=blobs(8, 5)))
    assert build(store, layer='second')[0]['inputs'].shape == (5,)
    with pytest.raises(InputError, match='set layer in every dataset to one of first, second'):
        build(store)


def test_a_person_with_nan_is_named(store: Path) -> None:
    spoil(store, 5, np.nan)
    dataset = build(store, rows='annotation_id > 3')
    dataset[1]
    with pytest.raises(InputError, match=f'layer {LAYER}: annotation 6 has a value that is NaN'):
        dataset[2]


def test_a_store_that_is_not_finished_is_refused(values: np.ndarray, tmp_path: Path) -> None:
    store = write_store(tmp_path / 'part', values, rows=100)
    with pytest.raises(InputError, match=r'part: incomplete, 40 of 100 persons'):
        build(store)


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(layer='botleneck'), "layer: 'botleneck' is not in this store; it has bottleneck"),
        (dict(part='test'), "part='test'; choose one of train, held_out, all"),
        (dict(held_out=0), 'held_out=0; give a share above 0 and below 1'),
        (dict(held_out=1.0), 'held_out=1.0; give a share'),
        (
            dict(part='train', rows='annotation_id < 3', held_out=0.9),
            "part 'train': nobody is left of 2 persons \\(images: 1\\)",
        ),
        (dict(rows='annotation_id > 1000'), 'no person of 40'),
    ],
)
def test_what_is_refused(store: Path, arguments: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        build(store, **arguments)


def test_no_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='no latent store'):
        build(tmp_path)
