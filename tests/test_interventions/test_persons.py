"""Who is tested, what is known of them, and in which order they come."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.config import Config
from mmpose.datasets import CocoDataset

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.interventions.network import stop_flipping
from shg_xai.interventions.persons import build_loader, evaluation_dataset, open_persons, other_image
from shg_xai.runner.provenance import identify
from tests.helpers.data import write_coco


def ids(loader: Any) -> list[int]:
    return [sample.raw_ann_info['id'] for batch in loader for sample in batch['data_samples']]


def test_what_annotations_say(opened: Callable[..., Any]) -> None:
    persons = opened().persons
    assert len(persons) == 6
    assert persons.columns['annotation_id'].tolist() == [10, 11, 20, 21, 30, 31]
    assert persons.image_ids.tolist() == [1, 1, 2, 2, 3, 3]
    assert persons.columns['num_labelled'].tolist() == [17, 14] * 3
    assert persons.columns['labelled'].tolist() == [True, False] * 3
    assert persons.columns['bbox_width'].tolist() == [75] * 6


@pytest.mark.parametrize('kind', ['CocoDataset', 'mmpose.CocoDataset', CocoDataset])
def test_mmposes_coco_persons_are_checked_too(opened: Callable[..., Any], tmp_path: Path, kind: Any) -> None:
    cfg = copy.deepcopy(opened().cfg)
    own = cfg.val_dataloader.dataset
    own.update(type=kind, data_root=str(write_coco(tmp_path)))
    assert len(open_persons(cfg, 'val')) == 6
    file = Path(own.data_root, own.ann_file)
    content = json.loads(file.read_text())
    content['annotations'][2]['id'] = 10
    file.write_text(json.dumps(content))
    with pytest.raises(InputError, match=r'annotations has id 10 twice \(of images 1 and 2\)'):
        open_persons(cfg, 'val')


def test_a_subset_keeps_its_order_and_may_hold_one_twice(opened: Callable[..., Any]) -> None:
    one = opened()
    some = one.persons.subset(np.array([4, 1, 1]))
    assert some.columns['annotation_id'].tolist() == ids(one.loader(some)) == [30, 11, 11]
    assert len(some) == 3
    assert ids(one.loader()) == [10, 11, 20, 21, 30, 31], 'the others are still there'


def test_a_subset_has_its_own_pipeline_however_many_were_made(opened: Callable[..., Any]) -> None:
    """MMEngine's get_subset remembers by address what it has copied, also what is gone since."""
    cfg = opened().cfg
    expected = [step['type'] for step in cfg.val_dataloader.dataset.pipeline if step['type'] != 'GenerateTarget']
    for _ in range(60):
        some = open_persons(cfg, 'val').subset(np.array([5, 0]))
        assert [type(step).__name__ for step in some.dataset.pipeline.transforms] == expected


@pytest.mark.parametrize(
    'count, numbers', [(1, [0]), (2, [0, 5]), (3, [0, 2, 5]), (6, [0, 1, 2, 3, 4, 5]), (9, [0, 1, 2, 3, 4, 5])]
)
def test_some_are_spread_evenly(opened: Callable[..., Any], count: int, numbers: list[int]) -> None:
    assert opened().persons.spread(count).tolist() == numbers


@pytest.mark.parametrize('split, first', [('val', [10, 11]), ('test', [10, 11]), ('train', [10, 11])])
def test_a_split_is_tested_as_validation_is(opened: Callable[..., Any], split: str, first: list[int]) -> None:
    cfg = opened().cfg
    persons = open_persons(cfg, split, limit=2)
    assert persons.columns['annotation_id'].tolist() == ids(build_loader(cfg, persons.dataset)) == first
    assert persons.split == split
    dataset, steps = evaluation_dataset(cfg, split, targets=True), cfg.val_dataloader.dataset.pipeline
    assert (dataset.test_mode, dataset.bbox_file, dataset.pipeline) == (True, '', steps)
    bare = evaluation_dataset(cfg, split)
    assert bare.pipeline == [step for step in steps if step['type'] != 'GenerateTarget'] != steps


def test_targets_are_made_where_they_are_asked_for(opened: Callable[..., Any]) -> None:
    cfg = opened().cfg
    bare, full = (next(iter(build_loader(cfg, open_persons(cfg, 'val', 2, one).dataset))) for one in (False, True))
    fields = [
        [('heatmaps' in sample.get('gt_fields', {})) for sample in batch['data_samples']] for batch in (bare, full)
    ]
    stacked = [{place for place, _ in batch.get('targets', {})} for batch in (bare, full)]
    assert fields[1] == [True, True] or 'gt_fields' in stacked[1]
    assert fields[0] == [False, False] and 'gt_fields' not in stacked[0]
    assert all((one == other).all() for one, other in zip(bare['inputs'], full['inputs'], strict=True))


def test_donors_are_of_another_image() -> None:
    images = np.array([1, 1, 1, 2, 3, 3])
    chosen = np.array([0, 1, 4])
    found = other_image(images, chosen, 0)
    assert found.shape == (3,) and (images[found] != images[chosen]).all()
    np.testing.assert_array_equal(found, other_image(images, chosen, 0))
    several = np.array([other_image(images, chosen, seed) for seed in range(30)])
    assert set(several[:, 0]) == {3, 4, 5}, 'any of another image, whoever else has it'
    with pytest.raises(InputError, match='all persons are of one image'):
        other_image(np.array([1, 1]), np.array([0]), 0)


def test_nobody_to_test(opened: Callable[..., Any]) -> None:
    cfg: Config = opened().cfg
    with pytest.raises(InputError, match='has no train_dataloader'):
        evaluation_dataset(Config(dict(val_dataloader=cfg.val_dataloader)), 'train')


def test_a_checkpoint_is_its_content_or_its_address(tmp_path: Path) -> None:
    path = tmp_path / 'a.pth'
    path.write_bytes(b'abc')
    found = identify(str(path))
    # FIPS 180-2, appendix B.1
    assert found.sha256 == 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'
    assert (found.file, found.url) == (str(path), None)
    address = 'https://example.org/weights.pth'
    assert (identify(address).url, identify(address).sha256) == (address, None)
    with pytest.raises(InputError, match='no such checkpoint'):
        identify(str(tmp_path / 'b.pth'))


@pytest.mark.parametrize(
    'model, was', [(dict(test_cfg=dict(flip_test=True)), True), (dict(test_cfg={}), False), ({}, False)]
)
def test_a_flip_test_can_be_turned_off(model: dict[str, Any], was: bool) -> None:
    cfg = Config(dict(model=model))
    assert stop_flipping(cfg) is was
    assert not (cfg.model.get('test_cfg') or {}).get('flip_test')
