"""The study's autoencoder, as a neck and alone, and what trains a bottleneck alone."""

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, ClassVar

from mmengine.model import BaseModel
from mmpose.registry import MODELS
from torch import Tensor, nn

from shg_xai.models.bottleneck import BottleneckNeck


def convolutions(channels: Sequence[int], relu_at_end: bool) -> nn.Sequential:
    """3x3 convolutions through these channels, each followed by a ReLU, the last if asked."""
    layers: list[nn.Module] = []
    for in_channels, out_channels in pairwise(channels):
        layers += [nn.Conv2d(in_channels, out_channels, 3, padding=1), nn.ReLU(inplace=True)]
    return nn.Sequential(*(layers if relu_at_end else layers[:-1]))


@MODELS.register_module()
class AutoencoderNeck(BottleneckNeck):
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

    SETTINGS: ClassVar[tuple[str, ...]] = ('code_relu', 'output_relu')

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
        self.check_sizes('hidden_channels', *hidden_channels)
        super().__init__(in_channels, in_featuremap_size, code_channels, noise, init_cfg)
        self.check_no_wider()
        self.code_relu, self.output_relu = code_relu, output_relu
        width, height = in_featuremap_size
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
        self.check_shape(x)
        return self.encoder(x)

    def decode(self, code: Tensor) -> Tensor:
        """Code (N, D) to feature map (N, C, H, W)."""
        return self.decoder(code)


@MODELS.register_module()
class LatentAutoencoder(BaseModel):
    """A neck that learns to reconstruct latents (N, C, H, W), without a network around it.

    Its weights are called ``neck.*`` and nothing else, so that they can be put into a network's bottleneck.

    Args:
        neck: Config of a bottleneck: AutoencoderNeck, TopKNeck, VariationalNeck.
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

        By ``mode``: ``'tensor'``: reconstructions (N, C, H, W); ``'loss'``: ``dict(loss=...)``, or by part where the
        bottleneck adds to it; ``'predict'``: of each person ``input`` and ``reconstruction`` (C, H, W) and ``code``
        (D,), float32.
        """
        if mode == 'predict':
            code = self.neck.encode(inputs)
            columns = (column.float() for column in (inputs, self.neck.decode(code), code))
            persons = zip(*columns, strict=True)
            return [dict(input=x, reconstruction=made, code=own) for x, made, own in persons]
        if mode == 'tensor':
            return self.neck(inputs)
        if mode == 'loss':
            reconstruction, more = self.neck.reconstruct(inputs)
            loss = self.loss_module(reconstruction.float(), inputs.float())
            # MMEngine adds up all that has "loss" in its name, and calls the sum "loss".
            return dict(loss_reconstruction=loss, **more) if more else dict(loss=loss)
        raise ValueError(f'mode {mode!r}: not one of tensor, loss and predict')
