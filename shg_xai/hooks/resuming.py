"""A training that was cut and resumed ends as one that was not."""

import random
from functools import partial

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner


def epoch_seed(seed: int, epoch: int, rank: int) -> int:
    """A seed below 2^31 for an epoch of a process."""
    return int(np.random.SeedSequence([seed, epoch, rank]).generate_state(1)[0] >> 1)


@HOOKS.register_module()
class SeedEpochsHook(Hook):
    """Seed every training epoch from the run's seed, the epoch and the process.

    MMEngine seeds at the start of a run only, so a resumed run draws other noise and augmentations than one that was
    not cut. With this hook, and ``train_dataloader.persistent_workers=False`` (workers that live through all epochs
    cannot be seeded again), both end with the same weights.
    """

    priority = 'VERY_HIGH'

    def before_train_epoch(self, runner: Runner) -> None:
        """Seed this process, and have the workers of the epoch seeded when they start."""
        seed = epoch_seed(runner.seed, runner.epoch, get_rank())
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 (what MMPose's transforms draw from)
        torch.manual_seed(seed)
        loader = runner.train_dataloader
        if loader.worker_init_fn is not None:
            # Each worker adds its own number to the seed.
            loader.worker_init_fn = partial(loader.worker_init_fn, seed=seed)


@HOOKS.register_module()
class ValidateResumedHook(Hook):
    """Validate the epoch that a resumed run goes on from.

    MMEngine writes an epoch's checkpoint before it validates the epoch, so what comes of that validation is in no
    checkpoint: a resumed run has a best epoch, and a rate that falls on a plateau, that know nothing of it. Validated
    again, both are as if the run had not been cut.
    """

    priority = 'LOWEST'  # after the hook that keeps the best checkpoint is ready

    def before_train(self, runner: Runner) -> None:
        """Validate, where an epoch that is validated has been trained already."""
        epoch, loop = runner.epoch, runner.train_loop
        due = epoch >= max(1, getattr(loop, 'val_begin', 1)) and epoch % getattr(loop, 'val_interval', 1) == 0
        if due and runner.val_loop is not None:
            runner.val_loop.run()
