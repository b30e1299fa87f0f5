"""The functions of the table as methods of `Value`: `v.sin()` is `ops.sin(v)`.

NumPy calls them for the elements of an object array, `np.sin(array)`, some under names of its own. The row of the same name in `ops`
says where a function is defined, and what it raises elsewhere.
"""

from __future__ import annotations

from typing import Any, TypeVar

from tinygrad_bp import ops
from tinygrad_bp.operation import Operation

V = TypeVar("V", bound="Functions")


class Functions:
    """What `Value` inherits. All methods return the node of their row, with the operands self and, if there is one, other."""

    __slots__ = ()

    def _apply(self: V, op: Operation, *others: Any) -> V:
        node: V = op(self, *others)
        return node

    def expm1(self: V) -> V:
        """exp(x) - 1 without loss for small x."""
        return self._apply(ops.expm1)

    def log(self: V) -> V:
        """The natural logarithm."""
        return self._apply(ops.log)

    def log1p(self: V) -> V:
        """log(1 + x) without loss for small x."""
        return self._apply(ops.log1p)

    def sqrt(self: V) -> V:
        """The square root."""
        return self._apply(ops.sqrt)

    def sin(self: V) -> V:
        """The sine of x radians."""
        return self._apply(ops.sin)

    def cos(self: V) -> V:
        """The cosine of x radians."""
        return self._apply(ops.cos)

    def tan(self: V) -> V:
        """The tangent of x radians."""
        return self._apply(ops.tan)

    def asin(self: V) -> V:
        """The arc sine, in radians."""
        return self._apply(ops.asin)

    def acos(self: V) -> V:
        """The arc cosine, in radians."""
        return self._apply(ops.acos)

    def atan(self: V) -> V:
        """The arc tangent, in radians."""
        return self._apply(ops.atan)

    def sinh(self: V) -> V:
        """The hyperbolic sine."""
        return self._apply(ops.sinh)

    def cosh(self: V) -> V:
        """The hyperbolic cosine."""
        return self._apply(ops.cosh)

    def softplus(self: V) -> V:
        """log(1 + exp(x)), a smooth relu."""
        return self._apply(ops.softplus)

    def sign(self: V) -> V:
        """-1, 0 or 1."""
        return self._apply(ops.sign)

    def step(self: V) -> V:
        """1 above 0, else 0."""
        return self._apply(ops.step)

    def atan2(self: V, other: Any) -> V:
        """The angle of the point (other, self), in radians."""
        return self._apply(ops.atan2, other)

    def hypot(self: V, other: Any) -> V:
        """The square root of self**2 + other**2."""
        return self._apply(ops.hypot, other)

    def maximum(self: V, other: Any) -> V:
        """The larger of the two."""
        return self._apply(ops.maximum, other)

    def minimum(self: V, other: Any) -> V:
        """The smaller of the two."""
        return self._apply(ops.minimum, other)

    def leaky_relu(self: V, slope: Any = 0.01) -> V:
        """x above 0, else slope * x."""
        return self._apply(ops.leaky_relu, slope)

    def add(self: V, other: Any) -> V:
        """self + other."""
        return self._apply(ops.add, other)

    def sub(self: V, other: Any) -> V:
        """self - other."""
        return self._apply(ops.sub, other)

    def mul(self: V, other: Any) -> V:
        """self * other."""
        return self._apply(ops.mul, other)

    def div(self: V, other: Any) -> V:
        """self / other."""
        return self._apply(ops.div, other)

    def pow(self: V, other: Any) -> V:
        """self ** other."""
        return self._apply(ops.pow, other)

    arcsin, arccos, arctan, arctan2 = asin, acos, atan, atan2
