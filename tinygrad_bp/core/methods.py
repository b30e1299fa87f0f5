"""The functions of the table as methods of `Value`: `v.sin()` is `ops.sin(v)`.

NumPy calls them for the elements of an object array, `np.sin(array)`, some under names of its own. The row of the same name in `ops`
says where a function is defined, and what it raises elsewhere.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Operation

if TYPE_CHECKING:
    from tinygrad_bp.core.operators import Operand
    from tinygrad_bp.core.value import Value


class Methods:
    """What `Value` inherits. All methods return the node of their row, with the operands self and, if there is one, other."""

    __slots__ = ()

    def _apply(self, op: Operation, *others: Any) -> Value:
        node: Any = op(self, *others)  # type: ignore[call-overload]
        return node  # type: ignore[no-any-return]

    def conjugate(self) -> Value:
        """The Value itself, since it is real: NumPy asks for it in `np.std` and `np.vdot`."""
        return self  # type: ignore[return-value]

    def fabs(self) -> Value:
        """The absolute value."""
        return self._apply(ops.abs)

    def exp2(self) -> Value:
        """2 to this power."""
        return 2.0**self  # type: ignore[operator, no-any-return]

    def expm1(self) -> Value:
        """exp(x) - 1 without loss for small x."""
        return self._apply(ops.expm1)

    def log(self) -> Value:
        """The natural logarithm."""
        return self._apply(ops.log)

    def log1p(self) -> Value:
        """log(1 + x) without loss for small x."""
        return self._apply(ops.log1p)

    def log2(self) -> Value:
        """The logarithm to base 2."""
        return self._apply(ops.log2)

    def log10(self) -> Value:
        """The logarithm to base 10."""
        return self._apply(ops.log10)

    def sqrt(self) -> Value:
        """The square root."""
        return self._apply(ops.sqrt)

    def cbrt(self) -> Value:
        """The cube root, of numbers below 0 too."""
        return self._apply(ops.cbrt)

    def sin(self) -> Value:
        """The sine of x radians."""
        return self._apply(ops.sin)

    def cos(self) -> Value:
        """The cosine of x radians."""
        return self._apply(ops.cos)

    def tan(self) -> Value:
        """The tangent of x radians."""
        return self._apply(ops.tan)

    def asin(self) -> Value:
        """The arc sine, in radians."""
        return self._apply(ops.asin)

    def acos(self) -> Value:
        """The arc cosine, in radians."""
        return self._apply(ops.acos)

    def atan(self) -> Value:
        """The arc tangent, in radians."""
        return self._apply(ops.atan)

    def sinh(self) -> Value:
        """The hyperbolic sine."""
        return self._apply(ops.sinh)

    def cosh(self) -> Value:
        """The hyperbolic cosine."""
        return self._apply(ops.cosh)

    def asinh(self) -> Value:
        """The inverse of the hyperbolic sine."""
        return self._apply(ops.asinh)

    def acosh(self) -> Value:
        """The inverse of the hyperbolic cosine, from 0 upward."""
        return self._apply(ops.acosh)

    def atanh(self) -> Value:
        """The inverse of the hyperbolic tangent."""
        return self._apply(ops.atanh)

    def softplus(self) -> Value:
        """log(1 + exp(x)), a smooth relu."""
        return self._apply(ops.softplus)

    def erf(self) -> Value:
        """The error function."""
        return self._apply(ops.erf)

    def silu(self) -> Value:
        """x * sigmoid(x), a smooth relu that dips below 0; also known as swish."""
        return self._apply(ops.silu)

    def gelu(self) -> Value:
        """x times the normal distribution function at x, exactly (by erf, not by tanh)."""
        return self._apply(ops.gelu)

    def sign(self) -> Value:
        """-1, 0 or 1."""
        return self._apply(ops.sign)

    def step(self) -> Value:
        """1 above 0, else 0."""
        return self._apply(ops.step)

    def atan2(self, other: Operand) -> Value:
        """The angle of the point (other, self), in radians."""
        return self._apply(ops.atan2, other)

    def hypot(self, other: Operand) -> Value:
        """The square root of self**2 + other**2."""
        return self._apply(ops.hypot, other)

    def maximum(self, other: Operand) -> Value:
        """The larger of the two."""
        return self._apply(ops.maximum, other)

    def minimum(self, other: Operand) -> Value:
        """The smaller of the two."""
        return self._apply(ops.minimum, other)

    def clip(self, low: Operand, high: Operand) -> Value:
        """x, but low below low and high above high; high where low > high."""
        return self._apply(ops.clip, low, high)

    def leaky_relu(self, slope: Operand = 0.01) -> Value:
        """x above 0, else slope * x."""
        return self._apply(ops.leaky_relu, slope)

    def add(self, other: Operand) -> Value:
        """self + other."""
        return self._apply(ops.add, other)

    def sub(self, other: Operand) -> Value:
        """self - other."""
        return self._apply(ops.sub, other)

    def mul(self, other: Operand) -> Value:
        """self * other."""
        return self._apply(ops.mul, other)

    def div(self, other: Operand) -> Value:
        """self / other."""
        return self._apply(ops.div, other)

    def pow(self, other: Operand) -> Value:
        """self ** other."""
        return self._apply(ops.pow, other)

    arcsin, arccos, arctan, arctan2 = asin, acos, atan, atan2
    arcsinh, arccosh, arctanh = asinh, acosh, atanh
