"""Gradient descent on the worked example, by hand and by autograd: forward, backward, update, again and again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from tinygrad_bp.core.gradients import grad
from tinygrad_bp.lessons.by_hand import Number
from tinygrad_bp.lessons.course import Run, descend, recorded
from tinygrad_bp.tutorial.derivation import one_round
from tinygrad_bp.tutorial.network import network

WEIGHTS = [f"w{k}" for k in range(1, 9)]
BIASES = ["b1", "b2"]
OUTPUTS = ["out_o1", "out_o2"]


def train(
    start: Mapping[str, Number],
    rounds: int,
    *,
    exp: Callable[[Number], Number] | None = None,
    sequential: bool = False,
    train_biases: bool = False,
    on_round: Callable[[], object] = lambda: None,
) -> Run[Number]:
    """Trains the network of Values; with `exp` by hand, in numbers of any kind, of which it is the exponential function.

    Calls `on_round` after each round. Raises OverflowError where the numbers leave all bounds.
    """
    step = partial(one_round, exp, sequential=sequential) if exp else _recorded(start, sequential=sequential)
    names: dict[str, Any] = {"loss": "E_total", "outputs": OUTPUTS, "parameters": WEIGHTS + BIASES}
    return descend(step, start, rounds, **names, fixed=() if train_biases else BIASES, on_round=on_round)


def _recorded(start: Mapping[str, Any], *, sequential: bool) -> Callable[..., dict[str, float]]:
    """A round on the network of Values: it takes and returns numbers by name, as `one_round` does."""
    values, eta = network(start), start["eta"]
    parameters = {name: values[name] for name in WEIGHTS + BIASES}
    slopes = dict(zip(parameters, grad(values["E_total"], list(parameters.values())), strict=True))
    if (
        sequential
    ):  # autograd does not make this mistake by itself: what is recorded keeps the weights it was computed with
        new = {name: values[name] - eta * slopes[name] for name in ("w5", "w6", "w7", "w8")}
        deltas = grad(values["E_total"], [values["net_o1"], values["net_o2"]])
        mistaken = {h: deltas[0] * new[a] + deltas[1] * new[b] for h, a, b in (("h1", "w5", "w7"), ("h2", "w6", "w8"))}
        for name in ("w1", "w2", "w3", "w4", "b1"):
            slopes[name] = sum([flow * grad(values[f"out_{h}"], values[name]) for h, flow in mistaken.items()])
    wanted = {name: values[name] for name in ("E_total", *OUTPUTS)}
    wanted |= {f"{name}+": v - eta * slopes[name] for name, v in parameters.items()}
    return recorded(wanted, [v for v in values.values() if v.op is None])
