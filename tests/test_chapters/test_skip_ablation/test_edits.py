"""Passes with skips and latents replaced against full passes with hooks of our own."""

import copy
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS

from shg_xai.chapters.skip_ablation.conditions import UNTOUCHED, Condition, all_conditions, donors
from shg_xai.chapters.skip_ablation.inputs import open_subject
from shg_xai.chapters.skip_ablation.options import AblationOptions
from shg_xai.chapters.skip_ablation.passes import (
    changeable_layers,
    mean_outputs,
    measure_conditions,
    present_levels,
    read_outputs,
    replaced_by,
)
from shg_xai.interventions.subject import Subject
from shg_xai.tracing.tap import tap
from tests.helpers.data import write_coco
from tests.test_interventions.test_capture import (
    load,
    one_thread,  # noqa: F401
    save_network,
    small_config,
)

THR = 0.4  # loose enough for a random network's PCK to tell conditions apart
FLIP = dict(flip_test=True, flip_mode='heatmap', shift_heatmap=False)
TWO = dict(backbone=dict(num_stacks=2))
Seen = dict[str, list[np.ndarray]]  # by layer, for each call of a pass, (persons, C, H, W)


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Six persons to test on: batches of four and two."""
    return write_coco(tmp_path_factory.mktemp('data') / 'coco')


def network_maker(repo_root: Path, data: Path, folder: Path) -> Callable[..., Config]:
    """Makes small networks of random weights, configs with checkpoints in a folder."""

    def make(model: dict[str, Any] | None = None, seed: int = 0) -> Config:
        cfg = small_config(
            repo_root / 'configs/shg_coco.py',
            data,
            folder / 'work',
            f'val_evaluator.0.thr={THR}',
            f'test_evaluator.thr={THR}',
        )
        cfg.merge_from_dict(dict(model=deepcopy(model or {})))  # it takes _delete_ out
        cfg.load_from, cfg.resume = str(save_network(cfg, folder / f'{seed}.pth', seed)), False
        return cfg

    return make


@pytest.fixture
def made(data: Path, tmp_path: Path, repo_root: Path) -> Callable[..., Config]:
    """Makes small networks of random weights."""
    return network_maker(repo_root, data, tmp_path)


def opened(cfg: Config) -> tuple[Subject, list[list[int]]]:
    cfg.experiment_name += '_'
    subject, _ = open_subject(cfg, cfg.load_from, AblationOptions())
    return subject, present_levels(subject.model, 'config')


def batches(cfg: Config, order: np.ndarray | None = None) -> list[Any]:
    """The persons of the validation set, in an order, in the config's batches."""
    init_default_scope('mmpose')
    dataset = DATASETS.build(cfg.val_dataloader.dataset)
    persons = [dataset[int(index)] for index in (range(6) if order is None else order)]
    return [pseudo_collate(persons[start : start + 4]) for start in (0, 4)]


def prepared(cfg: Config, order: np.ndarray | None = None) -> tuple[torch.nn.Module, list[Any]]:
    """The network with its weights, and the batches."""
    return load(cfg, cfg.load_from).eval(), batches(cfg, order)


def seen_by_hand(cfg: Config, layers: list[str], order: np.ndarray | None = None) -> Seen:
    """What layers put out in full test steps, by call, the persons in an order."""
    model, own = prepared(cfg, order)
    found, calls = [], {}
    for name in layers:
        model.get_submodule(name).register_forward_hook(
            lambda module, inputs, output, name=name: calls[name].append(output.clone())
        )
    with torch.no_grad():
        for batch in own:
            calls.update((name, []) for name in layers)
            model.test_step(batch)
            found.append({name: [output.numpy() for output in own] for name, own in calls.items()})
    return {
        name: [np.concatenate(parts) for parts in zip(*(entry[name] for entry in found), strict=True)]
        for name in layers
    }


def keypoints_by_hand(network: tuple[torch.nn.Module, list[Any]], given: Seen | None = None) -> np.ndarray:
    """Keypoints (6, 17, 2) of full test steps in which layers put out what is given."""
    (model, own), given = network, given or {}
    found, start, calls = [], 0, dict.fromkeys(given, 0)

    def give(name: str, output: torch.Tensor) -> torch.Tensor:
        values = given[name][calls[name]][start : start + len(output)]
        calls[name] += 1
        return torch.from_numpy(values).float().to(memory_format=torch.channels_last)

    hooks = [
        model.get_submodule(name).register_forward_hook(lambda module, inputs, output, name=name: give(name, output))
        for name in given
    ]
    for batch in own:
        calls.update(dict.fromkeys(given, 0))
        with torch.no_grad():
            found += [sample.pred_instances.keypoints[0] for sample in model.test_step(batch)]
        start += 4
    for hook in hooks:
        hook.remove()
    return np.stack(found)


def layers_by_hand(condition: Condition, stacks: int) -> list[str]:
    """What a condition replaces in a network of two levels."""
    own = range(stacks) if condition.stack is None else [condition.stack]
    if condition.latent:
        return [f'backbone.hourglasses.{stack}.bottleneck_residuals' for stack in own]
    levels = {'all off': (0, 1), 'level off': (condition.level,), 'level on alone': (1 - (condition.level or 0),)}[
        condition.skips
    ]
    return [f'backbone.hourglasses.{stack}.skips.{level}' for stack in own for level in levels]


@pytest.mark.parametrize(
    'model, stacks',
    [
        (None, 1),
        pytest.param(dict(test_cfg=FLIP), 1, marks=pytest.mark.slow),
        pytest.param(TWO, 2, marks=pytest.mark.slow),
    ],
    ids=['one', 'flip test', 'two'],
)
def test_every_condition_is_that_of_a_full_pass(
    made: Callable[..., Config], model: dict[str, Any] | None, stacks: int
) -> None:
    cfg = made(model)
    subject, present = opened(cfg)
    assert present == [[0, 1]] * stacks
    layers, order = changeable_layers(present), donors(6, 3)
    assert len(layers) == 3 * stacks
    conditions = all_conditions(present, [0, 1])
    assert len(conditions) == 18 * (1 if stacks == 1 else 3)
    means = mean_outputs(subject, layers)
    found = measure_conditions(subject, conditions, present, means, order, {})
    own = seen_by_hand(cfg, layers)
    given = dict(
        zero={name: [np.zeros_like(one) for one in calls] for name, calls in own.items()},
        mean={
            name: [np.broadcast_to(one.mean(0, dtype=float), one.shape).copy() for one in calls]
            for name, calls in own.items()
        },
        donor=seen_by_hand(cfg, layers, order),
    )
    for name, calls in own.items():
        assert len(calls) == len(means[name]) == (2 if model and 'test_cfg' in model else 1)
        for one, mean in zip(calls, means[name], strict=True):
            np.testing.assert_allclose(mean[0].numpy(), one.mean(0, dtype=float), atol=1e-12)
    network, different = prepared(cfg), 0
    np.testing.assert_array_equal(found[UNTOUCHED].keypoints, keypoints_by_hand(network))
    for condition in conditions:
        expected = keypoints_by_hand(
            network, {name: given[condition.replacement][name] for name in layers_by_hand(condition, stacks)}
        )
        np.testing.assert_allclose(found[condition].keypoints, expected, atol=1e-3, err_msg=str(condition))
        different += not np.array_equal(expected, found[UNTOUCHED].keypoints)
    assert different > len(conditions) / 2


@pytest.mark.parametrize('model', [None, TWO], ids=['one', 'two'])
def test_own_skips_and_own_latents_change_nothing(made: Callable[..., Config], model: dict[str, Any] | None) -> None:
    subject, present = opened(made(model))
    conditions = all_conditions(present, [0, 1], ['donor'])
    found = measure_conditions(subject, conditions, present, {}, np.arange(6), {})
    for condition in conditions:
        for field in ('distances', 'keypoints', 'v'):
            np.testing.assert_array_equal(getattr(found[condition], field), getattr(found[UNTOUCHED], field))


def test_own_latent_with_own_skips_and_all_skips_off_by_hand(made: Callable[..., Config]) -> None:
    subject, present = opened(made())
    model, backbone = subject.model, subject.model.backbone
    hourglass = backbone.hourglasses[0]
    with subject.testing():
        data = model.data_preprocessor(batches(subject.cfg)[0], False)
        plain = backbone(data['inputs'])[-1]
        own = dict(donor=read_outputs(subject, data, changeable_layers(present)))
        both = replaced_by(Condition(0, 'all off', replacement='donor'), present, own, {}) | replaced_by(
            Condition(0, latent='donor', replacement='donor'), present, own, {}
        )
        assert sorted(both) == sorted(changeable_layers(present))
        with tap(model, replace=both):
            assert torch.equal(backbone(data['inputs'])[-1], plain)
        off = replaced_by(Condition(0, 'all off', replacement='zero'), present, {}, {})
        with tap(model, replace=off):
            without = backbone(data['inputs'])[-1]
        latent, skips = hourglass.encode(backbone.stem(data['inputs'].contiguous(memory_format=torch.channels_last)))
        by_hand = backbone.residuals[0](hourglass.decode(latent, (None,) * len(skips)))
    assert torch.equal(without, by_hand)
    assert not torch.equal(without, plain)


def test_without_skips_the_donor_does_not_matter(made: Callable[..., Config]) -> None:
    cfg = made()
    subject, present = opened(cfg)
    conditions = all_conditions(present, [0, 1], ['zero', 'donor'])
    first, second = (measure_conditions(subject, conditions, present, {}, donors(6, seed), {}) for seed in (0, 1))
    for condition in [UNTOUCHED, *conditions]:
        if condition.replacement != 'donor':
            np.testing.assert_array_equal(first[condition].keypoints, second[condition].keypoints)
    donated = Condition(0, 'all off', replacement='donor')
    assert not np.array_equal(first[donated].keypoints, second[donated].keypoints)
    # The same weights, skips switched off by the config instead of a tap.
    off = copy.deepcopy(cfg)
    off.model.backbone.skip_connections = False
    np.testing.assert_array_equal(
        first[Condition(0, 'all off', replacement='zero')].keypoints, keypoints_by_hand(prepared(off))
    )


def test_the_network_is_left_as_it_was(made: Callable[..., Config]) -> None:
    subject, present = opened(made())
    before = {name: value.clone() for name, value in subject.model.state_dict().items()}
    plain = measure_conditions(subject, [], present, {}, donors(6, 0), {})[UNTOUCHED]
    means = mean_outputs(subject, changeable_layers(present))
    measure_conditions(subject, all_conditions(present, [0, 1]), present, means, donors(6, 0), {})
    for module in subject.model.modules():
        assert not module._forward_hooks and not module._forward_pre_hooks
        assert 'forward' not in module.__dict__
    for name, value in subject.model.state_dict().items():
        assert torch.equal(value, before[name])
    again = measure_conditions(subject, [], present, {}, donors(6, 0), {})[UNTOUCHED]
    np.testing.assert_array_equal(again.keypoints, plain.keypoints)
