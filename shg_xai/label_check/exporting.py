"""Files that annotation tools open: tasks for Label Studio, and COCO keypoints for CVAT and others.

Label Studio (labelstud.io/guide/predictions, labelstud.io/tags/keypointlabels): a list of tasks; places are per cent of
the photo's width and height, the size of a point is one of its width. The label as it is comes as the annotation that
is to be put right, with its box; the network's prediction as one beside it. The interface that the tasks are made for
is an XML file. Label Studio writes what was put right as COCO or YOLO only where the interface has boxes, too, and
joints are numbered (``model_index``). It knows no place outside the photo: a label there is moved to the border, where
it is seen; a prediction is left out.

CVAT imports COCO Keypoints 1.0 as one JSON file (docs.cvat.ai, COCO Keypoints): images, annotations and a category with
names and skeleton, whose lines count joints from 1. Photos are known by their file names, and the task has a skeleton
called ``person`` with the joints' names. Datumaro reads the file from a folder ``annotations`` beside one ``images``.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias
from urllib.parse import quote
from xml.sax.saxutils import quoteattr

import numpy as np
from numpy.typing import NDArray

from shg_xai.coco import VISIBLE
from shg_xai.label_check.persons import Shown
from shg_xai.latents.schema import Manifest

Json: TypeAlias = 'str | int | float | Sequence[Json] | Mapping[str, Json] | None'
POINT = 1.0  # per cent of the photo's width, the size a point is drawn with
NAME, BOX, PICTURE = 'joint', 'box', 'photo'  # of the three parts of Label Studio's interface
PERSON = 'person'


def label_studio(persons: Sequence[Shown], names: Sequence[str], prefix: str) -> list[Json]:
    """A task for each suspect whose photo's size is known."""
    return [_task(one, names, prefix, one.size) for one in persons if one.size]


def interface(names: Sequence[str]) -> str:
    """Label Studio's labelling interface of K joints."""
    labels = '\n'.join(f'    <Label value={quoteattr(name)} model_index="{at}"/>' for at, name in enumerate(names))
    return (
        f'<View>\n  <Image name="{PICTURE}" value="$image" zoom="true"/>\n'
        f'  <RectangleLabels name="{BOX}" toName="{PICTURE}">\n    <Label value="{PERSON}"/>\n  </RectangleLabels>\n'
        f'  <KeyPointLabels name="{NAME}" toName="{PICTURE}">\n{labels}\n  </KeyPointLabels>\n</View>\n'
    )


def _task(one: Shown, names: Sequence[str], prefix: str, size: tuple[int, int]) -> Json:
    suspect, drawn = one.suspect, one.flags > 0
    labelled = _points(np.clip(one.keypoints, 0, size), drawn, names, size, 'label')
    inside = ((one.predicted >= 0) & (one.predicted <= size)).all(axis=1)
    predicted = _points(one.predicted, drawn & inside, names, size, 'prediction')
    heights = one.heights[drawn & inside].tolist()
    data: dict[str, Json] = {
        'image': prefix + quote(suspect.file_name),
        'annotation_id': suspect.annotation_id,
        'image_id': suspect.image_id,
        'dataset': suspect.dataset,
        'suspicion': suspect.kind,
        'score': suspect.score,
    }
    scored: list[Json] = [{**region, 'score': height} for region, height in zip(predicted, heights, strict=True)]
    box = _box(one.bbox, size)
    # Joints belong to the box.
    label: list[Json] = [*box, *({**region, 'parentID': box[0]['id']} if box else region for region in labelled)]
    return {
        'data': data,
        'annotations': [{'result': label}],
        'predictions': [{'model_version': 'network', 'score': float(one.heights.mean()), 'result': scored}],
    }


def _region(name: str, kind: str, region: str, size: tuple[int, int], value: Json) -> dict[str, Json]:
    """What every region says; ids are unique within a task."""
    return {
        'id': region,
        'type': kind,
        'from_name': name,
        'to_name': PICTURE,
        'original_width': size[0],
        'original_height': size[1],
        'image_rotation': 0,
        'value': value,
    }


def _box(bbox: Sequence[float], size: tuple[int, int]) -> list[dict[str, Json]]:
    """The region of a person's box, as much of it as is in the photo; none where nothing is."""
    left, top, width, height = bbox
    low = 100 * np.clip([left, top], 0, size) / size
    sides = 100 * np.clip([left + width, top + height], 0, size) / size - low
    if not (sides > 0).all():
        return []
    value: dict[str, Json] = dict(zip(('x', 'y', 'width', 'height'), [*low.tolist(), *sides.tolist()], strict=True))
    return [_region(BOX, 'rectanglelabels', 'box', size, {**value, 'rotation': 0, 'rectanglelabels': [PERSON]})]


def _points(
    places: NDArray[np.float32], drawn: NDArray[np.bool_], names: Sequence[str], size: tuple[int, int], kind: str
) -> Iterator[dict[str, Json]]:
    """Regions of the joints that are drawn."""
    for joint in np.flatnonzero(drawn).tolist():
        x, y = (100 * places[joint].astype(float) / size).tolist()
        value: Json = {'x': x, 'y': y, 'width': POINT, 'keypointlabels': [names[joint]]}
        yield _region(NAME, 'keypointlabels', f'{kind}-{joint}', size, value)


def coco(persons: Sequence[Shown], manifest: Manifest) -> Json:
    """Images and annotations of the suspects alone, as they are labelled, the first of the ranking first.

    Ids are the data set's; of several data sets that share some, images and annotations are numbered from 1.
    """
    photos = {(one.suspect.dataset, one.suspect.image_id): one for one in persons}
    image_ids = dict(zip(photos, _ids([image for _, image in photos]), strict=True))
    annotation_ids = _ids([one.suspect.annotation_id for one in persons])
    category: Json = {
        'id': 1,
        'name': PERSON,
        'supercategory': PERSON,
        'keypoints': list(manifest.keypoint_names),
        'skeleton': [[a + 1, b + 1] for a, b in manifest.skeleton_links],
    }
    return {
        'images': [_image(one, image_ids[key]) for key, one in photos.items()],
        'annotations': [
            _annotation(one, number, image_ids[one.suspect.dataset, one.suspect.image_id])
            for one, number in zip(persons, annotation_ids, strict=True)
        ],
        'categories': [category],
    }


def _ids(known: Sequence[int]) -> list[int]:
    return list(known) if len({*known}) == len(known) else list(range(1, len(known) + 1))


def _image(one: Shown, number: int) -> Json:
    size = dict(zip(('width', 'height'), one.size, strict=True)) if one.size else {}
    return {'id': number, 'file_name': one.suspect.file_name, **size}


def _annotation(one: Shown, number: int, image: int) -> Json:
    # Our own flag for a label of which nobody says whether it is occluded is none of COCO's.
    flags = np.minimum(one.flags, VISIBLE)
    triples = np.column_stack([one.keypoints.astype(float), flags])
    triples[flags == 0] = 0
    return {
        'id': number,
        'image_id': image,
        'category_id': 1,
        'iscrowd': 0,
        'bbox': [float(side) for side in one.bbox],
        'area': float(one.area if one.area is not None else one.bbox[2] * one.bbox[3]),
        'segmentation': [],
        'keypoints': [int(value) if value.is_integer() else value for value in triples.ravel().tolist()],
        'num_keypoints': int((flags > 0).sum()),
    }
