"""``tools/run_study.py`` from people to report, in small: whole, killed, and on real persons."""

import json
import math
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shg_xai.chapters.component_projection.results import ComponentProjection
from shg_xai.chapters.networks.results import Networks
from shg_xai.results_file import read_results
from tests.helpers.commands import python

QUICK = (
    '--epochs',
    '2',
    '--more-epochs',
    '2',
    '--autoencoder-epochs',
    '3',
    '--bootstrap',
    '20',
    '--networks',
    'control',
    'improved',
)
TOLERANCE = 1e-5


def command(root: Path, work: Path, *options: object) -> list[str]:
    return [
        sys.executable,
        str(root / 'tools' / 'run_study.py'),
        '--demo',
        '--people',
        '32',
        '8',
        '--work-dir',
        str(work),
        *QUICK,
        *map(str, options),
    ]


def stages_run(output: str) -> int:
    """How many stages were not skipped."""
    return len(re.findall(r'^== \d', output, re.MULTILINE)) - output.count('skipped')


def run_to_the_end(words: list[str], root: Path) -> str:
    done = python(*words[1:], cwd=root, env={'OMP_NUM_THREADS': '1'}, timeout=900)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def kill_when(words: list[str], root: Path, sign: str) -> None:
    """Start a run, and kill it and its children the moment a line of its output has the sign."""
    process = subprocess.Popen(
        words,
        cwd=root,
        env={**os.environ, 'OMP_NUM_THREADS': '1'},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    try:
        assert any(re.search(sign, line) for line in process.stdout), f'{sign}: never printed'
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def numbers(work: Path) -> Any:
    """The results without what must differ: times, and checksums of dated checkpoints."""

    def without(value: Any) -> Any:
        if isinstance(value, dict):
            left = ('checkpoint', 'stages', 'command', 'times_s', 'options')
            return {key: without(part) for key, part in value.items() if key not in left}
        return [without(part) for part in value] if isinstance(value, list) else value

    return without(json.loads((work / 'report' / 'results.json').read_text()))


def forget(work: Path, stage: str, *outputs: str) -> None:
    """Have a stage run again, from the start."""
    (work / 'stages' / f'{stage}.json').unlink()
    for output in outputs:
        subprocess.run(['rm', '-r', str(work / output)], check=True)


@pytest.mark.slow(minutes=5)
def test_whole_then_killed_thrice_it_ends_with_the_same_numbers(tmp_path: Path, repo_root: Path) -> None:
    work = tmp_path / 'study'
    words = command(repo_root, work)
    output = run_to_the_end(words, repo_root)
    assert stages_run(output) == 32
    assert output.splitlines()[-1] == str(work / 'report' / 'report.html')
    for name in (
        'curves.png',
        'predictions.png',
        'report/report.html',
        'report/table.md',
        'report_controlled/report.html',
    ):
        assert (work / name).stat().st_size > 100
    first = numbers(work)
    results = read_results(work / 'report' / 'results.json')
    (answer,) = results.all(Networks)
    assert 'Tested on 8 persons' in answer.warnings[0]
    check_splice(answer, results.all(ComponentProjection)[0], work)
    check_table(answer, (work / 'report' / 'table.md').read_text())
    assert stages_run(run_to_the_end(words, repo_root)) == 0

    forget(work, 'train_improved_0', 'runs/improved_0')
    kill_when(words, repo_root, r'Epoch\(train\) \[2\]|Epoch\(val\) \[1\]')
    kill_when(words, repo_root, r'== \d+/32 test spliced 0')
    kill_when(words, repo_root, r'== \d+/32 analyse both')
    last = run_to_the_end(words, repo_root)
    assert 0 < stages_run(last) < 15  # what does not depend on them was not run again
    assert numbers(work) == first


@pytest.mark.slow
def test_ctrl_c_ends_what_is_at_work_in_one_line(tmp_path: Path, repo_root: Path) -> None:
    process = subprocess.Popen(
        command(repo_root, tmp_path / 'study'), cwd=repo_root, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert any(line.startswith('== 3/32 train plain 0') or ' train plain 0: ' in line for line in process.stdout)
    process.send_signal(signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert process.returncode == 130
    # Behind bars, which are drawn anew.
    last = error.replace('\r', '\n').strip().splitlines()[-1]
    assert last.endswith('interrupted: run the same command again, and it goes on where it was')
    assert 'Traceback' not in error and 'Warning' not in error


def check_splice(answer: Networks, width: ComponentProjection, work: Path) -> None:
    """Before the first step: spliced with its error is the plain network, which it came from."""
    assert answer.splice and all((check.deviation or 0) <= TOLERANCE for check in answer.splice)
    for name in ('control_0', 'improved_0'):
        metrics = json.loads((work / 'runs' / name / 'splice.json').read_text())['metrics']
        log = next((work / 'runs' / 'plain_0').glob('*/*.log')).read_text()
        best = max(float(value) for value in re.findall(r'pck/labelled: ([\d.]+)', log))
        assert math.isclose(metrics['plain']['pck/labelled'], best, abs_tol=2e-4)
    assert width.ks[-1] == width.dimensions
    whole, untouched = width.pck['labelled'].y[-1].value, width.untouched['labelled'].value
    assert whole == pytest.approx(untouched, abs=TOLERANCE)


def check_table(answer: Networks, table: str) -> None:
    """Every network's line holds what the results say."""
    for network in answer.networks:
        value = f'{network.pck["labelled"].value:.3f}'
        assert re.search(rf'\| {re.escape(network.title)} \| \d+ \| {value} ', table)


@pytest.mark.slow
def test_real_persons_run_through_with_a_limit(
    tmp_path: Path, repo_root: Path, coco_sample: Path, run_tool: Callable
) -> None:
    before = sorted(coco_sample.rglob('*'))
    done = run_tool(
        [
            'run_study.py',
            '--data-root',
            coco_sample,
            '--limit',
            24,
            '--work-dir',
            tmp_path / 'study',
            '--config',
            'configs/demo/shg_people.py',
            '--autoencoder',
            'configs/demo/ae_people_latents.py',
            *QUICK[: QUICK.index('improved')],
        ],
        env=dict(OMP_NUM_THREADS='1'),
        timeout=900,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    (answer,) = read_results(tmp_path / 'study' / 'report' / 'results.json').all(Networks)
    assert 'mean nothing' in answer.warnings[0]
    assert answer.data.train + answer.data.test <= 24
    assert sorted(coco_sample.rglob('*')) == before
