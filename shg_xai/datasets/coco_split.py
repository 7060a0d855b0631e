"""A held-out test split of COCO's training persons, drawn by image, and the mean RGB of the rest.

COCO hides the labels of its test set, so the test persons come from the training annotations; no photo has persons on
both sides. A *person* is an annotation with at least one labelled keypoint that is no crowd. ``tools/split_coco.py``
reads and writes the files.
"""

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import numpy as np
from PIL import Image

from shg_xai.coco import Annotation, Coco
from shg_xai.errors import InputError

NUM_KEYPOINTS = 17


def is_person(annotation: Annotation) -> bool:
    """Tell whether an annotation counts: labelled keypoints, and not a crowd."""
    return annotation.get('num_keypoints', 0) > 0 and not annotation.get('iscrowd', 0)


def check_coco(coco: Any, source: str) -> Coco:
    """Raise InputError, naming ``source`` and the entry, unless this is a COCO keypoint file.

    Where an annotation has labelled keypoints, they are 17 times x, y, v.
    """
    if not isinstance(coco, dict):
        raise InputError(f'{source}: not COCO JSON, its outermost value is no object')
    for key in ('images', 'annotations', 'categories'):
        if not isinstance(coco.get(key), list):
            mend = 'give person_keypoints_train2017.json of COCO 2017'
            raise InputError(f'{source}: not COCO JSON, the list {key!r} is missing; {mend}')
    _check_entries(coco['images'], 'images', 'file_name', source)
    _check_entries(coco['annotations'], 'annotations', 'image_id', source)
    image_ids = {image['id'] for image in coco['images']}
    for annotation in coco['annotations']:
        where, image = f'{source}: annotation {annotation["id"]}', annotation['image_id']
        if image not in image_ids:
            raise InputError(f'{where} is of image {image}, which the file does not list')
        _check_keypoints(annotation, where)
    return cast(Coco, coco)


def _check_entries(entries: list[Any], key: str, needed: str, source: str) -> None:
    """Raise InputError when an entry lacks its id or another key, or two share an id."""
    seen: set[int] = set()
    for place, entry in enumerate(entries):
        for name in ('id', needed):
            if not isinstance(entry, dict) or name not in entry:
                raise InputError(f'{source}: not COCO JSON, {key}[{place}] has no {name!r}')
        number = entry['id']
        if not isinstance(number, int):
            raise InputError(f'{source}: the id of {key}[{place}] is {number!r}, not an integer')
        if number in seen:
            raise InputError(f'{source}: {key} has id {number} twice; keep one of the two')
        seen.add(number)


def _check_keypoints(annotation: Annotation, where: str) -> None:
    """Raise InputError when a labelled annotation's keypoints are not 51 finite numbers."""
    labelled = annotation.get('num_keypoints', 0)
    if not isinstance(labelled, int):
        raise InputError(f'{where}: num_keypoints is {labelled!r}, not an integer')
    if not is_person(annotation):
        return
    keypoints, size = annotation.get('keypoints'), 3 * NUM_KEYPOINTS
    if not isinstance(keypoints, list) or len(keypoints) != size:
        length = len(keypoints) if isinstance(keypoints, list) else 'no'
        raise InputError(f'{where}: has {length} keypoint numbers, COCO has {size} (17 x, y, v)')
    with suppress(TypeError, ValueError, OverflowError):
        if math.isfinite(math.fsum(keypoints)):
            return
    raise InputError(f'{where}: its keypoints are not all finite numbers')


def count_persons(annotations: Iterable[Annotation]) -> dict[int, int]:
    """Image id -> number of persons on it, for the images that hold one or more."""
    return dict(Counter(entry['image_id'] for entry in annotations if is_person(entry)))


def draw_test_images(persons_on: dict[int, int], persons: int, seed: int) -> list[int]:
    """Draw images that hold exactly ``persons`` persons together, or as near below as can be: their ids, ascending.

    The images are walked in a random order; one whose persons would be too many is left out in favour of a later one.
    Where that does not come out even, the sum is looked for among all sets of images, early ones of that order first.
    InputError for a negative seed, ``persons`` < 1, or not fewer than there are.
    """
    total = sum(persons_on.values())
    if seed < 0:
        raise InputError(f'seed is {seed}; give 0 or more')
    if total == 0:
        raise InputError('the annotations hold no person with labelled keypoints')
    if not 1 <= persons < total:
        mend = f'give 1 to {total - 1}, so that both sides have some'
        raise InputError(f'{persons} test persons asked of {total} with keypoints; {mend}')
    order = [int(i) for i in np.random.default_rng(seed).permutation(sorted(persons_on))]
    chosen, left = [], persons
    for image in order:
        if persons_on[image] <= left:
            chosen.append(image)
            left -= persons_on[image]
    if left:
        chosen = _nearest_sum(order, persons_on, persons)
    return sorted(chosen)


def _nearest_sum(order: list[int], persons_on: dict[int, int], persons: int) -> list[int]:
    """Images whose persons sum to the largest number <= ``persons`` that is reachable."""
    # Bit s of `reached` says that some set of the images so far holds s persons.
    reached, mask = 1, (1 << (persons + 1)) - 1
    last_image: dict[int, int] = {}
    for image in order:
        new = (reached << persons_on[image]) & mask & ~reached
        reached |= new
        while new:
            total = new.bit_length() - 1
            last_image[total] = image
            new ^= 1 << total
    chosen, total = [], reached.bit_length() - 1
    while total:
        # The image that first made this sum joined sums of images before it: none comes twice.
        chosen.append(last_image[total])
        total -= persons_on[last_image[total]]
    return chosen


def split_coco(coco: Coco, test_images: Iterable[int]) -> tuple[Coco, Coco]:
    """The training and the test part, complete COCO files that share no image.

    Annotations follow their images; those without persons stay in training. All other keys (info, licenses,
    categories) are on both sides. ``coco`` is not changed; the parts share its entries.
    """
    chosen = frozenset(test_images)

    def part(wanted: bool) -> Coco:
        images = [image for image in coco['images'] if (image['id'] in chosen) is wanted]
        persons = [person for person in coco['annotations'] if (person['image_id'] in chosen) is wanted]
        return {**coco, 'images': images, 'annotations': persons}

    return part(False), part(True)


def count_part(part: Coco) -> dict[str, int]:
    """How many images, images with persons, annotations and persons a part holds."""
    persons_on = count_persons(part['annotations'])
    images = dict(images=len(part['images']), images_with_persons=len(persons_on))
    return images | dict(annotations=len(part['annotations']), persons=sum(persons_on.values()))


def person_image_names(part: Coco) -> list[str]:
    """File names of the images that hold persons, in the order of their ids."""
    persons_on = count_persons(part['annotations'])
    images = sorted(part['images'], key=lambda image: image['id'])
    return [image['file_name'] for image in images if image['id'] in persons_on]


def sample_names(names: list[str], count: int, seed: int) -> list[str]:
    """``count`` of the names drawn without replacement, in their order; all if fewer."""
    if count >= len(names):
        return names
    # A stream of its own: the sample does not depend on how the split was drawn.
    places = np.random.default_rng([seed, 1]).choice(len(names), count, replace=False)
    return [names[place] for place in sorted(places)]


def image_mean_rgb(path: Path) -> np.ndarray:
    """The mean over all pixels of one image, (3,) RGB in 0..255, exact; InputError where it cannot be read whole."""
    try:
        with Image.open(path) as image:
            histogram = np.array(image.convert('RGB').histogram(), dtype=np.int64)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        reason = 'is missing' if isinstance(error, FileNotFoundError) else 'cannot be read'
        raise InputError(f'{path}: this image {reason}; restore it, or split without the mean: --no-mean') from error
    counts = histogram.reshape(3, 256)
    return (counts @ np.arange(256)) / counts.sum(axis=1)


def stream_mean_rgb(paths: list[Path], workers: int) -> Iterator[np.ndarray]:
    """Each image's mean RGB, (3,) in 0..255, in order; the first that cannot be read ends it with its InputError."""
    with ThreadPoolExecutor(workers) as pool:  # threads do: Pillow lets go of the interpreter while it decodes
        try:
            yield from pool.map(image_mean_rgb, paths)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
