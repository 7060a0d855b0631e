"""What can be said of a person in plain words: numbers from annotations, each with its definition.

Measures of an annotation are plain arithmetic on boxes and joints, one function each; all come from the labels, never
from a prediction. The torso is the unit of length wherever the pose is meant: it is the longest rigid part that COCO
labels, so a person's distance from the camera cancels. Image axes: x to the right, y down. A measure is float64 of
shape (N,), NaN for a person whose joints it needs are not labelled; its docstring is the concept's definition in the
results. Made people have factors, too, as they were made. Shapes: N persons, K keypoints.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shg_xai.coco import LABELLED, OCCLUDED, UNLABELLED
from shg_xai.errors import InputError
from shg_xai.joints import plain_names
from shg_xai.latents.schema import FACTOR
from shg_xai.latents.selection import Selection

BORDER = 2.0  # pixels; annotators and rounding leave a cut box about this far inside

SHOULDERS = ('left_shoulder', 'right_shoulder')
HIPS = ('left_hip', 'right_hip')
KNEES = ('left_knee', 'right_knee')
TORSO = (*SHOULDERS, *HIPS)
LIMBS = ('left_elbow', 'right_elbow', 'left_wrist', 'right_wrist', *KNEES, 'left_ankle', 'right_ankle')

Kind = Literal['number', 'flag']
PREFIX = 'factor_'  # no concept of an annotation starts with it
DEGREES = '_deg'
# Factors that count joints, and the concept of the annotation that is the same over K.
SAME = {'labelled_joints': 'labelled_share'}
# What plain words say better than the factor's name.
TITLES = {'truncation': 'share of the body cut off', 'activity': 'arms raised and legs striding'}
# Factors that go all the way round, so that -180 and 180 are the same; people were made to face the camera at 0 degrees
# and the image's right at 90. Each becomes two concepts.
ROUND = ('yaw_deg',)
AXES = (('cos', np.cos, 'Cosine', 'towards the camera'), ('sin', np.sin, 'Sine', "towards the image's right"))

Values = NDArray[np.float64]
Names = tuple[str, ...]


@dataclass(frozen=True)
class Persons:
    """Columns of a table as arrays; lengths of the torso are computed once."""

    table: pa.Table
    names: Sequence[str]  # of the K keypoints, see shg_xai.joints.plain_names

    def numbers(self, column: str) -> Values:
        """A column of numbers, float64, (N,), NaN for null and for what is not finite."""
        values = self.table[column].cast(pa.float64()).to_numpy()
        return np.where(np.isfinite(values), values, math.nan)

    def lists(self, column: str, length: int) -> Values:
        """A column of lists of one length, shape (N, length)."""
        parts = [chunk.flatten().to_numpy(zero_copy_only=False) for chunk in self.table[column].chunks]
        values = np.concatenate([np.empty(0, np.float32), *parts])
        if len(values) != self.table.num_rows * length:
            raise InputError(f'rows.parquet: {column}: not {length} numbers for each person; dump the latents again')
        return values.reshape(-1, length)

    @cached_property
    def visibility(self) -> Values:
        """v of each joint, shape (N, K)."""
        return self.lists('visibility', len(self.names))

    @cached_property
    def box(self) -> Values:
        """x, y, width, height, float64, shape (4, N)."""
        return self.lists('bbox', 4).T.astype(float)

    @cached_property
    def points(self) -> Values:
        """Joints in pixels, (N, K, 2), NaN where not labelled."""
        points = self.lists('keypoints', 2 * len(self.names)).reshape(-1, len(self.names), 2)
        return np.where(self.visibility[..., None] > UNLABELLED, points, math.nan)

    def joints(self, names: Sequence[str]) -> Values:
        """These J joints, float64, shape (2, N, J), x first."""
        places = [self.names.index(name) for name in names]
        return np.moveaxis(self.points[:, places], 2, 0).astype(float)

    @cached_property
    def shoulder(self) -> Values:
        """Middle of the shoulders, shape (2, N), NaN unless both are labelled."""
        return self.joints(SHOULDERS).mean(2)

    @cached_property
    def hip(self) -> Values:
        """Middle of the hips, shape (2, N), NaN unless both are labelled."""
        return self.joints(HIPS).mean(2)

    @cached_property
    def torso(self) -> Values:
        """From mid-shoulder to mid-hip in pixels, (N,), NaN where not known or so short that ratios are noise."""
        length = np.hypot(*(self.shoulder - self.hip))
        return np.where(length >= 1, length, math.nan)


Measure = Callable[[Persons], Values]


@dataclass(frozen=True)
class Rule:
    """A concept of the annotation: what it is called, the joints and columns it needs, and how it is computed."""

    title: str
    unit: str
    definition: str
    compute: Measure
    joints: Names
    columns: Names


RULES: dict[str, Rule] = {}  # by name


def rule(title: str, unit: str, joints: Names = (), columns: Names = ()) -> Callable[[Measure], Measure]:
    """List a measure in RULES by its name."""

    def listed(compute: Measure) -> Measure:
        definition = ' '.join((compute.__doc__ or '').split())
        RULES[compute.__name__] = Rule(title, unit, definition, compute, joints, columns)
        return compute

    return listed


def _mean(values: Values) -> Values:
    """Mean over the last axis of what is known; NaN where nothing is, without a warning."""
    known = np.isfinite(values)
    return np.where(known, values, 0).sum(-1) / np.where(known.any(-1), known.sum(-1), math.nan)


def _above_0(values: Values) -> Values:
    """What one may divide by: NaN for other values."""
    return np.where(values > 0, values, math.nan)


@rule('labelled joints', 'share')
def labelled_share(persons: Persons) -> Values:
    """Labelled joints (v = 1, 2 or 3) over all joints of the data set."""
    return (persons.visibility > UNLABELLED).mean(1)


@rule('occluded joints', 'share')
def occluded_share(persons: Persons) -> Values:
    """Labelled but occluded joints (v = 1) over labelled joints, where the data set says of all which they are."""
    labelled = (persons.visibility > UNLABELLED).sum(1)
    occluded = np.where((persons.visibility == LABELLED).any(1), math.nan, (persons.visibility == OCCLUDED).sum(1))
    return occluded / _above_0(labelled)


@rule('picture edges touched', 'sides', columns=('image_width', 'image_height'))
def border_sides(persons: Persons) -> Values:
    """How many of the box's four sides lie within 2 pixels of the image's border."""
    x, y, width, height = persons.box
    right, bottom = (_above_0(persons.numbers(f'image_{side}')) for side in ('width', 'height'))
    sides = (x <= BORDER) * 1.0 + (y <= BORDER) + (x + width >= right - BORDER) + (y + height >= bottom - BORDER)
    return np.where(np.isfinite(right + bottom), sides, math.nan)


@rule('height of the box', 'px')
def box_height(persons: Persons) -> Values:
    """Height of the person's box in the image."""
    return persons.box[3]


@rule('width of the box over its height', 'ratio')
def box_aspect(persons: Persons) -> Values:
    """Width over height of the person's box."""
    return persons.box[2] / _above_0(persons.box[3])


@rule('size in the crop', 'share', TORSO)
def torso_in_crop(persons: Persons) -> Values:
    """The torso's length over the longer side of the crop: how large the person is to the network. The torso reaches
    from the middle of the shoulders to the middle of the hips; all four must be labelled.
    """
    return persons.torso / _above_0(persons.lists('crop_scale', 2).max(1))


@rule('sitting to standing', 'torso lengths', (*TORSO, *KNEES))
def standing(persons: Persons) -> Values:
    """How far the knees are below the hips, mean over the sides whose knee is labelled: near 1 standing, near 0
    sitting (or lying), below 0 with knees drawn up.
    """
    # Sitting turns the thigh level, to the side (short in y because it is level) or towards the camera (short because
    # it is foreshortened); a standing thigh hangs down, by four fifths of a torso to one. Only y sees both.
    thighs = persons.joints(KNEES)[1] - persons.joints(HIPS)[1]
    return _mean(thighs) / persons.torso


@rule('facing away to facing the camera', 'torso lengths', TORSO)
def facing_camera(persons: Persons) -> Values:
    """How far the left shoulder is to the right of the right shoulder in the image: above 0 towards the camera,
    below 0 away from it, near 0 seen from the side.
    """
    # Who faces the camera has the left shoulder on the image's right; from the side they coincide.
    left, right = persons.joints(SHOULDERS)[0].T
    return (left - right) / persons.torso


@rule('facing left to facing right', 'torso lengths', ('nose', *TORSO))
def facing_right(persons: Persons) -> Values:
    """How far the nose is to the right of the shoulders' middle: above 0 facing the image's right."""
    return (persons.joints(('nose',))[0, :, 0] - persons.shoulder[0]) / persons.torso


@rule('tilt of the torso', 'degrees', TORSO)
def torso_tilt(persons: Persons) -> Values:
    """Angle of the line from the hips' middle to the shoulders' middle from upright, signed: above 0 clockwise in
    the image (head to the right).
    """
    # Signed, as the factor roll_deg of made people is. Only head-down persons are near +-180, where the sign jumps;
    # they are too few to matter for a rank.
    across, down = persons.shoulder - persons.hip
    return np.where(np.isfinite(persons.torso), np.degrees(np.arctan2(across, -down)), math.nan)


@rule('still to moving', 'torso lengths', (*TORSO, *LIMBS))
def limb_spread(persons: Persons) -> Values:
    """Root mean square distance of the labelled elbows, wrists, knees and ankles, at least four of them, from the
    torso's line through the middle of the shoulders and of the hips.
    """
    # At rest arms and legs lie along the torso's line; bending a limb or striding takes joints away from it. Distances
    # from the line, not along x: a tilted person at rest stays at rest.
    axis = (persons.shoulder - persons.hip) / persons.torso
    x, y = persons.joints(LIMBS) - persons.hip[:, :, None]
    away = (x * axis[1][:, None] - y * axis[0][:, None]) / persons.torso[:, None]
    return np.where(np.isfinite(away).sum(1) >= 4, np.sqrt(_mean(away**2)), math.nan)


@rule('crowding', 'IoU')
def crowding(persons: Persons) -> Values:
    """Largest intersection over union of the person's box with that of another person of the same image; 0 when
    alone. Only persons of the store are counted.
    """
    images = persons.table['image_id'].to_numpy()
    order = np.argsort(images, kind='stable')
    images, (x, y, width, height) = images[order], persons.box[:, order]
    largest, first = np.zeros(len(order)), np.arange(len(order))
    for step in range(1, len(order)):
        first = first[first + step < len(order)]
        first = first[images[first] == images[first + step]]
        if not len(first):
            break
        second = first + step
        across, along = (
            np.minimum(at[first] + size[first], at[second] + size[second]) - np.maximum(at[first], at[second])
            for at, size in ((x, width), (y, height))
        )
        common = np.maximum(across, 0) * np.maximum(along, 0)
        union = (width * height)[first] + (width * height)[second] - common
        overlap = np.where(union > 0, common / np.where(union > 0, union, 1), 0)
        for place in (first, second):  # no place is twice in either
            largest[place] = np.maximum(largest[place], overlap)
    return largest[np.argsort(order)]


@dataclass(frozen=True)
class Concept:
    """One number of each person."""

    name: str  # unique; that of a factor starts with PREFIX
    title: str  # a few words for a reader
    definition: str  # how the number comes about
    unit: str  # - for none
    kind: Kind  # a flag has the values 0 and 1 only
    values: Values  # (N,), NaN where not known

    @property
    def known(self) -> Values:
        """The values of those of whom it is known."""
        return self.values[np.isfinite(self.values)]


def concepts_of(selection: Selection) -> list[Concept]:
    """What is known of the persons of a selection, see :func:`concepts`."""
    unused = ('dataset', 'split', 'crop_center', 'predicted_keypoints', 'keypoint_scores')
    table = selection.table([name for name in selection.store.columns if name not in unused])
    return concepts(table, selection.store.manifest.keypoint_names)


def lacking(columns: Sequence[str], keypoint_names: Sequence[str], known: Sequence[Concept]) -> list[str]:
    """Which concepts of annotations are not among the ``known``, and for want of what: a sentence, or none."""
    there, found, said = {*columns, *plain_names(keypoint_names)}, {concept.name for concept in known}, []
    for name in RULES.keys() - found:
        wanting = [part for part in (*RULES[name].joints, *RULES[name].columns) if part not in there]
        said.append(f'{name} (no {", ".join(wanting)})' if wanting else f'{name} (known of nobody)')
    return [f'Left out of the concepts: {"; ".join(sorted(said))}.'] if said else []


def concepts(table: pa.Table, keypoint_names: Sequence[str]) -> list[Concept]:
    """What is known of N persons, those of the annotation first, then the factors of made people.

    Left out is what the data set cannot say of anybody: joints or columns it lacks, or a number that is known of no
    person; :func:`lacking` says why. Left out, too, is a factor that counts what a concept of the annotation has as a
    share, see :data:`SAME`: it would be the same row twice. The table has the rows of a store
    (:func:`~shg_xai.latents.schema.row_schema`), predictions and image size may be missing; keypoints are found by
    COCO's names, in whichever spelling (``shg_xai.joints``). InputError if its lists do not have K or 2K numbers.
    """
    persons = Persons(table, plain_names(keypoint_names))
    found = [
        Concept(name, rule.title, rule.definition, rule.unit, 'number', rule.compute(persons).astype(float))
        for name, rule in RULES.items()
        if set(rule.joints) <= set(persons.names) and set(rule.columns) <= set(table.schema.names)
    ]
    columns = [name for name in table.schema.names if name.startswith(FACTOR)]
    for column in columns:
        name, values = column.removeprefix(FACTOR), persons.numbers(column)
        stem = name.removesuffix(DEGREES)
        words, recorded = stem.replace('_', ' '), f'the factor {name}, as recorded when the person was made'
        if name not in ROUND:
            title = TITLES.get(name, f'generated {words}')
            definition = f'T{recorded[1:]}.'
            unit = 'degrees' if name.endswith(DEGREES) else '-'
            kind: Kind = 'flag' if set(np.unique(values[np.isfinite(values)])) == {0, 1} else 'number'
            found.append(Concept(PREFIX + name, title, definition, unit, kind, values))
            continue
        for short, function, long, where in AXES:
            # A data set that has such a column of its own keeps it.
            if f'{FACTOR}{stem}_{short}' not in columns:
                definition = f'{long} of {recorded}: 1 is {where}, -1 the opposite.'
                turned, title = function(np.radians(values)), f'generated {words} {where}'
                found.append(Concept(f'{PREFIX}{stem}_{short}', title, definition, '-', 'number', turned))
    known = {concept.name: concept.values for concept in found}
    twice = {
        PREFIX + factor
        for factor, name in SAME.items()
        if PREFIX + factor in known
        and np.allclose(known[PREFIX + factor], known[name] * len(persons.names), equal_nan=True)
    }
    return [concept for concept in found if concept.name not in twice and np.isfinite(concept.values).any()]
