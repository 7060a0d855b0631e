"""Options that tools share, MMPose's own and ours; imports neither torch nor MMPose.

A tool's options are one dataclass that inherits from one of these; see :mod:`shg_xai.options`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from tyro.conf import Positional, UseAppendAction, arg

from shg_xai.errors import InputError
from shg_xai.options import at_least

Split = Literal['train', 'val', 'test']


def _each_time(
    *,
    cfg_options: UseAppendAction[Annotated[tuple[tuple[str, ...], ...], arg(metavar='KEY=VALUE [KEY=VALUE ...]')]] = (),
) -> tuple[str, ...]:
    """All that is given, however often the option stands there.

    Args:
        cfg_options: override settings of the config, e.g. train_cfg.max_epochs=2 model.backbone.depth=3
            "codec.heatmap_size=(64,64)"
    """
    return tuple(setting for group in cfg_options for setting in group)


CfgOptions = Annotated[tuple[str, ...], arg(constructor=_each_time, name='')]


@dataclass(frozen=True, kw_only=True)
class CommonOptions:
    """What training and testing share; InputError if an option makes no sense."""

    work_dir: Annotated[str | None, arg(metavar='DIR')] = None
    """where logs and checkpoints go; work_dirs/<config name> unless named"""
    data_root: Annotated[str | None, arg(metavar='DIR')] = None
    """folder of the data set (annotations/, train2017/, val2017/); short for the data_root of every dataset in the
    config"""
    held_out: bool = False
    """train without the persons tools/split_coco.py held out, test on them, and subtract the mean RGB it computed"""
    amp: bool = False
    """compute in bfloat16 where that is safe (autocast); two to three times faster on processors and GPUs that have
    it"""
    show_dir: Annotated[str | None, arg(metavar='DIR')] = None  # draw predictions into this folder
    show: bool = False  # show predictions in a window
    interval: Annotated[int, arg(metavar='N')] = 1  # draw every N-th sample
    wait_time: Annotated[float, arg(metavar='S')] = 1  # seconds a window stays
    cfg_options: CfgOptions = ()
    launcher: Literal['none', 'pytorch', 'slurm', 'mpi'] = 'none'
    """job launcher; pytorch: start with torchrun. Without a GPU the processes talk through gloo"""
    local_rank: Annotated[int, arg(metavar='N')] = 0  # of this process, where a launcher says it here

    def overrides(self) -> dict[str, object]:
        """``cfg_options`` as MMEngine merges them, values read as Python; InputError if one has no equals sign."""
        import argparse

        from mmengine.config import DictAction

        for option in self.cfg_options:
            if '=' not in option:
                raise InputError(f'--cfg-options {option}: give KEY=VALUE')
        parser = argparse.ArgumentParser()
        parser.add_argument('--cfg-options', nargs='*', action=DictAction, default={})
        return parser.parse_args(['--cfg-options', *self.cfg_options]).cfg_options if self.cfg_options else {}


@dataclass(frozen=True, kw_only=True)
class NetworkOptions(CommonOptions):
    """A network that is run."""

    config: Annotated[Positional[str], arg(metavar='CONFIG')]  # config file, ours or MMPose's (mmpose::...)
    checkpoint: Annotated[Positional[str], arg(metavar='CHECKPOINT')]  # checkpoint file


@dataclass(frozen=True, kw_only=True)
class TrainOptions(CommonOptions):
    """A network that is trained."""

    config: Annotated[Positional[str], arg(metavar='CONFIG')]  # config file, e.g. configs/shg_ae_coco.py
    resume: Annotated[tuple[()] | tuple[str] | None, arg(metavar='[CHECKPOINT]')] = None
    """go on from this checkpoint, or from the latest in the work folder"""
    no_validate: bool = False  # do not evaluate during training
    auto_scale_lr: bool = False  # scale the learning rate to the batch size actually used


@dataclass(frozen=True, kw_only=True)
class TestOptions(NetworkOptions):
    """A network that is tested."""

    __test__ = False  # pytest reads the name as its own

    out: Annotated[Path | None, arg(metavar='FILE.json')] = None
    """also write the metrics, with config, checkpoint and seed, here"""
    persons: Annotated[Path | None, arg(metavar='FILE.parquet')] = None
    """also write who was met how well: annotation_id, image_id, dataset and pck_labelled, pck_visible, pck_occluded,
    pck_limbs of each person"""


@dataclass(frozen=True, kw_only=True)
class MeasureOptions(NetworkOptions):
    """A network that is measured, with intervals, into one JSON file."""

    out: Annotated[Path | None, arg(metavar='FILE.json')] = None
    """results, with everything they depend on; needed on the command line"""
    split: Split = 'val'  # whose persons are tested
    limit: Annotated[int | None, arg(metavar='N')] = None  # at most so many persons, the first of the data set
    bootstrap: Annotated[int, arg(metavar='N')] = 1000  # resamples of images behind each interval
    confidence: Annotated[float, arg(metavar='P')] = 0.95  # of the intervals
    seed: int = 0  # of everything drawn

    def __post_init__(self) -> None:
        at_least(self, dict(limit=1, bootstrap=10, seed=0))
        if not 0 < self.confidence < 1:
            raise InputError(f'--confidence {self.confidence}: give a share between 0 and 1')
        if self.launcher != 'none':
            raise InputError(f'--launcher {self.launcher}: runs in one process; leave it out')


@dataclass(frozen=True, kw_only=True)
class StoreOptions(MeasureOptions):
    """A network that is measured beside its stored latents."""

    store: Annotated[Path, arg(metavar='STORE')]  # the checkpoint's latents and predictions, see tools/dump_latents.py
    layer: Annotated[str | None, arg(metavar='NAME')] = None  # the one that is edited; needed where there are several
