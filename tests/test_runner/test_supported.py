"""Which configs are refused, by the config alone."""

from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config
from mmpose.models import BottomupPoseEstimator

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.runner.config import read_config
from shg_xai.runner.layers import list_layers
from shg_xai.runner.supported import check_supported

TOP_DOWN = dict(type='TopdownPoseEstimator', backbone=dict(type='ResNet', depth=18))


@pytest.mark.parametrize(
    'model, said',
    [
        (dict(type='BottomupPoseEstimator'), 'BottomupPoseEstimator finds all persons .*; take a top-down config'),
        (dict(type=BottomupPoseEstimator), 'BottomupPoseEstimator finds all persons .*; take a top-down config'),
        (dict(type='mmpose.PoseLifter'), 'PoseLifter lifts joints to 3-D'),
        (TOP_DOWN | dict(head=dict(type='InternetHead')), 'InternetHead finds joints in 3-D'),
        (dict(type='DWPoseDistiller', teacher_cfg='a.py'), 'DWPoseDistiller trains a student .* config of the student'),
        (TOP_DOWN | dict(neck=[dict(type='nowhere.Neck')]), None),  # for MMEngine to find, or not
        (TOP_DOWN, None),
        (None, 'no model; give a config of a network'),
    ],
)
def test_what_cannot_be_looked_into(model: dict[str, Any] | None, said: str | None) -> None:
    cfg = Config(dict(model=model) if model else {})
    if said is None:
        check_supported(cfg)
        return
    with pytest.raises(InputError, match=f'^config: {said}'):
        check_supported(cfg)


def test_a_package_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr('importlib.util.find_spec', lambda name: None)
    cfg = Config(dict(model=TOP_DOWN | dict(backbone=dict(type='mmpretrain.VisionTransformer'))))
    with pytest.raises(
        InputError, match=r'mmpretrain\.VisionTransformer is of mmpretrain, which is not installed; pip'
    ):
        check_supported(cfg)


def test_a_config_of_classes_without_scope(tmp_path: Path) -> None:
    file = tmp_path / 'new_style.py'
    file.write_text("""
from mmpose.codecs import MSRAHeatmap
from mmpose.models import HeatmapHead, PoseDataPreprocessor, ResNet, TopdownPoseEstimator

default_scope = None
codec = dict(type=MSRAHeatmap, input_size=(32, 64), heatmap_size=(8, 16), sigma=2)
model = dict(
    type=TopdownPoseEstimator,
    data_preprocessor=dict(type=PoseDataPreprocessor),
    backbone=dict(type=ResNet, depth=18, base_channels=8, stem_channels=8),
    head=dict(type=HeatmapHead, in_channels=64, out_channels=5, deconv_out_channels=(8,), deconv_kernel_sizes=(4,),
              decoder=codec),
)
""")
    layers = {layer.name: layer for layer in list_layers(read_config(str(file)))}
    assert layers['backbone.layer4'].shape == (64, 2, 1)
    assert layers['head.final_layer'].shape == (5, 4, 2)
