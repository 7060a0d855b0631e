"""The other end of stacked batches: samples as MMPose's models take them."""

from collections.abc import Mapping
from typing import Any

from mmpose.models.data_preprocessors import PoseDataPreprocessor
from mmpose.registry import MODELS
from torch import Tensor

from shg_xai.datasets.batches import INPUTS, LOOSE, SAMPLES, TARGETS


@MODELS.register_module()
class StackedPoseDataPreprocessor(PoseDataPreprocessor):
    """PoseDataPreprocessor that takes batches of :func:`~shg_xai.datasets.batches.stacked_collate` too.

    The numbers are the same. Samples get their targets back, as views of what is on the device, and are not copied.
    Arguments are PoseDataPreprocessor's.

    Args:
        non_blocking: Go on while a batch is copied to a GPU.
    """

    def __init__(self, *args: Any, non_blocking: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, non_blocking=non_blocking, **kwargs)
        # MMEngine picks channels by a list, which a GPU is told of only when all before is done: it stands idle then.
        self._swaps_channels: bool = self._channel_conversion  # type: ignore[has-type]
        self._channel_conversion = False

    def cast_data(self, data: Any) -> Any:
        """Bring a batch, or a part of one, to the device; of a batch's images the channels are swapped if asked."""
        if not isinstance(data, Mapping) or INPUTS not in data:
            return super().cast_data(data)
        moved = self._unstacked(data) if TARGETS in data else super().cast_data(data)
        if self._swaps_channels:
            images = moved[INPUTS]
            swapped = images.flip(-3) if isinstance(images, Tensor) else [image.flip(-3) for image in images]
            moved[INPUTS] = swapped
        return moved

    def _unstacked(self, data: Any) -> Any:
        moved = super().cast_data({key: value for key, value in data.items() if key not in (INPUTS, SAMPLES)})
        samples = data[SAMPLES]
        if moved.pop(LOOSE):
            samples = super().cast_data(samples)
        for (field, key), values in moved.pop(TARGETS).items():
            for sample, value in zip(samples, values.unbind(), strict=True):
                setattr(sample.get(field), key, value)
        return {**moved, INPUTS: super().cast_data(data[INPUTS]), SAMPLES: samples}
