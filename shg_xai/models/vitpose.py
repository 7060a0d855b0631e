"""ViTPose of Hugging Face's transformers, so that the network people use today can be looked into and trained here.

Xu and others, "ViTPose: Simple Vision Transformer Baselines for Human Pose Estimation", 2022: the plain transformer of
image patches, a token a patch, whose last tokens are laid out as the image again for a small head. MMPose has it with
mmpretrain; this needs transformers instead, imported only when a network is built. Published weights become a
checkpoint of this package's tools, heads included, by::

    python -m shg_xai.models.vitpose usyd-community/vitpose-base-simple vitpose.pth

Shapes: N images [W, H] of patches [w, h], so W/w x H/h tokens of C values.
"""

import sys
from pathlib import Path
from typing import Any

import torch
from mmengine.model import BaseModule
from mmpose.registry import MODELS
from torch import Tensor

from shg_xai.errors import InputError
from shg_xai.writing import aside

# Where MMPose's HeatmapHead has the layers of transformers' decoders, classic and simple.
HEAD = {'deconv1': 'deconv_layers.0', 'batchnorm1': 'deconv_layers.1', 'conv': 'final_layer'}
HEAD |= {'deconv2': 'deconv_layers.3', 'batchnorm2': 'deconv_layers.4'}


def package() -> Any:
    """Hugging Face's package; InputError where it, or ViTPose in it, is missing."""
    try:
        import transformers

        _ = transformers.VitPoseBackbone  # imported only now
    except (ImportError, AttributeError) as error:
        mend = "install it: pip install 'transformers>=4.48'"
        raise InputError(f'TransformersViTPose: transformers cannot be used ({error}); {mend}') from error
    return transformers


def published_weights(source: str) -> dict[str, Tensor]:
    """The weights of a ViTPose of transformers, a folder or a name on its hub, by the names of an MMPose network.

    That is a TopdownPoseEstimator of :class:`TransformersViTPose` and HeatmapHead, as in configs/vitpose_coco.py.
    InputError: it cannot be read, or is not a whole ViTPose.
    """
    try:
        found = package().VitPoseForPoseEstimation.from_pretrained(source, output_loading_info=True)
    except (OSError, ValueError, RuntimeError) as error:
        raise InputError(f'{source}: no ViTPose of transformers ({" ".join(str(error).split())})') from error
    model, said = found
    if said['missing_keys']:
        raise InputError(f'{source}: no whole ViTPose, it lacks {min(said["missing_keys"])}')
    weights = {}
    for name, value in model.state_dict().items():
        part, _, rest = name.partition('.')
        layer, _, kind = rest.partition('.')
        weights[f'backbone.model.{rest}' if part == 'backbone' else f'head.{HEAD[layer]}.{kind}'] = value
    return weights


@MODELS.register_module()
class TransformersViTPose(BaseModule):
    """The backbone of ViTPose as transformers has it; puts out (N, C, H/h, W/w) for a HeatmapHead.

    Layers inside put out tokens, (N, H/h * W/w, C), row by row from the upper left.

    Args:
        arch: What differs from ViTPose-B, as transformers' ``VitPoseBackboneConfig`` names it: ``image_size`` (H, W),
            ``hidden_size`` C, ``num_hidden_layers``, ``num_attention_heads``, ...
        dataset_index: Which expert answers, where ``num_experts`` of ``arch`` is above 1 (ViTPose+); 0 is COCO's.
        pretrained: Folder or hub name whose backbone a training starts from; where a checkpoint is loaded, and to list
            the layers, nothing is fetched.
        init_cfg: MMEngine's, another way to start.

    Raises:
        InputError: transformers is missing, or ``pretrained`` cannot be used or is of another architecture.
    """

    def __init__(
        self,
        arch: dict[str, Any] | None = None,
        dataset_index: int = 0,
        pretrained: str | None = None,
        init_cfg: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(init_cfg)
        known = package()
        self.model = known.VitPoseBackbone(known.VitPoseBackboneConfig(**(arch or {})))
        self.dataset_index, self.pretrained = dataset_index, pretrained

    def init_weights(self) -> None:
        """Load what a training starts from; transformers has drawn the weights of a new network already."""
        if self.pretrained is not None:
            own = published_weights(self.pretrained)
            prefix = 'backbone.model.'
            try:
                self.model.load_state_dict({k.removeprefix(prefix): v for k, v in own.items() if k.startswith(prefix)})
            except RuntimeError as error:
                raise InputError(f'{self.pretrained}: not of this arch ({" ".join(str(error).split())})') from error
        elif self.init_cfg:
            super().init_weights()

    def forward(self, images: Tensor) -> tuple[Tensor]:
        """The tokens of the last layer, normalised, as a map: ((N, C, H/h, W/w),)."""
        config = self.model.config
        experts = {}
        if config.num_experts > 1:
            experts['dataset_index'] = torch.full((len(images),), self.dataset_index, device=images.device)
        tokens = self.model(images, **experts).feature_maps[-1]
        (height, width), size = config.image_size, config.patch_size
        grid = height // size[0], width // size[1]
        return (tokens.transpose(1, 2).reshape(len(images), -1, *grid),)


def main(source: str, out: str) -> None:
    """Write published weights as a checkpoint for configs/vitpose_coco.py, whole or not at all."""
    weights = published_weights(source)
    with aside(Path(out)) as part:
        torch.save(dict(meta=dict(source=source), state_dict=weights), part)


if __name__ == '__main__':
    from shg_xai.cli import run

    if len(sys.argv) != 3:
        sys.exit('usage: python -m shg_xai.models.vitpose FOLDER_OR_HUB_NAME CHECKPOINT')
    run(lambda: main(*sys.argv[1:]))
