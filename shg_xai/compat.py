"""What MMPose 1.x needs to import and to load its own checkpoints on today's PyTorch.

``shg_xai.plugin`` runs ``prepare()`` before ``mmpose`` is imported; in the environment that ``make install`` makes,
:mod:`shg_xai.import_hook` does whoever imports MMEngine. Nothing is changed where nothing is missing.
"""

import gc
import importlib.util
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib.machinery import ModuleSpec, PathFinder
from pickle import UnpicklingError
from types import ModuleType
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from torch import Tensor

from shg_xai.config_text import laid_out
from shg_xai.shipped_configs import find_shipped_configs

COMPILED_OPERATORS = 'mmcv._ext'


class MissingOperators(ModuleType):
    """Stands in for MMCV's compiled operators: importable, and clear about it when called.

    MMPose imports ``mmcv.ops`` for heads that most models never build (EDPose, DEKR); without them that alone fails.
    One is here, for MMDetection's detectors, which find the persons of a photo.
    """

    @staticmethod
    def nms(boxes: 'Tensor', scores: 'Tensor', iou_threshold: float, offset: int) -> 'Tensor':
        """The boxes (M, 4) kept by non-maximum suppression, best first: torchvision's, widened by MMCV's offset."""
        from torchvision.ops import nms

        return nms(boxes + boxes.new_tensor([0, 0, offset, offset]), scores, iou_threshold)

    def __getattr__(self, name: str) -> Callable[..., NoReturn]:
        if name.startswith('__'):
            raise AttributeError(name)

        def missing(*args: Any, **kwargs: Any) -> NoReturn:
            mend = 'install the full mmcv (pip install mmcv) to use a model that needs it'
            raise NotImplementedError(f'the compiled operator mmcv.ops.{name} is not in mmcv-lite: {mend}')

        return missing


def add_operator_stand_in() -> bool:
    """Put :class:`MissingOperators` in place where the compiled operators are missing; whether it is in place."""
    if isinstance(sys.modules.get(COMPILED_OPERATORS), MissingOperators):
        return True
    # Looked for by hand: to ask for a submodule would import mmcv.
    mmcv = importlib.util.find_spec('mmcv')
    if mmcv is None or PathFinder.find_spec(COMPILED_OPERATORS, mmcv.submodule_search_locations) is not None:
        return False
    stand_in = MissingOperators(COMPILED_OPERATORS)
    stand_in.__spec__ = ModuleSpec(COMPILED_OPERATORS, loader=None)
    sys.modules[COMPILED_OPERATORS] = stand_in
    return True


def history_statistic(owner: type, name: str) -> Callable[..., float]:
    """What stands in for ``getattr`` while a checkpoint is read; UnpicklingError where it is asked for anything else.

    MMEngine's log history pickles its statistics (minimum, mean, ...) as ``getattr`` of its class, HistoryBuffer.
    Allowing ``getattr`` itself would allow code, so only these lookups are.
    """
    from mmengine.logging import HistoryBuffer

    if owner is not HistoryBuffer or name not in ('min', 'max', 'mean', 'current'):
        raise UnpicklingError(f'getattr({owner!r}, {name!r}) refused')
    return getattr(owner, name)


def allow_checkpoint_types() -> None:
    """Let ``torch.load(weights_only=True)`` read the plain data MMEngine puts in a checkpoint.

    Since torch 2.6 it reads tensors, builtins and listed types. MMEngine's message hub stores its log history: a buffer
    class and NumPy arrays. These types hold numbers and run nothing; every other type stays refused.
    """
    import numpy as np
    import torch
    from mmengine.logging import HistoryBuffer

    dtypes = sorted({type(np.dtype(kind)) for kind in ('f2', 'f4', 'f8', 'i4', 'i8', 'u1', 'u8', 'b1')}, key=str)
    # NumPy 2 renamed its module; a checkpoint names the one it was written with.
    makers: dict[str, Any] = dict(_reconstruct=np.empty(0).__reduce__()[0], scalar=np.float64(0).__reduce__()[0])
    renamed = [(make, f'numpy.{core}.multiarray.{name}') for core in ('core', '_core') for name, make in makers.items()]
    statistic = (history_statistic, 'builtins.getattr')
    torch.serialization.add_safe_globals([HistoryBuffer, statistic, np.ndarray, np.dtype, *dtypes, *renamed])


def lay_out_configs_fast() -> None:
    """Have MMEngine lay out the text of a config without yapf, which it asks half a dozen times a run, 0.5 s each."""
    from mmengine.config import config

    if hasattr(config, 'FormatCode'):  # the maintained fork does without
        config.FormatCode = laid_out


@contextmanager
def modules_set_aside() -> Iterator[None]:
    """Import with the garbage collector off, and have it look at nothing that is there by then ever again.

    The objects of MMPose's modules, some 400,000, live as long as the process does. Collections in between take a tenth
    of the time of importing them, and MMEngine asks for one of 0.3 s for every data set it reads.
    """
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if enabled:
            gc.enable()


def mend() -> None:
    """Put in place what this module is for, as often as you like."""
    add_operator_stand_in()
    if importlib.util.find_spec('xtcocotools') is None:  # else pycocotools is not needed at a start
        importlib.import_module('shg_xai.coco_tools').add_stand_in()
    find_shipped_configs()
    allow_checkpoint_types()
    lay_out_configs_fast()


def prepare() -> None:
    """Make MMPose importable and its checkpoints loadable, as often as you like; ImportError if it is not installed."""
    needed = ('torch', 'mmengine', 'mmcv', 'mmdet', 'mmpose')
    if missing := [name for name in needed if importlib.util.find_spec(name) is None]:
        hint = 'run `make install` in a clone of shg_xai, or install MMPose as its own documentation says'
        raise ImportError(f'{", ".join(missing)} not installed: {hint}')
    mend()
