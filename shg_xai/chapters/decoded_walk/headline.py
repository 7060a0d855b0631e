"""What the decoder makes of a changed latent, in a sentence."""

from shg_xai.chapters.decoded_walk.findings import SKIPS, STARTS, claims, span
from shg_xai.chapters.decoded_walk.results import DecodedWalk
from shg_xai.drawing.material import Headline
from shg_xai.drawing.text import listed, number, plural
from shg_xai.results import Results


def headline(answer: DecodedWalk, results: Results) -> Headline | None:
    """How many directions move joints more than random ones do."""
    asked = answer.directions
    if not asked:
        return None
    moving = [one.name for one in asked if one.random.shift_per_sigma.found]
    changing = len(claims(answer)) - len(moving)
    place = next((place for place, one in enumerate(results.all(DecodedWalk)) if one is answer), 0)
    none = 'Joints move, but along none of {} more than along random directions of the same length'
    text = none.format(plural(len(asked), 'direction'))
    if moving:
        text = f'Joints move more than along random directions along {listed(moving[:3])}'
        text += f' and {number(len(moving) - 3)} more' if len(moving) > 3 else ''
    change = f'{number(changing)} changes of a concept are' if changing != 1 else 'one change of a concept is'
    return Headline(
        f'{text}; {change if changing else "no change of a concept is"} larger than chance gives.',
        unit='directions',
        number=f'{number(len(moving))} of {number(len(asked))}',
        figure=f'strips-{place}',
        verdict='stands' if moving or changing else 'fails',
        control=(
            f'Control: {plural(answer.options.random, "random direction")} of the latents’ covariance, from '
            f'{span(answer)}, corrected for all; from {STARTS[answer.options.start]}, {SKIPS[answer.options.skips]}.'
        ),
    )
