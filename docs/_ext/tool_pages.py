"""The tools: each with its ``--help``, as Markdown."""

import ast
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FENCE = '```'


@cache
def paths() -> tuple[Path, ...]:
    """Every command of ``tools/``."""
    return tuple(sorted((ROOT / 'tools').glob('*.py')))


@cache
def help_of(path: Path) -> str:
    """What ``--help`` prints, in lines of 100 characters."""
    words = [sys.executable, str(path), '--help']
    return subprocess.run(words, check=True, capture_output=True, text=True, cwd=ROOT).stdout


def summary(path: Path) -> str:
    """What a tool does, as the first line of its file says before the command."""
    said = (ast.get_docstring(ast.parse(path.read_text())) or '').splitlines()[0]
    return said.partition(': ')[0].rstrip('.')


def tools() -> str:
    """A table of all tools, then each with its help."""
    with ThreadPoolExecutor() as pool:
        helps = list(pool.map(help_of, paths()))
    rows = ''.join(f'| [{path.name}](#{path.stem}) | {summary(path)} |\n' for path in paths())
    parts = [
        f'({path.stem})=\n## {path.name}\n\n{summary(path)}.\n\n{FENCE}text\n{text.rstrip()}\n{FENCE}\n'
        for path, text in zip(paths(), helps, strict=True)
    ]
    return f'| tool | what it does |\n|---|---|\n{rows}\n' + '\n'.join(parts)
