"""What tells failures, of made persons whose failures are known."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.distance import cdist
from scipy.special import expit
from sklearn.metrics import average_precision_score, roc_auc_score

from shg_xai.chapters.failure_prediction.findings import claims
from shg_xai.chapters.failure_prediction.measure import measure, of_layer
from shg_xai.chapters.failure_prediction.results import FailurePrediction
from shg_xai.chapters.failure_prediction.risk import risk
from shg_xai.chapters.failure_prediction.units import THR, joints_of, persons_of, predicted
from shg_xai.explain.decomposition import decompose, working
from shg_xai.explain.options import Options
from shg_xai.latents.schema import FLIPS, SPREADS
from shg_xai.latents.selection import Selection
from shg_xai.results_file import encode
from tests.helpers.failing_stores import failing

QUICK = Options(ks=(2,), restarts=1, bootstrap=60, permutations=99)
PERSONS, SIZE = 600, 12
NOVEL = ('mahalanobis', 'neighbour', 'residual')


def people(folder: Path, strength: float, persons: int = PERSONS, seed: int = 0) -> Selection:
    """Two persons an image; a third of the joints of one in five are not labelled; distances tell so much."""
    random = np.random.default_rng([9, seed])
    far, hard = random.standard_normal((persons, 1)), random.standard_normal((persons, 3))
    latents = random.standard_normal((persons, SIZE)) * np.exp(0.5 * far) * np.linspace(3, 1, SIZE)
    wrong = random.random((persons, 3)) < expit(-1.2 + hard + strength * far)
    heights = expit(1 - hard + 0.5 * random.standard_normal(hard.shape))
    flags = np.where(random.random((persons, 3)) < 0.2, 0, 2)
    return failing(folder / 'store', latents, np.arange(persons) // 2, heights, wrong, flags)


@pytest.fixture(scope='module')
def told(tmp_path_factory: pytest.TempPathFactory) -> tuple[Selection, FailurePrediction]:
    selection = people(tmp_path_factory.mktemp('told'), 1.5)
    return selection, measure(selection, QUICK)


def test_what_it_is_about(told: tuple[Selection, FailurePrediction]) -> None:
    selection, answer = told
    flags = np.array(selection.table(['visibility'])['visibility'].to_pylist())
    some = (flags > 0).any(1)
    assert (answer.persons, answer.images) == (some.sum(), len(np.unique(selection.image_ids[some])))
    assert [(own.target, own.count) for own in answer.targets] == [
        ('joints', (flags > 0).sum()),
        ('persons', some.sum()),
    ]
    assert answer.warnings == [] and answer.references == PERSONS
    # Of crops of one size nothing is told by the size.
    assert [own.score for own in answer.targets[0].qualities] == [
        'height', 'other_heights', 'mahalanobis', 'neighbour', 'residual', 'predictions', 'combination'
    ]  # fmt: skip


def test_a_joint_is_wrong_as_in_the_stores_pck() -> None:
    from shg_xai.interventions.rows import PCK_THRESHOLD

    assert THR == PCK_THRESHOLD


def test_only_labelled_joints_are_judged(told: tuple[Selection, FailurePrediction]) -> None:
    who = predicted(told[0])
    assert not (who.wrong & ~who.labelled).any() and who.labelled.any(1).all()
    units = joints_of(who, {})
    assert len(units) == who.labelled.sum() and units.wrong.sum() == who.wrong.sum()
    persons = persons_of(who, {})
    right = [(who.labelled[at] & ~who.wrong[at]).sum() / who.labelled[at].sum() for at in range(len(who.persons))]
    assert persons.wrong.tolist() == [share < 0.5 for share in right]


def test_a_joints_scores_by_hand(told: tuple[Selection, FailurePrediction]) -> None:
    who = predicted(told[0])
    units = joints_of(who, dict(far=np.arange(len(who.persons), dtype=np.float32)))
    assert units.joint is not None
    for at in (0, 5, len(units) - 1):
        person, joint = units.person[at], units.joint[at]
        assert units.scores['height'][at] == -who.heights[person, joint]
        others = np.delete(who.heights[person], joint).mean()
        assert units.scores['other_heights'][at] == pytest.approx(-others, abs=1e-6)
        assert units.scores['far'][at] == person
        assert units.scores['size'][at] == pytest.approx(-np.log(200))
        assert units.told[at] == pytest.approx(1 - who.heights[person, joint])


def test_areas_are_those_of_scikit_learn(told: tuple[Selection, FailurePrediction]) -> None:
    selection, answer = told
    who = predicted(selection)
    latents = selection.array[:].astype(float)
    values, vectors = np.linalg.eigh(np.cov(latents, rowvar=False))
    scores = (latents - latents.mean(0)) @ vectors[:, ::-1]
    leading = answer.components
    held = np.cumsum(values[::-1]) / values.sum()
    assert held[leading - 1] >= 0.9 > held[leading - 2]
    far = np.sqrt((scores[:, :leading] ** 2 / values[::-1][:leading]).sum(1))[who.persons]
    left = np.sqrt((scores[:, leading:] ** 2).sum(1))[who.persons]
    apart = cdist(scores[:, :leading], scores[:, :leading])
    apart[selection.image_ids[:, None] == selection.image_ids] = np.inf
    near = np.sort(apart)[who.persons, 9]
    person = np.nonzero(who.labelled)[0]
    wrong = who.wrong[who.labelled]
    for name, expected in (('mahalanobis', far), ('neighbour', near), ('residual', left)):
        own = answer.targets[0].quality(name)
        assert own
        assert own.auroc.value == pytest.approx(roc_auc_score(wrong, expected[person]), abs=1e-4)
        assert own.average_precision.value == pytest.approx(average_precision_score(wrong, expected[person]), abs=1e-3)


def test_what_the_latent_adds_is_found(told: tuple[Selection, FailurePrediction]) -> None:
    answer = told[1]
    assert {'joints: the latent adds', 'persons: the latent adds'} <= set(claims(answer))
    joints = answer.of_target('joints')
    assert joints
    gain = joints.gain('combination', 'predictions')
    both, alone = (joints.quality(name) for name in ('combination', 'predictions'))
    assert gain and both and alone and both.auroc.value and alone.auroc.value
    assert gain.auroc.value == pytest.approx(both.auroc.value - alone.auroc.value)
    risks = [own.value for own in both.curve.y]
    assert None not in risks and risks[-1] == joints.wrong.value and risks[0] < 0.25 * risks[-1]


def test_the_combination_is_calibrated_and_the_height_is_not(told: tuple[Selection, FailurePrediction]) -> None:
    joints = told[1].targets[0]
    raw, combined = joints.calibration('height'), joints.calibration('combination')
    assert raw and combined and raw.error.value and combined.error.value
    assert combined.error.value < 0.05 < 0.08 < raw.error.value


def test_the_model_is_for_new_photos(told: tuple[Selection, FailurePrediction], tmp_path: Path) -> None:
    """Fresh persons, of whom nothing but heights is known here."""
    joints = told[1].targets[0]
    assert joints.model and joints.kept and joints.model.threshold == joints.kept.threshold
    assert len(joints.model.joints) == 3
    units = joints_of(predicted(people(tmp_path, 1.5, seed=1)), {})
    found = risk(units.scores, joints.model, units.joint)
    assert roc_auc_score(units.wrong, found) == pytest.approx(joints.quality('predictions').auroc.value, abs=0.05)
    assert found.mean() == pytest.approx(units.wrong.mean(), abs=0.04)


def test_noise_claims_nothing_and_gets_no_better(tmp_path: Path) -> None:
    answer = measure(people(tmp_path, 0), QUICK)
    assert claims(answer) == []
    own = answer.targets[0].quality('mahalanobis')
    assert own and own.auroc.holds(0.5)


def test_who_computes_makes_no_difference(told: tuple[Selection, FailurePrediction]) -> None:
    with ThreadPoolExecutor(1) as pool, working(told[0], QUICK, pool) as work:
        assert encode(of_layer('latent', work, decompose(work))) == encode(told[1])


def few(folder: Path, wrong: float, images: int = 40, heights: bool = True, split: str = 'val') -> FailurePrediction:
    """Forty persons of whom a share of the joints is wrong."""
    random = np.random.default_rng(5)
    which = random.random((40, 3)) < wrong
    selection = failing(
        folder / 'few',
        random.standard_normal((40, 4)),
        np.arange(40) % images,
        random.random((40, 3)) if heights else None,
        which,
        split=split,
    )
    return measure(selection, QUICK)


@pytest.mark.parametrize(
    'wrong, more, why',
    [
        (0.5, dict(heights=False), 'The store has no predictions: nobody is right or wrong'),
        (0.5, dict(images=1), 'Persons with predictions are of 1 photo; fewer than 20 say nothing'),
        (0.0, {}, 'All joints are right: there is nothing to tell apart.'),
        (1.0, {}, 'All joints are wrong: there is nothing to tell apart.'),
        (0.03, {}, 'Only 5 photos have joints that are wrong; fewer than 10 say nothing.'),
    ],
)
def test_where_there_is_nothing_to_tell_a_sentence_says_why(tmp_path: Path, wrong: float, more: dict, why: str) -> None:
    answer = few(tmp_path, wrong, **more)
    joints = answer.of_target('joints')
    assert joints and joints.why and joints.why.startswith(why)
    assert not joints.qualities and joints.model is None and claims(answer) == []
    assert encode(answer)


def test_persons_the_network_was_trained_on_are_told(tmp_path: Path) -> None:
    (text,) = few(tmp_path, 0.0, split='train').warnings
    assert text.startswith('These persons are of the training set')


def test_some_without_predictions_are_left_out(tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    latents, wrong, heights = random.standard_normal((50, 4)), random.random((50, 3)) < 0.5, random.random((50, 3))
    flags = np.full((50, 3), 2)
    flags[:10] = 0
    answer = measure(failing(tmp_path / 'store', latents, np.arange(50), heights, wrong, flags), QUICK)
    assert (answer.persons, answer.references) == (40, 50) and answer.targets[0].count == 120
    assert answer.targets[0].wrong.value == pytest.approx(wrong[10:].mean())


def doubted(folder: Path, known: int) -> Selection:
    """600 persons whose spreads tell more than their heights; flips are known of so many of them."""
    random = np.random.default_rng(8)
    hard = random.standard_normal((PERSONS, 3))
    wrong = random.random((PERSONS, 3)) < expit(-1.2 + 2 * hard)
    heights = expit(1 - hard + 2 * random.standard_normal(hard.shape))
    spreads, flips = (expit(hard + noise * random.standard_normal(hard.shape)) for noise in (0.2, 2))
    some = [own if number < known else None for number, own in enumerate(flips)]
    doubts = {SPREADS: spreads, FLIPS: some}
    latents = random.standard_normal((PERSONS, SIZE))
    return failing(folder / f'doubted_{known}', latents, np.arange(PERSONS) // 2, heights, wrong, doubts=doubts)


def test_spread_and_mirror_image_are_scores_of_their_own(tmp_path: Path) -> None:
    selection = doubted(tmp_path, PERSONS)
    answer = measure(selection, QUICK)
    joints, persons = answer.targets
    names = ['height', 'other_heights', 'spread', 'flip_distance', *NOVEL, 'predictions', 'combination']
    assert [own.score for own in joints.qualities] == names
    who, columns = predicted(selection), dict(spread=SPREADS, flip_distance=FLIPS)
    for name, column in columns.items():
        stored = np.array(selection.table([column])[column].to_pylist())
        expected = {'joints': stored.ravel(), 'persons': stored.mean(1)}
        for target, units in ((joints, joints_of(who, {})), (persons, persons_of(who, {}))):
            np.testing.assert_allclose(units.scores[name], expected[target.target], rtol=1e-6)
            own, gain = target.quality(name), target.gain(name, 'height')
            assert (
                own
                and gain
                and own.auroc.value == pytest.approx(roc_auc_score(units.wrong, expected[target.target]), abs=1e-4)
            )
    assert joints.model and {'spread', 'flip_distance'} < {term.score for term in joints.model.terms}
    assert 'joints: heatmap spread beats the height' in claims(answer)
    assert not any('mirror' in claim for claim in claims(answer))


@pytest.mark.parametrize('known, names', [(PERSONS - 1, ['spread']), (0, ['spread'])])
def test_what_is_not_known_of_all_is_no_score(tmp_path: Path, known: int, names: list[str]) -> None:
    assert list(predicted(doubted(tmp_path, known)).doubts) == names
