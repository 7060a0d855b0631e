"""The page of two reports side by side: one file, without requests, in the look of a report."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from tyro.conf import Positional, arg

from shg_xai.drawing.text import percent
from shg_xai.errors import InputError
from shg_xai.report import opening, versus
from shg_xai.report.page import HERE, environment, policy, title_of
from shg_xai.results import Results
from shg_xai.results_file import read_results
from shg_xai.writing import write_aside


@dataclass(frozen=True, kw_only=True)
class VersusOptions:
    """Two reports, and where the page goes."""

    first: Annotated[Positional[Path], arg(metavar='A')]  # results.json of a report, or the folder it is in
    second: Annotated[Positional[Path], arg(metavar='B')]  # of the other report
    out: Annotated[Path, arg(metavar='PAGE.html')]  # gets the page

    def __post_init__(self) -> None:
        if self.out.is_dir():
            raise InputError(f'--out {self.out}: is a folder; name a file, as {self.out / "compared.html"}')


def write_versus(options: VersusOptions) -> Path:
    """Write the page of two reports; InputError where one cannot be read, or they answer no question in common."""
    files = [file / 'results.json' if file.is_dir() else file for file in (options.first, options.second)]
    one, other = (read_results(file, 'give the results.json of a report') for file in files)
    if not versus.side_by_side(one, other):
        raise InputError(f'{files[1]}: answers no question that {files[0]} answers; give two reports of one kind')
    write_aside(options.out, render(one, other, [str(file) for file in files]))
    return options.out


def render(one: Results, other: Results, names: list[str]) -> str:
    """The page as text."""
    script = (HERE / 'page.js').read_text(encoding='utf-8')
    sides = [
        dict(letter=letter, name=name, title=title_of(own.layers), lede=opening.lede(own), confidence=own.confidence)
        for letter, name, own in zip('AB', names, (one, other), strict=True)
    ]
    return (
        environment()
        .get_template('versus.html')
        .render(
            sides=sides,
            notes=versus.notes(one, other),
            besides=versus.side_by_side(one, other),
            only=[('A', versus.only(one, other)), ('B', versus.only(other, one))],
            confidences=' and '.join(dict.fromkeys(percent(own.confidence) for own in (one, other))),
            style=(HERE / 'page.css').read_text(encoding='utf-8'),
            script=script,
            policy=policy([script]),
        )
    )
