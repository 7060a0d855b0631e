"""The outcome as text, from numbers given here."""

from typing import Any

from shg_xai.study.settings import GROUPS
from shg_xai.study.table import table


def pcks(*values: float | None, sd: float | None = None) -> dict[str, dict[str, float | None]]:
    return {
        group: dict(value=value, low=None, high=None, sd=None if value is None else sd)
        for group, value in zip(GROUPS, values, strict=True)
    }


def compared(
    a: str,
    b: str,
    value: float | None,
    ends: tuple | None,
    by_seed: list,
    verdict: str,
    group: str = 'labelled',
    over: tuple = (None, None),
) -> dict[str, Any]:
    low, high = ends or (None, None)
    return dict(
        a=a,
        b=b,
        group=group,
        difference=dict(value=value, low=low, high=high),
        by_seed=by_seed,
        over_seeds=dict(low=over[0], high=over[1]),
        verdict=verdict,
    )


def study(seeds: list[int], **changes: Any) -> dict[str, Any]:
    return (
        dict(
            settings=dict(seeds=seeds),
            few=None,
            data=dict(test=120),
            mean_pose=dict.fromkeys(GROUPS),
            networks=[],
            comparisons=[],
        )
        | changes
    )


def test_networks_of_several_seeds_and_their_differences() -> None:
    text = table(
        study(
            [0, 1],
            mean_pose=dict(labelled=0.0546, visible=0.1, occluded=None, limbs=0.0),
            networks=[
                dict(title='plain', epochs=6, pck=pcks(0.5, 0.6004, None, 0.3996, sd=0.0124)),
                dict(title='spliced, trained on', epochs=9, pck=pcks(1, 0, 0.25, 0.125, sd=0)),
            ],
            comparisons=[
                compared(
                    'improved',
                    'control',
                    0.0126,
                    (-0.001, 0.0254),
                    [0.02, 0.005],
                    'no difference found',
                    over=(-0.0827, 0.1078),
                ),
                compared('improved', 'control', 9.0, (9.0, 9.0), [9.0, 9.0], 'better', 'visible'),
                compared('noskip', 'plain', -0.25, (-0.3, -0.2), [-0.25, None], 'worse'),
            ],
        )
    )
    assert text.splitlines() == [
        '| PCK, held-out persons | epochs | labelled | visible | occluded | limbs |',
        '|---|---|---|---|---|---|',
        '| mean pose | - | 0.055 | 0.100 | - | 0.000 |',
        '| plain | 6 | 0.500 ± 0.012 | 0.600 ± 0.012 | - | 0.400 ± 0.012 |',
        '| spliced, trained on | 9 | 1.000 ± 0.000 | 0.000 ± 0.000 | 0.250 ± 0.000 | 0.125 ± 0.000 |',
        '',
        'Mean over 120 persons and 2 seeds, ± standard deviation over seeds.',
        '',
        '| difference in labelled PCK | value | interval over persons | interval over seeds | each seed | |',
        '|---|---|---|---|---|---|',
        '| spliced, trained on - plain, trained on | +0.013 | -0.001 to +0.025 | -0.083 to +0.108 '
        '| +0.020, +0.005 | no difference found |',
        '| plain, no skips - plain | -0.250 | -0.300 to -0.200 | - | -0.250, - | worse |',
    ]


def test_one_seed_few_persons_and_nothing_known() -> None:
    lines = table(
        study(
            [3],
            few='Only 12 persons.',
            data=dict(test=12),
            networks=[dict(title='plain', epochs=6, pck=pcks(0.5, 0.6, None, 0.4))],
            comparisons=[compared('control', 'plain', None, None, [None], 'no difference found')],
        )
    ).splitlines()
    assert lines[:2] == ['Only 12 persons.', '']
    assert not any('mean pose' in line for line in lines)
    assert '| plain | 6 | 0.500 | 0.600 | - | 0.400 |' in lines
    assert 'Mean over 12 persons and 1 seed.' in lines
    assert lines[-1] == '| plain, trained on - plain | - | - | - | - | no difference found |'
