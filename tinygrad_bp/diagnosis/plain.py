"""Activations that are written in plain arithmetic: 1 / (1 + exp(-x)), and quotients of exponentials that are a tanh."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Constant, Value

Operand = Value | float


class Plain(NamedTuple):
    """A sigmoid or a tanh.

    Attributes:
        x: what it is of.
        slope: its derivative, from the exponentials, so that it keeps its digits where the result is 1.
    """

    x: Value
    slope: float


def plain_activations(order: Iterable[Value]) -> dict[Value, Plain]:
    """The nodes that are one, by their results."""
    found = {}
    for node in order:
        if node.op is ops.div:
            read = _read(*node.operands)
        elif node.op is ops.reciprocal or (node.op is ops.pow and node.operands[1] == -1.0):
            read = _read(1.0, node.operands[0])
        else:
            continue
        if read is not None:
            found[node] = read
    return found


def _read(a: Operand, b: Operand) -> Plain | None:
    """a / (a + b) and (a - b) / (a + b), where each is an exponential or 1, but not both are."""
    if not isinstance(b, Value) or b.op is not ops.add:
        return None
    powers = b.operands
    exponents = [each for each in map(_exponent, powers) if each is not None]
    if not exponents or any(_exponent(each) is None and _number(each) != 1.0 for each in powers):
        return None
    first, second = map(_number, powers)
    total = first + second
    whole = a if not isinstance(a, Value) and 1.0 in powers else 1.0  # 2 / (1 + exp(-2 * x))
    if whole != 1.0 or any(_same(a, each) for each in powers):
        return Plain(_inner(exponents[0]), abs(whole) * (first / total) * (second / total))
    if isinstance(a, Value) and a.op in (ops.sub, ops.add):
        left, right = a.operands
        if a.op is ops.add:  # exp(2 * x) + -1
            if isinstance(right, Value) or right != -1.0:
                return None
            right = 1.0
        if (_same(left, powers[0]) and _same(right, powers[1])) or (_same(left, powers[1]) and _same(right, powers[0])):
            return Plain(_inner(exponents[0]), 4.0 * (first / total) * (second / total))
    return None


def _number(x: Operand) -> float:
    return x.data if isinstance(x, Value) else x


def _exponent(x: Operand) -> Value | None:
    """That of an exponential of what varies."""
    [inner] = x.operands if isinstance(x, Value) and x.op is ops.exp else [None]
    return inner if isinstance(inner, Value) else None


def _same(a: Operand, b: Operand) -> bool:
    """Whether two operands are the same node, equal numbers, or exponentials of the same."""
    if a is b:
        return True
    if isinstance(a, Value) and isinstance(b, Value):
        x, y = _exponent(a), _exponent(b)
        return x is not None and y is not None and (x is y or _same_multiple(x, y))
    return not isinstance(a, Value) and not isinstance(b, Value) and a == b


def _same_multiple(x: Value, y: Value) -> bool:
    """Whether -x, 2 * x, was written twice."""
    return x.op is y.op is not None and len(x.operands) == len(y.operands) and all(map(_is, x.operands, y.operands))


def _is(a: Operand, b: Operand) -> bool:
    return a is b or (not isinstance(a, Value) and not isinstance(b, Value) and a == b)


def _inner(exponent: Value) -> Value:
    """x of -x, 2 * x and 0 - x."""
    while exponent.op in (ops.neg, ops.mul, ops.sub, ops.div):
        varying = [x for x in exponent.operands if isinstance(x, Value) and not isinstance(x, Constant)]
        if len(varying) != 1:
            break
        exponent = varying[0]
    return exponent
