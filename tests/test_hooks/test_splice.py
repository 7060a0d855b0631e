"""Weights of a plain network and of autoencoders, put together; refused where they do not fit."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.hooks import EMAHook
from mmengine.runner import Runner
from mmpose.registry import MODELS
from torch import Tensor, nn

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.hooks.splice import CHANGES, SpliceHook, autoencoder_places, spliced_weights
from shg_xai.models import AutoencoderNeck
from shg_xai.tracing.tap import tap
from tests.helpers.data import write_coco
from tests.helpers.small_network import save_network, small_config

SMALL = dict(type='StackedHourglass', channels=8, depth=2, out_channels=3)
NECK = dict(type='AutoencoderNeck', in_channels=8, in_featuremap_size=(4, 4), hidden_channels=(8,), noise=0.1)


class Network(nn.Module):
    """A backbone under the name it has in a pose estimator."""

    def __init__(self, **changes: Any) -> None:
        super().__init__()
        self.backbone = MODELS.build({**SMALL, **changes})

    def forward(self, images: Tensor) -> tuple[Tensor, ...]:
        return self.backbone(images)


def plain_network(stacks: int, seed: int = 1) -> Network:
    torch.manual_seed(seed)
    return Network(num_stacks=stacks).eval()


def neck(code: int, seed: int) -> AutoencoderNeck:
    torch.manual_seed(seed)
    return MODELS.build({**NECK, 'code_channels': code}).eval()


def saved(path: Path, weights: dict[str, Tensor]) -> str:
    torch.save(dict(state_dict=weights), path)
    return str(path)


@pytest.fixture
def parts(tmp_path: Path) -> dict[str, Any]:
    """A plain network of two stacks, an autoencoder for each, and all of their checkpoints."""
    plain = plain_network(2)
    necks = [neck(5, 2), neck(3, 3)]
    files = [
        saved(tmp_path / f'ae{place}.pth', {f'neck.{name}': value for name, value in own.state_dict().items()})
        for place, own in enumerate(necks)
    ]
    torch.manual_seed(4)
    spliced = Network(num_stacks=2, bottleneck=[{**NECK, 'code_channels': 5}, {**NECK, 'code_channels': 3}]).eval()
    return dict(
        plain=plain,
        necks=necks,
        files=files,
        spliced=spliced,
        plain_file=saved(tmp_path / 'plain.pth', plain.state_dict()),
    )


def test_every_weight_comes_from_its_part(parts: dict[str, Any]) -> None:
    spliced = parts['spliced']
    weights = spliced_weights(spliced, parts['plain_file'], parts['files'])
    assert weights.keys() == spliced.state_dict().keys()
    for name, value in parts['plain'].state_dict().items():
        assert torch.equal(weights[name], value), name
    for stack, own in enumerate(parts['necks']):
        for name, value in own.state_dict().items():
            assert torch.equal(weights[f'backbone.hourglasses.{stack}.bottleneck.{name}'], value)
    spliced.load_state_dict(weights)
    images = torch.rand(2, 3, 64, 64)
    hourglass, own = spliced.backbone.hourglasses[0], parts['necks'][0]
    x = parts['plain'].backbone.stem(images)
    latent, skips = parts['plain'].backbone.hourglasses[0].encode(x)
    expected = parts['plain'].backbone.hourglasses[0].decode(own(latent), skips)
    assert torch.allclose(hourglass(x), expected, atol=1e-6)


def test_with_its_error_added_back_it_is_the_plain_network(parts: dict[str, Any]) -> None:
    spliced, plain = parts['spliced'], parts['plain']
    spliced.load_state_dict(spliced_weights(spliced, parts['plain_file'], parts['files']))
    images = torch.rand(2, 3, 64, 64)
    with torch.no_grad():
        expected = plain(images)
        without = spliced(images)
        for name in ('plain', 'with_error'):
            with tap(spliced, replace=dict.fromkeys(autoencoder_places(spliced), CHANGES[name])):
                answers = spliced(images)
            for answer, wanted in zip(answers, expected, strict=True):
                assert (answer - wanted).abs().max() < 1e-5
        assert (without[-1] - expected[-1]).abs().max() > 1e-2  # it is not the same without
        with tap(spliced, replace=dict.fromkeys(autoencoder_places(spliced), CHANGES['spliced'])):
            assert torch.equal(spliced(images)[-1], without[-1])


def test_places_are_in_the_order_of_the_stacks(parts: dict[str, Any]) -> None:
    assert autoencoder_places(parts['spliced']) == [
        'backbone.hourglasses.0.bottleneck',
        'backbone.hourglasses.1.bottleneck',
    ]


def test_too_few_and_too_many_autoencoders_are_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(InputError, match='1 given, the network has 2 places'):
        spliced_weights(parts['spliced'], parts['plain_file'], parts['files'][:1])
    with pytest.raises(InputError, match='2 given, the network has 0 places'):
        spliced_weights(parts['plain'], parts['plain_file'], parts['files'])


def test_missing_and_left_over_weights_are_refused(parts: dict[str, Any], tmp_path: Path) -> None:
    weights = parts['plain'].state_dict()
    gone = 'backbone.stem.0.weight'
    less = saved(tmp_path / 'less.pth', {name: value for name, value in weights.items() if name != gone})
    with pytest.raises(InputError, match=f'less.pth.*missing.*{gone}'):
        spliced_weights(parts['spliced'], less, parts['files'])
    more = saved(tmp_path / 'more.pth', {**weights, 'head.x': torch.zeros(1)})
    with pytest.raises(InputError, match=r'more.pth.*left over.*head\.x'):
        spliced_weights(parts['spliced'], more, parts['files'])


def test_an_autoencoder_of_another_width_or_stack_is_refused(parts: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r'ae1.pth.*another shape'):
        spliced_weights(parts['spliced'], parts['plain_file'], parts['files'][::-1])


def test_a_network_that_has_an_autoencoder_already_is_no_plain_one(parts: dict[str, Any], tmp_path: Path) -> None:
    file = saved(tmp_path / 'spliced.pth', parts['spliced'].state_dict())
    with pytest.raises(InputError, match=r'left over.*bottleneck'):
        spliced_weights(parts['spliced'], file, parts['files'])


def test_an_autoencoder_trained_on_another_networks_latents_is_refused(parts: dict[str, Any], tmp_path: Path) -> None:
    def from_network(network: str) -> list[str]:
        files = []
        for place, file in enumerate(parts['files']):
            weights = torch.load(file, weights_only=True)['state_dict']
            files.append(str(tmp_path / f'from{place}.pth'))
            torch.save(
                dict(meta=dict(dataset_meta=dict(network=network, store='latents/other')), state_dict=weights),
                files[-1],
            )
        return files

    own = hashlib.sha256(Path(parts['plain_file']).read_bytes()).hexdigest()
    spliced_weights(parts['spliced'], parts['plain_file'], from_network(own))
    with pytest.raises(
        InputError,
        match='from0.pth: was trained on latents of another network '
        r'\(latents/other\)',
    ):
        spliced_weights(parts['spliced'], parts['plain_file'], from_network('0' * 64))


@pytest.mark.parametrize('name', ['code_relu', 'output_relu'])
def test_an_autoencoder_with_other_relus_is_refused(parts: dict[str, Any], name: str) -> None:
    """Weights fit with and without: it is the config that it was trained with that tells."""

    def trained_with(relu: bool) -> list[str]:
        cfg = f"model = dict(neck=dict(\n    type='AutoencoderNeck', {name}={relu}, noise=0.1))\nlauncher = 'none'\n"
        for file in parts['files']:
            weights = torch.load(file, weights_only=True)['state_dict']
            torch.save(dict(meta=dict(cfg=cfg), state_dict=weights), file)
        return parts['files']

    spliced_weights(parts['spliced'], parts['plain_file'], trained_with(True))
    message = rf'trained with {name}=False, its place .* {name}=True; set model\.backbone\.bottleneck\.{name}=False'
    with pytest.raises(InputError, match=message):
        spliced_weights(parts['spliced'], parts['plain_file'], trained_with(False))


def test_an_autoencoder_whose_config_cannot_be_read_is_one_line(parts: dict[str, Any]) -> None:
    for file in parts['files']:
        weights = torch.load(file, weights_only=True)['state_dict']
        torch.save(dict(meta=dict(cfg='model = dict('), state_dict=weights), file)
    with pytest.raises(InputError, match='the config in it is no Python'):
        spliced_weights(parts['spliced'], parts['plain_file'], parts['files'])


def test_without_autoencoders_the_plain_network_is_loaded_exactly(parts: dict[str, Any]) -> None:
    other = plain_network(2, seed=9)
    other.load_state_dict(spliced_weights(other, parts['plain_file'], []))
    assert all(torch.equal(value, parts['plain'].state_dict()[name]) for name, value in other.state_dict().items())


def test_autoencoders_without_a_plain_network_are_refused() -> None:
    with pytest.raises(InputError, match=r'default_hooks\.splice\.plain'):
        SpliceHook(autoencoders=['ae.pth'])


@pytest.mark.usefixtures('one_thread')
def test_the_report_says_what_validations_find(tmp_path: Path, repo_root: Path) -> None:
    """Plain as the plain network's own validation, spliced as one of the spliced network, and the error makes up."""

    def runner(config: str, *more: str) -> Runner:
        cfg = small_config(repo_root / 'configs' / config, data, tmp_path / config[:-3], *more)
        cfg.val_dataloader.batch_size, cfg.val_evaluator[0].thr = 4, 0.4
        cfg.default_hooks.checkpoint.save_best = None
        return Runner.from_cfg(cfg)

    data = write_coco(tmp_path / 'coco')
    plain = runner('shg_strong_coco.py', 'load_from=' + str(tmp_path / 'plain.pth'))
    save_network(plain.cfg, tmp_path / 'plain.pth')
    own = MODELS.build({**NECK, 'code_channels': 5})
    file = saved(tmp_path / 'ae.pth', {f'neck.{name}': value for name, value in own.state_dict().items()})
    bottleneck = 'model.backbone.bottleneck.'
    spliced = runner(
        'shg_ae_coco.py',
        f'{bottleneck}in_channels=8',
        f'{bottleneck}hidden_channels=[8]',
        f'{bottleneck}code_channels=5',
    )
    spliced.model.train()
    SpliceHook(str(tmp_path / 'plain.pth'), [file]).before_train(spliced)
    assert spliced.model.training
    assert not any(module._forward_hooks for module in spliced.model.modules())
    report = json.loads((tmp_path / 'shg_ae_coco/splice.json').read_text())
    assert list(report['metrics']) == ['plain', 'spliced', 'with_error']
    assert report['metrics']['plain'] == plain.val() != report['metrics']['spliced']
    assert report['metrics']['with_error'] == pytest.approx(report['metrics']['plain'], abs=1e-5)
    assert report['metrics']['spliced'] == spliced.val()


def test_a_hook_that_averages_weights_starts_from_the_spliced_ones(tmp_path: Path, repo_root: Path) -> None:
    cfg = small_config(repo_root / 'configs/shg_coco.py', write_coco(tmp_path / 'coco'), tmp_path / 'work')
    cfg.custom_hooks = [dict(type='EMAHook')]
    runner = Runner.from_cfg(cfg)
    runner.call_hook('before_run')  # EMAHook copies the model of random weights
    plain = save_network(cfg, tmp_path / 'plain.pth', seed=5)
    runner._val_loop = None  # nothing to report
    SpliceHook(str(plain)).before_train(runner)
    copy = next(hook for hook in runner.hooks if isinstance(hook, EMAHook)).ema_model.module.state_dict()
    assert all(torch.equal(copy[name], value) for name, value in runner.model.state_dict().items())
