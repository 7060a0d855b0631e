"""ViTPose of Hugging Face's transformers, against transformers itself."""

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.interventions.capture import dump_latents
from shg_xai.interventions.capture_options import DumpOptions
from shg_xai.latents import LatentStore, verify
from shg_xai.models import vitpose
from shg_xai.runner.checkpoints import check_fits, read_weights
from shg_xai.runner.layers import list_layers
from tests.helpers.data import write_coco

ARCH = dict(image_size=(64, 48), hidden_size=8, num_hidden_layers=2, num_attention_heads=2)
CLASSIC = dict(deconv_out_channels=(256, 256), deconv_kernel_sizes=(4, 4), final_layer=dict(kernel_size=1, padding=0))


@pytest.fixture
def package() -> Any:
    return pytest.importorskip('transformers', reason="transformers is not installed: pip install 'transformers>=4.48'")


def small(repo_root: Path, folder: Path, classic: bool = False, **arch: Any) -> Config:
    """The config, for images of 48 x 64 and 8 channels, on made persons."""
    init_default_scope('mmpose')
    cfg = Config.fromfile(repo_root / 'configs/vitpose_coco.py')
    cfg.model.backbone.arch = {**ARCH, **arch}
    cfg.model.head.in_channels = 8
    sizes = dict(input_size=(48, 64), heatmap_size=(12, 16))
    cfg.model.head.decoder.update(sizes)
    if classic:
        cfg.model.head.update(CLASSIC)
        cfg.model.neck = None
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        loader = cfg[name]
        loader.update(batch_size=2, num_workers=0, persistent_workers=False)
        loader.dataset.data_root = str(folder / 'coco')
        for step in loader.dataset.pipeline:
            if step.type == 'TopdownAffine':
                step.input_size = (48, 64)
            if step.type == 'GenerateTarget':
                step.encoder.update(sizes)
    cfg.work_dir, cfg.experiment_name = str(folder / 'work'), f'vitpose_{folder.name}'
    cfg.launcher, cfg.log_level = 'none', 'WARNING'
    return cfg


def published(package: Any, folder: Path, classic: bool, **arch: Any) -> Any:
    """A ViTPose of transformers with random weights, in a folder as its hub has it."""
    torch.manual_seed(0)
    config = package.VitPoseConfig(
        backbone_config=package.VitPoseBackboneConfig(**ARCH, **arch),
        num_labels=17,
        scale_factor=4,
        use_simple_decoder=not classic,
    )
    model = package.VitPoseForPoseEstimation(config).eval()
    with torch.no_grad():
        for value in model.parameters():  # its own start is so near to 0 that all looks alike
            torch.nn.init.normal_(value, std=0.3)
    model.save_pretrained(folder)
    return model


@pytest.mark.parametrize('classic, experts', [(False, 1), (True, 1), (False, 3)])
def test_published_weights_predict_what_transformers_predicts(
    package: Any, repo_root: Path, tmp_path: Path, classic: bool, experts: int
) -> None:
    arch = dict(num_experts=experts, part_features=2) if experts > 1 else {}
    theirs = published(package, tmp_path / 'hub', classic, **arch)
    vitpose.main(str(tmp_path / 'hub'), str(tmp_path / 'vitpose.pth'))
    ours = MODELS.build(small(repo_root, tmp_path, classic, **arch).model).eval()
    weights = read_weights(str(tmp_path / 'vitpose.pth'))
    check_fits(weights, ours, 'vitpose.pth')
    ours.load_state_dict(weights)
    images = torch.randn(3, 3, 64, 48)
    with torch.no_grad():
        index = dict(dataset_index=torch.zeros(3, dtype=torch.long)) if experts > 1 else {}
        expected, found = theirs(images, **index).heatmaps, ours._forward(images)
    assert found.shape == (3, 17, 16, 12) and expected.std() > 1e-3
    torch.testing.assert_close(found, expected)


def test_layers_are_listed_and_stored(package: Any, repo_root: Path, tmp_path: Path) -> None:
    write_coco(tmp_path / 'coco')
    published(package, tmp_path / 'hub', False)
    vitpose.main(str(tmp_path / 'hub'), str(tmp_path / 'vitpose.pth'))
    cfg = small(repo_root, tmp_path)
    infos = {info.name: info for info in list_layers(cfg)}
    assert infos['backbone:0'].shape == (8, 4, 3)
    assert infos['backbone.model.encoder.layer.1'].shape == (12, 8)
    assert all(info.per_person for info in infos.values())
    cfg.load_from = str(tmp_path / 'vitpose.pth')
    layers = ('backbone:0', 'backbone.model.layernorm')
    options = DumpOptions(layers=layers, out=tmp_path / 'store', dtype='float32')
    assert dump_latents(cfg, cfg.load_from, options) == 6
    assert verify(tmp_path / 'store') == []
    grid, tokens = (LatentStore.open(tmp_path / 'store').array(layer)[:] for layer in layers)
    # The map is the tokens, row by row.
    np.testing.assert_array_equal(grid.reshape(6, 8, 12), tokens.transpose(0, 2, 1))
    assert len(np.unique(grid[:, 0, 0, 0])) == 6


def test_a_training_starts_from_published_weights(package: Any, repo_root: Path, tmp_path: Path) -> None:
    theirs = published(package, tmp_path / 'hub', False)
    cfg = small(repo_root, tmp_path)
    cfg.model.backbone.pretrained = str(tmp_path / 'hub')
    model = MODELS.build(cfg.model)
    model.init_weights()
    for name, value in theirs.backbone.state_dict().items():
        assert torch.equal(model.backbone.model.state_dict()[name], value)
    cfg.model.backbone.arch.num_hidden_layers = 3
    with pytest.raises(InputError, match=r'hub: not of this arch \(.*Missing key'):
        MODELS.build(cfg.model).init_weights()
    with pytest.raises(InputError, match='nowhere: no ViTPose of transformers'):
        vitpose.published_weights(str(tmp_path / 'nowhere'))


def test_without_transformers_one_line_says_so(
    repo_root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, 'transformers', None)
    with pytest.raises(InputError, match=r"transformers cannot be used .*; install it: pip install 'transformers"):
        list_layers(small(repo_root, tmp_path))
