"""Derivatives forward: along directions, products with the matrix of second derivatives, and series, held against grad and mpmath."""

from __future__ import annotations

import math
import random
from typing import Any

import mpmath
import pytest

import tinygrad_bp as tg
from tests.graphs import random_graph
from tests.rows import elu, leaky, points_of, top
from tinygrad_bp import (
    OPERATIONS,
    Constant,
    Operation,
    Value,
    grad,
    hessian,
    hvp,
    jacobian,
    jvp,
    taylor,
    topological_order,
)


def repeated(y: Value, x: Value, order: int) -> list[float]:
    """The coefficients of the series of y, by one `grad` after the other."""
    found, factorial = [y.data], 1
    for k in range(1, order + 1):
        y = grad(y, x)
        factorial *= k
        found.append(y.data / factorial)
    return found


def scale(numbers: list[float]) -> float:
    return max([1.0, *map(abs, numbers)])


@pytest.mark.parametrize("seed", range(30))
def test_random_graphs_agree_with_gradients_and_their_gradients(seed: int) -> None:
    y, leaves = random_graph(seed)
    draw = random.Random(seed)
    rates = {x: draw.uniform(-2, 2) for x in leaves}
    firsts = grad(y, leaves)
    terms = [g.data * rate for g, rate in zip(firsts, rates.values(), strict=True)]
    assert jvp(y, rates).data == pytest.approx(sum(terms), rel=1e-12, abs=1e-12 * scale(terms))
    matrix = [[h.data for h in row] for row in hessian(y, leaves)]
    products = [[h * v for h, v in zip(row, rates.values(), strict=True)] for row in matrix]
    for got, row in zip(hvp(y, leaves, list(rates.values())), products, strict=True):
        assert got.data == pytest.approx(sum(row), rel=1e-11, abs=1e-11 * scale([x for r in products for x in r]))
    x = leaves[seed % 4]
    expected = repeated(y, x, 3)
    assert [c.data for c in taylor(y, x, 3)] == pytest.approx(expected, rel=1e-9, abs=1e-9 * scale(expected))


@pytest.mark.parametrize("op", OPERATIONS.values(), ids=list(OPERATIONS))
def test_every_row(op: Operation) -> None:
    for point in points_of(op, 3, 0.5):
        leaves = [Value(x) for x in point]
        for x in leaves:
            try:
                y = Operation.__call__(op, *leaves)
                expected = repeated(y, x, 3)
            except (ValueError, ArithmeticError):
                continue  # where there is no derivative, as at the end of the domain
            got = [c.data for c in taylor(y, x, 3)]
            if all(map(math.isfinite, expected)):
                assert got == pytest.approx(expected, rel=1e-9, abs=1e-11 * scale(expected)), (op.name, point)


FUNCTIONS: list[tuple[Any, Any, float]] = [
    (lambda x: (x * x).exp() / (1 + x), lambda x: mpmath.exp(x * x) / (1 + x), 0.7),
    (lambda x: x.sin() * x.cos() - x.tan(), lambda x: mpmath.sin(x) * mpmath.cos(x) - mpmath.tan(x), 1.1),
    (lambda x: x**x, lambda x: x**x, 1.4),
    (lambda x: x**-2.5, lambda x: x ** mpmath.mpf(-2.5), 1.4),
    (lambda x: x.sqrt() + x.cbrt(), lambda x: mpmath.sqrt(x) + mpmath.cbrt(x), 2.0),
    (lambda x: x.erf() + x.gelu(), lambda x: mpmath.erf(x) + x * mpmath.ncdf(x), 0.4),
    (lambda x: tg.atan2(x, 1 + x * x), lambda x: mpmath.atan(x / (1 + x * x)), 0.4),
    (
        lambda x: tg.logsumexp([x, 2 * x, x * x]),
        lambda x: mpmath.log(mpmath.exp(x) + mpmath.exp(2 * x) + mpmath.exp(x * x)),
        0.4,
    ),
    (lambda x: x.sigmoid().log() + x.silu(), lambda x: -mpmath.log1p(mpmath.exp(-x)) + x / (1 + mpmath.exp(-x)), 0.3),
    (lambda x: x.tanh() + x.asinh() + x.atanh(), lambda x: mpmath.tanh(x) + mpmath.asinh(x) + mpmath.atanh(x), 0.3),
    (lambda x: tg.dot([x, x * x, 2.0], [x.exp(), 3.0, x]), lambda x: x * mpmath.exp(x) + 3 * x * x + 2 * x, -0.6),
]


@pytest.mark.parametrize("place", range(len(FUNCTIONS)))
def test_series_to_order_10_have_twelve_digits(place: int) -> None:
    function, exact, at = FUNCTIONS[place]
    x = Value(at, "x")
    with mpmath.workdps(60):
        expected = [float(c) for c in mpmath.taylor(exact, mpmath.mpf(at), 10)]
    assert [c.data for c in taylor(function(x), x, 10)] == pytest.approx(expected, rel=1e-12)


def test_a_polynomial_ends_and_nothing_is_rounded() -> None:
    x = Value(2.0, "x")
    assert [c.data for c in taylor(x**3, x, 5)] == [8.0, 12.0, 6.0, 1.0, 0.0, 0.0]
    assert [c.data for c in taylor(x * x * x - x, x, 4)] == [6.0, 11.0, 6.0, 1.0, 0.0]


def test_coefficients_are_values_that_can_be_differentiated_and_compiled() -> None:
    x, w = Value(0.3, "x"), Value(0.7, "w")
    third = taylor((w * x).exp(), x, 3)[3]
    assert third.data == pytest.approx(0.7**3 * math.exp(0.21) / 6)
    assert grad(third, w).data == pytest.approx((3 * 0.7**2 + 0.7**3 * 0.3) * math.exp(0.21) / 6)
    program = tg.compile(third, [x, w])
    assert program(0.3, 0.7) == third.data
    assert program(-1.0, 2.0) == pytest.approx(8 * math.exp(-2.0) / 6)


def test_rates_may_be_values_and_several_may_move() -> None:
    x, y, v = Value(2.0, "x"), Value(5.0, "y"), Value(3.0, "v")
    moved = jvp(x * x * y, {x: v, y: 1.0})
    assert moved.data == 2 * 2 * 5 * 3 + 4
    assert grad(moved, v).data == 20.0
    assert [c.data for c in taylor(x * y, {x: 1.0, y: 2.0}, 3)] == [10.0, 9.0, 2.0, 0.0]


def test_several_results_in_one_walk() -> None:
    x = Value(2.0, "x")
    assert [each.data for each in jvp([x * x, x + 1, Value(3.0)], {x: 1.0})] == [4.0, 1.0, 0.0]


def test_a_node_may_move_by_itself_and_with_what_it_was_computed_from() -> None:
    x = Value(2.0, "x")
    h = x * x
    y = h * 3 + x
    assert jvp(y, {h: 1.0}).data == 3.0
    assert jvp(y, {x: 1.0, h: 1.0}).data == 3 * 4 + 1 + 3
    assert jvp(x, {x: 0.5}).data == 0.5


def test_what_does_not_depend_is_a_constant_0() -> None:
    x, z = Value(2.0, "x"), Value(1.0, "z")
    for result in (jvp(x * x, {z: 1.0}), jvp(x * x, {}), *taylor(x * 3, z, 2)[1:], *hvp(x * 3, [x], [1.0])):
        assert isinstance(result, Constant)
        assert result.data == 0.0


def test_branches_that_are_not_taken_let_nothing_through() -> None:
    x = Value(0.0, "x")
    assert jvp(tg.maximum(x.sqrt(), 1.0), {x: 1.0}).data == 0.0
    y = tg.relu(x.sqrt() - 1)
    assert jvp(y, {x: 1.0}).data == 0.0


def test_rows_of_ones_own_with_an_if_keep_no_branch() -> None:
    x = Value(0.7, "x")
    slope = jvp(leaky(x), {x: 1.0})
    assert slope.data == 1.0
    assert tg.compile(slope, [x])(-1.0) == 0.1
    x.data = -0.5
    expected = [math.expm1(-0.5), *(math.exp(-0.5) / math.factorial(k) for k in (1, 2, 3))]
    assert [c.data for c in taylor(elu(x), x, 3)] == pytest.approx(expected)
    a, b = Value(1.0, "a"), Value(2.0, "b")
    assert jvp(top([a * a, b]), {a: 1.0, b: 10.0}).data == 10.0


def test_a_chain_of_any_depth() -> None:
    x = Value(0.5, "x")
    y = x
    for _ in range(30_000):
        y = 0.5 * y + 0.25
    assert jvp(y, {x: 1.0}).data == 0.5**30_000
    y = x
    for _ in range(300):
        y = y.sin() + x
    assert jvp(y, {x: 1.0}).data == pytest.approx(grad(y, x).data, rel=1e-12)


def test_a_high_order() -> None:
    x = Value(0.25, "x")
    got = [c.data for c in taylor(1 / (1 - x) + x.sin(), x, 60)]
    sines = (math.sin(0.25), math.cos(0.25), -math.sin(0.25), -math.cos(0.25))
    expected = [(1 / 0.75) ** (k + 1) + sines[k % 4] / math.factorial(k) for k in range(61)]
    assert got == pytest.approx(expected, rel=1e-11)


def test_the_work_grows_with_the_square_of_the_order() -> None:
    def made(order: int) -> int:
        x = Value(0.4, "x")
        y = tg.atan2(x, 1 + x * x) * x.tanh()
        return len(topological_order(*taylor(y, x, order), constants=False))

    assert made(16) < 6 * made(8)


def test_no_gradient_is_touched() -> None:
    x = Value(2.0, "x")
    y = x * x
    y.backward()
    jvp(y, {x: 1.0}), taylor(y, x, 2), hvp(y, [x], [1.0])
    assert (x.grad, y.grad) == (4.0, 1.0)


@pytest.mark.parametrize(
    ("call", "error", "says"),
    [
        (
            lambda x: jvp(x * x, x),
            TypeError,
            r"jvp takes a dictionary of Values and their rates, such as \{x: 1.0\}, not Value",
        ),
        (lambda x: jvp(x * x, dict.fromkeys("x", 1.0)), TypeError, "jvp: each x is a Value, not str 'x'"),
        (lambda x: jvp(x * x, dict.fromkeys([x], "1")), TypeError, "jvp: the rate of x takes .* not str '1'"),
        (lambda x: jvp(3.0, {x: 1.0}), TypeError, "jvp: y is a Value, or a sequence of them, not float 3.0"),
        (lambda x: jvp([x, 3.0], {x: 1.0}), TypeError, "jvp: y is a Value, not float 3.0"),
        (lambda x: jvp(x * 2, {(x * 2).args[1]: 1.0}), TypeError, "jvp: Constant.* is a constant of the expression"),
        (lambda x: hvp(x * x, [x], [1.0, 2.0]), ValueError, "as many vs as xs, not 2 for 1"),
        (lambda x: hvp(x * x, [x, x], [1.0, 2.0]), ValueError, "hvp: x stands twice among the xs"),
        (lambda x: hvp(x * x, x, 1.0), TypeError, r"hvp takes a sequence of Values.* not Value"),
        (lambda x: taylor(x * x, x, 1.5), TypeError, "taylor: the order is a whole number, not float 1.5"),
        (lambda x: taylor(x * x, x, True), TypeError, "taylor: the order is a whole number, not bool True"),
        (lambda x: taylor(x * x, x, -1), ValueError, "taylor: the order is at least 0, not -1"),
        (lambda x: taylor(2.0, x, 1), TypeError, "taylor: y is a Value, not float 2.0"),
        (lambda x: taylor(x, "x", 1), TypeError, "taylor: each x is a Value, not str 'x'"),
    ],
)
def test_mistakes_are_told_by_name(call: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        call(Value(2.0, "x"))


def test_a_leaf_that_was_changed_is_named() -> None:
    x = Value(2.0, "x")
    y = x * x
    x.data = 3.0
    for call in (lambda: jvp(y, {x: 1.0}), lambda: taylor(y, x, 2)):
        with pytest.raises(ValueError, match=r"the data of a leaf was changed after it was used \(x is now 3.0\)"):
            call()


def test_lists_in_the_place_of_a_value_are_named() -> None:
    x = tg.Value(2.0, "x")
    with pytest.raises(TypeError, match="taylor: each x is a Value, not list"):
        tg.taylor(x * x, [x], 2)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="hvp: y is a Value, not list"):
        tg.hvp([x * x], [x], [1.0])  # type: ignore[arg-type]


def test_what_is_not_in_the_graph_has_the_derivative_0_in_every_way() -> None:
    x, other = Value(3.0, "x"), Value(3.0, "x")
    y = x * x
    found = [
        grad(y, other),
        *grad(y, [other]),
        *jacobian([y], [other])[0],
        *hessian(y, [other])[0],
        hessian(y, [x, other])[0][1],
        jvp(y, {other: 1.0}),
        *hvp(y, [other], [1.0]),
        *taylor(y, other, 2)[1:],
    ]
    for zero in found:
        assert isinstance(zero, Constant)
        assert zero.data == 0.0
    assert taylor(y, other, 2)[0] is y
