"""The table of operations, one row each, to be read like the table of derivatives at the back of a calculus book.

A row says how its operation is computed on floats and what its partial derivatives are. A partial is written once, as a function
of the output `y` and the operands, with ordinary operators and other rows. So one rule serves floats (`Value.backward`), Values
(`grad`, whose results can be differentiated again) and every other reading of the graph. Each row is also the function of its name.
A rule never asks `if` about a number: that would bake one input's branch into all that is made from it; `step` and `sign` are rows.

    >>> [derivative_of_tanh] = tanh.partials
    >>> round(tanh(0.5), 9), round(derivative_of_tanh(tanh(0.5), 0.5), 9)
    (0.462117157, 0.786447733)
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from tinygrad_bp.core import domains, gaussian, stable
from tinygrad_bp.core.operation import ADDITIVE, MULTIPLICATIVE, NEGATIVE, POWER, Operation, Reduction

LOG2_OF_E, LOG10_OF_E = 1.4426950408889634, 0.4342944819032518

# fmt: off

# Rules look rows up when they are called, so they may name rows below them; type checkers want to hear of those first.
clip: Operation; cos: Operation; cosh: Operation; sigmoid: Operation; sigmoid_slope: Operation; sign: Operation  # noqa: E702
step: Operation; maximum: Operation; minimum: Operation; passed: Operation; reciprocal: Operation  # noqa: E702
over_squares: Operation; power_term: Operation; log_term: Operation; exp_difference: Operation; asinh_slope: Operation  # noqa: E702
erf_slope: Operation; silu_slope: Operation; gelu_slope: Operation; normal_cdf: Operation; normal_density: Operation  # noqa: E702

add         = Operation("add", lambda a, b: a + b,        (lambda y, a, b: 1.0,
                                                           lambda y, a, b: 1.0),
                        "{} + {}", "{} + {}", "+", ADDITIVE, domains.PLANE)
sub         = Operation("sub", lambda a, b: a - b,        (lambda y, a, b: 1.0,
                                                           lambda y, a, b: -1.0),
                        "{} - {}", "{} - {}", "−", ADDITIVE, domains.PLANE)
mul         = Operation("mul", lambda a, b: a * b,        (lambda y, a, b: b,
                                                           lambda y, a, b: a),
                        "{} * {}", r"{} \cdot {}", "×", MULTIPLICATIVE, domains.PLANE)
div         = Operation("div", stable.div,                (lambda y, a, b: 1.0 / b,
                                                           lambda y, a, b: -y / b),
                        "{} / {}", r"\frac{{{bare[0]}}}{{{bare[1]}}}", "÷", MULTIPLICATIVE,
                        domains.DIVISOR)
neg         = Operation("neg", lambda x: -x,              (lambda y, x: -1.0,),
                        "-{}", "-{}", "−", NEGATIVE)
pow         = Operation("pow", stable.pow,                (lambda y, a, b: power_term(b, a, b, 1.0),
                                                           lambda y, a, b: log_term(y, a)),
                        "{} ** {}", "{}^{{{bare[1]}}}", "xʸ", POWER,
                        domains.POWER)

exp         = Operation("exp", math.exp,                  (lambda y, x: y,),
                        "exp({})", "e^{{{}}}", "exp", domain=domains.EXP)
expm1       = Operation("expm1", math.expm1,              (lambda y, x: exp(x),),
                        "expm1({})", r"\left(e^{{{}}} - 1\right)", "expm1", domain=domains.EXP)
log         = Operation("log", math.log,                  (lambda y, x: 1.0 / x,),
                        "log({})", r"\ln\left({}\right)", "ln", domain=domains.POSITIVE)
log1p       = Operation("log1p", math.log1p,              (lambda y, x: 1.0 / (1.0 + x),),
                        "log1p({})", r"\ln\left(1 + {}\right)", "log1p", domain=domains.ABOVE_MINUS_1)
log2        = Operation("log2", math.log2,                (lambda y, x: LOG2_OF_E / x,),
                        "log2({})", r"\log_{{2}}\left({}\right)", "log₂", domain=domains.POSITIVE,
                        definition=lambda x: log(x) * LOG2_OF_E)
log10       = Operation("log10", math.log10,              (lambda y, x: LOG10_OF_E / x,),
                        "log10({})", r"\log_{{10}}\left({}\right)", "log₁₀", domain=domains.POSITIVE,
                        definition=lambda x: log(x) * LOG10_OF_E)
sqrt        = Operation("sqrt", math.sqrt,                (lambda y, x: 0.5 * reciprocal(y),),
                        "sqrt({})", r"\sqrt{{{}}}", "√", domain=domains.NOT_NEGATIVE)
cbrt        = Operation("cbrt", stable.cbrt,              (lambda y, x: reciprocal(3.0 * (y * y)),),
                        "cbrt({})", r"\sqrt[3]{{{}}}", "∛", definition=lambda x: _cbrt(x))

sin         = Operation("sin", math.sin,                  (lambda y, x: cos(x),),
                        "sin({})", r"\sin\left({}\right)", "sin")
cos         = Operation("cos", math.cos,                  (lambda y, x: -sin(x),),
                        "cos({})", r"\cos\left({}\right)", "cos")
tan         = Operation("tan", math.tan,                  (lambda y, x: 1.0 + y * y,),
                        "tan({})", r"\tan\left({}\right)", "tan")
asin        = Operation("asin", math.asin,                (lambda y, x: reciprocal(sqrt((1.0 - x) * (1.0 + x))),),
                        "asin({})", r"\arcsin\left({}\right)", "asin", domain=domains.UNIT)
acos        = Operation("acos", math.acos,                (lambda y, x: -reciprocal(sqrt((1.0 - x) * (1.0 + x))),),
                        "acos({})", r"\arccos\left({}\right)", "acos", domain=domains.UNIT)
atan        = Operation("atan", math.atan,                (lambda y, x: over_squares(1.0, 1.0, x),),
                        "atan({})", r"\arctan\left({}\right)", "atan")
atan2       = Operation("atan2", stable.atan2,            (lambda y, a, b: over_squares(b, a, b),
                                                           lambda y, a, b: over_squares(-a, a, b)),
                        "atan2({}, {})", r"\mathrm{{atan2}}\left({}, {}\right)", "atan2",
                        domain=domains.NOT_BOTH_0)
hypot       = Operation("hypot", stable.hypot,            (lambda y, a, b: a / y,
                                                           lambda y, a, b: b / y),
                        "hypot({}, {})", r"\sqrt{{\left({}\right)^2 + \left({}\right)^2}}", "hypot",
                        domain=domains.HYPOT)

sinh        = Operation("sinh", math.sinh,                (lambda y, x: cosh(x),),
                        "sinh({})", r"\sinh\left({}\right)", "sinh", domain=domains.COSH)
cosh        = Operation("cosh", math.cosh,                (lambda y, x: sinh(x),),
                        "cosh({})", r"\cosh\left({}\right)", "cosh", domain=domains.COSH)
asinh       = Operation("asinh", math.asinh,              (lambda y, x: asinh_slope(x),),
                        "asinh({})", r"\mathrm{{arsinh}}\left({}\right)", "asinh", definition=lambda x: _asinh(x))
acosh       = Operation("acosh", math.acosh,              (lambda y, x: reciprocal(sqrt(x - 1.0) * sqrt(x + 1.0)),),
                        "acosh({})", r"\mathrm{{arcosh}}\left({}\right)", "acosh", domain=domains.FROM_1,
                        definition=lambda x: log1p(x - 1.0 + sqrt(x - 1.0) * sqrt(x + 1.0)))
atanh       = Operation("atanh", math.atanh,              (lambda y, x: 1.0 / ((1.0 - x) * (1.0 + x)),),
                        "atanh({})", r"\mathrm{{artanh}}\left({}\right)", "atanh", domain=domains.INSIDE_UNIT,
                        definition=lambda x: _atanh(x))
tanh        = Operation("tanh", math.tanh,                (lambda y, x: 4.0 * sigmoid_slope(2.0 * x),),
                        "tanh({})", r"\tanh\left({}\right)", "tanh")
sigmoid     = Operation("sigmoid", stable.sigmoid,        (lambda y, x: sigmoid_slope(x),),
                        "sigmoid({})", r"\sigma\left({}\right)", "σ")
softplus    = Operation("softplus", stable.softplus,      (lambda y, x: sigmoid(x),),
                        "softplus({})", r"\ln\left(1 + e^{{{}}}\right)", "softplus")
erf         = Operation("erf", math.erf,                  (lambda y, x: erf_slope(x),),
                        "erf({})", r"\mathrm{{erf}}\left({}\right)", "erf", definition=lambda x: _erf(x))
silu        = Operation("silu", stable.silu,              (lambda y, x: silu_slope(x),),
                        "silu({})", r"\left({tight[0]} \cdot \sigma\left({bare[0]}\right)\right)", "silu",
                        definition=lambda x: maximum(x, -1500.0) * sigmoid(x))
gelu        = Operation("gelu", gaussian.gelu,            (lambda y, x: gelu_slope(x),),
                        "gelu({})", r"\left({tight[0]} \cdot \Phi\left({bare[0]}\right)\right)", "gelu",
                        definition=lambda x: maximum(x, -gaussian.END) * normal_cdf(x))

relu        = Operation("relu", stable.relu,              (lambda y, x: step(x),),
                        "relu({})", r"\mathrm{{relu}}\left({}\right)", "relu", chooses=True)
leaky_relu  = Operation("leaky_relu", stable.leaky_relu,  (lambda y, x, slope: step(x) + slope * (1.0 - step(x)),
                                                           lambda y, x, slope: minimum(x, 0.0)),
                        "leaky_relu({}, {})", r"\mathrm{{leaky\ relu}}_{{{bare[1]}}}\left({}\right)", "leaky relu",
                        domain=domains.PLANE, defaults=(0.01,), chooses=True)
abs         = Operation("abs", math.fabs,                 (lambda y, x: sign(x),),
                        "abs({})", r"\left|{}\right|", "|x|")
sign        = Operation("sign", stable.sign,              (lambda y, x: 0.0,),
                        "sign({})", r"\mathrm{{sign}}\left({}\right)", "sign", chooses=True)
step        = Operation("step", stable.step,              (lambda y, x: 0.0,),
                        "step({})", r"\mathrm{{step}}\left({}\right)", "step", chooses=True)
maximum     = Operation("maximum", stable.maximum,        (lambda y, a, b: 0.5 + 0.5 * sign(a - b),
                                                           lambda y, a, b: 0.5 - 0.5 * sign(a - b)),
                        "maximum({}, {})", r"\max\left({}, {}\right)", "max", domain=domains.PLANE, chooses=True)
minimum     = Operation("minimum", stable.minimum,        (lambda y, a, b: 0.5 - 0.5 * sign(a - b),
                                                           lambda y, a, b: 0.5 + 0.5 * sign(a - b)),
                        "minimum({}, {})", r"\min\left({}, {}\right)", "min", domain=domains.PLANE, chooses=True)
clip        = Operation("clip", stable.clip,              (lambda y, x, low, high: (1.0 - step(low - x)) * (1.0 - step(x - high)),
                                                           lambda y, x, low, high: step(low - x) * (1.0 - step(low - high)),
                                                           lambda y, x, low, high: step(maximum(x, low) - high)),
                        "clip({}, {}, {})", r"\mathrm{{clip}}\left({}, {}, {}\right)", "clip", domain=domains.SPACE, chooses=True,
                        definition=lambda x, low, high: minimum(maximum(x, low), high))

sum_of      = Reduction("sum_of", stable.sum_of,          lambda y, *xs: [1.0] * len(xs),
                        lambda bare, tight: _call("sum_of", bare), lambda bare, tight: _latex_sum(bare), "Σ", domain=domains.ROW)
dot         = Reduction("dot", stable.dot,                lambda y, *ws_xs: _swapped(ws_xs),
                        lambda bare, tight: _call("dot", *stable.halves(bare)),
                        lambda bare, tight: _latex_sum(rf"{w} \cdot {x}" for w, x in zip(*stable.halves(tight), strict=True)), "w·x",
                        domain=domains.PAIRS, sequences=2)
logsumexp   = Reduction("logsumexp", stable.logsumexp,    lambda y, *xs: _softmax(y, xs),
                        lambda bare, tight: _call("logsumexp", bare),
                        lambda bare, tight: r"\ln" + _latex_sum(f"e^{{{x}}}" for x in bare), "ln Σ exp",
                        domain=domains.AT_LEAST_ONE)

# Rows that only appear in derivatives of the rows above.
passed      = Operation("passed", stable.passed,          (lambda y, gate, x: x,
                                                           lambda y, gate, x: gate),
                        "{} * {}", r"{} \cdot {}", "×", MULTIPLICATIVE, domains.PLANE, chooses=True)
sigmoid_slope = Operation("sigmoid_slope", stable.sigmoid_slope, (lambda y, x: -y * tanh(0.5 * x),),
                        "sigmoid_slope({})", r"\sigma'\left({}\right)", "σ′")
reciprocal  = Operation("reciprocal", stable.reciprocal,  (lambda y, x: -y * y,),
                        "1 / {tight[0]}", r"\frac{{1}}{{{bare[0]}}}", "1/x", MULTIPLICATIVE)
over_squares = Operation("over_squares", stable.over_squares, (lambda y, c, a, b: over_squares(1.0, a, b),
                                                           lambda y, c, a, b: -2.0 * over_squares(a * y, a, b),
                                                           lambda y, c, a, b: -2.0 * over_squares(b * y, a, b)),
                        "{} / ({tight[1]} ** 2 + {tight[2]} ** 2)",
                        r"\frac{{{bare[0]}}}{{\left({bare[1]}\right)^2 + \left({bare[2]}\right)^2}}", "c/(a²+b²)", MULTIPLICATIVE,
                        domains.OVER_SQUARES)
power_term  = Operation("power_term", stable.power_term,  (lambda y, c, a, b, k: power_term(1.0, a, b, k),
                                                           lambda y, c, a, b, k: power_term(c * (b - k), a, b, k + 1.0),
                                                           lambda y, c, a, b, k: log_term(y, a),
                                                           lambda y, c, a, b, k: -log_term(y, a)),
                        "{} * {tight[1]} ** ({bare[2]} - {tight[3]})",
                        r"{} \cdot \left({bare[1]}\right)^{{{bare[2]} - {tight[3]}}}", "c·xʸ⁻ᵏ", MULTIPLICATIVE,
                        domains.POWER_TERM)
log_term    = Operation("log_term", stable.log_term,      (lambda y, c, a: log_term(step(abs(c) + a), a),
                                                           lambda y, c, a: power_term(c, a, 0.0, 1.0)),
                        "{} * log({bare[1]})", r"{} \cdot \ln\left({bare[1]}\right)", "c·ln x", MULTIPLICATIVE,
                        domains.LOG_TERM)
exp_difference = Operation("exp_difference", stable.exp_difference, (lambda y, a, b: y,
                                                           lambda y, a, b: -y),
                        "exp({bare[0]} - {tight[1]})", "e^{{{bare[0]} - {tight[1]}}}", "exp(a−b)",
                        domain=domains.EXP_DIFFERENCE)
asinh_slope = Operation("asinh_slope", stable.asinh_slope, (lambda y, x: -over_squares(x * y, 1.0, x),),
                        "asinh_slope({})", r"\frac{{1}}{{\sqrt{{1 + \left({bare[0]}\right)^2}}}}", "asinh′",
                        definition=lambda x: 1.0 / hypot(1.0, x))
erf_slope   = Operation("erf_slope", gaussian.erf_slope,  (lambda y, x: -2.0 * (x * y),),
                        "erf_slope({})", r"\mathrm{{erf}}'\left({}\right)", "erf′",
                        definition=lambda x: _bell(gaussian.ERF_SLOPE_AT_0, 1.0, clip(x, -gaussian.END, gaussian.END)))
silu_slope  = Operation("silu_slope", stable.silu_slope,  (lambda y, x: sigmoid_slope(x) * (2.0 - x * tanh(0.5 * x)),),
                        "silu_slope({})", r"\mathrm{{silu}}'\left({}\right)", "silu′", definition=lambda x: _silu_slope(x))
gelu_slope  = Operation("gelu_slope", gaussian.gelu_slope, (lambda y, x: 2.0 * normal_density(x) - x * (x * normal_density(x)),),
                        "gelu_slope({})", r"\mathrm{{gelu}}'\left({}\right)", "gelu′", definition=lambda x: _gelu_slope(x))
normal_cdf  = Operation("normal_cdf", gaussian.normal_cdf, (lambda y, x: normal_density(x),),
                        "normal_cdf({})", r"\Phi\left({}\right)", "Φ", definition=lambda x: _normal_cdf(x))
normal_density = Operation("normal_density", gaussian.normal_density, (lambda y, x: -(x * y),),
                        "normal_density({})", r"\varphi\left({}\right)", "φ",
                        definition=lambda x: _bell(gaussian.DENSITY_AT_0, 0.5, clip(x, -gaussian.END, gaussian.END)))
# fmt: on

OPERATIONS: dict[str, Operation] = {name: row for name, row in list(globals().items()) if isinstance(row, Operation)}


# Rules and formulas that take more than a line; rows look them up when they are called ------------------------------------------


def closes(op: Operation, operands: Sequence[Any]) -> bool:
    """Whether a derivative of 0 at these operands lets nothing through: of a choice, and of a power whose coefficient is 0."""
    return op.chooses or (op is pow and operands[1] == 0) or (op is power_term and operands[0] == 0)


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


# Definitions, for readings that have no function of their own: no branch, each good to a few units in the last place ------------


def _side(x: Any) -> Any:
    """1 above 0, else -1: x * _side(x) is abs(x), but a derivative taken through it is not lost at 0."""
    return 2.0 * step(x) - 1.0


def _cbrt(x: Any) -> Any:
    side = _side(x)
    return side * (side * x) ** (1.0 / 3.0)


def _asinh(x: Any) -> Any:
    side = _side(x)
    size = side * x
    return side * log1p(size + size * (size / (1.0 + hypot(1.0, size))))


def _atanh(x: Any) -> Any:
    side = _side(x)
    return 0.5 * side * log1p(2.0 * (side * x) / (1.0 - side * x))


def _erf(x: Any) -> Any:
    side = _side(x)
    size = minimum(side * x, gaussian.END)
    w = gaussian.erf_term(1.4142135623730951 * size)
    return side * ((w - expm1(-(size * size))) / (1.0 + w))


def _bell(factor: Any, rate: float, x: Any) -> Any:
    """factor * exp(-rate * x**2); what rounding the square lost is given back to first order."""
    high, low = stable.square(x)
    y = factor * exp(-rate * high)
    return y - y * (rate * low)


def _normal_cdf(x: Any) -> Any:
    size = minimum(_side(x) * x, gaussian.END)
    return _mirrored(x, _bell(gaussian.cdf_factor(size), 0.5, size))


def _gelu_slope(x: Any) -> Any:
    size = minimum(_side(x) * x, gaussian.END)
    return _mirrored(x, _bell(gaussian.gelu_slope_factor(size), 0.5, size))


def _silu_slope(x: Any) -> Any:
    size = minimum(_side(x) * x, 1500.0)
    return _mirrored(x, sigmoid_slope(size) * stable.silu_slope_factor(size, expm1))


def _mirrored(x: Any, below: Any) -> Any:
    """f(x) of f(-|x|), where f(x) + f(-x) = 1."""
    return below + step(x) * (1.0 - 2.0 * below)
