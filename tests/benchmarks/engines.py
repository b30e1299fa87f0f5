"""One adapter for each engine: how it makes a leaf, its sigmoid, tanh and exp, and how gradients are read."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True)
class Engine:
    """What a workload needs of an engine. `differentiate` gives the derivatives of the last result with respect to the leaves."""

    name: str
    leaves: Callable[[Sequence[float]], list[Any]]
    sigmoid: Callable[[Any], Any]
    tanh: Callable[[Any], Any]
    exp: Callable[[Any], Any]
    differentiate: Callable[[Any, Sequence[Any]], list[float]]
    number: Callable[[Any], float]
    collected: bool = True  # whether Python looks for garbage while it runs


def ours() -> Engine:
    from tinygrad_bp import Value

    def differentiate(y: Value, leaves: Sequence[Value]) -> list[float]:
        for leaf in leaves:
            leaf.grad = 0.0
        y.backward()
        return [leaf.grad for leaf in leaves]

    return Engine(
        "tinygrad_bp",
        lambda numbers: [Value(x) for x in numbers],
        Value.sigmoid,
        Value.tanh,
        Value.exp,
        differentiate,
        lambda y: y.data,
    )


def micrograd() -> Engine:
    """micrograd, with the functions it lacks written as its own `relu` is, each one node."""
    from micrograd.engine import Value

    def function(forward: Callable[[float], float], slope: Callable[[float], float]) -> Callable[[Any], Any]:
        def apply(x: Any) -> Any:
            y = forward(x.data)
            out = Value(y, (x,), "f")

            def backward() -> None:
                x.grad += slope(y) * out.grad

            out._backward = backward
            return out

        return apply

    def differentiate(y: Any, leaves: Sequence[Any]) -> list[float]:
        for leaf in leaves:
            leaf.grad = 0.0
        y.backward()
        return [leaf.grad for leaf in leaves]

    return Engine(
        "micrograd",
        lambda numbers: [Value(x) for x in numbers],
        function(lambda x: 1.0 / (1.0 + math.exp(-x)), lambda y: y * (1.0 - y)),
        function(math.tanh, lambda y: 1.0 - y * y),
        function(math.exp, lambda y: y),
        differentiate,
        lambda y: float(y.data),
    )


def xad() -> Engine:
    import xad
    import xad.adj_1st as adjoint
    from xad import math as functions

    tape = adjoint.Tape()
    tape.activate()

    def leaves(numbers: Sequence[float]) -> list[Any]:
        reals = [adjoint.Real(x) for x in numbers]
        for real in reals:
            tape.registerInput(real)
        tape.newRecording()
        return reals

    def differentiate(y: Any, inputs: Sequence[Any]) -> list[float]:
        tape.registerOutput(y)
        y.derivative = 1.0
        tape.computeAdjoints()
        return [real.derivative for real in inputs]

    return Engine(
        "xad",
        leaves,
        lambda x: 1.0 / (1.0 + functions.exp(-x)),
        functions.tanh,
        functions.exp,
        differentiate,
        lambda y: float(xad.value(y)),
    )


def uncollected() -> Engine:
    """Ours as someone runs it who has much to record: graphs have no cycles, so there is nothing for the collector to find."""
    return replace(ours(), name="tinygrad_bp, `gc.disable()`", collected=False)


def installed() -> list[Engine]:
    """Our engine first, then each peer that is installed."""
    engines = [ours()]
    for make in (micrograd, xad):
        try:
            engines.append(make())
        except ImportError:
            print(f"{make.__name__} is not installed and left out")
    return engines
