"""Every config can be read and built, and the study's holds the study's values."""

import ast
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.evaluator import Evaluator
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS, HOOKS, MODELS, OPTIMIZERS, PARAM_SCHEDULERS
from torch import nn

import shg_xai.plugin  # noqa: F401
from shg_xai.models import AutoencoderNeck
from tests.helpers.analysis_stores import write_store
from tests.helpers.data import write_coco

ROOT = Path(__file__).resolve().parents[1] / 'configs'
EVERY = sorted(file.relative_to(ROOT) for file in ROOT.rglob('*.py') if '_base_' not in file.parts)
# Autoencoders alone, which see latents instead of images; tests of their own are further down.
LATENT_CONFIGS = tuple(name for name in EVERY if name.stem.startswith('ae_'))
VITPOSE = Path('vitpose_coco.py')  # needs transformers, see test_models/test_vitpose.py
CONFIGS = [name for name in EVERY if name not in (*LATENT_CONFIGS, VITPOSE)]


def read(name: Path | str) -> Config:
    init_default_scope('mmpose')
    return Config.fromfile(ROOT / name)


def test_there_are_configs() -> None:
    assert {Path('shg_coco.py'), Path('shg_ae_coco.py')} <= set(CONFIGS)
    assert {Path('ae_latents.py'), Path('demo/ae_topk_people_latents.py')} <= set(LATENT_CONFIGS)


@pytest.mark.parametrize('name', EVERY, ids=str)
def test_it_says_what_it_is_and_how_to_run_it(name: Path) -> None:
    docstring = ast.get_docstring(ast.parse((ROOT / name).read_text()))
    assert docstring is not None and f'tools/train.py configs/{name}' in docstring


@pytest.mark.parametrize('name', CONFIGS, ids=str)
def test_its_model_is_built_and_answers(name: Path) -> None:
    cfg = read(name)
    with torch.device('meta'):
        model = MODELS.build(cfg.model).eval()
    width, height = cfg.codec.input_size
    heatmaps = model._forward(torch.empty(1, 3, height, width, device='meta'))
    assert heatmaps.shape == (1, 17, *cfg.codec.heatmap_size[::-1])
    # The decoder of the head is the codec that drew the targets.
    assert tuple(model.head.decoder.heatmap_size) == tuple(cfg.codec.heatmap_size)
    assert model.head.decoder.unit_peak == cfg.codec.get('unit_peak', False)


@pytest.mark.parametrize('name', CONFIGS, ids=str)
def test_its_pipelines_make_what_the_model_takes(name: Path, tmp_path: Path) -> None:
    cfg = read(name)
    write_coco(tmp_path)
    width, height = cfg.codec.input_size
    for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
        part = 'train2017' if loader == 'train_dataloader' else 'val2017'
        dataset = DATASETS.build(
            cfg[loader].dataset
            | dict(
                data_root=str(tmp_path),
                ann_file=f'annotations/person_keypoints_{part}.json',
                data_prefix=dict(img=f'{part}/'),
            )
        )
        packed = dataset[0]
        assert packed['inputs'].shape == (3, height, width)
        if loader == 'test_dataloader':  # what MMPose's inferencers run on a photo without annotations
            assert 'gt_fields' not in packed['data_samples']
            continue
        assert packed['data_samples'].gt_fields.heatmaps.shape == (17, *cfg.codec.heatmap_size[::-1])
        assert packed['data_samples'].gt_fields.heatmaps.max() > 0.1


@pytest.mark.parametrize('name', CONFIGS, ids=str)
def test_its_evaluators_and_hooks_are_built(name: Path) -> None:
    cfg = read(name)
    metrics = [type(metric).__name__ for metric in Evaluator(cfg.val_evaluator).metrics]
    assert metrics == ['VisiblePCK', 'HeatmapLoss']
    assert 'VisiblePCK' in [type(metric).__name__ for metric in Evaluator(cfg.test_evaluator).metrics]
    for hook in cfg.custom_hooks:
        HOOKS.build(hook)


@pytest.mark.parametrize('name', CONFIGS, ids=str)
def test_its_validation_loss_is_its_training_loss(name: Path) -> None:
    cfg = read(name)
    assert cfg.val_evaluator[1].loss == cfg.model.head.loss


def test_the_studys_recipe() -> None:
    cfg = read('shg_coco.py')
    assert cfg.optim_wrapper.optimizer == dict(type='RMSprop', lr=2.5e-4, alpha=0.99)
    assert cfg.train_dataloader.batch_size == 16
    assert cfg.train_cfg.max_epochs == 100
    assert {
        key: cfg.param_scheduler[key] for key in ('type', 'monitor', 'rule', 'factor', 'patience', 'min_value')
    } == dict(type='ReduceOnPlateauLR', monitor='pck/labelled', rule='greater', factor=0.2, patience=5, min_value=5e-5)
    assert cfg.default_hooks.checkpoint.save_best == 'pck/labelled'
    assert cfg.default_hooks.checkpoint.rule == 'greater'
    assert (cfg.codec.sigma_visible, cfg.codec.sigma_occluded) == (0.5, 1.0)
    assert (tuple(cfg.codec.input_size), tuple(cfg.codec.heatmap_size)) == ((256, 256), (64, 64))
    assert cfg.val_evaluator[0] == dict(type='VisiblePCK', thr=0.05, normaliser='crop')
    assert [step.type for step in cfg.train_dataloader.dataset.pipeline] == [
        'LoadImage',
        'PersonSquareCrop',
        'TopdownAffine',
        'LoadVisibility',
        'GenerateTarget',
        'PackPoseInputs',
    ]
    assert cfg.train_dataloader.dataset.pipeline[1].padding == 1.1
    # RGB in [0, 1], its mean subtracted, no division by a standard deviation.
    assert cfg.model.data_preprocessor.std == [255.0] * 3
    assert cfg.model.test_cfg.flip_test is False


@pytest.mark.parametrize(
    'name, unlabelled_count',
    [
        ('shg_coco.py', True),
        ('shg_ae_coco.py', False),
        ('shg2_coco.py', False),
        ('shg_noskip_coco.py', True),
        ('shg_visible_coco.py', False),
        ('shg_strong_coco.py', False),
    ],
)
def test_whether_unlabelled_joints_are_trained_towards_an_empty_heatmap(name: str, unlabelled_count: bool) -> None:
    loss = MODELS.build(read(name).model.head.loss)
    predicted, target = torch.ones(1, 2, 3, 3), torch.zeros(1, 2, 3, 3)
    weights = torch.tensor([[1.0, 0.0]])  # the second joint is not labelled
    assert loss(predicted, target, weights).item() == (1.0 if unlabelled_count else 0.5)


def test_the_rate_drops_once_after_five_epochs_without_progress() -> None:
    cfg = read('shg_coco.py')
    optimizer = OPTIMIZERS.build(dict(**cfg.optim_wrapper.optimizer, params=[nn.Parameter(torch.zeros(1))]))
    scheduler = PARAM_SCHEDULERS.build(dict(**cfg.param_scheduler, optimizer=optimizer))
    rates = []
    for score in [0.1, 0.2, 0.3] + [0.3] * 15:
        scheduler.step({'pck/labelled': score, 'pck/visible': 1.0})
        rates.append(optimizer.param_groups[0]['lr'])
    # Five epochs at 0.3 again are borne; the sixth drops the rate, by 5, to its floor.
    assert rates == pytest.approx([2.5e-4] * 8 + [5e-5] * 10)


def test_a_killed_run_has_a_checkpoint_to_go_on_from() -> None:
    # MMEngine removes the oldest checkpoint before it writes the next one.
    assert read('shg_coco.py').default_hooks.checkpoint.max_keep_ckpts >= 2


def test_configs_differ_in_what_they_are_named_after() -> None:
    def backbone(name: str) -> Any:
        with torch.device('meta'):
            return MODELS.build(read(name).model).backbone

    assert backbone('shg_noskip_coco.py').hourglasses[0].skip_connections == (False,) * 4
    assert backbone('shg_coco.py').hourglasses[0].skip_connections == (True,) * 4
    assert len(backbone('shg2_coco.py').hourglasses) == 2
    necks = [
        neck
        for name in ('shg_ae_coco.py', 'shg2_ae_coco.py')
        for neck in backbone(name).modules()
        if isinstance(neck, AutoencoderNeck)
    ]
    assert [neck.decoder[0].in_features for neck in necks] == [50, 50, 25]
    assert read('shg_visible_coco.py').param_scheduler.monitor == 'pck/visible'


def test_the_strong_configs_last_layer_starts_ten_times_smaller() -> None:
    torch.manual_seed(0)
    head = MODELS.build(read('shg_strong_coco.py').model.head)
    head.init_weights()
    glorot = math.sqrt(2 / (17 + 17))
    assert head.final_layer.weight.std().item() == pytest.approx(0.1 * glorot, rel=0.2)
    assert head.conv_layers[0].weight.std().item() == pytest.approx(math.sqrt(2 / (256 + 17)), rel=0.1)


@pytest.mark.parametrize('name', ['shg_ae_coco.py', 'shg2_ae_coco.py'])
def test_autoencoders_from_scratch_start_small(name: str) -> None:
    # Of Glorot's size they drown the skips, and the demo's network stays stuck at a PCK of 0.37.
    torch.manual_seed(0)
    bottleneck = read(name).model.backbone.bottleneck
    for neck in bottleneck if isinstance(bottleneck, list) else [bottleneck]:
        autoencoder = MODELS.build(neck)
        autoencoder.init_weights()
        last = autoencoder.decoder[-1][-2].weight
        assert last.shape == (256, 192, 3, 3)
        glorot = math.sqrt(2 / (9 * (256 + 192)))
        assert last.std().item() == pytest.approx(0.5 * glorot, rel=0.05)


@pytest.mark.parametrize('name', LATENT_CONFIGS, ids=str)
def test_an_autoencoder_alone_is_built_and_answers(name: Path, tmp_path: Path) -> None:
    cfg = read(name)
    with torch.device('meta'):
        model = MODELS.build(cfg.model).eval()
    shape = model.neck.in_shape
    assert model(torch.empty(2, *shape, device='meta')).shape == (2, *shape)
    values = np.random.default_rng(0).standard_normal((8, *shape)).astype(np.float32)
    store = write_store(tmp_path / 'store', values)
    parts = {}
    for loader in ('train', 'val', 'test'):
        dataset = DATASETS.build(cfg[f'{loader}_dataloader'].dataset | dict(data_root=str(store)))
        assert dataset[0]['inputs'].shape == shape
        parts[loader] = set(dataset.selection.rows)
    assert parts['val'] == parts['test']
    assert parts['val'] | parts['train'] == set(range(8))
    assert not parts['val'] & parts['train']
    assert [type(metric).__name__ for metric in Evaluator(cfg.val_evaluator).metrics] == ['ExplainedVariance']
    for hook in cfg.custom_hooks:
        HOOKS.build(hook)


@pytest.mark.parametrize('kind', ['topk', 'variational'])
def test_what_is_trained_alone_fits_into_its_network(kind: str) -> None:
    alone, network = read(f'ae_{kind}_latents.py'), read(f'shg_ae_{kind}_coco.py')
    assert network.model.backbone.bottleneck == alone.model.neck
    assert network.default_hooks.splice.type == 'SpliceHook'


def test_the_linear_one_is_linear() -> None:
    neck = MODELS.build(read('ae_linear_latents.py').model.neck).eval()
    x = torch.randn(3, *neck.in_shape, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(neck(x[:1] + x[1:2] - x[2:]), neck(x[:1]) + neck(x[1:2]) - neck(x[2:]))
    assert not any(isinstance(layer, nn.ReLU) for layer in neck.modules())


def test_the_studys_autoencoder_alone() -> None:
    cfg = read('ae_latents.py')
    # What shg_ae_coco.py puts into the bottleneck.
    assert MODELS.build(cfg.model.neck).state_dict().keys() == AutoencoderNeck().state_dict().keys()
    assert dict(cfg.model.neck) == dict(
        type='AutoencoderNeck',
        in_channels=256,
        in_featuremap_size=(4, 4),
        hidden_channels=(192, 128, 64),
        code_channels=50,
        code_relu=True,
        output_relu=True,
        noise=0.1,
    )
    assert cfg.optim_wrapper.optimizer == dict(type='SGD', lr=5e-4, momentum=0.9)
    assert (cfg.train_dataloader.batch_size, cfg.train_cfg.max_epochs) == (16, 100)
    optimizer = OPTIMIZERS.build(dict(**cfg.optim_wrapper.optimizer, params=[nn.Parameter(torch.zeros(1))]))
    scheduler = PARAM_SCHEDULERS.build(dict(**cfg.param_scheduler, optimizer=optimizer))
    rates = []
    for _ in range(100):
        rates.append(optimizer.param_groups[0]['lr'])
        optimizer.step()
        scheduler.step()
    assert rates == pytest.approx(np.repeat([5e-4, 2.5e-4, 1.25e-4, 6.25e-5], 25))
    assert cfg.default_hooks.checkpoint.save_best == 'latent/explained_variance_ratio'
    assert cfg.randomness.seed == 0
