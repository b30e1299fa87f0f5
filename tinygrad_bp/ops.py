r"""The table of operations, one row each, to be read like the table of derivatives at the back of a calculus book.

A row says how its operation is computed on floats and what its partial derivatives are. A partial is written once, as a function
of the output `y` and the operands, with ordinary operators and other rows. So one rule serves floats (`Value.backward`), Values
(`grad`, whose results can be differentiated again) and every other reading of the graph. Each row is also the function of its name:

    >>> round(tanh(0.5), 9)
    0.462117157
    >>> derivative_of_tanh, = tanh.partials
    >>> round(derivative_of_tanh(tanh(0.5), 0.5), 9)
    0.786447733

Values and partials keep within 4 ulp (units in the last place) of a 50-digit reference over the whole domain, saturation
included: `y * (1 - y)`, the usual slope of the sigmoid, has no correct digit left at x = 40, so its row says it otherwise. Four
things limit this:

- The functions of `math` are those of the C library. Of glibc's the worst are tanh at 2.1 ulp and sinh at 1.7; a library whose own
  functions are off by more shows it here.
- Below 2.2e-308 floats have fewer digits: the ulp there is 5e-324 for all of them. A result that small is as good as that, and so are
  three partials that pass through one: a/b by b, a**b by b and hypot(a, b), where a/b, a**b or hypot(a, b) itself lies there.
- `dot` loses half an ulp of each product, as every float product does. Where the products cancel, that is more than 4 ulp of what is
  left; and a product beyond the range of floats is infinite.
- `power_term` and `over_squares`, which only appear in derivatives, multiply their operands on the way to their own partials. That
  product may leave the range of floats though the partial would lie inside, or be infinite where another factor is 0, which is NaN.

Where there is no derivative the rows follow PyTorch: relu'(0) = step(0) = abs'(0) = 0, sqrt'(0) is infinite, and where maximum or
minimum ties, each side gets one half. A rule never asks `if` about a number: it would bake one input's branch into all that is made
from the rule. `step`, `sign`, `maximum` are rows instead. No row makes a NaN from finite operands. A NaN among the operands gives NaN,
also where C has a number (nan**0, hypot(inf, nan)). Infinite ones give the limit; where there is none, an error (sin, hypot) or the
NaN of float arithmetic (inf - inf, the slopes of maximum(inf, inf)).
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from decimal import Context, Decimal, localcontext
from typing import Any

from tinygrad_bp.operation import (
    ADDITIVE,
    HUGE,
    MULTIPLICATIVE,
    NEGATIVE,
    POWER,
    TINY,
    Domain,
    Interval,
    Operation,
    Reduction,
)

# Forward -------------------------------------------------------------------------------------------------------------
# What `math` has no function for, in the form that is stable for every argument.


def _sigmoid(x: float) -> float:
    e = math.exp(-math.fabs(x))  # at most 1, so that nothing overflows on either side
    return 1.0 / (1.0 + e) if x > 0 else e / (1.0 + e)


def _sigmoid_slope(x: float) -> float:
    e = math.exp(-math.fabs(x))
    return e / (1.0 + e * (2.0 + e))  # the square of 1 + e, but rounded less: y * sigmoid(-x) can be 4.4 ulp off


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-math.fabs(x))) if x == x else x


def _relu(x: float) -> float:
    return 0.0 if x <= 0 else x  # NaN is not <= 0 and stays NaN


def _leaky_relu(x: float, slope: float) -> float:
    return slope * x if x <= 0 or slope != slope else x


def _sign(x: float) -> float:
    return math.copysign(1.0, x) if x > 0 or x < 0 else x * x  # zero of either sign is +0, NaN stays NaN


def _step(x: float) -> float:
    return 1.0 if x > 0 else 0.0 if x == x else x


def _maximum(a: float, b: float) -> float:
    return a if a >= b or a != a else b


def _minimum(a: float, b: float) -> float:
    return a if a <= b or a != a else b


def _reciprocal(x: float) -> float:
    return 1.0 / x if x else math.inf  # for a zero of either sign: the rules that use it come to it from above


def _atan2(a: float, b: float) -> float:
    if a == 0 == b:
        raise ValueError  # C says 0, but no slope there would be right
    return math.atan2(a, b)


def _hypot(a: float, b: float) -> float:
    if a == 0 == b:
        raise ValueError
    y = math.hypot(a, b) if a == a and b == b else math.nan
    if y == math.inf:
        raise OverflowError
    return y


def _over_squares(c: float, a: float, b: float) -> float:
    """c / (a**2 + b**2), by squares that neither overflow nor vanish. Infinite a or b win over any c."""
    if a == 0 == b:
        raise ValueError
    if math.isinf(a) or math.isinf(b):
        return 0.0 * (a + b + c) if a != a or b != b or c != c else 0.0
    _, scale = math.frexp(max(math.fabs(a), math.fabs(b)))
    a, b = math.ldexp(a, -scale), math.ldexp(b, -scale)
    fraction, exponent = math.frexp(c)
    try:
        return math.ldexp(fraction / (a * a + b * b), exponent - 2 * scale)
    except OverflowError:
        return math.copysign(math.inf, c)


def _pow(a: float, b: float) -> float:
    y: float | complex = a**b
    if isinstance(y, complex):
        raise ValueError
    return y if a == a and b == b else math.nan  # C says 1 to nan**0 and 1**nan


def _power_term(c: float, a: float, b: float, k: float) -> float:
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
    return (
        c * power * (1.0 + lost) if math.fabs(lost) < 0.1 else c * power
    )  # it is more only where the power is 0 or infinite


def _power_or_infinity(a: float, b: float) -> float:
    try:
        return float(a**b)
    except OverflowError:
        return -math.inf if a < 0 and b % 2 else math.inf


def _log_term(c: float, a: float) -> float:
    """c * log(a), zero where c or a is zero."""
    if a < 0:
        raise ValueError
    return c * math.log(a) if c and a else math.nan if c != c or a != a else 0.0


def _exp_difference(a: float, b: float) -> float:
    """exp(a - b); what rounding the difference lost, which exp would magnify, is given back to first order."""
    if a == b:
        return 1.0  # for two infinities too
    difference = a - b
    y = math.exp(difference)
    if not math.isfinite(difference):
        return y
    back = difference - a
    return y + y * ((a - (difference - back)) - (b + back))


def _sum_of(*xs: float) -> float:
    try:
        return math.fsum(xs)  # correctly rounded
    except (OverflowError, ValueError):  # beyond the range of floats on the way, or infinities of both signs
        if not all(map(math.isfinite, xs)):
            return sum(xs)
        integers, denominator = _integers(xs)
        return _quotient(sum(integers), denominator)


def _dot(*operands: float) -> float:
    ws, xs = _halves(operands)
    try:
        return math.fsum(map(operator.mul, ws, xs))  # of the rounded products, correctly rounded
    except (OverflowError, ValueError):  # as in _sum_of, where the products were meant to cancel
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


def _logsumexp(*xs: float) -> float:
    if not xs:
        raise ValueError
    largest = max(xs)
    if any(x != x for x in xs) or math.isinf(largest):
        return math.nan if any(x != x for x in xs) else largest
    others = list(xs)
    others.remove(largest)
    y = largest + math.log1p(math.fsum(_exp_difference(x, largest) for x in others))
    if math.fabs(y) >= 0.5 * math.fabs(largest):
        return y
    with localcontext(
        Context(prec=60 + max(0, -Decimal(largest).adjusted()))
    ):  # the two terms cancel: 17 of so many digits are left
        return float(sum((Decimal(x).exp() for x in xs), Decimal(0)).ln())


# The domains ---------------------------------------------------------------------------------------------------------

ANY: Interval = (-HUGE, HUGE)
ABOVE_0: Interval = (5e-324, HUGE)  # from the smallest float above zero
BELOW_0: Interval = (-HUGE, -5e-324)
PLANE = Domain("finite numbers", ((ANY, ANY),))
PAIRS = Domain("finite numbers", ((ANY,) * 2, (ANY,) * 4, (ANY,) * 16))
ROW = Domain("finite numbers", ((ANY,), (ANY, ANY), (ANY,) * 3, (ANY,) * 8))
UNIT = Domain("-1 <= x <= 1", (((-1.0, 1.0),),))
COSH = Domain("|x| <= 710.4758", (((-710.4758, 710.4758),),))
EXP = Domain("x <= 709.7827", (((-HUGE, 709.7827),),))
NOT_THE_ORIGIN = ((ABOVE_0, ANY), (BELOW_0, ANY), (ANY, ABOVE_0), (ANY, BELOW_0))
POWER_BOXES = (
    (ABOVE_0, ANY),
    ((0.0, 0.0), (0.0, HUGE)),
    *((BELOW_0, (n, n)) for n in (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0)),
)


def _between(low: float, high: float, needs: str) -> Domain:
    return Domain(needs, (((low, high),),))


# Rules and formulas that take more than a line ---------------------------------------------------------------------------


def _halves(operands: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    half = len(operands) // 2
    return operands[:half], operands[half:]


def _swapped(operands: tuple[Any, ...]) -> tuple[Any, ...]:
    half = len(operands) // 2
    return operands[half:] + operands[:half]


def _softmax(y: Any, xs: Sequence[Any]) -> list[Any]:
    weights = [exp_difference(x, y) for x in xs]
    total = sum_of(weights)  # 1 but for the rounding of y, which this division takes out again
    return [weight / total for weight in weights]


def _call(name: str, *sequences: Sequence[str]) -> str:
    lists = ["[" + ", ".join(texts) + "]" for texts in sequences]
    return f"{name}({', '.join(lists)})"


def _latex_sum(terms: Iterable[str]) -> str:
    return rf"\left({' + '.join(terms)}\right)"


# The table -----------------------------------------------------------------------------------------------------------
# name, forward, partial derivatives in y and the operands, source, LaTeX, symbol in pictures, binding, domain
# fmt: off

# Rules look rows up when they are called, so they may name rows below them; type checkers want to hear of those first.
cos: Operation
cosh: Operation
sigmoid: Operation
sigmoid_slope: Operation
sign: Operation
step: Operation
minimum: Operation
reciprocal: Operation
over_squares: Operation
power_term: Operation
log_term: Operation
exp_difference: Operation

add         = Operation("add", lambda a, b: a + b,        (lambda y, a, b: 1.0,
                                                           lambda y, a, b: 1.0),
                        "{} + {}", "{} + {}", "+", ADDITIVE, PLANE)
sub         = Operation("sub", lambda a, b: a - b,        (lambda y, a, b: 1.0,
                                                           lambda y, a, b: -1.0),
                        "{} - {}", "{} - {}", "−", ADDITIVE, PLANE)
mul         = Operation("mul", lambda a, b: a * b,        (lambda y, a, b: b,
                                                           lambda y, a, b: a),
                        "{} * {}", r"{} \cdot {}", "×", MULTIPLICATIVE, PLANE)
div         = Operation("div", lambda a, b: a / b,        (lambda y, a, b: 1.0 / b,
                                                           lambda y, a, b: -y / b),
                        "{} / {}", r"\frac{{{bare[0]}}}{{{bare[1]}}}", "÷", MULTIPLICATIVE,
                        Domain("a divisor other than 0", ((ANY, ABOVE_0), (ANY, BELOW_0))))
neg         = Operation("neg", lambda x: -x,              (lambda y, x: -1.0,),
                        "-{}", "-{}", "−", NEGATIVE)
pow         = Operation("pow", _pow,                      (lambda y, a, b: power_term(b, a, b, 1.0),
                                                           lambda y, a, b: log_term(y, a)),
                        "{} ** {}", "{}^{{{bare[1]}}}", "xʸ", POWER,
                        Domain("a base > 0, a base of 0 with an exponent >= 0, or a base < 0 with a whole exponent, "
                               "and a result within 1.8e308", POWER_BOXES))

exp         = Operation("exp", math.exp,                  (lambda y, x: y,),
                        "exp({})", "e^{{{}}}", "exp", domain=EXP)
expm1       = Operation("expm1", math.expm1,              (lambda y, x: exp(x),),
                        "expm1({})", r"\left(e^{{{}}} - 1\right)", "expm1", domain=EXP)
log         = Operation("log", math.log,                  (lambda y, x: 1.0 / x,),
                        "log({})", r"\ln\left({}\right)", "ln", domain=_between(5e-324, HUGE, "x > 0"))
log1p       = Operation("log1p", math.log1p,              (lambda y, x: 1.0 / (1.0 + x),),
                        "log1p({})", r"\ln\left(1 + {}\right)", "log1p", domain=_between(math.nextafter(-1.0, 0.0), HUGE, "x > -1"))
sqrt        = Operation("sqrt", math.sqrt,                (lambda y, x: 0.5 * reciprocal(y),),
                        "sqrt({})", r"\sqrt{{{}}}", "√", domain=_between(0.0, HUGE, "x >= 0"))

sin         = Operation("sin", math.sin,                  (lambda y, x: cos(x),),
                        "sin({})", r"\sin\left({}\right)", "sin")
cos         = Operation("cos", math.cos,                  (lambda y, x: -sin(x),),
                        "cos({})", r"\cos\left({}\right)", "cos")
tan         = Operation("tan", math.tan,                  (lambda y, x: 1.0 + y * y,),
                        "tan({})", r"\tan\left({}\right)", "tan")
asin        = Operation("asin", math.asin,                (lambda y, x: reciprocal(sqrt((1.0 - x) * (1.0 + x))),),
                        "asin({})", r"\arcsin\left({}\right)", "asin", domain=UNIT)
acos        = Operation("acos", math.acos,                (lambda y, x: -reciprocal(sqrt((1.0 - x) * (1.0 + x))),),
                        "acos({})", r"\arccos\left({}\right)", "acos", domain=UNIT)
atan        = Operation("atan", math.atan,                (lambda y, x: over_squares(1.0, 1.0, x),),
                        "atan({})", r"\arctan\left({}\right)", "atan")
atan2       = Operation("atan2", _atan2,                  (lambda y, a, b: over_squares(b, a, b),
                                                           lambda y, a, b: over_squares(-a, a, b)),
                        "atan2({}, {})", r"\mathrm{{atan2}}\left({}, {}\right)", "atan2",
                        domain=Domain("operands that are not both 0", NOT_THE_ORIGIN))
hypot       = Operation("hypot", _hypot,                  (lambda y, a, b: a / y,
                                                           lambda y, a, b: b / y),
                        "hypot({}, {})", r"\sqrt{{\left({}\right)^2 + \left({}\right)^2}}", "hypot",
                        domain=Domain("operands that are not both 0, and a result within 1.8e308", NOT_THE_ORIGIN))

sinh        = Operation("sinh", math.sinh,                (lambda y, x: cosh(x),),
                        "sinh({})", r"\sinh\left({}\right)", "sinh", domain=COSH)
cosh        = Operation("cosh", math.cosh,                (lambda y, x: sinh(x),),
                        "cosh({})", r"\cosh\left({}\right)", "cosh", domain=COSH)
tanh        = Operation("tanh", math.tanh,                (lambda y, x: 4.0 * sigmoid_slope(2.0 * x),),
                        "tanh({})", r"\tanh\left({}\right)", "tanh")
sigmoid     = Operation("sigmoid", _sigmoid,              (lambda y, x: sigmoid_slope(x),),
                        "sigmoid({})", r"\sigma\left({}\right)", "σ")
softplus    = Operation("softplus", _softplus,            (lambda y, x: sigmoid(x),),
                        "softplus({})", r"\ln\left(1 + e^{{{}}}\right)", "softplus")

relu        = Operation("relu", _relu,                    (lambda y, x: step(x),),
                        "relu({})", r"\mathrm{{relu}}\left({}\right)", "relu")
leaky_relu  = Operation("leaky_relu", _leaky_relu,        (lambda y, x, slope: step(x) + slope * (1.0 - step(x)),
                                                           lambda y, x, slope: minimum(x, 0.0)),
                        "leaky_relu({}, {})", r"\mathrm{{leaky\ relu}}_{{{bare[1]}}}\left({}\right)", "leaky relu",
                        domain=PLANE, defaults=(0.01,))
abs         = Operation("abs", math.fabs,                 (lambda y, x: sign(x),),
                        "abs({})", r"\left|{}\right|", "|x|")
sign        = Operation("sign", _sign,                    (lambda y, x: 0.0,),
                        "sign({})", r"\mathrm{{sign}}\left({}\right)", "sign")
step        = Operation("step", _step,                    (lambda y, x: 0.0,),
                        "step({})", r"\mathrm{{step}}\left({}\right)", "step")
maximum     = Operation("maximum", _maximum,              (lambda y, a, b: 0.5 + 0.5 * sign(a - b),
                                                           lambda y, a, b: 0.5 - 0.5 * sign(a - b)),
                        "maximum({}, {})", r"\max\left({}, {}\right)", "max", domain=PLANE)
minimum     = Operation("minimum", _minimum,              (lambda y, a, b: 0.5 - 0.5 * sign(a - b),
                                                           lambda y, a, b: 0.5 + 0.5 * sign(a - b)),
                        "minimum({}, {})", r"\min\left({}, {}\right)", "min", domain=PLANE)

sum_of      = Reduction("sum_of", _sum_of,                lambda y, *xs: [1.0] * len(xs),
                        lambda bare, tight: _call("sum_of", bare), lambda bare, tight: _latex_sum(bare), "Σ", domain=ROW)
dot         = Reduction("dot", _dot,                      lambda y, *ws_xs: _swapped(ws_xs),
                        lambda bare, tight: _call("dot", *_halves(bare)),
                        lambda bare, tight: _latex_sum(rf"{w} \cdot {x}" for w, x in zip(*_halves(tight), strict=True)), "w·x",
                        domain=PAIRS, sequences=2)
logsumexp   = Reduction("logsumexp", _logsumexp,          lambda y, *xs: _softmax(y, xs),
                        lambda bare, tight: _call("logsumexp", bare),
                        lambda bare, tight: r"\ln" + _latex_sum(f"e^{{{x}}}" for x in bare), "ln Σ exp",
                        domain=Domain("at least one operand", ROW.boxes))

# Rows that only appear in derivatives of the rows above.
sigmoid_slope = Operation("sigmoid_slope", _sigmoid_slope, (lambda y, x: -y * tanh(0.5 * x),),
                        "sigmoid_slope({})", r"\sigma'\left({}\right)", "σ′")
reciprocal  = Operation("reciprocal", _reciprocal,        (lambda y, x: -y * y,),
                        "1 / {tight[0]}", r"\frac{{1}}{{{bare[0]}}}", "1/x", MULTIPLICATIVE)
over_squares = Operation("over_squares", _over_squares,   (lambda y, c, a, b: over_squares(1.0, a, b),
                                                           lambda y, c, a, b: -2.0 * over_squares(a * y, a, b),
                                                           lambda y, c, a, b: -2.0 * over_squares(b * y, a, b)),
                        "{} / ({tight[1]} ** 2 + {tight[2]} ** 2)",
                        r"\frac{{{bare[0]}}}{{\left({bare[1]}\right)^2 + \left({bare[2]}\right)^2}}", "c/(a²+b²)", MULTIPLICATIVE,
                        Domain("a and b that are not both 0", tuple((ANY, *box) for box in NOT_THE_ORIGIN)))
power_term  = Operation("power_term", _power_term,        (lambda y, c, a, b, k: power_term(1.0, a, b, k),
                                                           lambda y, c, a, b, k: power_term(c * (b - k), a, b, k + 1.0),
                                                           lambda y, c, a, b, k: log_term(y, a),
                                                           lambda y, c, a, b, k: -log_term(y, a)),
                        "{} * {tight[1]} ** ({bare[2]} - {tight[3]})",
                        r"{} \cdot \left({bare[1]}\right)^{{{bare[2]} - {tight[3]}}}", "c·xʸ⁻ᵏ", MULTIPLICATIVE,
                        Domain("a base >= 0, or a base < 0 with a whole exponent",
                               tuple((ANY, *box, (k, k)) for box in POWER_BOXES for k in (1.0, 2.0))))
log_term    = Operation("log_term", _log_term,            (lambda y, c, a: log_term(1.0, a),
                                                           lambda y, c, a: power_term(c, a, 0.0, 1.0)),
                        "{} * log({bare[1]})", r"{} \cdot \ln\left({bare[1]}\right)", "c·ln x", MULTIPLICATIVE,
                        Domain("x >= 0", ((ANY, (0.0, HUGE)),)))
exp_difference = Operation("exp_difference", _exp_difference, (lambda y, a, b: y,
                                                           lambda y, a, b: -y),
                        "exp({bare[0]} - {tight[1]})", "e^{{{bare[0]} - {tight[1]}}}", "exp(a−b)",
                        domain=Domain("a - b <= 709.7827", ((ANY, ANY),)))
# fmt: on

OPERATIONS: dict[str, Operation] = {name: row for name, row in list(globals().items()) if isinstance(row, Operation)}
