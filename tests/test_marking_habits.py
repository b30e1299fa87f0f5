"""Habits that lead to wrong numbers: parentheses, the wrong function, a digit in another's place, a factor twice, a mean where none is."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from tests.rounds import named, softmax_by_hand
from tinygrad_bp import Value, exp, mark
from tinygrad_bp.lessons.derivation import Derivation

Of = Callable[[str], float]


def network() -> Value:
    """1-1-1, tanh and then a sigmoid, with half the square."""
    x, w, b = Value(0.65, "x"), Value(-1.25, "w"), Value(0.42, "b")
    h = named(named(w * x + b, "net_h1").tanh(), "out_h1")
    out = named(named(Value(0.85, "v") * h + Value(-0.31, "c"), "net_o1").sigmoid(), "out_o1")
    return named((Value(0.2, "target_o1") - out) ** 2 / 2, "E")


def recurrent() -> Value:
    """Four steps of time, and one error."""
    u, r, b = Value(0.7, "u"), Value(-0.9, "r"), Value(0.15, "b")
    h = Value(0.35, "h0")
    for k, x in enumerate([0.5, -0.8, 0.3, 0.6], 1):
        h = named(named(u * Value(x, f"x{k}") + r * h + b, f"net_h{k}").tanh(), f"h{k}")
    y = named(Value(1.4, "q") * h, "y")
    return named((y - Value(0.25, "t")) ** 2, "loss")


def formula() -> Value:
    """A charge that leaks away: a quotient by a product."""
    q, r, c, t = Value(2.4, "Q"), Value(1.7, "R"), Value(0.6, "C"), Value(0.9, "T")
    rate = named(t / (r * c), "s")
    return named(q * exp(-rate), "q_t")


def sigmoid(z: float) -> float:
    return 1.0 / (1.0 + math.exp(-z))


CASES: list[tuple[Callable[[], Value], str, Callable[[Of], float], str, str]] = [
    (network, "dout_o1/dnet_o1", lambda of: of("out_o1") ** 2, "replaced", "out_o1 ** 2 is taken"),
    (network, "dout_o1/dnet_o1", lambda of: of("out_o1") * (1 + of("out_o1")), "replaced", "out_o1 * (1 + out_o1)"),
    (network, "delta_o1", lambda of: (of("out_o1") - 0.2) * of("out_o1") ** 2, "replaced", "out_o1 ** 2 is taken"),
    (network, "out_o1", lambda of: 1.0 + math.exp(-of("net_o1")), "replaced", "1 / 1 + exp(-net_o1) is taken"),
    (network, "out_o1", lambda of: 1.0 / (1.0 - math.exp(-of("net_o1"))), "replaced", "1 / (1 - exp(-net_o1))"),
    (network, "net_h1", lambda of: -1.25 * (0.65 + 0.42), "biasWeighed", "bias b is multiplied by the weight w"),
    (network, "net_h1", lambda of: -1.25 * 0.65**2 + 0.42, "twice", "x = 0.65"),
    (network, "out_h1", lambda of: math.tan(of("net_h1")), "otherFunction", "tan is applied to net_h1, not tanh"),
    (network, "out_h1", lambda of: math.sinh(of("net_h1")), "otherFunction", "sinh is applied"),
    (network, "out_h1", lambda of: math.atan(of("net_h1")), "otherFunction", "atan is applied"),
    (network, "out_h1", lambda of: sigmoid(of("net_h1")), "otherFunction", "sigmoid is applied to net_h1, not tanh"),
    (network, "E", lambda of: (of("out_o1") ** 2 - 0.2**2) / 2, "squareOfEach", "each number in target_o1 - out_o1"),
    (network, "E", lambda of: abs(of("out_o1") - 0.2), "absolute", "absolute value"),
    (recurrent, "loss", lambda of: math.sqrt(of("loss")), "root", "square root of loss"),
    (recurrent, "dloss/du", lambda of: of("dloss/du") / 4.0, "meaned", "dividing by 4"),
    (
        recurrent, "delta_h2", lambda of: of("delta_h4") * -0.9 * (1.0 - of("h2") ** 2), "replaced",
        "delta_h4 is taken for delta_h3",
    ),
    (softmax_by_hand, "E", lambda of: of("E") / 3.0, "meaned", "dividing by 3"),
    (softmax_by_hand, "E", lambda of: (1.0 - of("p_o1")) ** 2, "squaredForEntropy", "squared error"),
    (softmax_by_hand, "dp_o1/dnet_o2", lambda of: of("p_o1") * (1.0 - of("p_o1")), "ownClass", "its own class"),
    (formula, "s", lambda of: 0.9 / 1.7 * 0.6, "divisorAlone", "R * C"),
]  # fmt: skip


@pytest.mark.parametrize("digits", [9, 6])
@pytest.mark.parametrize(("graph", "asked", "change", "key", "said"), CASES)
def test_it_is_named(
    graph: Callable[[], Value], asked: str, change: Callable[[Of], float], key: str, said: str, digits: int
) -> None:
    loss = graph()
    right = Derivation(loss)
    [found] = mark(loss, {asked: f"{change(lambda name: right[name].value):.{digits}g}"})
    assert key in found.keys
    assert any(said in cause for cause in found.causes), found.causes


@pytest.mark.parametrize("asked", ["net_h1", "out_h1", "out_o1", "dE/dw"])
def test_two_digits_in_each_others_place_are_called_so(asked: str) -> None:
    loss = network()
    text = f"{Derivation(loss)[asked].value:.6f}"
    place = next(
        k for k in range(len(text) - 3, 0, -1) if text[k].isdigit() and text[k + 1].isdigit() and text[k] != text[k + 1]
    )
    turned = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
    [found] = mark(loss, {asked: turned})
    assert found.keys == ["digits"]
    assert turned in found.causes[0]


def test_nothing_is_rounded_too_early_where_nothing_comes_before() -> None:
    product = named(Value(0.75, "w") * Value(1.3, "x"), "net")
    [found] = mark(product, {"net": "0.9779"})
    assert "rounded" not in found.keys


def test_a_quantity_that_is_computed_later_is_no_cause() -> None:
    loss = network()
    later = Derivation(loss)["net_o1"].value
    [found] = mark(loss, {"net_h1": f"{-1.25 * later + 0.42:.7g}"})
    assert not any("net_o1" in cause for cause in found.causes)


def test_of_several_steps_of_time_one_alone_comes_before_a_term_forgotten() -> None:
    loss = recurrent()
    right = Derivation(loss)
    [found] = mark(loss, {"dloss/du": f"{right['delta_h4'].value * 0.6:.7g}"})
    assert found.keys[0] in ("onlyPath", "path")
    assert "net_h4" in found.causes[0]


def test_the_2_of_the_square_comes_before_a_learning_rate_of_one_half() -> None:
    loss = recurrent()
    right = Derivation(loss)
    [found] = mark(loss, {"dloss/dy": f"{right['y'].value - 0.25:.7g}"}, lr=0.5)
    assert found.keys[0] == "halved"
