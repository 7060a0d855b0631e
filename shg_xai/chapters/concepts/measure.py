"""The chapter ``concepts`` of the results: which annotations go with what in the latents."""

from collections.abc import Sequence
from concurrent.futures import Executor
from typing import Any

import numpy as np
import pyarrow as pa

from shg_xai.chapters.concepts.association import associate
from shg_xai.chapters.concepts.probes import probe
from shg_xai.chapters.concepts.separation import separate
from shg_xai.explain.options import Options
from shg_xai.latents.concepts import concepts, definitions
from shg_xai.stats.projection import Scores


def concept_results(
    table: pa.Table,
    keypoint_names: Sequence[str],
    leading: np.ndarray,
    scores: Scores,
    labels: dict[int, np.ndarray],
    options: Options,
    pool: Executor,
) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Relations of concepts with components, with clusters and with the whole latent.

    Args:
        table: N rows of a store.
        keypoint_names: Its K keypoints.
        leading: The first M principal components of the same persons, (N, M).
        scores: More of them, in a file.
        labels: By K clusters of the persons, shape (N,).
        options: Seed, resamples and confidence.
        pool: Who computes.

    Returns:
        The chapter, and by name the values (N,) of each concept, NaN where not known.
    """
    found = concepts(table, keypoint_names)
    images = table['image_id'].to_numpy()
    settings = dict(seed=options.seed, executor=pool, resamples=options.bootstrap, confidence=options.confidence)
    controls, components = associate(leading, found, images, **settings)
    results = dict(
        definitions=definitions(found),
        controls=controls,
        components=components,
        clusters=separate(labels, found, images, **settings),
        probes=probe(scores, found, images, **settings),
    )
    return results, {concept.name: concept.values for concept in found}
