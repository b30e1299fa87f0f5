"""Neurons, layers and networks of them, built from Values and named as in textbooks.

    >>> net = MLP(2, [2, 2], weights=[0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55], biases=[0.35, 0.60], shared_bias=True)
    >>> out_o1, out_o2 = net([0.05, 0.10])
    >>> out_o1
    Value(data=0.7513650695523157, grad=0.0, label='out_o1')
    >>> net
    MLP(2-2-2, 10 parameters)
    ├─ layer1: Layer(2 inputs, 2 neurons, sigmoid, shared bias)
    └─ layer2: Layer(2 inputs, 2 neurons, sigmoid, shared bias)

Names: the inputs are i1, i2, ..., the neurons of the hidden layer h1, h2, ... (of several hidden layers h1_1, h1_2, ..., h2_1, ...),
those of the last layer o1, o2, .... Neuron h1 computes `net_h1`, its weighted inputs plus its bias, and from that `out_h1`.
Weights are numbered w1, w2, ... through the whole network, neuron by neuron; so are biases, b1, b2, ....
"""

from __future__ import annotations

import math
import operator
import random
import warnings
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from numbers import Real
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Operation, as_float
from tinygrad_bp.core.operators import dots
from tinygrad_bp.core.output import said
from tinygrad_bp.core.value import Constant, Value, label_pair
from tinygrad_bp.networks.activations import FASTER, activation_named
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.networks.scaling import Scaled, Scaling
from tinygrad_bp.networks.seeds import generator
from tinygrad_bp.text import counted, shown, whole_number
from tinygrad_bp.walking import attributes, hidden, inside

Initializer = Callable[[random.Random, int, int], float]
NEAR = 6.0  # how much less likely (e to the power of half of it) measured inputs may be than scaled ones, to be taken for measured


def uniform(draw: random.Random, inputs: int, neurons: int) -> float:
    """A weight drawn evenly from -1 to 1, whatever the size of the layer."""
    return draw.uniform(-1.0, 1.0)


def glorot(draw: random.Random, inputs: int, neurons: int) -> float:
    """A weight drawn evenly up to sqrt(6 / (inputs + neurons)) to either side, which suits sigmoid and tanh (Glorot and Bengio, 2010)."""
    limit = math.sqrt(6.0 / (inputs + neurons))
    return draw.uniform(-limit, limit)


def he(draw: random.Random, inputs: int, neurons: int) -> float:
    """A weight drawn evenly up to sqrt(6 / inputs) to either side, which suits relu (He and others, 2015)."""
    limit = math.sqrt(6.0 / inputs)
    return draw.uniform(-limit, limit)


INITIALIZERS: dict[str, Initializer] = {"uniform": uniform, "glorot": glorot, "he": he}


class Module:
    """Anything with parameters to train: Values among its attributes, in slots and of its class, too, and in what these hold: other
    Modules, lists, tuples, dictionaries, deques, sets, NumPy's arrays of objects, dataclasses and other objects with attributes.

    Not looked into are functions, what they enclose and what methods are bound to, keys of dictionaries, views and iterators, classes, and
    objects of the standard library. A parameter that is found there only is not trained and not saved: `save` and `train` warn, naming
    the attribute.
    """

    def named_parameters(self) -> dict[str, Value]:
        """The parameters by the way that leads to them, such as `layer1.neuron2.w3` or `blocks.0.scale`; each Value once.

        Raises ValueError for two of one name, and for Values in a set that have not labels of their own, as a set has no order.
        """
        found: dict[Value, str] = {}
        seen: dict[int, Any] = {}  # by identity; kept, as the number of what is gone may be that of another thing
        waiting: list[tuple[str, Any]] = [("", self)]
        while waiting:
            path, thing = waiting.pop()
            if isinstance(thing, Value):
                if thing.op is None and not isinstance(thing, Constant):
                    found.setdefault(thing, path)
            elif id(thing) not in seen:
                seen[id(thing)] = thing
                try:
                    within = list(_parts(thing))
                except ValueError as error:
                    raise ValueError(f"{type(self).__name__}: {path}: {error}") from None
                waiting += [(f"{path}.{name}" if path else name, part) for name, part in reversed(within)]
        paths = {path: value for value, path in found.items()}
        if len(paths) < len(found):
            twice = next(path for value, path in found.items() if paths[path] is not value)
            raise ValueError(
                f"{type(self).__name__}: two parameters are called {twice!r}; give keys of dictionaries other names"
            )
        return paths

    def parameters(self) -> list[Value]:
        """The Values that training changes, each once."""
        return list(self.named_parameters().values())

    def zero_grad(self) -> None:
        """Sets the gradient of every parameter to 0, as before each new `backward()`."""
        for parameter in self.parameters():
            parameter.grad = 0.0

    def __call__(self, *inputs: Any, **more: Any) -> Any:
        """What a class of one's own computes. Raises TypeError for one that does not say: it needs a method `__call__`.

        Args:
            inputs, more: what that method takes.
        """
        hint = ": rename its `forward`, which nothing calls here" if hasattr(self, "forward") else ""
        raise TypeError(f"{type(self).__name__} has no method __call__, which makes of the inputs the outputs{hint}")

    def parts(self) -> Iterator[tuple[str, Any]]:
        """Pairs of a name and a thing that may have parameters: all attributes, if a class does not say otherwise."""
        yield from attributes(self)

    def summary(self) -> str:
        """What it is, in a line."""
        return f"{type(self).__name__}({counted(len(self.parameters()), 'parameter')})"

    @said
    def __repr__(self) -> str:
        return "\n".join(_tree(self.summary(), self, {self}))


class Neuron(Module):
    """A neuron: `activation(w1 * x1 + w2 * x2 + ... + bias)`.

    Args:
        separate_products: record a node for each product and each sum, as in the worked example, in place of one `dot`. The numbers
            are the same but for rounding.

    Attributes:
        weights: a Value for each input.
        bias: a Value, which neurons may share.
        activation: a row of the table of operations with one operand, or None for a neuron that passes its net input on. May be
            assigned, the name of a row, too.
        name: what stands in the labels of the nodes it makes, `net_h1` and `out_h1` for the name h1.
        train_bias: whether the bias is among its parameters; True to begin with.
    """

    _activation: Operation | None
    _activate: Callable[[Value], Value] | None
    _name: str
    _labels: tuple[str, str]

    def __init__(
        self,
        weights: Sequence[Value],
        bias: Value,
        activation: Operation | str | None = "sigmoid",
        name: str = "",
        *,
        separate_products: bool = False,
    ) -> None:
        weights = list(weights)
        for value in (*weights, bias):
            if not isinstance(value, Value):
                raise TypeError(
                    f"neuron {name or '(unnamed)'} takes Values as weights and bias, not {type(value).__name__} {shown(value)}"
                )
        if not weights:
            raise ValueError(f"neuron {name or '(unnamed)'} needs at least one weight")
        self.weights = weights
        self.bias = bias
        self.activation = activation
        self.name = name
        self.separate_products = bool(separate_products)
        self.train_bias = True

    def __call__(self, inputs: Sequence[Any]) -> Value:
        """The neuron's output for these inputs, Values or numbers.

        Raises ValueError for another number of them than of weights, TypeError for what is no sequence.
        """
        weights, inputs = self.weights, listed_inputs(inputs, self, len(self.weights))
        if len(inputs) != len(weights):
            raise ValueError(
                f"neuron {self.name or '(unnamed)'} has {counted(len(weights), 'weight')} and got {counted(len(inputs), 'input')}"
            )
        net: Value
        if self.separate_products:
            net = weights[0] * inputs[0]
            for weight, x in zip(weights[1:], inputs[1:], strict=True):
                net = net + weight * x
            net = net + self.bias
        else:
            net = ops.dot([*weights, self.bias], [*inputs, 1.0])
        return self.activated(net)

    def activated(self, net: Value) -> Value:
        """The neuron's output for its net input. Both are labelled, if the neuron has a name."""
        activate = self._activate
        out = net if activate is None else activate(net)
        if self._name:
            label_pair(net, out, self._labels)
        return out

    @property
    def activation(self) -> Operation | None:
        """What it makes of its net input. Raises ValueError when set to what is no operation on one operand."""
        return self._activation

    @activation.setter
    def activation(self, choice: Operation | str | None) -> None:
        self._activation = row = activation_named(choice)
        self._activate = None if row is None else FASTER.get(row, row)

    @property
    def name(self) -> str:
        """What stands in the labels of the nodes it makes."""
        return self._name

    @name.setter
    def name(self, name: str) -> None:
        self._name = name
        self._labels = f"net_{name}", f"out_{name}"

    def parts(self) -> Iterator[tuple[str, Any]]:
        yield from ((f"w{k}", weight) for k, weight in enumerate(self.weights, 1))
        if self.train_bias:
            yield "b", self.bias
        yield from _others(self, Neuron, ("weights", "bias"))

    def summary(self) -> str:
        kind = self.activation.name if self.activation else "linear"
        return f"Neuron({self.name or 'unnamed'}: {counted(len(self.weights), 'input')}, {kind})"


class Layer(Module):
    """Neurons that get the same inputs: `layer(inputs)` is the list of their outputs, a Value for each neuron.

    Attributes:
        neurons: the neurons, in order.

    Raises TypeError for what is no Neuron, ValueError for no neurons and for such as have different numbers of inputs.
    """

    def __init__(self, neurons: Sequence[Neuron]) -> None:
        neurons = list(neurons)
        for neuron in neurons:
            if not isinstance(neuron, Neuron):
                raise TypeError(f"a layer takes Neurons, not {type(neuron).__name__} {shown(neuron)}")
        if len({len(neuron.weights) for neuron in neurons}) != 1:
            raise ValueError(
                f"a layer needs neurons, all with the same number of inputs, not {[len(n.weights) for n in neurons]}"
            )
        self.neurons = neurons

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """The output of each neuron."""
        inputs = listed_inputs(inputs, self, len(self.neurons[0].weights))
        neurons, count, rows = self.neurons, len(inputs), []
        for neuron in neurons:
            if type(neuron) is not Neuron or neuron.separate_products or len(neuron.weights) != count:
                break
            rows.append([*neuron.weights, neuron.bias])
        else:
            nets = dots(rows, [*inputs, 1.0])
            if nets is not None:
                return [neuron.activated(net) for neuron, net in zip(neurons, nets, strict=True)]
        return [neuron(inputs) for neuron in neurons]

    def parts(self) -> Iterator[tuple[str, Any]]:
        yield from ((f"neuron{k}", neuron) for k, neuron in enumerate(self.neurons, 1))
        yield from _others(self, Layer, ("neurons",))

    def summary(self) -> str:
        kinds = {neuron.activation.name if neuron.activation else "linear" for neuron in self.neurons}
        shared = len({neuron.bias for neuron in self.neurons}) == 1 < len(self.neurons)
        facts = [
            counted(len(self.neurons[0].weights), "input"),
            counted(len(self.neurons), "neuron"),
            "/".join(sorted(kinds)),
        ]
        return f"Layer({', '.join(facts + ['shared bias'] * shared)})"


class MLP(Module):
    """A multilayer perceptron: layers of neurons, each fed by the one before.

    Args:
        inputs: the number of inputs.
        sizes: the number of neurons in each layer; the last is the output layer.
        activation: of every neuron, or a sequence with one for each layer: a row of the table, its name, or None.
        weights: their starting values, neuron by neuron. Drawn as `init` says if not given.
        biases: their starting values, one for each layer if shared, else one for each neuron. Zeros if not given.
        shared_bias: whether the neurons of a layer share one bias.
        train_biases: whether `parameters()` includes the biases.
        seed: makes drawn weights repeatable.
        init: how weights are drawn: "glorot", "he" or "uniform" (from -1 to 1), or a function that takes a `random.Random`, the number of
            inputs of the layer and the number of its neurons, and returns a weight.
        labels: of weights and biases: "numbered", w1, w2, ... through the whole network, or "nested", `layer1.neuron2.w3`.
        separate_products: as in `Neuron`.

    Attributes:
        layers: the layers, from the inputs on.
        notes: `Notes`, which are saved with the network: the names of its inputs, for instance.

    Raises ValueError for numbers that do not fit the shape, saying how many it takes, and TypeError for what is no number, or in its
    shape no whole one.
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
        init: str | Initializer = "glorot",
        labels: str = "numbered",
        separate_products: bool = False,
    ) -> None:
        widths = _widths(inputs, sizes)
        sizes = widths[1:]
        kinds: list[Any] = list(activation) if isinstance(activation, list | tuple) else [activation] * len(sizes)
        if len(kinds) != len(sizes):
            raise ValueError(
                f"MLP with {counted(len(sizes), 'layer')} takes {counted(len(sizes), 'activation')}, not {len(kinds)}"
            )
        if labels not in ("numbered", "nested"):
            raise ValueError(f"MLP: labels are 'numbered' or 'nested', not {shown(labels)}")
        rule = _initializer(init)
        if weights is None:
            draw = generator(seed, "MLP: seed")
            weights = [rule(draw, n, m) for n, m in pairwise(widths) for _ in range(n * m)]
        next_weight = _labelled(weights, sum(map(operator.mul, widths, sizes)), "w")
        bias_count = len(sizes) if shared_bias else sum(sizes)
        next_bias = _labelled([0.0] * bias_count if biases is None else biases, bias_count, "b")
        self.notes = Notes()
        self.layers: list[Layer] = []
        for depth, (width, size, kind) in enumerate(zip(widths, sizes, kinds, strict=False), 1):
            prefix = "o" if depth == len(sizes) else "h" if len(sizes) == 2 else f"h{depth}_"
            layer_biases = [next(next_bias)] * size if shared_bias else [next(next_bias) for _ in range(size)]
            neurons = []
            for k, bias in enumerate(layer_biases, 1):
                row = [next(next_weight) for _ in range(width)]
                neurons.append(Neuron(row, bias, kind, f"{prefix}{k}", separate_products=separate_products))
            self.layers.append(Layer(neurons))
        if labels == "nested":
            for path, parameter in self.named_parameters().items():
                parameter.label = path if not path.endswith(".b") or not shared_bias else f"{path.split('.')[0]}.b"
        self.train_biases = train_biases

    def __call__(self, inputs: Sequence[Any]) -> list[Value]:
        """The outputs of the last layer. Raises ValueError for a wrong number of inputs, TypeError for what is no sequence of them."""
        values: Sequence[Any] = listed_inputs(inputs, self, self.widths[0])
        if self._notes.scaling is not None and not isinstance(inputs, Scaled):
            _warn_of_measured_inputs(values, self._notes.scaling)
        for layer in self.layers:
            values = layer(values)
        return list(values)

    @property
    def notes(self) -> Notes:
        """What is saved with the network. May be assigned; raises TypeError for what is no `Notes`."""
        return self._notes

    @notes.setter
    def notes(self, notes: Notes) -> None:
        if not isinstance(notes, Notes):
            raise TypeError(f"the notes of a network are Notes, not {type(notes).__name__} {shown(notes)}")
        self._notes = notes

    @property
    def weights(self) -> list[Value]:
        """All weights, in the order of their numbers."""
        return [weight for layer in self.layers for neuron in layer.neurons for weight in neuron.weights]

    @property
    def biases(self) -> list[Value]:
        """All biases, each once, in the order of their numbers."""
        return list(dict.fromkeys(neuron.bias for layer in self.layers for neuron in layer.neurons))

    @property
    def widths(self) -> list[int]:
        """The number of inputs, and that of the neurons in each layer."""
        return [len(self.layers[0].neurons[0].weights), *(len(layer.neurons) for layer in self.layers)]

    @property
    def train_biases(self) -> bool:
        """Whether the biases are parameters. May be assigned."""
        return all(neuron.train_bias for layer in self.layers for neuron in layer.neurons)

    @train_biases.setter
    def train_biases(self, train: bool) -> None:
        for layer in self.layers:
            for neuron in layer.neurons:
                neuron.train_bias = bool(train)

    def parameters(self) -> list[Value]:
        """All weights, then the biases if they are trained."""
        trained = [neuron.bias for layer in self.layers for neuron in layer.neurons if neuron.train_bias]
        return list(dict.fromkeys([*self.weights, *trained, *self.named_parameters().values()]))

    def parts(self) -> Iterator[tuple[str, Any]]:
        yield from ((f"layer{k}", layer) for k, layer in enumerate(self.layers, 1))
        yield from _others(self, MLP, ("layers", "_notes"))

    def summary(self) -> str:
        return f"MLP({'-'.join(map(str, self.widths))}, {counted(len(self.parameters()), 'parameter')})"


def listed_inputs(inputs: Any, module: Module, count: int) -> Sequence[Any]:
    """Inputs by their places: a list, an array, a row of pandas with an index of its own. Raises TypeError for what is none of these."""
    if type(inputs) is list or type(inputs) is tuple:
        return inputs
    try:
        if isinstance(
            inputs, str | bytes | Mapping | set | frozenset
        ):  # the keys of one are no inputs, and a set has no order
            raise TypeError
        return list(inputs)
    except TypeError:
        raise TypeError(
            f"{type(module).__name__} takes a list of {counted(count, 'input')}, such as {[0.5] * min(count, 3)!r}"
            f"{'' if count <= 3 else ' and so on'}, not {type(inputs).__name__} {shown(inputs)}"
        ) from None


def _warn_of_measured_inputs(inputs: Sequence[Any], scaling: Scaling) -> None:
    """Says that a network takes scaled inputs where these may be measured ones: they are not far from the rows that were scaled."""
    if len(inputs) != len(scaling.means) or not all(isinstance(x, Real) for x in inputs):
        return
    numbers = list(map(float, inputs))
    if sum(x * x for x in scaling(numbers)) < sum(x * x for x in numbers) + NEAR:
        warnings.warn(
            "the network was trained on scaled inputs, and these look as they were measured: Predictor(net)(inputs) scales them "
            "(tinygrad_bp.networks.prediction), or net(net.notes.scaling(inputs))",
            stacklevel=3,
        )


class Unseen(UserWarning):
    """A module holds Values where nobody looks for parameters."""


def warn_of_unseen(module: Module, what: str, trained: Iterable[Value] = (), *, stacklevel: int = 3) -> None:
    """Warns of Values that a module holds where nobody looks for parameters, but for those that are trained nevertheless."""
    known = {*trained, *module.named_parameters().values()}
    frozen = {part for neuron in _neurons_of(module) for part in (*neuron.weights, neuron.bias)}
    for name, value in hidden(module.parts()):
        if value.op is None and not isinstance(value, Constant) and value not in known and value not in frozen:
            warnings.warn(
                f"{what}: {type(module).__name__} has a Value{f' {value.label}' if value.label else ''} in {name} that is none of its "
                "parameters, for it is in a function, a key or the like: make it an attribute, or an entry of a list or a dictionary",
                Unseen,
                stacklevel=stacklevel,
            )
            return


def _neurons_of(module: Module) -> Iterator[Neuron]:
    waiting: list[Any] = [module]
    seen: set[int] = set()
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen:
            continue
        seen.add(id(thing))
        if isinstance(thing, Neuron):
            yield thing
        if isinstance(thing, Module | list | tuple | dict | deque):
            waiting += [part for _, part in _parts(thing)]


def _parts(thing: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(thing, Module):
        yield from thing.parts()
    else:
        yield from inside(thing)


def _others(module: Module, kind: type, known: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """What somebody has added to the attributes of a module of ours."""
    yield from ((name, x) for name, x in attributes(module) if name not in known and name not in vars(kind))


def _tree(line: str, module: Module, seen: set[Module], most: int = 12) -> Iterator[str]:
    """The lines of a module's picture as a tree, each module once. The neurons of a layer are drawn only if it is the root."""
    yield line
    children = [(name, child) for name, child in _modules(module) if child not in seen]
    seen.update(child for _, child in children)
    shown = children if len(children) <= most else children[: most - 1]
    for place, (name, child) in enumerate(shown, 1):
        last = place == len(children)
        inside = [child.summary()] if isinstance(child, Layer) else _tree(child.summary(), child, seen)
        for number, text in enumerate(inside):
            yield f"{('└─ ' if last else '├─ ') if number == 0 else ('   ' if last else '│  ')}{f'{name}: ' if number == 0 else ''}{text}"
    if shown is not children:
        yield f"└─ … {len(children) - len(shown)} more"


def _modules(module: Module) -> Iterator[tuple[str, Module]]:
    """The modules directly inside a module, in lists and dictionaries too."""
    waiting = list(module.parts())[::-1]
    while waiting:
        name, thing = waiting.pop()
        if isinstance(thing, Module):
            yield name, thing
        elif isinstance(thing, list | tuple | dict | deque):
            waiting += [(f"{name}.{inner}", part) for inner, part in _parts(thing)][::-1]


def _widths(inputs: Any, sizes: Any) -> list[int]:
    """The number of inputs, and that of the neurons in each layer."""
    sizes = list(sizes) if isinstance(sizes, Iterable) else [sizes]
    widths = [whole_number(n, "MLP: a number of inputs or neurons", least=None) for n in (inputs, *sizes)]
    if len(widths) < 2 or min(widths) < 1:
        raise ValueError(
            f"MLP needs one or more inputs and layers of one or more neurons, not {inputs!r} inputs and layers {sizes!r}"
        )
    return widths


def _initializer(init: str | Initializer) -> Initializer:
    if callable(init):
        return init
    if not isinstance(init, str) or init not in INITIALIZERS:
        names = ", ".join(map(repr, INITIALIZERS))
        kind = ValueError if isinstance(init, str) else TypeError
        raise kind(f"MLP: init is one of {names} or a function, not {shown(init)}")
    return INITIALIZERS[init]


def _labelled(numbers: Iterable[float], count: int, letter: str) -> Iterator[Value]:
    if not isinstance(numbers, Iterable):
        name = {"w": "weights", "b": "biases"}[letter]
        raise TypeError(f"MLP: {name} are numbers, {count} of them, not {type(numbers).__name__} {shown(numbers)}")
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
