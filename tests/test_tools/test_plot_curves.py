"""``tools/plot_curves.py`` as a user runs it."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

LINES: list[dict[str, Any]] = [
    {'lr': 1e-3, 'loss': 3.0, 'epoch': 1, 'iter': 10, 'step': 10},
    {'pck/labelled': 0.25, 'pck/visible': 0.3, 'val/heatmap_error': 3.5, 'time': 0.1, 'step': 1},
    {'lr': 2e-4, 'loss': 1.0, 'epoch': 2, 'iter': 20, 'step': 20},
    {'pck/labelled': 0.5, 'pck/visible': 0.6, 'val/heatmap_error': 3.0, 'time': 0.1, 'step': 2},
]


def write_log(work_dir: Path, lines: list[dict[str, Any]] = LINES) -> Path:
    log = work_dir / '20250101_000000' / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text(''.join(json.dumps(line) + '\n' for line in lines))
    return log


def test_png_svg_and_numbers(tmp_path: Path, run_tool) -> None:
    write_log(tmp_path / 'shg')
    write_log(tmp_path / 'other')
    out, svg = tmp_path / 'new' / 'curves.png', tmp_path / 'curves.svg'
    runs = [tmp_path / 'shg', f'autoencoder={tmp_path / "other"}']
    numbers = tmp_path / 'curves.json'
    options = ['--metric', 'pck/labelled', '--metric', 'pck/visible', '--json', numbers]
    done = run_tool(['plot_curves.py', *runs, '--out', out, '--out', svg, *options])
    assert done.returncode == 0, done.stderr
    assert done.stderr == ''
    with Image.open(out) as image:
        assert image.format == 'PNG'
    text = ''.join(ElementTree.parse(svg).getroot().itertext())
    assert 'autoencoder: best 0.500 in epoch 2' in text
    read = json.loads(numbers.read_text())
    assert [run['name'] for run in read['runs']] == ['shg', 'autoencoder']
    assert read['runs'][0]['train_loss'] == {'epochs': [1, 2], 'values': [3.0, 1.0]}
    assert read['runs'][0]['lr_drop_epochs'] == [2]
    left = sorted(path.name for path in tmp_path.iterdir())
    assert left == ['curves.json', 'curves.svg', 'new', 'other', 'shg']


def test_what_is_not_drawn_is_said(tmp_path: Path, run_tool) -> None:
    no_loss = [{key: line[key] for key in line if key != 'val/heatmap_error'} for line in LINES]
    write_log(tmp_path / 'shg', no_loss)
    log = write_log(tmp_path / 'new', LINES[:1])
    log.write_text(log.read_text() + '{"lr"')
    out = tmp_path / 'curves.png'
    done = run_tool(['plot_curves.py', tmp_path / 'shg', tmp_path / 'new', '--out', out])
    assert done.returncode == 0, done.stderr
    assert out.exists()
    assert done.stderr.splitlines() == [
        'note: shg: its log has no val/heatmap_error, not drawn',
        f'note: new: {log}: line 2 is cut short and was left out',
        'note: new: its log has no val/heatmap_error, not drawn',
        'note: new: its log has no pck/labelled, not drawn',
    ]


@pytest.mark.parametrize(
    ('arguments', 'message'),
    [
        (['gone'], 'gone: no such folder'),
        (['.'], 'no log in it'),
        (['shg', '--metric', 'pck/limb'], 'metrics there: pck/labelled, pck/visible'),
        (['shg', '--out', 'curves.gif'], '--out curves.gif: give a name that ends in .png'),
        (['shg', 'again/shg'], "again/shg: a second run named 'shg'; name them: NAME=WORK_DIR"),
        (['a=shg', 'a=again/shg'], "a second run named 'a'"),
        (['broken'], 'scalars.json: line 1 is no JSON'),
        (['empty'], 'the logs hold no loss yet'),
        (['shg', '--out', 'shg/20250101_000000/vis_data/scalars.json/a.png'], 'cannot be written'),
    ],
)
def test_bad_input_is_one_line(tmp_path: Path, run_tool, arguments: list[str], message: str) -> None:
    write_log(tmp_path / 'shg')
    write_log(tmp_path / 'again' / 'shg')
    write_log(tmp_path / 'broken').write_text('{"lr": \n')
    write_log(tmp_path / 'empty', [])
    done = run_tool(['plot_curves.py', *arguments], cwd=tmp_path)
    assert done.returncode == 2
    assert message in done.stderr
    assert done.stderr.startswith('error: ')
    assert len(done.stderr.splitlines()) == 1
    assert not list(tmp_path.glob('*.png'))


def test_help_teaches_without_matplotlib(run_tool) -> None:
    done = run_tool(['plot_curves.py', '--help'], timeout=10)
    assert done.returncode == 0
    assert 'example: python tools/plot_curves.py' in done.stdout
