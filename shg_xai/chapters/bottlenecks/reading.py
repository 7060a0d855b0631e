"""Do single units of a code go with concepts? Chosen among some persons, measured among others.

For each concept the unit is chosen that goes with it best, and the best of many looks good even where there is nothing.
So it is chosen among the persons the bottleneck was trained on, with its sign, and measured among those of other
images: there its correlation is 0 on average if there is nothing. Units and concepts are measured in ranks, but in
those that persons would have among the ones *trained on*, so that a correlation of measured persons is Pearson's of
fixed numbers (and Spearman's but for sampling). Its sampling error is then known from its influence function: a person
adds x y - rho (x² + y²) / 2 to it, for standardised x and y (Devlin, Gnanadesikan and Kettenring, Biometrika 62, 1975,
section 3). Two bottlenecks are so compared person by person, by means of such numbers.

Shapes: N persons, n of them, W units, C concepts, S starts, T pairs of unit and concept.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from functools import partial

import numpy as np

from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints, Singles
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.multiple import familywise
from shg_xai.stats.permutation import Exchange, permuted

FEWEST = 20  # persons a concept has to be known of, on either side
FAMILIES = 2  # of the chapter: concepts told, and comparisons; each has half of the level


def placed(values: Float[Floats, ' N'], among: Float[Floats, ' n']) -> Float[Floats, ' N']:
    """Where each value would stand among others, from -1/2 below all of them to 1/2 above, half way among equal ones;
    NaN of what is not known (NaN).
    """
    order = np.sort(among[np.isfinite(among)])
    ends = [np.searchsorted(order, values, side) for side in ('left', 'right')]
    return np.where(np.isfinite(values), (ends[0] + ends[1]) / (2 * len(order)) - 0.5, np.nan)


def all_placed(columns: Float[Floats, 'N V'], fitted: Bools) -> Float[Floats, 'N V']:
    """Every column by the persons trained on."""
    return np.stack([placed(column, column[fitted]) for column in columns.T], axis=1)


def usable(values: Float[Floats, 'C N'], fitted: Bools) -> Bools:
    """Which concepts vary, and are known of enough persons, among the trained on and the measured both (C,)."""

    def fine(column: Floats) -> bool:
        known = column[np.isfinite(column)]
        return len(known) >= FEWEST and bool(known.min() < known.max())

    return np.array([fine(own[fitted]) and fine(own[~fitted]) for own in values], bool)


def correlations(units: Float[Floats, 'n W'], concepts: Float[Floats, 'n C']) -> Float[Floats, 'W C']:
    """Pearson's, over those each concept is known of; 0 where either is the same for all of them."""
    known = np.isfinite(concepts)
    mask, filled = known.astype(float), np.where(known, concepts, 0)
    count = mask.sum(0)
    mean = units.mean(0)
    units = units - mean  # so that no digits are lost
    sums, squares = units.T @ mask, (units**2).T @ mask
    cross = units.T @ filled - sums * (filled.sum(0) / count)
    spread = (squares - sums**2 / count) * ((filled**2).sum(0) - filled.sum(0) ** 2 / count)
    varies = spread > 1e-12
    return np.where(varies, cross / np.sqrt(np.where(varies, spread, 1)), 0)


@dataclass(frozen=True)
class Chosen:
    """The unit of each concept, from 0, and the sign it goes with it by."""

    units: Int[Ints, ' C']
    signs: Float[Floats, ' C']


def choose(units: Float[Floats, 'n W'], concepts: Float[Floats, 'n C']) -> Chosen:
    """Of each concept the unit that goes with it best, either way."""
    found = correlations(units, concepts)
    best = np.abs(found).argmax(0)
    return Chosen(best, np.where(found[best, np.arange(len(best))] < 0, -1.0, 1.0))


@dataclass(frozen=True)
class Pairs:
    """Values of measured persons on a unit and on its concept, for T pairs."""

    units: Float[Floats, 'N T']  # with the sign that the pair was chosen with
    concepts: Float[Floats, 'N C']
    concept_of: Int[Ints, ' T']

    @classmethod
    def joined(cls, parts: Sequence['Pairs']) -> 'Pairs':
        """Pairs of several bottlenecks with the same concepts."""
        concept_of = np.concatenate([part.concept_of for part in parts])
        return cls(np.hstack([part.units for part in parts]), parts[0].concepts, concept_of)

    def rho(self, source: Int[Ints, ' N'] | slice = slice(None)) -> Float[Floats, ' T']:
        """Correlation of each pair, where each person has the concepts of another one."""
        concepts, found = self.concepts[source], np.empty(len(self.concept_of))
        for concept in np.unique(self.concept_of):
            mine = self.concept_of == concept
            found[mine] = correlations(self.units[:, mine], concepts[:, [concept]])[:, 0]
        return found

    def influence(self) -> Float[Floats, 'N T']:
        """What each person makes of a pair's correlation: the mean over persons is the correlation itself. Who is not
        known adds 0, and the others so much more.
        """
        y = self.concepts[:, self.concept_of]
        known = np.isfinite(y)
        share = known.mean(0)
        x, y = (_standard(column, known) for column in (self.units, y))
        rho = (x * y).sum(0) / known.sum(0)
        return np.where(known, rho + x * y - rho / 2 * (x**2 + y**2), 0) / share


def _standard(values: Floats, known: Bools) -> Floats:
    """Columns of mean 0 and variance 1 over the known, 0 elsewhere and where they do not vary."""
    count = known.sum(0)
    apart = np.where(known, values - np.where(known, values, 0).sum(0) / count, 0)
    spread = np.sqrt((apart**2).sum(0) / count)
    varies = spread > 1e-9
    return np.where(varies, apart / np.where(varies, spread, 1), 0)


def pairs_of(
    codes: Float[Floats | Singles, 'N W'], concepts: Float[Floats, 'N C'], fitted: Bools
) -> tuple[Chosen, Pairs]:
    """The unit of each concept, chosen among the persons trained on, and what it says of the others; ``concepts`` are
    placed already.
    """
    units = all_placed(np.asarray(codes, float), fitted)
    chosen = choose(units[fitted], concepts[fitted])
    signed = units[~fitted][:, chosen.units] * chosen.signs
    return chosen, Pairs(signed, concepts[~fitted], np.arange(concepts.shape[1]))


def chances(
    parts: Sequence[Pairs], bootstrap: Bootstrap, permutations: int, executor: Executor
) -> list[Float[Floats, ' C']]:
    """P-values of all concepts and units of all bottlenecks, corrected for each other and the other family."""
    everything, exchange = Pairs.joined(parts), Exchange.of(bootstrap.groups)
    statistics = partial(Pairs.rho, everything)
    drawn = permuted(statistics, exchange, permutations, bootstrap.seed, executor)
    p = np.minimum(1, FAMILIES * familywise(drawn))
    return np.split(p, np.cumsum([len(part.concept_of) for part in parts])[:-1])
