"""A word in the log while a network is no better than one that says nothing."""

import logging
from typing import Any

import torch
from mmengine.hooks import Hook
from mmengine.logging import print_log
from mmengine.registry import HOOKS
from mmengine.runner import Runner

from shg_xai.runner.building import unwrapped

HEIGHTS = (0.0, 0.03, 0.1, 0.3)  # of flat heatmaps, beside joints of height 1
RATIO = 'empty_heatmap'  # MMEngine's message hub keeps it with checkpoints; without "train/" it stays out of the log


@HOOKS.register_module()
class EmptyHeatmapHook(Hook):
    """Compares the loss of a training with that of empty heatmaps, and warns while it is the same.

    A heatmap is nearly all background, so predicting 0 everywhere already has a small loss: a joint of standard
    deviation s pixels leaves pi s^2 / (H W), 0.003 of a heatmap of 64 x 64 at s = 2. Many networks find that first,
    and some never leave it, while the log shows a loss that looks like one of a network that has learned. The ratio of
    both losses tells: 1 on the plateau, and falling as soon as joints are found. Where a loss weights the foreground,
    something low everywhere is better than 0: the best of a few such flat heatmaps is taken.

    For heads with heatmap targets and a ``loss_module`` (HeatmapHead, and what is built on it); silent with others.

    Args:
        interval: Steps from one comparison to the next.
        window: Comparisons that are averaged.
        share: The ratio from which on it warns.
        warn_interval: Steps from one warning to the next; besides, one may come with the end of an epoch.
    """

    def __init__(self, interval: int = 10, window: int = 10, share: float = 0.98, warn_interval: int = 1000) -> None:
        self.interval, self.window, self.share, self.warn_interval = interval, window, share, warn_interval

    def after_train_iter(
        self, runner: Runner, batch_idx: int, data_batch: Any = None, outputs: dict | None = None
    ) -> None:
        """Compare, and warn if it is time."""
        found = (outputs or {}).get('loss_kpt')
        if found is None or not self.every_n_train_iters(runner, self.interval):
            return
        empty = flat_loss(unwrapped(runner.model).head, data_batch['data_samples'])
        if empty is None:
            return
        runner.message_hub.update_scalar(RATIO, float(torch.as_tensor(found).detach()) / empty)
        if self.every_n_train_iters(runner, self.warn_interval):
            self._warn(runner, runner.iter + 1)

    def after_train_epoch(self, runner: Runner) -> None:
        """Warn if nothing has been learned by the end of an epoch."""
        self._warn(runner, runner.iter)

    def _warn(self, runner: Runner, steps: int) -> None:
        if RATIO not in runner.message_hub.log_scalars:
            return
        ratios = runner.message_hub.get_scalar(RATIO)
        if len(ratios.data[1]) < self.window or ratios.mean(self.window) < self.share:
            return
        (rate, *_) = runner.optim_wrapper.get_lr()['lr']
        # MMEngine logs a warning once: the step makes it another one.
        found = f'After {steps} steps the loss is {ratios.mean(self.window):.0%} of that of empty heatmaps'
        mend = f'lower the rate (optim_wrapper.optimizer.lr, now {rate:.2g}) or widen the targets (sigma of the codec)'
        said = f'{found}: no joint is found yet. If that stays, {mend}, as configs/shg_strong_coco.py does'
        print_log(said, 'current', logging.WARNING)


def flat_loss(head: Any, samples: list) -> float | None:
    """What a head's loss says of the best heatmaps that are the same everywhere, for all joints and persons.

    None for other targets, or where nobody has a joint.
    """
    fields = [getattr(sample, 'gt_fields', None) for sample in samples]
    if not hasattr(head, 'loss_module') or any(field is None or 'heatmaps' not in field for field in fields):
        return None
    targets = torch.stack([sample.gt_fields.heatmaps for sample in samples])
    weights = torch.cat([sample.gt_instance_labels.keypoint_weights for sample in samples])
    found = (head.loss_module(torch.full_like(targets, height), targets, weights) for height in HEIGHTS)
    return min(map(float, found)) or None
