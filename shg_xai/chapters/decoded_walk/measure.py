"""Walks through the latent, decoded by the rest of the network.

Shapes: N persons, P of them with random directions beside, K keypoints, D values of a latent, C steps, M directions, R
random ones of each, Q concepts.
"""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

import shg_xai.plugin  # noqa: F401  (the config's models are MMPose's and ours)
from shg_xai.chapters.decoded_walk import directions as latent
from shg_xai.chapters.decoded_walk.decoded_concepts import decodable, decoded_concepts, decoded_rules
from shg_xai.chapters.decoded_walk.directions import Floats, Key, Walks
from shg_xai.chapters.decoded_walk.effects import WalkedPoses, beside_random, compared, reachable, rounded, walk_of
from shg_xai.chapters.decoded_walk.options import BESIDE, DecodedWalkOptions, Skips, Start
from shg_xai.chapters.decoded_walk.results import DecodedWalk, Direction, Example, ExampleWalk, RandomWalks
from shg_xai.errors import InputError
from shg_xai.interventions.components import Fitted, check_stored, fit, open_selection
from shg_xai.interventions.edits import Batch, Edit, constant, resample, shift, zero
from shg_xai.interventions.evaluate import UNTOUCHED, Condition, evaluate, mean_outputs, predictions
from shg_xai.interventions.moves import Mover
from shg_xai.interventions.network import Network, Predictions, open_network, stop_flipping
from shg_xai.interventions.persons import Persons, build_loader, open_persons, other_image
from shg_xai.interventions.rows import relative_name
from shg_xai.latents.concepts import concepts
from shg_xai.models.stacked_hourglass import StackedHourglass, present_levels, skip_layer
from shg_xai.random_streams import stream
from shg_xai.runner.measurement import config_to_test, head, timed
from shg_xai.runner.provenance import image_folder
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.pca import Components
from shg_xai.tracing.tap import Change, split_name

PEAK_SHARE = 0.5  # of the median peak, from which on a joint counts as labelled
Distances = Sequence[float | None]


def measure(options: DecodedWalkOptions) -> DecodedWalk:
    """Decode walks along components and concepts, beside random directions; InputError for anything the user can mend.

    The flip test is off: the mirrored pass would decode the latent of the image that is not mirrored.
    """
    cfg = config_to_test(options)
    selection = open_selection(options.store, options.layer, options.checkpoint)
    check_stored(cfg, selection)
    known = concepts(selection.table(), selection.store.manifest.keypoint_names)
    chosen = latent.find_concepts(known, options.concepts)
    flipped = stop_flipping(cfg)
    everybody = open_persons(cfg, options.split, options.limit)
    numbers = everybody.spread(options.persons)
    persons, donors = everybody.subset(numbers), None
    if options.skips == 'donor':
        donors = everybody.subset(other_image(everybody.image_ids, numbers, options.seed))
    network = open_network(cfg, options.checkpoint, everybody.dataset, options.split)
    layers, times = skips_around(network.model, selection.layer, options.skips), dict[str, float]()
    fitted = fit(selection, options.seed, times)
    steps = np.array(sorted({*map(float, options.steps), 0.0}))
    along = latent.component_directions(fitted.components, options.components, len(selection))
    walks = Walks([*along, *latent.concept_directions(selection, chosen, fitted.components)], steps)
    start = fitted.components.mean if options.start == 'mean' else None
    skips = skip_edits(options.skips, layers, network, everybody)
    lent = build_loader(cfg, donors.dataset) if donors else None
    asked = conditions(network, walks, selection.layer, start, skips)
    with timed(times, 'network'):
        found = predictions(evaluate(network, build_loader(cfg, persons.dataset), asked, donors=lent))
    usual = float(np.median(found[UNTOUCHED.name].scores))
    decoded = Decoded(found, walks, network.names, PEAK_SHARE * usual if options.peak is None else options.peak)
    stacks = len(getattr(network.model.backbone, 'hourglasses', ()))
    one_pose = options.start == 'mean' and options.skips in ('none', 'mean') and stacks < 2
    few = persons.spread(1 if one_pose else BESIDE)
    lender = donors.subset(few) if donors else None
    mover = Mover(network, persons.subset(few), selection.layer, start, skips, lender)
    with timed(times, 'random'):
        drawn = random_numbers(decoded, few, mover, fitted.components, options)
    random = beside_random(drawn, list(decodable(network.names)), len(few))
    bootstrap = Bootstrap(persons.image_ids, options.bootstrap, options.confidence, options.seed)
    own = zip(_distances(fitted, walks, options.start), random, strict=True)
    answer = DecodedWalk(
        **head(options, cfg, len(persons), times),
        options=options,
        layer=selection.layer,
        steps=walks.steps.tolist(),
        ends=walks.ends,
        joints=list(network.names),
        links=[(int(a), int(b)) for a, b in everybody.dataset.metainfo['skeleton_links']],
        concepts=decoded_rules(network.names, decoded.peak),
        peak=decoded.peak,
        mean_skips_persons=len(everybody) if options.skips == 'mean' else None,
        directions=[_direction(decoded, place, *parts, bootstrap) for place, parts in enumerate(own)],
        examples=_examples(decoded, persons, donors),
    )
    replaced = options.skips != 'own'
    nothing = replaced and not layers
    said = {
        'The flip test of the config is off: a mirrored pass would decode the latent of the image that is not '
        'mirrored.': flipped,
        'All persons are of one image: there are no intervals.': len(np.unique(persons.image_ids)) < 2,
        f'Beside {options.random} random directions no p can come out below 0.05 once it is corrected; ask for more '
        'with --random.': not reachable(options.random),
        f'--skips {options.skips}: all skips of the network are off, so there were none to replace.': nothing,
        'All persons were decoded from the same values: their poses in the crop are equal, and intervals have no '
        'width.': answer.one_pose,
        f'Only the skips of the stack of {selection.layer} are replaced; what goes round it into later stacks is still '
        'of the person.': replaced and stacks > 1,
    }
    answer.warnings = [*fitted.warnings(everybody), *(text for text, holds in said.items() if holds)]
    return answer


def skips_around(model: nn.Module, layer: str, skips: Skips) -> list[str]:
    """The skips to replace when a layer is walked in, if any; InputError where they are, but it is in no hourglass."""
    if skips == 'own':
        return []
    found = re.fullmatch(r'backbone\.hourglasses\.(\d+)\..+', split_name(layer)[0])
    if found is None or not isinstance(model.backbone, StackedHourglass):
        why = f"{layer} is no layer within an hourglass of StackedHourglass's, so there are no skips to replace"
        raise InputError(f'--skips {skips}: {why}; leave --skips at own')
    stack = int(found[1])
    return [skip_layer(stack, level) for level in present_levels(model, layer)[stack]]


def skip_edits(skips: Skips, layers: Sequence[str], network: Network, everybody: Persons) -> dict[str, Edit]:
    """What takes the place of these skips; their mean is that over everybody."""
    if skips != 'mean' or not layers:
        return dict.fromkeys(layers, resample if skips == 'donor' else zero)
    means = mean_outputs(network, build_loader(network.cfg, everybody.dataset), layers)
    return {layer: constant(values) for layer, values in means.items()}


def conditions(
    network: Network, walks: Walks, layer: str, start: Floats | None, skips: Mapping[str, Edit]
) -> list[Condition]:
    """The untouched network, then one condition for each point of the walks, by its key.

    All walks start from one latent, (D,), or, if it is None, from each person's own.
    """
    common = None if start is None else torch.from_numpy(start).float().to(network.device)

    def steer(point: Key, batch: Batch, place: str) -> Change:
        # Made when it is needed: the offsets of all points together may be large.
        offset = torch.from_numpy(walks.offset(point)).float()
        return shift(offset.to(network.device), common)(batch, place)

    points = [Condition(point, {**skips, layer: partial(steer, point)}, layer) for point in walks.points()]
    return [Condition(UNTOUCHED.name, reuse=layer), *points]


@dataclass(frozen=True)
class Decoded:
    """What a network made of all points of all walks for N persons."""

    predictions: Mapping[Hashable, Predictions]  # by point, and of the untouched network by the name of its condition
    walks: Walks
    joints: Sequence[str]
    peak: float  # of its heatmap, from which on a joint counts as labelled

    def keypoints(self, direction: int) -> Floats:
        """Along one walk, in pixels of the image, shape (C, N, K, 2)."""
        return np.stack([self.predictions[point].keypoints for point in self.walks.walk(direction)])

    def poses(self, direction: int) -> WalkedPoses:
        """Along one walk, in the frame of each crop, with their concepts."""
        walked = [self.predictions[point] for point in self.walks.walk(direction)]
        poses, known = self.looked_at(Predictions.joined(walked))
        by_step = {name: values.reshape(len(walked), -1) for name, values in known.items()}
        peaks = np.stack([one.scores for one in walked])
        return WalkedPoses(self.walks.steps, self.walks.ends, poses.reshape(*peaks.shape, 2), peaks, by_step)

    def looked_at(self, made: Predictions) -> tuple[Floats, dict[str, Floats]]:
        """Any predictions in the frame of their crops, (n, K, 2), and their concepts, (n,) each."""
        known = decoded_concepts(made.keypoints, made.scores, made.scale, self.joints, self.peak)
        return in_crop(made.keypoints, made.center, made.scale), known


def random_numbers(
    decoded: Decoded, few: NDArray[np.int64], mover: Mover, components: Components, options: DecodedWalkOptions
) -> Floats:
    """What each direction does, and each of R random ones of its own and of its length, (1 + R, M, 1 + Q).

    They are decoded at the two ends of the walk alone, and for P of the persons, by number among all.
    """
    found, ends, count = [], np.array(decoded.walks.ends), options.random
    for place, steering in enumerate(decoded.walks.directions):
        walked = decoded.poses(place)
        vectors = latent.data_directions(components, count, stream(options.seed, 'decoded_directions', place)).T
        lengths = np.repeat(ends * steering.step, count)  # all random ones at one end, then all at the other
        made = mover.decode(2 * count, partial(_offsets, vectors, lengths), f'random {place + 1}')
        poses, concepts = decoded.looked_at(made)
        shape = 2, count, len(few)
        beside = compared(
            ends,
            poses.reshape(*shape, *poses.shape[1:]),
            walked.poses[walked.start, few],
            [values.reshape(shape) for values in concepts.values()],
        )
        found.append(np.vstack([walked.numbers(few), beside]))
    return np.stack(found, axis=1)


def in_crop(keypoints: Floats, center: Floats, scale: Floats) -> Floats:
    """Keypoints (..., N, K, 2) from the upper left corner of each crop (N, 2), in units of its longer side."""
    return (keypoints - (center - scale / 2)[:, None]) / scale.max(1)[:, None, None]


def _offsets(vectors: Floats, lengths: Floats, move: NDArray[np.int64], person: NDArray[np.int64]) -> Floats:
    """What moves by number add to a latent, (n, D), the same for every person: R vectors (R, D) over and over."""
    return lengths[move, None] * vectors[move % len(vectors)]


def _distances(fitted: Fitted, walks: Walks, start: Start) -> list[Distances]:
    """From each point of each walk to the nearest real latent; else None."""
    if start == 'person':
        return [[None] * len(walks.steps)] * len(walks.directions)
    vectors = np.stack([one.vector for one in walks.directions], axis=1)
    lengths = np.stack([walks.steps * one.step for one in walks.directions])
    return latent.nearest_distances(fitted.selection, fitted.components.mean, vectors, lengths).tolist()


def _direction(
    decoded: Decoded, place: int, distances: Distances, random: RandomWalks, bootstrap: Bootstrap
) -> Direction:
    """What is said of one direction."""
    steering = decoded.walks.directions[place]
    return Direction(
        name=steering.name,
        kind=steering.kind,
        number=steering.number,
        variance_share=steering.variance_share,
        step=steering.step,
        walk=walk_of(decoded.poses(place), decoded.joints, distances, bootstrap),
        random=random,
    )


def _examples(decoded: Decoded, persons: Persons, donors: Persons | None) -> list[Example]:
    """Poses of the first, the middle and the last person, in pixels of the image."""
    crop, dataset, found = decoded.predictions[UNTOUCHED.name], persons.dataset, []
    for person in persons.spread(3).tolist():
        walks = []
        for place, steering in enumerate(decoded.walks.directions):
            own = [rounded(pose, 3) for pose in decoded.keypoints(place)[:, person]]
            walks.append(ExampleWalk(name=steering.name, poses=own))
        found.append(
            Example(
                annotation_id=int(persons.columns['annotation_id'][person]),
                donor_annotation_id=None if donors is None else int(donors.columns['annotation_id'][person]),
                file_name=relative_name(dataset.get_data_info(person)['img_path'], image_folder(dataset)),
                crop_center=tuple(crop.center[person].tolist()),
                crop_scale=tuple(crop.scale[person].tolist()),
                untouched=rounded(crop.keypoints[person], 3),
                walks=walks,
            )
        )
    return found
