"""How near real persons come to the ends of walks."""

from shg_xai.chapters.nearest_walk.results import NearestWalk
from shg_xai.drawing.text import amount, confidence_of, number, plural
from shg_xai.results import Results

WALKS = 3


def claims(answer: NearestWalk) -> list[str]:
    """Nothing: walks describe who is where, beside a scale."""
    return []


def findings(answer: NearestWalk, results: Results) -> list[str]:
    """The ends of the first walks, beside random directions."""
    texts = []
    for walk in answer.walks[:WALKS]:
        if not (points := [point for point in walk.points if point.step]):
            continue
        ends, name = (points[0], points[-1]), f'component {number(walk.component)}'
        chance = [end for point in ends for end in point.random.ends or ()]
        if len(chance) < 4:
            texts.append(f'How near real persons come to the ends of {name} is not known.')
            continue
        drawn = plural(ends[0].random.n or 0, 'random direction')
        # Both ends are as far from the mean, so one range tells of both.
        texts.append(
            f'At {" and ".join(steps(point.step) for point in ends)} standard deviations along {name} the nearest real '
            f'person is {" and ".join(amount(point.distance) for point in ends)} away, and {amount(min(chance))} to '
            f'{amount(max(chance))} after as long a step in {confidence_of(answer)} of {drawn}.'
        )
    return texts


def steps(step: float) -> str:
    """``+3`` or ``−3``."""
    return f'{"+" if step > 0 else "−"}{abs(step):g}'
