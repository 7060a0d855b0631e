"""Factors: ranges and restrictions."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from shg_xai.datasets.people.factors import SPECS, Restriction, parse_restrictions, sample_factors
from shg_xai.errors import InputError


def test_restrictions_hold_and_leave_the_other_factors_alone() -> None:
    rules = parse_restrictions(['posture=0.5'], ['yaw_deg=50:60'], ['activity=0,1'])
    coins = set()
    for seed in range(40):

        def draw(restrictions: dict[str, Restriction], seed: int = seed) -> Any:
            return sample_factors(np.random.default_rng(seed).spawn(2), restrictions)

        free, held = draw({}), draw(rules)
        assert held.posture == 0.5
        assert 50 <= held.yaw_deg <= 60
        coins.add(held.activity)
        changed = {name: getattr(free, name) for name in ('posture', 'yaw_deg', 'activity')}
        assert replace(held, **changed) == free
    assert coins == {0.0, 1.0}


def test_default_factors_stay_in_range_and_face_the_camera_mostly() -> None:
    draws = [sample_factors(np.random.default_rng(s).spawn(2), {}).record() for s in range(600)]
    for name, spec in SPECS.items():
        assert all(spec.low <= draw[name] <= spec.high for draw in draws), name
    frontal = np.mean([abs(draw['yaw_deg']) <= 75 for draw in draws])
    assert 0.62 < frontal < 0.80  # 0.5 + 0.5 * 150 / 360 = 0.71
    assert 0.1 < np.mean([draw['occluder'] for draw in draws]) < 0.2


@pytest.mark.parametrize(
    ('arguments', 'words'),
    [
        ((['postur=1'],), ['postur', 'did you mean posture']),
        ((['posture=1.5'],), ['posture=1.5', '0..1']),
        ((['posture=nan'],), ['posture=nan', '0..1']),
        ((['occluder=0.5'],), ['occluder', 'integer']),
        ((['posture'],), ['--fix', 'posture=V']),
        (([], ['yaw_deg=60:50'],), ['LOW:HIGH']),
        (([], [], ['yaw_deg=60'],), ['--two', 'yaw_deg=A,B']),
        ((['scale=0.5'], ['scale=0.5:0.6'],), ['scale', 'twice']),
        ((['labelled_joints=4'],), ['labelled_joints', 'measured']),
    ],
)  # fmt: skip
def test_bad_restrictions_say_what_is_wrong(arguments: Any, words: list[str]) -> None:
    with pytest.raises(InputError) as caught:
        parse_restrictions(*arguments)
    assert all(word in str(caught.value) for word in words)
