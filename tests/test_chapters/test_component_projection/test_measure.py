"""PCK with k components against full passes with hooks and projections of our own; which k are tried and suggested."""

import math
from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from numpy.typing import NDArray
from scipy.stats import bootstrap
from sklearn.decomposition import PCA

import shg_xai.plugin  # noqa: F401
from shg_xai.chapters.component_projection.measure import (
    curves,
    ladder,
    measure,
    rules,
    stack_of,
    steps,
    suggestion,
    untouched_pck,
)
from shg_xai.chapters.component_projection.options import ComponentProjectionOptions
from shg_xai.chapters.component_projection.results import Choice, ComponentProjection, Rule, Suggestion
from shg_xai.errors import InputError
from shg_xai.interventions.capture import dump_latents
from shg_xai.interventions.capture_options import DumpOptions
from shg_xai.interventions.edits import Batch, project
from shg_xai.latents import LatentStore
from shg_xai.results import Estimate
from shg_xai.results_file import read_answer, write
from shg_xai.runner.building import build_runner
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.pca import STUDY
from tests.helpers.data import write_coco
from tests.helpers.full_passes import THR, Project, batches, dumped, exactly, labelled_pck, projected_by_hand
from tests.helpers.small_network import LAYER, RESNET, load, save_network, small_config

pytestmark = pytest.mark.usefixtures('one_thread')


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


def run(cfg: Config, store: Path, **options: Any) -> ComponentProjection:
    return measure(ComponentProjectionOptions(store=store, **dumped(cfg), **options))


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
    # Three images show nothing.
    whole = Suggestion(k=128, tolerance=0.005, drop=drops[128], upper=None, choices=[Choice(k=128, share=1)])
    assert found.suggestion == whole
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


@pytest.mark.parametrize(
    'dimensions, expected',
    [
        (1, [0, 1]),
        (3, [0, 1, 2, 3]),
        (50, [0, 1, 2, 4, 8, 16, 32, 50]),
        (51, [0, 1, 2, 4, 8, 16, 32, 50, 51]),
        (512, [0, 1, 2, 4, 8, 16, 32, 50, 64, 128, 256, 512]),
        (4096, [0, 1, 2, 4, 8, 16, 32, 50, 64, 128, 256, 512, 1024, 2048, 4096]),
    ],
)
def test_the_ladder(dimensions: int, expected: list[int]) -> None:
    assert ladder(dimensions, [STUDY]) == expected
    assert ladder(dimensions) == [k for k in expected if k != STUDY or dimensions == STUDY]


def test_numbers_asked_for_are_ascending_with_all_of_them() -> None:
    assert steps((), 6, '') == [0, 1, 2, 4, 6]
    assert steps((3, 1, 3), 6, '') == [1, 3, 6]
    with pytest.raises(InputError, match=r'--k 7: the latent has 6 components; give at most as many'):
        steps((7,), 6, 'the latent has 6 components')


def lost(a: NDArray[np.float64], b: NDArray[np.float64], drawn: Bootstrap) -> Estimate:
    """What is lost from a to b, as the curve has it."""
    drop = curves({'labelled': a}, {3: {'labelled': b}}, drawn, 0.005)['drop']
    assert drop['labelled'].x == [3]
    return drop['labelled'].y[0]


def test_a_difference_is_that_of_who_has_both() -> None:
    a = np.array([1, 0.5, math.nan, 0.75, 1])
    b = np.array([0.5, 0.5, 1, math.nan, 0.25])
    found = lost(a, b, Bootstrap(np.arange(5), 200))
    assert (found.value, found.n) == (pytest.approx((0.5 + 0 + 0.75) / 3), 3)
    assert found.ends is not None and 0 <= found.ends[0] < (0.5 + 0.75) / 3 < found.ends[1] <= 0.75


def test_pairs_tell_what_two_means_do_not() -> None:
    generator = np.random.default_rng(0)
    persons = generator.random(100)
    lower = persons - generator.normal(0.02, 0.01, 100)
    found = lost(persons, lower, Bootstrap(np.arange(100), 2000, 0.9, 1))
    expected = bootstrap(
        ((persons - lower),), np.mean, confidence_level=0.9, n_resamples=5000, method='percentile', random_state=0
    ).confidence_interval
    assert found.ends == (pytest.approx(expected.low, abs=2e-4), pytest.approx(expected.high, abs=2e-4))
    assert found.holds() is False
    drawn = Bootstrap(np.arange(100), 500, 0.9, 1)
    pck = curves({'labelled': persons}, {3: {'labelled': lower}}, drawn, 0.005)['pck']
    alone = Bootstrap(np.arange(100), 500, 0.9, 1).mean(persons)
    (other,) = pck['labelled'].y
    assert alone.ends is not None and other.ends is not None and alone.ends[0] < other.ends[1]


def test_persons_of_one_image_are_drawn_together() -> None:
    a, images = np.tile([1.0, 0.0], 20), np.repeat(np.arange(20), 2)
    found = lost(a, np.zeros(40), Bootstrap(images, 100))
    assert found == Estimate(value=0.5, low=0.5, high=0.5, n=40)  # every image has one of each


def test_what_is_not_known_is_none() -> None:
    nobody, one_image = np.array([math.nan, math.nan]), Bootstrap(np.array([1, 1]), 100)
    assert lost(nobody, nobody, Bootstrap(np.array([1, 2]), 100)) == Estimate(value=None, n=0)
    known = np.array([0.5, 0.25])
    assert untouched_pck({'labelled': known, 'limbs': nobody}, one_image, 'val') == {
        'labelled': Estimate(value=0.375, n=2),
        'limbs': Estimate(value=None, n=0),
    }
    with pytest.raises(InputError, match='val: no person has a labelled joint that can be judged'):
        untouched_pck({'labelled': nobody}, one_image, 'val')


IMAGES = np.arange(200)


def losing(mean: float, spread: float = 0.02, images: int = 200) -> NDArray[np.float64]:
    """What persons lose, of exactly this mean and standard deviation."""
    values = np.random.default_rng(0).permutation(np.tile([-1.0, 1.0], images // 2))
    return mean + spread * values


@pytest.mark.parametrize(
    'drops, tolerance, expected',
    [
        # 1.65 standard errors are 0.0023: with 8 no more than 0.005 is measured, and more is not ruled out.
        ({0: 0.5, 4: 0.1, 8: 0.004, 16: 0.001, 32: 0}, 0.005, 16),
        ({0: 0.5, 4: 0.1, 8: 0.002, 16: 0.001, 32: 0}, 0.005, 8),
        # 4 is good by chance, as 8 shows.
        ({0: 0.5, 4: 0.001, 8: 0.02, 16: 0.001, 32: 0}, 0.005, 16),
        ({0: 0.5, 4: 0.1, 8: 0.1, 16: 0.1, 32: 0}, 0.005, 32),
        ({0: 0.001, 4: -0.1, 8: 0.001, 16: 0.001, 32: 0}, 0.005, 0),
        ({0: 0.5, 16: 0.2, 32: 1e-3}, 0, 32),
        ({32: 0, 0: 0.5, 16: 0.001}, 0.005, 16),
        ({32: 0.5}, 0.005, 32),
    ],
)
def test_the_suggestion_is_shown_to_be_enough(drops: dict[int, float], tolerance: float, expected: int) -> None:
    lost, how = {k: losing(drop) for k, drop in drops.items()}, Bootstrap(IMAGES, 1000)
    found = suggestion(lost, how, tolerance)
    assert (found.k, found.tolerance, found.drop) == (expected, tolerance, how.mean(lost[expected]))
    assert found.upper == pytest.approx(drops[expected] + 1.6525 * 0.02 / np.sqrt(199), rel=0.1, abs=3e-4)
    assert sum(one.share for one in found.choices) == pytest.approx(1)


def test_a_width_is_more_demanding_where_several_are_asked_for() -> None:
    lost, how = {8: losing(0.002), 16: losing(0.0001), 32: losing(0)}, Bootstrap(IMAGES, 1000)
    assert [suggestion(lost, how, 0.005, asked).k for asked in (1, 20)] == [8, 16]


def test_the_choice_is_spread_over_resamples() -> None:
    """8 is where half of the resamples fall on each side: its end is the tolerance."""
    lost = {8: losing(0.005 - 1.6525 * 0.02 / np.sqrt(199)), 16: losing(-0.02), 32: losing(-0.02)}
    found = suggestion(lost, Bootstrap(IMAGES), 0.005)
    assert [one.k for one in found.choices] == [8, 16]
    assert found.choices[0].share == pytest.approx(0.5, abs=0.15)


def test_few_images_show_nothing_and_nothing_lost_is_enough() -> None:
    few = {4: np.zeros(198), 32: np.zeros(198)}
    found = suggestion(few, Bootstrap(np.arange(198) // 2, 100), 0.005)
    assert (found.k, found.upper, found.choices) == (32, None, [Choice(k=32, share=1)])
    found = suggestion(few, Bootstrap(np.zeros(198), 100), 0.005)
    assert (found.k, found.upper, found.choices) == (32, None, [])
    found = suggestion({k: np.zeros(400) for k in few}, Bootstrap(np.arange(400), 100), 0.005)
    assert (found.k, found.upper, found.choices) == (4, 0, [Choice(k=4, share=1)])


def test_a_width_that_costs_more_than_the_tolerance_is_rarely_suggested() -> None:
    """Persons lose a joint of 15 so often that the mean is the tolerance, with each of four widths."""
    random, wrong = np.random.default_rng(0), 0
    for trial in range(100):
        lost = {k: (random.random(400) < 0.005 * 15) / 15 for k in (4, 8, 16)}
        wrong += suggestion({**lost, 32: np.zeros(400)}, Bootstrap(np.arange(400), 100, 0.95, trial), 0.005).k < 32
    assert wrong <= 9  # 5 % of 100, and two standard deviations more


def test_rules_from_the_latents_alone() -> None:
    # Shares 0.5, 0.3, 0.12, 0.05, 0.03: 90 % need 3, 95 % need 4, 99 % need 5.
    values = np.array([50, 30, 12, 5, 3.0])
    names = [f'{share} % of the variance' for share in (90, 95, 99)]
    expected = [*zip(names, (3, 4, 5), strict=True), ('above noise (parallel analysis)', 2)]
    assert [(rule.name, rule.k) for rule in rules(values, 2)] == expected
    assert rules(np.ones(50), 2)[-1].name == 'above noise (parallel analysis)'
    assert rules(np.ones(51), 2)[-1] == Rule(name="the study's 50", k=50)


def test_which_stack_a_layer_is_in() -> None:
    assert stack_of('backbone.hourglasses.1.bottleneck_residuals.2') == 1
    assert stack_of('backbone.hourglasses.10.ups.0') == 10
    assert stack_of('backbone.residuals.1') is stack_of('neck.backbone.hourglasses.1.x') is None
