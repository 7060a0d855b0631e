"""An autoencoder alone, trained on stored latents."""

from typing import Any

from mmengine.model import BaseModel
from mmpose.registry import MODELS
from torch import Tensor


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
