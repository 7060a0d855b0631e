"""Which persons are drawn."""

import numpy as np
import pyarrow as pa
import pytest
from msgspec import field

from shg_xai.chapters.clusters.results import Misfit
from shg_xai.chapters.nearest_walk.results import NearPerson
from shg_xai.report.atlas import atlas_table, named_persons
from shg_xai.results import Answer, Typed

IDS = np.arange(100, 130)
PERSONS = pa.table(
    dict(
        annotation_id=IDS,
        component_1=np.arange(30, dtype=np.float32),
        component_2=-np.arange(30, dtype=np.float32),
        pck=pa.array([None, *[0.5] * 29], pa.float32()),
    )
)
ROWS = pa.table(
    dict(
        annotation_id=IDS,
        keypoints=pa.FixedSizeListArray.from_arrays(pa.array(np.arange(120.0), pa.float32()), 4),
        visibility=pa.FixedSizeListArray.from_arrays(pa.array(np.arange(60) % 3, pa.int8()), 2),
        crop_center=pa.FixedSizeListArray.from_arrays(pa.array(np.arange(60.0), pa.float32()), 2),
        crop_scale=pa.FixedSizeListArray.from_arrays(pa.array(np.ones(60), pa.float32()), 2),
    )
)


class Pair(Typed, kw_only=True):
    """Persons somewhere in an answer."""

    near: list[NearPerson]


class Made(Answer, kw_only=True, tag='made'):
    """An answer that names persons in several places."""

    deep: list[list[Pair]] = field(default_factory=list)
    misfits: list[Misfit] = field(default_factory=list)
    number: float | None = None


RESULTS = [
    Made(of='a', deep=[[], [Pair(near=[NearPerson(annotation_id=a, distance=1) for a in (117, 103)])]]),
    Made(of='a', misfits=[Misfit(annotation_id=a, cluster=0, silhouette=-0.5) for a in (128, 117)]),
]


def test_everyone_named_is_found() -> None:
    assert list(named_persons(RESULTS)) == [117, 103, 128, 117]
    assert list(named_persons([])) == []


@pytest.mark.parametrize('count', [0, 5, 30, 99])
def test_named_and_drawn_persons(count: int) -> None:
    table = atlas_table(RESULTS, PERSONS, ROWS, count, 0)
    shown, in_map = table['annotation_id'].to_numpy(), np.array(table['in_map'].to_pylist())
    assert in_map.sum() == min(count, 30)
    assert set(shown) == {103, 117, 128} | set(shown[in_map])
    assert (np.diff(shown) > 0).all()
    places = shown - 100
    assert table['x'].to_numpy().tolist() == places.tolist()
    assert table['y'].to_numpy().tolist() == (-places).tolist()
    for name, kind in (
        ('keypoints', pa.float32()),
        ('visibility', pa.int8()),
        ('crop_center', pa.float32()),
        ('crop_scale', pa.float32()),
    ):
        assert table[name].type == pa.list_(kind)
        assert table[name].to_pylist() == [ROWS[name][place].as_py() for place in places.tolist()]


def test_columns() -> None:
    table = atlas_table(RESULTS, PERSONS, ROWS, 30, 0)
    assert table.column_names == [
        *PERSONS.column_names,
        'in_map',
        'x',
        'y',
        'keypoints',
        'visibility',
        'crop_center',
        'crop_scale',
    ]
    assert table['pck'].null_count == 1


def test_the_draw_is_even_and_repeatable() -> None:
    def drawn(seed: int) -> list[int]:
        return atlas_table([], PERSONS, ROWS, 10, seed)['annotation_id'].to_pylist()

    assert drawn(1) == drawn(1)
    counts = np.bincount(np.concatenate([drawn(seed) for seed in range(300)]) - 100, minlength=30)
    # Each of 30 is among 10 in a third of 300 draws: 100, give or take sqrt(300 * 2 / 9) = 8.
    assert (np.abs(counts - 100) < 5 * 8.2).all()


def test_one_component_alone() -> None:
    table = atlas_table([], PERSONS.drop_columns('component_2'), ROWS, 30, 0)
    assert table['x'].equals(table['y'])
