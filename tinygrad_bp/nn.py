"""Neurons, layers and networks of them, built from Values and named as in textbooks.

    >>> net = MLP(2, [2, 2], weights=[0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55], biases=[0.35, 0.60], shared_bias=True)
    >>> out_o1, out_o2 = net([0.05, 0.10])
    >>> out_o1
    Value(data=0.7513650695523157, grad=0.0, label='out_o1')

Names: the inputs are i1, i2, ..., the neurons of the hidden layer h1, h2, ... (of several hidden layers h1_1, h1_2, ..., h2_1, ...),
those of the last layer o1, o2, .... Neuron h1 computes `net_h1`, its weighted inputs plus its bias, and from that `out_h1`.
Weights are numbered w1, w2, ... through the whole network, neuron by neuron; so are biases, b1, b2, ....
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from difflib import get_close_matches
from typing import Any

from tinygrad_bp import ops
from tinygrad_bp.operation import Operation, as_float
from tinygrad_bp.value import Value


class Module:
    """Anything with parameters to train."""

    def parameters(self) -> list[Value]:
        """The Values that training changes, each once."""
        return []

    def zero_grad(self) -> None:
        """Sets the gradient of every parameter to 0, as before each new `backward()`."""
        for parameter in self.parameters():
            parameter.grad = 0.0


class Neuron(Module):
    """A neuron: `activation(w1 * x1 + w2 * x2 + ... + bias)`.

    Attributes:
        weights: a Value for each input.
        bias: a Value, which neurons may share.
        activation: a row of the table of operations with one operand, or None for a neuron that passes its net input on.
        name: what stands in the labels of the nodes it makes, `net_h1` and `out_h1` for the name h1.
    """

    def __init__(
        self, weights: Sequence[Value], bias: Value, activation: Operation | str | None = "sigmoid", name: str = ""
    ) -> None:
        weights = list(weights)
        for value in (*weights, bias):
            if not isinstance(value, Value):
                raise TypeError(
                    f"neuron {name or '(unnamed)'} takes Values as weights and bias, not {type(value).__name__} {value!r:.60}"
                )
        if not weights:
            raise ValueError(f"neuron {name or '(unnamed)'} needs at least one weight")
        self.weights = weights
        self.bias = bias
        self.activation = _activation(activation)
        self.name = name

    def __call__(self, inputs: Sequence[Any]) -> Value:
        """The neuron's output for these inputs, Values or numbers. Raises ValueError for another number of them than of weights."""
        if len(inputs) != len(self.weights):
            raise ValueError(
                f"neuron {self.name or '(unnamed)'} has {len(self.weights)} weights and got {len(inputs)} inputs"
            )
        net = self.weights[0] * inputs[0]
        for weight, x in zip(self.weights[1:], inputs[1:], strict=True):
            net = net + weight * x
        net = net + self.bias
        out: Value = net if self.activation is None else self.activation(net)
        if self.name:
            net.label = f"net_{self.name}"
            out.label = f"out_{self.name}"
        return out

    def parameters(self) -> list[Value]:
        return [*self.weights, self.bias]

    def __repr__(self) -> str:
        return f"Neuron({self.name or 'unnamed'}: {len(self.weights)} inputs, {self.activation.name if self.activation else 'linear'})"


class Layer(Module):
    """Neurons that get the same inputs."""

    def __init__(self, neurons: Sequence[Neuron]) -> None:
        neurons = list(neurons)
        for neuron in neurons:
            if not isinstance(neuron, Neuron):
                raise TypeError(f"a layer takes Neurons, not {type(neuron).__name__} {neuron!r:.60}")
        if len({len(neuron.weights) for neuron in neurons}) != 1:
            raise ValueError(
                f"a layer needs neurons, all with the same number of inputs, not {[len(n.weights) for n in neurons]}"
            )
        self.neurons = neurons

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """The output of each neuron."""
        return [neuron(inputs) for neuron in self.neurons]

    def parameters(self) -> list[Value]:
        return list(dict.fromkeys(p for neuron in self.neurons for p in neuron.parameters()))

    def __repr__(self) -> str:
        return f"Layer({', '.join(map(repr, self.neurons))})"


class MLP(Module):
    """A multilayer perceptron: layers of neurons, each fed by the one before.

    Args:
        inputs: the number of inputs.
        sizes: the number of neurons in each layer; the last is the output layer.
        activation: of every neuron, or a sequence with one for each layer: a row of the table, its name, or None.
        weights: their starting values, neuron by neuron. Drawn uniformly from -1 to 1 if not given.
        biases: their starting values, one for each layer if shared, else one for each neuron. Zeros if not given.
        shared_bias: whether the neurons of a layer share one bias.
        train_biases: whether `parameters()` includes the biases.
        seed: makes drawn weights repeatable.

    Raises ValueError for numbers that do not fit the shape, saying how many it takes, and TypeError for what is no number.
    """

    def __init__(
        self,
        inputs: int,
        sizes: Sequence[int],
        *,
        activation: Operation | str | Sequence[Operation | str | None] | None = "sigmoid",
        weights: Sequence[float] | None = None,
        biases: Sequence[float] | None = None,
        shared_bias: bool = False,
        train_biases: bool = True,
        seed: int | None = None,
    ) -> None:
        sizes = list(sizes) if isinstance(sizes, Iterable) else [sizes]
        widths = [inputs, *sizes]
        if len(widths) < 2 or any(type(n) is not int or n < 1 for n in widths):
            raise ValueError(
                f"MLP needs one or more inputs and layers of one or more neurons, not {inputs!r} inputs and layers {sizes!r}"
            )
        kinds: list[Any] = list(activation) if isinstance(activation, list | tuple) else [activation] * len(sizes)
        if len(kinds) != len(sizes):
            raise ValueError(f"MLP with {len(sizes)} layers takes {len(sizes)} activations, not {len(kinds)}")
        weight_count = sum(a * b for a, b in zip(widths, sizes, strict=False))
        bias_count = len(sizes) if shared_bias else sum(sizes)
        if weights is None:
            draw = random.Random(seed)
            weights = [draw.uniform(-1.0, 1.0) for _ in range(weight_count)]
        next_weight = _labelled(weights, weight_count, "w")
        next_bias = _labelled([0.0] * bias_count if biases is None else biases, bias_count, "b")
        self.train_biases = train_biases
        self.layers: list[Layer] = []
        for depth, (width, size, kind) in enumerate(zip(widths, sizes, kinds, strict=False), 1):
            prefix = "o" if depth == len(sizes) else "h" if len(sizes) == 2 else f"h{depth}_"
            layer_biases = [next(next_bias)] * size if shared_bias else [next(next_bias) for _ in range(size)]
            self.layers.append(
                Layer(
                    [
                        Neuron([next(next_weight) for _ in range(width)], b, kind, f"{prefix}{k}")
                        for k, b in enumerate(layer_biases, 1)
                    ]
                )
            )

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """The outputs of the last layer. Raises ValueError for a wrong number of inputs."""
        values: Sequence[Any] = inputs
        for layer in self.layers:
            values = layer(values)
        return list(values)

    @property
    def weights(self) -> list[Value]:
        """All weights, in the order of their numbers."""
        return [weight for layer in self.layers for neuron in layer.neurons for weight in neuron.weights]

    @property
    def biases(self) -> list[Value]:
        """All biases, each once, in the order of their numbers."""
        return list(dict.fromkeys(neuron.bias for layer in self.layers for neuron in layer.neurons))

    def parameters(self) -> list[Value]:
        return self.weights + (self.biases if self.train_biases else [])

    def __repr__(self) -> str:
        widths = [len(self.layers[0].neurons[0].weights), *(len(layer.neurons) for layer in self.layers)]
        return f"MLP({'-'.join(map(str, widths))}, {len(self.parameters())} parameters)"


def _labelled(numbers: Iterable[float], count: int, letter: str) -> Iterator[Value]:
    numbers = list(numbers)
    if len(numbers) != count:
        noun = {"w": "weight", "b": "bias"}[letter] if count == 1 else {"w": "weights", "b": "biases"}[letter]
        raise ValueError(f"MLP of this shape takes {count} {noun}, not {len(numbers)}")
    labels = [f"{letter}{k}" for k in range(1, count + 1)]
    return iter(
        [
            Value(as_float(x, "MLP", label, wants="takes a real number"), label)
            for x, label in zip(numbers, labels, strict=True)
        ]
    )


def _activation(choice: Operation | str | None) -> Operation | None:
    def fits(row: object) -> bool:
        return isinstance(row, Operation) and row.arity is not None and row.arity - len(row.defaults) == 1

    row = ops.OPERATIONS.get(choice) if isinstance(choice, str) else choice
    if choice is None or fits(row):
        return row
    near = get_close_matches(str(choice).lower(), [name for name, each in ops.OPERATIONS.items() if fits(each)], n=1)
    raise ValueError(
        f"activation {choice!r} is no operation on one operand{f'; did you mean {near[0]!r}?' if near else ':'} It is the name of one, "
        "such as 'sigmoid', 'tanh' or 'relu', or the operation itself, or None for none"
    )
