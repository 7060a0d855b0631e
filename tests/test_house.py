"""Habits that grow back unnoticed, counted: long lists of parameters, and data without a type."""

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

from tests.conftest import REPO_ROOT

MOST_PARAMETERS, FUNCTIONS_WITH_MORE = 6, 5
UNTYPED = 40


def sources() -> Iterator[Path]:
    for folder in ('shg_xai', 'tools'):
        yield from sorted((REPO_ROOT / folder).rglob('*.py'))


def test_few_functions_take_many_parameters() -> None:
    """What belongs together is bundled: options, a ``Bootstrap``, a dataclass. Components that configs name may."""
    found = []
    for file in sources():
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                args = node.args
                names = [arg.arg for arg in (*args.posonlyargs, *args.args, *args.kwonlyargs)]
                if len(set(names) - {'self', 'cls'}) > MOST_PARAMETERS:
                    found.append(f'{file.relative_to(REPO_ROOT)}:{node.lineno} {node.name}')
    assert len(found) <= FUNCTIONS_WITH_MORE, '\n'.join(found)


def test_little_data_has_no_type() -> None:
    """A ``dict[str, Any]`` is for what others define: batches of MMEngine's, contents of a foreign file."""
    found = [
        f'{file.relative_to(REPO_ROOT)}:{number}'
        for file in sources()
        for number, line in enumerate(file.read_text().splitlines(), 1)
        if re.search(r'(dict|Mapping)\[str, Any\]', line)
    ]
    assert len(found) <= UNTYPED, '\n'.join(found)


def test_tests_share_through_helpers_alone() -> None:
    """A test file that another one imports can be neither moved nor read alone."""
    found = [
        f'{file.relative_to(REPO_ROOT)}: {line}'
        for file in sorted((REPO_ROOT / 'tests').rglob('*.py'))
        for line in file.read_text().splitlines()
        if re.match(r'(from|import) tests(\.\w+)*\.test_', line)
    ]
    assert not found, '\n'.join(found)


def test_every_tool_runs_as_it_stands() -> None:
    tools = sorted((REPO_ROOT / 'tools').glob('*.*'))
    assert len(tools) > 10
    assert [tool.name for tool in tools if not os.access(tool, os.X_OK)] == []
