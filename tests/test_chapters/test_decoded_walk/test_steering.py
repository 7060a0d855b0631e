"""Passes with steered latents on a network that can be followed by hand, whose skips, and whose poses."""

from collections.abc import Sequence
from dataclasses import replace
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
from shg_xai.chapters.decoded_walk.directions import START, SteeringVector, Walks, component_directions, data_directions
from shg_xai.chapters.decoded_walk.effects import beside_random, walk_of
from shg_xai.chapters.decoded_walk.measure import Decoded, conditions, in_crop, random_numbers, skips_around
from shg_xai.chapters.decoded_walk.options import DecodedWalkOptions
from shg_xai.errors import InputError
from shg_xai.interventions.edits import Batch, shift
from shg_xai.interventions.evaluate import UNTOUCHED, evaluate, predictions
from shg_xai.interventions.moves import Mover
from shg_xai.interventions.network import Network
from shg_xai.interventions.persons import Persons, build_loader
from shg_xai.random_streams import stream
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.pca import principal_components

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


class Two(Five):
    """The first of them and the fourth, over and over."""

    def __init__(self, chosen: Sequence[int] = (0, 1)) -> None:
        self.chosen = chosen

    def get_subset_(self, chosen: list[int]) -> None:
        self.chosen = chosen

    def __len__(self) -> int:
        return len(self.chosen)

    def __getitem__(self, index: int) -> dict[str, Any]:
        return super().__getitem__((0, 3)[self.chosen[index]])


@pytest.mark.parametrize('start', ['mean', 'person'])
def test_a_joint_moves_by_as_much_as_the_latent_says(start: str) -> None:
    torch.manual_seed(0)
    model, steps = Linear().eval(), np.array([-2.0, -1, 0, 1, 2])
    # Joint 1 is moved by 0.8 of the first direction, along y, and not at all by the second.
    vectors = dict(zip(('moving', 'idle'), (np.array([0, 0.6, 0, 0.8]), np.eye(4)[0]), strict=True))
    walks = Walks([SteeringVector(name, 'concept', None, own, 2.5, 0.5) for name, own in vectors.items()], steps)
    base = np.array([0.0, 1, 2, 3]) if start == 'mean' else None
    weights = {name: value.clone() for name, value in model.state_dict().items()}
    network = Network(model, CFG, JOINTS)
    asked = conditions(network, walks, 'latent', base, {})
    found = predictions(evaluate(network, build_loader(CFG, Five()), asked))
    assert set(found) == {UNTOUCHED.name, *walks.points()} and len(asked) == 1 + 9
    decoded, drawn = Decoded(found, walks, JOINTS, 0.5), Bootstrap(np.arange(5), 20)
    assert decoded.keypoints(0).shape == (5, 5, 2, 2)
    own, idle = decoded.poses(0), decoded.poses(1)
    np.testing.assert_allclose(own.poses[:, :, 0], 0.1)  # (10, 10) in a crop from (0, 0), side 100
    walk = walk_of(own, JOINTS, [None] * 5, drawn)
    for c, point in zip(steps, walk.points, strict=True):
        assert point.shift['still'].value == 0
        # 2.5 * 0.8 = 2 pixels of 100 per sigma.
        assert point.shift['moving'].value == pytest.approx(0.02 * abs(c), abs=1e-6)
    assert walk.shift_per_sigma.value == pytest.approx(0.01, 1e-4)
    assert idle.shift_per_sigma.max() == 0
    if start == 'person':
        np.testing.assert_array_equal(found[START].keypoints, found[UNTOUCHED.name].keypoints)
    else:
        np.testing.assert_allclose(found[START].keypoints[:, 1], 30 + np.array([[2.0, 3]] * 5))
        assert not np.array_equal(found[START].keypoints, found[UNTOUCHED.name].keypoints)
    # The network is as it was.
    assert not any(module._forward_hooks or 'forward' in module.__dict__ for module in model.modules())
    for name, value in model.state_dict().items():
        assert torch.equal(value, weights[name])


@pytest.mark.parametrize('start', ['mean', 'person'])
def test_what_moves_a_joint_stands_out_of_199_random_directions(start: str) -> None:
    """Persons differ by far most where the network does not look: joint 1 is in entries 2 and 3 alone."""
    torch.manual_seed(0)
    network = Network(Linear().eval(), CFG, JOINTS)
    components = principal_components(np.array([0.0, 1, 2, 3]), np.diag([400.0, 300, 1, 1]))
    along = component_directions(components, [1, 3], 500)
    # As long a step along each.
    walks = Walks([replace(one, step=2.5) for one in along], np.array([-2.0, 0, 2]))
    base, few = components.mean if start == 'mean' else None, np.array([0, 3])
    persons = Persons(Five(), dict(image_id=np.arange(5)), 'val')
    asked = conditions(network, walks, 'latent', base, {})
    found = predictions(evaluate(network, build_loader(CFG, persons.dataset), asked))
    mover = Mover(network, Persons(Two(), dict(image_id=np.arange(2)), 'val'), 'latent', base)
    options = DecodedWalkOptions(config='', checkpoint='', store=Path('store'), seed=3)
    drawn = random_numbers(Decoded(found, walks, JOINTS, 0.5), few, mover, components, options)
    assert drawn.shape == (200, 2, 2)  # of concepts these two joints have labelled_share alone
    idle, moving = beside_random(drawn, ['labelled_share'], 2)
    # 2.5 of 100 pixels a sigma, one joint of two.
    assert moving.shift_per_sigma.value == pytest.approx(0.0125, abs=1e-6)
    assert moving.shift_per_sigma.found
    assert idle.shift_per_sigma.value == pytest.approx(0, abs=1e-6)
    assert idle.shift_per_sigma.p == 1
    # By hand: the network sees entries 2 and 3 of each random direction, which both are as long.
    vectors = data_directions(components, 199, stream(3, 'decoded_directions', 1))
    np.testing.assert_allclose(drawn[1:, 1, 0], 0.0125 * np.hypot(vectors[2], vectors[3]), atol=1e-6)


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
