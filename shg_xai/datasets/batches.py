"""Batches that reach the network in a few pieces, whatever is in them.

MMEngine leaves a batch as it is loaded: a list of N images, and N samples with a tensor or two each. Between processes
every tensor travels by itself, and to a GPU too: of a batch of 32 persons some hundred, which is most of what the one
process that trains has to do for them. Here each kind is stacked by the process that loads, and travels once.

Nothing of MMPose is imported: a process that is started afresh to load imports this file before the plugin.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.dataset import pseudo_collate
from mmengine.registry import FUNCTIONS
from mmengine.structures import BaseDataElement
from torch import Tensor
from torch.utils.data import default_collate

INPUTS, SAMPLES, TARGETS = 'inputs', 'data_samples', 'targets'
LOOSE = 'loose'  # whether samples have tensors that could not be stacked
Place = tuple[str, str]  # a field of a sample and what is in it, say gt_fields and heatmaps


@FUNCTIONS.register_module()
def stacked_collate(loaded: Sequence[Mapping[str, Any]]) -> Any:
    """MMEngine's ``pseudo_collate``, but what has one shape in all N samples is one tensor (N, ...).

    Images are under ``inputs``, the tensors of samples under ``targets``, by their place; the samples are left without
    these until :class:`~shg_xai.datasets.unstacking.StackedPoseDataPreprocessor` gives them back.
    """
    batch = pseudo_collate(loaded)
    if not isinstance(batch, dict) or not {INPUTS, SAMPLES} <= {*batch}:
        return batch
    if _alike(batch[INPUTS]):
        batch[INPUTS] = default_collate(batch[INPUTS])  # PyTorch's: into shared memory, where a process loads
    batch[TARGETS] = {place: default_collate(values) for place, values in _taken(batch[SAMPLES])}
    # Looked at here, as the one process that computes has the least time.
    batch[LOOSE] = any(tensors_of(sample) for sample in batch[SAMPLES])
    return batch


def _alike(values: Sequence[Any]) -> bool:
    return all(isinstance(value, Tensor) for value in values) and len({(v.shape, v.dtype) for v in values}) == 1


def tensors_of(sample: BaseDataElement) -> list[Place]:
    """Where a sample has tensors."""
    fields = [(name, field) for name, field in sample.items() if isinstance(field, BaseDataElement)]
    return [(name, key) for name, field in fields for key, value in field.items() if isinstance(value, Tensor)]


def _taken(samples: Sequence[BaseDataElement]) -> list[tuple[Place, list[Tensor]]]:
    """The tensors that are alike in all samples, taken out of them."""
    found = []
    for field, key in tensors_of(samples[0]):
        values = [sample.get(field, {}).get(key) for sample in samples]
        if _alike(values):
            found.append(((field, key), values))
            for sample in samples:
                sample.get(field).pop(key)
    return found
