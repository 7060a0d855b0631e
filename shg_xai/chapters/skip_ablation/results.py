"""What a network loses without its skip connections, or without its latents, as types."""

from operator import attrgetter, itemgetter
from typing import Literal, get_args

from msgspec import UNSET, Struct, UnsetType

from shg_xai.chapters.skip_ablation.options import Replacement, SkipAblationOptions
from shg_xai.results import Checkpoint, Estimate, PckAnswer, Typed

Way = Literal['untouched', 'all_off']
Point = tuple[float | None, float | None]
MARGIN = 0.08  # about a square, in its sides


class Ablation(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What is taken away from a network: skips, or latents.

    What takes their place, the ``replacement``, is that of another person of another image, the ``donor`` (resample
    ablation), their ``mean`` over persons (mean ablation), or ``zero``; None where a latent is projected.
    """

    stack: int | None = None  # in which hourglass; None for all of them
    skips: Literal['all off', 'level off', 'level on alone'] | None = None  # None: all are on
    level: int | None = None  # that this is about, 0 for the finest
    latent: Replacement | Literal['k components'] | None = None  # None: its own
    k: int | None = None  # number of components the latent is projected on
    replacement: Replacement | None = None


class Scores(Typed, kw_only=True):
    """PCK, or a difference of PCK, in [0, 1] or [-1, 1], and log-likelihood: means over persons.

    Intervals are of each number alone.

    Attributes:
        pck: Of all joints by how they are counted: labelled, visible, occluded, and labelled limbs.
        parts: Of face, upper and lower body, labelled, visible and occluded.
        joints: Of each joint, likewise.
        likelihood: Log-likelihood of the true places under the heatmaps, nats a joint, of the ``labelled`` joints and
            those of each part; see :mod:`shg_xai.evaluation.place_likelihood`.
    """

    pck: dict[str, Estimate]
    parts: dict[str, dict[str, Estimate]]
    joints: dict[str, dict[str, Estimate]]
    likelihood: dict[str, Estimate]

    @property
    def labelled(self) -> Estimate:
        """Of all labelled joints."""
        return self.pck['labelled']

    def of_part(self, part: str) -> Estimate:
        """Of the labelled joints of a part; of all for an empty name."""
        return self.parts[part]['labelled'] if part else self.labelled


class Contrast(Typed, kw_only=True):
    """One condition less another, person by person, for claims: intervals hold for all contrasts of an answer at once.

    Attributes:
        pck: Of labelled joints.
        likelihood: Nats a labelled joint; it tells what PCK's threshold hides.
        joints: PCK of each joint; empty where they were not looked at one by one.
    """

    pck: Estimate
    likelihood: Estimate
    joints: dict[str, Estimate]


class Ablated(Scores, kw_only=True):
    """PCK of a network something is taken away from.

    Attributes:
        drop: The untouched network less this: above zero, something was lost. Intervals are of each number alone.
        broken: The same, for claims.
        restored: What leaving one level intact gives back: this less all skips off, for claims; None where no level is.
    """

    condition: Ablation
    drop: Scores
    broken: Contrast
    restored: Contrast | None = None


class Control(Scores, kw_only=True):
    """PCK of another network on the same persons.

    ``difference`` is that of the untouched one less it, by person; ``broken`` the same, for claims.
    """

    config: str
    checkpoint: Checkpoint
    difference: Scores
    broken: Contrast


class LevelPair(Typed, kw_only=True):
    """Two levels of the whole network, by the first of the replacements: is one needed more than the other?

    ``broken`` is what taking the first away costs less what taking the second away costs; ``restored`` what leaving the
    first intact gives back less what the second does; for claims.
    """

    levels: tuple[int, int]
    broken: Contrast
    restored: Contrast


class PartsLeft(Typed, kw_only=True):
    """How much is left of the PCK that face, upper and lower body had: equal losses are not equal where starts differ.

    Attributes:
        replacement: Of all skips that are off; None: of the network trained without skips.
        left: The share of PCK left of each part, its interval of each number alone.
        face: Log of the share left of the face less that of the upper and of the lower body, person by person, for
            claims: below zero, the face has lost more of what it had.
    """

    replacement: Replacement | None
    left: dict[str, Estimate]
    face: dict[str, Estimate]


class Histogram(Typed, kw_only=True):
    """How many persons have which PCK of labelled joints, in 21 bins of equal width from 0 to 1, between 22 edges.

    Untouched, without any skips by what took their place, and of the control.
    """

    edges: list[float]
    untouched: list[int]
    all_off: dict[Replacement, list[int]]
    against: list[int] | None


class Example(Typed, kw_only=True):
    """A person whose labelled joints are all found untouched, and not without skips, by the first of the replacements.

    The image's name is from the folder of images on; ``keypoints`` are K predicted points, pixels of the image. The
    first of a file also have a ``photo``, a JPEG of the square about both poses and its :data:`MARGIN`, and all say
    which of their K joints are ``labelled``: no others count.
    """

    annotation_id: int
    file_name: str
    pck: dict[Way, float]
    keypoints: dict[Way, list[Point]]
    photo: bytes | UnsetType = UNSET
    labelled: list[bool] | UnsetType = UNSET

    @property
    def square(self) -> tuple[float, float, float]:
        """Left and top of the square about both poses, and its side, in pixels of the image."""
        known = [point for pose in self.keypoints.values() for point in pose]
        across, down = ([one[axis] for one in known if one[axis] is not None] or [0.0] for axis in (0, 1))
        side = max(max(across) - min(across), max(down) - min(down), 1e-9)  # type: ignore[operator, type-var]
        return (min(across) + max(across) - side) / 2, (min(down) + max(down) - side) / 2, side  # type: ignore[operator, type-var]


class SkipAblation(PckAnswer, kw_only=True, tag='skip_ablation'):
    """What a network loses without its skips, and without its latents, and a control (``against``) on the same persons.

    Levels, 0 the finest, were switched one by one. Conditions come stack by stack, then all stacks together; examples,
    at most 20, who loses most first. Links are pairs of joints that a skeleton connects.

    Attributes:
        contrasts: How many are in the family for which the intervals of contrasts hold at once.
        misled: PCK with the mean's skips less that with another person's, of the whole network, for claims.
        pairs: Of levels.
        parts_left: By each replacement, with all skips of the whole network off, and of the control.
    """

    options: SkipAblationOptions
    stacks: int
    levels: list[int]
    links: list[tuple[int, int]]
    untouched: Scores
    conditions: list[Ablated]
    against: Control | None
    histogram: Histogram
    examples: list[Example]
    contrasts: int
    misled: Contrast | None
    pairs: list[LevelPair]
    parts_left: list[PartsLeft]

    @property
    def whole(self) -> int | None:
        """The stack that stands for the whole network: None for several, else the only one."""
        return None if self.stacks > 1 else 0

    @property
    def replacements(self) -> list[Replacement]:
        """What was put in place of skips and latents."""
        found = {one.condition.replacement for one in self.conditions}
        return [by for by in get_args(Replacement) if by in found]

    def under(
        self, stack: int | None, skips: str | None = None, level: int | None = None
    ) -> dict[Replacement, Ablated]:
        """PCK with these skips off, or with the latent replaced where none are named; by what took their place."""
        about = attrgetter('stack', 'skips', 'level')
        own = [one for one in self.conditions if about(one.condition) == (stack, skips, level)]
        return {by: one for by in self.replacements for one in own if one.condition.replacement == by}

    def projections(self) -> list[tuple[int, Ablated]]:
        """PCK of the whole network with the latent on its first k components, by k."""
        whole = [(one.condition.k, one) for one in self.conditions if one.condition.stack == self.whole]
        return sorted(((k, one) for k, one in whole if k is not None), key=itemgetter(0))
