"""Who lies along the components, in a sentence."""

from shg_xai.chapters.nearest_walk.results import NearestWalk, Point
from shg_xai.drawing.material import Headline
from shg_xai.drawing.text import amount, number
from shg_xai.results import Results


def headline(answer: NearestWalk, results: Results) -> Headline | None:
    """How near real persons are to the ends of the first walk, beside random directions."""
    walk = next(iter(answer.walks), None)
    ends = [] if walk is None else [point for point in (walk.points[:1] + walk.points[-1:]) if point.random.ends]
    if walk is None or len(ends) < 2:
        return None
    low, high = (_range(ends, side) for side in (0, 1))
    return Headline(
        f'{number(abs(ends[0].step), 0)} standard deviations out along component {walk.component} the nearest real '
        f'person is {amount(ends[0].distance)} and {amount(ends[1].distance)} away; as far out in random directions, '
        f'{amount(low)} to {amount(high)}.',
        figure='walk',
        control='No test: a component is fitted to the very persons met along it.',
        persons=tuple(near.annotation_id for point in walk.points for near in point.nearest[:1]),
    )


def _range(ends: list[Point], side: int) -> float:
    found = [point.random.ends[side] for point in ends if point.random.ends]
    return max(found) if side else min(found)
