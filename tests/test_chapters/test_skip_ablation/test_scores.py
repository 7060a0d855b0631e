"""Scores and histograms against worked-out numbers and single columns; who loses most."""

from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from msgspec.structs import astuple
from torch import nn

from shg_xai.chapters.skip_ablation.scores import (
    LABELLED,
    LIKELIHOOD,
    differences,
    examples,
    histogram,
    losers,
    mean_known,
    person_columns,
    scores,
)
from shg_xai.interventions.network import Network, Predictions
from shg_xai.interventions.persons import open_persons
from shg_xai.results import Estimate
from shg_xai.stats.bootstrap import Bootstrap
from tests.helpers.data import NAMES, write_coco
from tests.helpers.small_network import small_config


def test_columns_together_are_columns_one_by_one() -> None:
    random = np.random.default_rng(0)
    a = {
        LABELLED: random.random(40),
        LIKELIHOOD: -random.random(40),
        ('joints', 'knee', 'labelled'): random.random(40),
        ('joints', 'knee', 'occluded'): np.full(40, np.nan),
    }
    a['joints', 'knee', 'labelled'][:5] = np.nan
    b = {key: random.random(40) for key in a}
    bootstrap = Bootstrap(np.repeat(np.arange(20), 2), 50, 0.9, 3)
    found, lost = scores(a, bootstrap), differences(a, b, bootstrap)
    assert found.joints['knee']['occluded'] == Estimate(value=None, n=0)
    for one, two, key in (
        (found.labelled, lost.labelled, LABELLED),
        (found.joints['knee']['labelled'], lost.joints['knee']['labelled'], ('joints', 'knee', 'labelled')),
    ):
        assert astuple(one)[:4] == pytest.approx(astuple(bootstrap.mean(a[key]))[:4], rel=1e-12)
        assert astuple(two)[:4] == pytest.approx(astuple(bootstrap.difference(a[key], b[key]))[:4], rel=1e-12)
    assert lost.labelled.value == pytest.approx((a[LABELLED] - b[LABELLED]).mean())
    assert found.joints['knee']['labelled'].n == 35


def test_a_mean_is_of_what_is_known() -> None:
    values = np.array([[1.0, np.nan, 3], [np.nan] * 3, [4, 5, 6]])
    np.testing.assert_array_equal(mean_known(values), [2, np.nan, 5])
    assert np.isnan(mean_known(values[:, :0])).all()


def test_a_histogram_counts_persons_with_a_value() -> None:
    found = histogram(np.array([0, 0.04, 0.05, 0.5, 1, 1, np.nan]), {'mean': np.array([np.nan, 0.5])}, None)
    counts = found.untouched
    assert len(counts) == 21
    assert (counts[0], counts[1], counts[10], counts[20]) == (2, 1, 1, 2)
    assert sum(counts) == 6
    assert found.all_off == {'mean': [0] * 10 + [1] + [0] * 10}
    assert found.against is None
    assert found.edges[::21] == [0, 1]
    assert found.edges[1] == pytest.approx(1 / 21)


def test_losers_were_perfect_and_come_by_their_loss() -> None:
    before = np.array([1, 1, 0.9, 1, 1, np.nan, 1])
    after = np.array([0.5, 0.2, 0, 1, 0.2, 0, 0.9])
    assert losers(before, after) == [1, 4, 0, 6]
    assert losers(np.ones(30), np.arange(30) / 30) == list(range(20))


def test_examples_and_histograms_by_hand(tmp_path: Path, repo_root: Path) -> None:
    cfg = small_config(repo_root / 'configs/shg_coco.py', write_coco(tmp_path / 'coco'), tmp_path / 'work')
    dataset = open_persons(cfg, 'val').dataset
    network = Network(nn.Identity(), Config(), NAMES, thr=0.4)
    v = np.stack([[2] * 17, [2] * 16 + [0]] * 3)
    right, half = np.zeros((6, 17)), np.zeros((6, 17))
    right[1, 0], right[1, 16] = 1, 9  # not perfect; the last joint is not labelled
    half[:, 1:] = np.array([0, 9, 1, 9, 0, 9])[:, None]  # persons 2, 3 and 5 lose all but one joint
    half[3, 0] = 9
    points, box = np.arange(6 * 34, dtype=float).reshape(6, 17, 2), np.zeros((6, 2))
    likelihood: np.ndarray = np.tile(-np.arange(17.0), (6, 1))
    likelihood[0, 5:] = np.nan  # nothing is known below the face
    untouched = Predictions(points, right, right, v, box, box, likelihood.astype(np.float64))
    off = Predictions(points + 0.5, half, half, v, box, box, (likelihood - 1).astype(np.float64))
    before, after = (person_columns(one, network) for one in (untouched, off))
    found = examples(
        dict(untouched=untouched, all_off=off), dict(untouched=before[LABELLED], all_off=after[LABELLED]), dataset
    )
    assert [(one.annotation_id, one.file_name) for one in found] == [
        (21, '000000000002.jpg'),
        (20, '000000000002.jpg'),
        (31, '000000000003.jpg'),
    ]
    assert found[1].pck == dict(untouched=1, all_off=pytest.approx(1 / 17))
    assert found[1].keypoints == dict(untouched=list(map(tuple, points[2])), all_off=list(map(tuple, points[2] + 0.5)))
    counts = histogram(before[LABELLED], {'zero': after[LABELLED]}, None)
    # 15 of 16 joints, and all
    assert [(place, many) for place, many in enumerate(counts.untouched) if many] == [(19, 1), (20, 5)]
    assert [(place, many) for place, many in enumerate(counts.all_off['zero']) if many] == [(0, 1), (1, 3), (20, 2)]
    bootstrap = Bootstrap(np.arange(6) // 2, 10, 0.95, 0)
    one, lost = scores(after, bootstrap), differences(before, after, bootstrap)
    assert lost.parts['lower']['visible'].value == pytest.approx(4 / 6)
    assert {group: own.value for group, own in lost.likelihood.items()} == dict(labelled=1, face=1, upper=1, lower=1)
    # -2 - 1 of the face; of all five times the mean of 0 to -16, once that of 0 to -4
    assert one.likelihood['face'].value == -3 and one.likelihood['labelled'].value == pytest.approx(
        -(5 * 8 + 2) / 6 - 1
    )
    assert (one.likelihood['lower'].value, one.likelihood['lower'].n) == (pytest.approx(-13.5 - 1), 5)
    assert one.labelled.value == pytest.approx(np.mean([1, 1 / 16, 1 / 17, 0, 1, 1 / 16]))
