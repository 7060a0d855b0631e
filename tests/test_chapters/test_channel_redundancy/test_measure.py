"""PCK with k channel components kept against full passes with hooks and projections of our own."""

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS
from sklearn.decomposition import PCA

import shg_xai.plugin  # noqa: F401
from shg_xai.chapters.channel_redundancy.measure import find_redundancy, fit_persons, projected_channels
from shg_xai.chapters.channel_redundancy.options import RedundancyOptions, choose_layers, numbers
from shg_xai.errors import InputError
from shg_xai.interventions.persons import evaluation_dataset
from tests.helpers.data import write_coco
from tests.test_chapters.test_component_projection.test_measure import RESNET, THR, batches, exactly, labelled_pck
from tests.test_interventions.test_capture import (
    load,
    one_thread,  # noqa: F401
    save_network,
    small_config,
)

HOURGLASS = 'backbone.hourglasses.0'
STAGES = [
    f'{HOURGLASS}.{name}' for name in ('skips.0', 'downs.0', 'skips.1', 'downs.1', 'bottleneck_residuals', 'ups.1')
]
STAGES.append('backbone.residuals.0')
Project = Callable[[np.ndarray], np.ndarray]  # of samples (M, C)


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 persons for the components, six to test on."""
    return write_coco(tmp_path_factory.mktemp('data') / 'coco', train_images=12)


@pytest.fixture
def made(data: Path, tmp_path: Path, repo_root: Path) -> Callable[..., Config]:
    """Makes a small network of random weights."""

    def make(model: dict[str, Any] | None = None) -> Config:
        cfg = small_config(
            repo_root / 'configs/shg_coco.py',
            data,
            tmp_path / 'work',
            f'val_evaluator.0.thr={THR}',
            f'test_evaluator.thr={THR}',
        )
        cfg.merge_from_dict(dict(model=deepcopy(model or {})))  # it takes _delete_ out
        cfg.load_from, cfg.resume = str(save_network(cfg, tmp_path / 'small.pth')), False
        return cfg

    return make


def run(cfg: Config, **options: Any) -> dict[str, Any]:
    """Measure; each run with a logger of its own."""
    cfg.experiment_name += '_'
    return find_redundancy(cfg, cfg.load_from, RedundancyOptions(**{'bootstrap': 10} | options))


def samples_of(cfg: Config, layers: list[str]) -> dict[str, np.ndarray]:
    """What layers put out for all training persons, a position of a person a row, (M, C)."""
    init_default_scope('mmpose')
    dataset = DATASETS.build(evaluation_dataset(cfg, 'train'))
    model, found = load(cfg, cfg.load_from).eval(), {name: [] for name in layers}
    for name in layers:
        model.get_submodule(name).register_forward_hook(
            lambda module, inputs, output, own=found[name]: own.append(output.double())
        )
    for start in range(0, len(dataset), 4):
        batch = [dataset[index] for index in range(start, start + 4)]
        with torch.no_grad():
            model(**model.data_preprocessor(pseudo_collate(batch), False), mode='tensor')
    return {name: torch.cat(own).permute(0, 2, 3, 1).flatten(0, 2).numpy() for name, own in found.items()}


def full_passes(cfg: Config, layer: str, project: Project) -> float:
    """Labelled PCK of full test steps in which a hook projects what the layer puts out."""
    model, tested = load(cfg, cfg.load_from).eval(), []

    def hook(module: Any, inputs: Any, output: torch.Tensor) -> torch.Tensor:
        channels_last = output.permute(0, 2, 3, 1)
        flat = channels_last.reshape(-1, output.shape[1]).double().numpy()
        values = torch.from_numpy(np.ascontiguousarray(project(flat))).float()
        return values.reshape(channels_last.shape).permute(0, 3, 1, 2)

    model.get_submodule(layer).register_forward_hook(hook)
    with torch.no_grad():
        for batch in batches(cfg):
            tested += model.test_step(batch)
    return labelled_pck(tested, [sample.pred_instances.keypoints[0] for sample in tested])


def kept_by_hand(values: np.ndarray, k: int) -> Project:
    fitted = PCA(k, svd_solver='full').fit(values)
    return lambda x: fitted.inverse_transform(fitted.transform(x))


def curve(found: dict[str, Any], layer: str) -> dict[int, dict[str, Any]]:
    entry = next(entry for entry in found['layers'] if entry['name'] == layer)
    return {step['k']: step for step in entry['curve']}


def pck(found: dict[str, Any], layer: str, k: int) -> float:
    return curve(found, layer)[k]['pck']['labelled']['value']


@pytest.mark.slow
def test_none_all_and_some_channels(made: Callable[..., Config]) -> None:
    cfg = made()
    found = run(cfg)
    assert [layer['name'] for layer in found['layers']] == STAGES
    assert [(layer['part'], layer['level'], layer['height'], layer['width']) for layer in found['layers']] == [
        ('skip', 0, 16, 16),
        ('encoder', 0, 8, 8),
        ('skip', 1, 8, 8),
        ('encoder', 1, 4, 4),
        ('bottleneck', None, 4, 4),
        ('decoder', 1, 8, 8),
        ('after', None, 16, 16),
    ]
    values = samples_of(cfg, STAGES)
    told_apart = set()
    for layer in found['layers']:
        name, samples = layer['name'], values[layer['name']]
        assert (layer['stack'], layer['channels']) == (0, 8)
        steps = curve(found, name)
        assert list(steps) == [0, 1, 2, 4, 8]
        assert steps[8]['pck'] == found['untouched']
        assert steps[8]['drop']['labelled'] == dict(value=0, low=0, high=0)
        expected = PCA().fit(samples)
        ratio = expected.explained_variance_ratio_
        assert layer['explained_variance_ratio'] == pytest.approx(ratio.tolist(), rel=1e-5)
        assert layer['components_95'] == int((np.cumsum(ratio) < 0.95).sum()) + 1
        assert layer['participation_ratio'] == pytest.approx(1 / (ratio**2).sum(), rel=1e-5)
        assert [step['explained_variance_ratio'] for step in steps.values()] == pytest.approx(
            [0, *np.cumsum(ratio)[[0, 1, 3, 7]]], rel=1e-5
        )
        told_apart |= {step['pck']['labelled']['value'] for step in steps.values()}
        costly = [k for k, step in steps.items() if step['drop']['labelled']['value'] > 0.005]
        assert layer['suggestion']['k'] == min(k for k in steps if k > max(costly, default=-1))
    assert len(told_apart) > 5
    for name in (STAGES[0], STAGES[4], STAGES[6]):
        mean = values[name].mean(axis=0)
        assert pck(found, name, 0) == exactly(full_passes(cfg, name, lambda x, m=mean: x * 0 + m))
        for k in (1, 4):
            project = kept_by_hand(values[name], k)
            assert pck(found, name, k) == exactly(full_passes(cfg, name, project))
    for group, drop in curve(found, STAGES[1])[0]['drop'].items():
        assert drop['value'] == pytest.approx(
            found['untouched'][group]['value'] - curve(found, STAGES[1])[0]['pck'][group]['value']
        )
    assert found['fit'] == dict(split='train', persons=24)
    assert (found['persons'], found['warnings']) == (6, [])
    assert found['settings'] == dict(
        tolerance=0.005, fit_persons=500, limit=None, bootstrap=10, confidence=0.95, thr=THR, normaliser='crop'
    )


def test_a_layer_that_puts_each_channel_out_twice_is_redundant(made: Callable[..., Config]) -> None:
    cfg = made()
    layer = f'{HOURGLASS}.downs.0'
    content = torch.load(cfg.load_from, weights_only=True)
    for name in ('branch.8', 'shortcut'):
        for kind in ('weight', 'bias'):
            values = content['state_dict'][f'backbone.{layer.removeprefix("backbone.")}.{name}.{kind}']
            values[4:] = values[:4]
    torch.save(content, cfg.load_from)
    found = run(cfg, layers=(layer,), ks=(3, 4, 5), tolerance=0)
    (entry,) = found['layers']
    assert entry['suggestion']['k'] <= 4
    assert entry['components_95'] <= 4
    assert entry['explained_variance_ratio'][4:] == pytest.approx([0] * 4, abs=1e-9)
    assert curve(found, layer)[4]['pck'] == found['untouched']
    assert curve(found, layer)[4]['explained_variance_ratio'] == pytest.approx(1)


def test_a_layer_that_never_varies_has_no_spectrum(made: Callable[..., Config]) -> None:
    cfg = made()
    layer = f'{HOURGLASS}.skips.0'
    content = torch.load(cfg.load_from, weights_only=True)
    for name, values in content['state_dict'].items():
        if name.startswith((f'{layer}.branch.8', f'{layer}.shortcut')):
            values.zero_()
    torch.save(content, cfg.load_from)
    found = run(cfg, layers=(layer,), ks=(0,))
    (entry,) = found['layers']
    assert (entry['components_95'], entry['explained_variance_ratio']) == (None, None)
    assert entry['curve'][0]['pck'] == found['untouched']
    assert entry['suggestion']['k'] == 0
    assert found['warnings'] == [f'{layer} puts out the same for everybody at every position.']


def test_stages_of_two_stacks_without_some_skips(made: Callable[..., Config]) -> None:
    cfg = made(dict(backbone=dict(num_stacks=2, skip_connections=[[True, False], False])))
    names = [
        f'backbone.{name}'
        for name in (
            'hourglasses.0.skips.0',
            'hourglasses.0.downs.0',
            'hourglasses.0.downs.1',
            'hourglasses.0.bottleneck_residuals',
            'hourglasses.0.ups.1',
            'residuals.0',
            'hourglasses.1.downs.0',
            'hourglasses.1.downs.1',
            'hourglasses.1.bottleneck_residuals',
            'hourglasses.1.ups.1',
            'residuals.1',
        )
    ]
    assert list(choose_layers(cfg, None)) == names
    assert choose_layers(cfg, (names[8], names[0])) == {names[0]: (8, 16, 16), names[8]: (8, 4, 4)}


def test_another_network_with_flip_test(made: Callable[..., Config]) -> None:
    cfg = made(RESNET)
    layer = 'backbone.layer3'
    found = run(cfg, layers=(layer,), ks=(0, 3))
    (entry,) = found['layers']
    assert (entry['stack'], entry['part'], entry['level']) == (None, None, None)
    values = samples_of(cfg, [layer])[layer]
    assert entry['channels'] == values.shape[1] == 32
    assert curve(found, layer)[32]['pck'] == found['untouched']
    mean = values.mean(axis=0)
    assert pck(found, layer, 0) == exactly(full_passes(cfg, layer, lambda x: x * 0 + mean))
    assert pck(found, layer, 3) == exactly(full_passes(cfg, layer, kept_by_hand(values, 3)))
    with pytest.raises(InputError, match='its backbone is no StackedHourglass'):
        choose_layers(cfg, None)
    with pytest.raises(InputError, match=r'no layer .backbone.layer5.*did you mean backbone.layer'):
        choose_layers(cfg, ['backbone.layer5'])


def test_whom_the_components_are_of(made: Callable[..., Config]) -> None:
    cfg = made()

    def drawn(**options: Any) -> list[int]:
        dataset = fit_persons(cfg, RedundancyOptions(**options))
        return [dataset.get_data_info(index)['id'] for index in range(len(dataset))]

    assert drawn() == [10 * image + person for image in range(1, 13) for person in (0, 1)]
    some = drawn(fit_persons=5, seed=1)
    assert (len(some), some) == (5, sorted(set(some)))
    assert some == drawn(fit_persons=5, seed=1) != drawn(fit_persons=5, seed=2)
    assert drawn(fit_split='val') == [10, 11, 20, 21, 30, 31]


def test_what_the_reader_is_warned_of(made: Callable[..., Config]) -> None:
    cfg = made(dict(backbone=dict(depth=4)))  # the bottleneck is 1 x 1
    layer = f'{HOURGLASS}.bottleneck_residuals'
    found = run(cfg, layers=(layer,), ks=(0,), fit_split='val', limit=2)
    assert found['untouched']['labelled']['low'] is None
    assert [warning[:39] for warning in found['warnings']] == [
        'The components were computed from perso',
        'All persons are of one image: there are',
        f'{layer}: 6 positions'[:39],
    ]


@pytest.mark.parametrize('memory_format', [torch.contiguous_format, torch.channels_last])
def test_a_projection_keeps_type_and_format(memory_format: torch.memory_format) -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 4, 2, 5).contiguous(memory_format=memory_format)
    mean, vectors = torch.randn(4), torch.linalg.qr(torch.randn(4, 4))[0]
    whole = projected_channels(x, mean, vectors)
    assert whole.stride() == x.stride()
    torch.testing.assert_close(whole, x)
    none = projected_channels(x, mean, vectors[:, :0])
    assert torch.equal(none, mean.view(1, 4, 1, 1).expand_as(x))
    one = vectors[:, :1].double()
    by_hand = torch.nn.functional.conv2d(
        x.double() - mean.double().view(4, 1, 1), (one @ one.T)[:, :, None, None], mean.double()
    )
    torch.testing.assert_close(projected_channels(x, mean, vectors[:, :1]).double(), by_hand, atol=1e-5, rtol=0)
    with torch.autocast('cpu'):
        half = projected_channels(x.bfloat16(), mean, vectors)
    assert half.dtype == torch.bfloat16
    assert torch.equal(half, x.bfloat16())  # computed in float32


def test_numbers_of_components() -> None:
    assert numbers(None, 'layer', 6) == [0, 1, 2, 4, 6]
    assert numbers((3, 1, 3), 'layer', 6) == [1, 3, 6]
    with pytest.raises(InputError, match=r'--k 7: layer backbone\.x has 6 channels; give at most'):
        numbers((7,), 'backbone.x', 6)


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(fit_persons=1), '--fit-persons 1: give 2 or more'),
        (dict(limit=0), '--limit 0: give 1 or more'),
        (dict(bootstrap=9), '--bootstrap 9: give 10 or more'),
        (dict(seed=-1), '--seed -1: give 0 or more'),
        (dict(ks=(1, -1)), '--k -1: give numbers of components from 0 on'),
        (dict(confidence=1), r'--confidence 1: give a share between 0 and 1'),
        (dict(tolerance=-0.1), r'--tolerance -0\.1: give a number from 0 to 1'),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        RedundancyOptions(**options)
