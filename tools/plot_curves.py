#!/usr/bin/env python
"""Draw training loss, validation loss and PCK against epochs, from the logs of one or more runs.

Reads what MMEngine logged into each WORK_DIR (<timestamp>/vis_data/scalars.json), so it works while a run is still
training; a resumed run's logs become one curve. The training loss of an epoch is the mean of its logged lines. A star
marks the best epoch of a metric, a dotted line where the learning rate dropped. Values that are not finite stay a gap
and are mentioned.
"""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from shg_xai.cli import run
from shg_xai.drawing.curves import Run, draw_curves, read_run, to_json
from shg_xai.errors import InputError
from shg_xai.writing import aside

FORMATS = ('.png', '.svg')


def parse_arguments() -> argparse.Namespace:
    """Read the command line; InputError for a figure that is neither PNG nor SVG."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog='example: python tools/plot_curves.py work_dirs/shg work_dirs/shg_ae --out curves.png --out curves.svg',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument('runs', nargs='+', metavar='[NAME=]WORK_DIR', help='folder of a run, and its legend')
    parser.add_argument(
        '--metric', action='append', metavar='KEY', help='validation metric to draw, repeatable (default: pck/labelled)'
    )
    parser.add_argument(
        '--loss-key',
        default='val/heatmap_error',
        metavar='KEY',
        help='validation loss; not drawn where a log lacks it (default: %(default)s)',
    )
    parser.add_argument(
        '--out',
        action='append',
        type=Path,
        metavar='FILE',
        help='.png or .svg, repeatable (default: curves.png); an earlier one is replaced',
    )
    parser.add_argument('--json', type=Path, metavar='FILE', help='write the numbers, too')
    arguments = parser.parse_args()
    arguments.metric = list(dict.fromkeys(arguments.metric or ['pck/labelled']))
    arguments.out = arguments.out or [Path('curves.png')]
    for path in arguments.out:
        if path.suffix.lower() not in FORMATS:
            raise InputError(f'--out {path}: give a name that ends in .png or .svg')
    return arguments


def read_runs(arguments: list[str]) -> list[Run]:
    """Read ``WORK_DIR`` or ``NAME=WORK_DIR`` each; InputError when two have one name."""
    runs: list[Run] = []
    for argument in arguments:
        name, equals, folder = argument.partition('=')
        if equals and name and not Path(argument).is_dir():
            runs.append(read_run(Path(folder), name))
        else:
            runs.append(read_run(Path(argument)))
        if runs[-1].name in [run.name for run in runs[:-1]]:
            raise InputError(f'{argument}: a second run named {runs[-1].name!r}; name them: NAME=WORK_DIR')
    return runs


def find_missing(runs: list[Run], metrics: list[str], loss_key: str) -> list[str]:
    """Return a note on each series that cannot be drawn.

    Raises:
        InputError: there are metrics, but one that is asked for is in no log; or nothing at all.
    """
    known = {key for run in runs for key in run.validation}
    if not known and not any(run.train_loss for run in runs):
        raise InputError('the logs hold no loss yet; wait for the first logged iterations')
    for key in metrics:
        if known and key not in known:
            names = ', '.join(sorted(known - {loss_key})) or 'none'
            raise InputError(f'--metric {key}: in no log; metrics there: {names}')
    notes = []
    for single in runs:
        absent = [key for key in [loss_key, *metrics] if key not in single.validation]
        notes += [f'{single.name}: {note}' for note in single.notes]
        notes += [f'{single.name}: its log has no {key}, not drawn' for key in absent]
    return notes


def write_aside(path: Path, write: Callable[[Path], None]) -> None:
    """Let ``write`` make a file beside ``path``, then rename it; InputError if that fails."""
    with aside(path) as part:
        write(part)


def main() -> None:
    """Read, say what is missing, draw."""
    arguments = parse_arguments()
    runs = read_runs(arguments.runs)
    for note in find_missing(runs, arguments.metric, arguments.loss_key):
        print(f'note: {note}', file=sys.stderr)
    import matplotlib

    # The same numbers give the same SVG; its text stays text.
    matplotlib.rcParams.update({'svg.hashsalt': 'shg_xai', 'svg.fonttype': 'none'})
    figure = draw_curves(runs, arguments.metric, arguments.loss_key)
    for path in arguments.out:
        kind = path.suffix.lower()[1:]
        metadata = {'Date': None} if kind == 'svg' else None
        write_aside(
            path,
            lambda part, kind=kind, metadata=metadata: figure.savefig(part, format=kind, dpi=150, metadata=metadata),
        )
        print(path)
    if arguments.json:
        text = json.dumps(to_json(runs), indent=1, allow_nan=False) + '\n'
        write_aside(arguments.json, lambda part: part.write_text(text, encoding='utf-8'))
        print(arguments.json)


if __name__ == '__main__':
    run(main)
