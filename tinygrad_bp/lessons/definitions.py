"""What functions are that calculators have no key for: a definition for each that formulas and rules write."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import ATOM, Operation, Reduction
from tinygrad_bp.core.ops import OPERATIONS
from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.blocks import Formula

_OF_ANGLES = (ops.sin, ops.cos, ops.tan, ops.asin, ops.acos, ops.atan, ops.atan2)
# What calculators have a key for.
KEYS = {"exp", "ln", "sqrt", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "max", "min"}
_TOTAL = r"\frac{2}{\sqrt{\pi}}"
_DEFINED = (
    ("logsumexp([x1, x2, …])", r"\mathrm{logsumexp}\left(x_{1}, x_{2}, \dots\right)",
     "log(exp(x1) + exp(x2) + …)", r"\ln\left(e^{x_{1}} + e^{x_{2}} + \dots\right)"),
    ("sum_of([x1, x2, …])", r"\mathrm{sum}\left(x_{1}, x_{2}, \dots\right)", "x1 + x2 + …", r"x_{1} + x_{2} + \dots"),
    ("dot([w1, w2, …], [x1, x2, …])", r"\mathrm{dot}\left(w, x\right)",
     "w1 * x1 + w2 * x2 + …", r"w_{1} \cdot x_{1} + w_{2} \cdot x_{2} + \dots"),
    ("silu_slope(x)", r"\mathrm{silu}'\left(x\right)", "sigmoid(x) * (1 + x * (1 - sigmoid(x)))",
     r"\sigma\left(x\right) \cdot \left(1 + x \cdot \left(1 - \sigma\left(x\right)\right)\right)"),
    ("silu(x)", r"\mathrm{silu}\left(x\right)", "x * sigmoid(x)", r"x \cdot \sigma\left(x\right)"),
    ("gelu_slope(x)", r"\mathrm{gelu}'\left(x\right)", "normal_cdf(x) + x * normal_density(x)",
     r"\Phi\left(x\right) + x \cdot \varphi\left(x\right)"),
    ("gelu(x)", r"\mathrm{gelu}\left(x\right)", "x * normal_cdf(x)", r"x \cdot \Phi\left(x\right)"),
    ("sigmoid_slope(x)", r"\sigma'\left(x\right)", "sigmoid(x) * (1 - sigmoid(x))",
     r"\sigma\left(x\right) \cdot \left(1 - \sigma\left(x\right)\right)"),
    ("sigmoid(x)", r"\sigma\left(x\right)", "1 / (1 + exp(-x))", r"\frac{1}{1 + e^{-x}}"),
    ("relu(x)", r"\mathrm{relu}\left(x\right)", "max(0, x)", r"\max\left(0, x\right)"),
    ("leaky_relu(x, a)", r"\mathrm{leaky\ relu}_{a}\left(x\right)", "max(0, x) + a * min(0, x)",
     r"\max\left(0, x\right) + a \cdot \min\left(0, x\right)"),
    ("softplus(x)", r"\mathrm{softplus}\left(x\right)", "log(1 + exp(x))", r"\ln\left(1 + e^{x}\right)"),
    ("step(x)", r"\mathrm{step}\left(x\right)", "1 (x > 0), 0 (x <= 0)", r"1 \; (x > 0), \; 0 \; (x \le 0)"),
    ("sign(x)", r"\mathrm{sign}\left(x\right)", "1 (x > 0), 0 (x = 0), -1 (x < 0)",
     r"1 \; (x > 0), \; 0 \; (x = 0), \; -1 \; (x < 0)"),
    ("abs(x)", r"\left|x\right|", "max(x, -x)", r"\max\left(x, -x\right)"),
    ("maximum(a, b)", r"\mathrm{maximum}\left(a, b\right)", "max(a, b)", r"\max\left(a, b\right)"),
    ("minimum(a, b)", r"\mathrm{minimum}\left(a, b\right)", "min(a, b)", r"\min\left(a, b\right)"),
    ("clip(x, a, b)", r"\mathrm{clip}\left(x, a, b\right)", "min(max(x, a), b)",
     r"\min\left(\max\left(x, a\right), b\right)"),
    ("cbrt(x)", r"\sqrt[3]{x}", "sign(x) * abs(x) ** (1 / 3)", r"\mathrm{sign}\left(x\right) \cdot \left|x\right|^{1/3}"),
    ("hypot(a, b)", r"\mathrm{hypot}\left(a, b\right)", "sqrt(a ** 2 + b ** 2)", r"\sqrt{a^{2} + b^{2}}"),
    ("atan2(a, b)", r"\mathrm{atan2}\left(a, b\right)",
     "2 * atan(a / (sqrt(a ** 2 + b ** 2) + b)) (a != 0 or b > 0), pi (a = 0, b < 0)",
     r"2 \arctan\left(\frac{a}{\sqrt{a^{2} + b^{2}} + b}\right) \; (a \ne 0 \lor b > 0), \; \pi \; (a = 0, b < 0)"),
    ("asinh_slope(x)", r"\mathrm{arsinh}'\left(x\right)", "1 / sqrt(1 + x ** 2)", r"\frac{1}{\sqrt{1 + x^{2}}}"),
    ("asinh(x)", r"\mathrm{arsinh}\left(x\right)", "log(x + sqrt(x ** 2 + 1))", r"\ln\left(x + \sqrt{x^{2} + 1}\right)"),
    ("acosh(x)", r"\mathrm{arcosh}\left(x\right)", "log(x + sqrt(x ** 2 - 1))", r"\ln\left(x + \sqrt{x^{2} - 1}\right)"),
    ("atanh(x)", r"\mathrm{artanh}\left(x\right)", "log((1 + x) / (1 - x)) / 2",
     r"\frac{1}{2} \ln\left(\frac{1 + x}{1 - x}\right)"),
    ("normal_cdf(x)", r"\Phi\left(x\right)", "(1 + erf(x / sqrt(2))) / 2",
     r"\frac{1}{2} \left(1 + \mathrm{erf}\left(\frac{x}{\sqrt{2}}\right)\right)"),
    ("normal_density(x)", r"\varphi\left(x\right)", "exp(-x ** 2 / 2) / sqrt(2 * pi)",
     r"\frac{e^{-x^{2} / 2}}{\sqrt{2 \pi}}"),
    ("erf_slope(x)", r"\mathrm{erf}'\left(x\right)", "2 / sqrt(pi) * exp(-x ** 2)", rf"{_TOTAL} \cdot e^{{-x^{{2}}}}"),
    ("erf(x)", r"\mathrm{erf}\left(x\right)", "2 / sqrt(pi) * (x - x ** 3 / (1! * 3) + x ** 5 / (2! * 5) - …)",
     rf"{_TOTAL} \left(x - \frac{{x^{{3}}}}{{1! \cdot 3}} + \frac{{x^{{5}}}}{{2! \cdot 5}} - \dots\right)"),
    ("expm1(x)", r"\mathrm{expm1}\left(x\right)", "exp(x) - 1", "e^{x} - 1"),
    ("log1p(x)", r"\mathrm{log1p}\left(x\right)", "log(1 + x)", r"\ln\left(1 + x\right)"),
    ("log2(x)", r"\log_{2} x", "log(x) / log(2)", r"\frac{\ln x}{\ln 2}"),
    ("log(x)", r"\ln x", "ln(x)", r"\log_{e} x"),
)  # fmt: skip
DEFINITIONS = {
    text.partition("(")[0]: Formula(f"{text} = {right}", f"{latex} = {right_latex}")
    for text, latex, right, right_latex in _DEFINED
}  # each before those that it is defined by


def functions(text: str) -> set[str]:
    """The names that stand before a parenthesis in a formula."""
    return set(re.findall(r"(?<![\w.])([A-Za-z_]\w*)\(", text))


def definitions(texts: Iterable[str]) -> Iterator[Formula]:
    """Of every function in these formulas, and in its definition, what it is."""
    used = {name for text in texts for name in functions(text)}
    for name, formula in DEFINITIONS.items():
        if name in used:
            used |= functions(formula.text)
    return (formula for name, formula in DEFINITIONS.items() if name in used)


def has_angles(order: Iterable[Value]) -> bool:
    """Whether there are functions that calculators know in degrees, too: their angles are in radians here."""
    return any(v.op in _OF_ANGLES for v in order)


def is_defined(op: Operation) -> bool:
    """Whether a formula of an operation says what it computes: by signs and functions that are known. One of a user's own may not."""
    if OPERATIONS.get(op.name) is op:
        return True
    count = 2 * getattr(op, "sequences", 1) if isinstance(op, Reduction) else op.arity
    text = op.write([("1", ATOM)] * (count or 1))
    return functions(text) <= KEYS | DEFINITIONS.keys() and re.fullmatch(r"[\w\s+\-*/().,\[\]]*", text) is not None
