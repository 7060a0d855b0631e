"""One hourglass: its modules against the formula, and skips as values."""

from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

import shg_xai.plugin  # noqa: F401
from shg_xai.models.hourglass import Hourglass, Residual
from tests.helpers.lively import lively

BATCH_NORM = dict(type='BN')


def hourglass(flags: list[bool], bottleneck: nn.Module | None = None, shortcut: str = 'conv3x3') -> Hourglass:
    return lively(Hourglass(lambda: Residual(8, shortcut, BATCH_NORM), flags, 2, bottleneck or nn.Identity()))


def images(size: int = 16) -> Tensor:
    return torch.randn(2, 8, size, size, generator=torch.Generator().manual_seed(1))


def pre_activated(x: Tensor, norm: nn.BatchNorm2d, conv: nn.Conv2d) -> Tensor:
    """BN, ReLU, convolution, spelt out."""
    assert norm.running_mean is not None and norm.running_var is not None
    scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
    shape = (1, -1, 1, 1)
    x = (x - norm.running_mean.view(shape)) * scale.view(shape) + norm.bias.view(shape)
    return F.conv2d(x.clamp(min=0), conv.weight, conv.bias, padding=conv.kernel_size[0] // 2)


@pytest.mark.parametrize('shortcut', ['conv3x3', 'identity'])
def test_residual_is_the_studys_formula(shortcut: str) -> None:
    residual: Any = lively(Residual(8, shortcut, BATCH_NORM))
    x = images()
    norm_1, _, conv_1, norm_2, _, conv_2, norm_3, _, conv_3 = residual.branch
    assert [(conv.in_channels, conv.out_channels, conv.kernel_size) for conv in (conv_1, conv_2, conv_3)] == [
        (8, 4, (1, 1)),
        (4, 4, (3, 3)),
        (4, 8, (1, 1)),
    ]
    branch = pre_activated(pre_activated(pre_activated(x, norm_1, conv_1), norm_2, conv_2), norm_3, conv_3)
    if shortcut == 'identity':
        expected = x + branch
    else:
        expected = branch + F.conv2d(x, residual.shortcut.weight, residual.shortcut.bias, padding=1)
    torch.testing.assert_close(residual(x), expected, rtol=1e-4, atol=1e-5)


def test_every_convolution_of_a_residual_has_a_bias() -> None:
    convolutions = [layer for layer in Residual(8, 'conv3x3', BATCH_NORM).modules() if isinstance(layer, nn.Conv2d)]
    assert len(convolutions) == 4
    assert all(layer.bias is not None for layer in convolutions)


def test_an_hourglass_of_two_levels_is_the_formula() -> None:
    network, x = hourglass([True, True]), images()
    half = network.downs[0](F.max_pool2d(x, 2))
    quarter = network.downs[1](F.max_pool2d(half, 2))
    latent = network.bottleneck_residuals[1](network.bottleneck_residuals[0](quarter))
    # Nearest neighbour: each number four times.
    up = network.ups[1](latent.repeat_interleave(2, 2).repeat_interleave(2, 3) + network.skips[1](half))
    expected = up.repeat_interleave(2, 2).repeat_interleave(2, 3) + network.skips[0](x)
    torch.testing.assert_close(network(x), expected)


def test_the_finest_level_has_no_residual_after_the_addition() -> None:
    assert [type(up) for up in hourglass([True] * 3).ups] == [nn.Identity, Residual, Residual]


def test_decode_of_encode_is_forward() -> None:
    network, x = hourglass([True, False, True]), images()
    latent, skips = network.encode(x)
    assert latent.shape == (2, 8, 2, 2)
    assert [None if skip is None else skip.shape[-1] for skip in skips] == [16, None, 4]
    assert torch.equal(network.decode(latent, skips), network(x))


def test_encode_and_decode_change_neither_input_nor_module() -> None:
    network, x = hourglass([True, True]), images()
    kept, attributes = x.clone(), set(vars(network))
    state = {name: value.clone() for name, value in network.state_dict().items()}
    with torch.no_grad():
        latent, skips = network.encode(x)
        given = [value.clone() for value in (latent, *skips) if value is not None]
        first = network.decode(latent, skips)
        second = network.decode(latent, skips)
    assert torch.equal(x, kept)
    assert all(a is not None and torch.equal(a, b) for a, b in zip((latent, *skips), given, strict=True))
    assert torch.equal(first, second)
    assert all(torch.equal(value, state[name]) for name, value in network.state_dict().items())
    assert set(vars(network)) == attributes


def test_a_latent_can_be_decoded_without_skips_or_with_anothers() -> None:
    network = hourglass([True, True])
    one, other = images(), images().flip(0) * 2
    latent, skips = network.encode(one)
    _, foreign = network.encode(other)
    own = network.decode(latent, skips)
    without = network.decode(latent, (None, None))
    assert not torch.allclose(own, without)
    assert not torch.allclose(own, network.decode(latent, foreign))
    # The finest skip is added last, and nothing follows it.
    assert skips[0] is not None
    torch.testing.assert_close(network.decode(latent, (None, skips[1])) + skips[0], own)
    without_any = hourglass([False, False])
    without_any.load_state_dict(network.state_dict())
    assert torch.equal(without_any(one), without)


def test_a_wrong_number_of_skips_is_an_error() -> None:
    network = hourglass([True, True])
    latent, skips = network.encode(images())
    with pytest.raises(ValueError, match='zip'):
        network.decode(latent, skips[1:])


def spoil(residual: nn.Module) -> None:
    for parameter in residual.parameters():
        nn.init.constant_(parameter, float('nan'))


def test_branches_that_are_off_have_no_part_in_the_output() -> None:
    network, x = hourglass([False, False, False]), images()
    expected = network(x)
    for skip in network.skips:
        spoil(skip)
    assert expected.isfinite().all()
    assert torch.equal(network(x), expected)


@pytest.mark.parametrize('off', [0, 1, 2])
def test_one_level_can_be_off(off: int) -> None:
    flags = [level != off for level in range(3)]
    network, x = hourglass(flags), images()
    expected = network(x)
    spoil(network.skips[off])
    assert torch.equal(network(x), expected)
    spoil(network.skips[(off + 1) % 3])
    assert network(x).isnan().any()


def test_a_bottleneck_stands_between_latent_and_decoder() -> None:
    class Triple(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return 3 * x

    network, x = hourglass([True], Triple()), images()
    latent, skips = network.encode(x)
    torch.testing.assert_close(network(x), network.decode(3 * latent, skips))


def test_gradients_reach_every_weight_that_is_used() -> None:
    network = hourglass([True, False])
    network(images()).square().sum().backward()
    unused = {
        name.split('.')[1]
        for name, weight in network.named_parameters()
        if weight.grad is None and name.startswith('skips')
    }
    assert unused == {'1'}
    assert all(
        weight.grad is not None and weight.grad.abs().sum() > 0
        for name, weight in network.named_parameters()
        if not name.startswith('skips.1')
    )
