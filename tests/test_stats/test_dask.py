"""The workers of a Dask cluster find what threads find, digit for digit."""

from collections.abc import Iterator
from concurrent.futures import Executor
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from shg_xai.chapters.comparison.measure import matched, measure
from shg_xai.chapters.comparison.results import Comparison
from shg_xai.explain.decomposition import Work
from shg_xai.explain.options import Options
from shg_xai.explain.stores import Analysis, analyse
from shg_xai.latents import LatentStore
from shg_xai.latents.selection import BLOCK, select
from shg_xai.stats.executors import executor, ordered
from tests.helpers.analysis_stores import blobs, write_store

distributed = pytest.importorskip('distributed')
QUICK = Options(ks=(2,), restarts=2, bootstrap=10, permutations=99)


@pytest.fixture(scope='module')
def address() -> Iterator[str]:
    """The scheduler of two worker processes."""
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None) as cluster:
        yield cluster.scheduler_address


def both(folder: Path, scratch: Path, pool: Executor) -> tuple[list[Analysis], Comparison]:
    """Two stores analysed and compared."""
    scratch.mkdir()
    chosen = matched([select(LatentStore.open(folder / name)) for name in ('a', 'b')])
    found = [
        analyse(f'store{number}', Work(selection, QUICK, pool, scratch / f'{number}.npy'))
        for number, selection in enumerate(chosen)
    ]
    assert not list(scratch.iterdir())
    return found, measure([one.side for one in found], pool)


def test_workers_find_what_threads_find(tmp_path: Path, address: str) -> None:
    # More persons than a block, so that there is something to share out.
    values = blobs(BLOCK + 50, 10, 3, 4.0)
    write_store(tmp_path / 'a', values, rows_per_shard=1300, dtype='float16')
    write_store(tmp_path / 'b', np.sin(values)[:, :4], rows_per_shard=2600)
    with executor(2) as pool:
        expected, compared = both(tmp_path, tmp_path / 'threads', pool)
    with executor(dask=address) as pool:
        found, compared_there = both(tmp_path, tmp_path / 'dask', pool)
    for here, there in zip(expected, found, strict=True):
        assert (here.layer, here.answers) == (there.layer, there.answers)
        assert here.persons.equals(there.persons)
    assert compared == compared_there


def blas_threads(_: int) -> set[int]:
    """How many threads the linear algebra of this process uses."""
    import scipy.linalg

    scipy.linalg.eigh(np.eye(2))
    return {entry['num_threads'] for entry in threadpool_info() if entry['user_api'] == 'blas'}


def test_linear_algebra_of_a_worker_runs_in_one_thread(address: str) -> None:
    with executor(dask=address) as pool:
        assert set.union(*ordered(pool, blas_threads, range(4))) == {1}


def test_linear_algebra_of_the_client_runs_in_one_thread(address: str) -> None:
    # Eigenvectors are computed here; their digits must be those of a run with threads.
    with threadpool_limits(2), executor(dask=address):
        assert blas_threads(0) == {1}


def test_an_error_of_a_worker_arrives(address: str) -> None:
    with executor(dask=address) as pool, pytest.raises(ZeroDivisionError):
        list(ordered(pool, _divide, [1, 2, 0, 4]))


def _divide(number: int) -> float:
    return 1 / number
