"""PCK of a network whose latent is projected on the first k of its D principal components: how many does it need?"""

import re
from collections.abc import Mapping, Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.chapters.component_projection.options import ComponentProjectionOptions
from shg_xai.chapters.component_projection.results import Choice, ComponentProjection, Rule, Suggestion
from shg_xai.errors import InputError
from shg_xai.interventions.components import as_tensors, check_stored, fit, open_selection
from shg_xai.interventions.edits import project
from shg_xai.interventions.evaluate import UNTOUCHED, Condition, evaluate, predictions
from shg_xai.interventions.network import open_network
from shg_xai.interventions.persons import build_loader, open_persons
from shg_xai.results import Curve, Estimate
from shg_xai.runner.measurement import config_to_test, head, timed
from shg_xai.stats.bootstrap import Bootstrap, number
from shg_xai.stats.pca import SHARES, STUDY, components_for
from shg_xai.stats.simultaneous import Resamples, upper_ends

Scores = Mapping[str, NDArray[np.float64]]  # PCK of each person by group of joints, (N,)


def measure(options: ComponentProjectionOptions) -> ComponentProjection:
    """Measure PCK for a ladder of k and suggest a width; InputError for anything the user can mend."""
    cfg, times = config_to_test(options), dict[str, float]()
    selection = open_selection(options.store, options.layer, options.checkpoint)
    layer, dimensions = selection.layer, selection.dimensions
    ks = steps(options.ks, dimensions, f'the latent has {dimensions} components', [STUDY])
    check_stored(cfg, selection)
    persons = open_persons(cfg, options.split, options.limit)
    network = open_network(cfg, options.checkpoint, persons.dataset, options.split)
    fitted = fit(selection, options.seed, times)
    mean, vectors = as_tensors(fitted.components, network.device)
    conditions = [Condition(k, {layer: project(mean, vectors[:, :k])}, reuse=layer) for k in ks]
    passes = evaluate(network, build_loader(cfg, persons.dataset), [UNTOUCHED, *conditions])
    with timed(times, 'network'):
        scores = {name: found.pck(network) for name, found in predictions(passes).items()}
    bootstrap = Bootstrap(persons.image_ids, options.bootstrap, options.confidence, options.seed)
    found = curves(scores[UNTOUCHED.name], {k: scores[k] for k in ks}, bootstrap, options.tolerance)
    running = np.concatenate([[0.0], np.cumsum(fitted.components.ratio)])
    return ComponentProjection(
        **head(options, cfg, len(persons), times),
        warnings=fitted.warnings(persons),
        store=str(options.store),
        layer=layer,
        stack=stack_of(layer),
        dimensions=dimensions,
        thr=network.thr,
        normaliser=network.normaliser,
        untouched=untouched_pck(scores[UNTOUCHED.name], bootstrap, options.split),
        explained_variance_ratio=[min(float(running[k]), 1.0) for k in ks],
        rules=rules(fitted.components.eigenvalues, fitted.above_noise),
        **found,
        options=options,
    )


class Curves(TypedDict):
    """PCK against the number of components, and what is lost, by group of joints; and what follows from it."""

    ks: list[int]
    pck: dict[str, Curve]
    drop: dict[str, Curve]
    suggestion: Suggestion


def ladder(dimensions: int, also: Sequence[int] = ()) -> list[int]:
    """Numbers of components to try, ascending: 0, the powers of two below D, others below D, D: 15 for D = 4096."""
    powers = [2**exponent for exponent in range(dimensions.bit_length())]
    return sorted({0, dimensions, *(k for k in (*powers, *also) if k < dimensions)})


def steps(asked: Sequence[int], dimensions: int, has: str, also: Sequence[int] = ()) -> list[int]:
    """The numbers to try, ascending, always D, too: those asked for, else the ladder with some more.

    InputError where one is above D, as ``has`` says in words.
    """
    for k in (k for k in asked if k > dimensions):
        raise InputError(f'--k {k}: {has}; give at most as many')
    return sorted({*asked, dimensions}) if asked else ladder(dimensions, also)


def curves(
    untouched: Scores, changed: Mapping[int, Scores], bootstrap: Bootstrap, tolerance: float, asked: int = 1
) -> Curves:
    """PCK by k, ascending, and what is lost against the untouched network, each person measured twice.

    ``asked`` is of how many layers a width is asked; see :func:`suggestion`.
    """
    x, pck, drop = [float(k) for k in changed], {}, {}
    for group, values in untouched.items():
        pck[group] = Curve(x=x, y=[bootstrap.mean(own[group]) for own in changed.values()])
        drop[group] = Curve(x=x, y=[bootstrap.difference(values, own[group]) for own in changed.values()])
    lost = {k: untouched['labelled'] - own['labelled'] for k, own in changed.items()}
    return Curves(ks=list(changed), pck=pck, drop=drop, suggestion=suggestion(lost, bootstrap, tolerance, asked))


def untouched_pck(scores: Scores, bootstrap: Bootstrap, split: str) -> dict[str, Estimate]:
    """PCK of the network as it is, by group of joints; InputError where no person has a labelled joint."""
    if np.isnan(scores['labelled']).all():
        raise InputError(f'{split}: no person has a labelled joint that can be judged')
    return {group: bootstrap.mean(values) for group, values in scores.items()}


def suggestion(
    lost: Mapping[int, NDArray[np.float64]], bootstrap: Bootstrap, tolerance: float, asked: int = 1
) -> Suggestion:
    """The smallest number of components shown to cost at most the tolerance, as is every larger one, by what each of N
    persons loses with k, (N,) each; the largest k is the network itself, up to rounding, and needs no showing.

    "And every larger": components come in the order of their variance, not of their use, so PCK may fall again as k
    grows. A k that is good by chance below one that is not would be no width to trust. Where a width is ``asked`` of
    several layers, the chance that any is too small is shared out among them (Bonferroni).
    """
    ks = sorted(lost)
    drawn = Resamples(bootstrap).means(np.stack([lost[k] for k in ks], axis=1))
    upper = upper_ends(drawn.means, drawn.images, 1 - (1 - bootstrap.confidence) / asked)
    place, *places = _smallest(np.vstack([upper, drawn.means[1:] + (upper - drawn.means[0])]) <= tolerance)
    chosen, times = np.unique(places, return_counts=True)
    return Suggestion(
        k=ks[place],
        tolerance=tolerance,
        drop=bootstrap.mean(lost[ks[place]]),
        upper=number(upper[place]),
        choices=[Choice(k=ks[i], share=n / len(places)) for i, n in zip(chosen, times.tolist(), strict=True)],
    )


def _smallest(shown: NDArray[np.bool_]) -> list[int]:
    """In each row the first place from which on all are true, the last one whatever it is."""
    run = np.logical_and.accumulate(shown[:, -2::-1], axis=1).sum(axis=1)
    found: list[int] = (shown.shape[1] - 1 - run).tolist()
    return found


def rules(eigenvalues: NDArray[np.float64], noise: int) -> list[Rule]:
    """The widths that looking at the latents alone would suggest; the study's 50 only where D is larger.

    Eigenvalues are variances along components, descending, (D,); ``noise`` counts those above noise.
    """
    found = {f'{100 * share:.0f} % of the variance': components_for(eigenvalues, share) for share in SHARES}
    found['above noise (parallel analysis)'] = noise
    if len(eigenvalues) > STUDY:
        found["the study's 50"] = STUDY
    return [Rule(name=name, k=k) for name, k in found.items()]


def stack_of(layer: str) -> int | None:
    """Which hourglass of a StackedHourglass a layer is in, by its name, from 0; None where it is in none."""
    found = re.match(r'backbone\.hourglasses\.(\d+)\.', layer)
    return int(found[1]) if found else None
