"""Results of an ablation against full passes and against other commands of ours."""

import copy
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from mmengine.config import Config

from shg_xai.chapters.component_projection.measure import KeptOptions, keep_components
from shg_xai.chapters.skip_ablation.conditions import UNTOUCHED, Condition, all_conditions, donors
from shg_xai.chapters.skip_ablation.measure import ablate_skips
from shg_xai.chapters.skip_ablation.options import AblationOptions
from shg_xai.chapters.skip_ablation.passes import changeable_layers, mean_outputs, measure_conditions
from shg_xai.chapters.skip_ablation.summary import summary
from shg_xai.errors import InputError
from shg_xai.interventions.capture import DumpOptions, dump_latents
from shg_xai.interventions.subject import Predicted
from tests.helpers.data import write_coco
from tests.test_chapters.test_skip_ablation.test_passes import (
    THR,
    TWO,
    batches,
    keypoints_by_hand,
    network_maker,
    opened,
    prepared,
)
from tests.test_interventions.test_capture import LAYER, one_thread  # noqa: F401


@pytest.fixture(scope='module')
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """24 persons for components, six to test on."""
    return write_coco(tmp_path_factory.mktemp('data') / 'coco', train_images=12)


@pytest.fixture
def made(data: Path, tmp_path: Path, repo_root: Path) -> Callable[..., Config]:
    """Makes small networks of random weights."""
    return network_maker(repo_root, data, tmp_path)


def run(cfg: Config, against: Config | None = None, **options: Any) -> dict[str, Any]:
    """Measure, with few resamples; each run with a logger of its own."""
    cfg.experiment_name += '_'
    return ablate_skips(
        copy.deepcopy(cfg),
        cfg.load_from,
        AblationOptions(**dict(bootstrap=10) | options),
        against and (copy.deepcopy(against), against.load_from),
    )


def test_examples_and_histograms_by_hand(made: Callable[..., Config]) -> None:
    subject, _ = opened(made())
    v = np.stack([[2] * 17, [2] * 16 + [0]] * 3)
    right, half = np.zeros((6, 17)), np.zeros((6, 17))
    right[1, 0], right[1, 16] = 1, 9  # not perfect; the last joint is not labelled
    half[:, 1:] = np.array([0, 9, 1, 9, 0, 9])[:, None]  # persons 2, 3 and 5 lose all but one joint
    half[3, 0] = 9
    points = np.arange(6 * 34, dtype=float).reshape(6, 17, 2)
    off = Condition(0, 'all off', replacement='zero')
    found = summary(
        {UNTOUCHED: Predicted(right, v, points), off: Predicted(half, v, points + 0.5)},
        None,
        subject.dataset,
        subject.names,
        0.4,
        (np.arange(6) // 2, 10, 0.95, 0),
    )
    assert [(one['annotation_id'], one['file_name']) for one in found['examples']] == [
        (21, '000000000002.jpg'),
        (20, '000000000002.jpg'),
        (31, '000000000003.jpg'),
    ]
    lost = found['examples'][1]
    assert lost['pck'] == dict(untouched=1, all_off=pytest.approx(1 / 17))
    assert lost['keypoints']['untouched'] == points[2].tolist()
    assert lost['keypoints']['all_off'] == (points[2] + 0.5).tolist()
    assert [(place, many) for place, many in enumerate(found['histogram']['untouched']) if many] == [
        (19, 1),
        (20, 5),
    ]  # 15 of 16 joints, and all
    assert [(place, many) for place, many in enumerate(found['histogram']['all_off']['zero']) if many] == [
        (0, 1),
        (1, 3),
        (20, 2),
    ]
    assert found['conditions'][0]['drop']['parts']['lower']['visible']['value'] == pytest.approx(4 / 6)
    assert found['against'] is found['histogram']['against'] is None


def entry(found: dict[str, Any], **condition: Any) -> dict[str, Any]:
    asked = asdict(Condition(0, **condition))
    return next(one for one in found['conditions'] if all(one[key] == value for key, value in asked.items()))


@pytest.mark.slow
def test_results(made: Callable[..., Config], tmp_path: Path) -> None:
    cfg = made()
    other = made(dict(backbone=dict(skip_connections=False)), seed=1)
    other.experiment_name += 'other'
    found = run(cfg, other, bootstrap=20)
    again = run(cfg, other, bootstrap=20)
    assert (
        set(found.pop('times_s'))
        == set(again.pop('times_s'))
        == {'components', 'means', 'conditions', 'against', 'intervals'}
    )
    assert json.dumps(found, allow_nan=False) == json.dumps(again, allow_nan=False)
    assert (found['persons'], found['levels'], found['stacks']) == (6, [0, 1], 1)
    assert len(found['conditions']) == 18
    tested = measured(cfg)
    for name, own in [
        ('untouched', found['untouched']),
        *((Condition(**{key: one[key] for key in asdict(UNTOUCHED)}), one) for one in found['conditions']),
    ]:
        scores = by_hand(tested[UNTOUCHED if name == 'untouched' else name])
        assert own['pck']['labelled']['value'] == pytest.approx(scores['all'])
        assert own['parts']['face']['labelled']['value'] == pytest.approx(scores['face'])
        assert own['joints']['left_eye']['occluded']['value'] == pytest.approx(scores['left_eye'])
        if name != 'untouched':
            for group, lost in own['drop']['pck'].items():
                assert lost['value'] == pytest.approx(
                    found['untouched']['pck'][group]['value'] - own['pck'][group]['value']
                )
    plain = found['against']
    assert plain['pck']['labelled']['value'] == pytest.approx(
        by_hand(Predicted(*flags_and_distances(other), np.empty(0)))['all']
    )
    assert plain['difference']['pck']['visible']['value'] == pytest.approx(
        found['untouched']['pck']['visible']['value'] - plain['pck']['visible']['value']
    )
    assert sum(found['histogram']['untouched']) == sum(found['histogram']['against']) == 6
    assert list(found['histogram']['all_off']) == ['zero', 'mean', 'donor']
    assert found['histogram']['all_off']['zero'] != found['histogram']['untouched']


def measured(cfg: Config) -> dict[Condition, Predicted]:
    subject, present = opened(cfg)
    means = mean_outputs(subject, changeable_layers(present))
    return measure_conditions(subject, all_conditions(present, [0, 1]), present, means, donors(6, 0), {})


def flags_and_distances(cfg: Config) -> tuple[np.ndarray, np.ndarray]:
    """Distances (6, 17) and flags of an untouched network, from full test steps."""
    keypoints, distances, flags = keypoints_by_hand(prepared(cfg)), [], []
    samples = [sample for batch in batches(cfg) for sample in batch['data_samples']]
    for sample, predicted in zip(samples, keypoints, strict=True):
        x, y, v = np.reshape(sample.raw_ann_info['keypoints'], (-1, 3)).T
        far = np.hypot(predicted[:, 0] - x, predicted[:, 1] - y) / max(sample.input_scale)
        distances.append(far)
        flags.append(v)
    return np.stack(distances), np.stack(flags)


def by_hand(tested: Predicted) -> dict[str, float]:
    """PCK of labelled joints, of the face, and of the occluded left eye (joint 1)."""
    right, v = tested.distances < THR, tested.v
    persons = range(len(v))
    return dict(
        all=np.mean([right[i][v[i] > 0].mean() for i in persons]),
        face=np.mean([right[i, :5][v[i, :5] > 0].mean() for i in persons]),
        left_eye=right[:, 1][v[:, 1] == 1].mean(),
    )


def test_the_mean_of_one_person_is_its_own(made: Callable[..., Config]) -> None:
    found = run(made(), limit=1, replacements=('mean',))
    assert found['persons'] == 1
    assert len(found['conditions']) == 1 + 2 + 2 + 1
    for one in found['conditions']:
        assert one['pck'] == found['untouched']['pck']
        assert one['drop']['pck']['labelled'] == dict(value=0, low=None, high=None)


@pytest.mark.slow
def test_several_stacks_come_one_by_one_and_together(made: Callable[..., Config]) -> None:
    found = run(made(TWO), replacements=('zero', 'donor'))
    assert found['stacks'] == 2
    assert [one['stack'] for one in found['conditions']] == [0] * 12 + [1] * 12 + [None] * 12
    together = [one for one in found['conditions'] if one['skips'] == 'all off' and one['stack'] is None]
    assert [one['replacement'] for one in together] == list(found['histogram']['all_off'])
    values = [
        one['pck']['labelled']['value']
        for one in found['conditions']
        if one['skips'] == 'all off' and one['replacement'] == 'zero'
    ]
    assert len(set(values)) == 3


@pytest.mark.slow
def test_latents_on_components_are_those_of_keep_components(made: Callable[..., Config], tmp_path: Path) -> None:
    cfg = made()
    dump_latents(
        cfg, cfg.load_from, DumpOptions((LAYER,), tmp_path / 'store', 'train', dtype='float32', predictions=False)
    )
    found = run(cfg, store=tmp_path / 'store', replacements=('zero',))
    cfg.experiment_name += '_kept'
    kept = keep_components(cfg, cfg.load_from, KeptOptions(tmp_path / 'store', ks=(0, 8, 50), bootstrap=10))
    for k in (0, 8, 50):
        expected = next(one for one in kept['curve'] if one['k'] == k)
        own = entry(found, latent='k components', k=k)
        for group, estimate in expected['pck'].items():
            assert own['pck'][group] == pytest.approx(estimate, abs=1e-12)
            assert own['drop']['pck'][group] == pytest.approx(expected['drop'][group], abs=1e-12)
    assert len(found['conditions']) == 1 + 4 + 1 + 3
    assert 'no variance' in found['warnings'][0]  # 24 persons
    with pytest.raises(InputError, match='--ks 129: the latent has 128 components'):
        run(cfg, store=tmp_path / 'store', ks=(0, 129))


def test_a_level_the_config_switches_off(made: Callable[..., Config]) -> None:
    cfg = made(dict(backbone=dict(skip_connections=[True, False])))
    found = run(cfg, replacements=('zero',))
    assert found['warnings'] == [
        'Stack 0 has no skip at level 1, which its config switches off; no condition touches it.'
    ]
    assert found['levels'] == [0]
    assert [(one['skips'], one['level']) for one in found['conditions']] == [
        ('all off', None),
        ('level off', 0),
        ('level on alone', 0),
        (None, None),
    ]
    off, alone = (
        entry(found, skips='all off', replacement='zero'),
        entry(found, skips='level on alone', level=0, replacement='zero'),
    )
    assert off['pck'] == entry(found, skips='level off', level=0, replacement='zero')['pck']
    assert alone['pck'] == found['untouched']['pck']
    with pytest.raises(InputError, match=r'--levels 1: .* switches this skip of stack 0 off'):
        run(cfg, levels=(1,))


@pytest.mark.parametrize(
    'options, message',
    [
        (dict(limit=0), '--limit 0: give 1 or more'),
        (dict(limit=1), '--limit 1: a donor needs another person'),
        (dict(bootstrap=9), '--bootstrap 9: give 10 or more'),
        (dict(donor_seed=-1), '--donor-seed -1: give 0 or more'),
        (dict(confidence=1), '--confidence 1: give a share between 0 and 1'),
        (dict(ks=(2,)), '--ks: needs --store'),
        (dict(ks=(-2,), store=Path('store')), '--ks -2: give numbers of components from 0 on'),
    ],
)
def test_options_that_make_no_sense(options: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        AblationOptions(**options)
    assert replace(AblationOptions(replacements=('zero',)), limit=1).limit == 1
