"""Kinds of error and what mending them gains, as numbers."""

from typing import Literal

from shg_xai.results import Answer, Estimate, Typed

Kind = Literal['good', 'jitter', 'inversion', 'swap', 'miss']
KINDS: tuple[Kind, ...] = ('good', 'jitter', 'inversion', 'swap', 'miss')
ERRORS = KINDS[1:]


class KindOfError(Typed, kw_only=True):
    """One kind, of one joint or of all.

    Attributes:
        share: Of the labelled joints.
        pck_gain: What PCK gains where joints of this kind stand in their place; 0 of good ones, which stay.
    """

    kind: Kind
    share: Estimate
    pck_gain: Estimate


class JointErrors(Typed, kw_only=True):
    """The errors of one joint, or of all.

    Attributes:
        joint: Its name; None of all joints.
        labelled: How many there are.
        pck: Share of them within 0.05 of the crop's side; of all joints the mean over persons.
        kinds: In the order of KINDS.
        ap_gain: What OKS-AP gains where its errors stand in their place; None of all joints.
    """

    joint: str | None
    labelled: int
    pck: Estimate
    kinds: list[KindOfError]
    ap_gain: Estimate | None = None

    def of(self, kind: Kind) -> KindOfError:
        """What is known of one kind."""
        return self.kinds[KINDS.index(kind)]

    @property
    def erring(self) -> float:
        """The share that is not good, for sorting; 0 where it is not known."""
        good = self.of('good').share.value
        return 0.0 if good is None else 1 - good


class PrecisionGain(Typed, kw_only=True):
    """What OKS-AP gains without one kind of error: with its joints in their place, and at the edge of no such error."""

    kind: Kind
    in_place: Estimate
    at_edge: Estimate


class Example(Typed, kw_only=True):
    """A joint that is far from its place; places are shares of the crop's side, from its left and top."""

    kind: Kind
    annotation_id: int
    joint: str
    predicted: tuple[float, float]
    annotated: tuple[float, float]


class ErrorTypes(Answer, kw_only=True, tag='error_types'):
    """Kinds of error of a network on the persons of a store.

    Attributes:
        persons: Who have a labelled joint and a prediction.
        images: On how many photos.
        accompanied: Of the persons, those with another one of the same photo in the store: nobody else can be swapped.
        areas_of_boxes: Persons whose area is not annotated.
        all: Of all joints; None where the store does not say enough of them.
        joints: Joint by joint.
        by_nearest: Share of labelled joints that are of another kind where the nearest place decides throughout.
        ap: OKS-AP.
        ap_gains: Of each kind of error.
        ap_rescored: What OKS-AP gains where scores rank persons by their OKS.
        examples: Of each kind, the farthest first.
    """

    persons: int
    images: int
    accompanied: int
    areas_of_boxes: int
    all: JointErrors | None
    joints: list[JointErrors]
    by_nearest: Estimate | None
    ap: Estimate | None
    ap_gains: list[PrecisionGain]
    ap_rescored: Estimate | None
    examples: list[Example]
