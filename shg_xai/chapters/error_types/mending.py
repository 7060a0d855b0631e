"""What if errors of a kind had not been made: the similarity of whole persons, mended and as they are.

OKS, the object keypoint similarity of a prediction with a person, is the mean ks over the joints labelled of that
person. A joint is mended in one of two ways:

- it stands where it is annotated, with a ks of 1: the most there is to gain;
- the error is undone as Ronchi and Perona (2017, section 3.1) do it, to the edge of what is no such error: a jitter
  gets a ks of 0.85, a miss one of 0.5, inversions and swaps are as near to their own place as they were to the other.
  It is moved along x, beside the true place. (Their program takes half of k for it, so that a miss gets a ks of 0.84;
  here it is 0.5, where jitter begins.)

Shapes: I images with M persons each, K joints, V variants.
"""

from collections.abc import Iterator

import numpy as np

from shg_xai.chapters.error_types.kinds import (
    GOOD,
    HUMAN,
    INVERSION,
    JITTER,
    MISS,
    NEAR,
    SWAP,
    UNLABELLED,
    Joints,
    Judged,
    similarities,
)
from shg_xai.chapters.error_types.people import People
from shg_xai.stats.arrays import Bools, Float, Floats, Int, Ints, Shaped

ERRORS = (JITTER, INVERSION, SWAP, MISS)
TINY = np.finfo(float).tiny


def variants(
    people: People, crowd: Int[Ints, 'I M'], joints: Joints, judged: Judged
) -> Iterator[Float[Floats, 'I M M']]:
    """OKS of each prediction with each person: as it is; with each kind of error mended, to the true place, then to the
    edge; with all errors of one joint mended, to the true place, joint by joint.
    """
    labelled, truth = people.labelled[crowd], people.truth[crowd].astype(float)
    area = people.area[crowd].astype(float)
    share = labelled / np.maximum(labelled.sum(-1, keepdims=True), 1)  # of a joint in the mean, (I, M, K)

    def gain(places: Floats) -> Floats:
        """What each joint adds to OKS where it stands in other places, (I, M, M, K)."""
        similar = similarities(places[:, :, None], truth[:, None], area[:, None], joints.sigmas)
        return (np.where(labelled[:, None], similar, 0) - judged.pairs) * share[:, None]

    def with_mended(added: Floats, mended: Shaped[Bools, 'I M K']) -> Floats:
        return as_is + np.einsum('iabk,iak->iab', added, mended.astype(float))

    as_is = np.einsum('iabk,ibk->iab', judged.pairs, share)
    yield as_is
    full, edge = gain(truth), gain(_at_the_edge(truth, area, joints, judged))
    for added in (full, edge):
        yield from (with_mended(added, judged.kinds == kind) for kind in ERRORS)
    wrong = (judged.kinds != GOOD) & (judged.kinds != UNLABELLED)
    yield from (as_is + full[..., joint] * wrong[:, :, None, joint] for joint in range(len(joints.sigmas)))


def _at_the_edge(truth: Floats, area: Floats, joints: Joints, judged: Judged) -> Floats:
    """Where joints stand that are as near to their place as an error of their kind allows, (I, M, K, 2)."""
    similar = np.select(
        [judged.kinds == JITTER, judged.kinds == MISS, np.isin(judged.kinds, (INVERSION, SWAP))],
        [HUMAN, NEAR, np.clip(judged.taken, TINY, 1)],
        1.0,
    )
    away = np.sqrt(-2 * np.log(similar) * area[..., None]) * 2 * joints.sigmas
    moved: Floats = truth + np.stack([away, np.zeros_like(away)], -1)
    return moved
