"""Groups of persons on whom the network is worse than on the rest, as types."""

from typing import Literal

from shg_xai.results import Answer, Estimate, Typed

Kind = Literal['flag', 'number', 'component', 'independent axis', 'cluster']


class Condition(Typed, kw_only=True):
    """What each person of a group has: a concept, a place along an axis of the latents, or a cluster.

    Attributes:
        name: Of the concept; of an axis its number from 1, of a cluster from 0.
        title: The same for a reader.
        kind: What it is about. The sign of an axis is arbitrary.
        side: ``high``: at least ``at``; ``low``: at most; ``equal``: in this cluster. A flag is 1 or 0.
        at: Where the cut is; along an axis in standard deviations from the mean.
        share: Of the persons it is known of, in the half where a pair was found.
    """

    name: str
    title: str
    kind: Kind
    side: Literal['high', 'low', 'equal']
    at: float
    share: float


class Candidate(Typed, kw_only=True):
    """A single condition that everybody was asked about, or a pair that was found in one half of the images and looked
    at in the other.

    Attributes:
        conditions: One or two; who meets all of them is in the group, and nobody of whom one is not known is anywhere.
        found_in: The half (1 or 2) where a pair was found; it is judged in the other. 0 of a single condition, which is
            not sought but judged by all persons.
        rank: From 1, how clear it is, of pairs where they were found; the first pair is corrected least.
        persons_found: In the half where a pair was found, 0 of a single condition.
        persons: Of those by whom it was judged, and on how many ``images``.
        share: Of those of them with a PCK of whom the conditions are known.
        pck: Mean in the group; ``pck_others`` of the others.
        gap: The others' mean less the group's; intervals of all candidates hold at once.
        p_corrected: How often chance gives as large a gap in any of them, one-sided.
        confirmed: Whether the lower end of the gap is above the margin and, of two conditions, each adds to the other.
    """

    conditions: list[Condition]
    found_in: int
    rank: int
    persons_found: int
    persons: int
    images: int
    share: float
    pck: float | None
    pck_others: float | None
    gap: Estimate
    p_corrected: float | None
    confirmed: bool

    @property
    def is_latent(self) -> bool:
        """Whether any of its conditions is about the latents and not about a concept."""
        return any(own.kind not in ('flag', 'number') for own in self.conditions)

    @property
    def cost(self) -> float:
        """By how much PCK over all would rise if the network were as good on the group: share times gap."""
        return self.share * (self.gap.value or 0.0)


class Shared(Typed, kw_only=True):
    """A concept in which a group differs from the others.

    ``auc`` is the chance that a person of the group has more of it than one of the others: 0.5, no difference; 0 or 1,
    all of them. ``p_corrected`` is for all concepts and all told groups.
    """

    concept: str
    title: str
    auc: Estimate
    p_corrected: float | None


class JointGap(Typed, kw_only=True):
    """By how much less often a joint is found in a group, of persons who have it labelled; intervals of all joints of
    all told groups hold at once.
    """

    joint: str
    gap: Estimate
    p_corrected: float | None


class Face(Typed, kw_only=True):
    """A person of a group, to be looked at."""

    annotation_id: int
    pck: float


class Spot(Candidate, kw_only=True):
    """A confirmed group, described by the persons it was judged by.

    Attributes:
        shared: Concepts in which it surely and clearly differs, the largest difference first.
        joints: Of those labelled often enough, the largest gap first; none without predictions.
        same_joints: The gap where each person's PCK is set beside the mean over the same joints of everybody: what is
            left of it beyond which joints are labelled. Its interval is for itself alone.
        faces: Persons of it, evenly from the worst met to the best.
    """

    shared: list[Shared]
    joints: list[JointGap]
    same_joints: Estimate
    faces: list[Face]

    @property
    def failing(self) -> list[JointGap]:
        """Joints that are surely found less often, the largest gap first."""
        return [own for own in self.joints if own.gap.low is not None and own.gap.low > 0]


class Baseline(Typed, kw_only=True):
    """What a plainer search finds: the worst cluster, or the worst value of one concept, found in the first half of the
    images; its gap in the second, with an interval for itself alone. None where there is none to choose from.
    """

    name: str
    conditions: list[Condition]
    persons: int
    gap: Estimate


class WeakSpots(Answer, kw_only=True, tag='weak_spots'):
    """Groups of persons on whom the network is worse than on the rest.

    Attributes:
        splits: Which of the config's data sets the persons are of.
        persons: With a PCK, in both halves; on so many ``images``.
        pck: Mean over all of them.
        conditions: How many single ones were judged, and how many ``pairs`` of them the first half was searched for.
        margin: Gaps that may be smaller are not told.
        left_out: Concepts that may not define a group, as they follow from the error or from how it is counted.
        judged: Groups that were judged.
        candidates: The first single conditions, the first pairs of each half and all that are confirmed.
        spots: Those that are told; what overlaps a better one is left out. The most costly first.
    """

    splits: list[str]
    persons: int
    images: int
    pck: Estimate
    conditions: int
    pairs: int
    margin: float
    left_out: list[str]
    judged: int
    candidates: list[Candidate]
    spots: list[Spot]
    baselines: list[Baseline]

    @property
    def trained(self) -> bool:
        """Whether the network was trained on some of these persons."""
        return 'train' in self.splits
