"""Walks through the latent, decoded by the rest of the network.

Shapes: N persons, K keypoints, D values of a latent, J directions, R random ones, C steps.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import nn

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.chapters.decoded_walk.directions import Walks, component_directions, concept_directions, find_concepts
from shg_xai.chapters.decoded_walk.passes import SKIPS, Decoded, Points, decode, skip_replacements, skips_around
from shg_xai.chapters.decoded_walk.persons import Shown, choose, spread
from shg_xai.chapters.decoded_walk.summary import Settings, results
from shg_xai.chapters.skip_ablation.passes import mean_outputs
from shg_xai.errors import InputError
from shg_xai.interventions.components import Fitted, check_stored, fit, open_selection
from shg_xai.interventions.subject import Subject, open_model, stop_flipping
from shg_xai.latents.concepts import Concept, concepts
from shg_xai.runner.measurement import check_numbers
from shg_xai.stats.projection import unit_directions

SCHEMA_VERSION, KIND = 1, 'shg_xai decoded walk'
STARTS = ('mean', 'person')
STEPS = (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)
MEAN_PERSONS = 1000  # of whom the mean skips are, at most


@dataclass(frozen=True)
class WalkOptions:
    """What to walk along, and whom to show.

    Attributes:
        store: Latents of training persons, which the directions are computed from.
        layer: The layer; None where the store has one.
        components: Principal components, from 1. None: those of 1, 2, 3, 10, 30, 50 that vary.
        concepts: Concepts of the store's persons.
        random: R, random directions beside each.
        steps: c, in sigmas; 0 is added.
        skips: Whose skips: ``own``, ``none``, ``mean`` or ``donor``.
        persons: At most so many persons, spread evenly over the split.
        split: Whose persons: train, val or test.
        start: ``mean`` (the mean latent) or ``person`` (each person's own).
        peak: From which peak of its heatmap on a joint counts as labelled. None: half of the median peak of the
            untouched network.
        bootstrap: Resamples of images behind each interval.
        confidence: Of the intervals.
        seed: Of everything drawn.

    Raises:
        InputError: A value makes no sense.
    """

    store: Path
    layer: str | None = None
    components: tuple[int, ...] | None = None
    concepts: tuple[str, ...] = ()
    random: int = 20
    steps: tuple[float, ...] = STEPS
    skips: str = 'own'
    persons: int = 50
    split: str = 'val'
    start: str = 'mean'
    peak: float | None = None
    bootstrap: int = 1000
    confidence: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        check_numbers(self, dict(random=1, persons=1))
        for key, known in (('skips', SKIPS), ('start', STARTS)):
            if getattr(self, key) not in known:
                raise InputError(f'--{key} {getattr(self, key)}: choose one of {", ".join(known)}')
        if not np.isfinite(self.steps).all() or not any(self.steps):
            raise InputError(f'--steps {" ".join(map(str, self.steps))}: give numbers of sigmas, one of them not 0')
        if self.components == () and not self.concepts:
            raise InputError('--components: no direction to walk along; name components or --concepts')


def walk_latent(cfg: Config, checkpoint: str, options: WalkOptions) -> dict[str, Any]:
    """Decode walks along components and concepts, beside random directions.

    The flip test is off: the mirrored pass would decode the latent of the image that is not mirrored.

    Args:
        cfg: The config, options of the command line merged; its flip test is turned off.
        checkpoint: A checkpoint of it.
        options: What to walk along.

    Returns:
        The results, plain data.

    Raises:
        InputError: Anything the user can mend.
    """
    selection = open_selection(options.store, options.layer, checkpoint)
    check_stored(cfg, selection)
    known = concepts(selection.table(), selection.store.manifest.keypoint_names)
    chosen = find_concepts(known, options.concepts)
    flipped = stop_flipping(cfg)
    shown = choose(cfg, options.split, options.persons, options.skips == 'donor', options.seed)
    model = open_model(cfg, checkpoint)
    layers = skips_around(model, selection.layer, options.skips)
    times: dict[str, float] = {}
    fitted = fit(selection, options.seed, times)
    walks = _walks(fitted, chosen, options)
    decoded = run_walks(model.eval(), cfg, shown, fitted, walks, layers, options, times)
    found = results(
        decoded,
        walks,
        fitted,
        shown,
        Settings(options.start, options.peak, options.bootstrap, options.confidence, options.seed),
    )
    settings = dict(
        random=options.random,
        steps=walks.steps.tolist(),
        peak=found.pop('peak'),
        bootstrap=options.bootstrap,
        confidence=options.confidence,
        requested_persons=options.persons,
        flip_test=False,
        mean_skips_persons=min(MEAN_PERSONS, len(shown.dataset)) if options.skips == 'mean' else None,
    )
    warnings = [
        *fitted.warnings(options.split),
        *_warnings(options, model, selection.layer, layers, shown.image_ids, flipped),
    ]
    return dict(
        schema_version=SCHEMA_VERSION,
        kind=KIND,
        config=cfg.filename,
        checkpoint=dict(file=checkpoint, **selection.store.manifest.source['checkpoint']),
        store=str(options.store),
        layer=selection.layer,
        split=options.split,
        persons=len(shown.persons),
        start=options.start,
        skips=options.skips,
        seed=options.seed,
        settings=settings,
        **found,
        warnings=warnings,
        times_s=times,
    )


def _walks(fitted: Fitted, chosen: Sequence[Concept], options: WalkOptions) -> Walks:
    """Along components, then concepts, and along random directions beside each."""
    size = fitted.selection.dimensions
    directions = [
        *component_directions(fitted.components, options.components, len(fitted.selection)),
        *concept_directions(fitted.selection, chosen, fitted.components),
    ]
    return Walks(
        directions,
        unit_directions(size, options.random, options.seed),
        np.array(sorted({*map(float, options.steps), 0.0})),
    )


def run_walks(
    model: nn.Module,
    cfg: Config,
    shown: Shown,
    fitted: Fitted,
    walks: Walks,
    layers: Sequence[str],
    options: WalkOptions,
    times: dict[str, float],
) -> Decoded:
    """Decode all points of all walks.

    Args:
        model: A pose estimator in evaluation mode.
        cfg: Its config.
        shown: The persons.
        fitted: Mean latent and layer.
        walks: The walks.
        layers: The skips to replace.
        options: Where walks start, and by what skips are replaced.
        times: Gets the seconds it took, as ``network``.
    """
    device = next(model.parameters()).device
    start = torch.from_numpy(fitted.components.mean).float().to(device) if options.start == 'mean' else None
    vectors = torch.from_numpy(walks.vectors()).float().to(device)
    dataset, donors = shown.dataset, shown.donors
    averaged = (
        mean_outputs(Subject(model, cfg, dataset.get_subset(spread(len(dataset), MEAN_PERSONS).tolist())), layers)
        if options.skips == 'mean' and layers
        else {}
    )
    lenders = None if donors is None else Subject(model, cfg, dataset.get_subset(donors.tolist()))
    replacements = skip_replacements(layers, averaged, lenders)
    return decode(
        model,
        cfg,
        dataset.get_subset(shown.persons.tolist()),
        fitted.selection.layer,
        Points(start, vectors, walks.places()),
        replacements,
        times,
    )


def _warnings(
    options: WalkOptions, model: nn.Module, layer: str, layers: Sequence[str], image_ids: np.ndarray, flipped: bool
) -> list[str]:
    """Sentences for the reader of the results."""
    found = []
    stacks = len(getattr(model.backbone, 'hourglasses', ()))
    if flipped:
        found.append(
            'The flip test of the config is off: a mirrored pass would decode the latent '
            'of the image that is not mirrored.'
        )
    if len(np.unique(image_ids)) < 2:
        found.append('All persons are of one image: there are no intervals, so no verdicts.')
    if options.skips != 'own' and not layers:
        found.append(f'--skips {options.skips}: all skips of the network are off, so there were none to replace.')
    if options.skips in ('none', 'mean') and options.start == 'mean':
        found.append(
            'All persons were decoded from the same values: their poses in the crop are '
            'equal, intervals have no width, and monotonic asks for the sign alone.'
        )
    if stacks > 1 and options.skips != 'own':
        found.append(
            f'Only the skips of the stack of {layer} are replaced; what goes round it '
            'into later stacks is still of the person.'
        )
    return found
