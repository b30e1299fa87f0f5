r"""The table of operations, one row each, to be read like the table of derivatives at the back of a calculus book.

A row says how its operation is computed on floats and what its partial derivatives are. A partial is written once, as a function
of the output `y` and the operands, with ordinary operators and other rows. So one rule serves floats (`Value.backward`), Values
(`grad`, whose results can be differentiated again) and every other reading of the graph. Each row is also the function of its name:

    >>> tanh(0.5)
    0.46211715726000973
    >>> derivative_of_tanh, = tanh.partials
    >>> round(derivative_of_tanh(tanh(0.5), 0.5), 9)
    0.786447733

Values and partials keep within 4 ulp (units in the last place) of a 50-digit reference over the whole domain, saturation
included: `y * (1 - y)`, the usual slope of the sigmoid, has no correct digit left at x = 40, so its row says it otherwise. Two
things limit this. The functions of `math` are those of the C library (glibc's keep within 2 ulp). And below 2.2e-308 floats
themselves have fewer digits; a result that passes through there has no more than they have.

Where there is no derivative the rows follow PyTorch: relu'(0) = step(0) = abs'(0) = 0, sqrt'(0) is infinite, and where maximum or
minimum ties, each side gets one half. A rule never asks `if` about a number: it would bake one input's branch into all that is made
from the rule. `step`, `sign`, `maximum` are rows instead.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

from tinygrad_bp.operation import ADDITIVE, HUGE, MULTIPLICATIVE, NEGATIVE, POWER, REALS, Domain, Interval, Operation, Reduction

# Forward -------------------------------------------------------------------------------------------------------------
# What `math` has no function for, in the form that is stable for every argument.


def _sigmoid(x: float) -> float:
    e = math.exp(-math.fabs(x))  # at most 1, so that nothing overflows on either side
    return 1.0 / (1.0 + e) if x > 0 else e / (1.0 + e)


def _softplus(x: float) -> float:
    return max(x, 0.0) + math.log1p(math.exp(-math.fabs(x))) if x == x else x


def _relu(x: float) -> float:
    return 0.0 if x <= 0 else x  # NaN is not <= 0 and stays NaN


def _leaky_relu(x: float, slope: float) -> float:
    return slope * x if x <= 0 else x


def _sign(x: float) -> float:
    return math.copysign(1.0, x) if x > 0 or x < 0 else x * x  # zero of either sign is +0, NaN stays NaN


def _step(x: float) -> float:
    return 1.0 if x > 0 else 0.0 if x == x else x


def _maximum(a: float, b: float) -> float:
    return a if a >= b or a != a else b


def _minimum(a: float, b: float) -> float:
    return a if a <= b or a != a else b


def _reciprocal(x: float) -> float:
    return 1.0 / x if x else math.copysign(math.inf, x)


def _atan2(a: float, b: float) -> float:
    if a == 0 == b:
        raise ValueError  # C says 0, but no slope there would be right
    return math.atan2(a, b)


def _hypot(a: float, b: float) -> float:
    if a == 0 == b:
        raise ValueError
    return math.hypot(a, b)


def _pow(a: float, b: float) -> float:
    y = a**b
    if isinstance(y, complex):
        raise ValueError
    return y


def _power_term(c: float, a: float, b: float, k: float) -> float:
    """c * a**(b - k). A zero c wins over a pole at a = 0: a polynomial's higher derivatives end in zeros, not in 0 * infinity."""
    if c == 0:
        return 0.0
    exponent = b - k
    if a == 0:
        return c * (math.inf if exponent < 0 else 0.0 if exponent > 0 else 1.0)
    try:
        power = a**exponent
    except OverflowError:
        power = math.inf
    if not 1e-290 < math.fabs(power) < math.inf and math.isfinite(a):  # c may lead back into range: halve the exponent
        try:
            half = math.fabs(a) ** (exponent / 2)
        except OverflowError:
            half = math.inf
        power = math.copysign(half, -1.0 if a < 0 and exponent % 2 else 1.0)
        c *= half
    # What rounding b - k to a float lost (Knuth's two-sum) is given back to first order: a**e = 1 + e ln a.
    back = exponent - b
    lost = (b - (exponent - back)) - (k + back)
    return c * power * (1.0 + lost * math.log(math.fabs(a))) if lost else c * power


def _log_term(c: float, a: float) -> float:
    """c * log(a), zero where c or a is zero."""
    return c * math.log(a) if c and a else 0.0


def _exp_difference(a: float, b: float) -> float:
    """exp(a - b); what rounding the difference lost, which exp would magnify, is given back to first order."""
    difference = a - b
    if not math.isfinite(difference):
        return math.exp(difference)
    back = difference - a
    y = math.exp(difference)
    return y + y * ((a - (difference - back)) - (b + back))


def _sum_of(*xs: float) -> float:
    try:
        return math.fsum(xs)  # correctly rounded
    except (OverflowError, ValueError):  # beyond the range of floats on the way, or infinities of both signs
        return _nearest_float(sum(map(Fraction, xs))) if all(map(math.isfinite, xs)) else sum(xs)


def _dot(*operands: float) -> float:
    half = len(operands) // 2
    ws, xs = operands[:half], operands[half:]
    products = [w * x for w, x in zip(ws, xs, strict=True)]
    total = _sum_of(*products)
    magnitude = math.fsum(map(math.fabs, products)) if math.isfinite(total) else math.inf
    if magnitude <= 4 * math.fabs(total) or not all(map(math.isfinite, operands)):
        return total
    # Large terms cancel, and with them the digits that are left of the rounded products.
    return _nearest_float(sum(Fraction(w) * Fraction(x) for w, x in zip(ws, xs, strict=True)))


def _nearest_float(exact: Fraction | int) -> float:
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def _logsumexp(*xs: float) -> float:
    if not xs:
        raise ValueError
    largest = max(xs)
    if any(x != x for x in xs) or math.isinf(largest):
        return math.nan if any(x != x for x in xs) else largest
    others = list(xs)
    others.remove(largest)
    y = largest + math.log1p(math.fsum(math.exp(x - largest) for x in others))
    if math.fabs(y) >= 0.5 * math.fabs(largest):
        return y
    with localcontext() as context:  # the two terms cancel: more digits, 17 of which are left
        context.prec = 60
        return float(sum((Decimal(x).exp() for x in xs), Decimal(0)).ln())


# The domains ---------------------------------------------------------------------------------------------------------

ANY: Interval = (-HUGE, HUGE)
ABOVE_0: Interval = (5e-324, HUGE)  # from the smallest float above zero
BELOW_0: Interval = (-HUGE, -5e-324)
PLANE = Domain("finite numbers", ((ANY, ANY),))
ROW = Domain("finite numbers", ((ANY,), (ANY, ANY), (ANY,) * 3, (ANY,) * 8))
UNIT = Domain("-1 <= x <= 1", (((-1.0, 1.0),),))
COSH = Domain("|x| <= 710.4758", (((-710.4758, 710.4758),),))
AWAY_FROM_ORIGIN = Domain("operands that are not both 0", ((ABOVE_0, ANY), (BELOW_0, ANY), (ANY, ABOVE_0), (ANY, BELOW_0)))
POWERS = Domain(
    "a base > 0, a base of 0 with an exponent >= 0, or a base < 0 with a whole exponent, and a result within 1.8e308",
    ((ABOVE_0, ANY), ((0.0, 0.0), (0.0, HUGE)), *(((-HUGE, -5e-324), (n, n)) for n in (-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0))),
)


def _between(low: float, high: float, needs: str) -> Domain:
    return Domain(needs, (((low, high),),))



# Rules and formulas that take more than a line ---------------------------------------------------------------------------


def _halves(operands: Sequence[Any]) -> tuple[Sequence[Any], Sequence[Any]]:
    return operands[: len(operands) // 2], operands[len(operands) // 2 :]


def _softmax(y: Any, xs: Sequence[Any]) -> list[Any]:
    weights = [exp_difference(x, y) for x in xs]
    total = sum_of(weights)  # 1 but for the rounding of y, which this division takes out again
    return [weight / total for weight in weights]


def _tight(text: str) -> str:
    return text if text.isidentifier() or text.replace(".", "", 1).isdigit() else f"({text})"


def _write_dot(texts: Sequence[str]) -> str:
    ws, xs = _halves(texts)
    return f"dot([{', '.join(ws)}], [{', '.join(xs)}])"


def _write_dot_latex(texts: Sequence[str]) -> str:
    return r"\left(" + " + ".join(rf"{w} \cdot {x}" for w, x in zip(*_halves(texts), strict=True)) + r"\right)"


def _write_logsumexp_latex(texts: Sequence[str]) -> str:
    return r"\ln\left(" + " + ".join(f"e^{{{text}}}" for text in texts) + r"\right)"


def _write_power(texts: Sequence[str]) -> str:
    c, a, b, k = texts
    return f"{_tight(c)} * {_tight(a)} ** ({b} - {_tight(k)})"


# The table -----------------------------------------------------------------------------------------------------------
# name, forward, partial derivatives in y and the operands, source, LaTeX, symbol in pictures, binding, domain
# fmt: off

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
                        "{} ** {}", "{}^{{{bare[1]}}}", "xʸ", POWER, POWERS)

exp         = Operation("exp", math.exp,                  (lambda y, x: y,),
                        "exp({})", "e^{{{}}}", "exp", domain=_between(-HUGE, 709.78, "x <= 709.78"))
expm1       = Operation("expm1", math.expm1,              (lambda y, x: exp(x),),
                        "expm1({})", r"\left(e^{{{}}} - 1\right)", "expm1", domain=_between(-HUGE, 709.78, "x <= 709.78"))
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
atan        = Operation("atan", math.atan,                (lambda y, x: (1.0 / hypot(1.0, x)) / hypot(1.0, x),),
                        "atan({})", r"\arctan\left({}\right)", "atan")
atan2       = Operation("atan2", _atan2,                  (lambda y, a, b: b / hypot(a, b) / hypot(a, b),
                                                           lambda y, a, b: -a / hypot(a, b) / hypot(a, b)),
                        "atan2({}, {})", r"\operatorname{{atan2}}\left({}, {}\right)", "atan2", domain=AWAY_FROM_ORIGIN)
hypot       = Operation("hypot", _hypot,                  (lambda y, a, b: a / y,
                                                           lambda y, a, b: b / y),
                        "hypot({}, {})", r"\sqrt{{\left({}\right)^2 + \left({}\right)^2}}", "hypot", domain=AWAY_FROM_ORIGIN)

sinh        = Operation("sinh", math.sinh,                (lambda y, x: cosh(x),),
                        "sinh({})", r"\sinh\left({}\right)", "sinh", domain=COSH)
cosh        = Operation("cosh", math.cosh,                (lambda y, x: sinh(x),),
                        "cosh({})", r"\cosh\left({}\right)", "cosh", domain=COSH)
tanh        = Operation("tanh", math.tanh,                (lambda y, x: 4.0 * (sigmoid(2.0 * x) * sigmoid(-2.0 * x)),),
                        "tanh({})", r"\tanh\left({}\right)", "tanh")
sigmoid     = Operation("sigmoid", _sigmoid,              (lambda y, x: y * sigmoid(-x),),
                        "sigmoid({})", r"\sigma\left({}\right)", "σ")
softplus    = Operation("softplus", _softplus,            (lambda y, x: sigmoid(x),),
                        "softplus({})", r"\ln\left(1 + e^{{{}}}\right)", "softplus")

relu        = Operation("relu", _relu,                    (lambda y, x: step(x),),
                        "relu({})", r"\operatorname{{relu}}\left({}\right)", "relu")
leaky_relu  = Operation("leaky_relu", _leaky_relu,        (lambda y, x, slope: step(x) + slope * (1.0 - step(x)),
                                                           lambda y, x, slope: minimum(x, 0.0)),
                        "leaky_relu({}, {})", r"\operatorname{{leaky\_relu}}_{{{bare[1]}}}\left({}\right)", "leaky relu",
                        domain=PLANE, defaults=(0.01,))
abs         = Operation("abs", math.fabs,                 (lambda y, x: sign(x),),
                        "abs({})", r"\left|{}\right|", "|x|")
sign        = Operation("sign", _sign,                    (lambda y, x: 0.0,),
                        "sign({})", r"\operatorname{{sign}}\left({}\right)", "sign")
step        = Operation("step", _step,                    (lambda y, x: 0.0,),
                        "step({})", r"\operatorname{{step}}\left({}\right)", "step")
maximum     = Operation("maximum", _maximum,              (lambda y, a, b: 0.5 + 0.5 * sign(a - b),
                                                           lambda y, a, b: 0.5 - 0.5 * sign(a - b)),
                        "maximum({}, {})", r"\max\left({}, {}\right)", "max", domain=PLANE)
minimum     = Operation("minimum", _minimum,              (lambda y, a, b: 0.5 - 0.5 * sign(a - b),
                                                           lambda y, a, b: 0.5 + 0.5 * sign(a - b)),
                        "minimum({}, {})", r"\min\left({}, {}\right)", "min", domain=PLANE)

sum_of      = Reduction("sum_of", _sum_of,                lambda y, *xs: [1.0] * len(xs),
                        lambda texts: f"sum_of([{', '.join(texts)}])", lambda texts: rf"\left({' + '.join(texts)}\right)", "Σ", domain=ROW)
dot         = Reduction("dot", _dot,                      lambda y, *ws_xs: [*_halves(ws_xs)[1], *_halves(ws_xs)[0]],
                        _write_dot, _write_dot_latex, "w·x", domain=PLANE, sequences=2)
logsumexp   = Reduction("logsumexp", _logsumexp,          lambda y, *xs: _softmax(y, xs),
                        lambda texts: f"logsumexp([{', '.join(texts)}])", _write_logsumexp_latex, "ln Σ exp", domain=Domain("at least one operand", ROW.boxes))

# Rows that only appear in derivatives of the rows above.
reciprocal  = Operation("reciprocal", _reciprocal,        (lambda y, x: -y * y,),
                        lambda texts: f"1 / {_tight(texts[0])}", r"\frac{{1}}{{{bare[0]}}}", "1/x", MULTIPLICATIVE)
power_term  = Operation("power_term", _power_term,        (lambda y, c, a, b, k: power_term(1.0, a, b, k),
                                                           lambda y, c, a, b, k: power_term(c * (b - k), a, b, k + 1.0),
                                                           lambda y, c, a, b, k: log_term(y, a),
                                                           lambda y, c, a, b, k: -log_term(y, a)),
                        _write_power, r"{} \cdot \left({bare[1]}\right)^{{{bare[2]} - {bare[3]}}}", "c·xʸ⁻ᵏ", MULTIPLICATIVE,
                        Domain("a power's domain", ()))
log_term    = Operation("log_term", _log_term,            (lambda y, c, a: log_term(1.0, a),
                                                           lambda y, c, a: power_term(c, a, 0.0, 1.0)),
                        "{} * log({})", r"{} \cdot \ln\left({bare[1]}\right)", "c·ln x", MULTIPLICATIVE,
                        Domain("x >= 0", ((ANY, (0.0, HUGE)),)))
exp_difference = Operation("exp_difference", _exp_difference, (lambda y, a, b: y,
                                                           lambda y, a, b: -y),
                        lambda texts: f"exp({texts[0]} - {_tight(texts[1])})", "e^{{{} - \\left({}\\right)}}", "exp(a−b)", domain=PLANE)
# fmt: on

OPERATIONS: dict[str, Operation] = {name: row for name, row in list(globals().items()) if isinstance(row, Operation)}
