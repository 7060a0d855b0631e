"""``tools/test.py`` as a user runs it."""

import json
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
import torch
from mmengine.config import Config
from mmengine.registry import init_default_scope
from mmpose.registry import MODELS

import shg_xai.plugin  # noqa: F401
from tests.helpers.commands import forked_twice
from tests.helpers.data import NAMES, QUICK, only_error, run_in_process, write_coco
from tools import test as tool

CONFIG = 'configs/shg_coco.py'
GROUPS = ('labelled', 'visible', 'occluded', 'limbs', 'torso', 'face')
KEYS = (
    {
        f'pck/{pool}{group}'
        for pool in ('', 'pooled/')
        for group in ('labelled', 'visible', 'occluded', 'limbs', 'torso', 'face')
    }
    | {f'pck/joint/{name}' for name in NAMES}
    | {'pck/joint_mean'}
)


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads wait for each other wherever something else runs too."""
    monkeypatch.setenv('OMP_NUM_THREADS', '1')


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return write_coco(tmp_path / 'coco')


@pytest.fixture
def checkpoint(tmp_path: Path, repo_root: Path) -> Path:
    """An untrained network of the small config."""
    init_default_scope('mmpose')
    cfg = Config.fromfile(repo_root / CONFIG)
    cfg.model.backbone.update(channels=8, depth=2)
    cfg.model.head.in_channels = 8
    torch.manual_seed(0)
    path = tmp_path / 'small.pth'
    torch.save(dict(state_dict=MODELS.build(cfg.model).state_dict()), path)
    return path


def options(data: Path, work: Path, *more: str) -> list[str]:
    """The options of a small test."""
    # MMEngine keeps a logger for each name, and with it the streams of the test before.
    name = f'experiment_name={work.parent.name}'
    return ['--data-root', str(data), '--work-dir', str(work), '--cfg-options', *QUICK, name, *more]


def test_it_prints_and_writes_every_pck(data: Path, checkpoint: Path, tmp_path: Path, run_tool: Callable) -> None:
    out = tmp_path / 'out.json'
    persons = tmp_path / 'persons.parquet'
    done = run_tool(
        [
            'test.py',
            CONFIG,
            checkpoint,
            '--out',
            out,
            '--persons',
            persons,
            *options(data, tmp_path / 'work', 'test_evaluator.thr=0.4'),
        ]
    )
    assert done.returncode == 0, done.stderr
    table = pq.read_table(persons)
    assert table['annotation_id'].to_pylist() == [10, 11, 20, 21, 30, 31]
    assert table['image_id'].to_pylist() == [1, 1, 2, 2, 3, 3]
    printed = dict(re.findall(r'(pck/[\w/]+): ([\d.]+)', done.stdout))
    assert set(printed) == KEYS
    results = json.loads(out.read_text())
    assert {name: f'{value:.6f}' for name, value in results['metrics'].items() if name in KEYS} == printed
    for group in ('labelled', 'visible', 'occluded', 'limbs'):
        scores = table[f'pck_{group}'].drop_null().to_numpy()
        assert len(scores) == (3 if group == 'occluded' else 6)
        assert np.mean(scores) == results['metrics'][f'pck/{group}']
    assert 0 < results['metrics']['pck/labelled'] < 1
    assert results['checkpoint'] == str(checkpoint)
    assert results['data_root'] == str(data)
    assert [path.name for path in tmp_path.iterdir() if path.suffix == '.part'] == []


@pytest.mark.slow
@pytest.mark.parametrize('persons', [6, 5])
def test_two_processes_find_what_one_finds(
    data: Path, checkpoint: Path, tmp_path: Path, fork_tool: Callable, repo_root: Path, persons: int
) -> None:
    file = data / 'annotations' / 'person_keypoints_val2017.json'
    content = json.loads(file.read_text())
    # With an odd number one process gets one person less.
    content['annotations'] = content['annotations'][:persons]
    file.write_text(json.dumps(content))
    # Joints near enough to a random network's predictions to tell persons apart.
    loose = 'test_evaluator.thr=0.4'
    one = fork_tool(
        [
            'test.py',
            CONFIG,
            checkpoint,
            '--out',
            tmp_path / 'one.json',
            '--persons',
            tmp_path / 'one.parquet',
            *options(data, tmp_path / 'work', loose),
        ]
    )
    assert one.returncode == 0, one.stderr
    files = ['--out', tmp_path / 'two.json', '--persons', tmp_path / 'two.parquet']
    words = [CONFIG, checkpoint, '--launcher', 'pytorch', *files, *options(data, tmp_path / 'work2', loose)]
    two = forked_twice('test.py', words)
    assert two.returncode == 0, two.stderr
    expected = json.loads((tmp_path / 'one.json').read_text())['metrics']
    found = json.loads((tmp_path / 'two.json').read_text())['metrics']
    assert 0 < expected['pck/labelled'] < 1
    assert found == pytest.approx(expected)
    tables = [pq.read_table(tmp_path / f'{name}.parquet') for name in ('one', 'two')]
    assert tables[0].num_rows == persons
    assert tables[0].equals(tables[1])


@pytest.mark.slow
def test_bfloat16_finds_nearly_the_same(data: Path, checkpoint: Path, tmp_path: Path, fork_tool: Callable) -> None:
    metrics = []
    for more in ([], ['--amp']):
        out = tmp_path / f'out{len(more)}.json'
        done = fork_tool(
            [
                'test.py',
                CONFIG,
                checkpoint,
                *more,
                '--out',
                out,
                *options(data, tmp_path / 'work', 'test_evaluator.thr=0.4'),
            ]
        )
        assert done.returncode == 0, done.stderr
        metrics.append(json.loads(out.read_text())['metrics'])
    assert metrics[1]['pck/labelled'] == pytest.approx(metrics[0]['pck/labelled'], abs=0.1)


def test_a_missing_checkpoint_is_one_line(data: Path, tmp_path: Path, run_tool: Callable) -> None:
    done = run_tool(
        ['test.py', CONFIG, tmp_path / 'none.pth', '--out', tmp_path / 'out.json', *options(data, tmp_path / 'work')]
    )
    assert done.returncode == 2
    assert only_error(done.stderr) == f'error: {tmp_path}/none.pth: no such checkpoint'
    assert not (tmp_path / 'out.json').exists()


def test_a_checkpoint_of_another_config_is_one_line(
    data: Path, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / 'out.json'
    words = [CONFIG, checkpoint, '--out', out, *options(data, tmp_path / 'work', 'model.backbone.num_stacks=2')]
    assert run_in_process(tool.main, words, monkeypatch) == 2
    error = only_error(capsys.readouterr().err)
    assert f'{checkpoint}: not a checkpoint of this config' in error
    assert 'weights of the config are missing (e.g. backbone.' in error
    assert not out.exists()


def test_a_checkpoint_that_carries_code_is_one_line_and_runs_nothing(
    data: Path, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    class Evil:
        def __reduce__(self) -> tuple:
            return os.system, (f'touch {trace}',)

    trace = tmp_path / 'it_ran'
    torch.save(dict(torch.load(checkpoint, weights_only=True), extra=Evil()), checkpoint)
    words = [CONFIG, checkpoint, *options(data, tmp_path / 'work')]
    assert run_in_process(tool.main, words, monkeypatch) == 2
    assert 'refused, it carries code' in only_error(capsys.readouterr().err)
    assert not trace.exists()


@pytest.mark.parametrize(
    'option, message',
    [
        ('test_evaluator.tresh=1', "VisiblePCK has no argument 'tresh'"),
        ('test_evaluator.normaliser=head', "normaliser='head'; choose one of"),
        ('test_dataloader.dataset.ann_file=annotations/none.json', 'no such annotation file'),
        ('test_dataloader.dataset.data_prefix.img=none/', 'this photo is missing'),
    ],
)
def test_a_bad_setting_is_one_line(
    data: Path,
    checkpoint: Path,
    tmp_path: Path,
    option: str,
    message: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / 'out.json'
    words = [CONFIG, checkpoint, '--out', out, *options(data, tmp_path / 'work', option)]
    assert run_in_process(tool.main, words, monkeypatch) == 2
    assert message in only_error(capsys.readouterr().err)
    assert not out.exists()


def test_persons_without_visible_pck_are_one_line(
    data: Path, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    persons = tmp_path / 'persons.parquet'
    words = [
        CONFIG,
        checkpoint,
        '--persons',
        persons,
        *options(data, tmp_path / 'work', 'test_evaluator.type=PCKAccuracy'),
    ]
    assert run_in_process(tool.main, words, monkeypatch) == 2
    error = only_error(capsys.readouterr().err)
    assert error.startswith('error: --persons: test_evaluator of ')
    assert error.endswith("shg_coco.py has no VisiblePCK; add dict(type='VisiblePCK')")
    assert not persons.exists()


def test_boxes_of_a_detector_are_one_line(
    data: Path, checkpoint: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    boxes = data / 'boxes.json'
    boxes.write_text(json.dumps([dict(image_id=1, category_id=1, bbox=[5, 5, 80, 90], score=0.9)]))
    words = [CONFIG, checkpoint, *options(data, tmp_path / 'work', f'test_dataloader.dataset.bbox_file={boxes}')]
    assert run_in_process(tool.main, words, monkeypatch) == 2
    assert "bbox_file=''" in only_error(capsys.readouterr().err)
