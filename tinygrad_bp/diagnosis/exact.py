"""By how much the result of an operation is off from the exact one, sign and all: the row done again with 80 decimal digits."""

from __future__ import annotations

import decimal
import math
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.core.stable import halves

# Its range of exponents is Python's own, the same where it is written in Python and where in C.
CONTEXT = decimal.Context(prec=80, rounding=decimal.ROUND_HALF_EVEN, Emin=-999_999, Emax=999_999)
FARTHEST = Decimal("1e15")  # of an angle from 0, for its digits behind 2 pi to be there
NEAREST = Decimal("1e-30")  # to 0, for 80 digits to tell exp(x) from 1 + x
TAIL = Decimal(8)  # from where on a series for the bell curve has too many terms
TWO_PI = Decimal(
    "6.2831853071795864769252867665590057683943387987502116419498891846"
    "156328125724179972560696506842341359642961730265646132941876892"
)


def local_error(op: Operation, y: float, numbers: Sequence[float]) -> float | None:
    """How far a result is above the exact one for these very operands. None where this cannot tell: of operations of a user's own, too."""
    rule = _RULES.get(op)
    if rule is None or not (math.isfinite(y) and all(map(math.isfinite, numbers))):
        return None
    try:
        with decimal.localcontext(CONTEXT):
            exact = rule(*map(Decimal, numbers))
            return None if exact is None else float(Decimal(y) - exact)
    except (ArithmeticError, ValueError):
        return None


def _away(f: Callable[[Decimal], Any]) -> Callable[[Decimal], Any]:
    """A rule that loses its digits near 0, kept away from there."""
    return lambda x: f(x) if not x or abs(x) > NEAREST else None


def _ln_1p(x: Decimal) -> Decimal:
    return x - x * x / 2 if abs(x) < NEAREST else (1 + x).ln()


def _sinh(x: Decimal) -> Decimal:
    return (x.exp() - (-x).exp()) / 2


def _cosh(x: Decimal) -> Decimal:
    return (x.exp() + (-x).exp()) / 2


def _asinh(x: Decimal) -> Decimal:
    size = abs(x)
    return ((size + (size * size + 1).sqrt()).ln()).copy_sign(x)


def _sigmoid(x: Decimal) -> Decimal:
    return 1 / (1 + (-x).exp())


def _sigmoid_slope(x: Decimal) -> Decimal:
    tail = (-abs(x)).exp()
    return tail / ((1 + tail) * (1 + tail))


def _cbrt(x: Decimal) -> Decimal:
    return ((abs(x).ln() / 3).exp()).copy_sign(x) if x else x


def _power(a: Decimal, b: Decimal) -> Decimal:
    if not b or a == 1:
        return Decimal(1)
    if not a:
        return Decimal(0)
    size = (b * abs(a).ln()).exp()
    return -size if a < 0 and b % 2 else size


def _series(first: Decimal, square: Decimal, factor: Callable[[int], Decimal]) -> Decimal:
    """first * (1 + q1 + q1 q2 + ...), where qk is the square times a factor."""
    term = total = first
    k = 0
    while term and term.adjusted() > total.adjusted() - 82:
        k += 1
        term = term * square * factor(k)
        total += term
    return total


def _sin_cos(x: Decimal) -> tuple[Decimal, Decimal] | None:
    if abs(x) > FARTHEST:
        return None
    x = x - TWO_PI * (x / TWO_PI).to_integral_value()
    sin = _series(x, -x * x, lambda k: 1 / Decimal(2 * k * (2 * k + 1)))
    return sin, _series(Decimal(1), -x * x, lambda k: 1 / Decimal((2 * k - 1) * 2 * k))


def _circular(f: Callable[[Decimal, Decimal], Decimal]) -> Callable[[Decimal], Decimal | None]:
    def rule(x: Decimal) -> Decimal | None:
        pair = _sin_cos(x)
        return f(*pair) if pair else None

    return rule


def _angle(a: Decimal, b: Decimal) -> Decimal | None:
    """atan2, by turning back the angle that floats find, which leaves next to nothing."""
    near = Decimal(math.atan2(a, b))
    pair = _sin_cos(near)
    if pair is None or not a:
        return None
    sine = (a * pair[1] - b * pair[0]) / (a * a + b * b).sqrt()
    return near + sine + sine**3 / 6


def _erf(x: Decimal) -> Decimal | None:
    if abs(x) > TAIL:
        return None
    root_pi = (TWO_PI / 2).sqrt()
    return 2 / root_pi * (-x * x).exp() * _series(x, x * x, lambda k: Decimal(2) / (2 * k + 1))


def _normal_cdf(x: Decimal) -> Decimal | None:
    erf = _erf(x / Decimal(2).sqrt())
    return None if erf is None else (1 + erf) / 2


def _gelu(x: Decimal) -> Decimal | None:
    share = _normal_cdf(x)
    return None if share is None else x * share


def _total(terms: Sequence[Fraction]) -> Decimal:
    total = sum(terms, Fraction(0))
    return Decimal(total.numerator) / Decimal(total.denominator)


def _sum_of(*xs: Decimal) -> Decimal:
    return _total([Fraction(x) for x in xs])


def _dot(*operands: Decimal) -> Decimal:
    return _total([Fraction(w) * Fraction(x) for w, x in zip(*halves(operands), strict=True)])


def _logsumexp(*xs: Decimal) -> Decimal | None:
    largest = max(xs)
    y = largest + sum(((x - largest).exp() for x in xs), Decimal(0)).ln()
    return None if abs(y) < NEAREST else y  # two terms that cancel


_RULES: dict[Operation, Callable[..., Decimal | None]] = {
    ops.add: lambda a, b: a + b,
    ops.sub: lambda a, b: a - b,
    ops.mul: lambda a, b: a * b,
    ops.div: lambda a, b: a / b,
    ops.pow: _power,
    ops.exp: lambda x: x.exp(),
    ops.expm1: _away(lambda x: x.exp() - 1),
    ops.log: lambda x: x.ln(),
    ops.log1p: _ln_1p,
    ops.log2: lambda x: x.ln() / Decimal(2).ln(),
    ops.log10: lambda x: x.log10(),
    ops.sqrt: lambda x: x.sqrt(),
    ops.cbrt: _cbrt,
    ops.sin: _circular(lambda sin, cos: sin),
    ops.cos: _circular(lambda sin, cos: cos),
    ops.tan: _circular(lambda sin, cos: sin / cos),
    ops.asin: lambda x: _angle(x, ((1 - x) * (1 + x)).sqrt()),
    ops.acos: lambda x: _angle(((1 - x) * (1 + x)).sqrt(), x),
    ops.atan: lambda x: _angle(x, Decimal(1)),
    ops.atan2: _angle,
    ops.hypot: lambda a, b: (a * a + b * b).sqrt(),
    ops.sinh: _away(_sinh),
    ops.cosh: _cosh,
    ops.asinh: _away(_asinh),
    ops.acosh: lambda x: (x + (x - 1).sqrt() * (x + 1).sqrt()).ln(),
    ops.atanh: _away(lambda x: ((1 + x) / (1 - x)).ln() / 2),
    ops.tanh: _away(lambda x: _sinh(x) / _cosh(x)),
    ops.sigmoid: _sigmoid,
    ops.softplus: lambda x: _ln_1p((-abs(x)).exp()) + max(x, Decimal(0)),
    ops.erf: _erf,
    ops.silu: lambda x: x * _sigmoid(x),
    ops.gelu: _gelu,
    ops.normal_cdf: _normal_cdf,
    ops.leaky_relu: lambda x, slope: x if x > 0 else slope * x,
    ops.sum_of: _sum_of,
    ops.dot: _dot,
    ops.logsumexp: _logsumexp,
    ops.passed: lambda gate, x: gate * x,
    ops.sigmoid_slope: _sigmoid_slope,
    ops.reciprocal: lambda x: 1 / x,
    ops.over_squares: lambda c, a, b: c / (a * a + b * b),
    ops.power_term: lambda c, a, b, k: c * _power(a, b - k) if c else Decimal(0),
    ops.log_term: lambda c, a: c * a.ln() if c else Decimal(0),
    ops.exp_difference: lambda a, b: (a - b).exp(),
    ops.asinh_slope: lambda x: 1 / (1 + x * x).sqrt(),
}
