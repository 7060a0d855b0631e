"""What other trainings of a network say of the same persons, as numbers."""

from shg_xai.results import Answer, Estimate, Typed
from shg_xai.stats.draws import Beside

AGAIN = 0.8  # absolute correlation below which it is not the same component any more


class Number(Typed, kw_only=True):
    """One number of a network in T trainings.

    Attributes:
        values: In each of them, in their order; None where it is not known.
        mean: Over those who have it, with an interval over trainings (Student's t) where there are three at least.
        sd: Standard deviation over trainings; None of fewer than two.
    """

    values: list[float | None]
    mean: Estimate
    sd: float | None


class ConceptNumber(Typed, kw_only=True):
    """How much of the variance of a concept's ranks, by its name, the first components together explain."""

    concept: str
    explained: Number


class Pair(Typed, kw_only=True):
    """How alike the latents of two trainings, by name, are: debiased linear CKA; None where it is not known."""

    first: str
    second: str
    cka: float | None


class Overlap(Typed, kw_only=True):
    """How much of the variance along the first components of another training, by name, a linear fit on the first of
    this one explains, of persons it was not fitted to: 1 all, 0 nothing; None of too few persons.
    """

    training: str
    share: float | None


class Match(Typed, kw_only=True):
    """A component of this training and its partner in another, by name.

    Attributes:
        component: Its number, from 1.
        partner: That of the other training's component it is matched with.
        correlation: Absolute correlation of their scores, beside those matched where photos exchange them.
        least: What it stays above, for all matches together, while photos are drawn anew and the other's axes fitted
            again; None where nothing can be told.
    """

    training: str
    component: int
    partner: int
    correlation: Beside
    least: float | None

    @property
    def is_found_again(self) -> bool:
        """Whether it is the same component, and no luck of the matching."""
        return self.least is not None and self.least > AGAIN and self.correlation.found


class Trainings(Answer, kw_only=True, tag='trainings'):
    """Which numbers of a layer another training of the network would have given, too.

    ``names`` are the trainings, the analysed one first; ``components`` is how many of the first are looked at. Pairs
    are all there are, overlaps by training, matches by training, then by component. ``permutations`` are those behind
    the p-values.
    """

    persons: int
    images: int
    names: list[str]
    components: int
    participation_ratio: Number
    components_for_90: Number
    concepts: list[ConceptNumber]
    pairs: list[Pair]
    overlaps: list[Overlap]
    matches: list[Match]
    permutations: int

    def found_again_in(self, component: int) -> list[str]:
        """The other trainings in which a component is found again."""
        return [one.training for one in self.matches if one.component == component and one.is_found_again]
