"""Mistakes planted into networks and formulas that no other test has: factors added, the 1 at the wrong class, a term forgotten."""

from __future__ import annotations

import math
import random
from collections.abc import Callable

import pytest

from tests.rounds import named
from tinygrad_bp import MLP, Value, mark
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.marking.naming import Names
from tinygrad_bp.lessons.marking.worlds import World

Of = Callable[[str], float]


def tanh() -> Value:
    weights = [0.21, -0.64, 0.47, 0.38, -0.52, 0.83, 0.71, -0.29, 0.66]
    net = MLP(2, [3, 1], activation="tanh", weights=weights, biases=[0.13, -0.27, 0.09, 0.31])
    [out] = net([Value(0.45, "i1"), Value(-0.7, "i2")])
    return named((out - Value(-0.5, "target_o1")) ** 2 / 2, "E")


def classes() -> Value:
    """3-4-4-2 with relu, and softmax written out."""
    draw = random.Random(8)
    signals, number = [Value(x, f"x{k}") for k, x in enumerate((0.6, -0.35, 0.8), 1)], 0
    for depth, (size, letter) in enumerate(((4, "a"), (4, "b"), (2, "o")), 1):
        following = []
        for k in range(1, size + 1):
            z = Value(round(0.1 * k + 0.05 * depth, 2), f"b_{letter}{k}")
            for x in signals:
                number += 1
                z = z + Value(round(draw.uniform(-0.9, 0.9), 2), f"w{number}") * x
            named(z, f"z_{letter}{k}")
            following.append(named(z.relu(), f"h_{letter}{k}") if letter != "o" else z)
        signals = following
    tops = [z.exp() for z in signals]
    ps = [named(top / (tops[0] + tops[1]), f"p{k}") for k, top in enumerate(tops, 1)]
    return named(-(Value(0.0, "t1") * ps[0].log() + Value(1.0, "t2") * ps[1].log()), "L")


def steps() -> Value:
    """A recurrent network of three steps."""
    w, u, b, v = Value(0.57, "w"), Value(-0.83, "u"), Value(0.14, "b"), Value(1.3, "v")
    h = Value(0.35, "h0")
    for k, x in enumerate((0.8, -0.6, 0.45), 1):
        h = named(named(w * Value(x, f"x{k}") + u * h + b, f"n{k}").tanh(), f"h{k}")
    return named((named(v * h, "y") - Value(0.6, "t")) ** 2 / 2, "L")


def batch() -> Value:
    """Three cases, and the mean of their squares."""
    w, c, b = Value(0.42, "w1"), Value(-0.58, "w2"), Value(0.17, "b")
    squares = []
    for x, z, t in ((0.5, -0.9, 0.3), (1.2, 0.4, 0.8), (-0.6, 0.75, 0.1)):
        out = named(named(w * Value(x, "i1") + c * Value(z, "i2") + b, "net_o1").sigmoid(), "out_o1")
        squares.append((Value(t, "target_o1") - out) ** 2)
    return named((squares[0] + squares[1] + squares[2]) / 3, "E")


def silu() -> Value:
    weights, biases = [0.4, -0.7, 0.9, 0.35, 0.6, -0.5], [0.1, 0.2, -0.3]
    net = MLP(2, [2, 1], activation=["silu", "sigmoid"], weights=weights, biases=biases)
    [out] = net([Value(0.8, "i1"), Value(0.55, "i2")])
    return named((out - Value(0.9, "target_o1")) ** 2 / 2, "E")


def lennard_jones() -> Value:
    epsilon, sigma, r = Value(1.65, "epsilon"), Value(1.2, "sigma"), Value(1.45, "r")
    return named(4 * epsilon * ((sigma / r) ** 12 - (sigma / r) ** 6), "V")


def coulomb() -> Value:
    return named(Value(8.99, "k") * Value(1.6, "q1") * Value(-2.3, "q2") / Value(0.75, "r") ** 2, "F")


def pendulum() -> Value:
    return named(2 * math.pi * (Value(1.35, "l") / Value(9.81, "g")).sqrt(), "T")


def sigmoid(x: float) -> float:
    return 1 / (1 + math.exp(-x))


Q = 1.2 / 1.45
PLANTED: list[tuple[Callable[[], Value], str, Callable[[Of], float], str]] = [
    (tanh, "delta_h2", lambda of: of("dE/dout_h2") + of("dout_h2/dnet_h2"), "sumForProduct"),
    (tanh, "dE/dw3", lambda of: of("delta_h2") + 0.45, "sumForProduct"),
    (tanh, "dE/dout_h1", lambda of: of("delta_o1") + 0.71, "sumForProduct"),
    (tanh, "dE/dw7", lambda of: of("dE/dout_o1") + of("dout_o1/dnet_o1") + of("out_h1"), "sumForProduct"),
    (tanh, "dE/dout_o1", lambda of: -0.5 - of("out_o1"), "exchanged"),
    (steps, "delta_n2", lambda of: of("dL/dh2") + of("dh2/dn2"), "sumForProduct"),
    (classes, "p2", lambda of: sigmoid(of("z_o2")), "sigmoidForSoftmax"),
    (classes, "delta_z_o1", lambda of: of("p1") - 1, "oneHot"),
    (classes, "L", lambda of: -math.log(of("p1")), "otherClass"),
    (steps, "n2", lambda of: 0.57 * -0.6 - 0.83 * 0.35 + 0.14, "replaced"),
    (steps, "n3", lambda of: 0.57 * -0.6 - 0.83 * of("h2") + 0.14, "replaced"),
    (steps, "dL/dw", lambda of: of("delta_n3") * 0.45 + of("delta_n2") * 0.8 - of("delta_n1") * 0.6, "swapped"),
    (silu, "dout_h1/dnet_h1", lambda of: sigmoid(of("net_h1")), "replaced"),
    (silu, "dout_h2/dnet_h2", lambda of: sigmoid(of("net_h2")) * (1 - sigmoid(of("net_h2"))), "replaced"),
    (silu, "out_h1", lambda of: sigmoid(of("net_h1")), "otherFunction"),
    (lennard_jones, "V", lambda of: 4 * 1.65 * (Q**12 - Q), "power"),
    (lennard_jones, "V", lambda of: 4 * 1.65 * (Q**-12 - Q**-6), "turnedOver"),
    (lennard_jones, "dV/dr", lambda of: 4 * 1.65 * -12 * Q**12 / 1.45, "path"),
    (lennard_jones, "dV/dr", lambda of: 4 * 1.65 * (Q**6 - Q**12) / 1.45, "degree"),
    (lennard_jones, "dV/dr", lambda of: 4 * 1.65 * (12 * Q**11 - 6 * Q**5), "omitted"),
    (coulomb, "F", lambda of: 8.99 * 1.6 * -2.3 / 0.75, "power"),
    (coulomb, "dF/dr", lambda of: -2 * 8.99 * 1.6 * -2.3 / 0.75**2, "degree"),
    (pendulum, "T", lambda of: 2 * math.pi * math.sqrt(9.81 / 1.35), "turnedOver"),
    (pendulum, "T", lambda of: 2 * math.pi * 1.35 / 9.81, "function"),
    (batch, "dE/dout_o1[1]", lambda of: 2 * (0.3 - of("out_o1[1]")) / 3, "exchanged"),
]


@pytest.mark.parametrize("digits", [9, 6])
@pytest.mark.parametrize(("graph", "name", "made", "key"), PLANTED)
def test_it_is_named(graph: Callable[[], Value], name: str, made: Callable[[Of], float], key: str, digits: int) -> None:
    found = Names(Derivation(graph()))
    answer = made(lambda each: found.found(each).value)
    [each] = mark(graph(), {name: f"{answer:.{digits}g}"})
    assert each.verdict == "wrong"
    assert key in each.keys, each


@pytest.mark.parametrize(
    ("graph", "name", "made"),
    [
        (tanh, "delta_o1", lambda of: round(of("dE/dout_o1"), 3) * round(of("dout_o1/dnet_o1"), 3)),
        (tanh, "dE/dw1", lambda of: round(of("delta_h1"), 4) * 0.45),
        (steps, "L", lambda of: (round(of("y"), 2) - 0.6) ** 2 / 2),
        (steps, "dL/du", lambda of: sum(round(of(f"delta_n{k}"), 4) * of(f"h{k - 1}") for k in (2, 3)) + round(of("delta_n1"), 4) * 0.35),
    ],
)  # fmt: skip
def test_a_long_answer_from_rounded_numbers_says_so(
    graph: Callable[[], Value], name: str, made: Callable[[Of], float]
) -> None:
    found = Names(Derivation(graph()))
    answer = made(lambda each: found.found(each).value)
    [each] = mark(graph(), {name: f"{answer:.11f}"})
    assert each.verdict == "wrong"
    assert each.keys[0] in ("rounded", "roundedEarly", "roundedTo")


def test_of_a_product_with_the_wrong_sign_no_factor_is_blamed() -> None:
    for graph, name in ((tanh, "delta_o1"), (coulomb, "dF/dr"), (batch, "delta_o1[2]"), (silu, "delta_h1")):
        right = Names(Derivation(graph())).found(name).value
        [each] = mark(graph(), {name: f"{-right:.8g}"})
        assert each.keys[0] in ("sign", "exchanged")
        assert not [cause for cause in each.causes if "minus sign in" in cause]


def test_of_another_world_only_those_slopes_are_new_that_are_others() -> None:
    found = Derivation(classes())
    [hidden] = [v for v in found.forward if found.names[v] == "h_b1"]
    [net] = [v for v in found.forward if found.names[v] == "z_b1"]
    for given in ({hidden: 0.3}, {net: 0.9, hidden: 0.4}):
        other = World(found, given)
        for v, slopes in other.local.items():
            numbers = [other.data[x] if isinstance(x, Value) else x for x in v.operands]
            assert v.op is not None
            wanted = [isinstance(x, Value) for x in v.operands]
            exact = v.op.derivatives(other.data[v], numbers, wanted)
            assert [x for x, want in zip(exact, wanted, strict=True) if want] == pytest.approx(
                [x for x, want in zip(slopes, wanted, strict=True) if want], rel=1e-15
            )
        same = [v for v in other.local if other.local[v] is found.local[v]]
        assert len(same) > 0.6 * len(found.local)  # those before it were not computed again
