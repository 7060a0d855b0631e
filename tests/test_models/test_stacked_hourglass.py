"""The study's network: size, cost, switches, and what happens between two stacks."""

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.models import AutoencoderNeck, StackedHourglass
from shg_xai.models.stacked_hourglass import flags_by_stack

SMALL: dict[str, Any] = dict(channels=16, depth=2, num_bottleneck_residuals=1)


def network(**arguments: Any) -> StackedHourglass:
    """A small network in evaluation mode, initialised as in training."""
    torch.manual_seed(0)
    backbone = StackedHourglass(**SMALL | arguments)
    backbone.init_weights()
    return backbone.eval()


def images(height: int = 64, width: int = 64) -> Tensor:
    return torch.randn(2, 3, height, width, generator=torch.Generator().manual_seed(1))


def meta_model(file: Path) -> Any:
    """The whole model of a config, without memory for its numbers."""
    init_default_scope('mmpose')
    with torch.device('meta'):
        return MODELS.build(Config.fromfile(file).model).eval()


def parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def test_the_studys_network_has_its_parameters_cost_and_latent(repo_root: Path) -> None:
    model = meta_model(repo_root / 'configs' / 'shg_coco.py')
    assert parameters(model) == 14_526_053
    latents = []
    handle = model.backbone.hourglasses[0].bottleneck_residuals.register_forward_hook(
        lambda module, inputs, output: latents.append(output.shape)
    )
    with FlopCounterMode(display=False) as counter:
        heatmaps = model._forward(torch.empty(1, 3, 256, 256, device='meta'))
    handle.remove()
    assert heatmaps.shape == (1, 17, 64, 64)
    assert latents == [(1, 256, 4, 4)]
    assert counter.get_total_flops() == pytest.approx(60.46e9, rel=1e-3)


def test_the_identity_shortcut_costs_less_than_half(repo_root: Path) -> None:
    costs = []
    for name in ('shg_coco.py', 'shg_strong_coco.py'):
        model = meta_model(repo_root / 'configs' / name)
        with FlopCounterMode(display=False) as counter:
            model._forward(torch.empty(1, 3, 256, 256, device='meta'))
        costs.append((parameters(model), counter.get_total_flops()))
    assert costs[1][0] == pytest.approx(3.9e6, rel=0.01)
    assert costs[1][1] < costs[0][1] / 2


def test_skips_switched_off_leave_checkpoints_interchangeable() -> None:
    plain, without = network(), network(skip_connections=False)
    without.load_state_dict(plain.state_dict())
    expected = without(images())[0]
    assert not torch.allclose(plain(images())[0], expected)
    for skip in without.hourglasses[0].skips:
        for parameter in skip.parameters():
            nn.init.constant_(parameter, float('nan'))
    assert torch.equal(without(images())[0], expected)


@pytest.mark.parametrize(
    'flags, num_stacks, expected',
    [
        (True, 1, [[True, True]]),
        (False, 2, [[False, False], [False, False]]),
        ([True, False], 1, [[True, False]]),
        ([False, True], 2, [[False, True], [False, True]]),
        ([[True, False], [False, True]], 2, [[True, False], [False, True]]),
        ([[True, False], False], 2, [[True, False], [False, False]]),
        ((True, (False, True)), 2, [[True, True], [False, True]]),
        (0, 1, [[False, False]]),  # as --cfg-options may give it
    ],
)
def test_flags_for_levels_and_stacks(flags: Any, num_stacks: int, expected: list[list[bool]]) -> None:
    assert flags_by_stack(flags, num_stacks, depth=2) == expected
    backbone = StackedHourglass(**SMALL, num_stacks=num_stacks, skip_connections=flags)
    assert [list(hourglass.skip_connections) for hourglass in backbone.hourglasses] == expected


def test_each_stack_gives_heatmaps_and_the_last_features() -> None:
    outputs = network(num_stacks=3, out_channels=5)(images())
    assert [tuple(output.shape) for output in outputs] == [(2, 5, 16, 16), (2, 5, 16, 16), (2, 16, 16, 16)]


def test_the_heatmaps_returned_are_the_ones_fed_back() -> None:
    backbone, seen = network(num_stacks=2), {}

    def keep(name: str, module: nn.Module) -> None:
        module.register_forward_hook(lambda module, inputs, output: seen.update({name: (inputs[0].clone(), output)}))

    first, second = backbone.hourglasses
    between: Any = backbone.intermediates[0]
    for name, module in (
        ('first', first),
        ('second', second),
        ('heatmaps', between.heatmaps),
        ('remap_heatmaps', between.remap_heatmaps),
        ('remap_features', between.remap_features),
    ):
        keep(name, module)
    heatmaps, _ = backbone(images())
    assert torch.equal(seen['remap_heatmaps'][0], heatmaps)
    # Supervised and fed back come from the same features, after their 1x1 and ReLU.
    assert torch.equal(seen['heatmaps'][0], seen['remap_features'][0])
    assert (seen['remap_features'][0] >= 0).all()
    torch.testing.assert_close(
        seen['second'][0], seen['first'][0] + seen['remap_heatmaps'][1] + seen['remap_features'][1]
    )


@pytest.mark.parametrize(
    'name, first_changes',
    [('remap_heatmaps', False), ('remap_features', False), ('heatmaps', True), ('features.0', True)],
)
def test_what_lies_between_two_stacks_reaches_the_second(name: str, first_changes: bool) -> None:
    backbone = network(num_stacks=2)
    before = backbone(images())
    layer = backbone.get_submodule(f'intermediates.0.{name}')
    with torch.no_grad():
        layer.weight.mul_(1.5)
    after = backbone(images())
    assert torch.equal(before[0], after[0]) is not first_changes
    assert not torch.allclose(before[1], after[1])


def test_each_stack_can_have_its_own_bottleneck() -> None:
    neck = dict(type='AutoencoderNeck', in_channels=16, in_featuremap_size=(4, 4), hidden_channels=(8,))
    backbone = network(num_stacks=3, bottleneck=[dict(**neck, code_channels=5), None, dict(**neck, code_channels=3)])
    first, second, third = (hourglass.bottleneck for hourglass in backbone.hourglasses)
    assert isinstance(second, nn.Identity)
    for module, width in ((first, 5), (third, 3)):
        assert isinstance(module, AutoencoderNeck)
        assert module.encode(torch.zeros(1, 16, 4, 4)).shape == (1, width)
    assert backbone(images())[-1].shape == (2, 16, 16, 16)


def test_one_bottleneck_config_gives_every_stack_one_of_its_own() -> None:
    neck = dict(type='AutoencoderNeck', in_channels=16, hidden_channels=(8,))
    first, second = (hourglass.bottleneck for hourglass in network(num_stacks=2, bottleneck=neck).hourglasses)
    assert first.encoder[2].weight is not second.encoder[2].weight


def test_norm_cfg_is_honoured_everywhere() -> None:
    backbone = network(num_stacks=2, norm_cfg=dict(type='GN', num_groups=4))
    norms = [module for module in backbone.modules() if isinstance(module, nn.GroupNorm)]
    assert not [module for module in backbone.modules() if isinstance(module, nn.modules.batchnorm._BatchNorm)]
    plain = network(num_stacks=2)
    assert len(norms) == sum(isinstance(module, nn.BatchNorm2d) for module in plain.modules())
    assert backbone(images())[-1].isfinite().all()


def test_weights_are_glorot_normal_and_biases_zero() -> None:
    neck = dict(type='AutoencoderNeck', in_channels=32, hidden_channels=(24,))
    backbone = network(channels=32, num_stacks=2, bottleneck=neck)
    layers = [(name, module) for name, module in backbone.named_modules() if isinstance(module, nn.Conv2d | nn.Linear)]
    assert len(layers) > 50
    scores = []
    for name, layer in layers:
        positions = math.prod(layer.weight.shape[2:])
        outgoing, incoming = layer.weight.shape[:2]
        expected = math.sqrt(2 / ((incoming + outgoing) * positions))
        # The standard deviation of n normal numbers errs by 1 / sqrt(2 n).
        tolerance = 5 / math.sqrt(2 * layer.weight.numel())
        assert layer.weight.std().item() == pytest.approx(expected, rel=tolerance), name
        assert layer.bias is not None and not layer.bias.any(), name
        scores.append(layer.weight.flatten() / expected)
    values = torch.cat(scores)
    # Normal, not uniform: 4.55 % lie beyond two standard deviations.
    assert (values.abs() > 2).float().mean().item() == pytest.approx(0.0455, abs=0.003)


@pytest.mark.parametrize('height, width', [(64, 72), (72, 64), (8, 8)])
def test_an_image_that_does_not_divide_is_refused(height: int, width: int) -> None:
    with pytest.raises(InputError, match=f'multiples of 16, got {width}x{height}'):
        network()(images(height, width))


def test_images_need_not_be_square() -> None:
    assert network()(images(64, 48))[0].shape == (2, 16, 16, 12)


def test_channels_last_gives_the_same_numbers() -> None:
    plain, fast = network(channels_last=False), network(channels_last=True)
    fast.load_state_dict(plain.state_dict())
    assert all(
        layer.weight.is_contiguous(memory_format=torch.channels_last)
        for layer in fast.modules()
        if isinstance(layer, nn.Conv2d)
    )
    expected, features = plain(images())[0], fast(images())[0]
    assert features.is_contiguous(memory_format=torch.channels_last)
    assert expected.is_contiguous()
    torch.testing.assert_close(features, expected, rtol=1e-5, atol=1e-5)


def test_bfloat16_comes_close() -> None:
    backbone = network(num_stacks=2)
    with torch.no_grad():
        expected = backbone(images())
        with torch.autocast('cpu', dtype=torch.bfloat16):
            outputs = backbone(images())
    for output, reference in zip(outputs, expected, strict=True):
        assert output.dtype == torch.bfloat16
        error = (output.float() - reference).square().mean() / reference.var()
        # bfloat16 rounds to 1 part in 256; some dozen layers on, a few per cent.
        assert error.sqrt() < 0.05


def test_forward_leaves_the_images_alone() -> None:
    x = images()
    network()(x)
    assert torch.equal(x, images())


def test_train_and_eval_return_the_network() -> None:
    backbone = network()
    assert backbone.train() is backbone
    assert all(module.training for module in backbone.modules())
    assert backbone.eval() is backbone
    assert not any(module.training for module in backbone.modules())


@pytest.mark.parametrize(
    'arguments, message',
    [
        (dict(shortcut='conv1x1'), "shortcut='conv1x1'; choose one of conv3x3, identity"),
        (dict(channels=15), 'channels even'),
        (dict(channels=0), 'at least 1'),
        (dict(num_stacks=0), 'at least 1'),
        (dict(depth=0), 'at least 1'),
        (dict(num_bottleneck_residuals=0), 'at least 1'),
        (dict(bottleneck=[None, None]), 'bottleneck has 2 entries for num_stacks=1'),
        (dict(skip_connections=[True]), 'has 1 flags for depth=2'),
        (dict(skip_connections=[[True, True]], num_stacks=2), 'has 1 entries for num_stacks=2'),
        (dict(skip_connections=[[True], True], num_stacks=2), 'has 1 flags for depth=2'),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        StackedHourglass(**SMALL | arguments)


def test_residuals_that_start_at_zero_pass_their_input_on() -> None:
    torch.manual_seed(0)
    sizes = dict(type='StackedHourglass', channels=8, depth=2, shortcut='identity')
    plain, zero = (MODELS.build(dict(sizes, zero_init_residual=start)) for start in (False, True))
    for model in (plain, zero):
        model.init_weights()
    x = torch.randn(2, 8, 4, 4)
    assert torch.equal(zero.residuals[0](x), x) and not torch.equal(plain.residuals[0](x), x)
    # Two levels of skips around a bottleneck of nothing but shortcuts: what is pooled and repeated is added up.
    pooled = torch.nn.functional.max_pool2d(x, 2)
    coarse = pooled + torch.nn.functional.max_pool2d(pooled, 2).repeat_interleave(2, -1).repeat_interleave(2, -2)
    assert torch.allclose(
        zero.hourglasses[0](x), x + coarse.repeat_interleave(2, -1).repeat_interleave(2, -2), atol=1e-6
    )
