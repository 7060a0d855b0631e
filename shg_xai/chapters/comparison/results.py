"""How alike several latents of the same persons are, as numbers."""

from shg_xai.results import Answer, Typed


class Alike(Typed, kw_only=True):
    """How alike two latents are: linear centred kernel alignment (CKA), debiased.

    1 where one is the other turned or scaled, about 0 where they have nothing to do with each other and no two persons
    share an image; more where they do, who are near each other in both. None for fewer than four persons, or where
    nothing varies. ``halves`` is the same in each random half of the images; empty where
    there are too few to halve.
    """

    value: float | None
    halves: list[float | None]


class Agreement(Typed, kw_only=True):
    """How far the K clusters of A latents are the same: adjusted Rand index of pairs, (A, A), 1 the same, 0 chance."""

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
    """How alike the latents of A analyses, of networks or layers, are, on the persons that all of them have.

    CKA is of each pair of them, (A, A), agreement of their clusters by K; balance and purity by analysis, then by K.
    """

    persons: int
    names: list[str]
    cka: list[list[Alike]]
    agreement: list[Agreement]
    balance: list[Balance]
    purity: list[Purity]
