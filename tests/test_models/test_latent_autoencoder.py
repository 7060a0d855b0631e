"""The autoencoder alone: modes, loss, names of its weights."""

from typing import Any

import pytest
import torch
from mmengine.optim import OptimWrapper
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from torch import Tensor

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.models import AutoencoderNeck, LatentAutoencoder
from shg_xai.runner.bfloat16 import Bfloat16OptimWrapper


def model(loss: dict | None = None, **neck: Any) -> LatentAutoencoder:
    init_default_scope('mmpose')
    torch.manual_seed(0)
    built = MODELS.build(
        dict(
            type='LatentAutoencoder',
            loss=loss,
            neck=dict(type='AutoencoderNeck', in_channels=6, hidden_channels=(5, 4), code_channels=3) | neck,
        )
    )
    built.init_weights()
    return built


def latents(count: int = 2) -> Tensor:
    return torch.randn(count, 6, 4, 4, generator=torch.Generator().manual_seed(1))


def test_weights_are_the_necks_and_nothing_else() -> None:
    neck = AutoencoderNeck(in_channels=6, hidden_channels=(5, 4), code_channels=3)
    assert set(model().state_dict()) == {f'neck.{name}' for name in neck.state_dict()}


def test_the_loss_is_the_mean_square_over_persons_and_values() -> None:
    built, x = model(noise=0.0), latents()
    expected = ((built(x) - x) ** 2).sum() / (2 * 6 * 4 * 4)
    torch.testing.assert_close(built(x, mode='loss')['loss'], expected)
    summed = model(loss=dict(type='MSELoss', loss_weight=96.0), noise=0.0)
    torch.testing.assert_close(summed(x, mode='loss')['loss'], 96 * expected)


def test_in_training_the_target_has_no_noise() -> None:
    built, x = model(noise=0.5).train(), latents()
    torch.manual_seed(2)
    loss = built(x, mode='loss')['loss']
    torch.manual_seed(2)
    noisy = x * (1 + 0.5 * torch.randn_like(x))
    torch.testing.assert_close(loss, ((built.eval()(noisy) - x) ** 2).mean())


def test_predictions_are_one_a_person() -> None:
    built, x = model().eval(), latents(3)
    with torch.no_grad():
        persons = built.val_step(dict(inputs=x))
    assert len(persons) == 3
    for index, person in enumerate(persons):
        torch.testing.assert_close(person['input'], x[index])
        torch.testing.assert_close(person['code'], built.neck.encode(x)[index])
        torch.testing.assert_close(person['reconstruction'], built(x)[index])


@pytest.mark.parametrize('wrapper', [OptimWrapper, Bfloat16OptimWrapper])
def test_a_step_changes_the_weights(wrapper: type[OptimWrapper]) -> None:
    built = model(code_relu=False).train()
    before = {name: value.clone() for name, value in built.state_dict().items()}
    logged = built.train_step(dict(inputs=latents()), wrapper(torch.optim.SGD(built.parameters(), lr=0.1)))
    assert logged['loss'].dtype == torch.float32
    assert all(not torch.equal(value, before[name]) for name, value in built.state_dict().items())


def test_in_bfloat16_predictions_are_float32() -> None:
    with torch.no_grad(), torch.autocast('cpu', torch.bfloat16):
        person = model().eval().val_step(dict(inputs=latents()))[0]
    assert {value.dtype for value in person.values()} == {torch.float32}


@pytest.mark.parametrize('mode', ['loss', 'predict', 'tensor'])
def test_latents_of_another_shape_are_refused(mode: str) -> None:
    with pytest.raises(InputError, match=r'expects feature maps \(C, H, W\) = \(6, 4, 4\)'):
        model()(torch.zeros(2, 6, 2, 2), mode=mode)


def test_an_unknown_mode_is_an_error() -> None:
    with pytest.raises(ValueError, match='not one of tensor, loss and predict'):
        model()(latents(), mode='train')
