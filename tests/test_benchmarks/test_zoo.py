"""The sweep over MMPose's configs in small: few of them, each of another kind."""

from pathlib import Path

import pytest

import shg_xai.plugin  # noqa: F401
from benchmarks.zoo import STEPS, Outcome, all_configs, configs_folder, reason_of, spread, summary, table, tried

BODY = 'body_2d_keypoint'
QUICK = {
    # Seven data sets converted to one skeleton, averaged weights, SimCC: two vectors a joint instead of a heatmap.
    f'{BODY}/rtmpose/body8/rtmpose-t_8xb1024-700e_body8-halpe26-256x192.py': 'works',
    f'{BODY}/edpose/coco/edpose_res50_8xb2-50e_coco-800x1333.py': 'refused',
    f'{BODY}/rtmo/coco/rtmo-s_8xb32-600e_coco-640x640.py': 'refused',
    f'{BODY}/topdown_heatmap/coco/td-hm_ViTPose-small_8xb64-210e_coco-256x192.py': 'refused',
}
LONG = {
    f'{BODY}/simcc/mpii/simcc_res50_wo-deconv-8xb64-210e_mpii-256x256.py': 'works',
    f'{BODY}/topdown_regression/coco/td-reg_mobilenetv2_rle-pretrained-8xb64-210e_coco-256x192.py': 'works',
    f'{BODY}/topdown_heatmap/jhmdb/td-hm_res50_8xb64-20e_jhmdb-sub1-256x256.py': 'works',
    'face_2d_keypoint/topdown_heatmap/aflw/td-hm_hrnetv2-w18_8xb64-60e_aflw-256x256.py': 'works',
    'hand_2d_keypoint/topdown_heatmap/freihand2d/td-hm_res50_8xb64-100e_freihand2d-224x224.py': 'works',
    'animal_2d_keypoint/topdown_heatmap/zebra/td-hm_res50_8xb64-210e_zebra-160x160.py': 'works',
    'wholebody_2d_keypoint/rtmpose/coco-wholebody/rtmpose-m_8xb64-270e_coco-wholebody-256x192.py': 'works',
}


def assert_outcome(config: str, expected: str) -> None:
    one = tried(config, STEPS, 300)
    assert one.outcome == expected, one.said
    assert (one.step, one.layers > 50) == (('analysis', True) if expected == 'works' else ('layers', False))


@pytest.mark.parametrize('config, expected', QUICK.items())
def test_a_config(config: str, expected: str) -> None:
    assert_outcome(config, expected)


@pytest.mark.slow
@pytest.mark.parametrize('config, expected', LONG.items())
def test_more_configs(config: str, expected: str) -> None:
    assert_outcome(config, expected)


def test_all_are_found_and_some_are_of_all_kinds() -> None:
    configs = all_configs(configs_folder())
    assert len(configs) == 395
    kinds = {str(Path(config).parent) for config in configs}
    some = spread(configs, len(kinds))
    assert {str(Path(config).parent) for config in some} == kinds
    assert some == spread(configs, len(kinds))
    assert spread(configs, 400) == configs


def test_the_table() -> None:
    outcomes = [
        Outcome('a_2d_keypoint/m/d/one.py', 'works', 'analysis', '', 60, 30.0),
        Outcome('a_2d_keypoint/m/d/two.py', 'refused', 'layers', 'a_2d_keypoint/m/d/two.py: finds all', 0, 15.0),
        Outcome('b_2d_keypoint/m/e/f/three.py', 'traceback', 'dump', 'Traceback\n...\nKeyError: 1', 0, 15.0),
    ]
    assert reason_of(outcomes[2]) == 'traceback in dump: KeyError: 1'
    text = table(outcomes, 'python benchmarks/zoo.py')
    assert '1 of 3 2-D configs' in text and 'in 1 minutes' in text
    assert '| a | m | d | 2 | 1 | 1 (1) |\n| b | m | e | 1 | 0 | 1 (2) |\n' in text
    assert text.endswith('1. finds all (1)\n2. traceback in dump: KeyError: 1 (1)\n')
    lines = summary(outcomes).splitlines()[2:]
    assert lines == ['| m | a, b | 3 | 1 | 1: finds all; 1: traceback in dump: KeyError: 1 |']
    assert summary(outcomes) in text
