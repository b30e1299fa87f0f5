"""Networks and formulas that lessons are written on in tests: of every kind, and none of them the worked example alone."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from typing import Any

from tests.labels import HOSTILE
from tests.worked import worked_example
from tinygrad_bp import MLP, Value, exp, log, losses, ops, sqrt


def named(value: Any, label: str) -> Any:
    value.label = label
    return value


def softmax_by_hand() -> Value:
    """2 inputs, 3 classes: p = exp(z) / sum, E = -log(p of the first)."""
    x1, x2 = Value(0.9, "x1"), Value(-0.4, "x2")
    zs = [
        named(Value(a, f"u{k}") * x1 + Value(b, f"v{k}") * x2 + Value(0.15, f"b{k}"), f"net_o{k}")
        for k, (a, b) in enumerate([(0.6, -0.2), (-0.35, 0.8), (0.1, 0.5)], 1)
    ]
    tops = [exp(z) for z in zs]
    total = tops[0] + tops[1] + tops[2]
    ps = [named(top / total, f"p_o{k}") for k, top in enumerate(tops, 1)]
    error: Value = named(-log(ps[0]), "E")
    return error


def leaves(numbers: Sequence[float], letter: str) -> list[Value]:
    return [Value(x, f"{letter}{k}") for k, x in enumerate(numbers, 1)]


def mlp(sizes: Sequence[int], activation: Any, seed: int = 3, **options: Any) -> MLP:
    """A network whose biases are no zeros."""
    net = MLP(sizes[0], list(sizes[1:]), activation=activation, seed=seed, **options)
    draw = random.Random(seed)
    for bias in dict.fromkeys(neuron.bias for layer in net.layers for neuron in layer.neurons):
        bias.data = round(draw.uniform(-0.5, 0.5), 2)
    return net


def squared(outputs: Sequence[Value], targets: Sequence[float]) -> Value:
    """The error of the worked example, whose summands have names."""
    errors = []
    for k, (out, target) in enumerate(zip(outputs, leaves(targets, "target_o"), strict=True), 1):
        errors.append(named(0.5 * (target - out) ** 2, f"E_o{k}"))
    return named(ops.sum_of(errors) if len(errors) > 2 else sum(errors[1:], errors[0]), "E_total")


def worked() -> Value:
    return worked_example().error


def tanh() -> Value:
    return squared(mlp([2, 3, 1], "tanh")(leaves([0.4, -0.7], "i")), [0.3])


def two_hidden() -> Value:
    net = mlp([3, 4, 4, 2], ["tanh", "relu", "sigmoid"])
    return squared(net(leaves([0.5, -0.3, 0.8], "i")), [1.0, 0.0])


def softmax() -> Value:
    net = mlp([2, 3, 3], ["relu", None], seed=5)
    return named(losses.cross_entropy(net(leaves([0.6, 0.9], "i")), 2), "E")


def soft_targets() -> Value:
    net = mlp([2, 2, 2], ["tanh", None])
    return named(losses.cross_entropy(net(leaves([0.6, 0.9], "i")), [0.25, 0.75]), "E")


def batch() -> Value:
    net = mlp([2, 2, 1], "sigmoid", seed=7)
    errors = []
    for inputs, target in [([0.0, 1.0], 1.0), ([1.0, 1.0], 0.0), ([1.0, 0.5], 1.0)]:
        x = leaves(inputs, "i")
        [out] = net(x)
        errors.append(named((out - Value(target, "target_o1")) ** 2, "E"))
    return named(sum(errors[1:], errors[0]) / 3, "E_total")


def softmax_batch() -> Value:
    net = mlp([2, 3, 2], ["tanh", None], seed=7)
    rows = [([0.0, 1.0], 1), ([1.0, 0.4], 0)]
    return named(sum(losses.cross_entropy(net(leaves(x, "i")), t) for x, t in rows) / 2, "E")


def mean_squared() -> Value:
    net = mlp([2, 2, 2], ["tanh", None])
    return named(losses.mean_squared_error(net(leaves([0.6, 0.9], "i")), [0.25, 0.75]), "E")


def logistic() -> Value:
    net = mlp([2, 2, 1], ["tanh", None])
    return named(losses.binary_cross_entropy(net(leaves([0.6, 0.9], "i")), [1.0]), "E")


def one_neuron() -> Value:
    w, b, x = Value(0.8, "w"), Value(-0.1, "b"), Value(1.5, "x")
    out = named(named(w * x + b, "net").sigmoid(), "out")
    return named((out - 1.0) ** 2 / 2, "E")


def without_bias() -> Value:
    w1, w2, i1, i2 = Value(0.5, "w1"), Value(-0.25, "w2"), Value(1.0, "i1"), Value(2.0, "i2")
    h = named(named(w1 * i1 + w2 * i2, "net_h1").tanh(), "out_h1")
    w3 = Value(0.75, "w3")
    return squared([named(named(w3 * h, "net_o1").sigmoid(), "out_o1")], [1.0])


def recurrent() -> Value:
    """A recurrent network of three steps: its two weights are used in each."""
    w, u, b, v = Value(0.6, "w"), Value(0.9, "u"), Value(0.1, "b"), Value(1.2, "v")
    h: Any = Value(0.0, "i_0")
    for k, x in enumerate(leaves([0.5, -0.4, 0.3], "x"), 1):
        h = named(named(w * x + u * h + b, f"net_h{k}").tanh(), f"out_h{k}")
    return named((named(v * h, "y") - 0.25) ** 2 / 2, "E")


def pendulum() -> Value:
    """A formula of physics: the error of a pendulum's period."""
    length, g, angle = Value(1.2, "length"), Value(9.81, "g"), Value(0.3, "angle")
    period = named(2.0 * 3.141592653589793 * sqrt(length / g) * (1.0 + angle**2 / 16.0), "T")
    return named((period - 2.25) ** 2, "E")


def square() -> Value:
    x = Value(3.0, "a")
    return named(x * x, "y")


def kink() -> Value:
    """A relu at 0, and one that is dead."""
    w1, w2, x = Value(0.5, "w1"), Value(-2.0, "w2"), Value(2.0, "i1")
    h1 = named(named(w1 * x - 1.0, "net_h1").relu(), "out_h1")
    h2 = named(named(w2 * x, "net_h2").relu(), "out_h2")
    return named((h1 + h2 * 3.0 - 1.0) ** 2 / 2, "E")


def dead() -> Value:
    net = MLP(2, [2, 1], activation=["relu", None], weights=[-1.0, -2.0, 1.0, 0.5, 0.3, 0.7], biases=[0.0, 0.1, 0.2])
    return squared(net(leaves([1.0, 0.5], "i")), [1.0])


def saturated() -> Value:
    net = MLP(2, [2, 1], weights=[20.0, 20.0, 1.0, 0.5, 0.3, 0.7], biases=[0.0, 0.1, 0.2])
    return squared(net(leaves([1.0, 0.5], "i")), [1.0])


def unlabelled() -> Value:
    a, b, c = Value(0.5), Value(-1.5), Value(2.0)
    return ((a * b + c).tanh() - 0.1) ** 2


def unlabelled_network() -> Value:
    net = MLP(2, [2, 1], activation="tanh", seed=1)
    loss = losses.mean_squared_error(net([0.5, 0.25]), [1.0])
    for v in net.parameters():
        v.label = ""
    return loss


def hostile() -> Value:
    """Labels that are markup, code and signs of all kinds, on leaves and on what is computed."""
    total: Any = Value(0.5, HOSTILE[0])
    for k, label in enumerate(HOSTILE[1:]):
        total = (
            named((total * 0.5 + Value(0.01 * k, label)).tanh(), HOSTILE[-1 - k])
            if k % 4 == 0
            else total + Value(0.01, label)
        )
    return named(total**2, "E")


def large() -> Value:
    net = mlp([30, 50, 10], ["tanh", None])
    draw = random.Random(1)
    return named(losses.cross_entropy(net(leaves([draw.uniform(-1, 1) for _ in range(30)], "i")), 3), "E")


ROUNDS: dict[str, Callable[[], Value]] = {
    each.__name__: each
    for each in (
        worked, tanh, two_hidden, softmax, soft_targets, batch, softmax_batch, mean_squared, logistic, one_neuron, without_bias, recurrent,
        pendulum, square, kink, dead, saturated, unlabelled, unlabelled_network, hostile,
    )
}  # fmt: skip
