"""The places of a stacked hourglass that are edited: its skips, and the latents of its stacks."""

from torch import nn

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.errors import InputError
from shg_xai.models.stacked_hourglass import StackedHourglass


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
