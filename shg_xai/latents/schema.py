"""What a latent store holds: layers, manifest, and the columns of its rows.

Shapes: N persons, K keypoints; a layer's array is (N, *shape), ``shape`` that of one person, as (C, H, W) or (C,).
"""

import json
import re
from collections.abc import Iterable
from math import inf
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa
from msgspec.structs import asdict

from shg_xai.errors import InputError

SCHEMA_VERSION = 1
MANIFEST = 'manifest.json'
DTYPES = ('float16', 'float32')
FACTOR = 'factors.'
CALLS = 'calls_a_pass'  # in a manifest's environment: how often layers fire that do so more than once
PARAMETERS = 'parameters'  # in a manifest's environment: how many numbers the network learned
Json = dict[str, Any]  # an object whose contents are its maker's
# What heatmaps say of each joint beside their height, see shg_xai.heatmaps: over what share of its cells each spreads,
# and in a flip test how far the picture's own maximum is from the mirror image's, in longer sides of the crop.
SPREADS, FLIPS = 'keypoint_spreads', 'keypoint_flip_distances'
ADDED = ('image_width', 'image_height', 'area', SPREADS, FLIPS)  # columns that the first stores did not have
# A file system takes 255 bytes a name; the rest is for '.npy'.
LAYER_NAME = re.compile(r'[A-Za-z0-9_][A-Za-z0-9._:-]{0,199}')
LAYER_FILE = re.compile(r'[A-Za-z0-9_][A-Za-z0-9._-]{0,199}\.npy')


def layer_file(name: str) -> str:
    """The file of a layer: ``backbone:0`` is in ``backbone-0.npy``; InputError if it could be a path or no file."""
    if not isinstance(name, str) or not LAYER_NAME.fullmatch(name):
        rule = 'letters, digits and "._:-", at most 200, as in backbone.hourglasses.0 or backbone:0'
        raise InputError(f'layer {name!r}: a layer is named by {rule}')
    return name.replace(':', '-') + '.npy'


class Layer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One layer of the network; ``shape`` is one person's; InputError if one of these cannot be stored."""

    name: str
    file: str
    shape: tuple[int, ...]
    dtype: str

    def __post_init__(self) -> None:
        layer_file(self.name)
        if not isinstance(self.file, str) or not LAYER_FILE.fullmatch(self.file):
            raise InputError(f'layer {self.name}: file: {self.file!r} is no plain name ending in .npy')
        if not all(type(size) is int and size > 0 for size in self.shape):
            raise InputError(f'layer {self.name}: shape: {self.shape!r} is no list of sizes above 0')
        if self.dtype not in DTYPES:
            raise InputError(f'layer {self.name}: dtype: {self.dtype!r} is not one of {", ".join(DTYPES)}')

    @classmethod
    def named(cls, name: str, shape: Iterable[int], dtype: str = 'float16') -> 'Layer':
        """A layer in the file that its name asks for."""
        return cls(name, layer_file(name), tuple(int(size) for size in shape), dtype)


class Manifest(msgspec.Struct, frozen=True):
    """What a store is made of, written once, at its start; InputError if that cannot be a store."""

    layers: tuple[Layer, ...]  # at least one; neither names nor files may repeat
    rows: int  # how many persons the whole store will have
    keypoint_names: tuple[str, ...]  # K of them
    skeleton_links: tuple[tuple[int, int], ...]  # pairs of keypoints to draw a line between
    source: Json  # what the rows were made from; a difference forbids resuming
    environment: Json  # versions, git revision, seed; may differ between runs of one store
    # What the data set says of its joints, empty where it does not, and in stores made before it was kept: how far
    # apart two annotators put each, relative to the person's size (COCO's sigmas), and which is its mirror image.
    sigmas: tuple[float, ...] = ()
    mirrored: tuple[int, ...] = ()

    def __post_init__(self) -> None:
        if not self.layers:
            raise InputError('layers: there is none')
        for kind in ('name', 'file'):
            # Some file systems take A.npy and a.npy for the same file.
            keys = [layer.file.lower() if kind == 'file' else layer.name for layer in self.layers]
            if twice := sorted({key for key in keys if keys.count(key) > 1}):
                raise InputError(f'layers: the {kind} {twice[0]} is there twice')
        if self.rows < 0:
            raise InputError(f'rows: {self.rows!r} is no number of persons')
        if not self.keypoint_names:
            raise InputError('keypoint_names: not a list of at least one name')
        for link in self.skeleton_links:
            if len(link) != 2 or not all(0 <= end < self.num_keypoints for end in link):
                raise InputError(f'skeleton_links: {link!r} is no pair of numbers from 0 to {self.num_keypoints - 1}')
        joints = range(self.num_keypoints)
        if self.sigmas and not (len(self.sigmas) == len(joints) and all(0 < sigma < inf for sigma in self.sigmas)):
            raise InputError(f'sigmas: {self.sigmas!r} are not {len(joints)} numbers above 0')
        pairs = self.mirrored
        if pairs and not (
            len(pairs) == len(joints) and all(a in joints and pairs[a] == k for k, a in enumerate(pairs))
        ):
            raise InputError(f'mirrored: {pairs!r} does not pair {len(joints)} joints, each with one or itself')

    @property
    def num_keypoints(self) -> int:
        """K."""
        return len(self.keypoint_names)

    def to_json(self) -> str:
        """The text of manifest.json; InputError if ``source`` or ``environment`` hold what JSON has no word for."""
        # Not to_builtins: versions of packages are kinds of str that it does not know.
        layers = [asdict(layer) for layer in self.layers]
        content = {'schema_version': SCHEMA_VERSION, **asdict(self), 'layers': layers}
        try:
            return json.dumps(content, indent=1, allow_nan=False) + '\n'
        except (TypeError, ValueError) as error:
            raise InputError(f'{MANIFEST}: source or environment: {error}') from error

    @classmethod
    def from_json(cls, text: str, file: Path | str = MANIFEST) -> 'Manifest':
        """Read the text of a manifest, called ``file`` in messages; InputError if it is none, or of a newer schema."""
        try:
            content = msgspec.json.decode(text)
        except (msgspec.DecodeError, RecursionError) as error:
            raise InputError(f'{file}: not JSON: {error}; the store cannot be read') from error
        version = content.get('schema_version') if isinstance(content, dict) else None
        if type(version) is not int or version < 1:
            fault = 'missing or no number above 0; this is no manifest of a latent store'
            raise InputError(f'{file}: schema_version: {fault}')
        if version > SCHEMA_VERSION:
            newer = f'{version} is newer than {SCHEMA_VERSION}, the version this code reads'
            raise InputError(f'{file}: schema_version: {newer}; update shg_xai')
        try:
            return msgspec.convert(content, cls)
        except msgspec.ValidationError as error:
            # Its own words come before the place; ours name it.
            words, _, place = str(error).partition(' - at `$.')
            raise InputError(f'{file}: {error.__cause__ or (place and place[:-1] + ": ") + words}') from error


def flat(value: Any, key: str) -> Json:
    """Nested dicts and lists as one dict with dotted keys; empty ones stay as they are."""
    if not isinstance(value, dict | list) or not value:
        return {key: value}
    items: Iterable[tuple[Any, Any]] = value.items() if isinstance(value, dict) else enumerate(value)
    return {name: leaf for part, child in items for name, leaf in flat(child, f'{key}.{part}').items()}


def shorten(value: Any, start: int = 0, width: int = 40) -> str:
    """A value as one short line, from a place in it on."""
    text = value if isinstance(value, str) else json.dumps(value)
    cut = text[start : start + width]
    return repr(('…' if start else '') + cut + ('…' if start + width < len(text) else ''))


def differences(a: Manifest, b: Manifest) -> list[str]:
    """What of two manifests would make their rows differ, one line each; empty if nothing does.

    Compared are the layers (in any order), keypoints, skeleton, rows and ``source``, not ``environment``. A line has
    the dotted key and both values, shortened to where they part.
    """
    leaves: list[Json] = []
    for manifest in (a, b):
        content = json.loads(manifest.to_json())
        content['layers'] = {layer['name']: layer for layer in content['layers']}
        compared = {key: content[key] for key in ('layers', 'keypoint_names', 'skeleton_links', 'rows', 'source')}
        leaves.append(flat(compared, ''))
    lines = []
    for key in dict.fromkeys([*leaves[0], *leaves[1]]):
        pair = [leaf.get(key) for leaf in leaves]
        if all(key in leaf for leaf in leaves) and json.dumps(pair[0]) == json.dumps(pair[1]):
            continue
        texts = pair if all(isinstance(value, str) for value in pair) else []
        same = [*(x == y for x, y in zip(*texts, strict=False)), False].index(False)
        first, second = (
            shorten(leaf[key], same - 10 if same > 30 else 0) if key in leaf else 'nothing' for leaf in leaves
        )
        lines.append(f'{key[1:]}: {first} against {second}')
    return lines


def row_schema(num_keypoints: int, factor_names: Iterable[str] = ()) -> pa.Schema:
    """The columns of rows.parquet for K keypoints; factor names are without ``factors.``.

    All lengths are in pixels of the image. Annotations and crops are exact to 32-bit floats, factors to 64-bit ones.
    Predicted keypoints are rounded to 1/16 pixel, their scores to 8 significant bits (0.4 %), what else heatmaps say to
    6 (1.6 %), which halves the table; pck was computed before. ``area`` is what the annotation says, in square pixels,
    COCO's of the person's segment. What may be absent is null, never NaN: a prediction, PCK without a labelled joint,
    an area or a factor a data set does not know, what a head without heatmaps cannot say, what was not kept when the
    store was made. Lists that may be null have no fixed size in their type, though all have 2K or K numbers: Arrow does
    not read nulls among such lists back.
    """
    numbers, joints = pa.float32(), num_keypoints
    required = dict(annotation_id=pa.int64(), image_id=pa.int64())
    required |= dict.fromkeys(('file_name', 'dataset', 'split'), pa.string())
    required |= dict(bbox=pa.list_(numbers, 4), crop_center=pa.list_(numbers, 2), crop_scale=pa.list_(numbers, 2))
    required |= dict(keypoints=pa.list_(numbers, 2 * joints), visibility=pa.list_(pa.int8(), joints))
    required |= dict(num_labelled=pa.int16())
    optional = dict(image_width=pa.int32(), image_height=pa.int32(), area=numbers)
    optional |= dict(predicted_keypoints=pa.list_(numbers), keypoint_scores=pa.list_(numbers), pck=numbers)
    optional |= dict.fromkeys((SPREADS, FLIPS), pa.list_(numbers))
    optional |= {FACTOR + name: pa.float64() for name in factor_names}
    fields = [pa.field(name, kind, nullable=False) for name, kind in required.items()]
    return pa.schema([*fields, *(pa.field(name, kind) for name, kind in optional.items())])
