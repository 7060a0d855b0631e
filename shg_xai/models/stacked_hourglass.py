"""The study's network as an MMPose backbone, and a heatmap head with a loss on every stack."""

from collections.abc import Sequence

import torch
from mmcv.cnn import build_norm_layer
from mmengine.model import ModuleList
from mmpose.models.backbones.base_backbone import BaseBackbone
from mmpose.models.heads import HeatmapHead
from mmpose.registry import MODELS
from torch import Tensor, nn

from shg_xai.errors import InputError
from shg_xai.heatmaps import maxima
from shg_xai.models.hourglass import SHORTCUTS, Hourglass, Residual
from shg_xai.models.pointwise import PointwiseConv2d

Flags = bool | Sequence[bool] | Sequence[bool | Sequence[bool]]


def flags_by_stack(flags: Flags, num_stacks: int, depth: int) -> list[list[bool]]:
    """Spell ``skip_connections`` out: for each stack one flag a level, finest level first.

    ``flags`` is one; or one a level (a flat list); or, in a list that holds at least one list, one entry a stack, each
    a flag or a list of one a level. InputError if the lengths do not fit.
    """
    if isinstance(flags, int):  # a bool is one; --cfg-options may well give 0
        return [[bool(flags)] * depth for _ in range(num_stacks)]
    if any(isinstance(entry, Sequence) for entry in flags):
        if len(flags) != num_stacks:
            raise InputError(f'StackedHourglass: skip_connections has {len(flags)} entries for num_stacks={num_stacks}')
        return [flags_by_stack(entry, 1, depth)[0] for entry in flags]
    if len(flags) != depth:
        found = f'skip_connections has {len(flags)} flags for depth={depth}'
        raise InputError(f'StackedHourglass: {found}; give one flag, or one a level')
    return [[bool(flag) for flag in flags] for _ in range(num_stacks)]


class Intermediate(nn.Module):
    """Between two stacks: heatmaps, and the next stack's input (Newell et al., section 3.3).

    The heatmaps (K channels) fed back are the supervised ones. Features (C channels) are normalised before them, as the
    last stack's head does: residuals add up, and the first stack's loss would start ten thousand times as large.
    """

    def __init__(self, channels: int, out_channels: int, norm_cfg: dict) -> None:
        super().__init__()
        norm = build_norm_layer(norm_cfg, channels)[1]
        self.features = nn.Sequential(PointwiseConv2d(channels, channels), norm, nn.ReLU(inplace=True))
        self.heatmaps = PointwiseConv2d(channels, out_channels)
        self.remap_heatmaps = PointwiseConv2d(out_channels, channels)
        self.remap_features = PointwiseConv2d(channels, channels)

    def forward(self, stack_input: Tensor, x: Tensor) -> tuple[Tensor, Tensor]:
        """From a stack's input and output (N, C, H, W) to heatmaps and the next input."""
        features = self.features(x)
        heatmaps = self.heatmaps(features)
        return heatmaps, (stack_input + self.remap_heatmaps(heatmaps) + self.remap_features(features))


@MODELS.register_module()
class StackedHourglass(BaseBackbone):
    """Stem, then one or more hourglasses; the study's network with the defaults.

    (N, 3, 4H, 4W) -> the features (N, C, H, W) of the last stack, after the K-channel heatmaps (N, K, H, W) of every
    stack before it. The latent of stack ``i`` is the output of the layer ``hourglasses.i.bottleneck_residuals``.

    Args:
        num_stacks: Hourglasses, one after the other, each supervised.
        channels: C.
        out_channels: K, for the heatmaps between stacks.
        depth: Levels of an hourglass; it halves the resolution as many times.
        num_bottleneck_residuals: Residuals at the lowest resolution.
        shortcut: ``'conv3x3'`` (the study) or ``'identity'`` (Newell et al.).
        skip_connections: One flag, one a level (finest first), or one entry a stack; see :func:`flags_by_stack`.
        bottleneck: Config of a neck that every latent passes, one for all stacks or one a stack.
        norm_cfg: Normalisation layers; batch normalisation unless given.
        zero_init_residual: Residuals start as their shortcut alone: the last layer of each branch is 0 at first (Goyal
            et al., arxiv.org/abs/1706.02677, section 5.1), so that features do not grow with the number of residuals.
        channels_last: Channels innermost in memory: the same up to rounding, and faster wherever it was measured.
        init_cfg: The study's Glorot normal unless given.

    Raises:
        InputError: An argument that does not fit, or an image whose size does not divide by 4 * 2**depth.
    """

    static = True  # see shg_xai.runner.cuda_graph

    def __init__(
        self,
        num_stacks: int = 1,
        channels: int = 256,
        out_channels: int = 17,
        depth: int = 4,
        num_bottleneck_residuals: int = 3,
        shortcut: str = 'conv3x3',
        skip_connections: Flags = True,
        bottleneck: dict | Sequence[dict | None] | None = None,
        norm_cfg: dict | None = None,
        zero_init_residual: bool = False,
        channels_last: bool = True,
        init_cfg: dict | list[dict] | None = None,
    ) -> None:
        glorot = dict(type='Xavier', layer='Conv2d', distribution='normal')
        super().__init__(glorot if init_cfg is None else init_cfg)
        if shortcut not in SHORTCUTS:
            raise InputError(f'StackedHourglass: shortcut={shortcut!r}; choose one of {", ".join(SHORTCUTS)}')
        if channels % 2 or min(num_stacks, channels, depth, num_bottleneck_residuals) < 1:
            sizes = 'num_stacks, depth and num_bottleneck_residuals'
            raise InputError(f'StackedHourglass: {sizes} must be at least 1, channels even')
        necks = bottleneck if isinstance(bottleneck, Sequence) else [bottleneck] * num_stacks
        if len(necks) != num_stacks:
            raise InputError(f'StackedHourglass: bottleneck has {len(necks)} entries for num_stacks={num_stacks}')
        norm_cfg = norm_cfg or dict(type='BN')
        self.depth, self.channels_last, self.zero_init_residual = depth, channels_last, zero_init_residual

        def residual() -> Residual:
            return Residual(channels, shortcut, norm_cfg)

        first, norm = nn.Conv2d(3, channels, 7, stride=2, padding=3), build_norm_layer(norm_cfg, channels)[1]
        rest = residual(), nn.MaxPool2d(2), residual(), residual()
        self.stem = nn.Sequential(first, norm, nn.ReLU(inplace=True), *rest)
        # MMEngine's list: PyTorch's would keep a bottleneck's own init_cfg from being used.
        self.hourglasses = ModuleList()
        for flags, neck in zip(flags_by_stack(skip_connections, num_stacks, depth), necks, strict=True):
            inner = nn.Identity() if neck is None else MODELS.build(neck)
            self.hourglasses.append(Hourglass(residual, flags, num_bottleneck_residuals, inner))
        self.residuals = nn.ModuleList(residual() for _ in necks)
        self.intermediates = nn.ModuleList(Intermediate(channels, out_channels, norm_cfg) for _ in necks[1:])
        if channels_last:
            self.to(memory_format=torch.channels_last)

    def forward(self, inputs: Tensor) -> tuple[Tensor, ...]:
        """Images (N, 3, 4H, 4W) to the heatmaps of each stack but the last, then the last stack's features."""
        (height, width), multiple = inputs.shape[-2:], 4 * 2**self.depth
        if height % multiple or width % multiple:
            wanted = f'with depth={self.depth} takes images whose width and height are multiples of {multiple}'
            raise InputError(f'StackedHourglass {wanted}, got {width}x{height}: change input_size in the config')
        if self.channels_last:
            inputs = inputs.contiguous(memory_format=torch.channels_last)
        stack_input, outputs = self.stem(inputs), []
        for index, hourglass in enumerate(self.hourglasses):
            x = self.residuals[index](hourglass(stack_input))
            if index < len(self.intermediates):
                heatmaps, stack_input = self.intermediates[index](stack_input, x)
                outputs.append(heatmaps)
        return (*outputs, x)

    def init_weights(self) -> None:
        """As ``init_cfg`` says, then the residuals' last layers."""
        super().init_weights()
        for residual in self.modules() if self.zero_init_residual else ():
            if isinstance(residual, Residual):
                nn.init.zeros_(residual.last.weight)

    def train(self, mode: bool = True) -> 'StackedHourglass':
        """Switch to training or evaluation; unlike BaseBackbone's, returns self."""
        super().train(mode)
        return self


@MODELS.register_module()
class StackedHeatmapHead(HeatmapHead):
    """HeatmapHead that also supervises the heatmaps of earlier stacks.

    The features are those of :class:`StackedHourglass`: heatmaps (N, K, H, W) of every stack but the last, then the
    last stack's features (N, C, H, W), from which HeatmapHead makes the final heatmaps. Newell et al., section 3.3:
    every stack's heatmaps get the same loss.
    """

    def forward(self, feats: tuple[Tensor, ...]) -> Tensor:
        """The last stack's heatmaps (N, K, H, W), in float32: NumPy knows no bfloat16."""
        return super().forward(feats).float()

    def loss(
        self, feats: tuple[Tensor, ...], batch_data_samples: list, train_cfg: dict | None = None
    ) -> dict[str, Tensor]:
        """HeatmapHead's losses, and ``loss_kpt_stack<i>`` for every stack but the last; MMEngine adds up ``loss*``."""
        predicted = self.forward(feats)
        targets = torch.stack([sample.gt_fields.heatmaps for sample in batch_data_samples])
        weights = torch.cat([sample.gt_instance_labels.keypoint_weights for sample in batch_data_samples])
        losses = dict(loss_kpt=self.loss_module(predicted, targets, weights))
        for index, heatmaps in enumerate(feats[:-1]):
            losses[f'loss_kpt_stack{index}'] = self.loss_module(heatmaps, targets, weights)
        if (train_cfg or {}).get('compute_acc', True):
            losses['acc_pose'] = heatmap_accuracy(predicted.detach(), targets, weights > 0)
        return losses


def heatmap_accuracy(predicted: Tensor, targets: Tensor, counts: Tensor, thr: float = 0.05) -> Tensor:
    """Share of joints whose maximum lies where the target's does, a scalar: the mean over joints that count at all.

    Heatmaps are (N, K, H, W), ``counts`` (N, K) says who has the joint; "where" is within ``thr`` of the heatmap's
    side. It is MMPose's ``pose_pck_accuracy`` (a heatmap that is nowhere above 0 has its maximum at -1, -1) without
    leaving the device: a GPU need not wait for NumPy in the middle of a training step.
    """
    places, _ = maxima(torch.cat([predicted, targets]))
    found, true = places.chunk(2)
    sides = predicted.new_tensor(predicted.shape[2:])
    correct = ((found - true) / sides).norm(dim=-1) < thr
    number = counts.sum(0)
    shares = (correct & counts).sum(0) / number.clamp(min=1)
    return shares.sum() / (number > 0).sum().clamp(min=1)


def skip_layer(stack: int, level: int) -> str:
    """Name of the layer whose output is a skip; level 0 is the finest."""
    return f'backbone.hourglasses.{stack}.skips.{level}'


def latent_layer(stack: int) -> str:
    """Name of the layer whose output is a stack's latent; all of the stack's encoder fires before it."""
    return f'backbone.hourglasses.{stack}.bottleneck_residuals'


def present_levels(model: nn.Module, config: str) -> list[list[int]]:
    """For each stack the levels whose skip is on, ascending; InputError where the backbone is no StackedHourglass."""
    backbone = getattr(model, 'backbone', None)
    if not isinstance(backbone, StackedHourglass):
        raise InputError(
            f'{config}: model.backbone: not a StackedHourglass but a {type(backbone).__name__}, which has no such '
            'skips; give a config of a StackedHourglass'
        )
    return [[level for level, on in enumerate(one.skip_connections) if on] for one in backbone.hourglasses]
