"""What the tools share that measure a network and write one JSON file; quick to import."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypeVar

from shg_xai.cli import command_line
from shg_xai.errors import InputError
from shg_xai.options import parse
from shg_xai.results import NetworkAnswer, write
from shg_xai.runner.options import MeasureOptions

if TYPE_CHECKING:
    from mmengine.config import Config

O = TypeVar('O', bound=MeasureOptions)  # noqa: E741
N = TypeVar('N', bound=NetworkAnswer)


def config_to_test(options: MeasureOptions, config: str | None = None, checkpoint: str | None = None) -> 'Config':
    """The config that runs: the one named, or another, with the options merged, to test its checkpoint."""
    from shg_xai.runner.config import merge_common, merge_testing, read_config
    from shg_xai.runner.layers import config_path

    name = config or options.config
    cfg = read_config(config_path(name))
    merge_testing(cfg, checkpoint or options.checkpoint, options.amp)
    merge_common(cfg, options, name)
    return cfg


def measure_to_file(kind: type[O], description: str, measure: Callable[[O], N]) -> tuple[O, N]:
    """Read the command line, measure, write the answer, print its warnings.

    Args:
        kind: The tool's options.
        description: For ``--help``.
        measure: From the options to the answer; imports torch and MMPose only when it is called.

    Raises:
        InputError: Anything the user can mend; nothing is written then.
    """
    options = parse(kind, description)
    if options.out is None:
        raise InputError('--out is missing: name the JSON file that gets the results')
    answer = measure(options)
    answer.command = command_line()
    write(options.out, answer)
    for warning in answer.warnings:
        print(f'warning: {warning}', file=sys.stderr)
    return options, answer


@contextmanager
def timed(times: dict[str, float], name: str) -> Iterator[None]:
    """Note how many seconds a part took, under its name."""
    start = time.perf_counter()
    yield
    times[name] = round(time.perf_counter() - start, 2)
