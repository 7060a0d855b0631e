"""Which labels are ranked, and what is written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from shg_xai.errors import InputError
from shg_xai.options import at_least, shown

LOCAL = '/data/local-files/?d='  # how Label Studio names files of a folder that it serves


@dataclass(frozen=True, kw_only=True)
class LabelCheckOptions:
    """A store, how many of its labels are shown, and a folder for them; InputError if an option makes no sense."""

    store: Annotated[Positional[Path], arg(metavar='STORE')]  # with predictions, see tools/dump_latents.py
    out: Annotated[Path, arg(metavar='DIR')]  # gets the page, the numbers, and files for annotation tools
    top: Annotated[int, arg(metavar='N')] = 50  # labels that are shown, the most suspicious first
    rows: Annotated[str, arg(metavar='all|EXPR')] = 'all'
    """whose labels: all, or a condition as in 'num_labelled >= 10'"""
    images: Annotated[Path | None, shown('DIR', 'where the dump found them')] = None  # folder of the photos
    image_url: Annotated[str, arg(metavar='PREFIX')] = LOCAL
    """what Label Studio finds a photo under, before its file name; as it is, for a folder that it serves itself"""
    seed: int = 0  # of everything drawn
    bootstrap: Annotated[int, arg(metavar='N')] = 1000  # resamples of images behind each interval

    def __post_init__(self) -> None:
        at_least(self, dict(top=1, seed=0, bootstrap=10))
        if self.out.exists() and not self.out.is_dir():
            raise InputError(f'--out {self.out}: is a file; name a folder')
        if self.images is not None and not self.images.is_dir():
            raise InputError(f'--images {self.images}: no such folder')
