"""Mistakes that people make, planted into derivations by plain floats: they are named, and what is right is never called wrong."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.hand import Hand, networks
from tinygrad_bp.lessons.marking import Marks, mark

TANH, WORKED, DEEP, RELU = "2-3-1 tanh", "2-2-2", "3-4-4-2", "2-2-2 relu"

# The network, what is done otherwise and how, which quantity is the first wrong one, and how its cause is called.
PLANTED: list[tuple[str, str, Callable[..., float], str, set[str]]] = [
    (WORKED, "out_h1", lambda right, net: net, "out_h1", {"function", "another"}),
    (WORKED, "out_o2", lambda right, net: right * (1 - right), "out_o2", {"slopeFor"}),
    (WORKED, "out_o1", lambda right, net: math.tanh(net), "out_o1", {"otherFunction"}),
    (WORKED, "out_h2", lambda right, net: 1 / (1 + math.exp(net)), "out_h2", {"argumentSign"}),
    (TANH, "out_h3", lambda right, net: net, "out_h3", {"function", "another"}),
    (TANH, "out_h1", lambda right, net: 1 / (1 + math.exp(-net)), "out_h1", {"otherFunction"}),
    (WORKED, "net_h1", lambda right, w, a, b: right - b, "net_h1", {"bias"}),
    (DEEP, "net_h23", lambda right, w, a, b: right - b, "net_h23", {"bias"}),
    (TANH, "net_h2", lambda right, w, a, b: right - w[1] * a[1], "net_h2", {"summand"}),
    (TANH, "net_o1", lambda right, w, a, b: right - 2 * w[2] * a[2], "net_o1", {"summandSign"}),
    (WORKED, "net_o1", lambda right, w, a, b: w[0] * a[1] + w[1] * a[0] + b, "net_o1", {"swapped"}),
    (DEEP, "net_h12", lambda right, w, a, b: right + (w[1] - w[0]) * a[0], "net_h12", {"replaced"}),
    (WORKED, "E_o1", lambda right, t, o: (t - o) ** 2, "E_o1", {"doubled"}),
    (WORKED, "E_o2", lambda right, t, o: 0.5 * (t - o), "E_o2", {"power"}),
    (WORKED, "E_o2", lambda right, t, o: 0.5 * (t + o) ** 2, "E_o2", {"summandSign"}),
    (WORKED, "E_total", lambda right, errors: right / 2, "E_total", {"meaned", "halved"}),
    (WORKED, "E_total", lambda right, errors: errors[0], "E_total", {"summand", "another"}),
    (WORKED, "dE/dout_o1", lambda right, t, o: t - o, "dE/dout_o1", {"sign", "exchanged"}),
    (TANH, "dE/dout_o1", lambda right, t, o: t - o, "dE/dout_o1", {"sign", "exchanged"}),
    (WORKED, "dE/dout_o2", lambda right, t, o: 2 * right, "dE/dout_o2", {"doubled"}),
    (DEEP, "dE/dout_o1", lambda right, t, o: right / 2, "dE/dout_o1", {"halved"}),
    (WORKED, "dE/dout_o1", lambda right, t, o: 0.5 * (t - o) ** 2, "dE/dout_o1", {"another", "of"}),
    (WORKED, "slope_o1", lambda right, net, out: 1 - out, "dout_o1/dnet_o1", {"replaced"}),
    (WORKED, "slope_h1", lambda right, net, out: net * (1 - net), "dout_h1/dnet_h1", {"replaced"}),
    (TANH, "slope_h2", lambda right, net, out: 1 - net**2, "dout_h2/dnet_h2", {"replaced"}),
    (TANH, "slope_o1", lambda right, net, out: out * (1 - out), "dout_o1/dnet_o1", {"replaced"}),
    (DEEP, "slope_h21", lambda right, net, out: 1 - out, "dout_h21/dnet_h21", {"replaced"}),
    (RELU, "slope_h1", lambda right, net, out: out, "dout_h1/dnet_h1", {"replaced", "another"}),
    (WORKED, "slope_h2", lambda right, net, out: out, "dout_h2/dnet_h2", {"replaced", "another"}),
    (WORKED, "delta_o1", lambda right, come, slope: come, "delta_o1", {"omitted", "another"}),
    (TANH, "delta_h1", lambda right, come, slope: come, "delta_h1", {"omitted", "another"}),
    (WORKED, "delta_o2", lambda right, come, slope: slope, "delta_o2", {"omitted", "another"}),
    (DEEP, "delta_h13", lambda right, come, slope: right * slope, "delta_h13", {"twice"}),
    (RELU, "delta_o1", lambda right, come, slope: -right, "delta_o1", {"sign", "exchanged"}),
    (WORKED, "dE/dout_h1", lambda right, d, w: d[0] * w[0], "dE/dout_h1", {"path"}),
    (DEEP, "dE/dout_h12", lambda right, d, w: right - d[2] * w[2], "dE/dout_h12", {"path"}),
    (DEEP, "dE/dout_h22", lambda right, d, w: d[1] * w[1], "dE/dout_h22", {"path"}),
    (WORKED, "dE/dout_h2", lambda right, d, w: d[0] * w[0] - d[1] * w[1], "dE/dout_h2", {"pathSign"}),
    (WORKED, "dE/dw5", lambda right, d, x: d, "dE/dw5", {"omitted", "another"}),
    (WORKED, "dE/dw6", lambda right, d, x: x, "dE/dw6", {"omitted", "another", "replaced"}),
    (TANH, "dE/dw3", lambda right, d, x: 0.2 * right, "dE/dw3", {"rate"}),
    (TANH, "dE/dw4", lambda right, d, x: -right, "dE/dw4", {"sign"}),
    (WORKED, "dE/dw7", lambda right, d, x: 10 * right, "dE/dw7", {"point"}),
    (DEEP, "dE/dw30", lambda right, d, x: right * x, "dE/dw30", {"twice"}),
    (WORKED, "dE/db_o1", lambda right, d: 1.0, "dE/db_o1", {"another"}),
    (WORKED, "w5+", lambda right, old, g, lr: old + lr * g, "w5+", {"updateSign"}),
    (WORKED, "w6+", lambda right, old, g, lr: old - g, "w6+", {"rateForgotten"}),
    (TANH, "w2+", lambda right, old, g, lr: old - lr * lr * g, "w2+", {"rateTwice"}),
    (TANH, "w1+", lambda right, old, g, lr: -lr * g, "w1+", {"stepAlone"}),
    (DEEP, "w31+", lambda right, old, g, lr: old, "w31+", {"notUpdated"}),
    (RELU, "w5+", lambda right, old, g, lr: lr * g, "w5+", {"stepAlone"}),
]


def planted(name: str, where: str, change: Callable[..., float]) -> Hand:
    hand = networks()[name]
    hand.changes[where] = change
    return hand


@pytest.mark.parametrize("digits", [17, 6])
@pytest.mark.parametrize(("name", "where", "change", "first", "keys"), PLANTED)
def test_a_planted_mistake_is_the_first_wrong_step_and_is_named(
    name: str, where: str, change: Callable[..., float], first: str, keys: set[str], digits: int
) -> None:
    hand = planted(name, where, change)
    answers = {key: x if digits == 17 else f"{x:.{digits}g}" for key, x in hand.derive().items()}
    found = mark(hand.graph(), answers, lr=hand.rate)
    assert found.first_wrong is not None
    assert found.first_wrong.name == found[first].name
    assert set(found.first_wrong.keys) & keys, found.first_wrong


@pytest.mark.parametrize(("name", "where", "change", "first", "keys"), PLANTED)
def test_what_follows_from_a_mistake_is_told_apart(
    name: str, where: str, change: Callable[..., float], first: str, keys: set[str]
) -> None:
    hand = planted(name, where, change)
    found = mark(hand.graph(), hand.derive(), lr=hand.rate)
    assert [each.name for each in found if each.verdict == "wrong"] == [found.first_wrong.name]  # type: ignore[union-attr]


@pytest.mark.parametrize("name", networks())
@pytest.mark.parametrize("digits", [3, 4, 6, 9, 12, 17])
def test_right_answers_are_never_called_wrong(name: str, digits: int) -> None:
    hand = networks()[name]
    right = hand.derive()
    for written in (
        {key: f"{x:.{digits}g}" for key, x in right.items()},
        {key: float(f"{x:.{digits}g}") for key, x in right.items()},
        {key: f"{x:.{digits}e}".replace(".", ",") for key, x in right.items()},
    ):
        found: Marks = mark(hand.graph(), written, lr=hand.rate)
        assert [each for each in found if not each.ok] == []
        assert found.ok
        assert len(found) == len(right)


def test_decimals_of_right_answers_are_never_called_wrong() -> None:
    for hand in networks().values():
        right = hand.derive()
        for decimals in range(1, 13):
            answers: dict[str, Any] = {key: round(x, decimals) for key, x in right.items()}
            assert {each.verdict for each in mark(hand.graph(), answers, lr=hand.rate)} <= {"right", "few"}
