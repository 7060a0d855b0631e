"""The variational autoencoder: divergence by hand, means in tests, draws in training, units it does not need."""

import math
from typing import Any

import pytest
import torch
from torch.distributions import Normal, kl_divergence

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.models import VariationalNeck
from shg_xai.models.variational import START, divergence


def neck(**arguments: Any) -> VariationalNeck:
    torch.manual_seed(0)
    small: dict[str, Any] = dict(in_channels=6, in_featuremap_size=(2, 2), hidden_channels=(5,), code_channels=3)
    module = VariationalNeck(**small | arguments)
    module.init_weights()
    return module


def test_the_divergence_is_that_of_gaussians() -> None:
    assert divergence(torch.zeros(2, 3), torch.zeros(2, 3)).item() == 0
    # Mean 1, variance 1: half a nat a unit; two units.
    assert divergence(torch.ones(1, 2), torch.zeros(1, 2)).item() == pytest.approx(1)
    mean, log_variance = torch.randn(4, 3), torch.randn(4, 3)
    expected = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum(1).mean()
    torch.testing.assert_close(divergence(mean, log_variance), expected)


def test_in_tests_the_mean_is_decoded() -> None:
    module, x = neck().eval(), torch.randn(4, 6, 2, 2)
    assert torch.equal(module(x), module.decode(module.encode(x)))
    assert module.reconstruct(x)[1] == {}


def test_in_training_codes_are_drawn_about_it() -> None:
    module, x = neck().train(), torch.randn(4, 6, 2, 2)
    with torch.no_grad():
        module.log_variance.bias.fill_(-60.0)  # held at -20
    torch.testing.assert_close(module.reconstruct(x)[0], module.eval()(x), atol=1e-3, rtol=1e-3)
    with torch.no_grad():
        module.train().log_variance.bias.fill_(2.0)
    assert (module.reconstruct(x)[0] - module.reconstruct(x)[0]).abs().max() > 0.01


def test_the_divergence_weighs_as_the_error_says() -> None:
    module, x = neck(beta=2.0).train(), torch.randn(4, 6, 2, 2)
    made, losses = module.reconstruct(x)
    variance = (made - x).square().mean()
    with torch.no_grad():
        divergent = divergence(module.encode(x), torch.full((4, 3), START))
    torch.testing.assert_close(losses['loss_divergence'], 2.0 * 2 * variance / 24 * divergent, check_dtype=False)


def test_a_unit_that_is_not_needed_says_nothing() -> None:
    """Latents along one line, with a tenth of noise, and a code of three: one unit tells where on it."""
    random = torch.Generator().manual_seed(0)
    line = torch.randn(8, generator=random)
    along = torch.randn(500, 1, generator=random)
    x = (along * line + 0.3 * torch.randn(500, 8, generator=random)).reshape(-1, 8, 1, 1)
    module = neck(in_channels=8, in_featuremap_size=(1, 1), hidden_channels=(), beta=4.0).train()
    optimizer = torch.optim.Adam(module.parameters(), lr=0.02)
    for _ in range(1500):
        made, more = module.reconstruct(x)
        optimizer.zero_grad()
        ((made - x).square().mean() + more['loss_divergence']).backward()
        optimizer.step()
    code = module.eval().encode(x).detach()
    spread = sorted(code.var(0).tolist())
    assert spread[1] < 0.01 < 0.5 < spread[2]  # Burda et al. (2016): active above 0.01
    best = max(range(3), key=lambda unit: code[:, unit].var())
    assert abs(torch.corrcoef(torch.stack([code[:, best], along[:, 0]]))[0, 1]) > 0.9


def test_shapes_and_what_is_refused() -> None:
    assert neck()(torch.randn(2, 6, 2, 2)).shape == (2, 6, 2, 2)
    assert not math.isnan(neck().train().reconstruct(torch.zeros(2, 6, 2, 2))[1]['loss_divergence'].item())
    with pytest.raises(InputError, match='VariationalNeck: code_channels=25 is a width larger than the latent'):
        neck(code_channels=25)
    with pytest.raises(InputError, match='VariationalNeck expects feature maps'):
        neck().train().reconstruct(torch.zeros(2, 6, 1, 1))
