"""What `math` lacks, on floats, each in the form that is stable for every argument.

A NaN among the operands gives NaN. Where a function is not defined it raises ValueError, beyond the range of floats OverflowError, as
`math` does. What each is good to, and why it is written as it is, docs/derivatives.md says.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Sequence
from decimal import Context, Decimal, localcontext
from typing import Any, TypeVar

from tinygrad_bp.core.operation import TINY

T = TypeVar("T")


def sigmoid(x: float) -> float:
    e = math.exp(-math.fabs(x))  # at most 1, so that nothing overflows on either side
    return 1.0 / (1.0 + e) if x > 0 else e / (1.0 + e)


def sigmoid_slope(x: float) -> float:
    e = math.exp(-math.fabs(x))
    return e / (1.0 + e * (2.0 + e))  # the square of 1 + e, but rounded less: y * sigmoid(-x) can be 4.4 ulp off


def softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-math.fabs(x))) if x == x else x


def silu(x: float) -> float:
    x = max(x, -1500.0)  # it is 0 long since, and infinity * 0 would be none
    if x > 0:
        return x / (1.0 + math.exp(-x))
    if x < -700:
        root = math.exp(0.5 * x)  # the exponential itself has fewer digits than the result
        return x * root * root
    e = math.exp(x)
    return x * e / (1.0 + e)


def silu_slope(x: float) -> float:
    t = min(math.fabs(x), 1500.0)
    y: float
    if t > 700:
        root = math.exp(-0.5 * t)
        y = silu_slope_factor(t, math.expm1) * root * root
    else:
        e = math.exp(t)
        factor = 1.0 - t + 1.0 / e if t < 0.5 else silu_slope_factor(t, math.expm1)
        y = factor / (e + (2.0 + 1.0 / e))
    return 1.0 - y if x > 0 else y


def silu_slope_factor(t: Any, expm1: Callable[[Any], Any]) -> Any:
    """The derivative of silu at -t <= 0 over that of the sigmoid: 1 - t + exp(-t), on any kind of number.

    It vanishes where silu is lowest. With d the distance from there it is d + exp(x0) * (exp(d) - 1), which cannot cancel.
    """
    d = (1.2784645427610737 - t) + 1.0946994183093437e-16
    return d + 0.2784645427610738 * expm1(d)


def relu(x: float) -> float:
    return 0.0 if x <= 0 else x  # NaN is not <= 0 and stays NaN


def leaky_relu(x: float, slope: float) -> float:
    return slope * x if x <= 0 or slope != slope else x


def sign(x: float) -> float:
    return math.copysign(1.0, x) if x > 0 or x < 0 else x * x  # zero of either sign is +0, NaN stays NaN


def step(x: float) -> float:
    return 1.0 if x > 0 else 0.0 if x == x else x


def maximum(a: float, b: float) -> float:
    return a if a >= b or a != a else b


def minimum(a: float, b: float) -> float:
    return a if a <= b or a != a else b


def clip(x: float, low: float, high: float) -> float:
    return minimum(maximum(x, low), high)


def cbrt(x: float) -> float:
    if not x or math.isinf(x):
        return x
    fraction, exponent = math.frexp(x)
    third, rest = divmod(exponent, 3)
    x = math.ldexp(fraction, rest)
    y = math.copysign(high_half(math.fabs(x) ** (1.0 / 3.0)), x)  # half the digits, so that its square is exact
    high = high_half(y * y)
    missing = (x - high * y) - (y * y - high) * y
    return math.ldexp(y + y * missing / (x + 2.0 * y * y * y), third)  # Halley's step triples the digits


def high_half(x: Any) -> Any:
    """x rounded to 26 bits, so that the product of two such numbers is exact (Veltkamp); on any kind of number."""
    c = 134217729.0 * x
    return c - (c - x)


def square(x: Any) -> tuple[Any, Any]:
    """x * x and what rounding it lost (Dekker), on any kind of number."""
    high = high_half(x)
    low = x - high
    y = x * x
    return y, ((high * high - y) + 2.0 * high * low) + low * low


def asinh_slope(x: float) -> float:
    return 1.0 / math.hypot(1.0, x)


def passed(gate: float, x: float) -> float:
    return gate * x if gate else 0.0  # where the gate is closed nothing passes, not even infinity


def reciprocal(x: float) -> float:
    return 1.0 / x if x else math.inf  # for a zero of either sign: the rules that use it come to it from above


def atan2(a: float, b: float) -> float:
    if a == 0 == b:
        raise ValueError  # C says 0, but no slope there would be right
    return math.atan2(a, b)


def hypot(a: float, b: float) -> float:
    if a == 0 == b:
        raise ValueError
    y = math.hypot(a, b) if a == a and b == b else math.nan
    if y == math.inf:
        raise OverflowError
    return y


def over_squares(c: float, a: float, b: float) -> float:
    """c / (a**2 + b**2), rounded once, by whole numbers that neither overflow nor vanish. Infinite a or b win over any c."""
    if a != a or b != b or c != c:
        return math.nan
    if a == 0 == b:
        raise ValueError
    if math.isinf(a) or math.isinf(b):
        return 0.0
    _, scale = math.frexp(max(math.fabs(a), math.fabs(b)))
    a_whole, b_whole = int(math.ldexp(a, 80 - scale)), int(math.ldexp(b, 80 - scale))  # the larger has 80 bits
    fraction, exponent = math.frexp(c)
    try:
        quotient = (int(math.ldexp(fraction, 53)) << 107) / (a_whole * a_whole + b_whole * b_whole)
        return math.copysign(math.ldexp(quotient, exponent - 2 * scale), c)
    except OverflowError:
        return math.copysign(math.inf, c)


def div(a: float, b: float) -> float:
    return a / b if b or a == a else a  # Python raises for NaN / 0


def pow(a: float, b: float) -> float:
    if a != a or b != b:
        return math.nan  # C says 1 to nan**0 and 1**nan
    if a < 0 and math.isfinite(b) and b % 1:
        raise ValueError  # before Python looks at the size of the result
    y: float = a**b
    return y


def power_term(c: float, a: float, b: float, k: float) -> float:
    """c * a**(b - k). A zero wins over infinities: a polynomial's higher derivatives end in zeros, not in 0 * infinity."""
    if c != c or a != a or b != b or k != k:
        return math.nan
    if a < 0 and (b % 1 or k % 1):
        raise ValueError
    exponent = b - k
    if c == 0:
        return 0.0
    if a == 0:
        return c * math.inf if exponent < 0 else 0.0 if exponent > 0 else c
    power = _power_or_infinity(a, exponent)
    if not TINY <= math.fabs(power) < math.inf and math.isfinite(a):  # c may lead back into range: by the root, twice
        root = _power_or_infinity(math.fabs(a), exponent / 2)
        power = math.copysign(root, power)
        c = c * root if root else 0.0
    # What rounding b - k to a float lost (Knuth's two-sum) is given back to first order: a**e = 1 + e ln a.
    back = exponent - b
    lost = ((b - (exponent - back)) - (k + back)) * math.log(math.fabs(a))
    # It is more only where the power is 0 or infinite.
    return c * power * (1.0 + lost) if math.fabs(lost) < 0.1 else c * power


def _power_or_infinity(a: float, b: float) -> float:
    try:
        return float(a**b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 else math.inf


def log_term(c: float, a: float) -> float:
    """c * log(a), zero where c is zero: 0**b has the slope 0 for b > 0, and -inf at b = 0, where it jumps."""
    if c != c or a != a:
        return math.nan
    if a < 0:
        raise ValueError
    return c * (math.log(a) if a else -math.inf) if c else 0.0


def exp_difference(a: float, b: float) -> float:
    """exp(a - b); what rounding the difference lost, which exp would magnify, is given back to first order."""
    if a == b:
        return 1.0  # for two infinities too
    difference = a - b
    y = math.exp(difference)
    if not math.isfinite(difference):
        if y and math.isfinite(a) and math.isfinite(b):
            raise OverflowError
        return y
    back = difference - a
    return y + y * ((a - (difference - back)) - (b + back))


def sum_of(*xs: float) -> float:
    try:
        return math.fsum(xs)  # correctly rounded
    except (OverflowError, ValueError):  # beyond the range of floats on the way, or infinities of both signs
        if not all(map(math.isfinite, xs)):
            return sum(xs)
        integers, denominator = _integers(xs)
        return _quotient(sum(integers), denominator)


def dot(*operands: float) -> float:
    ws, xs = halves(operands)
    try:
        return math.fsum(map(operator.mul, ws, xs))  # of the rounded products, correctly rounded
    except (OverflowError, ValueError):  # as in sum_of, where the products were meant to cancel
        if not all(map(math.isfinite, operands)):
            return math.nan
        (ms, d), (ns, e) = _integers(ws), _integers(xs)
        return _quotient(sum(map(operator.mul, ms, ns)), d * e)


def _integers(xs: Sequence[float]) -> tuple[list[int], int]:
    """These floats as integers, and what to divide them by."""
    ratios = [x.as_integer_ratio() for x in xs]
    denominator = max(d for _, d in ratios)  # powers of 2, all of them
    return [n * (denominator // d) for n, d in ratios], denominator


def _quotient(numerator: int, denominator: int) -> float:
    """The float nearest to the fraction; infinite beyond the range of floats."""
    try:
        return numerator / denominator
    except OverflowError:
        return math.inf if numerator > 0 else -math.inf


def logsumexp(*xs: float) -> float:
    if not xs:
        raise ValueError
    largest = max(xs)
    if any(x != x for x in xs) or math.isinf(largest):
        return math.nan if any(x != x for x in xs) else largest
    others = list(xs)
    others.remove(largest)
    y = largest + math.log1p(math.fsum(exp_difference(x, largest) for x in others))
    if math.fabs(y) >= 0.5 * math.fabs(largest):
        return y
    # The two terms cancel: 17 of so many digits are left.
    with localcontext(Context(prec=60 + max(0, -Decimal(largest).adjusted()))):
        return float(sum((Decimal(x).exp() for x in xs), Decimal(0)).ln())


def halves(operands: Sequence[T]) -> tuple[Sequence[T], Sequence[T]]:
    """The operands of a `dot`: its ws and its xs."""
    middle = len(operands) // 2
    return operands[:middle], operands[middle:]
