"""Which persons an analysis is about."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from shg_xai.errors import InputError
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import names_for, select
from tests.helpers.analysis_stores import LAYER, selected, write_store

VALUES = np.arange(10 * 6, dtype=np.float32).reshape(10, 2, 3)


@pytest.fixture
def store(tmp_path: Path) -> LatentStore:
    """Ten persons, annotation ids 30, 29, ... 21, of five images, in shards of 4."""
    return LatentStore.open(write_store(tmp_path / 'store', VALUES, range(30, 20, -1), rows_per_shard=4))


def test_all_persons(store: LatentStore) -> None:
    chosen = select(store)
    assert (len(chosen), chosen.dimensions, chosen.layer) == (10, 6, LAYER)
    assert chosen.annotation_ids.tolist() == list(range(30, 20, -1))
    assert chosen.image_ids.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]


def test_blocks_are_the_persons_in_order(store: LatentStore) -> None:
    chosen = select(store, rows='annotation_id != 28')
    blocks = list(chosen.blocks(4))
    assert [block.start for block in blocks] == [0, 4, 8]
    values = [pickle.loads(pickle.dumps(block)).values() for block in blocks]
    assert [len(part) for part in values] == [4, 4, 1]
    assert values[0].dtype == np.float32
    assert np.array_equal(np.concatenate(values), np.delete(VALUES, 2, 0).reshape(9, 6))


@pytest.mark.parametrize(
    'rows, ids',
    [
        ('annotation_id > 27', [30, 29, 28]),
        ('image_id == 4 or annotation_id == 30', [30, 22, 21]),
        ('labelled', [30, 29, 28, 26, 25, 23, 22]),
    ],
)
def test_conditions(store: LatentStore, rows: str, ids: list[int]) -> None:
    # Of persons 0, 3, 6, 9 the number modulo 7 are the joints without a label: 0, 3, 6 and 2.
    assert select(store, rows=rows).annotation_ids.tolist() == ids


@pytest.mark.parametrize(
    'layer, rows, message',
    [
        (None, 'annotation_id == 30', "one person of 10 meets --rows 'annotation_id == 30'"),
        (None, 'annotation_id > 99', "no person of 10 meets --rows 'annotation_id > 99'"),
        (None, 'anotation_id > 99', 'annotation_id'),
        (None, 'annotation_id >', ''),
        ('botleneck', 'all', "layer 'botleneck': not in this store; it has bottleneck"),
    ],
)
def test_what_cannot_be_selected(store: LatentStore, layer: str | None, rows: str, message: str) -> None:
    with pytest.raises(InputError) as caught:
        select(store, layer, rows)
    assert message in str(caught.value)


def test_a_layer_of_several_must_be_named(tmp_path: Path) -> None:
    both = dict(first=VALUES[:, 0], second=VALUES)
    store = LatentStore.open(write_store(tmp_path / 'store', both))
    with pytest.raises(InputError, match='has 2 layers, name one with --layers: first, second'):
        select(store)
    assert select(store, 'second').dimensions == 6
    with pytest.raises(InputError, match='it has second'):
        select(store, 'secnd')


def test_one_person_is_too_few(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='store: one person; an analysis needs at least two'):
        selected(tmp_path / 'store', VALUES[:1])


def test_halves_keep_images_together(tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 101, 400)
    chosen = selected(tmp_path / 'store', np.arange(400.0)[:, None], images=images)
    half = chosen.halves(5)
    inside, outside = set(images[half]), set(images[~half])
    assert not inside & outside
    assert abs(len(inside) - len(outside)) <= 1
    assert 0.35 < half.mean() < 0.65
    assert np.array_equal(half, chosen.halves(5))
    assert not np.array_equal(half, chosen.halves(6))


def test_an_image_is_in_the_same_half_of_every_order(tmp_path: Path) -> None:
    images = np.arange(40) // 2
    first = selected(tmp_path / 'a', np.arange(40.0)[:, None], images=images).halves(1)
    second = selected(tmp_path / 'b', np.arange(40.0)[:, None], images=images[::-1]).halves(1)
    assert np.array_equal(first, second[::-1])
    assert first.sum() == 20


def test_take(store: LatentStore) -> None:
    chosen = select(store, rows='annotation_id < 29')
    odd = np.arange(8) % 2 == 1
    for persons in (odd, np.flatnonzero(odd)):
        part = chosen.take(persons)
        assert part.annotation_ids.tolist() == [27, 25, 23, 21]
        assert next(part.blocks()).values()[0].tolist() == VALUES[3].ravel().tolist()


@pytest.mark.parametrize(
    'folder, name',
    [
        ('latents/shg_people', 'shg_people'),
        ('latents/shg_people/', 'shg_people'),
        ('SHG People (2)', 'shg_people__2'),
        ('Köpfe', 'k_pfe'),
        ('人', 'store'),
        ('/', 'store'),
        ('a.b-c', 'a_b_c'),
        ('../' + 'x' * 100, 'x' * 60),
        ('<script>', 'script'),
    ],
)
def test_names_are_plain(folder: str, name: str) -> None:
    assert names_for([(folder, 'neck')]) == [name]


def test_names_are_unique() -> None:
    assert names_for([('runs/a', 'neck'), ('b/a', 'head'), ('a', 'neck')]) == ['a', 'a-2', 'a-3']
    assert names_for([('a', 'neck')] * 2) == ['a', 'a-2']


def test_layers_of_one_store_are_told_apart() -> None:
    stacks = [
        f'backbone.hourglasses.{stack}.{layer}'
        for stack in (0, 1)
        for layer in ('bottleneck.encoder', 'bottleneck_residuals')
    ]
    assert names_for([('a', stacks[0]), ('b', stacks[0]), ('runs/../a', stacks[1])]) == [
        'a-encoder',
        'b',
        'a-bottleneck_residuals',
    ]
    assert names_for([('a', layer) for layer in stacks]) == [
        'a-0_bottleneck_encoder',
        'a-0_bottleneck_residuals',
        'a-1_bottleneck_encoder',
        'a-1_bottleneck_residuals',
    ]
    # The end of one may be the whole of another.
    assert names_for([('a', 'neck'), ('a', 'backbone.neck')]) == ['a-neck', 'a-backbone_neck']
