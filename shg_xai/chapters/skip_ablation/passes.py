"""Passes of a stacked hourglass in which skips and latents are replaced.

Shapes: N persons, K keypoints, C channels, H x W the resolution of a layer.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from tqdm import tqdm

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.chapters.component_projection.measure import projected
from shg_xai.chapters.skip_ablation.conditions import UNTOUCHED, Condition, levels_off, stacks_of
from shg_xai.errors import InputError
from shg_xai.interventions.persons import build_loader
from shg_xai.interventions.subject import Predicted, Subject, predict
from shg_xai.models.stacked_hourglass import StackedHourglass
from shg_xai.tracing.replay import replayed
from shg_xai.tracing.tap import Outputs, Replacement, tap

Components = Mapping[int, tuple[Tensor, Tensor]]  # by stack: mean (D,), vectors (D, D)


def skip_layer(stack: int, level: int) -> str:
    """Name of the layer whose output is a skip; level 0 is the finest."""
    return f'backbone.hourglasses.{stack}.skips.{level}'


def latent_layer(stack: int) -> str:
    """Name of the layer whose output is a stack's latent."""
    return f'backbone.hourglasses.{stack}.bottleneck_residuals'


def present_levels(model: nn.Module, config: str) -> list[list[int]]:
    """For each stack the levels whose skip is on.

    Args:
        model: A pose estimator.
        config: Named in the message.

    Raises:
        InputError: Its backbone is no StackedHourglass.
    """
    backbone = getattr(model, 'backbone', None)
    if not isinstance(backbone, StackedHourglass):
        raise InputError(
            f'{config}: model.backbone: not a StackedHourglass but a '
            f'{type(backbone).__name__}, which has no such skips; give a config of '
            'a StackedHourglass'
        )
    return [
        [level for level, is_on in enumerate(hourglass.skip_connections) if is_on] for hourglass in backbone.hourglasses
    ]


def changeable_layers(present: Sequence[Collection[int]]) -> list[str]:
    """Every skip that is on and every latent."""
    return [
        name
        for stack, levels in enumerate(present)
        for name in (*(skip_layer(stack, level) for level in levels), latent_layer(stack))
    ]


def read_outputs(subject: Subject, data: Mapping[str, Any], layers: Sequence[str]) -> Outputs:
    """What layers put out for a preprocessed batch: one tensor (N, C, H, W) a call.

    A flip test calls each twice; without one, what stands behind the last layer is not run.
    """
    flips = bool(subject.cfg.model.get('test_cfg', {}).get('flip_test', False))
    with tap(subject.model, read=layers, stop=not flips) as outputs:
        subject.model(**data, mode='predict')
    return outputs


def mean_outputs(subject: Subject, layers: Sequence[str]) -> Outputs:
    """Mean over the persons of what layers put out, summed up batch by batch in float64.

    Args:
        subject: Network and persons.
        layers: The layers.

    Returns:
        For each layer a float64 tensor (1, C, H, W) a call.
    """
    sums: Outputs = {}
    with subject.testing(), tqdm(total=len(subject.dataset), desc='means', unit='person') as bar:
        for batch in build_loader(subject.cfg, subject.dataset):
            data = subject.model.data_preprocessor(batch, False)
            for name, outputs in read_outputs(subject, data, layers).items():
                own = [output.double().sum(0, keepdim=True) for output in outputs]
                sums[name] = own if name not in sums else [a + b for a, b in zip(sums[name], own, strict=True)]
            bar.update(len(batch['inputs']))
    return {name: [total / len(subject.dataset) for total in own] for name, own in sums.items()}


def replaced_by(
    condition: Condition, present: Sequence[Collection[int]], values: Mapping[str, Outputs], components: Components
) -> dict[str, Replacement]:
    """What a tap has to replace for one pass of a condition.

    Args:
        condition: The condition.
        present: For each stack the levels whose skip is on.
        values: Of ``mean`` and ``donor``, by layer, a tensor (N or 1, C, H, W) a call.
        components: Of the latents, by stack.

    Returns:
        By layer; each answers the calls of one pass.
    """
    if condition.k is not None:
        return {
            latent_layer(stack): _projection(*components[stack], condition.k)
            for stack in stacks_of(condition, len(present))
        }
    layers = [skip_layer(*place) for place in levels_off(condition, present)]
    if condition.latent is not None:
        layers += [latent_layer(stack) for stack in stacks_of(condition, len(present))]
    if condition.replacement == 'zero':
        return dict.fromkeys(layers, torch.zeros_like)
    return {name: _given(values[condition.replacement][name]) for name in layers}


def _projection(mean: Tensor, vectors: Tensor, k: int) -> Replacement:
    return lambda x: projected(x, mean, vectors[:, :k])


def _given(values: Sequence[Tensor]) -> Replacement:
    """Answers one call after the other with these values, in the type and format it would have."""
    left = iter(values)
    return lambda x: torch.empty_like(x).copy_(next(left))


def measure_conditions(
    subject: Subject,
    conditions: Sequence[Condition],
    present: Sequence[Collection[int]],
    means: Outputs,
    donor_of: np.ndarray,
    components: Components,
) -> dict[Condition, Predicted]:
    """Predictions of the network under every condition; what comes first is computed once.

    Args:
        subject: Network and N persons; the network is left as it was, but in evaluation mode.
        conditions: The untouched network is measured besides them.
        present: For each stack the levels whose skip is on.
        means: See :func:`mean_outputs`; may be empty where no condition needs them.
        donor_of: For each person the one whose values it gets, shape (N,).
        components: Of the latents, by stack.

    Returns:
        Of the N persons, by condition.
    """
    layers = changeable_layers(present)
    needs_donors = any(condition.replacement == 'donor' for condition in conditions)
    by_stack = _by_first_stack([UNTOUCHED, *conditions])
    found: dict[Condition, list[Predicted]] = {condition: [] for condition in [UNTOUCHED, *conditions]}
    with subject.testing(), tqdm(total=len(subject.dataset), desc='network', unit='person') as bar:
        for batch, donor in _batches(subject, donor_of if needs_donors else None):
            # Once: it copies all that is known of a person. Predictions are overwritten.
            data = subject.model.data_preprocessor(batch, False)
            values = dict(mean=means)
            if donor is not None:
                values['donor'] = read_outputs(subject, subject.model.data_preprocessor(donor, False), layers)
            for stack, own in by_stack.items():
                with replayed(subject.model, until=latent_layer(stack)):
                    for condition in own:
                        with tap(subject.model, replace=replaced_by(condition, present, values, components)):
                            found[condition].append(predict(subject, data))
            bar.update(len(batch['inputs']))
    return {condition: Predicted.joined(parts) for condition, parts in found.items()}


def _batches(subject: Subject, donor_of: np.ndarray | None) -> Iterator[tuple[Any, Any]]:
    """Batches of the persons and of their donors, in the same order; None without donors."""
    batches = build_loader(subject.cfg, subject.dataset)
    if donor_of is None:
        yield from ((batch, None) for batch in batches)
        return
    others = subject.dataset.get_subset(donor_of.tolist())
    yield from zip(batches, build_loader(subject.cfg, others), strict=True)


def _by_first_stack(conditions: Sequence[Condition]) -> dict[int, list[Condition]]:
    """Conditions by the first stack they change; those of all stacks are with the first."""
    found: dict[int, list[Condition]] = {}
    for condition in conditions:
        found.setdefault(condition.stack or 0, []).append(condition)
    return found
