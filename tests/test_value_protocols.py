"""What asks a Value for a plain number is told what to write; gradients that are None, data that follows, graphs pickled in parts."""

import copy
import math
import multiprocessing
import pickle
import re
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from typing import Any

import pytest

import tinygrad_bp as tg
from tinygrad_bp import Value, grad

PLAIN: dict[str, Callable[[Any], Any]] = {
    "float": float, "int": int, "complex": complex, "round": round, "round to": lambda v: round(v, 2), "trunc": math.trunc,
    "floor": math.floor, "ceil": math.ceil, "//": lambda v: v // 2, "r//": lambda v: 2 // v, "%": lambda v: v % 2,
    "r%": lambda v: 2.5 % v, "divmod": lambda v: divmod(v, 2), "rdivmod": lambda v: divmod(2, v), "index": lambda v: [1, 2][v],
    "math.exp": math.exp, "range": range, "with a Value": lambda v: v // v,
}  # fmt: skip


@pytest.mark.parametrize("ask", PLAIN.values(), ids=PLAIN)
def test_no_plain_number_is_made_of_a_value(ask: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match=r"label='v'.*would leave the graph.*write \.data"):
        ask(Value(2.0, "v"))


def test_the_method_to_write_in_its_place_is_that_of_the_value_asked() -> None:
    for label, said in (("x", "(x.exp())"), ("out_h1", "(out_h1.exp())"), ("", "(.exp())"), ("two words", "(.exp())")):
        with pytest.raises(TypeError, match=re.escape(f"method of Value {said} in place of math's")):
            math.exp(Value(2.0, label))


@pytest.mark.extras
def test_statistics_of_numpy() -> None:
    import numpy as np

    xs = [Value(1.0), Value(2.0), Value(4.0)]
    array, numbers = np.array(xs), np.array([1.0, 2.0, 4.0])
    for f in (
        np.std,
        np.var,
        np.mean,
        np.linalg.norm,
        lambda a: np.vdot(a, a),
        lambda a: np.linalg.norm([a, a], axis=1)[0],
        lambda a: np.fabs(-a).sum(),
        lambda a: np.exp2(a).sum(),
    ):
        y = f(array)
        assert y.data == pytest.approx(float(f(numbers)), rel=1e-14)
        y.backward()
    assert all(x.grad for x in xs)
    with pytest.raises(TypeError, match=r"would leave the graph.*write \.data"):
        np.round(array)


def test_a_gradient_of_none_counts_as_0() -> None:
    a, b, c = Value(3.0, "a"), Value(2.0, "b"), Value(5.0, "c")
    y = a * a * b + tg.dot([a, b, c], [b, a, 2.0]) + b
    y.backward()
    wanted = [v.grad for v in (a, b, c)]
    for cleared in ([a], [b], [c], [a, c], [a, b, c]):
        for v in (a, b, c):
            v.grad = None if v in cleared else 0.0  # type: ignore[assignment]
        y.backward()
        assert [v.grad for v in (a, b, c)] == wanted
    a.grad = None  # type: ignore[assignment]
    a.backward()
    assert a.grad == 1.0


def test_a_gradient_that_is_no_number_is_named() -> None:
    a = Value(3.0, "a")
    a.grad = "large"  # type: ignore[assignment]
    with pytest.raises(TypeError, match=r"the gradient of a is 'large', which is no number; set it to 0\.0"):
        (a * 2.0).backward()


def test_only_the_data_of_leaves_can_be_set() -> None:
    x = Value(2.0, "x")
    y = x * 3.0
    y.label = "y"
    with pytest.raises(AttributeError, match=r"label='y'.*was computed by mul: only the data of a leaf can be set"):
        y.data = 7.0
    x.data = 4.0
    assert (x.data, y.data) == (4.0, 6.0)


def test_a_missing_derivative_is_named_by_its_operand() -> None:
    with pytest.raises(
        ValueError, match=r"pow has no derivative with respect to b at -3\.0 \(a\), 2\.0 \(b\): it needs a base >= 0"
    ):
        Value(-3.0, "a") ** Value(2.0, "b")


def test_nan_wins_over_domains() -> None:
    assert math.isnan((Value(math.nan) / 0.0).data)
    assert math.isnan((Value(-2.0) ** math.nan).data)
    y = Value(math.nan, "a") / Value(0.0, "b")
    assert all(map(math.isnan, (y.data, *y.local_derivatives)))
    with pytest.raises(ValueError, match="pow is undefined at -1e"):
        Value(-1e200) ** 2.5


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("dump", [pickle.dumps, pickle._dumps])  # type: ignore[attr-defined]
def test_values_pickled_together_stay_one_graph(protocol: int, dump: Callable[..., bytes]) -> None:
    x = Value(2.0, "x")
    h = x * x
    h.label = "h"
    y = h**3.0 + tg.dot([h, x], [1.0, h])
    for things in ((h, y), (y, h)):
        back = pickle.loads(dump(things, protocol))
        h2, y2 = (back[things.index(v)] for v in (h, y))
        assert h2 in set(tg.topological_order(y2))
        assert grad(y2, h2).data == grad(y, h).data
    back = pickle.loads(dump({"model": [y, {"inner": h}], "leaf": x}, protocol))
    y2, h2, x2 = back["model"][0], back["model"][1]["inner"], back["leaf"]
    assert (grad(y2, h2).data, grad(y2, x2).data) == (grad(y, h).data, grad(y, x).data)
    assert [v.label for v in (h2, x2)] == ["h", "x"]


def test_pickling_a_deep_graph_with_a_node_from_its_middle() -> None:
    x = Value(1.0, "x")
    y, middle = x, x
    for k in range(20_000):
        y = y * 1.0001 + 0.1
        middle = y if k == 10_000 else middle
    m2, y2 = pickle.loads(pickle.dumps((middle, y)))
    assert grad(y2, m2).data == grad(y, middle).data
    y3 = pickle.loads(pickle.dumps(y))
    y3.backward()
    y.backward()
    assert [leaf.grad for leaf in tg.topological_order(y3, constants=False)[:1]] == [x.grad]


def test_threads_pickle_at_once() -> None:
    x = Value(2.0, "x")
    y = (x * x + x).tanh()
    found: list[float] = []

    def work() -> None:
        for _ in range(200):
            found.append(pickle.loads(pickle.dumps((y, x)))[0].data)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [y.data] * 800


def parts_of_a_graph(number: float) -> tuple[Value, Value]:
    h = Value(number, "x") ** 2.0
    return h, h * 3.0


def test_what_a_worker_process_returns_is_one_graph() -> None:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        h, y = pool.submit(parts_of_a_graph, 2.0).result()
    assert grad(y, h).data == 3.0


def test_copies_of_parts_stay_one_graph() -> None:
    h, y = parts_of_a_graph(2.0)
    h2, y2 = copy.deepcopy((h, y))
    assert h2 is not h
    assert grad(y2, h2).data == 3.0


class Carrying(Value):
    """A Value that carries what it likes."""


def test_a_leaf_that_leads_back_to_its_result_is_pickled() -> None:
    w = Carrying(2.0, "w")
    w.result = w * 3.0  # type: ignore[attr-defined]
    back = pickle.loads(pickle.dumps(w))
    assert back.result.operands == (back, 3.0)


def test_what_only_looks_like_a_value_is_refused() -> None:
    class Likeness:
        _data = 2.0

    with pytest.raises(TypeError, match="hypot with a takes a Value or a real number, not Likeness"):
        tg.hypot(Value(3.0, "a"), Likeness())  # type: ignore[arg-type]


def test_a_subclass_in_the_second_place_gets_its_gradient_in_copies_too() -> None:
    from tinygrad_bp.core.copying import copied_onto

    a, w = Value(2.0), Carrying(3.0)
    copied_onto(a * Value(3.0), tg.ops.mul, [a, w]).backward()
    assert w.grad == 2.0


def test_an_operation_of_ones_own_gives_a_float_and_its_errors_in_words() -> None:
    import json

    two = tg.Operation("two", lambda x: 2, (lambda y, x: 0.0,), "two({})", "", "2")
    assert type(two(1.0)) is float
    assert type(two(Value(1.0)).data) is float
    parse = tg.Operation("parse", lambda x: json.loads("{"), (lambda y, x: 0.0,), "parse({})", "", "p")
    with pytest.raises(ValueError, match=r"parse is undefined at 1\.0"):
        parse(1.0)
    few = tg.Reduction("few", lambda *xs: xs[0], lambda y, *xs: [1.0], lambda b, t: "few()", lambda b, t: "", "few")
    with pytest.raises(
        TypeError, match="few: its derivative cannot be computed: it gives 1 derivatives for 2 operands"
    ):
        few([Value(1.0), Value(2.0)])
    anything = tg.Operation(
        "anything", lambda *xs: sum(xs), lambda y, *xs: [1.0] * len(xs), lambda b, t: "f()", lambda b, t: "", "f"
    )
    assert "anything" in str(anything.__doc__)


def test_a_type_error_that_is_not_of_gradients_goes_on() -> None:
    class Refusing(Value):
        @property
        def grad(self) -> float:  # type: ignore[override]
            return 0.0

        @grad.setter
        def grad(self, x: float) -> None:
            if x:
                raise TypeError("not this one")

    with pytest.raises(TypeError, match="not this one"):
        (Refusing(2.0) * 3.0).backward()


def test_what_has_no_label_has_an_empty_one() -> None:
    x = Value(1.0)
    assert [x.label, (x * 2.0).label, (0.5 * x).args[0].label] == ["", "", ""]


@pytest.mark.parametrize("make", [lambda x: 0.5 * x, lambda x: x / 0.5, lambda x: tg.dot([x, 0.5], [0.25, x])])
def test_a_look_at_the_arguments_changes_nothing(make: Callable[[Any], Any]) -> None:
    x = Value(2.0, "x")
    y = make(x).exp()
    [product] = y.operands
    before = product.operands, product.numbers, product.local_derivatives, pickle.dumps(y), repr(product)
    constants = [argument for argument in product.args if isinstance(argument, tg.Constant)]
    assert [constant.data for constant in constants] == [number for number in product.operands if type(number) is float]
    assert [argument for argument in product.args if isinstance(argument, tg.Constant)] == constants
    assert (product.operands, product.numbers, product.local_derivatives, pickle.dumps(y), repr(product)) == before
    y.backward()
    assert (
        x.grad
        == grad(y, x).data
        == make(Value(2.0)).exp().data
        * sum(local for operand, local in zip(product.operands, product.local_derivatives, strict=True) if operand is x)
    )
    assert {constant.grad for constant in constants} == {0.0}
