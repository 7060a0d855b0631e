"""Which persons a report shows, of the many it is about."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from shg_xai.random_streams import stream
from shg_xai.results import Answer

DRAWN = ('keypoints', 'visibility', 'crop_center', 'crop_scale')


def named_persons(value: Any) -> Iterator[int]:
    """Every annotation id anywhere in answers."""
    if isinstance(value, msgspec.Struct):
        if hasattr(value, 'annotation_id'):
            yield value.annotation_id
        for key in value.__struct_fields__:
            yield from named_persons(getattr(value, key))
    elif isinstance(value, list):
        for child in value:
            yield from named_persons(child)


def atlas_table(answers: Sequence[Answer], persons: pa.Table, rows: pa.Table, count: int, seed: int) -> pa.Table:
    """The persons to draw, with all that is known of them but the picture, in their order: ``in_map``, ``x`` and ``y``
    (components 1 and 2), keypoints and crop.

    Whoever the answers about a layer name is drawn, and ``count`` others, evenly; ``persons`` and ``rows`` are N rows
    each.
    """
    ids = persons['annotation_id'].to_numpy()
    in_map = np.zeros(len(ids), bool)
    drawn = stream(seed, 'map').permutation(len(ids))[:count]
    in_map[drawn] = True
    shown = np.flatnonzero(in_map | np.isin(ids, list(set(named_persons(list(answers))))))
    table = persons.take(shown)
    second = 'component_2' if 'component_2' in persons.column_names else 'component_1'
    table = table.append_column('in_map', pa.array(in_map[shown]))
    for axis, column in (('x', 'component_1'), ('y', second)):
        table = table.append_column(axis, table[column])
    kinds = dict(keypoints=pa.float32(), visibility=pa.int8(), crop_center=pa.float32(), crop_scale=pa.float32())
    for name in DRAWN:
        table = table.append_column(name, rows[name].take(shown).cast(pa.list_(kinds[name])))
    return table
