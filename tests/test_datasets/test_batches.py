"""Stacked batches: the same as MMEngine's lists, in fewer pieces."""

from typing import Any

import numpy as np
import pytest
import torch
from mmengine.dataset import pseudo_collate
from mmengine.structures import InstanceData, PixelData

import shg_xai.plugin  # noqa: F401

from mmpose.models import PoseDataPreprocessor  # isort: skip
from mmpose.structures import PoseDataSample  # isort: skip

from shg_xai.datasets.batches import stacked_collate
from shg_xai.datasets.unstacking import StackedPoseDataPreprocessor

SETTINGS: dict[str, Any] = dict(mean=[120.0, 110, 100], std=[50.0, 60, 70], bgr_to_rgb=True)


def loaded(count: int, *, sides: tuple[int, ...] = (8,)) -> list[dict[str, Any]]:
    """Samples as a pipeline leaves them, the heatmap's side of one after the other."""
    draw = np.random.default_rng(0)
    made = []
    for number in range(count):
        sample = PoseDataSample(metainfo=dict(id=number, input_size=(16, 12)))
        sample.gt_instances = InstanceData(keypoints=draw.random((1, 3, 2)))
        sample.gt_instance_labels = InstanceData(keypoint_weights=torch.from_numpy(draw.random((1, 3))))
        side = sides[number % len(sides)]
        sample.gt_fields = PixelData(heatmaps=torch.from_numpy(draw.random((3, side, side))))
        image = torch.from_numpy(draw.integers(0, 256, (3, 12, 16), dtype=np.uint8))
        made.append(dict(inputs=image, data_samples=sample))
    return made


def assert_same(found: Any, expected: Any) -> None:
    assert torch.equal(found['inputs'], expected['inputs'])
    for one, other in zip(found['data_samples'], expected['data_samples'], strict=True):
        assert one.metainfo.keys() == other.metainfo.keys() and one.id == other.id
        assert torch.equal(one.gt_fields.heatmaps, other.gt_fields.heatmaps)
        assert torch.equal(one.gt_instance_labels.keypoint_weights, other.gt_instance_labels.keypoint_weights)
        np.testing.assert_array_equal(one.gt_instances.keypoints, other.gt_instances.keypoints)


def test_a_batch_is_few_tensors_and_comes_out_as_mmposes() -> None:
    expected = PoseDataPreprocessor(**SETTINGS)(pseudo_collate(loaded(4)), True)
    batch = stacked_collate(loaded(4))
    assert batch['inputs'].shape == (4, 3, 12, 16) and batch['inputs'].dtype == torch.uint8
    shapes = {place: tuple(value.shape) for place, value in batch['targets'].items()}
    assert shapes == {('gt_instance_labels', 'keypoint_weights'): (4, 1, 3), ('gt_fields', 'heatmaps'): (4, 3, 8, 8)}
    assert not any('heatmaps' in sample.gt_fields for sample in batch['data_samples'])
    assert_same(StackedPoseDataPreprocessor(**SETTINGS)(batch, True), expected)


def test_a_batch_may_be_prepared_twice() -> None:
    preprocessor, batch = StackedPoseDataPreprocessor(**SETTINGS), stacked_collate(loaded(2))
    first = preprocessor(batch, True)['inputs']
    assert_same(preprocessor(batch, True), PoseDataPreprocessor(**SETTINGS)(pseudo_collate(loaded(2)), True))
    assert torch.equal(first, preprocessor(batch, False)['inputs'])


def test_what_differs_in_shape_stays_with_its_sample() -> None:
    samples = loaded(4, sides=(8, 6))
    batch = stacked_collate(samples)
    assert set(batch['targets']) == {('gt_instance_labels', 'keypoint_weights')}
    expected = PoseDataPreprocessor(**SETTINGS)(pseudo_collate(loaded(4, sides=(8, 6))), True)
    assert_same(StackedPoseDataPreprocessor(**SETTINGS)(batch, True), expected)


def test_mmengines_own_batches_are_taken_too() -> None:
    expected = PoseDataPreprocessor(**SETTINGS)(pseudo_collate(loaded(3)), False)
    assert_same(StackedPoseDataPreprocessor(**SETTINGS)(pseudo_collate(loaded(3)), False), expected)


def test_other_batches_are_mmengines() -> None:
    assert stacked_collate([(1, 'a'), (2, 'b')]) == pseudo_collate([(1, 'a'), (2, 'b')])
    latents = [dict(inputs=torch.zeros(2)), dict(inputs=torch.ones(2))]
    assert [value.tolist() for value in stacked_collate(latents)['inputs']] == [[0, 0], [1, 1]]


@pytest.mark.parametrize('start', ['fork', 'spawn'])
def test_processes_hand_over_the_same(start: str) -> None:
    loader: Any = torch.utils.data.DataLoader(
        loaded(4),  # type: ignore[arg-type]
        batch_size=2,
        num_workers=1,
        multiprocessing_context=start,
        collate_fn=stacked_collate,
    )
    found = [StackedPoseDataPreprocessor(**SETTINGS)(batch, True) for batch in loader]
    expected = PoseDataPreprocessor(**SETTINGS)(pseudo_collate(loaded(4)), True)
    assert torch.equal(torch.cat([one['inputs'] for one in found]), expected['inputs'])
    heatmaps = [sample.gt_fields.heatmaps for one in found for sample in one['data_samples']]
    assert torch.equal(torch.stack(heatmaps), torch.stack([s.gt_fields.heatmaps for s in expected['data_samples']]))


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
def test_preparing_a_batch_waits_for_nothing() -> None:
    preprocessor = StackedPoseDataPreprocessor(**SETTINGS).cuda()
    batch = stacked_collate(loaded(4))
    for place, values in batch['targets'].items():
        batch['targets'][place] = values.pin_memory()
    batch['inputs'] = batch['inputs'].pin_memory()
    torch.cuda.set_sync_debug_mode('error')
    try:
        found = preprocessor(batch, True)
    finally:
        torch.cuda.set_sync_debug_mode('default')
    expected = PoseDataPreprocessor(**SETTINGS)(pseudo_collate(loaded(4)), True)
    assert torch.equal(found['inputs'].cpu(), expected['inputs'])
