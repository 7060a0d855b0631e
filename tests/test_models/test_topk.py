"""The sparse dictionary by hand: what is kept, unit directions, start, dead units and their loss."""

from typing import Any

import pytest
import torch
from torch import Tensor

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.models import LatentAutoencoder, TopKNeck
from shg_xai.models.topk import keep_largest


def neck(**arguments: Any) -> TopKNeck:
    torch.manual_seed(0)
    small: dict[str, Any] = dict(in_channels=4, in_featuremap_size=(1, 1), code_channels=4, active=2)
    return TopKNeck(**small | arguments)


def set_weights(module: TopKNeck, encoder: list[list[float]], decoder: list[list[float]]) -> TopKNeck:
    with torch.no_grad():
        module.encoder.weight.copy_(torch.tensor(encoder))
        module.decoder.weight.copy_(torch.tensor(decoder))
    return module


def maps(*rows: list[float]) -> Tensor:
    return torch.tensor(rows)[:, :, None, None]


def test_the_largest_are_kept_and_none_below_zero() -> None:
    found = keep_largest(torch.tensor([[3.0, -1.0, 2.0, 1.0], [-1.0, -2.0, 5.0, -3.0]]), 2)
    assert found.tolist() == [[3, 0, 2, 0], [0, 0, 5, 0]]


def test_code_and_reconstruction_by_hand() -> None:
    # Directions are scaled to length 1: (0, 3) is (0, 1), (0, 0, 3, 4) is (0, 0, 0.6, 0.8).
    decoder = torch.tensor([[1.0, 0, 0, 0], [0, 3.0, 0, 0], [0, 0, 3.0, 4.0], [0, 0, 4.0, -3.0]]).T.tolist()
    module = set_weights(neck(), [[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0], [0, 0, 0, 1.0]], decoder).eval()
    with torch.no_grad():
        module.pre_bias.copy_(torch.tensor([1.0, 1.0, 0, 0]))
    x = maps([3.0, 0.5, 5.0, 1.0])  # less the bias: 2, -0.5, 5, 1
    assert module.encode(x).tolist() == [[2, 0, 5, 0]]
    torch.testing.assert_close(module(x).flatten(), torch.tensor([1 + 2.0, 1.0, 5 * 0.6, 5 * 0.8]))


def test_it_starts_tied_and_at_the_mean_of_the_first_batch() -> None:
    module = neck(in_channels=6, code_channels=12, active=3)
    module.init_weights()
    torch.testing.assert_close(module.encoder.weight, module.directions.T)
    torch.testing.assert_close(module.directions.norm(dim=0), torch.ones(12))
    x = torch.randn(5, 6, 1, 1) + 10
    module.train().reconstruct(x)
    torch.testing.assert_close(module.pre_bias.detach(), x.flatten(1).mean(0))
    module.reconstruct(x - 100)
    torch.testing.assert_close(module.pre_bias.detach(), x.flatten(1).mean(0))


def test_persons_since_a_unit_fired_are_counted_in_training_alone() -> None:
    module = neck(active=1)
    identity = torch.eye(4).tolist()
    set_weights(module, identity, identity).silent.zero_()
    x = maps([1.0, 0, 0, 0], [2.0, 0, 0, 0], [0, 3.0, 0, 0])
    module.eval().reconstruct(x)
    assert module.silent.tolist() == [0, 0, 0, 0]
    module.train().reconstruct(x)
    module.reconstruct(x[:1])
    assert module.silent.tolist() == [0, 1, 4, 4]


def test_dead_units_learn_from_what_is_left() -> None:
    module = neck(active=1, dead_after=3, auxiliary=0.5)
    encoder = [[1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 0.5, 0], [0, 0, 0, 1.0]]
    set_weights(module, encoder, torch.eye(4).tolist()).train().silent.copy_(torch.tensor([0, 0, 3, 3]))
    x = maps([5.0, 0, 4.0, 1.0])
    made, losses = module.reconstruct(x)
    # Unit 0 gives (5, 0, 0, 0), left is (0, 0, 4, 1); the two dead ones give (0, 0, 2, 1).
    assert made.flatten().tolist() == [5, 0, 0, 0]
    assert losses['loss_auxiliary'].item() == pytest.approx(0.5 * 2**2 / 4)
    losses['loss_auxiliary'].backward()
    assert module.encoder.weight.grad is not None
    # Its weight for the third value: -2 (4 - 2) 4 * 0.5 / 4 values.
    assert module.encoder.weight.grad.tolist()[2] == pytest.approx([-2.5, 0, -2, -0.5])
    assert module.encoder.weight.grad[[0, 1, 3]].abs().sum() == 0


def test_without_dead_units_the_auxiliary_loss_is_zero() -> None:
    module = neck().train()
    assert module.reconstruct(torch.randn(3, 4, 1, 1))[1]['loss_auxiliary'].item() == 0


def test_alone_its_losses_are_told_apart() -> None:
    alone = LatentAutoencoder(
        dict(type='TopKNeck', in_channels=4, in_featuremap_size=(1, 1), code_channels=4, active=2)
    )
    losses = alone.train()(torch.randn(3, 4, 1, 1), mode='loss')
    assert set(losses) == {'loss_reconstruction', 'loss_auxiliary'}
    logged = alone.parse_losses(losses)[1]
    assert logged['loss'].item() == pytest.approx(sum(losses.values()).item())


def test_its_units_are_what_made_the_latents() -> None:
    """Each person has two of 12 orthogonal directions, in amounts from 1 to 2."""
    random = torch.Generator().manual_seed(0)
    truth = torch.linalg.qr(torch.randn(16, 12, generator=random))[0]
    places = torch.rand(600, 12, generator=random).topk(2).indices
    amounts = torch.zeros(600, 12).scatter(1, places, 1 + torch.rand(600, 2, generator=random))
    x = (amounts @ truth.T).reshape(-1, 16, 1, 1)
    module = neck(in_channels=16, code_channels=12, dead_after=600).train()
    optimizer = torch.optim.Adam(module.parameters(), lr=0.02)
    for _ in range(400):
        batch = x[torch.randperm(600, generator=random)[:60]]
        made, more = module.reconstruct(batch)
        optimizer.zero_grad()
        ((made - batch).square().mean() + more['loss_auxiliary']).backward()
        optimizer.step()
    code = module.eval().encode(x).detach()
    assert (code > 0).sum(1).max() <= 2
    goes_with = torch.corrcoef(torch.cat([code, amounts], dim=1).T)[:12, 12:]
    assert (goes_with.max(0).values > 0.98).sum() >= 11  # the bias may carry one of them
    assert (module(x) - x).square().sum() < 0.02 * (x - x.mean(0)).square().sum()


@pytest.mark.parametrize(
    'arguments, told',
    [
        (dict(active=5), 'active=5 of 4 units'),
        (dict(active=0), 'must be at least 1'),
        (dict(dead_after=0), 'must be at least 1'),
        (dict(code_channels=0), 'must be at least 1'),
    ],
)
def test_what_makes_no_sense_is_refused(arguments: dict[str, int], told: str) -> None:
    with pytest.raises(InputError, match=told):
        neck(**arguments)


def test_maps_of_another_shape_are_refused() -> None:
    with pytest.raises(InputError, match=r'TopKNeck expects feature maps \(C, H, W\) = \(4, 1, 1\)'):
        neck()(torch.zeros(2, 4, 2, 2))
