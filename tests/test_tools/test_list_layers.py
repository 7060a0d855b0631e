"""``tools/list_layers.py`` as a command."""

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers.data import only_error, run_in_process
from tools import list_layers

LATENT = 'backbone.hourglasses.0.bottleneck_residuals'
RES50 = 'mmpose::body_2d_keypoint/topdown_heatmap/coco/td-hm_res50_8xb64-210e_coco-256x192.py'


def test_it_lists_the_studys_latent(tmp_path: Path, run_tool: Callable) -> None:
    out = tmp_path / 'layers.json'
    done = run_tool(['list_layers.py', 'configs/shg_coco.py', '--match', '*.bottleneck_residuals', '--json', out])
    assert done.returncode == 0, done.stderr
    title, _, header, line = done.stdout.splitlines()
    assert title.startswith('1 of ')
    assert 'image 256 x 256, memory for 1 person' in title
    assert header.split() == ['name', 'shape', 'calls', 'KiB', 'float16', 'KiB', 'float32']
    # 256 x 4 x 4 numbers of 2 and of 4 bytes
    assert line.split() == [LATENT, '256', 'x', '4', 'x', '4', '1', '8.0', '16.0']
    assert json.loads(out.read_text()) == dict(
        schema_version=1,
        config='configs/shg_coco.py',
        input_size=[256, 256],
        layers=[
            dict(
                name=LATENT,
                shape=[256, 4, 4],
                dtype='float32',
                calls=1,
                per_person=True,
                bytes_float16=8192,
                bytes_float32=16384,
            )
        ],
    )
    assert [path.name for path in tmp_path.iterdir()] == ['layers.json']


@pytest.fixture
def tool(monkeypatch: pytest.MonkeyPatch, repo_root: Path) -> Callable[..., int]:
    """The tool's main in this process, in the repository's folder; gives the exit code."""
    monkeypatch.chdir(repo_root)
    return lambda *words: run_in_process(list_layers.main, words, monkeypatch)


def test_a_layer_that_fires_often_is_marked(tool: Callable, capsys: pytest.CaptureFixture) -> None:
    assert tool(RES50, '--match', 'backbone.layer1.0.[cr]*1') == 0
    assert '* fires' not in capsys.readouterr().out
    assert tool(RES50, '--match', 'backbone.layer1.0.relu') == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[3].split()[:7] == ['backbone.layer1.0.relu', '64', 'x', '64', 'x', '48', '3*']
    assert printed[4].startswith('* fires more than once')


def test_memory_of_a_batch_and_options_of_the_config(tool: Callable, capsys: pytest.CaptureFixture) -> None:
    assert tool('configs/shg_coco.py', '--match', LATENT, '--batch', 64, '--cfg-options', 'model.backbone.depth=3') == 0
    printed = capsys.readouterr().out
    assert 'memory for 64 persons' in printed
    # 256 x 8 x 8 numbers a person, 32 KiB in float16
    assert printed.splitlines()[-1].split()[1:] == ['256', 'x', '8', 'x', '8', '1', '2,048.0', '4,096.0']


@pytest.mark.parametrize(
    'words, message',
    [
        (['configs/none.py'], 'configs/none.py: no such config file'),
        (['mmpose::a/b.py'], 'mmpose has no such config'),
        (['configs/shg_coco.py', '--batch', '0'], 'at least 1'),
        (['configs/shg_coco.py', '--match', '*bottleneck_residual'], f'names; there are {LATENT}'),
        (['configs/shg_coco.py', '--cfg-options', 'model.backbone.type=Hourglas'], 'Hourglas is not'),
        (
            ['configs/shg_coco.py', '--cfg-options', 'val_dataloader.dataset.pipeline.99.type=1'],
            '--cfg-options: does not fit',
        ),
        (['configs/shg_coco.py', '--json', '/dev/null/layers.json'], 'cannot be written'),
    ],
)
def test_bad_input_is_one_line(tool: Callable, capsys: pytest.CaptureFixture, words: list[str], message: str) -> None:
    assert tool(*words) == 2
    assert message in only_error(capsys.readouterr().err)


def test_help_teaches_and_answers_at_once(run_tool: Callable) -> None:
    times = []
    for _ in range(3):
        start = time.perf_counter()
        done = run_tool(['list_layers.py', '--help'])
        times.append(time.perf_counter() - start)
    assert done.returncode == 0
    assert 'tools/dump_latents.py --layers' in done.stdout
    assert min(times) < 1.5
