"""Walks through the latent, decoded by the rest of the network.

Shapes: N persons, K keypoints, D values of a latent, C steps.
"""

import re
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import nn

import shg_xai.plugin  # noqa: F401  (the config's models are MMPose's and ours)
from shg_xai.chapters.decoded_walk import directions as latent
from shg_xai.chapters.decoded_walk.decoded_concepts import decoded_concepts, decoded_rules
from shg_xai.chapters.decoded_walk.directions import Floats, Key, Walks
from shg_xai.chapters.decoded_walk.effects import WalkedPoses, baseline, beyond, more_than, rounded, walk_of
from shg_xai.chapters.decoded_walk.options import DecodedWalkOptions, Skips, Start
from shg_xai.chapters.decoded_walk.results import DecodedWalk, Direction, Example, ExampleWalk
from shg_xai.errors import InputError
from shg_xai.interventions.components import Fitted, check_stored, fit, open_selection
from shg_xai.interventions.edits import Batch, Edit, constant, resample, shift, zero
from shg_xai.interventions.evaluate import UNTOUCHED, Condition, evaluate, mean_outputs, predictions
from shg_xai.interventions.network import Network, Predictions, open_network, stop_flipping
from shg_xai.interventions.persons import Persons, build_loader, open_persons, other_image
from shg_xai.interventions.rows import relative_name
from shg_xai.latents.concepts import concepts
from shg_xai.models.stacked_hourglass import StackedHourglass, present_levels, skip_layer
from shg_xai.random_streams import stream
from shg_xai.runner.measurement import config_to_test, head, timed
from shg_xai.runner.provenance import image_folder
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.projection import unit_directions
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
    random = unit_directions(selection.dimensions, options.random, stream(options.seed, 'decoded_directions'))
    along = latent.component_directions(fitted.components, options.components, len(selection))
    walks = Walks([*along, *latent.concept_directions(selection, chosen, fitted.components)], random, steps)
    start = fitted.components.mean if options.start == 'mean' else None
    skips = skip_edits(options.skips, layers, network, everybody)
    lent = build_loader(cfg, donors.dataset) if donors else None
    asked = conditions(network, walks, selection.layer, start, skips)
    with timed(times, 'network'):
        found = predictions(evaluate(network, build_loader(cfg, persons.dataset), asked, donors=lent))
    usual = float(np.median(found[UNTOUCHED.name].scores))
    decoded = Decoded(found, walks, network.names, PEAK_SHARE * usual if options.peak is None else options.peak)
    distances = enumerate(_distances(fitted, walks, options.start))
    bootstrap = Bootstrap(persons.image_ids, options.bootstrap, options.confidence, options.seed)
    answer = DecodedWalk(
        **head(options, cfg, len(persons), times),
        options=options,
        layer=selection.layer,
        steps=walks.steps.tolist(),
        joints=list(network.names),
        links=[(int(a), int(b)) for a, b in everybody.dataset.metainfo['skeleton_links']],
        concepts=decoded_rules(network.names, decoded.peak),
        peak=decoded.peak,
        mean_skips_persons=len(everybody) if options.skips == 'mean' else None,
        directions=[_direction(decoded, place, own, bootstrap) for place, own in distances],
        examples=_examples(decoded, persons, donors),
    )
    replaced, stacks = options.skips != 'own', len(getattr(network.model.backbone, 'hourglasses', ()))
    nothing = replaced and not layers
    said = {
        'The flip test of the config is off: a mirrored pass would decode the latent of the image that is not '
        'mirrored.': flipped,
        'All persons are of one image: there are no intervals, so no verdicts.': len(np.unique(persons.image_ids)) < 2,
        f'--skips {options.skips}: all skips of the network are off, so there were none to replace.': nothing,
        'All persons were decoded from the same values: their poses in the crop are equal, intervals have no width, '
        'and monotonic asks for the sign alone.': answer.one_pose,
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
        vector, length = walks.place(point)
        # Made when it is needed: the offsets of all points together may be large.
        offset = length * torch.from_numpy(np.ascontiguousarray(vector)).float()
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

    def keypoints(self, direction: int, other: int) -> Floats:
        """Along one walk, in pixels of the image, shape (C, N, K, 2)."""
        return np.stack([self.predictions[point].keypoints for point in self.walks.walk(direction, other)])

    def poses(self, direction: int, other: int) -> WalkedPoses:
        """Along one walk, in the frame of each crop, with their concepts."""
        keypoints, crop = self.keypoints(direction, other), self.predictions[UNTOUCHED.name]
        peaks = np.stack([self.predictions[point].scores for point in self.walks.walk(direction, other)])
        all_steps = np.concatenate(keypoints), np.concatenate(peaks), np.tile(crop.scale, (len(peaks), 1))
        known = decoded_concepts(*all_steps, self.joints, self.peak)
        by_step = {name: values.reshape(peaks.shape[:2]) for name, values in known.items()}
        return WalkedPoses(self.walks.steps, in_crop(keypoints, crop.center, crop.scale), peaks, by_step)


def in_crop(keypoints: Floats, center: Floats, scale: Floats) -> Floats:
    """Keypoints (..., N, K, 2) from the upper left corner of each crop (N, 2), in units of its longer side."""
    return (keypoints - (center - scale / 2)[:, None]) / scale.max(1)[:, None, None]


def _distances(fitted: Fitted, walks: Walks, start: Start) -> list[tuple[Distances, Distances]]:
    """From each point of each direction's own and its first random walk to the nearest real latent; else None."""
    if start == 'person':
        return [([None] * len(walks.steps),) * 2] * len(walks.directions)
    vectors = np.stack([vector for one in walks.directions for vector in (one.vector, walks.random[:, 0])], axis=1)
    lengths = np.repeat([walks.steps * one.step for one in walks.directions], 2, axis=0)
    found = latent.nearest_distances(fitted.selection, fitted.components.mean, vectors, lengths).tolist()
    return list(zip(found[::2], found[1::2], strict=True))


def _direction(decoded: Decoded, place: int, distances: tuple[Distances, Distances], bootstrap: Bootstrap) -> Direction:
    """What is said of one direction, beside random ones of its length."""
    steering = decoded.walks.directions[place]
    own, *others = (decoded.poses(place, other) for other in range(1 + decoded.walks.random.shape[1]))
    walk = walk_of(own, decoded.joints, distances[0], bootstrap)
    random = baseline(others, walk_of(others[0], decoded.joints, distances[1], bootstrap), bootstrap)
    beside = random.concept_change_97_5
    return Direction(
        name=steering.name,
        kind=steering.kind,
        number=steering.number,
        variance_share=steering.variance_share,
        step=steering.step,
        walk=walk,
        random=random,
        more_than_random=more_than(walk.shift_per_sigma, random.shift_per_sigma_97_5),
        concept_more_than_random={name: beyond(own, beside[name]) for name, own in walk.concept_change.items()},
    )


def _examples(decoded: Decoded, persons: Persons, donors: Persons | None) -> list[Example]:
    """Poses of the first, the middle and the last person, in pixels of the image."""
    crop, dataset, found = decoded.predictions[UNTOUCHED.name], persons.dataset, []
    for person in persons.spread(3).tolist():
        walks = []
        for place, steering in enumerate(decoded.walks.directions):
            own, random = ([rounded(pose, 3) for pose in decoded.keypoints(place, i)[:, person]] for i in (0, 1))
            walks.append(ExampleWalk(name=steering.name, poses=own, random=random))
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
