"""How much of the variance of latents a reconstruction explains, about their mean.

Shapes: N persons, D values a latent, W units of the code.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
import torch
from mmengine.dist import get_rank, get_world_size
from mmengine.evaluator import BaseMetric
from mmpose.registry import METRICS

from shg_xai.errors import InputError


@dataclass(frozen=True)
class Sums:
    """What is kept of persons, however many they are."""

    count: int  # N
    mean: np.ndarray  # latent, float64, (D,)
    total: float  # squared deviations from that mean, summed over persons and values
    error: float  # squared differences of reconstruction and latent, summed likewise
    low: np.ndarray  # least value of each unit of the code, (W,)
    high: np.ndarray  # greatest, (W,)


def sums_of(latents: np.ndarray, reconstructions: np.ndarray, codes: np.ndarray) -> Sums:
    """Sums of a batch in float64, of latents and reconstructions (N, D) and codes (N, W)."""
    latents = np.asarray(latents, np.float64)
    mean = latents.mean(axis=0)
    total, error = float(np.square(latents - mean).sum()), float(np.square(reconstructions - latents).sum())
    return Sums(len(latents), mean, total, error, codes.min(axis=0), codes.max(axis=0))


def joined(a: Sums, b: Sums) -> Sums:
    """Sums of two sets of persons together (Chan, Golub and LeVeque 1983, equation 1.5)."""
    count = a.count + b.count
    difference = b.mean - a.mean
    between = float(np.square(difference).sum()) * a.count * b.count / count
    mean, total = a.mean + difference * (b.count / count), a.total + b.total + between
    return Sums(count, mean, total, a.error + b.error, np.minimum(a.low, b.low), np.maximum(a.high, b.high))


def explained_variance(sums: Sums) -> dict[str, float]:
    """The metrics of :class:`ExplainedVariance`; InputError if a reconstruction is not finite or nobody differs."""
    if not np.isfinite(sums.error):
        fault = 'reconstructions hold NaN or infinity, training has diverged'
        raise InputError(f'ExplainedVariance: {fault}; lower optim_wrapper.optimizer.lr')
    if not sums.total > 0:
        fault = f'the latents of all {sums.count:,} evaluated persons are the same, there is no variance to explain'
        raise InputError(f'ExplainedVariance: {fault}; evaluate more persons')
    errors = dict(explained_variance_ratio=1 - sums.error / sums.total, mse=sums.error / (sums.count * len(sums.mean)))
    return errors | dict(dead_code_units=int((sums.low == sums.high).sum()), code_channels=len(sums.low))


@METRICS.register_module()
class ExplainedVariance(BaseMetric):
    """Share of the variance of latents that their reconstructions explain.

    Returns, of all persons evaluated:

        - ``latent/explained_variance_ratio``: 1 - SSE / SST over all persons and values, SST about the mean of the
          evaluated persons, so that predicting this mean for everybody scores 0, perfect reconstructions 1, and worse
          than the mean below 0
        - ``latent/mse``: SSE divided by the number of persons and values
        - ``latent/dead_code_units``: units of the code with one value for all persons
        - ``latent/code_channels``: width of the code

    The model must return of each person ``input``, ``reconstruction`` and ``code``, as LatentAutoencoder does.
    """

    default_prefix = 'latent'

    def process(self, data_batch: Any, data_samples: Sequence[dict]) -> None:
        """Add a batch to the sums of this process, without the persons that a sampler repeats to even out processes.

        MMEngine drops those where ``results`` has an entry a person; sums are one entry a process.
        """
        before = self.results[0].count if self.results else 0
        persons = (self.dataset_meta or {}).get('persons')
        if persons is None:
            mend = 'use LatentDataset, or give metainfo of the dataset a "persons"'
            raise InputError(f'ExplainedVariance: does not know how many persons there are; {mend}')
        # MMEngine's samplers deal persons out in turns (of process r are r, r + processes, ...), repeated ones last.
        genuine = data_samples[: len(range(get_rank(), persons, get_world_size())) - before]
        if not genuine:
            return
        columns = [
            torch.stack([sample[key].flatten() for sample in genuine]).double().cpu().numpy()
            for key in ('input', 'reconstruction', 'code')
        ]
        self.results[:] = [reduce(joined, [*self.results, sums_of(*columns)])]

    def compute_metrics(self, results: list[Sums]) -> dict[str, float]:
        """Join the sums of all processes that had persons."""
        return explained_variance(reduce(joined, results))
