"""Derived configs: read by MMEngine, built, and no different from what they should change."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS
from torch import nn

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.models import AutoencoderNeck
from shg_xai.study.configs import necks_of, schedule, schedule_on, write_all, write_config, write_plain_configs
from shg_xai.study.settings import Settings, read_settings, write_settings
from shg_xai.study.width import widths_of
from tests.helpers.data import only_error, run_in_process
from tests.helpers.study_settings import ROOT, settings_of, write_widths

NETWORKS = ('plain', 'control', 'longer', 'noskip', 'improved', 'improved_study', 'scratch')


def write_configs(settings: Settings, widths: list[int]) -> None:
    write_plain_configs(settings)
    write_widths(settings, widths)
    write_all(settings)


def read(path: Path) -> Config:
    init_default_scope('mmpose')
    return Config.fromfile(path)


@pytest.fixture(scope='module')
def two(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A study of two stacks and two seeds, its configs written with widths 9 and 60."""
    settings = settings_of(tmp_path_factory.mktemp('two'), seeds=(3, 5), stacks=2)
    write_configs(settings, [9, 60])
    return settings


def test_every_network_and_autoencoder_has_a_config_a_seed(two: Settings) -> None:
    assert sorted(file.stem for file in (two.work_dir / 'configs').iterdir()) == sorted(
        [f'{network}_{seed}' for network in NETWORKS for seed in (3, 5)]
        + [f'ae_{key}_{seed}_stack{stack}' for key in ('suggested', 'study') for seed in (3, 5) for stack in (0, 1)]
    )
    assert json.loads((two.work_dir / 'widths' / 'chosen.json').read_text()) == dict(widths=[9, 60])


# The demo's rate falls along a cosine, over any length.
@pytest.mark.parametrize(
    ('network', 'epochs', 'from_scratch'),
    [
        ('plain', 6, True),
        ('noskip', 6, True),
        ('control', 3, False),
        ('improved', 3, False),
        ('improved_study', 3, False),
        ('scratch', 9, True),
        ('longer', 9, True),
    ],
)
def test_a_networks_run(two: Settings, network: str, epochs: int, from_scratch: bool) -> None:
    plain, cfg = read(two.config), read(two.config_of(network, 5))
    assert cfg.train_cfg == dict(plain.train_cfg, max_epochs=epochs)
    warm_up, falling = cfg.param_scheduler
    assert (falling.type, falling.T_max, falling.get('end', epochs)) == ('CosineAnnealingLR', epochs, epochs)
    if from_scratch:
        assert warm_up == plain.param_scheduler[0]
        assert cfg.optim_wrapper == plain.optim_wrapper
    else:  # trained on: from a fifth of the plain network's 3e-3
        assert cfg.optim_wrapper.optimizer.lr == pytest.approx(6e-4)
        assert (warm_up.type, warm_up.end) == ('LinearLR', 100)
    assert cfg.randomness == dict(seed=5)
    assert cfg.model.backbone.num_stacks == 2
    assert ('splice' in cfg.default_hooks) == (network in ('control', 'improved', 'improved_study'))
    if 'splice' in cfg.default_hooks:
        assert cfg.default_hooks.splice == dict(type='SpliceHook', plain=None, autoencoders=[])
    assert cfg.get('find_unused_parameters', False) == (network == 'noskip')
    # All else is the plain network's.
    plain.optim_wrapper.optimizer.lr = cfg.optim_wrapper.optimizer.lr
    plain.test_dataloader.dataset.update(
        ann_file='annotations/person_keypoints_split_test2017.json', data_prefix=dict(img='train2017/')
    )
    for key in (
        'train_dataloader',
        'val_dataloader',
        'test_dataloader',
        'optim_wrapper',
        'val_evaluator',
        'codec',
        'custom_hooks',
    ):
        assert cfg[key] == plain[key]
    assert cfg.model.head == plain.model.head
    changed = {key for key in cfg.model.backbone if cfg.model.backbone[key] != plain.model.backbone.get(key)}
    assert changed == {'num_stacks'} | {'noskip': {'skip_connections'}}.get(
        network, set() if network in ('plain', 'control', 'longer') else {'bottleneck'}
    )


def built(path: Path) -> Any:
    cfg = read(path)
    with torch.device('meta'):
        model = MODELS.build(cfg.model)
    assert sum(values.numel() for values in model.parameters()) > 10_000
    assert all(values.is_meta for values in model.parameters())
    return model


@pytest.mark.parametrize(
    ('network', 'widths', 'relus'),
    [
        ('plain', [], None),
        ('control', [], None),
        ('longer', [], None),
        ('noskip', [], None),
        ('improved', [9, 60], False),
        ('scratch', [9, 60], False),
        ('improved_study', [50, 50], True),
    ],
)
def test_a_networks_bottleneck(two: Settings, network: str, widths: list[int], relus: bool | None) -> None:
    backbone = built(two.config_of(network, 3)).backbone
    assert len(backbone.hourglasses) == 2
    necks = [module for module in backbone.modules() if isinstance(module, AutoencoderNeck)]
    assert [neck.decoder[0].in_features for neck in necks] == widths
    for neck in necks:
        assert neck.in_shape == (32, 4, 4)
        assert isinstance(neck.encoder[-1], nn.ReLU) is relus
    bottlenecks = read(two.config_of(network, 3)).model.backbone.get('bottleneck') or []
    assert [(neck.code_channels, neck.code_relu, neck.output_relu) for neck in bottlenecks] == [
        (width, relus, relus) for width in widths
    ]
    for neck in bottlenecks:
        # From scratch: of full size they drown the skips.
        assert neck.get('init_cfg', {}).get('gain') == (0.5 if network == 'scratch' else None)
    skips = (network != 'noskip',) * 3
    assert [glass.skip_connections for glass in backbone.hourglasses] == [skips, skips]


@pytest.mark.parametrize(('key', 'widths', 'relus'), [('suggested', [9, 60], False), ('study', [50, 50], True)])
def test_an_autoencoder_alone_fits_its_network(two: Settings, key: str, widths: list[int], relus: bool) -> None:
    network = built(two.config_of('improved' if key == 'suggested' else 'improved_study', 5))
    spliced = [module for module in network.modules() if isinstance(module, AutoencoderNeck)]
    for stack in (0, 1):
        path = two.work_dir / 'configs' / f'{two.autoencoder_name(key, 5, stack)}.py'
        cfg, base = read(path), read(two.autoencoder)
        assert cfg.model.neck == dict(base.model.neck, code_channels=widths[stack], code_relu=relus, output_relu=relus)
        assert (cfg.randomness, cfg.train_cfg.max_epochs) == (dict(seed=5), 5)
        assert cfg.train_cfg.val_interval == base.train_cfg.val_interval
        for loader in ('train_dataloader', 'val_dataloader', 'test_dataloader'):
            expected = base[loader]
            expected.dataset.layer = f'backbone.hourglasses.{stack}.bottleneck_residuals'
            assert cfg[loader] == expected
        shapes = {name: values.shape for name, values in spliced[stack].state_dict().items()}
        assert shapes == {name: values.shape for name, values in built(path).neck.state_dict().items()}


def test_the_studys_own_config_is_derived_from_too(tmp_path: Path) -> None:
    settings = settings_of(
        tmp_path, config=ROOT / 'configs' / 'shg_coco.py', epochs=4, autoencoder=ROOT / 'configs' / 'ae_latents.py'
    )
    write_configs(settings, [300])
    cfg = read(settings.config_of('improved', 0))
    warm_up, watching = cfg.param_scheduler
    assert warm_up.type == 'LinearLR'
    assert watching == read(settings.config).param_scheduler
    assert watching.type == 'ReduceOnPlateauLR'  # it has no milestones to move
    assert cfg.model.backbone.bottleneck == [
        dict(
            type='AutoencoderNeck',
            in_channels=256,
            in_featuremap_size=(4, 4),
            hidden_channels=(192, 128, 64),
            code_channels=300,
            code_relu=False,
            output_relu=False,
            noise=0.1,
        )
    ]
    built(settings.config_of('improved', 0))


@pytest.mark.parametrize(('epochs', 'milestones'), [(100, [40, 90]), (50, [20, 45]), (1, [1, 1]), (7, [3, 6])])
def test_milestones_move_with_the_length(epochs: int, milestones: list[int]) -> None:
    # 7 of 100 epochs: 2.8 and 6.3.
    cfg = Config(dict(train_cfg=dict(max_epochs=100), param_scheduler=dict(type='MultiStepLR', milestones=[40, 90])))
    assert schedule(cfg, epochs) == dict(train_cfg=dict(max_epochs=epochs), param_scheduler=dict(milestones=milestones))


@pytest.mark.parametrize(
    'scheduler', [None, dict(type='StepLR', step_size=3), [dict(type='LinearLR', begin=0, end=50)]]
)
def test_another_schedule_stays_as_it_is(scheduler: dict | list | None) -> None:
    cfg = Config(dict(train_cfg=dict(max_epochs=10)) | ({} if scheduler is None else dict(param_scheduler=scheduler)))
    assert schedule(cfg, 5) == dict(train_cfg=dict(max_epochs=5))


def test_milestones_move_among_others() -> None:
    warm_up = dict(type='LinearLR', by_epoch=False, end=50)
    cfg = Config(
        dict(train_cfg=dict(max_epochs=210), param_scheduler=[warm_up, dict(type='MultiStepLR', milestones=[170, 200])])
    )
    assert schedule(cfg, 21)['param_scheduler'] == [warm_up, dict(type='MultiStepLR', milestones=[17, 20])]


def test_a_cosine_moves_with_the_length() -> None:
    # MMPose's own: a warm-up in steps, then a constant rate for half of 420 epochs, then a cosine for the other half.
    warm_up = dict(type='LinearLR', start_factor=1e-5, by_epoch=False, begin=0, end=1000)
    cosine = dict(type='CosineAnnealingLR', eta_min=5e-6, begin=210, end=420, T_max=210, by_epoch=True)
    cfg = Config(dict(train_cfg=dict(max_epochs=420), param_scheduler=[warm_up, cosine]))
    assert schedule(cfg, 42)['param_scheduler'] == [warm_up, {**cosine, 'begin': 21, 'end': 42, 'T_max': 21}]
    in_steps = dict(type='CosineAnnealingLR', T_max=5000, by_epoch=False)
    cfg = Config(dict(train_cfg=dict(max_epochs=10), param_scheduler=in_steps))
    assert schedule(cfg, 5) == dict(train_cfg=dict(max_epochs=5))


def test_training_on_after_a_cosine_falls_once_more() -> None:
    cosine = dict(type='CosineAnnealingLR', begin=5, end=10, T_max=5, convert_to_iter_based=True)
    cfg = Config(
        dict(train_cfg=dict(max_epochs=10), optim_wrapper=dict(optimizer=dict(lr=1e-2)), param_scheduler=[cosine])
    )
    found = schedule_on(cfg, 4)
    assert found['optim_wrapper']['optimizer']['lr'] == pytest.approx(2e-3)
    assert found['param_scheduler'][1] == dict(type='CosineAnnealingLR', T_max=4, convert_to_iter_based=True)


def test_the_same_overrides_give_the_same_bytes(tmp_path: Path) -> None:
    settings = settings_of(tmp_path, stacks=2)

    def contents(widths: list[int]) -> dict[str, bytes]:
        write_configs(settings, widths)
        return {file.name: file.read_bytes() for file in (settings.work_dir / 'configs').iterdir()}

    first = contents([9, 60])
    assert contents([9, 60]) == first
    changed = {name for name, content in contents([9, 61]).items() if content != first[name]}
    assert changed == {'improved_0.py', 'scratch_0.py', 'ae_suggested_0_stack1.py'}


def test_a_config_inherits_by_a_relative_path(tmp_path: Path) -> None:
    base = tmp_path / 'mine' / 'base.py'
    base.parent.mkdir()
    base.write_text('a = dict(b=1, c=2)\nd = 3\n')
    path = tmp_path / 'new' / 'derived.py'
    write_config(path, base, 'About it.', dict(a=dict(c=(4, None)), e='f'))
    assert path.read_text() == (
        '"""About it."""\n\n_base_ = [\'../mine/base.py\']\n\na = {\'c\': (4, None)}\ne = \'f\'\n'
    )
    assert Config.fromfile(path).to_dict() == dict(a=dict(b=1, c=(4, None)), d=3, e='f')
    assert list(path.parent.iterdir()) == [path]


@pytest.mark.parametrize(
    ('kept', 'width', 'expected'), [([9, 60], None, [9, 60]), ([0, 512], None, [1, 512]), ([9, 60], 20, [20, 20])]
)
def test_widths(tmp_path: Path, kept: list[int], width: int | None, expected: list[int]) -> None:
    settings = settings_of(tmp_path, stacks=2, width=width)
    write_widths(settings, kept)
    assert widths_of(settings) == expected
    assert [neck['code_channels'] for neck in necks_of(settings, 'suggested')] == expected


def test_a_latent_smaller_than_the_studys_code_bounds_it(tmp_path: Path) -> None:
    config = tmp_path / 'small.py'
    write_config(
        config,
        settings_of(tmp_path).autoencoder,
        'Small.',
        dict(model=dict(neck=dict(in_channels=2, in_featuremap_size=(4, 4)))),
    )
    necks = necks_of(settings_of(tmp_path, autoencoder=config), 'study')
    assert [neck['code_channels'] for neck in necks] == [32]


def test_a_width_larger_than_the_latent_is_one_line_and_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    settings = settings_of(tmp_path, width=513)
    write_widths(settings, [9])
    write_settings(settings)
    assert run_in_process(lambda: write_all(read_settings(settings.work_dir)), [], monkeypatch) == 2
    assert only_error(capsys.readouterr().err) == (
        'error: --width 513: the latent of stack 0 has 512 values; give at most as many'
    )
    assert sorted(file.name for file in settings.work_dir.rglob('*')) == ['settings.json', 'stack0.json', 'widths']


@pytest.mark.parametrize('text', [None, '{', '[]', '{}', 'other', 'less'])
def test_a_missing_suggestion_is_one_line(tmp_path: Path, text: str | None) -> None:
    settings = settings_of(tmp_path)
    write_widths(settings, [9])
    file = settings.width_of(0)
    found = json.loads(file.read_text())
    file.unlink()
    if text == 'other':
        text = json.dumps(found | dict(chapter='networks'))
    elif text == 'less':
        text = json.dumps({key: value for key, value in found.items() if key != 'suggestion'})
    if text is not None:
        file.write_text(text)
    with pytest.raises(InputError, match=r'stack0\.json: .*; run the stage "keep components 0" again'):
        widths_of(settings)


@pytest.mark.parametrize(
    ('networks', 'written'),
    [
        (('control', 'noskip'), set()),
        (('scratch',), {'suggested', 'improved', 'scratch'}),
        (('improved_study',), {'study', 'improved_study'}),
        (('improved',), {'suggested', 'improved', 'scratch'}),
    ],
)
def test_only_what_is_needed_asks_for_a_width(tmp_path: Path, networks: tuple[str, ...], written: set[str]) -> None:
    settings = settings_of(tmp_path, networks=networks)
    write_widths(settings, [9])
    write_all(settings)
    folder = settings.work_dir / 'configs'
    names = {f'ae_{name}_0_stack0.py' if name in ('suggested', 'study') else f'{name}_0.py' for name in written}
    assert {file.name for file in folder.glob('*')} == names


def test_training_on_goes_on_at_the_last_rate_after_a_warm_up() -> None:
    falling = Config(
        dict(
            train_cfg=dict(max_epochs=10),
            optim_wrapper=dict(optimizer=dict(type='SGD', lr=0.5)),
            param_scheduler=dict(type='MultiStepLR', milestones=[4, 8, 10], gamma=0.1),
        )
    )
    found = schedule_on(falling, 3)
    assert found['train_cfg'] == dict(max_epochs=3)
    # The third milestone is where the training ended.
    assert found['optim_wrapper']['optimizer']['lr'] == pytest.approx(0.005)
    (warm_up,) = found['param_scheduler']
    assert (warm_up['type'], warm_up['by_epoch']) == ('LinearLR', False)
    watching = Config(
        dict(
            train_cfg=dict(max_epochs=100),
            optim_wrapper=dict(optimizer=dict(lr=2.5e-4)),
            param_scheduler=[dict(type='LinearLR', end=7), dict(type='ReduceOnPlateauLR', factor=0.2)],
        )
    )
    found = schedule_on(watching, 50)
    assert 'optim_wrapper' not in found  # the rate it starts from, as the study did
    assert [part['type'] for part in found['param_scheduler']] == ['LinearLR', 'ReduceOnPlateauLR']
    assert found['param_scheduler'][0] == warm_up


@pytest.mark.parametrize(
    ('few', 'share'), [(dict(limit=20), 0.5), (dict(people=(32, 8)), 0.5), (dict(limit=200), 0.1), ({}, 0.1)]
)
def test_of_a_few_persons_half_judge_the_autoencoder(tmp_path: Path, few: dict[str, object], share: float) -> None:
    settings = settings_of(tmp_path, networks=('improved',), **few)
    write_configs(settings, [9])
    cfg = read(settings.work_dir / 'configs' / 'ae_suggested_0_stack0.py')
    assert [cfg[f'{part}_dataloader'].dataset.held_out for part in ('train', 'val', 'test')] == [share] * 3
