"""A program on arrays of any namespace that follows the array API standard: NumPy, JAX, PyTorch, Dask and others.

The source is the program's, with arrays for numbers; one table says every operation that is no operator by functions of the standard
(https://data-apis.org/array-api/). All of it is pure, without a branch on a number, so JAX's jit, vmap, grad and sharding apply. The
numbers are those of IEEE arithmetic: where Python would raise, infinities and NaN.
"""

from __future__ import annotations

import contextlib
import importlib
import math
import sys
from collections.abc import Callable, Sequence
from copy import deepcopy
from functools import cached_property
from types import ModuleType
from typing import TYPE_CHECKING, Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.core.output import said
from tinygrad_bp.program.definition import expanded
from tinygrad_bp.program.parts import SMALLER, bell, decay, logistic
from tinygrad_bp.program.python import ARITHMETIC, Formulas, bracketed, defined

if TYPE_CHECKING:
    from tinygrad_bp.program.program import Program

_MODULES = {"numpy": "numpy", "jax": "jax.numpy", "torch": "torch"}
# Where a namespace lacks the standard's.
_OTHER_NAMES = {
    "asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh", "acosh": "arccosh", "atanh": "arctanh",
}  # fmt: skip


class ArrayProgram:
    """What `program.to("numpy")` and the like make: `p(*arrays)`, by position or name, on arrays and numbers that broadcast.

    Returns arrays, nested as the outputs are, all of the shape that the inputs have together: one that does not depend on an array is
    filled. For JAX it is a pure function. Numbers and arrays of whole numbers become floats of the type of the first array of floats
    among the inputs, of float64 without one (in JAX of its default type).

    Attributes:
        program: the program that it was made from.
        namespace: the module of array functions.
        source: the program as Python on arrays; the functions it calls are those of this module, with the namespace put in.

    Raises ImportError where the namespace is not installed, ValueError for an operation that there is no function for and that no
    definition leads to; a call raises TypeError for a wrong count or name of inputs, and ValueError for arrays that do not broadcast.
    """

    def __init__(self, program: Program, namespace: Any) -> None:
        if isinstance(namespace, str):
            try:
                namespace = importlib.import_module(_MODULES.get(namespace, namespace))
            except ImportError as error:
                raise ImportError(f'{namespace} is not installed: pip install "tinygrad-bp[{namespace}]"') from error
        self._code = expanded(program.code, NATIVE, "the array target")
        self.program = program
        self.namespace = namespace
        self._compiled: dict[Any, Callable[..., Any]] = {}  # by the type of the floats

    @cached_property
    def _formulas(self) -> Formulas:
        return Formulas(self._code, infix=ARITHMETIC, constant="constant({})")

    @cached_property
    def source(self) -> str:
        code, formulas = self._code, self._formulas
        returned = bracketed(
            code.shape,
            [formulas.operand(x)[0] if x >= 0 else f"constant({formulas.operand(x)[0]})" for x in code.outputs],
        )
        lines = [f"    {name} = {formula}\n" for name, formula in formulas.lines]
        return f"def program({', '.join(self.program.inputs)}):\n{''.join(lines)}    return {returned}\n"

    def _function(self, dtype: Any) -> Callable[..., Any]:
        xp = self.namespace

        def constant(x: float) -> Any:
            return xp.asarray(x, dtype=dtype)

        def bound(row: Callable[..., Any]) -> Callable[..., Any]:
            # Only here can an operand still be a number; operators take those as they are.
            return lambda *xs: row(xp, *[x if hasattr(x, "dtype") else constant(x) for x in xs])

        functions = {name: bound(_FUNCTIONS[op]) for name, op in self._formulas.functions.items()}
        return defined(self.source, functions | {"inf": math.inf, "nan": math.nan, "constant": constant})

    def __call__(self, /, *arrays: Any, **named: Any) -> Any:
        if named:
            arrays = self.program.in_order(arrays, named)
        names = self.program.inputs
        if len(arrays) != len(names):
            raise TypeError(f"program takes {len(names)} arrays ({', '.join(names):.60}), not {len(arrays)}")
        xp = self.namespace
        jax = xp.__name__.startswith("jax")  # which has no float64 unless told so, and says so at every array
        for x, name in zip(arrays, names, strict=True):
            if isinstance(x, str | bytes | complex) or "complex" in str(getattr(x, "dtype", "")):
                raise TypeError(
                    f"program with {name} takes real numbers or arrays of them, not {type(x).__name__} {x!r:.60}"
                )
        kinds = [x.dtype for x in arrays if _holds_floats(x)]
        kind = kinds[0] if kinds else xp.asarray(0.0).dtype if jax else xp.float64
        if kind not in self._compiled:
            self._compiled[kind] = self._function(kind)
        with _quiet():  # whole numbers become floats: 0.5 as a whole number would be 0
            floats = [x if _holds_floats(x) else xp.asarray(x, dtype=kind) for x in arrays]
            shapes = [x.shape for x in floats]
            try:
                outputs = self._compiled[kind](*floats)
            except (TypeError, ValueError) as error:
                if _together(shapes) is None and all(type(size) is int for shape in shapes for size in shape):
                    words = ", ".join(
                        f"{name} {tuple(shape)}" for name, shape in zip(names, shapes, strict=True) if shape
                    )
                    raise ValueError(
                        f"program takes arrays that broadcast, and these have the shapes {words:.200}"
                    ) from error
                raise
            return _filled(xp, outputs, _together(shapes))

    def __reduce__(self) -> tuple[Any, ...]:
        xp = self.namespace  # modules cannot be pickled, but imported again
        named = isinstance(xp, ModuleType) and sys.modules.get(xp.__name__) is xp
        return ArrayProgram, (self.program, xp.__name__ if named else xp)

    def __deepcopy__(self, memo: dict[int, Any]) -> ArrayProgram:
        return ArrayProgram(deepcopy(self.program, memo), self.namespace)

    @said
    def __repr__(self) -> str:
        return f"<{self.program!r} on arrays of {self.namespace.__name__}>"


def _together(shapes: Sequence[tuple[Any, ...]]) -> tuple[Any, ...] | None:
    """The shape that arrays of these have together; None where they have none, or one that is not known yet."""
    found: list[Any] = [1] * max(map(len, shapes), default=0)
    for shape in shapes:
        for axis, size in enumerate(reversed(shape), 1):
            if size != 1 and found[-axis] not in (1, size):
                return None
            if size != 1:
                found[-axis] = size
    return tuple(found) if all(type(size) is int for size in found) else None


def _filled(xp: Any, outputs: Any, shape: tuple[Any, ...] | None) -> Any:
    """The outputs, those of a smaller shape filled up to this."""
    if isinstance(outputs, list):
        return [_filled(xp, output, shape) for output in outputs]
    if shape is None or tuple(outputs.shape) == shape:
        return outputs
    return outputs * xp.broadcast_to(xp.ones_like(outputs), shape)  # by a product, which may be written to


def _holds_floats(x: Any) -> bool:
    return hasattr(x, "dtype") and "float" in str(x.dtype)


def _quiet() -> Any:
    """Without the warnings by which NumPy says that infinity or NaN came out."""
    numpy = sys.modules.get("numpy")
    return contextlib.nullcontext() if numpy is None else numpy.errstate(all="ignore")


def _named(name: str) -> Callable[..., Any]:
    def call(xp: Any, *xs: Any) -> Any:
        return getattr(xp, name if hasattr(xp, name) else _OTHER_NAMES.get(name, name))(*xs)

    return call


def _nan(x: Any) -> Any:
    return x != x


def _decay(xp: Any, x: Any) -> Any:
    # Not exp(-abs(x)): the derivative of abs at 0 is 0, and a derivative taken through this would be lost there.
    return xp.exp(xp.where(x > 0, -x, x))


def _logistic(xp: Any, x: Any, e: Any) -> Any:
    return xp.where(x > 0, xp.ones_like(e), e) / (1.0 + e)


def _softplus(xp: Any, x: Any) -> Any:
    return xp.where(x > 0, x, xp.where(_nan(x), x, xp.zeros_like(x))) + xp.log1p(_decay(xp, x))


def _sign(xp: Any, x: Any) -> Any:
    one = xp.ones_like(x)
    return xp.where(x > 0, one, xp.where(x < 0, -one, xp.where(_nan(x), x, xp.zeros_like(x))))


def _step(xp: Any, x: Any) -> Any:
    return xp.where(x > 0, xp.ones_like(x), xp.where(_nan(x), x, xp.zeros_like(x)))


def _reciprocal(xp: Any, x: Any) -> Any:
    zero = x == 0.0
    return xp.where(zero, _infinite(xp, x), 1.0 / xp.where(zero, xp.ones_like(x), x))


def _infinite(xp: Any, x: Any) -> Any:
    return xp.full_like(x, math.inf)


def _undefined(xp: Any, x: Any) -> Any:
    return xp.full_like(x, math.nan)


def _atan2(xp: Any, a: Any, b: Any) -> Any:
    y = _named("atan2")(xp, a, b)
    return xp.where((a == 0.0) & (b == 0.0), _undefined(xp, y), y)


def _hypot(xp: Any, a: Any, b: Any) -> Any:
    y = xp.hypot(a, b)
    return xp.where(((a == 0.0) & (b == 0.0)) | _nan(a) | _nan(b), _undefined(xp, y), y)


def _over_squares(xp: Any, c: Any, a: Any, b: Any) -> Any:
    largest = xp.where(xp.abs(a) >= xp.abs(b), xp.abs(a), xp.abs(b))
    infinite = (largest == math.inf) | (xp.abs(a) == math.inf)
    usable = (largest > 0.0) & (largest < math.inf)
    # The scale is a power of 2, so that dividing by it is exact; between the two ends of the range of exponents.
    exponent = xp.floor(xp.log2(xp.where(usable, largest, xp.ones_like(largest))))
    exponent = xp.where(exponent > 1023.0, xp.full_like(exponent, 1023.0), exponent)
    exponent = xp.where(exponent < -1022.0, xp.full_like(exponent, -1022.0), exponent)
    scale = 2.0**exponent
    u, v = a / scale, b / scale
    squares = u * u + v * v  # from 1 to 8; the division that brings c closer to 1 comes first
    y = xp.where(xp.abs(c) < 1.0, c / scale / squares / scale, c / squares / scale / scale)
    nan = _nan(c) | _nan(a) | _nan(b)
    return xp.where(nan, _undefined(xp, y), xp.where(infinite, xp.zeros_like(y), y))


def _pow(xp: Any, a: Any, b: Any) -> Any:
    both = (a == 0.0) & (b == 0.0)
    exponent = b + xp.zeros_like(a)
    broken = exponent != xp.floor(exponent)
    # A zero below 0 is one above it here: some take the square root where the exponent is 0.5, which keeps the sign.
    y = xp.where(both, xp.ones_like(a), xp.where(broken, a + 0.0, a)) ** exponent
    return xp.where(_nan(a) | _nan(b) | (broken & (a == -math.inf)), _undefined(xp, y), y)


def _power_term(xp: Any, c: Any, a: Any, b: Any, k: Any) -> Any:
    exponent = b - k
    zero = a == 0.0
    base = xp.where(zero, xp.ones_like(a), a)
    power = base**exponent
    normal = (xp.abs(power) >= sys.float_info.min) & (xp.abs(power) < math.inf)
    beyond = ~normal & (xp.abs(a) < math.inf)
    root = xp.where(beyond, xp.abs(base) ** (exponent * 0.5), xp.ones_like(power))
    negative = (a < 0.0) & (exponent - 2.0 * xp.floor(exponent * 0.5) == 1.0)  # also where the power vanishes
    by_roots = xp.where(root == 0.0, root, c * root * xp.where(negative, -root, root))
    y = xp.where(beyond, by_roots, c * xp.where(beyond, xp.ones_like(power), power))
    back = exponent - b
    lost = ((b - (exponent - back)) - (k + back)) * xp.log(xp.abs(base))
    lost = xp.where((xp.abs(lost) < 0.1) & (xp.abs(y) < math.inf), lost, xp.zeros_like(lost))
    y = y * (1.0 + lost)
    infinite = xp.where(c > 0.0, _infinite(xp, y), -_infinite(xp, y))
    at_zero = xp.where(exponent < 0.0, infinite, xp.where(exponent > 0.0, xp.zeros_like(y), c + xp.zeros_like(y)))
    y = xp.where(zero, at_zero, y)
    y = xp.where((c == 0.0) & ~(xp.abs(power) < math.inf) | (c == 0.0) & zero, xp.zeros_like(y), y)
    fractional = (a < 0.0) & ((b != xp.floor(b)) | (k != xp.floor(k)))
    return xp.where(_nan(c) | _nan(a) | _nan(b) | _nan(k) | fractional, _undefined(xp, y), y)


def _log_term(xp: Any, c: Any, a: Any) -> Any:
    zero = (a == 0.0) | ((c == 0.0) & (xp.abs(a) == math.inf))
    y = xp.where(zero, xp.zeros_like(c * a), c * xp.log(xp.where(zero, xp.ones_like(a), a)))
    y = xp.where((a == 0.0) & (c > 0.0), -_infinite(xp, y), xp.where((a == 0.0) & (c < 0.0), _infinite(xp, y), y))
    return xp.where(_nan(c) | _nan(a) | (a < 0.0), _undefined(xp, y), y)


def _exp_difference(xp: Any, a: Any, b: Any) -> Any:
    difference = a - b
    y = xp.exp(difference)
    back = difference - a
    lost = (a - (difference - back)) - (b + back)
    y = xp.where((xp.abs(difference) < math.inf) & (y < math.inf), y + y * lost, y)
    return xp.where((a == b) & (xp.abs(a) == math.inf), xp.ones_like(y), y)


def _total(xp: Any, xs: Sequence[Any]) -> Any:
    """The sum as if computed with twice the digits (Knuth's two-sum), then rounded; made smaller where it leaves the range on the way."""
    rough = xs[0]
    for x in xs[1:]:
        rough = rough + x
    scale = xp.where(xp.abs(rough) < math.inf, xp.ones_like(rough), xp.full_like(rough, SMALLER))
    xs = [x * scale for x in xs]
    total, lost = xs[0], xs[0] * 0.0
    for x in xs[1:]:
        new = total + x
        back = new - total
        lost = lost + ((total - (new - back)) + (x - back))
        total = new
    return xp.where(xp.abs(lost) < math.inf, total + lost, total) / scale


def _dot(xp: Any, *operands: Any) -> Any:
    """The sum of products and of what rounding them lost, by Dekker's product on halves of 26 bits."""
    middle = len(operands) // 2
    terms = []
    for a, b in zip(operands[:middle], operands[middle:], strict=True):
        product = a * b
        # JAX takes what is below the normal floats for 0, and that includes parts of the product of halves: they are enlarged.
        scale = xp.where(xp.abs(product) < 1e-200, xp.full_like(product, 2.0**240), xp.ones_like(product))
        (a_high, a_low), (b_high, b_low) = _split(a * scale), _split(b)
        error = a_low * b_low - (((product * scale - a_high * b_high) - a_low * b_high) - a_high * b_low)
        error = error / scale
        terms += [product, xp.where(xp.abs(error) < math.inf, error, xp.zeros_like(error))]
    return _total(xp, terms)


def _split(x: Any) -> tuple[Any, Any]:
    c = 134217729.0 * x
    high = c - (c - x)
    return high, x - high


def _logsumexp(xp: Any, *xs: Any) -> Any:
    largest = xs[0]
    for x in xs[1:]:
        largest = _maximum(xp, largest, x)
    found = largest != largest  # whether the largest, whose exponential is the 1 of log1p, has been met
    terms = []
    for x in xs:
        here = (x == largest) & ~found
        y = _exp_difference(xp, x, largest)
        terms.append(xp.where(here, y - 1.0, y))  # 0, but with its derivative
        found = found | here
    y = largest + xp.log1p(_total(xp, terms))
    for x in xs:
        y = xp.where(_nan(x), x, y)
    return xp.where(xp.abs(largest) == math.inf, largest, y)


# Where JAX differentiates once more, what it finds at ties and kinks is decided by how they are written: in the middle between both sides.


def _maximum(xp: Any, a: Any, b: Any) -> Any:
    tie = xp.where(xp.abs(a) < math.inf, a + 0.5 * (b - a), a + b)
    return xp.where(a > b, a, xp.where(a < b, b, tie))


def _minimum(xp: Any, a: Any, b: Any) -> Any:
    tie = xp.where(xp.abs(a) < math.inf, a + 0.5 * (b - a), a + b)
    return xp.where(a < b, a, xp.where(a > b, b, tie))


def _clip(xp: Any, x: Any, low: Any, high: Any) -> Any:
    # Not by maximum and minimum: at the bounds the derivative is 1.
    y = xp.where((x < low) | _nan(low), low, x)
    return xp.where((y > high) | _nan(high), high, y)


def _abs(xp: Any, x: Any) -> Any:
    return xp.where(x > 0.0, x, xp.where(x < 0.0, -x, x * x))


# And where functions are flat, by the form that keeps the digits of the derivative.


def _tanh(xp: Any, x: Any) -> Any:
    e = _decay(xp, 2.0 * x)
    y = (1.0 - e) / (1.0 + e)
    return xp.where(xp.abs(x) <= 0.5, xp.tanh(x), xp.where(x < 0.0, -y, y))


def _expm1(xp: Any, x: Any) -> Any:
    return xp.where(x < -1.0, xp.exp(x) - 1.0, xp.expm1(x))


_FUNCTIONS: dict[Operation, Callable[..., Any]] = {
    **{row: _named(row.name) for row in (
        ops.exp, ops.log, ops.log1p, ops.log2, ops.log10, ops.sqrt, ops.sin, ops.cos, ops.tan, ops.asin, ops.acos, ops.atan,
        ops.sinh, ops.cosh, ops.asinh, ops.acosh, ops.atanh)},
    ops.expm1: _expm1,
    ops.tanh: _tanh,
    ops.abs: _abs,
    ops.pow: _pow,
    decay: _decay,
    logistic: _logistic,
    bell: lambda xp, e: e / (1.0 + e * (2.0 + e)),
    ops.softplus: _softplus,
    ops.relu: lambda xp, x: xp.where(x <= 0.0, xp.zeros_like(x), x),
    ops.leaky_relu: lambda xp, x, slope: xp.where((x <= 0.0) | _nan(slope), slope * x, x),
    ops.passed: lambda xp, gate, x: xp.where(gate == 0.0, xp.zeros_like(gate * x), gate * x),
    ops.sign: _sign,
    ops.step: _step,
    ops.maximum: _maximum,
    ops.minimum: _minimum,
    ops.clip: _clip,
    ops.reciprocal: _reciprocal,
    ops.atan2: _atan2,
    ops.hypot: _hypot,
    ops.over_squares: _over_squares,
    ops.power_term: _power_term,
    ops.log_term: _log_term,
    ops.exp_difference: _exp_difference,
    ops.sum_of: lambda xp, *xs: _total(xp, xs),
    ops.dot: _dot,
    ops.logsumexp: _logsumexp,
}  # fmt: skip
NATIVE = ARITHMETIC.union(_FUNCTIONS)
