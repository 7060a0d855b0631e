"""``tools/find_redundancy.py`` as a user runs it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mmengine.config import Config

from shg_xai.runner.provenance import sha256
from tests.helpers.data import QUICK, only_error, run_in_process, write_coco
from tests.test_interventions.test_capture import (
    one_thread,  # noqa: F401
    save_network,
    small_config,
)
from tools import find_redundancy as tool

CONFIG = 'configs/shg_coco.py'
GROUPS = ['labelled', 'visible', 'occluded', 'limbs']
LOOSE = ('val_evaluator.0.thr=0.4', 'test_evaluator.thr=0.4')
LATENT, SKIP = (f'backbone.hourglasses.0.{name}' for name in ('bottleneck_residuals', 'skips.1'))
KEYS = [
    'name',
    'stack',
    'part',
    'level',
    'channels',
    'height',
    'width',
    'explained_variance_ratio',
    'components_95',
    'participation_ratio',
    'curve',
    'suggestion',
]


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
    found = json.loads(out.read_text())
    assert list(found) == [
        'schema_version',
        'kind',
        'command',
        'config',
        'checkpoint',
        'split',
        'persons',
        'fit',
        'seed',
        'settings',
        'warnings',
        'untouched',
        'layers',
        'times_s',
    ]
    assert (found['schema_version'], found['kind']) == (1, 'shg_xai redundancy')
    assert found['command'].startswith(f'tools/find_redundancy.py {CONFIG} {cfg.load_from}')
    assert found['checkpoint'] == dict(file=cfg.load_from, sha256=sha256(cfg.load_from))
    assert (found['persons'], found['split'], found['seed']) == (6, 'val', 4)
    assert found['fit'] == dict(split='train', persons=5)
    assert list(found['untouched']) == GROUPS
    assert [layer['name'] for layer in found['layers']] == [SKIP, LATENT]  # as they fire
    for layer in found['layers']:
        assert list(layer) == KEYS
        assert [entry['k'] for entry in layer['curve']] == [0, 3, 8]
        assert layer['curve'][-1]['pck'] == found['untouched']
        for entry in layer['curve']:
            assert list(entry['pck']) == list(entry['drop']) == GROUPS
            for estimate in (*entry['pck'].values(), *entry['drop'].values()):
                assert estimate['low'] <= estimate['value'] <= estimate['high']
    assert set(found['times_s']) == {'channels', 'network'}
    table = [line for line in done.stdout.splitlines() if line.startswith('| ')]
    assert [line.split(' | ')[0] for line in table] == ['| layer', '| ---', f'| {SKIP}', f'| {LATENT}']
    row = table[2].strip('| ').split(' | ')
    layer = found['layers'][0]
    assert row[1:4] == ['8', str(layer['components_95']), str(layer['suggestion']['k'])]
    assert re.search(
        r'^(Most redundant.*|No stage is redundant: .*) within 0\.5 points of '
        r'labelled PCK \(6 persons of val, one stage at a time\)\.$',
        done.stdout,
        re.MULTILINE,
    )


def results(*ks: int) -> dict[str, Any]:
    layers = [
        dict(
            name=f'layer{number}',
            channels=8,
            components_95=5 - number,
            suggestion=dict(k=k, tolerance=0.01, drop=dict(value=0.005, low=None, high=None)),
        )
        for number, k in enumerate(ks)
    ]
    return dict(layers=layers, persons=7, split='val')


@pytest.mark.parametrize(
    'ks, sentence',
    [
        ((8, 2, 4), 'Most redundant: layer1, which needs 2 of 8 channel components to stay within 1 '),
        ((2, 8, 2), 'Most redundant, alike: layer0, layer2; each needs 2 of 8 channel components to stay within 1 '),
        ((8, 8), 'No stage is redundant: none can lose a step of the ladder within 1 '),
    ],
)
def test_the_sentence(ks: tuple[int, ...], sentence: str) -> None:
    text = tool.markdown(results(*ks))
    assert text.splitlines()[2] == f'| layer0 | 8 | 5 | {ks[0]} | 0.50 |'
    assert text.splitlines()[-1] == (f'{sentence}points of labelled PCK (7 persons of val, one stage at a time).')


def test_a_layer_without_variance_is_said() -> None:
    found = results(0)
    found['layers'][0]['components_95'] = None
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
