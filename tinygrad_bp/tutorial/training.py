"""Gradient descent on the worked example, by hand and by autograd: forward, backward, update, again and again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Generic

from tinygrad_bp.core.gradients import grad
from tinygrad_bp.program import compile
from tinygrad_bp.tutorial.derivation import Number, one_round
from tinygrad_bp.tutorial.network import network

WEIGHTS = [f"w{k}" for k in range(1, 9)]
BIASES = ["b1", "b2"]


@dataclass(frozen=True)
class Run(Generic[Number]):
    """What came of a training: its errors, of which `errors[k]` is that after k updates, and outputs and parameters at its end."""

    errors: list[Number]
    outputs: dict[str, Number]
    parameters: dict[str, Number]


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
    numbers: dict[str, Any] = dict(start)
    errors: list[Any] = []
    while True:
        found = step(**numbers)
        error = found["E_total"]
        if not math.isfinite(error):
            told = f"E_total is {error} after {len(errors)} updates"
            raise OverflowError(f"training left all bounds: {told}; choose a smaller learning rate")
        errors.append(error)
        if len(errors) > rounds:
            outputs = {name: found[name] for name in ("out_o1", "out_o2")}
            return Run(errors, outputs, {name: numbers[name] for name in WEIGHTS + BIASES})
        numbers |= {name: found[f"{name}+"] for name in (WEIGHTS + BIASES if train_biases else WEIGHTS)}
        on_round()


def _recorded(start: Mapping[str, Any], *, sequential: bool) -> Callable[..., dict[str, Any]]:
    """A round on the network of Values, recorded and compiled: it takes and returns numbers by name, as `one_round` does."""
    values, eta = network(start), start["eta"]
    inputs = [v for v in values.values() if v.op is None]
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
    wanted = {name: values[name] for name in ("E_total", "out_o1", "out_o2")}
    wanted |= {f"{name}+": v - eta * slopes[name] for name, v in parameters.items()}
    program = compile(list(wanted.values()), inputs)
    return lambda **numbers: dict(zip(wanted, program(*[numbers[v.label] for v in inputs]), strict=True))
