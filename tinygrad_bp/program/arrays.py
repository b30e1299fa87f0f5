"""A program on arrays of any namespace that follows the array API standard: NumPy, JAX, PyTorch, Dask and others.

One table says every operation by functions of the standard (https://data-apis.org/array-api/). All of it is pure, without a branch on a
number, so JAX's jit, vmap, grad and sharding apply. The numbers are those of IEEE arithmetic: where Python would raise, infinities and NaN.
"""

from __future__ import annotations

import contextlib
import importlib
import math
import sys
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from tinygrad_bp.program.code import Code

if TYPE_CHECKING:
    from tinygrad_bp.program import Program

_MODULES = {"numpy": "numpy", "jax": "jax.numpy", "torch": "torch"}
_OTHER_NAMES = {
    "asin": "arcsin",
    "acos": "arccos",
    "atan": "arctan",
    "atan2": "arctan2",
}  # where a namespace lacks the standard's


class ArrayProgram:
    """What `program.to("numpy")` and the like make: `p(*arrays)`, by position or name, on arrays and numbers that broadcast.

    Returns arrays, nested as the outputs are. For JAX it is a pure function. Numbers and arrays of whole numbers become floats of the
    type of the first array of floats among the inputs, of float64 without one (in JAX of its default type).

    Attributes:
        program: the program that it was made from.
        namespace: the module of array functions.

    Raises ImportError where the namespace is not installed, ValueError for an operation of one's own; a call raises TypeError for a wrong
    count or name of inputs.
    """

    def __init__(self, program: Program, namespace: Any) -> None:
        if isinstance(namespace, str):
            try:
                namespace = importlib.import_module(_MODULES[namespace])
            except ImportError as error:
                raise ImportError(f"arrays of {namespace} need it installed: pip install {namespace}") from error
        for op in program.code.operations():
            if op.name not in _FUNCTIONS:
                raise ValueError(
                    f"arrays have no {op.name}: it is an operation of your own, which only Python can compute"
                )
        self.program = program
        self.namespace = namespace

    def __call__(self, *arrays: Any, **named: Any) -> Any:
        if named:
            arrays = self.program.in_order(arrays, named)
        code = self.program.code
        if len(arrays) != len(code.inputs):
            raise TypeError(
                f"program takes {len(code.inputs)} arrays ({', '.join(self.program.inputs):.60}), not {len(arrays)}"
            )
        xp = self.namespace
        jax = xp.__name__.startswith("jax")  # which has no float64 unless told so, and says so at every array
        kinds = [x.dtype for x in arrays if hasattr(x, "dtype") and "float" in str(x.dtype)]
        dtype = {"dtype": kinds[0]} if kinds else {"dtype": xp.asarray(0.0).dtype if jax else xp.float64}
        with _quiet():  # whole numbers become floats: 0.5 as a whole number would be 0
            slots = [x if hasattr(x, "dtype") and "float" in str(x.dtype) else xp.asarray(x, **dtype) for x in arrays]
            constants = [xp.asarray(x, **dtype) for x in code.constants]
            for op, operands in code.instructions:
                slots.append(_FUNCTIONS[op.name](xp, *[slots[x] if x >= 0 else constants[~x] for x in operands]))
            return _shaped(code, code.shape, slots, constants)

    def __repr__(self) -> str:
        return f"<{self.program!r} on arrays of {self.namespace.__name__}>"


def _shaped(code: Code, shape: Any, slots: Sequence[Any], constants: Sequence[Any]) -> Any:
    if isinstance(shape, int):
        x = code.outputs[shape]
        return slots[x] if x >= 0 else constants[~x]
    return [_shaped(code, inner, slots, constants) for inner in shape]


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
    # Not exp(-abs(x)): the slope of abs at 0 is 0, and a derivative taken through this would be lost there.
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
    y = c / scale / (u * u + v * v) / scale
    nan = _nan(c) | _nan(a) | _nan(b)
    return xp.where(nan, _undefined(xp, y), xp.where(infinite, xp.zeros_like(y), y))


def _pow(xp: Any, a: Any, b: Any) -> Any:
    y = a**b
    return xp.where(_nan(a) | _nan(b), _undefined(xp, y), y)


def _power_term(xp: Any, c: Any, a: Any, b: Any, k: Any) -> Any:
    exponent = b - k
    zero = a == 0.0
    base = xp.where(zero, xp.ones_like(a), a)
    power = base**exponent
    root = xp.abs(base) ** (exponent * 0.5)
    beyond = ((xp.abs(power) < sys.float_info.min) | (xp.abs(power) == math.inf)) & (xp.abs(a) < math.inf)
    negative = (a < 0.0) & (exponent - 2.0 * xp.floor(exponent * 0.5) == 1.0)  # also where the power vanishes
    y = xp.where(beyond, c * root * xp.where(negative, -root, root), c * power)
    back = exponent - b
    lost = ((b - (exponent - back)) - (k + back)) * xp.log(xp.abs(base))
    y = xp.where((xp.abs(lost) < 0.1) & (xp.abs(y) < math.inf), y * (1.0 + lost), y)
    at_zero = xp.where(exponent < 0.0, c * math.inf, xp.where(exponent > 0.0, xp.zeros_like(y), c + xp.zeros_like(y)))
    y = xp.where(c == 0.0, xp.zeros_like(y), xp.where(zero, at_zero, y))
    return xp.where(_nan(c) | _nan(a) | _nan(b) | _nan(k), _undefined(xp, y), y)


def _log_term(xp: Any, c: Any, a: Any) -> Any:
    zero = (c == 0.0) | (a == 0.0)
    y = c * xp.log(xp.where(a == 0.0, xp.ones_like(a), a))
    y = xp.where(zero, xp.zeros_like(y), y)
    return xp.where(_nan(c) | _nan(a) | (a < 0.0), _undefined(xp, y), y)


def _exp_difference(xp: Any, a: Any, b: Any) -> Any:
    difference = a - b
    y = xp.exp(difference)
    back = difference - a
    lost = (a - (difference - back)) - (b + back)
    y = xp.where((xp.abs(difference) < math.inf) & (y < math.inf), y + y * lost, y)
    return xp.where(a == b, xp.ones_like(y), y)


def _total(xp: Any, xs: Sequence[Any]) -> Any:
    """The sum as if computed with twice the digits (Knuth's two-sum), then rounded."""
    total, lost = xs[0], xs[0] * 0.0
    for x in xs[1:]:
        new = total + x
        back = new - total
        lost = lost + ((total - (new - back)) + (x - back))
        total = new
    return xp.where(xp.abs(lost) < math.inf, total + lost, total)


def _dot(xp: Any, *operands: Any) -> Any:
    """The sum of products and of what rounding them lost, by Dekker's product on halves of 26 bits."""
    middle = len(operands) // 2
    terms = []
    for a, b in zip(operands[:middle], operands[middle:], strict=True):
        product = a * b
        (a_high, a_low), (b_high, b_low) = _split(a), _split(b)
        error = a_low * b_low - (((product - a_high * b_high) - a_low * b_high) - a_high * b_low)
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
        terms.append(xp.where(here, xp.zeros_like(y), y))
        found = found | here
    y = largest + xp.log1p(_total(xp, terms))
    for x in xs:
        y = xp.where(_nan(x), x, y)
    return xp.where(xp.abs(largest) == math.inf, largest, y)


def _maximum(xp: Any, a: Any, b: Any) -> Any:
    return xp.where((a >= b) | _nan(a), a, b)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "add": lambda xp, a, b: a + b,
    "sub": lambda xp, a, b: a - b,
    "mul": lambda xp, a, b: a * b,
    "div": lambda xp, a, b: a / b,
    "neg": lambda xp, x: -x,
    **{name: _named(name) for name in (
        "exp", "expm1", "log", "log1p", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "abs")},
    "pow": _pow,
    "decay": _decay,
    "logistic": _logistic,
    "bell": lambda xp, e: e / (1.0 + e * (2.0 + e)),
    "softplus": _softplus,
    "relu": lambda xp, x: xp.where(x <= 0.0, xp.zeros_like(x), x),
    "leaky_relu": lambda xp, x, slope: xp.where((x <= 0.0) | _nan(slope), slope * x, x),
    "sign": _sign,
    "step": _step,
    "maximum": _maximum,
    "minimum": lambda xp, a, b: xp.where((a <= b) | _nan(a), a, b),
    "reciprocal": _reciprocal,
    "atan2": _atan2,
    "hypot": _hypot,
    "over_squares": _over_squares,
    "power_term": _power_term,
    "log_term": _log_term,
    "exp_difference": _exp_difference,
    "sum_of": lambda xp, *xs: _total(xp, xs),
    "dot": _dot,
    "logsumexp": _logsumexp,
}  # fmt: skip
