"""Rows of persons, from dicts to the table of one shard."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from shg_xai.coco import LABELLED
from shg_xai.errors import InputError
from shg_xai.latents.schema import FACTOR, FLIPS, SPREADS, row_schema

Floats = NDArray[np.float64]
Row = Mapping[str, object]  # a person's values by column, as their maker has them
PREDICTED = {'predicted_keypoints': 2, 'keypoint_scores': 1, SPREADS: 1, FLIPS: 1}  # numbers a joint, or null
BITS = {'keypoint_scores': 8, SPREADS: 6, FLIPS: 6}  # significant ones
# pyarrow's own way from its types to NumPy's needs pandas.
NUMPY_TYPES: dict[pa.DataType, np.dtype[Any]] = {
    pa.from_numpy_dtype(name): np.dtype(name) for name in ('int8', 'int16', 'int32', 'int64', 'float32', 'float64')
}


def rounded(name: str, values: Floats) -> Floats:
    """Predictions with no more digits than a network knows, as the bits left out cost most of the table: keypoints to
    1/16 pixel, scores to 8 significant bits, so by 1/256 of themselves at most, what else heatmaps say to 6. Other
    columns stay as they are.
    """
    if name == 'predicted_keypoints':
        return np.asarray(np.ldexp(np.rint(np.ldexp(values, 4)), -4))
    if bits := BITS.get(name):
        mantissa, exponent = np.frexp(values)
        return np.asarray(np.ldexp(np.rint(np.ldexp(mantissa, bits)), exponent - bits))
    return values


def list_size(name: str, num_keypoints: int) -> int:
    """Numbers in a list that may be null, whose type has no size."""
    return PREDICTED[name] * num_keypoints


class Column(NamedTuple):
    """What a value of a column must be; ``dtype`` is None for text."""

    name: str
    dtype: np.dtype[Any] | None
    size: int
    listed: bool
    nullable: bool


@lru_cache(maxsize=8)
def _columns(num_keypoints: int) -> dict[str, Column]:
    """The columns of a row for K keypoints, without factors."""
    columns = {}
    for field in row_schema(num_keypoints):
        kind, size, listed = field.type, 1, pa.types.is_nested(field.type)
        if listed:
            size = kind.list_size if pa.types.is_fixed_size_list(kind) else list_size(field.name, num_keypoints)
            kind = kind.value_type
        columns[field.name] = Column(field.name, NUMPY_TYPES.get(kind), size, listed, field.nullable)
    return columns


def _plain_value(value: Any, column: Column, label: str) -> Any:
    """One value of a row as pyarrow takes it for its column; None for null."""
    name, dtype, size, listed, nullable = column
    label = f'{label}: {name}'
    if value is None:
        if nullable:
            return None
        raise InputError(f'{label}: missing')
    if dtype is None:
        if not isinstance(value, str):
            raise InputError(f'{label}: {value!r} is no text')
        return value
    if type(value) is int and not listed and dtype.kind == 'i' and abs(value) < 1 << (8 * dtype.itemsize - 1):
        return value
    try:
        values = np.asarray(value, float if dtype.kind == 'f' else None).ravel()
    except (TypeError, ValueError, OverflowError):
        raise InputError(f'{label}: {value!r} is no number') from None
    if values.dtype.kind not in 'fiub' or values.size != size:
        raise InputError(f'{label}: needs {size} number{"s" * listed}, not {value!r}')
    # PCK of a person without labelled joints is NaN where it is computed; here it is null.
    if not listed and nullable and np.isnan(values[0]):
        return None
    if values.dtype.kind == 'f' and not np.isfinite(values).all():
        raise InputError(f'{label}: NaN or infinite; leave out what is not known')
    # Always a copy: the caller may use an array again before the shard is written.
    values = rounded(name, values)
    cast = values.astype(dtype)
    # Only floats may be rounded.
    if values.dtype != dtype and not (np.isfinite(cast) if dtype.kind == 'f' else cast == values).all():
        raise InputError(f'{label}: {value!r} does not fit {dtype}')
    return cast if listed else cast.item()


def _plain_column(values: Sequence[Any], column: Column) -> list[Any] | None:
    """Values (n,) of a column at once, as ``_plain_value`` has each; None: look at them one by one."""
    name, dtype, size, listed, nullable = column
    if nullable and all(value is None for value in values):
        return list(values)
    if dtype is None:
        return list(values) if all(isinstance(value, str) for value in values) else None
    try:
        given = np.array(values, float if dtype.kind == 'f' else None).reshape(len(values), -1)
    except (TypeError, ValueError, OverflowError):
        return None
    if given.dtype.kind not in 'fiub' or given.shape[1] != size or not np.isfinite(given).all():
        return None
    given = rounded(name, given)
    cast = given.astype(dtype)
    if given.dtype != dtype and not (np.isfinite(cast) if dtype.kind == 'f' else cast == given).all():
        return None
    return list(cast) if listed else cast[:, 0].tolist()


def checked_rows(rows: Sequence[Row], num_keypoints: int) -> list[dict[str, object]]:
    """Rows as dicts of pyarrow's values, for the columns of ``row_schema``; ``num_labelled`` may be left out.

    InputError if a column is missing, unknown, or holds what it cannot.
    """
    labels = [f'row of annotation {row.get("annotation_id")}' for row in rows]
    columns = _columns(num_keypoints)
    wanted = [column for name, column in columns.items() if name != 'num_labelled']
    for name in sorted(set().union(*rows) - {*columns}, key=str):
        if not isinstance(name, str) or not name.startswith(FACTOR) or name == FACTOR:
            label = next(label for label, row in zip(labels, rows, strict=True) if name in row)
            raise InputError(f'{label}: {name}: no such column; further ones are called {FACTOR}<name>')
        wanted.append(Column(name, np.dtype('float64'), 1, False, True))
    checked = {}
    with np.errstate(over='ignore', invalid='ignore'):  # of a cast that is looked at
        for column in wanted:
            values = [row.get(column.name) for row in rows]
            plain = _plain_column(values, column)
            checked[column.name] = plain or [
                _plain_value(value, column, label) for value, label in zip(values, labels, strict=True)
            ]
    checked['num_labelled'] = _labelled(rows, np.reshape(checked['visibility'], (-1, num_keypoints)), labels)
    return [dict(zip(checked, values, strict=True)) for values in zip(*checked.values(), strict=True)]


def _labelled(rows: Sequence[Row], visibility: NDArray[np.int8], labels: Sequence[str]) -> list[int]:
    """How many joints flags (n, K) say are labelled; InputError if they are no flags, or a row says otherwise."""
    for number in np.flatnonzero(((visibility < 0) | (visibility > LABELLED)).any(axis=1)):
        raise InputError(f'{labels[number]}: visibility: {visibility[number].tolist()} has other than 0, 1, 2 and 3')
    counts: list[int] = np.count_nonzero(visibility, axis=1).tolist()
    for row, labelled, label in zip(rows, counts, labels, strict=True):
        given = row.get('num_labelled')
        if given is not None and given != labelled:
            raise InputError(f'{label}: num_labelled: {given!r}, but {labelled} joints have v > 0')
    return counts


def row_table(rows: Sequence[Row], num_keypoints: int) -> pa.Table:
    """Checked rows as the table of a shard; a factor that a row does not have is null in it."""
    names = sorted({name.removeprefix(FACTOR) for row in rows for name in row if name.startswith(FACTOR)})
    schema = row_schema(num_keypoints, names)
    return pa.table([pa.array([row.get(field.name) for row in rows], field.type) for field in schema], schema=schema)
