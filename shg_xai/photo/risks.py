"""The risk that joints of a photo are wrong, by the regressions of an analysis of the store."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from shg_xai.chapters.failure_prediction.results import FailurePrediction, TargetName
from shg_xai.chapters.failure_prediction.risk import risk
from shg_xai.chapters.failure_prediction.units import DOUBTS, Predicted, joints_of, persons_of
from shg_xai.errors import InputError
from shg_xai.latents.identity import annotations_sha256
from shg_xai.latents.selection import Selection, select
from shg_xai.photo.results import Risks
from shg_xai.results import AnalysedLayer
from shg_xai.results_file import read_results
from shg_xai.stats.arrays import Float, Floats

MEND = 'give the folder that tools/analyze_latent.py wrote with --out, or leave --analysis out'


@dataclass(frozen=True)
class Analysed:
    """What an analysis leaves for new photos: whose latents it looked at, its seed, and its answer, or why there is
    none.
    """

    selection: Selection
    rows: str = 'all'
    seed: int = 0
    folder: Path | None = None
    answer: FailurePrediction | None = None
    why: str | None = None


def read_analysis(folder: Path | None, selection: Selection) -> Analysed:
    """The part of an analysis that is about this layer of this store; all persons and no answer without a folder.

    InputError where results.json cannot be read, or tells of nothing that was made of these persons in this network.
    """
    if folder is None:
        return Analysed(selection)
    file = folder / 'results.json'
    results = read_results(file, MEND)
    layer = next((one for one in results.layers if _is_of(one, selection)), None)
    if layer is None:
        fault = f'is of {", ".join(f"{one.store} ({one.layer})" for one in results.layers)}, not of {selection.label}'
        raise InputError(f'{file}: {fault}; {MEND}')
    rows = str(results.settings.get('rows', 'all'))
    answer, chosen = results.first(FailurePrediction, layer.name), select(selection.store, selection.layer, rows)
    if len(chosen) != layer.persons:
        # Of several stores those are analysed who are in all of them.
        few = f'{folder} analysed {layer.persons:,} of these {len(chosen):,} persons: there are no risks.'
        return Analysed(chosen, rows, results.seed, folder, None, few)
    why: str | None = None
    if answer is None:
        others = [one.store for one in results.layers if results.first(FailurePrediction, one.name)]
        mend = f'tells failures of the persons of {others[0]} (--store)' if others else 'says nothing of failures'
        why = f'{folder} {mend}: there are no risks.'
    elif answer.targets[0].model is None:
        why = f'{folder} has no regression, so there are no risks: {answer.targets[0].why}'
    return Analysed(chosen, rows, results.seed, folder, None if why else answer, why)


def _is_of(layer: AnalysedLayer, selection: Selection) -> bool:
    manifest = selection.store.manifest
    known = layer.checkpoint or None
    weights = {key: value for key in ('sha256', 'url') if (value := getattr(known, key, None))}
    return (
        layer.layer == selection.layer
        and layer.persons_in_store == len(selection.store)
        and layer.dataset_sha256 == annotations_sha256(manifest)
        and weights == manifest.source.get('checkpoint')
    )


def risks_of(
    analysed: Analysed,
    heights: Float[Floats, ' K'],
    side: float,
    far: Mapping[str, float],
    doubts: Mapping[str, Float[Floats, ' K']],
) -> tuple[list[float | None], Risks | None]:
    """The risk of each of the K joints, and what there is to say of all; None each where nothing tells.

    Args:
        analysed: What the regressions were fitted to.
        heights: Of the joints' heatmaps.
        side: Of the crop, in pixels.
        far: How far out the latent is, by name.
        doubts: What heatmaps say beside their height, by column of a store, where they do.
    """
    if analysed.answer is None:
        return [None] * len(heights), None
    one = np.zeros(1, np.int64)
    labelled = np.ones((1, len(heights)), bool)  # whom nobody has labelled is asked about as who is
    other = {score: doubts[column][None].astype(np.float32) for score, column in DOUBTS.items() if column in doubts}
    who = Predicted(one, one, heights[None].astype(np.float32), labelled, ~labelled, np.array([side]), other)
    distances = {name: np.array([value], np.float32) for name, value in far.items()}
    found: dict[TargetName, list[float]] = {}
    keep: dict[TargetName, float | None] = {}
    for units in (joints_of(who, distances), persons_of(who, distances)):
        target = analysed.answer.of_target(units.target)
        if target is not None and target.model is not None:
            found[units.target] = risk(units.scores, target.model, units.joint).tolist()
            keep[units.target] = target.model.threshold
    person = found['persons'][0] if 'persons' in found else None
    told = Risks(analysis=str(analysed.folder), person=person, keep_joints=keep.get('joints'), thr=analysed.answer.thr)
    return [*found['joints']], told
