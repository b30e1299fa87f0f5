"""The worked example made of Values: write the forward pass with ordinary operators, and every derivative is known."""

from __future__ import annotations

from collections.abc import Mapping

from tinygrad_bp.core.ops import sigmoid
from tinygrad_bp.core.value import Value


def forward(
    *, i1: Value, i2: Value, target_o1: Value, target_o2: Value, w1: Value, w2: Value, w3: Value, w4: Value,
    w5: Value, w6: Value, w7: Value, w8: Value, b1: Value, b2: Value,
) -> dict[str, Value]:  # fmt: skip
    """The forward pass. Returns every Value by its name in the text, which is also its label, inputs and weights included."""
    net_h1 = w1 * i1 + w2 * i2 + b1
    net_h2 = w3 * i1 + w4 * i2 + b1
    out_h1 = sigmoid(net_h1)
    out_h2 = sigmoid(net_h2)

    net_o1 = w5 * out_h1 + w6 * out_h2 + b2
    net_o2 = w7 * out_h1 + w8 * out_h2 + b2
    out_o1 = sigmoid(net_o1)
    out_o2 = sigmoid(net_o2)

    E_o1 = (target_o1 - out_o1) ** 2 / 2
    E_o2 = (target_o2 - out_o2) ** 2 / 2
    E_total = E_o1 + E_o2

    values: dict[str, Value] = {**locals()}
    for name, value in values.items():
        value.label = name
    return values


def network(numbers: Mapping[str, float]) -> dict[str, Value]:
    """The network with these inputs, targets, weights and biases by name; other names, such as eta, are left out."""
    return forward(**{name: Value(number, name) for name, number in numbers.items() if name != "eta"})
