"""Finding VisiblePCK in a config's evaluators."""

from collections.abc import Iterable, Mapping
from typing import Any

from mmengine.config import Config

from shg_xai.errors import InputError
from shg_xai.evaluation.person_scores import NORMALISERS


def visible_pck(cfg: Config, split: str) -> dict[str, Any] | None:
    """The settings of the first VisiblePCK of a split's evaluator (val or test), to be read or changed in place."""
    evaluator = cfg.get(f'{split}_evaluator') or []
    entries: Iterable[Any] = [evaluator] if isinstance(evaluator, Mapping) else evaluator
    return next((entry for entry in entries if entry.get('type') == 'VisiblePCK'), None)


def keep_persons(cfg: Config, file: str) -> None:
    """Have a test write the PCK of each person into a Parquet file; the config is changed in place.

    Raises:
        InputError: The config's test has no VisiblePCK.
    """
    metric = visible_pck(cfg, 'test')
    if metric is None:
        raise InputError(f"--persons: test_evaluator of {cfg.filename} has no VisiblePCK; add dict(type='VisiblePCK')")
    metric['persons_file'] = file


def pck_settings(cfg: Config, split: str) -> dict[str, Any]:
    """``thr`` and ``normaliser`` of the config's VisiblePCK; the study's where it has none."""
    names = ('test', 'val') if split == 'test' else ('val', 'test')
    metric = next(filter(None, (visible_pck(cfg, name) for name in names)), {})
    normaliser = metric.get('normaliser', 'crop')
    if normaliser not in NORMALISERS:
        raise InputError(f'VisiblePCK: normaliser={normaliser!r}; choose one of {", ".join(NORMALISERS)}')
    return dict(thr=metric.get('thr', 0.05), normaliser=normaliser)
