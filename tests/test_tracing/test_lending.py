"""Another forward pass for a while."""

import pytest
import torch
from torch import nn

from shg_xai.tracing.lending import lent


def test_it_is_lent_and_given_back() -> None:
    layer = nn.Identity()
    with lent(layer, forward=lambda x: x + 1):
        assert layer(torch.zeros(1)).item() == 1
    assert layer(torch.zeros(1)).item() == 0 and 'forward' not in vars(layer)


def test_what_another_has_lent_before_comes_back_also_after_an_error() -> None:
    layer = nn.Identity()
    with lent(layer, forward=lambda x: x + 1):
        with pytest.raises(ValueError, match='stop'), lent(layer, forward=lambda x: x + 2):
            assert layer(torch.zeros(1)).item() == 2
            raise ValueError('stop')
        assert layer(torch.zeros(1)).item() == 1
    assert 'forward' not in vars(layer)


def test_several_methods_are_lent_at_once() -> None:
    layer = nn.Identity()
    with lent(layer, forward=lambda x: x + 1, extra_repr=lambda: 'lent'):
        assert layer(torch.zeros(1)).item() == 1 and repr(layer) == 'Identity(lent)'
    assert repr(layer) == 'Identity()'
