"""Options of ``tools/find_redundancy.py``; imports no torch."""

from dataclasses import dataclass
from typing import Annotated

from tyro.conf import arg

from shg_xai.chapters.component_projection.options import WidthOptions
from shg_xai.options import at_least
from shg_xai.runner.options import Split

ALL = '(default: all stages of a StackedHourglass)'


@dataclass(frozen=True, kw_only=True)
class ChannelRedundancyOptions(WidthOptions):
    """A network of which each stage's channels are projected; InputError where an option makes no sense."""

    layers: Annotated[tuple[str, ...], arg(metavar='NAME [NAME ...]', help_behavior_hint=ALL)] = ()
    """layers whose output is a feature map"""
    fit_split: Split = 'train'
    """whose outputs the components are of"""
    fit_persons: Annotated[int, arg(metavar='N')] = 500
    """so many of them, drawn with the seed"""

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, dict(fit_persons=2))
