"""Stored latents beside the data set a network is tested on: the same persons, or others with the same ids."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shg_xai.errors import InputError
from shg_xai.interventions.components import Fitted, check_same_data
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import select
from shg_xai.runner.provenance import data_sha256, sha256
from shg_xai.stats.pca import Components
from tests.helpers.analysis_stores import write_store

pytestmark = pytest.mark.usefixtures('one_thread')


def test_persons_are_known_by_what_was_annotated(opened: Callable[..., Any], tmp_path: Path) -> None:
    persons = opened().persons
    file = Path(persons.dataset.ann_file)
    renamed = str(shutil.copy(file, tmp_path / 'renamed.json'))
    assert data_sha256(persons.dataset) == sha256(renamed)
    stores = {}
    # By the name of the split the second would be the same persons, and the first others.
    for name, split, content in (
        ('same', 'test', sha256(renamed)),
        ('others', 'val', 'f' * 64),
        ('unsaid', 'val', None),
    ):
        data = dict(ann_file='renamed.json', split=split) | (dict(sha256=content) if content else {})
        stores[name] = select(LatentStore.open(write_store(tmp_path / name, np.eye(6), source=dict(dataset=data))))
    check_same_data(stores['same'], persons.dataset)
    for name in ('others', 'unsaid'):
        with pytest.raises(InputError, match=f'{name}: its persons are not of .*{file.name}, whose content differs'):
            check_same_data(stores[name], persons.dataset)
    components = Components(np.zeros(6), np.ones(6), np.eye(6))
    said = {name: Fitted(own, components, 1).warnings(persons) for name, own in stores.items()}
    assert ['tested too' in ' '.join(own) for own in said.values()] == [True, False, False]


def test_who_the_persons_are(opened: Callable[..., Any]) -> None:
    persons = opened().persons
    assert persons.keys == [('coco', number // 10, number) for number in (10, 11, 20, 21, 30, 31)]
    assert persons.subset(np.array([3, 0])).keys == [('coco', 2, 21), ('coco', 1, 10)]
