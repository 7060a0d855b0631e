"""Which concepts of the annotations go with what in the latents, as numbers."""

from typing import Literal

from shg_xai.results import Answer, Curve, Estimate, Typed


class Definition(Typed, kw_only=True):
    """A concept, a number or a flag (0 or 1): what it is, and of how many persons it is known.

    Its name is that in the tables of persons, its title for figures, its definition a sentence. Mean and standard
    deviation are of the persons known; None if there are none, or fewer than two.
    """

    name: str
    title: str
    definition: str
    unit: str
    kind: Literal['number', 'flag']
    persons: int
    mean: float | None
    sd: float | None


class Correlation(Typed, kw_only=True):
    """How one component (its number from 1) goes with one concept, by name: Spearman's rank correlation, -1 to 1.

    ``partial`` is the same with the controls held fixed, no value where they are not known or determine either;
    ``shuffled`` with the concept dealt anew to persons: what chance gives.
    """

    component: int
    concept: str
    rho: Estimate
    partial: Estimate
    shuffled: Estimate


class Separation(Typed, kw_only=True):
    """How one concept, by name, differs between K clusters.

    Attributes:
        measure: Of the effect: ``auc`` for two clusters, the chance that a person of cluster 1 has more of the concept
            than one of cluster 0, 0.5 where they do not differ. ``epsilon_squared`` for more, the share of the variance
            of ranks that lies between clusters, 0 to 1.
        mutual_information: How many bits the concept tells of a person's cluster.
        entropy_share: The same over the entropy of the clusters: 0 tells nothing, 1 all.
        shuffled: Mutual information with clusters dealt anew to persons: mean, and as high end the most that chance
            gives.
    """

    k: int
    concept: str
    measure: Literal['auc', 'epsilon_squared']
    effect: Estimate
    mutual_information: Estimate
    entropy_share: float | None
    shuffled: Estimate


class Probe(Typed, kw_only=True):
    """How well a linear probe tells a concept, by name, of persons it has not seen; known it is of ``persons``.

    Attributes:
        measure: ``r2`` for numbers: 0 is no better than the mean. ``auc`` for flags: 0.5 is chance.
        score: The measure against how many of the first components the probe may use; empty for a concept that never
            varies or is known of too few.
        shuffled: For each of these the same with the concept dealt anew to persons.
    """

    concept: str
    measure: Literal['r2', 'auc']
    persons: int
    score: Curve
    shuffled: list[float | None]

    @property
    def chance(self) -> float:
        """The measure where there is nothing to tell."""
        return 0.5 if self.measure == 'auc' else 0.0


class Concepts(Answer, kw_only=True, tag='concepts'):
    """What goes with what: concepts of the annotations beside components, clusters and the whole latent.

    ``controls`` names the concepts held fixed for partial correlations: what moves many pixels without being the pose.
    Correlations are by component, separations by K, then by concept; probes by concept.
    """

    definitions: list[Definition]
    controls: list[str]
    components: list[Correlation]
    clusters: list[Separation]
    probes: list[Probe]

    @property
    def titles(self) -> dict[str, str]:
        """Title of each concept by its name."""
        return {item.name: item.title for item in self.definitions}
