"""The mean of a table of trainings and persons, both of them drawn: how it depends on either, as one variance.

Every training is tested on the same persons, and persons of one photo are not independent, so trainings are crossed
with images. A score is taken to be a mean, plus what is the training's own, plus what is the image's own in all
trainings, plus what is that training's own on that image. Each of the three has a variance, and all of them are in that
of the grand mean. Two intervals, one for trainings and one for persons, would each leave the other's out: that both
leave out zero happens too often where nothing differs.

The variances are estimated by the method of moments, from the mean squares of a table of two crossed random factors
(Searle, Casella and McCulloch, Variance Components, 1992, chapter 4). The grand mean's is a sum of mean squares, whose
degrees of freedom are approximated by those of the chi-squared distribution with the same mean and variance
(Satterthwaite, An approximate distribution of estimates of variance components, Biometrics Bulletin 2, 1946). The
pigeonhole bootstrap (Owen, The pigeonhole bootstrap, Annals of Applied Statistics 1, 2007) draws trainings and images
anew instead and assumes less, but of three trainings it draws the same few again and again.

Shapes: S trainings ("seeds"), P persons in G images.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import chdtri, stdtrit

from shg_xai.stats.arrays import Float, Floats
from shg_xai.stats.bootstrap import FEWEST_IMAGES, Groups

# So 4 to 6 % of verdicts on equal networks are false from 3 trainings on (of 2, up to 8 %), whether trainings or images
# differ more; where neither does but for what is a training's own on an image, 1 to 5 %, as the variance is no smaller
# than either of its parts.
SURE = 2 / 3


@dataclass(frozen=True)
class Crossed:
    """A grand mean and what it would scatter by, from one draw of trainings and images to the next.

    The mean squares are those of the table, over S G: each is the variance the grand mean would have if what it stands
    for were all there is. All are 0 where a training is the only one, but for that of the images.

    Attributes:
        mean: Over trainings and persons; NaN where nobody has a score.
        seeds: S; of a single one nothing is known of another.
        images: G.
        of_seeds: Mean square between trainings.
        of_images: Mean square between images.
        of_both: Mean square of what is left, a training's own on an image.
    """

    mean: float
    seeds: int
    images: int
    of_seeds: float
    of_images: float
    of_both: float

    @property
    def is_table(self) -> bool:
        """Whether there are trainings and images, so that what is of either can be told from what is of both."""
        return self.seeds > 1 and self.images >= FEWEST_IMAGES

    @property
    def sd_seeds(self) -> float:
        """Standard deviation of a training's mean over all persons there could be; NaN where it is no table."""
        return math.sqrt(self.seeds * max(0.0, self.of_seeds - self.of_both)) if self.is_table else math.nan

    @property
    def sd_images(self) -> float:
        """Standard deviation, from one G images to the next, of the mean over all trainings there could be; of a single
        training its own mean's.
        """
        return math.sqrt(max(0.0, self.of_images - self.of_both)) if self.images >= FEWEST_IMAGES else math.nan

    @property
    def sd_both(self) -> float:
        """Standard deviation of what is one training's own on G images; NaN where it is no table."""
        return math.sqrt(self.seeds * self.of_both) if self.is_table else math.nan

    @property
    def variance(self) -> float:
        """Of the grand mean: mean squares of trainings and of images, less what both of them contain.

        That can be below one of the two by chance, as a variance cannot, and is then the larger of them: where it is
        unsure whether trainings differ, an interval that is too wide does less harm.
        """
        return max(self.of_seeds, self.of_images, self.of_seeds + self.of_images - self.of_both)

    @property
    def degrees(self) -> float:
        """Satterthwaite's degrees of freedom, v² / (sum of squared mean squares, each over its own).

        The mean square of few trainings is often far too small, and would then have too little weight in the formula
        just when the interval is too short: here, and only here, its upper limit at a confidence of SURE is taken.
        """
        if self.seeds == 1:
            return self.images - 1
        own, others = self.seeds - 1, self.images - 1
        seeds = self.of_seeds * own / float(chdtri(own, SURE))
        total = max(seeds, self.of_images, seeds + self.of_images - self.of_both)
        squares = seeds**2 / own + self.of_images**2 / others + self.of_both**2 / (own * others)
        fewest = min(own, others)  # of a sum there are no fewer
        return max(fewest, total**2 / squares) if squares else fewest

    def reach(self, confidence: float) -> float:
        """How far Student's interval reaches from the mean to either side; NaN of one image or of nobody."""
        if self.images < FEWEST_IMAGES or math.isnan(self.mean):
            return math.nan
        return float(stdtrit(self.degrees, (1 + confidence) / 2)) * math.sqrt(self.variance)

    def planned(self, seeds: int) -> 'Crossed':
        """What to expect of so many trainings if mean and standard deviations are as they are."""
        both = self.sd_both**2 / seeds
        own, images = self.sd_seeds**2 / seeds + both, self.sd_images**2 + both
        return replace(self, seeds=seeds, of_seeds=own, of_images=images, of_both=both)


def crossed(scores: Float[Floats, 'S P'], groups: Groups) -> Crossed:
    """Mean squares of trainings crossed with images, ``groups`` (P,); who has no score (NaN) in one is left out of all.

    Images have unlike numbers of persons, so a training's mean is a ratio of two sums over images, and an image enters
    by what it adds to that ratio: the sum of its persons' deviations from the training's mean, times G / P (Cochran,
    Sampling Techniques, 3rd edition, 1977, section 2.11).
    """
    known = np.isfinite(scores).all(0)
    names, image_of = np.unique(groups[known], return_inverse=True)
    (seeds, persons), images = (len(scores), len(image_of)), len(names)
    if not persons:
        return Crossed(math.nan, seeds, 0, 0.0, 0.0, 0.0)
    means = scores[:, known].mean(1)
    sums = np.stack([np.bincount(image_of, row, images) for row in scores[:, known] - means[:, None]])
    table = sums * (images / persons)
    image = table.mean(0)
    rest = table - image
    free = max(1, images - 1), max(1, seeds - 1)  # one alone has no deviation, and 0 / 1 is 0
    of_seeds = float(((means - means.mean()) ** 2).sum() / free[1] / seeds)
    of_images = float((image**2).sum() / free[0] / images)
    of_both = float((rest**2).sum() / free[0] / free[1] / seeds / images)
    return Crossed(float(means.mean()), seeds, images, of_seeds, of_images, of_both)
