"""Persons whose cluster disagrees with a concept: are they met worse, and does steering them help?

Shapes: N persons, M of them steered, D values of a latent, K clusters.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.chapters.cluster_shift.clustered import Clustered, find_clusters, read_clusters
from shg_xai.chapters.cluster_shift.misclassified import (
    Found,
    Split,
    choose_concept,
    cluster_means,
    misclassified,
    targets,
    unpaired_difference,
    worst,
)
from shg_xai.chapters.cluster_shift.options import AUTO, ClusterShiftOptions
from shg_xai.chapters.cluster_shift.results import (
    ClusterShift,
    ConceptSplit,
    Counts,
    GroupPck,
    Shifted,
    ShiftedGroups,
    Source,
)
from shg_xai.errors import InputError
from shg_xai.interventions.components import check_stored, open_selection
from shg_xai.interventions.edits import shift_each
from shg_xai.interventions.evaluate import UNTOUCHED, Condition, evaluate, predictions
from shg_xai.interventions.network import identify, open_network, stop_flipping
from shg_xai.interventions.persons import build_loader, open_persons
from shg_xai.latents.selection import Selection
from shg_xai.runner.evaluators import pck_settings
from shg_xai.runner.measurement import config_to_test, timed
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.executors import executor

STREAM = 7  # keeps these random numbers apart from others of the same seed
WEAK = 0.1  # Cramer's V below which a concept says next to nothing about clusters
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shifts:
    """Who is decoded from another cluster's place.

    Attributes:
        persons: Numbers of the persons: who disagrees first, then who agrees, (M,).
        disagree: How many of them disagree.
        offsets: What is added to each one's latent, (M, D).
    """

    persons: NDArray[np.int64]
    disagree: int
    offsets: Floats


def measure(options: ClusterShiftOptions) -> ClusterShift:
    """Set persons whose cluster disagrees with a concept beside the others, and steer both.

    The flip test is off: the mirrored pass would shift the latent of the image that is not mirrored. Every person keeps
    their own skips.

    Raises:
        InputError: Anything the user can mend.
    """
    cfg = config_to_test(options)
    selection = open_selection(options.store, options.layer, options.checkpoint)
    check_stored(cfg, selection)
    times: dict[str, float] = {}
    source, clustered = _clusters(selection, options, times)
    concept, split, strength = choose_concept(options.concept, clustered.concepts, clustered.labels, options.clusters)
    found = misclassified(clustered.labels, split.sides, options.clusters)
    flipped = stop_flipping(cfg)
    shifts = choose_shifts(clustered, split, found, options)
    own = clustered.selection
    bootstrap = Bootstrap(own.image_ids, options.bootstrap, options.confidence, options.seed)
    dataset_split = options.split or (selection.store.manifest.source.get('dataset') or {}).get('split') or 'train'
    decoded: tuple[Floats, Floats] | None = None
    if len(shifts.persons):
        with timed(times, 'network'):
            decoded = decode_shifted(options, own, shifts, dataset_split)
    pck = own.table(['pck'])['pck'].to_numpy(zero_copy_only=False).astype(float)
    return ClusterShift(
        of=Path(options.config).stem,
        confidence=options.confidence,
        warnings=_warnings(selection, len(own), (concept, strength), found, flipped),
        config=cfg.filename,
        checkpoint=identify(options.checkpoint),
        split=dataset_split,
        persons=len(own),
        seed=options.seed,
        times_s=times,
        store=str(options.store),
        layer=selection.layer,
        analysis=source,
        clusters=options.clusters,
        concept=concept,
        concept_split=ConceptSplit(
            kind=split.kind,
            at=split.at,
            association=strength,
            chosen='auto' if options.concept == AUTO else 'by name',
            majority=[None if side < 0 else int(side) for side in found.majority],
        ),
        **pck_settings(cfg, dataset_split),
        counts=Counts(
            agree=int(found.agree.sum()),
            disagree=int(found.disagree.sum()),
            unknown=int((~found.agree & ~found.disagree).sum()),
        ),
        pck=GroupPck(
            agree=bootstrap.of(found.agree).mean(pck[found.agree]),
            disagree=bootstrap.of(found.disagree).mean(pck[found.disagree]),
            difference=unpaired_difference(pck, found.disagree, found.agree, bootstrap),
        ),
        shifted=ShiftedGroups(
            disagree=_summary(shifts, slice(shifts.disagree), decoded, bootstrap),
            agree=_summary(shifts, slice(shifts.disagree, None), decoded, bootstrap),
        ),
        examples=worst(own.annotation_ids, pck, found.disagree),
        options=options,
    )


def _clusters(
    selection: Selection, options: ClusterShiftOptions, times: dict[str, float]
) -> tuple[Source | None, Clustered]:
    """The analysis that was read, if any, and the clusters."""
    if options.analysis is not None:
        name, found = read_clusters(options.analysis, options.name, selection, options.clusters)
        return Source(folder=str(options.analysis), name=name), found
    with executor() as pool:
        return None, find_clusters(selection, options.clusters, options.seed, pool, times)


def choose_shifts(clustered: Clustered, split: Split, found: Found, options: ClusterShiftOptions) -> Shifts:
    """Whom to steer: the first who disagree, and as many who agree, drawn with the seed.

    Each is shifted by the mean of the cluster to go to less that of their own.
    """
    disagree = np.flatnonzero(found.disagree)[: options.limit]
    agree = np.flatnonzero(found.agree)
    drawn = np.random.default_rng([options.seed, STREAM]).permutation(agree)[: len(disagree)]
    persons = np.concatenate([disagree, np.sort(drawn)])
    means = cluster_means(clustered.selection, clustered.labels, options.clusters)
    own = clustered.labels[persons]
    to = targets(own, split.sides[persons], found.majority, means)
    return Shifts(persons, len(disagree), means[to] - means[own])


def decode_shifted(
    options: ClusterShiftOptions, selection: Selection, shifts: Shifts, split: str
) -> tuple[Floats, Floats]:
    """Labelled PCK of M persons with their own latent and with the shifted one, NaN without labelled joints.

    Raises:
        InputError: The data set has not all of these persons, or the checkpoint cannot be used.
    """
    cfg = config_to_test(options)
    stop_flipping(cfg)
    everybody = open_persons(cfg, split)
    wanted = selection.annotation_ids[shifts.persons]
    persons = everybody.subset(
        find_persons(everybody.columns['annotation_id'], wanted, f'{everybody.dataset.ann_file}')
    )
    network = open_network(cfg, options.checkpoint, persons.dataset, split)
    offsets = torch.from_numpy(shifts.offsets).float().to(network.device)
    shifted = Condition('shifted', {selection.layer: shift_each(offsets)}, reuse=selection.layer)
    conditions = [Condition(UNTOUCHED.name, reuse=selection.layer), shifted]
    found = predictions(evaluate(network, build_loader(cfg, persons.dataset), conditions))
    before, after = (found[condition.name].pck(network)['labelled'] for condition in conditions)
    return before, after


def find_persons(known: NDArray[np.int64], wanted: NDArray[np.int64], source: str) -> NDArray[np.int64]:
    """Numbers, among a data set's annotation ids, of wanted ones, (M,), in their order.

    Raises:
        InputError: Some are not there; ``source`` names the data set.
    """
    order = np.argsort(known)
    places = order[np.searchsorted(known, wanted, sorter=order).clip(max=len(known) - 1)]
    missing = known[places] != wanted
    if missing.any():
        raise InputError(
            f'{source}: {missing.sum():,} of {len(wanted):,} persons of the store are not in it (annotation '
            f'{wanted[missing][0]} first); name the data they were dumped from with --data-root and --split'
        )
    return places


def _summary(
    shifts: Shifts, part: slice, decoded: tuple[Floats, Floats] | None, bootstrap: Bootstrap
) -> Shifted | None:
    """What steering does for some of the persons; None where nobody was steered."""
    persons = shifts.persons[part]
    if decoded is None or not len(persons):
        return None
    before, after = (own[part] for own in decoded)
    drawn = bootstrap.of(persons)
    return Shifted(
        persons=len(persons),
        before=drawn.mean(before),
        after=drawn.mean(after),
        gain=drawn.difference(after, before),
        mean_offset=float(np.linalg.norm(shifts.offsets[part], axis=1).mean()),
    )


def _warnings(
    selection: Selection, clustered: int, concept: tuple[str, float], found: Found, flipped: bool
) -> list[str]:
    """Sentences for the reader of the results."""
    (name, strength), store = concept, selection.store
    warnings = []
    if not found.disagree.any():
        warnings.append(
            f"Nobody is misclassified: every person whose {name} is known is on their cluster's side. So nobody was "
            'moved.'
        )
    if len({int(side) for side in found.majority if side >= 0}) == 1:
        warnings.append(
            f'All clusters have their majority on the same side of {name}, which does not tell them apart; who is '
            'called misclassified is merely on the rarer side.'
        )
    elif strength < WEAK:
        warnings.append(
            f"{name} hardly goes with the clusters (Cramer's V {strength:.2f}): who is called misclassified is close "
            'to a toss of a coin.'
        )
    if not store.complete:
        warnings.append(f'The store has {len(store):,} of {store.manifest.rows:,} persons; its dump was cut off.')
    if clustered < len(selection):
        warnings.append(
            f'The analysis has {clustered:,} of the {len(selection):,} persons of the store; the others are left out.'
        )
    missing = selection.table(['pck'])['pck'].null_count
    if missing:
        warnings.append(
            f'{missing:,} of {len(selection):,} persons of the store have no PCK: no labelled joint, or a dump without '
            'predictions.'
        )
    if flipped:
        warnings.append(
            'The flip test of the config is off: a mirrored pass would move the latent of the image that is not '
            'mirrored.'
        )
    return warnings
