"""Which real persons are met on walks along principal components, as numbers."""

from shg_xai.results import Answer, Estimate, Typed


class NearPerson(Typed, kw_only=True):
    """A person near a point of the latent space: Euclidean distance over all D dimensions, in units of the latent."""

    annotation_id: int
    distance: float


class Point(Typed, kw_only=True):
    """A point of a walk, a step of so many standard deviations from the mean, and the distance to the nearest person.

    ``relative`` is the same over the root mean square distance of persons to the mean: near 1, the nearest is as far
    away as persons are from the mean. ``random`` is that after as long a step in random directions, drawn from the
    covariance of the latents: their mean, and the range of the middle 95 per cent of them. It gives the scale and is no
    test: a component is fitted to the persons met, so they lie nearer to it than to others by construction.
    """

    step: int
    distance: float
    relative: float
    nearest: list[NearPerson]
    random: Estimate


class Walk(Typed, kw_only=True):
    """A walk from the mean along one component (its number from 1), to both sides.

    Steps are as long as ``sigma``, the standard deviation of persons along the component.
    """

    component: int
    sigma: float
    points: list[Point]


class NearestWalk(Answer, kw_only=True, tag='nearest_walk'):
    """Who is met on walks along principal components; ``steps`` are standard deviations, ascending."""

    steps: list[int]
    walks: list[Walk]
