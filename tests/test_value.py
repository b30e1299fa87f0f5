"""What a user can rely on when computing with Values."""

import copy
import gc
import math
import operator
import pickle
import sys
import threading
import weakref
from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.graphs import random_graph
from tinygrad_bp import Constant, Value, topological_order


def leaf_grads(y: Any, *leaves: Any) -> Any:
    for leaf in leaves:
        leaf.grad = 0.0
    y.backward()
    return [leaf.grad for leaf in leaves]


# Recording


def test_a_leaf() -> None:
    x = Value(3, label="x")
    assert (x.data, x.grad, x.label, x.op, x.args, x.local_derivatives) == (3.0, 0.0, "x", None, (), ())
    assert type(x.data) is float


def test_a_node_keeps_operation_operands_and_local_derivatives() -> None:
    a, b = Value(2.0), Value(-3.0)
    y = a * b
    assert (y.data, y.op, y.args, y.local_derivatives) == (-6.0, tg.ops.mul, (a, b), (-3.0, 2.0))


def test_both_edges_of_a_square_are_kept() -> None:
    x = Value(3.0)
    y = x * x
    assert y.args == (x, x)
    assert leaf_grads(y, x) == [6.0]


def test_a_constant_is_seen_in_its_place_and_stays_the_same_object() -> None:
    x = Value(2.0)
    y = 0.5 * x
    half, other = y.args
    assert isinstance(half, Constant)
    assert (half.data, half.op, other) == (0.5, None, x)
    assert y.args[0] is half
    assert y.local_derivatives == (2.0, 0.5)
    y.backward()
    assert (x.grad, half.grad) == (0.5, 0.0)


def test_a_constant_taken_from_one_expression_can_stand_in_another() -> None:
    x = Value(2.0)
    half = (0.5 * x).args[0]
    y = half * x + tg.dot([half], [x])
    assert leaf_grads(y, x) == [1.0]
    assert half.grad == 0.0


def test_local_derivative_by_a_constant_exponent() -> None:
    assert (Value(3.0) ** 2).local_derivatives == (6.0, 9.0 * math.log(3.0))
    by_base, by_exponent = (Value(-3.0) ** 2).local_derivatives
    assert by_base == -6.0
    assert math.isnan(by_exponent)


@pytest.mark.parametrize("other", [3, 3.0, True, Fraction(3, 4)])
@pytest.mark.parametrize("op", [operator.add, operator.sub, operator.mul, operator.truediv, operator.pow])
def test_numbers_on_either_side(op: Any, other: Any) -> None:
    x = Value(2.0)
    right, left = op(x, other), op(other, x)
    assert (right.data, left.data) == (op(2.0, float(other)), op(float(other), 2.0))
    assert [arg.data for arg in right.args] == [2.0, float(other)]
    assert [arg.data for arg in left.args] == [float(other), 2.0]
    assert tg.check_gradients(right)
    assert tg.check_gradients(left)


def test_unary_operators() -> None:
    x = Value(-2.0)
    assert leaf_grads(-x, x) == [-1.0]
    assert leaf_grads(abs(x), x) == [-1.0]
    assert +x is x


def test_sum_max_sorted() -> None:
    xs = [Value(3.0), Value(1.0), Value(2.0)]
    assert sum(xs).data == 6.0
    assert leaf_grads(sum(xs), *xs) == [1.0, 1.0, 1.0]
    assert max(xs) is xs[0]
    assert [x.data for x in sorted(xs)] == [1.0, 2.0, 3.0]


def test_comparison_looks_at_data_and_equality_at_identity() -> None:
    a, b = Value(1.0), Value(1.0)
    assert a != b
    assert len({a, b, a}) == 2
    assert a <= b <= 1
    assert a >= 1.0
    assert not a < b
    assert not a > 1
    assert a < 2 < Value(3.0)
    assert Value(0.5)
    assert not Value(0.0)


@pytest.mark.parametrize("convert", [float, int, math.exp, math.sqrt, math.floor, "{:d}".format])
def test_leaving_the_graph_by_accident_is_refused(convert: Any) -> None:
    with pytest.raises((TypeError, ValueError)) as error:
        convert(Value(2.0, "w"))
    assert ".data" in str(error.value) or "format code" in str(error.value)


def test_printing() -> None:
    assert repr(Value(0.5)) == "Value(data=0.5, grad=0.0)"
    assert repr(Value(0.5, "w1")) == "Value(data=0.5, grad=0.0, label='w1')"
    assert f"{Value(0.123456):.3f} {Value(1.0)}" == "0.123 Value(data=1.0, grad=0.0)"


def test_every_row_as_function_and_as_method_and_on_numbers() -> None:
    for name, row in tg.OPERATIONS.items():
        method = getattr(Value, name, None)
        if method is not None:
            numbers = [1.3 if name == "acosh" else 0.3, 0.4, 0.5][: row.arity]
            assert (
                method(Value(numbers[0]), *numbers[1:]).data
                == row(*numbers)
                == row(Value(numbers[0]), *numbers[1:]).data
            ), name
    without = {name for name in tg.OPERATIONS if not hasattr(Value, name)}
    assert without & set(vars(tg)) == {"sum_of", "dot", "logsumexp"}


# backward


def test_leaves_accumulate_and_interior_nodes_start_anew() -> None:
    a = Value(2.0)
    square = a * a
    y = square * a
    y.backward()
    assert (a.grad, square.grad) == (12.0, 2.0)
    y.backward()
    assert (a.grad, square.grad) == (24.0, 2.0)


def test_a_node_used_twice_passes_its_whole_gradient_on() -> None:
    x = Value(3.0)
    a = x * 2.0
    y = a * (a + 1.0)  # x's gradient is wrong if a passes its own on before both uses of it are in
    assert leaf_grads(y, x) == [2.0 * (2 * 6.0 + 1.0)]


def test_backward_of_a_leaf_and_of_the_same_node_on_both_sides() -> None:
    x = Value(3.0)
    x.backward()
    x.backward()
    assert x.grad == 2.0
    assert leaf_grads(x - x, x) == [0.0]
    assert leaf_grads(x / x, x) == [0.0]
    assert leaf_grads(x**x, x) == pytest.approx([27 * (math.log(3) + 1)], rel=1e-15)


def test_changing_a_leaf_after_recording_does_not_change_what_was_recorded() -> None:
    w, x = Value(2.0), Value(5.0)
    y = (w * x).tanh() + w**2 + tg.dot([w], [x])
    before = leaf_grads(y, w, x)
    w.data, x.data = 100.0, -7.0
    assert leaf_grads(y, w, x) == before


def test_gradient_descent_on_the_same_leaves() -> None:
    w = Value(5.0)
    for _ in range(100):
        w.grad = 0
        (w * w).backward()
        w.data -= 0.1 * w.grad
    assert 0 < w.data < 1e-8


def test_n_ary_nodes_between_others() -> None:
    a, b = Value(1.5), Value(-0.5)
    hidden = [a * b, a + b, (a * 2.0).tanh()]
    y = tg.logsumexp([tg.dot(hidden, [b, 2.0, a]), tg.sum_of([*hidden, 1.0, a, a]), hidden[0]])
    assert tg.check_gradients(y)


def test_a_subclass_of_value_takes_part() -> None:
    class Parameter(Value):
        note: list[str]

    w = Parameter(3.0, "w")
    y = w * w + 2 * w + tg.sum_of([w, 1.0]) + (w - 1.0).relu()
    assert leaf_grads(y, w) == [6.0 + 2.0 + 1.0 + 1.0]
    w.note = ["kept"]
    twin = copy.deepcopy(w)
    assert type(twin) is Parameter
    assert (twin.data, twin.label, twin.note) == (3.0, "w", ["kept"])


def test_data_stays_a_float() -> None:
    w = Value(1.0, "w5")
    for number in (2, True, Fraction(1, 2)):
        w.data = number
        assert type(w.data) is float
    with pytest.raises(TypeError, match=r"the data of .*'w5'.* takes a real number, not Value"):
        w.data = w * 2.0
    assert w.data == 0.5


def test_threads_with_graphs_of_their_own_over_shared_leaves() -> None:
    w = Value(0.5, "w")

    def work(results: Any) -> None:
        for _ in range(200):
            y = w
            for _ in range(20):
                y = (y * w).tanh() + 0.1
            results.append([dy.data for dy in tg.grad(y, [w])])

    results = []
    threads = [threading.Thread(target=work, args=(results,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == 800
    assert all(each == results[0] for each in results)


# The graph


@pytest.mark.parametrize("seed", range(25))
def test_topological_order_and_backward_on_random_graphs(seed: int) -> None:
    y, _ = random_graph(seed)
    order = topological_order(y)
    assert order[-1] is y
    place = {node: k for k, node in enumerate(order)}
    assert len(place) == len(order)
    assert all(place[arg] < place[node] for node in order for arg in node.args)
    assert topological_order(y) == order

    adjoints = dict.fromkeys(order, 0.0)  # the chain rule in its plainest form
    adjoints[y] = 1.0
    for node in reversed(order):
        for arg, slope in zip(node.args, node.local_derivatives, strict=True):
            if not isinstance(arg, Constant):
                adjoints[arg] += slope * adjoints[node]
    y.backward()
    for node in order:
        assert node.grad == pytest.approx(adjoints[node], rel=1e-12, abs=1e-300)


def test_topological_order_of_several_roots() -> None:
    x = Value(1.0)
    a, b = x + 1.0, x * 2.0
    order = topological_order(a, b, a, constants=False)
    assert order == [x, a, b]


# Depth and memory


def chain(length: int) -> tuple[Value, Value]:
    x = Value(1.0, "x")
    y = x
    for _ in range(length // 2):
        y = y * 1.0000001 + 0.0000001
    return x, y


@pytest.mark.slow
def test_a_chain_of_a_million_nodes_is_built_differentiated_copied_and_freed() -> None:
    x, y = chain(1_000_000)
    y.backward()
    assert x.grad == pytest.approx(1.0000001**500_000, rel=1e-9)
    assert len(repr(y)) < 100
    assert copy.copy(y).args[0] is y.args[0]
    twin = copy.deepcopy(y)
    assert (twin.data, twin.grad) == (y.data, 1.0)
    del twin, y


@pytest.mark.slow
def test_a_long_chain_has_a_gradient_as_a_graph_and_is_pickled() -> None:
    x, y = chain(30_000)
    derivative = tg.grad(y, x)
    y.backward()
    assert derivative.data == x.grad
    again = pickle.loads(pickle.dumps(y))
    again.backward()
    [leaf] = [node for node in topological_order(again, constants=False) if node.op is None]
    assert (leaf.label, leaf.data) == ("x", 1.0)
    assert again.data == y.data


def test_2_to_the_200_paths() -> None:
    x = Value(1.0)
    y = x
    for _ in range(200):
        y = y + y
    assert leaf_grads(y, x) == [2.0**200]
    assert tg.grad(y, x).data == 2.0**200
    assert copy.deepcopy(y).data == pickle.loads(pickle.dumps(y)).data == 2.0**200
    assert len(topological_order(y)) == 201


def test_memory_goes_with_the_last_name() -> None:
    class Watched(Value):
        pass  # has a __dict__ and a __weakref__, unlike Value

    gc.disable()
    try:
        x = Watched(1.0)
        gone = weakref.ref(x)
        y = tg.logsumexp([(x * x).tanh() + 1.0, x / 2])
        y.backward()
        [d] = tg.grad(y, [x])
        assert y.args
        del x, y, d
        assert gone() is None
    finally:
        gc.enable()


def test_no_node_carries_a_dict() -> None:
    assert not hasattr(Value(1.0) * 2, "__dict__")
    assert sys.getsizeof(Value(1.0)) <= 96


# Copies


def test_deepcopy_keeps_what_is_shared() -> None:
    x = Value(2.0, "x")
    h = (x * 3.0).tanh()
    h.label = "h"
    pair = [h * x, h + 1.0, x]
    a, b, leaf = copy.deepcopy(pair)
    assert a.args[0] is b.args[0]
    assert a.args[1] is leaf
    assert a.args[0].label == "h"
    assert leaf is not x
    assert leaf_grads(a, leaf) == leaf_grads(pair[0], x)
    assert topological_order(a) != topological_order(pair[0])


def test_many_nodes_of_one_graph_are_copied_once_each() -> None:
    x = Value(1.0, "x")
    nodes = [x]
    for _ in range(2_000):
        nodes.append(nodes[-1] + 1.0)
    twins = copy.deepcopy(nodes)
    assert all(b.args[0] is a for a, b in pairwise(twins))
    gradients = copy.deepcopy(dict.fromkeys(nodes[:3], 1.0))
    assert len(gradients) == 3


def test_named_methods_refuse_what_operators_leave_to_others() -> None:
    with pytest.raises(TypeError, match="add with x takes a Value or a real number"):
        Value(2.0, "x").add([1.0])


def test_shallow_copy_shares_the_operands() -> None:
    x = Value(2.0)
    y = x * 3.0
    assert y.args
    z = copy.copy(y)
    assert z is not y
    assert z.args == y.args
    assert (z.data, z.op) == (6.0, tg.ops.mul)


def test_pickle_keeps_leaves_shared_gradients_and_labels() -> None:
    x, y = Value(2.0, "x"), Value(0.5, "y")
    z = tg.dot([x, y], [y, 3.0]) ** 2 / x
    z.label = "z"
    z.backward()
    assert z.args[1] is x
    back, leaf = pickle.loads(pickle.dumps([z, x]))
    assert (back.data, back.grad, back.label, back.op) == (z.data, 1.0, "z", tg.ops.div)
    assert back.args[1] is leaf
    assert leaf.grad == x.grad
    assert leaf_grads(back, leaf) == leaf_grads(z, x)


# NumPy


@pytest.mark.extras
def test_numpy_scalars_and_object_arrays() -> None:
    import numpy as np

    x = Value(2.0, "x")
    x.data -= np.float64(1.0)
    assert (type(x.data), x.data) == (float, 1.0)
    x.data = np.float32(2.0)
    assert type(x.data) is float
    for number in (np.float64(3.0), np.float32(0.5), np.int64(3), np.bool_(True)):
        for y in (x * number, number * x, x + number, number - x, x / number, x**number):
            assert isinstance(y, Value), number
            assert type(y.data) is float
    W = np.array([[Value(0.1), Value(0.2)], [Value(0.3), Value(0.4)]])
    v = np.array([1.0, -2.0])
    out = np.tanh(W @ v)
    assert [type(y) for y in out] == [Value, Value]
    assert out[0].data == pytest.approx(math.tanh(0.1 - 0.4))
    total = (out**2).sum()
    total.backward()
    assert W[0, 0].grad == pytest.approx(2 * out[0].data * (1 - out[0].data ** 2))
    assert (np.array([1.0, 2.0]) * x)[1].data == (x * np.array([1.0, 2.0]))[1].data == 4.0
    for ufunc in (
        np.exp,
        np.log,
        np.sqrt,
        np.sin,
        np.cos,
        np.tan,
        np.arctan,
        np.sinh,
        np.cosh,
        np.expm1,
        np.log1p,
        np.log2,
        np.log10,
        np.cbrt,
        np.arcsinh,
        np.arccosh,
        np.abs,
        np.negative,
    ):
        assert ufunc(np.array([x]))[0].data == pytest.approx(ufunc(2.0), rel=1e-15), ufunc
    assert np.arcsin(np.array([Value(0.5)]))[0].data == math.asin(0.5)
    assert np.arccos(np.array([Value(0.5)]))[0].data == math.acos(0.5)
    assert np.arctan2(np.array([Value(0.5)]), np.array([x]))[0].data == math.atan2(0.5, 2.0)
    assert np.arctanh(np.array([Value(0.5)]))[0].data == math.atanh(0.5)
    assert np.hypot(np.array([Value(3.0)]), 4.0)[0].data == 5.0


@pytest.mark.extras
def test_numpy_clips_by_picking_and_a_value_by_its_row() -> None:
    import numpy as np

    array = np.array([Value(-2.0), Value(0.5), Value(2.0)])
    low, inside, high = np.clip(array, -1.0, 1.0)
    assert (low, inside, high) == (-1.0, array[1], 1.0)
    x = Value(2.0)
    clipped = [x.clip(-1.0, 1.0), x.clip(low=-1.0, high=1.0)]
    assert [y.data for y in clipped] == [1.0, 1.0]
    bound = Value(1.0)
    x.clip(-1.0, bound).backward()
    assert (x.grad, bound.grad) == (0.0, 1.0)


# micrograd's programs


def test_micrograd_sanity_program_gives_its_numbers_bit_for_bit() -> None:
    # The program with which micrograd is tested against PyTorch; its numbers, made by micrograd 0.1.0, are stored as hex floats.
    x = Value(-4.0)
    z = 2 * x + 2 + x
    q = z.relu() + z * x
    h = (z * z).relu()
    y = h + q + q * x
    y.backward()
    assert (y.data, x.grad) == (-20.0, 46.0)

    a, b = Value(-4.0), Value(2.0)
    c = a + b
    d = a * b + b**3
    c += c + 1
    c += 1 + c + (-a)
    d += d * 2 + (b + a).relu()
    d += 3 * d + (b - a).relu()
    e = c - d
    f = e**2
    g = f / 2.0
    g += 10.0 / f
    g.backward()
    assert g.data.hex() == MICROGRAD_G
    assert (a.grad.hex(), b.grad.hex()) == MICROGRAD_GRADS


MICROGRAD_G = "0x1.8b43eb1a1f58dp+4"
MICROGRAD_GRADS = ("0x1.15aaea5b0e2e5p+7", "0x1.42c9e3a373af6p+9")
