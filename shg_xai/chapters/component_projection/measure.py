"""PCK of a network whose latent is projected on its first principal components."""

import numpy as np

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.chapters.component_projection.options import ComponentProjectionOptions
from shg_xai.chapters.component_projection.results import ComponentProjection
from shg_xai.chapters.component_projection.width import curves, rules, stack_of, steps, untouched_pck
from shg_xai.interventions.components import as_tensors, check_stored, fit, open_selection
from shg_xai.interventions.edits import project
from shg_xai.interventions.evaluate import UNTOUCHED, Condition, evaluate, predictions
from shg_xai.interventions.network import open_network
from shg_xai.interventions.persons import build_loader, open_persons
from shg_xai.runner.measurement import config_to_test, head, timed
from shg_xai.stats.bootstrap import Bootstrap
from shg_xai.stats.pca import STUDY


def measure(options: ComponentProjectionOptions) -> ComponentProjection:
    """Measure PCK for a ladder of numbers of components of stored latents, and suggest a width.

    What comes before the layer is computed once for all k.

    Raises:
        InputError: Anything the user can mend.
    """
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
        warnings=fitted.warnings(options.split),
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
