"""Kinds of error of a joint: how far it is from its place, and whether it is in that of another joint.

The keypoint similarity of a predicted place with a true one, at a distance d in pixels, is

    ks = exp(-d² / (2 s² k²)),

where s² is the person's area and k twice the joint's sigma, COCO's measure of how far apart two annotators put it
relative to the person's size. It is 1 in the very place and falls to 0. A labelled joint of a person is

- good, if ks with its own place is at least 0.85: people who annotate do not agree better;
- jitter, if it is at least 0.5: it is near its place;
- inversion, if it is not, but ks with the place of the mirrored joint of the same person is at least 0.5: left was
  taken for right;
- swap, if that holds for the place of this joint, or of the mirrored one, of another person of the same image;
- miss, if it is near none of them.

If a joint is near both the mirrored joint's place and another person's, the nearer one decides, by ks with each
person's own area. (Ronchi and Perona, "Benchmarking and Error Diagnosis in Multi-Instance Pose Estimation", ICCV 2017,
section 3.1, Localization Errors.) Their program lets the nearest place decide throughout, so that a joint with a ks of
0.8 with its own place is an inversion if ks with the mirrored joint's place is 0.9, as of a person seen from the side.
How many joints that concerns is told, too.

Other persons are those in the store: one who is not there, as they were left out or are of another split, cannot be
swapped with, and such a swap is called a miss.

Shapes: I images with M persons each, K joints.
"""

from dataclasses import dataclass

import numpy as np

from shg_xai.chapters.error_types.people import People
from shg_xai.stats.arrays import Float, Floats, Int, Ints, Labels, Shaped

GOOD, JITTER, INVERSION, SWAP, MISS = range(5)
UNLABELLED = 255
NEAR, HUMAN = 0.5, 0.85  # similarities


@dataclass(frozen=True)
class Joints:
    """K joints: how exactly people annotate each, and which is its mirror image (itself where it has none)."""

    sigmas: Float[Floats, ' K']
    mirrored: Int[Ints, ' K']


def similarities(
    places: Float[Floats, '*P K 2'],
    truth: Float[Floats, '*P K 2'],
    area: Float[Floats, '*P'],
    sigmas: Float[Floats, ' K'],
) -> Float[Floats, '*P K']:
    """Keypoint similarity of places with true ones of persons of these areas; shapes of P may broadcast."""
    distances = ((places - truth) ** 2).sum(-1)
    similar: Floats = np.exp(-distances / (2 * area[..., None] * (2 * sigmas) ** 2))
    return similar


@dataclass(frozen=True)
class Judged:
    """Joints of I x M persons: kinds of error, and similarities."""

    kinds: Shaped[Labels, 'I M K']  # numbers of the kinds; UNLABELLED
    by_nearest: Shaped[Labels, 'I M K']  # where the nearest place decides throughout
    own: Float[Floats, 'I M K']  # with their own places
    taken: Float[Floats, 'I M K']  # with the place they were taken for, the nearest that is not their own
    pairs: Float[Floats, 'I M M K']  # of each person with the joints of each; 0 where these are not labelled


def judge(people: People, crowd: Int[Ints, 'I M'], joints: Joints) -> Judged:
    """Judge joints of the persons, by number, of I images with M each."""
    truth, found = people.truth[crowd].astype(float), people.predicted[crowd].astype(float)
    labelled, area = people.labelled[crowd], people.area[crowd].astype(float)
    itself = np.arange(crowd.shape[1])

    def against(order: Ints) -> Floats:
        """Similarities of each person's joints with those of each, (I, M, M, K), joints of these in another order."""
        similar = similarities(found[:, :, None], truth[:, None, :, order], area[:, None], joints.sigmas)
        return np.where(labelled[:, None, :, order], similar, 0)

    pairs, crossed = against(np.arange(len(joints.sigmas))), against(joints.mirrored)
    own = pairs[:, itself, itself]
    inverted = np.where(joints.mirrored == np.arange(len(joints.mirrored)), 0, crossed[:, itself, itself])
    others = np.maximum(pairs, crossed)
    others[:, itself, itself] = 0
    swapped = others.max(2)
    taken = np.maximum(inverted, swapped)
    wrong = np.where(taken < NEAR, MISS, np.where(inverted >= swapped, INVERSION, SWAP))
    right = np.where(own >= HUMAN, GOOD, JITTER)
    kinds = np.where(own >= NEAR, right, wrong)
    nearest = np.where((own >= NEAR) & (own >= taken), right, wrong)
    there = labelled & np.isfinite(found).all(-1)
    kinds, nearest = (np.where(there, one, UNLABELLED).astype(np.uint8) for one in (kinds, nearest))
    return Judged(kinds, nearest, own, taken, pairs)
