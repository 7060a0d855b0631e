"""Another forward pass for a module, for a while."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn


@contextmanager
def lent_forward(module: nn.Module, forward: Callable[..., Any]) -> Iterator[None]:
    """Have a module compute by ``forward`` while the block runs; afterwards by what it had before, also after errors.

    ``nn.Module`` calls it between its hooks; MMPose calls a head's ``forward`` itself, past all hooks, and gets it too.
    """
    own = module.__dict__.get('forward')
    module.__dict__['forward'] = forward
    try:
        yield
    finally:
        del module.__dict__['forward']
        if own is not None:
            module.__dict__['forward'] = own
