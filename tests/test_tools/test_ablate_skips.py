"""``tools/ablate_skips.py`` as a user runs it."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from mmengine.config import Config
from mmpose.registry import MODELS

from shg_xai.chapters.skip_ablation.results import Ablation, SkipAblation
from shg_xai.drawing.text import in_percent, number
from shg_xai.interventions.capture import dump_latents
from shg_xai.interventions.capture_options import DumpOptions
from shg_xai.results import Checkpoint
from shg_xai.results_file import read_answer
from shg_xai.runner.provenance import sha256
from tests.helpers.data import QUICK, only_error, run_in_process, write_coco
from tests.helpers.small_network import LAYER, save_network, small_config
from tools import ablate_skips as tool

CONFIG, NOSKIP = 'configs/shg_coco.py', 'configs/shg_noskip_coco.py'
LOOSE = ('val_evaluator.0.thr=0.4', 'test_evaluator.thr=0.4')


@pytest.fixture(scope='module')
def cfg(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Config:
    """Small networks of random weights, a store of the second's latents, and odd annotations."""
    folder = tmp_path_factory.mktemp('ablated')
    data = write_coco(folder / 'coco', train_images=6)
    cfg = small_config(repo_root / CONFIG, data, folder / 'work')
    for seed in (0, 1):
        cfg.load_from = str(save_network(cfg, folder / f'{seed}.pth', seed))
    dump_latents(
        cfg,
        cfg.load_from,
        DumpOptions(layers=(LAYER,), out=folder / 'store1', split='train', limit=9, predictions=False),
    )
    cfg.load_from = str(folder / '0.pth')
    annotations = data / 'annotations'
    content = json.loads((annotations / 'person_keypoints_val2017.json').read_text())
    for name, count in (('nobody', 0), ('one', 1)):
        (annotations / f'{name}.json').write_text(
            json.dumps({**content, 'annotations': content['annotations'][:count]})
        )
    for entry in content['annotations']:
        entry['bbox'][0] += 1
    (annotations / 'moved.json').write_text(json.dumps(content))
    return cfg


@pytest.fixture
def words(cfg: Config, tmp_path: Path) -> Callable[..., list[str]]:
    """The command's words; what is given comes last, --cfg-options after the others."""

    def make(*more: str, config: str = CONFIG) -> list[str]:
        data = cfg.val_dataloader.dataset.data_root
        folder = str(Path(data).parent)
        more = tuple(word.replace('FOLDER', folder) for word in more)
        split = more.index('--cfg-options') if '--cfg-options' in more else len(more)
        return [
            config,
            cfg.load_from,
            '--out',
            str(tmp_path / 'out' / 'skips.json'),
            '--data-root',
            data,
            '--work-dir',
            str(tmp_path / 'work'),
            '--bootstrap',
            '10',
            *more[:split],
            '--cfg-options',
            *QUICK,
            *LOOSE,
            f'experiment_name={tmp_path.name}',
            *more[split + 1 :],
        ]

    return make


@pytest.mark.slow
def test_the_command(cfg: Config, words: Callable[..., list[str]], tmp_path: Path, run_tool: Callable) -> None:
    other = str(Path(cfg.load_from).with_name('1.pth'))
    done = run_tool(
        [
            'ablate_skips.py',
            *words(
                '--seed',
                '4',
                '--donor-seed',
                '2',
                '--limit',
                '5',
                '--levels',
                '1',
                '--replacements',
                'zero',
                'donor',
                '--against',
                NOSKIP,
                other,
            ),
        ]
    )
    assert done.returncode == 0, done.stderr
    out = tmp_path / 'out' / 'skips.json'
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    found = read_answer(out, SkipAblation)
    assert found.command.startswith(f'tools/ablate_skips.py {CONFIG} {cfg.load_from}')
    assert (found.of, found.config) == ('shg_coco', CONFIG)
    assert found.checkpoint == Checkpoint(file=cfg.load_from, sha256=sha256(cfg.load_from))
    assert found.against and found.against.checkpoint == Checkpoint(file=other, sha256=sha256(other))
    assert (found.split, found.persons, found.levels, found.seed) == ('val', 5, [1], 4)
    assert (found.thr, found.normaliser, found.options.donor_seed) == (0.4, 'crop', 2)
    assert (found.options.limit, found.options.bootstrap, found.confidence) == (5, 10, 0.95)
    assert found.options.replacements == ('zero', 'donor')
    first = found.conditions[0]
    for entry in (found.untouched, found.against, *found.conditions, first.drop, found.against.difference):
        assert list(entry.pck) == ['labelled', 'visible', 'occluded', 'limbs']
        assert list(entry.parts) == ['face', 'upper', 'lower']
        assert len(entry.joints) == 17
        assert list(entry.joints['nose']) == ['labelled', 'visible', 'occluded']
    table = [line.split(' | ') for line in done.stdout.splitlines() if line.startswith('| ')]
    assert [row[:2] for row in table] == [
        ['| condition', 'replacement'],
        ['| ---', '---'],
        ['| untouched', ''],
        ['| all skips off', 'donor'],
        ['| all skips off', 'zero'],
        ['| level 1 off', 'donor'],
        ['| level 1 off', 'zero'],
        ['| only level 1 on', 'donor'],
        ['| only level 1 on', 'zero'],
        ['| latent replaced', 'donor'],
        ['| latent replaced', 'zero'],
        ['| against shg_noskip_coco', ''],
    ]
    assert table[3][2] == in_percent(first.labelled)
    assert table[0][-1] == 'nats a joint |'
    assert table[3][-1] == f'{number(first.likelihood["labelled"].value)} |'
    assert table[3][3] == in_percent(first.parts['face']['labelled'])


@pytest.mark.parametrize(
    'condition, stacks, name',
    [
        (Ablation(stack=0, skips='level off', level=2), 1, 'level 2 off'),
        (Ablation(skips='all off'), 2, 'all stacks: all skips off'),
        (Ablation(stack=1, latent='k components', k=8), 2, 'stack 1: latent on 8 components'),
    ],
)
def test_names_of_conditions(condition: Ablation, stacks: int, name: str) -> None:
    assert tool.condition_name(condition, stacks) == name


@pytest.mark.parametrize(
    'more, config, message',
    [
        (['--levels', '7'], CONFIG, '--levels 7: the network has levels 0 to 1, 0 the finest'),
        (
            ['--levels', '1', '--cfg-options', 'model.backbone.skip_connections=(True,False)'],
            CONFIG,
            '--levels 1: configs/shg_coco.py switches this skip of stack 0 off; leave it out',
        ),
        (['--limit', '2', '--replacements', 'donor'], CONFIG, 'all persons are of one image, so nobody has a donor'),
        (['--launcher', 'pytorch'], CONFIG, '--launcher pytorch: runs in one process'),
        (
            ['--cfg-options', 'val_dataloader.dataset.ann_file=annotations/nobody.json'],
            CONFIG,
            'nobody.json: no person with keypoints',
        ),
        (
            ['--replacements', 'donor', '--cfg-options', 'val_dataloader.dataset.ann_file=annotations/one.json'],
            CONFIG,
            'all persons are of one image, so nobody has a donor',
        ),
        pytest.param(
            ['--cfg-options', 'model.backbone.num_stacks=2'],
            CONFIG,
            'not a checkpoint of this config',
            marks=pytest.mark.slow,
        ),
        ([], NOSKIP, 'a donor without skips'),
        (['--ks', '3'], CONFIG, '--ks: needs --store'),
        (['--store', 'FOLDER/store1'], CONFIG, 'store1: its latents are not those of'),
        pytest.param(['--store', 'nowhere'], CONFIG, 'nowhere: no latent store', marks=pytest.mark.slow),
        pytest.param(
            ['--against', NOSKIP, 'nowhere.pth'], CONFIG, 'nowhere.pth: no such checkpoint', marks=pytest.mark.slow
        ),
        pytest.param(
            ['--against', 'none.py', 'FOLDER/1.pth'], CONFIG, 'none.py: no such config file', marks=pytest.mark.slow
        ),
        (['--against', 'FOLDER/other.py', 'FOLDER/1.pth'], CONFIG, 'other.py: tests other persons of val'),
        # The same ids, but in another file.
        (['--against', 'FOLDER/moved.py', 'FOLDER/1.pth'], CONFIG, 'moved.py: tests other persons of val'),
        pytest.param(
            ['--cfg-options', 'val_evaluator.0.normaliser=head'],
            CONFIG,
            "normaliser='head'; choose",
            marks=pytest.mark.slow,
        ),
    ],
)
def test_bad_words_are_one_line(
    cfg: Config,
    words: Callable[..., list[str]],
    tmp_path: Path,
    repo_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    config: str,
    message: str,
) -> None:
    for name, file in (('other', 'one'), ('moved', 'moved')):
        dataset = f"dict(ann_file='annotations/{file}.json')"
        Path(cfg.load_from).with_name(f'{name}.py').write_text(
            f"_base_ = ['{repo_root / NOSKIP}']\nval_dataloader = dict(dataset={dataset})\n"
        )
    monkeypatch.chdir(repo_root)
    if 'FOLDER/other.py' in more:
        more = [*more, '--replacements', 'zero']  # one person can have no donor
    assert run_in_process(tool.main, words(*more, config=config), monkeypatch) == 2
    assert message in only_error(capsys.readouterr().err)
    assert not (tmp_path / 'out').exists()


def test_a_network_of_another_kind(
    cfg: Config,
    words: Callable[..., list[str]],
    tmp_path: Path,
    repo_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    resnet = small_config(repo_root / CONFIG, Path(cfg.val_dataloader.dataset.data_root), tmp_path / 'work')
    resnet.model.backbone = dict(type='ResNet', depth=18, base_channels=8, stem_channels=8)
    resnet.model.head = dict(
        type='HeatmapHead',
        in_channels=64,
        out_channels=17,
        deconv_out_channels=(8, 8, 8),
        deconv_kernel_sizes=(4, 4, 4),
        loss=dict(type='KeypointMSELoss'),
        decoder=resnet.model.head.decoder,
    )
    path = tmp_path / 'resnet.pth'
    torch.save(dict(state_dict=MODELS.build(resnet.model).state_dict()), path)
    file = tmp_path / 'resnet.py'
    resnet.dump(file)
    monkeypatch.chdir(repo_root)
    arguments = [
        str(file),
        str(path),
        '--out',
        str(tmp_path / 'out' / 'skips.json'),
        '--work-dir',
        str(tmp_path / 'work'),
    ]
    assert run_in_process(tool.main, arguments, monkeypatch) == 2
    assert 'not a StackedHourglass but a ResNet' in only_error(capsys.readouterr().err)
    assert not (tmp_path / 'out').exists()
