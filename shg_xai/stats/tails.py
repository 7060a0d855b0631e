"""How many standard errors an interval reaches, where few images or single ones decide.

An interval of 1.96 standard errors either way supposes that the error is known and that too much is as likely as too
little. Of squares neither is so: a few large ones make most of the sum. Where they are missing, the number is too small
and looks surer than it is. The parts that images have in a number (its influence function, or what leaving out each
changes) tell by how much:

- their kurtosis, how sure the error is: a variance of G values of kurtosis k is as uncertain as one with 2 G / (k - 1)
  degrees of freedom (G where they are normal), and Student's t with these takes the place of 1.96 (Satterthwaite,
  Biometrics Bulletin 2, 1946);
- their skewness, how much likelier one large one is missing than there are too many: the end on that side is moved by
  s (1 + 2 t^2) / 6 standard errors, s being the skewness of the number itself (Johnson, Modified t Tests and Confidence
  Intervals for Asymmetrical Populations, JASA 73, 1978). The other end stays.

Parts whose fourth moment is infinite say too little of it in any sample, and intervals stay too short, if less so.

Shapes: G images, M numbers.
"""

import numpy as np
from scipy.stats import t as student

from shg_xai.stats.arrays import Float, Floats

FEWEST_DEGREES = 1.0


def reach(parts: Float[Floats, 'G M'], confidence: float) -> tuple[Float[Floats, ' M'], Float[Floats, ' M']]:
    """How many standard errors M intervals reach below and above; of parts that do not vary, those of normal ones."""
    count = len(parts)
    apart = parts - parts.mean(axis=0)
    squares = (apart**2).sum(axis=0)
    varies = squares > 0
    size = np.where(varies, squares, 1)
    kurtosis = np.where(varies, count * (apart**4).sum(axis=0) / size**2, 3)
    degrees = np.clip(2 * count / np.maximum(kurtosis - 1, 1e-9), FEWEST_DEGREES, max(count - 1, FEWEST_DEGREES))
    lean = (apart**3).sum(axis=0) / size**1.5
    plain: Floats = student.ppf((1 + confidence) / 2, degrees)
    more = (1 + 2 * plain**2) / 6
    return plain + np.maximum(-lean, 0) * more, plain + np.maximum(lean, 0) * more
