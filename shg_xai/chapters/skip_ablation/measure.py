"""What a network loses without its skips, and without its latents: edits, one pass over persons, PCK and likelihood."""

from collections.abc import Collection, Hashable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from mmengine.config import Config
from msgspec.structs import asdict
from numpy.typing import NDArray
from torch import Tensor

import shg_xai.plugin  # noqa: F401  (the config's models are MMPose's and ours)
from shg_xai.chapters.skip_ablation import scores
from shg_xai.chapters.skip_ablation.conditions import all_conditions, levels_off, stacks_of
from shg_xai.chapters.skip_ablation.contrasts import CONTROL, Contrasts, all_off
from shg_xai.chapters.skip_ablation.options import Replacement, SkipAblationOptions
from shg_xai.chapters.skip_ablation.results import Ablated, Ablation, Control, Scores, SkipAblation, Way
from shg_xai.chapters.skip_ablation.scores import LABELLED, Columns, person_columns
from shg_xai.errors import InputError
from shg_xai.interventions.components import Fitted, as_tensors, check_stored, fit, open_selection
from shg_xai.interventions.edits import Edit, constant, project, resample, zero
from shg_xai.interventions.evaluate import UNTOUCHED, Condition, evaluate, mean_outputs, predictions
from shg_xai.interventions.network import Network, Predictions, open_network
from shg_xai.interventions.persons import Persons, build_loader, open_persons, other_image
from shg_xai.latents import LatentStore
from shg_xai.models.stacked_hourglass import latent_layer, present_levels, skip_layer
from shg_xai.runner.measurement import config_to_test, head, timed
from shg_xai.runner.provenance import data_sha256, identify
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.tracing.tap import Outputs

KS = (0, 8, 50)
Present = Sequence[Collection[int]]  # for each stack the levels whose skip is on
Components = Mapping[int, tuple[Tensor, Tensor]]  # of latents, by stack: mean (D,), vectors (D, D)


def measure(options: SkipAblationOptions) -> SkipAblation:
    """Measure PCK without skips, without latents, and of a control; InputError for anything the user can mend."""
    cfg, times = config_to_test(options), dict[str, float]()
    network, persons = open_tested(cfg, options.checkpoint, options)
    present = present_levels(network.model, cfg.filename)
    levels, warnings = choose_levels(network, present, options.levels)
    with timed(times, 'components'):
        fitted, ks = open_components(cfg, options, len(present))
    warnings += list(dict.fromkeys(line for own in fitted.values() for line in own.warnings(persons)))
    by = [own for own in get_args(Replacement) if own in options.replacements]
    if by != ['donor'] and 'donor' in by and len(np.unique(persons.image_ids)) < 2:
        by.remove('donor')
        warnings.append('All persons are of one image, so that nobody has a donor: that replacement is left out.')
    everybody = np.arange(len(persons))
    donor_of = other_image(persons.image_ids, everybody, options.donor_seed) if 'donor' in by else None
    other = open_control(options, network, persons)
    ablations = all_conditions(present, levels, by, ks, fitted)
    with timed(times, 'means'):
        loader = build_loader(cfg, persons.dataset)
        means = mean_outputs(network, loader, layers_of(present)) if 'mean' in by else {}
        for stack, own in fitted.items() if means else ():
            # Of a latent that is stored the mean is the store's, of persons who are not tested.
            values = means[latent_layer(stack)]
            values[0] = torch.from_numpy(own.components.mean).reshape(values[0].shape).to(values[0])
    with timed(times, 'conditions'):
        components = {stack: as_tensors(own.components, network.device) for stack, own in fitted.items()}
        conditions = [to_condition(one, present, means, components) for one in ablations]
        tested = predict_under(conditions, network, persons, donor_of)
    with timed(times, 'against'):
        plain = other and person_columns(predict_under([], *other)[UNTOUCHED.name], network)
    untouched = person_columns(tested[UNTOUCHED.name], network)
    if np.isnan(untouched[LABELLED]).all():
        raise InputError(f'{options.split}: no person has a labelled joint that can be judged')
    bootstrap = Bootstrap(persons.image_ids, options.bootstrap, options.confidence, options.seed)
    whole = None if len(present) > 1 else 0
    off = {own: tested[all_off(whole, own)] for own in by}
    shares = {own: person_columns(found, network)[LABELLED] for own, found in off.items()}
    examples = []
    if by:
        found: dict[Way, Predictions] = {'untouched': tested[UNTOUCHED.name], 'all_off': off[by[0]]}
        correct: dict[Way, scores.Values] = {'untouched': untouched[LABELLED], 'all_off': shares[by[0]]}
        examples = scores.examples(found, correct, persons.dataset)
    with timed(times, 'intervals'):
        contrasts, compared = Contrasts(bootstrap), []
        contrasts.add(UNTOUCHED.name, untouched)
        for one in ablations:
            # One condition's columns at a time: there are many conditions, each with dozens.
            own_columns = person_columns(tested[one], network)
            contrasts.add(one, own_columns)
            compared.append(compare(own_columns, untouched, bootstrap))
        against = None
        if plain:
            contrasts.add(CONTROL, plain)
            against = compare(plain, untouched, bootstrap)
        contrasts.ask(whole, levels, by)
        return SkipAblation(
            **head(options, cfg, len(persons), times),
            warnings=warnings,
            options=options,
            thr=network.thr,
            normaliser=network.normaliser,
            stacks=len(present),
            levels=levels,
            links=[(int(a), int(b)) for a, b in persons.dataset.metainfo['skeleton_links']],
            untouched=scores.scores(untouched, bootstrap),
            conditions=[
                Ablated(
                    condition=one,
                    drop=lost,
                    broken=contrasts.broken(one),
                    restored=contrasts.of(('restored', one)),
                    **asdict(own),
                )
                for one, (own, lost) in zip(ablations, compared, strict=True)
            ],
            against=Control(
                config=other[0].cfg.filename,
                checkpoint=identify(options.against[1]),
                difference=against[1],
                broken=contrasts.broken(CONTROL),
                **asdict(against[0]),
            )
            if against and other and options.against
            else None,
            histogram=scores.histogram(untouched[LABELLED], shares, plain[LABELLED] if plain else None),
            examples=examples,
            contrasts=len(contrasts),
            misled=contrasts.of('misled'),
            pairs=contrasts.pairs(levels),
            parts_left=contrasts.parts_left(whole, by),
        )


def compare(own: Columns, untouched: Columns, bootstrap: Bootstrap) -> tuple[Scores, Scores]:
    """The scores under a condition, and what is lost by it."""
    return scores.scores(own, bootstrap), scores.differences(untouched, own, bootstrap)


def open_tested(cfg: Config, checkpoint: str, options: SkipAblationOptions) -> tuple[Network, Persons]:
    """A network with its weights, and who it is tested on; InputError for no such persons or an unfit checkpoint."""
    persons = open_persons(cfg, options.split, options.limit)
    cfg.merge_from_dict(dict(model=dict(test_cfg=dict(output_heatmaps=True))))  # likelihoods are of heatmaps
    return open_network(cfg, checkpoint, persons.dataset, options.split), persons


def open_control(options: SkipAblationOptions, network: Network, persons: Persons) -> tuple[Network, Persons] | None:
    """The network of ``--against``, on the same persons, judged alike; InputError where it is of others or unfit."""
    if options.against is None:
        return None
    config, checkpoint = options.against
    cfg = config_to_test(options, config, checkpoint)
    # MMEngine keeps a logger for each name.
    cfg.experiment_name = f'{cfg.get("experiment_name") or Path(cfg.filename).stem}_against'
    control, own = open_tested(cfg, checkpoint, options)
    if own.keys != persons.keys or data_sha256(own.dataset) != data_sha256(persons.dataset):
        mend = 'set its data set with --data-root or --cfg-options'
        raise InputError(f'--against {cfg.filename}: tests other persons of {options.split}; {mend}')
    if control.names != network.names:
        raise InputError(f'--against {cfg.filename}: has other keypoints; give a network of the same')
    return replace(control, thr=network.thr, normaliser=network.normaliser), own


def choose_levels(network: Network, present: Present, levels: Sequence[int]) -> tuple[list[int], list[str]]:
    """The levels switched one by one, of those asked for or all, and warnings of those that cannot be.

    InputError where the network has no skips, or not at a level asked for.
    """
    depth = len(list(network.model.get_submodule('backbone.hourglasses.0.skips').children()))
    config = network.cfg.filename
    if not any(present):
        what = 'a donor without skips, there is nothing to take away'
        raise InputError(f'{config}: skip_connections: {what}; give a network with skips, and this one as --against')
    absent = [(stack, level) for stack, own in enumerate(present) for level in range(depth) if level not in own]
    for level in levels:
        if not 0 <= level < depth:
            raise InputError(f'--levels {level}: the network has levels 0 to {depth - 1}, 0 the finest')
        for stack in (stack for stack, other in absent if other == level):
            raise InputError(f'--levels {level}: {config} switches this skip of stack {stack} off; leave it out')
    warnings = [
        f'Stack {stack} has no skip at level {level}, which its config switches off; no condition touches it.'
        for stack, level in absent
    ]
    return sorted({level for own in present for level in own if not levels or level in levels}), warnings


def open_components(cfg: Config, options: SkipAblationOptions, stacks: int) -> tuple[dict[int, Fitted], list[int]]:
    """Components of stored latents, by stack, and how many of them to keep; none without a store.

    InputError where the store is not of this network, or has fewer components than asked for.
    """
    if options.store is None:
        return {}, []
    layers = LatentStore.open(options.store).layers
    stored = [stack for stack in range(stacks) if latent_layer(stack) in layers] or [0]
    selections = [open_selection(options.store, latent_layer(stack), options.checkpoint) for stack in stored]
    check_stored(cfg, *selections)
    most = min(selection.dimensions for selection in selections)
    for k in (k for k in options.ks if k > most):
        raise InputError(f'--ks {k}: the latent has {most} components; give at most as many')
    found = {stack: fit(selection, options.seed, {}) for stack, selection in zip(stored, selections, strict=True)}
    return found, sorted({k for k in options.ks or KS if k <= most})


def layers_of(present: Present) -> list[str]:
    """Every skip that is on and every latent."""
    skips = [skip_layer(stack, level) for stack, levels in enumerate(present) for level in levels]
    return skips + [latent_layer(stack) for stack in range(len(present))]


def to_condition(ablation: Ablation, present: Present, means: Outputs, components: Components) -> Condition:
    """What is taken away, as a condition that edits layers.

    Means (1, C, H, W), by layer one a call, and components may be empty where no condition asks for them.
    """
    stacks, by = stacks_of(ablation, len(present)), ablation.replacement
    edits: dict[str, Edit] = {}
    if ablation.k is not None:
        edits = {latent_layer(i): project(components[i][0], components[i][1][:, : ablation.k]) for i in stacks}
    else:
        layers = [skip_layer(*place) for place in levels_off(ablation, present)]
        for layer in layers + [latent_layer(stack) for stack in stacks if ablation.latent]:
            edits[layer] = zero if by == 'zero' else resample if by == 'donor' else constant(means[layer])
    return Condition(ablation, edits, reuse=latent_layer(stacks[0]))


def predict_under(
    conditions: Sequence[Condition], network: Network, persons: Persons, donor_of: NDArray[np.int64] | None = None
) -> dict[Hashable, Predictions]:
    """Predictions of the untouched network and under every condition, by its name; what comes first is computed once.

    ``donor_of`` holds for each of the N persons the number of the one whose values it gets; None without donors.
    """
    # Those of all stacks are with the first stack's.
    ordered = sorted(conditions, key=lambda one: one.reuse or '')
    first = replace(UNTOUCHED, reuse=ordered[0].reuse) if ordered else UNTOUCHED
    others = None if donor_of is None else build_loader(network.cfg, persons.subset(donor_of).dataset)
    return predictions(evaluate(network, build_loader(network.cfg, persons.dataset), [first, *ordered], donors=others))
