"""``tools/move_persons.py`` as a user runs it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from mmengine.config import Config

from shg_xai.chapters.cluster_shift.findings import sentences
from shg_xai.chapters.cluster_shift.results import ClusterShift, Source
from shg_xai.interventions.capture import dump_latents
from shg_xai.interventions.capture_options import DumpOptions
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import select
from shg_xai.results import Checkpoint
from shg_xai.results_file import read_answer
from shg_xai.runner.provenance import sha256
from tests.helpers.analysis_stores import explained
from tests.helpers.data import QUICK, only_error, run_in_process, write_coco
from tests.helpers.small_network import LAYER, save_network, small_config
from tools import move_persons as tool

pytestmark = pytest.mark.usefixtures('one_thread')

CONFIG = 'configs/shg_coco.py'
LOOSE = ('val_evaluator.0.thr=0.4', 'test_evaluator.thr=0.4')


@pytest.fixture(scope='module')
def cfg(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Config:
    """A small network of random weights; stores and analyses of its latents and of another's."""
    folder = tmp_path_factory.mktemp('move')
    data = write_coco(folder / 'coco', train_images=8)
    cfg = small_config(repo_root / CONFIG, data, folder / 'work')
    for seed in (0, 1):
        cfg.load_from = str(save_network(cfg, folder / f'{seed}.pth', seed))
        cfg.experiment_name = f'{folder.name}_{seed}'
        store = folder / f'store{seed}'
        dump_latents(cfg, cfg.load_from, DumpOptions(layers=(LAYER,), out=store, split='train'))
        explained(folder / f'analysis{seed}', [select(LatentStore.open(store))], 1)
    cfg.load_from = str(folder / '0.pth')
    return cfg


@pytest.fixture
def words(cfg: Config, tmp_path: Path) -> Callable[..., list[str]]:
    """The command's words; what is given comes last, --cfg-options after the others."""

    def make(
        *more: str, store: str = 'store0', analysis: str = 'analysis0', out: Path = tmp_path / 'out' / 'moved.json'
    ) -> list[str]:
        data = Path(cfg.val_dataloader.dataset.data_root)
        split = more.index('--cfg-options') if '--cfg-options' in more else len(more)
        return [
            CONFIG,
            cfg.load_from,
            '--store',
            str(data.parent / store),
            '--analysis',
            str(data.parent / analysis),
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


@pytest.mark.slow
def test_the_command(cfg: Config, words: Callable[..., list[str]], tmp_path: Path, run_tool: Callable) -> None:
    done = run_tool(
        ['move_persons.py', *words('--concept', 'labelled_share', '--limit', '3', '--random', '5', '--seed', '2')]
    )
    assert done.returncode == 0, done.stderr
    out = tmp_path / 'out' / 'moved.json'
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    found = read_answer(out, ClusterShift)
    assert found.command.startswith(f'tools/move_persons.py {CONFIG} {cfg.load_from}')
    assert found.checkpoint == Checkpoint(file=cfg.load_from, sha256=sha256(cfg.load_from))
    folder = Path(cfg.load_from).parent
    assert found.analysis == Source(folder=str(folder / 'analysis0'), name='store0')
    assert (found.of, found.layer, found.clusters) == ('shg_coco', LAYER, 2)
    assert (found.concept, found.seed, found.concept_split.kind) == ('labelled_share', 2, 'number')
    assert found.persons == found.counts.agree + found.counts.disagree + found.counts.unknown == 16
    assert (found.options.limit, found.options.bootstrap, found.confidence) == (3, 20, 0.95)
    assert (found.thr, found.normaliser) == (0.4, 'crop')
    for group in (found.shifted.disagree, found.shifted.agree):
        assert group is not None
        assert group.persons == group.before.n == group.gain.n == 3
    assert len(found.examples) == found.counts.disagree
    assert done.stdout.splitlines()[-6:] == sentences(found)
    assert f'{found.counts.disagree} are misclassified' in done.stdout
    assert found.shifted.disagree.random and found.options.random == 5
    assert sentences(found)[-1].startswith('The network was trained on these persons')


@pytest.mark.parametrize(
    'more, given, message',
    [
        (['--concept', 'labeled_share'], {}, 'did you mean labelled_share'),
        (['--concept', 'box_height'], {}, '--concept box_height: is the same for all persons'),
        (['--k-clusters', '1'], {}, '--k-clusters 1: give a number from 2 to 255'),
        (['--k-clusters', '7'], {}, '--k-clusters 7: '),
        (['--name', 'other'], {}, '--name other: '),
        (['--limit', '0'], {}, '--limit 0: give 1 or more'),
        (['--launcher', 'pytorch'], {}, '--launcher pytorch: runs in one process'),
        (['--layer', 'backbone.stem.4'], {}, "layer 'backbone.stem.4': not in this store; it has"),
        (['--split', 'val'], {}, 'whose content differs from what was dumped'),
        ([], dict(store='nowhere'), 'nowhere: no latent store'),
        ([], dict(store='store1'), 'store1: its latents are not those of'),
        ([], dict(analysis='coco'), 'coco/results.json: no such file; make an analysis'),
        ([], dict(analysis='analysis1'), 'analysis1: store1: not of the network and layer'),
        (['--cfg-options', 'model.backbone.num_stacks=2'], {}, 'not a checkpoint of this config'),
        (
            ['--cfg-options', 'model.backbone.channels=16', 'model.head.in_channels=16'],
            {},
            'the store has (8, 4, 4) values a person, this network (16, 4, 4)',
        ),
    ],
)
def test_bad_words_are_one_line(
    words: Callable[..., list[str]],
    tmp_path: Path,
    repo_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    given: dict[str, str],
    message: str,
) -> None:
    monkeypatch.chdir(repo_root)
    assert run_in_process(tool.main, words(*more, **given), monkeypatch) == 2
    assert message in only_error(capsys.readouterr().err)
    assert not (tmp_path / 'out').exists()


def test_a_folder_is_no_file(
    words: Callable[..., list[str]],
    tmp_path: Path,
    repo_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(repo_root)
    assert run_in_process(tool.main, words(out=tmp_path), monkeypatch) == 2
    assert f'--out {tmp_path}: is a folder; name a file' in only_error(capsys.readouterr().err)
    assert {path.name for path in tmp_path.iterdir()} <= {'work'}
