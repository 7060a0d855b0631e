"""Several latents side by side, in sentences."""

from shg_xai.chapters.comparison.results import Comparison
from shg_xai.chapters.spectrum.results import Spectrum
from shg_xai.drawing.text import listed, number, percent, plural
from shg_xai.results import Results

SHARE, K = 0.95, 2


def claims(answer: Comparison) -> list[str]:
    """Nothing: how alike latents are is told, not whether they are."""
    return []


def findings(answer: Comparison, results: Results) -> list[str]:
    """How wide the latents are, how alike, and how they fall into two groups."""
    texts = [f'The analyses are compared on the {plural(answer.persons, "person")} that all of them have.']
    spectra = [spectrum for name in answer.names for spectrum in results.all(Spectrum, name)]
    widths = [(own.of, item) for own in spectra for item in own.components_for if abs(item.share - SHARE) < 1e-9]
    if counts := [f'{name} {number(item.value)}' for name, item in widths]:
        texts.append(f'Components that hold {percent(SHARE)} of the variance: {listed(counts)}.')
    for a, first in enumerate(answer.names):
        for b, second in enumerate(answer.names[:a]):
            names, alike = f'{second} and {first}', answer.cka[a][b]
            halves = listed([number(half) for half in alike.halves or [None, None]])
            told = f'alike to {number(alike.value)} (CKA; {halves} in two halves of the images)'
            unknown = f'How alike the latents of {names} are is not known.'
            texts.append(unknown if alike.value is None else f'The latents of {names} are {told}.')
            agree = f'Split into {K} clusters each, they agree with an adjusted Rand index of'
            texts += [f'{agree} {number(entry.adjusted_rand[a][b])}.' for entry in answer.agreement if entry.k == K]
    return texts + [
        f'With {K} clusters, the smaller one of {item.name} holds {percent(item.smallest_share)} of the persons.'
        for item in answer.balance
        if item.k == K
    ]
