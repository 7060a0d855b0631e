"""A bottleneck as its place in the network wants it, and configs of trainings on."""

from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import ConfigDict

import shg_xai.plugin  # noqa: F401
from shg_xai.chapters.bottlenecks.options import BottlenecksOptions, Kind
from shg_xai.chapters.bottlenecks.training import Standardised, build, configs
from shg_xai.chapters.bottlenecks.training_on import fold, stack_of, training_config
from shg_xai.errors import InputError
from tests.helpers.small_network import LAYER

SHAPE = (4, 2, 2)


def options(**more: Any) -> BottlenecksOptions:
    small: dict[str, Any] = dict(config='configs/demo/shg_people.py', checkpoint='best.pth', store=Path('store'))
    return BottlenecksOptions(**small | dict(width=5, active=2, hidden=(6,), train_on=3, seed=4) | more)


@pytest.mark.parametrize('kind, mean', [('linear', 3.0), ('topk', 3.0), ('plain', 0.0), ('variational', 0.0)])
def test_folded_it_gives_what_it_gave(kind: Kind, mean: float) -> None:
    neck = build(configs(options(), SHAPE)[kind], 0).eval()
    with torch.no_grad():  # biases that are not 0
        for values in neck.parameters():
            values.add_(0.1 * torch.randn(values.shape, generator=torch.Generator().manual_seed(1)))
    x = mean + 0.2 * torch.randn(6, *SHAPE, generator=torch.Generator().manual_seed(2))
    own = Standardised(neck, mean + 0.1 * torch.arange(16.0).reshape(SHAPE) if mean else torch.zeros(SHAPE), 0.2)
    expected, code = own(x).detach(), own.encode(x).detach()
    folded = fold(own)
    torch.testing.assert_close(folded(x).detach(), expected, rtol=1e-4, atol=1e-4)
    grown = 0.2 if kind == 'topk' else 1.0
    torch.testing.assert_close(folded.encode(x).detach(), grown * code, rtol=1e-3, atol=1e-4)


def test_convolutions_cannot_take_a_mean_off() -> None:
    neck = build(configs(options(), SHAPE)['plain'], 0)
    with pytest.raises(ValueError, match='convolutions cannot'):
        fold(Standardised(neck, torch.ones(SHAPE), 1.0))


def test_the_config_of_a_training_on(repo_root: Path, tmp_path: Path) -> None:
    asked = options(config=str(repo_root / 'configs/demo/shg_people.py'), work_dir=str(tmp_path), data_root='people/')
    neck = ConfigDict(configs(asked, (32, 4, 4))['topk'])
    cfg = training_config(asked, 'topk', LAYER, neck)
    assert cfg.model.backbone.bottleneck == [neck] and cfg.randomness.seed == 4
    assert cfg.train_cfg.max_epochs == 3 and cfg.optim_wrapper.optimizer.lr == pytest.approx(0.2 * 3e-3)
    assert [one.type for one in cfg.param_scheduler] == ['LinearLR', 'CosineAnnealingLR']
    assert cfg.train_dataloader.dataset.data_root == 'people/'
    splice = dict(type='SpliceHook', plain='best.pth', autoencoders=[str(tmp_path / 'topk' / 'neck.pth')])
    assert cfg.default_hooks.splice == splice
    alone = training_config(asked, 'none', LAYER, None)
    assert 'bottleneck' not in alone.model.backbone and alone.default_hooks.splice.autoencoders == []


def test_only_after_the_bottleneck_of_an_hourglass() -> None:
    assert stack_of('backbone.hourglasses.2.bottleneck_residuals') == 2
    with pytest.raises(InputError, match=r'--train-on: backbone.layer4 is no bottleneck_residuals'):
        stack_of('backbone.layer4')
