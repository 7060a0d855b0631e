"""Who computes, and in what order results come."""

import gc
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from shg_xai.errors import InputError
from shg_xai.stats.executors import executor, ordered, workers


def test_results_come_in_the_order_of_tasks() -> None:
    def late(number: int) -> int:
        time.sleep(0.002 * (20 - number))
        return number**2

    with ThreadPoolExecutor(4) as pool:
        assert list(ordered(pool, late, range(20))) == [number**2 for number in range(20)]


def test_nothing_to_do() -> None:
    with ThreadPoolExecutor(1) as pool:
        assert list(ordered(pool, abs, [])) == []


@pytest.mark.parametrize('threads, ahead', [(1, 1), (2, 3)])
def test_only_some_tasks_are_under_way(threads: int, ahead: int) -> None:
    taken: list[int] = []

    def tasks() -> Iterator[int]:
        for number in range(30):
            taken.append(number)
            yield number

    with ThreadPoolExecutor(threads) as pool:
        for result in ordered(pool, abs, tasks(), ahead):
            # One more has been taken from the iterable and waits for its place.
            assert len(taken) <= result + threads * ahead + 1
    assert len(taken) == 30


def test_an_error_arrives_and_ends_the_rest() -> None:
    started: list[int] = []
    gate = threading.Event()

    def task(number: int) -> int:
        started.append(number)
        if number == 2:
            raise KeyError('two')
        if number > 2:
            gate.wait(5)
        return number

    with ThreadPoolExecutor(1) as pool:
        results = ordered(pool, task, range(100), ahead=8)
        assert [next(results), next(results)] == [0, 1]
        with pytest.raises(KeyError, match='two'):
            next(results)
        gate.set()
    # What waited was cancelled; at most the one already begun ran to its end.
    assert len(started) <= 4


def test_who_stops_early_cancels_the_rest() -> None:
    started: list[int] = []

    def task(number: int) -> int:
        started.append(number)
        time.sleep(0.01)
        return number

    with ThreadPoolExecutor(1) as pool:
        results = ordered(pool, task, range(100), ahead=8)
        next(results)
        results.close()
    assert len(started) <= 3


def test_linear_algebra_of_a_task_runs_in_one_thread() -> None:
    np.ones((2, 2)) @ np.ones((2, 2))
    with executor(3) as pool:
        assert workers(pool) == 3
        pools = pool.submit(threadpool_info).result()
    # OpenMP, which scikit-learn has besides, counts threads for each of ours apart.
    assert {entry['num_threads'] for entry in pools if entry['user_api'] == 'blas'} == {1}


def clients() -> set[int]:
    """Which clients of Dask this process has; by type, since some objects warn when asked."""
    distributed = pytest.importorskip('distributed')
    return {id(one) for one in gc.get_objects() if type(one) is distributed.Client}


@pytest.mark.parametrize('address', ['nonsense', 'smoke://signal:1', ''])
def test_no_scheduler_is_one_line(address: str) -> None:
    before = clients()  # other tests of this process may have left some
    with pytest.raises(InputError, match=r'^--dask .*: no scheduler answers there: ') as caught, executor(dask=address):
        pass
    assert '\n' not in str(caught.value)
    # A client that is left over closes itself at any time, and waits for a lock held by the next.
    assert clients() <= before
