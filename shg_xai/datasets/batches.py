"""Batches that reach the network in a few pieces, whatever is in them.

MMEngine leaves a batch as it is loaded: a list of N images, and N samples with a tensor or two each. Between processes
every tensor travels by itself, and to a GPU too: of a batch of 32 persons some hundred, 1.5 ms a person of the one
process that trains (benchmarks/throughput.py). Here each kind is stacked by the process that loads, and travels once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from mmengine.dataset import pseudo_collate
from mmengine.registry import FUNCTIONS
from mmengine.structures import BaseDataElement
from mmpose.models.data_preprocessors import PoseDataPreprocessor
from mmpose.registry import MODELS
from torch import Tensor
from torch.utils.data import default_collate

INPUTS, SAMPLES, TARGETS = 'inputs', 'data_samples', 'targets'
Place = tuple[str, str]  # a field of a sample and what is in it, say gt_fields and heatmaps


@FUNCTIONS.register_module()
def stacked_collate(loaded: Sequence[Mapping[str, Any]]) -> Any:
    """MMEngine's ``pseudo_collate``, but what has one shape in all N samples is one tensor (N, ...).

    Images are under ``inputs``, the tensors of samples under ``targets``, by their place; the samples are left without
    these until :class:`StackedPoseDataPreprocessor` gives them back.
    """
    batch = pseudo_collate(loaded)
    if not isinstance(batch, dict) or not {INPUTS, SAMPLES} <= {*batch}:
        return batch
    if _alike(batch[INPUTS]):
        batch[INPUTS] = default_collate(batch[INPUTS])  # PyTorch's: into shared memory, where a process loads
    batch[TARGETS] = {place: default_collate(values) for place, values in _taken(batch[SAMPLES])}
    return batch


def _alike(values: Sequence[Any]) -> bool:
    return all(isinstance(value, Tensor) for value in values) and len({(v.shape, v.dtype) for v in values}) == 1


def _tensors(sample: BaseDataElement) -> list[Place]:
    """Where a sample has tensors."""
    fields = [(name, field) for name, field in sample.items() if isinstance(field, BaseDataElement)]
    return [(name, key) for name, field in fields for key, value in field.items() if isinstance(value, Tensor)]


def _taken(samples: Sequence[BaseDataElement]) -> list[tuple[Place, list[Tensor]]]:
    """The tensors that are alike in all samples, taken out of them."""
    found = []
    for field, key in _tensors(samples[0]):
        values = [sample.get(field, {}).get(key) for sample in samples]
        if _alike(values):
            found.append(((field, key), values))
            for sample in samples:
                sample.get(field).pop(key)
    return found


@MODELS.register_module()
class StackedPoseDataPreprocessor(PoseDataPreprocessor):
    """PoseDataPreprocessor that takes batches of :func:`stacked_collate` too; the same numbers.

    Samples get their targets back, as views of what is on the device, and are not copied. Arguments are
    PoseDataPreprocessor's.
    """

    def cast_data(self, data: Any) -> Any:
        """Bring a batch, or a part of one, to the device."""
        if not isinstance(data, Mapping) or TARGETS not in data:
            return super().cast_data(data)
        moved = super().cast_data({key: value for key, value in data.items() if key != SAMPLES})
        samples = data[SAMPLES]
        # Tensors of several shapes; the targets may be there from before.
        if any({*_tensors(sample)} - {*data[TARGETS]} for sample in samples):
            samples = super().cast_data(samples)
        for (field, key), values in moved.pop(TARGETS).items():
            for sample, value in zip(samples, values.unbind(), strict=True):
                setattr(sample.get(field), key, value)
        return {**moved, SAMPLES: samples}
