"""Which stages run when: side by side as far as none waits for another's result, here or on a cluster.

The order is :class:`graphlib.TopologicalSorter`'s, and what runs the stages is an executor of
:mod:`concurrent.futures`: threads that each wait for a process of this machine, or Dask's, whose workers SLURM, another
queue or a person has started. Both are kept by others; what is done already, and from what, is kept beside the results
(:mod:`shg_xai.study.stages`), so that it outlives them all.
"""

import os
import shlex
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path

from shg_xai.cores import cores
from shg_xai.errors import InputError
from shg_xai.stats.executors import executor
from shg_xai.study.processes import ALL, Commands, Share
from shg_xai.study.stages import LATEST, Marks, Stage, run_stage

Submit = Callable[[Stage, Share], Future[bool]]
Show = Callable[[Stage, str], None]


@dataclass(frozen=True)
class Place:
    """Where stages run: what starts one, and the share of the machine each may have that runs beside others."""

    submit: Submit
    shares: Sequence[Share]


def dependencies(stages: Sequence[Stage]) -> dict[str, list[str]]:
    """For each stage the names of those whose results it reads: what it names lies in what they make."""
    makers = {path: stage.name for stage in stages for path in (stage.output, *stage.beside)}
    needed: dict[str, list[str]] = {}
    for stage in stages:
        words = [part for word in stage.command for part in LATEST.findall(word) or [word]]
        read = [path for path in map(Path, (*stage.inputs, *words)) if path.is_absolute()]
        # The innermost decides: the held-out persons' file lies in the folder of the data.
        found = (next((makers[one] for one in (path, *path.parents) if one in makers), None) for path in read)
        needed[stage.name] = [name for name in dict.fromkeys(found) if name not in (None, stage.name)]
    return needed


def still_to_come(stages: Sequence[Stage], needed: Mapping[str, Sequence[str]]) -> dict[str, float]:
    """For each stage how long the study goes on at least once it starts: it, and the longest chain of those after it,
    in estimated seconds. The critical path is where that is longest (Kelley and Walker 1959); of what could start, what
    is on it starts first (Hu's rule, Operations Research 9, 1961).
    """
    own = {stage.name: stage.seconds or 0.0 for stage in stages}
    found = dict(own)
    for name in reversed([*TopologicalSorter(needed).static_order()]):
        for before in needed[name]:
            found[before] = max(found[before], own[before] + found[name])
    return found


def run_all(stages: Sequence[Stage], place: Place, said: Callable[[str], None]) -> None:
    """Run all stages, each when those it depends on are done; of those that could start the one that most has to wait
    for (:func:`still_to_come`), or else the first in the list.

    When one fails nothing new is started, what is at work is waited for, and the InputError is raised.
    """
    by_name, order = {stage.name: stage for stage in stages}, {stage.name: at for at, stage in enumerate(stages, 1)}
    needed = dependencies(stages)
    left = still_to_come(stages, needed)
    graph = TopologicalSorter(needed)
    graph.prepare()
    ready, free, failed = list[str](), list(place.shares), list[Exception]()
    running: dict[Future[bool], tuple[str, list[Share], float]] = {}
    while graph.is_active():
        ready = sorted([*ready, *graph.get_ready()], key=lambda name: (-left[name], order[name]))
        while ready and free and not failed:
            stage = by_name[ready[0]]
            taken = len(place.shares) if stage.alone else 1
            if taken > len(free):
                break
            shares, free = free[:taken], free[taken:]
            said(f'== {order[stage.name]}/{len(stages)} {stage.name}: {shlex.join(stage.command)}')
            running[place.submit(stage, ALL if stage.alone else shares[0])] = ready.pop(0), shares, time.monotonic()
        if not running:
            break
        for future in wait(running, return_when=FIRST_COMPLETED).done:
            name, shares, begun = running.pop(future)
            free += shares
            try:
                done = f'{time.monotonic() - begun:.0f} s' if future.result() else 'done before, skipped'
                said(f'   {name}: {done}')
                graph.done(name)
            except InputError as error:
                failed.append(error)
                if running:
                    said(f'{error}; waiting for what is at work: {", ".join(name for name, *_ in running.values())}')
    if failed:
        raise failed[0]


def jobs_here() -> int:
    """How many stages this machine runs side by side unless told otherwise: one a GPU, or two threads each."""
    from mmengine.device import get_device
    from torch.cuda import device_count

    if get_device() != 'cpu':
        return max(1, device_count())
    count = cores()
    return min(count, max(2, count // 2))


def shares_of(jobs: int) -> list[Share]:
    """The share of this machine for each of so many stages that run side by side."""
    from torch.cuda import device_count

    if jobs == 1:
        return [ALL]
    gpus = [part for part in os.environ.get('CUDA_VISIBLE_DEVICES', '').split(',') if part]
    gpus = gpus or [str(index) for index in range(device_count())]
    threads = max(1, cores() // jobs)
    return [Share(threads, gpus[job % len(gpus)] if gpus else None) for job in range(jobs)]


@contextmanager
def here(marks: Marks, jobs: int, show: Show) -> Iterator[Place]:
    """This machine, for so many stages at a time; those at work when the block is left are ended."""
    with ThreadPoolExecutor(jobs) as pool, Commands() as commands:

        def run(stage: Stage, share: Share) -> bool:
            return run_stage(stage, marks, partial(commands.run, show=partial(show, stage), share=share))

        yield Place(lambda stage, share: pool.submit(run, stage, share), shares_of(jobs))


@contextmanager
def on_dask(marks: Marks, address: str, stages: int) -> Iterator[Place]:
    """The workers of the Dask scheduler at an address, which see the same paths; Dask decides how many run at a time.

    What a worker has at work when the block is left goes on to its end, and is found done by the next run.
    """
    with executor(dask=address) as pool:
        yield Place(lambda stage, share: pool.submit(_run_remote, stage, marks), [ALL] * stages)


def _run_remote(stage: Stage, marks: Marks) -> bool:
    """Run a stage on a worker: in a process of its own, as a worker may have no forks."""
    with Commands(may_fork=False) as commands:
        return run_stage(stage, marks, partial(commands.run, show=lambda line: None))
