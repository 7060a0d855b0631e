"""Decoded walks against latents decoded by hand, with the network's own parts and nothing else."""

from collections.abc import Callable
from copy import deepcopy
from functools import cache
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS
from sklearn.decomposition import PCA

import shg_xai.plugin  # noqa: F401
from shg_xai.chapters.decoded_walk.directions import data_directions
from shg_xai.chapters.decoded_walk.measure import measure
from shg_xai.chapters.decoded_walk.options import DecodedWalkOptions
from shg_xai.chapters.decoded_walk.results import DecodedWalk, Example, Walk
from shg_xai.errors import InputError
from shg_xai.interventions.capture import dump_latents
from shg_xai.interventions.capture_options import DumpOptions
from shg_xai.interventions.persons import other_image
from shg_xai.latents import LatentStore
from shg_xai.random_streams import stream
from shg_xai.results import Estimate
from shg_xai.stats.pca import principal_components
from tests.helpers.data import write_coco
from tests.helpers.small_network import LAYER, RESNET, load, save_network, small_config

KINDS = dict(
    plain=(LAYER, {}),
    stacked=(LAYER.replace('0', '1'), dict(backbone=dict(num_stacks=2))),
    unskipped=(LAYER, dict(backbone=dict(skip_connections=False))),
    resnet=('backbone.layer4', RESNET),
)
RUNS = count()
QUICK = dict(components=(1, 2), random=2, bootstrap=20, steps=(-1.0, 0.0, 2.0))


class Made(NamedTuple):
    """A small network of random weights and a store of its training persons' latents."""

    cfg: Config
    store: Path


@pytest.fixture(scope='module')
def made(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Callable[..., Made]:
    """Makes them, each once; 24 persons for the directions, six to walk with."""
    data = write_coco(tmp_path_factory.mktemp('data') / 'coco', train_images=12)

    @cache
    def once(kind: str) -> Made:
        folder = tmp_path_factory.mktemp(kind)
        layer, model = KINDS[kind]
        cfg = small_config(repo_root / 'configs/shg_coco.py', data, folder / 'work')
        cfg.merge_from_dict(dict(model=deepcopy(model)))
        cfg.load_from, cfg.resume = str(save_network(cfg, folder / 'small.pth')), False
        dump_latents(
            cfg,
            cfg.load_from,
            DumpOptions(layers=(layer,), out=folder / 'store', split='train', dtype='float32', predictions=False),
        )
        cfg.dump(folder / 'network.py')
        return Made(cfg, folder / 'store')

    return lambda kind='plain': once(kind)._replace(cfg=deepcopy(once(kind).cfg))


def run(made: Made, **options: Any) -> DecodedWalk:
    """Walk; each run with a logger of its own."""
    return measure(
        DecodedWalkOptions(
            config=str(made.store.with_name('network.py')),
            checkpoint=made.cfg.load_from,
            store=made.store,
            cfg_options=(f'experiment_name={made.cfg.experiment_name}_{next(RUNS)}',),
            **{**QUICK, **options},
        )
    )


def persons_of(cfg: Config) -> list[dict[str, Any]]:
    """The persons of the validation set."""
    init_default_scope('mmpose')
    dataset = DATASETS.build(cfg.val_dataloader.dataset)
    return [dataset[index] for index in range(len(dataset))]


def loaded(cfg: Config) -> Any:
    """Its network, to be tested."""
    return load(cfg, cfg.load_from).eval()


class ByHand:
    """Encodes and decodes with the parts of the network, one person after the other."""

    def __init__(self, cfg: Config, stack: int = 0) -> None:
        self.model = loaded(cfg)
        self.hourglass = self.model.backbone.hourglasses[stack]
        self.norm = cfg.model.data_preprocessor
        self.persons = {one['data_samples'].raw_ann_info['id']: one for one in persons_of(cfg)}

    @torch.no_grad()
    def encode(self, person: int) -> tuple[torch.Tensor, tuple[torch.Tensor, ...]]:
        image = self.persons[person]['inputs'].flip(0)[None].float()  # RGB
        mean, std = (torch.tensor(self.norm[name]).view(3, 1, 1) for name in ('mean', 'std'))
        return self.hourglass.encode(self.model.backbone.stem((image - mean) / std))

    @torch.no_grad()
    def decode(self, person: int, latent: np.ndarray, skips: Any) -> np.ndarray:
        """Keypoints in pixels of the image, (K, 2)."""
        values = torch.from_numpy(latent).float().reshape(1, -1, 4, 4)
        x = self.model.backbone.residuals[0](self.hourglass.decode(values, skips))
        keypoints = self.model.head.decode(self.model.head((x,)))[0].keypoints[0]
        sample = self.persons[person]['data_samples']
        return keypoints / 64 * sample.input_scale + sample.input_center - sample.input_scale / 2


def stored(store: Path, layer: str = LAYER) -> np.ndarray:
    return LatentStore.open(store).array(layer)[:].reshape(24, -1).astype(float)


def component(values: np.ndarray, number: int) -> np.ndarray:
    """A principal component, one sigma long, its largest entry positive."""
    fitted = PCA(svd_solver='full').fit(values)
    vector = fitted.components_[number - 1]
    vector = vector * np.sign(vector[np.abs(vector).argmax()])
    return vector * np.sqrt(fitted.explained_variance_[number - 1])


def pose(found: DecodedWalk, example: Example, name: str, c: float) -> np.ndarray:
    """Of a walk by name."""
    walk = next(one for one in example.walks if one.name == name)
    return np.array(walk.poses[found.steps.index(c)])


def walk_of(found: DecodedWalk, name: str) -> Walk:
    """The same of what is measured along it."""
    return next(direction.walk for direction in found.directions if direction.name == name)


@pytest.mark.parametrize('skips', ['own', 'none', 'mean', 'donor'])
def test_from_the_mean_with_all_kinds_of_skips(made: Callable[..., Made], skips: str) -> None:
    found = run(made(), skips=skips, persons=3)
    values, hand = stored(made().store), ByHand(made().cfg)
    assert (found.persons, found.options.skips, found.options.start) == (3, skips, 'mean')
    assert len(found.examples) == 3
    own = {person: hand.encode(person)[1] for person in hand.persons}
    for example in found.examples:
        person, donor = example.annotation_id, example.donor_annotation_id
        if skips == 'donor':
            assert donor and donor // 10 != person // 10  # of another image
        used = {
            'own': own[person],
            'none': (None, None),
            'mean': tuple(torch.cat(level).mean(0, keepdim=True) for level in zip(*own.values(), strict=True)),
            'donor': own.get(donor),
        }[skips]
        for number in (1, 2):
            sigma = component(values, number)
            for c in (-1, 0, 2):
                np.testing.assert_allclose(
                    pose(found, example, f'component {number}', c),
                    hand.decode(person, values.mean(0) + c * sigma, used),
                    atol=0.01,
                )
    first = found.directions[0]
    assert first.step == pytest.approx(np.linalg.norm(component(values, 1)), rel=1e-5)
    for point in first.walk.points:
        distance = np.linalg.norm(values - values.mean(0) - point.c * component(values, 1), axis=1).min()
        assert point.nearest_distance == pytest.approx(distance, rel=1e-4)
    assert (first.walk.shift_per_sigma.value or 0) > 0


@pytest.mark.parametrize('skips', ['none', pytest.param('mean', marks=pytest.mark.slow)])
def test_one_latent_and_one_set_of_skips_are_one_pose(made: Callable[..., Made], skips: str) -> None:
    found = run(made(), skips=skips, persons=6)
    assert [direction.random.persons for direction in found.directions] == [1, 1]
    for name, c in (('component 1', -1), ('component 2', 2)):
        crops = [
            (pose(found, example, name, c) - example.crop_center) / example.crop_scale + 0.5
            for example in found.examples
        ]
        for other in crops[1:]:
            np.testing.assert_allclose(crops[0], other, atol=1e-4)
        walk = walk_of(found, name)
        point = next(one for one in walk.points if one.c == c)
        np.testing.assert_allclose(point.pose, crops[0], atol=1e-4)
        shift = point.mean_shift
        assert shift.low == pytest.approx(shift.value, abs=1e-6)
        assert shift.high == pytest.approx(shift.value, abs=1e-6)
    assert any('decoded from the same values' in warning for warning in found.warnings)


@pytest.mark.parametrize('kind', ['plain', pytest.param('stacked', marks=pytest.mark.slow), 'resnet'])
def test_a_person_that_goes_nowhere_is_the_network_itself(made: Callable[..., Made], kind: str) -> None:
    cfg = made(kind).cfg
    found = run(made(kind), start='person', persons=3)
    init_default_scope('mmpose')
    network = loaded(cfg)
    persons = persons_of(cfg)
    network.test_cfg['flip_test'] = False
    chosen = [persons[index] for index in (0, 2, 5)]
    with torch.no_grad():
        samples = network.test_step(pseudo_collate(chosen))
    for example, sample in zip(found.examples, samples, strict=True):
        plain = np.round(sample.pred_instances.keypoints[0].astype(float), 3).tolist()
        assert example.annotation_id == sample.raw_ann_info['id']
        assert np.array(example.untouched).tolist() == plain
        assert pose(found, example, 'component 1', 0).tolist() == plain
        assert pose(found, example, 'component 1', 2).tolist() != plain
    for direction in found.directions:
        start = next(point for point in direction.walk.points if point.c == 0)
        assert start.mean_shift == start.peak_change == Estimate(value=0, low=0, high=0, n=3)
        assert start.nearest_distance is None  # from the persons' own latents
    flipped = [warning for warning in found.warnings if 'flip test' in warning]
    assert len(flipped) == (kind == 'resnet')


def test_concepts_and_random_directions(made: Callable[..., Made]) -> None:
    found = run(made(), components=(), concepts=('labelled_share',), steps=(-2, -1, 1, 2), peak=0.5)
    (concept,) = found.directions
    assert (concept.name, concept.kind) == ('labelled_share', 'concept')
    assert [point.c for point in concept.walk.points] == [-2, -1, 0, 1, 2] == found.steps
    named = {rule.name for rule in found.concepts}
    assert named == set(concept.walk.one_way) == set(concept.random.concept_change) == set(concept.walk.concept_change)
    assert found.peak == found.options.peak == 0.5
    assert (found.ends, concept.random.persons) == ((-2, 2), 6)
    assert any('Beside 2 random directions no p' in warning for warning in found.warnings)


@pytest.mark.parametrize('skips', ['own', 'donor'])
def test_random_directions_by_hand(made: Callable[..., Made], skips: str) -> None:
    """Each as long as the one it stands beside, at both ends of the walk, with the skips of the walk."""
    found = run(made(), skips=skips, components=(2,), random=3)
    values, hand = stored(made().store), ByHand(made().cfg)
    components = principal_components(values.mean(0), np.cov(values, rowvar=False))
    vectors = data_directions(components, 3, stream(0, 'decoded_directions', 0))
    (direction,), far = found.directions, np.linalg.norm(component(values, 2))
    everybody, lent = persons_of(made().cfg), np.arange(6)
    if skips == 'donor':
        images = np.array([one['data_samples'].img_id for one in everybody])
        lent = other_image(images, np.arange(6), 0)
    ids = [one['data_samples'].raw_ann_info['id'] for one in everybody]
    shifts = np.zeros((3, 2))
    for person, donor in zip(ids, np.array(ids)[lent], strict=True):
        used, side = hand.encode(int(donor))[1], max(hand.persons[person]['data_samples'].input_scale)
        start = hand.decode(person, values.mean(0), used)
        for place, c in enumerate((-1, 2)):
            for number in range(3):
                moved = hand.decode(person, values.mean(0) + c * far * vectors[:, number], used)
                shifts[number, place] += np.linalg.norm(moved - start, axis=1).mean() / side / abs(c) / 6
    beside = direction.random.shift_per_sigma
    expected = np.quantile(shifts.mean(1), [0.025, 0.975])
    assert [beside.low, beside.high] == pytest.approx(expected.tolist(), rel=0.01)
    assert beside.value == pytest.approx(direction.walk.shift_per_sigma.value)
    assert beside.p == (1 + (shifts.mean(1) >= (beside.value or 0)).sum()) / 4


def test_skips_need_an_hourglass(made: Callable[..., Made]) -> None:
    with pytest.raises(
        InputError,
        match=r'--skips none: backbone\.layer4 is no layer within an '
        'hourglass .*; leave --skips at own',
    ):
        run(made('resnet'), skips='none')


@pytest.mark.slow
def test_skips_that_are_off_cannot_be_replaced(made: Callable[..., Made]) -> None:
    found = [run(made('unskipped'), skips=skips, persons=2) for skips in ('own', 'donor', 'mean')]
    own, donor, mean = ([direction.walk for direction in one.directions] for one in found)
    assert own == donor == mean
    assert found[0].directions == found[1].directions
    assert any('all skips of the network are off' in warning for warning in found[1].warnings)


@pytest.mark.slow
def test_one_image_has_no_interval(made: Callable[..., Made]) -> None:
    found = run(made(), persons=1)
    assert [direction.walk.shift_per_sigma.ends for direction in found.directions] == [None, None]
    assert any('one image' in warning for warning in found.warnings)


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(random=0), '--random 0: give 1 or more'),
        (dict(persons=0), '--persons 0: give 1 or more'),
        (dict(bootstrap=9), '--bootstrap 9: give 10 or more'),
        (dict(seed=-1), '--seed -1: give 0 or more'),
        (dict(confidence=1), r'--confidence 1: give a share between 0 and 1'),
        (dict(skips='some'), '--skips some: choose one of own, none, mean, donor'),
        (dict(start='zero'), '--start zero: choose one of mean, person'),
        (dict(steps=(0.0,)), '--steps 0.0: give numbers of sigmas, one of them not 0'),
        (dict(steps=(1.0, float('nan'))), '--steps 1.0 nan: give numbers'),
        (dict(components=()), '--components: no direction to walk along'),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        DecodedWalkOptions(config='config.py', checkpoint='best.pth', store=Path('store'), **options)
