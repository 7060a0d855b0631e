"""Contrasts of made conditions: values by hand, false claims under the null, and what is planted found."""

from collections.abc import Callable

import numpy as np
import pytest

from shg_xai.chapters.skip_ablation.contrasts import CONTROL, UNTOUCHED, Contrasts, all_off
from shg_xai.chapters.skip_ablation.results import Ablation
from shg_xai.chapters.skip_ablation.scores import LABELLED, LIKELIHOOD, Columns, Key
from shg_xai.results import Estimate
from shg_xai.stats.bootstrap import Bootstrap

PARTS: list[Key] = [('parts', part, 'labelled') for part in ('face', 'upper', 'lower')]
JOINTS: list[Key] = [('joints', name, 'labelled') for name in ('nose', 'left_wrist')]
KEYS = [LABELLED, LIKELIHOOD, *PARTS, *JOINTS]
OFF = all_off(0, 'donor')
LEVELS = [Ablation(stack=0, skips='level off', level=level, replacement='donor') for level in (0, 1)]
ALONE = [Ablation(stack=0, skips='level on alone', level=level, replacement='donor') for level in (0, 1)]
CONDITIONS = [OFF, *LEVELS, *ALONE]


def scores_of(means: dict[Key, float], persons: int = 80, spread: float = 0.0, seed: int = 0) -> Columns:
    """The same score for everybody, or about it."""
    random = np.random.default_rng(seed)
    return {key: means[key] + spread * random.normal(size=persons) for key in KEYS}


def flat(value: float, **more: float) -> dict[Key, float]:
    """This value of all, but for parts named."""
    return {key: more.get(key[1], value) for key in KEYS}


def asked(conditions: dict[object, Columns], persons: int = 80, seed: int = 0) -> Contrasts:
    """Contrasts of conditions, two persons an image."""
    found = Contrasts(Bootstrap(np.arange(persons) // 2, 200, 0.95, seed))
    for name, columns in conditions.items():
        found.add(name, columns)
    found.ask(0, [0, 1], ['donor'])
    return found


def test_each_contrast_by_hand() -> None:
    found = asked(
        {
            UNTOUCHED: scores_of(flat(0.8, face=0.9, upper=0.8, lower=0.7)),
            OFF: scores_of(flat(0.2, face=0.3, upper=0.4, lower=0.1)),
            LEVELS[0]: scores_of(flat(0.5)),
            LEVELS[1]: scores_of(flat(0.7)),
            ALONE[0]: scores_of(flat(0.45)),
            ALONE[1]: scores_of(flat(0.25)),
            all_off(0, 'mean'): scores_of(flat(0.35)),
            CONTROL: scores_of(flat(0.6, face=0.9, upper=0.4, lower=0.7)),
        }
    )
    lost = found.broken(OFF)
    assert (lost.pck.value, lost.pck.ends, lost.pck.n) == (pytest.approx(0.6), pytest.approx((0.6, 0.6)), 80)
    assert lost.joints == {} and list(found.broken(LEVELS[0]).joints) == ['nose', 'left_wrist']
    assert found.broken(LEVELS[0]).joints['nose'].value == pytest.approx(0.3)
    restored = [found.of(('restored', one)) for one in (*ALONE, *LEVELS)]
    assert [one and one.pck.value for one in restored] == [pytest.approx(0.25), pytest.approx(0.05), None, None]
    (pair,) = found.pairs([0, 1])
    assert pair.levels == (0, 1)
    assert (pair.broken.pck.value, pair.restored.pck.value) == pytest.approx((0.2, 0.2))
    misled = found.of('misled')
    assert misled and misled.likelihood.value == pytest.approx(0.15)
    donor, control = found.parts_left(0, ['donor'])
    left = {part: one.value for part, one in donor.left.items()}
    assert left == pytest.approx(dict(face=1 / 3, upper=0.5, lower=1 / 7))
    assert {part: one.value for part, one in donor.face.items()} == pytest.approx(
        dict(upper=np.log(2 / 3), lower=np.log(7 / 3))
    )
    assert control.replacement is None and control.face['upper'].value == pytest.approx(np.log(2))
    # 5 conditions, and 2 by joints; 2 alone; 1 pair, twice; donor and mean; control: 2 each, and 2 parts, twice
    assert len(found) == 2 * (6 + 2 + 2 + 1 + 1) + 2 * 2 + 2 * 2


def test_where_nothing_is_left_of_a_part_its_logarithm_is_not_told() -> None:
    found = asked({UNTOUCHED: scores_of(flat(0.8)), OFF: scores_of(flat(0.2, face=0.0))})
    (donor,) = found.parts_left(0, ['donor'])
    assert donor.left['face'].value == 0 and donor.face['upper'] == Estimate(value=None)


def claimed(found: Contrasts) -> bool:
    """Whether any contrast is told from zero."""
    return any(one.holds() is False for one in found._answers.values())


def null_persons(random: np.random.Generator, persons: int) -> Callable[[], Columns]:
    """Scores that differ between conditions by chance alone: hard and easy persons, two an image alike."""
    hard = np.repeat(random.random(persons // 2), 2)

    def scores() -> Columns:
        jitter = np.repeat(random.normal(size=(persons // 2, len(KEYS))), 2, axis=0)
        own = np.clip(np.round(17 * (hard[:, None] + 0.1 * jitter)) / 17, 0, 1)
        own[:, 1] = np.log(0.01 + hard) + 0.3 * jitter[:, 1] ** 3
        return dict(zip(KEYS, own.T, strict=True))

    return scores


def test_by_chance_alone_at_most_one_answer_in_twenty_claims_anything() -> None:
    """Of conditions that only shake the scores; a level whose output is constant does nothing at all."""
    random, claims = np.random.default_rng(0), 0
    for trial in range(40):
        draw = null_persons(random, 200)
        untouched = draw()
        conditions: dict[object, Columns] = {UNTOUCHED: untouched, **{one: draw() for one in CONDITIONS}}
        found = asked(conditions | {LEVELS[1]: untouched}, 200, trial)
        claims += claimed(found)
        assert found.broken(LEVELS[1]).pck.ends == (0, 0)
    assert claims <= 5  # 5 % of 40, and two standard deviations more


def test_what_is_planted_is_found() -> None:
    """One level of two is needed; PCK hides what the other does, and log-likelihood tells it."""
    untouched = scores_of(flat(0.8), 400, 0.1)
    blurred = {**untouched, LIKELIHOOD: untouched[LIKELIHOOD] - 0.2 + 0.5 * np.random.default_rng(1).normal(size=400)}
    found = asked({UNTOUCHED: untouched, LEVELS[0]: scores_of(flat(0.7), 400, 0.1, 7), LEVELS[1]: blurred}, 400)
    strong, weak = (found.broken(one) for one in LEVELS)
    assert strong.pck.holds() is False and weak.pck.holds() is True and weak.likelihood.holds() is False
    assert found.pairs([0, 1]) == [], 'nothing was left alone'
