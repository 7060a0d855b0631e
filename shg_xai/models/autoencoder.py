"""The study's autoencoder, as a neck and alone."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import torch
from mmengine.model import BaseModel, BaseModule
from mmpose.registry import MODELS
from torch import Tensor, nn

from shg_xai.errors import InputError


def multiplicative_noise(x: Tensor, scale: float) -> Tensor:
    """x + scale * x * n with n ~ N(0, 1), i.e. noise N(0, (scale * x)^2); any shape."""
    return x + scale * x * torch.randn_like(x)


def convolutions(channels: Sequence[int], relu_at_end: bool) -> nn.Sequential:
    """3x3 convolutions through these channels, each followed by a ReLU, the last if asked."""
    layers: list[nn.Module] = []
    for in_channels, out_channels in pairwise(channels):
        layers += [nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*(layers if relu_at_end else layers[:-1]))


@MODELS.register_module()
class AutoencoderNeck(BaseModule):
    """Squeeze a feature map through a short code: (N, C, H, W) -> (N, D) -> (N, C, H, W).

    In the hourglass: ``backbone=dict(..., bottleneck=dict(type='AutoencoderNeck', ...))``. After any MMPose backbone:
    ``neck=dict(type='AutoencoderNeck', ...)``; of several feature maps it takes the last, as HeatmapHead does, and
    passes the others on. All defaults are the study's.

    Args:
        in_channels: C.
        in_featuremap_size: [W, H].
        hidden_channels: Channels of the 3x3 convolutions before the code; the decoder mirrors them. Without any, one
            linear layer leads to the code and one back: linear if both ReLUs are off too.
        code_channels: D, width of the code.
        code_relu: End the code in a ReLU.
        output_relu: End the decoder in a ReLU, although a latent has negative values that it can then not reach.
        noise: Scale of the multiplicative noise on the input, in training only; see :func:`multiplicative_noise`.
        init_cfg: Glorot normal unless given.

    Raises:
        InputError: A size below 1, a code wider than the latent, or a feature map of another shape.
    """

    def __init__(
        self,
        in_channels: int = 256,
        in_featuremap_size: tuple[int, int] = (4, 4),
        hidden_channels: Sequence[int] = (192, 128, 64),
        code_channels: int = 50,
        code_relu: bool = True,
        output_relu: bool = True,
        noise: float = 0.1,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        glorot = dict(type='Xavier', layer=['Conv2d', 'Linear'], distribution='normal')
        super().__init__(glorot if init_cfg is None else init_cfg)
        if min(in_channels, code_channels, *in_featuremap_size, *hidden_channels) < 1:
            sizes = 'in_channels, in_featuremap_size, hidden_channels and code_channels'
            raise InputError(f'AutoencoderNeck: {sizes} must be at least 1')
        width, height = in_featuremap_size
        self.in_shape = (in_channels, height, width)
        if code_channels > math.prod(self.in_shape):
            fault = f'is a width larger than the latent, which has {math.prod(self.in_shape)} values'
            raise InputError(f'AutoencoderNeck: code_channels={code_channels} {fault}; choose a smaller one')
        self.code_channels, self.noise = code_channels, noise
        self.code_relu, self.output_relu = code_relu, output_relu
        channels = (in_channels, *hidden_channels)
        hidden_shape = (channels[-1], height, width)
        features = math.prod(hidden_shape)
        self.encoder = nn.Sequential(
            convolutions(channels, relu_at_end=True),
            nn.Flatten(),
            nn.Linear(features, code_channels),
            nn.ReLU() if code_relu else nn.Identity(),
        )
        # Without convolutions the linear layer is the last one, so output_relu is about it.
        relu_before = bool(hidden_channels) or output_relu
        self.decoder = nn.Sequential(
            nn.Linear(code_channels, features),
            nn.ReLU() if relu_before else nn.Identity(),
            nn.Unflatten(1, hidden_shape),
            convolutions(channels[::-1], relu_at_end=output_relu),
        )

    def encode(self, x: Tensor) -> Tensor:
        """Feature map (N, C, H, W) to code (N, D)."""
        if x.shape[1:] != self.in_shape:
            shapes = f'(C, H, W) = {self.in_shape}, got {tuple(x.shape[1:])}'
            mend = 'set in_channels and in_featuremap_size=[W, H]'
            raise InputError(f'AutoencoderNeck expects feature maps {shapes}: {mend}')
        return self.encoder(x)

    def decode(self, code: Tensor) -> Tensor:
        """Code (N, D) to feature map (N, C, H, W)."""
        return self.decoder(code)

    def forward(self, x: Tensor | Sequence[Tensor]) -> Tensor | tuple[Tensor, ...]:
        """Reconstruct a feature map (N, C, H, W), or the last of several."""
        if not isinstance(x, Tensor):
            return (*x[:-1], self(x[-1]))
        if self.training and self.noise:
            x = multiplicative_noise(x, self.noise)
        return self.decode(self.encode(x))


@MODELS.register_module()
class LatentAutoencoder(BaseModel):
    """A neck that learns to reconstruct latents (N, C, H, W), without a network around it.

    Its weights are called ``neck.*`` and nothing else, so that they can be put into a network's bottleneck.

    Args:
        neck: Config of an AutoencoderNeck, or of a module with its ``encode`` and ``decode``.
        loss: Config of a loss between the reconstruction and the latent without noise. MMPose's MSELoss unless given,
            the mean over persons and values; ``dict(type='MSELoss', loss_weight=C * H * W)`` sums over values.
        base: ``data_preprocessor`` and ``init_cfg`` of MMEngine's BaseModel.
    """

    def __init__(self, neck: dict, loss: dict | None = None, **base: Any) -> None:
        super().__init__(**base)
        self.neck = MODELS.build(neck)
        self.loss_module = MODELS.build(loss or dict(type='MSELoss'))

    def forward(self, inputs: Tensor, mode: str = 'tensor') -> Tensor | dict[str, Tensor] | list[dict[str, Tensor]]:
        """Reconstruct latents (N, C, H, W).

        By ``mode``: ``'tensor'``: reconstructions (N, C, H, W); ``'loss'``: ``dict(loss=...)``; ``'predict'``: of each
        person ``input`` and ``reconstruction`` (C, H, W) and ``code`` (D,), float32.
        """
        if mode == 'predict':
            code = self.neck.encode(inputs)
            columns = (column.float() for column in (inputs, self.neck.decode(code), code))
            persons = zip(*columns, strict=True)
            return [dict(input=x, reconstruction=made, code=own) for x, made, own in persons]
        reconstruction = self.neck(inputs)
        if mode == 'tensor':
            return reconstruction
        if mode == 'loss':
            return dict(loss=self.loss_module(reconstruction.float(), inputs.float()))
        raise ValueError(f'mode {mode!r}: not one of tensor, loss and predict')
