"""Configs and their keys, as Markdown."""

import ast
import inspect
import re
from functools import cache
from pathlib import Path

from component_pages import Component, registered

ROOT = Path(__file__).resolve().parents[2]


@cache
def paths() -> tuple[Path, ...]:
    """Every config that is whole, and the study's base."""
    return tuple(sorted((ROOT / 'configs').glob('*.py')) + sorted((ROOT / 'configs').glob('*/*.py')))


def configs() -> str:
    """Each config: why it is as it is, and all of its text."""
    parts = []
    for path in paths():
        name = path.relative_to(ROOT / 'configs')
        said = ast.get_docstring(ast.parse(path.read_text())) or ''
        title, _, rest = said.partition('\n')
        code = path.read_text().split('"""', 2)[2].lstrip()
        parts.append(f'## {name}\n\n{title}\n\n{_markdown(rest)}\n\n```python\n{code}```\n')
    return '\n'.join(parts)


def _markdown(text: str) -> str:
    """A config's docstring: indented commands become a block, the rest stays as it is."""
    return re.sub(r'((?:^    .*\n?)+)', lambda found: f'```text\n{inspect.cleandoc(found[1])}\n```\n', text, flags=re.M)


def described(component: Component) -> dict[str, str]:
    """What the docstring says of each key: the entries of its section ``Args``."""
    texts = [inspect.getdoc(component.object) or '', inspect.getdoc(component.object.__init__) or '']
    found: dict[str, str] = {}
    for text in texts:
        section = re.search(r'^Args:\n((?: .*\n?|\n)+)', text, re.MULTILINE)
        entries = re.split(r'^    (?=\w)', section[1], flags=re.MULTILINE) if section else []
        for entry in entries:
            name, _, said = entry.partition(':')
            found.setdefault(re.sub(r' \(.*\)', '', name).strip(), ' '.join(said.split()))
    return found


def keys() -> str:
    """Every key of every component: its default and what the docstring says of it."""
    parts = []
    for component in registered():
        said = described(component)
        entries = []
        for key, parameter in component.keys.items():
            default = (
                '' if parameter.default is inspect.Parameter.empty else f'   :default: ``{parameter.default!r}``\n'
            )
            text = said.get(key) or 'As in the class of MMPose or MMEngine that it inherits.'
            entries.append(f'.. confval:: {component.name}.{key}\n{default}\n   {text}\n')
        if entries:
            block = '\n'.join(entries)
            parts.append(f'## {component.name}\n\n```{{eval-rst}}\n{block}```\n')
    return '\n'.join(parts)
