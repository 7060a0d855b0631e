"""Where two networks differ, person by person, as types."""

from typing import Literal

from shg_xai.chapters.weak_spots.results import Condition
from shg_xai.results import Answer, Estimate, Typed


class GroupChange(Typed, kw_only=True):
    """A group of persons on whom the difference between two networks is another than on the rest, judged as weak spots
    are.

    Attributes:
        conditions: One or two; who meets all of them is in the group.
        side: Whether the second network gains more on it than on the others, or less.
        persons: Of those by whom it was judged, on so many ``images``, a ``share`` of who is compared there.
        difference: Mean over its persons of the second network's PCK less the first's; of itself alone.
        others: The same of the others.
        gap: By how much more, or less, the second gains on it; intervals of all that was judged hold at once.
        p_corrected: How often chance gives as large a gap anywhere.
    """

    conditions: list[Condition]
    side: Literal['more', 'less']
    persons: int
    images: int
    share: float
    difference: Estimate
    others: float | None
    gap: Estimate
    p_corrected: float | None


class Disagreement(Answer, kw_only=True, tag='disagreement'):
    """Two networks on the same persons.

    Attributes:
        first, second: Their names.
        persons: With a PCK of both, on so many ``images``.
        pck: Mean of each.
        difference: Mean of the second's PCK less the first's.
        better, worse: Shares of the persons whom the second network meets better or worse, by one joint at least.
        apart: Mean absolute difference of a person's PCK.
        alike: The same between trainings of the first network that differ by their seed: mean over so many
            ``trainings``; no value without one.
        beyond: By how much the two are farther apart than these.
        judged: Groups that were judged, in both halves and both ways.
        margin: Gaps that may be smaller are not told.
        groups: Those that are told, the most costly first.
    """

    first: str
    second: str
    persons: int
    images: int
    pck: list[Estimate]
    difference: Estimate
    better: Estimate
    worse: Estimate
    apart: Estimate
    alike: Estimate
    beyond: Estimate
    trainings: int
    judged: int
    margin: float
    groups: list[GroupChange]
