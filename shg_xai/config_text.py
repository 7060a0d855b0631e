"""A config as text that people read: one setting a line where a line would be too long.

MMEngine has yapf lay it out, which takes half a second. All that stands in it are calls of ``dict``, lists, tuples and
plain values, which a few lines of Python can break as well, in a hundredth of the time.
"""

import ast
from typing import Any

WIDTH, STEP = 79, 4


def laid_out(text: str, **options: Any) -> tuple[str, bool]:
    """The assignments of a config's text, in lines of at most 79 characters where that can be, and whether anything
    changed; stands in for yapf's ``FormatCode``, whose options have no say. SyntaxError where it is no Python.
    """
    lines = []
    for part in ast.parse(text).body:
        if isinstance(part, ast.Assign):
            name = ast.unparse(part.targets[0])
            lines.append(f'{name} = {_value(part.value, 0, len(name) + 3)}')
        else:
            lines.append(ast.unparse(part))
    found = ''.join(f'{line}\n' for line in lines)
    return found, found != text


def _value(node: ast.AST, indent: int, before: int) -> str:
    """A value behind so many characters of its line, whose further lines are indented by ``indent`` and more."""
    flat = ast.unparse(node)
    if indent + before + len(flat) < WIDTH:  # a comma may follow
        return flat
    if isinstance(node, ast.Call):
        start, end = f'{ast.unparse(node.func)}(', ')'
        items = [('', one) for one in node.args]
        items += [(f'{one.arg}=' if one.arg else '**', one.value) for one in node.keywords]
    elif isinstance(node, ast.Dict):
        start, end = '{', '}'
        names = [f'{ast.unparse(key)}: ' if key else '**' for key in node.keys]
        items = list(zip(names, node.values, strict=True))
    elif isinstance(node, ast.List | ast.Tuple):
        start, end = '[]' if isinstance(node, ast.List) else '()'
        items = [('', one) for one in node.elts]
    else:
        return flat
    inner = indent + STEP
    lines = [f'{" " * inner}{name}{_value(one, inner, len(name))},\n' for name, one in items]
    return f'{start}\n{"".join(lines)}{" " * indent}{end}' if items else flat
