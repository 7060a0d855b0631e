"""What the spectrum says."""

from shg_xai.chapters.spectrum.results import ParticipationRatio, Spectrum, Width
from shg_xai.drawing.text import NO_INTERVAL, confidence_of, listed, number, percent, plural
from shg_xai.results import Results

LEADING = 3


def findings(answer: Spectrum, results: Results) -> list[str]:
    """The first components, how many it takes, and what that means for an autoencoder's code."""
    noise, ratio, study, texts = answer.noise, answer.participation_ratio, answer.study, []
    for component, share in enumerate(answer.leading[:LEADING], 1):
        ends = share.ends and ' to '.join(percent(end).removesuffix(' %') for end in share.ends)
        told = f'{confidence_of(answer)} interval {ends} %' if ends else NO_INTERVAL
        unknown = f'How much of the variance component {component} holds is not known.'
        held = f'Component {component} holds {percent(share.value)} of the variance ({told}).'
        texts.append(unknown if share.value is None else held)
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
    if study:
        texts.append(
            f'The study saw only noise from component {study.component} on; here that component holds '
            f'{percent(study.value)} of the variance and the first {study.component} hold {percent(study.cumulative)}.'
        )
    widths = [f'{number(item.value)} for {percent(item.share)} of the variance' for item in answer.components_for]
    widths.append(f'{number(noise.value)} for what stands above noise')
    widths.append(f'{number(ratio.value, 1)} by the participation ratio')
    return [
        *texts,
        f'Widths for an autoencoder’s code that this spectrum speaks for: {listed(widths)}. They say how much variance '
        'a linear code keeps, not how well poses are found with it: train and compare.',
    ]


def _halves(item: Width | ParticipationRatio) -> str:
    """``118 and 121``."""
    return listed([number(half, 1) for half in item.halves or [None, None]])
