"""How the variance of latents spreads over their principal components, as numbers."""

from shg_xai.results import Answer, Estimate, Typed


class Width(Typed, kw_only=True):
    """How many of the first components it takes to hold a share of the variance.

    Attributes:
        share: The share, 0 to 1.
        value: The number of components.
        halves: The same in each random half of the images: how far it hangs on who was looked at. None where nothing
            varies in a half, empty where there are too few images to halve.
    """

    share: float
    value: int
    halves: list[int | None]


class ParticipationRatio(Typed, kw_only=True):
    """How many components of equal size would spread the variance as these do, (sum l)^2 / sum l^2.

    Attributes:
        value: From 1, all on one component, to D, spread evenly.
        halves: See :attr:`Width.halves`.
    """

    value: float
    halves: list[float | None]


class Noise(Typed, kw_only=True):
    """How many components hold more variance than unrelated numbers would give them: Horn's parallel analysis, 1965.

    Attributes:
        value: How many come before the first that does not.
        draws: Made-up data sets that were drawn; of each component the largest value counts.
        null: Eigenvalues without structure, descending, (D,).
    """

    value: int
    draws: int
    null: list[float]


class StudyComponent(Typed, kw_only=True):
    """The component from which on the study that came before saw noise alone.

    Attributes:
        component: Its number, from 1.
        value: Its share of the variance here.
        cumulative: The share that it and those before it hold.
    """

    component: int
    value: float
    cumulative: float


class Spectrum(Answer, kw_only=True, tag='spectrum'):
    """How many dimensions carry the latents: the variance along each of D principal components, largest first.

    Few components with most of the variance mean that the D numbers of a person vary together; a flat spectrum means
    that they do not.

    Attributes:
        eigenvalues: Variance along each component, (D,).
        explained_variance_ratio: The same as shares of all variance, (D,).
        cumulative: Running sum of the shares, (D,).
        leading: Shares of the first components, with intervals over images for directions that stay; the first entry is
            component 1.
        components_for: Components it takes for 90, 95 and 99 per cent.
        participation_ratio: One number for how widely variance is spread.
        noise: How many components stand above noise.
        study: None for fewer dimensions than that.
    """

    eigenvalues: list[float]
    explained_variance_ratio: list[float]
    cumulative: list[float]
    leading: list[Estimate]
    components_for: list[Width]
    participation_ratio: ParticipationRatio
    noise: Noise
    study: StudyComponent | None
