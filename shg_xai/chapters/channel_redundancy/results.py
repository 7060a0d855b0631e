"""What is known of the channels each stage of a network needs."""

from typing import Literal

from shg_xai.chapters.channel_redundancy.options import ChannelRedundancyOptions
from shg_xai.chapters.component_projection.results import Suggestion
from shg_xai.results import Curve, Estimate, PckAnswer, Typed

Part = Literal['encoder', 'skip', 'bottleneck', 'decoder', 'after']


class ChannelSpectrum(Typed, kw_only=True):
    """How the variance of a layer is shared out over its C channel components: of each, and of the first k, for each k.

    The participation ratio says over how many equal components the variance is as if spread, from 1 to C.
    """

    explained_variance_ratio: list[float]
    cumulative: list[float]
    components_95: int
    participation_ratio: float


class LayerChannels(Typed, kw_only=True):
    """PCK with one layer's output projected, position by position, on its first k channel components.

    Attributes:
        stack: Which hourglass, from 0; None where it is no stage of a StackedHourglass, as is part.
        level: 0 is the finest; None where the part has no levels.
        spectrum: None where it puts out the same for everybody at every position.
        ks: The numbers of components, ascending; the last are all channels.
        pck: PCK against k, by group of joints.
        drop: What is lost against k, person by person, by group.
    """

    name: str
    stack: int | None
    part: Part | None
    level: int | None
    channels: int
    height: int
    width: int
    spectrum: ChannelSpectrum | None
    ks: list[int]
    pck: dict[str, Curve]
    drop: dict[str, Curve]
    suggestion: Suggestion


class ChannelRedundancy(PckAnswer, kw_only=True, tag='channel_redundancy'):
    """How many channels each stage of a network needs, one at a time, in the order they fire.

    A stage that loses no PCK on few of its components could do with a narrower convolution. What is suggested holds for
    all stages at once: the chance that any of them needs more is shared out among them. What several stages allow
    together is not known from what each allows alone. Components are of ``fitted_on`` persons; ``untouched`` is PCK of
    the network as it is, by group of joints.
    """

    fitted_on: int
    untouched: dict[str, Estimate]
    layers: list[LayerChannels]
    options: ChannelRedundancyOptions
