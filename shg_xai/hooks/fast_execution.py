"""Settings that make a model faster without changing what it computes."""

import torch
from mmcv.cnn import fuse_conv_bn
from mmengine.hooks import Hook
from mmengine.model import is_model_wrapper
from mmengine.registry import HOOKS
from mmengine.runner import BaseLoop, Runner


@HOOKS.register_module()
class FastExecutionHook(Hook):
    """Keep weights with channels innermost; in a test run, fold normalisation into convolutions.

    Folding is exact up to rounding. It cannot be trained further, so it is left out where this
    process has trained.

    Args:
        channels_last (bool): Store convolution weights with channels innermost, which fits the
            activations of ``StackedHourglass(channels_last=True)``. Defaults to ``True``.
        fold_norm (bool): Fold batch normalisation into the convolution before it, when testing.
            Defaults to ``True``.
    """

    def __init__(self, channels_last: bool = True, fold_norm: bool = True) -> None:
        self.channels_last = channels_last
        self.fold_norm = fold_norm

    def before_run(self, runner: Runner) -> None:
        """Reorder the weights before anything is loaded into them."""
        if self.channels_last:
            runner.model.to(memory_format=torch.channels_last)

    def before_test(self, runner: Runner) -> None:
        """Fold, once the checkpoint is loaded."""
        if self.fold_norm and not isinstance(runner._train_loop, BaseLoop):
            fuse_conv_bn(runner.model.module if is_model_wrapper(runner.model) else runner.model)
