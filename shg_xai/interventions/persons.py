"""What is known of the persons of a data set before any is looked at."""

from typing import Any

import numpy as np
from mmengine.dataset import BaseDataset

from shg_xai.errors import InputError
from shg_xai.visibility import OCCLUDED, VISIBLE


def person_columns(dataset: Any) -> dict[str, np.ndarray]:
    """Columns a condition may name, one entry a person, from the annotations alone.

    Args:
        dataset: N persons.

    Returns:
        ``annotation_id``, ``image_id``, ``num_labelled``, ``num_visible``, ``num_occluded``, ``labelled`` (whether all
        joints are), ``area``, ``bbox_width``, ``bbox_height`` (pixels) and every ``factors.<name>``; shape (N,) each,
        NaN where absent.

    Raises:
        InputError: There are no persons.
    """
    counts, sizes, factors = [], [], []
    for index in range(len(dataset)):
        # MMEngine's: MMPose's own copies what is known of the data set for every person.
        person = BaseDataset.get_data_info(dataset, index)['raw_ann_info']
        v = np.asarray(person['keypoints'])[2::3]
        counts.append(
            (
                person['id'],
                person['image_id'],
                (v > 0).sum(),
                (v == VISIBLE).sum(),
                (v == OCCLUDED).sum(),
                (v > 0).all(),
            )
        )
        sizes.append((person.get('area', np.nan), *person['bbox'][2:]))
        factors.append(person.get('factors', {}))
    if not counts:
        raise InputError(f'{dataset.ann_file}: no persons')
    names = ('annotation_id', 'image_id', 'num_labelled', 'num_visible', 'num_occluded', 'labelled')
    columns = dict(zip(names, np.array(counts, dtype=np.int64).T, strict=True))
    columns['labelled'] = columns['labelled'].astype(bool)
    columns |= zip(('area', 'bbox_width', 'bbox_height'), np.array(sizes, dtype=float).T, strict=True)
    return columns | {
        f'factors.{name}': np.array([known.get(name, np.nan) for known in factors], dtype=float)
        for name in sorted({name for known in factors for name in known})
    }
