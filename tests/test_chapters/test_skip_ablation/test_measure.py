"""Conditions against full passes with hooks of our own; answers against these and against other commands of ours."""

from collections.abc import Callable, Hashable, Mapping, Sequence
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS
from msgspec.structs import astuple
from numpy.typing import NDArray

from shg_xai.chapters.component_projection import measure as component_projection
from shg_xai.chapters.component_projection.options import ComponentProjectionOptions
from shg_xai.chapters.skip_ablation.conditions import all_conditions
from shg_xai.chapters.skip_ablation.measure import layers_of, measure, open_tested, predict_under, to_condition
from shg_xai.chapters.skip_ablation.options import SkipAblationOptions
from shg_xai.chapters.skip_ablation.results import Ablated, Ablation, Scores, SkipAblation
from shg_xai.errors import InputError
from shg_xai.interventions.capture import dump_latents
from shg_xai.interventions.capture_options import DumpOptions
from shg_xai.interventions.edits import Batch, resample
from shg_xai.interventions.evaluate import mean_outputs
from shg_xai.interventions.network import Network, Predictions
from shg_xai.interventions.persons import Persons, build_loader, other_image
from shg_xai.models.stacked_hourglass import present_levels
from shg_xai.results_file import read_answer, write
from shg_xai.tracing.tap import Outputs, tap
from tests.helpers.data import write_coco
from tests.helpers.small_network import LAYER, load, save_network, small_config

THR = 0.4  # loose enough for a random network's PCK to tell conditions apart
FLIP = dict(flip_test=True, flip_mode='heatmap', shift_heatmap=False)
TWO = dict(backbone=dict(num_stacks=2))
OPTIONS = SkipAblationOptions(config='config', checkpoint='checkpoint')
Seen = dict[str, list[np.ndarray]]  # by layer, for each call of a pass, (persons, C, H, W)


@pytest.fixture(autouse=True)
def one_thread() -> Any:
    """Passes compute with one thread, so exactly alike."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 persons for components, six to test on, in batches of four and two."""
    return write_coco(tmp_path_factory.mktemp('data') / 'coco', train_images=12)


@pytest.fixture
def made(data: Path, tmp_path: Path, repo_root: Path) -> Callable[..., Config]:
    """Makes small networks of random weights, configs with checkpoints."""

    def make(model: dict[str, Any] | None = None, seed: int = 0) -> Config:
        cfg = small_config(
            repo_root / 'configs/shg_coco.py',
            data,
            tmp_path / 'work',
            f'val_evaluator.0.thr={THR}',
            f'test_evaluator.thr={THR}',
        )
        cfg.merge_from_dict(dict(model=deepcopy(model or {})))  # it takes _delete_ out
        cfg.load_from, cfg.resume = str(save_network(cfg, tmp_path / f'{seed}.pth', seed)), False
        return cfg

    return make


def dumped(cfg: Config) -> tuple[str, str]:
    """Config file and checkpoint; each has a logger of its own."""
    cfg.experiment_name += '_'
    path = f'{cfg.work_dir}{cfg.experiment_name}.py'
    cfg.dump(path)
    return path, cfg.load_from


def run(cfg: Config, against: Config | None = None, **options: Any) -> SkipAblation:
    """Measure, with few resamples."""
    config, checkpoint = dumped(cfg)
    other = dumped(against) if against else None
    more = dict(bootstrap=10) | options
    return measure(SkipAblationOptions(config=config, checkpoint=checkpoint, against=other, **more))


def opened(cfg: Config) -> tuple[Network, Persons, list[list[int]]]:
    cfg.experiment_name += '_'
    network, persons = open_tested(cfg, cfg.load_from, OPTIONS)
    return network, persons, present_levels(network.model, 'config')


def under(
    ablations: Sequence[Ablation],
    opened: tuple[Network, Persons, list[list[int]]],
    donor_of: NDArray[np.int64],
    means: Outputs | None = None,
) -> Mapping[Hashable, Predictions]:
    """Predictions of the untouched network and under each condition."""
    network, persons, present = opened
    return predict_under([to_condition(one, present, means or {}, {}) for one in ablations], network, persons, donor_of)


def donors(seed: int) -> NDArray[np.int64]:
    """Of the six persons, two an image."""
    return other_image(np.arange(6) // 2, np.arange(6), seed)


def mean_of(network: Network, persons: Persons, present: list[list[int]]) -> Outputs:
    return mean_outputs(network, build_loader(network.cfg, persons.dataset), layers_of(present))


def batches(cfg: Config, order: np.ndarray | None = None) -> list[Any]:
    """The persons of the validation set, in an order, in the config's batches."""
    init_default_scope('mmpose')
    dataset = DATASETS.build(cfg.val_dataloader.dataset)
    persons = [dataset[int(index)] for index in (range(6) if order is None else order)]
    return [pseudo_collate(persons[start : start + 4]) for start in (0, 4)]


def prepared(cfg: Config, order: np.ndarray | None = None) -> tuple[Any, list[Any]]:
    """The network with its weights, and the batches."""
    return load(cfg, cfg.load_from).eval(), batches(cfg, order)


def seen_by_hand(cfg: Config, layers: list[str], order: np.ndarray | None = None) -> Seen:
    """What layers put out in full test steps, by call, the persons in an order."""
    model, own = prepared(cfg, order)
    found, calls = [], dict[str, list[torch.Tensor]]()
    for name in layers:
        model.get_submodule(name).register_forward_hook(
            lambda module, inputs, output, name=name: calls[name].append(output.clone())
        )
    with torch.no_grad():
        for batch in own:
            calls.update((name, []) for name in layers)
            model.test_step(batch)
            found.append({name: [output.numpy() for output in own] for name, own in calls.items()})
    return {
        name: [np.concatenate(parts) for parts in zip(*(entry[name] for entry in found), strict=True)]
        for name in layers
    }


def keypoints_by_hand(network: tuple[Any, list[Any]], given: Seen | None = None) -> np.ndarray:
    """Keypoints (6, 17, 2) of full test steps in which layers put out what is given."""
    (model, own), given = network, given or {}
    found, start, calls = [], 0, dict.fromkeys(given, 0)

    def give(name: str, output: torch.Tensor) -> torch.Tensor:
        values = given[name][calls[name]][start : start + len(output)]
        calls[name] += 1
        return torch.from_numpy(values).float().to(memory_format=torch.channels_last)

    hooks = [
        model.get_submodule(name).register_forward_hook(lambda module, inputs, output, name=name: give(name, output))
        for name in given
    ]
    for batch in own:
        calls.update(dict.fromkeys(given, 0))
        with torch.no_grad():
            found += [sample.pred_instances.keypoints[0] for sample in model.test_step(batch)]
        start += 4
    for hook in hooks:
        hook.remove()
    return np.stack(found)


def layers_by_hand(condition: Ablation, stacks: int) -> list[str]:
    """What a condition replaces in a network of two levels."""
    own = range(stacks) if condition.stack is None else [condition.stack]
    if condition.latent:
        return [f'backbone.hourglasses.{stack}.bottleneck_residuals' for stack in own]
    level = condition.level or 0
    levels = {'all off': (0, 1), 'level off': (level,), 'level on alone': (1 - level,)}[str(condition.skips)]
    return [f'backbone.hourglasses.{stack}.skips.{level}' for stack in own for level in levels]


@pytest.mark.parametrize(
    'model, stacks',
    [
        (None, 1),
        pytest.param(dict(test_cfg=FLIP), 1, marks=pytest.mark.slow),
        pytest.param(TWO, 2, marks=pytest.mark.slow),
    ],
    ids=['one', 'flip test', 'two'],
)
def test_every_condition_is_that_of_a_full_pass(
    made: Callable[..., Config], model: dict[str, Any] | None, stacks: int
) -> None:
    cfg = made(model)
    network, persons, present = opened(cfg)
    assert present == [[0, 1]] * stacks
    layers, order = layers_of(present), donors(3)
    assert len(layers) == 3 * stacks
    conditions = all_conditions(present, [0, 1])
    assert len(conditions) == 18 * (1 if stacks == 1 else 3)
    means = mean_of(network, persons, present)
    found = under(conditions, (network, persons, present), order, means)
    own = seen_by_hand(cfg, layers)
    given = dict(
        zero={name: [np.zeros_like(one) for one in calls] for name, calls in own.items()},
        mean={
            name: [np.broadcast_to(one.mean(0, dtype=float), one.shape).copy() for one in calls]
            for name, calls in own.items()
        },
        donor=seen_by_hand(cfg, layers, order),
    )
    for name, calls in own.items():
        assert len(calls) == len(means[name]) == (2 if model and 'test_cfg' in model else 1)
        for one, mean in zip(calls, means[name], strict=True):
            np.testing.assert_allclose(mean[0].numpy(), one.mean(0, dtype=float), atol=1e-12)
    by_hand, different = prepared(cfg), 0
    np.testing.assert_array_equal(found['untouched'].keypoints, keypoints_by_hand(by_hand))
    for condition in conditions:
        replaced = {name: given[str(condition.replacement)][name] for name in layers_by_hand(condition, stacks)}
        expected = keypoints_by_hand(by_hand, replaced)
        np.testing.assert_allclose(found[condition].keypoints, expected, atol=1e-3, err_msg=str(condition))
        different += not np.array_equal(expected, found['untouched'].keypoints)
    assert different > len(conditions) / 2


@pytest.mark.parametrize('model', [None, TWO], ids=['one', 'two'])
def test_own_skips_and_own_latents_change_nothing(made: Callable[..., Config], model: dict[str, Any] | None) -> None:
    setup = opened(made(model))
    conditions = all_conditions(setup[2], [0, 1], ['donor'])
    found = under(conditions, setup, np.arange(6))
    for condition in conditions:
        for field in ('distances', 'keypoints', 'v'):
            np.testing.assert_array_equal(getattr(found[condition], field), getattr(found['untouched'], field))


def test_own_latent_with_own_skips_and_all_skips_off_by_hand(made: Callable[..., Config]) -> None:
    network, _, present = opened(made())
    model: Any = network.model
    backbone, layers = model.backbone, layers_of(present)
    hourglass = backbone.hourglasses[0]
    with network.testing(), torch.no_grad():
        data = network.prepare(batches(network.cfg)[0])
        plain = backbone(data['inputs'])[-1]
        with tap(model, read=layers) as own:
            network.predict(data)
        both = {
            **to_condition(Ablation(stack=0, skips='all off', replacement='donor'), present, {}, {}).edits,
            **to_condition(Ablation(stack=0, latent='donor', replacement='donor'), present, {}, {}).edits,
        }
        assert both == dict.fromkeys(layers, resample)
        batch = Batch(np.arange(4), own)
        with tap(model, replace={place: edit(batch, place) for place, edit in both.items()}):
            assert torch.equal(backbone(data['inputs'])[-1], plain)
        off = to_condition(Ablation(stack=0, skips='all off', replacement='zero'), present, {}, {}).edits
        with tap(model, replace={place: edit(batch, place) for place, edit in off.items()}):
            without = backbone(data['inputs'])[-1]
        latent, skips = hourglass.encode(backbone.stem(data['inputs'].contiguous(memory_format=torch.channels_last)))
        by_hand = backbone.residuals[0](hourglass.decode(latent, (None,) * len(skips)))
    assert torch.equal(without, by_hand)
    assert not torch.equal(without, plain)


def test_without_skips_the_donor_does_not_matter(made: Callable[..., Config]) -> None:
    cfg = made()
    setup = opened(cfg)
    conditions = all_conditions(setup[2], [0, 1], ['zero', 'donor'])
    first, second = (under(conditions, setup, donors(seed)) for seed in (0, 1))
    for name, one in first.items():
        if name == 'untouched' or (isinstance(name, Ablation) and name.replacement != 'donor'):
            np.testing.assert_array_equal(one.keypoints, second[name].keypoints)
    donated = Ablation(stack=0, skips='all off', replacement='donor')
    assert not np.array_equal(first[donated].keypoints, second[donated].keypoints)
    # The same weights, skips switched off by the config instead of an edit.
    off = deepcopy(cfg)
    off.model.backbone.skip_connections = False
    np.testing.assert_array_equal(
        first[Ablation(stack=0, skips='all off', replacement='zero')].keypoints, keypoints_by_hand(prepared(off))
    )


def test_the_network_is_left_as_it_was(made: Callable[..., Config]) -> None:
    network, persons, present = opened(made())
    before = {name: value.clone() for name, value in network.model.state_dict().items()}
    plain = predict_under([], network, persons)['untouched']
    means = mean_of(network, persons, present)
    under(all_conditions(present, [0, 1]), (network, persons, present), donors(0), means)
    for module in network.model.modules():
        assert not module._forward_hooks and not module._forward_pre_hooks
        assert 'forward' not in module.__dict__
    for name, value in network.model.state_dict().items():
        assert torch.equal(value, before[name])
    again = predict_under([], network, persons)['untouched']
    np.testing.assert_array_equal(again.keypoints, plain.keypoints)


def entry(found: SkipAblation, **condition: Any) -> Ablated:
    asked = Ablation(**{'stack': 0, **condition})
    return next(one for one in found.conditions if one.condition == asked)


@pytest.mark.slow
def test_results(made: Callable[..., Config], tmp_path: Path) -> None:
    cfg = made()
    other = made(dict(backbone=dict(skip_connections=False)), seed=1)
    other.experiment_name += 'other'
    found, again = (run(cfg, other, bootstrap=20) for _ in range(2))
    assert set(found.times_s) == {'components', 'means', 'conditions', 'against', 'intervals'}
    write(tmp_path / 'skips.json', found)
    assert read_answer(tmp_path / 'skips.json', SkipAblation) == found
    for field in ('untouched', 'conditions', 'against', 'histogram', 'examples'):
        assert field == 'against' or getattr(found, field) == getattr(again, field)
    assert (found.persons, found.levels, found.stacks, found.thr) == (6, [0, 1], 1, THR)
    assert found.links[0] == (15, 13) and len(found.links) == 19
    assert len(found.conditions) == 18
    tested = measured(cfg)
    for name, own in [('untouched', found.untouched), *((one.condition, one) for one in found.conditions)]:
        scores = by_hand(tested[name].distances, tested[name].v)
        assert own.labelled.value == pytest.approx(scores['all'])
        assert own.parts['face']['labelled'].value == pytest.approx(scores['face'])
        assert own.joints['left_eye']['occluded'].value == pytest.approx(scores['left_eye'])
        if isinstance(own, Ablated):
            for group, lost in own.drop.pck.items():
                assert lost.value == pytest.approx(value(found.untouched, group) - value(own, group))
            likely = [one.likelihood['labelled'].value for one in (found.untouched, own, own.drop)]
            assert likely[2] == pytest.approx((likely[0] or 0) - (likely[1] or 0)) and likely[0] != likely[1]
            assert own.broken.pck.value == pytest.approx(own.drop.labelled.value)
            assert own.broken.likelihood.value == pytest.approx(likely[2])
            assert own.broken.pck.ends is None, 'three images tell nothing'
            assert (own.restored is not None) == (own.condition.skips == 'level on alone')
            if own.restored:
                off = entry(found, skips='all off', replacement=own.condition.replacement)
                assert own.restored.pck.value == pytest.approx(value(own, 'labelled') - value(off, 'labelled'))
    plain = found.against
    assert plain and again.against and plain.pck == again.against.pck
    assert plain.broken.likelihood.value == pytest.approx(plain.difference.likelihood['labelled'].value)
    assert [left.replacement for left in found.parts_left] == ['donor', 'mean', 'zero', None]
    assert [pair.levels for pair in found.pairs] == [(0, 1)] and found.misled
    # Each of 18 conditions, of which 2 levels off with 17 joints; 2 levels alone; 1 pair, twice; donor and mean.
    joints, faces = 3 * 2 * 17, sum(one.value is not None for left in found.parts_left for one in left.face.values())
    assert found.contrasts == 2 * (18 + 3 * 2 + 2 + 1 + 1) + joints + faces
    assert plain.labelled.value == pytest.approx(by_hand(*distances_and_flags(other))['all'])
    assert value(plain.difference, 'visible') == pytest.approx(
        value(found.untouched, 'visible') - value(plain, 'visible')
    )
    assert found.histogram.against and sum(found.histogram.untouched) == sum(found.histogram.against) == 6
    assert list(found.histogram.all_off) == ['donor', 'mean', 'zero']
    assert found.histogram.all_off['zero'] != found.histogram.untouched


def value(scores: Scores, group: str) -> float:
    found = scores.pck[group].value
    assert found is not None
    return found


def measured(cfg: Config) -> Mapping[Hashable, Predictions]:
    network, persons, present = opened(cfg)
    means = mean_of(network, persons, present)
    return under(all_conditions(present, [0, 1]), (network, persons, present), donors(0), means)


def distances_and_flags(cfg: Config) -> tuple[np.ndarray, np.ndarray]:
    """Distances (6, 17) and flags of an untouched network, from full test steps."""
    keypoints, distances, flags = keypoints_by_hand(prepared(cfg)), [], []
    samples = [sample for batch in batches(cfg) for sample in batch['data_samples']]
    for sample, predicted in zip(samples, keypoints, strict=True):
        x, y, v = np.reshape(sample.raw_ann_info['keypoints'], (-1, 3)).T
        far = np.hypot(predicted[:, 0] - x, predicted[:, 1] - y) / max(sample.input_scale)
        distances.append(far)
        flags.append(v)
    return np.stack(distances), np.stack(flags)


def by_hand(distances: np.ndarray, v: np.ndarray) -> dict[str, float]:
    """PCK of labelled joints, of the face, and of the occluded left eye (joint 1)."""
    right = distances < THR
    persons = range(len(v))
    return dict(
        all=np.mean([right[i][v[i] > 0].mean() for i in persons]),
        face=np.mean([right[i, :5][v[i, :5] > 0].mean() for i in persons]),
        left_eye=right[:, 1][v[:, 1] == 1].mean(),
    )


def test_the_mean_of_one_person_is_its_own(made: Callable[..., Config]) -> None:
    found = run(made(), limit=1, replacements=('mean',))
    assert found.persons == 1
    assert len(found.conditions) == 1 + 2 + 2 + 1
    for one in found.conditions:
        assert one.pck == found.untouched.pck
        assert (one.drop.labelled.value, one.drop.labelled.ends) == (0, None)


@pytest.mark.slow
def test_several_stacks_come_one_by_one_and_together(made: Callable[..., Config]) -> None:
    found = run(made(TWO), replacements=('zero', 'donor'))
    assert found.stacks == 2
    assert [one.condition.stack for one in found.conditions] == [0] * 12 + [1] * 12 + [None] * 12
    assert list(found.under(None, 'all off')) == list(found.histogram.all_off)
    values = {found.under(stack, 'all off')['zero'].labelled.value for stack in (0, 1, None)}
    assert len(values) == 3


@pytest.mark.slow
def test_latents_on_components_are_those_of_a_component_projection(made: Callable[..., Config], tmp_path: Path) -> None:
    cfg, store = made(), tmp_path / 'store'
    dump_latents(
        cfg, cfg.load_from, DumpOptions(layers=(LAYER,), out=store, split='train', dtype='float32', predictions=False)
    )
    found = run(cfg, store=store, replacements=('zero',))
    config, checkpoint = dumped(cfg)
    expected = component_projection.measure(
        ComponentProjectionOptions(config=config, checkpoint=checkpoint, store=store, ks=(0, 8, 50), bootstrap=10)
    )
    for k in (0, 8, 50):
        own = entry(found, latent='k components', k=k)
        for group in expected.pck:
            for ours, theirs in ((own.pck, expected.pck), (own.drop.pck, expected.drop)):
                assert astuple(ours[group])[:4] == pytest.approx(astuple(theirs[group].at(k))[:4], abs=1e-12)
    assert [k for k, _ in found.projections()] == [0, 8, 50]
    assert len(found.conditions) == 1 + 4 + 1 + 3
    assert 'no variance' in found.warnings[0]  # 24 persons
    with pytest.raises(InputError, match='--ks 129: the latent has 128 components'):
        run(cfg, store=store, ks=(0, 129))


def test_a_level_the_config_switches_off(made: Callable[..., Config]) -> None:
    cfg = made(dict(backbone=dict(skip_connections=[True, False])))
    found = run(cfg, replacements=('zero',))
    assert found.warnings == ['Stack 0 has no skip at level 1, which its config switches off; no condition touches it.']
    assert found.levels == [0]
    assert [(one.condition.skips, one.condition.level) for one in found.conditions] == [
        ('all off', None),
        ('level off', 0),
        ('level on alone', 0),
        (None, None),
    ]
    off, alone = (
        entry(found, skips='all off', replacement='zero'),
        entry(found, skips='level on alone', level=0, replacement='zero'),
    )
    assert off.pck == entry(found, skips='level off', level=0, replacement='zero').pck
    assert alone.pck == found.untouched.pck
    with pytest.raises(InputError, match=r'--levels 1: .* switches this skip of stack 0 off'):
        run(cfg, levels=(1,))


def test_persons_of_one_image_have_no_donors(made: Callable[..., Config]) -> None:
    found = run(made(), limit=1)
    assert found.replacements == ['mean', 'zero']
    assert 'nobody has a donor' in found.warnings[0]


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(limit=0), '--limit 0: give 1 or more'),
        (dict(bootstrap=9), '--bootstrap 9: give 10 or more'),
        (dict(donor_seed=-1), '--donor-seed -1: give 0 or more'),
        (dict(confidence=1), '--confidence 1: give a share between 0 and 1'),
        (dict(ks=(2,)), '--ks: needs --store'),
        (dict(ks=(-2,), store=Path('store')), '--ks -2: give numbers of components from 0 on'),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        replace(OPTIONS, **options)
    assert replace(OPTIONS, replacements=('zero',), limit=1).limit == 1
