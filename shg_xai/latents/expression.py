"""Choosing rows by an expression over columns, as in ``pck < 0.5 and factors.posture == 2``.

A small part of Python: column names, numbers, texts in quotes, ``+ - * /``, comparisons and chains of them, ``and``,
``or``, ``not``, parentheses. It is read with ``ast`` and never run.

What is not known stays so: a null or NaN satisfies no comparison, nor the ``not`` of one, and a division by zero gives
a null.
"""

import ast
import difflib
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import reduce
from operator import add, eq, ge, gt, le, lt, mul, ne, sub, truediv
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from shg_xai.errors import InputError

LONGEST = 2000
COMPARISONS = {ast.Lt: lt, ast.LtE: le, ast.Gt: gt, ast.GtE: ge, ast.Eq: eq, ast.NotEq: ne}
ARITHMETIC = {ast.Add: add, ast.Sub: sub, ast.Mult: mul, ast.Div: truediv}
NUMBER, TEXT, TRUTH = 'a number', 'text', 'true or false'


class Value(NamedTuple):
    """What a part of the expression comes to: one value a row or one for all, and which of them are known."""

    kind: str
    values: NDArray[Any]
    known: NDArray[np.bool_]


def parse(expression: str) -> ast.expr:
    """The tree of an expression; an InputError if it is empty, too long or no Python."""
    if not expression.strip() or len(expression) > LONGEST:
        raise InputError(f'expression: needs 1 to {LONGEST} characters, as in pck < 0.5')
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')
            return ast.parse(' '.join(expression.split('\n')).strip(), mode='eval').body
    except SyntaxError as error:
        raise InputError(f'expression {expression!r}: {error.msg} at character {error.offset}') from None
    except (ValueError, RecursionError, MemoryError):
        raise InputError(f'expression {shown(expression)}: cannot be read') from None


def shown(part: ast.AST | str) -> str:
    """A part of the expression for a message."""
    try:
        text = part if isinstance(part, str) else ast.unparse(part)
    except RecursionError:
        text = 'a part'
    return repr(text if len(text) <= 60 else text[:60] + '…')


def dotted(node: ast.AST) -> str | None:
    """``factors.posture`` of a name or of attributes of a name; None for anything else."""
    parts = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    return '.'.join([node.id, *reversed(parts)]) if isinstance(node, ast.Name) else None


def column_names(expression: str) -> set[str]:
    """The column names in an expression, whether there are such columns or not; an InputError if it is no Python."""
    found: set[str] = set()
    nodes: list[ast.AST] = [parse(expression)]
    for node in nodes:  # grows meanwhile
        if (name := dotted(node)) is None:
            nodes += ast.iter_child_nodes(node)
        else:
            found.add(name)
    return found


def column(name: str, columns: Mapping[str, NDArray[Any]]) -> Value:
    """A column as a value; float NaN and None are not known."""
    if name not in columns:
        near = difflib.get_close_matches(name, columns, n=3, cutoff=0.5) or sorted(columns)
        raise InputError(f'expression: {name}: no such column; there is {", ".join(near)}')
    values = np.asarray(columns[name])
    kind = values.dtype.kind
    if values.ndim != 1 or kind not in 'biufOU':
        raise InputError(f'expression: {name}: has not one number or text a row')
    if kind in 'biu':
        known = np.ones(len(values), bool)
        return Value(TRUTH, values, known) if kind == 'b' else Value(NUMBER, values.astype(np.int64), known)
    if kind == 'f':
        kept = values if values.dtype == np.float32 else values.astype(np.float64)
        return Value(NUMBER, kept, ~np.isnan(values))
    known = np.array([value is not None for value in values], bool)
    if not all(isinstance(value, str) for value in values[known]):
        raise InputError(f'expression: {name}: has values that are no text')
    return Value(TEXT, np.where(known, values, '').astype(object), known)


def alike(*pair: NDArray[Any]) -> list[NDArray[Any]]:
    """Two sides of a comparison: 0.9 is what a column in float32 has for 0.9."""
    if all(side.dtype != np.float32 for side in pair):
        return list(pair)
    with np.errstate(over='ignore'):
        return [side if side.ndim or side.dtype != np.float64 else side.astype(np.float32) for side in pair]


def negated(value: Value) -> Value:
    """``not``: what is not known stays so."""
    return Value(TRUTH, ~value.values, value.known)


def both(a: Value, b: Value) -> Value:
    """``and``: false if one is false, even if the other is not known."""
    known = (a.known & b.known) | (a.known & ~a.values) | (b.known & ~b.values)
    return Value(TRUTH, a.values & b.values & a.known & b.known, known)


@dataclass(frozen=True)
class Evaluator:
    """Evaluates the parts of an expression over columns."""

    columns: Mapping[str, NDArray[Any]]

    def of_kind(self, node: ast.expr, kinds: Iterable[str], use: str) -> Value:
        """Evaluate a part that must be of one of these kinds."""
        value = self.value(node)
        if value.kind not in kinds:
            raise InputError(f'expression: {shown(node)} is {value.kind}, {use} needs {" or ".join(kinds)}')
        return value

    def value(self, node: ast.expr) -> Value:
        """Evaluate any part."""
        if (name := dotted(node)) is not None:
            return column(name, self.columns)
        if isinstance(node, ast.Constant):
            content, known = node.value, np.array(True)
            if isinstance(content, str):
                return Value(TEXT, np.array(content, object), known)
            if (type(content) is float and np.isfinite(content)) or (type(content) is int and abs(content) < 2**63):
                return Value(NUMBER, np.array(content), known)
            raise InputError(f'expression: {shown(node)}: neither a number of usual size nor a text')
        if isinstance(node, ast.Compare):
            return self.compare(node)
        if isinstance(node, ast.BoolOp):
            word = 'and' if isinstance(node.op, ast.And) else 'or'
            values = [self.of_kind(part, [TRUTH], word) for part in node.values]
            # a or b = not (not a and not b), also for what is not known
            return reduce(both, values) if word == 'and' else negated(reduce(both, map(negated, values)))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            return negated(self.of_kind(node.operand, [TRUTH], 'not'))
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd):
            number = self.of_kind(node.operand, [NUMBER], 'a sign')
            return number._replace(values=-number.values) if isinstance(node.op, ast.USub) else number
        if isinstance(node, ast.BinOp) and isinstance(node.op, tuple(ARITHMETIC)):
            return self.arithmetic(node)
        usable = 'columns, numbers, texts, + - * /, comparisons, and, or, not, parentheses'
        raise InputError(f'expression: {shown(node)}: not allowed; use {usable}')

    def arithmetic(self, node: ast.BinOp) -> Value:
        """``+ - * /`` in 64-bit floats."""
        left, right = (self.of_kind(part, [NUMBER], 'arithmetic') for part in (node.left, node.right))
        a, b = left.values.astype(float), right.values.astype(float)
        if isinstance(node.op, ast.Div):
            b = np.where(b == 0, np.nan, b)
        with np.errstate(all='ignore'):
            values = np.asarray(ARITHMETIC[type(node.op)](a, b))
        return Value(NUMBER, values, left.known & right.known & ~np.isnan(values))

    def compare(self, node: ast.Compare) -> Value:
        """A chain of comparisons: ``0.2 < pck <= 0.8``."""
        parts = [self.of_kind(part, [NUMBER, TEXT], 'a comparison') for part in (node.left, *node.comparators)]
        results = []
        for operation, left, right in zip(node.ops, parts[:-1], parts[1:], strict=True):
            if type(operation) not in COMPARISONS:
                raise InputError(f'expression: {shown(node)}: compare with < <= > >= == or !=')
            if left.kind != right.kind:
                text = f'expression: {shown(node)}: compares {left.kind} and {right.kind}; texts are in quotes'
                raise InputError(text)
            values = COMPARISONS[type(operation)](*alike(left.values, right.values))
            results.append(Value(TRUTH, np.asarray(values, bool), left.known & right.known))
        return reduce(both, results)


def evaluate(expression: str, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.bool_]:
    """For which rows an expression (see above) is true: bool, shape (N,); False also where it is not known.

    ``columns`` are by name, (N,) each: numbers with NaN for null, bools, or texts (str or object) with None for null.
    An InputError names the part that is not understood, with the nearest column names.
    """
    tree = parse(expression)
    try:
        result = Evaluator(columns).of_kind(tree, [TRUTH], 'choosing rows')
    except RecursionError:
        raise InputError(f'expression {shown(expression)}: too deeply nested') from None
    return np.broadcast_to(result.values & result.known, len(next(iter(columns.values()), ()))).copy()
