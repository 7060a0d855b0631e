"""A small network of ours with random weights, and what its layers put out in a plain forward pass."""

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config, DictAction
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, MODELS

import shg_xai.plugin  # noqa: F401
from shg_xai.interventions.capture import dump_latents
from shg_xai.interventions.capture_options import DumpOptions
from shg_xai.latents import LatentStore, verify
from tests.helpers.data import quick

LAYER = 'backbone.hourglasses.0.bottleneck_residuals'
# Instead of ours, with a flip test; its last layer is backbone.layer4.
RESNET = dict(
    backbone=dict(type='ResNet', depth=18, base_channels=8, stem_channels=8, _delete_=True),
    head=dict(
        type='HeatmapHead',
        in_channels=64,
        deconv_out_channels=(8, 8, 8),
        deconv_kernel_sizes=(4, 4, 4),
        conv_out_channels=None,
        conv_kernel_sizes=None,
    ),
    test_cfg=dict(flip_test=True, flip_mode='heatmap', shift_heatmap=True),
)
Latents = dict[int, np.ndarray]


def small_config(config: Path, data: Path, work: Path, *more: str) -> Config:
    """A config of ours, small, on this data."""
    parser = argparse.ArgumentParser()
    parser.add_argument('--options', nargs='+', action=DictAction)
    cfg = Config.fromfile(config)
    cfg.merge_from_dict(parser.parse_args(['--options', *quick(config), *more]).options)
    for name in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        cfg[name].dataset.data_root = str(data)
    # MMEngine keeps a logger for each name.
    cfg.work_dir, cfg.experiment_name = str(work), f'{work.parent.name}_{work.name}'
    cfg.launcher, cfg.log_level = 'none', 'WARNING'
    return cfg


def save_network(cfg: Config, path: Path, seed: int = 0) -> Path:
    """An untrained network of a config, as a checkpoint; it tells images apart."""
    init_default_scope('mmpose')
    torch.manual_seed(seed)
    model = MODELS.build(cfg.model)
    for layer in model.modules():
        if isinstance(layer, torch.nn.BatchNorm2d):
            layer.momentum = 1
    with torch.no_grad():
        model.train().backbone(
            torch.rand(8, 3, 8, 8).sub(0.5).repeat_interleave(8, 2).repeat_interleave(8, 3)
        )  # statistics of coarse patterns
    torch.save(dict(state_dict=model.state_dict()), path)
    return path


def plain_latents(
    cfg: Config,
    model: torch.nn.Module,
    layer: str,
    batch_size: int,
    dataset_cfg: Any = None,
    limit: int | None = None,
    mirrored: bool = False,
) -> Latents:
    """What a layer puts out for each person in a forward pass of the backbone, by annotation id."""
    init_default_scope('mmpose')
    dataset = DATASETS.build({**(dataset_cfg or cfg.val_dataloader.dataset), 'bbox_file': ''})
    preprocessor, seen = cfg.model.data_preprocessor, []
    latents: Latents = {}
    mean, std = (torch.tensor(preprocessor[name]).view(3, 1, 1) for name in ('mean', 'std'))
    handle = (
        model.eval()
        .get_submodule(layer)
        .register_forward_hook(lambda module, inputs, output: seen.append(output.clone()))
    )
    persons = [dataset[index] for index in range(limit or len(dataset))]
    for start in range(0, len(persons), batch_size):
        batch = pseudo_collate(persons[start : start + batch_size])
        images = torch.stack(batch['inputs']).flip(1).float()  # RGB
        with torch.no_grad():
            model.backbone((images.flip(3) if mirrored else images).sub(mean).div(std))
        ids = [sample.raw_ann_info['id'] for sample in batch['data_samples']]
        latents |= dict(zip(ids, seen.pop().numpy(), strict=True))
    handle.remove()
    assert not seen
    # A layer that says the same of everybody would hide any mistake in the order.
    assert len({values.tobytes() for values in latents.values()}) == len(latents)
    return latents


def load(cfg: Config, checkpoint: Path) -> torch.nn.Module:
    """The network of a config with the weights of a checkpoint."""
    init_default_scope('mmpose')
    model = MODELS.build(cfg.model)
    model.load_state_dict(torch.load(checkpoint, weights_only=True)['state_dict'])
    return model


def stored(folder: Path, layer: str = LAYER) -> Latents:
    """The latents of a whole store, by annotation id."""
    assert verify(folder) == []
    store = LatentStore.open(folder)
    return dict(zip(store.annotation_ids.tolist(), store.array(layer)[:], strict=True))


def assert_same(found: Latents, expected: Latents, dtype: str = 'float32') -> None:
    """The same persons in the same order, with the same numbers to the last bit."""
    assert list(found) == list(expected)
    for number, values in expected.items():
        assert found[number].dtype == np.dtype(dtype)
        np.testing.assert_array_equal(found[number], values.astype(dtype))


def dump_store(cfg: Config, out: Path, **options: Any) -> int:
    """Dump the study's layer; each run with a logger of its own."""
    cfg.experiment_name += '_'
    settings = {'layers': (LAYER,), 'dtype': 'float32', **options}
    return dump_latents(cfg, cfg.load_from, DumpOptions(out=out, **settings))
