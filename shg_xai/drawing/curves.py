"""Learning curves from the log of a training run: losses and metrics against epochs.

MMEngine appends one JSON object a line to ``WORK_DIR/<timestamp>/vis_data/scalars.json``. Training lines have
``epoch``, ``iter``, ``lr`` and the losses, each averaged over the last few iterations; validation lines have the
metrics, and as ``step`` the epoch they were measured after.
"""

import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from shg_xai.errors import InputError

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LOG = Path('vis_data', 'scalars.json')
# Keys of a validation line that are no measurement of the network.
TIMING = frozenset({'step', 'time', 'data_time', 'memory'})
# Schedules that fall a little at every step would be marked everywhere; a drop falls by a third.
DROP = 2 / 3

Series = dict[int, float | None]
"""Epoch (counted from 1) -> value; None where it was logged but not finite."""


@dataclass(frozen=True)
class Run:
    """The curves of one run.

    Attributes:
        name: what the legend calls it.
        train_loss: mean of the loss lines of each epoch; None if one of them is not finite.
        validation: metric key -> its series.
        lr_drops: epochs in which the learning rate fell by a third or more at once.
        notes: what a reader has to know about the log, one sentence each.
    """

    name: str
    train_loss: Series
    validation: dict[str, Series] = field(default_factory=dict)
    lr_drops: tuple[int, ...] = ()
    notes: tuple[str, ...] = ()


def best_epoch(series: Series) -> tuple[int, float] | None:
    """Return the epoch of the highest value, the first of equals, and the value; None if none."""
    finite = {epoch: value for epoch, value in series.items() if value is not None}
    if not finite:
        return None
    best = max(sorted(finite), key=lambda epoch: finite[epoch])
    return best, finite[best]


def read_run(work_dir: Path, name: str | None = None) -> Run:
    """Read the curves of one run, resumed runs included.

    A resumed run has several logs in its folder. From the first epoch on that a later log trained, the earlier ones are
    forgotten: those weights are not what the run ended with.

    Args:
        work_dir: the run's work_dir, or one timestamp folder within it.
        name: for the legend; the folder's name if None.

    Raises:
        InputError: no such folder, no log in it, a line that is no JSON object, or a run that counts iterations instead
            of epochs. A last line cut short by a kill is only noted.
    """
    notes: list[str] = []
    training: list[dict[str, Any]] = []
    validation: list[dict[str, Any]] = []
    for log in _find_logs(work_dir):
        lines = _read_lines(log, notes)
        trained = [line for line in lines if 'iter' in line]
        if trained:
            first = min(line['epoch'] for line in trained)
            training = [line for line in training if line['epoch'] < first]
            validation = [line for line in validation if line['step'] < first]
        training += trained
        validation += [line for line in lines if 'iter' not in line]
    series: dict[str, Series] = {}
    for line in validation:
        for key, value in line.items():
            if key not in TIMING and _is_number(value):
                series.setdefault(key, {})[line['step']] = value if math.isfinite(value) else None
    run = Run(
        name=name or work_dir.resolve().name,
        train_loss=_mean_by_epoch(training),
        validation=series,
        lr_drops=_find_drops(training),
    )
    for label, curve in {'training loss': run.train_loss, **series}.items():
        gaps = [str(epoch) for epoch, value in sorted(curve.items()) if value is None]
        if gaps:
            notes.append(f'{label} is not finite in epoch {", ".join(gaps)}: left as a gap')
    return Run(run.name, run.train_loss, series, run.lr_drops, tuple(notes))


def _find_logs(work_dir: Path) -> list[Path]:
    """Return the logs below a work_dir, oldest first; InputError if there are none."""
    if not work_dir.is_dir():
        raise InputError(f'{work_dir}: no such folder; give the work_dir of a training run')
    if (work_dir / LOG).is_file():
        return [work_dir / LOG]
    # The folders are named by date and time, so their order is the order in time.
    logs = sorted(work_dir.glob(f'*/{LOG}'))
    if not logs:
        raise InputError(
            f'{work_dir}: no log in it (looked for <timestamp>/{LOG}); give the work_dir of a '
            'training run that has logged'
        )
    return logs


def _read_lines(log: Path, notes: list[str]) -> list[dict[str, Any]]:
    """Return the checked objects of one log; a last line without its end goes to the notes."""
    try:
        text = log.read_text(encoding='utf-8')
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f'{log}: cannot be read as text ({error})') from error
    lines = text.split('\n')
    entries = []
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
        count = 'epoch' if isinstance(entry, dict) and 'iter' in entry else 'step'
        if not isinstance(entry, dict) or not isinstance(entry.get(count), int):
            raise InputError(
                f'{log}: line {number} has no whole number {count!r}; the curves need the log of '
                'a run that counts epochs (train_cfg by_epoch=True)'
            )
        entries.append(entry)
    return entries


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _mean_by_epoch(training: list[dict[str, Any]]) -> Series:
    """Average the key ``loss`` of each epoch's lines."""
    losses: dict[int, list[float]] = {}
    for line in training:
        if _is_number(line.get('loss')):
            losses.setdefault(line['epoch'], []).append(line['loss'])
    means = {epoch: sum(values) / len(values) for epoch, values in losses.items()}
    return {epoch: mean if math.isfinite(mean) else None for epoch, mean in means.items()}


def _find_drops(training: list[dict[str, Any]]) -> tuple[int, ...]:
    """Return the epochs with a line whose learning rate is far below the line before."""
    rates = [(line['epoch'], line['lr']) for line in training if _is_number(line.get('lr'))]
    pairs = pairwise(rates)
    return tuple(dict.fromkeys(epoch for (_, old), (epoch, new) in pairs if new <= DROP * old))


def to_json(runs: Sequence[Run]) -> dict[str, Any]:
    """Return all numbers of the figure as plain JSON values; lists ascend by epoch."""

    def plain(series: Series) -> dict[str, list]:
        epochs = sorted(series)
        return {'epochs': epochs, 'values': [series[epoch] for epoch in epochs]}

    return {
        'schema_version': 1,
        'runs': [
            {
                'name': run.name,
                'train_loss': plain(run.train_loss),
                'validation': {key: plain(series) for key, series in run.validation.items()},
                'lr_drop_epochs': list(run.lr_drops),
                'notes': list(run.notes),
            }
            for run in runs
        ],
    }


def draw_curves(
    runs: Sequence[Run], metrics: Sequence[str] = ('pck/labelled',), loss_key: str = 'val/heatmap_error'
) -> 'Figure':
    """Draw the losses above, one panel a metric below, one colour a run.

    A star marks a run's best epoch, a dotted line where its learning rate dropped. A series that a run does not have is
    not drawn.
    """
    from matplotlib import colormaps
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(10, 3 * (1 + len(metrics))), layout='constrained')
    panels = list(figure.subplots(1 + len(metrics), 1, sharex=True, squeeze=False)[:, 0])
    palette = colormaps['tab10' if len(runs) <= 10 else 'turbo']
    for place, run in enumerate(runs):
        colour = palette(place if len(runs) <= 10 else place / (len(runs) - 1))
        _draw_series(panels[0], run.train_loss, f'{run.name}: training', colour, '-')
        held_out = run.validation.get(loss_key, {})
        _draw_series(panels[0], held_out, f'{run.name}: validation', colour, '--')
        for panel, key in zip(panels[1:], metrics, strict=True):
            series = run.validation.get(key, {})
            best = best_epoch(series)
            if best is None:
                continue
            label = f'{run.name}: best {best[1]:.3f} in epoch {best[0]}'
            _draw_series(panel, series, label, colour, '-')
            panel.plot(*best, marker='*', markersize=13, color=colour, linestyle='none')
        for panel in panels:
            for epoch in run.lr_drops:
                panel.axvline(epoch, color=colour, linestyle=':', linewidth=1)
    for panel, title in zip(panels, ['loss', *metrics], strict=True):
        panel.set_ylabel(title)
        panel.grid(alpha=0.3)
        if panel.lines and panel.get_legend_handles_labels()[1]:
            # Beside the panel: of many runs it would lie over the curves.
            panel.legend(fontsize='small', loc='upper left', bbox_to_anchor=(1, 1))
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True))
    dropped = any(run.lr_drops for run in runs)
    panels[-1].set_xlabel('epoch (dotted: learning rate dropped)' if dropped else 'epoch')
    return figure


def _draw_series(panel: 'Axes', series: Series, label: str, colour: Any, style: str) -> None:
    """Draw a series as line and points; what is not finite leaves a gap in the line."""
    epochs = sorted(series)
    if all(series[epoch] is None for epoch in epochs):
        return
    # NaN is how matplotlib is told of a gap; nothing is drawn there.
    values = [math.nan if series[epoch] is None else series[epoch] for epoch in epochs]
    panel.plot(epochs, values, style, marker='.', color=colour, label=label)
