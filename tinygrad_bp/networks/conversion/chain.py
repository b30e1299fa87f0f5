"""`Chain`: what a network of another library is made of, in order, and the `MLP` that computes the same."""

from __future__ import annotations

import math
import random
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from tinygrad_bp.core.gradients import grad
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.core.value import Value
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
PROBES = 4  # rows of each kind at which what was made is compared with what it was made from
STEPS = 6  # towards a row at which a model of classes is undecided; of a linear one the first arrives
FURTHER = (10.0, 100.0)  # so many times as far out is looked at, too: there a relu that ends at 6 is another
LARGE = 1e38  # what is beyond may be infinite in 32 bits
# How far off an output may be, relative to the largest, in numbers of so many bits.
CLOSE = {"64": 1e-10, "32": 1e-5, "16": 1e-2}
# Where most of what is summed up on the way cancels, rounding alone is more: so much of CLOSE, relative to the sum without signs, but
# never more than WRONG, which a wrong layer is off, relative to the largest output.
CANCELLED = 0.1
WRONG = 1e-3
# Where a function of one's own is compared with the rows of the table, and how far out it has to be finite.
_STEPS = [0.13 + 0.37 * k for k in range(32)] + [20.0, 35.0, 90.0, 1e3, 1e4]
PLACES = (0.0, *_STEPS, *(-x for x in _STEPS))
INNER = 12.0


def no_class(reader: str, thing: Any) -> None:
    """Raises TypeError for a class in place of what is made of it."""
    if isinstance(thing, type):
        raise TypeError(
            f"{reader} takes what is made of a class, not the class {thing.__name__}: {thing.__name__}(...)"
        )


class Unfit(ValueError):
    """A model has something that no `MLP` computes."""


def activation_like(function: Callable[[list[float]], Any]) -> str | None:
    """The name of the activation that a function computes at all of many places, to the rounding; empty if it is none of the table.

    Args:
        function: takes a list of numbers and gives as many, in any array. None is returned for one that gives anything else, or raises.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what is far out
            array = function(list(PLACES))
        found = flat(listed(array))
    except Exception:  # anyone's code
        return None
    if len(found) != len(PLACES):
        return None
    if not all(math.isfinite(y) for x, y in zip(PLACES, found, strict=True) if abs(x) < INNER):
        return ""
    close = _close(array) * CANCELLED
    for name in dict.fromkeys(ACTIVATIONS.values()):
        if all(_agrees(name, x, y, close) for x, y in zip(PLACES, found, strict=True)):
            return name
    return ""


def no_activation() -> str:
    """What is said of something that no MLP computes."""
    known = ", ".join(sorted({*ACTIVATIONS.values()} - {"linear"}))
    return f"is nothing that an MLP computes: there are linear layers and the activations {known}"


def _agrees(name: str, x: float, found: float, close: float) -> bool:
    row = activation_named(name)
    try:
        there = x if row is None else row(Value(x)).data
    except OverflowError:
        return True
    return not math.isfinite(found) or abs(found - there) <= close * max(1.0, abs(there))


def _close(array: Any) -> float:
    """How far off numbers of the type of an array may be; what has none may have been computed in 32 bits."""
    return CLOSE.get(str(getattr(array, "dtype", ""))[-2:], CLOSE["32"])


class Chain:
    """The parts of a network, each fed by the one before.

    Args:
        what: the model, for messages: `Sequential`.
    """

    def __init__(self, what: str) -> None:
        self.what = what
        self.columns: list[str] | None = None
        self.classes: list[Any] | None = None
        self.threshold: float | None = None  # above which an output means that its label holds
        self.probabilities = False  # whether the model can be asked for those of classes
        self.softmax = False
        self.logarithms = False  # whether the model gives those of the probabilities
        self.close = 0.0  # how far off what the model computes may be at least, if it says so
        self._layers: list[_Layer] = []
        self._waiting: list[_Fixed | _Mixed] = []  # for a layer after them
        self._first: list[_Fixed | _Mixed] = []  # those that came before every layer

    def linear(self, name: str, weights: Any, biases: Any | None) -> None:
        """Adds a layer of neurons. `weights` has a row for each neuron; no biases are zeros that are not trained.

        Raises Unfit for arrays of other shapes, and numbers that are not finite.
        """
        self._open(name)
        rows = listed(weights)
        matrix = [self._reals(name, row) for row in rows] if _is_matrix(rows) else []
        if not matrix or not matrix[0]:
            raise self.unfit(name, "has weights that are no matrix")
        shift = [0.0] * len(matrix) if biases is None else self._reals(name, listed(biases))
        if len(shift) != len(matrix):
            raise self.unfit(name, f"has {counted(len(matrix), 'neuron')} and {len(shift)} biases")
        if not all(math.isfinite(x) for row in (*matrix, shift) for x in row):
            raise self.unfit(name, "has weights that are not finite")
        layer = _Layer(matrix, shift, biases is not None)
        while self._waiting:
            before = self._waiting.pop()
            if isinstance(before, _Mixed):
                self._widths(name, layer, len(before.summands))
                layer.mix(before.weights, before.summands)
            else:
                before = _Fixed(before.name, *self._fit(before, len(layer.weights[0])))
                layer.after(before.factors, before.summands)
            if not self._layers:
                self._first.insert(0, before)
        if self._layers:
            self._widths(name, layer, len(self._layers[-1].biases))
        self._layers.append(layer)

    def _reals(self, name: str, numbers: Sequence[Any]) -> list[float]:
        for x in numbers:
            if isinstance(x, complex):
                raise self.unfit(name, f"has complex weights, {shown(x)} for instance; those of an MLP are real")
        try:
            return [float(x) for x in numbers]
        except (TypeError, ValueError):
            raise self.unfit(name, f"has weights that are no numbers: {shown(numbers)}") from None

    def _widths(self, name: str, layer: _Layer, there: int) -> None:
        if len(layer.weights[0]) != there:
            raise self.unfit(
                name, f"takes {counted(len(layer.weights[0]), 'input')}, and what is before it gives {there}"
            )

    def fixed(self, name: str, factors: Any, summands: Any) -> None:
        """Adds a map of each number by itself, `factor * x + summand`, that is not trained: it becomes part of a layer beside it."""
        self._open(name)
        fixed = _Fixed(name, self._reals(name, listed(factors)), self._reals(name, listed(summands)))
        if not all(map(math.isfinite, (*fixed.factors, *fixed.summands))):
            raise self.unfit(name, "has numbers that are not finite")
        if self._layers and self._layers[-1].activation is None and not self._waiting:
            self._layers[-1].before(*self._fit(fixed, len(self._layers[-1].biases)))
        else:
            self._waiting.append(fixed)

    def mixed(self, name: str, weights: Any, summands: Any) -> None:
        """Adds sums of the inputs that are not trained, `weights` with a row for each: they become part of the first layer.

        Raises Unfit for what has numbers that are not finite.
        """
        mixed = _Mixed([[float(w) for w in row] for row in listed(weights)], [float(x) for x in listed(summands)])
        if not all(math.isfinite(x) for row in (*mixed.weights, mixed.summands) for x in row):
            raise self.unfit(name, "has numbers that are not finite")
        self._waiting.append(mixed)

    def activation(self, name: str, called: str) -> None:
        """Adds an activation by the name that it has elsewhere. Raises Unfit for one that is no row of the table."""
        row = ACTIVATIONS.get(called.lower())
        if row is None:
            raise self.unfit(name, no_activation())
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
        self.classes = [str(each) for each in range(width)] if classes is None else [*classes]

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
        if self.softmax or self.classes or self.columns or self.threshold is not None:
            net.notes = replace(
                Notes(),
                columns=self.columns,
                classes=self.classes and list(map(str, self.classes)),
                class_values=None if all(isinstance(each, str) for each in self.classes or ()) else self.classes,
                loss="cross_entropy" if self.softmax else None,
                threshold=self.threshold,
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
            if isinstance(fixed, _Mixed):
                raise self.unfit(name, "has sums of inputs behind its last layer")
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
        further = [[times * x for x in row] for times in FURTHER for row in rows]
        if self._first:
            rows, further = rows + [self._measured(row) for row in rows], [self._measured(row) for row in further]
        rows += [self._undecided(net, draw) for _ in range(PROBES)] if self.softmax or self._is_sigmoid(net) else []
        array = original(rows + further)
        close = max(self.close, _close(array))
        for k, (row, wanted) in enumerate(zip(rows + further, listed(array), strict=True)):
            there = flat(wanted)
            try:
                outputs = net(row)
                found = softmax(outputs) if self.softmax else outputs
            except OverflowError:
                if k < len(rows):
                    raise
                continue
            if k >= len(rows) and not all(map(math.isfinite, there)):  # out of the range of 32 bits
                continue
            if self.classes and len(found) == 1 and len(there) == 2:
                found = [1.0 - found[0], found[0]]
            largest = max([1e-30, *filter(math.isfinite, map(abs, there))])
            if len(found) != len(there) or not all(
                _near(a.data, b, close * largest)
                or _near(a.data, b, min(WRONG * largest, close * CANCELLED * _summed(net, a)))
                for a, b in zip(found, there, strict=True)
            ):
                raise Unfit(
                    f"{self.what} computes something else than its layers one after the other: at {shown(row)} it gives "
                    f"{shown(there)}, they give {shown([x.data for x in found])}"
                )

    def _measured(self, row: Sequence[float]) -> list[float]:
        """A row that becomes about this one by what comes before the first layer: where that scales, others are far away."""
        measured = [*row[: len(self._first[-1].summands)]]
        measured += [0.0] * (len(self._first[-1].summands) - len(measured))
        for each in reversed(self._first):
            measured = each.undone(measured)
        return measured

    def _is_sigmoid(self, net: MLP) -> bool:
        return net.widths[-1] == 1 and self._layers[-1].activation == activation_named("sigmoid")

    def _undecided(self, net: MLP, draw: random.Random) -> list[float]:
        """A row at which the two largest net inputs of classes, or one and 0, differ by less than 2.

        Where a probability is all but 0 or 1, every model of classes agrees with every other.
        """
        start, way = ([draw.gauss(0.0, 1.0) for _ in range(net.widths[0])] for _ in range(2))
        if self._first:
            start, aim = self._measured(start), self._measured(way)
            way = [b - a for a, b in zip(start, aim, strict=True)]
        wanted = draw.choice([-1.5, -0.7, 0.7, 1.5])
        at, step, row = 0.0, 1.0, start
        for _ in range(STEPS):
            nets, further = (
                self._nets(net, [a + t * b for a, b in zip(start, way, strict=True)]) for t in (at, at + step)
            )
            if len(nets) < 2:
                break
            first, second, *_ = sorted(range(len(nets)), key=lambda k: -nets[k])
            off = nets[first] - nets[second] - wanted
            slope = (further[first] - further[second] - wanted - off) / step
            if abs(off + wanted) <= abs(wanted) or not slope:
                break
            at -= off / slope
            if not math.isfinite(at):
                break
            row = [a + at * b for a, b in zip(start, way, strict=True)]
            step = max(1e-6 * abs(at), 1e-3 * abs(off / slope))
        return row

    def _nets(self, net: MLP, row: Sequence[float]) -> list[float]:
        """The net inputs of softmax, or 0 and that of the sigmoid."""
        if self.softmax:
            return [x.data for x in net(row)]
        [out] = net(row)
        return [0.0, out.args[0].data]


def _summed(net: MLP, output: Value) -> float:
    """The size of what is summed up on the way to an output: by how much it changes, relative to a change of all weights alike."""
    weights = [*net.weights, *net.biases]
    slopes = grad(output, weights)
    return math.fsum(abs(slope.data * weight.data) for slope, weight in zip(slopes, weights, strict=True))


def _near(found: float, there: float, near: float) -> bool:
    if math.isinf(there):
        return found == there or (abs(found) > LARGE and (found > 0.0) == (there > 0.0))
    return abs(found - there) <= near


class _Fixed(NamedTuple):
    name: str
    factors: list[float]
    summands: list[float]

    def undone(self, row: Sequence[float]) -> list[float]:
        return [(x - s) / f if f else x for x, f, s in zip(row, self.factors, self.summands, strict=True)]


class _Mixed(NamedTuple):
    weights: Matrix
    summands: list[float]

    def undone(self, row: Sequence[float]) -> list[float]:
        """The smallest row that becomes this one, if the rows of the weights are orthogonal, as those of all that is taken are."""
        parts = [
            (x - s) / (sum(w * w for w in ws) or 1.0) for x, ws, s in zip(row, self.weights, self.summands, strict=True)
        ]
        return [
            math.fsum(p * w for p, w in zip(parts, column, strict=True)) for column in zip(*self.weights, strict=True)
        ]


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

    def mix(self, weights: Matrix, summands: Sequence[float]) -> None:
        """Takes in sums of its inputs: w·(a·x + s) + b."""
        self.after([1.0] * len(summands), summands)
        columns = list(zip(*weights, strict=True))
        self.weights = [
            [math.fsum(w * a for w, a in zip(row, column, strict=True)) for column in columns] for row in self.weights
        ]

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
