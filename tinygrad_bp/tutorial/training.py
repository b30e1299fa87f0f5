"""Gradient descent on the worked example, by hand and by autograd: forward, backward, update, again and again."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Generic

from tinygrad_bp.core.value import Value
from tinygrad_bp.tutorial.derivation import Number, one_round
from tinygrad_bp.tutorial.network import forward

WEIGHTS = [f"w{k}" for k in range(1, 9)]
BIASES = ["b1", "b2"]


@dataclass(frozen=True)
class Run(Generic[Number]):
    """What came of a training.

    Attributes:
        errors: E_total after 0, 1, 2, ... updates; `errors[k - 1]` is what the forward pass of round k sees.
        outputs: out_o1 and out_o2 after the last update.
        parameters: weights and biases after the last update.
    """

    errors: list[Number]
    outputs: dict[str, Number]
    parameters: dict[str, Number]


def train_by_hand(
    start: Mapping[str, Number],
    exp: Callable[[Number], Number],
    rounds: int,
    *,
    sequential: bool = False,
    train_biases: bool = False,
) -> Run[Number]:
    """Trains with the derivation by hand, in numbers of any kind. Raises OverflowError where the numbers leave all bounds."""
    numbers = dict(start)
    trained = _trained(train_biases)
    errors: list[Number] = []
    for done in range(rounds + 1):
        found = one_round(exp, **numbers, sequential=sequential)
        _require_finite(found["E_total"], done)
        errors.append(found["E_total"])
        if done < rounds:
            numbers.update((name, found[name + "+"]) for name in trained)
    outputs = {name: found[name] for name in ("out_o1", "out_o2")}
    return Run(errors, outputs, {name: numbers[name] for name in WEIGHTS + BIASES})


def train(
    start: Mapping[str, float],
    rounds: int,
    *,
    sequential: bool = False,
    train_biases: bool = False,
    on_round: Callable[[], object] = lambda: None,
) -> Run[float]:
    """Trains the network of Values and calls `on_round` after each round. Raises OverflowError where the numbers leave all bounds.

    `sequential` makes the mistake that `derivation.one_round` describes. Autograd does not make it by itself: what is recorded keeps
    the weights it was computed with.
    """
    leaves = {name: Value(number, name) for name, number in start.items() if name != "eta"}
    trained = [leaves[name] for name in _trained(train_biases)]
    eta = start["eta"]
    errors: list[float] = []
    for _ in range(rounds):
        values = forward(**leaves)
        E_total = values["E_total"]
        for leaf in leaves.values():
            leaf.grad = 0.0
        E_total.backward()
        if sequential:
            _update_output_layer_first(values, eta)
        for parameter in trained:
            parameter.data -= eta * parameter.grad
        _require_finite(E_total.data, len(errors))
        errors.append(E_total.data)
        on_round()
    values = forward(**leaves)
    _require_finite(values["E_total"].data, rounds)
    errors.append(values["E_total"].data)
    outputs = {name: values[name].data for name in ("out_o1", "out_o2")}
    return Run(errors, outputs, {name: leaves[name].data for name in WEIGHTS + BIASES})


def _trained(train_biases: bool) -> list[str]:
    return [*WEIGHTS, *BIASES] if train_biases else WEIGHTS


def _update_output_layer_first(values: Mapping[str, Value], eta: float) -> None:
    """Puts the mistaken gradients of the hidden layer in place of the right ones."""
    updated = {name: values[name].data - eta * values[name].grad for name in ("w5", "w6", "w7", "w8")}
    deltas = {}
    for hidden, to_o1, to_o2 in (("h1", "w5", "w7"), ("h2", "w6", "w8")):
        mistaken = values["net_o1"].grad * updated[to_o1] + values["net_o2"].grad * updated[to_o2]
        [local_derivative] = values[f"out_{hidden}"].local_derivatives
        deltas[hidden] = mistaken * local_derivative
    for weight, hidden, x in (("w1", "h1", "i1"), ("w2", "h1", "i2"), ("w3", "h2", "i1"), ("w4", "h2", "i2")):
        values[weight].grad = deltas[hidden] * values[x].data
    values["b1"].grad = deltas["h1"] + deltas["h2"]


def _require_finite(error: float | Decimal, updates: int) -> None:
    if not math.isfinite(error):
        raise OverflowError(
            f"training left all bounds: E_total is {error} after {updates} updates; choose a smaller learning rate"
        )
