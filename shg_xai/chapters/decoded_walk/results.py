"""What walks of C steps do to decoded poses of K keypoints; lengths are shares of the longer side of the crop."""

from typing import Literal

from shg_xai.chapters.decoded_walk.options import DecodedWalkOptions
from shg_xai.results import Estimate, NetworkAnswer, Typed
from shg_xai.stats.draws import Beside

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
    from one of the answer's ``ends`` to the other; ``one_way`` is the share of persons in whom every step between them
    moves a concept the way the mean goes.
    """

    points: list[Point]
    shift_per_sigma: Estimate
    most_moved: list[str]
    concept_change: dict[str, Estimate]
    one_way: dict[str, Estimate]


class RandomWalks(Typed, kw_only=True):
    """A direction beside R random ones of the latents' covariance, as far as its ``ends``, in some of the persons.

    Attributes:
        persons: How many; the first to the last, evenly.
        shift_per_sigma: Mean over joints, persons and ends.
        concept_change: By name, from one end to the other, mean over persons; p is that of a change either way.
    """

    persons: int
    shift_per_sigma: Beside
    concept_change: dict[str, Beside]


class Direction(Typed, kw_only=True):
    """A direction, and what walking along it does beside random ones.

    Attributes:
        name: ``component 3``, or a concept's; ``number``: of a component, from 1.
        variance_share: Share of the latents' variance along it.
        step: Length of one sigma, in units of the latent.
    """

    name: str
    kind: Literal['component', 'concept']
    number: int | None
    variance_share: float
    step: float
    walk: Walk
    random: RandomWalks


class DecodedConcept(Typed, kw_only=True):
    """How a concept of decoded poses is computed."""

    name: str
    title: str
    unit: str
    definition: str


class ExampleWalk(Typed, kw_only=True):
    """One person along one direction: a pose a step, in pixels of the image."""

    name: str
    poses: list[Pose]


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

    Concepts change between the ``ends``, two of the steps, where random directions are decoded, too. A joint counted as
    labelled from a peak of its heatmap on. Mean skips, where they were used, are of so many persons; examples are the
    first, the middle and the last one.
    """

    options: DecodedWalkOptions
    layer: str
    steps: list[float]
    ends: tuple[float, float]
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
