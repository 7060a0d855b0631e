"""Building MMEngine's Runner so that it runs fast, anywhere, and fails in one line."""

import difflib
import inspect
import json
import os
import re
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.dist import is_main_process
from mmengine.model import is_model_wrapper
from mmengine.runner import Runner, find_latest_checkpoint
from torch import nn

from shg_xai.errors import InputError
from shg_xai.memory import keep_freed_memory
from shg_xai.photos import read_photo
from shg_xai.runner.checkpoints import check_fits, read_weights
from shg_xai.runner.device import Device, choose, leave_out_stacking
from shg_xai.runner.provenance import data_sha256, sha256
from shg_xai.writing import write_aside


def join_processes(cfg: Config) -> None:
    """Let processes find each other that have no GPU of their own: MMEngine's launchers want one for each.

    Where there are fewer, they share them.
    """
    gpus = torch.cuda.device_count()
    if cfg.launcher == 'none' or 0 < int(os.environ.get('LOCAL_WORLD_SIZE', 1)) <= gpus:
        return
    if gpus:
        torch.cuda.set_device(int(os.environ.get('LOCAL_RANK', 0)) % gpus)
    if not torch.distributed.is_initialized():
        torch.distributed.init_process_group('gloo')
    unused = cfg.get('find_unused_parameters', False)
    wrapper = dict(type='MMDistributedDataParallel', device_ids=None, broadcast_buffers=False)
    cfg.setdefault('model_wrapper_cfg', wrapper | dict(find_unused_parameters=unused))


def resume_checkpoint(cfg: Config) -> str | None:
    """The checkpoint a training run will go on from, or None where it starts afresh."""
    return (cfg.get('load_from') or find_latest_checkpoint(cfg.work_dir)) if cfg.get('resume') else None


def unwrapped(model: nn.Module) -> nn.Module:
    """A model without what MMEngine wraps around it where several processes train it."""
    inner: nn.Module = model.module if is_model_wrapper(model) else model  # type: ignore[assignment]
    return inner


def build_runner(cfg: Config, checkpoint: str | None) -> Runner:
    """Build the Runner of a config, with everything that makes it fast.

    A checkpoint it will load is refused here (InputError) if it carries code or is not exactly this model's; URLs are
    left to MMEngine.
    """
    local = checkpoint and '://' not in checkpoint
    weights = read_weights(str(checkpoint), resumable=cfg.get('resume', False)) if local else None
    if not torch.cuda.is_available():
        keep_freed_memory()
    join_processes(cfg)
    cfg.default_scope = cfg.get('default_scope') or 'mmpose'  # None where a config names classes (read_base)
    chosen = choose(cfg, Device.here())
    runner = Runner.from_cfg(cfg)
    leave_out_stacking(runner.cfg)
    runner.dump_config()  # once more
    if chosen:
        runner.logger.info('For speed (choose_for_device=False leaves all of it out): %s', ', '.join(chosen))
    if weights is not None:
        check_fits(weights, unwrapped(runner.model), str(checkpoint))
    return runner


def write_results(path: Path, cfg: Config, runner: Runner, metrics: dict[str, float]) -> None:
    """Write what a test found, and on what, whole or not at all; only the first process of a launch does."""
    if not is_main_process():
        return
    dataset, file = cfg.test_dataloader.dataset, cfg.load_from
    results = dict(schema_version=1, config=cfg.filename, checkpoint=file)
    results |= dict(checkpoint_sha256=sha256(file) if Path(file).is_file() else None)  # not of a URL
    results |= dict(seed=runner.seed, ann_file=dataset.get('ann_file'), data_root=dataset.data_root)  # latents: no file
    tested = runner.test_loop.dataloader.dataset
    annotated = dataset.get('ann_file') is not None
    results |= dict(ann_sha256=data_sha256(tested) if annotated else None, persons=len(tested), metrics=metrics)
    write_aside(path, json.dumps(results, indent=2) + '\n')


@contextmanager
def config_errors(path: str) -> Iterator[None]:
    """Turn what MMEngine raises about a type or a key that it does not know into an InputError of one line.

    So is what MMPose raises about a photo or a file of annotations, where its data set does not look after that.
    """
    try:
        yield
    except TypeError as error:
        # What MMEngine's registry was building, if nothing but initialisers, its own and its bases', lies in between.
        *_, frame = (frame for frame, _ in traceback.walk_tb(error.__traceback__) if frame.f_code.co_name != '__init__')
        cls, (_, key, *_) = frame.f_locals.get('obj_cls'), (*str(error).split("'"), '')
        if cls is None or 'unexpected keyword argument' not in str(error) or key not in frame.f_locals['args']:
            raise
        known = sorted({name for base in inspect.getmro(cls)[:-1] for name in inspect.signature(base).parameters})
        near = ' or '.join(difflib.get_close_matches(key, known, n=3) or known)
        raise InputError(f'{path}: {cls.__name__} has no argument {key!r}; did you mean {near}?') from error
    except KeyError as error:
        if 'is not in the' not in str(error) or 'registry' not in str(error):
            raise
        raise InputError(f'{path}: {str(error.args[0]).split(". ")[0]}') from error
    except ValueError as error:
        what, all_or_none, _ = str(error).partition(' should be either all None or not None')
        if not all_or_none:
            raise
        raise InputError(f'{path}: {what}: the config has some of them; give all, or set all to None') from error
    except (AssertionError, OSError) as error:
        if photo := re.search('occurs when loading `(.+?)`', str(error)):
            read_photo(photo[1])  # raises where the photo is to blame
        missing = error.filename if isinstance(error, FileNotFoundError) else None
        if named := re.search('(?:`([^`]+)` ?|file )does not exist', str(error)):
            missing = named[1] or f'annotation file of a data set of {path}'  # InterHand's names none
        if missing is None:
            raise
        raise InputError(f'{missing}: no such file; --data-root names the folder of the data set') from error
