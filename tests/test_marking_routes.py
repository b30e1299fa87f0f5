"""A step may be taken in more than one way, and a sigmoid may be in the graph or in the cross entropy: marks know all of these."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from tests.rounds import named, softmax_by_hand
from tinygrad_bp import Value, log, mark
from tinygrad_bp.lessons.derivation import Derivation


def test_one_more_right_answer_makes_no_sound_step_wrong() -> None:
    error = softmax_by_hand()
    found = Derivation(error)
    p1, p2 = found["p_o1"].value, found["p_o2"].value
    slope = -1.0 / round(p1, 2)
    delta = round(slope, 3) * -p1 * p2  # by the chain rule, and not p - y
    answers = {"p_o1": f"{p1:.2f}", "dE/dp_o1": f"{slope:.3f}", "delta_o2": f"{delta:.4f}"}
    assert mark(error, answers)["delta_o2"].verdict == "rounded"
    more = mark(error, {**answers, "p_o2": f"{p2:.4f}"})
    assert more["delta_o2"].verdict == "rounded"


def logistic(cases: int, leaf: bool) -> Value:
    """A neuron with its sigmoid in the graph, and the cross entropy written out."""
    w, b = Value(-0.6, "w"), Value(0.25, "b")
    errors = []
    for x, t in [(1.1, 0.0), (-0.8, 1.0), (0.3, 0.0)][:cases]:
        out = named(named(w * Value(x, "x") + b, "net_o1").sigmoid(), "out_o1")
        y = Value(t, "y") if leaf else t
        errors.append(named(-(y * log(out) + (1 - y) * log(1 - out)), "E"))
    if cases == 1:
        return errors[0]
    total = errors[0]
    for error in errors[1:]:
        total = total + error
    return named(total / cases, "loss")


@pytest.mark.parametrize("leaf", [False, True])
@pytest.mark.parametrize("cases", [1, 3])
@pytest.mark.parametrize(
    ("asked", "of", "key"),
    [
        ("E", lambda p, n: -math.log(p), "targetTurned"),
        ("delta_o1", lambda p, n: (p - 1.0) / n, "targetTurned"),
        ("delta_o1", lambda p, n: p * p * (1.0 - p) / n, "softmaxSlope"),
    ],
)
def test_mistakes_in_a_cross_entropy_whose_sigmoid_is_in_the_graph(
    cases: int, leaf: bool, asked: str, of: Callable[[float, int], float], key: str
) -> None:
    p = 1.0 / (1.0 + math.exp(0.6 * 1.1 - 0.25))  # of the first case, whose target is 0
    name = asked if cases == 1 else f"{asked}[1]"
    [found] = mark(logistic(cases, leaf), {name: f"{of(p, cases):.6g}"})
    assert key in found.keys


def test_the_target_that_is_not_subtracted_is_named() -> None:
    p = 1.0 / (1.0 + math.exp(-0.6 * 0.8 - 0.25))  # of the second case, whose target is 1
    [found] = mark(logistic(3, leaf=True), {"delta_o1[2]": f"{p / 3.0:.6g}"})
    assert found.keys[0] == "targetForgotten"


def test_two_decimals_are_not_blamed_on_a_step() -> None:
    w, x = Value(-0.8, "w"), Value(0.55, "x")
    out = named(named(w * x + Value(0.1, "b"), "net_o1").tanh(), "out_o1")
    error = named((out - Value(-0.3, "t")) ** 2, "E")
    right = Derivation(error)
    out_, gap = round(right["out_o1"].value, 2), round(right["dE/dout_o1"].value, 2)
    product = gap * round(1.0 - out_**2, 2)
    answers = {"dE/dout_o1": f"{gap:.2f}", "dout_o1/dnet_o1": f"{1.0 - out_**2:.2f}", "delta_o1": f"{product:.2f}"}
    found = mark(error, answers)
    assert found["delta_o1"].verdict in ("right", "few", "rounded")
    assert found.first_wrong is None
    turned = mark(error, {**answers, "delta_o1": f"{-product:.2f}"})
    assert turned["delta_o1"].verdict == "wrong"
