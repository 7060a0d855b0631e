"""The contact sheet: the first persons of a data set, every other row with its skeleton."""

import json
from pathlib import Path

import cv2
import numpy as np

from shg_xai.coco import Annotation
from shg_xai.datasets.people.draw import SHIFT, Colour
from shg_xai.datasets.people.skeleton import KEYPOINTS
from shg_xai.datasets.people.write import SKELETON, SPLITS, annotation_name
from shg_xai.errors import InputError

ROWS, COLUMNS = 4, 8
TILE, GAP = 192, 6  # pixels
CONTEXT = 1.3  # side of a tile over the longer side of the person's box
LEFT, RIGHT, MIDDLE, DARK = (60, 150, 255), (255, 160, 50), (255, 255, 255), (30, 30, 30)  # orange, blue, white, grey


def _side_colour(joint: int) -> Colour:
    name = KEYPOINTS[joint]
    return LEFT if name.startswith('left') else RIGHT if name.startswith('right') else MIDDLE


def draw_skeleton(image: np.ndarray, keypoints: np.ndarray) -> None:
    """Draw keypoints (17, 3) of x, y and v into an image: the person's left orange, right blue, hidden hollow."""
    fixed = np.round(keypoints[:, :2] * (1 << SHIFT)).astype(int)
    for a, b in np.array(SKELETON) - 1:
        if keypoints[a, 2] and keypoints[b, 2]:
            colour = _side_colour(a) if _side_colour(a) == _side_colour(b) else MIDDLE
            for paint, width in ((DARK, 3), (colour, 1)):
                cv2.line(image, fixed[a].tolist(), fixed[b].tolist(), paint, width, cv2.LINE_AA, SHIFT)
    for k, (_, _, v) in enumerate(keypoints):
        if v:
            colour = _side_colour(k)
            for paint, radius, width in ((DARK, 3, -1), (colour if v == 2 else DARK, 2, -1), (colour, 2, 1)):
                cv2.circle(image, fixed[k].tolist(), radius << SHIFT, paint, width, cv2.LINE_AA, SHIFT)


def _tile(path: Path, annotation: Annotation, with_skeleton: bool) -> np.ndarray:
    """A square around one person, (TILE, TILE, 3) uint8."""
    image = cv2.imread(str(path))
    if image is None:
        raise InputError(f'{path} cannot be read: make the data set again with --force')
    x, y, width, height = annotation['bbox']
    side = int(min(image.shape[0], CONTEXT * max(width, height)))
    left = int(np.clip(x + (width - side) / 2, 0, image.shape[1] - side))
    top = int(np.clip(y + (height - side) / 2, 0, image.shape[0] - side))
    image = image[top : top + side, left : left + side]
    factor = TILE / side
    image = cv2.resize(image, (TILE, TILE), interpolation=cv2.INTER_AREA if factor < 1 else cv2.INTER_CUBIC)
    if with_skeleton:
        scaled = np.array(annotation['keypoints'], float).reshape(-1, 3)
        # Pixel centres stay pixel centres.
        scaled[:, :2] = (scaled[:, :2] - (left, top) + 0.5) * factor - 0.5
        draw_skeleton(image, scaled)
    return image


def write_contact_sheet(out: Path, path: Path) -> None:
    """Write a sheet of the first 4 x 8 persons of a data set, the second and fourth row with skeletons.

    InputError if ``out`` holds no data set, or ``path`` cannot be written.
    """
    entries: list[tuple[Path, Annotation]] = []
    for split in SPLITS:
        source = out / 'annotations' / annotation_name(split)
        try:
            content = json.loads(source.read_text(encoding='utf-8'))
            names = {image['id']: image['file_name'] for image in content['images']}
            persons = [entry for entry in content['annotations'] if 'factors' in entry]
            entries += [(out / f'{split}2017' / names[entry['image_id']], entry) for entry in persons]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise InputError(f'{source} cannot be read as annotations of this tool: make {out} first') from error
    step = TILE + GAP
    rows = min(ROWS, -(-len(entries) // COLUMNS))
    sheet = np.full((rows * step + GAP, COLUMNS * step + GAP, 3), 255, np.uint8)
    for k, (image_path, annotation) in enumerate(entries[: ROWS * COLUMNS]):
        row, column = divmod(k, COLUMNS)
        y, x = GAP + row * step, GAP + column * step
        sheet[y : y + TILE, x : x + TILE] = _tile(image_path, annotation, with_skeleton=row % 2 == 1)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        written = cv2.imwrite(str(path), sheet)
    except (OSError, cv2.error):
        written = False
    if not written:
        raise InputError(f'{path} cannot be written: give a .png file in a folder you may write to')
