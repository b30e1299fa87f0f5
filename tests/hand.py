"""Derivations by plain floats, right ones and such with a mistake planted in them: nothing here knows how mistakes are found.

A network is layers of fully connected neurons. Its weights are w1, w2, ... neuron by neuron, its biases one for each neuron, b_h1, b_o1.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tinygrad_bp import Value

FUNCTIONS: dict[str, tuple[Callable[[float], float], Callable[[float, float], float]]] = {
    "sigmoid": (lambda z: 1 / (1 + math.exp(-z)), lambda z, a: a * (1 - a)),
    "tanh": (math.tanh, lambda z, a: 1 - a * a),
    "relu": (lambda z: max(0.0, z), lambda z, a: float(z > 0)),
}


@dataclass
class Hand:
    """A network with numbers, and the derivation of all of its quantities with one thing done otherwise.

    Attributes:
        changes: what is done otherwise, by what it is done to: a function in place of the rule.
        keep: what is done to each result before it is worked on with, such as rounding it.
    """

    sizes: Sequence[int]
    activations: Sequence[str]
    inputs: Sequence[float]
    targets: Sequence[float]
    rate: float = 0.5
    seed: int = 1
    changes: dict[str, Callable[..., Any]] = field(default_factory=dict)
    keep: Callable[[float], float] = float

    def __post_init__(self) -> None:
        state = self.seed
        self.w: list[list[list[float]]] = []
        self.b: list[list[float]] = []
        for before, now in zip(self.sizes, self.sizes[1:], strict=False):
            layer = []
            for _ in range(now):
                row = []
                for _ in range(before):
                    state = (state * 1103515245 + 12345) % 2**31
                    row.append(round(0.15 + 0.8 * state / 2**31, 3) * (-1.0 if state // 65536 % 3 == 0 else 1.0))
                layer.append(row)
            self.w.append(layer)
            self.b.append([round(0.1 + 0.07 * len(layer) + 0.03 * k, 3) for k in range(now)])

    def name(self, layer: int, k: int) -> str:
        depth = len(self.sizes) - 1
        if layer == depth:
            return f"o{k + 1}"
        return f"h{k + 1}" if depth == 2 else f"h{layer}{k + 1}"

    def weight(self, layer: int, k: int, j: int) -> str:
        return f"w{sum(len(row) for rows in self.w[:layer] for row in rows) + k * self.sizes[layer] + j + 1}"

    def graph(self) -> Value:
        """The same, recorded."""
        signals = [Value(x, f"i{k}") for k, x in enumerate(self.inputs, 1)]
        for layer, (rows, biases) in enumerate(zip(self.w, self.b, strict=True)):
            following = []
            for k, (row, bias) in enumerate(zip(rows, biases, strict=True)):
                name = self.name(layer + 1, k)
                weights = [Value(x, self.weight(layer, k, j)) for j, x in enumerate(row)]
                net = weights[0] * signals[0]
                for w, signal in zip(weights[1:], signals[1:], strict=True):
                    net = net + w * signal
                net = net + Value(bias, f"b_{name}")
                net.label = f"net_{name}"
                out = getattr(net, self.activations[layer])()
                out.label = f"out_{name}"
                following.append(out)
            signals = following
        errors = []
        for k, (out, t) in enumerate(zip(signals, self.targets, strict=True), 1):
            error = 0.5 * (Value(t, f"target_o{k}") - out) ** 2
            error.label = f"E_o{k}"
            errors.append(error)
        total = errors[0]
        for error in errors[1:]:
            total = total + error
        total.label = "E_total"
        return total

    def rule(self, name: str, right: float, *given: Any) -> float:
        return self.keep(float(self.changes[name](right, *given)) if name in self.changes else right)

    def derive(self) -> dict[str, float]:
        """All quantities by name, in the order in which they are derived."""
        found: dict[str, float] = {}
        a: list[list[float]] = [list(self.inputs)]
        z: list[list[float]] = [[]]
        for layer, (rows, biases) in enumerate(zip(self.w, self.b, strict=True)):
            nets, outs = [], []
            for k, (row, bias) in enumerate(zip(rows, biases, strict=True)):
                name = self.name(layer + 1, k)
                net = self.rule(
                    f"net_{name}", sum(w * x for w, x in zip(row, a[-1], strict=True)) + bias, row, a[-1], bias
                )
                out = self.rule(f"out_{name}", FUNCTIONS[self.activations[layer]][0](net), net)
                found[f"net_{name}"], found[f"out_{name}"] = net, out
                nets.append(net)
                outs.append(out)
            z.append(nets)
            a.append(outs)
        errors = [
            self.rule(f"E_o{k}", 0.5 * (t - o) ** 2, t, o)
            for k, (t, o) in enumerate(zip(self.targets, a[-1], strict=True), 1)
        ]
        if len(errors) > 1:
            found.update({f"E_o{k}": error for k, error in enumerate(errors, 1)})
        found["E_total"] = self.rule("E_total", sum(errors), errors)
        self.backward(found, a, z)
        return found

    def backward(self, found: dict[str, float], a: list[list[float]], z: list[list[float]]) -> None:
        depth = len(self.w)
        arriving = [
            self.rule(f"dE/dout_o{k}", -(t - o), t, o)
            for k, (t, o) in enumerate(zip(self.targets, a[-1], strict=True), 1)
        ]
        for layer in range(depth, 0, -1):
            deltas = []
            for k, come in enumerate(arriving):
                name = self.name(layer, k)
                net, out = z[layer][k], a[layer][k]
                slope = self.rule(f"slope_{name}", FUNCTIONS[self.activations[layer - 1]][1](net, out), net, out)
                delta = self.rule(f"delta_{name}", come * slope, come, slope)
                found[f"dE/dout_{name}"], found[f"dout_{name}/dnet_{name}"], found[f"delta_{name}"] = come, slope, delta
                deltas.append(delta)
            following = []
            for j in range(self.sizes[layer - 1]):
                column = [self.w[layer - 1][k][j] for k in range(len(deltas))]
                come = sum(d * w for d, w in zip(deltas, column, strict=True))
                following.append(self.rule(f"dE/dout_{self.name(layer - 1, j)}", come, deltas, column))
            for k, delta in enumerate(deltas):
                for j, signal in enumerate(a[layer - 1]):
                    weight = self.weight(layer - 1, k, j)
                    slope = self.rule(f"dE/d{weight}", delta * signal, delta, signal)
                    found[f"dE/d{weight}"] = slope
                    old = self.w[layer - 1][k][j]
                    found[f"{weight}+"] = self.rule(f"{weight}+", old - self.rate * slope, old, slope, self.rate)
                bias = f"b_{self.name(layer, k)}"
                found[f"dE/d{bias}"] = self.rule(f"dE/d{bias}", delta, delta)
                found[f"{bias}+"] = self.keep(self.b[layer - 1][k] - self.rate * found[f"dE/d{bias}"])
            arriving = following


def networks() -> dict[str, Hand]:
    """Networks of several kinds."""
    return {
        "2-2-2": Hand([2, 2, 2], ["sigmoid", "sigmoid"], [0.05, 0.1], [0.01, 0.99]),
        "2-3-1 tanh": Hand([2, 3, 1], ["tanh", "tanh"], [0.6, -0.35], [0.25], rate=0.2, seed=5),
        "3-4-4-2": Hand([3, 4, 4, 2], ["sigmoid", "tanh", "sigmoid"], [0.2, 0.7, -0.4], [0.1, 0.8], rate=0.1, seed=9),
        "2-2-2 relu": Hand([2, 2, 2], ["relu", "sigmoid"], [0.4, 0.9], [0.3, 0.7], rate=0.25, seed=12),
    }
