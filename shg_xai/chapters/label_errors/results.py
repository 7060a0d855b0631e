"""Labels that look wrong, ranked, as types."""

from typing import Literal

from shg_xai.results import Answer, Estimate, Typed

Kind = Literal['sides', 'limb', 'joint', 'flag', 'box']
KINDS: tuple[Kind, ...] = ('sides', 'limb', 'joint', 'flag', 'box')


class Place(Typed, kw_only=True):
    """A joint that a suspicion is about; places are shares of the crop's side, from its left and top, and that of the
    label is None where the joint is not labelled.
    """

    joint: str
    labelled: tuple[float, float] | None
    predicted: tuple[float, float]
    height: float


class Suspect(Typed, kw_only=True):
    """A person whose label looks wrong.

    Attributes:
        score: Logarithm of how many times likelier what is seen is of a damaged label than of one as it is, where flags
            and boxes are damaged ten times less often than places.
        kind: The way of being wrong that fits best; see :data:`KINDS`.
        places: The joints that it is about, the most suspect first.
        loss: Mean distance of labels from predictions, in sides of the crop; what a plain ranking goes by.
        onto: Annotation of another person of the photo on whom such a joint was put, as far as is known.
    """

    annotation_id: int
    image_id: int
    dataset: str
    file_name: str
    score: float
    kind: Kind
    places: list[Place]
    loss: float
    onto: int | None = None


class Trial(Typed, kw_only=True):
    """How well damage done on purpose in one way is found: ``caught`` is the share of the damaged copies that score
    above all but one in a hundred of the persons as they are.
    """

    kind: Kind
    caught: Estimate


class LabelErrors(Answer, kw_only=True, tag='label_errors'):
    """Annotations that look wrong, most suspicious first.

    Attributes:
        splits: Which of the config's data sets the persons are of.
        persons: Who were judged: with a prediction and two labelled joints.
        images: On how many photos they are.
        suspects: The first of the ranking.
        trials: The ways of being wrong that are asked about, and how well each is found.
        why: Why nobody was judged; None where somebody was.
    """

    splits: list[str]
    persons: int
    images: int
    suspects: list[Suspect]
    trials: list[Trial]
    why: str | None = None

    @property
    def trained(self) -> bool:
        """Whether persons are of the split that networks are trained on, and so are drawn to its labels."""
        return 'train' in self.splits
