"""``tools/dump_latents.py`` as a user runs it."""

import json
import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.runner import set_random_seed
from mmpose.registry import MODELS

from shg_xai.datasets.people.write import PeopleConfig, write_people
from shg_xai.latents import LatentStore
from shg_xai.runner.layers import config_path
from tests.helpers.commands import forked_twice
from tests.helpers.data import QUICK, only_error, run_in_process, write_coco
from tests.helpers.small_network import LAYER, assert_same, load, plain_latents, save_network, small_config, stored
from tools import dump_latents as tool

pytestmark = pytest.mark.usefixtures('one_thread')
CONFIG = 'configs/shg_coco.py'
STUDY = 'backbone.hourglasses.0'
MMPOSE = 'mmpose::body_2d_keypoint'
HEATMAP = f'{MMPOSE}/topdown_heatmap/coco/td-hm'


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Six persons to validate on, ids 10, 11, 20, 21, 30, 31."""
    return write_coco(tmp_path / 'coco')


@pytest.fixture
def cfg(data: Path, tmp_path: Path, repo_root: Path) -> Config:
    """The study's config, small, with weights to load."""
    cfg = small_config(repo_root / CONFIG, data, tmp_path / 'work')
    cfg.load_from = str(save_network(cfg, tmp_path / 'small.pth'))
    return cfg


def words(cfg: Config, out: Path, *more: str, layer: str = LAYER) -> list[str]:
    """The command's words for a small config; further --cfg-options come last in ``more``."""
    data = cfg.val_dataloader.dataset.data_root
    name = f'experiment_name={out.parent.name}_{out.name}'
    split = more.index('--cfg-options') if '--cfg-options' in more else len(more)
    return [
        CONFIG,
        cfg.load_from,
        '--layers',
        layer,
        '--out',
        str(out),
        '--data-root',
        data,
        '--work-dir',
        cfg.work_dir,
        *more[:split],
        '--cfg-options',
        *QUICK,
        name,
        *more[split + 1 :],
    ]


@pytest.fixture
def refused(
    cfg: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, repo_root: Path, capsys: pytest.CaptureFixture[str]
) -> Callable[..., str]:
    """Runs the command with bad words; gives its one line."""

    def run(*more: str, layer: str = LAYER, out: Path = tmp_path / 'out') -> str:
        monkeypatch.chdir(repo_root)
        assert run_in_process(tool.main, words(cfg, out, *more, layer=layer), monkeypatch) == 2
        return only_error(capsys.readouterr().err)

    return run


def test_the_command_stores_what_a_plain_pass_finds(
    cfg: Config,
    tmp_path: Path,
    run_tool: Callable,
    repo_root: Path,
    refused: Callable,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / 'out'
    done = run_tool(['dump_latents.py', *words(cfg, out, '--dtype', 'float32')])
    assert done.returncode == 0, done.stderr
    assert f'6 persons of val, 0 stored already; 0.0 MB to write to {out}' in done.stdout
    assert_same(stored(out), plain_latents(cfg, load(cfg, cfg.load_from), LAYER, 4))
    assert LatentStore.open(out).complete
    monkeypatch.chdir(repo_root)
    words_again = words(cfg, out, '--dtype', 'float32')
    assert run_in_process(tool.main, words_again, monkeypatch) == 0
    assert '6 persons of val, 6 stored already; 0.0 MB' in capsys.readouterr().out
    assert 'source.options.limit: ' in refused('--dtype', 'float32', '--limit', '2')
    assert len(LatentStore.open(out)) == 6


def test_several_layers_in_half_precision(
    cfg: Config, tmp_path: Path, repo_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo_root)
    layers = [LAYER, 'backbone.stem.4', 'head.final_layer']
    arguments = words(cfg, tmp_path / 'out')
    arguments[3:4] = layers
    assert run_in_process(tool.main, arguments, monkeypatch) == 0
    model = load(cfg, cfg.load_from)
    shapes = [(8, 4, 4), (8, 16, 16), (17, 16, 16)]
    for layer, shape in zip(layers, shapes, strict=True):
        assert LatentStore.open(tmp_path / 'out').array(layer).shape == (6, *shape)
    for layer in layers[:2]:
        assert_same(stored(tmp_path / 'out', layer), plain_latents(cfg, model, layer, 4), 'float16')


@pytest.mark.parametrize(
    'condition, persons',
    [
        ('labelled', [10, 20, 30]),
        ('num_labelled < 17 and bbox_height == 75', [11, 21, 31]),
        ('not labelled and image_id > 1', [21, 31]),
    ],
)
def test_only_some(
    cfg: Config, tmp_path: Path, repo_root: Path, monkeypatch: pytest.MonkeyPatch, condition: str, persons: list[int]
) -> None:
    monkeypatch.chdir(repo_root)
    out = tmp_path / 'out'
    assert run_in_process(tool.main, words(cfg, out, '--only', condition), monkeypatch) == 0
    store = LatentStore.open(out)
    assert store.annotation_ids.tolist() == persons
    assert store.complete


def test_made_people_by_their_factors(tmp_path: Path, repo_root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = tmp_path / 'people'
    write_people(data, PeopleConfig(dict(train=0, val=12, test=0), 128), workers=1)
    file = data / 'annotations/person_keypoints_val2017.json'
    sitting = {
        person['id']: person['factors']['posture']
        for person in json.loads(file.read_text())['annotations']
        # Those in the background are there without keypoints and factors.
        if person.get('factors', dict(posture=0))['posture'] > 0.5
    }
    assert 0 < len(sitting) < 12
    cfg = small_config(repo_root / CONFIG, data, tmp_path / 'work')
    cfg.load_from = 'none'
    monkeypatch.chdir(repo_root)
    arguments = words(cfg, tmp_path / 'out', '--only', 'factors.posture > 0.5')
    assert run_in_process(tool.main, arguments, monkeypatch) == 0
    store = LatentStore.open(tmp_path / 'out')
    assert (
        dict(
            zip(
                store.annotation_ids.tolist(),
                store.table(['factors.posture'])['factors.posture'].to_pylist(),
                strict=True,
            )
        )
        == sitting
    )


@pytest.mark.parametrize(
    'layer, message',
    [
        (
            f'{STUDY}.bottleneck_residual',
            f"no layer '{STUDY}.bottleneck_residual' fires in this network; did you mean {LAYER}",
        ),
        ('backbone', 'did you mean backbone:0'),
        ('backbone:1', 'did you mean backbone:0'),
        ('head', "no layer 'head' fires in this network"),
        ('head.loss_module', "no layer 'head.loss_module' fires in this network"),
        ('../etc', "no layer '../etc' fires"),
    ],
)
def test_a_layer_that_cannot_be_stored_is_one_line(
    refused: Callable[..., str], tmp_path: Path, layer: str, message: str
) -> None:
    assert message in refused(layer=layer)
    assert not (tmp_path / 'out').exists()


@pytest.mark.parametrize(
    'more, message',
    [
        (['--only', 'posture > 0.5'], 'posture: no such column'),
        (['--only', 'num_labeled > 3'], 'there is num_labelled'),
        (['--only', 'num_labelled > 17'], "--only 'num_labelled > 17': no person of val meets it"),
        (['--only', 'num_labelled >'], 'invalid syntax'),
        (['--limit', '0'], '--limit 0: give 1 or more'),
        (['--layers'], '--layers: give one value or more'),
        (['--cfg-options', 'val_dataloader.dataset.ann_file=none.json'], 'no such annotation file'),
        (
            ['--cfg-options', 'val_dataloader.dataset.data_mode=bottomup'],
            'shg_coco.py: val_dataloader: not of single persons (top-down)',
        ),
    ],
)
def test_bad_words_are_one_line(refused: Callable[..., str], tmp_path: Path, more: list[str], message: str) -> None:
    assert message in refused(*more)
    assert not (tmp_path / 'out').exists()


def test_a_store_where_none_can_be_is_one_line(
    refused: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / 'file').write_text('mine')
    for out in (tmp_path / 'file', tmp_path / 'file' / 'out'):
        assert f'{out}: cannot be written' in refused(out=out)
    assert (tmp_path / 'file').read_text() == 'mine'
    usage = shutil.disk_usage(tmp_path)._replace(free=0)
    monkeypatch.setattr(shutil, 'disk_usage', lambda folder: usage)
    assert f'{tmp_path}/out: the store needs 0.00 GB, 0.00 GB are free' in refused()
    assert not (tmp_path / 'out').exists()


@pytest.mark.slow
@pytest.mark.parametrize('persons', [6, 5])
def test_two_processes_store_what_one_stores(
    cfg: Config, data: Path, tmp_path: Path, fork_tool: Callable, repo_root: Path, persons: int
) -> None:
    # Batches of one compute the same numbers however the persons are shared out.
    more = ['--dtype', 'float32', '--limit', str(persons), '--cfg-options', 'val_dataloader.batch_size=1']
    one = fork_tool(['dump_latents.py', *words(cfg, tmp_path / 'one', *more)])
    assert one.returncode == 0, one.stderr
    two = forked_twice('dump_latents.py', words(cfg, tmp_path / 'two', '--launcher', 'pytorch', *more))
    assert two.returncode == 0, two.stderr
    expected, found = stored(tmp_path / 'one'), stored(tmp_path / 'two')
    ids = [10, 11, 20, 21, 30, 31][:persons]
    assert list(expected) == ids
    assert list(found) == ids[::2] + ids[1::2]  # every second person is the other process's
    assert_same({number: found[number] for number in ids}, expected)
    tables = [LatentStore.open(tmp_path / name).table().sort_by('annotation_id') for name in ('one', 'two')]
    assert tables[0].equals(tables[1])


@pytest.mark.slow
@pytest.mark.parametrize(
    'name, layers, shapes, seed',
    [
        (
            f'{HEATMAP}_hourglass52_8xb32-210e_coco-256x256.py',
            ['backbone.hourglass_modules.0.low2.low2.low2.low2.low2', 'backbone:0'],
            [(512, 2, 2), (256, 64, 64)],
            0,
        ),
        (
            f'{HEATMAP}_hrnet-w32_8xb64-210e_coco-256x192.py',
            ['backbone.stage4.2.branches.3', 'backbone:0'],
            [(256, 8, 6), (32, 64, 48)],
            0,
        ),
        (
            f'{HEATMAP}_res50_8xb64-210e_coco-256x192.py',
            ['backbone.layer4', 'head.deconv_layers'],
            [(2048, 8, 6), (256, 64, 48)],
            0,
        ),
        (
            f'{MMPOSE}/rtmpose/coco/rtmpose-t_8xb256-420e_coco-256x192.py',
            ['backbone.stage4', 'head.gau'],
            [(384, 8, 6), (17, 256)],
            21,
        ),
    ],
)
def test_configs_of_mmpose_as_they_are(
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    layers: list[str],
    shapes: list[tuple[int, ...]],
    seed: int,
) -> None:
    def no_network(*words: object, **options: object) -> None:
        raise AssertionError(f'the network was asked for {words}')

    monkeypatch.setattr(socket, 'getaddrinfo', no_network)
    out = tmp_path / 'out'
    arguments = [
        name,
        'none',
        '--layers',
        *layers,
        '--out',
        out,
        '--limit',
        4,
        '--dtype',
        'float32',
        '--data-root',
        data,
        '--work-dir',
        tmp_path / 'work',
        '--cfg-options',
        f'experiment_name={tmp_path.name}',
    ]
    assert run_in_process(tool.main, arguments, monkeypatch) == 0
    store = LatentStore.open(out)
    assert store.annotation_ids.tolist() == [10, 11, 20, 21]
    assert [store.array(layer).shape[1:] for layer in layers] == shapes
    assert store.table()['pck'].null_count == 0
    assert store.table()['num_labelled'].to_pylist() == [17, 14, 17, 14]
    cfg = Config.fromfile(config_path(name))
    cfg.val_dataloader.dataset.data_root = str(data)
    set_random_seed(seed)
    model = MODELS.build(cfg.model)
    assert_same(stored(out, layers[0]), plain_latents(cfg, model, layers[0], 4, limit=4))
    assert np.isfinite(store.array(layers[1])[:]).all()
