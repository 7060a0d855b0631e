"""``benchmarks/network.py`` in small: every variant runs and the table is complete."""

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow(minutes=1)
def test_every_variant_is_measured(tmp_path: Path, repo_root: Path) -> None:
    file = tmp_path / 'numbers.json'
    done = subprocess.run(
        [
            sys.executable,
            'benchmarks/network.py',
            '--rounds',
            '1',
            '--batch',
            '2',
            '--size',
            '128',
            '--json',
            str(file),
        ],
        cwd=repo_root,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert '14,526,053 parameters' in done.stdout
    results = json.loads(file.read_text())
    assert list(results) == ['forward', 'training step']
    for variants in results.values():
        assert len(variants) == 4
        assert all(len(one['seconds']) == 1 and min(one['seconds']) > 0 for one in variants.values())
    forward = results['forward']
    assert forward['plain float32']['deviation'] == 0
    assert forward['ours float32']['deviation'] < 1e-5
    assert 0 < forward['ours bfloat16']['deviation'] < 0.05
    assert forward['plain float32']['flop'] == forward['ours float32']['flop']
