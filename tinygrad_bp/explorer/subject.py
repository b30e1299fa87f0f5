"""What a page is about: a result, the leaves that training changes, and the cases that it learns from."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import as_float
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explorer.structure import units
from tinygrad_bp.networks import data, losses
from tinygrad_bp.networks.nn import MLP, Layer, Module, Neuron
from tinygrad_bp.tutorial.figures import SETUP, setup
from tinygrad_bp.tutorial.network import network
from tinygrad_bp.tutorial.training import BIASES, WEIGHTS

MOST_CASES = 64
HIDDEN = 5  # neurons of the network that learns a truth table, as in the companion of the worked example
RATE = 0.5  # the learning rate, if none is given
SEED = 2  # with which they learn all four tables

Case = Mapping[Value, float]


@dataclass(frozen=True)
class Subject:
    """What a page is about.

    Attributes:
        result: the Value that everything was computed for, an error as a rule.
        title: of the page.
        parameters: the leaves that training changes, biases included.
        biases: those of them that the switch "train the biases" is about.
        train_biases: whether they are trained to begin with.
        cases: for each row of the table the numbers of the leaves that it sets: inputs and targets.
        learning_rate: to begin with.
        targets: of outputs of the network, the leaves that say what they should be.
        kind: "tutorial", "truth" (a truth table), "network", "invented" (a network with a row that nobody gave) or "graph".
        preset: the name of the truth table to begin with.
    """

    result: Value
    title: str
    parameters: Sequence[Value]
    biases: Sequence[Value] = ()
    train_biases: bool = True
    cases: Sequence[Case] = field(default_factory=lambda: [{}])
    learning_rate: float = RATE
    targets: Mapping[Value, Value] = field(default_factory=dict)
    kind: str = "graph"
    preset: str = ""


def of_tutorial() -> Subject:
    """The worked example."""
    values = network(setup(float))
    case = {values[name]: values[name].data for name in ("i1", "i2", "target_o1", "target_o2")}
    return Subject(
        values["E_total"],
        "",
        [values[name] for name in WEIGHTS + BIASES],
        [values[name] for name in BIASES],
        train_biases=False,
        cases=[case],
        learning_rate=float(SETUP["eta"]),
        kind="tutorial",
    )


def of_truth_table(name: str) -> Subject:
    """A network of 2 inputs, 5 hidden neurons and 1 output before it learns a truth table."""
    net = MLP(2, [HIDDEN, 1], seed=SEED, init="uniform", separate_products=True)
    subject = of_model(net, rows=list(data.truth_table(name)))
    return replace(subject, kind="truth", preset=name)


def of_model(
    net: Any,
    *,
    rows: Sequence[tuple[Sequence[float], Sequence[float]]] | None = None,
    loss: Any = None,
    learning_rate: float = RATE,
    title: str = "",
) -> Subject:
    """A network, and a loss over its outputs. Raises ValueError where rows do not fit it."""
    if not isinstance(net, MLP):
        net = _as_mlp(net)
    widths, about = net.widths, net.notes
    made_up = rows is None
    if rows is not None and (isinstance(rows, str) or not isinstance(rows, Iterable)):
        raise TypeError(
            f"explore: rows are pairs of inputs and targets in a list, not {type(rows).__name__} {rows!r:.60}"
        )
    # Targets that any loss takes: of several classes the first.
    rows = [([1.0] * widths[0], [1.0] + [0.0] * (widths[-1] - 1))] if rows is None else list(rows)
    if not rows:
        raise ValueError("explore: there is no row to compute the network for")
    if len(rows) > MOST_CASES:
        raise ValueError(f"explore shows up to {MOST_CASES} rows, and there are {len(rows):,}: pass fewer")
    rows = [_row(number, row, widths) for number, row in enumerate(rows, 1)]
    names = about.columns
    inputs = [Value(0.0, f"i{k}") for k in range(1, widths[0] + 1)]
    if names and len(names) == widths[0] and len(set(names)) == len(names):
        for value, name in zip(inputs, names, strict=True):
            value.label = name
    ends = [neuron.name or f"o{k}" for k, neuron in enumerate(net.layers[-1].neurons, 1)]
    targets = [Value(0.0, f"target_{end}") for end in ends]
    cases: list[Case] = []
    for number, (given, wanted) in enumerate(rows, 1):
        leaves = [*zip(inputs, given, strict=True), *zip(targets, wanted, strict=True)]
        case = {leaf: as_float(x, f"explore: row {number}", leaf.label, "takes a real number") for leaf, x in leaves}
        for leaf, x in case.items():
            if not math.isfinite(x):
                raise ValueError(f"explore: {leaf.label} is {x!r} in row {number}; a page shows finite numbers")
        cases.append(case)
    for leaf, x in cases[0].items():
        leaf.data = x
    chosen = loss if loss is not None else about.loss or "squared_error"
    if isinstance(chosen, str):
        if chosen not in losses.LOSSES:
            raise ValueError(f"explore: there is no loss {chosen!r:.60}; there are {', '.join(losses.LOSSES)}")
        chosen = losses.LOSSES[chosen]
    if not callable(chosen):
        raise TypeError(
            f"explore: a loss is a function, or the name of one, not {type(chosen).__name__} {chosen!r:.60}"
        )
    outputs = net(inputs)
    result = chosen(outputs, targets)
    if not isinstance(result, Value) or result.op is None:
        raise TypeError(f"explore: a loss returns a Value computed from the outputs, not {result!r:.60}")
    result.label = result.label or "E"
    if len(outputs) > 1 and chosen is losses.squared_error:
        for end, part in zip(ends, _summands(result, len(outputs)), strict=False):
            part.label = part.label or f"E_{end}"
        result.label = "E_total" if result.label == "E" else result.label
    parameters = [*net.weights, *net.biases]
    known = {*parameters, *inputs, *targets}
    others = {v: v.data for v in _leaves(result) if v not in known}  # of a loss of one's own
    return Subject(
        result,
        title,
        parameters,
        net.biases,
        net.train_biases,
        [{**case, **others} for case in cases],
        learning_rate,
        dict(zip(outputs, targets, strict=True)),
        kind="invented" if made_up else "network",
    )


def _row(number: int, row: Any, widths: Sequence[int]) -> tuple[list[Any], list[Any]]:
    """A pair of lists of the right lengths; what is in them is not looked at."""
    try:
        inputs, targets = row
    except (TypeError, ValueError):
        raise ValueError(f"explore: row {number} is to be a pair of inputs and targets, not {row!r:.60}") from None
    found = []
    for what, given, wanted in (("input", inputs, widths[0]), ("target", targets, widths[-1])):
        if isinstance(given, str) or not isinstance(given, Iterable):
            raise ValueError(f"explore: the {what}s of row {number} are to be a list of numbers, not {given!r:.60}")
        numbers = list(given)
        if len(numbers) != wanted:
            count = f"{wanted} {what}{'s' * (wanted != 1)}"
            raise ValueError(f"explore: this network takes {count}, and row {number} has {len(numbers)}")
        found.append(numbers)
    return found[0], found[1]


def _leaves(result: Value) -> list[Value]:
    return [v for v in topological_order(result, constants=False) if v.op is None]


def _as_mlp(net: Layer | Neuron) -> MLP:
    """A network that has these neurons for its only layer."""
    layer = net if isinstance(net, Layer) else Layer([net])
    whole = MLP(len(layer.neurons[0].weights), [len(layer.neurons)])
    whole.layers = [layer]
    return whole


def _summands(total: Value, count: int) -> list[Value]:
    """The Values that a sum of so many adds up, in order; none if it is not one."""
    found: list[Any] = []
    node: Any = total
    while len(found) < count - 1:
        if node.op is not ops.add:
            return []
        node, last = node.operands
        found.insert(0, last)
    return [node, *found]


def of_value(
    result: Value,
    *,
    parameters: Sequence[Value] | None = None,
    learning_rate: float = RATE,
    title: str = "",
) -> Subject:
    """A Value and all that it was computed from."""
    leaves = _leaves(result)
    if parameters is None:
        chosen = [v for v in leaves if not outer(v.label)]
        chosen = chosen or leaves
    else:
        chosen = list(dict.fromkeys(parameters))
        present = set(leaves)
        for v in chosen:
            if v not in present:
                name = v.label if isinstance(v, Value) and v.label else repr(v)
                raise ValueError(f"explore: the parameter {name:.60} is no leaf of the graph that is shown")
    neurons = units(topological_order(result), chosen)
    in_neurons = {unit.bias for unit in neurons}
    biases = [v for v in chosen if v in in_neurons or re.fullmatch(r"b\d*|b_\w+|bias\w*", v.label)]
    biases = biases if len(biases) < len(chosen) else []
    trained = set(chosen)
    case = {v: v.data for v in leaves if v not in trained}
    return Subject(result, title, chosen, biases, True, [case], learning_rate)


def outer(label: str) -> bool:
    """Whether a leaf of this label comes from outside, as inputs and targets do: it is not to be trained."""
    return re.fullmatch(r"(?:[ixyt]|inputs?|targets?)(?:\d+|_\w+)?", label) is not None


def subject_of(
    thing: Any, *, rows: Any, loss: Any, parameters: Any, learning_rate: float | None, title: str
) -> Subject:
    """The subject that `explore` was given. Raises TypeError for what is no Value, network or name, ValueError for what does not fit."""
    if isinstance(thing, str):
        if any(given is not None for given in (rows, loss, parameters)):
            raise ValueError(
                f"explore: rows, loss and parameters are for a graph or a network of yours; {thing!r:.60} has its own"
            )
        if thing != "tutorial" and thing not in data.TRUTH_TABLES:
            raise ValueError(
                f"explore: there is no example {thing!r:.60}; there are tutorial, {', '.join(data.TRUTH_TABLES)}"
            )
        subject = of_tutorial() if thing == "tutorial" else of_truth_table(thing)
        return replace(subject, title=title, learning_rate=learning_rate or subject.learning_rate)
    if isinstance(thing, Value):
        if isinstance(thing, Constant) or thing.op is None:
            raise ValueError(f"explore: {thing!r} was not computed from anything; give it the result of a computation")
        if rows is not None or loss is not None:
            raise ValueError("explore: rows and loss are for a network; the graph of a Value has its numbers already")
        return of_value(thing, parameters=parameters, learning_rate=learning_rate or RATE, title=title)
    if isinstance(thing, MLP | Layer | Neuron):
        if parameters is not None:
            raise ValueError("explore: parameters are for the graph of a Value; those of a network are known")
        return of_model(thing, rows=rows, loss=loss, learning_rate=learning_rate or RATE, title=title)
    if isinstance(thing, Module):
        raise TypeError(
            f"explore shows an MLP, a Layer or a Neuron, and of a {type(thing).__name__} the graph: give it the loss, a Value"
        )
    raise TypeError(f"explore takes a Value, an MLP, a Layer or a Neuron, not {type(thing).__name__} {thing!r:.60}")
