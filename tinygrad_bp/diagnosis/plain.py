"""Activations that are written in plain arithmetic: 1 / (1 + exp(-x)), and quotients of exponentials that are a tanh."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Constant, Value

Operand = Value | float


class Plain(NamedTuple):
    """A sigmoid or a tanh, perhaps times a number.

    Attributes:
        at: its argument: u of 1 / (1 + exp(-u)), and of (exp(u) - exp(-u)) / (exp(u) + exp(-u)).
        slope: the size of its derivative with respect to that argument, from the exponentials, so that it keeps its digits where the
            result is 1.
        of: the Values that the argument is, but for a sign and a factor.
    """

    at: float
    slope: float
    of: tuple[Value, ...]


def plain_activations(order: Sequence[Value]) -> dict[Value, Plain]:
    """The nodes that are one, by their results."""
    lessened = {node.operands[0] for node in order if _less_one(node)}
    found = {}
    for node in order:
        if node.op is ops.div:
            a, b = node.operands
        elif node.op is ops.reciprocal or (node.op is ops.pow and node.operands[1] == -1.0):
            a, b = 1.0, node.operands[0]
        else:
            continue
        powers = _powers(b)
        if powers is not None:
            read = _share(a, powers, node in lessened) if _is_power(a) else _difference(a, powers)
            if read is not None:
                found[node] = read
    return found


def _less_one(node: Value) -> bool:
    return (node.op is ops.sub and node.operands[1] == 1.0) or (node.op is ops.add and node.operands[1] == -1.0)


def _is_power(a: Operand) -> bool:
    return not isinstance(a, Value) or a.op not in (ops.sub, ops.add)


def _powers(b: Operand) -> tuple[Operand, Operand] | None:
    """The two terms of a sum where each is an exponential or 1, but not both are 1."""
    if not isinstance(b, Value) or b.op is not ops.add:
        return None
    first, second = b.operands
    exponents = _exponent(first), _exponent(second)
    ones = [_number(each) == 1.0 for each, exponent in zip(b.operands, exponents, strict=True) if exponent is None]
    return (first, second) if all(ones) and len(ones) < 2 else None


def _share(a: Operand, powers: tuple[Operand, Operand], lessened: bool) -> Plain | None:
    """a / (a + b), which is the sigmoid of what the exponents differ by; of a number over 1 + b that many times it.

    2 / (1 + exp(-2 * u)), with 1 taken away, is the tanh of u.
    """
    first, second = powers
    if not isinstance(a, Value) and a != 0.0 and 1.0 in powers:
        one, other = (first, second) if first == 1.0 else (second, first)
        as_tanh = a == 2.0 and lessened
        return _plain(one, other, 0.5 if as_tanh else 1.0, 4.0 if as_tanh else abs(a))
    if _same(a, first):
        return _plain(first, second)
    return _plain(second, first) if _same(a, second) else None


def _difference(a: Operand, powers: tuple[Operand, Operand]) -> Plain | None:
    """(a - b) / (a + b), which is the tanh of half of what the exponents differ by."""
    assert isinstance(a, Value)
    left, right = a.operands
    if a.op is ops.add:  # exp(2 * x) + -1
        if isinstance(right, Value) or right != -1.0:
            return None
        right = 1.0
    for one, other in (powers, powers[::-1]):
        if _same(left, one) and _same(right, other):
            return _plain(one, other, 0.5, 4.0)
    return None


def _plain(one: Operand, other: Operand, half: float = 1.0, steep: float = 1.0) -> Plain:
    """What is 1 where the first power is the larger one by far: its argument is the difference of the exponents times `half`, its slope
    that of a sigmoid times `steep`."""
    exponents = [_exponent(each) for each in (one, other)]
    above, below = [0.0 if each is None else each.data for each in exponents]
    total = _number(one) + _number(other)
    slope = steep * (_number(one) / total) * (_number(other) / total)
    return Plain(half * (above - below), slope, tuple(x for each in exponents if each for x in _within(each)))


def _number(x: Operand) -> float:
    return x.data if isinstance(x, Value) else x


def _exponent(x: Operand) -> Value | None:
    """That of an exponential of what varies."""
    [inner] = x.operands if isinstance(x, Value) and x.op is ops.exp else [None]
    return inner if isinstance(inner, Value) else None


def _same(a: Operand, b: Operand) -> bool:
    """Whether two operands are the same node, equal numbers, or exponentials of the same."""
    x, y = _exponent(a), _exponent(b)
    return _is(a, b) or (x is not None and y is not None and (x is y or _same_multiple(x, y)))


def _same_multiple(x: Value, y: Value) -> bool:
    """Whether -x, 2 * x, was written twice."""
    return x.op is y.op is not None and len(x.operands) == len(y.operands) and all(map(_is, x.operands, y.operands))


def _is(a: Operand, b: Operand) -> bool:
    return a is b or (not isinstance(a, Value) and not isinstance(b, Value) and a == b)


def _within(exponent: Value) -> Iterator[Value]:
    """-x, 2 * x and 0 - x, and the x in them."""
    yield exponent
    while exponent.op in (ops.neg, ops.mul, ops.sub, ops.div):
        varying = [x for x in exponent.operands if isinstance(x, Value) and not isinstance(x, Constant)]
        if len(varying) != 1:
            break
        exponent = varying[0]
        yield exponent
