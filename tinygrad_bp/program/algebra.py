"""Algebra that changes no number: the same float by less work.

Each function takes the code that is being written and the operands of its row, and returns the operand that holds the result already
or by fewer instructions; None where there is no such way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Operation

if TYPE_CHECKING:
    from tinygrad_bp.program.instructions import Code

Operands = tuple[int, ...]


def _sum(code: Code, operands: Operands) -> int | None:
    a, b = operands
    if _is(code, b, 0.0):
        return a
    if _is(code, a, 0.0):
        return b
    if (minus := _negated(code, b)) is not None:
        return code.apply(ops.sub, (a, minus))
    if (minus := _negated(code, a)) is not None:
        return code.apply(ops.sub, (b, minus))
    return None


def _difference(code: Code, operands: Operands) -> int | None:
    a, b = operands
    if _is(code, b, 0.0):
        return a
    return None if (minus := _negated(code, b)) is None else code.apply(ops.add, (a, minus))


def _product(code: Code, operands: Operands) -> int | None:
    a, b = operands
    for x, factor in ((a, b), (b, a)):
        if _is(code, factor, 1.0):
            return x
        if _is(code, factor, -1.0):
            return code.apply(ops.neg, (x,))
    for x, factor in ((a, b), (b, a)):
        if (together := _scaled(code, x, factor)) is not None:
            return together
    minus_a, minus_b = _negated(code, a), _negated(code, b)
    return None if minus_a is None or minus_b is None else code.apply(ops.mul, (minus_a, minus_b))


def _by_one(code: Code, operands: Operands) -> int | None:
    """x / 1 and x ** 1."""
    return operands[0] if _is(code, operands[1], 1.0) else None


def _minus(code: Code, operands: Operands) -> int | None:
    return _negated(code, operands[0])


def _power_term(code: Code, operands: Operands) -> int | None:
    """c * a ** 1."""
    c, a, b, k = operands
    first = b < 0 and k < 0 and code.constants[~b] - code.constants[~k] == 1.0
    if first and c < 0 and 0 < math.fabs(code.constants[~c]) < math.inf:
        return code.apply(ops.mul, (c, a))
    return None


def _is(code: Code, operand: int, number: float) -> bool:
    return operand < 0 and code.constants[~operand] == number


def _negated(code: Code, operand: int) -> int | None:
    """x, where the operand is -x."""
    inner = code.instruction(operand) if operand >= 0 else None
    return inner.operands[0] if inner is not None and inner.op is ops.neg else None


def _scaled(code: Code, x: int, factor: int) -> int | None:
    """(c * z) * factor as one product, where both numbers are powers of 2, by which products are exact."""
    inner = code.instruction(x) if x >= 0 else None
    if inner is None or factor >= 0 or not _power_of_two(code.constants[~factor]):
        return None
    if inner.op is ops.mul:
        for z, c in (inner.operands, inner.operands[::-1]):
            if c < 0 and _power_of_two(code.constants[~c]):
                together = code.constants[~c] * code.constants[~factor]
                if _power_of_two(together):  # it may have left the range of floats
                    return code.apply(ops.mul, (code.constant(together), z))
    return None


def _power_of_two(x: float) -> bool:
    return x != 0 and math.isfinite(x) and math.frexp(x)[0] in (0.5, -0.5)


SIMPLER: dict[Operation, Callable[[Code, Operands], int | None]] = {
    ops.add: _sum,
    ops.sub: _difference,
    ops.mul: _product,
    ops.div: _by_one,
    ops.pow: _by_one,
    ops.neg: _minus,
    ops.power_term: _power_term,
}
