"""What a network loses without its skip connections, or without its latents, as types."""

from operator import attrgetter, itemgetter
from typing import Literal, get_args

from msgspec import Struct

from shg_xai.chapters.skip_ablation.options import Replacement, SkipAblationOptions
from shg_xai.results import Checkpoint, Estimate, NetworkAnswer, Typed

Way = Literal['untouched', 'all_off']
Point = tuple[float | None, float | None]


class Ablation(Struct, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """What is taken away from a network: skips, or latents.

    Attributes:
        stack: In which hourglass; None for all of them.
        skips: Which are off; None: all are on.
        level: Which level that is about, 0 for the finest.
        latent: What the latent is replaced by; None: its own.
        k: Number of components the latent is projected on.
        replacement: What takes the place of skips or latent: ``zero``; its ``mean`` over persons (mean ablation); that
            of another person, the ``donor`` (resample ablation). None for a projection.
    """

    stack: int | None = None
    skips: Literal['all off', 'level off', 'level on alone'] | None = None
    level: int | None = None
    latent: Replacement | Literal['k components'] | None = None
    k: int | None = None
    replacement: Replacement | None = None


class Scores(Typed, kw_only=True):
    """PCK, or a difference of PCK, in [0, 1] or [-1, 1]: the mean over persons.

    ``pck`` is of all joints by how they are counted: labelled, visible, occluded, and labelled limbs; the others are of
    face, upper and lower body, and of each joint, labelled, visible and occluded.
    """

    pck: dict[str, Estimate]
    parts: dict[str, dict[str, Estimate]]
    joints: dict[str, dict[str, Estimate]]

    @property
    def labelled(self) -> Estimate:
        """Of all labelled joints."""
        return self.pck['labelled']

    def of_part(self, part: str) -> Estimate:
        """Of the labelled joints of a part; of all for an empty name."""
        return self.parts[part]['labelled'] if part else self.labelled


class Ablated(Scores, kw_only=True):
    """PCK of a network something is taken away from.

    ``drop`` is PCK of the untouched network minus this, person by person: above zero, something was lost.
    """

    condition: Ablation
    drop: Scores


class Control(Scores, kw_only=True):
    """PCK of another network on the same persons; ``difference``: that of the untouched one minus it, by person."""

    config: str
    checkpoint: Checkpoint
    difference: Scores


class Histogram(Typed, kw_only=True):
    """How many persons have which PCK of labelled joints, in 21 bins of equal width from 0 to 1, between 22 edges.

    Untouched, without any skips by what took their place, and of the control.
    """

    edges: list[float]
    untouched: list[int]
    all_off: dict[Replacement, list[int]]
    against: list[int] | None


class Example(Typed, kw_only=True):
    """A person whose labelled joints are all found untouched, and not without skips (replaced by zero).

    The image's name is from the folder of images on; ``keypoints`` are K predicted points, pixels of the image.
    """

    annotation_id: int
    file_name: str
    pck: dict[Way, float]
    keypoints: dict[Way, list[Point]]


class SkipAblation(NetworkAnswer, kw_only=True, tag='skip_ablation'):
    """What a network loses without its skips, and without its latents.

    Attributes:
        thr: A joint is correct below this distance.
        normaliser: What distances are divided by: crop, bbox or torso.
        levels: Levels that were switched one by one, 0 the finest.
        links: Pairs of joints that a skeleton connects.
        conditions: PCK under each condition, stack by stack and then all stacks together.
        against: The control.
        examples: At most 20, who loses most first.
    """

    options: SkipAblationOptions
    thr: float
    normaliser: str
    stacks: int
    levels: list[int]
    links: list[tuple[int, int]]
    untouched: Scores
    conditions: list[Ablated]
    against: Control | None
    histogram: Histogram
    examples: list[Example]

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
