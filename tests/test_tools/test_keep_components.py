"""``tools/keep_components.py`` as a user runs it."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from mmengine.config import Config

from shg_xai.chapters.component_projection.results import ComponentProjection
from shg_xai.interventions.capture import dump_latents
from shg_xai.interventions.capture_options import DumpOptions
from shg_xai.results import Checkpoint
from shg_xai.results_file import read_answer
from shg_xai.runner.provenance import sha256
from tests.helpers.data import QUICK, only_error, run_in_process, write_coco
from tests.helpers.small_network import LAYER, save_network, small_config
from tools import keep_components as tool

pytestmark = pytest.mark.usefixtures('one_thread')

CONFIG = 'configs/shg_coco.py'
GROUPS = ['labelled', 'visible', 'occluded', 'limbs']
LOOSE = ('val_evaluator.0.thr=0.4', 'test_evaluator.thr=0.4')


@pytest.fixture(scope='module')
def cfg(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Config:
    """A small network of random weights, with stores of its latents and of another network's."""
    folder = tmp_path_factory.mktemp('kept')
    data = write_coco(folder / 'coco', train_images=6)
    cfg = small_config(repo_root / CONFIG, data, folder / 'work')
    for name, seed, layers in (
        ('store0', 0, (LAYER,)),
        ('store1', 1, (LAYER,)),
        ('several', 1, (LAYER, 'backbone.stem.4')),
    ):
        cfg.load_from = str(save_network(cfg, folder / f'{seed}.pth', seed))
        cfg.experiment_name = f'{folder.name}_{name}'
        dump_latents(
            cfg, cfg.load_from, DumpOptions(layers=layers, out=folder / name, split='train', limit=9, predictions=False)
        )
    cfg.load_from = str(folder / '0.pth')
    return cfg


@pytest.fixture
def words(cfg: Config, tmp_path: Path) -> Callable[..., list[str]]:
    """The command's words; what is given comes last, --cfg-options after the others."""

    def make(*more: str, store: str = 'store0', out: Path = tmp_path / 'out' / 'kept.json') -> list[str]:
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
            *more[:split],
            '--cfg-options',
            *QUICK,
            *LOOSE,
            f'experiment_name={tmp_path.name}',
            *more[split + 1 :],
        ]

    return make


def test_the_command(cfg: Config, words: Callable[..., list[str]], tmp_path: Path, run_tool: Callable) -> None:
    done = run_tool(['keep_components.py', *words('--k', '3', '1', '0', '3', '--seed', '4')])
    assert done.returncode == 0, done.stderr
    out = tmp_path / 'out' / 'kept.json'
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    found = read_answer(out, ComponentProjection)
    assert (found.of, found.schema_version) == ('shg_coco', 3)
    assert found.command.startswith(f'tools/keep_components.py {CONFIG} {cfg.load_from}')
    assert found.checkpoint == Checkpoint(file=cfg.load_from, sha256=sha256(cfg.load_from))
    assert (found.layer, found.split, found.seed, found.confidence) == (LAYER, 'val', 4, 0.95)
    assert (found.persons, found.dimensions, found.thr, found.normaliser) == (6, 128, 0.4, 'crop')
    assert (found.options.ks, found.options.bootstrap, found.options.limit) == ((3, 1, 0, 3), 20, None)
    assert found.ks == [0, 1, 3, 128]
    assert list(found.untouched) == list(found.pck) == list(found.drop) == GROUPS
    assert {group: curve.y[-1] for group, curve in found.pck.items()} == found.untouched
    for curve in (*found.pck.values(), *found.drop.values()):
        assert curve.x == found.ks
        for estimate in curve.y:
            assert estimate.ends is not None and estimate.value is not None
            assert estimate.ends[0] <= estimate.value <= estimate.ends[1]
    assert len(found.rules) == 5
    assert set(found.times_s) == {'look', 'covariance', 'eigenvectors', 'noise', 'network'}
    assert 'warning: 9 persons are no more than 128 dimensions' in done.stderr
    table = [line for line in done.stdout.splitlines() if line.startswith('| ')]
    assert [line.split(' | ')[0] for line in table] == ['| k', '| ---:', '| untouched', '| 0', '| 1', '| 3', '| 128']
    pck = 100 * (found.untouched['labelled'].value or 0)
    assert f'| untouched |  | {pck:.2f} % |' in done.stdout
    assert re.search(
        r'^Suggested width: 128 of 128 components, as none below is shown to drop labelled PCK by at most 0\.5 points '
        r'\(6 persons of val\)\.$',
        done.stdout,
        re.MULTILINE,
    )


@pytest.mark.slow
def test_it_finds_the_same_again_and_runs_in_bfloat16(
    words: Callable[..., list[str]], tmp_path: Path, repo_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo_root)
    found = []
    for number, more in enumerate(([], [], ['--amp'])):
        out = tmp_path / f'{number}.json'
        arguments = words('--k', '0', '2', *more, '--cfg-options', f'experiment_name={out}', out=out)
        assert run_in_process(tool.main, arguments, monkeypatch) == 0
        found.append(read_answer(out, ComponentProjection))
    assert (found[0].pck, found[0].drop) == (found[1].pck, found[1].drop)
    half = found[2]
    assert {group: curve.y[-1] for group, curve in half.pck.items()} == half.untouched
    assert half.untouched['labelled'].value == pytest.approx(found[0].untouched['labelled'].value, abs=0.1)


@pytest.mark.parametrize(
    'more, store, message',
    [
        (['--k', '0', '129'], 'store0', '--k 129: the latent has 128 components; give at most as many'),
        (['--k', '-1'], 'store0', '--k -1: give numbers of components from 0 on'),
        (['--limit', '0'], 'store0', '--limit 0: give 1 or more'),
        (['--tolerance', '2'], 'store0', '--tolerance 2.0: give a number from 0 to 1'),
        (['--launcher', 'pytorch'], 'store0', '--launcher pytorch: runs in one process'),
        ([], 'nowhere', 'nowhere: no latent store'),
        ([], 'store1', 'store1: its latents are not those of'),
        (['--layer', 'backbone.stem.4'], 'store0', f"layer 'backbone.stem.4': not in this store; it has {LAYER}"),
        (['--cfg-options', 'model.backbone.num_stacks=2'], 'store0', 'not a checkpoint of this config'),
        (
            ['--cfg-options', 'model.backbone.channels=16', 'model.head.in_channels=16'],
            'store0',
            'the store has (8, 4, 4) values a person, this network (16, 4, 4)',
        ),
        (['--cfg-options', 'val_dataloader.dataset.ann_file=none.json'], 'store0', 'no such annotation file'),
        (['--cfg-options', 'val_dataloader.dataset.ann_file=annotations/nobody.json'], 'store0', 'nobody.json'),
        (['--cfg-options', 'val_evaluator.0.normaliser=head'], 'store0', "normaliser='head'; choose"),
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
    store: str,
    message: str,
) -> None:
    annotations = Path(cfg.val_dataloader.dataset.data_root) / 'annotations'
    content = json.loads((annotations / 'person_keypoints_val2017.json').read_text())
    (annotations / 'nobody.json').write_text(json.dumps({**content, 'annotations': []}))
    monkeypatch.chdir(repo_root)
    assert run_in_process(tool.main, words(*more, store=store), monkeypatch) == 2
    assert message in only_error(capsys.readouterr().err)
    assert not (tmp_path / 'out').exists()


def test_other_bad_files_are_one_line(
    cfg: Config,
    words: Callable[..., list[str]],
    tmp_path: Path,
    repo_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(repo_root)
    (tmp_path / 'file').write_text('mine')
    own = words()
    other = [*own[:1], str(Path(cfg.load_from).with_name('1.pth')), *own[2:]]
    missing = [*own[:1], str(tmp_path / 'none.pth'), *own[2:]]
    several = [str(word).replace('store0', 'several') for word in other]
    for arguments, message in (
        (other, f'store0: its latents are not those of {other[1]}; dump them: '),
        (missing, f'{tmp_path}/none.pth: no such checkpoint'),
        (several, f'several: has 2 layers, name one with --layer: {LAYER}, backbone.stem.4'),
        (words(out=tmp_path), f'--out {tmp_path}: is a folder; name a file'),
        (
            words('--k', '0', '--limit', '2', out=tmp_path / 'file' / 'kept.json'),
            f'{tmp_path}/file/kept.json: cannot be written',
        ),
    ):
        assert run_in_process(tool.main, arguments, monkeypatch) == 2
        assert message in only_error(capsys.readouterr().err)
    assert {path.name for path in tmp_path.iterdir()} <= {'file', 'work'}
    assert (tmp_path / 'file').read_text() == 'mine'


def test_a_store_that_was_cut_off_is_warned_of(
    cfg: Config, words: Callable[..., list[str]], tmp_path: Path, repo_root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(repo_root)
    store = tmp_path / 'cut'
    shutil.copytree(Path(cfg.val_dataloader.dataset.data_root).parent / 'store0', store)
    manifest = store / 'manifest.json'
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), 'rows': 10}))
    out = tmp_path / 'kept.json'
    arguments = [*words('--split', 'train', '--k', '0', '--limit', '2', out=out)]
    arguments[3] = str(store)
    assert run_in_process(tool.main, arguments, monkeypatch) == 0
    found = read_answer(out, ComponentProjection)
    assert found.persons == 2
    assert found.untouched['labelled'].low is None  # both are in one image
    assert [warning.split(',')[0] for warning in found.warnings] == [
        'The components were computed from persons of train',
        'The store has 9 of 10 persons; its dump was cut off.',
        '9 persons are no more than 128 dimensions: components from the 9th on have no variance.',
    ]
