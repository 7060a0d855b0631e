"""What the spectrum says."""

from shg_xai.chapters.spectrum.results import Noise, ParticipationRatio, Spectrum, Width
from shg_xai.drawing.text import NO_INTERVAL, amount, confidence_of, listed, number, percent, plural
from shg_xai.results import Results

LEADING = 3


def claims(answer: Spectrum) -> list[str]:
    """That there are components above noise; all else describes."""
    return [f'{plural(answer.noise.value, "component")} above noise'] if answer.noise.value else []


def findings(answer: Spectrum, results: Results) -> list[str]:
    """The first components, how many it takes, and what that means for an autoencoder's code."""
    ratio, study = answer.participation_ratio, answer.study
    texts = [_held(place, answer) for place in range(1, len(answer.held_out[:LEADING]) + 1)]
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
        _above(answer.noise),
    ]
    if study:
        texts.append(
            f'The study saw only noise from component {study.component} on; here that component holds '
            f'{percent(study.value)} of the variance and the first {study.component} hold {percent(study.cumulative)}.'
        )
    widths = [f'{number(item.value)} for {percent(item.share)} of the variance' for item in answer.components_for]
    widths += [f'{number(answer.noise.value)} for what stands above noise'] * bool(answer.noise.value)
    widths.append(f'{number(ratio.value, 1)} by the participation ratio')
    return [
        *texts,
        f'Widths for an autoencoder’s code that this spectrum speaks for: {listed(widths)}. They say how much variance '
        'a linear code keeps, not how well poses are found with it: train and compare.',
    ]


def _held(component: int, answer: Spectrum) -> str:
    """What a component holds of the variance of persons it was not fitted to, beside that of those it was."""
    share, fitted = answer.held_out[component - 1], percent(answer.explained_variance_ratio[component - 1])
    if share.value is None:
        return f'Component {component} holds {fitted} of the variance of whom it was fitted to; of others: not known.'
    ends = share.ends and ' to '.join(percent(end).removesuffix(' %') for end in share.ends)
    told = f'{confidence_of(answer)} interval {ends} %' if ends else NO_INTERVAL
    return (
        f'Component {component} holds {percent(share.value)} ({told}) of the variance of {number(share.n)} persons, '
        f'fitted to the others; {fitted} where it is fitted to all.'
    )


def _above(noise: Noise) -> str:
    """How many components stand above noise, at least."""
    test = f'parallel analysis, p = {amount(noise.p, 1)}, {plural(noise.draws, "draw")}'
    if not noise.value:
        return f'No component is found above noise ({test}).'
    stand = 'component stands' if noise.value == 1 else 'components stand'
    return f'At least {number(noise.value)} {stand} above noise ({test}).'


def _halves(item: Width | ParticipationRatio) -> str:
    """``118 and 121``."""
    return listed([number(half, 1) for half in item.halves or [None, None]])
