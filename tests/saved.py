"""Saved networks for tests: what a file must hold of one, and files of one's own."""

from __future__ import annotations

import math
import struct
from typing import Any

import tinygrad_bp as tg
from tinygrad_bp import MLP, Module


def bits(module: Module) -> list[bytes | str]:
    """The parameters as bytes, with NaNs all alike."""
    parameters = [*module.weights, *module.biases] if isinstance(module, MLP) else module.parameters()
    return ["nan" if math.isnan(p.data) else struct.pack("d", p.data) for p in parameters]


def facts(net: MLP) -> dict[str, Any]:
    """All that a file is to hold of a network."""
    neurons = [neuron for layer in net.layers for neuron in layer.neurons]
    return {
        "bits": bits(net),
        "labels": [p.label for p in (*net.weights, *net.biases)],
        "widths": net.widths,
        "neurons": [(n.name, n.activation, n.separate_products) for n in neurons],
        "sharing": [net.biases.index(n.bias) for n in neurons],
        "train_biases": net.train_biases,
        "parameters": list(net.named_parameters()),
        "notes": net.notes,
    }


def per_neuron() -> MLP:
    """A network whose neurons have activations of their own."""
    net = MLP(2, [3, 2], activation=["tanh", "relu"], seed=1)
    net.layers[0].neurons[1].activation = tg.sigmoid
    net.layers[1].neurons[0].activation = None
    return net


def write(text: str | bytes, name: str = "net.json") -> str:
    """Writes a file of this text, or of these bytes, and returns its name."""
    with open(name, "wb") as stream:
        stream.write(text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text)
    return name
