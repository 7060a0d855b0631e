"""What is known of bottlenecks of one width, side by side."""

from typing import Literal

from shg_xai.chapters.bottlenecks.options import BottlenecksOptions
from shg_xai.chapters.networks.results import Difference
from shg_xai.results import Curve, Estimate, PckAnswer, Typed
from shg_xai.stats.draws import Beside

Name = Literal['components', 'linear', 'plain', 'topk', 'variational']
Latents = Literal['trained', 'untrained']
By = Literal['ranks', 'ends']
Than = Literal['components', 'untrained']


class Chance(Typed, kw_only=True):
    """A number beside what it is where there is nothing; None where it is not known."""

    value: float | None
    chance: float | None


class ToldConcept(Typed, kw_only=True):
    """A concept and the unit, by number from 1, that goes with it best; of the first start.

    Attributes:
        rho: Correlation in ranks among persons it was not chosen by, with the sign it was chosen with.
        p: How often chance alone gives as much anywhere in the chapter; None where it cannot be judged.
    """

    concept: str
    title: str
    unit: int
    rho: float
    p: float | None


class Readout(Typed, kw_only=True):
    """What a kind's units say of persons they were not trained on.

    Attributes:
        explained: Share of the latents' variance about their mean, mean over starts.
        active: Units that are not 0 for a person on average (L0), mean over starts.
        dead: Share of the units that say the same of everybody, or next to it; mean over starts.
        readability: Correlation in ranks of each concept with its unit, mean over concepts and starts.
        ends: 2 AUC - 1 of each end of a concept (upper and lower fifth) and its unit, mean over ends and starts.
        told: Of each start, of how many concepts one unit tells more than chance.
        concepts: By concept, of the first start.
        probes: Share of the variance of a concept's ranks told by its k best units, mean over concepts and starts.
        monosemanticity: Mean over units that are alive.
        agreement: Of a unit with the one most like it in another start: mean of the largest absolute correlation over
            persons; chance: where persons exchange their values.
        directions: The same of what units add to a latent, absolute cosines; chance: directions drawn from the latents'
            covariance.
    """

    explained: Estimate
    active: float
    dead: float
    readability: Estimate
    ends: Estimate
    told: list[int]
    concepts: list[ToldConcept]
    probes: Curve
    monosemanticity: Chance
    agreement: Chance
    directions: Chance


class Spliced(Typed, kw_only=True):
    """What is left of the network with a bottleneck in it, mean over starts.

    Attributes:
        pck: On labelled joints.
        lost: PCK of the untouched network less that, person by person.
        recovered: Heatmap loss of the mean latent less that with the bottleneck, over the same less that of the
            untouched network; None where the model hands out no heatmaps.
    """

    pck: Estimate
    lost: Estimate
    recovered: Estimate | None


class Bottleneck(Typed, kw_only=True):
    """A kind of bottleneck on one network's latents."""

    name: Name
    latents: Latents
    readout: Readout
    spliced: Spliced | None


class Compared(Typed, kw_only=True):
    """How much more readable a kind is than the principal components, or, ``than`` being untrained, than the same kind
    on the untrained network's latents; ``by`` correlation in ranks over concepts, or by telling the ends of concepts.
    """

    name: Name
    than: Than
    by: By
    difference: Difference


class SteeredUnit(Typed, kw_only=True):
    """What a step along a unit's direction in the latent does to the decoded pose, in the crop's longer side.

    Attributes:
        concept: That it tells best.
        rho: As there.
        shift: Of joints, over a standard deviation of the unit, mean over joints.
        joints: The three that move most.
        random: The shift beside that along random directions of the same length, corrected for all units steered.
    """

    name: Name
    unit: int
    concept: str
    rho: float
    shift: Estimate
    joints: list[str]
    random: Beside


class TrainedOn(Typed, kw_only=True):
    """PCK on labelled joints after training on for some epochs, with a bottleneck or, ``none``, without one."""

    name: Literal['none', 'linear', 'plain', 'topk', 'variational']
    pck: Estimate
    gain: Estimate


class Bottlenecks(PckAnswer, kw_only=True, tag='bottlenecks'):
    """Bottlenecks of one width on the latents of one layer, what they cost, and whether their units can be read.

    Attributes:
        dimensions: Values of a latent.
        trained_on: Persons of the store the bottlenecks were trained on.
        measured_on: Persons of the store they were read on, of other images.
        concepts: How many were looked at, and how many ends of them.
        confidence_each: Of each comparison's interval, so that all hold together.
        untouched: PCK on labelled joints of the network as it is; ``mean_latent``: with one latent for everybody.
        after: After training on; empty unless asked for.
    """

    store: str
    layer: str
    dimensions: int
    trained_on: int
    measured_on: int
    images: int
    concepts: int
    ends: int
    confidence_each: float
    untouched: Estimate
    mean_latent: Estimate
    bottlenecks: list[Bottleneck]
    compared: list[Compared]
    steered: list[SteeredUnit]
    after: list[TrainedOn]
    options: BottlenecksOptions
