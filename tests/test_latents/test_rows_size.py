"""How much the rows add to the arrays, what is rounded for it, and stores from before."""

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from shg_xai.latents import LatentStore, Layer, Manifest, ShardWriter, create_store, verify
from shg_xai.latents.schema import ADDED
from tests.helpers.data import MIRROR, NAMES
from tests.helpers.latent_stores import arrays, manifest, row, write

PERSONS, VALUES = 1024, 4096
SIZE = (640, 480)
EXACT = (
    'annotation_id',
    'image_id',
    'file_name',
    'bbox',
    'crop_center',
    'crop_scale',
    'keypoints',
    'visibility',
    'pck',
    'image_width',
    'image_height',
)


def person(rng: np.random.Generator, number: int, image: int) -> dict[str, Any]:
    """A person as COCO has them, every joint labelled, and a prediction anywhere in the crop."""
    width, height = rng.uniform(30, 300), rng.uniform(60, 400)
    x, y = rng.uniform(0, SIZE[0] - width), rng.uniform(0, SIZE[1] - height)
    bbox = np.round([x, y, width, height], 2)
    center, side = bbox[:2] + bbox[2:] / 2, 1.1 * bbox[2:].max()
    points = rng.integers(bbox[:2], bbox[:2] + bbox[2:] + 1, (17, 2))
    return dict(
        annotation_id=number,
        image_id=image,
        file_name=f'{image:012}.jpg',
        dataset='coco',
        split='val',
        bbox=bbox,
        crop_center=center,
        crop_scale=(side, side),
        keypoints=points,
        visibility=rng.choice((1, 2), 17, p=(0.15, 0.85)),
        predicted_keypoints=center + side * rng.uniform(-0.5, 0.5, (17, 2)),
        keypoint_scores=rng.uniform(0, 1, 17),
        keypoint_spreads=rng.lognormal(-5, 0.5, 17),
        pck=rng.integers(0, 18) / 17,
        image_width=SIZE[0],
        image_height=SIZE[1],
    )


@pytest.fixture
def coco_like() -> list[dict[str, Any]]:
    """1024 persons, two an image."""
    rng = np.random.default_rng(0)
    numbers = rng.choice(2_200_000, PERSONS, replace=False).tolist()
    images = np.sort(rng.choice(580_000, PERSONS // 2, replace=False)).tolist()
    return [person(rng, number, images[place // 2]) for place, number in enumerate(numbers)]


def test_a_store_takes_hardly_more_than_its_values(tmp_path: Path, coco_like: list[dict[str, Any]]) -> None:
    latents = np.random.default_rng(1).normal(size=(PERSONS, 256, 4, 4)).astype(np.float16)
    made_of = Manifest((Layer.named('latent', (256, 4, 4)),), PERSONS, NAMES, tuple(enumerate(MIRROR)), {}, {})
    create_store(tmp_path, made_of)
    with ShardWriter(tmp_path, made_of) as writer:
        writer.add(coco_like, dict(latent=latents))
    sizes = {file.name: file.stat().st_size for file in tmp_path.rglob('*') if file.is_file()}
    assert sizes['latent.npy'] == 128 + PERSONS * VALUES * 2
    assert sizes['rows.parquet'] <= 176 * PERSONS
    assert sum(sizes.values()) <= 1.022 * PERSONS * VALUES * 2

    table = LatentStore.open(tmp_path).table()
    for name in EXACT:
        found = table[name].to_pylist()
        if name == 'file_name':
            assert found == [known[name] for known in coco_like]
        else:
            expected = np.array([np.ravel(known[name]) for known in coco_like]).squeeze()
            np.testing.assert_array_equal(np.array(found, np.float32), expected.astype(np.float32))
    for name, absolute, relative in (
        ('predicted_keypoints', 1 / 32, 0),
        ('keypoint_scores', 0, 1 / 256),
        ('keypoint_spreads', 0, 1 / 64),
    ):
        expected = np.array([np.ravel(known[name]) for known in coco_like])
        np.testing.assert_allclose(np.array(table[name].to_pylist()), expected, atol=absolute, rtol=relative)


def test_predictions_are_rounded_and_annotations_are_not(tmp_path: Path) -> None:
    create_store(tmp_path, manifest(1))
    # 1/16 = 0.0625. Of 0.7 = 0.10110011 0011... in binary the first 8 digits are 179/256; 0.001
    # is 131.07 times 2 ** -17.
    points = [1.03, 1.04, -5.5, 1000.1, 0, 3.0625]
    with ShardWriter(tmp_path, manifest(1)) as writer:
        writer.add(
            [
                row(
                    1,
                    predicted_keypoints=points,
                    keypoints=points,
                    pck=0.7,
                    keypoint_scores=[0.7, 0.001, 0],
                    keypoint_flip_distances=[0.7, 0.001, 0],
                )
            ],
            arrays([1]),
        )
    found = LatentStore.open(tmp_path).table().to_pylist()[0]
    assert found['predicted_keypoints'] == [1, 1.0625, -5.5, 1000.125, 0, 3.0625]
    assert found['keypoint_scores'] == [179 / 256, 131 / 2**17, 0]
    # Of the first 6 digits 45/64, and 33 times 2 ** -15.
    assert found['keypoint_flip_distances'] == [45 / 64, 33 / 2**15, 0] and found['keypoint_spreads'] is None
    assert found['keypoints'] == [float(np.float32(value)) for value in points]
    assert found['pck'] == float(np.float32(0.7))
    assert found['factors.posture'] == 0.1


def test_the_size_of_an_image_can_be_chosen_by(tmp_path: Path) -> None:
    create_store(tmp_path, manifest(3))
    with ShardWriter(tmp_path, manifest(3)) as writer:
        writer.add([row(0, image_width=160, image_height=120), row(1), row(2, image_width=640)], arrays([0, 1, 2]))
    store = LatentStore.open(tmp_path)
    assert verify(store) == []
    assert store.table(['image_width', 'image_height']).to_pydict() == dict(
        image_width=[160, None, 640], image_height=[120, None, None]
    )
    assert store.table(['image_width']).schema.field('image_width').type == pa.int32()
    assert store.where('image_width > 200').tolist() == [2]
    assert store.where('not image_width > 200').tolist() == [0]
    assert store.where('image_width / image_height < 2').tolist() == [0]


def as_before(store: Path, name: str) -> None:
    """Make the rows of a shard what the first stores had."""
    file = store / 'shards' / name / 'rows.parquet'
    table = pq.read_table(file).drop_columns(ADDED)
    pq.write_table(table, file, compression='zstd')


def test_a_store_from_before_opens_and_goes_on(tmp_path: Path) -> None:
    store = write(tmp_path / 'store', [0, 1, 2, 3])
    for name in ('00-000000', '00-000001'):
        as_before(store, name)
    old = LatentStore.open(store)
    columns = list(ADDED)
    assert old.table(columns).to_pydict() == dict.fromkeys(columns, [None] * 4)
    assert old.table().column_names == list(old.columns)
    assert old.where('image_width > 0').tolist() == []
    with ShardWriter(store, manifest()) as writer:
        writer.add([row(number, image_width=9, image_height=8, area=7.5) for number in (4, 5, 6)], arrays([4, 5, 6]))
    new = LatentStore.open(store)
    assert new.table(columns)['image_width'].to_pylist() == [None] * 4 + [9] * 3
    assert new.table()['image_height'].to_pylist() == [None] * 4 + [8] * 3
    assert new.table()['area'].to_pylist() == [None] * 4 + [7.5] * 3
    assert new.where('image_width == 9').tolist() == [4, 5, 6]
    assert verify(store) == []
