"""What a search for redundant channels is about: options, layers, numbers of components."""

from collections.abc import Sequence
from dataclasses import dataclass

from mmengine.config import Config

from shg_xai.chapters.channel_redundancy.channels import channel_ladder, place_of
from shg_xai.errors import InputError
from shg_xai.runner.layers import check_layers, list_layers
from shg_xai.runner.measurement import check_numbers


@dataclass(frozen=True)
class RedundancyOptions:
    """What to measure.

    Attributes:
        layers: Layers by name; None: the stages of a StackedHourglass.
        split: Whose PCK: train, val or test.
        fit_split: Whose outputs the components are computed from.
        fit_persons: At most so many of them, drawn with the seed.
        ks: Numbers of components; all of them are added. None: a ladder.
        tolerance: The drop of labelled PCK that counts as none.
        limit: PCK of at most so many persons, the first of the data set.
        bootstrap: Resamples of images behind each interval.
        confidence: Of the intervals.
        seed: Of everything drawn.

    Raises:
        InputError: A value makes no sense.
    """

    layers: tuple[str, ...] | None = None
    split: str = 'val'
    fit_split: str = 'train'
    fit_persons: int = 500
    ks: tuple[int, ...] | None = None
    tolerance: float = 0.005
    limit: int | None = None
    bootstrap: int = 1000
    confidence: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        check_numbers(self, dict(fit_persons=2, limit=1))
        if not 0 <= self.tolerance <= 1:
            raise InputError(f'--tolerance {self.tolerance}: give a number from 0 to 1')
        for k in self.ks or ():
            if k < 0:
                raise InputError(f'--k {k}: give numbers of components from 0 on')


def choose_layers(cfg: Config, names: Sequence[str] | None) -> dict[str, tuple[int, int, int]]:
    """The layers to look at, in the order they fire, and the shape (C, H, W) of each.

    Args:
        cfg: Config of the network.
        names: Layers asked for; None for the stages of a StackedHourglass. A skip that is off never fires and is not
            among them.

    Raises:
        InputError: A layer the network has not, or no feature map; or none named for a network that is no
            StackedHourglass.
    """
    infos = {info.name: info for info in list_layers(cfg)}
    if names is None:
        backbone = cfg.model.get('backbone') or {}
        if backbone.get('type') != 'StackedHourglass':
            raise InputError(
                f'{cfg.filename}: its backbone is no StackedHourglass, whose stages '
                'are known; name layers with --layers, tools/list_layers.py lists '
                'all'
            )
        names = [name for name in infos if place_of(name).part is not None]
    check_layers(names, list(infos))
    for name in names:
        if not infos[name].per_person or len(infos[name].shape) != 3:
            raise InputError(
                f'layer {name}: puts out {infos[name].shape}, no feature map '
                '(channels, height, width) for each person; leave it out of --layers'
            )
    return {name: infos[name].shape for name in infos if name in names}


def numbers(ks: Sequence[int] | None, layer: str, channels: int) -> list[int]:
    """Numbers of components to try in a layer of C channels, ascending; C is always one of them.

    Raises:
        InputError: One is above C.
    """
    for k in ks or ():
        if k > channels:
            raise InputError(f'--k {k}: layer {layer} has {channels} channels; give at most as many')
    return channel_ladder(channels) if ks is None else sorted({*ks, channels})
