"""What is kept beside a store is what is computed, and nothing else is taken for it."""

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shg_xai.latents import LatentStore
from shg_xai.latents.selection import Selection, select
from shg_xai.photo import surroundings as module
from shg_xai.photo.surroundings import Surroundings, computed, place, surroundings
from tests.helpers.failing_stores import failing

PERSONS, SIZE = 60, 6


@pytest.fixture
def selection(tmp_path: Path) -> Selection:
    """Sixty persons, two a photo."""
    random = np.random.default_rng(3)
    latents, wrong = random.standard_normal((PERSONS, SIZE)), random.random((PERSONS, 3)) < 0.5
    return failing(tmp_path / 'store', latents, np.arange(PERSONS) // 2, random.random((PERSONS, 3)), wrong)


def assert_same(one: Surroundings, other: Surroundings) -> None:
    for name, values in vars(one).items():
        np.testing.assert_array_equal(values, vars(other)[name])
        assert values.dtype == vars(other)[name].dtype


def looked(selection: Selection, monkeypatch: pytest.MonkeyPatch, seed: int = 0) -> bool:
    """Whether all latents are looked at; what comes is the same."""
    calls = []

    def counted(*args: Any) -> Surroundings:
        calls.append(args)
        return computed(*args)

    with monkeypatch.context() as patch:
        patch.setattr(module, 'computed', counted)
        assert_same(surroundings(selection, seed, {}), computed(selection, seed, {}))
    return bool(calls)


def test_the_second_time_it_is_read(selection: Selection, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [looked(selection, monkeypatch) for _ in range(3)] == [True, False, False]
    values = np.load(place(selection, 0), allow_pickle=False)
    assert values['scores'].shape[0] == PERSONS and values['vectors'].dtype == np.float32
    assert sorted(file.name for file in selection.store.folder.iterdir()) == [
        place(selection, 0).name, 'manifest.json', 'shards'
    ]  # fmt: skip


def test_each_seed_and_each_choice_of_persons_has_its_own(
    selection: Selection, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = selection.take(np.arange(40))
    for own, seed in ((selection, 0), (selection, 1), (some, 0)):
        assert looked(own, monkeypatch, seed) and not looked(own, monkeypatch, seed)
    assert not looked(selection, monkeypatch)


def test_a_store_that_was_written_anew_is_looked_at(selection: Selection, monkeypatch: pytest.MonkeyPatch) -> None:
    assert looked(selection, monkeypatch)
    [file] = selection.store.folder.rglob('latent.npy')
    values = np.load(file)
    values[:, 0] *= 3
    np.save(file, values)
    os.utime(file, ns=(1, 1))
    again = select(LatentStore.open(selection.store.folder))
    assert looked(again, monkeypatch) and not looked(again, monkeypatch)


@pytest.mark.parametrize('fault', ['cut', 'a bit', 'empty', 'a pickle', 'an array', 'lacks scores', 'of fewer persons'])
def test_what_is_damaged_is_made_again(selection: Selection, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    assert looked(selection, monkeypatch)
    file = place(selection, 0)
    whole, arrays = file.read_bytes(), dict(np.load(file, allow_pickle=False))
    if fault == 'cut':
        file.write_bytes(whole[:-100])
    elif fault == 'a bit':
        at = whole.index(arrays['scores'].tobytes())
        file.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
    elif fault == 'empty':
        file.write_bytes(b'')
    elif fault == 'a pickle':
        np.savez(file, **{**arrays, 'mean': np.array([object()])})
    elif fault == 'an array':
        with file.open('wb') as handle:
            np.save(handle, arrays['scores'])
    elif fault == 'lacks scores':
        np.savez(file, **{name: own for name, own in arrays.items() if name != 'scores'})
    else:
        np.savez(file, **{**arrays, 'scores': arrays['scores'][:-1]})
    assert looked(selection, monkeypatch) and not looked(selection, monkeypatch)


def test_where_nothing_can_be_kept_it_is_computed(selection: Selection, monkeypatch: pytest.MonkeyPatch) -> None:
    place(selection, 0).mkdir()  # as a folder that cannot be written to, which root can
    assert looked(selection, monkeypatch) and looked(selection, monkeypatch)
    assert not [*selection.store.folder.glob('.*')]
