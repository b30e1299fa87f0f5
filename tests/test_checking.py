"""The gradient check finds what is wrong, names it, and passes what is right."""

import dataclasses
import math
import random
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.graphs import random_graph
from tests.worked import worked_example
from tinygrad_bp import Value, check_gradients
from tinygrad_bp.checking import derivative

WRONG = {
    "2.001 for 2": (dataclasses.replace(tg.tanh, partials=(lambda y, x: 1.0005 * (1 - y * y),)), 0.3),
    "sign": (dataclasses.replace(tg.cos, partials=(lambda y, x: tg.sin(x),)), 0.7),
    "forgotten factor": (dataclasses.replace(tg.sqrt, partials=(lambda y, x: 1.0 / y,)), 2.0),
    "zero": (dataclasses.replace(tg.exp, partials=(lambda y, x: 0.0,)), 1.0),
    "relu that never dies": (dataclasses.replace(tg.relu, partials=(lambda y, x: 1.0,)), -1.0),
    "relu outside both its slopes": (dataclasses.replace(tg.relu, partials=(lambda y, x: 2.0,)), 0.0),
    "NaN": (dataclasses.replace(tg.log, partials=(lambda y, x: math.nan,)), 2.0),
    "infinite": (dataclasses.replace(tg.log, partials=(lambda y, x: math.inf,)), 2.0),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_rule_is_found_and_named(case: Any) -> None:
    rule, at = WRONG[case]
    x, other = Value(at, "x"), Value(1.5, "other")
    found = check_gradients(rule(x) * other + other.sin())
    assert not found
    assert [row.label for row in found.inputs if not row.ok] == ["x"]
    assert [(fault.operation, fault.operand) for fault in found.faults] == [(rule.name, 1)]
    text = str(found)
    assert "WRONG" in text
    assert f"the rule of {rule.name} is at fault: its derivative with respect to operand 1" in text
    assert "(x)" in text


def test_the_wrong_operand_of_two_is_named() -> None:
    swapped = dataclasses.replace(tg.ops.div, partials=tg.ops.div.partials[::-1])
    found = check_gradients(swapped(Value(2.0, "a"), Value(3.0, "b")))
    assert [(fault.operation, fault.operand) for fault in found.faults] == [("div", 1), ("div", 2)]


def test_data_changed_since_recording_is_said_and_no_rule_is_blamed() -> None:
    w, x = Value(2.0, "w"), Value(3.0, "x")
    y = (w * x).tanh() + w
    x.data = 0.1
    with pytest.raises(
        ValueError, match=r"changed after the value was computed from it \(x is now 0\.1\): compute the value anew"
    ):
        check_gradients(y)


@pytest.mark.parametrize("seed", range(15))
def test_random_graphs_pass(seed: int) -> None:
    y, _ = random_graph(seed, size=25)
    found = check_gradients(y)
    assert found, str(found)


def test_the_worked_network_passes_and_every_input_is_named() -> None:
    net, inputs, _, _ = worked_example()
    out_o1, out_o2 = net(inputs)
    found = check_gradients((0.01 - out_o1) ** 2 / 2 + (0.99 - out_o2) ** 2 / 2)
    rows = {row.label: row for row in found.inputs}
    assert set(rows) == {*(f"w{k}" for k in range(1, 9)), "b1", "b2", "i1", "i2"}
    assert rows["w5"].autograd == pytest.approx(0.082167040564230779, rel=1e-15)
    assert all(row.relative < 1e-9 for row in found.inputs)
    assert str(found).endswith("12 of 12 derivatives agree")


RIGHT = {
    "sin(x)": (lambda x: x.sin(), (-1e5, 1e5)),
    "sin(50x)": (lambda x: (50.0 * x).sin(), (-40, 40)),
    "sin(x * x)": (lambda x: (x * x).sin(), (10, 1e4)),
    "a bell far away": (lambda x: (-((x - 300.0) ** 2)).exp(), (295, 305)),
    "tan(x)": (lambda x: x.tan(), (-30, 30)),
    "tanh(x)": (lambda x: x.tanh(), (-20, 20)),
    "1e10 + x": (lambda x: 1e10 + x, (-1, 1)),
    "a difference of large numbers": (lambda x: (x + 1e8) - 1e8 + x * x, (-1, 1)),
    "exp near its end": (lambda x: x.exp(), (709.0, 709.7827)),
    "log near 0": (lambda x: x.log(), (1e-300, 1e-290)),
    "a square that underflows": (lambda x: x * x, (1e-300, 1e-200)),
    "x ** 1.5": (lambda x: x**1.5, (1e-10, 10)),
}


@pytest.mark.parametrize("name", RIGHT)
def test_no_right_rule_is_called_wrong(name: Any) -> None:
    f, (low, high) = RIGHT[name]
    draw = random.Random(name)
    for _ in range(60):
        found = check_gradients(f(Value(draw.uniform(low, high), "x")))
        assert found, str(found)


@pytest.mark.parametrize("rule", [tg.sin, tg.cos, tg.exp, tg.log, tg.sqrt, tg.sigmoid, tg.softplus, tg.atan, tg.cosh])
@pytest.mark.parametrize("factor", [0.0, 0.999, -1.0, 1e3])
def test_no_wrong_rule_passes_where_differences_can_tell(rule: Any, factor: float) -> None:
    wrong = dataclasses.replace(rule, partials=(lambda y, x: factor * rule.partials[0](y, x),))
    draw = random.Random(rule.name)
    for _ in range(30):
        x = draw.uniform(0.1, 12.0)
        if abs(rule.partials[0](rule(x), x)) > 1e-3:
            assert not check_gradients(wrong(Value(x, "x")) * 3.0), (rule.name, x)


def test_what_differences_cannot_tell_is_undecided_and_not_counted_as_agreement() -> None:
    found = check_gradients(tg.sigmoid(Value(40.0, "x")))
    assert [row.verdict for row in found.inputs] == ["undecided"]
    assert "0 of 1 derivatives agree, 1 cannot be decided (?)" in str(found)
    jump = check_gradients(tg.step(Value(0.0)))
    assert [row.verdict for row in jump.inputs] == ["undecided"]
    assert check_gradients(Value(math.nan, "x") * 2.0).faults == ()


def test_labels_cannot_steer_a_terminal() -> None:
    text = str(check_gradients(Value(1.0, "\x1b[31mred\nline") * 2.0))
    assert "\x1b" not in text
    assert len(text.splitlines()) == 3


def test_errors_are_absolute_relative_and_in_ulp() -> None:
    [row] = check_gradients(Value(0.5, "x") * 3.0).inputs
    assert (row.autograd, row.data) == (3.0, 0.5)
    assert row.absolute == abs(row.autograd - row.difference)
    assert row.relative == row.absolute / max(row.autograd, row.difference)
    assert row.ulps == row.absolute / math.ulp(row.difference)


def test_nothing_is_changed() -> None:
    x = Value(0.5, "x")
    y = x.tanh() * x
    x.grad, y.grad = 3.0, 4.0
    check_gradients(y)
    assert (x.data, x.grad, y.grad) == (0.5, 3.0, 4.0)


def test_kinks_and_edges() -> None:
    zero = Value(0.0, "z")
    assert "a kink: the slope is 0 on the left, 1 on the right" in str(check_gradients(zero.relu()))
    assert check_gradients(zero.relu())
    assert check_gradients(abs(zero) + tg.maximum(zero, 0.0))
    assert check_gradients(zero.sqrt())
    assert check_gradients(Value(1.0).acos())


def test_a_function_is_called_again_with_its_branches() -> None:
    def f(a: Any, b: Any) -> Any:
        return a * b if a > 0 else b.sin()

    found = check_gradients(f, [2.0, Value(3.0, "b")])
    assert found
    assert [(row.label, row.autograd) for row in found.inputs] == [("input 1", 3.0), ("b", 2.0)]
    assert [row.autograd for row in check_gradients(f, [-2.0, 3.0]).inputs] == [0.0, math.cos(3.0)]
    assert check_gradients(lambda a: Value(1.0) * 2, [5.0]).inputs[0].autograd == 0.0


def test_only_the_inputs_asked_for() -> None:
    a, b = Value(2.0, "a"), Value(3.0, "b")
    assert [row.label for row in check_gradients(a * b, [b]).inputs] == ["b"]


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        ((3.0,), TypeError, "takes a Value or a function that returns one, not float 3.0"),
        ((lambda: None,), ValueError, "needs the inputs"),
        ((lambda a: 3.0, [1.0]), TypeError, "the function returned float 3.0"),
        ((lambda a: a, ["1"]), TypeError, "input 1 takes"),
        ((Value(1.0) * 2, 3.0), TypeError, "inputs is a sequence"),
        ((Value(1.0) * 2, [2.0]), TypeError, "input 1 must be a leaf"),
        ((Value(1.0) * 2, [Value(1.0)]), ValueError, "not among the leaves"),
    ],
)
def test_wrong_arguments_are_named(arguments: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        check_gradients(*arguments)


def test_a_tolerance_out_of_range() -> None:
    for tolerance in (0, 1, -1.0, math.nan):
        with pytest.raises(ValueError, match="between 0 and 1"):
            check_gradients(Value(1.0), tolerance=tolerance)
    with pytest.raises(TypeError, match="tolerance takes a real number, not str 'a'"):
        check_gradients(Value(1.0), tolerance="a")


@pytest.mark.parametrize(
    ("f", "x", "exact"),
    [
        (math.exp, 1.0, math.e),
        (math.log, 1e-8, 1e8),
        (lambda x: math.sin(1e4 * x), 0.3, 1e4 * math.cos(3e3)),
        (lambda x: x**9, 0.0, 0.0),
        (math.atan, 1e3, 1 / (1 + 1e6)),
        (lambda x: 1 / x, -1e-3, -1e6),
    ],
)
def test_the_extrapolated_difference_knows_how_good_it_is(f: Any, x: float, exact: Any) -> None:
    found, uncertainty = derivative(f, x)
    assert found == pytest.approx(exact, rel=1e-8, abs=1e-12)
    assert abs(found - exact) <= 10 * uncertainty
