"""Softmax with cross entropy, found in a graph: where the node deltas of the last layer are p − y.

It is told by its numbers, so that it does not matter in which operations a graph has it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.neurons import Unit

if TYPE_CHECKING:
    from tinygrad_bp.lessons.derivation import Derivation

NEAR = 1e-9  # how well numbers must fit
_OF_ENTROPY = (
    "logsumexp",
    "softplus",
    "exp",
    "log",
    "softmax",
    "nll",
    "entropy",
)  # an operation that a cross entropy is made of


class Share(NamedTuple):
    """Of a class: its probability, its target, and how many cases the error is the mean of."""

    probability: float
    target: float
    cases: int


def softmax(found: Derivation) -> dict[Value, Share]:
    """Of each net input of the last layers its share; empty where the error is no cross entropy of a softmax."""
    return shares_of(found.cases, found.order, found.graph.total)


def shares_of(
    cases: Sequence[Sequence[Sequence[Unit]]], order: Sequence[Value], total: Mapping[Value, float]
) -> dict[Value, Share]:
    """The same by the layers of each case, all nodes, and the derivatives of the error with respect to the net inputs."""
    operations = {v.op.name for v in order if v.op is not None}
    if not any(part in name for name in operations for part in _OF_ENTROPY):
        return {}
    shares: dict[Value, Share] = {}
    for layers in cases:
        for count in dict.fromkeys((len(cases), 1)):
            if fits := _shares(total, layers[-1], count):
                shares |= fits
                break
        else:
            return {}
    return shares


def _shares(total: Mapping[Value, float], layer: Sequence[Unit], count: int) -> dict[Value, Share]:
    if len(layer) < 2 or any(unit.activation or unit.net not in total for unit in layer):
        return {}
    largest = max(unit.net.data for unit in layer)
    weights = [math.exp(unit.net.data - largest) for unit in layer]
    probabilities = [x / math.fsum(weights) for x in weights]
    targets = [p - total[unit.net] * count for p, unit in zip(probabilities, layer, strict=True)]
    rounded = [round(t, 9) + 0.0 for t in targets]
    if any(not abs(a - b) <= NEAR or not 0.0 <= b <= 1.0 for a, b in zip(targets, rounded, strict=True)):
        return {}
    if abs(math.fsum(rounded) - 1.0) > NEAR * len(layer):
        return {}
    return {unit.net: Share(p, y, count) for unit, p, y in zip(layer, probabilities, rounded, strict=True)}
