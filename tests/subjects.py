"""What pages of the explorer are about in tests: values, networks, and graphs of every kind."""

from __future__ import annotations

from typing import Any

import tinygrad_bp as tg
from tests.graphs import random_graph
from tests.labels import EXTREME, HOSTILE
from tinygrad_bp import MLP, Value
from tinygrad_bp.core.value import Constant
from tinygrad_bp.explorer.subject import of_model, of_truth_table
from tinygrad_bp.networks import data, losses
from tinygrad_bp.tutorial.page import subject as of_tutorial

LABELS = [*HOSTILE, *EXTREME]
W, X = Value(1.0, "w"), Value(2.0, "x")


def called(label: Any, value: Any) -> Any:
    value.label = label
    return value


def hostile(text: Any) -> Any:
    """A graph in which a leaf and the result are called this."""
    return called(text, Value(1.5, text) * 2.0)


def logistic_by_hand() -> Any:
    """A neuron and its error, with names of someone's own, and none for the nodes between."""
    slope, offset, x, wanted = Value(0.7, "slope"), Value(-0.2, "offset"), Value(1.5, "x"), Value(1.0, "t")
    guess = (slope * x + offset).sigmoid()
    return called("error", -(wanted * guess.log() + (1.0 - wanted) * (1.0 - guess).log()))


def all_operations() -> Any:
    """A result made by every kind of row: twice the same operand, powers, sums of any length, kinks."""
    x, y, z = Value(1.3, "x0"), Value(-0.4, "x1"), Value(2.2, "x2")
    rows = [
        x * x, x**3, x**y, z**-1.5, 2.0**y, x / z, 1.0 - y, -y, tg.logsumexp([x, y, 0.5]), tg.dot([x, y, 0.5], [z, x, y]), tg.dot([x], [x]),
        tg.sum_of([x, y, y, 3.0]), tg.maximum(x, y), tg.minimum(x, 5.0), (x + z).sqrt(), x.exp(), z.log(), y.tanh(), y.sigmoid(), y.relu(),
        x.relu(), y.softplus(), abs(y), x.sin() * z.cos(), tg.leaky_relu(y, 0.1), tg.atan2(x, y), tg.hypot(y, z), x.log1p() + y.expm1(),
        x.gelu(), y.silu(), y.erf(), x.asinh(), x.acosh(), y.atanh(), z.log2() * z.log10(), y.cbrt(), x.clip(-1.0, 1.0), tg.clip(y, x, z),
    ]  # fmt: skip
    return called("all", tg.sum_of(rows))


def mlp(activations: Any = ("sigmoid", "sigmoid"), sizes: Any = (2, 2), **options: Any) -> Any:
    return MLP(2, list(sizes), activation=list(activations), seed=3, **options)


def error_of(net: Any, targets: Any = (0.3, 0.8), loss: Any = losses.squared_error) -> Any:
    """The error of a network with leaves for inputs and targets."""
    inputs = [Value(0.5 - k, f"i{k}") for k in range(1, net.widths[0] + 1)]
    return called("E", loss(net(inputs), [Value(t, f"target_o{k}") for k, t in enumerate(targets, 1)]))


def variables_of(order: Any) -> Any:
    return [v for v in order if not isinstance(v, Constant)]


def recorded(order: Any) -> Any:
    """The data of all computed nodes, and the local derivatives on all edges but from constants."""
    nodes = [v for v in variables_of(order) if v.op is not None]
    slopes = [
        slope
        for v in nodes
        for x, slope in zip(v.args, v.local_derivatives, strict=True)
        if not isinstance(x, Constant)
    ]
    return [v.data for v in nodes], slopes


GRAPHS = {
    "tutorial": lambda: of_tutorial().result,
    **{name: lambda name=name: of_truth_table(name).result for name in data.TRUTH_TABLES},
    **{loss: lambda loss=loss: of_model(mlp(["tanh", None]), loss=loss).result for loss in losses.LOSSES},
    "by hand": logistic_by_hand,
    "all operations": all_operations,
    "x * x": lambda: Value(3.0, "x") * Value(3.0, "x"),
    "one node": lambda: Value(3.0) * 2.0,
    "hostile labels": lambda: tg.sum_of([hostile(text) for text in LABELS]),
    **{f"random {seed}": lambda seed=seed: random_graph(seed)[0] for seed in range(20)},
}


# Of any length


def recurrent(steps: int) -> Value:
    w, u, b, h = Value(0.5, "w"), Value(0.3, "u"), Value(0.1, "b"), Value(0.0, "h0")
    for k in range(1, steps + 1):
        h = tg.tanh(w * h + u * Value(0.1 * k, f"x{k}") + b)
        h.label = f"h{k}"
    return h


def chain(steps: int) -> Value:
    factor, summand, v = Value(0.9, "a"), Value(0.1, "b"), Value(1.0, "v")
    for _ in range(steps):
        v = v * factor + summand
    v.label = "out"
    return v


def attending(steps: int) -> Value:
    """What is computed is used at once, and all of it again at the end."""
    w, h, states = Value(0.5, "w"), Value(0.1, "x"), []
    for _ in range(steps):
        h = (w * h).tanh()
        states.append(h)
    return tg.sum_of([state * state.exp() for state in states])


def skipping(steps: int) -> Value:
    """Of lines between what is computed most are far too long."""
    vs = [Value(0.1, "p")]
    for k in range(steps):
        vs.append((vs[-1] + vs[k // 2]).tanh())
    return vs[-1]
