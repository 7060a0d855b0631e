"""How many dimensions carry the latent, in a sentence."""

from shg_xai.chapters.spectrum.results import Spectrum
from shg_xai.drawing.material import Headline
from shg_xai.drawing.text import amount, number, percent, plural
from shg_xai.results import Results


def headline(answer: Spectrum, results: Results) -> Headline | None:
    """How many components hold most of the variance, and how many stand above noise."""
    if not answer.components_for:
        return None
    first, whole, noise = answer.components_for[0], len(answer.eigenvalues), answer.noise
    stand = (
        f'at least {number(noise.value)} {"stands" if noise.value == 1 else "stand"}'
        if noise.value
        else 'none is found'
    )
    return Headline(
        f'{plural(first.value, "component")} of {number(whole)} {"holds" if first.value == 1 else "hold"} '
        f'{percent(first.share)} of the variance; {stand} above noise.',
        unit='components',
        number=f'{number(first.value)} of {number(whole)}',
        figure='running-sum',
        verdict='stands' if noise.value else 'undecided',
        control=f'Noise: parallel analysis, {plural(noise.draws, "draw")}, p = {amount(noise.p, 1)}.',
    )
