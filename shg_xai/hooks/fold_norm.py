"""Fewer layers at test time, with the same numbers."""

import torch
from mmcv.cnn import fuse_conv_bn
from mmengine.hooks import EMAHook, Hook
from mmengine.registry import HOOKS
from mmengine.runner import BaseLoop, Runner

from shg_xai.models.folded import fuse, part
from shg_xai.runner.building import unwrapped


@HOOKS.register_module()
class FoldNormHook(Hook):
    """In a test run, fold batch normalisation into the convolution before it.

    Folding is exact up to rounding. A folded model cannot be trained further, so nothing is done where this process has
    trained. On a GPU, an hourglass has less between its convolutions besides (:mod:`shg_xai.models.folded`).
    """

    priority = 'VERY_LOW'  # after averaged weights have taken their place

    def before_test(self, runner: Runner) -> None:
        """Fold, once the checkpoint is loaded."""
        if not isinstance(runner._train_loop, BaseLoop):
            fuse_conv_bn(unwrapped(runner.model))
            for hook in runner.hooks:
                if isinstance(hook, EMAHook):  # its copy changes places with the model, one parameter after the other
                    fuse_conv_bn(hook.ema_model.module)

    def before_test_epoch(self, runner: Runner) -> None:
        """Fuse, once the weights are those that are tested."""
        if torch.cuda.is_available() and not isinstance(runner._train_loop, BaseLoop):
            half = getattr(runner.test_loop, 'fp16', False)
            fuse(unwrapped(runner.model), torch.get_autocast_dtype('cuda') if half else torch.float32)

    def after_test_epoch(self, runner: Runner, metrics: dict[str, float] | None = None) -> None:
        """Compute layers one by one again: averaged weights give their place back."""
        part(unwrapped(runner.model))
