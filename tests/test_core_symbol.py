"""Rules run on symbols: what a row says of itself, and that a rule cannot ask for a number."""

import math
import operator
import pydoc
import re
from collections.abc import Callable
from typing import Any

import pytest

import tinygrad_bp as tg
from tinygrad_bp import OPERATIONS, Operation, Reduction, Value
from tinygrad_bp.core.copying import copied_onto
from tinygrad_bp.core.symbol import Text

A, B = Text("a"), Text("b")
OPERATORS: list[tuple[Callable[[], Any], str]] = [
    (lambda: A + B, "a + b"),
    (lambda: A + 1, "a + 1"),
    (lambda: 1.5 + A, "1.5 + a"),
    (lambda: A - B, "a - b"),
    (lambda: 1 - A, "1 - a"),
    (lambda: A * B, "a * b"),
    (lambda: -2 * A, "-2 * a"),
    (lambda: A / B, "a / b"),
    (lambda: 1 / A, "1 / a"),
    (lambda: A**B, "a ** b"),
    (lambda: 2**A, "2 ** a"),
    (lambda: -A, "-a"),
    (lambda: +A, "a"),
    (lambda: abs(A), "abs(a)"),
    (lambda: (A + B) * (A - B), "(a + b) * (a - b)"),
    (lambda: (A * B) ** 2, "(a * b) ** 2"),
    (lambda: tg.tanh(A) - tg.maximum(A, -0.5), "tanh(a) - maximum(a, -0.5)"),
    (lambda: tg.dot([A, B], [B, 2.0]), "dot([a, b], [b, 2])"),
]


@pytest.mark.parametrize(("made", "text"), OPERATORS, ids=[text for _, text in OPERATORS])
def test_arithmetic_on_symbols_is_written_down(made: Callable[[], Any], text: str) -> None:
    assert made().text == text


@pytest.mark.parametrize(
    "asks",
    [bool, float, int, operator.index, math.exp, lambda a: a < 1, lambda a: a >= B, lambda a: a == 1, lambda a: a != B],
)
def test_a_symbol_has_no_number(asks: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="a rule asked for a number, where it has to hold for every number"):
        asks(A)
    assert len({A, B, A}) == 2


DESCRIPTIONS = {
    "gelu": ["gelu(x)", "x times the normal distribution function at x", "Derivative: dy/dx = gelu_slope(x)"],
    "tanh": [
        "tanh(x)",
        "The hyperbolic tangent.",
        "Formula: y = tanh(x), in LaTeX \\tanh\\left(x\\right)",
        "It needs a finite number.",
    ],
    "atan2": ["atan2(a, b)", "Derivative: ∂y/∂b = -a / (a ** 2 + b ** 2)", "It needs operands that are not both 0."],
    "leaky_relu": ["leaky_relu(x, slope=0.01)", "Derivative: ∂y/∂x = step(x) + slope * (1 - step(x))"],
    "sum_of": ["sum_of(xs)", "Derivative: ∂y/∂x2 = 1"],
    "dot": ["dot(ws, xs)", "Formula: y = dot([w1, w2], [x1, x2])", "Derivative: ∂y/∂w1 = x1"],
    "neg": ["neg(x)", "Derivative: dy/dx = -1"],
}


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_a_row_says_what_it_is(name: str) -> None:
    row = OPERATIONS[name]
    for line in DESCRIPTIONS[name]:
        assert line in (row.__doc__ or "")
    assert DESCRIPTIONS[name][0] in pydoc.plain(pydoc.render_doc(row))
    assert (Operation.__doc__ or "").startswith("A row of the table")


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_row_gives_its_formula_its_derivatives_and_its_domain(name: str) -> None:
    row = OPERATIONS[name]
    text = row.describe()
    head, said = text.rsplit("\n\n", 1)
    usage, *words = head.split("\n\n")
    formula, *derivatives, needs = said.splitlines()
    method = (getattr(Value, name).__doc__ or "") if hasattr(Value, name) else ""
    assert words == [method] or (len(words) == 1 and words[0].endswith(".") and ("self" in method or not method))
    assert re.fullmatch(rf"{name}\([a-z_0-9=., ]+\)", usage)
    assert formula.startswith("Formula: y = ")
    assert len(derivatives) == (2 * row.sequences if isinstance(row, Reduction) else row.arity)
    assert needs == f"It needs {row.domain.needs}."


def test_a_row_of_ones_own_says_what_it_can() -> None:
    by_number = Operation(
        "by_number", abs, (lambda y, x: 1.0 if x > 0 else -1.0, lambda *all: 0.0), "by_number({}, {})", "{}{}", "b"
    )
    assert by_number.describe().splitlines()[::2] == [
        "by_number(x1, x2)",
        "Formula: y = by_number(x1, x2), in LaTeX x1x2",
    ]
    built_in = Operation("built_in", float, (math.copysign,), "built_in({})", "{}", "b")
    assert built_in.describe().startswith("built_in(x1)\n")


def test_a_forward_may_return_whole_numbers_and_nothing_else() -> None:
    x = Value(2.5, "x")
    floor = Operation("floor", math.floor, (lambda y, x: 0.0,), "floor({})", "{}", "floor")
    assert (type(floor(x).data), floor(x).data) == (float, 2.0)
    worded = Operation("worded", lambda x: "2", (lambda y, x: 0.0,), "worded({})", "{}", "w")  # type: ignore[arg-type, return-value]
    with pytest.raises(TypeError, match="worded: forward is to return a real number, not str '2'"):
        worded(x)


@pytest.mark.parametrize("partials", [(lambda y: 1.0,), (lambda y, x, z: 1.0,), (lambda y, x: None,), lambda y: [1.0]])
def test_partials_of_another_shape_are_said(partials: Any) -> None:
    odd = Operation("odd", abs, partials, "odd({})", "{}", "odd")
    with pytest.raises(TypeError, match=r"odd: its derivative cannot be computed: .*`partials` is a tuple with a rule"):
        odd(Value(2.0, "x"))


def test_sums_that_overflow_on_the_way_to_no_number() -> None:
    assert math.isnan(tg.dot([1e308, 1e308, math.inf], [10.0, 10.0, -1.0]))
    assert math.isnan(tg.dot([math.inf, math.inf], [1.0, -1.0]))
    assert tg.dot([1e308, -1e308], [10.0, 10.0]) == 0.0
    assert tg.dot([1e308, 1e308], [10.0, 10.0]) == math.inf


def test_a_copy_onto_other_operands_keeps_its_numbers() -> None:
    x, y = Value(2.0, "x"), Value(3.0, "y")
    for node, operands in ((x * y, [y, x]), (tg.sum_of([x, y, x]), [y, 1.0, x]), (x.tanh(), [y])):
        node.grad = 0.5
        copied = copied_onto(node, tg.ops.hypot, operands)
        assert (copied.op, list(copied.operands)) == (tg.ops.hypot, operands)
        assert (copied.data, copied.grad, copied.recorded_derivatives) == (
            node.data,
            node.grad,
            node.recorded_derivatives,
        )
