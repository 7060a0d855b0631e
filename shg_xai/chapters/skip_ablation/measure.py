"""PCK of a network whose skip connections, or whose latents, are taken away."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from mmengine.config import Config

from shg_xai.chapters.skip_ablation.conditions import UNTOUCHED, all_conditions, donors
from shg_xai.chapters.skip_ablation.inputs import (
    choose_levels,
    component_tensors,
    open_components,
    open_control,
    open_subject,
)
from shg_xai.chapters.skip_ablation.options import AblationOptions
from shg_xai.chapters.skip_ablation.passes import changeable_layers, mean_outputs, measure_conditions, present_levels
from shg_xai.chapters.skip_ablation.summary import LABELLED, person_columns, summary
from shg_xai.errors import InputError
from shg_xai.interventions.subject import measure_plain
from shg_xai.runner.evaluators import pck_settings
from shg_xai.runner.provenance import sha256

SCHEMA_VERSION, KIND = 1, 'shg_xai skip ablation'


def ablate_skips(
    cfg: Config, checkpoint: str, options: AblationOptions, against: tuple[Config, str] | None = None
) -> dict[str, Any]:
    """Measure PCK without skips, without latents, and of a control.

    Args:
        cfg: The config, options of the command line merged.
        checkpoint: A checkpoint of it.
        options: What to measure.
        against: Config and checkpoint of a network that is tested untouched on the same persons.

    Returns:
        The results, plain data.

    Raises:
        InputError: Anything the user can mend.
    """
    subject, annotated = open_subject(cfg, checkpoint, options)
    present = present_levels(subject.model, cfg.filename)
    levels, warnings = choose_levels(subject, present, options.levels)
    times: dict[str, float] = {}
    with timed(times, 'components'):
        fitted, ks = open_components(cfg, checkpoint, options, len(present))
    warnings += list(dict.fromkeys(line for own in fitted.values() for line in own.warnings(options.split)))
    control = None if against is None else open_control(*against, subject, annotated, options)
    conditions = all_conditions(present, levels, options.replacements, ks, fitted)
    with timed(times, 'means'):
        means = mean_outputs(subject, changeable_layers(present)) if 'mean' in options.replacements else {}
    persons = len(annotated['image_id'])
    others = donors(persons, options.donor_seed) if persons > 1 else np.zeros(1, dtype=np.int64)
    with timed(times, 'conditions'):
        tested = measure_conditions(subject, conditions, present, means, others, component_tensors(fitted, subject))
    with timed(times, 'against'):
        plain = None if control is None else measure_plain(control)
    settings = pck_settings(cfg, options.split)
    if np.isnan(person_columns(tested[UNTOUCHED], subject.names, settings['thr'])[LABELLED]).all():
        raise InputError(f'{options.split}: no person has a labelled joint that can be judged')
    with timed(times, 'intervals'):
        found = summary(
            tested,
            plain,
            subject.dataset,
            subject.names,
            settings['thr'],
            (annotated['image_id'], options.bootstrap, options.confidence, options.seed),
        )
    if against is not None:
        found['against'] = dict(config=against[0].filename, checkpoint=_source(against[1]), **found['against'])
    return dict(
        schema_version=SCHEMA_VERSION,
        kind=KIND,
        config=cfg.filename,
        checkpoint=_source(checkpoint),
        store=None if options.store is None else str(options.store),
        split=options.split,
        persons=persons,
        levels=levels,
        stacks=len(present),
        seed=options.seed,
        settings=dict(
            donor_seed=options.donor_seed,
            bootstrap=options.bootstrap,
            confidence=options.confidence,
            limit=options.limit,
            replacements=list(options.replacements),
            **settings,
        ),
        **found,
        warnings=warnings,
        times_s=times,
    )


def _source(checkpoint: str) -> dict[str, str]:
    own = dict(url=checkpoint) if '://' in checkpoint else dict(sha256=sha256(checkpoint))
    return dict(file=checkpoint, **own)


@contextmanager
def timed(times: dict[str, float], name: str) -> Iterator[None]:
    """Note how many seconds the block takes."""
    start = time.perf_counter()
    yield
    times[name] = round(time.perf_counter() - start, 2)
