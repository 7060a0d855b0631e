"""Which photo is explained, with which network, and beside whose latents."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from shg_xai.errors import InputError
from shg_xai.options import at_least, shown
from shg_xai.runner.options import NetworkOptions

Box = tuple[float, float, float, float]


@dataclass(frozen=True, kw_only=True)
class PhotoOptions(NetworkOptions):
    """A photo, a network, a store of its latents, and a folder for the page; InputError if an option makes no sense."""

    photo: Annotated[Positional[Path], arg(metavar='PHOTO')]  # any photo; nothing has to be known of it
    config: Annotated[str, arg(metavar='CONFIG')]  # config file, ours or MMPose's (mmpose::...)
    checkpoint: Annotated[str, arg(metavar='CHECKPOINT')]  # checkpoint file, the one whose latents are in the store
    store: Annotated[Path, arg(metavar='STORE')]  # the checkpoint's latents, see tools/dump_latents.py
    layer: Annotated[str | None, arg(metavar='NAME')] = None  # needed where the store has several
    analysis: Annotated[Path | None, shown('DIR', 'no risks')] = None
    """what tools/analyze_latent.py wrote of this store: its regressions tell how likely each joint is wrong"""
    box: Annotated[Box | None, shown('X1 Y1 X2 Y2', 'the whole photo')] = None  # around the person, in pixels
    images: Annotated[Path | None, shown('DIR', 'where the dump found them')] = None  # photos of the stored persons
    nearest: Annotated[int, arg(metavar='N')] = 6  # stored persons shown beside it
    out: Annotated[Path, arg(metavar='DIR')]  # gets explanation.html and explanation.json

    def __post_init__(self) -> None:
        at_least(self, dict(nearest=1))
        if self.launcher != 'none':
            raise InputError(f'--launcher {self.launcher}: runs in one process; leave it out')
        if self.out.exists() and not self.out.is_dir():
            raise InputError(f'--out {self.out}: is a file; name a folder')
        if self.images is not None and not self.images.is_dir():
            raise InputError(f'--images {self.images}: no such folder')
