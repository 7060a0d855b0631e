#!/usr/bin/env python
"""Draw the curves of training runs: tools/plot_curves.py work_dirs/shg --out curves.png"""

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, UseAppendAction, arg

from shg_xai.cli import run
from shg_xai.drawing.curves import Run, draw_curves, read_run, to_json
from shg_xai.errors import InputError
from shg_xai.options import parse
from shg_xai.writing import aside, write_aside

DESCRIPTION = """Draw training loss, validation loss and PCK against epochs, from the logs of one or more runs.

Reads what MMEngine logged into each WORK_DIR (<timestamp>/vis_data/scalars.json), so it works while a run is still
training; a resumed run's logs become one curve. The training loss of an epoch is the mean of its logged lines. A star
marks the best epoch of a metric, a dotted line where the learning rate dropped. Values that are not finite stay a gap
and are mentioned.

example: python tools/plot_curves.py work_dirs/shg work_dirs/shg_ae --out curves.png --out curves.svg"""
WORK_DIR = arg(metavar='[NAME=]WORK_DIR [...]', help_behavior_hint='(one or more)')
KEY = arg(metavar='KEY', help_behavior_hint='(repeatable; default: pck/labelled)')
FILE = arg(metavar='FILE', help_behavior_hint='(repeatable; default: curves.png)')


@dataclass(frozen=True, kw_only=True)
class CurveOptions:
    """Which curves are drawn, and where to."""

    runs: Annotated[Positional[tuple[str, ...]], WORK_DIR]  # folder of a run, and its legend
    metric: UseAppendAction[Annotated[tuple[str, ...], KEY]] = ()  # validation metric to draw
    loss_key: Annotated[str, arg(metavar='KEY')] = 'val/heatmap_error'
    """validation loss; not drawn where a log lacks it"""
    out: UseAppendAction[Annotated[tuple[Path, ...], FILE]] = ()  # .png or .svg; an earlier one is replaced
    json: Annotated[Path | None, arg(metavar='FILE')] = None  # write the numbers, too

    def __post_init__(self) -> None:
        if not self.runs:
            raise InputError('name the folder of a run: [NAME=]WORK_DIR')
        for path in self.out:
            if path.suffix.lower() not in ('.png', '.svg'):
                raise InputError(f'--out {path}: give a name that ends in .png or .svg')


def read_runs(arguments: tuple[str, ...]) -> list[Run]:
    """Read ``WORK_DIR`` or ``NAME=WORK_DIR`` each; InputError when two have one name."""
    runs: list[Run] = []
    for argument in arguments:
        name, equals, folder = argument.partition('=')
        named = equals and name and not Path(argument).is_dir()
        runs.append(read_run(Path(folder), name) if named else read_run(Path(argument)))
        if runs[-1].name in [run.name for run in runs[:-1]]:
            raise InputError(f'{argument}: a second run named {runs[-1].name!r}; name them: NAME=WORK_DIR')
    return runs


def find_missing(runs: list[Run], metrics: list[str], loss_key: str) -> list[str]:
    """A note on each series that cannot be drawn; InputError where a metric is in no log, or nothing is in them."""
    known = {key for run in runs for key in run.validation}
    if not known and not any(run.train_loss for run in runs):
        raise InputError('the logs hold no loss yet; wait for the first logged iterations')
    for key in metrics:
        if known and key not in known:
            names = ', '.join(sorted(known - {loss_key})) or 'none'
            raise InputError(f'--metric {key}: in no log; metrics there: {names}')
    notes = []
    for single in runs:
        absent = [f'its log has no {key}, not drawn' for key in [loss_key, *metrics] if key not in single.validation]
        notes += [f'{single.name}: {note}' for note in [*single.notes, *absent]]
    return notes


def main() -> None:
    """Read, say what is missing, draw."""
    options = parse(CurveOptions, DESCRIPTION)
    runs = read_runs(options.runs)
    metrics = list(dict.fromkeys(options.metric)) or ['pck/labelled']
    for note in find_missing(runs, metrics, options.loss_key):
        print(f'note: {note}', file=sys.stderr)
    import matplotlib

    # The same numbers give the same SVG; its text stays text.
    matplotlib.rcParams.update({'svg.hashsalt': 'shg_xai', 'svg.fonttype': 'none'})
    figure = draw_curves(runs, metrics, options.loss_key)
    for path in options.out or (Path('curves.png'),):
        kind = path.suffix.lower()[1:]
        with aside(path) as part:
            figure.savefig(part, format=kind, dpi=150, metadata={'Date': None} if kind == 'svg' else None)
        print(path)
    if options.json:
        write_aside(options.json, json.dumps(to_json(runs), indent=1, allow_nan=False) + '\n')
        print(options.json)


if __name__ == '__main__':
    run(main)
