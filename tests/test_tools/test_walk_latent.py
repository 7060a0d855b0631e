"""``tools/walk_latent.py`` as a user runs it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmengine.runner import set_random_seed
from mmpose.registry import MODELS

from shg_xai.interventions.capture import dump_latents
from shg_xai.interventions.capture_options import DumpOptions
from shg_xai.runner.layers import config_path
from shg_xai.runner.provenance import sha256
from tests.helpers.data import NAMES, QUICK, only_error, run_in_process, write_coco
from tests.helpers.small_network import LAYER, save_network, small_config
from tools import walk_latent as tool

CONFIG = 'configs/shg_coco.py'
HRNET = 'mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_hrnet-w32_8xb64-210e_coco-256x192.py'


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The command and the pass in this process compute with as many threads, so exactly alike."""
    monkeypatch.setenv('OMP_NUM_THREADS', '1')
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope='module')
def cfg(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Config:
    """A small network of random weights, with stores of its latents and of another network's."""
    folder = tmp_path_factory.mktemp('walked')
    data = write_coco(folder / 'coco', train_images=6)
    cfg = small_config(repo_root / CONFIG, data, folder / 'work')
    for name, seed, layers in (('store0', 0, (LAYER,)), ('store1', 1, (LAYER,)), ('stem', 0, ('backbone.stem.4',))):
        cfg.load_from = str(save_network(cfg, folder / f'{seed}.pth', seed))
        cfg.experiment_name = f'{folder.name}_{name}'
        dump_latents(
            cfg, cfg.load_from, DumpOptions(layers=layers, out=folder / name, split='train', limit=9, predictions=False)
        )
    cfg.load_from = str(folder / '0.pth')
    annotations = data / 'annotations'
    content = json.loads((annotations / 'person_keypoints_val2017.json').read_text())
    (annotations / 'nobody.json').write_text(json.dumps({**content, 'annotations': []}))
    return cfg


@pytest.fixture
def words(cfg: Config, tmp_path: Path) -> Callable[..., list[str]]:
    """The command's words; what is given comes last, --cfg-options after the others."""

    def make(*more: str, store: str = 'store0', out: Path = tmp_path / 'out' / 'walk.json') -> list[str]:
        data = Path(cfg.val_dataloader.dataset.data_root)
        split = more.index('--cfg-options') if '--cfg-options' in more else len(more)
        return [
            CONFIG,
            cfg.load_from,
            '--store',
            str(data.parent / store),
            '--out',
            str(out),
            '--data-root',
            str(data),
            '--work-dir',
            str(tmp_path / 'work'),
            '--bootstrap',
            '20',
            '--random',
            '3',
            *more[:split],
            '--cfg-options',
            *QUICK,
            f'experiment_name={tmp_path.name}',
            *more[split + 1 :],
        ]

    return make


def test_the_command(cfg: Config, words: Callable[..., list[str]], tmp_path: Path, run_tool: Callable) -> None:
    done = run_tool(
        [
            'walk_latent.py',
            *words(
                '--components', '2', '1', '--concepts', 'labelled_share', '--steps', '-1', '1', '2.5', '--seed', '4'
            ),
        ]
    )
    assert done.returncode == 0, done.stderr
    out = tmp_path / 'out' / 'walk.json'
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    found = json.loads(out.read_text())
    assert (found['schema_version'], found['chapter'], found['of']) == (3, 'decoded_walk', 'shg_coco')
    assert found['command'].startswith(f'tools/walk_latent.py {CONFIG} {cfg.load_from}')
    assert found['checkpoint'] == dict(file=cfg.load_from, sha256=sha256(cfg.load_from), url=None)
    assert (found['layer'], found['split'], found['seed']) == (LAYER, 'val', 4)
    assert (found['persons'], found['mean_skips_persons'], found['confidence']) == (6, None, 0.95)
    options = dict(start='mean', skips='own', random=3, persons=50, bootstrap=20, peak=None, components=[2, 1])
    assert options.items() <= found['options'].items()
    assert found['steps'] == [-1, 0, 1, 2.5]
    assert found['joints'] == list(NAMES)
    assert [15, 13] in found['links']
    assert [(entry['name'], entry['kind'], entry['number']) for entry in found['directions']] == [
        ('component 2', 'component', 2),
        ('component 1', 'component', 1),
        ('labelled_share', 'concept', None),
    ]
    for walk in (entry['walk'] for entry in found['directions']):
        assert [point['c'] for point in walk['points']] == [-1, 0, 1, 2.5]
        for point in walk['points']:
            assert list(point['shift']) == list(NAMES)
            assert set(point['mean_shift']) == set(point['peak_change']) == {'value', 'low', 'high', 'n', 'over'}
            assert (len(point['pose']), len(point['peaks'])) == (17, 17)
            assert point['nearest_distance'] > 0
        assert len(walk['most_moved']) == 3
    assert [len(one['walks']) for one in found['examples']] == [3, 3, 3]
    assert {'annotation_id', 'file_name', 'crop_center', 'crop_scale'} <= set(found['examples'][0])
    assert set(found['times_s']) == {'look', 'covariance', 'eigenvectors', 'noise', 'network', 'random'}
    assert 'warning: 9 persons are no more than 128 dimensions' in done.stderr
    table = [line for line in done.stdout.splitlines() if line.startswith('| ')]
    assert [line.split(' | ')[0] for line in table] == [
        '| direction',
        '| ---',
        '| component 2',
        '| component 1',
        '| labelled_share',
    ]
    first = found['directions'][0]
    assert (
        f'{100 * first["walk"]["shift_per_sigma"]["value"]:.2f} [{100 * first["walk"]["shift_per_sigma"]["low"]:.2f}, '
    ) in table[2]
    beside = first['random']['shift_per_sigma']
    low, high = 100 * beside['low'], 100 * beside['high']
    assert f' | {100 * beside["value"]:.2f} % | {low:.2f} % to {high:.2f} % | ' in table[2]
    assert ', '.join(first['walk']['most_moved']) in table[2]
    assert (first['random']['persons'], found['ends']) == (6, [-1, 1])
    # Of three random directions none can be found to be fewer than one in 20.
    assert 'warning: Beside 3 random directions no p can' in done.stderr
    assert 'more than random' not in done.stdout
    assert 'labelled_share: the decoded pose changes from −1σ to 1σ: labelled_share ' in done.stdout
    assert '6 persons of val; start: mean; skips: own.' in done.stdout


@pytest.mark.slow
def test_it_finds_the_same_again_and_runs_in_bfloat16(
    words: Callable[..., list[str]], tmp_path: Path, repo_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo_root)
    found = []
    for number, more in enumerate(
        (
            ['--skips', 'donor'],
            ['--skips', 'donor'],
            ['--skips', 'donor', '--seed', '1'],
            ['--start', 'person', '--amp'],
        )
    ):
        out = tmp_path / f'{number}.json'
        arguments = words('--components', '1', *more, '--cfg-options', f'experiment_name={out}', out=out)
        assert run_in_process(tool.main, arguments, monkeypatch) == 0
        found.append(json.loads(out.read_text()))
        for key in ('times_s', 'command', 'options'):
            del found[-1][key]
    assert found[0] == found[1]
    assert found[0]['directions'] != found[2]['directions']
    for example in found[3]['examples']:
        assert example['walks'][0]['poses'][found[3]['steps'].index(0)] == example['untouched']


@pytest.mark.slow
def test_a_config_of_mmpose(cfg: Config, tmp_path: Path, fork_tool: Callable) -> None:
    data = cfg.val_dataloader.dataset.data_root
    small = [
        'codec.input_size=(64,64)',
        'model.head.decoder.input_size=(64,64)',
        'model.head.decoder.heatmap_size=(16,16)',
        'val_dataloader.num_workers=0',
        'val_dataloader.persistent_workers=False',
        'model.backbone.init_cfg=None',
        'val_dataloader.dataset.pipeline.2.input_size=(64,64)',
        'test_dataloader.dataset.pipeline.2.input_size=(64,64)',
    ]
    network = Config.fromfile(config_path(HRNET))
    network.model.backbone.init_cfg = None
    init_default_scope('mmpose')
    set_random_seed(0)
    checkpoint = tmp_path / 'hrnet.pth'
    torch.save(dict(state_dict=MODELS.build(network.model).state_dict()), checkpoint)
    common = [HRNET, checkpoint, '--data-root', data, '--work-dir', tmp_path / 'work', '--split', 'val']
    for name, more in (
        (
            'dump_latents.py',
            ['--layers', 'backbone.stage4.2.branches.3', '--dtype', 'float32', '--out', tmp_path / 'store'],
        ),
        (
            'walk_latent.py',
            [
                '--store',
                tmp_path / 'store',
                '--out',
                tmp_path / 'walk.json',
                '--components',
                '1',
                '--random',
                '2',
                '--start',
                'person',
            ],
        ),
    ):
        # In processes of their own, as a user runs them.
        done = fork_tool([name, *common, *more, '--cfg-options', *small])
        assert done.returncode == 0, done.stderr
    found = json.loads((tmp_path / 'walk.json').read_text())
    assert (found['layer'], found['persons']) == ('backbone.stage4.2.branches.3', 6)
    first = found['directions'][0]['walk']
    assert first['shift_per_sigma']['value'] > 0
    assert next(point for point in first['points'] if point['c'] == 0)['mean_shift']['value'] == 0
    warnings = ' '.join(found['warnings'])
    assert 'flip test of the config is off' in warnings
    assert 'computed from persons of val' in warnings


@pytest.mark.parametrize(
    'more, store, message',
    [
        (['--components', '1', '129'], 'store0', '--components 129: the latent has 128 components'),
        (['--components', '9'], 'store0', '--components 9: the latents of 9 persons do not vary along'),
        (['--components'], 'store0', '--components: no direction to walk along'),
        (
            ['--concepts', 'facing'],
            'store0',
            '--concepts facing: not known of the persons of the store; did you mean facing_camera or facing_right?',
        ),
        (['--persons', '0'], 'store0', '--persons 0: give 1 or more'),
        (['--random', '0'], 'store0', '--random 0: give 1 or more'),
        (['--steps', '0'], 'store0', '--steps 0.0: give numbers of sigmas'),
        (['--launcher', 'pytorch'], 'store0', '--launcher pytorch: runs in one process'),
        ([], 'nowhere', 'nowhere: no latent store'),
        ([], 'store1', 'store1: its latents are not those of'),
        (['--skips', 'none'], 'stem', '--skips none: backbone.stem.4 is no layer within an hourglass'),
        (['--layer', 'backbone.stem.4'], 'store0', "layer 'backbone.stem.4': not in this store"),
        (
            ['--cfg-options', 'model.backbone.channels=16', 'model.head.in_channels=16'],
            'store0',
            'the store has (8, 4, 4) values a person, this network (16, 4, 4)',
        ),
        (['--cfg-options', 'val_dataloader.dataset.ann_file=annotations/nobody.json'], 'store0', 'nobody.json'),
    ],
)
def test_bad_words_are_one_line(
    words: Callable[..., list[str]],
    tmp_path: Path,
    repo_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    store: str,
    message: str,
) -> None:
    monkeypatch.chdir(repo_root)
    assert run_in_process(tool.main, words(*more, store=store), monkeypatch) == 2
    assert message in only_error(capsys.readouterr().err)
    assert not (tmp_path / 'out').exists()


def test_places_that_cannot_be_written(
    words: Callable[..., list[str]],
    tmp_path: Path,
    repo_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(repo_root)
    assert run_in_process(tool.main, words(out=tmp_path), monkeypatch) == 2
    assert f'--out {tmp_path}: is a folder; name a file' in only_error(capsys.readouterr().err)
