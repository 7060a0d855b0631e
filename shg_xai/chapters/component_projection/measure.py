"""PCK of a network whose latent is projected on its first principal components."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from torch import Tensor, nn

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.chapters.component_projection.width import ladder, mean_estimate, paired_difference, rules, suggestion
from shg_xai.errors import InputError
from shg_xai.interventions.components import Fitted, check_stored, fit, open_selection
from shg_xai.interventions.subject import open_model, open_persons
from shg_xai.interventions.variants import measure_variants
from shg_xai.runner.evaluators import pck_settings
from shg_xai.runner.measurement import check_numbers
from shg_xai.stats.pca import Components

SCHEMA_VERSION, KIND = 1, 'shg_xai kept components'


@dataclass(frozen=True)
class KeptOptions:
    """What to measure.

    Attributes:
        store: Latents of training persons, from which the components are computed.
        layer: The layer; None where the store has one.
        split: Whose PCK: train, val or test.
        ks: Numbers of components; all of them are added. None: a ladder.
        tolerance: The drop of labelled PCK that counts as none.
        limit: At most so many persons, the first of the data set.
        bootstrap: Resamples of images behind each interval.
        confidence: Of the intervals.
        seed: Of everything drawn.

    Raises:
        InputError: A value makes no sense.
    """

    store: Path
    layer: str | None = None
    split: str = 'val'
    ks: tuple[int, ...] | None = None
    tolerance: float = 0.005
    limit: int | None = None
    bootstrap: int = 1000
    confidence: float = 0.95
    seed: int = 0

    def __post_init__(self) -> None:
        check_numbers(self, dict(limit=1))
        if not 0 <= self.tolerance <= 1:
            raise InputError(f'--tolerance {self.tolerance}: give a number from 0 to 1')
        for k in self.ks or ():
            if k < 0:
                raise InputError(f'--k {k}: give numbers of components from 0 on')


def keep_components(cfg: Config, checkpoint: str, options: KeptOptions) -> dict[str, Any]:
    """Measure PCK for a ladder of kept components, and suggest a width.

    Args:
        cfg: The config, options of the command line merged.
        checkpoint: A checkpoint of it.
        options: What to measure.

    Returns:
        The results, plain data.

    Raises:
        InputError: Anything the user can mend.
    """
    selection = open_selection(options.store, options.layer, checkpoint)
    ks = _numbers(options.ks, selection.dimensions)
    check_stored(cfg, selection)
    dataset, columns = open_persons(cfg, options.split, options.limit)
    image_ids = columns['image_id']
    model = open_model(cfg, checkpoint)
    settings = pck_settings(cfg, options.split)
    times: dict[str, float] = {}
    fitted = fit(selection, options.seed, times)
    scores = measure(model, cfg, dataset, selection.layer, fitted.components, ks, settings, times)
    return dict(
        schema_version=SCHEMA_VERSION,
        kind=KIND,
        config=cfg.filename,
        checkpoint=dict(file=checkpoint, **selection.store.manifest.source['checkpoint']),
        store=str(options.store),
        layer=selection.layer,
        split=options.split,
        persons=len(image_ids),
        dimensions=selection.dimensions,
        seed=options.seed,
        settings=dict(
            tolerance=options.tolerance,
            bootstrap=options.bootstrap,
            confidence=options.confidence,
            limit=options.limit,
            **settings,
        ),
        warnings=fitted.warnings(options.split),
        **summary(scores, fitted, image_ids, options),
        times_s=times,
    )


def _numbers(ks: Sequence[int] | None, dimensions: int) -> list[int]:
    """The numbers of components to try, ascending; D is always one of them."""
    for k in ks or ():
        if k > dimensions:
            raise InputError(f'--k {k}: the latent has {dimensions} components; give at most as many')
    return ladder(dimensions) if ks is None else sorted({*ks, dimensions})


def projected(x: Tensor, mean: Tensor, vectors: Tensor) -> Tensor:
    """Latents as their first k principal components leave them: mean + (x - mean) V V^T.

    Args:
        x: Latents (N, ...) of D values each.
        mean: Mean latent, float32, (D,).
        vectors: V, the first k components, a column each, float32, (D, k).

    Returns:
        Of the shape, type and memory format of ``x``; computed in float32.
    """
    with torch.autocast(x.device.type, enabled=False):
        centred = x.flatten(1).float() - mean
        values = mean + (centred @ vectors) @ vectors.T
    return torch.empty_like(x).copy_(values.reshape(x.shape))


def measure(
    model: nn.Module,
    cfg: Config,
    dataset: Any,
    layer: str,
    components: Components,
    ks: Sequence[int],
    settings: Mapping[str, Any],
    times: dict[str, float],
) -> dict[int | None, dict[str, np.ndarray]]:
    """PCK of N persons by person, of the untouched network and with k components kept.

    Args:
        model: A pose estimator; it is left as it was, but in evaluation mode.
        cfg: Its config, for the dataloader and autocast.
        dataset: The N persons.
        layer: The layer whose output is projected.
        components: Of D values.
        ks: Numbers of components, 0 to D.
        settings: See :func:`pck_settings`.
        times: Gets the seconds it took, as ``network``.

    Returns:
        For each k, and None for the untouched network, by group (N,), see
        :func:`~shg_xai.evaluation.person_scores.person_scores`.
    """
    device = next(model.parameters()).device
    mean, vectors = (
        torch.from_numpy(np.ascontiguousarray(values)).float().to(device)
        for values in (components.mean, components.vectors)
    )
    kept = {k: partial(projected, mean=mean, vectors=vectors[:, :k]) for k in ks}
    untouched, changed = measure_variants(model, cfg, dataset, {layer: lambda persons: kept}, settings, times)
    return {None: untouched} | {k: changed[layer, k] for k in ks}


def summary(
    scores: Mapping[int | None, Mapping[str, np.ndarray]], fitted: Fitted, image_ids: np.ndarray, options: KeptOptions
) -> dict[str, Any]:
    """Untouched network, curve, rules and suggestion, from the PCK of N persons by person.

    Args:
        scores: See :func:`measure`.
        fitted: The components.
        image_ids: The image of each person, shape (N,).
        options: How.

    Raises:
        InputError: No person has a labelled joint.
    """
    drawn = (image_ids, options.bootstrap, options.confidence, options.seed)
    untouched = scores[None]
    if np.isnan(untouched['labelled']).all():
        raise InputError(f'{options.split}: no person has a labelled joint that can be judged')
    running = np.concatenate([[0.0], np.cumsum(fitted.components.ratio)])
    curve = [
        dict(
            k=k,
            explained_variance_ratio=min(float(running[k]), 1.0),
            pck={group: mean_estimate(values, *drawn) for group, values in own.items()},
            drop={group: paired_difference(untouched[group], values, *drawn) for group, values in own.items()},
        )
        for k, own in scores.items()
        if k is not None
    ]
    return dict(
        untouched={group: mean_estimate(values, *drawn) for group, values in untouched.items()},
        curve=curve,
        rules=rules(fitted.components.eigenvalues, fitted.above_noise),
        suggestion=suggestion(curve, options.tolerance),
    )
