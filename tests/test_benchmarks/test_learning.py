"""``benchmarks/learning.py``: when a plateau is left, and a real training of a few steps."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks.learning import Training, left_at, smoothed, table
from shg_xai.datasets.people.write import PeopleConfig, write_people
from tests.helpers.commands import python


def test_a_plateau_is_left_where_the_mean_of_twenty_steps_stays_below() -> None:
    ratios = [1.0] * 30 + [0.0] * 70
    assert smoothed([1, 2, 3]) == [1, 1.5, 2]
    # After k zeros the mean is (20 - k) / 20: 0.95 with the first, below with the second.
    assert left_at(ratios, 0.95) == 31
    assert left_at(ratios, 0.05) == 49
    assert left_at([1.0] * 100, 0.95) is None
    assert left_at([*ratios, *[1.0] * 40], 0.95) is None
    assert left_at([0.5] * 3, 0.95) == 0


def test_the_table_has_a_line_for_each_recipe() -> None:
    of: dict[str, Any] = dict(
        data_root='data', config='configs/demo/shg_people.py', sigma=None, rate=1e-3, options=(), steps=60
    )
    found = {
        Training(channels=32, seed=0, **of): [1.0] * 60,
        Training(channels=32, seed=1, **of): [0.5] * 60,
        Training(channels=64, seed=0, **of): [0.25] * 60,
    }
    assert list(table(found, 0.95))[2:] == [
        '| shg_people | 32 | its own | 0.001 | 0.750 | 0.750 | -, 0 |',
        '| shg_people | 64 | its own | 0.001 | 0.250 | 0.250 | 0 |',
    ]


@pytest.mark.slow
def test_each_training_is_made_once(tmp_path: Path) -> None:
    write_people(tmp_path / 'people', PeopleConfig(dict(train=20, val=2, test=0)), workers=1)
    words = ['benchmarks/learning.py', '--data-root', tmp_path / 'people', '--channels', 8, '--steps', 3]
    words += [
        '--sigma',
        2,
        '--seeds',
        0,
        1,
        '--out',
        tmp_path / 'map.jsonl',
        '--cfg-options',
        'model.backbone.shortcut=identity',
    ]
    done = python('-W', 'ignore', *words)
    assert done.returncode == 0, done.stderr
    assert '| shg_people model.backbone.shortcut=identity | 8 | 2.0 | its own |' in done.stdout
    lines = (tmp_path / 'map.jsonl').read_text()
    one, other = (json.loads(line)['ratios'] for line in lines.splitlines())
    assert len(one) == 3 and min(one) > 0 and one != other
    again = python('-W', 'ignore', *words)
    assert 's a step' not in again.stdout and again.stdout.splitlines()[-1] == done.stdout.splitlines()[-1]
    assert (tmp_path / 'map.jsonl').read_text() == lines
