"""Two reports side by side: what both answer, the numbers that both have, and where they say otherwise.

The two come from two runs and were not tested against one another, so nothing here is called better: intervals are
shown as they are, each of its own report, and it is said which of them do not touch.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from shg_xai.chapters import Chapter, chapter_of
from shg_xai.drawing.material import Headline, Table
from shg_xai.drawing.text import UNKNOWN, cell, number, plural
from shg_xai.report.pairing import Pair, answers_of_both, excluding, pairs
from shg_xai.results import Answer, Estimate, Results, Verdict

ROWS = 200  # of a table; of more numbers the first
NOT_TESTED = (
    'The two reports come from two runs and were not tested against one another: each interval is of its own report. '
    'Where two intervals overlap, nothing follows about a difference. Where they do not touch, a difference is likely, '
    'but of many pairs of intervals a few come apart by chance. A claim that one report makes alone is no '
    'contradiction: in the other it may be undecided.'
)
PAIRED = (
    'Both are of the same persons, so comparing them person by person would tell more than two intervals do: '
    'tools/compare_networks.py does it for PCK.'
)


@dataclass(frozen=True)
class Side:
    """What one report answers."""

    of: str
    sentence: str
    headline: Headline | None


@dataclass(frozen=True)
class Beside:
    """One question that both reports answer, about one thing."""

    key: str  # for links
    question: str
    sides: tuple[Side, Side]
    numbers: int  # with an interval in both
    apart: int  # of these, whose intervals do not touch
    verdicts: Sequence[str]  # that differ, in words
    alone: tuple[Sequence[str], Sequence[str]]  # claims that one report makes and the other does not
    tables: Sequence[Table]

    @property
    def differs(self) -> bool:
        """Whether the two say anything else than each other, beyond numbers."""
        return bool(self.verdicts or any(self.alone))


def side_by_side(one: Results, other: Results) -> list[Beside]:
    """All questions that both answer, in the order of the page."""
    both = sorted(answers_of_both(one, other), key=lambda pair: (chapter_of(pair[0]).place, chapter_of(pair[0]).order))
    return [_beside(first, second, one, other, place) for place, (first, second) in enumerate(both)]


def only(one: Results, other: Results) -> list[str]:
    """Questions that the first of two reports answers alone."""
    asked = {chapter_of(answer).name for answer in other.answers}
    own = [chapter_of(answer) for answer in one.answers if chapter_of(answer).name not in asked]
    return list(dict.fromkeys(chapter.question for chapter in sorted(own, key=lambda chapter: chapter.place)))


def notes(one: Results, other: Results) -> list[str]:
    """What the two may be held to."""
    first, second = one.layers[0], other.layers[0]
    known = first.dataset_sha256 and second.dataset_sha256
    same = known and (first.dataset_sha256, first.split) == (second.dataset_sha256, second.split)
    weights = [layer.checkpoint.sha256 if layer.checkpoint else None for layer in (first, second)]
    found = [NOT_TESTED]
    if same:
        found.append(PAIRED)
    elif known:
        found.append('The two are of different persons: what differs may be the persons and not the networks.')
    if weights[0] and weights[0] == weights[1]:
        found.append('Both are of the same weights.')
    return found


def _beside(first: Answer, second: Answer, one: Results, other: Results, place: int) -> Beside:
    chapter, found = chapter_of(first), list(pairs(first, second))
    claims = [list(dict.fromkeys(chapter.claims(answer))) for answer in (first, second)]
    numbers = [pair for pair in found if isinstance(pair.one, Estimate) and pair.one.ends and pair.other.ends]
    axes = [pair for pair in numbers if pair.of_an_axis]
    told = [pair for pair in numbers if not pair.of_an_axis]
    return Beside(
        f'{chapter.name}-{place + 1}',
        chapter.question,
        (_side(chapter, first, one), _side(chapter, second, other)),
        len(told),
        sum(pair.apart for pair in told),
        [_verdict(pair, found) for pair in found if isinstance(pair.one, Verdict) and pair.one != pair.other],
        (
            [claim for claim in claims[0] if claim not in claims[1]],
            [claim for claim in claims[1] if claim not in claims[0]],
        ),
        list(_tables(told, len(axes))),
    )


def _side(chapter: Chapter, answer: Answer, results: Results) -> Side:
    headline = chapter.headline(answer, results)
    sentence = headline.sentence if headline else next(iter(chapter.findings(answer, results)), UNKNOWN)
    return Side(answer.of, sentence, headline)


def _verdict(pair: Pair, found: Sequence[Pair]) -> str:
    """Both verdicts, each with the difference it is about and its interval, where the answer has one beside it."""
    about = pair.place.rpartition('.')[0]
    beside = next((one for one in found if one.place == f'{about}.difference'), None)
    sizes = [f' ({cell(one, 3)})' for one in beside[1:]] if beside else ['', '']
    clash = '; these exclude each other' if excluding(pair) else ''
    return f'{where(about)}: {pair.one.value}{sizes[0]} in A, {pair.other.value}{sizes[1]} in B{clash}'


def where(place: str) -> str:
    """``.pairs[0, 1].broken.pck`` for a reader: ``pairs 0, 1, broken, pck``."""
    return ', '.join(re.sub(r'[\[\]_]+', ' ', part).strip() for part in place.split('.') if part) or 'the answer'


def _tables(told: Sequence[Pair], axes: int) -> Iterator[Table]:
    """Numbers whose intervals do not touch, and all of them."""
    left = f'; {plural(axes, "number")} of single components left out, for those of two trainings are not the same'
    for name, own in (('do not touch', [pair for pair in told if pair.apart]), ('', told)):
        if own:
            many = plural(len(own), 'number')
            text = f'{many} whose intervals {name}' if name else f'{many} with an interval in both'
            more = f', the first {number(ROWS)} of them' if len(own) > ROWS else ''
            rows = [[where(one.place), cell(one.one, 3), cell(one.other, 3), _touch(one)] for one in own[:ROWS]]
            caption = f'{text}{more}{left if axes and not name else ""}'
            yield Table(caption, ['number', 'A', 'B', 'intervals'], rows, folded=True)


def _touch(pair: Pair) -> str:
    return 'on two sides of 0' if pair.opposed else 'do not touch' if pair.apart else 'overlap'
