"""A joint put elsewhere: what tells it from one the network does not find, as numbers for a classifier.

Shapes: N persons, K joints, F numbers.
"""

import numpy as np

from shg_xai.chapters.label_errors.body import Body
from shg_xai.chapters.label_errors.fit import Fit, distances
from shg_xai.chapters.label_errors.labels import Labels
from shg_xai.stats.arrays import Bools, Float32, Shaped, Singles

LEAST = 0.05  # of the crop's side: a joint that is as near to its prediction was not put elsewhere
FAR = 0.1  # by which a joint is moved at least in copies that are damaged
MOST_MOVED = 3  # joints of a person in them


def candidates(labels: Labels) -> Shaped[Bools, 'N K']:
    """Labelled joints that are off their prediction."""
    return labels.labelled & (distances(labels) >= LEAST)


def numbers(
    labels: Labels, body: Body, scale: Float32[Singles, ' K'], chosen: Shaped[Bools, 'N K']
) -> Float32[Singles, 'n F']:
    """What tells of chosen joints, in the order of ``np.nonzero``, whether they were put elsewhere."""
    fit, there = Fit.of(labels, body, scale), labels.labelled
    others = np.maximum(there.sum(1, keepdims=True) - there, 1)
    heights = np.where(there, labels.heights, 0)
    longest, change = _lines(labels, body)
    columns = [
        fit.own,
        distances(labels),
        labels.heights,
        _ranks(labels.heights),
        (fit.own.sum(1, keepdims=True) - fit.own) / others,
        (heights.sum(1, keepdims=True) - heights) / others,
        fit.crossed[:, body.mirrored],  # of this label with the mirror image's prediction
        longest,
        change,
        np.broadcast_to(np.arange(there.shape[1]), there.shape),
        *np.moveaxis(labels.places, -1, 0),
        *np.moveaxis(labels.predicted, -1, 0),
    ]
    return np.stack([column[chosen] for column in columns], 1).astype(np.float32)


def _ranks(heights: Float32[Singles, 'N K']) -> Singles:
    """Each height's place among those of its joint, from 0 to 1."""
    columns = [np.searchsorted(np.sort(own), own) / len(own) for own in heights.T]
    return np.stack(columns, 1).astype(np.float32)


def _lines(labels: Labels, body: Body) -> tuple[Singles, Singles]:
    """Of each joint the longest line of the skeleton at it, and the largest change of one against the prediction, as
    the logarithm of their ratio; 0 where the other end is not labelled.
    """
    longest, change = (np.zeros(labels.flags.shape, np.float32) for _ in range(2))
    for a, b in body.links:
        there = labels.labelled[:, a] & labels.labelled[:, b]
        own, found = (np.linalg.norm(of[:, a] - of[:, b], axis=-1) for of in (labels.places, labels.predicted))
        ratio = np.where(there, np.log((own + 0.02) / (found + 0.02)), 0)
        for end in (a, b):
            longest[:, end] = np.maximum(longest[:, end], np.where(there, own, 0))
            change[:, end] = np.where(np.abs(ratio) > np.abs(change[:, end]), ratio, change[:, end])
    return longest, change


def damaged(labels: Labels, random: np.random.Generator) -> tuple[Labels, Shaped[Bools, 'N K']]:
    """Labels of whom one to three joints are put elsewhere, and which: where in the crop a joint, any one, of anybody
    else is labelled, so that places are those where people are.
    """
    there = labels.labelled
    wanted = random.integers(1, MOST_MOVED + 1, (len(labels), 1))
    order = np.argsort(np.where(there, random.random(there.shape), np.inf), axis=1).argsort(1)
    # Somebody has to stay: of a person all of whose joints are moved nothing tells which are.
    chosen = there & (order < np.minimum(wanted, np.maximum(there.sum(1, keepdims=True) // 2, 1)))
    known = labels.places[there]
    places = np.where(chosen[..., None], known[random.integers(0, len(known), there.shape)], labels.places)
    far = chosen & (np.linalg.norm(places - labels.places, axis=-1) >= FAR)
    return labels.moved(np.where(far[..., None], places, labels.places)), far
