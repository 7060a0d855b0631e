"""How near real persons come to the ends of walks."""

from shg_xai.chapters.nearest_walk.results import NearestWalk, Point
from shg_xai.drawing.text import amount, number
from shg_xai.results import Results

WALKS = 3


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
        first, last = map(_where, ends)
        verdict = first if first == last else 'not clearly different from chance on both sides'
        # Both ends are as far from the mean, so one range tells of both.
        texts.append(
            f'At {" and ".join(steps(point.step) for point in ends)} standard deviations along {name} the nearest real '
            f'person is {" and ".join(amount(point.distance) for point in ends)} away; after as long a step in 95 % of '
            f'random directions it is {amount(min(chance))} to {amount(max(chance))} away: {verdict}.'
        )
    return texts


def _where(point: Point) -> str:
    """How the distance at one end of a walk stands to that in random directions."""
    if point.random.holds(point.distance):
        return 'as near as chance'
    return 'nearer than chance' if point.distance < (point.random.low or 0) else 'farther than chance'


def steps(step: float) -> str:
    """``+3`` or ``−3``."""
    return f'{"+" if step > 0 else "−"}{abs(step):g}'
