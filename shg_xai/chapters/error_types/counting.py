"""Shares of the kinds of error, and what each costs of PCK, with intervals over images.

PCK is the project's own: a joint is correct within 0.05 of the crop's longer side, and the mean is over persons of each
one's share (:mod:`shg_xai.evaluation.pck`); of one joint it is the share of all that are labelled. The store has places
to 1/16 pixel.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from msgspec.structs import replace

from shg_xai.chapters.error_types.gathering import Gathered
from shg_xai.chapters.error_types.kinds import GOOD, UNLABELLED
from shg_xai.chapters.error_types.people import People
from shg_xai.chapters.error_types.results import KINDS, ErrorTypes, JointErrors, KindOfError
from shg_xai.results import Estimate
from shg_xai.stats.arrays import Float, Floats, Int, Ints
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.ratios import Part, Weights, image_weights, ratios, sums_in_resamples

PCK_THRESHOLD = 0.05  # of the crop's side
BLOCK = 2048  # persons


@dataclass(frozen=True)
class Sample:
    """The n persons of a store who are judged, in ``rows`` of it, on G images, and S resamples of these."""

    people: People
    gathered: Gathered
    names: Sequence[str]  # of joints
    rows: Int[Ints, ' n']
    bootstrap: Bootstrap
    weights: Weights
    image_of: Int[Ints, ' n']  # from 0 to G - 1

    @classmethod
    def of(cls, people: People, gathered: Gathered, names: Sequence[str], bootstrap: Bootstrap) -> 'Sample':
        """Those who count; the bootstrap is of them."""
        return cls(people, gathered, names, np.flatnonzero(gathered.counts), bootstrap, *image_weights(bootstrap))


def counted(of: str, sample: Sample) -> ErrorTypes:
    """Shares of the kinds and PCK, in all and joint by joint; OKS-AP and examples are not known yet."""
    people, names, rows, bootstrap = sample.people, sample.names, sample.rows, sample.bootstrap
    sums = sums_in_resamples(_parts(sample), sample.weights)
    size, kinds = len(names), len(KINDS)
    joints, rest = np.split(sums, [size * (2 + 2 * kinds)], axis=1)
    each = joints.reshape(-1, size, 2 + 2 * kinds)
    pooled = each.sum(1)
    told = []
    for place, name in enumerate(names):
        own = each[:, place]
        found = ratios(own[:, 1:], own[:, :1])
        told.append(_errors(name, round(own[0, 0]), round(own[0, 0]), found, bootstrap))
    shares, means = ratios(pooled[:, 2 : 2 + kinds], pooled[:, :1]), ratios(rest[:, 2:], rest[:, :1])
    in_all = np.concatenate([means[:, :1], shares, means[:, 1:]], axis=1)
    nearest = ratios(rest[:, 1], pooled[:, 0])
    alone = np.bincount(people.image_of)[people.image_of[rows]] == 1
    return ErrorTypes(
        of=of,
        confidence=bootstrap.confidence,
        warnings=list(_limits(int(people.guessed[rows].sum()), bool(alone.all()), len(rows))),
        persons=len(rows),
        images=sample.weights.shape[1],
        accompanied=int((~alone).sum()),
        areas_of_boxes=int(people.guessed[rows].sum()),
        all=_errors(None, round(pooled[0, 0]), len(rows), in_all, bootstrap),
        joints=told,
        by_nearest=bootstrap.estimate(nearest[0], nearest[1:], round(pooled[0, 0])),
        ap=None,
        ap_gains=[],
        ap_rescored=None,
        examples=[],
    )


def _limits(guessed: int, alone: bool, persons: int) -> Iterator[str]:
    """What the numbers do not tell."""
    if guessed:
        yield (
            f'The area of {guessed:,} of {persons:,} persons is not annotated, or not in the store: 0.53 of the box '
            'stands for it, as in MMPose.'
        )
    if alone:
        yield 'No picture has two stored persons, so a joint put on another person is counted as a miss, not as a swap.'


def _errors(
    name: str | None, labelled: int, persons: int, found: Float[Floats, '1+S 11'], bootstrap: Bootstrap
) -> JointErrors:
    """PCK, the share of each kind, and what each gains, in one row without resampling and in each resample."""
    parts = np.split(found, [1, 1 + len(KINDS)], axis=1)
    (pck,), shares, gains = (
        list(map(_seen, bootstrap.estimates(part, n)))
        for part, n in zip(parts, (persons, labelled, persons), strict=True)
    )
    pairs = zip(KINDS, shares, gains, strict=True)
    kinds = [KindOfError(kind=kind, share=share, pck_gain=gain) for kind, share, gain in pairs]
    return JointErrors(joint=name, labelled=labelled, pck=pck, kinds=kinds)


def _seen(estimate: Estimate) -> Estimate:
    """An estimate without its interval where nothing was seen at all, which drawing images anew does not change."""
    return estimate if estimate.value else replace(estimate, low=None, high=None)


def _parts(sample: Sample) -> Iterator[Part]:
    """Numbers of persons, block by block, to be summed. Of each joint whether it is labelled, correct, of each kind,
    and what each kind costs of PCK; then of each person 1, the joints that the nearest place calls otherwise, PCK, and
    what each kind costs of it.
    """
    people, gathered = sample.people, sample.gathered
    for start in range(0, len(sample.rows), BLOCK):
        some = sample.rows[start : start + BLOCK]
        kinds, labelled = gathered.kinds[some], gathered.kinds[some] != UNLABELLED
        away = np.linalg.norm(people.predicted[some] - people.truth[some], axis=-1)
        correct = away < PCK_THRESHOLD * people.side[some, None]
        of_kind = kinds[..., None] == np.arange(len(KINDS))
        costs = of_kind & ~correct[..., None] & (np.arange(len(KINDS)) != GOOD)
        each = np.concatenate([labelled[..., None], (labelled & correct)[..., None], of_kind, costs], axis=-1)
        count = labelled.sum(1, keepdims=True)
        otherwise = (gathered.by_nearest[some] != kinds).sum(1, keepdims=True)
        whole = [
            np.ones_like(count),
            otherwise,
            (labelled & correct).sum(1, keepdims=True) / count,
            costs.sum(1) / count,
        ]
        values = np.concatenate([each.reshape(len(some), -1), *whole], axis=1, dtype=np.float32)
        yield sample.image_of[start : start + BLOCK], values
