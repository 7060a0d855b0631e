"""OKS-AP beside pycocotools, on photos full of persons who are mistaken for each other."""

import contextlib
import io

import numpy as np
import pytest
from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

from shg_xai.chapters.error_types.gathering import Gathered, gather, ranking
from shg_xai.chapters.error_types.kinds import HUMAN, JITTER, MISS, NEAR, UNLABELLED, Joints, judge
from shg_xai.chapters.error_types.mending import ERRORS, variants
from shg_xai.chapters.error_types.people import People
from shg_xai.chapters.error_types.results import KINDS
from tests.helpers.data import MIRROR, STANDING

SIGMAS = np.array([26, 25, 25, 35, 35, 79, 79, 72, 72, 62, 62, 107, 107, 87, 87, 89, 89]) / 1000
JOINTS = Joints(SIGMAS, np.array(MIRROR))


def crowd(seed: int, images: int = 60, tight: float = 40, most: int = 5) -> People:
    """Persons who stand near each other; of some joints, or all of a person, others' are predicted."""
    random = np.random.default_rng(seed)
    image_of = np.repeat(np.arange(images), random.integers(1, most + 1, images))
    random.shuffle(image_of)
    count = len(image_of)
    truth = STANDING + random.normal(0, 4, (count, 17, 2)) + random.uniform(0, tight, (count, 1, 2))
    labelled = random.random((count, 17)) < 0.8
    labelled[:, 0] = True
    predicted = truth + random.normal(0, 1, truth.shape) * random.exponential(5, (count, 17, 1))
    for person in range(count):
        other = random.choice(np.flatnonzero(image_of == image_of[person]))
        taken = random.random(17) < random.choice([0, 0.2, 1], p=[0.6, 0.3, 0.1])
        predicted[person, taken] = truth[other, taken]
        crossed = random.random(17) < 0.1
        predicted[person, crossed] = truth[person, np.array(MIRROR)[crossed]]
    return People(
        image_of=image_of,
        truth=truth.astype(np.float32),
        labelled=labelled,
        predicted=predicted.astype(np.float32),
        score=random.random(count).astype(np.float32),
        area=random.uniform(1500, 6000, count).astype(np.float32),
        guessed=np.zeros(count, bool),
        center=np.zeros((count, 2), np.float32),
        side=np.full(count, 100, np.float32),
    )


def by_pycocotools(people: People, predicted: np.ndarray, scores: np.ndarray) -> float:
    """AP as COCO's own program has it."""
    truth = COCO()
    images = np.unique(people.image_of).tolist()
    places = np.concatenate([people.truth, people.labelled[..., None] * 2], axis=-1).astype(float)
    found = np.concatenate([predicted, np.ones((*predicted.shape[:2], 1))], axis=-1).astype(float)
    truth.dataset = dict(
        info={},
        images=[dict(id=image + 1) for image in images],
        categories=[dict(id=1)],
        annotations=[
            dict(
                id=person + 1,
                image_id=int(people.image_of[person]) + 1,
                category_id=1,
                iscrowd=0,
                area=float(people.area[person]),
                bbox=[0, 0, 100, 100],
                num_keypoints=int(people.labelled[person].sum()),
                keypoints=np.where(people.labelled[person, :, None], places[person], 0).ravel().tolist(),
            )
            for person in range(len(places))
        ],
    )
    results = [
        dict(
            image_id=int(people.image_of[person]) + 1,
            category_id=1,
            keypoints=found[person].ravel().tolist(),
            score=float(scores[person]),
        )
        for person in range(len(places))
    ]
    with contextlib.redirect_stdout(io.StringIO()):
        truth.createIndex()
        tested = COCOeval(truth, truth.loadRes(results), 'keypoints')
        tested.params.useSegm = None
        tested.evaluate()
        tested.accumulate()
        tested.summarize()
    return float(tested.stats[0])


def mended(people: People, kinds: np.ndarray, kind: int, similarity: np.ndarray | None = None) -> np.ndarray:
    """Predictions in which joints of a kind stand in their place, or beside it at a similarity."""
    places = people.truth.astype(float)
    if similarity is not None:
        places[..., 0] += np.sqrt(-2 * np.log(similarity) * people.area[:, None]) * 2 * SIGMAS
    return np.where((kinds == kind)[..., None], places, people.predicted)


def gathered(people: People) -> tuple[Gathered, np.ndarray]:
    """What one pass finds, and OKS-AP in all variants."""
    found = gather(people, np.ones(len(people.area), bool), JOINTS)
    rows = np.arange(len(people.area))
    return found, ranking(found.right, found.places, people.score, people.image_of, rows).exactly()


@pytest.mark.parametrize('seed', range(3))
def test_as_pycocotools_has_it(seed: int) -> None:
    people = crowd(seed)
    found, precision = gathered(people)
    counts = np.bincount(found.kinds[found.kinds != UNLABELLED], minlength=len(KINDS))
    assert (counts > 20).all()  # of each kind
    assert precision[0] == pytest.approx(by_pycocotools(people, people.predicted, people.score), abs=1e-9)
    for place, kind in enumerate(ERRORS, 1):
        expected = by_pycocotools(people, mended(people, found.kinds, kind), people.score)
        assert precision[place] == pytest.approx(expected, abs=1e-9)
        if kind in (JITTER, MISS):
            at_edge = mended(people, found.kinds, kind, np.full((1, 1), HUMAN if kind == JITTER else NEAR))
            assert precision[place + len(ERRORS)] == pytest.approx(
                by_pycocotools(people, at_edge, people.score), abs=1e-9
            )
    joint = 9
    wrong = np.where(np.arange(17) == joint, found.kinds, UNLABELLED)
    one = np.where((wrong > 0)[..., None] & (wrong != UNLABELLED)[..., None], people.truth, people.predicted)
    assert precision[1 + 2 * len(ERRORS) + joint] == pytest.approx(by_pycocotools(people, one, people.score), abs=1e-9)


def test_scores_that_rank_by_oks() -> None:
    people = crowd(7)
    found, precision = gathered(people)
    rows = np.arange(len(people.area))
    again = ranking(found.rescored, found.rescored_places, found.oks, people.image_of, rows).exactly()
    assert again[0] == pytest.approx(by_pycocotools(people, people.predicted, found.oks), abs=1e-9)
    assert again[0] > precision[0] + 0.05  # scores were drawn at random


def test_at_most_20_an_image() -> None:
    people = crowd(3, images=4, tight=300, most=40)
    assert np.bincount(people.image_of).max() > 20
    assert gathered(people)[1][0] == pytest.approx(by_pycocotools(people, people.predicted, people.score), abs=1e-9)


def test_inversions_and_swaps_end_as_near_as_they_were_to_the_other_place() -> None:
    """A lone person's left wrist at the right one's place, 5 pixels off: at the edge it is 5 pixels from its own."""
    truth = STANDING[None].astype(np.float32)
    predicted = truth.copy()
    predicted[0, 9] = truth[0, 10] + (0, 5)
    one = crowd(0, images=1, most=1)
    people = People(
        image_of=np.zeros(1, int),
        truth=truth,
        labelled=np.ones((1, 17), bool),
        predicted=predicted,
        score=one.score[:1],
        area=np.array([2000], np.float32),
        guessed=one.guessed[:1],
        center=one.center[:1],
        side=one.side[:1],
    )
    found, _ = gathered(people)
    assert KINDS[found.kinds[0, 9]] == 'inversion'
    similar = np.exp(-25 / (2 * 2000 * (2 * SIGMAS[9]) ** 2))
    crowded = np.array([[0]])
    oks = [float(one[0, 0, 0]) for one in variants(people, crowded, JOINTS, judge(people, crowded, JOINTS))]
    own = np.exp(-(52**2 + 5**2) / (2 * 2000 * (2 * SIGMAS[9]) ** 2))
    # As it is, inversions in place, inversions at the edge.
    assert [oks[0], oks[2], oks[6]] == pytest.approx([(16 + own) / 17, 1, (16 + similar) / 17])
