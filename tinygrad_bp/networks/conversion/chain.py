"""`Chain`: what a network of another library is made of, in order, and the `MLP` that computes the same."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from tinygrad_bp.core.operation import Operation
from tinygrad_bp.networks.activations import activation_named
from tinygrad_bp.networks.losses import softmax
from tinygrad_bp.networks.nn import MLP
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.text import counted, shown

Matrix = list[list[float]]
# What other libraries call activations that rows of the table are. All of one name compute the same, to the rounding.
ACTIVATIONS: dict[str, str] = {
    "identity": "linear",
    "linear": "linear",
    "logistic": "sigmoid",
    "sigmoid": "sigmoid",
    "tanh": "tanh",
    "relu": "relu",
    "leaky_relu": "leaky_relu",
    "leakyrelu": "leaky_relu",
    "softplus": "softplus",
    "silu": "silu",
    "swish": "silu",
    "gelu": "gelu",
    "exp": "exp",
    "exponential": "exp",
    "sin": "sin",
    "cos": "cos",
    "abs": "abs",
}
PROBES = 4  # inputs at which what was made is compared with what it was made from
CLOSE = 1e-3  # relative to the largest output: a wrong layer is further off, and 32 bits are not


class Unfit(ValueError):
    """A model has something that no `MLP` computes."""


class Chain:
    """The parts of a network, each fed by the one before.

    Args:
        what: the model, for messages: `Sequential`.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self.columns: list[str] | None = None
        self.classes: list[str] | None = None
        self.softmax = False
        self.logarithms = False  # whether the model gives those of the probabilities
        self._layers: list[_Layer] = []
        self._waiting: list[_Fixed] = []  # for a layer after them

    def linear(self, name: str, weights: Any, biases: Any | None) -> None:
        """Adds a layer of neurons. `weights` has a row for each neuron; no biases are zeros that are not trained.

        Raises Unfit for arrays of other shapes, and numbers that are not finite.
        """
        self._open(name)
        rows = listed(weights)
        matrix = [[float(w) for w in row] for row in rows] if _is_matrix(rows) else []
        if not matrix or not matrix[0]:
            raise self.unfit(name, "has weights that are no matrix")
        shift = [0.0] * len(matrix) if biases is None else [float(b) for b in listed(biases)]
        if len(shift) != len(matrix):
            raise self.unfit(name, f"has {counted(len(matrix), 'neuron')} and {len(shift)} biases")
        if self._layers and len(matrix[0]) != len(self._layers[-1].biases):
            raise self.unfit(
                name,
                f"takes {counted(len(matrix[0]), 'input')}, and what is before it gives {len(self._layers[-1].biases)}",
            )
        if not all(math.isfinite(x) for row in (*matrix, shift) for x in row):
            raise self.unfit(name, "has weights that are not finite")
        layer = _Layer(matrix, shift, biases is not None)
        while self._waiting:
            layer.after(*self._fit(self._waiting.pop(), len(matrix[0])))
        self._layers.append(layer)

    def fixed(self, name: str, factors: Any, summands: Any) -> None:
        """Adds a map of each number by itself, `factor * x + summand`, that is not trained: it becomes part of a layer beside it."""
        self._open(name)
        fixed = _Fixed(name, [float(x) for x in listed(factors)], [float(x) for x in listed(summands)])
        if not all(map(math.isfinite, (*fixed.factors, *fixed.summands))):
            raise self.unfit(name, "has numbers that are not finite")
        if self._layers and self._layers[-1].activation is None and not self._waiting:
            self._layers[-1].before(*self._fit(fixed, len(self._layers[-1].biases)))
        else:
            self._waiting.append(fixed)

    def activation(self, name: str, called: str) -> None:
        """Adds an activation by the name that it has elsewhere. Raises Unfit for one that is no row of the table."""
        row = ACTIVATIONS.get(called.lower())
        if row is None:
            known = ", ".join(sorted({*ACTIVATIONS.values()} - {"linear"}))
            raise self.unfit(
                name, f"is nothing that an MLP computes: there are linear layers and the activations {known}"
            )
        self._open(name)
        if (operation := activation_named(row)) is None:
            return
        self._close(name)
        if not self._layers:
            raise self.unfit(name, "stands before the first layer of weights, where an MLP has no activation")
        if self._layers[-1].activation is not None:
            raise self.unfit(name, "follows another activation; a neuron has one")
        self._layers[-1].activation = operation

    def require(self, name: str, option: str, value: Any, wanted: Any) -> None:
        """Raises Unfit for an option of an activation with which it computes something else than the row of the table."""
        if value != wanted:
            raise self.unfit(name, f"has {option}={value!r}; the row of the table is that of {wanted!r}")

    def outputs_are_classes(self, name: str, classes: Sequence[Any] | None = None) -> None:
        """Says that a softmax ends the network: what is made has the net inputs as outputs, and notes from which follows the rest."""
        self._open(name)
        self._close(name)
        self.softmax = True
        width = len(self._layers[-1].biases) if self._layers else 0
        self.classes = [str(each) for each in (range(width) if classes is None else classes)]

    def network(self, original: Callable[[list[list[float]]], Any] | None) -> MLP:
        """The network, after a look at whether it computes what `original` does, which takes rows of inputs and returns rows of outputs.

        Raises Unfit if it does not, and for a chain without a layer.
        """
        self._close(self.what)
        if not self._layers:
            raise Unfit(f"{self.what} has no layer of weights")
        layers = self._layers
        net = MLP(
            len(layers[0].weights[0]),
            [len(layer.biases) for layer in layers],
            activation=[layer.activation for layer in layers],
            weights=[w for layer in layers for row in layer.weights for w in row],
            biases=[b for layer in layers for b in layer.biases],
        )
        for layer, made in zip(layers, net.layers, strict=True):
            for neuron in made.neurons:
                neuron.train_bias = layer.trains_biases
        if self.softmax or self.classes or self.columns:
            net.notes = replace(
                Notes(), columns=self.columns, classes=self.classes, loss="cross_entropy" if self.softmax else None
            )
        if original is not None:
            self._compare(net, original)
        return net

    def unfit(self, name: str, why: str) -> Unfit:
        return Unfit(f"{name} {why}" if name == self.what else f"{self.what}: {name} {why}")

    def _open(self, name: str) -> None:
        if self.softmax:
            raise self.unfit(name, "follows a softmax, which only the end of a network can be here")

    def _close(self, name: str) -> None:
        """Makes a layer of the fixed maps that no layer came after."""
        if not self._waiting:
            return
        if not self._layers:
            raise self.unfit(name, "has no layer of weights before it")
        width = len(self._layers[-1].biases)
        factors, summands = [1.0] * width, [0.0] * width
        for fixed in self._waiting:
            fs, ss = self._fit(fixed, width)
            factors = [f * x for f, x in zip(fs, factors, strict=True)]
            summands = [f * x + s for f, x, s in zip(fs, summands, ss, strict=True)]
        self._waiting = []
        diagonal = [[f if j == k else 0.0 for j in range(width)] for k, f in enumerate(factors)]
        self._layers.append(_Layer(diagonal, summands, False))

    def _fit(self, fixed: _Fixed, width: int) -> tuple[list[float], list[float]]:
        """Factors and summands for so many numbers; one stands for all."""
        parts = fixed.factors, fixed.summands
        factors, summands = (part * width if len(part) == 1 else part for part in parts)
        if len(factors) != width or len(summands) != width:
            raise self.unfit(fixed.name, f"is for {max(map(len, parts))} numbers, and there are {width}")
        return factors, summands

    def _compare(self, net: MLP, original: Callable[[list[list[float]]], Any]) -> None:
        draw = random.Random(0)
        rows = [[draw.gauss(0.0, 1.0) for _ in range(net.widths[0])] for _ in range(PROBES)]
        for row, wanted in zip(rows, listed(original(rows)), strict=True):
            outputs = net(row)
            found = [x.data for x in (softmax(outputs) if self.softmax else outputs)]
            there = flat(wanted)
            if self.classes and len(found) == 1 and len(there) == 2:
                found = [1.0 - found[0], found[0]]
            near = CLOSE * max([1e-30, *map(abs, there)])
            if len(found) != len(there) or not all(abs(a - b) <= near for a, b in zip(found, there, strict=True)):
                raise Unfit(
                    f"{self.what} computes something else than its layers one after the other: at {shown(row)} it gives "
                    f"{shown(there)}, they give {shown(found)}"
                )


class _Fixed(NamedTuple):
    name: str
    factors: list[float]
    summands: list[float]


class _Layer:
    def __init__(self, weights: Matrix, biases: list[float], trains_biases: bool) -> None:
        self.weights, self.biases, self.trains_biases = weights, biases, trains_biases
        self.activation: Operation | None = None

    def after(self, factors: Sequence[float], summands: Sequence[float]) -> None:
        """Takes in a map of its inputs: w·(f·x + s) + b."""
        self.biases = [
            math.fsum([b, *(w * s for w, s in zip(row, summands, strict=True))])
            for row, b in zip(self.weights, self.biases, strict=True)
        ]
        self.weights = [[w * f for w, f in zip(row, factors, strict=True)] for row in self.weights]

    def before(self, factors: Sequence[float], summands: Sequence[float]) -> None:
        """Takes in a map of its outputs: f·(w·x + b) + s."""
        self.biases = [f * b + s for f, b, s in zip(factors, self.biases, summands, strict=True)]
        self.weights = [[f * w for w in row] for f, row in zip(factors, self.weights, strict=True)]


def listed(array: Any) -> list[Any]:
    """The numbers of an array or a tensor of any library as lists of lists; a single number in a list of its own."""
    for name in ("detach", "cpu", "double", "numpy", "tolist"):
        step = getattr(array, name, None)
        if callable(step) and not isinstance(array, list):
            array = step()
    if isinstance(array, list | tuple):
        return [listed(x) if hasattr(x, "tolist") or isinstance(x, list | tuple) else x for x in array]
    return [array]


def transposed(kernel: Any) -> Any:
    """A matrix with a column for each neuron as one with a row for each."""
    rows = listed(kernel)
    return [list(column) for column in zip(*rows, strict=True)] if _is_matrix(rows) else rows


def flat(x: Any) -> list[float]:
    """All numbers in lists of lists, one after the other; of a number alone that."""
    return [y for each in x for y in flat(each)] if isinstance(x, list) else [float(x)]


def _is_matrix(rows: list[Any]) -> bool:
    return (
        all(isinstance(row, list) and not any(isinstance(x, list) for x in row) for row in rows)
        and len({len(row) for row in rows}) == 1
    )
