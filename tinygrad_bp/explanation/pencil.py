"""Rows of numbers that can be followed with a pencil: what the digits shown come to is the result, as far as that is shown."""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Sequence
from typing import TypeVar

from tinygrad_bp.core import ops
from tinygrad_bp.explanation.names import number

MOST_FURTHER = 3  # digits that a row has more than the result, at most
LONGEST = 1000  # letters of a row that is followed
HALF_WAY = 1e-13  # how near below it a number counts as half way between two that can be shown

Written = TypeVar("Written")

_SIGNS = {ast.Add: ops.add, ast.Sub: ops.sub, ast.Mult: ops.mul, ast.Div: ops.div, ast.Pow: ops.pow}


def to_follow(written: Callable[[int], Written], agrees: Callable[[Written], bool], digits: int) -> Written:
    """What is written with so many digits, or with a few more if only then what it shows comes to the results beside it.

    Args:
        written: writes it, with so many digits.
        agrees: whether what it shows comes to the results.
        digits: those with which the results are shown.
    """
    first = written(digits)
    for more in range(digits, digits + MOST_FURTHER + 1):
        found = written(more)
        if more > digits and found == first:
            break  # there are no more digits
        if agrees(found):
            return found
    return first


def comes_to(x: float | None, result: float, digits: int) -> bool:
    """Whether a number is a result as that is shown, what is half way between two rounded up; one that is not known may be it."""
    return x is None or float(number(x * (1.0 + HALF_WAY), digits)) == float(number(result, digits))


def multiply(products: Sequence[Sequence[str]], results: Sequence[float], digits: int) -> bool:
    """Whether products of numbers that are shown come to the results."""
    found = (math.prod(map(float, factors)) for factors in products)
    return all(comes_to(x, result, digits) for x, result in zip(found, results, strict=True))


def adding_up(parts: Sequence[float], total: float, digits: int) -> int:
    """How many digits the summands have, so that their sum is with a pencil what is said: as many as ever, or a few more."""

    def agrees(more: int) -> bool:
        return comes_to(math.fsum(float(number(x, more)) for x in parts), total, digits)

    return to_follow(lambda more: more, agrees, digits)


def value_of(text: str) -> float | None:
    """What a row of numbers comes to, signs and functions as the table of operations has them; None for what is none.

    >>> value_of("0.5 * (1 - 0.25)"), value_of("sigmoid(0)"), value_of("2 * x")
    (0.375, 0.5, None)
    """
    if len(text) > LONGEST:
        return None
    try:
        return _value(ast.parse(text.strip(), mode="eval").body)
    except (SyntaxError, ValueError, ArithmeticError, TypeError, RecursionError, MemoryError):
        return None


def _value(node: ast.expr) -> float:
    if isinstance(node, ast.Constant) and isinstance(node.value, (int, float)):
        return float(node.value)
    if isinstance(node, ast.Name) and node.id == "pi":
        return math.pi
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        return -_value(node.operand)
    if isinstance(node, ast.BinOp) and type(node.op) in _SIGNS:
        return _SIGNS[type(node.op)].compute([_value(node.left), _value(node.right)])
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ops.OPERATIONS:
        return ops.OPERATIONS[node.func.id].compute([_value(x) for x in node.args])
    raise ValueError("this is no number")
