"""Learning curves from logs written by hand, in the form MMEngine gives them."""

import json
import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.lines import Line2D

from shg_xai.drawing.curves import Run, best_epoch, draw_curves, read_run, to_json
from shg_xai.errors import InputError

KEY = 'pck/labelled'


def train(epoch: int, step: int, loss: float, lr: float = 1e-3) -> dict[str, Any]:
    keys = {'lr': lr, 'data_time': 0.1, 'time': 0.5, 'loss': loss, 'loss_kpt': loss}
    return {**keys, 'epoch': epoch, 'iter': step, 'step': step}


def val(epoch: int, pck: float, **more: float) -> dict[str, Any]:
    return {KEY: pck, **more, 'data_time': 0.1, 'time': 0.5, 'step': epoch}


def write_log(work_dir: Path, lines: list[Any], stamp: str = '20250101_000000') -> Path:
    log = work_dir / stamp / 'vis_data' / 'scalars.json'
    log.parent.mkdir(parents=True)
    log.write_text(''.join(json.dumps(line) + '\n' for line in lines))
    return log


def test_training_loss_is_the_mean_of_an_epochs_lines(tmp_path: Path) -> None:
    lines = [train(1, 5, 4.0), train(1, 10, 2.0), val(1, 0.25, **{'val/heatmap_error': 3.5})]
    lines += [train(2, 15, 1.0), val(2, 0.5, **{'val/heatmap_error': 3.0})]
    write_log(tmp_path / 'shg', lines)
    run = read_run(tmp_path / 'shg')
    assert run == Run(
        name='shg',
        train_loss={1: 3.0, 2: 1.0},
        validation={KEY: {1: 0.25, 2: 0.5}, 'val/heatmap_error': {1: 3.5, 2: 3.0}},
    )
    stamped = read_run(tmp_path / 'shg' / '20250101_000000', 'named')
    assert (stamped.name, stamped.train_loss) == ('named', run.train_loss)


def test_a_resumed_run_is_one_curve(tmp_path: Path) -> None:
    # Killed within epoch 3, resumed after epoch 2: the first try at epoch 3 is forgotten.
    first = [train(1, 10, 3.0), val(1, 0.1), train(2, 20, 2.0), val(2, 0.2), train(3, 25, 99.0)]
    write_log(tmp_path, first, '20250101_000000')
    write_log(tmp_path, [train(3, 30, 1.0), val(3, 0.3)], '20250102_000000')
    run = read_run(tmp_path)
    assert run.train_loss == {1: 3.0, 2: 2.0, 3: 1.0}
    assert run.validation == {KEY: {1: 0.1, 2: 0.2, 3: 0.3}}


def test_a_run_started_anew_forgets_the_old_one(tmp_path: Path) -> None:
    old = [train(1, 10, 3.0), val(1, 0.1), train(2, 20, 2.0), val(2, 0.9)]
    write_log(tmp_path, old, '20250101_000000')
    write_log(tmp_path, [train(1, 10, 5.0), val(1, 0.2)], '20250102_000000')
    run = read_run(tmp_path)
    assert run.train_loss == {1: 5.0}
    assert run.validation == {KEY: {1: 0.2}}


def test_a_validation_repeated_later_overrides(tmp_path: Path) -> None:
    write_log(tmp_path, [train(1, 10, 3.0), val(1, 0.1)], '20250101_000000')
    write_log(tmp_path, [val(1, 0.4)], '20250102_000000')
    run = read_run(tmp_path)
    assert run.train_loss == {1: 3.0}
    assert run.validation == {KEY: {1: 0.4}}


def test_only_a_real_drop_of_the_learning_rate_is_marked(tmp_path: Path) -> None:
    rates = [1e-5, 1e-3, 9.9e-4, 1e-3, 2e-4, 2e-4, 4e-5]
    write_log(tmp_path, [train(e, 10 * e, 1.0, lr) for e, lr in enumerate(rates, 1)])
    assert read_run(tmp_path).lr_drops == (5, 7)


def test_what_is_not_finite_is_a_gap_and_mentioned(tmp_path: Path) -> None:
    lines = [train(1, 10, 1.0), train(2, 20, math.nan), train(2, 30, 1.0), train(3, 40, math.inf)]
    write_log(tmp_path, [*lines, val(1, math.nan), val(2, 0.5)])
    run = read_run(tmp_path)
    assert run.train_loss == {1: 1.0, 2: None, 3: None}
    assert run.validation == {KEY: {1: None, 2: 0.5}}
    assert run.notes == (
        'training loss is not finite in epoch 2, 3: left as a gap',
        f'{KEY} is not finite in epoch 1: left as a gap',
    )
    assert json.loads(json.dumps(to_json([run]), allow_nan=False))['runs'][0]['train_loss'] == {
        'epochs': [1, 2, 3],
        'values': [1.0, None, None],
    }


def test_the_best_epoch_is_the_first_of_the_highest() -> None:
    assert best_epoch({3: 0.5, 1: 0.2, 2: 0.5, 4: None}) == (2, 0.5)
    assert best_epoch({1: None}) is None
    assert best_epoch({}) is None


def test_a_last_line_cut_short_is_noted(tmp_path: Path) -> None:
    log = write_log(tmp_path, [train(1, 10, 1.0)])
    log.write_text(log.read_text() + '{"lr": 0.0')
    run = read_run(tmp_path)
    assert run.train_loss == {1: 1.0}
    assert run.notes == (f'{log}: line 2 is cut short and was left out',)


@pytest.mark.parametrize(
    ('line', 'message'),
    [
        ('{"lr": 0.0\n', 'line 2 is no JSON'),
        ('7\n', "line 2 has no whole number 'step'"),
        ('{"iter": 3, "step": 3, "loss": 1}\n', "line 2 has no whole number 'epoch'.*by_epoch"),
        ('{"pck/labelled": 3}\n', "line 2 has no whole number 'step'"),
    ],
)
def test_a_broken_line_is_named(tmp_path: Path, line: str, message: str) -> None:
    log = write_log(tmp_path, [train(1, 10, 1.0)])
    log.write_text(log.read_text() + line)
    with pytest.raises(InputError, match=rf'scalars\.json: {message}'):
        read_run(tmp_path)


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    write_log(tmp_path, []).write_bytes(b'\xff\xfe\x00')
    with pytest.raises(InputError, match=r'scalars\.json: cannot be read as text'):
        read_run(tmp_path)


def test_no_folder_and_no_log_are_told_apart(tmp_path: Path) -> None:
    with pytest.raises(InputError, match='gone: no such folder'):
        read_run(tmp_path / 'gone')
    with pytest.raises(InputError, match='no log in it'):
        read_run(tmp_path)


def test_the_figure_holds_the_series_and_nothing_else() -> None:
    first = Run('a', {1: 3.0, 2: None, 3: 1.0}, {KEY: {1: 0.2, 2: 0.5, 3: 0.4}}, (3,))
    second = Run('b', {1: 2.0}, {'val/heatmap_error': {1: 2.5}})
    losses, metric = draw_curves([first, second], [KEY]).axes

    def places(line: Line2D, axis: str = 'y') -> list[float]:
        return np.asarray(getattr(line, f'get_{axis}data')(), float).tolist()

    curves = {line.get_label(): line for line in losses.lines}
    drawn = [curves[f'{name}: training'] for name in 'ab']
    assert places(drawn[0], 'x') == [1, 2, 3]
    assert [value for value in places(drawn[0]) if not math.isnan(value)] == [3.0, 1.0]
    assert drawn[0].get_color() != drawn[1].get_color()
    assert places(curves['b: validation']) == [2.5]
    assert 'a: validation' not in curves
    legend = metric.get_legend()
    labels = [text.get_text() for text in legend.get_texts()] if legend else []
    assert labels == ['a: best 0.500 in epoch 2']
    stars = [line for line in metric.lines if line.get_marker() == '*']
    assert [(*places(star, 'x'), *places(star)) for star in stars] == [(2, 0.5)]
    dotted = [places(line, 'x')[0] for line in metric.lines if line.get_linestyle() == ':']
    assert dotted == [3]
