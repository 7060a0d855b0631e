"""Who computes: threads of this process, or the workers of a Dask cluster."""

import ctypes
import gc
import os
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

from threadpoolctl import threadpool_limits

from shg_xai.errors import InputError

Task = TypeVar('Task')
Result = TypeVar('Result')
M_MMAP_THRESHOLD, LARGE = -3, 4 << 20  # as in malloc.h; bytes
AHEAD = 4  # tasks under way for each worker; bounds memory


@contextmanager
def executor(threads: int | None = None, dask: str | None = None) -> Iterator[Executor]:
    """An executor of ``concurrent.futures``, for the time of a ``with`` block.

    Linear algebra inside a task runs in one thread: tasks are what runs side by side, and the order of sums, so every
    digit, is then the same on any number of workers.

    Args:
        threads: Number of threads; defaults to the cores this process may use.
        dask: Address of a Dask scheduler, used instead of threads. Its workers must see the store and the output folder
            under the same paths.

    Raises:
        InputError: Dask is not installed, or its scheduler does not answer.
    """
    if threads is not None and threads < 1:
        raise InputError(f'--threads {threads}: give 1 or more')
    _return_freed_memory()
    if dask is None:
        with threadpool_limits(1), ThreadPoolExecutor(threads or len(os.sched_getaffinity(0))) as pool:
            yield pool
        return
    try:
        from distributed import Client
    except ImportError:
        raise InputError('--dask: needs the package distributed: pip install distributed') from None
    client, problem = None, ''
    try:
        client = Client(dask, timeout='20s')  # type: ignore[no-untyped-call]
    except (OSError, ValueError) as error:
        problem = str(error)
    if client is None:
        # What is left of it closes itself when it goes; while another client starts, for which
        # the same lock is taken, the process would wait for itself.
        gc.collect()
        raise InputError(f'--dask {dask}: no scheduler answers there: {problem}')
    with client, threadpool_limits(1):
        client.run(limit_threads)
        yield client.get_executor()  # type: ignore[no-untyped-call]


def _return_freed_memory() -> None:
    """Have large arrays taken from and given back to the system one by one.

    The C library keeps what was freed for later and loses some of it between what is in use; with arrays of many sizes
    the process would grow with the number of persons.
    """
    mallopt = getattr(ctypes.CDLL(None), 'mallopt', None)  # glibc's
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, LARGE)


def limit_threads() -> None:
    """Let linear algebra of this process use one thread from now on."""
    threadpool_limits(1)


def workers(pool: Executor) -> int:
    """How many tasks an executor runs at a time, as far as it says; else the number of cores."""
    return getattr(pool, '_max_workers', None) or os.cpu_count() or 1


def ordered(
    pool: Executor, function: Callable[[Task], Result], tasks: Iterable[Task], ahead: int = AHEAD
) -> Generator[Result, None, None]:
    """Results of a function over tasks, in the order of the tasks, as ``Executor.map`` gives them.

    ``Executor.map`` submits everything at once, so results pile up behind a slow consumer; here at most ``ahead`` tasks
    for each worker are under way.

    Args:
        pool: Who computes. For Dask, function and tasks must be picklable.
        function: Called with one task.
        tasks: The tasks.
        ahead: Tasks under way for each worker.
    """
    waiting: deque[Future[Result]] = deque()
    limit = ahead * workers(pool)
    try:
        for task in tasks:
            if len(waiting) == limit:
                yield waiting.popleft().result()
            waiting.append(pool.submit(function, task))
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()
