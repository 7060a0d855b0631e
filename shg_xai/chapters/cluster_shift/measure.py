"""Persons whose cluster disagrees with a concept: are they met worse, and does moving them help?

Shapes: N persons, D values of a latent, K clusters.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.chapters.cluster_shift.clustered import Clustered, find_clusters, read_clusters
from shg_xai.chapters.cluster_shift.misclassified import (
    AUTO,
    Found,
    Split,
    choose_concept,
    cluster_means,
    misclassified,
    targets,
)
from shg_xai.chapters.cluster_shift.options import MoveOptions
from shg_xai.chapters.cluster_shift.summary import Moves, summary, warnings_of
from shg_xai.errors import InputError
from shg_xai.interventions.components import check_stored, open_selection
from shg_xai.interventions.subject import open_model, open_persons, stop_flipping
from shg_xai.interventions.variants import Changes, measure_variants
from shg_xai.latents.selection import Selection
from shg_xai.runner.evaluators import pck_settings
from shg_xai.stats.executors import executor

SCHEMA_VERSION, KIND = 1, 'shg_xai misclassified'
STREAM = 7  # keeps these random numbers apart from others of the same seed


def move_persons(cfg: Config, checkpoint: str, options: MoveOptions) -> dict[str, Any]:
    """Set persons whose cluster disagrees with a concept beside the others, and move both.

    The flip test is off: the mirrored pass would move the latent of the image that is not mirrored.

    Args:
        cfg: The config, options of the command line merged; its flip test is turned off.
        checkpoint: A checkpoint of it.
        options: What to measure.

    Returns:
        The results, plain data.

    Raises:
        InputError: Anything the user can mend.
    """
    selection = open_selection(options.store, options.layer, checkpoint)
    check_stored(cfg, selection)
    times: dict[str, float] = {}
    name, clustered = _clusters(selection, options, times)
    concept, split, strength = choose_concept(options.concept, clustered.concepts, clustered.labels, options.clusters)
    found = misclassified(clustered.labels, split.sides, options.clusters)
    flipped = stop_flipping(cfg)
    moves = choose_moves(clustered, split, found, options)
    after = decode_moved(cfg, checkpoint, clustered.selection, moves, options, times) if len(moves.persons) else None
    analysis = None if options.analysis is None else dict(folder=str(options.analysis), name=name)
    return dict(
        schema_version=SCHEMA_VERSION,
        kind=KIND,
        config=cfg.filename,
        checkpoint=dict(file=checkpoint, **selection.store.manifest.source['checkpoint']),
        store=str(options.store),
        layer=selection.layer,
        split=split_of(selection, options),
        analysis=analysis,
        clusters=options.clusters,
        concept=concept,
        concept_split=dict(
            kind=split.kind,
            at=split.at,
            association=strength,
            chosen=AUTO if options.concept == AUTO else 'by name',
            majority=[None if side < 0 else int(side) for side in found.majority],
        ),
        persons=len(clustered.labels),
        seed=options.seed,
        settings=dict(
            limit=options.limit,
            bootstrap=options.bootstrap,
            confidence=options.confidence,
            flip_test=False,
            **pck_settings(cfg, split_of(selection, options)),
        ),
        **summary(clustered.selection, found, moves, after, options),
        warnings=warnings_of(selection, len(clustered.labels), concept, strength, found, flipped),
        times_s=times,
    )


def split_of(selection: Selection, options: MoveOptions) -> str:
    """The split whose data set has the store's persons: the one asked for, else the store's."""
    dataset = selection.store.manifest.source.get('dataset') or {}
    return options.split or dataset.get('split') or 'train'


def _clusters(selection: Selection, options: MoveOptions, times: dict[str, float]) -> tuple[str | None, Clustered]:
    """The name of the analysis that was read, if any, and the clusters."""
    if options.analysis is not None:
        return read_clusters(options.analysis, options.name, selection, options.clusters)
    with executor() as pool:
        return None, find_clusters(selection, options.clusters, options.seed, pool, times)


def choose_moves(clustered: Clustered, split: Split, found: Found, options: MoveOptions) -> Moves:
    """Whom to move: the first who disagree, and as many who agree, drawn with the seed.

    Each is moved by the mean of the cluster to go to less that of their own.
    """
    disagree = np.flatnonzero(found.disagree)[: options.limit]
    agree = np.flatnonzero(found.agree)
    drawn = np.random.default_rng([options.seed, STREAM]).permutation(agree)[: len(disagree)]
    persons = np.concatenate([disagree, np.sort(drawn)])
    means = cluster_means(clustered.selection, clustered.labels, options.clusters)
    own = clustered.labels[persons]
    to = targets(own, split.sides[persons], found.majority, means)
    return Moves(persons, len(disagree), means[to] - means[own])


def shifted(x: Tensor, offsets: Tensor) -> Tensor:
    """Latents plus an offset each.

    Args:
        x: Latents (N, ...) of D values each.
        offsets: float32, (N, D).

    Returns:
        Of the shape, type and memory format of ``x``; added in float32.
    """
    with torch.autocast(x.device.type, enabled=False):
        values = x.flatten(1).float() + offsets
    return torch.empty_like(x).copy_(values.reshape(x.shape))


def decode_moved(
    cfg: Config, checkpoint: str, selection: Selection, moves: Moves, options: MoveOptions, times: dict[str, float]
) -> dict[str, np.ndarray]:
    """Labelled PCK of M persons with their own latent and with the moved one, own skips in both.

    Args:
        cfg: The config.
        checkpoint: A checkpoint of it.
        selection: The store's persons.
        moves: Whom to move, and by what.
        options: How.
        times: Gets the seconds it took, as ``network``.

    Returns:
        ``before`` and ``after``, (M,) each, NaN without labelled joints.

    Raises:
        InputError: The data set has not all of these persons, or the checkpoint cannot be used.
    """
    split = split_of(selection, options)
    dataset, columns = open_persons(cfg, split)
    dataset.get_subset_(
        find_persons(columns['annotation_id'], selection.annotation_ids[moves.persons], f'{dataset.ann_file}').tolist()
    )
    model = open_model(cfg, checkpoint)
    offsets = torch.from_numpy(moves.offsets).float().to(next(model.parameters()).device)

    def change(persons: np.ndarray) -> Mapping[str, Any]:
        return dict(moved=lambda x: shifted(x, offsets[torch.from_numpy(persons)]))

    changes: dict[str, Changes] = {selection.layer: change}
    before, after = measure_variants(model, cfg, dataset, changes, pck_settings(cfg, split), times)
    return dict(before=before['labelled'], after=after[selection.layer, 'moved']['labelled'])


def find_persons(known: np.ndarray, wanted: np.ndarray, source: str) -> np.ndarray:
    """Numbers, among a data set's annotation ids, of wanted ones, (M,), in their order.

    Raises:
        InputError: Some are not there; ``source`` names the data set.
    """
    order = np.argsort(known)
    places = order[np.searchsorted(known, wanted, sorter=order).clip(max=len(known) - 1)]
    missing = known[places] != wanted
    if missing.any():
        raise InputError(
            f'{source}: {missing.sum():,} of {len(wanted):,} persons of the store are '
            f'not in it (annotation {wanted[missing][0]} first); name the data they '
            'were dumped from with --data-root and --split'
        )
    return places
