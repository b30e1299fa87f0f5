"""What every row of the table can do: be called, refuse, write its formula, be copied and pickled, and be made by a user."""

from __future__ import annotations

import copy
import math
import pickle
import random
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest

from tinygrad_bp import Operation, Reduction, Value, grad, ops, topological_order
from tinygrad_bp.core.operation import ADDITIVE, ATOM, MULTIPLICATIVE, NEGATIVE, POWER, Domain
from tinygrad_bp.core.ops import OPERATIONS

ROWS = pytest.mark.parametrize("row", OPERATIONS.values(), ids=list(OPERATIONS))

# A user's own rows, made as a user would.
swish = Operation(
    "swish",
    lambda x: x * ops.sigmoid(x),
    (lambda y, x: ops.sigmoid(x) + y * ops.sigmoid(-x),),
    "swish({})",
    r"\operatorname{{swish}}\left({}\right)",
    "swish",
)
product_of = Reduction(
    "product_of",
    lambda *xs: math.prod(xs),
    lambda y, *xs: [y / x for x in xs],
    lambda bare, tight: f"product_of([{', '.join(bare)}])",
    lambda bare, tight: r" \cdot ".join(tight),
    "Π",
    domain=Domain("operands other than 0", (((0.5, 2.0),) * 3,)),
)

# Calling -------------------------------------------------------------------------------------------------------------


@ROWS
def test_numbers_give_a_float_and_one_value_gives_a_node(row: Operation) -> None:
    numbers = [1.5 if row is ops.acosh else 0.5] * (row.arity or 4)

    def split(xs: list[Any]) -> list[Any]:
        return [xs[i :: row.sequences] for i in range(row.sequences)] if isinstance(row, Reduction) else xs

    y = row(*split(numbers))
    assert type(y) is float
    for place in range(len(numbers)):
        node = row(*split([Value(x) if i == place else x for i, x in enumerate(numbers)]))
        assert (node.op, node.data) == (row, y)


@pytest.mark.parametrize("one", [1, True, 1.0, Fraction(1)])
def test_any_real_number_will_do(one: Any) -> None:
    assert ops.exp(one) == math.e
    assert ops.add(Value(2.0), one).data == 3.0
    assert ops.sum_of([one, one]) == 2.0


def test_the_last_operand_may_have_a_default() -> None:
    assert ops.leaky_relu(-2.0) == ops.leaky_relu(-2.0, 0.01) == -0.02
    x = Value(-2.0)
    assert ops.leaky_relu(x).data == x.leaky_relu().data == -0.02


def test_sequences_may_be_any_iterables() -> None:
    assert ops.sum_of(x for x in (1, 2)) == ops.sum_of((1, 2)) == ops.sum_of({1: "a", 2: "b"}) == 3.0
    assert ops.dot(iter([1, 2]), range(3, 5)) == 11.0
    assert ops.sum_of([]) == ops.dot([], []) == 0.0


def test_arity() -> None:
    assert [ops.exp.arity, ops.add.arity, ops.power_term.arity, ops.sum_of.arity] == [1, 2, 4, None]
    assert repr(ops.exp) == "<operation exp>"


# Refusing ------------------------------------------------------------------------------------------------------------

REFUSALS: list[tuple[Callable[[], Any], type[Exception], str]] = [
    # outside the domain
    (lambda: ops.log(-0.5), ValueError, "log is undefined at -0.5: it needs x > 0"),
    (lambda: ops.log(0), ValueError, "log is undefined at 0.0: it needs x > 0"),
    (lambda: ops.log1p(-1), ValueError, "log1p is undefined at -1.0: it needs x > -1"),
    (lambda: ops.sqrt(-4), ValueError, "sqrt is undefined at -4.0: it needs x >= 0"),
    (lambda: ops.asin(1.5), ValueError, "asin is undefined at 1.5: it needs -1 <= x <= 1"),
    (lambda: ops.acos(-1.5), ValueError, "acos is undefined at -1.5: it needs -1 <= x <= 1"),
    (lambda: ops.sin(math.inf), ValueError, "sin is undefined at inf: it needs a finite number"),
    (lambda: ops.tan(-math.inf), ValueError, "tan is undefined at -inf: it needs a finite number"),
    (lambda: ops.div(1, 0), ZeroDivisionError, "div is undefined at 1.0, 0.0: it needs a divisor other than 0"),
    (lambda: ops.atan2(0, -0.0), ValueError, "atan2 is undefined at 0.0, -0.0: it needs operands that are not both 0"),
    (lambda: ops.hypot(0, 0), ValueError, "hypot is undefined at 0.0, 0.0: it needs operands that are not both 0"),
    (lambda: ops.pow(0, -1), ZeroDivisionError, "pow is undefined at 0.0, -1.0: it needs a base > 0, a base of 0 with"),
    (lambda: ops.pow(-8, 1 / 3), ValueError, "pow is undefined at -8.0, 0.3333333333333333: it needs a base > 0"),
    (lambda: ops.log_term(1, -2), ValueError, "log_term is undefined at 1.0, -2.0: it needs a base >= 0"),
    (
        lambda: ops.power_term(1, -2, 0.5, 1),
        ValueError,
        "power_term is undefined at 1.0, -2.0, 0.5, 1.0: it needs a base >= 0",
    ),
    (
        lambda: ops.power_term(1, -1e300, 3.5, 1),
        ValueError,
        "power_term is undefined at 1.0, -1e+300, 3.5, 1.0: it needs a base >= 0",
    ),
    (
        lambda: ops.over_squares(1, 0, 0),
        ValueError,
        "over_squares is undefined at 1.0, 0.0, 0.0: it needs a and b that are not both 0",
    ),
    (lambda: ops.logsumexp([]), ValueError, "logsumexp is undefined for no operands: it needs at least one operand"),
    (lambda: ops.logsumexp(()), ValueError, "it needs at least one operand"),
    # overflow
    (lambda: ops.exp(1000), OverflowError, "exp overflows at 1000.0: it needs x <= 709.7827"),
    (lambda: ops.expm1(710), OverflowError, "expm1 overflows at 710.0: it needs x <= 709.7827"),
    (lambda: ops.sinh(-711), OverflowError, "sinh overflows at -711.0: it needs |x| <= 710.4758"),
    (lambda: ops.cosh(711), OverflowError, "cosh overflows at 711.0: it needs |x| <= 710.4758"),
    (lambda: ops.pow(10, 400), OverflowError, "pow overflows at 10.0, 400.0: it needs a result within 1.8e308"),
    (
        lambda: ops.hypot(1.7e308, 1.7e308),
        OverflowError,
        "it needs a result within 1.8e308",
    ),
    (
        lambda: ops.exp_difference(800, 0),
        OverflowError,
        "exp_difference overflows at 800.0, 0.0: it needs a - b <= 709.7827",
    ),
    (lambda: ops.exp(10**400), OverflowError, "exp: the int is beyond the range of floats, which ends at 1.8e308"),
    # no derivative
    (
        lambda: Value(-2.0) ** Value(2.0),
        ValueError,
        "pow has no derivative with respect to operand 2 at -2.0, 2.0: it needs a base >= 0",
    ),
    # with labels
    (lambda: ops.log(Value(-0.5, "net_o1")), ValueError, "log is undefined at -0.5 (net_o1): it needs x > 0"),
    (
        lambda: ops.div(1, Value(0.0, "w1")),
        ZeroDivisionError,
        "div is undefined at 1.0, 0.0 (w1): it needs a divisor other than 0",
    ),
    (lambda: ops.exp(Value(1e3, "x")), OverflowError, "exp overflows at 1000.0 (x): it needs x <= 709.7827"),
    # wrong types
    (lambda: ops.exp("1"), TypeError, "exp takes a Value or a real number, not str '1'"),
    (lambda: ops.exp(None), TypeError, "exp takes a Value or a real number, not NoneType None"),
    (lambda: ops.exp([1.0]), TypeError, "exp takes a Value or a real number, not list [1.0]"),
    (lambda: ops.exp(1j), TypeError, "exp takes a Value or a real number, not complex 1j"),
    (lambda: ops.exp(Decimal("0.1")), TypeError, "exp takes a Value or a real number, not Decimal Decimal('0.1')"),
    (lambda: ops.exp("x" * 100), TypeError, "xxx..."),
    (lambda: ops.add(Value(1.0), "2"), TypeError, "add takes a Value or a real number, not str '2'"),
    (lambda: ops.maximum(1.0, [2.0]), TypeError, "maximum takes a Value or a real number, not list [2.0]"),
    (lambda: ops.sum_of("12"), TypeError, "sum_of(xs) takes sequences of Values or numbers, not str"),
    (lambda: ops.sum_of(3.0), TypeError, "sum_of(xs) takes sequences of Values or numbers, not float"),
    (lambda: ops.sum_of([1.0, "2"]), TypeError, "sum_of takes a Value or a real number, not str '2'"),
    (lambda: ops.dot([1.0], 2.0), TypeError, "dot(ws, xs) takes sequences of Values or numbers, not float"),
    # wrong counts
    (lambda: ops.exp(), TypeError, "exp takes 1 operand, not 0"),
    (lambda: ops.exp(1.0, 2.0), TypeError, "exp takes 1 operand, not 2"),
    (lambda: ops.add(1.0), TypeError, "add takes 2 operands, not 1"),
    (lambda: ops.leaky_relu(), TypeError, "leaky_relu takes 1 or 2 operands, not 0"),
    (lambda: ops.leaky_relu(1, 2, 3), TypeError, "leaky_relu takes 1 or 2 operands, not 3"),
    (lambda: ops.sum_of(1.0, 2.0), TypeError, "sum_of is called as sum_of(xs), not with 2 arguments"),
    (lambda: ops.sum_of(), TypeError, "sum_of is called as sum_of(xs), not with 0 arguments"),
    (lambda: ops.dot([1.0]), TypeError, "dot is called as dot(ws, xs), not with 1 argument"),
    (lambda: ops.dot([1.0], [1.0, 2.0]), ValueError, "dot(ws, xs) needs sequences of equal length, not of 1 and 2"),
]


@pytest.mark.parametrize(("call", "error", "words"), REFUSALS, ids=[words[:40] for _, _, words in REFUSALS])
def test_what_cannot_be_computed_is_refused_in_words_that_help(
    call: Callable[[], Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=re.escape(words)):
        call()


# Writing formulas ----------------------------------------------------------------------------------------------------


def written(y: Value, *, latex: bool = False) -> str:
    """The whole expression, numbers in the place of leaves."""
    formulas: dict[Value, tuple[str, int]] = {}
    for node in topological_order(y):
        if node.op is None:
            formulas[node] = (repr(node.data), NEGATIVE if math.copysign(1.0, node.data) < 0 else ATOM)
        else:
            formulas[node] = (node.op.write([formulas[x] for x in node.args], latex=latex), node.op.binding)
    return formulas[y][0]


def random_expression(rng: random.Random, rows: Sequence[Operation], nodes: int) -> Value:
    pool = [Value(round(rng.uniform(-3, 3), 1)) for _ in range(4)] + [Value(float(rng.randint(-3, 3)))]
    while nodes:
        row = rng.choice(rows)
        operands = [rng.choice(pool[-6:]) for _ in range(row.arity or 4)]
        try:
            y = (
                row(*[operands[i :: row.sequences] for i in range(row.sequences)])
                if isinstance(row, Reduction)
                else row(*operands)
            )
        except (ValueError, ArithmeticError):
            continue
        if row in (ops.reciprocal, ops.log_term) and not all(operands):
            continue  # at 0 these have a limit, which the formula has not
        if abs(y.data) < 1e6:
            pool.append(y)
            nodes -= 1
    return pool[-1]


# What these three say in a formula is right, but they compute it more exactly than the formula.
ROUGHLY = [ops.power_term, ops.over_squares, ops.exp_difference]
ARITHMETIC = [ops.add, ops.sub, ops.mul, ops.div, ops.neg, ops.pow, ops.reciprocal, ops.log_term]


@pytest.mark.parametrize("seed", range(300))
def test_a_written_formula_computes_the_same_to_the_bit(seed: int) -> None:
    rng = random.Random(seed)
    rows = ARITHMETIC if seed % 2 else [row for row in OPERATIONS.values() if row not in ROUGHLY]
    y = random_expression(rng, rows, rng.randint(1, 9))
    text = written(y)
    assert eval(text, {"__builtins__": {}, **OPERATIONS}).hex() == y.data.hex(), text


@pytest.mark.parametrize("row", ROUGHLY, ids=lambda row: row.name)
def test_formulas_of_rows_that_compute_more_exactly(row: Operation) -> None:
    rng = random.Random(row.name)
    for _ in range(60):
        inner: list[Value] = []
        while len(inner) < (row.arity or 0):
            x = random_expression(rng, [ops.add, ops.sub, ops.mul, ops.div], rng.randint(1, 2))
            if 0.3 < x.data < 5:
                inner.append(x)
        y = rng.choice([lambda v: v, lambda v: 2.0 / v, lambda v: 3.0 - v, lambda v: -v, lambda v: v**2.0])(row(*inner))
        assert eval(written(y), {"__builtins__": {}, **OPERATIONS}) == pytest.approx(y.data, rel=1e-12), written(y)


x, minus_x, a_plus_b, a_times_b, power = (
    ("x", ATOM),
    ("-x", NEGATIVE),
    ("a + b", ADDITIVE),
    ("a * b", MULTIPLICATIVE),
    ("a ** b", POWER),
)


@pytest.mark.parametrize(
    ("row", "operands", "source"),
    [
        (ops.add, [a_plus_b, a_plus_b], "a + b + (a + b)"),
        (ops.sub, [a_plus_b, a_plus_b], "a + b - (a + b)"),
        (ops.sub, [a_times_b, minus_x], "a * b - -x"),
        (ops.mul, [a_plus_b, x], "(a + b) * x"),
        (ops.mul, [a_times_b, power], "a * b * a ** b"),
        (ops.div, [a_times_b, a_times_b], "a * b / (a * b)"),
        (ops.neg, [minus_x], "-(-x)"),
        (ops.neg, [power], "-a ** b"),
        (ops.neg, [a_times_b], "-(a * b)"),
        (ops.pow, [minus_x, x], "(-x) ** x"),
        (ops.pow, [power, power], "(a ** b) ** (a ** b)"),
        (ops.pow, [x, minus_x], "x ** (-x)"),
        (ops.exp, [a_plus_b], "exp(a + b)"),
        (ops.maximum, [a_plus_b, minus_x], "maximum(a + b, -x)"),
        (ops.sum_of, [a_plus_b, x], "sum_of([a + b, x])"),
        (ops.dot, [x, a_plus_b, x, minus_x], "dot([x, a + b], [x, -x])"),
        (ops.reciprocal, [a_times_b], "1 / (a * b)"),
        (ops.power_term, [a_plus_b, minus_x, a_plus_b, ("1.0", ATOM)], "(a + b) * (-x) ** (a + b - 1.0)"),
        (ops.exp_difference, [a_plus_b, a_plus_b], "exp(a + b - (a + b))"),
        (ops.over_squares, [a_times_b, x, minus_x], "a * b / (x ** 2 + (-x) ** 2)"),
    ],
    ids=lambda part: part if isinstance(part, str) else None,
)
def test_parentheses_stand_where_they_are_needed(row: Operation, operands: list[tuple[str, int]], source: str) -> None:
    assert row.write(operands) == source


@ROWS
def test_latex_balances(row: Operation) -> None:
    for operands in ([x] * 4, [a_plus_b] * 4, [(r"\frac{a}{b}", MULTIPLICATIVE)] * 4, [("e^{x}", ATOM)] * 4):
        text = row.write(operands[: row.arity or 4], latex=True)
        depth = 0
        for token in re.findall(r"\\left|\\right|(?<!\\)[{}]", text):
            depth += 1 if token in ("{", r"\left") else -1
            assert depth >= 0, text
        assert depth == 0, text
        assert text.count(r"\left") == text.count(r"\right")
        assert not re.search(r"\^\{[^{}]*\}\^", text), f"LaTeX refuses a double superscript: {text}"
        assert not re.search(r"(?<![a-z])(abs|pow|log|sqrt)\(", text), f"Python in LaTeX: {text}"


def test_latex_of_a_whole_expression() -> None:
    a, b = Value(2.0), Value(3.0)
    assert written(-((a + b) ** 2) / ops.exp(a), latex=True) == r"\frac{-\left(2.0 + 3.0\right)^{2.0}}{e^{2.0}}"
    assert written(ops.exp(a) ** 2, latex=True) == r"\left(e^{2.0}\right)^{2.0}"
    assert written(ops.dot([a + b], [b]), latex=True) == r"\left(\left(2.0 + 3.0\right) \cdot 3.0\right)"
    assert written(ops.logsumexp([a + b, b]), latex=True) == r"\ln\left(e^{2.0 + 3.0} + e^{3.0}\right)"
    assert written(a * -b, latex=True) == r"2.0 \cdot \left(-3.0\right)"


# Copies, pickles, rows of one's own ----------------------------------------------------------------------------------


@pytest.mark.parametrize("row", [*OPERATIONS.values(), swish, product_of], ids=lambda row: row.name)
def test_rows_are_copied_and_pickled_by_reference(row: Operation) -> None:
    assert copy.copy(row) is copy.deepcopy(row) is row
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        assert pickle.loads(pickle.dumps(row, protocol)) is row


def test_a_row_that_no_module_holds_is_refused_by_pickle() -> None:
    hidden = Operation("hidden", lambda x: x, (lambda y, x: 1.0,), "hidden({})", "hidden {}", "hidden")
    with pytest.raises(pickle.PicklingError, match="hidden"):
        pickle.dumps(hidden)


def test_a_row_of_ones_own_computes_records_and_differentiates() -> None:
    assert swish(0.5) == 0.5 * ops.sigmoid(0.5)
    v = Value(0.5, "v")
    y = swish(v)
    y.backward()
    h = 1e-5
    assert v.grad == pytest.approx((swish(0.5 + h) - swish(0.5 - h)) / (2 * h), rel=1e-9)
    second = grad(grad(y, v), v)
    assert second.data == pytest.approx((swish(0.5 + h) - 2 * swish(0.5) + swish(0.5 - h)) / h**2, rel=1e-5)
    assert written(y) == "swish(0.5)"


def test_a_graph_with_rows_of_ones_own_is_copied_and_pickled() -> None:
    v = Value(0.5, "v")
    y = product_of([swish(v), v, 3.0])
    for again in (copy.deepcopy(y), pickle.loads(pickle.dumps(y))):
        assert (again.op, again.data, again.local_derivatives) == (product_of, y.data, y.local_derivatives)
        again.backward()
        [leaf] = [node for node in topological_order(again) if node.label == "v"]
        assert leaf.grad == pytest.approx(grad(y, v).data, rel=1e-15)


def test_errors_of_a_row_of_ones_own_are_told_in_its_words() -> None:
    with pytest.raises(
        ValueError, match=r"product_of has no derivative at 0\.0 \(v\), 2\.0: it needs operands other than 0"
    ):
        product_of([Value(0.0, "v"), 2.0])
