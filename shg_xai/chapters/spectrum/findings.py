"""What the spectrum says."""

from shg_xai.chapters.spectrum.results import ParticipationRatio, Spectrum, Width
from shg_xai.drawing.text import NO_INTERVAL, confidence_of, listed, number, percent, plural
from shg_xai.results import Estimate, Results

LEADING = 3


def findings(answer: Spectrum, results: Results) -> list[str]:
    """The first components, how many it takes, and what that means for an autoencoder's code."""
    confidence, noise, ratio = confidence_of(answer), answer.noise, answer.participation_ratio
    texts = [_leading(place, item, confidence) for place, item in enumerate(answer.leading[:LEADING], 1)]
    takes: list[str] = []
    for item in answer.components_for:
        to, of, within = (
            ('', '', '') if takes else ('components to ', ' of the variance', ' in two halves of the images')
        )
        takes.append(f'{number(item.value)} {to}hold {percent(item.share)}{of} ({_halves(item)}{within})')
    texts += [
        f'It takes {listed(takes)}.',
        f'The variance is spread as if over {number(ratio.value, 1)} components of equal size (participation ratio; '
        f'{_halves(ratio)} in two halves of the images).',
        f'{plural(noise.value, "component")} {"stands" if noise.value == 1 else "stand"} above noise '
        f'(parallel analysis, {plural(noise.draws, "draw")}).',
    ]
    if answer.study:
        component, cumulative = answer.study.component, percent(answer.study.cumulative)
        texts.append(
            f'The study saw only noise from component {component} on; here that component holds '
            f'{percent(answer.study.value)} of the variance and the first {component} hold {cumulative}.'
        )
    widths = [f'{number(item.value)} for {percent(item.share)} of the variance' for item in answer.components_for]
    by_ratio = f'{number(ratio.value, 1)} by the participation ratio'
    widths += [f'{number(noise.value)} for what stands above noise', by_ratio]
    return [
        *texts,
        f'Widths for an autoencoder’s code that this spectrum speaks for: {listed(widths)}. They say how much variance '
        'a linear code keeps, not how well poses are found with it: train and compare.',
    ]


def _leading(component: int, item: Estimate, confidence: str) -> str:
    if item.value is None:
        return f'How much of the variance component {component} holds is not known.'
    ends = item.ends and ' to '.join(percent(end).removesuffix(' %') for end in item.ends)
    told = f'{confidence} interval {ends} %' if ends else NO_INTERVAL
    return f'Component {component} holds {percent(item.value)} of the variance ({told}).'


def _halves(item: Width | ParticipationRatio) -> str:
    """``118 and 121``."""
    return listed([number(half, 1) for half in item.halves or [None, None]])
