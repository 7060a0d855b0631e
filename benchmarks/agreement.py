"""Do two runs of a study say the same? python benchmarks/agreement.py RESULTS OTHER_RESULTS

Two runs of one command on other machines, or with other numbers of threads, add up in another order: their networks are
two trainings. For each chapter: how many claims both reports make, or one alone; verdicts that exclude each other
(better and worse, or either and equivalent); and of all numbers with an interval in both, whose intervals do not touch.
A claim that one report alone makes is no contradiction: what it is about may be undecided in the other. Exits with 1
if verdicts exclude each other, or intervals lie on two sides of no effect; but for what is said of single components,
which are of one training (chapter "trainings").
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from shg_xai.results import Answer

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
    from shg_xai.results import Estimate

    fields = () if isinstance(item, Estimate) else getattr(item, '__struct_fields__', ())
    told = {name: getattr(item, name) for name in fields}
    return tuple(
        (name, value)
        for name, value in told.items()
        if type(value) is str or (name in NUMBERS and isinstance(value, int))
    )


def pairs(one: Any, other: Any, place: str = '') -> Iterator[Pair]:
    """Estimates and verdicts that stand at the same place in two reports."""
    from shg_xai.results import Estimate, Verdict

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


def compared(one: 'Answer', other: 'Answer') -> tuple[list[str], int]:
    """A chapter's line as cells, and how many contradictions there are."""
    from shg_xai.chapters import chapter_of
    from shg_xai.results import Estimate, Verdict

    chapter = chapter_of(one)
    claims, others = set(chapter.claims(one)), set(chapter.claims(other))
    found = list(pairs(one, other))
    verdicts = [pair for pair in found if isinstance(pair.one, Verdict)]
    excluded = [pair for pair in verdicts if frozenset((pair.one.value, pair.other.value)) in EXCLUDE]
    numbers = [pair for pair in found if isinstance(pair.one, Estimate) and pair.one.ends and pair.other.ends]
    apart, opposed = (
        [pair for pair in numbers if pair.apart],
        [pair for pair in numbers if pair.opposed and not pair.of_an_axis],
    )
    for kind, listed in (('excluded', excluded), ('opposed', opposed), ('apart', apart)):
        for pair in listed[:5]:
            print(f'  {chapter.name} {one.of}: {kind}: {pair.place}: {pair.one} / {pair.other}', file=sys.stderr)
    cells = [len(claims & others), len(claims - others), len(others - claims), len(verdicts), len(excluded)]
    cells += [len(numbers), len(apart), len(opposed)]
    return [chapter.name, one.of or '', *map(str, cells)], len(excluded) + len(opposed)


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('results', type=Path, nargs=2, help='results.json of a report')
    return parser.parse_args()


def main() -> None:
    from shg_xai.results_file import read_results

    one, other = (read_results(file).answers for file in parse_args().results)
    named = {(type(answer), answer.of): answer for answer in other}
    head = ['chapter', 'of', 'claims of both', 'of one', 'of the other', 'verdicts', 'excluded', 'intervals', 'apart']
    head += ['opposed']
    print(f'| {" | ".join(head)} |\n{"|---" * len(head)}|')
    contradictions = 0
    for answer in one:
        if beside := named.get((type(answer), answer.of)):
            cells, found = compared(answer, beside)
            contradictions += found
            print(f'| {" | ".join(cells)} |')
    print(f'\n{contradictions} contradictions')
    raise SystemExit(int(contradictions > 0))


if __name__ == '__main__':
    main()
