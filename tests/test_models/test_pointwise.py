"""The 1 x 1 convolution beside PyTorch's own."""

import pytest
import torch
from torch import nn

import shg_xai.plugin  # noqa: F401
from shg_xai.models.pointwise import PointwiseConv2d


def pair() -> tuple[PointwiseConv2d, nn.Conv2d]:
    """Ours and PyTorch's, of the same parameters."""
    torch.manual_seed(0)
    ours, plain = PointwiseConv2d(6, 4), nn.Conv2d(6, 4, 1)
    plain.load_state_dict(ours.state_dict())
    return ours, plain


def test_the_product_is_the_convolution_and_so_are_its_gradients() -> None:
    ours, plain = pair()
    x = torch.randn(3, 6, 5, 7).to(memory_format=torch.channels_last)
    found, expected = ours.as_product(x), plain(x)
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found, expected)
    for one in (found, expected):
        one.square().sum().backward()
    torch.testing.assert_close(ours.weight.grad, plain.weight.grad)
    torch.testing.assert_close(ours.bias.grad, plain.bias.grad)


def test_on_a_processor_it_is_pytorchs() -> None:
    ours, plain = pair()
    x = torch.randn(2, 6, 5, 7)
    assert torch.equal(ours(x), plain(x))


@pytest.mark.skipif(not torch.cuda.is_available(), reason='needs a GPU')
@pytest.mark.parametrize('layout', [torch.channels_last, torch.contiguous_format])
def test_on_a_gpu_it_is_the_same_but_for_rounding(layout: torch.memory_format) -> None:
    ours, plain = (layer.cuda() for layer in pair())
    x = torch.randn(2, 6, 5, 7, device='cuda').to(memory_format=layout)
    torch.testing.assert_close(ours(x), plain(x), rtol=1e-2, atol=1e-3)  # TF32 may be on
