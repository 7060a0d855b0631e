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
from shg_xai.chapters.channel_redundancy.measure import (
    Place,
    channel_moments,
    choose_layers,
    fit_persons,
    measure,
    place_of,
    spectrum_over_channels,
)
from shg_xai.chapters.channel_redundancy.options import ChannelRedundancyOptions
from shg_xai.chapters.channel_redundancy.results import ChannelRedundancy, LayerChannels
from shg_xai.errors import InputError
from shg_xai.interventions.edits import Batch, project_channels
from shg_xai.interventions.persons import evaluation_dataset
from shg_xai.results import Estimate
from shg_xai.results_file import read_answer, write
from shg_xai.stats.moments import Moments
from shg_xai.stats.pca import Components, principal_components
from tests.helpers.data import write_coco
from tests.helpers.full_passes import THR, Project, batches, dumped, exactly, labelled_pck, projected_by_hand
from tests.helpers.small_network import RESNET, load, save_network, small_config

pytestmark = pytest.mark.usefixtures('one_thread')

HOURGLASS = 'backbone.hourglasses.0'
STAGES = [
    f'{HOURGLASS}.{name}' for name in ('skips.0', 'downs.0', 'skips.1', 'downs.1', 'bottleneck_residuals', 'ups.1')
]
STAGES.append('backbone.residuals.0')


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


def run(cfg: Config, **options: Any) -> ChannelRedundancy:
    return measure(ChannelRedundancyOptions(**dumped(cfg), **{'bootstrap': 10} | options))


def samples_of(cfg: Config, layers: list[str]) -> dict[str, np.ndarray]:
    """What layers put out for all training persons, a position of a person a row, (M, C)."""
    init_default_scope('mmpose')
    dataset = DATASETS.build(evaluation_dataset(cfg, 'train'))
    model: Any = load(cfg, cfg.load_from).eval()
    found: dict[str, list[torch.Tensor]] = {name: [] for name in layers}
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
    model: Any = load(cfg, cfg.load_from).eval()
    tested: list[Any] = []

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


def constant(mean: np.ndarray) -> Project:
    return lambda x: x * 0 + mean


def pck(layer: LayerChannels, k: int) -> float | None:
    return layer.pck['labelled'].at(k).value


def pck_at(layer: LayerChannels, k: int) -> dict[str, Estimate]:
    return {group: curve.at(k) for group, curve in layer.pck.items()}


@pytest.mark.slow
def test_none_all_and_some_channels(made: Callable[..., Config], tmp_path: Path) -> None:
    cfg = made()
    found = run(cfg)
    layers = {layer.name: layer for layer in found.layers}
    assert list(layers) == STAGES
    assert [(layer.part, layer.level, layer.height, layer.width) for layer in found.layers] == [
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
    for name, layer in layers.items():
        assert (layer.stack, layer.channels, layer.ks) == (0, 8, [0, 1, 2, 4, 8])
        assert pck_at(layer, 8) == found.untouched
        drops = dict(zip(layer.ks, layer.drop['labelled'].y, strict=True))
        assert drops[8] == Estimate(value=0, low=0, high=0, n=6)
        ratio = PCA().fit(values[name]).explained_variance_ratio_
        assert layer.spectrum is not None
        assert layer.spectrum.explained_variance_ratio == pytest.approx(ratio.tolist(), rel=1e-5)
        assert layer.spectrum.components_95 == int((np.cumsum(ratio) < 0.95).sum()) + 1
        assert layer.spectrum.participation_ratio == pytest.approx(1 / (ratio**2).sum(), rel=1e-5)
        assert layer.spectrum.cumulative == pytest.approx([0, *np.cumsum(ratio)[[0, 1, 3, 7]]], rel=1e-5)
        told_apart |= {point.value for point in layer.pck['labelled'].y}
        assert layer.suggestion.k == 8  # of six persons nothing smaller can be shown to be enough
    assert len(told_apart) > 5
    for name in (STAGES[0], STAGES[4], STAGES[6]):
        mean = values[name].mean(axis=0)
        assert pck(layers[name], 0) == exactly(full_passes(cfg, name, constant(mean)))
        for k in (1, 4):
            assert pck(layers[name], k) == exactly(full_passes(cfg, name, projected_by_hand(values[name], k)))
    for group, drop in layers[STAGES[1]].drop.items():
        lost = (found.untouched[group].value or 0) - (pck_at(layers[STAGES[1]], 0)[group].value or 0)
        assert drop.at(0).value == pytest.approx(lost)
    assert (found.fitted_on, found.persons, found.warnings) == (24, 6, [])
    assert (found.thr, found.normaliser, found.options.fit_split) == (THR, 'crop', 'train')
    write(tmp_path / 'found.json', found)
    assert read_answer(tmp_path / 'found.json', ChannelRedundancy) == found


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
    (entry,) = found.layers
    assert [entry.drop['labelled'].at(k).value for k in (4, 5)] == [0, 0] and entry.suggestion.upper is None
    assert entry.spectrum is not None and entry.spectrum.components_95 <= 4
    assert entry.spectrum.explained_variance_ratio[4:] == pytest.approx([0] * 4, abs=1e-9)
    assert pck_at(entry, 4) == found.untouched
    assert entry.spectrum.cumulative[1] == pytest.approx(1)


def test_a_layer_that_never_varies_has_no_spectrum(made: Callable[..., Config]) -> None:
    cfg = made()
    layer = f'{HOURGLASS}.skips.0'
    content = torch.load(cfg.load_from, weights_only=True)
    for name, values in content['state_dict'].items():
        if name.startswith((f'{layer}.branch.8', f'{layer}.shortcut')):
            values.zero_()
    torch.save(content, cfg.load_from)
    found = run(cfg, layers=(layer,), ks=(0,))
    (entry,) = found.layers
    assert entry.spectrum is None
    assert pck_at(entry, 0) == found.untouched
    assert entry.drop['labelled'].at(0).value == 0 and entry.suggestion.k == 8, 'three images show nothing'
    assert found.warnings == [f'{layer} puts out the same for everybody at every position.']


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
    assert list(choose_layers(cfg, ())) == names
    assert choose_layers(cfg, (names[8], names[0])) == {names[0]: (8, 16, 16), names[8]: (8, 4, 4)}


def test_another_network_with_flip_test(made: Callable[..., Config]) -> None:
    cfg = made(RESNET)
    layer = 'backbone.layer3'
    found = run(cfg, layers=(layer,), ks=(0, 3))
    (entry,) = found.layers
    assert (entry.stack, entry.part, entry.level) == (None, None, None)
    values = samples_of(cfg, [layer])[layer]
    assert entry.channels == values.shape[1] == 32
    assert pck_at(entry, 32) == found.untouched
    mean = values.mean(axis=0)
    assert pck(entry, 0) == exactly(full_passes(cfg, layer, constant(mean)))
    assert pck(entry, 3) == exactly(full_passes(cfg, layer, projected_by_hand(values, 3)))
    with pytest.raises(InputError, match='its backbone is no StackedHourglass'):
        choose_layers(cfg, ())
    with pytest.raises(InputError, match=r'no layer .backbone.layer5.*did you mean backbone.layer'):
        choose_layers(cfg, ['backbone.layer5'])


def test_whom_the_components_are_of(made: Callable[..., Config]) -> None:
    cfg = made()

    def drawn(**options: Any) -> list[int]:
        persons = fit_persons(cfg, ChannelRedundancyOptions(config='a.py', checkpoint='a.pth', **options))
        assert [persons.dataset.get_data_info(index)['id'] for index in range(len(persons))] == (
            persons.columns['annotation_id'].tolist()
        )
        return persons.columns['annotation_id'].tolist()

    assert drawn() == [10 * image + person for image in range(1, 13) for person in (0, 1)]
    some = drawn(fit_persons=5, seed=1)
    assert (len(some), some) == (5, sorted(set(some)))
    assert some == drawn(fit_persons=5, seed=1) != drawn(fit_persons=5, seed=2)
    assert drawn(fit_split='val') == [10, 11, 20, 21, 30, 31]


def test_what_the_reader_is_warned_of(made: Callable[..., Config]) -> None:
    cfg = made(dict(backbone=dict(depth=4)))  # the bottleneck is 1 x 1
    layer = f'{HOURGLASS}.bottleneck_residuals'
    found = run(cfg, layers=(layer,), ks=(0,), fit_split='val', limit=2)
    assert found.untouched['labelled'].ends is None
    assert [warning[:39] for warning in found.warnings] == [
        'The components were computed from perso',
        'All persons are of one image: there are',
        f'{layer}: 6 positions'[:39],
    ]


@pytest.mark.parametrize('memory_format', [torch.contiguous_format, torch.channels_last])
def test_a_projection_keeps_type_and_format(memory_format: torch.memory_format) -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 4, 2, 5).contiguous(memory_format=memory_format)
    mean, vectors = torch.randn(4), torch.linalg.qr(torch.randn(4, 4))[0]

    def projected(vectors: torch.Tensor) -> Any:
        return project_channels(mean, vectors)(Batch(np.arange(3)), 'layer')

    whole = projected(vectors)(x)
    assert whole.stride() == x.stride()
    torch.testing.assert_close(whole, x)
    none = projected(vectors[:, :0])(x)
    assert torch.equal(none, mean.view(1, 4, 1, 1).expand_as(x))
    one = vectors[:, :1].double()
    by_hand = torch.nn.functional.conv2d(
        x.double() - mean.double().view(4, 1, 1), (one @ one.T)[:, :, None, None], mean.double()
    )
    torch.testing.assert_close(projected(vectors[:, :1])(x).double(), by_hand, atol=1e-5, rtol=0)
    with torch.autocast('cpu'):
        half = projected(vectors)(x.bfloat16())
    assert half.dtype == torch.bfloat16
    assert torch.equal(half, x.bfloat16())  # computed in float32


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
        ChannelRedundancyOptions(config='a.py', checkpoint='a.pth', **options)


def outputs(persons: int, channels: int = 6, seed: int = 0) -> np.ndarray:
    """Feature maps (N, C, 3, 5) whose channels go together, with means far from 0."""
    generator = np.random.default_rng(seed)
    mixed = generator.standard_normal((persons, 3, 5, channels)) @ generator.standard_normal(
        (channels, channels)
    ) + 100 * np.arange(channels)
    return np.moveaxis(mixed, -1, 1).astype(np.float32)


def components_of(moments: Moments) -> Components:
    return principal_components(moments.mean, moments.covariance)


@pytest.mark.parametrize(
    'layer, expected',
    [
        ('backbone.hourglasses.1.skips.3', Place(1, 'skip', 3)),
        ('backbone.hourglasses.0.downs.0', Place(0, 'encoder', 0)),
        ('backbone.hourglasses.10.bottleneck_residuals', Place(10, 'bottleneck', None)),
        ('backbone.hourglasses.0.ups.1', Place(0, 'decoder', 1)),
        ('backbone.hourglasses.0.ups.10', Place(0, 'decoder', 10)),
        ('backbone.residuals.1', Place(1, 'after', None)),
        ('backbone.hourglasses.0.ups.0', Place()),  # computes nothing
        ('backbone.hourglasses.0.bottleneck_residuals.2', Place()),
        ('backbone.hourglasses.0.skips.1.branch', Place()),
        ('backbone.layer4', Place()),
    ],
)
def test_where_a_layer_stands(layer: str, expected: Place) -> None:
    assert place_of(layer) == expected


def test_the_spectrum_is_that_of_all_positions_stacked() -> None:
    whole = outputs(9)
    found = channel_moments(whole[:4])
    found = channel_moments(whole[4:5], found)
    found = channel_moments(whole[5:], found)
    samples = np.concatenate([person.reshape(6, 15).T for person in whole.astype(float)])
    expected = PCA(svd_solver='full').fit(samples)
    assert found.count == 9 * 15
    np.testing.assert_allclose(found.mean, samples.mean(axis=0), rtol=1e-12)
    np.testing.assert_allclose(found.covariance, np.cov(samples.T), rtol=1e-10, atol=1e-10)
    components = components_of(found)
    np.testing.assert_allclose(components.eigenvalues, expected.explained_variance_, rtol=1e-10)
    np.testing.assert_allclose(np.abs(components.vectors.T @ expected.components_.T), np.eye(6), atol=1e-7)
    spectrum = spectrum_over_channels(components, (0, 2, 6))
    assert spectrum is not None
    ratio = expected.explained_variance_ratio_
    np.testing.assert_allclose(spectrum.explained_variance_ratio, ratio, rtol=1e-10)
    assert spectrum.components_95 == int((np.cumsum(ratio) < 0.95).sum()) + 1
    assert spectrum.participation_ratio == pytest.approx(1 / (ratio**2).sum())
    assert spectrum.cumulative == pytest.approx([0, ratio[:2].sum(), 1])


def test_half_precision_is_summed_in_float64() -> None:
    half = outputs(3).astype(np.float16)
    np.testing.assert_allclose(channel_moments(half).mean, half.astype(float).mean(axis=(0, 2, 3)), rtol=1e-12)


def test_channels_that_are_there_twice_carry_nothing() -> None:
    twice = np.concatenate([outputs(8, 3), outputs(8, 3)], axis=1)
    components = components_of(channel_moments(twice))
    assert components.eigenvalues[3:] == pytest.approx(np.zeros(3), abs=1e-9)
    spectrum = spectrum_over_channels(components, [3])
    assert spectrum is not None and spectrum.components_95 <= 3
    assert spectrum.cumulative == pytest.approx([1])


def test_what_never_varies_has_no_spectrum() -> None:
    components = components_of(channel_moments(np.full((4, 3, 2, 2), 7.0)))
    assert spectrum_over_channels(components, [2]) is None
