"""Numbers beside which nothing can be marked, the last digit of what was typed, and names whose brackets are their own."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tinygrad_bp import Value, lesson, mark


def of_cases() -> Value:
    """Two cases of one neuron, whose names have numbers in brackets."""
    w, b = Value(0.7, "w[1]"), Value(-0.2, "b")
    errors = []
    for k, (x, t) in enumerate([(0.6, 1.0), (-1.1, 0.0)], 1):
        net = w * Value(x, f"x[{k}]") + b
        net.label = f"net_o1[{k}]"
        out = net.tanh()
        out.label = f"out_o1[{k}]"
        errors.append((out - Value(t, f"t[{k}]")) ** 2)
    loss = (errors[0] + errors[1]) / 2
    loss.label = "MSE"
    return loss


@pytest.mark.parametrize("answer", ["1", "0", 1e300])
def test_beside_an_infinite_number_nothing_is_marked(answer: str | float) -> None:
    w = Value(1e200, "w")
    y = w * w
    y.label = "y"
    with pytest.raises(ValueError, match=r"mark: .*finite.* y, the result of mul of w = 1e\+200 .* is inf"):
        mark(y, {"y": answer})
    with pytest.raises(ValueError, match=r"lesson: .*finite.* y, the result of mul"):
        lesson(y)


def test_an_infinite_derivative_is_refused_by_its_name_and_the_rest_is_marked() -> None:
    a = Value(0.0, "a")
    root = a.sqrt()
    root.label = "y"
    with pytest.raises(ValueError, match="mark: the right number of dy/da is inf"):
        mark(root, {"dy/da": "1"})
    assert mark(root, {"y": "0"}).ok


@pytest.mark.parametrize("decimals", range(4, 13))
def test_the_last_digit_counts_up_to_the_twelfth(decimals: int) -> None:
    y = (Value(0.3, "w") * Value(3.51, "x")).sigmoid()
    y.label = "y"
    unit = Decimal(1).scaleb(-decimals)
    right = Decimal(y.data).quantize(unit)
    wrong = [right + unit, right - unit, right + (unit / 2 if right > Decimal(y.data) else -unit / 2)]
    assert mark(y, {"y": str(right)}).ok
    assert [mark(y, {"y": str(each)})["y"].verdict for each in wrong] == ["wrong"] * 3


def test_what_a_program_printed_in_full_may_have_been_added_up_in_another_order() -> None:
    y = Value.__add__(Value(0.1, "a") + Value(0.2, "b"), Value(0.3, "c"))
    y.label = "y"
    assert mark(y, {"y": repr(0.1 + (0.2 + 0.3))}).ok


@pytest.mark.parametrize(
    ("asked", "name"),
    [
        ("grad w[1]", "dMSE/dw[1]"),
        ("gradient of x[2]", "dMSE/dx[2]"),
        ("∇net_o1[2]", "dMSE/dnet_o1[2]"),
        ("勾配 net_o1[1]", "dMSE/dnet_o1[1]"),
        ("grad(b)", "dMSE/db"),
        ("grad[x[1]]", "dMSE/dx[1]"),
        ("w[1].grad", "dMSE/dw[1]"),
    ],
)
def test_brackets_of_a_name_are_not_those_around_it(asked: str, name: str) -> None:
    loss = of_cases()
    [found] = mark(loss, {asked: "1"})
    [same] = mark(loss, {name: "1"})
    assert found.name == same.name
