"""Persons whose cluster disagrees with a concept: are they met worse, and does steering M of them help?"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.chapters.cluster_shift import misclassified as judging
from shg_xai.chapters.cluster_shift import results
from shg_xai.chapters.cluster_shift.clustered import Clustered, find_clusters, read_clusters
from shg_xai.chapters.cluster_shift.options import AUTO, ClusterShiftOptions
from shg_xai.errors import InputError
from shg_xai.interventions.components import check_same_data, check_stored, open_selection
from shg_xai.interventions.edits import shift_each
from shg_xai.interventions.evaluate import UNTOUCHED, Condition, evaluate, predictions
from shg_xai.interventions.network import open_network, stop_flipping
from shg_xai.interventions.persons import build_loader, open_persons
from shg_xai.latents.identity import Key
from shg_xai.latents.selection import Selection
from shg_xai.random_streams import stream
from shg_xai.runner.config import pck_settings
from shg_xai.runner.measurement import config_to_test, head, timed
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.executors import executor

WEAK = 0.1  # Cramer's V below which a concept says next to nothing about clusters
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shifts:
    """Who is steered: M persons by number, so many who disagree first, and what is added to each latent, (M, D)."""

    persons: NDArray[np.int64]
    disagree: int
    offsets: Floats


def measure(options: ClusterShiftOptions) -> results.ClusterShift:
    """Set persons whose cluster disagrees with a concept beside the others, and steer both, each with their own skips.

    The flip test is off: the mirrored pass would shift the latent of the image that is not mirrored. InputError for
    anything the user can mend.
    """
    cfg, times, source = config_to_test(options), dict[str, float](), None
    selection = open_selection(options.store, options.layer, options.checkpoint)
    check_stored(cfg, selection)
    if options.analysis is None:
        with executor() as pool:
            clustered = find_clusters(selection, options.clusters, options.seed, pool, times)
    else:
        name, clustered = read_clusters(options.analysis, options.name, selection, options.clusters)
        source = results.Source(folder=str(options.analysis), name=name)
    labels, own = clustered.labels, clustered.selection
    concept, split, strength = judging.choose_concept(options.concept, clustered.concepts, labels, options.clusters)
    found = judging.misclassified(labels, split.sides, options.clusters)
    agree, disagree = found.agree, found.disagree
    groups = dict(agree=agree, disagree=disagree, unknown=~agree & ~disagree)
    flipped = stop_flipping(cfg)
    shifts = choose_shifts(clustered, split, found, options)
    bootstrap = Bootstrap(own.image_ids, options.bootstrap, options.confidence, options.seed)
    dataset_split = options.split or (selection.store.manifest.source.get('dataset') or {}).get('split') or 'train'
    decoded = None
    if len(shifts.persons):
        with timed(times, 'network'):
            decoded = decode_shifted(options, own, shifts, dataset_split)
    pck = own.table(['pck'])['pck'].to_numpy(zero_copy_only=False).astype(float)
    return results.ClusterShift(
        **head(options, cfg, len(own), times, dataset_split),
        **pck_settings(cfg, dataset_split),
        warnings=_warnings(selection, len(own), (concept, strength), found, flipped),
        store=str(options.store),
        layer=selection.layer,
        analysis=source,
        clusters=options.clusters,
        concept=concept,
        concept_split=results.ConceptSplit(
            kind=split.kind,
            at=split.at,
            association=strength,
            chosen='auto' if options.concept == AUTO else 'by name',
            majority=[None if side < 0 else int(side) for side in found.majority],
        ),
        counts=results.Counts(**{name: int(who.sum()) for name, who in groups.items()}),
        pck=results.GroupPck(
            agree=bootstrap.of(agree).mean(pck[agree]),
            disagree=bootstrap.of(disagree).mean(pck[disagree]),
            difference=judging.unpaired_difference(pck, disagree, agree, bootstrap),
        ),
        shifted=results.ShiftedGroups(
            disagree=_summary(shifts, slice(shifts.disagree), decoded, bootstrap),
            agree=_summary(shifts, slice(shifts.disagree, None), decoded, bootstrap),
        ),
        examples=judging.worst(own.annotation_ids, pck, disagree),
        options=options,
    )


def choose_shifts(
    clustered: Clustered, split: judging.Split, found: judging.Found, options: ClusterShiftOptions
) -> Shifts:
    """The first who disagree, and as many drawn who agree; each by the target's mean less that of their own."""
    disagree = np.flatnonzero(found.disagree)[: options.limit]
    agree = stream(options.seed, 'shifted_persons').permutation(np.flatnonzero(found.agree))
    persons = np.concatenate([disagree, np.sort(agree[: len(disagree)])])
    means = judging.cluster_means(clustered.selection, clustered.labels, options.clusters)
    own = clustered.labels[persons]
    to = judging.targets(own, split.sides[persons], found.majority, means)
    return Shifts(persons, len(disagree), means[to] - means[own])


def decode_shifted(
    options: ClusterShiftOptions, selection: Selection, shifts: Shifts, split: str
) -> tuple[Floats, Floats]:
    """Labelled PCK of M persons with their own latent and with the shifted one, NaN without labelled joints.

    InputError: the data set has not all of these persons, or the checkpoint cannot be used.
    """
    cfg = config_to_test(options)
    stop_flipping(cfg)
    everybody = open_persons(cfg, split)
    check_same_data(selection, everybody.dataset)
    wanted = [selection.keys[person] for person in shifts.persons]
    persons = everybody.subset(find_persons(everybody.keys, wanted, everybody.dataset.ann_file))
    network = open_network(cfg, options.checkpoint, persons.dataset, split)
    edit = shift_each(torch.from_numpy(shifts.offsets).float().to(network.device))
    layer = selection.layer
    conditions = [Condition(UNTOUCHED.name, reuse=layer), Condition('shifted', {layer: edit}, reuse=layer)]
    found = predictions(evaluate(network, build_loader(cfg, persons.dataset), conditions))
    before, after = (found[condition.name].pck(network)['labelled'] for condition in conditions)
    return before, after


def find_persons(known: Sequence[Key], wanted: Sequence[Key], source: str) -> NDArray[np.int64]:
    """Numbers, in their order, of wanted persons among a data set's; InputError where some are not there."""
    places = {key: place for place, key in enumerate(known)}
    if missing := [key for key in wanted if key not in places]:
        raise InputError(
            f'{source}: {len(missing):,} of {len(wanted):,} persons of the store are not in it (annotation '
            f'{missing[0][2]} first); name the data they were dumped from with --data-root and --split'
        )
    return np.array([places[key] for key in wanted], dtype=np.int64)


def _summary(
    shifts: Shifts, part: slice, decoded: tuple[Floats, Floats] | None, bootstrap: Bootstrap
) -> results.Shifted | None:
    """What steering does for some of the persons; None where nobody was steered."""
    persons = shifts.persons[part]
    if decoded is None or not len(persons):
        return None
    (before, after), drawn = (own[part] for own in decoded), bootstrap.of(persons)
    return results.Shifted(
        persons=len(persons),
        before=drawn.mean(before),
        after=drawn.mean(after),
        gain=drawn.difference(after, before),
        mean_offset=float(np.linalg.norm(shifts.offsets[part], axis=1).mean()),
    )


def _warnings(
    selection: Selection, clustered: int, concept: tuple[str, float], found: judging.Found, flipped: bool
) -> list[str]:
    """Sentences for the reader of the results."""
    (name, strength), store, everybody = concept, selection.store, f'{len(selection):,}'
    alike, missing = len({*found.majority[found.majority >= 0]}) == 1, selection.table(['pck'])['pck'].null_count
    said = {
        f"Nobody is misclassified: every person whose {name} is known is on their cluster's side. So nobody was "
        'moved.': not found.disagree.any(),
        f'All clusters have their majority on the same side of {name}, which does not tell them apart; who is called '
        'misclassified is merely on the rarer side.': alike,
        f"{name} hardly goes with the clusters (Cramer's V {strength:.2f}): who is called misclassified is close to a "
        'toss of a coin.': strength < WEAK and not alike,
        f'The store has {len(store):,} of {store.manifest.rows:,} persons; its dump was cut off.': not store.complete,
        f'The analysis has {clustered:,} of the {everybody} persons of the store; the others are left out.': (
            clustered < len(selection)
        ),
        f'{missing:,} of {everybody} persons of the store have no PCK: no labelled joint, or a dump without '
        'predictions.': missing,
        'The flip test of the config is off: a mirrored pass would move the latent of the image that is not '
        'mirrored.': flipped,
    }
    return [text for text, holds in said.items() if holds]
