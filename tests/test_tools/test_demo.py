"""``tools/demo.py`` in small: every step runs, a second time none does."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.data import only_error
from tools.demo import table

ROWS = ('mean pose', 'shg_people', 'shg_ae_people')


def steps_run(output: str) -> int:
    """How many steps were not skipped."""
    return output.count('\n== ') - output.count('skipped')


@pytest.mark.slow
def test_the_demo_once_again_and_after_a_change(tmp_path: Path, run_tool: Callable) -> None:
    def demo(*more: object) -> str:
        done = run_tool(['demo.py', '--work-dir', tmp_path, '--train', 32, '--test', 6,
                         '--epochs', 1, *more], env=dict(OMP_NUM_THREADS='1'))
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    first = demo()
    assert steps_run(first) == 15
    for name in ROWS:
        assert re.search(rf'\| {name} \| 0\.\d+ \| 0\.\d+ ', first)
    for name in ('curves.png', 'predictions.png', 'table.md', 'shg_people/test.json',
                 'report/report.html', 'report_control/report.html'):
        assert (tmp_path / name).stat().st_size > 100
    assert first.splitlines()[-1] == str(tmp_path / 'report' / 'report.html')
    assert steps_run(demo()) == 0
    # A result that is not finished is made again, and nothing that does not depend on it.
    (tmp_path / 'steps' / 'curves').write_text('begun')
    assert steps_run(demo()) == 1


def test_a_failing_step_is_named_with_its_log(tmp_path: Path, run_tool: Callable) -> None:
    done = run_tool(['demo.py', '--work-dir', tmp_path, '--train', -1])
    assert done.returncode == 2
    assert 'the step "people" failed' in only_error(done.stderr.replace('error: --train', ''))


def test_the_table_leaves_out_what_was_not_measured(tmp_path: Path) -> None:
    file = tmp_path / 'metrics.json'
    file.write_text(json.dumps(dict(metrics={'pck/labelled': 0.12345, 'pck/limbs': 1.0})))
    assert table({'a network': file}).splitlines()[2] == '| a network | 0.123 | - | - | 1.000 |'
