"""The outcome as text, from numbers given here."""

from shg_xai.chapters.networks.options import StudyOptions
from shg_xai.chapters.networks.results import GROUPS, Comparison, Network, Networks, PersonCounts, SeededEstimate
from shg_xai.results import Estimate, Verdict
from shg_xai.study.collect import table

NOBODY = Estimate(value=None)


def network(key: str, title: str, epochs: int, *pcks: float | None, sd: float | None = None) -> Network:
    pck = {
        group: SeededEstimate(value=value, sd=None if value is None else sd)
        for group, value in zip(GROUPS, pcks, strict=True)
    }
    return Network(key=key, title=title, about='', epochs=epochs, seeds=[], pck=pck)


def compared(
    a: str, b: str, difference: Estimate, by_seed: list[float | None], verdict: Verdict, over_seeds: Estimate = NOBODY
) -> Comparison:
    return Comparison(
        a=a,
        b=b,
        group='labelled',
        difference=difference,
        by_seed=by_seed,
        over_seeds=over_seeds,
        persons=3,
        verdict=verdict,
    )


def answer(seeds: tuple[int, ...], persons: int, networks: list[Network], comparisons: list[Comparison]) -> Networks:
    return Networks(
        of='study',
        settings=StudyOptions(seeds=seeds),
        data=PersonCounts(train=0, val=0, test=persons),
        mean_pose=dict.fromkeys(GROUPS),
        networks=networks,
        comparisons=comparisons,
        autoencoders=[],
        splice=[],
        stages=[],
    )


def test_networks_of_several_seeds_and_their_differences() -> None:
    made = answer(
        (0, 1),
        120,
        [
            network('plain', 'plain', 6, 0.5, 0.6004, None, 0.3996, sd=0.0124),
            network('improved', 'spliced, trained on', 9, 1, 0, 0.25, 0.125, sd=0),
            network('control', 'plain, trained on', 9, None, None, None, None),
            network('noskip', 'plain, no skips', 6, None, None, None, None),
        ],
        [
            compared(
                'improved',
                'control',
                Estimate(value=0.0126, low=-0.001, high=0.0254),
                [0.02, 0.005],
                Verdict.NO_DIFFERENCE,
                Estimate(value=0.0126, low=-0.0827, high=0.1078),
            ),
            compared('improved', 'control', Estimate(value=9.0, low=9.0, high=9.0), [9.0, 9.0], Verdict.BETTER),
            compared('noskip', 'plain', Estimate(value=-0.25, low=-0.3, high=-0.2), [-0.25, None], Verdict.WORSE),
        ],
    )
    made.comparisons[1].group = 'visible'
    made.mean_pose = dict(labelled=0.0546, visible=0.1, occluded=None, limbs=0.0)
    assert table(made).splitlines() == [
        '| PCK, held-out persons | epochs | labelled | visible | occluded | limbs |',
        '|---|---|---|---|---|---|',
        '| mean pose | - | 0.055 | 0.100 | - | 0.000 |',
        '| plain | 6 | 0.500 ± 0.012 | 0.600 ± 0.012 | - | 0.400 ± 0.012 |',
        '| spliced, trained on | 9 | 1.000 ± 0.000 | 0.000 ± 0.000 | 0.250 ± 0.000 | 0.125 ± 0.000 |',
        '| plain, trained on | 9 | - | - | - | - |',
        '| plain, no skips | 6 | - | - | - | - |',
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
    networks = [network('plain', 'plain', 6, 0.5, 0.6, None, 0.4), network('control', 'c', 9, *[None] * 4)]
    made = answer((3,), 12, networks, [compared('control', 'plain', NOBODY, [None], Verdict.NO_DIFFERENCE)])
    made.warnings = ['Only 12 persons.']
    lines = table(made).splitlines()
    assert lines[:2] == ['Only 12 persons.', '']
    assert not any('mean pose' in line for line in lines)
    assert '| plain | 6 | 0.500 | 0.600 | - | 0.400 |' in lines
    assert 'Mean over 12 persons and 1 seed.' in lines
    assert lines[-1] == '| plain, trained on - plain | - | - | - | - | no difference found |'
