"""Other trainings beside the network that is explained."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from shg_xai.chapters.trainings.results import Trainings
from shg_xai.errors import InputError
from shg_xai.explain.options import AnalyzeOptions
from shg_xai.explain.stores import explain
from shg_xai.results import Results
from tests.helpers.analysis_stores import LAYER, blobs, write_store

VALUES = blobs(70, 12, 3, 5.0)
HOW: dict[str, Any] = dict(
    ks=(2,), restarts=1, bootstrap=10, permutations=99, map=0, threads=1, report=False, rows='all'
)


def of(checkpoint: dict[str, Any]) -> dict[str, Any]:
    """Where a store is from."""
    return dict(source=dict(split='val', dataset=dict(ann_file='made.json', sha256='made'), checkpoint=checkpoint))


def explained(out: Path, stores: list[Path], trainings: list[Path], **changes: Any) -> Results:
    return explain(AnalyzeOptions(stores=(*stores,), trainings=(*trainings,), out=out, **{**HOW, **changes}))


def test_persons_are_matched_by_who_they_are(tmp_path: Path) -> None:
    """The second store has the same persons backwards, and one less; values are those of the person."""
    images = [number // 2 for number in range(70)]
    store = write_store(tmp_path / 'first', VALUES, images=images)
    back = np.arange(70)[:0:-1]
    other = write_store(
        tmp_path / 'second', 2 * VALUES[back], ids=[at + 1 for at in back], images=[images[at] for at in back]
    )
    results = explained(tmp_path / 'out', [store], [other])
    (answer,) = results.all(Trainings)
    assert (answer.names, answer.persons) == (['first', 'second'], 69)
    assert answer.pairs[0].cka == pytest.approx(1) and answer.overlaps[0].share == pytest.approx(1, abs=1e-4)
    ratio = answer.participation_ratio.values
    assert ratio[0] == pytest.approx(ratio[1])
    assert results.layers[0].warnings[0] == '1 of 70 persons are left out, whom not all stores have.'
    assert 'trainings' in results.times_s and [layer.name for layer in results.layers] == ['first']


def test_each_layer_of_the_first_store_has_its_own(tmp_path: Path) -> None:
    layers = dict(a=VALUES, b=VALUES[:, :6])
    first, second = (write_store(tmp_path / name, layers) for name in ('first', 'second'))
    improved = write_store(tmp_path / 'improved', VALUES)
    results = explained(tmp_path / 'out', [first, first, improved], [second], layers=('a', 'b', LAYER))
    found = [(answer.of, answer.names) for answer in results.all(Trainings)]
    assert found == [('first-a', ['first-a', 'second-a']), ('first-b', ['first-b', 'second-b'])]
    assert [answer.components for answer in results.all(Trainings)] == [10, 6]


def test_without_trainings_nothing_is_said_of_them(tmp_path: Path) -> None:
    assert not explained(tmp_path / 'out', [write_store(tmp_path / 'first', VALUES)], []).all(Trainings)


def test_stores_that_cannot_stand_beside(tmp_path: Path) -> None:
    names = 'first', 'second'
    first, second = (write_store(tmp_path / name, VALUES, **of(dict(sha256=name))) for name in names)
    same = write_store(tmp_path / 'same', VALUES, **of(dict(sha256='second')))
    narrow = write_store(tmp_path / 'narrow', VALUES[:, :8], **of(dict(sha256='narrow')))
    named = write_store(tmp_path / 'named', dict(neck=VALUES))
    others = write_store(tmp_path / 'others', VALUES, ids=range(100, 170))
    for trainings, more, message in (
        ([first], {}, 'first: is analysed itself; give stores of other trainings, each once'),
        ([second, second], {}, 'second: is there twice;'),
        ([second], dict(baselines=(second,)), 'second: is one of the --baselines, too;'),
        ([second, same], {}, f'same: is of the same checkpoint as {second}; dump that of another training'),
        ([narrow], {}, f'narrow: layer {LAYER}: 8 and 12 values a person, here and in {first}; --trainings are of'),
        ([named], {}, f'{LAYER}'),
        ([others], {}, 'have 0 persons in common'),
        ([tmp_path / 'none'], {}, 'none: no latent store'),
    ):
        with pytest.raises(InputError) as caught:
            explained(tmp_path / 'out', [first], trainings, **more)
        assert message in str(caught.value) and '\n' not in str(caught.value)
        assert not (tmp_path / 'out').exists()


def test_a_seed_of_random_weights_is_no_checkpoint(tmp_path: Path) -> None:
    stores = [write_store(tmp_path / name, VALUES, **of(dict(seed=0))) for name in ('a', 'b')]
    assert explained(tmp_path / 'out', stores[:1], stores[1:]).all(Trainings)
