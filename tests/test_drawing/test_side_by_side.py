"""Figures that are drawn several at a time: the same files, errors and order."""

import multiprocessing
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from matplotlib import figure

from shg_xai.drawing import side_by_side
from shg_xai.drawing.material import Figure
from shg_xai.drawing.side_by_side import draw_all
from shg_xai.errors import InputError


def lines(number: int, then: Callable[[], None] = lambda: None) -> Figure:
    """A figure of one line, and what is done besides."""

    def draw() -> figure.Figure:
        then()
        drawn = figure.Figure(figsize=(2, 1))
        drawn.subplots().plot([0, number])
        return drawn

    return Figure(f'line {number}', '', '', draw)


def test_processes_change_no_byte(tmp_path: Path) -> None:
    figures = {f'f{number}': lines(number) for number in range(13)}
    alone, beside = (draw_all(figures, tmp_path / str(count), count) for count in (1, 2))
    assert list(alone) == list(beside) == list(figures) and alone == beside
    names = sorted(file.name for file in (tmp_path / '1').iterdir())
    assert len(names) == 26 and names == sorted(file.name for file in (tmp_path / '2').iterdir())
    assert all((tmp_path / '1' / name).read_bytes() == (tmp_path / '2' / name).read_bytes() for name in names)


@pytest.mark.parametrize('count, alone', [(1, True), (2, False)])
def test_they_are_drawn_in_other_processes_where_told(tmp_path: Path, count: int, alone: bool) -> None:
    def note() -> None:
        (tmp_path / f'pid{os.getpid()}').touch()

    draw_all({f'f{number}': lines(number, note) for number in range(12)}, tmp_path / 'out', count)
    assert (list(tmp_path.glob('pid*')) == [tmp_path / f'pid{os.getpid()}']) is alone
    assert not side_by_side._make


def test_an_error_comes_out_as_it_is(tmp_path: Path) -> None:
    def fail() -> None:
        raise InputError('disk: full')

    figures = {f'f{number}': lines(number, fail if number == 7 else lambda: None) for number in range(12)}
    with pytest.raises(InputError, match='disk: full'):
        draw_all(figures, tmp_path, 2)
    assert not side_by_side._make


def draw_few(out: Path) -> None:
    draw_all({f'f{number}': lines(number) for number in range(12)}, out, 2)


def test_a_process_that_may_have_no_children_draws_alone(tmp_path: Path) -> None:
    process = multiprocessing.get_context('fork').Process(target=draw_few, args=(tmp_path,), daemon=True)
    process.start()
    process.join(60)
    assert process.exitcode == 0 and len(list(tmp_path.glob('*.png'))) == 12
