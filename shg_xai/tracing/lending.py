"""Other methods for a module, for a while."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn


@contextmanager
def lent(module: nn.Module, **methods: Callable[..., Any]) -> Iterator[None]:
    """Have a module use other methods, say ``forward``, while the block runs; afterwards what it had before, also after
    errors.

    ``nn.Module`` calls ``forward`` between its hooks; MMPose calls a head's itself, past all hooks, and gets it too.
    """
    own = {name: module.__dict__[name] for name in methods if name in module.__dict__}
    module.__dict__.update(methods)
    try:
        yield
    finally:
        for name in methods:
            del module.__dict__[name]
        module.__dict__.update(own)
