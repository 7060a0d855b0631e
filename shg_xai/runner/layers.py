"""Which layers a network has and what they put out, found without data, mostly without computing.

Shapes: a layer's shape is that of one person, (C, H, W) for a feature map, without the batch.
"""

import difflib
import logging
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import torch
from mmengine.config import Config
from mmengine.logging import print_log
from mmengine.registry import init_default_scope
from mmengine.utils import get_installed_path
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from shg_xai.errors import InputError
from shg_xai.runner.building import config_errors
from shg_xai.runner.supported import check_supported
from shg_xai.tracing.tap import parts_of

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LayerInfo:
    """One output of one layer, at its first call."""

    name: str  # the module's name in the model; with the part (backbone:0) where its output is not one tensor
    shape: tuple[int, ...]  # of the whole output for one image where that is not one entry a person
    dtype: str  # as the network computes it, e.g. float32
    calls: int  # how often the layer fires in one forward pass
    per_person: bool = True  # not so of the windows of a Swin transformer


def config_path(name: str) -> str:
    """The file of a config, as it is named, or one of MMPose's own: ``mmpose::FOLDER/.../NAME.py``.

    InputError where a package is not there, or has no such config; a name without ``::`` is not looked for.
    """
    if '::' not in name:
        return name
    try:
        return Config._get_cfg_path(name, '')[0]
    except Exception as error:  # MMEngine raises whatever comes up on the way
        package, _, wanted = name.partition('::')
        try:
            root = Path(get_installed_path(package)) / '.mim' / 'configs'
        except Exception:
            known = 'those of MMPose are mmpose::FOLDER/.../NAME.py'
            raise InputError(f'{name}: no package {package!r} with configs; {known}') from error
        near = nearest_names(wanted, [str(file.relative_to(root)) for file in root.rglob('*.py')])[:2]
        meant = _did_you_mean([f'{package}::{path}' for path in near])
        raise InputError(f'{name}: {package} has no such config{meant}') from error


def input_size(cfg: Config) -> tuple[int, int]:
    """Width and height, in pixels, of the images a config's network takes; InputError if it says so nowhere.

    The pipeline of its test set, else of its validation or training set, else its codec does.
    """

    def sizes(node: object) -> Iterator[Sequence[int]]:
        if isinstance(node, Mapping):
            if len(node.get('input_size') or ()) == 2:
                yield node['input_size']
            node = list(node.values())
        for value in node if isinstance(node, list | tuple) else ():
            yield from sizes(value)

    for place in ('test_dataloader', 'val_dataloader', 'train_dataloader', 'codec'):
        for width, height in sizes(cfg.get(place)):
            return int(width), int(height)
    fault = 'no input_size=(width, height), neither in the pipeline of the test set nor in codec'
    raise InputError(f'{cfg.filename or "config"}: {fault}; add it to see the layers')


def list_layers(cfg: Config) -> list[LayerInfo]:
    """Every layer that fires in a forward pass in evaluation mode, and the shape of its output.

    Built and run on torch's meta device, where tensors have a shape and no content. A network that needs numbers (it
    calls ``.item()``) is run for real on a random image, and a warning is logged. No data set is read and no weights
    are fetched. ``head`` itself is not listed: MMPose calls ``head.forward``, which no hook sees; its layers are. They
    come in the order they first fire. InputError where the config cannot be built, or the network cannot run.
    """
    import shg_xai.plugin  # noqa: F401  # here: the plugin's hooks may want this module

    source = cfg.filename or 'config'
    check_supported(cfg)
    width, height = input_size(cfg)
    init_default_scope(cfg.get('default_scope') or 'mmpose')
    try:
        return _run(cfg, width, height, 'meta')
    except InputError:
        raise
    except Exception as error:  # whatever a network does with numbers it has not got
        reason = ' '.join(f'{type(error).__name__}: {error}'.split())
    try:
        with torch.random.fork_rng(devices=[]):
            layers = _run(cfg, width, height, 'cpu')
    except InputError:
        raise
    except Exception as error:
        fault = f'cannot build its network, or not run it on an image of {width} x {height}'
        raise InputError(f'{source}: {fault} ({type(error).__name__}: {error})') from error
    logger.warning('%s: could not run without computing (%s); ran on a random image instead', source, reason)
    return layers


def storable_layers(cfg: Config, names: Sequence[str]) -> dict[str, LayerInfo]:
    """The named layers of a config's network, in that order, once it is certain that persons can be told apart in each.

    The first axis of what a layer puts out has to be the persons', which one batch does not tell: twelve tokens of
    twelve persons look like twelve persons. So the network is run with one person and with two, see
    :func:`list_layers`. InputError: no such layer, or one whose first axis does not grow with the persons.
    """
    infos = {info.name: info for info in list_layers(cfg)}
    check_layers(names, list(infos))
    chosen = {name: infos[name] for name in names}
    for info in chosen.values():
        if not info.per_person:
            size = ' x '.join(map(str, info.shape))
            fault = f'its output has not one entry for each person (of one person it is {size})'
            raise InputError(f'layer {info.name}: {fault}; choose a layer whose first axis is the persons')
    return chosen


def repeated_calls(layers: Iterable[LayerInfo]) -> dict[str, int]:
    """How often each layer fires in one pass, of those that fire more than once; only the first output is stored."""
    return {info.name: info.calls for info in layers if info.calls > 1}


def warn_of_calls(calls: Mapping[str, int]) -> None:
    """Say in the log of the run which layers fire more than once a pass, and what of them is stored."""
    for name, count in calls.items():
        said = f'layer {name} fires {count} times in one pass; what it puts out at its first call is stored'
        print_log(said, 'current', logging.WARNING)


def _run(cfg: Config, width: int, height: int, device: str) -> list[LayerInfo]:
    """Build and run a config's network on one device; see :func:`list_layers`."""
    with config_errors(cfg.filename or 'config'), torch.device(device), torch.no_grad():
        model = build_model(cfg)
        for module in model.modules():
            if device == 'meta' and isinstance(module, _BatchNorm):
                module.forward = torch.empty_like  # type: ignore[method-assign]  # torch's way takes longer than all else
        one, two = (record_outputs(model, torch.rand(persons, 3, height, width)) for persons in (1, 2))
    layers = []
    for name, (shape, dtype, calls) in one.items():
        per_person = shape[:1] == (1,) and name in two and two[name][0] == (2, *shape[1:])
        shape = shape[1:] if per_person else shape
        layers.append(LayerInfo(name, shape, dtype, calls, per_person))
    return layers


def build_model(cfg: Config) -> nn.Module:
    """A config's network in evaluation mode, on the current device; no weights are fetched."""
    from mmpose.registry import MODELS

    model_cfg = deepcopy(cfg.model)
    for part in model_cfg.values():
        if isinstance(part, dict):
            part.update(dict.fromkeys({'init_cfg', 'pretrained'} & part.keys()))
    return MODELS.build(model_cfg).eval()


def record_outputs(model: nn.Module, images: Tensor) -> dict[str, tuple[tuple[int, ...], str, int]]:
    """Run a pose estimator on images (N, 3, H, W) and note what every layer in it put out at its first call.

    By name, in the order they first fire: the shape with the batch, the dtype, and how often the layer fired.
    """
    first: dict[str, dict[str, tuple[tuple[int, ...], str]]] = {}
    calls: Counter[str] = Counter()

    def note(name: str, module: nn.Module, inputs: object, output: object) -> None:
        calls[name] += 1
        if name not in first:
            parts = tensor_parts(name, output).items()
            first[name] = {part: (tuple(value.shape), str(value.dtype)[len('torch.') :]) for part, value in parts}

    with ExitStack() as hooks:
        for name, module in model.named_modules():
            if name:
                hooks.callback(module.register_forward_hook(partial(note, name)).remove)
        model(images, None, mode='tensor')
    return {part: (*known, calls[name]) for name, parts in first.items() for part, known in parts.items()}


def tensor_parts(name: str, output: object) -> dict[str, Tensor]:
    """The tensors of a layer's output, by the names a tap knows: ``name`` if it is one, else ``name:index or key``."""
    if isinstance(output, Tensor):
        return {name: output}
    return {f'{name}:{key}': value for key, value in parts_of(output).items() if isinstance(value, Tensor)}


def nearest_names(name: str, known: Sequence[str]) -> list[str]:
    """At most five names like one: its parts (``name:0``), one ends in the other, those that hold it, spelt alike."""
    parts = [other for other in known if other.startswith(f'{name}:')]
    ends = [other for other in known if other.endswith(f'.{name}') or name.endswith(f'.{other}')]
    holding = sorted((other for other in known if name and name in other), key=len)
    alike = difflib.get_close_matches(name, known, n=5)
    return list(dict.fromkeys([*parts, *ends, *holding, *alike]))[:5]


def check_layers(names: Sequence[str], known: Sequence[str]) -> None:
    """Refuse names (InputError) that are none of a network's layers, with those nearest to each."""
    unknown = {name: _did_you_mean(nearest_names(name, known)) for name in names if name not in known}
    if unknown:
        said = [f'no layer {name!r} fires in this network{meant}' for name, meant in unknown.items()]
        raise InputError('; '.join([*said, 'tools/list_layers.py lists all']))


def _did_you_mean(names: Sequence[str]) -> str:
    """The end of a message; empty without names."""
    return f'; did you mean {" or ".join(names)}?' if names else ''
