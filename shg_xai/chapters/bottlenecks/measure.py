"""Bottlenecks of one width, trained on stored latents, read, and put into the network they are of.

Shapes: N persons of the store, C channels, H x W the resolution, D = C H W values of a latent, W units.
"""

from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.chapters.bottlenecks.extremes import ends_of
from shg_xai.chapters.bottlenecks.learned import Floats, Learned
from shg_xai.chapters.bottlenecks.options import BottlenecksOptions, Kind
from shg_xai.chapters.bottlenecks.reading import all_placed, usable
from shg_xai.chapters.bottlenecks.readouts import Key, People, Read, comparisons, p_values, readout
from shg_xai.chapters.bottlenecks.results import Bottleneck, Bottlenecks, Compared, Latents, SteeredUnit
from shg_xai.chapters.bottlenecks.splicing import MEAN, run_spliced, spliced
from shg_xai.chapters.bottlenecks.steering import best_units, steer
from shg_xai.chapters.bottlenecks.training_on import stack_of, trained_on
from shg_xai.chapters.decoded_walk.options import DecodedWalkOptions
from shg_xai.errors import InputError
from shg_xai.interventions.components import SAME_PERSONS, check_stored, open_selection
from shg_xai.interventions.evaluate import UNTOUCHED
from shg_xai.interventions.network import Network, open_network
from shg_xai.interventions.persons import Persons, open_persons
from shg_xai.latents import LatentStore
from shg_xai.latents.concepts import Concept, concepts_of
from shg_xai.latents.identity import annotations_sha256, check_same_persons
from shg_xai.latents.selection import Selection, held_out_images, select
from shg_xai.runner.measurement import config_to_test, head, timed
from shg_xai.runner.provenance import data_sha256
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.executors import executor


def measure(options: BottlenecksOptions) -> Bottlenecks:
    """Train, read, splice and steer; InputError for anything the user can mend."""
    cfg, times = config_to_test(options), dict[str, float]()
    cfg.merge_from_dict(dict(model=dict(test_cfg=dict(output_heatmaps=True))))  # the loss is of heatmaps
    selection = sample(open_selection(options.store, options.layer, options.checkpoint), options)
    check_stored(cfg, selection)
    if options.train_on:
        stack_of(selection.layer)  # refused before any work
    everybody = open_persons(cfg, options.split, options.limit, targets=True)
    network = open_network(cfg, options.checkpoint, everybody.dataset, options.split)
    own = Learned.of(selection, options, times)
    baseline = _untrained(selection, options, times)
    people = people_of(selection, own.fitted, options)
    with executor() as pool, timed(times, 'reading'):
        bottlenecks, compared, each = read_all(own, baseline, people, options, pool)
    with timed(times, 'splice'):
        scores = run_spliced(network, everybody, selection.layer, own.edits(network))
    bootstrap = Bootstrap(everybody.image_ids, options.bootstrap, options.confidence, options.seed)
    untouched, mean = scores[UNTOUCHED.name], scores[MEAN]
    for one in bottlenecks:
        if one.latents == 'trained':
            with_it = [found for name, found in scores.items() if isinstance(name, tuple) and name[0] == one.name]
            one.spliced = spliced(with_it, untouched, mean, bootstrap)
    with timed(times, 'steering'):
        steered = _steered(own, bottlenecks, network, everybody, selection.layer, options)
    after = []
    if options.train_on:
        with timed(times, 'training on'):
            after = list(trained_on(own.necks, own.shape, selection.layer, network, everybody, options))
    return Bottlenecks(
        **head(options, cfg, len(everybody), times),
        warnings=_warnings(selection, everybody, options),
        store=str(options.store),
        layer=selection.layer,
        dimensions=selection.dimensions,
        trained_on=int(own.fitted.sum()),
        measured_on=int((~own.fitted).sum()),
        images=len(np.unique(people.bootstrap.groups)),
        concepts=len(people.concepts),
        ends=people.ends.shape[1],
        confidence_each=each,
        thr=network.thr,
        normaliser=network.normaliser,
        untouched=bootstrap.mean(untouched.pck),
        mean_latent=bootstrap.mean(mean.pck),
        bottlenecks=bottlenecks,
        compared=compared,
        steered=steered,
        after=after,
        options=options,
    )


def sample(selection: Selection, options: BottlenecksOptions) -> Selection:
    """At most so many persons of a store as its latents shall take memory for, whole images by chance."""
    if len(selection) > options.most:
        share = options.most / len(selection)
        selection = selection.take(held_out_images(selection.image_ids, share, options.seed + 1))
    return selection


def _untrained(selection: Selection, options: BottlenecksOptions, times: dict[str, float]) -> Learned | None:
    """Dictionaries and components of the untrained network's latents of the same persons, if its store is given."""
    if options.untrained is None:
        return None
    store = LatentStore.open(options.untrained)
    found = select(store, store.layers[0] if len(store.layers) == 1 else selection.layer)
    place = {key: row for row, key in enumerate(found.keys)}
    missing = [key for key in selection.keys if key not in place]
    if missing:
        fault = f'has not all persons of {options.store}, as image {missing[0][1]}, annotation {missing[0][2]}'
        raise InputError(f'--untrained {options.untrained}: {fault}; dump both of the same split')
    rows = np.array([place[key] for key in selection.keys])
    if (np.diff(rows) < 0).any():
        raise InputError(f'--untrained {options.untrained}: persons in another order; dump both of the same split')
    found = found.take(rows)
    check_same_persons([selection, found])
    own = dict[str, float]()
    kinds: tuple[Kind, ...] = tuple(kind for kind in options.kinds if kind == 'topk')
    learned = Learned.of(found, replace(options, kinds=kinds), own)
    times |= {f'{kind}, untrained': seconds for kind, seconds in own.items()}
    return learned


def people_of(selection: Selection, fitted: NDArray[np.bool_], options: BottlenecksOptions) -> People:
    """Concepts of the persons, those that can be judged; InputError where there is none."""
    known = concepts_of(selection)
    values = np.array([concept.values for concept in known]).reshape(len(known), len(selection))
    kept = usable(values, fitted)
    if not kept.any():
        raise InputError(f'{selection.store.folder}: no concept varies among its persons; dump more of them')
    chosen: list[Concept] = [concept for concept, fine in zip(known, kept, strict=True) if fine]
    bootstrap = Bootstrap(selection.image_ids[~fitted], options.bootstrap, options.confidence, options.seed)
    placed = all_placed(values[kept].T, fitted)
    ends = ends_of(placed, fitted)
    if not ends.shape[1]:
        few = 'too few persons are at an end of a concept'
        raise InputError(f'{selection.store.folder}: {few}; dump more of them')
    return People(chosen, placed, ends, fitted, bootstrap)


def read_all(
    own: Learned, baseline: Learned | None, people: People, options: BottlenecksOptions, pool: Executor
) -> tuple[list[Bottleneck], list[Compared], float]:
    """What all kinds say, and how they compare."""
    read, deviations = dict[Key, Read](), dict[Latents, Floats]()
    both: list[tuple[Latents, Learned | None]] = [('trained', own), ('untrained', baseline)]
    for latents, learned in both:
        if learned is not None:
            read |= {(name, latents): Read.of(starts, people) for name, starts in learned.starts().items()}
            deviations[latents] = learned.deviations()
    p = p_values(read, people.bootstrap, options.permutations, pool)
    found = [
        Bottleneck(
            name=name,
            latents=latents,
            readout=readout(name, one, people, deviations[latents], p[name, latents]),
            spliced=None,
        )
        for (name, latents), one in read.items()
    ]
    compared, each = comparisons(read, people.bootstrap, options.margin)
    return found, compared, each


def _steered(
    own: Learned,
    bottlenecks: Sequence[Bottleneck],
    network: Network,
    persons: Persons,
    layer: str,
    options: BottlenecksOptions,
) -> list[SteeredUnit]:
    """The units of each kind that tell concepts best, in the first start."""
    starts = {name: found[0] for name, found in own.starts().items()} if options.steered else {}
    units = []
    for one in bottlenecks:
        if one.latents == 'trained' and one.name in starts:
            start = starts[one.name]
            spread = start.codes.std(0, dtype=float)
            units += best_units(one.name, one.readout.concepts, start.directions, spread, options.steered)
    walk = DecodedWalkOptions(
        config=options.config,
        checkpoint=options.checkpoint,
        store=options.store,
        random=options.random,
        bootstrap=options.bootstrap,
        confidence=options.confidence,
        seed=options.seed,
    )
    return steer(units, network, persons, layer, own.components, walk)


def _warnings(selection: Selection, persons: Persons, options: BottlenecksOptions) -> list[str]:
    same = annotations_sha256(selection.store.manifest) == data_sha256(persons.dataset)
    said = {
        SAME_PERSONS.format(persons.split).replace(
            'components were computed', 'bottlenecks were trained on latents'
        ): same,
        'One start a kind: nothing is known of another, so that no comparison is decided.': options.starts < 2,
        f'{len(selection):,} of {len(selection.store):,} persons of the store were used (--most).': len(selection)
        < len(selection.store),
    }
    return [text for text, holds in said.items() if holds]
