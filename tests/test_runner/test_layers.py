"""The layers of a network and their shapes."""

import socket
from pathlib import Path
from typing import Any, NoReturn

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.runner import layers as engine
from shg_xai.runner.config import read_config
from shg_xai.runner.layers import LayerInfo, check_layers, config_path, input_size, list_layers

LATENT = 'backbone.hourglasses.0.bottleneck_residuals'
MMPOSE = 'mmpose::body_2d_keypoint/'
RES50 = MMPOSE + 'topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-256x192.py'


def by_name(cfg: Config) -> dict[str, LayerInfo]:
    return {layer.name: layer for layer in list_layers(cfg)}


def small(repo_root: Path, name: str = 'shg_coco.py') -> Config:
    """One of our configs with 8 channels, for images of 64 x 128."""
    cfg = read_config(str(repo_root / 'configs' / name))
    cfg.model.backbone.update(channels=8, depth=2)
    cfg.model.head.in_channels = 8
    cfg.test_dataloader.dataset.pipeline[2].input_size = (64, 128)
    return cfg


class Memory(TorchDispatchMode):
    """Notes the largest tensor any operation makes off the meta device, in numbers."""

    largest = 0

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        output = function(*args, **(kwargs or {}))
        if isinstance(output, Tensor) and output.device.type != 'meta':
            self.largest = max(self.largest, output.numel())
        return output


def test_the_studys_latent(repo_root: Path) -> None:
    layers = by_name(read_config(str(repo_root / 'configs' / 'shg_coco.py')))
    assert layers[LATENT] == LayerInfo(LATENT, (256, 4, 4), 'float32', 1)
    assert layers['backbone.stem.0'].shape == (256, 128, 128)
    assert layers['head.final_layer'].shape == (17, 64, 64)


def test_the_studys_code(repo_root: Path) -> None:
    layers = by_name(read_config(str(repo_root / 'configs' / 'shg2_ae_coco.py')))
    assert [layers[f'backbone.hourglasses.{stack}.bottleneck.encoder'].shape for stack in (0, 1)] == [(50,), (25,)]
    # Every stack but the last puts out heatmaps, the last its features.
    assert layers['backbone:0'].shape == (17, 64, 64)
    assert layers['backbone:1'].shape == (256, 64, 64)
    assert 'backbone' not in layers


def test_the_full_network_takes_no_memory(repo_root: Path) -> None:
    cfg = read_config(str(repo_root / 'configs' / 'shg_coco.py'))
    with Memory() as memory:
        list_layers(cfg)
    assert memory.largest < 100  # its largest weights are 256 x 256 x 3 x 3
    with Memory() as memory:  # it does see memory
        torch.zeros(20, 30)
    assert memory.largest == 600
    with torch.device('meta'):
        model = engine.build_model(cfg)
    assert {tensor.device.type for tensor in (*model.parameters(), *model.buffers())} == {'meta'}


@pytest.mark.parametrize('name', ['shg_coco.py', 'shg2_ae_coco.py'])
def test_shapes_are_those_of_a_real_run(repo_root: Path, name: str) -> None:
    cfg = small(repo_root, name)
    if name == 'shg2_ae_coco.py':
        for neck in cfg.model.backbone.bottleneck:
            neck.update(in_channels=8, in_featuremap_size=(4, 8))
    init_default_scope('mmpose')
    model = MODELS.build(cfg.model).eval()
    order, shapes = [], {}
    names = {module: module_name for module_name, module in model.named_modules()}

    def note(module: nn.Module, inputs: Any, output: Any) -> None:
        order.append(names[module])
        shapes[names[module]] = (
            [tuple(part.shape) for part in output] if isinstance(output, tuple) else tuple(output.shape)
        )

    for module in list(names)[1:]:  # the first is the model
        module.register_forward_hook(note)
    with torch.no_grad():
        model.head(model.backbone(torch.rand(3, 3, 128, 64)))
    expected = []
    for layer in order:
        if isinstance(shapes[layer], list):
            expected += [(f'{layer}:{i}', shape[1:]) for i, shape in enumerate(shapes[layer])]
        elif layer != 'head':  # MMPose calls head.forward, which fires no hook
            assert shapes[layer][0] == 3
            expected.append((layer, shapes[layer][1:]))
    assert [(layer.name, layer.shape) for layer in list_layers(cfg)] == expected


@pytest.mark.parametrize(
    'config, layer, shape, calls',
    [
        (
            'topdown_heatmap/coco/td-hm_hourglass52_8xb32-210e_coco-256x256.py',
            'backbone.hourglass_modules.0' + 5 * '.low2',
            (512, 2, 2),
            1,
        ),
        ('topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py', 'backbone.stage4.1:3', (256, 8, 6), 1),
        # Its ReLU is one module for three places: 64 channels first, 256 last.
        ('topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-256x192.py', 'backbone.layer1.0.relu', (64, 64, 48), 3),
        ('rtmpose/coco/rtmpose-m_8xb256-420e_coco-256x192.py', 'head.cls_x', (17, 384), 1),
    ],
)
def test_unchanged_configs_of_mmpose(
    monkeypatch: pytest.MonkeyPatch, config: str, layer: str, shape: tuple[int, ...], calls: int
) -> None:
    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        raise AssertionError('the network is not to be used')

    monkeypatch.setattr(socket.socket, 'connect', refuse)
    cfg = read_config(config_path(MMPOSE + config))
    before, layers = cfg.pretty_text, by_name(cfg)
    assert (layers[layer].shape, layers[layer].calls) == (shape, calls)
    assert all(found.per_person for found in layers.values())
    assert cfg.pretty_text == before


def test_parts_are_named_by_index_or_key() -> None:
    one, two = torch.zeros(1), torch.zeros(2)
    assert list(engine.tensor_parts('a', one)) == ['a']
    assert engine.tensor_parts('a', (one, None, two)) == {'a:0': one, 'a:2': two}
    assert engine.tensor_parts('a', dict(x=one, y='text')) == {'a:x': one}
    assert engine.tensor_parts('a', [[one]]) == engine.tensor_parts('a', None) == {}


class Estimator(nn.Sequential):
    """Called as MMPose's are."""

    def forward(self, inputs: Tensor, data_samples: None, mode: str) -> Tensor:  # type: ignore[override]
        return super().forward(inputs)


def test_nothing_stays_hooked() -> None:
    model = Estimator(nn.Conv2d(3, 4, 1), nn.ReLU())
    assert engine.record_outputs(model, torch.zeros(1, 3, 8, 8)) == {
        '0': ((1, 4, 8, 8), 'float32', 1),
        '1': ((1, 4, 8, 8), 'float32', 1),
    }
    with pytest.raises(RuntimeError, match='channels'):
        engine.record_outputs(model, torch.zeros(1, 5, 8, 8))
    assert not any(module._forward_hooks for module in model.modules())


@MODELS.register_module(force=True)
class NeedsNumbers(nn.Module):
    """A backbone whose forward pass depends on the image's content; with windows, as Swin's."""

    def __init__(self, channels: int = 3, init_cfg: dict | None = None) -> None:
        super().__init__()
        assert init_cfg is None
        self.windows = nn.Unflatten(0, (1, -1))
        self.scale = nn.Conv2d(channels, 5, 1)

    def forward(self, x: Tensor) -> tuple[Tensor]:
        x = x / max(x.abs().max().item(), 1.0)
        self.windows(x)
        return (self.scale(x),)


def needs_numbers(**backbone: Any) -> Config:
    return Config(
        dict(
            model=dict(
                type='TopdownPoseEstimator',
                backbone=dict(
                    type='NeedsNumbers', init_cfg=dict(type='Pretrained', checkpoint='https://no.where'), **backbone
                ),
                head=dict(type='HeatmapHead', in_channels=5, out_channels=2, deconv_out_channels=None),
            ),
            codec=dict(input_size=(12, 8)),
        )
    )


def test_one_that_needs_numbers_is_run_for_real(caplog: pytest.LogCaptureFixture) -> None:
    state = torch.get_rng_state()
    layers = list_layers(needs_numbers())
    # The windows of one image and of two have a first axis of 1: it is not the persons'.
    assert layers[:3] == [
        LayerInfo('backbone.windows', (1, 1, 3, 8, 12), 'float32', 1, False),
        LayerInfo('backbone.scale', (5, 8, 12), 'float32', 1),
        LayerInfo('backbone:0', (5, 8, 12), 'float32', 1),
    ]
    assert 'ran on a random image instead' in caplog.text
    assert torch.equal(torch.get_rng_state(), state)


def test_a_network_that_cannot_run(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(InputError, match=r'on an image of 12 x 8 \(RuntimeError: .*channels'):
        list_layers(needs_numbers(channels=4))
    assert not caplog.text  # the one line is the error's


def test_configs_that_cannot_be_used(repo_root: Path) -> None:
    with pytest.raises(InputError, match='no model'):
        list_layers(Config())
    with pytest.raises(InputError, match='no input_size'):
        list_layers(Config(dict(model=dict(type='any'))))
    cfg = small(repo_root)
    cfg.test_dataloader.dataset.pipeline[2].input_size = (60, 64)
    with pytest.raises(InputError, match='multiples of 16'):
        list_layers(cfg)
    cfg.model.backbone.chanels = 3
    with pytest.raises(InputError, match='did you mean channels'):
        list_layers(cfg)


def test_the_size_is_that_of_the_test_set(repo_root: Path) -> None:
    assert input_size(small(repo_root)) == (64, 128)
    assert input_size(read_config(config_path(RES50))) == (192, 256)
    assert input_size(Config(dict(codec=[dict(input_size=(8, 4))]))) == (8, 4)


def test_paths_of_configs() -> None:
    assert config_path('configs/none.py') == 'configs/none.py'
    assert Path(config_path(RES50)).is_file()
    with pytest.raises(InputError, match=r'no such config; did you mean .*td-hm_res50_8xb64'):
        config_path(RES50.replace('res50', 'res5'))
    for wrong in ('nopose::a/b.py', '::', 'mmpose::a::b'):
        with pytest.raises(InputError, match=r'no package|no such config'):
            config_path(wrong)


KNOWN = ('backbone.stem.0', LATENT, 'backbone.hourglasses.0.bottleneck', 'backbone:0', 'backbone:1', 'head.final_layer')


@pytest.mark.parametrize(
    'name, nearest',
    [
        ('bottleneck_residuals', LATENT),  # its end
        (f'module.{LATENT}', LATENT),
        ('hourglass', 'backbone.hourglasses.0.bottleneck'),  # the shorter of two that hold it
        ('backbone', 'backbone:0'),
        ('head.finallayer', 'head.final_layer'),
    ],
)
def test_nearest_names(name: str, nearest: str) -> None:
    assert engine.nearest_names(name, KNOWN)[0] == nearest
    with pytest.raises(InputError, match=f"no layer '{name}' .*did you mean {nearest}"):
        check_layers([LATENT, name], KNOWN)


def test_known_and_hopeless_names() -> None:
    check_layers(KNOWN[:3], KNOWN)
    with pytest.raises(InputError, match=r"'zzz' fires in this network; tools/list"):
        check_layers(['zzz'], KNOWN)
