"""Algebra that changes no number: the same float by less work.

Each function takes the code that is being written and the operands of its row, and returns the operand that holds the result already
or by fewer instructions; None where there is no such way.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import TINY, Operation

if TYPE_CHECKING:
    from tinygrad_bp.program.instructions import Code

Operands = tuple[int, ...]


def _sum(code: Code, operands: Operands) -> int | None:
    a, b = operands
    for x, zero in ((a, b), (b, a)):
        if _is(code, zero, 0.0):
            if is_zero(code.constants[~zero], -1.0):
                return x
            code.adds_zero = True  # which takes the sign from -0.0, so it is looked at when the code is complete
            return None
    if (minus := _negated(code, b)) is not None:
        return code.apply(ops.sub, (a, minus))
    if (minus := _negated(code, a)) is not None:
        return code.apply(ops.sub, (b, minus))
    return None


def _difference(code: Code, operands: Operands) -> int | None:
    a, b = operands
    if _is(code, b, 0.0):
        return a if is_zero(code.constants[~b]) else code.apply(ops.add, (a, code.constant(0.0)))
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
    """x ** 1."""
    return operands[0] if _is(code, operands[1], 1.0) else None


def _quotient(code: Code, operands: Operands) -> int | None:
    """x / 1, (c * z) / d and (z / c) / d, where c or d is a power of 2."""
    x, divisor = operands
    if _is(code, divisor, 1.0):
        return x
    inner = code.instruction(x) if x >= 0 else None
    if inner is None or divisor >= 0:
        return None
    d = code.constants[~divisor]
    if inner.op is ops.mul and _power_of_two(d) and _is_normal(1.0 / d):
        return _scaled(code, x, code.constant(1.0 / d))
    if inner.op is ops.div and inner.operands[1] < 0:
        together = _together(code.constants[~inner.operands[1]], d)
        return None if together is None else code.apply(ops.div, (inner.operands[0], code.constant(together)))
    return None


def _minus(code: Code, operands: Operands) -> int | None:
    """-(-x), and -(c * z) as -c * z."""
    [x] = operands
    inner = code.instruction(x) if x >= 0 else None
    if inner is not None and inner.op is ops.mul:
        for z, c in (inner.operands, inner.operands[::-1]):
            if c < 0:
                return code.apply(ops.mul, (code.constant(-code.constants[~c]), z))
    return _negated(code, x)


def _power_term(code: Code, operands: Operands) -> int | None:
    """c * a ** 0 and 0 * a ** k, which for a whole power are c and 0 wherever a lies, and c * a ** 1."""
    c, a, b, k = operands
    if b >= 0 or k >= 0:
        return None
    power = code.constants[~b] - code.constants[~k]
    if code.constants[~b].is_integer() and code.constants[~k].is_integer():
        if power == 0:
            return c
        if _is(code, c, 0.0):
            return code.constant(0.0)
    if power == 1 and c < 0 and 0 < math.fabs(code.constants[~c]) < math.inf:
        return code.apply(ops.mul, (c, a))
    return None


def _is(code: Code, operand: int, number: float) -> bool:
    return operand < 0 and code.constants[~operand] == number


def is_zero(x: float, sign: float = 1.0) -> bool:
    """Whether the number is 0.0 and not -0.0; for a negative sign the other way around."""
    return x == 0 and math.copysign(1.0, x) == sign


def _negated(code: Code, operand: int) -> int | None:
    """x, where the operand is -x."""
    inner = code.instruction(operand) if operand >= 0 else None
    return inner.operands[0] if inner is not None and inner.op is ops.neg else None


def _scaled(code: Code, x: int, factor: int) -> int | None:
    """(c * z) * factor as one product, where one of the two numbers is a power of 2, by which products are exact."""
    inner = code.instruction(x) if x >= 0 else None
    if inner is None or factor >= 0 or inner.op is not ops.mul:
        return None
    for z, c in (inner.operands, inner.operands[::-1]):
        if c < 0 and (together := _together(code.constants[~c], code.constants[~factor])) is not None:
            return code.apply(ops.mul, (code.constant(together), z))
    return None


def _together(c: float, d: float) -> float | None:
    """The product of two numbers one of which is a power of 2, unless it leaves the range in which that is exact."""
    return (
        c * d
        if (_power_of_two(c) or _power_of_two(d)) and _is_normal(c) and _is_normal(d) and _is_normal(c * d)
        else None
    )


def _is_normal(x: float) -> bool:
    return TINY <= math.fabs(x) < math.inf


def _power_of_two(x: float) -> bool:
    return x != 0 and math.isfinite(x) and math.frexp(x)[0] in (0.5, -0.5)


SIMPLER: dict[Operation, Callable[[Code, Operands], int | None]] = {
    ops.add: _sum,
    ops.sub: _difference,
    ops.mul: _product,
    ops.div: _quotient,
    ops.pow: _by_one,
    ops.neg: _minus,
    ops.power_term: _power_term,
}
