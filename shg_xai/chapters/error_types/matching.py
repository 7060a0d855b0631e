"""Which predictions find a person, by COCO's rules, at ten thresholds of OKS.

Predictions of an image are gone through from the highest score down, at most 20 of them; each takes the person of the
highest OKS, at least the threshold, whom none before it took. So a prediction that lies on somebody else can take him
from his own. (pycocotools, cocoeval.py, ``evaluateImg``; persons without a labelled joint, whom it ignores, are not
among them here.)

Shapes: I images with M persons each, V variants, T thresholds.
"""

import numpy as np

from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints, Shaped
from shg_xai.stats.average_precision import Bits

THRESHOLDS = np.linspace(0.5, 0.95, 10)
MOST = 20  # predictions an image


def found(
    oks: Float[Floats, 'V I M M'], scores: Float[Floats, 'I M'], counts: Shaped[Bools, 'I M']
) -> tuple[Shaped[Bits, 'V I M'], Int[Ints, 'I M']]:
    """Which predictions find somebody, bit t for threshold t, and their places in the image's list, from 0; -1 for
    those that are not in it. OKS is of each prediction with each person; persons who do not count are not there.
    """
    variants, images, size = oks.shape[:3]
    row = np.arange(images)
    free = np.broadcast_to(counts, (variants, len(THRESHOLDS), images, size)).copy()
    right, places = np.zeros((variants, images, size), np.uint16), np.full((images, size), -1)
    order = np.argsort(np.where(counts, -scores, np.inf), axis=1, kind='stable')
    for place in range(min(size, MOST)):
        person = order[:, place]
        listed = counts[row, person]
        places[row[listed], person[listed]] = place
        near = oks[:, row, person][:, None]  # (V, 1, I, M)
        able = np.where(free & (near >= THRESHOLDS[:, None, None]), near, -1)
        best = size - 1 - able[..., ::-1].argmax(-1)  # the last one of equals, as there
        takes = (able.max(-1) >= 0) & listed
        free &= ~(takes[..., None] & (best[..., None] == np.arange(size)))
        bits = (takes << np.arange(len(THRESHOLDS), dtype=np.uint16)[:, None]).sum(1, dtype=np.uint16)
        right[:, row, person] = bits
    return right, places
