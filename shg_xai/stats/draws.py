"""A number beside what chance gives: p-values from draws, corrected for how much was looked at.

What a direction in the latent, or a move, does says little on its own: any step as long does something. So the same
number is taken along many others that were drawn at random, and p is the share of all, the one that is asked about
among them, that reach it: (b + 1) / (R + 1) if b of R do, so never 0 (Phipson and Smyth, Statistical Applications in
Genetics and Molecular Biology 9, 2010, section 2). Of two numbers at the 0.05 level one in ten finds something by luck;
who looks at many corrects for it.

Shapes: R draws, T numbers that are looked at; in the first of 1 + R rows is what was seen.
"""

import math

import numpy as np

from shg_xai.results import Typed
from shg_xai.stats.arrays import Float, Floats
from shg_xai.stats.bootstrap import number

LEVEL = 0.05  # corrected p below which something is found
MIDDLE = (0.025, 0.975)
ROUNDING = 1e-9  # relative; two numbers that differ by less are the same


class Beside(Typed, kw_only=True):
    """A number beside those of R random draws.

    Attributes:
        value: The number that is asked about; None if it is not known.
        low: 2.5 % of the random ones are below, and 97.5 % below ``high``; None where none is known.
        p: How often chance alone gives as much, or as much to either side where the number has a sign.
        p_corrected: How often chance gives as much anywhere among all that was looked at together.
    """

    value: float | None
    low: float | None
    high: float | None
    p: float | None
    p_corrected: float | None

    @property
    def found(self) -> bool:
        """Whether it is more than chance gives, at a level of 0.05 for all that was looked at together."""
        return self.p_corrected is not None and self.p_corrected < LEVEL


def at_least(drawn: Float[Floats, '1+R T']) -> Float[Floats, ' T']:
    """p of each number by how many draws reach it; a draw that is not known (NaN) counts as one that does."""
    reached = ~(drawn[1:] < drawn[0] - ROUNDING * np.abs(drawn[0]))
    return np.where(np.isfinite(drawn[0]), (reached.sum(0) + 1) / len(drawn), math.nan)


def to_either_side(drawn: Float[Floats, '1+R T']) -> Float[Floats, ' T']:
    """p of each number by its place among the draws, twice the share on the side where fewer are."""
    return np.minimum(1, 2 * np.fmin(at_least(drawn), at_least(-drawn)))


def beside(drawn: Float[Floats, ' 1+R'], p: float, p_corrected: float) -> Beside:
    """One number, the first, beside its draws."""
    known = drawn[1:][np.isfinite(drawn[1:])]
    low, high = np.quantile(known, MIDDLE).tolist() if len(known) else (math.nan, math.nan)
    return Beside(
        value=number(drawn[0]), low=number(low), high=number(high), p=number(p), p_corrected=number(p_corrected)
    )
