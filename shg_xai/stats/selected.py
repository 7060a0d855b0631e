"""Intervals of numbers that are told because they passed a test.

Of many numbers those are told that are far enough from none, and of numbers near that limit those that came out too
large by luck: the winner's curse. The plain interval of a number that is told holds the truth less often than it says,
the less the nearer the number is to the limit. Given that a number is told it follows a distribution that is cut off at
the limit, and its interval is that of this distribution (Zhong and Prentice, Biostatistics 9, 2008; Weinstein, Fithian
and Benjamini, JASA 108, 2013): of a number far above the limit the plain one, of one near it an interval that reaches
farther towards none. It reaches no farther down than by the limit itself: of all that was looked at hardly any number
is off by as much, which is how the limit was chosen, and an interval that held none would deny the test (a hybrid, as
Andrews, Kitagawa and McCloskey, Quarterly Journal of Economics 139, 2024, have it).

Only the end towards none moves. The other one would come nearer, too; it is left, so that an interval never becomes
shorter by selection.
"""

from scipy.optimize import brentq
from scipy.stats import norm


def end_towards_none(seen: float, least: float, error: float, confidence: float) -> float:
    """Where the interval ends on the side of none: all are distances from none, of a number that was seen, of the least
    that would have been told, and its standard error.

    The end is the mean of a normal distribution, cut off below ``least``, of which (1 - confidence) / 2 lies beyond
    what was seen; at most ``least`` below what was seen, and at least as far as the plain end.
    """
    tail = (1 - confidence) / 2
    plain = max(seen - float(norm.isf(tail)) * error, 0.0)
    if not error > 0 or not 0 <= least <= seen:
        return plain

    def beyond(mean: float) -> float:
        told = norm.logsf(seen, mean, error) - norm.logsf(least, mean, error)
        return float(told - norm.logsf(norm.isf(tail)))

    farthest = min(seen - least, plain)
    if beyond(plain) <= 0:  # but for rounding it is 0 far above the limit
        return plain
    return farthest if beyond(farthest) >= 0 else float(brentq(beyond, farthest, plain))
