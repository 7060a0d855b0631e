"""Bottlenecks trained on latents in memory: what they find, the same for the same seed, and answers by hand."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA
from torch import Tensor

from shg_xai.chapters.bottlenecks.options import BottlenecksOptions
from shg_xai.chapters.bottlenecks.training import Standardised, answers, build, configs, directions, shape_of, train
from shg_xai.errors import InputError

SHAPE = (6, 1, 1)


def options(**more: object) -> BottlenecksOptions:
    small: dict[str, object] = dict(config='c.py', checkpoint='c.pth', store='store', width=3, active=1, hidden=(4,))
    return BottlenecksOptions(**small | more)  # type: ignore[arg-type]


def latents() -> Tensor:
    """200 persons, mostly in a plane, far from 0 and small."""
    random = torch.Generator().manual_seed(0)
    plane = torch.randn(200, 2, generator=random) @ torch.randn(2, 6, generator=random)
    return ((plane + 0.05 * torch.randn(200, 6, generator=random)) * 0.01 + 3).reshape(-1, *SHAPE)


def test_every_kind_is_built_with_one_width() -> None:
    found = configs(options(), (8, 2, 4))
    assert list(found) == ['linear', 'plain', 'topk', 'variational']
    x = torch.randn(5, 8, 2, 4)
    for config in found.values():
        neck = build(config, 0).eval()
        assert neck.encode(x).shape == (5, 3) and neck(x).shape == x.shape
    assert found['topk']['active'] == 1
    assert configs(options(hidden=(), kinds=('plain',)), (256, 4, 4))['plain']['hidden_channels'] == (64, 64, 64)


def test_a_linear_one_comes_near_to_pca_whatever_size_the_latents_have() -> None:
    x = latents()
    own = train(configs(options(width=2), SHAPE)['linear'], x, 600, 0)
    values = x.flatten(1).numpy()
    left = ((values - PCA(2).fit(values).inverse_transform(PCA(2).fit_transform(values))) ** 2).sum()
    total = ((values - values.mean(0)) ** 2).sum()
    assert answers(own, x).errors.sum() / total == pytest.approx(left / total, abs=0.03)


@pytest.mark.parametrize('kind', ['plain', 'topk', 'variational'])
def test_the_same_seed_gives_the_same_and_another_does_not(kind: str) -> None:
    config, x = configs(options(), SHAPE)[kind], latents()  # type: ignore[index]
    one, again, other = (answers(train(config, x, 20, seed), x).codes for seed in (0, 0, 1))
    assert np.array_equal(one, again) and not np.array_equal(one, other)


def test_training_leaves_the_random_numbers_of_others_alone() -> None:
    torch.manual_seed(5)
    expected = torch.rand(1)
    torch.manual_seed(5)
    train(configs(options(), SHAPE)['variational'], latents(), 10, 0)
    assert torch.equal(torch.rand(1), expected)


def test_what_is_standardised_takes_and_gives_latents_as_they_are() -> None:
    neck = build(configs(options(), SHAPE)['plain'], 0).eval()
    own, x = Standardised(neck, torch.full(SHAPE, 3.0), 0.5), latents()
    with torch.no_grad():
        torch.testing.assert_close(own(x), neck((x - 3) / 0.5) * 0.5 + 3)
        found = answers(own, x)
        np.testing.assert_allclose(found.errors, (own(x) - x).square().sum((1, 2, 3)).numpy(), rtol=1e-4)


def test_directions_of_a_dictionary_are_its_columns() -> None:
    neck = build(configs(options(), SHAPE)['topk'], 0).eval()
    own, x = Standardised(neck, torch.zeros(SHAPE), 2.0), latents()
    found = directions(own, answers(own, x).codes)
    assert found.shape == (6, 3)
    np.testing.assert_allclose(found, 2 * neck.directions.detach().numpy(), rtol=1e-3)


def test_a_layer_without_positions_is_fine_and_one_with_too_many_is_not() -> None:
    assert shape_of((7,)) == (7, 1, 1) and shape_of((7, 2, 3)) == (7, 2, 3)
    with pytest.raises(InputError, match='its output has 2 dimensions'):
        shape_of((7, 2))


@pytest.mark.parametrize(
    'more, told',
    [
        (dict(active=4), '--active 4: of 3 units'),
        (dict(kinds=('sparse',)), '--kinds sparse: choose of linear, plain, topk, variational'),
        (dict(measured=0.95), '--measured 0.95'),
        (dict(width=0), '--width 0: give 1 or more'),
        (dict(margin=-1.0), '--margin -1.0'),
    ],
)
def test_options_that_make_no_sense_are_refused(more: dict[str, object], told: str) -> None:
    with pytest.raises(InputError, match=told):
        options(**more)
