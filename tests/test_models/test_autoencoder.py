"""The autoencoder: shapes, noise, ends, and its place in MMPose's networks."""

import math
from typing import Any

import pytest
import torch
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from mmpose.testing import get_packed_inputs
from torch import Tensor, nn

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.models import AutoencoderNeck, StackedHourglass
from shg_xai.models.bottleneck import multiplicative_noise


def neck(**arguments: Any) -> AutoencoderNeck:
    """A small neck in evaluation mode, initialised as in training."""
    torch.manual_seed(0)
    small: dict[str, Any] = dict(in_channels=6, hidden_channels=(5, 4), code_channels=3)
    module = AutoencoderNeck(**small | arguments)
    module.init_weights()
    return module.eval()


def feature_map(channels: int = 6, height: int = 4, width: int = 4) -> Tensor:
    return torch.randn(2, channels, height, width, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize(
    'channels, width, height, hidden, code',
    [(6, 4, 4, (5, 4), 3), (1, 1, 1, (1,), 1), (8, 3, 5, (4, 4, 2), 7), (16, 2, 2, (2,), 50)],
)
def test_shapes(channels: int, width: int, height: int, hidden: tuple[int, ...], code: int) -> None:
    module = neck(in_channels=channels, in_featuremap_size=(width, height), hidden_channels=hidden, code_channels=code)
    x = feature_map(channels, height, width)
    assert module.encode(x).shape == (2, code)
    assert module.decode(module.encode(x)).shape == module(x).shape == x.shape


def test_the_default_is_the_studys() -> None:
    module = AutoencoderNeck()
    layers = [layer for layer in module.modules() if isinstance(layer, nn.Conv2d | nn.Linear)]
    assert [tuple(layer.weight.shape[:2][::-1]) for layer in layers] == [
        (256, 192),
        (192, 128),
        (128, 64),
        (1024, 50),
        (50, 1024),
        (64, 128),
        (128, 192),
        (192, 256),
    ]
    assert all(layer.kernel_size == (3, 3) for layer in layers if isinstance(layer, nn.Conv2d))
    relus = [name for name, layer in module.named_modules() if isinstance(layer, nn.ReLU)]
    # After each of the eight: three convolutions and the code, and mirrored.
    assert len(relus) == 8
    assert module.noise == 0.1


def test_forward_is_the_decoded_code() -> None:
    module, x = neck(), feature_map()
    kept = x.clone()
    assert torch.equal(module(x), module.decode(module.encode(x)))
    assert torch.equal(x, kept)


def test_code_and_output_end_in_relus_unless_told() -> None:
    x = 10 * feature_map()
    study, free = neck(), neck(code_relu=False, output_relu=False)
    free.load_state_dict(study.state_dict())
    assert (free.encode(x) < 0).any()
    torch.testing.assert_close(study.encode(x), free.encode(x).clamp(min=0))
    code = free.encode(x)
    assert (free.decode(code) < 0).any()
    torch.testing.assert_close(study.decode(code), free.decode(code).clamp(min=0))


def test_noise_has_mean_zero_and_a_standard_deviation_of_a_tenth() -> None:
    torch.manual_seed(0)
    x = torch.tensor([-3.0, 0.0, 0.5, 20.0])
    count = 40_000
    noise = multiplicative_noise(x.expand(count, -1), 0.1) - x
    assert not noise[:, 1].any()
    for index in (0, 2, 3):
        expected = 0.1 * x[index].abs().item()
        # Five standard errors.
        assert abs(noise[:, index].mean().item()) < 5 * expected / math.sqrt(count)
        assert noise[:, index].std().item() == pytest.approx(expected, rel=5 / math.sqrt(2 * count))


def test_noise_is_added_before_the_encoder_in_training_only() -> None:
    module, x = neck(), feature_map()
    inputs = []
    module.encoder.register_forward_hook(lambda module, args, output: inputs.append(args[0]))
    module(x)
    module.train()
    kept = x.clone()
    torch.manual_seed(3)
    module(x)
    torch.manual_seed(3)
    noise = torch.randn_like(x)
    assert torch.equal(inputs[0], x)
    torch.testing.assert_close(inputs[1], x * (1 + 0.1 * noise))
    assert torch.equal(x, kept)


def test_without_noise_training_changes_nothing() -> None:
    module, x = neck(noise=0.0), feature_map()
    expected = module(x)
    assert torch.equal(module.train()(x), expected)


def test_of_several_feature_maps_the_last_is_passed_through() -> None:
    module, x, other = neck(), feature_map(), feature_map(9, 7, 7)
    first, last = module((other, x))
    assert first is other
    assert torch.equal(last, module(x))
    assert torch.equal(module([other, x])[1], last)


@pytest.mark.parametrize('shape', [(5, 4, 4), (6, 4, 5), (6, 8, 4)])
def test_a_feature_map_of_another_shape_is_refused(shape: tuple[int, int, int]) -> None:
    with pytest.raises(InputError, match=r'\(6, 4, 4\).*set in_channels and in_featuremap_size'):
        neck()(feature_map(*shape))


@pytest.mark.parametrize(
    'arguments',
    [dict(code_channels=0), dict(in_channels=0), dict(in_featuremap_size=(4, 0)), dict(hidden_channels=(8, 0))],
)
def test_sizes_below_one_are_refused(arguments: dict) -> None:
    with pytest.raises(InputError, match='must be at least 1'):
        AutoencoderNeck(**arguments)


def test_a_code_wider_than_the_latent_is_refused() -> None:
    assert neck(code_channels=96).encode(feature_map()).shape == (2, 96)
    with pytest.raises(InputError, match='code_channels=97 is a width larger than the latent, which has 96 values'):
        neck(code_channels=97)


def test_weights_keep_their_names() -> None:
    layers = [f'encoder.{place}' for place in ('0.0', '0.2', '2')]
    layers += [f'decoder.{place}' for place in ('0', '3.0', '3.2')]
    assert set(neck().state_dict()) == {f'{layer}.{kind}' for layer in layers for kind in ('weight', 'bias')}


def test_without_convolutions_and_relus_it_is_linear() -> None:
    module: Any = neck(hidden_channels=(), code_relu=False, output_relu=False)
    x = feature_map()
    # By hand: two matrices, and nothing between them.
    inner, outer = module.encoder[2], module.decoder[0]
    code = x.flatten(1) @ inner.weight.T + inner.bias
    torch.testing.assert_close(module.encode(x), code)
    torch.testing.assert_close(module(x), (code @ outer.weight.T + outer.bias).reshape(x.shape))
    assert set(module.state_dict()) == {'encoder.2.weight', 'encoder.2.bias', 'decoder.0.weight', 'decoder.0.bias'}


@pytest.mark.parametrize('code_relu', [False, True])
@pytest.mark.parametrize('output_relu', [False, True])
def test_without_convolutions_relus_stay_where_they_are_asked_for(code_relu: bool, output_relu: bool) -> None:
    module = neck(hidden_channels=(), code_relu=code_relu, output_relu=output_relu)
    x = 10 * feature_map()
    assert bool((module.encode(x) >= 0).all()) is code_relu
    assert bool((module(x) >= 0).all()) is output_relu


def test_an_init_cfg_of_its_own_is_used_inside_the_hourglass() -> None:
    zeros = dict(type='Constant', layer=['Conv2d', 'Linear'], val=0, bias=0)
    backbone = StackedHourglass(
        channels=8,
        depth=1,
        bottleneck=dict(
            type='AutoencoderNeck', in_channels=8, in_featuremap_size=(8, 8), hidden_channels=(4,), init_cfg=zeros
        ),
    )
    backbone.init_weights()
    assert not any(parameter.any() for parameter in backbone.hourglasses[0].bottleneck.parameters())
    assert backbone.hourglasses[0].downs[0].branch[2].weight.any()


def test_as_a_neck_after_mmposes_resnet() -> None:
    init_default_scope('mmpose')
    torch.manual_seed(0)
    model = MODELS.build(
        dict(
            type='TopdownPoseEstimator',
            data_preprocessor=dict(type='PoseDataPreprocessor', mean=[0.0] * 3, std=[255.0] * 3),
            backbone=dict(type='ResNet', depth=18),
            neck=dict(
                type='AutoencoderNeck',
                in_channels=512,
                in_featuremap_size=(2, 2),
                hidden_channels=(16,),
                code_channels=4,
            ),
            head=dict(
                type='HeatmapHead',
                in_channels=512,
                out_channels=17,
                deconv_out_channels=(8, 8, 8),
                deconv_kernel_sizes=(4, 4, 4),
                loss=dict(type='KeypointMSELoss'),
                decoder=dict(type='MSRAHeatmap', input_size=(64, 64), heatmap_size=(16, 16), sigma=2),
            ),
        )
    )
    model.init_weights()
    batch = model.data_preprocessor(
        get_packed_inputs(2, img_shape=(64, 64), input_size=(64, 64), heatmap_size=(16, 16)), training=True
    )
    losses = model.train()(**batch, mode='loss')
    losses['loss_kpt'].backward()
    assert losses['loss_kpt'].isfinite()
    # The gradient passes the code: it reaches both ends of the neck and the backbone.
    for parameter in (model.neck.encoder[2].weight, model.neck.decoder[0].weight, model.backbone.conv1.weight):
        assert parameter.grad.abs().sum() > 0

    codes = []
    model.eval().neck.encoder.register_forward_hook(lambda module, args, output: codes.append(output))
    with torch.no_grad():
        predicted = model(**batch, mode='predict')
        again = model(**batch, mode='predict')
    assert [code.shape for code in codes] == [(2, 4)] * 2
    assert torch.equal(*codes)
    assert [sample.pred_instances.keypoints.shape for sample in predicted] == [(1, 17, 2)] * 2
    assert (predicted[0].pred_instances.keypoints == again[0].pred_instances.keypoints).all()
