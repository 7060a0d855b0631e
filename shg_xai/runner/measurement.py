"""What the tools share that measure a network and write one JSON file; quick to import."""

import argparse
import json
import shlex
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shg_xai.errors import InputError
from shg_xai.runner.options import add_common_options
from shg_xai.writing import aside

if TYPE_CHECKING:
    from mmengine.config import Config


def add_network_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the network that is measured.

    Args:
        parser: Changed in place.
    """
    parser.add_argument('config', help="config file, ours or MMPose's (mmpose::...)")
    parser.add_argument('checkpoint', help='checkpoint file')


def add_store_options(parser: argparse.ArgumentParser, act: str) -> None:
    """Add the store of the network's latents, and which layer of it.

    Args:
        parser: Changed in place.
        act: What is done with the layer, for the help.
    """
    parser.add_argument(
        '--store',
        required=True,
        type=Path,
        metavar='STORE',
        help="the checkpoint's latents and predictions, see tools/dump_latents.py",
    )
    parser.add_argument('--layer', metavar='NAME', help=f'the layer to {act}; needed where the store has several')


def add_measurement_options(parser: argparse.ArgumentParser) -> None:
    """Add where the results go, how intervals are made, and the options of testing.

    Args:
        parser: Changed in place.
    """
    parser.add_argument(
        '--out', required=True, type=Path, metavar='FILE.json', help='results, with everything they depend on'
    )
    parser.add_argument(
        '--bootstrap',
        type=int,
        default=1000,
        metavar='N',
        help='resamples of images behind each interval; default: %(default)s',
    )
    parser.add_argument(
        '--confidence', type=float, default=0.95, metavar='P', help='of the intervals; default: %(default)s'
    )
    parser.add_argument('--seed', type=int, default=0, help='default: %(default)s')
    add_common_options(parser)


def check_numbers(options: Any, least: Mapping[str, int]) -> None:
    """Refuse numbers that make no sense.

    Args:
        options: Has ``bootstrap``, ``seed``, ``confidence`` and the attributes named.
        least: The smallest value of more attributes; None is fine for any.

    Raises:
        InputError: Names the option.
    """
    for key, low in {**least, 'bootstrap': 10, 'seed': 0}.items():
        value = getattr(options, key)
        if value is not None and value < low:
            raise InputError(f'--{key.replace("_", "-")} {value}: give {low} or more')
    if not 0 < options.confidence < 1:
        raise InputError(f'--confidence {options.confidence}: give a share between 0 and 1')


def config_to_test(args: argparse.Namespace, config: str, checkpoint: str) -> 'Config':
    """A config with the command line's options merged, to test a checkpoint of it."""
    from shg_xai.runner.config import merge_common, merge_testing, read_config
    from shg_xai.runner.layers import config_path

    own = argparse.Namespace(**{**vars(args), 'config': config, 'checkpoint': checkpoint})
    cfg = read_config(config_path(config))
    merge_testing(cfg, own)
    merge_common(cfg, own)
    return cfg


def run_measurement(
    args: argparse.Namespace, tool: str, measure: Callable[['Config'], dict[str, Any]]
) -> dict[str, Any]:
    """Measure a config's network, write the results, print the warnings.

    Args:
        args: The options, with config and checkpoint.
        tool: Name of the tool, for the record.
        measure: From the config to the results: ``schema_version``, ``kind``, ``warnings`` and what was found, as plain
            data.

    Returns:
        The results.

    Raises:
        InputError: Anything the user can mend; nothing is written then.
    """
    from shg_xai.runner.building import config_errors

    if args.launcher != 'none':
        raise InputError(f'--launcher {args.launcher}: runs in one process; leave it out')
    if args.out.is_dir():
        raise InputError(f'--out {args.out}: is a folder; name a file')
    cfg = config_to_test(args, args.config, args.checkpoint)
    with config_errors(args.config):
        found = measure(cfg)
    first = {key: found[key] for key in ('schema_version', 'kind')}
    command = shlex.join([f'tools/{tool}.py', *sys.argv[1:]])
    with aside(args.out) as part:
        part.write_text(json.dumps({**first, 'command': command, **found}, indent=1, allow_nan=False) + '\n')
    for warning in found['warnings']:
        print(f'warning: {warning}', file=sys.stderr)
    return found
