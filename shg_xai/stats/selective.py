"""How well a score tells which of many answers are wrong: what is gained by trusting those alone that look safe.

Units (joints, persons) are right or wrong, and a score is high where one is suspect. Four numbers, of its order:

- **AUROC**: how often a wrong unit has a higher score than a right one, from 0 to 1; 0.5 is chance. It weighs all
  wrong units alike, so it does not say what is left among those that are trusted.
- **Average precision**, of finding wrong units from the top: between the share that is wrong (chance) and 1.
- **AURC**: units are kept from the safest on; coverage is the share that is kept, the (selective) risk the share of
  these that is wrong; its mean over all coverages is the area under the curve of risk against coverage. Less is better
  (Geifman and El-Yaniv, Selective Classification for Deep Neural Networks, NeurIPS 2017, section 2; Geifman, Uziel and
  El-Yaniv, Bias-Reduced Uncertainty Estimation for Deep Neural Classifiers, ICLR 2019, section 3).
- **Excess AURC**: less that of the best order there is, all right units before all wrong ones. 0 is perfect.

Units of one score have no order; AURC is what a random one among them gives on average. A score is cut into bins, of
its distinct values where these are few, and numbers follow from counts by bin, so that a resample of images costs a
product with a sparse matrix and no sorting.

All four lie between 0 and 1, some near an end, where resamples are skewed. So intervals are Student's of the log odds,
whose spread resamples tell (for the AUROC: Qin and Hotilovac, Comparison of non-parametric confidence intervals for the
area under the ROC curve, Statistical Methods in Medical Research 17, 2008); as many degrees of freedom as images have
something wrong, or something right if these are fewer, less one.

Shapes: U units on G images, B bins of ascending score, S sets of weights of the images.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.special import digamma, expit, logit
from scipy.stats import t as student

from shg_xai.results import Estimate
from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints, Singles
from shg_xai.stats.bootstrap import estimated, number

MOST_BINS = 4096  # of equal size; what two units of one bin could add to an AUROC is below 1 / 4096
AREAS = ('auroc', 'average_precision', 'aurc', 'excess_aurc')


@dataclass(frozen=True)
class Binned:
    """How many units of each image are in each bin, right ones in the first B rows, wrong ones in the last B; sparse,
    (2B, G).
    """

    counts: Any

    @classmethod
    def of(
        cls, scores: Float[Floats | Singles, ' U'], wrong: Bools, image_of: Int[Ints, ' U'], images: int
    ) -> 'Binned':
        """Of scores without NaN, and the number of each unit's image."""
        edges = np.unique(scores)
        if len(edges) > MOST_BINS:
            edges = np.unique(np.quantile(scores, np.arange(1, MOST_BINS + 1) / MOST_BINS, method='lower'))
        # An edge is the highest score of its bin.
        place = np.searchsorted(edges, scores)
        bins = len(edges)
        cells = (np.ones(len(scores)), (place + bins * wrong, image_of))
        return cls(sparse.coo_array(cells, shape=(2 * bins, images)).tocsr())

    def weighted(self, times: Float[Floats, 'G S']) -> tuple[Float[Floats, 'B S'], Float[Floats, 'B S']]:
        """How many are right and wrong in each bin if each image is there so many times."""
        right, wrong = np.split(np.asarray(self.counts @ times), 2)
        return right, wrong


def areas(right: Float[Floats, 'B S'], wrong: Float[Floats, 'B S']) -> Float[Floats, 'S 4']:
    """The four numbers, see :data:`AREAS`; NaN where nothing is right or nothing wrong."""
    total, bad = (right + wrong).sum(0), wrong.sum(0)
    good = total - bad
    safer = np.cumsum(right, axis=0) - right
    caught = np.cumsum(wrong[::-1], axis=0)[::-1]
    found = np.cumsum((right + wrong)[::-1], axis=0)[::-1]
    with np.errstate(invalid='ignore', divide='ignore'):
        auroc = (wrong * (safer + right / 2)).sum(0) / (good * bad)
        precision = (wrong * np.where(found > 0, caught / np.maximum(found, 1e-300), 0)).sum(0) / bad
        area = _aurc(right, wrong)
        excess = area - (bad - good * (digamma(total + 1) - digamma(good + 1))) / total
    told = np.stack([auroc, precision, area, excess], axis=1)
    return np.where(((good > 0) & (bad > 0))[:, None], told, np.nan)


def _aurc(right: Floats, wrong: Floats) -> Float[Floats, ' S']:
    """Mean risk over all coverages. Within a bin of n units, e of them wrong, after C units with E wrong ones, the j-th
    in random order gives (E + j e / n) / (C + j), and a sum of 1 / (C + j) is a difference of digamma.
    """
    here = right + wrong
    before = np.cumsum(here, axis=0) - here
    wrong_before = np.cumsum(wrong, axis=0) - wrong
    rate = wrong / np.where(here > 0, here, 1)
    harmonic = digamma(before + here + 1) - digamma(before + 1)
    sums: Floats = (wrong + (wrong_before - rate * before) * harmonic).sum(0) / here.sum(0)
    return sums


def risk_at(right: Float[Floats, 'B S'], wrong: Float[Floats, 'B S'], coverage: Floats) -> Float[Floats, 'S V']:
    """Risk of the share of units that is kept, for V shares above 0; within a bin as in random order. NaN of nobody."""
    kept, bad = (np.vstack([np.zeros((1, right.shape[1])), np.cumsum(part, axis=0)]) for part in (right + wrong, wrong))
    found = np.full((right.shape[1], len(coverage)), np.nan)
    for place in np.flatnonzero(kept[-1] > 0):
        wanted = coverage * kept[-1, place]
        found[place] = np.interp(wanted, kept[:, place], bad[:, place]) / wanted
    return found


def share_estimate(drawn: Float[Floats, ' 1+R'], degrees: int, confidence: float, n: int) -> Estimate:
    """A number between 0 and 1, the first, with the interval of its log odds; its percentiles where these are not
    finite, as of a perfect score.
    """
    inside = (drawn > 0) & (drawn < 1)
    if len(drawn) < 3 or not inside.all() or degrees < 1:
        return estimated(float(drawn[0]), drawn[1:], confidence, n)
    odds = logit(drawn)
    reach = float(student.ppf((1 + confidence) / 2, degrees)) * odds[1:].std(ddof=1)
    low, high = expit([odds[0] - reach, odds[0] + reach]).tolist()
    return Estimate(value=number(drawn[0]), low=low, high=high, n=n)
