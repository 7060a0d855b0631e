"""What is told of one photo, as types; the JSON file is made of them."""

from typing import Final, Literal

from shg_xai.results import Checkpoint, Typed

KIND: Final = 'shg_xai photo'
SCHEMA_VERSION = 1
Point = tuple[float, float]
Change = Literal['all skips', 'level', 'latent']


class PhotoJoint(Typed, kw_only=True):
    """A joint as the network finds it.

    Attributes:
        place: Pixels of the photo; None where the heatmap is nowhere above zero, so that it is not found.
        height: Highest value of its heatmap (of a SimCC head, of its two axes).
        risk: Chance that it is wrong, see :mod:`shg_xai.chapters.failure_prediction.risk`; None without analysis.
    """

    name: str
    place: Point | None
    height: float
    risk: float | None


class Risks(Typed, kw_only=True):
    """What risks stand on, and what they say of the person.

    Attributes:
        analysis: Folder of the analysis whose regressions they are.
        person: Chance that less than half of the joints are right; None where nothing was fitted for persons.
        keep_joints: Up to this risk at most one in ten is wrong of photos drawn as the analysed ones; None: no promise.
        thr: A joint is wrong from this distance on, in sides of the crop.
    """

    analysis: str
    person: float | None
    keep_joints: float | None
    thr: float


class FarOut(Typed, kw_only=True):
    """How far out the latent is, by one distance of :mod:`shg_xai.stats.novelty`.

    Attributes:
        name: mahalanobis, neighbour or residual.
        value: Of the photo.
        median: Of the stored persons; each one's neighbours are of other photos.
        beyond: Share of the stored persons who are less far out; None where there are too few to measure from.
    """

    name: str
    value: float | None
    median: float | None
    beyond: float | None


class NearPerson(Typed, kw_only=True):
    """A stored person near the latent; ``distance`` is Euclidean, along the leading components."""

    annotation_id: int
    image_id: int
    dataset: str
    file_name: str
    distance: float


class Among(Typed, kw_only=True):
    """Where the latent lies among those of the store.

    Attributes:
        persons: N, whose latents were looked at; ``rows`` of the store.
        images: On how many photos they are.
        components: How many components are leading (90 % of the variance, at most 100 and a tenth of the persons).
        distances: How far out it is.
        nearest: Who is nearest, the nearest first.
    """

    persons: int
    images: int
    rows: str
    split: str | None
    components: int
    distances: list[FarOut]
    nearest: list[NearPerson]


class ChangedPose(Typed, kw_only=True):
    """The pose once something is taken away: a skip adds nothing, or the latent is the mean of the store's.

    Attributes:
        change: All skips, those of one ``level`` (in each stack), or the latent.
        places: K, pixels of the photo; None where a joint is not found any more.
        heights: Of the K heatmaps.
        moved: How far each joint moved, in sides of the crop; None where it is not found before or after.
        mean_moved: Over the joints that are found both times; None if there is none.
    """

    change: Change
    level: int | None = None
    places: list[Point | None]
    heights: list[float]
    moved: list[float | None]
    mean_moved: float | None

    @property
    def title(self) -> str:
        """In words."""
        if self.change == 'level':
            return f'without the skip of level {self.level}'
        return 'without skips' if self.change == 'all skips' else 'with the mean latent'


class PhotoExplained(Typed, kw_only=True):
    """All numbers about one photo.

    Attributes:
        photo: As it was named.
        photo_sha256: Of its file.
        size: Width and height as it is read, in pixels.
        box: x1, y1, x2, y2 that was given, or the whole photo.
        crop_center: Of what the network saw, in pixels of the photo.
        crop_scale: Its width and height; the longer one is the crop's side.
        flip_test: Whether the pose is that of both the photo and its mirror image; changed poses never are.
        plain: Places of the joints without flip test, from which the changed poses moved.
        times_s: Seconds each part took.
    """

    command: str
    photo: str
    photo_sha256: str
    size: tuple[int, int]
    box: tuple[float, float, float, float]
    crop_center: Point
    crop_scale: Point
    config: str
    checkpoint: Checkpoint
    store: str
    layer: str
    flip_test: bool
    links: list[tuple[int, int]]
    joints: list[PhotoJoint]
    risks: Risks | None
    among: Among
    plain: list[Point | None]
    changes: list[ChangedPose]
    warnings: list[str]
    times_s: dict[str, float]
    schema_version: int = SCHEMA_VERSION
    kind: Literal['shg_xai photo'] = KIND
