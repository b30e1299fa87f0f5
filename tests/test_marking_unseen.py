"""Mistakes planted into what no other test has: a softmax and a batch without names, three steps of time, a pendulum."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import pytest

from tests.hand import Hand
from tests.hand_cases import Batch, Recurrent
from tests.test_marking_sentences import pendulum
from tinygrad_bp import Value, mark


@dataclass
class Softmax:
    """3-4-3 with tanh, and softmax written out by exp and a quotient."""

    rate: float = 0.3
    changes: dict[str, Callable[..., Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.x, self.right = (0.7, -0.4, 0.9), 2
        self.first = [[0.25, 0.48, 0.59], [-0.46, 0.72, -0.31], [0.07, -0.83, 0.64], [0.91, 0.13, -0.27]]
        self.second = [[0.62, -0.35, 0.18, 0.44], [-0.21, 0.57, 0.33, -0.68], [0.39, 0.86, -0.52, 0.29]]
        self.biases = ([0.11, -0.23, 0.32, 0.05], [0.14, -0.07, 0.26])

    def graph(self) -> Value:
        signals, number = [Value(x, f"x{k}") for k, x in enumerate(self.x, 1)], 0
        for letter, rows, biases in (("h", self.first, self.biases[0]), ("o", self.second, self.biases[1])):
            following = []
            for k, (row, bias) in enumerate(zip(rows, biases, strict=True), 1):
                net = Value(bias, f"b_{letter}{k}")
                for place, (w, signal) in enumerate(zip(row, signals, strict=True), number + 1):
                    net = net + Value(w, f"w{place}") * signal
                number += len(row)
                net.label = f"net_{letter}{k}"
                following.append(net.tanh() if letter == "h" else net)
                following[-1].label = f"out_h{k}" if letter == "h" else net.label
            signals = following
        exps = [z.exp() for z in signals]
        shares = [e / (exps[0] + exps[1] + exps[2]) for e in exps]
        for k, p in enumerate(shares, 1):
            p.label = f"p{k}"
        loss = -shares[self.right].log()
        loss.label = "L"
        return loss

    def rule(self, name: str, right: float, *given: Any) -> float:
        return float(self.changes[name](right, *given)) if name in self.changes else right

    def derive(self) -> dict[str, float]:
        found: dict[str, float] = {}

        def net(name: str, row: list[float], signals: Any, bias: float) -> float:
            right = sum(w * x for w, x in zip(row, signals, strict=True)) + bias
            found[name] = self.rule(name, right, row, signals)
            return found[name]

        h = []
        for k, (row, b) in enumerate(zip(self.first, self.biases[0], strict=True), 1):
            found[f"out_h{k}"] = math.tanh(net(f"net_h{k}", row, self.x, b))
            h.append(found[f"out_h{k}"])
        z = [net(f"net_o{k + 1}", self.second[k], h, self.biases[1][k]) for k in range(3)]
        exps = [math.exp(x) for x in z]
        p = [e / sum(exps) for e in exps]
        found["p3"] = self.rule("p3", p[2], z)
        found["L"] = self.rule("L", -math.log(found["p3"]), p)
        d = [self.rule(f"delta_o{k + 1}", p[k] - (k == 2), p) for k in range(3)]
        found |= {f"delta_o{k + 1}": x for k, x in enumerate(d)}
        for j in range(4):
            come = sum(d[k] * self.second[k][j] for k in range(3))
            name = f"dL/dout_h{j + 1}"
            found[name] = self.rule(name, come, d, [row[j] for row in self.second])
        for k in range(3):
            for j in range(4):
                found[f"dL/dw{13 + 4 * k + j}"] = d[k] * h[j]
        return found


class Bare(Batch):
    """Four cases whose inputs and targets have no names."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.rows = [*self.rows, ((0.2, 0.6), -0.5)]

    def graph(self) -> Value:
        w, b = [Value(x, f"w{k}") for k, x in enumerate(self.w, 1)], Value(self.b, "b")
        errors = []
        for xs, t in self.rows:
            net = w[0] * Value(xs[0]) + w[1] * Value(xs[1]) + b
            net.label = "net_o1"
            out = net.tanh()
            out.label = "out_o1"
            errors.append((out - Value(t)) ** 2)
        E = (errors[0] + errors[1] + errors[2] + errors[3]) / 4.0
        E.label = "E"
        return E

    def derive(self) -> dict[str, float]:
        found: dict[str, float] = {}
        nets = [self.w[0] * xs[0] + self.w[1] * xs[1] + self.b for xs, _ in self.rows]
        outs = [math.tanh(x) for x in nets]
        for k, net in enumerate(nets, 1):
            found[f"net_o1[{k}]"] = self.rule(f"net_o1[{k}]", net, self.b)
        squares = [(o - t) ** 2 for o, (_, t) in zip(outs, self.rows, strict=True)]
        found["E"] = self.rule("E", sum(squares) / 4, squares)
        come = [(o - t) / 2 for o, (_, t) in zip(outs, self.rows, strict=True)]
        deltas = [
            self.rule(f"delta_o1[{k}]", c * (1 - o * o), c, o)
            for k, (c, o) in enumerate(zip(come, outs, strict=True), 1)
        ]
        found |= {f"delta_o1[{k}]": d for k, d in enumerate(deltas, 1)}
        for j in (0, 1):
            parts = [d * xs[j] for d, (xs, _) in zip(deltas, self.rows, strict=True)]
            found[f"dE/dw{j + 1}"] = self.rule(f"dE/dw{j + 1}", sum(parts), parts)
        return found


class Pendulum:
    """y = theta0 exp(-gamma t) cos(omega t) with omega = sqrt(g / l)."""

    rate = 0.1

    def __init__(self) -> None:
        self.changes: dict[str, Callable[..., float]] = {}

    def graph(self) -> Value:
        return pendulum()

    def derive(self) -> dict[str, float]:
        g, length, theta, gamma, t = 9.81, 1.3, 0.4, 0.21, 0.7
        omega, damp = math.sqrt(g / length), math.exp(-gamma * t)
        right = {
            "omega": omega, "damp": damp, "y": theta * damp * math.cos(omega * t), "dy/domega": -theta * damp * math.sin(omega * t) * t,
            "domega/dg": 1 / (2 * omega * length), "domega/dl": -g / length**2 / (2 * omega), "ddamp/dgamma": -t * damp,
        }  # fmt: skip
        return {name: self.changes[name](x) if name in self.changes else x for name, x in right.items()}


def recurrent() -> Recurrent:
    made = Recurrent(rate=0.25)
    made.w, made.u, made.b, made.v = -0.61, 0.72, 0.2, 1.4
    made.xs, made.t, made.h0 = (0.5, 0.85, -0.3), -0.4, 0.1
    return made


def tanh() -> Hand:
    return Hand([2, 3, 1], ["tanh", "tanh"], [0.8, -0.45], [0.4], rate=0.15, seed=77)


MAKE: dict[str, Callable[[], Any]] = {
    "tanh": tanh, "softmax": Softmax, "rnn": recurrent, "pendulum": Pendulum, "batch": Bare
}  # fmt: skip
OMEGA, T = math.sqrt(9.81 / 1.3), 0.7
PLANTED: list[tuple[str, str, str, Callable[..., float], set[str]]] = [
    ("tanh", "net_h2", "net_h2", lambda right, w, a, b: sum(w) + sum(a) + b, {"sumForProduct"}),
    ("tanh", "net_h1", "net_h1", lambda right, w, a, b: right - b + 0.34, {"replaced"}),
    ("tanh", "out_h3", "out_h3", lambda right, z: 1 / (1 + math.exp(-z)), {"otherFunction"}),
    ("tanh", "slope_h1", "dout_h1/dnet_h1", lambda right, z, a: 1 - z * z, {"replaced"}),
    ("tanh", "delta_h2", "delta_h2", lambda right, come, slope: come, {"omitted"}),
    ("tanh", "w8+", "w8+", lambda right, old, g, lr: old + lr * g, {"updateSign"}),
    ("tanh", "E_total", "E_total", lambda right, errors: 2 * right, {"doubled"}),
    ("tanh", "dE/dout_o1", "dE/dout_o1", lambda right, t, o: t - o, {"exchanged"}),
    ("softmax", "delta_o3", "delta_o3", lambda right, p: p[2], {"targetForgotten"}),
    ("softmax", "delta_o1", "delta_o1", lambda right, p: p[0] * p[0] * (1 - p[0]), {"softmaxSlope"}),
    ("softmax", "L", "L", lambda right, p: -math.log(p[0]), {"otherClass"}),
    ("softmax", "L", "L", lambda right, p: (p[0] ** 2 + p[1] ** 2 + (p[2] - 1) ** 2) / 2, {"squaredForEntropy"}),
    ("softmax", "L", "L", lambda right, p: -math.log10(p[2]), {"log10"}),
    ("softmax", "p3", "p3", lambda right, z: z[2] / sum(z), {"function"}),
    ("softmax", "net_o2", "net_o2", lambda right, w, h: right - w[2] * h[2], {"summand"}),
    ("softmax", "dL/dout_h2", "dL/dout_h2", lambda right, d, w: d[0] * w[1] + d[1] * w[0] + d[2] * w[2], {"swapped"}),
    ("softmax", "dL/dout_h3", "dL/dout_h3", lambda right, d, w: right - d[1] * w[1], {"path"}),
    ("rnn", "n2", "n2", lambda right, x, h, b: right - 0.72 * h[1], {"summand"}),
    ("rnn", "dL/du", "dL/du", lambda right, parts, d, h, n, x: parts[2], {"onlyPath"}),
    ("rnn", "dL/dw", "dL/dw", lambda right, parts, d, h, n, x: d[3] * x[0] + d[2] * x[1] + d[1] * x[2], {"swapped"}),
    ("rnn", "dL/dn2", "dL/dn2", lambda right, come, h, n: come * (1 - n * n), {"replaced"}),
    ("pendulum", "omega", "omega", lambda right: right**2, {"function"}),
    ("pendulum", "damp", "damp", lambda right: 1 / right, {"minus"}),
    ("pendulum", "y", "y", lambda right: right * math.tan(OMEGA * T), {"otherFunction"}),
    ("pendulum", "y", "y", lambda right: right / math.cos(OMEGA * T) * math.cos(math.radians(OMEGA * T)), {"degrees"}),
    ("pendulum", "dy/domega", "dy/domega", lambda right: right / T, {"omitted"}),
    ("pendulum", "dy/domega", "dy/domega", lambda right: -right, {"sign"}),
    ("pendulum", "domega/dg", "domega/dg", lambda right: right * 1.3, {"omitted"}),
    ("pendulum", "domega/dl", "domega/dl", lambda right: -right, {"sign"}),
    ("pendulum", "ddamp/dgamma", "ddamp/dgamma", lambda right: -right / T, {"omitted", "another"}),
    ("batch", "E", "E", lambda right, squares: sum(squares), {"mean"}),
    ("batch", "E", "E", lambda right, squares: sum(squares[:3]) + squares[3] / 4, {"lastDivided"}),
    ("batch", "dE/dw1", "dE/dw1", lambda right, parts: 4 * right, {"mean"}),
    ("batch", "dE/dw2", "dE/dw2", lambda right, parts: right - parts[2], {"path"}),
    ("batch", "net_o1[4]", "net_o1[4]", lambda right, b: right - b, {"bias"}),
    ("batch", "delta_o1[2]", "delta_o1[2]", lambda right, come, o: come * (1 - o), {"replaced"}),
]  # fmt: skip


@cache
def graph(name: str) -> Value:
    loss: Value = MAKE[name]().graph()
    return loss


@pytest.mark.parametrize(("name", "where", "first", "change", "keys"), PLANTED)
def test_it_is_the_first_wrong_step_and_is_named(
    name: str, where: str, first: str, change: Callable[..., float], keys: set[str]
) -> None:
    made = MAKE[name]()
    made.changes[where] = change
    answers = {key: f"{x:.6g}" for key, x in made.derive().items()}
    names = list(answers)
    kept = names[max(0, names.index(first) - 6) : names.index(first) + 4]
    found = mark(graph(name), {key: answers[key] for key in kept}, lr=made.rate)
    assert found.first_wrong is not None
    assert found.first_wrong.name == found[first].name
    assert set(found.first_wrong.keys) & keys, found.first_wrong
    assert [each.name for each in found if each.verdict == "wrong"] == [found.first_wrong.name]


@pytest.mark.parametrize("digits", [3, 5, 9, 17])
@pytest.mark.parametrize("name", MAKE)
def test_what_is_right_is_never_called_wrong(name: str, digits: int) -> None:
    made = MAKE[name]()
    answers = {key: f"{x:.{digits}g}" for key, x in made.derive().items()}
    found = mark(graph(name), answers, lr=made.rate)
    assert {each.verdict for each in found} <= {"right", "few"}
