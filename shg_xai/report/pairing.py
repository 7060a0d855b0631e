"""Numbers that two files of results both have: which stands where, whose intervals do not touch, which verdicts clash.

An entry of a list is known by its texts and by the whole numbers that name it (a component, K, a level), never by its
place, so that lists of two lengths can be paired. What only one file has is left out.
"""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import msgspec

from shg_xai.results import Answer, Estimate, Results, Verdict

EXCLUDE = {frozenset(pair) for pair in (('better', 'worse'), ('better', 'equivalent'), ('worse', 'equivalent'))}


class Pair(NamedTuple):
    """One quantity in two reports: where it stands, and what each says."""

    place: str
    one: Any
    other: Any

    @property
    def apart(self) -> bool:
        """Whether two intervals do not touch."""
        ends = self.one.ends, self.other.ends
        return ends[0][1] < ends[1][0] or ends[1][1] < ends[0][0]

    @property
    def of_an_axis(self) -> bool:
        """Whether it is about one component, which in another training is another, with another sign."""
        return '.components[' in self.place or '.directions[component ' in self.place

    @property
    def opposed(self) -> bool:
        """Whether each excludes zero, on two sides of it."""
        (low, high), (other_low, other_high) = self.one.ends, self.other.ends
        return (low > 0 and other_high < 0) or (high < 0 and other_low > 0)


NUMBERS = ('component', 'components', 'k', 'level', 'x', 'seed', 'stack')  # whole numbers that name an entry


def identity(item: Any) -> tuple[tuple[str, object], ...]:
    """What tells an entry of a list from the others: its texts, and the whole numbers that name it."""
    fields = () if isinstance(item, Estimate) else getattr(item, '__struct_fields__', ())
    told = {name: getattr(item, name) for name in fields}
    return tuple(
        (name, value)
        for name, value in told.items()
        if type(value) is str or (name in NUMBERS and isinstance(value, int))
    )


def pairs(one: Any, other: Any, place: str = '') -> Iterator[Pair]:
    """Estimates and verdicts that stand at the same place in two reports."""
    if type(one) is not type(other):
        return
    if isinstance(one, Estimate | Verdict):
        yield Pair(place, one, other)
    elif isinstance(one, msgspec.Struct):
        for name in one.__struct_fields__:
            yield from pairs(getattr(one, name), getattr(other, name), f'{place}.{name}')
    elif isinstance(one, dict):
        for key in one.keys() & other.keys():
            yield from pairs(one[key], other[key], f'{place}.{key}')
    elif isinstance(one, list):
        yield from _listed(one, other, place)


def _listed(one: Sequence[Any], other: Sequence[Any], place: str) -> Iterator[Pair]:
    if len(one) == len(other) and not any(map(identity, one)):
        for at, both in enumerate(zip(one, other, strict=True)):
            yield from pairs(*both, f'{place}[{at}]')
        return
    named = {identity(item): item for item in other}
    for item in one:
        if (key := identity(item)) and key in named:
            yield from pairs(item, named[key], f'{place}[{", ".join(str(value) for _, value in key)}]')


def excluding(pair: Pair) -> bool:
    """Whether two verdicts cannot both hold: better and worse, or either of them and equivalent."""
    return frozenset((pair.one.value, pair.other.value)) in EXCLUDE


def answers_of_both(one: Results, other: Results) -> list[tuple[Answer, Answer]]:
    """Answers of one kind about what has one name in both; where each has a single answer of a kind, these."""
    found, kinds = [], dict.fromkeys(type(answer) for answer in one.answers)
    for kind in kinds:
        here, there = one.all(kind), other.all(kind)
        named = {answer.of: answer for answer in there}
        both = [(answer, named[answer.of]) for answer in here if answer.of in named]
        found += both or ([(here[0], there[0])] if len(here) == len(there) == 1 else [])
    return found
