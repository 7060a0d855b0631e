"""A COCO keypoint file: read, checked and counted in one way, for data sets and tools alike.

Annotation files come from many exporters. What cannot be meant in two ways is read and said (``iscrowd`` as text,
``num_keypoints`` that are not the labels' number), what could be is refused in one line that names file, id and mend;
what is no person to train or test on is counted by its reason. It needs NumPy and json alone, so tools start fast.
"""

import json
import posixpath
from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np

from shg_xai.coco import Annotation, Category, Coco, Image
from shg_xai.errors import InputError

CROWD: Mapping[object, int] = {0: 0, 1: 1, None: 0, '0': 0, '1': 1, 'false': 0, 'true': 1}
UNLABELLED, CROWDS = 'without labelled keypoints', 'crowds'
IDS = range(-(2**63), 2**63)  # what a latent store can hold
FAR = 1e9  # no place in a photo


@dataclass(frozen=True)
class KeypointFile:
    """A checked file and its N persons: the annotations of one category that are labelled and no crowd."""

    source: str  # its name, for messages
    coco: Coco  # all of it; ``iscrowd`` and ``num_keypoints`` of the category as they are counted here
    category: Category
    persons: list[Annotation]  # in the file's order
    left_out: dict[str, int]  # why annotations are no such persons, and how many
    mended: dict[str, int]  # what is read otherwise than it is written, and how many

    def of_images(self, wanted: Container[int]) -> 'KeypointFile':
        """The file with some of its images and what is annotated on them; both share their entries, none is changed."""
        images = [image for image in self.coco['images'] if image['id'] in wanted]
        annotations = [entry for entry in self.coco['annotations'] if entry['image_id'] in wanted]
        persons = [person for person in self.persons if person['image_id'] in wanted]
        coco: Coco = {**self.coco, 'images': images, 'annotations': annotations}
        return KeypointFile(self.source, coco, self.category, persons, self.left_out, self.mended)

    def persons_on(self) -> dict[int, int]:
        """Image id -> number of persons on it, for the images that hold one or more."""
        return dict(Counter(person['image_id'] for person in self.persons))

    def report(self) -> list[str]:
        """What a user should know of how the file was read, a line each; none where all is as it stands, and counts."""
        lines = []
        if self.left_out:
            reasons = ', '.join(f'{reason} ({count:,})' for reason, count in self.left_out.items())
            whole = len(self.coco['annotations'])
            lines.append(
                f'{self.source}: {len(self.persons):,} of {whole:,} annotations are persons; left out: {reasons}'
            )
        for what, count in self.mended.items():
            lines.append(
                f'{self.source}: {what} (annotations: {count:,}); CocoMetric, which reads the file itself, does not'
            )
        return lines


def read_keypoint_file(path: Path | str, category: str | None = None, joints: int | None = None) -> KeypointFile:
    """Read and check a file; see :func:`check_keypoints`. InputError where it is missing or no JSON, too."""
    try:
        content = json.loads(Path(path).read_bytes())
    except OSError as error:
        missing = f'{path}: no such annotation file' if not Path(path).exists() else f'{path}: {error.strerror}'
        raise InputError(f'{missing}; set ann_file and data_root of the dataset (--data-root, --ann-file)') from error
    except (ValueError, RecursionError) as error:
        raise InputError(f'{path}: not valid JSON ({error}); export or unpack it anew') from error
    return check_keypoints(content, str(path), category, joints)


def check_keypoints(content: Any, source: str, category: str | None = None, joints: int | None = None) -> KeypointFile:
    """A file's content, changed in place where a value is read otherwise than it stands; ``source`` is its name.

    ``category`` is whose persons are meant, by name, which is needed where several have keypoints; ``joints`` is K as
    the data set's metainfo has it. InputError: not COCO's, ids that are no whole numbers or come twice, annotations of
    images or categories that are not listed, keypoints that are not K times x, y, v of 0, 1 or 2, or all finite.
    """
    if not isinstance(content, dict):
        raise InputError(f'{source}: not COCO JSON, its outermost value is no object')
    coco = cast(Coco, content)
    images = _by_id(coco, 'images', ('file_name',), source)
    _by_id(coco, 'annotations', ('image_id',), source)
    categories = _by_id(coco, 'categories', ('name',), source)
    for image in images.values():
        _check_name(image, source)
    _check_images(coco['annotations'], images, source)
    _check_categories(coco['annotations'], categories, source)
    chosen = _choose(coco, category, source)
    own = [entry for entry in coco['annotations'] if entry['category_id'] == chosen['id']]
    left_out = Counter({f'of another category than {chosen["name"]}': len(coco['annotations']) - len(own)})
    labelled, mended = _labelled(own, _joints(chosen, own, joints, source), source), Counter[str]()
    persons = []
    for entry, count in zip(own, labelled, strict=True):
        written, crowd = entry.get('num_keypoints', count), entry.get('iscrowd')
        if written != count:
            mended['num_keypoints is not the number of labelled joints: these are counted here'] += 1
        entry['num_keypoints'] = count
        if type(crowd) is not int or crowd not in (0, 1):
            entry['iscrowd'] = _crowd(crowd, f'{source}: annotation {entry["id"]}')
            mended['iscrowd is text: it is read as a number here'] += isinstance(crowd, str)
        if entry['iscrowd'] or not count:
            left_out[CROWDS if entry['iscrowd'] else UNLABELLED] += 1
        else:
            persons.append(entry)
    return KeypointFile(source, coco, chosen, persons, dict(+left_out), dict(+mended))


def check_boxes(file: KeypointFile) -> None:
    """Raise InputError where a person's box or the size of an image is not known, or is empty."""
    for image in file.coco['images']:
        photo_size(image, file.source)
    for person in file.persons:
        where, box = f'{file.source}: annotation {person["id"]}', person.get('bbox')
        if box is None or not _are_numbers(box, 4):
            raise InputError(f'{where}: "bbox" must be x, y, width, height, four finite numbers, not {box!r:.60}')
        if min(box[2:]) <= 0:
            raise InputError(f'{where}: "bbox" {box} has no area; mend or remove it')


def photo_size(image: Image, source: str) -> tuple[int, int]:
    """Width and height of an image in pixels, as the file has them; InputError where it has not."""
    size: Any = image.get('width'), image.get('height')
    if not _are_numbers(list(size), 2) or min(size) < 1 or size != tuple(map(int, size)):
        raise InputError(f'{source}: image {image["id"]}: width and height are {size}; give the pixels of the photo')
    return cast(tuple[int, int], size)


def _are_numbers(values: object, count: int) -> bool:
    """Whether this is a list of so many finite numbers, none of them text."""
    return (
        isinstance(values, list)
        and len(values) == count
        and all(type(value) in (int, float) and abs(value) < FAR for value in values)
    )


def _by_id(coco: Any, key: str, needed: Sequence[str], source: str) -> dict[int, Any]:
    """The entries of one of the file's lists by their ids; InputError where one lacks what it needs or comes twice."""
    if not isinstance(coco.get(key), list):
        raise InputError(f'{source}: not COCO JSON, the list {key!r} is missing; give a person_keypoints file')
    found: dict[int, Any] = {}
    for place, entry in enumerate(coco[key]):
        for name in ('id', *needed):
            if not isinstance(entry, dict) or name not in entry:
                raise InputError(f'{source}: not COCO JSON, {key}[{place}] has no {name!r}')
        number = entry['id']
        if type(number) is not int or number not in IDS:
            raise InputError(f'{source}: the id of {key}[{place}] is {_no_integer(number)}')
        if number in found:
            places = ' and '.join(str(one.get('image_id', one.get('file_name'))) for one in (found[number], entry))
            of = dict(annotations=f' (of images {places})', images=f' ({places})').get(key, '')
            raise InputError(f'{source}: {key} has id {number} twice{of}; give each an id of its own')
        found[number] = entry
    return found


def _no_integer(value: object) -> str:
    text = ', text' if isinstance(value, str) else ''
    return f'{value!r:.60}{text}, not an integer; number all ids, and the image_id and category_id that refer to them'


def _check_name(image: Image, source: str) -> None:
    """Raise InputError where a photo's name is none, or could lead anywhere else than into the images' folder."""
    name = image['file_name']
    where, mend = f'{source}: image {image["id"]}: file_name', 'write it from the folder of images (data_prefix) on'
    if not isinstance(name, str) or not name or '\0' in name:
        raise InputError(f'{where} {name!r:.60} is no name of a file')
    if '\\' in name or name[1:2] == ':':
        raise InputError(f'{where} {name!r} is a path of Windows; {mend}, with /')
    if name.startswith('/'):
        raise InputError(f'{where} {name!r} is an absolute path; {mend}')
    if '..' in name and posixpath.normpath(name).split('/')[0] == '..':
        raise InputError(f'{where} {name!r} leads out of the folder of images; {mend}')


def _check_images(annotations: Sequence[Annotation], images: Mapping[int, Image], source: str) -> None:
    """Raise InputError where annotations are of images that the file does not list: the first, and how many."""
    # Not left out: on a subset of the images somebody would test on fewer persons and not know.
    lost = [entry for entry in annotations if type(entry['image_id']) is not int or entry['image_id'] not in images]
    if lost:
        where, image = f'{source}: annotation {lost[0]["id"]}', lost[0]['image_id']
        if type(image) is not int:
            raise InputError(f'{where}: its image_id is {_no_integer(image)}')
        more = f', nor those of {len(lost) - 1:,} more annotations' if len(lost) > 1 else ''
        mend = 'list the images or remove the annotations'
        raise InputError(f'{where} is of image {image}, which the file does not list{more}; {mend}')


def _check_categories(annotations: Sequence[Annotation], categories: Mapping[int, Category], source: str) -> None:
    """Raise InputError where an annotation's category is not listed; with a single one it may be left unsaid."""
    if not categories:
        raise InputError(f'{source}: lists no category; add one with the names of its "keypoints"')
    for entry in annotations:
        if len(categories) == 1:
            entry.setdefault('category_id', next(iter(categories)))
        number = entry.get('category_id')
        if type(number) is not int or number not in categories:
            known = ', '.join(f'{key} ({one["name"]})' for key, one in list(categories.items())[:9])
            raise InputError(
                f'{source}: annotation {entry["id"]}: category_id {number!r:.60} is none of the file: {known}'
            )


def _choose(coco: Coco, name: str | None, source: str) -> Category:
    """The category of this name, or the only one that has keypoints."""
    posed = {entry['category_id'] for entry in coco['annotations'] if entry.get('keypoints')}
    used = [entry for entry in coco['categories'] if entry['id'] in posed]
    candidates = used or [entry for entry in coco['categories'] if entry.get('keypoints')] or coco['categories']
    chosen = [entry for entry in candidates if name in (None, entry['name'])]
    if len(chosen) == 1:
        return chosen[0]
    names = ', '.join(sorted(str(entry['name']) for entry in candidates))
    if name is None:
        choice = 'choose one: category= of the dataset in the config, --category of split_coco.py and mean_pose.py'
        raise InputError(f'{source}: several categories have keypoints ({names}); {choice}')
    fault = 'is the name of several' if chosen else 'has no keypoints here'
    raise InputError(f'{source}: category {name!r} {fault}; those with keypoints are {names}')


def _joints(category: Category, annotations: Sequence[Annotation], joints: int | None, source: str) -> int:
    """K: as the data set has it, which must be what the category names, or as the first annotation has."""
    named = len(category.get('keypoints') or ())
    if joints and named and named != joints:
        fault = f'category {category["name"]!r} has {named} keypoints, the metainfo of the dataset {joints}'
        raise InputError(f'{source}: {fault}; set metainfo of the dataset to the skeleton of these annotations')
    first: object = next((entry['keypoints'] for entry in annotations if entry.get('keypoints')), None)
    return joints or named or (len(first) // 3 if isinstance(first, list) else 0)


def _labelled(annotations: Sequence[Annotation], joints: int, source: str) -> list[int]:
    """How many labelled joints each annotation has; InputError for the first whose keypoints are not K x, y, v."""
    counts = np.zeros(len(annotations), int)
    posed = [place for place, entry in enumerate(annotations) if entry.get('keypoints')]
    for start in range(0, len(posed), 1 << 14):
        places = posed[start : start + (1 << 14)]
        block = [annotations[place]['keypoints'] for place in places]
        try:
            values = np.array(block)
        except ValueError:  # of several lengths
            values = np.empty(0)
        v = values[..., 2::3]
        numbers = values.shape == (len(block), 3 * joints) and values.dtype.kind in 'if'
        if not numbers or not (np.abs(values) < FAR).all() or not ((v == 0) | (v == 1) | (v == 2)).all():
            for place in places:
                _check_one(annotations[place], joints, source)
        counts[places] = (v > 0).sum(axis=1)
    for entry in annotations:
        if not entry.get('keypoints') and entry.get('num_keypoints') not in (None, 0):
            fault = f'"keypoints" holds 0 numbers, but num_keypoints is {entry["num_keypoints"]!r:.60}'
            raise InputError(f'{source}: annotation {entry["id"]}: {fault}; add or remove them')
    return cast(list[int], counts.tolist())


def _check_one(entry: Annotation, joints: int, source: str) -> None:
    """Raise InputError, naming it, for an annotation whose keypoints are not K times x, y, v."""
    keypoints: Any = entry['keypoints']
    where, wanted = f'{source}: annotation {entry["id"]}', f'{3 * joints} (x, y, v of {joints} joints)'
    if not isinstance(keypoints, list):
        raise InputError(f'{where}: "keypoints" is {keypoints!r:.60}, no list of {wanted}')
    if any(isinstance(value, list) for value in keypoints):
        raise InputError(f'{where}: "keypoints" is nested, [[x, y, v], ...]; COCO has one flat list of {wanted}')
    if len(keypoints) != 3 * joints:
        raise InputError(f'{where}: "keypoints" holds {len(keypoints)} numbers, not {wanted}')
    if wrong := [value for value in keypoints if type(value) not in (int, float)]:
        raise InputError(f'{where}: "keypoints" holds {wrong[0]!r:.60}, which is no number')
    if not all(abs(value) < FAR for value in keypoints):
        raise InputError(
            f'{where}: "keypoints" holds NaN or infinity, or what is far from any photo; mend or remove it'
        )
    if strange := sorted(set(keypoints[2::3]) - {0, 1, 2}):
        mend = 'give 0 (not labelled), 1 (occluded) or 2 (visible)'
        raise InputError(f'{where}: "keypoints" has visibility {strange}; {mend}')


def _crowd(value: object, where: str) -> int:
    """An annotation's ``iscrowd`` as 0 or 1, 0 where it has none; InputError where it could be either."""
    key = value.lower() if isinstance(value, str) else value
    if isinstance(key, list | dict) or key not in CROWD:
        raise InputError(f'{where}: iscrowd is {value!r:.60}; give 0 or 1')
    return CROWD[key]
