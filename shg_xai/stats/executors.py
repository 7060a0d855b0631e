"""Who computes: threads of this process, or the workers of a Dask cluster; and how far they are."""

import gc
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from threadpoolctl import threadpool_limits
from tqdm import tqdm

from shg_xai.cores import cores
from shg_xai.errors import InputError
from shg_xai.memory import give_back_large_arrays

Task = TypeVar('Task')
Result = TypeVar('Result')
AHEAD = 4  # tasks under way for each worker; bounds memory


@contextmanager
def executor(threads: int | None = None, dask: str | None = None) -> Iterator[Executor]:
    """An executor of ``concurrent.futures``, for the time of a ``with`` block: so many threads (default: the cores this
    process may use), or the workers of the Dask scheduler at an address, which must see the same paths.

    Linear algebra inside a task runs in one thread: tasks are what runs side by side, and the order of sums, so every
    digit, is then the same on any number of workers. InputError if Dask is not installed or does not answer.
    """
    if threads is not None and threads < 1:
        raise InputError(f'--threads {threads}: give 1 or more')
    give_back_large_arrays()
    if dask is None:
        with threadpool_limits(1), ThreadPoolExecutor(threads or cores()) as pool:
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
        # What is left of it closes itself when it goes; while another client starts, for which the same lock is taken,
        # the process would wait for itself.
        gc.collect()
        raise InputError(f'--dask {dask}: no scheduler answers there: {problem}')
    with client, threadpool_limits(1):
        client.run(limit_threads)
        yield client.get_executor()  # type: ignore[no-untyped-call]


def limit_threads() -> None:
    """Let linear algebra of this process use one thread from now on."""
    threadpool_limits(1)


def workers(pool: Executor) -> int:
    """How many tasks an executor runs at a time, as far as it says; else the number of cores."""
    return getattr(pool, '_max_workers', None) or cores()


def ordered(
    pool: Executor, function: Callable[[Task], Result], tasks: Iterable[Task], ahead: int = AHEAD
) -> Generator[Result, None, None]:
    """Results of a function over tasks (picklable for Dask), in their order, as ``Executor.map`` gives them.

    ``Executor.map`` submits everything at once, so results pile up behind a slow consumer; here at most ``ahead`` tasks
    for each worker are under way.
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


class Counted(Executor):
    """Hands tasks on to another executor, and moves a bar when one is done."""

    def __init__(self, pool: Executor, bar: tqdm) -> None:
        self._pool, self._bar = pool, bar
        self._max_workers = workers(pool)

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """As the other's."""
        future = self._pool.submit(fn, *args, **kwargs)
        future.add_done_callback(lambda done: done.cancelled() or self._bar.update())
        return future


@contextmanager
def stage(pool: Executor, name: str, times: dict[str, float], total: int | None = None) -> Iterator[Executor]:
    """A stage of the work of so many tasks, shown as a bar on stderr while it goes on; ``times`` gets its seconds."""
    with tqdm(total=total, desc=f'{name:<12}', unit='task', mininterval=0.5) as bar:
        yield Counted(pool, bar)
        times[name] = round(times.get(name, 0.0) + bar.format_dict['elapsed'], 2)
