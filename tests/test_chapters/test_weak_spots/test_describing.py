"""What groups share and which joints fail, beside SciPy and by hand."""

import numpy as np
import pyarrow as pa
import pytest
from scipy.stats import mannwhitneyu

from shg_xai.chapters.weak_spots.columns import Column
from shg_xai.chapters.weak_spots.conditions import Condition
from shg_xai.chapters.weak_spots.describing import beyond_joints, faces, joint_gaps, same_joints, shared
from shg_xai.chapters.weak_spots.joints import THRESHOLD, found_joints
from shg_xai.chapters.weak_spots.judging import Judged, Persons, judge
from shg_xai.chapters.weak_spots.search import Group
from shg_xai.interventions.rows import PCK_THRESHOLD
from shg_xai.latents.concepts import Concept

N = 2000
FLAG = np.arange(N) % 10 < 2  # in both halves


def persons() -> Persons:
    pck = np.random.default_rng(0).binomial(17, 0.8 - 0.2 * FLAG) / 17
    return Persons(pck, np.arange(N), np.arange(N) % 2 == 0, [Column('flag', 'flag', 'flag', FLAG.astype(float))])


@pytest.fixture(scope='module')
def group() -> Judged:
    return judge(persons(), Group((Condition(0, 'high', 1),)), 1, 1, 1.0, 0.95)


def concept(name: str, values: np.ndarray) -> Concept:
    return Concept(name, name, '', '-', 'number', np.asarray(values, float))


def test_auc_beside_mann_and_whitney(group: Judged) -> None:
    random = np.random.default_rng(1)
    more = np.where(random.random(N) < 0.2, np.nan, random.integers(0, 5, N) + 2 * FLAG)
    known = concept('more', more), concept('noise', random.standard_normal(N)), concept('itself', FLAG)
    (found,) = shared(known, [group], np.arange(N), 0.95)
    assert [own.concept for own in found] == ['itself', 'more']
    inside, others = (more[side & np.isfinite(more)] for side in (group.inside, group.others))
    value = mannwhitneyu(inside, others).statistic / len(inside) / len(others)
    assert found[1].auc.value == pytest.approx(value) and found[1].auc.n == len(inside)
    assert found[0].auc.value == pytest.approx(1) and found[0].p_corrected == 0
    assert found[1].auc.low is not None and 0.5 < found[1].auc.low < value


def test_what_is_sure_but_small_is_no_name(group: Judged) -> None:
    near = 3 * np.random.default_rng(2).random(N) + 0.35 * FLAG
    assert mannwhitneyu(near[group.inside], near[group.others]).pvalue < 0.005
    assert shared([concept('near', near)], [group], np.arange(N), 0.95) == [[]]


def test_joints_of_a_group_by_hand(group: Judged) -> None:
    found = np.ones((N, 3))
    found[:, 0] = np.where(FLAG, np.arange(N) % 20 >= 10, np.arange(N) % 5 > 0)  # a half beside 3 of 4 of the others
    found[:, 2] = np.nan
    (gaps,) = joint_gaps(found, ('wrist', 'nose', 'ear'), [group], np.arange(N), 0.95)
    assert [own.joint for own in gaps] == ['wrist', 'nose']
    others = found[group.others, 0].mean()
    assert gaps[0].gap.value == pytest.approx(others - 0.5) and gaps[0].gap.n == group.inside.sum()
    assert gaps[0].gap.low is not None and gaps[0].gap.low > 0 and gaps[1].gap.value == 0


def test_the_gap_at_the_same_joints(group: Judged) -> None:
    """Whoever is of the group has the hard joint labelled alone, which is found in half of all: nothing is left."""
    found = np.ones((N, 2))
    found[:, 0] = np.arange(N) // 10 % 2
    found[FLAG, 1] = np.nan
    pck = np.nanmean(found, axis=1)
    own = beyond_joints(pck, found)
    assert own[0] == pytest.approx(pck[0] - 0.5) and own[2] == pytest.approx(pck[2] - 0.75)
    assert same_joints(own, group, np.arange(N), 0.95).value == pytest.approx(0)
    assert np.isnan(beyond_joints(pck[:1], np.full((1, 2), np.nan))).all()


def test_faces_go_from_the_worst_to_the_best() -> None:
    own = persons()
    found = faces(own, np.arange(N) + 100, FLAG)
    values = [one.pck for one in found]
    assert len(found) == 6 and values == sorted(values)
    assert (values[0], values[-1]) == (own.pck[FLAG].min(), own.pck[FLAG].max())
    assert all(own.pck[one.annotation_id - 100] == one.pck and FLAG[one.annotation_id - 100] for one in found)


def test_a_joint_is_found_within_a_twentieth_of_the_crop() -> None:
    assert THRESHOLD == PCK_THRESHOLD
    numbers = pa.float32()
    truth = [[0.0, 0, 50, 50, 9, 9]] * 3
    table = pa.table({
        'keypoints': pa.array(truth, pa.list_(numbers, 6)),
        'predicted_keypoints': pa.array([[4.0, 0, 50, 55, 9, 9], None, [6.0, 0, 50, 50, 0, 0]], pa.list_(numbers)),
        'visibility': pa.array([[1, 2, 2], [2, 2, 2], [2, 3, 0]], pa.list_(pa.int8(), 3)),
        'crop_scale': pa.array([[50.0, 100.0]] * 3, pa.list_(numbers, 2)),
    })  # fmt: skip
    expected = np.array([[1, 0, 1], [np.nan] * 3, [0, 1, np.nan]])
    assert np.array_equal(found_joints(table, 3), expected, equal_nan=True)
    both = pa.concat_tables([table, table.slice(1)])
    assert np.array_equal(found_joints(both, 3)[3:], found_joints(table, 3)[1:], equal_nan=True)
