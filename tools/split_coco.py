#!/usr/bin/env python
"""Draw a held-out test set from COCO's training persons, by image, and measure the mean RGB."""

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import numpy as np
from tqdm import tqdm
from tyro.conf import Positional, arg

from shg_xai.cli import run
from shg_xai.datasets import coco_split
from shg_xai.datasets.keypoint_file import KeypointFile, read_keypoint_file
from shg_xai.errors import InputError
from shg_xai.options import parse
from shg_xai.writing import aside

DESCRIPTION = """Draw a held-out test set from COCO's training persons, by image, and measure the mean RGB.

COCO hides the labels of its test set. This draws 5,064 persons (or --persons) from the training annotations as a test
set of your own, so that no photo has persons on both sides, and leaves the rest for training. Written into
DATA_ROOT/annotations:

  person_keypoints_split_train2017.json   to train on; has the images without persons too
  person_keypoints_split_test2017.json    to test on, once, at the end
  split_info.json                         seed, counts, SHA-256 of the source, mean RGB

The mean RGB is over all pixels of the training images that hold persons, each image counting equally. The same source,
seed and options give the same bytes. COCO takes a few minutes; --no-mean reads the annotations only: well under a
minute, about 2 GB of memory.

example: tools/split_coco.py data/coco --seed 0"""

TRAIN, TEST = 'person_keypoints_split_train2017.json', 'person_keypoints_split_test2017.json'
INFO = 'split_info.json'


@dataclass(frozen=True, kw_only=True)
class SplitOptions:
    """How to split."""

    data_root: Annotated[Positional[Path], arg(metavar='DATA_ROOT')]  # COCO folder: annotations/, train2017/
    ann_file: Annotated[Path, arg(metavar='FILE.json')] = Path('annotations/person_keypoints_train2017.json')
    """annotations to split, within DATA_ROOT or absolute"""
    persons: Annotated[int, arg(metavar='N')] = 5064  # test persons
    seed: int = 0  # of all that is drawn
    mean_images: Annotated[int | None, arg(metavar='N')] = None  # mean RGB of N drawn images; all unless told
    no_mean: bool = False  # leave the mean RGB out
    workers: Annotated[int, arg(metavar='N', help_behavior_hint='(default: all cores)')] = os.cpu_count() or 1
    """threads"""
    category: Annotated[str | None, arg(metavar='NAME')] = None  # whose persons, where several have keypoints
    force: bool = False  # replace an earlier split

    def __post_init__(self) -> None:
        for option in ('workers', 'mean_images'):
            value = getattr(self, option)
            if value is not None and value < 1:
                raise InputError(f'--{option.replace("_", "-")} is {value}; give 1 or more')


def json_chunks(value: Mapping[str, object]) -> Iterator[str]:
    """Yield an object's JSON, its lists entry by entry: COCO's text is never whole in memory."""
    for place, (key, entry) in enumerate(value.items()):
        yield (',\n' if place else '{') + json.dumps(key) + ':'
        if isinstance(entry, list):
            yield '['
            yield from ((',\n' if k else '\n') + json.dumps(one, separators=(',', ':')) for k, one in enumerate(entry))
            yield ']'
        else:
            yield json.dumps(entry)
    yield '}\n'


def write_all(folder: Path, files: Mapping[str, Mapping[str, object]]) -> None:
    """Write JSON files aside, in an order such that the last is there only if all are whole."""
    with ExitStack() as stack:
        parts = [stack.enter_context(aside(folder / name)) for name in reversed(list(files))]
        for part, (name, value) in zip(reversed(parts), files.items(), strict=True):
            with part.open('w', encoding='utf-8') as file:
                file.writelines(tqdm(json_chunks(value), name, unit=' entries', leave=False))


def measure_mean(part: KeypointFile, folder: Path, options: SplitOptions) -> dict[str, object]:
    """The mean RGB of the part's images with persons, in both scales, as in the JSON."""
    everything = coco_split.person_image_names(part)
    names = coco_split.sample_names(everything, options.mean_images or len(everything), options.seed)
    means = coco_split.stream_mean_rgb([folder / name for name in names], options.workers)
    rgb = sum(tqdm(means, 'mean RGB', len(names), unit=' images'), np.zeros(3)) / len(names)
    share, full = [round(float(v), 6) for v in rgb / 255], [round(float(v), 3) for v in rgb]
    weighting = 'all pixels of an image, then all images equally; images with persons only'
    found = dict(mean_rgb_0_to_1=share, mean_rgb_0_to_255=full)
    return found | dict(images=len(names), of_images=len(everything), weighting=weighting)


def main() -> None:
    """Split, measure, write; nothing is written unless all of it worked."""
    options = parse(SplitOptions, DESCRIPTION)
    source, annotations = options.data_root / options.ann_file, options.data_root / 'annotations'
    existing = [name for name in (TRAIN, TEST, INFO) if (annotations / name).exists()]
    if existing and not options.force:
        raise InputError(f'{annotations / existing[0]} is there already; --force replaces it')
    print(f'reading {source}')
    file = read_keypoint_file(source, options.category)
    for line in file.report():
        print(f'note: {line}')
    persons_on = file.persons_on()
    if not persons_on:
        raise InputError(f'{source}: no person with labelled keypoints; give the person_keypoints file')
    chosen = coco_split.draw_test_images(persons_on, options.persons, options.seed)
    train, test = coco_split.split_coco(file, chosen)
    counts = {TRAIN: coco_split.count_part(train), TEST: coco_split.count_part(test)}
    mean = None if options.no_mean else measure_mean(train, options.data_root / 'train2017', options)
    origin = dict(file=source.name, sha256=hashlib.sha256(source.read_bytes()).hexdigest(), left_out=file.left_out)
    info = dict(schema_version=1, source=origin, seed=options.seed)
    info |= dict(persons_asked=options.persons, train=dict(file=TRAIN, **counts[TRAIN]))
    info |= dict(test=dict(file=TEST, **counts[TEST]), mean=mean)
    annotations.mkdir(exist_ok=True)
    write_all(annotations, {TRAIN: train.coco, TEST: test.coco, INFO: info})
    for side, (name, count) in zip(('train', 'test'), counts.items(), strict=True):
        held = f'{count["persons"]:,} persons on {count["images_with_persons"]:,} images'
        print(f'{side:5}: {held} -> {annotations / name}')
    held_out = counts[TEST]['persons']
    if held_out != options.persons:
        print(f'note: no set of images holds exactly {options.persons:,} persons; {held_out:,} is the nearest below')
    if mean is not None:
        print("for the config's data_preprocessor (std=[255, 255, 255] scales to [0, 1]):")
        print(f'mean={mean["mean_rgb_0_to_255"]}')


if __name__ == '__main__':
    run(main)
