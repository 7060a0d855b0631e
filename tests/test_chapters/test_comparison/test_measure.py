"""Analyses side by side: the same persons, whose groups agree or not."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from shg_xai.chapters.comparison.measure import Side, agreement, balance, matched, measure
from shg_xai.chapters.comparison.results import Agreement, Purity
from shg_xai.chapters.concepts.results import Separation
from shg_xai.errors import InputError
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import Selection, select
from shg_xai.results import Estimate
from shg_xai.stats.cka import Latents
from tests.helpers.analysis_stores import selected, write_store


def latents(folder: Path, values: np.ndarray) -> Latents:
    """One side of a comparison, its mean and eigenvalues as NumPy has them."""
    return Latents(selected(folder, values), values.mean(axis=0), np.linalg.eigvalsh(np.cov(values, rowvar=False)))


def stores(folder: Path, *ids: list[int], **keywords: Any) -> list[Selection]:
    """A store for each list of annotation ids; the only value of a person is its id."""
    return [
        select(
            LatentStore.open(
                write_store(folder / f'store{number}', np.array(own, float)[:, None], own, own, **keywords)
            )
        )
        for number, own in enumerate(ids)
    ]


def test_persons_are_matched_in_the_order_of_the_first(tmp_path: Path) -> None:
    found = matched(stores(tmp_path, [5, 9, 2, 7, 1], [1, 2, 3, 9, 5], [9, 5, 4, 1, 8, 2], rows_per_shard=2))
    for selection in found:
        assert selection.annotation_ids.tolist() == [5, 9, 2, 1]
        assert selection.image_ids.tolist() == [5, 9, 2, 1]
        values = np.concatenate([block.values() for block in selection.blocks(3)])
        assert values.ravel().tolist() == [5, 9, 2, 1]
    # An image is in the same half of all.
    assert np.array_equal(found[0].halves(0), found[2].halves(0))


def test_only_selected_persons_are_matched(tmp_path: Path) -> None:
    first, second = stores(tmp_path, [1, 2, 3, 4], [4, 3, 2, 1])
    first = select(first.store, None, 'annotation_id > 1')
    second = select(second.store, None, 'annotation_id < 4')
    assert [own.annotation_ids.tolist() for own in matched([first, second])] == [[2, 3]] * 2


@pytest.mark.parametrize(
    'ids, message',
    [
        (([1, 2, 3], [4, 5, 6]), 'store0 and .*store1: have 0 persons in common'),
        (([1, 2, 3], [3, 5, 6]), 'have 1 persons in common'),
        (([1, 2, 2], [1, 2, 3]), 'store0: has a person twice'),
        (([1, 2, 3], [1, 2, 2]), 'store1: has a person twice'),
    ],
)
def test_persons_that_cannot_be_matched(tmp_path: Path, ids: tuple, message: str) -> None:
    with pytest.raises(InputError, match=message):
        matched(stores(tmp_path, *ids))


def test_agreement() -> None:
    first = {2: np.array([0, 0, 1, 1]), 3: np.array([0, 1, 2, 2]), 4: np.arange(4)}
    second = {2: np.array([1, 1, 0, 0]), 3: np.array([0, 0, 1, 2])}
    two, three = agreement([first, second])
    # Numbers of clusters do not matter, only who is together.
    assert two == Agreement(k=2, adjusted_rand=[[1, 1], [1, 1]])
    between = adjusted_rand_score(first[3], second[3])
    # No pair together in both; 1 of 6 in each, so 1/6 by chance of at most 1.
    assert between == pytest.approx((0 - 1 / 6) / (1 - 1 / 6))
    assert three.adjusted_rand == [[1, pytest.approx(between)], [pytest.approx(between), 1]]


def test_balance() -> None:
    entries = balance('a', {2: np.array([0, 0, 0, 1]), 3: np.array([0, 1, 0, 1]), 4: np.array([*range(4)] * 2)})
    assert [(entry.name, entry.k) for entry in entries] == [('a', 2), ('a', 3), ('a', 4)]
    assert [entry.smallest_share for entry in entries] == [0.25, 0, 0.25]
    # 3/4 log2 4/3 + 1/4 log2 4 = 0.811; log 2 over log 3; even.
    assert [entry.entropy_share for entry in entries] == pytest.approx([0.8112781, np.log(2) / np.log(3), 1])


def test_purity_and_a_matrix_of_all_pairs(tmp_path: Path) -> None:
    values = np.random.default_rng(0).standard_normal((40, 3))
    separation = Separation(
        k=2,
        concept='standing',
        measure='auc',
        effect=Estimate(value=0.6),
        mutual_information=Estimate(value=0.25, low=0.2, high=0.3),
        entropy_share=0.3,
        shuffled=Estimate(value=0.1, over='permutations'),
    )
    sides = [
        Side(name, latents(tmp_path / name, part), (), {2: np.array([0, 1] * 20, np.uint8)}, [separation])
        for name, part in (('a', values), ('b', -2 * values))
    ]
    with ThreadPoolExecutor(1) as pool:
        found = measure(sides, pool)
    assert (found.of, found.names, found.persons) == ('a · b', ['a', 'b'], 40)
    assert [[alike.value for alike in line] for line in found.cka] == [[1, pytest.approx(1)], [pytest.approx(1), 1]]
    assert found.cka[0][1] is found.cka[1][0] and found.cka[0][0].halves == []
    expected = [Purity(name=name, k=2, concept='standing', mutual_information=0.25, entropy_share=0.3) for name in 'ab']
    assert found.purity == expected
    assert [(entry.name, entry.k, entry.smallest_share) for entry in found.balance] == [('a', 2, 0.5), ('b', 2, 0.5)]
