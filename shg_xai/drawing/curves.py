"""Learning curves from the log of a training run: losses and metrics against epochs.

MMEngine appends one JSON object a line to ``WORK_DIR/<timestamp>/vis_data/scalars.json``: ``epoch``, ``iter``, ``lr``
and the losses, averaged over the last few iterations; or metrics, and as ``step`` the epoch they were measured after.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from shg_xai.errors import InputError

LOG = Path('vis_data', 'scalars.json')
TIMING = frozenset({'step', 'time', 'data_time', 'memory'})  # of a validation line what is no measurement
DROP = 2 / 3  # schedules that fall a little at every step would be marked everywhere; a drop falls by a third
Series = dict[int, float | None]  # by epoch, counted from 1; None where it was logged but not finite


@dataclass(frozen=True)
class Run:
    """The curves of one run."""

    name: str  # in the legend
    train_loss: Series  # mean of the loss lines of each epoch; None if one of them is not finite
    validation: dict[str, Series] = field(default_factory=dict)  # by metric
    lr_drops: tuple[int, ...] = ()  # epochs in which the learning rate fell by a third or more at once
    notes: tuple[str, ...] = ()  # what a reader has to know about the log, one sentence each


class _Line(NamedTuple):
    epoch: int
    training: bool
    values: dict[str, float]  # the numbers of a line of the log, by key


def best_epoch(series: Series) -> tuple[int, float] | None:
    """The epoch of the highest value, the first of equals, and the value; None if there is none."""
    finite = [(epoch, value) for epoch, value in sorted(series.items()) if value is not None]
    return max(finite, key=lambda item: item[1], default=None)


def read_run(work_dir: Path, name: str | None = None) -> Run:
    """Read the curves of one run, from its work_dir or one timestamp folder within it.

    A resumed run has several logs in its folder. From the first epoch on that a later log trained, the earlier ones are
    forgotten: those weights are not what the run ended with. ``name`` is for the legend; the folder's if None.
    InputError: no such folder, no log in it, a line that is no JSON object, or a run that counts iterations instead of
    epochs. A last line cut short by a kill is only noted.
    """
    notes, lines = list[str](), list[_Line]()
    if not work_dir.is_dir():
        raise InputError(f'{work_dir}: no such folder; give the work_dir of a training run')
    # The folders are named by date and time, so their order is the order in time.
    logs = [work_dir / LOG] if (work_dir / LOG).is_file() else sorted(work_dir.glob(f'*/{LOG}'))
    if not logs:
        mend = 'give the work_dir of a training run that has logged'
        raise InputError(f'{work_dir}: no log in it (looked for <timestamp>/{LOG}); {mend}')
    for log in logs:
        added = _read_lines(log, notes)
        first = min((line.epoch for line in added if line.training), default=math.inf)
        lines = [line for line in lines if line.epoch < first] + added
    losses, validation = dict[int, list[float]](), dict[str, Series]()
    for line in lines:
        if not line.training:
            for key in line.values.keys() - TIMING:
                validation.setdefault(key, {})[line.epoch] = _finite(line.values[key])
        elif 'loss' in line.values:
            losses.setdefault(line.epoch, []).append(line.values['loss'])
    train_loss = {epoch: _finite(sum(values) / len(values)) for epoch, values in losses.items()}
    validation = dict(sorted(validation.items()))
    rates = pairwise((line.epoch, line.values['lr']) for line in lines if line.training and 'lr' in line.values)
    drops = dict.fromkeys(epoch for (_, old), (epoch, new) in rates if new <= DROP * old)
    for label, curve in {'training loss': train_loss, **validation}.items():
        if gaps := [str(epoch) for epoch, value in sorted(curve.items()) if value is None]:
            notes.append(f'{label} is not finite in epoch {", ".join(gaps)}: left as a gap')
    return Run(name or work_dir.resolve().name, train_loss, validation, tuple(drops), tuple(notes))


def _read_lines(log: Path, notes: list[str]) -> list[_Line]:
    """The checked lines of one log; a last line without its end goes to the notes."""
    try:
        lines = log.read_text(encoding='utf-8').split('\n')
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f'{log}: cannot be read as text ({error})') from error
    found = []
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except ValueError as error:
            if number == len(lines):
                notes.append(f'{log}: line {number} is cut short and was left out')
                continue
            raise InputError(f'{log}: line {number} is no JSON; remove the line') from error
        training = isinstance(entry, dict) and 'iter' in entry
        count = 'epoch' if training else 'step'
        if not isinstance(entry, dict) or not isinstance(entry.get(count), int):
            mend = 'the curves need the log of a run that counts epochs (train_cfg by_epoch=True)'
            raise InputError(f'{log}: line {number} has no whole number {count!r}; {mend}')
        numbers = {key: value for key, value in entry.items() if type(value) in (int, float)}
        found.append(_Line(entry[count], training, numbers))
    return found


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def _plain(series: Series) -> dict[str, object]:
    return {'epochs': sorted(series), 'values': [series[epoch] for epoch in sorted(series)]}


def to_json(runs: Sequence[Run]) -> dict[str, object]:
    """All numbers of the figure as plain JSON values; lists ascend by epoch."""
    found = list[dict[str, object]]()
    for run in runs:
        validation = {key: _plain(series) for key, series in run.validation.items()}
        found.append({'name': run.name, 'train_loss': _plain(run.train_loss), 'validation': validation})
        found[-1] |= {'lr_drop_epochs': list(run.lr_drops), 'notes': list(run.notes)}
    return {'schema_version': 1, 'runs': found}


def draw_curves(
    runs: Sequence[Run], metrics: Sequence[str] = ('pck/labelled',), loss_key: str = 'val/heatmap_error'
) -> Figure:
    """Draw the losses above, one panel a metric below, one colour a run; a series that a run does not have is left out.

    A star marks a run's best epoch, a dotted line where its learning rate dropped.
    """
    figure = Figure(figsize=(10, 3 * (1 + len(metrics))), layout='constrained')
    panels = list(figure.subplots(1 + len(metrics), 1, sharex=True, squeeze=False)[:, 0])
    palette = colormaps['tab10' if len(runs) <= 10 else 'turbo']
    for place, run in enumerate(runs):
        colour = palette(place if len(runs) <= 10 else place / (len(runs) - 1))
        _draw_series(panels[0], run.train_loss, f'{run.name}: training', colour, '-')
        _draw_series(panels[0], run.validation.get(loss_key, {}), f'{run.name}: validation', colour, '--')
        for panel, key in zip(panels[1:], metrics, strict=True):
            series = run.validation.get(key, {})
            if best := best_epoch(series):
                _draw_series(panel, series, f'{run.name}: best {best[1]:.3f} in epoch {best[0]}', colour, '-')
                panel.plot(*best, marker='*', markersize=13, color=colour, linestyle='none')
        for panel in panels:
            for epoch in run.lr_drops:
                panel.axvline(epoch, color=colour, linestyle=':', linewidth=1)
    for panel, title in zip(panels, ['loss', *metrics], strict=True):
        panel.set_ylabel(title)
        panel.grid(alpha=0.3)
        if panel.get_legend_handles_labels()[1]:  # beside the panel: of many runs it would lie over the curves
            panel.legend(fontsize='small', loc='upper left', bbox_to_anchor=(1, 1))
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    dropped = any(run.lr_drops for run in runs)
    panels[-1].set_xlabel('epoch (dotted: learning rate dropped)' if dropped else 'epoch')
    return figure


def _draw_series(panel: Axes, series: Series, label: str, colour: Any, style: str) -> None:
    """Draw a series as line and points; what is not finite leaves a gap in the line."""
    if any(value is not None for value in series.values()):
        epochs, values = np.array(sorted(series.items()), float).T  # None becomes NaN, a gap
        panel.plot(epochs, values, style, marker='.', color=colour, label=label)
