"""Which concepts of the annotations go with what in the latents, as numbers."""

from typing import Literal

import msgspec

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


STABLE = 0.8  # cosine of an axis with that of another sample, below which it is not the same axis any more
LEVEL = 0.05  # at which a claim is made, of all claims of the chapter together


class Judged(Typed, kw_only=True):
    """Something that was looked at, and the chance ``p`` that the best of all looks is as good where nothing goes with
    anything: corrected for all of the chapter; None where there is nothing to judge.
    """

    p: float | None = None

    @property
    def is_claimed(self) -> bool:
        """Whether chance is ruled out, at 5 % for the whole chapter."""
        return self.p is not None and self.p < LEVEL


class Span(Judged, kw_only=True):
    """How far the first components together tell one concept, by name: the share of the variance of its ranks that a
    linear fit on so many of them explains, 0 to 1, without what chance adds.
    """

    concept: str
    components: int
    explained: Estimate


class Axis(Typed, kw_only=True):
    """How firm the axis of one component is (its number from 1): its cosine with the axis found again in resamples of
    images, within the leading components, median and interval; 1 is the same axis, 0.7 one half turned into another.
    """

    component: int
    cosine: Estimate

    @property
    def is_stable(self) -> bool:
        """Whether the axis is found again, so that something may be said of it by its number."""
        return self.cosine.low is not None and self.cosine.low >= STABLE


class Correlation(Judged, kw_only=True):
    """How one component (its number from 1) goes with one concept, by name: Spearman's rank correlation, -1 to 1.

    ``partial`` is the same with controls held fixed, those in ``held`` by name; no value where they are not known or
    determine either. In the intervals axes are fitted again.
    """

    component: int
    concept: str
    rho: Estimate
    partial: Estimate
    held: list[str] = msgspec.field(default_factory=list)


class Separation(Judged, kw_only=True):
    """How one concept, by name, differs between K clusters.

    Attributes:
        measure: Of the effect: ``auc`` for two clusters, the chance that a person of cluster 1 has more of the concept
            than one of cluster 0, 0.5 where they do not differ. ``epsilon_squared`` for more, the share of the variance
            of ranks that lies between clusters, 0 to 1.
        mutual_information: How many bits the concept tells of a person's cluster.
        entropy_share: The same over the entropy of the clusters: 0 tells nothing, 1 all.
        shuffled: Mutual information with clusters exchanged between images: mean, and as high end the most that chance
            gives.
    """

    k: int
    concept: str
    measure: Literal['auc', 'epsilon_squared']
    effect: Estimate
    mutual_information: Estimate
    entropy_share: float | None
    shuffled: Estimate


class Probe(Judged, kw_only=True):
    """How well a linear probe tells a concept, by name, of persons it has not seen; known it is of ``persons``. Its
    ``p`` is of the score at the most components.

    Attributes:
        measure: ``r2`` for numbers: 0 is no better than the mean. ``auc`` for flags: 0.5 is chance.
        score: The measure against how many of the first components the probe may use; empty for a concept that never
            varies or is known of too few.
        control: For each of these the same with the concept dealt anew to persons: a control task, which can only be
            learnt by heart (Hewitt and Liang 2019, "Designing and interpreting probes with control tasks").
    """

    concept: str
    measure: Literal['r2', 'auc']
    persons: int
    score: Curve
    control: list[float | None]

    @property
    def chance(self) -> float:
        """The measure where there is nothing to tell."""
        return 0.5 if self.measure == 'auc' else 0.0

    @property
    def selectivity(self) -> list[float | None]:
        """The score less that of the control task, for each number of components."""
        pairs = zip((item.value for item in self.score.y), self.control, strict=True)
        return [None if score is None or control is None else score - control for score, control in pairs]


class Learned(Typed, kw_only=True):
    """How much better a probe tells one concept, by name, from these latents than from those of a baseline, by name,
    that has learned nothing: the network before training, the picture itself (Adebayo et al. 2018, "Sanity checks for
    saliency maps"). Both probes see the same persons, folds and images drawn anew.

    Attributes:
        score: The baseline's, in the measure of the concept's probe, at its most components.
        more: The latents' score less the baseline's.
        p: How likely chance alone gives as much more, corrected for all concepts (Holm); None where it is not known.
    """

    concept: str
    baseline: str
    score: Estimate
    more: Estimate
    p: float | None = None


class Concepts(Answer, kw_only=True, tag='concepts'):
    """What goes with what: concepts of the annotations beside components, clusters and the whole latent.

    ``controls`` names the concepts held fixed for any partial correlation: what moves many pixels without being the
    pose. ``permutations`` are those behind the p-values of all but probes. ``span`` and probes are by concept, axes by
    component, correlations by component, separations by K, then by concept; ``learned`` by baseline, then by concept.
    """

    definitions: list[Definition]
    permutations: int = 0
    span: list[Span] = msgspec.field(default_factory=list)
    axes: list[Axis] = msgspec.field(default_factory=list)
    controls: list[str]
    components: list[Correlation]
    clusters: list[Separation]
    probes: list[Probe]
    learned: list[Learned] = msgspec.field(default_factory=list)

    @property
    def titles(self) -> dict[str, str]:
        """Title of each concept by its name."""
        return {item.name: item.title for item in self.definitions}

    @property
    def stable(self) -> set[int]:
        """Numbers of the components whose axis is stable."""
        return {axis.component for axis in self.axes if axis.is_stable}

    def is_learned(self, concept: str) -> bool | None:
        """Whether a probe tells a concept, and better than from any of the baselines; None where there are none."""
        beside = [entry for entry in self.learned if entry.concept == concept]
        if not beside:
            return None
        told = any(probe.concept == concept and probe.is_claimed for probe in self.probes)
        return told and all(entry.p is not None and entry.p < LEVEL for entry in beside)
