"""Drawing many figures, or making many pictures, as many at a time as there are cores."""

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from tqdm import tqdm

from shg_xai.cores import cores
from shg_xai.drawing.material import Figure
from shg_xai.drawing.style import save_figure

Item = TypeVar('Item')
Made = TypeVar('Made')
FEW = 6  # figures that are drawn before another process is ready
# What makes one of an item; a process inherits it when it forks, since functions of figures cannot be sent.
_make: list[Callable[[Any], Any]] = []


def draw_all(figures: Mapping[str, Figure], folder: Path, processes: int | None = None) -> dict[str, bytes]:
    """Draw figures and save each under its name, ``name.png`` and ``name.svg``; returns each one's PNG, in their order.

    ``processes`` (all cores unless given) changes no byte. InputError where one cannot be saved.
    """

    def draw(name: str) -> bytes:
        return save_figure(figures[name].draw(), folder, name)

    bar = partial(tqdm, total=len(figures), desc='figures', unit='figure', disable=len(figures) < FEW)
    return dict(zip(figures, made(draw, [*figures], processes, shown=bar), strict=True))


def made(
    make: Callable[[Item], Made],
    items: Sequence[Item],
    processes: int | None = None,
    chunk: int = 1,
    shown: Callable[[Iterator[Made]], Iterator[Made]] = iter,
) -> list[Made]:
    """What is made of each item, in their order: by so many processes (all cores unless given), if there are enough
    ``chunk``s of items, which are sent together.
    """
    with _forks(make, min(processes or cores(), len(items) // (FEW * chunk))) as pool:
        found: Iterator[Made] = pool.map(_inherited, items, chunksize=chunk) if pool else map(make, items)
        return list(shown(found))


@contextmanager
def _forks(make: Callable[[Any], Any], count: int) -> Iterator[Executor | None]:
    """So many processes that know how to make one; None where there is one, or none can be had."""
    # Elsewhere a fork may not draw; a process that ends with its parent may have none.
    if count < 2 or sys.platform != 'linux' or multiprocessing.current_process().daemon:
        yield None
        return
    _make.append(make)
    try:
        with ProcessPoolExecutor(count, multiprocessing.get_context('fork')) as pool:
            yield pool
    finally:
        _make.pop()


def _inherited(item: Any) -> Any:
    return _make[-1](item)
