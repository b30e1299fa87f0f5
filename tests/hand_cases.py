"""More derivations by plain floats: a batch, a recurrent network of three steps, and softmax with cross entropy.

As in `hand`, nothing here knows how mistakes are found. Each has `graph()`, `derive()` and `changes`, `keep` as `Hand` has.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tinygrad_bp import Value
from tinygrad_bp.losses import cross_entropy


@dataclass
class _Derived:
    rate: float = 0.5
    changes: dict[str, Callable[..., Any]] = field(default_factory=dict)
    keep: Callable[[float], float] = float

    def rule(self, name: str, right: float, *given: Any) -> float:
        return self.keep(float(self.changes[name](right, *given)) if name in self.changes else right)


@dataclass
class Batch(_Derived):
    """One neuron with tanh, three cases, the mean of the squared errors."""

    rate: float = 0.3

    def __post_init__(self) -> None:
        self.rows = [((0.45, -0.8), 0.6), ((1.1, 0.35), -0.2), ((-0.7, 0.95), 0.9)]
        self.w, self.b = (0.37, -0.62), 0.21

    def graph(self) -> Value:
        w = [Value(x, f"w{k}") for k, x in enumerate(self.w, 1)]
        b = Value(self.b, "b")
        errors = []
        for xs, t in self.rows:
            net = w[0] * Value(xs[0], "i1") + w[1] * Value(xs[1], "i2") + b
            net.label = "net_o1"
            out = net.tanh()
            out.label = "out_o1"
            errors.append((out - Value(t, "target_o1")) ** 2)
        E = (errors[0] + errors[1] + errors[2]) / 3.0
        E.label = "E"
        return E

    def derive(self) -> dict[str, float]:
        found: dict[str, float] = {}
        outs, deltas = [], []
        for k, (xs, _) in enumerate(self.rows, 1):
            net = self.rule(f"net_o1[{k}]", self.w[0] * xs[0] + self.w[1] * xs[1] + self.b, self.w, xs, self.b)
            outs.append(self.rule(f"out_o1[{k}]", math.tanh(net), net))
            found[f"net_o1[{k}]"], found[f"out_o1[{k}]"] = net, outs[-1]
        squares = [(o - t) ** 2 for o, (_, t) in zip(outs, self.rows, strict=True)]
        found["E"] = self.rule("E", sum(squares) / 3, squares)
        for k, (o, (_, t)) in enumerate(zip(outs, self.rows, strict=True), 1):
            come = 2 * (o - t) / 3
            deltas.append(self.rule(f"delta_o1[{k}]", come * (1 - o * o), come, o, found[f"net_o1[{k}]"]))
            found[f"delta_o1[{k}]"] = deltas[-1]
        for j, w in enumerate(self.w):
            parts = [d * xs[j] for d, (xs, _) in zip(deltas, self.rows, strict=True)]
            found[f"dE/dw{j + 1}"] = self.rule(f"dE/dw{j + 1}", sum(parts), parts, [xs[j] for xs, _ in self.rows])
            slope = found[f"dE/dw{j + 1}"]
            found[f"w{j + 1}+"] = self.rule(f"w{j + 1}+", w - self.rate * slope, w, slope, self.rate)
        found["dE/db"] = self.rule("dE/db", sum(deltas), deltas)
        found["b+"] = self.rule("b+", self.b - self.rate * found["dE/db"], self.b, found["dE/db"], self.rate)
        return found


@dataclass
class Recurrent(_Derived):
    """`h = tanh(w x + u h + b)` three times, `y = v h`, and half the squared error."""

    rate: float = 0.2

    def __post_init__(self) -> None:
        self.w, self.u, self.b, self.v = 0.53, 0.84, 0.11, 1.27
        self.xs, self.t, self.h0 = (0.95, -0.45, 0.35), 0.7, 0.25

    def graph(self) -> Value:
        w, u, b, v = (Value(x, name) for x, name in ((self.w, "w"), (self.u, "u"), (self.b, "b"), (self.v, "v")))
        h = Value(self.h0, "h0")
        for k, x in enumerate(self.xs, 1):
            n = w * Value(x, f"x{k}") + u * h + b
            n.label = f"n{k}"
            h = n.tanh()
            h.label = f"h{k}"
        y = v * h
        y.label = "y"
        L = (y - Value(self.t, "t")) ** 2 / 2
        L.label = "L"
        return L

    def derive(self) -> dict[str, float]:
        found: dict[str, float] = {}
        n, h = [0.0], [self.h0]
        for k, x in enumerate(self.xs, 1):
            n.append(self.rule(f"n{k}", self.w * x + self.u * h[-1] + self.b, x, h, self.b))
            h.append(self.rule(f"h{k}", math.tanh(n[-1]), n[-1]))
            found[f"n{k}"], found[f"h{k}"] = n[-1], h[-1]
        y = found["y"] = self.rule("y", self.v * h[3], h)
        found["L"] = self.rule("L", (y - self.t) ** 2 / 2, y, self.t)
        come = found["dL/dy"] = self.rule("dL/dy", y - self.t, y, self.t)
        found["dL/dv"] = self.rule("dL/dv", come * h[3], come, h, n)
        arrives = found["dL/dh3"] = self.rule("dL/dh3", come * self.v, come)
        delta = [0.0] * 4
        for k in (3, 2, 1):
            delta[k] = found[f"dL/dn{k}"] = self.rule(f"dL/dn{k}", arrives * (1 - h[k] ** 2), arrives, h[k], n[k])
            if k > 1:
                arrives = found[f"dL/dh{k - 1}"] = self.rule(f"dL/dh{k - 1}", delta[k] * self.u, delta[k])
        sums = {
            "w": [d * x for d, x in zip(delta[1:], self.xs, strict=True)],
            "u": [d * before for d, before in zip(delta[1:], h[:3], strict=True)],
            "b": delta[1:],
        }
        for name, parts in sums.items():
            slope = found[f"dL/d{name}"] = self.rule(f"dL/d{name}", sum(parts), parts, delta, h, n, self.xs)
            old = getattr(self, name)
            found[f"{name}+"] = self.rule(f"{name}+", old - self.rate * slope, old, slope, self.rate)
        return found


@dataclass
class Softmax(_Derived):
    """Three neurons without an activation, softmax with cross entropy; the second class is the right one."""

    rate: float = 0.4

    def __post_init__(self) -> None:
        self.w = [[0.42, -0.31], [-0.27, 0.66], [0.58, 0.13]]
        self.b, self.x = [0.12, -0.09, 0.05], (0.9, -0.55)

    def graph(self) -> Value:
        inputs = [Value(x, f"i{k}") for k, x in enumerate(self.x, 1)]
        nets = []
        for k, (row, b) in enumerate(zip(self.w, self.b, strict=True), 1):
            weights = [Value(x, f"w{2 * k - 1 + j}") for j, x in enumerate(row)]
            net = weights[0] * inputs[0] + weights[1] * inputs[1] + Value(b, f"b{k}")
            net.label = f"net_o{k}"
            nets.append(net)
        L = cross_entropy(nets, 1)
        L.label = "L"
        return L

    def derive(self) -> dict[str, float]:
        found: dict[str, float] = {}
        z = []
        for k, (row, b) in enumerate(zip(self.w, self.b, strict=True), 1):
            right = row[0] * self.x[0] + row[1] * self.x[1] + b
            z.append(self.rule(f"net_o{k}", right, row, self.x, b))
            found[f"net_o{k}"] = z[-1]
        powers = [math.exp(x) for x in z]
        p = [self.keep(x / sum(powers)) for x in powers]
        found["L"] = self.rule("L", -math.log(p[1]), p)
        for k, (row, b) in enumerate(zip(self.w, self.b, strict=True), 1):
            delta = self.rule(f"delta_o{k}", p[k - 1] - (k == 2), p[k - 1], z[k - 1], float(k == 2))
            found[f"delta_o{k}"] = delta
            for j, (x, w) in enumerate(zip(self.x, row, strict=True)):
                name = f"w{2 * k - 1 + j}"
                slope = found[f"dL/d{name}"] = self.rule(f"dL/d{name}", delta * x, delta, self.x, w)
                found[f"{name}+"] = self.rule(f"{name}+", w - self.rate * slope, w, slope, self.rate)
            slope = found[f"dL/db{k}"] = self.rule(f"dL/db{k}", delta, delta, p[k - 1])
            found[f"b{k}+"] = self.rule(f"b{k}+", b - self.rate * slope, b, slope, self.rate)
        return found


Case = Batch | Recurrent | Softmax


def more() -> dict[str, Case]:
    """Each of them."""
    return {"batch": Batch(), "rnn": Recurrent(), "softmax": Softmax()}
