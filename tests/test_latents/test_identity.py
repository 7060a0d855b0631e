"""Who a person is, in one store and in two."""

from pathlib import Path

import numpy as np
import pytest

from shg_xai.chapters.comparison.measure import matched
from shg_xai.errors import InputError
from shg_xai.latents import LatentStore, Layer, Manifest, ShardWriter, create_store
from shg_xai.latents.identity import annotations_sha256, check_told_apart
from shg_xai.latents.selection import Selection, select
from tests.helpers.analysis_stores import LAYER, LINKS, person, write_store
from tests.helpers.data import NAMES


def store(folder: Path, name: str, sha256: str | None, first: int = 1) -> Selection:
    """Four persons with the ids 1 to 4, whose only value is their id; joints depend on ``first``."""
    data = dict(ann_file=f'{name}.json', sha256=sha256) if sha256 else {}
    content = Manifest(
        layers=(Layer.named(LAYER, (1,), 'float32'),),
        rows=4,
        keypoint_names=NAMES,
        skeleton_links=LINKS,
        source=dict(dataset=data),
        environment={},
    )
    create_store(folder / name, content)
    with ShardWriter(folder / name, content) as writer:
        rows = [person(first + number, 1 + number, 1 + number) for number in range(4)]
        writer.add(rows, {LAYER: np.arange(1.0, 5)[:, None]})
    return select(LatentStore.open(folder / name))


def test_the_same_ids_in_two_annotation_files_are_not_the_same_persons(tmp_path: Path) -> None:
    one, two = store(tmp_path, 'mine', '1' * 64), store(tmp_path, 'yours', '2' * 64)
    with pytest.raises(InputError, match=r'different content, mine\.json \(11111111\) and yours\.json \(22222222\)'):
        matched([one, two])


def test_a_renamed_file_is_the_same(tmp_path: Path) -> None:
    one, two = store(tmp_path, 'mine', '1' * 64), store(tmp_path, 'renamed', '1' * 64)
    assert [own.annotation_ids.tolist() for own in matched([one, two])] == [[1, 2, 3, 4]] * 2


@pytest.mark.parametrize('known', [None, '1' * 64])
def test_a_store_that_does_not_say_is_matched_by_what_was_annotated(tmp_path: Path, known: str | None) -> None:
    one, same, other = store(tmp_path, 'old', None), store(tmp_path, 'same', known), store(tmp_path, 'other', known, 7)
    assert annotations_sha256(one.store.manifest) is None
    assert len(matched([one, same])[0]) == 4
    with pytest.raises(InputError, match=r'old and .*other: have the same ids, but they are of different photos'):
        matched([one, other])


def test_one_annotation_id_in_two_images_is_two_persons(tmp_path: Path) -> None:
    values = np.arange(3.0)[:, None]
    folders = [write_store(tmp_path / name, values, [1, 1, 2], images) for name, images in NUMBERED.items()]
    one, two = (select(LatentStore.open(folder)) for folder in folders)
    found = matched([one, two])
    assert [own.keys for own in found] == [[('made', 5, 1), ('made', 6, 2)]] * 2
    assert [own.rows.tolist() for own in found] == [[0, 2], [0, 2]]


NUMBERED = dict(one=[5, 6, 6], two=[5, 7, 6])


def test_data_sets_in_one_store_that_share_an_id_are_not_analysed(tmp_path: Path) -> None:
    one = store(tmp_path, 'mine', '1' * 64)
    check_told_apart(one)
    content = one.store.manifest
    create_store(tmp_path / 'both', content)
    with ShardWriter(tmp_path / 'both', content) as writer:
        rows = [{**person(number, 1 + number // 2, number), 'dataset': f'set{number % 2}'} for number in range(4)]
        writer.add(rows, {LAYER: np.arange(1.0, 5)[:, None]})
    with pytest.raises(InputError, match='both: annotation 1 is there twice, of set0 and of set1'):
        check_told_apart(select(LatentStore.open(tmp_path / 'both')))
