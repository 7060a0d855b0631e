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
        inertia: Sum of squared distances of persons to their cluster's mean, made small; the same of each restart.
        stability: Adjusted Rand index of pairs of restarts (1: the same clusters, 0: chance): the mean; low: the least.
        silhouette: Mean over persons of how much nearer they are to the own cluster than to the next, -1 to 1. Below
            0.25 there are parts of one cloud rather than groups (Kaufman and Rousseeuw 1990).
        error_bound: By how much it may be off at most, as small components were cut.
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


class Clusters(Answer, kw_only=True, tag='clusters'):
    """Which groups the latents fall into, for several numbers of clusters K, ascending, each from several restarts.

    A mean silhouette may be off by the tolerance. ``best_k`` has the highest, ``second_k``, None if only one was tried,
    the next; the margin is by how much, taken person by person.
    """

    restarts: int
    tolerance: float
    fits: list[Fit]
    best_k: int
    second_k: int | None
    margin: Estimate | None

    def fit(self, k: int) -> Fit:
        """The fit with K clusters; StopIteration if it was not tried."""
        return next(fit for fit in self.fits if fit.k == k)
