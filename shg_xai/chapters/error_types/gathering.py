"""One pass over the images of a store: kinds of error of all joints, and who finds whom, for OKS-AP.

Shapes: N persons, K joints, V variants of who is mended, n persons listed.
"""

from dataclasses import dataclass

import numpy as np

from shg_xai.chapters.error_types.kinds import UNLABELLED, Joints, judge
from shg_xai.chapters.error_types.matching import THRESHOLDS, found
from shg_xai.chapters.error_types.mending import ERRORS, variants
from shg_xai.chapters.error_types.people import People, crowds
from shg_xai.stats.arrays import Bools, Int, Ints, Labels, NDArray, Shaped, Singles
from shg_xai.stats.average_precision import Bits, Ranking

AT_ONCE = 400_000  # similarities of pairs of persons that are held, joint by joint


@dataclass(frozen=True)
class Gathered:
    """What is known of N persons after one pass. In the lists of OKS-AP, V variants come as
    :func:`~shg_xai.chapters.error_types.mending.variants` has them; places are those in an image's list, -1 for who is
    in none.
    """

    counts: Shaped[Bools, ' N']  # who is judged
    kinds: Shaped[Labels, 'N K']  # UNLABELLED also for who is not judged
    by_nearest: Shaped[Labels, 'N K']
    oks: Shaped[Singles, ' N']
    right: Shaped[Bits, 'V N']
    places: Int[Ints, ' N']
    rescored: Shaped[Bits, '1 N']  # where scores are the OKS
    rescored_places: Int[Ints, ' N']


def gather(people: People, chosen: Shaped[Bools, ' N'], joints: Joints) -> Gathered:
    """Judge the chosen persons of a store, beside all others of it."""
    counts, size = people.known & chosen, len(joints.sigmas)
    many, lists = len(counts), 1 + 2 * len(ERRORS) + size
    kinds, nearest = (np.full((many, size), UNLABELLED, np.uint8) for _ in range(2))
    oks, places, rescored_places = np.full(many, np.nan, np.float32), *(np.full(many, -1) for _ in range(2))
    right, rescored = np.zeros((lists, many), np.uint16), np.zeros((1, many), np.uint16)
    for crowd in crowds(people.image_of, max(1, AT_ONCE // size)):
        judged = judge(people, crowd, joints)
        mended = np.stack(list(variants(people, crowd, joints, judged)))
        own, here = np.diagonal(mended[0], axis1=1, axis2=2), counts[crowd]
        kinds[crowd], nearest[crowd], oks[crowd] = judged.kinds, judged.by_nearest, own
        right[:, crowd], places[crowd] = found(mended, people.score[crowd].astype(float), here)
        rescored[:, crowd], rescored_places[crowd] = found(mended[:1], own, here)
    for one in (kinds, nearest):
        one[~counts] = UNLABELLED
    return Gathered(counts, kinds, nearest, oks, right, places, rescored, rescored_places)


def ranking(
    right: Shaped[Bits, 'V N'], places: Int[Ints, ' N'], scores: Singles, image_of: Ints, rows: Ints
) -> Ranking:
    """The persons in ``rows``, whose images are ``image_of``, as one list from the highest score down. Equals stay in
    the order of their images, then in that of the image's list.
    """
    listed = np.flatnonzero(places[rows] >= 0)
    order = listed[np.lexsort((places[rows][listed], image_of[listed], -scores[rows][listed]))]
    there: NDArray[np.int64] = np.bincount(image_of)
    return Ranking(right[:, rows[order]], image_of[order], there, len(THRESHOLDS))
