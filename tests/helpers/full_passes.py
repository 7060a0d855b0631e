"""Full test steps of the validation set, written without ours: what measurements of a network are held against."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from mmengine.config import Config
from mmengine.dataset import pseudo_collate
from mmengine.registry import init_default_scope
from mmpose.registry import DATASETS
from sklearn.decomposition import PCA

THR = 0.4  # loose enough for a random network's PCK to tell persons and projections apart


Project = Callable[[np.ndarray], np.ndarray]


def dumped(cfg: Config) -> dict[str, Any]:
    """Config and checkpoint as options; each run has a config file and a logger of its own."""
    cfg.experiment_name += '_'
    path = f'{cfg.work_dir}{cfg.experiment_name}.py'
    cfg.dump(path)
    return dict(config=path, checkpoint=cfg.load_from)


def batches(cfg: Config) -> list[Any]:
    """The persons of the validation set, in the config's batches."""
    init_default_scope('mmpose')
    dataset = DATASETS.build(cfg.val_dataloader.dataset)
    persons = [dataset[index] for index in range(len(dataset))]
    return [pseudo_collate(persons[start : start + 4]) for start in range(0, len(persons), 4)]


def exactly(value: float | None) -> Any:
    """The same share of joints, whatever the order it was summed in."""
    return pytest.approx(value, abs=1e-12)


def labelled_pck(samples: list[Any], keypoints: list[np.ndarray]) -> float:
    """Mean over persons of the share of labelled joints within THR of the crop's longer side."""
    scores = []
    for sample, predicted in zip(samples, keypoints, strict=True):
        x, y, v = np.reshape(sample.raw_ann_info['keypoints'], (-1, 3)).T
        far = np.hypot(predicted[:, 0] - x, predicted[:, 1] - y) / max(sample.input_scale)
        scores.append((far < THR)[v > 0].mean())
    return float(np.mean(scores))


def projected_by_hand(values: np.ndarray, k: int) -> Project:
    fitted = PCA(k, svd_solver='full').fit(values)
    return lambda x: fitted.inverse_transform(fitted.transform(x))
