"""Groups among latents, as numbers."""

from shg_xai.chapters.nearest_walk.results import NearPerson
from shg_xai.results import Answer, Estimate, Typed


class Misfit(Typed, kw_only=True):
    """A person that is nearer to another cluster than to the own (from 0): its silhouette is below 0, -1 at worst."""

    annotation_id: int
    cluster: int
    silhouette: float


class Fit(Typed, kw_only=True):
    """K-Means with one number of clusters, the biggest cluster first.

    Attributes:
        k: K.
        inertia: Sum of squared distances of persons to their cluster's mean: what K-Means makes small.
        restart_inertia: The same of each restart.
        stability: Adjusted Rand index between pairs of restarts (1: the same clusters, 0: chance): the mean, and as low
            end the least.
        silhouette: Mean over persons of how much nearer they are to the own cluster than to the next, -1 to 1. Below
            0.25 there are parts of one cloud rather than groups (Kaufman and Rousseeuw 1990).
        error_bound: By how much it may be off at most, as small components were cut.
        negative_share: Share of persons that are nearer to another cluster.
        sizes: Persons in each cluster, (K,).
        silhouette_by_cluster: Its mean in each, (K,); None where nobody is.
        centroids: For each cluster the persons nearest to its mean.
        misfits: Those with the lowest silhouettes, if below 0.
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
    """Which groups the latents fall into, for several numbers of clusters.

    Attributes:
        restarts: Restarts of K-Means for each.
        tolerance: By how much a mean silhouette may be off at most.
        fits: One for each K, ascending.
        best_k: The K with the highest mean silhouette; ``second_k``: the next, None if only one was tried.
        margin: By how much the best exceeds the second, taken person by person.
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
