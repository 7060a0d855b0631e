"""A held-out test split of COCO's training persons, drawn by image, and the mean RGB of the rest.

COCO hides the labels of its test set, so the test persons come from the training annotations; no photo has persons on
both sides. ``tools/split_coco.py`` reads and writes the files.
"""

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from shg_xai.datasets.keypoint_file import KeypointFile
from shg_xai.errors import InputError
from shg_xai.photos import read_photo


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


def split_coco(file: KeypointFile, test_images: Iterable[int]) -> tuple[KeypointFile, KeypointFile]:
    """The training and the test part, complete COCO files that share no image.

    Annotations follow their images; those without persons stay in training. All other keys (info, licenses,
    categories) are on both sides. ``file`` is not changed; the parts share its entries. InputError where a photo is
    listed as two images.
    """
    of_name: dict[str, int] = {}
    for image in file.coco['images']:
        other = of_name.setdefault(image['file_name'], image['id'])
        if other != image['id']:
            fault = f'images {other} and {image["id"]} are one photo, {image["file_name"]}'
            raise InputError(f'{file.source}: {fault}, which could come on both sides; list it once')
    chosen = frozenset(test_images)
    return file.of_images(frozenset(of_name.values()) - chosen), file.of_images(chosen)


def count_part(part: KeypointFile) -> dict[str, int]:
    """How many images, images with persons, annotations and persons a part holds."""
    images = dict(images=len(part.coco['images']), images_with_persons=len(part.persons_on()))
    return images | dict(annotations=len(part.coco['annotations']), persons=len(part.persons))


def person_image_names(part: KeypointFile) -> list[str]:
    """File names of the images that hold persons, in the order of their ids."""
    persons_on = part.persons_on()
    images = sorted(part.coco['images'], key=lambda image: image['id'])
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
        image = read_photo(path)
    except InputError as error:
        raise InputError(f'{error}; --no-mean splits without the mean') from error
    return image.sum(axis=(0, 1), dtype=np.int64) / (image.shape[0] * image.shape[1])


def stream_mean_rgb(paths: list[Path], workers: int) -> Iterator[np.ndarray]:
    """Each image's mean RGB, (3,) in 0..255, in order; the first that cannot be read ends it with its InputError."""
    with ThreadPoolExecutor(workers) as pool:  # threads do: OpenCV lets go of the interpreter while it decodes
        try:
            yield from pool.map(image_mean_rgb, paths)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
