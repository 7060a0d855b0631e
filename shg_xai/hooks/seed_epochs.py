"""The same random numbers in an epoch, whether training was cut before it or not."""

import random
from functools import partial

import numpy as np
import torch
from mmengine.dist import get_rank
from mmengine.hooks import Hook
from mmengine.registry import HOOKS
from mmengine.runner import Runner


@HOOKS.register_module()
class SeedEpochsHook(Hook):
    """Seed every training epoch from the run's seed, the epoch and the process.

    MMEngine seeds at the start of a run and does not store the state of the generators, so a resumed run draws other
    noise and other augmentations than one that was not cut; and workers that live through all epochs cannot be seeded
    again. With this hook, and ``train_dataloader.persistent_workers=False``, both runs end with the same weights.
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


def epoch_seed(seed: int, epoch: int, rank: int) -> int:
    """A seed below 2^31 for an epoch of a process."""
    return int(np.random.SeedSequence([seed, epoch, rank]).generate_state(1)[0] >> 1)
