"""What a page is about: a result, the leaves that training changes, and the cases that it learns from."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.order import count_nodes, topological_order
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.examples import EXAMPLES
from tinygrad_bp.explanation.attention import Look, attention
from tinygrad_bp.explanation.names import short_name
from tinygrad_bp.explanation.neurons import Unit, in_reading_order, units
from tinygrad_bp.explorer.cases import Case, cases_of, made_up, pairs_of
from tinygrad_bp.explorer.outcome import is_error
from tinygrad_bp.lessons.roles import outer, untrained
from tinygrad_bp.networks import data, losses
from tinygrad_bp.networks.nn import MLP, Layer, Module, Neuron
from tinygrad_bp.networks.scaling import Scaling
from tinygrad_bp.text import did_you_mean, shown

if TYPE_CHECKING:
    from tinygrad_bp.lessons.audit import Erratum

HIDDEN = 5  # neurons of the network that learns a truth table, as in the companion of the worked example
MOST_NODES = 1000  # of a graph that a page shows
MOST_COUNTED = 200_000  # of one that it does not show
MOST_DRAWN = 400  # that `draw` shows unasked
MOST_TRIED = 100  # Values with a label, as parts of a graph that is too large
RATE = 0.5  # the learning rate, if none is given
MOMENTUM = 0.9  # of the optimizer with momentum
WAYS = {
    "sgd": ("sgd", 0.0),
    "momentum": ("sgd", MOMENTUM),
    "adam": ("adam", 0.0),
}  # of training: the optimizer, and its momentum
SEED = 2  # with which they learn all four tables

Title = str | Mapping[str, str]  # in every language, or by language


@dataclass(frozen=True)
class Note:
    """An erratum of a text: the figure, the key of the sentence that says its cause, and the numbers in that sentence, as text."""

    quantity: str
    key: str
    given: Mapping[str, str]

    @classmethod
    def of(cls, erratum: Erratum) -> Note:
        """What the page says of an erratum."""
        cause = erratum.cause
        return cls(erratum.quantity, cause.key.removeprefix("page."), {name: str(x) for name, x in cause.given.items()})


@dataclass(frozen=True)
class Printed:
    """What a text prints of an example.

    Attributes:
        figures: of each the part of the text it stands in, its name, its formula, and what is printed.
        other_editions: what they print, by name.
        takes, returns: the derivation by hand: the leaves that it takes, and what it finds, by name.
        errata: finds where the text and the mathematics part, which takes a while.
    """

    figures: Sequence[tuple[str, str, str, str]]
    other_editions: Mapping[str, str]
    takes: Mapping[str, Value]
    returns: Mapping[str, Any]
    errata: Callable[[], Sequence[Note]] = tuple

    @classmethod
    def derived(
        cls,
        figures: Sequence[tuple[str, str, str, str]],
        other_editions: Mapping[str, str],
        by_hand: Callable[..., Mapping[str, Any]],
        given: Mapping[str, float],
        errata: Callable[[], Sequence[Note]],
    ) -> Printed:
        """What is printed, beside a derivation by hand, `by_hand(exp, **numbers)`, which is recorded on Values of these numbers."""
        leaves = {name: Value(number, name) for name, number in given.items()}
        found = by_hand(ops.exp, **leaves)
        returns = {name: x for name, x in found.items() if name not in leaves}
        return cls(figures, other_editions, leaves, returns, errata)


@dataclass(frozen=True)
class Subject:
    """What a page is about.

    Attributes:
        result: the Value that everything was computed for, an error as a rule.
        title: of the page, in every language or by language; empty for one that says what kind of page it is.
        parameters: the leaves that training changes, biases included; or where nothing is trained, those whose derivatives are told.
        trains: whether anything is trained.
        biases: those of them that the switch "train the biases" is about.
        train_biases: whether they are trained to begin with.
        cases: for each row of the table the numbers of the leaves that it sets: inputs and targets.
        learning_rate, optimizer: to begin with; the optimizer is "sgd", "momentum" or "adam".
        targets: of outputs of the network, the leaves that say what they should be.
        kind: "tutorial", "truth" (a truth table), "network", "invented" (a network with a row that nobody gave) or "graph".
        preset: the name of the truth table to begin with.
        printed: what a text prints of it, if one does.
        neurons, looks: in its graph, of attention the latter, if they are known already.
        outputs: what the outputs of the network are: names of classes, or of targets.
        scaling: of inputs that were scaled what was taken from each, and what it was then divided by.
        classes: whether they are classes, of which an output is one, or the only output is the probability of the second.
    """

    result: Value
    title: Title
    parameters: Sequence[Value]
    trains: bool = True
    biases: Sequence[Value] = ()
    train_biases: bool = True
    cases: Sequence[Case] = field(default_factory=lambda: [{}])
    learning_rate: float = RATE
    optimizer: str = "sgd"
    targets: Mapping[Value, Value] = field(default_factory=dict)
    kind: str = "graph"
    preset: str = ""
    printed: Printed | None = None
    neurons: Sequence[Unit] | None = None
    looks: Sequence[Look] | None = None
    outputs: Sequence[str] = ()
    scaling: Mapping[Value, tuple[float, float]] = field(default_factory=dict)
    classes: bool = False


def of_truth_table(name: str, row: int | None = None) -> Subject:
    """A network of 2 inputs, 5 hidden neurons and 1 output before it learns a truth table, or computes one row of it, from 1."""
    net = MLP(2, [HIDDEN, 1], seed=SEED, init="uniform", separate_products=True)
    rows = list(data.truth_table(name))
    subject = of_model(net, rows=rows if row is None else rows[row - 1 : row])
    return replace(subject, kind="truth", preset=name)


def of_model(
    net: MLP | Layer | Neuron,
    *,
    rows: Sequence[tuple[Sequence[float], Sequence[float]]] | None = None,
    loss: Any = None,
    learning_rate: float | None = None,
    title: Title = "",
    most: int | None = MOST_NODES,
) -> Subject:
    """A network, and a loss over its outputs; one of more weights than `most` is refused. Without a learning rate it is trained on as its
    notes say that it was, or else with a rate of 0.5.

    Raises TypeError for rows or a loss of another kind, ValueError for rows that do not fit the network and for the name of no loss.
    """
    whole = net if isinstance(net, MLP) else _as_mlp(net)
    first, last = whole.widths[0], whole.widths[-1]
    if most is not None:
        count = len(whole.weights)  # each is a node, so this can be told before the network is run
        if count > MOST_NODES:
            raise ValueError(f"{_too_many(count)} or more: explore a layer or a neuron of it, or a smaller network")
    pairs = made_up(first, last) if rows is None else pairs_of(rows, first, last)
    inputs = [Value(0.0, name) for name in _input_names(whole)]
    ends = [neuron.name or f"o{k}" for k, neuron in enumerate(whole.layers[-1].neurons, 1)]
    targets = [Value(0.0, f"target_{end}") for end in ends]
    cases = cases_of(pairs, inputs, targets)
    for leaf, x in cases[0].items():
        leaf.data = x
    function = _loss_function(loss if loss is not None else whole.notes.loss or "squared_error")
    outputs = whole(inputs)
    notes = whole.notes
    names = notes.classes or notes.targets or []
    unnamed = ends == [f"o{k}" for k in range(1, last + 1)]
    if unnamed and all(names) and len(set(map(short_name, names))) == len(names) == last:
        _call(outputs, targets, ends, names)
        ends = names
    result = _error(function, outputs, targets, ends)
    parameters = [*whole.weights, *whole.biases]
    known = {*parameters, *inputs, *targets}
    others = {v: v.data for v in _leaves(result) if v not in known}  # of a loss of one's own
    optimizer, rate = way_of(notes.more.get("training")) or ("sgd", RATE)
    return Subject(
        result,
        title or table_name(notes.more.get("table")),
        parameters,
        biases=whole.biases,
        train_biases=whole.train_biases,
        cases=[{**case, **others} for case in cases],
        learning_rate=rate if learning_rate is None else learning_rate,
        optimizer=optimizer,
        targets=dict(zip(outputs, targets, strict=True)),
        kind="invented" if rows is None else "network",
        outputs=names if len(names) in (last, 2 if notes.classes and last == 1 else last) else [],
        classes=bool(notes.classes),
        scaling={} if rows is None else _scaling(notes.scaling, inputs),
    )


def _scaling(scaling: Scaling | None, inputs: Sequence[Value]) -> dict[Value, tuple[float, float]]:
    """How each input was scaled, but for those that were left as they were."""
    if scaling is None or not len(scaling.means) == len(scaling.scales) == len(inputs):
        return {}
    ways = zip(inputs, zip(scaling.means, scaling.scales, strict=True), strict=True)
    return {v: way for v, way in ways if way != (0.0, 1.0)}


def _call(outputs: list[Value], targets: list[Value], ends: Sequence[str], names: Sequence[str]) -> None:
    """Gives the outputs of a network, and what belongs to them, the names of classes or targets: out_Adelie in place of out_o1."""
    for out, target, end, name in zip(outputs, targets, ends, names, strict=True):
        target.label = f"target_{name}"
        for v in (out, *out.args):
            if v.op is not None and v.label in (f"net_{end}", f"out_{end}"):
                v.label = f"{v.label[:4]}{name}"


def table_name(table: object) -> str:
    """What the table is called that a network learned from: `Birds` of `data/birds.csv`. Empty for what is no name."""
    return with_capital(PurePath(table).stem) if isinstance(table, str) and table.strip("-./\\ ") else ""


def with_capital(name: str) -> str:
    """A name as a heading."""
    return name[:1].upper() + name[1:]


def way_of(training: object) -> tuple[str, float] | None:
    """The optimizer of a page and the learning rate with which a network was trained, by its notes; None where no page has the like."""
    if not isinstance(training, Mapping) or training.get("weight_decay"):
        return None
    rate, way = training.get("learning_rate"), (training.get("optimizer"), training.get("momentum", 0.0))
    names = [name for name, each in WAYS.items() if each == way]
    return (names[0], rate) if names and isinstance(rate, float) and 0.0 < rate < math.inf else None


def _as_mlp(net: Layer | Neuron) -> MLP:
    """A network that has these neurons for its only layer."""
    layer = net if isinstance(net, Layer) else Layer([net])
    whole = MLP(len(layer.neurons[0].weights), [len(layer.neurons)])
    whole.layers = [layer]
    return whole


def _input_names(net: MLP) -> list[str]:
    """The columns of the table that it learned from, if there is one for each input, or else i1, i2, ...."""
    columns = net.notes.columns or []
    if len(columns) == len(set(columns)) == net.widths[0]:
        return columns
    return [f"i{k}" for k in range(1, net.widths[0] + 1)]


def _loss_function(loss: Any) -> Callable[..., Any]:
    if isinstance(loss, str):
        if loss not in losses.LOSSES:
            near = did_you_mean(loss, losses.LOSSES)
            raise ValueError(f"explore: there is no loss {shown(loss)}; there are {', '.join(losses.LOSSES)}{near}")
        return losses.LOSSES[loss]
    if not callable(loss):
        raise TypeError(f"explore: a loss is a function, or the name of one, not {type(loss).__name__} {shown(loss)}")
    function: Callable[..., Any] = loss
    return function


def _error(function: Callable[..., Any], outputs: list[Value], targets: list[Value], ends: Sequence[str]) -> Value:
    """The loss over the outputs, with a label; of the squared error each output's own part has one, too."""
    result = function(outputs, targets)
    if not isinstance(result, Value) or result.op is None:
        raise TypeError(f"explore: a loss returns a Value computed from the outputs, not {shown(result)}")
    several = len(outputs) > 1 and function is losses.squared_error
    if several:
        for end, part in zip(ends, _summands(result, len(outputs)), strict=False):
            part.label = part.label or f"E_{end}"
    result.label = result.label or ("E_total" if several else "E")
    return result


def _leaves(result: Value) -> list[Value]:
    return [v for v in topological_order(result, constants=False) if v.op is None]


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
    learning_rate: float | None = None,
    title: Title = "",
) -> Subject:
    """A Value and all that it was computed from. Raises ValueError for parameters that are no leaves of it.

    Nothing is trained if no parameters and no learning rate are given, and it is neither an error nor has neurons: nobody wants it smaller.
    """
    require_few(result)
    leaves = _leaves(result)
    if parameters is not None and not isinstance(parameters, Iterable):
        raise TypeError(
            f"explore: parameters are leaves of the graph, several of them, not {type(parameters).__name__} {shown(parameters)}"
        )
    named = None if parameters is None else list(dict.fromkeys(parameters))
    _require_leaves(named or [], set(leaves))
    chosen = named or [v for v in leaves if not outer(v.label)] or leaves
    order = topological_order(result)
    looks = attention(order)
    neurons = [] if looks or named == [] else in_reading_order(units(order, chosen))
    if not named:
        chosen = _in_neurons(neurons, chosen)
        fixed = untrained(topological_order(result, constants=False))  # what lessons do not train either
        chosen = [v for v in chosen if v not in fixed] or chosen
    in_neurons = {unit.bias for unit in neurons}
    biases = [v for v in chosen if v in in_neurons or re.fullmatch(r"b\d*|b_\w+|bias\w*", v.label)]
    biases = biases if len(biases) < len(chosen) else []
    trained = set(chosen)
    case = {v: v.data for v in leaves if v not in trained}
    wanted = learning_rate is not None or bool(neurons) or is_error(order)
    return Subject(
        result,
        title,
        chosen,
        trains=wanted if named is None else bool(named),
        biases=biases,
        cases=[case],
        learning_rate=learning_rate or RATE,
        neurons=neurons,
        looks=looks,
    )


def _in_neurons(neurons: Sequence[Unit], parameters: Sequence[Value]) -> list[Value]:
    """The parameters as neurons have them: weights neuron by neuron, then biases; what is in none stands between, in its own order."""
    weights = dict.fromkeys(c.weight for unit in neurons for c in unit.connections)
    biases = dict.fromkeys(unit.bias for unit in neurons if unit.bias is not None)
    others = [v for v in parameters if v not in weights and v not in biases]
    return [*weights, *others, *(v for v in biases if v not in weights)]


def require_few(result: Value) -> None:
    """Raises ValueError for a Value with more nodes than a page shows; of a very large graph most are not looked at.

    It names a part that a page can show, the largest of the last ones that have a label, and how much of the graph's end a picture can.
    """
    count = count_nodes(result, most=MOST_COUNTED)
    if count > MOST_NODES:
        part = _part(result) if count <= MOST_COUNTED else ""
        raise ValueError(f"{_too_many(count)}: explore a part of it{part}{_end(result)}")


def _part(result: Value) -> str:
    named = [v for v in reversed(topological_order(result, constants=False)) if v.label and v.op is not None]
    sizes = {v: count_nodes(v, most=MOST_NODES) for v in named[:MOST_TRIED]}
    fitting = [v for v, size in sizes.items() if size <= MOST_NODES]
    if not fitting:
        return ", or a smaller one"
    largest = max(fitting, key=sizes.__getitem__)
    return f", such as {shown(largest.label)}, which has {sizes[largest]:,}"


def _end(result: Value) -> str:
    """How many operations from the result on can be drawn."""
    near = frontier = {result}
    depth = 0
    while frontier:
        frontier = {arg for v in frontier for arg in v.args if arg not in near}
        if len(near) + len(frontier) > MOST_DRAWN:
            break
        near |= frontier
        depth += 1
    return f"; or draw its end: draw(..., depth={depth}) shows {len(near):,} nodes" if depth else ""


def _too_many(count: int) -> str:
    known = f"{count:,}" if count <= MOST_COUNTED else f"more than {MOST_COUNTED:,}"
    return f"explore shows graphs of up to {MOST_NODES:,} nodes, and this one has {known}"


def _require_leaves(chosen: Iterable[Any], leaves: Collection[Value]) -> None:
    for v in chosen:
        if v not in leaves:
            name = v.label if isinstance(v, Value) and v.label else repr(v)
            raise ValueError(f"explore: the parameter {name:.60} is no leaf of the graph that is shown")


def subject_of(
    thing: Any, *, rows: Any, loss: Any, parameters: Any, learning_rate: float | None, title: Title
) -> Subject:
    """The subject that `explore` was given. Raises TypeError for what is no Value, network or name, ValueError for what does not fit."""
    if isinstance(thing, str):
        if any(given is not None for given in (rows, loss, parameters)):
            raise ValueError(
                f"explore: rows, loss and parameters are for a graph or a network of yours; {shown(thing)} has its own"
            )
        examples = (*EXAMPLES, *data.TRUTH_TABLES)
        if thing not in examples:
            near = did_you_mean(thing, examples)
            raise ValueError(f"explore: there is no example {shown(thing)}; there are {', '.join(examples)}{near}")
        subject = EXAMPLES[thing]() if thing in EXAMPLES else of_truth_table(thing)
        return replace(subject, title=title, learning_rate=learning_rate or subject.learning_rate)
    if isinstance(thing, Value):
        if isinstance(thing, Constant) or thing.op is None:
            raise ValueError(f"explore: {thing!r} was not computed from anything; give it the result of a computation")
        if rows is not None or loss is not None:
            raise ValueError("explore: rows and loss are for a network; the graph of a Value has its numbers already")
        return of_value(thing, parameters=parameters, learning_rate=learning_rate, title=title)
    if isinstance(thing, MLP | Layer | Neuron):
        if parameters is not None:
            raise ValueError("explore: parameters are for the graph of a Value; those of a network are known")
        return of_model(thing, rows=rows, loss=loss, learning_rate=learning_rate, title=title)
    if isinstance(thing, Module):
        raise TypeError(
            f"explore shows an MLP, a Layer or a Neuron, and of a {type(thing).__name__} the graph: give it the loss, a Value"
        )
    raise TypeError(f"explore takes a Value, an MLP, a Layer or a Neuron, not {type(thing).__name__} {shown(thing)}")
