"""From a store to its weak spots."""

from pathlib import Path

import numpy as np
import pytest

from shg_xai.chapters.weak_spots.findings import claims
from shg_xai.chapters.weak_spots.measure import measure
from shg_xai.chapters.weak_spots.results import WeakSpots
from shg_xai.explain.options import Options
from shg_xai.latents import LatentStore, ShardWriter, create_store
from shg_xai.latents.selection import select
from shg_xai.results_file import read_answer, write
from tests.helpers.analysis_stores import LAYER, person, write_store
from tests.helpers.data import NAMES

PERSONS = 1200
QUICK = Options(ks=(2, 3), restarts=1, bootstrap=100)


@pytest.fixture(scope='module')
def answer(tmp_path_factory: pytest.TempPathFactory) -> WeakSpots:
    """One in ten wears a hat, whose left wrist is predicted elsewhere, and of whom half of the joints are lost."""
    folder = tmp_path_factory.mktemp('weak') / 'store'
    random = np.random.default_rng(0)
    values = random.standard_normal((PERSONS, 8)).astype(np.float32)
    template = write_store(folder.with_name('template'), values[:4])
    manifest = LatentStore.open(template).manifest
    manifest = type(manifest)(manifest.layers, PERSONS, NAMES, manifest.skeleton_links, manifest.source, {})
    create_store(folder, manifest)
    rows = []
    for number in range(PERSONS):
        own = person(number, number + 1, number // 2)
        hat = number % 10 == 7
        points = np.array(own['keypoints'], np.float32).reshape(-1, 2)
        wrong = random.random(len(points)) < (0.6 if hat else 0.2)
        wrong[NAMES.index('left_wrist')] |= hat
        labelled = np.array(own['visibility']) > 0
        own |= {'factors.hat': float(hat), 'factors.pck_of_another_run': random.random()}
        own['predicted_keypoints'] = (points + 50 * wrong[:, None]).ravel()
        own['pck'] = None if number % 40 == 0 else float((~wrong)[labelled].mean())
        own['keypoint_scores'] = np.ones(len(points))
        rows.append(own)
    with ShardWriter(folder, manifest) as writer:
        writer.add(rows, {LAYER: values})
    found = measure(select(LatentStore.open(folder)), QUICK)
    assert found
    return found


def test_the_hat_is_named_and_nothing_else(answer: WeakSpots) -> None:
    assert claims(answer) == ['lower PCK: generated hat: yes']
    (spot,) = answer.spots
    assert (spot.persons, spot.persons_found, spot.found_in) == (PERSONS // 10, 0, 0)
    assert spot.gap.value == pytest.approx(0.42, abs=0.06) and spot.gap.low is not None and spot.gap.low > 0.3
    assert spot.same_joints.value == pytest.approx(spot.gap.value, abs=0.05)
    assert spot.cost == pytest.approx(spot.share * (spot.gap.value or 0))
    assert spot.shared[0].title == 'generated hat' and spot.shared[0].auc.value == pytest.approx(1)


def test_the_joint_that_fails_most_comes_first(answer: WeakSpots) -> None:
    first, second = answer.spots[0].joints[:2]
    assert first.joint == 'left_wrist' and first.gap.value == pytest.approx(0.8, abs=0.06)
    assert second.gap.value == pytest.approx(0.4, abs=0.2)


def test_what_it_is_about(answer: WeakSpots) -> None:
    known = PERSONS - PERSONS // 40
    assert (answer.of, answer.persons, answer.splits, answer.trained) == (LAYER, known, ['val'], False)
    assert answer.left_out == ['labelled_share', 'factor_pck_of_another_run']
    assert answer.pck.n == known and answer.pck.value == pytest.approx(0.76, abs=0.02)
    assert answer.judged > 50 and answer.warnings == []
    assert all(own.confirmed or own.rank <= 5 for own in answer.candidates)


def test_plainer_searches_stand_beside_it(answer: WeakSpots) -> None:
    cluster, concept = answer.baselines
    assert cluster.conditions[0].kind == 'cluster' and abs(cluster.gap.value or 1) < 0.05
    assert concept.conditions[0].title == 'generated hat'


def test_it_comes_back_from_a_file(answer: WeakSpots, tmp_path: Path) -> None:
    write(tmp_path / 'answer.json', answer)
    assert read_answer(tmp_path / 'answer.json', WeakSpots) == answer


def test_few_persons_are_said_to_be_few(tmp_path: Path) -> None:
    values = np.random.default_rng(0).standard_normal((60, 5)).astype(np.float32)
    found = measure(select(LatentStore.open(write_store(tmp_path / 'few', values))), QUICK)
    assert found and found.spots == [] and found.warnings[0].endswith('are too few to find a group in.')
    assert found.baselines[0].gap.value is None


def test_without_pck_there_is_no_answer(tmp_path: Path) -> None:
    values = np.random.default_rng(0).standard_normal((60, 5)).astype(np.float32)
    store = write_store(tmp_path / 'none', values)
    nobody = ' or '.join(f'annotation_id == {number}' for number in range(1, 60, 4))
    assert measure(select(LatentStore.open(store), rows=nobody), QUICK) is None
