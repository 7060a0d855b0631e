"""A dump that is killed again and again ends as one that was left alone."""

from pathlib import Path

import numpy as np
import pytest

from shg_xai.datasets.people.write import PeopleConfig, write_people
from shg_xai.latents import LatentStore, verify
from tests.helpers.commands import python
from tests.helpers.kill_dump import LAYER

PERSONS, KILLS = 60, 10


@pytest.mark.slow
def test_killed_ten_times(tmp_path: Path, repo_root: Path) -> None:
    people, out = tmp_path / 'people', tmp_path / 'latents'
    write_people(people, PeopleConfig(dict(train=0, val=0, test=PERSONS)), workers=1)
    words = ('-W', 'ignore', '-m', 'tests.helpers.kill_dump', people, out, KILLS, 0)
    done = python(*words, env={'OMP_NUM_THREADS': '1'}, timeout=600)
    assert done.returncode == 0, done.stderr
    assert f'killed {KILLS} times' in done.stdout
    store, whole = LatentStore.open(out), LatentStore.open(tmp_path / 'whole')
    assert verify(store) == []
    assert len(store) == len(whole) == PERSONS
    assert len(set(store.annotation_ids)) == PERSONS
    order, expected = np.argsort(store.annotation_ids), np.argsort(whole.annotation_ids)
    # Other batches, so equal up to rounding only.
    assert store.array(LAYER)[order] == pytest.approx(whole.array(LAYER)[expected], abs=1e-4)
    assert np.ptp(whole.array(LAYER)[:]) > 0.1
    columns = ['annotation_id', 'visibility', 'num_labelled', 'file_name']
    assert store.table(columns).take(order).to_pydict() == whole.table(columns).take(expected).to_pydict()
