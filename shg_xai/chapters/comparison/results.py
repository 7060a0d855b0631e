"""How alike several latents of the same persons are, as numbers."""

from shg_xai.results import Answer, Typed


class Alike(Typed, kw_only=True):
    """How alike two latents are: linear centred kernel alignment (CKA), debiased.

    1 where one is the other turned or scaled, about 0 where they have nothing to do with each other; None for fewer
    than four persons, or where nothing varies. ``halves`` is the same in each random half of the images; empty where
    there are too few to halve.
    """

    value: float | None
    halves: list[float | None]


class Agreement(Typed, kw_only=True):
    """How far the K clusters of A latents are the same: the adjusted Rand index of each pair, (A, A), 1 for the same
    clusters, 0 for chance.
    """

    k: int
    adjusted_rand: list[list[float]]


class Balance(Typed, kw_only=True):
    """How evenly persons are spread over the K clusters of an analysis: their share in the smallest, and the entropy of
    the sizes over log K, 1 for even, 0 for all in one.
    """

    name: str
    k: int
    smallest_share: float
    entropy_share: float


class Purity(Typed, kw_only=True):
    """How much the K clusters of an analysis say about a concept: in bits, and over the entropy of the clusters."""

    name: str
    k: int
    concept: str
    mutual_information: float | None
    entropy_share: float | None


class Comparison(Answer, kw_only=True, tag='comparison'):
    """How alike the latents of several networks or layers are, on the persons that all of them have.

    Attributes:
        persons: How many these are.
        names: Of the A analyses, in their order.
        cka: Each pair of them, (A, A).
        agreement: Of their clusters, for each K.
        balance: By analysis, then by K.
        purity: By analysis, then by K and concept.
    """

    persons: int
    names: list[str]
    cka: list[list[Alike]]
    agreement: list[Agreement]
    balance: list[Balance]
    purity: list[Purity]
