"""Options of ``tools/find_redundancy.py``; imports no torch."""

from dataclasses import dataclass
from typing import Annotated

from shg_xai.chapters.component_projection.options import WidthOptions
from shg_xai.options import at_least, shown
from shg_xai.runner.options import Split


@dataclass(frozen=True, kw_only=True)
class ChannelRedundancyOptions(WidthOptions):
    """A network of which each stage's channels are projected on their first k principal components."""

    layers: Annotated[tuple[str, ...], shown('NAME [NAME ...]', 'all stages of a StackedHourglass')] = ()
    """layers whose output is a feature map"""
    fit_split: Split = 'train'  # whose outputs the components are of
    fit_persons: Annotated[int, shown('N')] = 500  # so many of them, drawn with the seed

    def __post_init__(self) -> None:
        super().__post_init__()
        at_least(self, dict(fit_persons=2))
