"""Registers every component with MMPose; a config imports this module and nothing else."""

from shg_xai import compat

with compat.modules_set_aside():
    compat.prepare()

    # MMPose may only be imported once the line above has run, so these stand below it.
    from shg_xai import codecs, evaluation, hooks, models  # noqa: F401
    from shg_xai.datasets import batches, checked_coco, combined, converting, crops, latent_dataset, unstacking  # noqa: F401
    from shg_xai.hooks import splice  # noqa: F401
    from shg_xai.runner import bfloat16  # noqa: F401
