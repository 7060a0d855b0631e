"""What is found by moving misclassified persons, in numbers and in warnings.

Shapes: N persons, M of them moved, D values of a latent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from shg_xai.chapters.cluster_shift.misclassified import Found, unpaired_difference, worst
from shg_xai.chapters.cluster_shift.options import MoveOptions
from shg_xai.chapters.component_projection.width import mean_estimate, paired_difference
from shg_xai.latents.selection import Selection

WEAK = 0.1  # Cramer's V below which a concept says next to nothing about clusters


@dataclass(frozen=True)
class Moves:
    """Who is decoded from another cluster's place.

    Attributes:
        persons: Numbers of the persons: who disagrees first, then who agrees, (M,).
        disagree: How many of them disagree.
        offsets: What is added to each one's latent, float64, shape (M, D).
    """

    persons: np.ndarray
    disagree: int
    offsets: np.ndarray


def summary(
    selection: Selection, found: Found, moves: Moves, decoded: Mapping[str, np.ndarray] | None, options: MoveOptions
) -> dict[str, Any]:
    """Counts, PCK of both groups, PCK before and after moving, examples, for the results.

    Args:
        selection: N persons.
        found: Who agrees, and who does not.
        moves: M of them.
        decoded: See :func:`decode_moved`; None where nobody was moved.
        options: How.
    """
    settings = (options.bootstrap, options.confidence, options.seed)
    pck = selection.table(['pck'])['pck'].to_numpy(zero_copy_only=False).astype(float)
    images = selection.image_ids
    means = {
        key: _mean(pck[mask], images[mask], *settings)
        for key, mask in (('agree', found.agree), ('disagree', found.disagree))
    }
    means['difference'] = unpaired_difference(pck, found.disagree, found.agree, images, *settings)
    moved = {}
    for key, part in (('disagree', slice(moves.disagree)), ('agree', slice(moves.disagree, None))):
        own = images[moves.persons[part]]
        if decoded is None or not len(own):
            moved[key] = None
            continue
        before, after = decoded['before'][part], decoded['after'][part]
        moved[key] = dict(
            persons=len(own),
            before=_mean(before, own, *settings),
            after=_mean(after, own, *settings),
            gain=paired_difference(after, before, own, *settings),
            mean_offset=float(np.linalg.norm(moves.offsets[part], axis=1).mean()),
        )
    return dict(
        counts=dict(
            agree=int(found.agree.sum()),
            disagree=int(found.disagree.sum()),
            unknown=int((~found.agree & ~found.disagree).sum()),
        ),
        pck=means,
        moved=moved,
        examples=worst(selection.annotation_ids, pck, found.disagree),
    )


def _mean(
    values: np.ndarray, image_ids: np.ndarray, resamples: int, confidence: float, seed: int
) -> dict[str, float | None]:
    """Mean over persons and its interval; nothing is known of nobody."""
    if not len(values):
        return dict(value=None, low=None, high=None)
    return mean_estimate(values, image_ids, resamples, confidence, seed)


def warnings_of(
    selection: Selection, clustered: int, concept: str, strength: float, found: Found, flipped: bool
) -> list[str]:
    """Sentences for the reader of the results.

    Args:
        selection: All persons of the store.
        clustered: How many of them have a cluster.
        concept: Name of the concept.
        strength: Cramer's V of clusters and concept.
        found: Who agrees.
        flipped: Whether a flip test was turned off.
    """
    warnings = []
    if not found.disagree.any():
        warnings.append(
            f'Nobody is misclassified: every person whose {concept} is known is on '
            "their cluster's side. So nobody was moved."
        )
    sides = {int(side) for side in found.majority if side >= 0}
    if len(sides) == 1:
        warnings.append(
            f'All clusters have their majority on the same side of {concept}, which '
            'does not tell them apart; who is called misclassified is merely on the '
            'rarer side.'
        )
    elif strength < WEAK:
        warnings.append(
            f"{concept} hardly goes with the clusters (Cramer's V {strength:.2f}): "
            'who is called misclassified is close to a toss of a coin.'
        )
    if not selection.store.complete:
        warnings.append(
            f'The store has {len(selection.store):,} of '
            f'{selection.store.manifest.rows:,} persons; its dump was cut off.'
        )
    if clustered < len(selection):
        warnings.append(
            f'The analysis has {clustered:,} of the {len(selection):,} persons of the store; the others are left out.'
        )
    missing = selection.table(['pck'])['pck'].null_count
    if missing:
        warnings.append(
            f'{missing:,} of {len(selection):,} persons of the store have no PCK: no '
            'labelled joint, or a dump without predictions.'
        )
    if flipped:
        warnings.append(
            'The flip test of the config is off: a mirrored pass would move the '
            'latent of the image that is not mirrored.'
        )
    return warnings
