"""A number with its interval as a small picture, beside what it would be of no note: a dot, a line and a mark.

Places are shares of the picture's width in per cent, so that the page needs no more than boxes.
"""

from dataclasses import dataclass

from shg_xai.drawing.material import Sure
from shg_xai.drawing.text import number, span

MARGIN = 0.06  # of the picture, at both ends


@dataclass(frozen=True)
class Bar:
    """Where its parts stand, in per cent from the left, and what they say."""

    low: float
    high: float
    value: float
    against: float | None
    ends: str  # of the interval
    name: str  # of the mark, with its value

    @property
    def text(self) -> str:
        """The same for those who do not see it."""
        return f'Interval {self.ends}{f"; {self.name}" if self.name else ""}'


def bar_of(sure: Sure) -> Bar | None:
    """The picture of an estimate; None where its value or interval is not known."""
    one, mark = sure.estimate, sure.against
    ends = span(one, sure.digits)
    if one.value is None or one.ends is None or ends is None:
        return None
    every = [one.value, *one.ends, *([mark] if mark is not None else [])]
    least, reach = min(every), max(every) - min(every) or 1.0

    def place(value: float) -> float:
        return round(100 * (MARGIN + (1 - 2 * MARGIN) * (value - least) / reach), 2)

    low, high = map(place, one.ends)
    name = '' if mark is None else sure.name + (f' ({number(float(mark), sure.digits)})' if mark else '')
    return Bar(low, high, place(one.value), None if mark is None else place(mark), ends, name)
