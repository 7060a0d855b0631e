"""PCK with k components against full passes with hooks and projections of our own."""

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
from shg_xai.chapters.component_projection.measure import measure
from shg_xai.chapters.component_projection.options import ComponentProjectionOptions
from shg_xai.chapters.component_projection.results import ComponentProjection, Suggestion
from shg_xai.errors import InputError
from shg_xai.interventions.capture import DumpOptions, dump_latents
from shg_xai.interventions.edits import Batch, project
from shg_xai.latents import LatentStore
from shg_xai.results import Estimate
from shg_xai.results_file import read_answer, write
from shg_xai.runner.building import build_runner
from tests.helpers.data import write_coco
from tests.helpers.small_network import LAYER, load, save_network, small_config

pytestmark = pytest.mark.usefixtures('one_thread')

THR = 0.4  # loose enough for a random network's PCK to tell persons and projections apart
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
Project = Callable[[np.ndarray], np.ndarray]


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 persons for the components, six to test on."""
    return write_coco(tmp_path_factory.mktemp('data') / 'coco', train_images=12)


@pytest.fixture
def made(data: Path, tmp_path: Path, repo_root: Path) -> Callable[..., Config]:
    """Makes a small network of random weights and a store of its training persons' latents."""

    def make(layer: str = LAYER, model: dict[str, Any] | None = None, **dump: Any) -> Config:
        cfg = small_config(
            repo_root / 'configs/shg_coco.py',
            data,
            tmp_path / 'work',
            f'val_evaluator.0.thr={THR}',
            f'test_evaluator.thr={THR}',
        )
        cfg.merge_from_dict(dict(model=deepcopy(model or {})))  # it takes _delete_ out
        cfg.load_from, cfg.resume = str(save_network(cfg, tmp_path / 'small.pth')), False
        options: dict[str, Any] = dict(layers=(layer,), split='train', dtype='float32', predictions=False)
        dump_latents(cfg, cfg.load_from, DumpOptions(out=tmp_path / 'store', **options | dump))
        return cfg

    return make


def dumped(cfg: Config) -> dict[str, Any]:
    """Config and checkpoint as options; each run has a config file and a logger of its own."""
    cfg.experiment_name += '_'
    path = f'{cfg.work_dir}{cfg.experiment_name}.py'
    cfg.dump(path)
    return dict(config=path, checkpoint=cfg.load_from)


def run(cfg: Config, store: Path, **options: Any) -> ComponentProjection:
    return measure(ComponentProjectionOptions(store=store, **dumped(cfg), **options))


def batches(cfg: Config) -> list[Any]:
    """The persons of the validation set, in the config's batches."""
    init_default_scope('mmpose')
    dataset = DATASETS.build(cfg.val_dataloader.dataset)
    persons = [dataset[index] for index in range(len(dataset))]
    return [pseudo_collate(persons[start : start + 4]) for start in range(0, len(persons), 4)]


def exactly(value: float | None) -> Any:
    """The same share of joints, whatever the order it was summed in."""
    return pytest.approx(value, abs=1e-12)


def labelled_pck(samples: list[Any], keypoints: list[np.ndarray]) -> float:
    """Mean over persons of the share of labelled joints within THR of the crop's longer side."""
    scores = []
    for sample, predicted in zip(samples, keypoints, strict=True):
        x, y, v = np.reshape(sample.raw_ann_info['keypoints'], (-1, 3)).T
        far = np.hypot(predicted[:, 0] - x, predicted[:, 1] - y) / max(sample.input_scale)
        scores.append((far < THR)[v > 0].mean())
    return float(np.mean(scores))


def full_passes(cfg: Config, layer: str, project: Project) -> float:
    """Labelled PCK of full test steps in which a hook projects what the layer puts out."""
    model: Any = load(cfg, cfg.load_from)
    samples: list[Any] = []
    model.eval()
    model.get_submodule(layer).register_forward_hook(
        lambda module, inputs, output: (
            torch.from_numpy(project(output.flatten(1).double().numpy())).float().reshape(output.shape)
        )
    )
    with torch.no_grad():
        for batch in batches(cfg):
            samples += model.test_step(batch)
    return labelled_pck(samples, [sample.pred_instances.keypoints[0] for sample in samples])


def decoded_mean(cfg: Config, mean: np.ndarray) -> float:
    """Labelled PCK where every person's latent is the mean one; nothing of ours but the network."""
    model: Any = load(cfg, cfg.load_from)
    samples: list[Any] = []
    keypoints: list[np.ndarray] = []
    model.eval()
    hourglass, norm = model.backbone.hourglasses[0], cfg.model.data_preprocessor
    for batch in batches(cfg):
        images = torch.stack(batch['inputs']).flip(1).float()  # RGB
        x = (images - torch.tensor(norm['mean']).view(3, 1, 1)) / 255
        with torch.no_grad():
            latent, skips = hourglass.encode(model.backbone.stem(x))
            latent = torch.from_numpy(mean).float().reshape(1, *latent.shape[1:]).expand_as(latent)
            x = model.backbone.residuals[0](hourglass.decode(latent, skips))
            instances = model.head.decode(model.head((x,)))
        for sample, found in zip(batch['data_samples'], instances, strict=True):
            samples.append(sample)
            keypoints.append(
                found.keypoints[0] / 64 * sample.input_scale + sample.input_center - sample.input_scale / 2
            )
    return labelled_pck(samples, keypoints)


def pck(found: ComponentProjection, k: int) -> float | None:
    return found.pck['labelled'].at(k).value


def assert_all_components_are_the_network(found: ComponentProjection) -> None:
    assert {group: curve.y[-1] for group, curve in found.pck.items()} == found.untouched


def stored(store: Path, layer: str) -> np.ndarray:
    return LatentStore.open(store).array(layer)[:].reshape(24, -1).astype(float)


def projected_by_hand(values: np.ndarray, k: int) -> Project:
    fitted = PCA(k, svd_solver='full').fit(values)
    return lambda x: fitted.inverse_transform(fitted.transform(x))


def test_none_all_and_some_components(made: Callable[..., Config], tmp_path: Path) -> None:
    cfg = made()
    found = run(cfg, tmp_path / 'store', bootstrap=50)
    values = stored(tmp_path / 'store', LAYER)
    assert found.ks == [0, 1, 2, 4, 8, 16, 32, 50, 64, 128]
    assert_all_components_are_the_network(found)
    assert found.drop['labelled'].y[-1] == Estimate(value=0, low=0, high=0, n=6)
    assert pck(found, 0) == exactly(decoded_mean(cfg, values.mean(axis=0)))
    assert pck(found, 0) == exactly(full_passes(cfg, LAYER, lambda x: x * 0 + values.mean(axis=0)))
    for k in (1, 4, 16):
        assert pck(found, k) == exactly(full_passes(cfg, LAYER, projected_by_hand(values, k)))
    assert len({point.value for point in found.pck['labelled'].y}) > 2
    for k in (0, 1, 4):
        for group, drop in found.drop.items():
            lost = (found.untouched[group].value or 0) - (found.pck[group].at(k).value or 0)
            assert drop.at(k).value == pytest.approx(lost)
    shares = np.cumsum(PCA().fit(values).explained_variance_ratio_)
    ratios = dict(zip(found.ks, found.explained_variance_ratio, strict=True))
    assert [ratios[k] for k in (0, 1, 16, 128)] == pytest.approx([0, shares[0], shares[15], 1])
    assert found.rules[0].k == int((shares < 0.9).sum()) + 1
    assert (found.persons, found.dimensions, found.layer, found.stack) == (6, 128, LAYER, 0)
    assert (found.thr, found.normaliser, found.options.bootstrap) == (THR, 'crop', 50)
    assert 'no variance' in found.warnings[0]  # 24 persons
    drops = dict(zip(found.ks, found.drop['labelled'].y, strict=True))
    costly = [k for k, drop in drops.items() if (drop.value or 0) > 0.005]
    suggested = min(k for k in drops if k > max(costly, default=-1))
    assert found.suggestion == Suggestion(k=suggested, tolerance=0.005, drop=drops[suggested])
    write(tmp_path / 'found.json', found)
    assert read_answer(tmp_path / 'found.json', ComponentProjection) == found


def test_the_untouched_network_is_that_of_a_test(made: Callable[..., Config], tmp_path: Path) -> None:
    cfg = made()
    found = run(cfg, tmp_path / 'store', split='test', ks=(0,), bootstrap=10)
    cfg.experiment_name += 'test'
    metrics = build_runner(cfg, cfg.load_from).test()
    assert 0 < metrics['pck/labelled'] < 1
    for group, estimate in found.untouched.items():
        assert estimate.value == pytest.approx(metrics[f'pck/{group}'], abs=1e-12)
    assert found.ks == [0, 128]


@pytest.mark.parametrize(
    'layer, model, dimensions',
    [
        ('backbone.hourglasses.1.bottleneck_residuals', dict(backbone=dict(num_stacks=2)), 128),
        ('backbone.layer4', RESNET, 256),  # with flip test
    ],
)
def test_other_layers_and_networks(
    made: Callable[..., Config], tmp_path: Path, layer: str, model: dict[str, Any], dimensions: int
) -> None:
    cfg = made(layer, model)
    found = run(cfg, tmp_path / 'store', ks=(0, 2, 5), bootstrap=10)
    values = stored(tmp_path / 'store', layer)
    assert found.dimensions == dimensions
    assert_all_components_are_the_network(found)
    assert pck(found, 0) == exactly(full_passes(cfg, layer, lambda x: x * 0 + values.mean(axis=0)))
    for k in (2, 5):
        assert pck(found, k) == exactly(full_passes(cfg, layer, projected_by_hand(values, k)))
    assert pck(found, dimensions) == exactly(full_passes(cfg, layer, lambda x: x))


def test_a_projection_keeps_type_and_format() -> None:
    torch.manual_seed(0)
    x = torch.randn(3, 4, 2, 2).contiguous(memory_format=torch.channels_last)
    mean, vectors = torch.randn(16), torch.linalg.qr(torch.randn(16, 16))[0]

    def projected(vectors: torch.Tensor) -> Any:
        return project(mean, vectors)(Batch(np.arange(3)), 'layer')

    whole = projected(vectors)(x)
    assert whole.stride() == x.stride()
    torch.testing.assert_close(whole, x)
    torch.testing.assert_close(projected(vectors[:, :0])(x), mean.reshape(1, 4, 2, 2).expand(3, -1, -1, -1))
    one = vectors[:, :1].double().numpy()
    flat = x.flatten(1).double().numpy() - mean.numpy()
    np.testing.assert_allclose(
        projected(vectors[:, :1])(x).flatten(1).numpy(), mean.numpy() + flat @ one @ one.T, atol=1e-5
    )
    with torch.autocast('cpu'):
        half = projected(vectors)(x.bfloat16())
    assert half.dtype == torch.bfloat16
    assert torch.equal(half, x.bfloat16())  # computed in float32


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(bootstrap=9), '--bootstrap 9: give 10 or more'),
        (dict(seed=-1), '--seed -1: give 0 or more'),
        (dict(confidence=1), r'--confidence 1: give a share between 0 and 1'),
        (dict(tolerance=-0.1), r'--tolerance -0\.1: give a number from 0 to 1'),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        ComponentProjectionOptions(config='a.py', checkpoint='a.pth', store=Path('store'), **options)
