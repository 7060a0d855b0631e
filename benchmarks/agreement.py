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
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from shg_xai.results import Answer


def compared(one: 'Answer', other: 'Answer') -> tuple[list[str], int]:
    """A chapter's line as cells, and how many contradictions there are."""
    from shg_xai.chapters import chapter_of
    from shg_xai.report.pairing import excluding, pairs
    from shg_xai.results import Estimate, Verdict

    chapter = chapter_of(one)
    claims, others = set(chapter.claims(one)), set(chapter.claims(other))
    found = list(pairs(one, other))
    verdicts = [pair for pair in found if isinstance(pair.one, Verdict)]
    excluded = [pair for pair in verdicts if excluding(pair)]
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
