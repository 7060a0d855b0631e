"""Persons whose cluster disagrees with a concept: are they met worse, and does steering M of them help?"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.chapters.cluster_shift import misclassified as judging
from shg_xai.chapters.cluster_shift import results
from shg_xai.chapters.cluster_shift.clustered import Clustered, find_clusters, read_clusters
from shg_xai.chapters.cluster_shift.options import AUTO, BESIDE, ClusterShiftOptions
from shg_xai.errors import InputError
from shg_xai.interventions.components import check_same_data, check_stored, open_selection
from shg_xai.interventions.edits import shift_each
from shg_xai.interventions.evaluate import UNTOUCHED, Condition, evaluate, predictions
from shg_xai.interventions.moves import Mover
from shg_xai.interventions.network import open_network, stop_flipping
from shg_xai.interventions.persons import build_loader, open_persons
from shg_xai.latents.identity import Key
from shg_xai.latents.selection import Selection
from shg_xai.random_streams import stream
from shg_xai.runner.config import pck_settings
from shg_xai.runner.measurement import config_to_test, head, timed
from shg_xai.stats.bootstrap import Bootstrap, number
from shg_xai.stats.draws import Beside, beside, to_either_side
from shg_xai.stats.executors import executor
from shg_xai.stats.multiple import holm
from shg_xai.stats.strata import difference, p_of_difference, strata

HELD = ('border_sides', 'labelled_share')  # what makes persons hard to meet, and tells clusters apart
WEAK = 0.1  # Cramer's V below which a concept says next to nothing about clusters
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Shifts:
    """Who is steered: M persons by number, so many who disagree first, and what is added to each latent, (M, D).

    ``few`` are P of those who disagree, by place among the M, whom R random moves are tried on: directions of length 1
    (R, U, D), one for each of the U pairs of clusters, ``pair`` (P,) that of each person's, ``way`` (P,) 1 or -1.
    """

    persons: NDArray[np.int64]
    disagree: int
    offsets: Floats
    few: NDArray[np.int64]
    random: Floats
    pair: NDArray[np.int64]
    way: NDArray[np.int64]

    def random_offsets(self, move: NDArray[np.int64], person: NDArray[np.int64]) -> Floats:
        """What random moves by number add to the few persons by number, as long as what they are shifted by, (n, D)."""
        length = np.linalg.norm(self.offsets[self.few[person]], axis=1) * self.way[person]
        offsets: Floats = length[:, None] * self.random[move, self.pair[person]]
        return offsets


@dataclass(frozen=True)
class Decoded:
    """Labelled PCK of M persons with their own latent and with the shifted one, and of P of them under R random moves,
    (R, P); NaN without labelled joints."""

    before: Floats
    after: Floats
    random: Floats


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
    held = [name for name in HELD if name in clustered.concepts]
    stratum = strata([clustered.concepts[name] for name in held], len(own))
    gains = gains_beside_random(shifts, decoded)
    p = [
        p_of_difference(pck, (disagree, agree), stratum, own.image_ids, options.seed),
        float(to_either_side(gains[:, None])[0]) if len(gains) > 1 else math.nan,
    ]
    corrected = holm(p).tolist()
    random = beside(gains, p[1], corrected[1]) if len(gains) > 1 else None
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
            difference=difference(pck, disagree, agree, np.zeros(len(own), np.int64), bootstrap),
            within=difference(pck, disagree, agree, stratum, bootstrap),
            held=held,
            p=number(p[0]),
            p_corrected=number(corrected[0]),
        ),
        shifted=results.ShiftedGroups(
            disagree=_summary(shifts, slice(shifts.disagree), decoded, bootstrap, random),
            agree=_summary(shifts, slice(shifts.disagree, None), decoded, bootstrap),
        ),
        examples=judging.worst(own.annotation_ids, pck, disagree),
        options=options,
    )


def choose_shifts(
    clustered: Clustered, split: judging.Split, found: judging.Found, options: ClusterShiftOptions
) -> Shifts:
    """The first who disagree, and as many drawn who agree; each by the target's mean less that of their own.

    Random moves are as alike between persons as these are: all who go between the same two clusters go along one line.
    """
    disagree = np.flatnonzero(found.disagree)[: options.limit]
    agree = stream(options.seed, 'shifted_persons').permutation(np.flatnonzero(found.agree))
    persons = np.concatenate([disagree, np.sort(agree[: len(disagree)])])
    means = judging.cluster_means(clustered.selection, clustered.labels, options.clusters)
    own = clustered.labels[persons]
    to = judging.targets(own, split.sides[persons], found.majority, means)
    few = np.unique(np.linspace(0, len(disagree) - 1, min(BESIDE, len(disagree))).round().astype(np.int64))
    low, high = np.sort([own[few], to[few]], axis=0)
    pairs, pair = np.unique(low * options.clusters + high, return_inverse=True)
    size, count = (options.random, len(pairs)), options.random * len(pairs)
    vectors = judging.random_directions(clustered.selection, count, options.seed) if count else None
    random = np.zeros((0, 1, 1)) if vectors is None else vectors.reshape(*size, -1)
    return Shifts(persons, len(disagree), means[to] - means[own], few, random, pair, np.sign(to - own)[few])


def decode_shifted(options: ClusterShiftOptions, selection: Selection, shifts: Shifts, split: str) -> Decoded:
    """Decode M persons' own latents and shifted ones, and those of P of them moved at random.

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
    random = np.empty((0, len(shifts.few)))
    if len(shifts.random) and len(shifts.few):
        mover = Mover(network, persons.subset(shifts.few), layer)
        moved = mover.decode(len(shifts.random), shifts.random_offsets, 'random moves')
        random = moved.pck(network)['labelled'].reshape(-1, len(shifts.few))
    return Decoded(before, after, random)


def gains_beside_random(shifts: Shifts, decoded: Decoded | None) -> Floats:
    """Mean gain of the few persons by their own shift, then by each random move, (1 + R,); one without random moves."""
    if decoded is None or not len(decoded.random):
        return np.full(1, math.nan)
    before = decoded.before[shifts.few]
    known = np.isfinite(before)
    if not known.any():
        return np.full(1, math.nan)
    after = np.vstack([decoded.after[shifts.few], decoded.random])
    gains: Floats = (after - before)[:, known].mean(1)
    return gains


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
    shifts: Shifts, part: slice, decoded: Decoded | None, bootstrap: Bootstrap, random: Beside | None = None
) -> results.Shifted | None:
    """What steering does for some of the persons; None where nobody was steered."""
    persons = shifts.persons[part]
    if decoded is None or not len(persons):
        return None
    before, after, drawn = decoded.before[part], decoded.after[part], bootstrap.of(persons)
    return results.Shifted(
        persons=len(persons),
        before=drawn.mean(before),
        after=drawn.mean(after),
        gain=drawn.difference(after, before),
        mean_offset=float(np.linalg.norm(shifts.offsets[part], axis=1).mean()),
        random_persons=len(shifts.few) if random else 0,
        random=random,
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
