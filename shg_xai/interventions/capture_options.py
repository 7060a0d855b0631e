"""What to capture, of whom, and into which store; imports neither torch nor MMPose."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, arg

from shg_xai.errors import InputError
from shg_xai.options import at_least
from shg_xai.runner.options import NetworkOptions, Split

RANDOM = 'none'  # stands for a checkpoint where weights are drawn
PIXELS = 'pixels'  # and where there is no network but the picture itself, 16 x 16


@dataclass(frozen=True)
class DumpOptions:
    """What to store; InputError where a number makes no sense."""

    layers: Annotated[tuple[str, ...], arg(metavar='NAME [NAME ...]')]
    """layers to store, in one pass; tools/list_layers.py lists them"""
    out: Annotated[Path, arg(metavar='DIR')]  # the store
    split: Split = 'val'  # whose persons
    only: Annotated[str | None, arg(metavar='EXPR')] = None  # persons that meet a condition; labelled: all joints are
    limit: Annotated[int | None, arg(metavar='N')] = None  # the first N of them
    dtype: Literal['float16', 'float32'] = 'float16'
    """of the stored numbers; float16 gives way to float32 where one is too large for it"""
    predictions: bool = True  # predict and store PCK, too; without, a forward pass ends at the last of the layers
    rows_per_shard: Annotated[int, arg(metavar='N')] = 1024  # persons a file; as many at most are lost when killed

    def __post_init__(self) -> None:
        if not self.layers:
            raise InputError('--layers: name at least one; tools/list_layers.py lists them')
        at_least(self, dict(limit=1))


@dataclass(frozen=True, kw_only=True)
class CaptureOptions(DumpOptions, NetworkOptions):
    """A network, and what of it to store."""

    checkpoint: Annotated[Positional[str], arg(metavar='CHECKPOINT')]
    """file; none for random weights; pixels for the picture itself, 16 x 16, with --layers backbone"""
