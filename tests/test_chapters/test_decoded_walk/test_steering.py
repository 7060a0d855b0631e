"""Passes with steered latents on a network that can be followed by hand, whose skips, and whose poses."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.structures import InstanceData
from mmpose.registry import MODELS
from mmpose.structures import PoseDataSample
from torch import Tensor, nn
from torch.utils.data import Dataset

import shg_xai.plugin  # noqa: F401
from shg_xai.chapters.decoded_walk.directions import START, SteeringVector, Walks
from shg_xai.chapters.decoded_walk.effects import walk_of
from shg_xai.chapters.decoded_walk.measure import Decoded, conditions, in_crop, skips_around
from shg_xai.errors import InputError
from shg_xai.interventions.edits import Batch, shift
from shg_xai.interventions.evaluate import UNTOUCHED, evaluate, predictions
from shg_xai.interventions.network import Network
from shg_xai.interventions.persons import Persons, build_loader
from shg_xai.stats.bootstrap import Bootstrap

JOINTS = ('still', 'moving')
CFG = Config(dict(val_dataloader=dict(batch_size=2, num_workers=0)))


class Linear(nn.Module):
    """Puts its latent (N, 4) through one matrix: joint 0 stays, joint 1 is in entries 2 and 3."""

    def __init__(self) -> None:
        super().__init__()
        self.latent = nn.Linear(3, 4)

    def data_preprocessor(self, batch: dict[str, Any], training: bool) -> dict[str, Any]:
        return dict(inputs=torch.stack(batch['inputs']), data_samples=batch['data_samples'])

    def forward(self, inputs: Tensor, data_samples: list[PoseDataSample], mode: str) -> list[PoseDataSample]:
        assert mode == 'predict'
        for sample, values in zip(data_samples, self.latent(inputs).numpy(), strict=True):
            sample.pred_instances = InstanceData(
                keypoints=np.array([[[10.0, 10.0], 30 + values[2:]]]),
                keypoint_scores=np.array([[1.0, 0.5 + 0.001 * values[2]]]),
            )
        return data_samples


class Five(Dataset):
    """Five persons in crops of 100 x 50."""

    def __len__(self) -> int:
        return 5

    def __getitem__(self, index: int) -> dict[str, Any]:
        sample = PoseDataSample(
            metainfo=dict(
                input_center=np.array([50.0, 25.0]),
                input_scale=np.array([100.0, 50.0]),
                raw_ann_info=dict(keypoints=[10, 10, 2, 30, 30, 2]),
            ),
            gt_instances=InstanceData(
                keypoints=np.array([[[10.0, 10.0], [30, 30]]]), keypoints_visible=np.ones((1, 2))
            ),
        )
        return dict(inputs=torch.full((3,), float(index)), data_samples=sample)


@pytest.mark.parametrize('start', ['mean', 'person'])
def test_a_joint_moves_by_as_much_as_the_latent_says(start: str) -> None:
    torch.manual_seed(0)
    model, steps = Linear().eval(), np.array([-2.0, -1, 0, 1, 2])
    # Joint 1 is moved by 0.8 of the first direction, along y, and not at all by the second.
    vector, other = np.array([0, 0.6, 0, 0.8]), np.array([[1.0], [0], [0], [0]])
    walks = Walks([SteeringVector('component 1', 'component', 1, vector, 2.5, 0.5)], other, steps)
    base = np.array([0.0, 1, 2, 3]) if start == 'mean' else None
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    network = Network(model, CFG, JOINTS)
    asked = conditions(network, walks, 'latent', base, {})
    found = predictions(evaluate(network, build_loader(CFG, Five()), asked))
    assert set(found) == {UNTOUCHED.name, *walks.points()} and len(asked) == 1 + 9
    decoded, drawn = Decoded(found, walks, JOINTS, 0.5), Bootstrap(np.arange(5), 20)
    assert decoded.keypoints(0, 0).shape == (5, 5, 2, 2)
    own, beside = (decoded.poses(0, other) for other in (0, 1))
    np.testing.assert_allclose(own.poses[:, :, 0], 0.1)  # (10, 10) in a crop from (0, 0), side 100
    walk = walk_of(own, JOINTS, [None] * 5, drawn)
    for c, point in zip(steps, walk.points, strict=True):
        assert point.shift['still'].value == 0
        # 2.5 * 0.8 = 2 pixels of 100 per sigma.
        assert point.shift['moving'].value == pytest.approx(0.02 * abs(c), abs=1e-6)
    assert walk.shift_per_sigma.value == pytest.approx(0.01, 1e-4)
    assert beside.shift_per_sigma.max() == 0
    if start == 'person':
        np.testing.assert_array_equal(found[START].keypoints, found[UNTOUCHED.name].keypoints)
    else:
        np.testing.assert_allclose(found[START].keypoints[:, 1], 30 + np.array([[2.0, 3]] * 5))
        assert not np.array_equal(found[START].keypoints, found[UNTOUCHED.name].keypoints)
    # The network is as it was.
    assert not any(module._forward_hooks or 'forward' in module.__dict__ for module in model.modules())
    for name, value in model.state_dict().items():
        assert torch.equal(value, weights[name])


def test_shifted_latents_keep_type_and_format() -> None:
    def moved(x: Tensor, start: Tensor | None, offset: Tensor) -> Tensor:
        change: Any = shift(offset, start)(Batch(np.arange(len(x))), 'latent')
        return change(x)

    torch.manual_seed(0)
    x = torch.randn(3, 4, 2, 2).contiguous(memory_format=torch.channels_last)
    offset = torch.randn(16)
    assert torch.equal(moved(x, None, torch.zeros(16)), x)
    own = moved(x, None, offset)
    assert own.stride() == x.stride()
    assert torch.equal(own, x + offset.reshape(4, 2, 2))
    start = torch.randn(16)
    assert torch.equal(moved(x, start, offset)[1], (start + offset).reshape(4, 2, 2))
    half = moved(x.bfloat16(), None, torch.zeros(16))
    assert half.dtype == torch.bfloat16
    assert torch.equal(half, x.bfloat16())


def test_keypoints_in_the_frame_of_the_crop() -> None:
    found = in_crop(np.array([[[60.0, 40]]]), np.array([[50.0, 40]]), np.array([[40.0, 20]]))
    np.testing.assert_allclose(found, [[[0.75, 0.25]]])


def test_who_is_shown() -> None:
    def spread(persons: int, count: int) -> list[int]:
        return Persons(None, dict(image_id=np.arange(persons)), 'val').spread(count).tolist()

    assert spread(10, 4) == [0, 3, 6, 9]
    assert spread(3, 50) == [0, 1, 2]


def test_the_skips_that_are_replaced(repo_root: Path) -> None:
    backbone = dict(type='StackedHourglass', num_stacks=2, channels=4, depth=2, skip_connections=[True, [False, True]])
    model = nn.Module()
    model.backbone = MODELS.build(backbone)
    first = ['backbone.hourglasses.0.skips.0', 'backbone.hourglasses.0.skips.1']
    latent = 'backbone.hourglasses.{}.bottleneck_residuals'
    assert skips_around(model, latent.format(0), 'none') == first
    assert skips_around(model, latent.format(1), 'donor') == ['backbone.hourglasses.1.skips.1']
    assert skips_around(model, 'backbone.stem', 'own') == []
    with pytest.raises(InputError, match=r'--skips mean: backbone\.stem\.4 is no layer within'):
        skips_around(model, 'backbone.stem.4', 'mean')
