"""PCK by person of a network with one layer's output replaced in several ways, layer by layer.

Shapes: N persons, K keypoints.
"""

from collections.abc import Callable, Hashable, Mapping
from typing import Any

import numpy as np
import torch
from mmengine.config import Config
from mmengine.runner import autocast
from torch import nn
from tqdm import tqdm

import shg_xai.plugin  # noqa: F401  (MMPose's models can be imported from here on)
from shg_xai.evaluation.person_scores import person_scores, sample_distances
from shg_xai.interventions.persons import build_loader
from shg_xai.tracing.replay import replayed
from shg_xai.tracing.tap import Replacement, tap

# From the numbers of a batch's persons to its replacements, by whatever names them.
Changes = Callable[[np.ndarray], Mapping[Hashable, Replacement]]
Scores = dict[str, np.ndarray]  # by group, (N,)
Found = list[tuple[np.ndarray, np.ndarray]]  # distances (K,) and flags (K,) of each person


def measure_variants(
    model: nn.Module,
    cfg: Config,
    dataset: Any,
    changes: Mapping[str, Changes],
    settings: Mapping[str, Any],
    times: dict[str, float],
) -> tuple[Scores, dict[tuple[str, Hashable], Scores]]:
    """PCK of N persons by person, of the untouched network and with one layer changed at a time.

    What comes before a layer is computed once a batch for all that takes its output's place.

    Args:
        model: A pose estimator; it is left as it was, but in evaluation mode.
        cfg: Its config, for the dataloader and autocast.
        dataset: The N persons.
        changes: By layer.
        settings: ``thr`` and ``normaliser``, see :func:`~shg_xai.runner.evaluators.pck_settings`.
        times: Gets the seconds it took, as ``network``.

    Returns:
        Of the untouched network by group (N,), see :func:`~shg_xai.evaluation.person_scores.person_scores`; and the
        same by layer and the name of the change.
    """
    model.eval()
    meta = dataset.metainfo
    names = [meta['keypoint_id2name'][joint] for joint in range(meta['num_keypoints'])]
    untouched: Found = []
    changed: dict[tuple[str, Hashable], Found] = {}

    def predict(data: Mapping[str, Any]) -> Found:
        return [
            sample_distances(sample.to_dict(), names, settings['normaliser'])
            for sample in model(**data, mode='predict')
        ]

    with tqdm(total=len(dataset), desc='network', unit='person') as progress:
        for batch in build_loader(cfg, dataset):
            persons = np.arange(len(untouched), len(untouched) + len(batch['inputs']))
            with torch.no_grad(), autocast(enabled=cfg.test_cfg.get('fp16', False)):
                # Once: it copies all that is known of a person. Predictions are overwritten.
                data = model.data_preprocessor(batch, False)
                untouched += predict(data)
                for layer, of in changes.items():
                    with replayed(model, until=layer):
                        for name, replacement in of(persons).items():
                            with tap(model, replace={layer: replacement}):
                                changed.setdefault((layer, name), []).extend(predict(data))
            progress.update(len(persons))
    times['network'] = round(progress.format_dict['elapsed'], 2)

    def scores(found: Found) -> Scores:
        distances, v = map(np.stack, zip(*found, strict=True))
        return person_scores(distances, v, names, settings['thr'])

    return scores(untouched), {name: scores(found) for name, found in changed.items()}
