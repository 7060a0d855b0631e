"""Progress of long work, seen from outside: an executor that counts the tasks it finishes."""

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

from shg_xai.stats.executors import workers


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
    """A stage of the work, shown as a bar on stderr while it goes on.

    Args:
        pool: Who computes.
        name: What is done.
        times: Gets the seconds it took, under its name.
        total: How many tasks it has, where that is known.
    """
    with tqdm(total=total, desc=f'{name:<12}', unit='task', mininterval=0.5) as bar:
        yield Counted(pool, bar)
        times[name] = round(times.get(name, 0.0) + bar.format_dict['elapsed'], 2)
