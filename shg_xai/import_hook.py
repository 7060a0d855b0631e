"""Has :mod:`shg_xai.compat` in place as soon as MMEngine is imported, whoever imports it.

In the environment that ``make install`` makes, a ``.pth`` file runs :func:`install` at every start of Python, so that
MMPose's own tools and demos run there, which import MMPose before any config of ours. Only ``tools/install.sh`` writes
that file: in other environments nothing is done until a config imports ``shg_xai.plugin``.

This module has to start in a blink: it imports what Python has imported anyway.
"""

from __future__ import annotations

import sys

TYPE_CHECKING = False  # as typing's, which takes milliseconds to import
if TYPE_CHECKING:
    from collections.abc import Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType


class AfterMMEngine:
    """Finds MMEngine as Python's other finders do, and has :func:`shg_xai.compat.mend` run once MMEngine has."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where MMEngine lies; None for every other module and where it is not installed."""
        if name != 'mmengine':
            return None
        found = (finder.find_spec(name, path, target) for finder in sys.meta_path if finder is not self)
        spec = next(filter(None, found), None)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_mend(module: ModuleType) -> None:
                execute(module)
                from shg_xai import compat

                compat.mend()

            # This loader is MMEngine's alone.
            spec.loader.exec_module = execute_and_mend  # type: ignore[method-assign]
        return spec


def install() -> None:
    """Ask this finder first, once."""
    if not any(isinstance(finder, AfterMMEngine) for finder in sys.meta_path):
        sys.meta_path.insert(0, AfterMMEngine())
