"""The components: every class and function that the plugin registers with MMPose, with its docstring."""

import importlib
import inspect
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import mmengine.registry
import mmpose.registry

OURS = 'shg_xai.'


@dataclass(frozen=True)
class Component:
    """Something that a config names by ``type``.

    Attributes:
        name: The name in the config.
        kind: The registry, in words, as ``model``.
        object: The class or function.
    """

    name: str
    kind: str
    object: Any

    @property
    def path(self) -> str:
        """Where it is imported from."""
        return f'{self.object.__module__}.{self.object.__qualname__}'

    @property
    def summary(self) -> str:
        """The first sentence of its docstring."""
        return ' '.join((inspect.getdoc(self.object) or '').partition('\n\n')[0].split())

    @property
    def keys(self) -> dict[str, inspect.Parameter]:
        """What a config may give it by name, without what it only hands on."""
        if not inspect.isclass(self.object):
            return {}
        # Its own constructor's, or else the one it inherits.
        named = inspect.signature(self.object).parameters
        handed_on = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
        return {key: value for key, value in named.items() if value.kind not in handed_on}


def _registries() -> Iterator[mmengine.registry.Registry]:
    for module in (mmengine.registry, mmpose.registry):
        yield from (one for one in vars(module).values() if isinstance(one, mmengine.registry.Registry))


@cache
def registered() -> tuple[Component, ...]:
    """All that the plugin registers, by kind and name."""
    importlib.import_module('shg_xai.plugin')
    found = {
        Component(name, registry.name.lower().replace('_', ' '), thing)
        for registry in _registries()
        for name, thing in registry.module_dict.items()
        if thing.__module__.startswith(OURS)
    }
    return tuple(sorted(found, key=lambda one: (one.kind, one.name)))


def components() -> str:
    """A table of all components, then each with its docstring."""
    rows = ''.join(
        f'| [{one.name}](#{one.name.lower()}) | {one.kind} | {_plain(one.summary)} |\n' for one in registered()
    )
    parts = []
    for one in registered():
        how = 'autoclass' if inspect.isclass(one.object) else 'autofunction'
        parts.append(f'({one.name.lower()})=\n## {one.name}\n\n```{{eval-rst}}\n.. {how}:: {one.path}\n```\n')
    return f'| component | kind | what it does |\n|---|---|---|\n{rows}\n' + '\n'.join(parts)


def _plain(text: str) -> str:
    """A docstring's line in Markdown: one backtick for two, and for references."""
    import re

    text = re.sub(r':\w+:`~?(?:[\w.]*\.)?(\w+)`', r'`\1`', text)
    return text.replace('``', '`').replace('|', '\\|')
