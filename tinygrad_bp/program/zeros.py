"""Sums with 0.0, as `sum([a, b])` begins with one: taken out where nobody can tell.

x + 0.0 is x for every float but -0.0, of which it makes 0.0. So the sum may go where x is never -0.0, and where the sign of a zero is
lost on the way to every output: a cosine, a square, a sum with 0.35 are the same for both zeros; an output of the program is not.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from tinygrad_bp.core import ops
from tinygrad_bp.program.algebra import is_zero
from tinygrad_bp.program.parts import bell, decay, logistic

if TYPE_CHECKING:
    from tinygrad_bp.program.instructions import Code, Instruction

# fmt: off
# Rows that are never below 0, nor -0.0, ...
_NEVER_NEGATIVE = frozenset((
    ops.exp, ops.cosh, ops.abs, ops.step, ops.sigmoid_slope, ops.softplus, ops.relu, ops.hypot, ops.normal_cdf, ops.normal_density,
    ops.erf_slope, ops.asinh_slope, ops.exp_difference, decay, bell, logistic,
))
# ... those that are the same for both zeros, ...
_SAME = frozenset((
    ops.exp, ops.cosh, ops.abs, ops.step, ops.sigmoid_slope, ops.softplus, ops.relu, ops.hypot, ops.normal_cdf, ops.normal_density,
    ops.erf_slope, ops.asinh_slope, ops.exp_difference, decay, ops.cos, ops.sign, ops.acos, ops.silu_slope, ops.gelu_slope,
    ops.logsumexp, ops.log, ops.log2, ops.log10,
))
# ... and those in which the sign of a zero changes the sign of a zero, and nothing else.
_SIGNED = frozenset((
    ops.sub, ops.mul, ops.neg, ops.tanh, ops.sin, ops.tan, ops.asin, ops.atan, ops.sinh, ops.asinh, ops.atanh, ops.expm1, ops.log1p,
    ops.erf, ops.sqrt, ops.cbrt, ops.silu, ops.gelu, ops.maximum, ops.minimum, ops.sum_of, ops.dot, bell,
))
# fmt: on
_NOT_MINUS_ZERO, _NOT_NEGATIVE = 1, 2  # what is known of a number; the second includes the first


def needless(code: Code) -> dict[int, int]:
    """The slots of sums with 0.0 that may go, and the operand that is left of each."""
    known = _known(code)
    seen = bytearray(len(known))  # where the sign of a zero reaches an output
    for slot in code.outputs:
        if slot >= 0:
            seen[slot] = 1
    found: dict[int, int] = {}
    first = len(code.inputs)
    for slot in range(len(known) - 1, first - 1, -1):
        instruction = code.instructions[slot - first]
        rest = _beside_zero(code, instruction)
        if rest is not None and (not seen[slot] or known[rest]):
            found[slot] = rest
        for place, x in enumerate(instruction.operands):
            if x >= 0 and not seen[x]:
                seen[x] = _shows(code, known, instruction, place, bool(seen[slot]))
    return found


def _beside_zero(code: Code, instruction: Instruction) -> int | None:
    """x, where the instruction is x + 0.0."""
    if instruction.op is not ops.add:
        return None
    for x, zero in (instruction.operands, instruction.operands[::-1]):
        if x >= 0 > zero and is_zero(code.constants[~zero]):
            return x
    return None


def _known(code: Code) -> bytearray:
    """What is known of the number in each slot, whichever sums with 0.0 are taken out."""
    known = bytearray(len(code.inputs))

    def of(x: int) -> int:
        if x >= 0:
            return known[x]
        c = code.constants[~x]
        return _NOT_NEGATIVE if math.copysign(1.0, c) > 0 else _NOT_MINUS_ZERO if c else 0

    for instruction in code.instructions:
        op, operands = instruction
        rest = _beside_zero(code, instruction)
        if rest is not None:
            known.append(known[rest])
        elif op in _NEVER_NEGATIVE or (op is ops.mul and operands[0] == operands[1]) or _is_even(code, instruction):
            known.append(_NOT_NEGATIVE)
        elif op is ops.add:
            a, b = map(of, operands)
            known.append(min(a, b) or (_NOT_MINUS_ZERO if a or b else 0))
        elif op is ops.sub:
            known.append(min(of(operands[0]), _NOT_MINUS_ZERO))
        elif op is ops.sign:
            known.append(_NOT_MINUS_ZERO)
        elif op in (ops.mul, ops.div, ops.sqrt):
            known.append(_NOT_NEGATIVE if all(of(x) == _NOT_NEGATIVE for x in operands) else 0)
        else:
            known.append(0)
    return known


def _shows(code: Code, known: bytearray, instruction: Instruction, place: int, seen: bool) -> bool:
    """Whether the sign of a zero at that place can be told from an output, of which the result's can or cannot."""
    op, operands = instruction
    if op in _SAME or _is_even(code, instruction) or (op is ops.mul and operands[0] == operands[1]):
        return False
    if op is logistic:
        return seen and place == 1
    if op is ops.add:  # a zero of either sign and something that is not -0.0 are the same
        other = operands[1 - place]
        return seen and (not known[other] if other >= 0 else is_zero(code.constants[~other], -1.0))
    return seen if op in _SIGNED or (op is ops.div and place == 0) else True


def _is_even(code: Code, instruction: Instruction) -> bool:
    """Whether it is x ** 2, x ** 4 or the like."""
    return (
        instruction.op is ops.pow and instruction.operands[1] < 0 and code.constants[~instruction.operands[1]] % 2 == 0
    )
