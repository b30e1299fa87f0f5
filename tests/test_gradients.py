"""The gradient as a graph: the numbers of `backward()`, and differentiable again."""

import math
import re
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.graphs import random_graph
from tinygrad_bp import Constant, Value, grad, hessian, jacobian, topological_order


@pytest.mark.parametrize("seed", range(25))
def test_grad_gives_the_numbers_of_backward_bit_for_bit(seed: int) -> None:
    y, leaves = random_graph(seed)
    y.backward()
    assert [d.data for d in grad(y, leaves)] == [leaf.grad for leaf in leaves]


def test_grad_with_respect_to_nodes_between() -> None:
    y, _ = random_graph(3)
    nodes = [node for node in topological_order(y, constants=False) if node.op is not None]
    y.backward()
    assert [d.data for d in grad(y, nodes)] == pytest.approx([node.grad for node in nodes], rel=1e-12)


def test_grad_reads_and_changes_no_gradient() -> None:
    x = Value(2.0)
    x.grad = 7.0
    y = x * x
    grad(y, [x])
    assert (x.grad, y.grad) == (7.0, 0.0)


def test_one_value_gives_one_derivative_and_a_sequence_a_list() -> None:
    x, w = Value(2.0), Value(3.0)
    assert grad(w * x, x).data == 3.0
    assert [d.data for d in grad(w * x, (x, w))] == [3.0, 2.0]
    assert grad(w * x, []) == []


def test_what_y_does_not_depend_on_has_derivative_zero() -> None:
    x, other = Value(2.0), Value(1.0)
    zero = grad(x.exp(), other)
    assert isinstance(zero, Constant)
    assert zero.data == 0.0
    assert grad(x, x).data == 1.0
    assert grad(tg.sign(x) * 3.0, x).data == 0.0


@pytest.mark.parametrize("order", range(7))
def test_derivatives_of_any_order(order: int) -> None:
    x = Value(0.7, "x")
    exp, sin, power, polynomial = (0.5 * x).exp(), x.sin(), x**5, 3 * x**4 - x**2 + 1
    for _ in range(order):
        exp, sin, power, polynomial = (grad(y, x) for y in (exp, sin, power, polynomial))
    assert exp.data == pytest.approx(0.5**order * math.exp(0.35), rel=1e-14)
    assert sin.data == pytest.approx(math.sin(0.7 + order * math.pi / 2), rel=1e-13)
    assert power.data == pytest.approx(math.perm(5, order) * 0.7 ** max(5 - order, 0), rel=1e-14)
    coefficients = {4: 3.0, 2: -1.0, 0: 1.0}
    assert polynomial.data == pytest.approx(
        sum(c * math.perm(n, order) * 0.7 ** max(n - order, 0) for n, c in coefficients.items()), rel=1e-13
    )


def test_powers_at_zero_have_all_their_derivatives() -> None:
    x = Value(0.0, "x")
    y = x**3 + 2 * x**2
    derivatives = []
    for _ in range(6):
        derivatives.append(y.data)
        y = grad(y, x)
    assert derivatives == [0.0, 0.0, 4.0, 6.0, 0.0, 0.0]


def test_backward_through_a_gradient() -> None:
    x = Value(3.0)
    slope = grad(x**3, x)
    slope.backward()
    assert x.grad == 18.0


@pytest.mark.parametrize("seed", range(10))
def test_second_derivatives_on_random_graphs(seed: int) -> None:
    y, leaves = random_graph(seed, size=15)
    for slope in grad(y, leaves):
        assert tg.check_gradients(slope, tolerance=1e-6), tg.check_gradients(slope, tolerance=1e-6)


def test_hessian_is_symmetric_and_right() -> None:
    a, b = Value(1.2, "a"), Value(-0.4, "b")
    y = (a * b).sin() + a**3 / b
    h = [[d.data for d in row] for row in hessian(y, [a, b])]
    x, z, s, c = a.data, b.data, math.sin(a.data * b.data), math.cos(a.data * b.data)
    mixed = c - x * z * s - 3 * x**2 / z**2
    assert h[0] == pytest.approx([-z * z * s + 6 * x / z, mixed], rel=1e-13)
    assert h[1] == pytest.approx([mixed, -x * x * s + 2 * x**3 / z**3], rel=1e-13)


def test_iterators_are_taken_once() -> None:
    a, b = Value(2.0), Value(3.0)
    assert [[d.data for d in row] for row in jacobian(iter([a * b, a]), iter([a, b]))] == [[3.0, 2.0], [1.0, 0.0]]
    assert [[d.data for d in row] for row in hessian(a * a * b, (v for v in (a, b)))] == [[6.0, 4.0], [4.0, 0.0]]


@pytest.mark.parametrize("f", [lambda x: x.sqrt() * 0.0, lambda x: (0.0 * x).sqrt(), lambda x: (x * x).sqrt()])
def test_an_infinite_slope_times_zero_is_the_same_for_both(f: Any) -> None:
    x = Value(0.0, "x")
    y = f(x)
    y.backward()
    assert math.isnan(x.grad)
    assert math.isnan(grad(y, x).data)


def test_slopes_below_the_normal_range_are_no_changed_data() -> None:
    x = Value(1e-162, "x")
    assert grad(x**3, x).data <= 1e-323


def test_jacobian_rows_are_outputs() -> None:
    a, b = Value(2.0), Value(3.0)
    assert [[d.data for d in row] for row in jacobian([a * b, a + b, a], [a, b])] == [
        [3.0, 2.0],
        [1.0, 1.0],
        [1.0, 0.0],
    ]


def test_n_ary_rows_differentiate_twice() -> None:
    xs = [Value(0.3, "x1"), Value(-1.2, "x2"), Value(2.0, "x3")]
    p = [math.exp(x.data - tg.logsumexp([v.data for v in xs])) for x in xs]
    h = hessian(tg.logsumexp(xs), xs)
    for i in range(3):
        for j in range(3):
            assert h[i][j].data == pytest.approx(p[i] * ((i == j) - p[j]), rel=1e-12)
    assert [[d.data for d in row] for row in hessian(tg.dot(xs[:2], xs[1:]), xs)] == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    assert tg.check_gradients(grad(tg.dot(xs, xs) * xs[0], xs[0]))


def test_a_leaf_changed_since_is_noticed() -> None:
    w, x = Value(2.0, "w"), Value(5.0, "x")
    y = w * x
    x.data = 6.0
    with pytest.raises(ValueError, match=r"changed after mul recorded it .*x is now 6\.0.*compute y anew"):
        grad(y, w)
    x.data = 5.0
    assert grad(y, w).data == 5.0


def test_wrong_arguments_are_named() -> None:
    x = Value(2.0, "x")
    y = 0.5 * x
    with pytest.raises(TypeError, match=r"grad: y is a Value, not float 2\.0"):
        grad(2.0, [x])
    with pytest.raises(TypeError, match="grad: each x is a Value, not str 'x'"):
        grad(y, ["x"])
    with pytest.raises(TypeError, match="grad takes a sequence of Values, not int"):
        grad(y, 3)
    with pytest.raises(TypeError, match="constant of the expression"):
        grad(y, y.args[0])


@pytest.mark.slow
def test_many_paths_and_long_chains() -> None:
    x = Value(1.0)
    y = x
    for _ in range(200):
        y = y + y
    second = grad(y * y, x)
    assert second.data == 2.0**401
    assert grad(second, x).data == 2.0**401
    y = x
    for _ in range(10_000):
        y = (y * 0.999).sin()
    assert math.isfinite(grad(grad(y, x), x).data)


def test_derivatives_are_labelled_unless_two_are_one_node() -> None:
    a, b, c = Value(2.0, "a"), Value(3.0, "b"), Value(1.5, "c")
    s = a + b
    y = (s * s).tanh() * c.exp()
    y.label = "y"
    by_a, by_b, by_c = grad(y, [a, b, c])
    assert by_a is by_b
    assert (by_a.label, by_c.label, a.label) == ("", "dy/dc", "a")
    assert grad(by_c, a).label == "d(dy/dc)/da"
    assert grad(by_c, c).label == "d(dy/dc)/dc"


def test_a_derivative_that_was_a_node_before_keeps_its_own_name_and_none() -> None:
    a, b, x = Value(2.0, "a"), Value(3.0, "b"), Value(5.0, "x")
    product = a * b
    y = product * x
    y.label = "y"
    assert grad(y, x) is product
    assert product.label == ""
    assert grad(y, a).label == "dy/da"


def test_factors_of_one_and_minus_one_make_no_products() -> None:
    a, b, x = Value(2.0, "a"), Value(3.0, "b"), Value(5.0, "x")
    product = a * b
    assert grad(product * x + product, x) is product
    negative = grad(1.0 - product * x, x)
    assert (negative.op, negative.operands, negative.data) == (tg.ops.neg, (product,), -6.0)
    assert grad(product * x - x * 0.5, b).op is tg.ops.mul


def test_what_is_now_no_number_was_changed_and_what_never_was_one_was_not() -> None:
    x, w = Value(2.0, "x"), Value(math.nan, "w")
    assert math.isnan(grad(x * w, x).data)
    w.data = 3.0
    y = x * w
    w.data = math.nan
    with pytest.raises(ValueError, match="w is now nan"):
        grad(y, x)


def test_only_leaves_are_named_as_changed() -> None:
    x = Value(2.0, "x")
    y = x**3.0
    x.data = 4.0
    with pytest.raises(
        ValueError, match=re.escape("pow recorded it (x is now 4.0), and its derivative with it, from 12.0 to 48.0")
    ):
        grad(y, x)
    w = Value(3.0, "w")
    inner = w * 2.0
    inner.label = "inner"
    y = inner * x
    x.data = 5.0
    with pytest.raises(ValueError, match=re.escape("mul recorded it (x is now 5.0), and")):
        grad(y, w)


def test_a_set_is_refused_wherever_each_element_has_its_place() -> None:
    w, x = Value(2.0, "w"), Value(3.0, "x")
    y = w * x * x
    for wrong in ({w, x}, frozenset((w, x)), {x}):
        for attempt in (
            lambda xs: grad(y, xs),
            lambda xs: tg.jacobian([y], xs),
            lambda xs: tg.jacobian(xs, [x]),
            lambda xs: tg.hessian(y, xs),
            lambda xs: tg.hvp(y, xs, [1.0] * len(xs)),
            lambda xs: tg.hvp(y, list(xs), xs),
            lambda xs: tg.jvp(xs, {x: 1.0}),
            lambda xs: tg.compile(y, xs),
            lambda xs: tg.compile(xs, [w, x]),
            lambda xs: tg.compile([y, [xs]], [w, x]),
            lambda xs: tg.dot(xs, [1.0] * len(xs)),
            lambda xs: tg.softmax(xs),
            lambda xs: tg.mean_squared_error(xs, [1.0] * len(xs)),
            lambda xs: tg.cross_entropy(xs, 0),
            lambda xs: tg.check_gradients(lambda a, *b: a, xs),
            lambda xs: tg.diagnose(lambda a, *b: a, xs),
        ):
            with pytest.raises(TypeError, match=r"set has no order, and here each element has its place"):
                attempt(wrong)
    rates = {w: 1.0, x: 2.0}  # a dictionary has an order, and so have its views
    for right in (rates, rates.keys(), (w, x), iter((w, x))):
        assert [d.data for d in grad(y, right)] == [9.0, 12.0]  # type: ignore[call-overload]
    assert [h.data for h in tg.hvp(y, rates.keys(), rates.values())] == [12.0, 6.0 + 8.0]  # type: ignore[arg-type]
    assert tg.compile(y, rates.keys())(1.0, 2.0) == 4.0  # type: ignore[arg-type]
    assert tg.sum_of({w, x}).data == 5.0
