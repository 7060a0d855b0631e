"""Do single units tell who is at an end of a concept? The question that a sparse unit can answer.

A unit that is 0 for most persons cannot go with a number over all of its range: one that fires for just those who sit
has a modest correlation with sitting to standing, in ranks. So each concept is asked for its ends, too: who is among
the upper and who among the lower fifth (of the persons trained on), or, where it has two values, who has the higher.
How well a unit tells is 2 AUC - 1, from 0 for nothing to 1 (Somers' D): the chance that one who is at that end is
higher on the unit than one who is not, less that he is lower. Units are chosen, with their signs, among the persons
trained on and measured among the others, as in :mod:`shg_xai.chapters.bottlenecks.reading`.

The area is a mean over pairs, whose sampling error is that of the mean over persons of their placements (DeLong, DeLong
and Clarke-Pearson, Biometrics 44, 1988).

Shapes: N persons, n of them measured, W units, C concepts, E ends.
"""

import numpy as np

from shg_xai.chapters.bottlenecks.reading import all_placed, placed
from shg_xai.stats.arrays import Bools, Float, Floats, Singles

FEWEST = 5  # persons at an end, and not at it, on either side
BEYOND = 0.3  # place among the persons trained on, -1/2 to 1/2: a fifth is beyond it on either side


def ends_of(concepts: Float[Floats, 'N C'], fitted: Bools) -> Float[Floats, 'N E']:
    """Who is at which end of concepts that are placed already: 1, 0, or NaN where the concept is not known; only ends
    that enough persons are and are not at, among the trained on and the measured both.
    """
    found = []
    for values in concepts.T:
        known = np.isfinite(values)
        distinct = np.unique(values[known])
        sides = [values == distinct[-1]] if len(distinct) == 2 else [values > BEYOND, values < -BEYOND]
        found += [np.where(known, side, np.nan) for side in sides]
    kept = [end for end in found if _enough(end[fitted]) and _enough(end[~fitted])]
    return np.array(kept).reshape(len(kept), len(concepts)).T


def _enough(end: Float[Floats, ' n']) -> bool:
    return min((end == 1).sum(), (end == 0).sum()) >= FEWEST


def separation(units: Float[Floats, 'n W'], ends: Float[Floats, 'n E']) -> Float[Floats, 'W E']:
    """Mean of units that are placed, of who is at an end less that of who is not: Somers' D, halved, of the same
    persons.
    """
    there, rest = (ends == 1).astype(float), (ends == 0).astype(float)
    return units.T @ (there / there.sum(0) - rest / rest.sum(0))


def told_ends(codes: Float[Floats | Singles, 'N W'], ends: Float[Floats, 'N E'], fitted: Bools) -> Float[Floats, 'n E']:
    """What each measured person makes of how well an end's unit tells it; the mean over persons is 2 AUC - 1."""
    units = all_placed(np.asarray(codes, float), fitted)
    apart = separation(units[fitted], ends[fitted])
    best = np.abs(apart).argmax(0)
    signs = np.where(apart[best, np.arange(len(best))] < 0, -1.0, 1.0)
    measured = units[~fitted][:, best] * signs
    return np.stack([somers(unit, end) for unit, end in zip(measured.T, ends[~fitted].T, strict=True)], axis=1)


def somers(unit: Float[Floats, ' n'], end: Float[Floats, ' n']) -> Float[Floats, ' n']:
    """Influence of each person on 2 AUC - 1; the mean over persons is that itself."""
    there, rest = end == 1, end == 0
    above = placed(unit[there], unit[rest])  # share of the rest that one is above, less a half
    below = -placed(unit[rest], unit[there])
    value = float(above.mean())
    found: Floats = np.full(len(unit), value)
    found[there] += len(unit) / there.sum() * (above - value)
    found[rest] += len(unit) / rest.sum() * (below - value)
    found *= 2
    return found
