"""What walks of C steps do to decoded poses of K keypoints; lengths are shares of the longer side of the crop."""

from typing import Literal

from shg_xai.chapters.decoded_walk.options import DecodedWalkOptions
from shg_xai.results import Estimate, NetworkAnswer, Typed

Pose = list[tuple[float, float]]


class Point(Typed, kw_only=True):
    """One step of a walk, c sigmas from the start, against c = 0.

    Attributes:
        shift: By joint, how far it is from where it is at c = 0; ``mean_shift``: mean over joints.
        peak_change: Of the heatmaps' highest values (with SimCC those of its two axes), mean over joints: below 0 the
            network sees less of a person.
        concepts: Computed from the decoded poses, by name.
        pose: Mean over persons of each joint's place in the crop, K pairs; ``peaks``: the same, K.
        nearest_distance: To the nearest stored latent, in units of the latent: how far from anything real the decoded
            latent is; None where walks start from persons' own latents.
    """

    c: float
    shift: dict[str, Estimate]
    mean_shift: Estimate
    peak_change: Estimate
    concepts: dict[str, Estimate]
    pose: Pose
    peaks: list[float]
    nearest_distance: float | None


class Walk(Typed, kw_only=True):
    """Poses decoded along one direction, at C points, ascending; one of them is c = 0.

    Shift per sigma is over abs(c), the mean over joints and steps; three joints shift most. Concepts change, by name,
    from the first to the last step between -2 and 2 sigmas, ``monotonic`` if every step between those changes it in one
    direction; None where that cannot be said.
    """

    points: list[Point]
    shift_per_sigma: Estimate
    most_moved: list[str]
    concept_change: dict[str, Estimate]
    monotonic: dict[str, bool | None]


class RandomWalks(Typed, kw_only=True):
    """The baseline: as long walks along random directions, the first of them, and what 97.5 % of them stay below.

    The mean shift is of each of the C steps, a concept's change its size, None where no random walk has the concept;
    ``monotonic`` says along how many of them it is.
    """

    walk: Walk
    shift_per_sigma_97_5: float
    mean_shift_97_5: list[float]
    concept_change_97_5: dict[str, float | None]
    monotonic: dict[str, int]


class Direction(Typed, kw_only=True):
    """A direction, and what walking along it does beside random ones.

    Attributes:
        name: ``component 3``, or a concept's; ``number``: of a component, from 1.
        variance_share: Share of the latents' variance along it.
        step: Length of one sigma, in units of the latent.
        more_than_random: Whether it moves joints more than those: the low end of its shift per sigma lies above what
            97.5 % of them stay below. None without an interval.
        concept_more_than_random: By name, whether the whole interval of the change is larger than theirs.
    """

    name: str
    kind: Literal['component', 'concept']
    number: int | None
    variance_share: float
    step: float
    walk: Walk
    random: RandomWalks
    more_than_random: bool | None
    concept_more_than_random: dict[str, bool | None]


class DecodedConcept(Typed, kw_only=True):
    """How a concept of decoded poses is computed."""

    name: str
    title: str
    unit: str
    definition: str


class ExampleWalk(Typed, kw_only=True):
    """One person along one direction and along a random one beside it: a pose a step, in pixels of the image."""

    name: str
    poses: list[Pose]
    random: list[Pose]


class Example(Typed, kw_only=True):
    """One person, whose skips were used if another's, the crop, and poses without any edit and along each direction.

    All places are pixels of the image; ``crop_scale`` is width and height.
    """

    annotation_id: int
    donor_annotation_id: int | None
    file_name: str
    crop_center: tuple[float, float]
    crop_scale: tuple[float, float]
    untouched: Pose
    walks: list[ExampleWalk]


class DecodedWalk(NetworkAnswer, kw_only=True, tag='decoded_walk'):
    """What walks through one layer, at ``steps`` (c of the C points, in sigmas), do to decoded poses; no flip test.

    A joint counted as labelled from a peak of its heatmap on. Mean skips, where they were used, are of so many persons;
    examples are the first, the middle and the last one.
    """

    options: DecodedWalkOptions
    layer: str
    steps: list[float]
    joints: list[str]
    links: list[tuple[int, int]]
    concepts: list[DecodedConcept]
    peak: float
    mean_skips_persons: int | None = None
    directions: list[Direction]
    examples: list[Example]

    @property
    def one_pose(self) -> bool:
        """Whether all persons were decoded from the same values, so that nothing has an interval."""
        return self.options.start == 'mean' and self.options.skips in ('none', 'mean')
