"""The network of the worked example with its numbers, for tests that hold what is computed from them."""

from __future__ import annotations

from typing import Any, NamedTuple

from tinygrad_bp import MLP, Value

WEIGHTS = [0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55]
BIASES = [0.35, 0.60]
INPUTS, TARGETS = [0.05, 0.10], [0.01, 0.99]


class Worked(NamedTuple):
    """The network, and a pass through it: all named as in the text."""

    net: MLP
    inputs: list[Value]
    targets: list[Value]
    error: Value


def worked_net(**options: Any) -> MLP:
    """The network; the options are those of `MLP`."""
    return MLP(2, [2, 2], **{"weights": WEIGHTS, "biases": BIASES, "shared_bias": True, **options})


def worked_example() -> Worked:
    """The network, and the error of its outputs."""
    net = worked_net()
    inputs = [Value(x, f"i{k}") for k, x in enumerate(INPUTS, 1)]
    targets = [Value(x, f"target_o{k}") for k, x in enumerate(TARGETS, 1)]
    errors = [0.5 * (target - out) ** 2 for target, out in zip(targets, net(inputs), strict=True)]
    error = errors[0] + errors[1]
    errors[0].label, errors[1].label, error.label = "E_o1", "E_o2", "E_total"
    return Worked(net, inputs, targets, error)
