"""How near real persons come to the ends of walks."""

from shg_xai.chapters.nearest_walk.results import NearestWalk, Point, Walk
from shg_xai.drawing.text import amount, number
from shg_xai.results import Results

WALKS = 3


def findings(answer: NearestWalk, results: Results) -> list[str]:
    """The ends of the first walks, beside random directions."""
    return [text for walk in answer.walks[:WALKS] if (text := _ends(walk))]


def _ends(walk: Walk) -> str | None:
    points = [point for point in walk.points if point.step]
    if not points:
        return None
    first, last = points[0], points[-1]
    name = f'component {number(walk.component)}'
    chance = [end for point in (first, last) if point.random.ends for end in point.random.ends]
    if len(chance) < 4:
        return f'How near real persons come to the ends of {name} is not known.'
    verdicts = {_where(first), _where(last)}
    verdict = verdicts.pop() if len(verdicts) == 1 else 'not clearly different from chance on both sides'
    # Both ends are as far from the mean, so one range tells of both.
    return (
        f'At {steps(first.step)} and {steps(last.step)} standard deviations along {name} the nearest real person is '
        f'{amount(first.distance)} and {amount(last.distance)} away; after as long a step in 95 % of random directions '
        f'it is {amount(min(chance))} to {amount(max(chance))} away: {verdict}.'
    )


def _where(point: Point) -> str:
    """How the distance at one end of a walk stands to that in random directions."""
    if point.random.holds(point.distance):
        return 'as near as chance'
    return 'nearer than chance' if point.distance < (point.random.low or 0) else 'farther than chance'


def steps(step: float) -> str:
    """``+3`` or ``−3``."""
    return f'{"+" if step > 0 else "−"}{abs(step):g}'
