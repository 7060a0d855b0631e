"""Groups among latents, as numbers."""

from shg_xai.chapters.nearest_walk.results import NearPerson
from shg_xai.results import Answer, Estimate, Typed


class Misfit(Typed, kw_only=True):
    """A person that is nearer to another cluster than to the own (from 0): its silhouette is below 0, -1 at worst."""

    annotation_id: int
    cluster: int
    silhouette: float


class Fit(Typed, kw_only=True):
    """K-Means with one number of clusters K, the biggest cluster first.

    Attributes:
        inertia: Sum of squared distances of persons to their cluster's mean, made small; the same of each restart, from
            20,000 persons drawn at random where there are more.
        stability: Adjusted Rand index of the clusters of random halves of the persons, about all of them (1: the same,
            0: chance): the mean; low: the least. One cloud can be cut into stable clusters, too.
        silhouette: Mean over persons of how much nearer they are to the own cluster than to the next, -1 to 1. It grows
            with the length of a cloud as well as with gaps in it, so there is no value from which on there are groups.
        error_bound: By how much it may be off: at most, as small components were cut; and by two standard errors, where
            more than 20,000 persons were compared with so many drawn at random.
        negative_share: Of persons that are nearer to another cluster; ``misfits`` are those with the lowest.
        silhouette_by_cluster: Its mean in each, (K,); None where nobody is.
        centroids: For each cluster the persons nearest to its mean.
    """

    k: int
    inertia: float
    restart_inertia: list[float]
    stability: Estimate
    silhouette: Estimate
    error_bound: float
    negative_share: float
    sizes: list[int]
    silhouette_by_cluster: list[float | None]
    centroids: list[list[NearPerson]]
    misfits: list[Misfit]


class Parted(Typed, kw_only=True):
    """Whether K clusters have a valley between every two neighbours.

    Attributes:
        parted: If p is at most one less the confidence, and midway at most one half.
        p: Of the pair that is parted least, times how many K were tried.
        midway: The most persons midway between two neighbours as a share of those around the emptier centre, in the
            median of many halves; from 1 on there is no valley. None where nobody is around a centre.
    """

    k: int
    parted: bool
    p: float
    midway: float | None


class Groups(Typed, kw_only=True):
    """Are there groups at all, and how many?

    Attributes:
        persons: How many were asked, one an image, by their scores along the first components.
        number: The largest number of clusters that are parted, if a Gaussian does not fall into clusters as tight; 1
            for one cloud, as far as so many persons tell; None where they are too few to be asked.
        gaussian_p: The share of draws of one Gaussian of the same covariance that fall into ``gaussian_k`` clusters as
            tight as these: the number that are parted, or two.
        parted: For each number of clusters that persons are enough for.
    """

    persons: int
    number: int | None
    gaussian_k: int | None
    gaussian_p: float | None
    parted: list[Parted]


class Clusters(Answer, kw_only=True, tag='clusters'):
    """Whether the latents fall into groups; and their clusters, for several K, ascending, each from several restarts.

    A mean silhouette may be off by the tolerance. ``best_k`` is the number of groups, if there are any; else it has the
    highest silhouette. ``second_k`` has the highest of the others, None if only one K was tried; the margin is by how
    much the first is above it, taken person by person.
    """

    restarts: int
    tolerance: float
    groups: Groups
    fits: list[Fit]
    best_k: int
    second_k: int | None
    margin: Estimate | None

    def fit(self, k: int) -> Fit:
        """The fit with K clusters; StopIteration if it was not tried."""
        return next(fit for fit in self.fits if fit.k == k)
