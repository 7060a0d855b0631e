"""Which persons a report shows, of the many it is about."""

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec
import numpy as np
import pyarrow as pa

from shg_xai.drawing.pictures import SIZE
from shg_xai.random_streams import stream
from shg_xai.results import Answer

KINDS = dict(keypoints=pa.float32(), visibility=pa.int8(), crop_center=pa.float32(), crop_scale=pa.float32())
DRAWN = tuple(KINDS)


def named_persons(value: Any) -> Iterator[int]:
    """Every annotation id anywhere in answers."""
    if isinstance(value, msgspec.Struct):
        if hasattr(value, 'annotation_id'):
            yield value.annotation_id
        value = [getattr(value, key) for key in value.__struct_fields__]
    for child in value if isinstance(value, list) else ():
        yield from named_persons(child)


def atlas_table(answers: Sequence[Answer], persons: pa.Table, rows: pa.Table, count: int, seed: int) -> pa.Table:
    """The persons to draw, in their order: ``in_map``, ``x`` and ``y`` (components 1 and 2), keypoints, crop and the
    size of the photo, where it is known.

    Whoever the answers about a layer name is drawn, and ``count`` others; ``persons`` and ``rows`` are N rows each.
    """
    ids = persons['annotation_id'].to_numpy()
    in_map = np.zeros(len(ids), bool)
    in_map[stream(seed, 'map').permutation(len(ids))[:count]] = True
    shown = np.flatnonzero(in_map | np.isin(ids, list(set(named_persons(list(answers))))))
    table = persons.take(shown)
    second = 'component_2' if 'component_2' in persons.column_names else 'component_1'
    added = {'in_map': pa.array(in_map[shown]), 'x': table['component_1'], 'y': table[second]}
    added |= {name: rows[name].take(shown).cast(pa.list_(kind)) for name, kind in KINDS.items()}
    added |= {name: rows[name].take(shown) for name in SIZE if name in rows.column_names}
    for name, column in added.items():
        table = table.append_column(name, column)
    return table
