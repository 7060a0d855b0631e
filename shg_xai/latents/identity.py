"""Who a person is: the data set, the image and the annotation.

An id alone is no identity, since every annotation file numbers its own persons, mostly from 1. So persons of two stores
are matched only where the annotation files have the same content, which manifests tell by its SHA-256; within it, which
may be several data sets in one, a person is the name of the data set, the id of the image and that of the annotation.
"""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from shg_xai.errors import InputError
from shg_xai.latents.schema import Manifest

if TYPE_CHECKING:
    from shg_xai.latents.selection import Selection

Key = tuple[str, int, int]  # name of the data set, image id, annotation id
COLUMNS = ('dataset', 'image_id', 'annotation_id')  # a key's, in rows
SEEN = ('file_name', 'bbox', 'keypoints', 'visibility')  # what an annotation says, by which it is known again


def person_keys(table: pa.Table) -> list[Key]:
    """The key of each row of a table with the columns of a key."""
    return list(zip(*(table[name].to_pylist() for name in COLUMNS), strict=True))


def row_key(row: Mapping[str, Any]) -> Key:
    """The key of one row as its maker has it."""
    return row['dataset'], row['image_id'], row['annotation_id']


def annotations_sha256(manifest: Manifest) -> str | None:
    """SHA-256 of the annotations that a store's persons are of; None where its maker did not say."""
    found = (manifest.source.get('dataset') or {}).get('sha256')
    return found if isinstance(found, str) else None


def check_same_annotations(selections: Sequence['Selection']) -> None:
    """Refuse (InputError) stores of annotation files that are known to differ: their ids are those of others."""
    known = [(own.store, sha) for own in selections if (sha := annotations_sha256(own.store.manifest))]
    for store, sha in known[1:]:
        first, other = known[0]
        if sha != other:
            names = (one.manifest.source['dataset'].get('ann_file') for one in (first, store))
            files = ' and '.join(f'{name} ({own[:8]})' for name, own in zip(names, (other, sha), strict=True))
            fault = f'made of annotation files with different content, {files}, whose ids may be of different persons'
            raise InputError(f'{first.folder} and {store.folder}: {fault}; dump both of the same file')


def check_same_persons(selections: Sequence['Selection']) -> None:
    """Refuse (InputError) selections with the same keys, in order, that are of different persons.

    Where all stores say which annotations they are of, keys are enough. A store that does not has to agree in what the
    annotations say: photo, box, joints.
    """
    first, *others = selections
    if all(annotations_sha256(own.store.manifest) for own in selections):
        return
    seen = first.table(SEEN)
    for other in others:
        if not seen.equals(other.table(SEEN)):
            fault = 'have the same ids, but they are of different photos, boxes or joints'
            raise InputError(f'{first.store.folder} and {other.store.folder}: {fault}; dump both of the same data set')


def check_told_apart(selection: 'Selection') -> None:
    """Refuse (InputError) persons of several data sets that share an annotation id, by which an analysis names them."""
    owners: dict[int, str] = {}
    for name, _, annotation in selection.keys:
        if (other := owners.setdefault(annotation, name)) != name:
            fault = (
                f'annotation {annotation} is there twice, of {other} and of {name}, and would be taken for one person'
            )
            raise InputError(f'{selection.store.folder}: {fault}; dump each data set to a store of its own')
