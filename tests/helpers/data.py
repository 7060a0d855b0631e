"""What tests share: small COCO data made up by hand, and how to run tools on it."""

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from shg_xai.cli import run
from shg_xai.coco import Annotation, Coco

NAMES = (
    'nose',
    'left_eye',
    'right_eye',
    'left_ear',
    'right_ear',
    'left_shoulder',
    'right_shoulder',
    'left_elbow',
    'right_elbow',
    'left_wrist',
    'right_wrist',
    'left_hip',
    'right_hip',
    'left_knee',
    'right_knee',
    'left_ankle',
    'right_ankle',
)
# COCO's own: each left joint changes places with the right one.
MIRROR = (0, 2, 1, 4, 3, 6, 5, 8, 7, 10, 9, 12, 11, 14, 13, 16, 15)
# A standing person in a box of 100 x 100, in the order of NAMES.
STANDING = np.array(
    [
        (50, 12),
        (54, 9),
        (46, 9),
        (58, 11),
        (42, 11),
        (64, 25),
        (36, 25),
        (72, 40),
        (28, 40),
        (76, 54),
        (24, 54),
        (58, 55),
        (42, 55),
        (60, 75),
        (40, 75),
        (61, 95),
        (39, 95),
    ],
    dtype=float,
)
ALL_VISIBLE = (2,) * 17
PARTLY = (2, 1, 0, 2, 1, 2, 2, 1, 2, 0, 2, 2, 1, 2, 2, 1, 0)

# Options that make any config of the study's pipeline small: 64 x 64, 8 channels, few persons; see quick().
LOADERS = ('train_dataloader', 'val_dataloader', 'test_dataloader')
QUICK = (
    'model.backbone.channels=8',
    'model.backbone.depth=2',
    'model.head.in_channels=8',
    'model.head.decoder.input_size=(64,64)',
    'model.head.decoder.heatmap_size=(16,16)',
    'train_cfg.max_epochs=1',
    'default_hooks.logger.interval=1',
    *(
        f'{loader}.{option}'
        for loader in LOADERS
        for option in (
            'batch_size=4',
            'num_workers=0',
            'persistent_workers=False',
            'dataset.pipeline.2.input_size=(64,64)',
        )
    ),
    *(
        f'{loader}.dataset.pipeline.4.encoder.{option}'
        for loader in LOADERS[:2]  # the test's has no targets
        for option in ('input_size=(64,64)', 'heatmap_size=(16,16)')
    ),
)
STUDYS = ('shg_coco.py', 'shg_noskip_coco.py', 'shg_visible_coco.py', 'shg_people.py', 'shg_noskip_people.py')


def quick(config: str | Path) -> tuple[str, ...]:
    """The options for a config; where the persons are augmented for training its steps come later."""
    if Path(config).name in STUDYS:
        return QUICK
    moved = {'train_dataloader.dataset.pipeline.2.': 5, 'train_dataloader.dataset.pipeline.4.': 7}
    start = 'train_dataloader.dataset.pipeline.'
    return tuple(
        next((f'{start}{to}.{option[len(old) :]}' for old, to in moved.items() if option.startswith(old)), option)
        for option in QUICK
    )


def annotation(
    number: int = 1,
    image: int = 1,
    points: np.ndarray = STANDING,
    v: Sequence[int] = ALL_VISIBLE,
    bbox: Sequence[float] = (0, 0, 100, 100),
) -> Annotation:
    """One person as COCO writes it: unlabelled joints at 0, 0; bbox is x, y, width, height."""
    flags = np.asarray(v)[:, None]
    keypoints = np.concatenate([np.where(flags > 0, points, 0), flags], axis=1)
    return dict(
        id=number,
        image_id=image,
        category_id=1,
        iscrowd=0,
        area=float(bbox[2] * bbox[3]),
        bbox=[float(value) for value in bbox],
        num_keypoints=int((flags > 0).sum()),
        keypoints=keypoints.ravel().tolist(),
    )


def coco(annotations: list[Annotation], size: tuple[int, int] = (160, 120)) -> Coco:
    """An annotation file for these persons, every image of one size (width, height)."""
    images = sorted({entry['image_id'] for entry in annotations})
    return dict(
        images=[dict(id=number, file_name=f'{number:012}.jpg', width=size[0], height=size[1]) for number in images],
        annotations=annotations,
        categories=[dict(id=1, name='person', keypoints=list(NAMES))],
    )


def draw(annotations: list[Annotation], size: tuple[int, int] = (160, 120)) -> np.ndarray:
    """The image of these persons: a disc of its own colour for each labelled joint."""
    image = np.full((size[1], size[0], 3), 90, np.uint8)
    for entry in annotations:
        for joint, (x, y, v) in enumerate(np.reshape(entry['keypoints'], (-1, 3))):
            if v > 0 and np.isfinite((x, y)).all():
                colour = (15 * joint, 255 - 15 * joint, 120 + 7 * joint)
                cv2.circle(image, (round(x), round(y)), 3, colour, -1)
    return image


def write_part(root: Path, part: str, annotations: list[Annotation]) -> Path:
    """Write one part ('train2017' or 'val2017') in COCO's layout; returns its annotation file."""
    folder = root / part
    folder.mkdir(parents=True, exist_ok=True)
    content = coco(annotations)
    for image in content['images']:
        persons = [entry for entry in annotations if entry['image_id'] == image['id']]
        cv2.imwrite(str(folder / image['file_name']), draw(persons))
    file = root / 'annotations' / f'person_keypoints_{part}.json'
    file.parent.mkdir(exist_ok=True)
    file.write_text(json.dumps(content))
    return file


def write_coco(root: Path, train_images: int = 4, val_images: int = 3) -> Path:
    """A data set of two persons an image, the first fully visible, the second partly labelled."""
    generator = np.random.default_rng(0)
    for part, count in (('train2017', train_images), ('val2017', val_images)):
        annotations = []
        for image in range(1, count + 1):
            for person, v in enumerate((ALL_VISIBLE, PARTLY)):
                corner = np.array([75 * person, 10]) + generator.uniform(0, 10, 2)
                annotations.append(
                    annotation(10 * image + person, image, corner + 0.75 * STANDING, v, (*corner, 75, 75))
                )
        write_part(root, part, annotations)
    return root


def run_in_process(main: Callable[[], None], words: Sequence[Any], monkeypatch: pytest.MonkeyPatch) -> int:
    """Run a tool's main as its command line does, but here; returns the exit code."""
    monkeypatch.setattr(sys, 'argv', ['tool', *map(str, words)])
    with pytest.raises(SystemExit) as ended:
        run(main)
    assert isinstance(ended.value.code, int)
    return ended.value.code


def only_error(stderr: str) -> str:
    """The one line of a failed command that says what is wrong; there is no traceback."""
    assert 'Traceback' not in stderr, stderr
    lines = [line for line in stderr.splitlines() if line.startswith('error: ')]
    assert len(lines) == 1, stderr
    return lines[0]
