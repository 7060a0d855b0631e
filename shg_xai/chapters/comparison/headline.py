"""What changed from network to network, in a sentence."""

from itertools import combinations

from shg_xai.chapters.comparison.results import Comparison
from shg_xai.drawing.material import Headline
from shg_xai.drawing.text import number, plural
from shg_xai.results import Results


def headline(answer: Comparison, results: Results) -> Headline | None:
    """The two latents that are least alike."""
    pairs = {(a, b): answer.cka[b][a].value for a, b in combinations(range(len(answer.names)), 2)}
    known = {pair: value for pair, value in pairs.items() if value is not None}
    if not known:
        return None
    a, b = min(known, key=lambda pair: known[pair])
    least = 'The latents of' if len(known) == 1 else f'Of {plural(len(known), "pair")} of latents the least alike,'
    return Headline(
        f'{least} {answer.names[a]} and {answer.names[b]}{"" if len(known) == 1 else ","} arrange the same persons '
        f'alike to {number(known[a, b])} (CKA: 1 is the same up to turning and scaling).',
        unit='CKA',
        number=number(known[a, b]),
        figure='cka',
        control=f'Debiased CKA of {plural(answer.persons, "person")}; no test.',
    )
