"""``tools/find_redundancy.py`` as a user runs it."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from mmengine.config import Config

from shg_xai.chapters.channel_redundancy.results import ChannelRedundancy
from shg_xai.results import Checkpoint, Estimate
from shg_xai.results_file import read_answer
from shg_xai.runner.provenance import sha256
from tests.helpers.data import QUICK, only_error, run_in_process, write_coco
from tests.helpers.made_channel_redundancy import channel_redundancy, layer_channels
from tests.helpers.small_network import save_network, small_config
from tools import find_redundancy as tool

pytestmark = pytest.mark.usefixtures('one_thread')

CONFIG = 'configs/shg_coco.py'
GROUPS = ['labelled', 'visible', 'occluded', 'limbs']
LOOSE = ('val_evaluator.0.thr=0.4', 'test_evaluator.thr=0.4')
LATENT, SKIP = (f'backbone.hourglasses.0.{name}' for name in ('bottleneck_residuals', 'skips.1'))


@pytest.fixture(scope='module')
def cfg(tmp_path_factory: pytest.TempPathFactory, repo_root: Path) -> Config:
    """A small network of random weights."""
    folder = tmp_path_factory.mktemp('redundancy')
    cfg = small_config(repo_root / CONFIG, write_coco(folder / 'coco'), folder / 'work')
    cfg.load_from = str(save_network(cfg, folder / 'small.pth'))
    return cfg


@pytest.fixture
def words(cfg: Config, tmp_path: Path) -> Callable[..., list[str]]:
    """The command's words; what is given comes last, --cfg-options after the others."""

    def make(*more: str, out: Path = tmp_path / 'out' / 'found.json') -> list[str]:
        data = cfg.val_dataloader.dataset.data_root
        split = more.index('--cfg-options') if '--cfg-options' in more else len(more)
        return [
            CONFIG,
            cfg.load_from,
            '--out',
            str(out),
            '--data-root',
            data,
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
        ['find_redundancy.py', *words('--k', '3', '0', '--seed', '4', '--layers', LATENT, SKIP, '--fit-persons', '5')]
    )
    assert done.returncode == 0, done.stderr
    out = tmp_path / 'out' / 'found.json'
    assert [path.name for path in out.parent.iterdir()] == [out.name]
    found = read_answer(out, ChannelRedundancy)
    assert (found.of, found.schema_version) == ('shg_coco', 3)
    assert found.command.startswith(f'tools/find_redundancy.py {CONFIG} {cfg.load_from}')
    assert found.checkpoint == Checkpoint(file=cfg.load_from, sha256=sha256(cfg.load_from))
    assert (found.persons, found.split, found.seed) == (6, 'val', 4)
    assert (found.options.fit_split, found.options.fit_persons, found.fitted_on) == ('train', 5, 5)
    assert list(found.untouched) == GROUPS
    assert [layer.name for layer in found.layers] == [SKIP, LATENT]  # as they fire
    for layer in found.layers:
        assert list(layer.pck) == list(layer.drop) == GROUPS
        assert {group: curve.at(8) for group, curve in layer.pck.items()} == found.untouched
        for curve in (*layer.pck.values(), *layer.drop.values()):
            assert curve.x == layer.ks == [0, 3, 8]
            for estimate in curve.y:
                assert estimate.ends is not None and estimate.value is not None
                assert estimate.ends[0] <= estimate.value <= estimate.ends[1]
    assert set(found.times_s) == {'channels', 'network'}
    table = [line for line in done.stdout.splitlines() if line.startswith('| ')]
    assert [line.split(' | ')[0] for line in table] == ['| layer', '| ---', f'| {SKIP}', f'| {LATENT}']
    row = table[2].strip('| ').split(' | ')
    spectrum, best = found.layers[0].spectrum, found.layers[0].suggestion.k
    assert spectrum is not None and row[1:4] == ['8', str(spectrum.components_95), str(best)]
    assert re.search(
        r'^(Most redundant.*|No stage is redundant as far as is shown: .*) within 0\.5 points of '
        r'labelled PCK \(6 persons of val, one stage at a time\)\.$',
        done.stdout,
        re.MULTILINE,
    )


def results(*ks: int) -> ChannelRedundancy:
    found = channel_redundancy()
    found.persons, found.layers = 7, [layer_channels(f'layer{number}', k) for number, k in enumerate(ks)]
    for layer in found.layers:
        layer.suggestion.tolerance, layer.suggestion.drop = 0.01, Estimate(value=0.005)
    return found


@pytest.mark.parametrize(
    'ks, sentence',
    [
        ((8, 2, 4), 'Most redundant: layer1, which needs 2 of 8 channel components to stay within 1 '),
        ((2, 8, 2), 'Most redundant, alike: layer0, layer2; each needs 2 of 8 channel components to stay within 1 '),
        ((8, 8), 'No stage is redundant as far as is shown: none can lose a step of the ladder within 1 '),
    ],
)
def test_the_sentence(ks: tuple[int, ...], sentence: str) -> None:
    text = tool.markdown(results(*ks))
    assert text.splitlines()[2] == f'| layer0 | 8 | 6 | {ks[0]} | 0.50 |'
    assert text.splitlines()[-1] == (f'{sentence}points of labelled PCK (7 persons of val, one stage at a time).')


def test_a_layer_without_variance_is_said() -> None:
    found = results(0)
    found.layers[0].spectrum = None
    assert '| layer0 | 8 | none vary | 0 | 0.50 |' in tool.markdown(found)


@pytest.mark.parametrize(
    'more, message',
    [
        (['--k', '0', '9'], '--k 9: layer backbone.hourglasses.0.skips.0 has 8 channels; give at'),
        (['--k', '-1'], '--k -1: give numbers of components from 0 on'),
        (['--layers', 'backbone.hourglasses.0.skip.1'], f'did you mean {SKIP}'),
        (['--layers', 'head.final_layer', 'backbone.none'], "no layer 'backbone.none' fires"),
        (['--fit-persons', '1'], '--fit-persons 1: give 2 or more'),
        (['--limit', '0'], '--limit 0: give 1 or more'),
        (['--tolerance', '2'], '--tolerance 2.0: give a number from 0 to 1'),
        (['--launcher', 'pytorch'], '--launcher pytorch: runs in one process'),
        (['--cfg-options', 'model.backbone.num_stacks=2'], 'not a checkpoint of this config'),
        (['--cfg-options', 'val_dataloader.dataset.ann_file=none.json'], 'no such annotation file'),
        (['--cfg-options', 'val_evaluator.0.normaliser=head'], "normaliser='head'; choose"),
    ],
)
def test_bad_words_are_one_line(
    words: Callable[..., list[str]],
    tmp_path: Path,
    repo_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    more: list[str],
    message: str,
) -> None:
    monkeypatch.chdir(repo_root)
    assert run_in_process(tool.main, words(*more), monkeypatch) == 2
    assert message in only_error(capsys.readouterr().err)
    assert not (tmp_path / 'out').exists()


def test_other_bad_files_are_one_line(
    words: Callable[..., list[str]],
    tmp_path: Path,
    repo_root: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(repo_root)
    own = words()
    for arguments, message in (
        ([own[0], str(tmp_path / 'none.pth'), *own[2:]], f'{tmp_path}/none.pth: no such check'),
        (words(out=tmp_path), f'--out {tmp_path}: is a folder; name a file'),
    ):
        assert run_in_process(tool.main, arguments, monkeypatch) == 2
        assert message in only_error(capsys.readouterr().err)
    assert {path.name for path in tmp_path.iterdir()} <= {'work'}
