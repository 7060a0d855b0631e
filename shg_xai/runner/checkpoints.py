"""Looking at a checkpoint before it is used."""

import zipfile
from collections.abc import Mapping
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from torch import Tensor, nn

from shg_xai.errors import InputError


def read_checkpoint(path: str) -> Any:
    """A checkpoint of PyTorch's, onto the CPU; InputError if it is none, or carries code, which is not run."""
    if not Path(path).is_file():
        raise InputError(f'{path}: no such checkpoint')
    try:
        return torch.load(path, map_location='cpu', weights_only=True)
    except UnpicklingError as error:
        if not zipfile.is_zipfile(path):
            raise InputError(f'{path}: not a checkpoint of PyTorch') from error
        named = ', '.join(sorted(torch.serialization.get_unsafe_globals_in_checkpoint(path))[:3])
        carried = f'code or foreign types{f" ({named})" if named else ""}'
        rule = 'a checkpoint may only hold tensors and plain data'
        raise InputError(f'{path}: refused, it carries {carried}; {rule}') from error
    except (RuntimeError, EOFError, OSError, ValueError) as error:
        raise InputError(f'{path}: a damaged checkpoint, or none ({error})') from error


def read_weights(path: str, resumable: bool = False) -> dict[str, Tensor]:
    """The state dict of a checkpoint, MMEngine's or a plain one.

    InputError where it cannot be read, holds no weights, or, where it shall be ``resumable``, no state of the training.
    """
    checkpoint = read_checkpoint(path)
    weights = checkpoint.get('state_dict', checkpoint) if isinstance(checkpoint, Mapping) else {}
    if not (weights and isinstance(weights, Mapping) and all(isinstance(value, Tensor) for value in weights.values())):
        raise InputError(f'{path}: holds no weights (no "state_dict" of tensors)')
    if resumable and not {'meta', 'message_hub', 'optimizer'} <= checkpoint.keys():
        fault = 'cannot be resumed from, it holds weights without the state of the training'
        afresh = f'start afresh from these weights with --cfg-options load_from={path}'
        raise InputError(f'{path}: {fault}; resume from an epoch_*.pth, or {afresh}')
    return dict(weights)


def check_fits(weights: Mapping[str, Tensor], model: nn.Module | Mapping[str, Tensor], path: str) -> None:
    """Refuse weights (InputError) whose names or shapes are not exactly the model's, or those of a part of it by name.

    MMEngine loads what fits and leaves the rest as it was, which tests a half-random network.
    """
    own = model.state_dict() if isinstance(model, nn.Module) else model
    found = {name.removeprefix('module.'): value.shape for name, value in weights.items()}
    wrong = {
        'weights of the config are missing': own.keys() - found.keys(),
        'weights are left over': found.keys() - own.keys(),
        'weights have another shape': {name for name in own.keys() & found if own[name].shape != found[name]},
    }
    problems = [f'{len(names)} {what} (e.g. {min(names)})' for what, names in wrong.items() if names]
    if problems:
        raise InputError(f'{path}: not a checkpoint of this config: {"; ".join(problems)}')
