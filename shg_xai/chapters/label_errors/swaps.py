"""Left and right exchanged: how a set of pairs fits before and after exchange, as numbers for a classifier.

Of a label as it is and of one in which the set was exchanged the numbers come from the same distances: after exchange a
joint is as far from its prediction as its mirror image was. Only sets are looked at that fit better once they are
exchanged, and of which a joint moves by then.

Shapes: N persons, n of them, K joints, Q pairs, F numbers.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from shg_xai.chapters.label_errors.body import Body
from shg_xai.chapters.label_errors.fit import Fit
from shg_xai.chapters.label_errors.labels import Labels
from shg_xai.stats.arrays import Bools, Float32, Int, Ints, Shaped, Singles

LEAST = 0.05  # of the crop's side, PCK's threshold: what moves less by exchange is right either way
ABSENT = -9.0  # for places of joints that are not labelled; trees part it from all others


@dataclass(frozen=True)
class Pairs:
    """Of each pair of each person: what exchange gains, and how sure the network is of it."""

    labels: Labels
    body: Body
    fit: Fit

    @cached_property
    def both(self) -> Shaped[Bools, 'N Q']:
        """Where both joints are labelled."""
        return self.body.both(self.labels.labelled)

    @cached_property
    def gain(self) -> Float32[Singles, 'N Q']:
        """Misfit as it is less misfit once exchanged."""
        more = self.fit.own - self.fit.crossed
        a, b = self.body.pairs.T
        return np.where(self.both, more[:, a] + more[:, b], 0).astype(np.float32)

    @cached_property
    def sure(self) -> Float32[Singles, 'N Q']:
        """The lower heatmap of the two, where exchange makes a difference."""
        a, b = self.body.pairs.T
        lower = np.minimum(self.labels.heights[:, a], self.labels.heights[:, b])
        return np.where(self.both, np.tanh(np.abs(self.gain) / 4) * lower, 0).astype(np.float32)

    @cached_property
    def moves(self) -> Float32[Singles, 'N Q']:
        """How far exchange moves the joints."""
        a, b = self.body.pairs.T
        far = np.linalg.norm(self.labels.places[:, a] - self.labels.places[:, b], axis=-1)
        return np.where(self.both, far, 0)

    def movable(self, own: Sequence[int]) -> Bools:
        """Of whom exchange of a set moves anything, (N,)."""
        return self.moves[:, own].max(1, initial=0) >= LEAST

    def candidates(self, own: Sequence[int], damaged: bool) -> Int[Ints, ' n']:
        """Who fits better once a set is exchanged, of labels as they are or after the set was exchanged in them."""
        gain = self.gain[:, own].sum(1)
        return np.flatnonzero(self.movable(own) & ((gain < 0) if damaged else (gain > 0)))


def numbers(pairs: Pairs, own: Sequence[int], some: Int[Ints, ' n'], damaged: bool) -> Float32[Singles, 'n F']:
    """What tells of some persons whether a set of pairs is exchanged; ``damaged``: after it was."""
    rest = [pair for pair in range(len(pairs.body.pairs)) if pair not in own]
    gain, sure = (-1 if damaged else 1) * pairs.gain[some][:, own], pairs.sure[some][:, own]
    others, sure_others = pairs.gain[some][:, rest], pairs.sure[some][:, rest]
    speaks = np.sort(np.where(gain > 0, sure, 0), axis=1)[:, ::-1]
    inside = np.isin(np.arange(len(pairs.body.mirrored)), pairs.body.joints_of(own))
    labelled, heights = pairs.labels.labelled[some], pairs.labels.heights[some]
    before, after = pairs.fit.own[some], pairs.fit.crossed[some]
    columns = [
        gain.sum(1),
        speaks[:, 0],
        speaks[:, 1] if len(own) > 1 else speaks[:, 0],
        speaks.sum(1),
        np.where(gain < 0, sure, 0).max(1),
        np.where(others > 0, sure_others, 0).max(1, initial=0),
        np.where(others < 0, sure_others, 0).max(1, initial=0),
        np.where(others < 0, sure_others, 0).sum(1),
        _mean((before if damaged else after)[:, inside], labelled[:, inside]),
        _mean(before[:, ~inside], labelled[:, ~inside]),
        _mean(heights, labelled),
        np.where(labelled, heights, np.inf).min(1),
        pairs.both[some][:, own].sum(1),
        (-1 if damaged else 1) * _longer(pairs, own, some),
    ]
    return np.stack(columns, 1).astype(np.float32)


def poses(pairs: Pairs, some: Int[Ints, ' n'], damaged: bool) -> Float32[Singles, 'n F']:
    """Label, flags and prediction of whole persons, from which trees see where a body faces; ``damaged``: with left and
    right exchanged.
    """
    labels, body = pairs.labels.take(some), pairs.body
    if damaged:
        labels = exchanged(labels, body, range(len(body.pairs)))
    a, b = body.pairs.T
    middle = (labels.box[:, None, :2] + labels.box[:, None, 2:]) / 2
    places = np.where(labels.labelled[..., None], labels.places - middle, ABSENT)
    parts = [
        np.where(body.both(labels.labelled), (places[:, a] - places[:, b])[..., 0], ABSENT),
        (labels.predicted[:, a] - labels.predicted[:, b])[..., 0],
        labels.flags,
        labels.heights,
        places.reshape(len(some), 2 * len(body.mirrored)),
        (labels.predicted - middle).reshape(len(some), 2 * len(body.mirrored)),
    ]
    return np.concatenate(parts, axis=1).astype(np.float32)


def exchanged(labels: Labels, body: Body, own: Sequence[int]) -> Labels:
    """Labels with the pairs of a set exchanged, places and flags, where both joints are labelled."""
    places, flags = labels.places.copy(), labels.flags.copy()
    for a, b in body.pairs[list(own)]:
        both = np.flatnonzero(labels.labelled[:, a] & labels.labelled[:, b])
        places[both, a], places[both, b] = labels.places[both, b], labels.places[both, a]
        flags[both, a], flags[both, b] = labels.flags[both, b], labels.flags[both, a]
    return labels.moved(places, flags)


def _mean(values: Singles, there: Bools) -> Singles:
    """Mean over joints that are labelled, 0 without any."""
    own: Singles = np.where(there, values, 0).sum(1) / np.maximum(there.sum(1), 1)
    return own


def _longer(pairs: Pairs, own: Sequence[int], some: Ints) -> Singles:
    """By how much lines from the set to other joints are longer as they are than once the set is exchanged."""
    places, labelled = pairs.labels.places[some], pairs.labels.labelled[some]
    total = np.zeros(len(some), np.float32)
    for a, b in pairs.body.crossing(own):
        mirror = pairs.body.mirrored[a]
        now, then = (np.linalg.norm(places[:, end] - places[:, b], axis=-1) for end in (a, mirror))
        total += np.where(labelled[:, [a, mirror, b]].all(1), now - then, 0)
    return total
