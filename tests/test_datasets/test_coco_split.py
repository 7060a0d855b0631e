"""The split by image and the mean RGB, on annotations and images made by hand."""

from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from shg_xai.datasets import coco_split
from shg_xai.datasets.keypoint_file import check_keypoints
from shg_xai.errors import InputError

KEYPOINTS = [10, 20, 2] + [0, 0, 0] * 16


def make_coco(persons_on: list[int]) -> Any:
    """Annotations with image ids 1, 2, ... holding that many persons each."""
    images = [{'id': i, 'file_name': f'{i}.png'} for i in range(1, len(persons_on) + 1)]
    owners = [i for i, count in enumerate(persons_on, 1) for _ in range(count)]
    annotations = [
        {'id': n, 'image_id': i, 'category_id': 1, 'num_keypoints': 1, 'iscrowd': 0, 'keypoints': list(KEYPOINTS)}
        for n, i in enumerate(owners, 100)
    ]
    return {
        'info': {'year': 2017},
        'licenses': [{'id': 1}],
        'images': images,
        'annotations': annotations,
        'categories': [{'id': 1, 'name': 'person'}],
    }


def test_only_labelled_persons_that_are_no_crowd_count() -> None:
    content = make_coco([2, 1, 1])
    content['annotations'][0]['iscrowd'] = 1
    content['annotations'][2]['keypoints'] = [0] * 51
    assert check_keypoints(content, 'a.json').persons_on() == {1: 1, 3: 1}


@pytest.mark.parametrize('seed', range(20))
def test_draw_agrees_with_trying_every_set_of_images(seed: int) -> None:
    counts = dict(enumerate(np.random.default_rng(seed).integers(1, 14, size=8).tolist()))
    sums = {sum(chosen) for size in range(9) for chosen in combinations(counts.values(), size)}
    for persons in range(1, sum(counts.values())):
        drawn = coco_split.draw_test_images(counts, persons, seed)
        assert len(set(drawn)) == len(drawn)
        assert sum(counts[image] for image in drawn) == max(s for s in sums if s <= persons)


@pytest.mark.parametrize('seed', range(20))
def test_draw_looks_beyond_the_first_order_that_does_not_come_out_even(seed: int) -> None:
    # Taking the image of 4 first leaves 2, which no other image fits: 3 + 3 has to be found.
    assert coco_split.draw_test_images({1: 4, 2: 3, 3: 3}, 6, seed) == [2, 3]


@pytest.mark.parametrize('seed', range(5))
def test_draw_comes_as_near_below_as_can_be(seed: int) -> None:
    # Sums of 4, 4 and 6: 4, 6, 8, 10, 14. Nearest below 9 is 8.
    assert coco_split.draw_test_images({1: 4, 2: 4, 3: 6}, 9, seed) == [1, 2]


def test_draw_depends_on_the_seed_alone() -> None:
    counts = dict.fromkeys(range(100), 1)
    backwards = dict(reversed(counts.items()))
    first = coco_split.draw_test_images(counts, 30, 1)
    assert coco_split.draw_test_images(backwards, 30, 1) == first
    assert coco_split.draw_test_images(counts, 30, 2) != first


def test_every_image_is_drawn_equally_often() -> None:
    times = np.zeros(10)
    for seed in range(400):
        times[coco_split.draw_test_images(dict.fromkeys(range(10), 1), 5, seed)] += 1
    # Binomial(400, 1/2) has a standard deviation of 10: 60 is six of them.
    assert np.abs(times - 200).max() < 60


@pytest.mark.parametrize(
    ('counts', 'persons', 'seed', 'message'),
    [
        ({1: 2, 2: 1}, 3, 0, '3 test persons asked of 3 with keypoints; give 1 to 2'),
        ({1: 2, 2: 1}, 9, 0, '9 test persons asked of 3'),
        ({1: 2, 2: 1}, 0, 0, '0 test persons asked of 3'),
        ({1: 2, 2: 1}, 1, -1, 'seed is -1'),
        ({}, 1, 0, 'no person with labelled keypoints'),
    ],
)
def test_draw_refuses(counts: dict[int, int], persons: int, seed: int, message: str) -> None:
    with pytest.raises(InputError, match=message):
        coco_split.draw_test_images(counts, persons, seed)


def test_split_puts_every_image_and_its_annotations_on_one_side() -> None:
    coco = make_coco([2, 0, 1, 3])
    parts = coco_split.split_coco(check_keypoints(coco, 'a.json'), [1, 4])
    train, test = (part.coco for part in parts)
    assert [image['id'] for image in test['images']] == [1, 4]
    # Image 2 has no persons: it stays in training.
    assert [image['id'] for image in train['images']] == [2, 3]
    assert [entry['id'] for entry in test['annotations']] == [100, 101, 103, 104, 105]
    assert [entry['id'] for entry in train['annotations']] == [102]
    for part in (train, test):
        assert {key: part[key] for key in ('info', 'licenses', 'categories')} == {
            key: coco[key] for key in ('info', 'licenses', 'categories')
        }
    assert coco == make_coco([2, 0, 1, 3])
    assert coco_split.count_part(parts[0]) == {'images': 2, 'images_with_persons': 1, 'annotations': 1, 'persons': 1}
    assert coco_split.person_image_names(parts[0]) == ['3.png']


def test_a_photo_listed_twice_cannot_be_parted() -> None:
    coco = make_coco([1, 1, 1])
    coco['images'][2]['file_name'] = '1.png'
    with pytest.raises(InputError, match=r'a\.json: images 1 and 3 are one photo, 1\.png, .*; list it once'):
        coco_split.split_coco(check_keypoints(coco, 'a.json'), [1])


def test_mean_counts_every_pixel_of_an_image(tmp_path: Path) -> None:
    pixels = np.zeros((2, 2, 3), dtype=np.uint8)
    pixels[0, 0] = (200, 100, 40)
    Image.fromarray(pixels).save(tmp_path / 'a.png')
    assert coco_split.image_mean_rgb(tmp_path / 'a.png').tolist() == [50, 25, 10]


def test_mean_of_a_grey_image_is_grey(tmp_path: Path) -> None:
    Image.new('L', (3, 5), 77).save(tmp_path / 'grey.png')
    assert coco_split.image_mean_rgb(tmp_path / 'grey.png').tolist() == [77, 77, 77]


def test_mean_names_a_missing_and_a_truncated_image(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'gone\.jpg: this photo is missing.*--no-mean'):
        coco_split.image_mean_rgb(tmp_path / 'gone.jpg')
    noise = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
    Image.fromarray(noise).save(tmp_path / 'whole.jpg')
    half = (tmp_path / 'whole.jpg').read_bytes()[:2000]
    (tmp_path / 'half.jpg').write_bytes(half)
    with pytest.raises(InputError, match=r'half\.jpg: this photo cannot be read'):
        coco_split.image_mean_rgb(tmp_path / 'half.jpg')


@pytest.mark.parametrize('workers', [1, 3])
def test_stream_keeps_the_order(tmp_path: Path, workers: int) -> None:
    paths = [tmp_path / f'{value}.png' for value in range(20)]
    for value, path in enumerate(paths):
        Image.new('RGB', (2, 2), (value, 0, 2 * value)).save(path)
    means = list(coco_split.stream_mean_rgb(paths, workers))
    assert np.array(means).tolist() == [[v, 0, 2 * v] for v in range(20)]


def test_sample_is_seeded_and_never_more_than_there_are() -> None:
    names = [str(n) for n in range(50)]
    sample = coco_split.sample_names(names, 10, 3)
    assert sample == coco_split.sample_names(names, 10, 3)
    assert sample != coco_split.sample_names(names, 10, 4)
    assert sample == sorted(set(sample), key=int)
    assert len(sample) == 10
    assert coco_split.sample_names(names, 60, 3) == names
