"""What the tools share that measure a network and write one JSON file; quick to import."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict, TypeVar

from shg_xai.cli import command_line
from shg_xai.errors import InputError
from shg_xai.options import parse
from shg_xai.results import Checkpoint, NetworkAnswer
from shg_xai.results_file import write
from shg_xai.runner.options import MeasureOptions, NetworkOptions

if TYPE_CHECKING:
    from mmengine.config import Config

N = TypeVar('N', bound=NetworkAnswer)


class Head(TypedDict):
    """What every answer about a network starts with, see :class:`~shg_xai.results.NetworkAnswer`."""

    of: str
    confidence: float
    config: str
    checkpoint: Checkpoint
    split: str
    persons: int
    seed: int
    times_s: dict[str, float]


def config_to_test(options: NetworkOptions, config: str | None = None, checkpoint: str | None = None) -> 'Config':
    """The config that runs: the one named, or another, with the options merged, to test its checkpoint.

    InputError where a config's network cannot be looked into.
    """
    from shg_xai.runner.config import merge_common, merge_testing, read_config
    from shg_xai.runner.layers import config_path
    from shg_xai.runner.supported import check_supported

    name = config or options.config
    cfg = read_config(config_path(name))
    merge_testing(cfg, checkpoint or options.checkpoint, options.amp)
    merge_common(cfg, options, name)
    check_supported(cfg)
    return cfg


def head(options: MeasureOptions, cfg: 'Config', persons: int, times: dict[str, float], split: str = '') -> Head:
    """What an answer starts with; ``split``, if it is not the one in the options."""
    from shg_xai.runner.provenance import identify

    return Head(
        of=Path(options.config).stem,
        confidence=options.confidence,
        config=cfg.filename,
        checkpoint=identify(options.checkpoint),
        split=split or options.split,
        persons=persons,
        seed=options.seed,
        times_s=times,
    )


def measure_to_file(options: type[MeasureOptions], description: str, said: Callable[[N], str]) -> None:
    """Read the command line, measure, write the answer, print it in words (``said``), and its warnings.

    ``options`` are a chapter's, in whose folder ``measure.py`` is imported, with torch and MMPose, only when it is run;
    ``description`` is for ``--help``. Nothing is written where the user has something to mend (InputError), as a type
    or key of the config that MMPose does not know.
    """
    asked = parse(options, description)
    if asked.out is None:
        raise InputError('--out is missing: name the JSON file that gets the results')
    if asked.out.is_dir():
        raise InputError(f'--out {asked.out}: is a folder; name a file')
    from shg_xai.runner.building import config_errors

    with config_errors(asked.config):
        answer = import_module(options.__module__.replace('.options', '.measure')).measure(asked)
    answer.command = command_line()
    write(asked.out, answer)
    for warning in answer.warnings:
        print(f'warning: {warning}', file=sys.stderr)
    print(said(answer))


@contextmanager
def timed(times: dict[str, float], name: str) -> Iterator[None]:
    """Note how many seconds a part took, under its name."""
    start = time.perf_counter()
    yield
    times[name] = round(time.perf_counter() - start, 2)
