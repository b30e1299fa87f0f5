"""Symbols: what the rules of the table are run on where not a number is wanted but what they say.

A rule is ordinary arithmetic on its operands. Handed a `Symbol`, it calls `record_operation` for each step; what that makes is up to
the reading. Here it makes text, of which a row describes itself; elsewhere instructions of a program.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.methods import Methods
from tinygrad_bp.core.operation import ATOM, NEGATIVE, Operation, Reduction
from tinygrad_bp.core.operators import Operators


class Symbol(ABC):
    """Anything with the operators of a number, each of which hands its row of the table to `record_operation`.

    It has no number: what would ask for one, `float(x)`, `if x > 0` or `math.exp(x)`, raises TypeError.
    """

    __slots__ = ()

    @staticmethod
    @abstractmethod
    def record_operation(op: Operation, operands: Sequence[Any]) -> Any:
        """What stands for `op` on these operands, symbols and numbers."""

    def __add__(self, other: Any) -> Any:
        return self.record_operation(ops.add, (self, other))

    def __radd__(self, other: Any) -> Any:
        return self.record_operation(ops.add, (other, self))

    def __sub__(self, other: Any) -> Any:
        return self.record_operation(ops.sub, (self, other))

    def __rsub__(self, other: Any) -> Any:
        return self.record_operation(ops.sub, (other, self))

    def __mul__(self, other: Any) -> Any:
        return self.record_operation(ops.mul, (self, other))

    def __rmul__(self, other: Any) -> Any:
        return self.record_operation(ops.mul, (other, self))

    def __truediv__(self, other: Any) -> Any:
        return self.record_operation(ops.div, (self, other))

    def __rtruediv__(self, other: Any) -> Any:
        return self.record_operation(ops.div, (other, self))

    def __pow__(self, other: Any) -> Any:
        return self.record_operation(ops.pow, (self, other))

    def __rpow__(self, other: Any) -> Any:
        return self.record_operation(ops.pow, (other, self))

    def __neg__(self) -> Any:
        return self.record_operation(ops.neg, (self,))

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        return self.record_operation(ops.abs, (self,))

    def _has_no_number(self, *_: Any) -> Any:
        raise TypeError("a rule asked for a number, where it has to hold for every number")

    __bool__ = __float__ = __int__ = __index__ = __lt__ = __le__ = __gt__ = __ge__ = _has_no_number
    __eq__ = __ne__ = _has_no_number
    __hash__ = object.__hash__


class Text(Symbol):
    """A formula, and how tightly it binds."""

    __slots__ = ("binding", "text")

    def __init__(self, text: str, binding: int = ATOM) -> None:
        self.text, self.binding = text, binding

    @staticmethod
    def record_operation(op: Operation, operands: Sequence[Any]) -> Text:
        return Text(op.write([_written(x) for x in operands]), op.binding)


def _written(x: Any) -> tuple[str, int]:
    if isinstance(x, Text):
        return x.text, x.binding
    return f"{x:.12g}", NEGATIVE if x < 0 else ATOM


def described(op: Operation) -> str:
    """A row in words: how it is called, what it is, its formula, its derivatives, where it is defined."""
    if isinstance(op, Reduction):
        usage, names = op.usage, [f"{name}{k}" for name in ("w", "x")[-op.sequences :] for k in (1, 2)]
    else:
        names = _operand_names(op)
        defaults = [""] * (len(names) - len(op.defaults)) + [f"={x:g}" for x in op.defaults]
        usage = f"{op.name}({', '.join(map(''.join, zip(names, defaults, strict=True)))})"
    operands, atoms = [Text(name) for name in names], [(name, ATOM) for name in names]
    lines = [usage, *_said_by_method(op), "", f"Formula: y = {op.write(atoms)}, in LaTeX {op.write(atoms, latex=True)}"]
    try:
        partials = [_written(partial)[0] for partial in op.derivatives(Text("y"), operands)]
    except (TypeError, ValueError, ArithmeticError, AttributeError):  # a rule of one's own that knows numbers only
        partials = []
    d = "d" if len(names) == 1 else "∂"
    lines += [f"Derivative: {d}y/{d}{name} = {partial}" for name, partial in zip(names, partials, strict=False)]
    lines += [f"It needs {op.domain.needs}."]
    return "\n".join(lines)


def _said_by_method(op: Operation) -> list[str]:
    """What the method of the same name says that it returns, unless that speaks of the operands by other names."""
    if ops.OPERATIONS.get(op.name) is not op:
        return []
    method = getattr(Methods, op.name, None) or getattr(Operators, op.name, None)
    text = _SAID.get(op.name) or getattr(method, "__doc__", None)
    return ["", text] if text else []


# What a row is, where no method says it of the same operands.
_SAID = {
    "add": "The sum.",
    "sub": "The difference.",
    "mul": "The product.",
    "div": "The quotient.",
    "neg": "The number with the other sign.",
    "pow": "a to the power of b.",
    "abs": "The number without its sign.",
    "atan2": "The angle of the point (b, a), in radians.",
    "hypot": "The length of the hypotenuse: the square root of a**2 + b**2.",
    "sum_of": "The sum of all numbers of a sequence, as one node.",
    "dot": "The products of the numbers of two sequences, pair by pair, added up as one node.",
    "logsumexp": "The logarithm of the sum of exp(x) over a sequence: a smooth maximum, which does not overflow.",
    "passed": "What flows through a gate: gate * x, and 0 where the gate is 0, whatever x is.",
    "sigmoid_slope": "The slope of the sigmoid: sigmoid(x) * (1 - sigmoid(x)), without loss where that is small.",
    "reciprocal": "1 over x; infinity for 0.",
    "over_squares": "c over a**2 + b**2, rounded once, without overflow on the way.",
    "power_term": "c times a to the power of b - k, and 0 where c is 0: what the derivatives of powers are made of.",
    "log_term": "c times the natural logarithm of a, and 0 where c is 0.",
    "exp_difference": "e to the power of a - b, without what rounding the difference would lose.",
    "asinh_slope": "The slope of asinh: 1 over the square root of 1 + x**2.",
    "erf_slope": "The slope of the error function: 2 / sqrt(pi) * exp(-x**2), the bell curve.",
    "silu_slope": "The slope of silu: sigmoid(x) + x * sigmoid_slope(x), without loss where that is near 0.",
    "gelu_slope": "The slope of gelu: normal_cdf(x) + x * normal_density(x), without loss where that is near 0.",
    "normal_cdf": "How probable it is that a normally distributed number (mean 0, deviation 1) is below x.",
    "normal_density": "The bell curve of the normal distribution (mean 0, deviation 1): exp(-x**2 / 2) / sqrt(2 * pi).",
}


def _operand_names(op: Operation) -> list[str]:
    """As the rules of the row call them, after y."""
    if not isinstance(op.partials, tuple):
        return ["x1", "x2"]
    code = getattr(op.partials[0], "__code__", None)
    names = list(code.co_varnames[1 : code.co_argcount]) if code else []
    return names if len(names) == op.arity else [f"x{k + 1}" for k in range(len(op.partials))]
