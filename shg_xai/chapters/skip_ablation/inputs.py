"""What an ablation is measured on: networks, persons, levels and components, all checked."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from mmengine.config import Config

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.chapters.skip_ablation.options import AblationOptions, check_donors
from shg_xai.chapters.skip_ablation.passes import latent_layer
from shg_xai.errors import InputError
from shg_xai.interventions.components import Fitted, check_stored, fit, open_selection
from shg_xai.interventions.subject import Subject, open_model, open_persons
from shg_xai.latents import LatentStore
from shg_xai.runner.evaluators import pck_settings

KS = (0, 8, 50)


def open_subject(cfg: Config, checkpoint: str, options: AblationOptions) -> tuple[Subject, dict[str, np.ndarray]]:
    """A network with its weights, on the persons to test, and what is known of these, (N,).

    Raises:
        InputError: No such persons, or a checkpoint that cannot be used.
    """
    dataset, annotated = open_persons(cfg, options.split, options.limit)
    check_donors(len(dataset), options.replacements, f'{dataset.ann_file}: one person')
    model = open_model(cfg, checkpoint)
    normaliser = pck_settings(cfg, options.split)['normaliser']
    return Subject(model, cfg, dataset, normaliser), annotated


def open_control(
    cfg: Config, checkpoint: str, subject: Subject, annotated: dict[str, np.ndarray], options: AblationOptions
) -> Subject:
    """The network of ``--against``, on the same persons, judged alike.

    Raises:
        InputError: Its config tests other persons or joints, or its checkpoint cannot be used.
    """
    # MMEngine keeps a logger for each name.
    name = cfg.get('experiment_name') or Path(cfg.filename).stem
    cfg.experiment_name = f'{name}_against'
    control, own = open_subject(cfg, checkpoint, options)
    if not np.array_equal(own['annotation_id'], annotated['annotation_id']):
        raise InputError(
            f'--against {cfg.filename}: tests other persons of {options.split}; set '
            'its data set with --data-root or --cfg-options'
        )
    if control.names != subject.names:
        raise InputError(f'--against {cfg.filename}: has other keypoints; give a network of the same')
    return Subject(control.model, cfg, control.dataset, subject.normaliser)


def choose_levels(
    subject: Subject, present: Sequence[Sequence[int]], levels: Sequence[int] | None
) -> tuple[list[int], list[str]]:
    """Which levels are switched one by one, ascending, and warnings of those that cannot be.

    Args:
        subject: The network.
        present: For each stack the levels whose skip is on.
        levels: Those asked for; None for all.

    Raises:
        InputError: The network has no skips, or not at a level asked for.
    """
    depth, config = subject.model.backbone.depth, subject.cfg.filename
    if not any(present):
        raise InputError(
            f'{config}: skip_connections: a donor without skips, there is nothing to '
            'take away; give a network with skips, and this one as --against'
        )
    absent = [(stack, level) for stack, own in enumerate(present) for level in range(depth) if level not in own]
    for level in levels or ():
        if not 0 <= level < depth:
            raise InputError(f'--levels {level}: the network has levels 0 to {depth - 1}, 0 the finest')
        for stack in [stack for stack, other in absent if other == level]:
            raise InputError(f'--levels {level}: {config} switches this skip of stack {stack} off; leave it out')
    warnings = [
        f'Stack {stack} has no skip at level {level}, which its config switches off; no condition touches it.'
        for stack, level in absent
    ]
    return sorted(
        set(range(depth) if levels is None else levels) & {level for own in present for level in own}
    ), warnings


def open_components(
    cfg: Config, checkpoint: str, options: AblationOptions, stacks: int
) -> tuple[dict[int, Fitted], list[int]]:
    """Components of stored latents, by stack, and how many of them to keep; none without a store.

    Raises:
        InputError: The store is not of this network, or has fewer components than asked for.
    """
    if options.store is None:
        return {}, []
    kept = LatentStore.open(options.store).layers
    stored = [stack for stack in range(stacks) if latent_layer(stack) in kept] or [0]
    selections = [open_selection(options.store, latent_layer(stack), checkpoint) for stack in stored]
    check_stored(cfg, *selections)
    for selection in selections:
        for k in options.ks or ():
            if k > selection.dimensions:
                raise InputError(f'--ks {k}: the latent has {selection.dimensions} components; give at most as many')
    found = {stack: fit(selection, options.seed, {}) for stack, selection in zip(stored, selections, strict=True)}
    most = min(own.selection.dimensions for own in found.values())
    return found, sorted({k for k in options.ks or KS if k <= most})


def component_tensors(fitted: dict[int, Fitted], subject: Subject) -> dict[int, tuple[torch.Tensor, torch.Tensor]]:
    """Mean (D,) and vectors (D, D) by stack, float32, where the network is."""
    device = next(subject.model.parameters()).device
    return {
        stack: tuple(
            torch.from_numpy(np.ascontiguousarray(values)).float().to(device)
            for values in (own.components.mean, own.components.vectors)
        )
        for stack, own in fitted.items()
    }
