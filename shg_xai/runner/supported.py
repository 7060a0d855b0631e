"""Which configs of MMPose can be looked into, told from the config alone, before anything is built or run."""

import importlib.util
from collections.abc import Iterator, Mapping
from typing import Any

from mmengine.config import Config

from shg_xai.errors import InputError

TOP_DOWN = 'take a top-down config (topdown_heatmap, topdown_regression, simcc, rtmpose)'
REFUSED = {
    'BottomupPoseEstimator': f'finds all persons of a photo at once (bottom-up), so no output is of one; {TOP_DOWN}',
    'PoseLifter': f'lifts joints to 3-D and sees no image; {TOP_DOWN}',
    'InternetHead': f'finds joints in 3-D; {TOP_DOWN}',
    'DWPoseDistiller': 'trains a student beside its teacher (DWPose); take the config of the student, that of its '
    "rtmpose folder, and the checkpoint that MMPose's tools/misc/pth_transfer.py makes",
}


def type_name(kind: Any) -> str:
    """What a config calls a component, which may be a class (``read_base`` configs) or ``scope.name``."""
    return str(getattr(kind, '__name__', kind)).rpartition('.')[2]


def components(node: Any) -> Iterator[Any]:
    """The types of all components in a part of a config."""
    if isinstance(node, Mapping):
        if node.get('type') is not None:
            yield node['type']
        node = list(node.values())
    for value in node if isinstance(node, list | tuple) else ():
        yield from components(value)


def check_supported(cfg: Config) -> None:
    """Refuse (InputError) a config whose network cannot be looked into, saying why, and what would do instead."""
    source, model = cfg.filename or 'config', cfg.get('model')
    if not model:
        raise InputError(f'{source}: no model; give a config of a network')
    for kind in components(model):
        if reason := REFUSED.get(type_name(kind)):
            raise InputError(f'{source}: {type_name(kind)} {reason}')
        package = kind.partition('.')[0] if isinstance(kind, str) and '.' in kind else None
        if package in ('mmpretrain', 'mmcls') and importlib.util.find_spec(package) is None:
            mend = f'pip install {package} (without it, the other backbones of MMPose work)'
            raise InputError(f'{source}: {kind} is of {package}, which is not installed; {mend}')
