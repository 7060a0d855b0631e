"""``tools/compare_networks.py`` as a command."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from shg_xai.chapters.disagreement.results import Disagreement
from shg_xai.results_file import read_answer
from tests.helpers.analysis_stores import blobs, write_store
from tests.helpers.data import only_error


def scores(file: Path, pck: list[float]) -> Path:
    """Of persons 1 to N, two a photo."""
    persons = np.arange(len(pck))
    pq.write_table(
        pa.table(dict(annotation_id=persons + 1, image_id=persons // 2, dataset=['made'] * len(pck), pck_labelled=pck)),
        file,
    )
    return file


def test_it_says_and_writes_what_differs(tmp_path: Path, run_tool: Callable) -> None:
    store, out = write_store(tmp_path / 'store', blobs(4, 3)), tmp_path / 'out.json'
    files = [scores(tmp_path / f'{name}.parquet', pck) for name, pck in (('a', [0.5] * 4), ('b', [0.5, 0.5, 0.25, 1]))]
    done = run_tool(['compare_networks.py', *files, '--store', store, '--bootstrap', 20, '--out', out])
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith('“b” meets 25 % of 4 persons better than “a” and 25 % worse, the others as well; ')
    answer = read_answer(out, Disagreement)
    assert answer.command.startswith('tools/compare_networks.py ') and answer.difference.value == 0.0625


def test_bad_input_is_one_line(tmp_path: Path, run_tool: Callable) -> None:
    store, good = write_store(tmp_path / 'store', blobs(4, 3)), scores(tmp_path / 'a.parquet', [0.5] * 4)
    for words, message in (
        ([good, good, '--store', tmp_path / 'none', '--out', tmp_path / 'out.json'], 'none: no latent store'),
        ([good, good, '--store', store, '--out', tmp_path], 'is a folder; name a file'),
        ([good, good, '--store', store, '--confidence', 2, '--out', tmp_path / 'out.json'], 'between 0 and 1'),
    ):
        done = run_tool(['compare_networks.py', *words])
        assert done.returncode == 2 and message in only_error(done.stderr)
        assert not (tmp_path / 'out.json').exists()
