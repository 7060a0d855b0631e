"""Checkpoints are read without running what they may carry, and must be the model's own."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from mmengine.logging import HistoryBuffer, MessageHub
from torch import nn

import shg_xai.plugin  # noqa: F401
from shg_xai.errors import InputError
from shg_xai.runner.checkpoints import check_fits, read_weights


def weights() -> dict[str, torch.Tensor]:
    return nn.Linear(3, 2).state_dict()


def test_plain_weights_are_read(tmp_path: Path) -> None:
    kept, path = weights(), tmp_path / 'plain.pth'
    torch.save(kept, path)
    read = read_weights(str(path))
    assert read.keys() == kept.keys()
    assert all(torch.equal(read[name], kept[name]) for name in kept)


def test_mmengines_checkpoint_is_read(tmp_path: Path) -> None:
    kept, path = weights(), tmp_path / 'epoch_1.pth'
    hub = MessageHub('test_mmengines_checkpoint_is_read')
    hub.update_scalar('train/loss', 0.5)
    hub.update_info('iter', 3)
    torch.save(dict(state_dict=kept, message_hub=hub.state_dict(), meta=dict(epoch=1)), path)
    assert torch.equal(read_weights(str(path))['weight'], kept['weight'])


class Runs:
    """Pickles as a call of a function."""

    def __init__(self, function: Callable[..., Any], *args: Any) -> None:
        self.call = function, args

    def __reduce__(self) -> tuple[Callable[..., Any], tuple]:
        return self.call


def carriers(trace: Path) -> dict[str, Any]:
    """Objects that, unpickled without care, leave a file behind."""
    return {
        'system': Runs(os.system, f'touch {trace}'),
        'eval': Runs(eval, f'open({str(trace)!r}, "w")'),
        'open': Runs(open, str(trace), 'w'),
        # getattr is let through for the statistics of MMEngine's log, and for nothing else.
        'getattr': Runs(getattr, HistoryBuffer, '__init__'),
        'getattr of globals': Runs(getattr, HistoryBuffer.mean, '__globals__'),
    }


@pytest.mark.parametrize('name', list(carriers(Path())))
@pytest.mark.parametrize('new_format', [True, False])
def test_a_checkpoint_that_carries_code_is_refused_and_nothing_runs(
    tmp_path: Path, name: str, new_format: bool
) -> None:
    trace, path = tmp_path / 'it_ran', tmp_path / 'evil.pth'
    torch.save(dict(state_dict=weights(), extra=carriers(trace)[name]), path, _use_new_zipfile_serialization=new_format)
    with pytest.raises(InputError, match=f'{path}: ') as caught:
        read_weights(str(path))
    assert not trace.exists()
    assert '\n' not in str(caught.value)


def test_the_message_names_what_the_checkpoint_carries(tmp_path: Path) -> None:
    path = tmp_path / 'evil.pth'
    torch.save(dict(state_dict=weights(), extra=Runs(os.system, 'true')), path)
    with pytest.raises(InputError, match=r'refused, it carries code .*\(posix.system\)'):
        read_weights(str(path))


@pytest.mark.parametrize('content', [b'', b'not a checkpoint', b'PK\x03\x04 cut off'])
def test_a_file_that_is_no_checkpoint_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / 'broken.pth'
    path.write_bytes(content)
    with pytest.raises(InputError, match=f'{path}: '):
        read_weights(str(path))


def test_a_checkpoint_cut_short_is_named(tmp_path: Path) -> None:
    path = tmp_path / 'cut.pth'
    torch.save(weights(), path)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match=f'{path}: '):
        read_weights(str(path))


@pytest.mark.parametrize(
    'content', [{}, [1, 2], dict(state_dict={}), dict(epoch=3), torch.zeros(2), dict(state_dict=[1])]
)
def test_a_checkpoint_without_weights_is_named(tmp_path: Path, content: Any) -> None:
    path = tmp_path / 'empty.pth'
    torch.save(content, path)
    with pytest.raises(InputError, match=f'{path}: holds no weights'):
        read_weights(str(path))


def test_a_missing_checkpoint_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r'none.pth: no such checkpoint'):
        read_weights(str(tmp_path / 'none.pth'))


@pytest.mark.parametrize('missing', ['meta', 'message_hub', 'optimizer'])
def test_training_does_not_go_on_from_weights_alone(tmp_path: Path, missing: str) -> None:
    path = str(tmp_path / 'kept.pth')
    whole = dict(state_dict=weights(), meta=dict(epoch=1), message_hub={}, optimizer={})
    torch.save(whole, path)
    assert read_weights(path, resumable=True).keys() == weights().keys()
    torch.save({key: value for key, value in whole.items() if key != missing}, path)
    assert read_weights(path).keys() == weights().keys()
    with pytest.raises(InputError, match=f'{path}: cannot be resumed from'):
        read_weights(path, resumable=True)


def test_weights_of_the_model_fit() -> None:
    check_fits(weights(), nn.Linear(3, 2), 'own.pth')
    check_fits(
        {f'module.{name}': value for name, value in weights().items()}, nn.Linear(3, 2), 'of a distributed run.pth'
    )


@pytest.mark.parametrize(
    'change, message',
    [
        (lambda found: found.pop('bias'), r'1 weights of the config are missing \(e.g. bias\)'),
        (lambda found: found.update(more=torch.zeros(1)), r'1 weights are left over \(e.g. more\)'),
        (lambda found: found.update(weight=torch.zeros(2, 4)), r'1 weights have another shape \(e.g. weight\)'),
    ],
)
def test_weights_of_another_model_are_refused(change: Callable[[dict], Any], message: str) -> None:
    found = dict(weights())
    change(found)
    with pytest.raises(InputError, match=f'other.pth: not a checkpoint of this config: {message}'):
        check_fits(found, nn.Linear(3, 2), 'other.pth')
