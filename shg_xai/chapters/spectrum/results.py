"""How the variance of latents spreads over their principal components, as numbers."""

from shg_xai.results import Answer, Estimate, Typed


class Width(Typed, kw_only=True):
    """How many of the first components it takes to hold a share (0 to 1) of the variance.

    ``halves`` is the same in each random half of the images: how far it hangs on who was looked at. None where nothing
    varies in a half, empty where there are too few images to halve.
    """

    share: float
    value: int
    halves: list[int | None]


class ParticipationRatio(Typed, kw_only=True):
    """How many components of equal size would spread the variance as these do, (sum l)^2 / sum l^2: from 1, all on
    one component, to D, spread evenly; ``halves`` as :class:`Width` has them.
    """

    value: float
    halves: list[float | None]


class Noise(Typed, kw_only=True):
    """How many components, at least, hold more variance than unrelated numbers: Horn's parallel analysis, 1965.

    ``threshold`` is the variance they exceed: that of the strongest component of dimensions that have nothing to do
    with each other, in 39 of 40 made-up data sets of as many persons, as alike within an image. ``p`` is the
    p-value of the first component from so many ``draws``.
    """

    value: int
    threshold: float
    p: float
    draws: int


class StudyComponent(Typed, kw_only=True):
    """The component (its number from 1) from which on the study that came before saw noise alone: its share of the
    variance here, and what it and those before it hold together.
    """

    component: int
    value: float
    cumulative: float


class Spectrum(Answer, kw_only=True, tag='spectrum'):
    """How many dimensions carry the latents: the variance along each of D principal components, largest first.

    Few components with most of the variance mean that the D numbers of a person vary together; a flat spectrum means
    that they do not.

    Explained variance ratios are shares of all variance, (D,), of the persons the components are fitted to, and so too
    large for the first; ``cumulative`` is their running sum. ``held_out`` are shares of persons a component was not
    fitted to, of the first ten: one half of the images is measured along the components of the other, with intervals
    over images for components that stay. That estimates the share of the variance of new
    persons along the component fitted to half of these images; None where there are too few images to halve.
    ``components_for`` are those it takes for 90, 95 and 99 per cent; ``study`` is None for fewer dimensions than that.
    """

    eigenvalues: list[float]
    explained_variance_ratio: list[float]
    cumulative: list[float]
    held_out: list[Estimate]
    components_for: list[Width]
    participation_ratio: ParticipationRatio
    noise: Noise
    study: StudyComponent | None
