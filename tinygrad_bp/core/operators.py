"""The operators of `Value`, and the functions that networks call most, written out for speed.

Each is its row of the table, number and local derivatives, with the node made in place: a helper for all of them would cost a quarter
to a half of the time that recording takes. Operands that are not simply Values or floats, and numbers at which a row has more to say,
go by the table. `WRITTEN_OUT` says which rows are written out here, and a test holds each to its row.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, TypeAlias

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import CLOSED, Number, Operation, as_float

if TYPE_CHECKING:
    # Which at run time puts itself here, since it inherits from the class below.
    from tinygrad_bp.core.value import Value

Operand: TypeAlias = "Value | Number"

_new = object.__new__
# Looked up as names of this module, the rows cost less than as attributes of another.
_add, _sub, _mul, _div, _pow, _neg = ops.add, ops.sub, ops.mul, ops.div, ops.pow, ops.neg
_exp, _tanh, _sigmoid, _relu, _dot = ops.exp, ops.tanh, ops.sigmoid, ops.relu, ops.dot
_OPERATORS = {_add: operator.add, _sub: operator.sub, _mul: operator.mul, _div: operator.truediv, _pow: operator.pow}
_EVERYDAY_EXPONENTS = frozenset((-2.0, -1.0, 2.0, 3.0))


class Operators:
    """What `Value` inherits: + - * / ** abs, exp, tanh, sigmoid and relu. All return the node of their row."""

    __slots__ = ()
    varies = True  # a constant, which also is a Value for those who look at it, does not
    spreads = False  # whether what is computed from it by a row is of its class, whatever the other operands are

    _data: float

    if TYPE_CHECKING:

        @property
        def data(self) -> float: ...
        @property
        def label(self) -> str: ...
        @staticmethod
        def record_operation(op: Operation, operands: Sequence[Any]) -> Value: ...

    def __add__(self, other: Operand) -> Value:
        b: Any
        kind = type(other)
        if kind is Value:
            b = other._data  # type: ignore[union-attr]
        elif kind is float:
            b = other
        else:
            return _meet(ops.add, self, other)
        out = _new(Value)
        out._data = self._data + b
        out.grad = 0.0
        out.op = _add
        out._a = self
        out._b = other
        out._da = out._db = 1.0
        return out

    def __radd__(self, other: Operand) -> Value:
        if type(other) is not float or type(self) is not Value:
            return _meet(ops.add, other, self)
        out = _new(Value)
        out._data = other + self._data
        out.grad = 0.0
        out.op = _add
        out._a = other
        out._b = self
        out._da = out._db = 1.0
        return out

    def __sub__(self, other: Operand) -> Value:
        b: Any
        kind = type(other)
        if kind is Value:
            b = other._data  # type: ignore[union-attr]
        elif kind is float:
            b = other
        else:
            return _meet(ops.sub, self, other)
        out = _new(Value)
        out._data = self._data - b
        out.grad = 0.0
        out.op = _sub
        out._a = self
        out._b = other
        out._da = 1.0
        out._db = -1.0
        return out

    def __rsub__(self, other: Operand) -> Value:
        if type(other) is not float or type(self) is not Value:
            return _meet(ops.sub, other, self)
        out = _new(Value)
        out._data = other - self._data
        out.grad = 0.0
        out.op = _sub
        out._a = other
        out._b = self
        out._da = 1.0
        out._db = -1.0
        return out

    def __mul__(self, other: Operand) -> Value:
        b: Any
        kind = type(other)
        if kind is Value:
            b = other._data  # type: ignore[union-attr]
        elif kind is float:
            b = other
        else:
            return _meet(ops.mul, self, other)
        out = _new(Value)
        a = self._data
        out._data = a * b
        out.grad = 0.0
        out.op = _mul
        out._a = self
        out._b = other
        out._da = b
        out._db = a
        return out

    def __rmul__(self, other: Operand) -> Value:
        if type(other) is not float or type(self) is not Value:
            return _meet(ops.mul, other, self)
        out = _new(Value)
        a = self._data
        out._data = other * a
        out.grad = 0.0
        out.op = _mul
        out._a = other
        out._b = self
        out._da = a
        out._db = other
        return out

    def __pow__(self, other: Operand) -> Value:
        # The exponents of everyday; the others, and what fails, go by the table, which holds where these two lines overflow or round.
        if not ((type(other) is int or type(other) is float) and other in _EVERYDAY_EXPONENTS and self._data):
            return _meet(ops.pow, self, other)
        a = self._data
        b = float(other)
        try:
            y = a**b
            local = b * a ** (b - 1.0)
        except OverflowError:
            return _meet(ops.pow, self, other)
        if -7e-308 < local < 7e-308:  # three times where floats begin to have fewer digits
            return _meet(ops.pow, self, other)
        out = _new(Value)
        out._data = y
        out.grad = 0.0
        out.op = _pow
        out._a = self
        out._b = b
        out._da = local
        out._db = None
        return out

    def __rpow__(self, other: Operand) -> Value:
        return _meet(ops.pow, other, self)

    def __truediv__(self, other: Operand) -> Value:
        b: Any
        kind = type(other)
        if kind is Value:
            b = other._data  # type: ignore[union-attr]
        elif kind is float:
            b = other
        else:
            return _meet(ops.div, self, other)
        if not b:
            return self.record_operation(ops.div, (self, other))
        out = _new(Value)
        out._data = y = self._data / b
        out.grad = 0.0
        out.op = _div
        out._a = self
        out._b = other
        out._da = 1.0 / b
        out._db = -y / b
        return out

    def __rtruediv__(self, other: Operand) -> Value:
        if type(other) is not float or type(self) is not Value or not self._data:
            return _meet(ops.div, other, self)
        out = _new(Value)
        b = self._data
        out._data = y = other / b
        out.grad = 0.0
        out.op = _div
        out._a = other
        out._b = self
        out._da = 1.0 / b
        out._db = -y / b
        return out

    def __neg__(self) -> Value:
        out = _new(Value)
        out._data = -self._data
        out.grad = 0.0
        out.op = _neg
        out._a = self
        out._b = out._db = None
        out._da = -1.0
        return out

    def __pos__(self) -> Value:
        return self  # type: ignore[return-value]

    def __abs__(self) -> Value:
        return self.record_operation(ops.abs, (self,))

    # The functions that networks call most, written out like the operators; the others are inherited.

    def exp(self) -> Value:
        """e to the power of x."""
        try:
            y = math.exp(self._data)
        except OverflowError:
            return self.record_operation(ops.exp, (self,))
        out = _new(Value)
        out._data = out._da = y
        out.grad = 0.0
        out.op = _exp
        out._a = self
        out._b = out._db = None
        return out

    def tanh(self) -> Value:
        """The hyperbolic tangent."""
        x = self._data
        e = math.exp(-2.0 * (x if x > 0 else -x))
        out = _new(Value)
        out._data = math.tanh(x)
        out.grad = 0.0
        out.op = _tanh
        out._a = self
        out._b = out._db = None
        out._da = 4.0 * (e / (1.0 + e * (2.0 + e)))
        return out

    def sigmoid(self) -> Value:
        """The logistic function, 1 / (1 + exp(-x))."""
        x = self._data
        e = math.exp(-x if x > 0 else x)
        out = _new(Value)
        out._data = (1.0 if x > 0 else e) / (1.0 + e)
        out.grad = 0.0
        out.op = _sigmoid
        out._a = self
        out._b = out._db = None
        out._da = e / (1.0 + e * (2.0 + e))
        return out

    def relu(self) -> Value:
        """x above 0, else 0."""
        x = self._data
        out = _new(Value)
        out._data = 0.0 if x <= 0 else x
        out.grad = 0.0
        out.op = _relu
        out._a = self
        out._b = out._db = None
        out._da = 1.0 if x > 0 else CLOSED if x == x else x
        return out

    neg, abs = __neg__, __abs__

    # A Value among numbers: comparisons look at data

    def __lt__(self, other: Value | float) -> bool:
        return self.data < (other.data if isinstance(other, Value) else other)

    def __le__(self, other: Value | float) -> bool:
        return self.data <= (other.data if isinstance(other, Value) else other)

    def __gt__(self, other: Value | float) -> bool:
        return self.data > (other.data if isinstance(other, Value) else other)

    def __ge__(self, other: Value | float) -> bool:
        return self.data >= (other.data if isinstance(other, Value) else other)

    def __bool__(self) -> bool:
        return self.data != 0

    def _plain_number(self, *_: Any) -> Any:
        raise TypeError(
            f"{self!r} as a plain number would leave the graph and lose its gradient: write .data for the number, or the "
            f"function of this package or method of Value ({self.label if self.label.isidentifier() else ''}.exp()) in place of math's"
        )

    # All that would make a plain number of a Value, or asks for a whole one. Type checkers do not see it, so they refuse as well.
    if not TYPE_CHECKING:  # pragma: no branch
        __float__ = __int__ = __complex__ = __index__ = __round__ = __trunc__ = __floor__ = __ceil__ = _plain_number
        __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = __divmod__ = __rdivmod__ = rint = (
            _plain_number  # np.round asks for rint
        )


def dots(rows: Sequence[Sequence[Any]], xs: Sequence[Any]) -> list[Value] | None:
    """The nodes of `dot(ws, xs)` for each ws among the rows, which are as long as xs: what the neurons of a layer record.

    The row of the table written out, as the operators are. None where that has to look closer: at operands other than Values and
    floats, and at sums that leave the range of floats on their way.
    """
    try:
        numbers = [x._data if type(x) is Value else float_only(x) for x in xs]
        nodes = []
        for ws in rows:
            weights = [w._data if type(w) is Value else float_only(w) for w in ws]
            out = _new(Value)
            out._data = math.fsum(map(operator.mul, weights, numbers))
            out.grad = 0.0
            out.op = _dot
            out._a = out._da = None
            out._b = (*ws, *xs)
            out._db = (*numbers, *weights)
            nodes.append(out)
    except (TypeError, ValueError, OverflowError):
        return None
    return nodes


def float_only(x: Any) -> float:
    """x, if it is a float. Raises TypeError for all else: those who call it look closer then."""
    if type(x) is not float:
        raise TypeError
    return x


def _meet(op: Operation, a: Any, b: Any) -> Value:
    """An operator's node where one side is no Value or float; NotImplemented leaves it to that other type, to an array for instance."""
    other = b if isinstance(a, Value) else a
    node: Any = NotImplemented
    if type(other) is int:
        number = as_float(other, op.name, (a if other is b else b).label)
        node = _OPERATORS[op](a, number) if other is b else _OPERATORS[op](number, b)
    elif isinstance(other, Value | Real) or type(other).__module__ in ("builtins", "decimal"):
        node = Value.record_operation(op, (a, b))  # which refuses what is no number
    return node  # type: ignore[no-any-return]


WRITTEN_OUT: dict[Operation, tuple[str, ...]] = {
    ops.add: ("__add__", "__radd__"),
    ops.sub: ("__sub__", "__rsub__"),
    ops.mul: ("__mul__", "__rmul__"),
    ops.div: ("__truediv__", "__rtruediv__"),
    ops.pow: ("__pow__", "__rpow__"),
    ops.neg: ("__neg__", "neg"),
    ops.exp: ("exp",),
    ops.tanh: ("tanh",),
    ops.sigmoid: ("sigmoid",),
    ops.relu: ("relu",),
}
