"""Drawing many figures, as many at a time as there are cores."""

import multiprocessing
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor, ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from tqdm import tqdm

from shg_xai.cores import cores
from shg_xai.drawing.material import Figure
from shg_xai.drawing.style import save_figure

FEW = 6  # figures that are drawn before another process is ready
# What draws a figure of a name; a process inherits it when it forks, since functions of figures cannot be sent.
_draw: list[Callable[[str], bytes]] = []


def draw_all(figures: Mapping[str, Figure], folder: Path, processes: int | None = None) -> dict[str, bytes]:
    """Draw figures and save each under its name, ``name.png`` and ``name.svg``; returns each one's PNG, in their order.

    ``processes`` (all cores unless given) changes no byte. InputError where one cannot be saved.
    """

    def draw(name: str) -> bytes:
        return save_figure(figures[name].draw(), folder, name)

    count = min(processes or cores(), len(figures) // FEW)
    with _forks(draw, count) as pool:
        found = pool.map(_inherited, figures) if pool else map(draw, figures)
        shown = tqdm(found, total=len(figures), desc='figures', unit='figure', disable=len(figures) < FEW)
        return dict(zip(figures, shown, strict=True))


@contextmanager
def _forks(draw: Callable[[str], bytes], count: int) -> Iterator[Executor | None]:
    """So many processes that know how to draw; None where there is one, or none can be had."""
    # Elsewhere a fork may not draw; a process that ends with its parent may have none.
    if count < 2 or sys.platform != 'linux' or multiprocessing.current_process().daemon:
        yield None
        return
    _draw.append(draw)
    try:
        with ProcessPoolExecutor(count, multiprocessing.get_context('fork')) as pool:
            yield pool
    finally:
        _draw.pop()


def _inherited(name: str) -> bytes:
    return _draw[-1](name)
