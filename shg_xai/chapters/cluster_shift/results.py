"""What is known of persons whose cluster disagrees with a concept."""

from typing import Literal

from shg_xai.chapters.cluster_shift.options import ClusterShiftOptions
from shg_xai.results import Estimate, PckAnswer, Typed
from shg_xai.stats.draws import Beside


class Source(Typed, kw_only=True):
    """The analysis that clusters and concepts were read from: its folder, and its name in it."""

    folder: str
    name: str


class ConceptSplit(Typed, kw_only=True):
    """A concept cut in two, a flag or a number at its median (values above ``at`` are on side 1), and the clusters.

    ``association`` is Cramer's V of clusters and sides: 0, nothing to do with each other, to 1, the same; that of the
    largest is chosen ``auto``. ``majority`` is the side of each cluster, (K,); None if all are unknown.
    """

    kind: Literal['flag', 'number']
    at: float
    association: float
    chosen: Literal['auto', 'by name']
    majority: list[int | None]


class Counts(Typed, kw_only=True):
    """Persons on their cluster's side, on the other one (misclassified), and of no known side."""

    agree: int
    disagree: int
    unknown: int


class GroupPck(Typed, kw_only=True):
    """PCK of labelled joints as it is stored: of who agrees, of who disagrees, and the latter less the former.

    Attributes:
        difference: Of all, whatever else they differ in.
        within: Within strata, of persons who are alike in what is ``held`` fixed: equal in these concepts.
        p: How often chance gives as large a difference within strata; ``p_corrected`` for all that the chapter tests.
    """

    agree: Estimate
    disagree: Estimate
    difference: Estimate
    within: Estimate
    held: list[str]
    p: float | None
    p_corrected: float | None


class Shifted(Typed, kw_only=True):
    """PCK of some persons decoded from their own latent (before), and from the one shifted to another cluster (after).

    The gain is after less before, person by person; ``mean_offset`` is how long the shifts are on average. In some of
    the persons, so many, the mean gain stands beside that of ``random`` moves of the same length; None where there are
    none.
    """

    persons: int
    before: Estimate
    after: Estimate
    gain: Estimate
    mean_offset: float
    random_persons: int = 0
    random: Beside | None = None


class ShiftedGroups(Typed, kw_only=True):
    """Of who disagrees, and for comparison of as many who agree; None where nobody was shifted."""

    agree: Shifted | None
    disagree: Shifted | None


class ClusterShift(PckAnswer, kw_only=True, tag='cluster_shift'):
    """Persons whose cluster disagrees with a concept: how well they are met, and what steering does for them.

    A layer of the store was clustered, or an analysis read, and is steered. ``examples`` are annotation ids of
    misclassified persons, the worst met first. Of persons the network was trained on nothing is concluded: how well
    they are met says nothing of others.
    """

    store: str
    layer: str
    analysis: Source | None
    clusters: int
    concept: str
    concept_split: ConceptSplit
    counts: Counts
    pck: GroupPck
    shifted: ShiftedGroups
    examples: list[int]
    options: ClusterShiftOptions

    @property
    def trained(self) -> bool:
        """Whether the network was trained on these persons."""
        return self.split == 'train'
