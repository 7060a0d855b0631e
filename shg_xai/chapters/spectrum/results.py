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
    """How many components come before the first that holds no more variance than unrelated numbers would give it:
    Horn's parallel analysis, 1965. Of so many made-up data sets drawn each component's largest eigenvalue is in
    ``null``, descending, (D,).
    """

    value: int
    draws: int
    null: list[float]


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

    Explained variance ratios are shares of all variance, (D,), ``cumulative`` their running sum, ``leading`` those of
    the first components, with intervals over images for directions that stay. ``components_for`` are those it takes for
    90, 95 and 99 per cent; ``study`` is None for fewer dimensions than that.
    """

    eigenvalues: list[float]
    explained_variance_ratio: list[float]
    cumulative: list[float]
    leading: list[Estimate]
    components_for: list[Width]
    participation_ratio: ParticipationRatio
    noise: Noise
    study: StudyComponent | None
