"""Graphs to set exercises on: networks of several kinds, a batch, a formula, and one of hostile labels."""

from __future__ import annotations

from collections.abc import Callable

from tests.labels import HOSTILE
from tests.worked import worked_example
from tinygrad_bp import MLP, Value, losses


def example() -> Value:
    """Two inputs, two hidden neurons, two outputs."""
    return worked_example().error


def truth_table() -> Value:
    """The mean over the four rows of exclusive or."""
    net = MLP(2, [2, 1], activation=["tanh", "sigmoid"], seed=1)
    cases = []
    for a, b, target in ((0, 0, 0), (0, 1, 1), (1, 0, 1), (1, 1, 0)):
        [out] = net([Value(float(a), "i1"), Value(float(b), "i2")])
        cases.append((Value(float(target), "target_o1") - out) ** 2)
    error = (cases[0] + cases[1] + cases[2] + cases[3]) / 4
    error.label = "E"
    return error


def one_row() -> Value:
    """One row of a truth table, with an input of 0."""
    net = MLP(2, [3, 1], activation="tanh", seed=2)
    [out] = net([Value(0.0, "i1"), Value(1.0, "i2")])
    error = (Value(1.0, "target_o1") - out) ** 2 / 2
    error.label = "E"
    return error


def classes() -> Value:
    """Softmax with cross entropy."""
    net = MLP(2, [3, 2], activation=["tanh", None], seed=1)
    error = losses.cross_entropy(net([Value(0.1, "i1"), Value(-0.2, "i2")]), 1)
    error.label = "E"
    return error


def relus() -> Value:
    """Two hidden layers of relus."""
    net = MLP(3, [4, 4, 2], activation=["relu", "relu", None], seed=3)
    outs = net([Value(x, f"i{k}") for k, x in enumerate((1.5, -2.0, 0.7), 1)])
    [first, second] = [
        (Value(t, f"target_o{k}") - out) ** 2 / 2 for k, (out, t) in enumerate(zip(outs, (0.3, 1.2), strict=True), 1)
    ]
    error = first + second
    error.label = "E"
    return error


def recurrent() -> Value:
    """Three steps with the same weights."""
    w, u, v = Value(0.7, "w"), Value(-0.4, "u"), Value(1.1, "v")
    state = Value(0.2, "h0")
    for k, x in enumerate((0.5, -0.3, 0.8), 1):
        state = (w * state + u * Value(x, f"x{k}")).tanh()
        state.label = f"h{k}"
    error = (v * state - Value(0.5, "t")) ** 2
    error.label = "E"
    return error


def physics() -> Value:
    """No network: the energy of what falls."""
    m, v, g, h = Value(2.0, "m"), Value(3.5, "v"), Value(9.81, "g"), Value(12.0, "h")
    kinetic, potential = m * v**2 / 2, m * g * h
    energy = kinetic + potential
    kinetic.label, potential.label, energy.label = "T", "V", "E"
    return energy


def unlabelled() -> Value:
    """Nothing has a name."""
    a, b = Value(2.0), Value(-3.0)
    return (a * b + 1.0).tanh() * a


def hostile() -> Value:
    """Labels that are anybody's text."""
    total = Value(0.5, "start") * 2.0
    for k, label in enumerate(HOSTILE):
        total = total + Value(0.1 + 0.01 * k, label) * Value(1.5, f"{label}w")
        total.label = f"{label}_net"
    return total


ALL: list[Callable[[], Value]] = [example, truth_table, one_row, classes, relus, recurrent, physics, unlabelled]
