"""Files that annotation tools open: tasks for Label Studio, and COCO keypoints for CVAT and others.

Label Studio (labelstud.io/guide/predictions, labelstud.io/tags/keypointlabels): a list of tasks; places are per cent of
the photo's width and height, the size of a point is one of its width. The label as it is comes as the annotation that
is to be put right, the network's prediction as one beside it. The interface that the tasks are made for is an XML file.

CVAT imports COCO Keypoints 1.0 as one JSON file (docs.cvat.ai, COCO Keypoints): images, annotations and a category with
names and skeleton, whose lines count joints from 1. Photos are known by their file names.
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
NAME, PICTURE = 'joint', 'photo'  # of the two parts of Label Studio's interface


def label_studio(persons: Sequence[Shown], names: Sequence[str], prefix: str) -> list[Json]:
    """A task for each suspect whose photo's size is known."""
    return [_task(one, names, prefix, one.size) for one in persons if one.size]


def interface(names: Sequence[str]) -> str:
    """Label Studio's labelling interface of K joints."""
    labels = '\n'.join(f'    <Label value={quoteattr(name)}/>' for name in names)
    return (
        f'<View>\n  <Image name="{PICTURE}" value="$image" zoom="true"/>\n'
        f'  <KeyPointLabels name="{NAME}" toName="{PICTURE}">\n{labels}\n  </KeyPointLabels>\n</View>\n'
    )


def _task(one: Shown, names: Sequence[str], prefix: str, size: tuple[int, int]) -> Json:
    suspect = one.suspect
    labelled = list(_points(one.keypoints, one.flags > 0, names, size, 'label'))
    scores = [None if flag else float(height) for flag, height in zip(one.flags <= 0, one.heights, strict=True)]
    predicted = list(_points(one.predicted, one.flags > 0, names, size, 'prediction', scores))
    data: dict[str, Json] = {
        'image': prefix + quote(suspect.file_name),
        'annotation_id': suspect.annotation_id,
        'image_id': suspect.image_id,
        'dataset': suspect.dataset,
        'suspicion': suspect.kind,
        'score': suspect.score,
    }
    return {
        'data': data,
        'annotations': [{'result': labelled}],
        'predictions': [{'model_version': 'network', 'score': float(one.heights.mean()), 'result': predicted}],
    }


def _points(
    places: NDArray[np.float32],
    drawn: NDArray[np.bool_],
    names: Sequence[str],
    size: tuple[int, int],
    kind: str,
    scores: Sequence[float | None] = (),
) -> Iterator[Json]:
    """Regions of the joints that are drawn; ids are unique within a task."""
    width, height = size
    for joint in np.flatnonzero(drawn).tolist():
        x, y = places[joint].astype(float).tolist()
        region: dict[str, Json] = {
            'id': f'{kind}-{joint}',
            'type': 'keypointlabels',
            'from_name': NAME,
            'to_name': PICTURE,
            'original_width': width,
            'original_height': height,
            'image_rotation': 0,
            'value': {'x': 100 * x / width, 'y': 100 * y / height, 'width': POINT, 'keypointlabels': [names[joint]]},
        }
        yield {**region, 'score': scores[joint]} if scores else region


def coco(persons: Sequence[Shown], manifest: Manifest) -> Json:
    """Images and annotations of the suspects alone, as they are labelled, the first of the ranking first."""
    images: dict[int, Json] = {}
    for one in persons:
        size = dict(zip(('width', 'height'), one.size, strict=True)) if one.size else {}
        images.setdefault(
            one.suspect.image_id, {'id': one.suspect.image_id, 'file_name': one.suspect.file_name, **size}
        )
    category: Json = {
        'id': 1,
        'name': 'person',
        'supercategory': 'person',
        'keypoints': list(manifest.keypoint_names),
        'skeleton': [[a + 1, b + 1] for a, b in manifest.skeleton_links],
    }
    return {'images': list(images.values()), 'annotations': [_annotation(one) for one in persons],
            'categories': [category]}  # fmt: skip


def _annotation(one: Shown) -> Json:
    # Our own flag for a label of which nobody says whether it is occluded is none of COCO's.
    flags = np.minimum(one.flags, VISIBLE)
    triples = np.column_stack([one.keypoints.astype(float), flags])
    triples[flags == 0] = 0
    return {
        'id': one.suspect.annotation_id,
        'image_id': one.suspect.image_id,
        'category_id': 1,
        'iscrowd': 0,
        'bbox': [float(side) for side in one.bbox],
        'area': float(one.area if one.area is not None else one.bbox[2] * one.bbox[3]),
        'segmentation': [],
        'keypoints': [int(value) if value.is_integer() else value for value in triples.ravel().tolist()],
        'num_keypoints': int((flags > 0).sum()),
    }
