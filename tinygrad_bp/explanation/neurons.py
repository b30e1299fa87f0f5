"""The neurons in a graph: what is a sum of products of weights with signals, and then maybe an activation.

Read from the graph itself, so that a network written out by hand with ordinary operators is recognized as an `MLP` is.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.core.order import flow
from tinygrad_bp.core.value import Constant, Value

ACTIVATIONS = (ops.sigmoid, ops.tanh, ops.relu, ops.softplus)  # what a page can exchange for one another
MOST_CONNECTIONS = 600
# Operations on one operand that losses and formulas are made of: they are activations only where labels, net_h1 and out_h1, say so, or
# net_h1 does and the result feeds another neuron or is the end.
_ARITHMETIC = (ops.neg, ops.exp, ops.expm1, ops.log, ops.log1p, ops.sqrt, ops.abs, ops.reciprocal)


@dataclass(frozen=True)
class Connection:
    """A weight, the signal it multiplies, and the node that has both among its operands, at these places."""

    weight: Value
    source: Value
    product: Value
    places: tuple[int, int]


@dataclass(frozen=True)
class Unit:
    """A neuron.

    Attributes:
        name: h1 of `out_h1`; else the label of its output, or n1, n2, ....
        net, out: its net input and its output, the same Value if it has no activation.
        connections: its weights, in order.
        bias: None if it has none.
        depth: 1 for neurons fed by inputs alone; else one more than the deepest neuron that feeds it.
    """

    name: str
    net: Value
    out: Value
    connections: Sequence[Connection]
    bias: Value | None
    depth: int

    @property
    def activation(self) -> Operation | None:
        return self.out.op if self.out is not self.net else None

    def copied(self, copies: Mapping[Value, Value]) -> Unit:
        """The same neuron in a copy of the graph."""
        connections = [
            Connection(copies[c.weight], copies[c.source], copies[c.product], c.places) for c in self.connections
        ]
        bias = None if self.bias is None else copies[self.bias]
        return Unit(self.name, copies[self.net], copies[self.out], connections, bias, self.depth)


def units(
    order: Sequence[Value], parameters: Collection[Value], *, most: int | None = None, numbers: bool = False
) -> list[Unit]:
    """The neurons of a graph, in the order they are computed. Empty if there is none, or if they are too many.

    Args:
        most: how many connections may be read, if not as many as a page draws.
        numbers: whether plain numbers, too, may be what a weight multiplies.
    """
    trained = set(parameters)
    users: dict[Value, list[Value]] = {}
    for v in order:
        for arg in v.args:
            users.setdefault(arg, []).append(v)
    linear = _linear(order, trained, numbers)
    found: dict[Value, Unit] = {}  # by output
    names = {v.label for v in order}
    for net in order:
        if net not in linear or any(user in linear and user.op in _SUMS for user in users.get(net, [])):
            continue  # no net input, or only a part of one
        read = _terms(net, linear, trained, found, numbers)
        if read is None:
            continue
        connections, biases = read
        out = _output(net, users, linear)
        if out is net and not net.label and any(_weighs_more(user, net, trained) for user in users.get(net, [])):
            continue  # u * x of w * h + u * x, whose h is none of inputs and neurons
        depth = 1 + max((found[c.source].depth for c in connections if c.source in found), default=0)
        label = out.label or net.label
        name = label.partition("_")[2] if label.startswith(("out_", "net_")) else label
        number = len(found) + 1
        while not name and f"n{number}" in names:
            number += 1
        names.add(name or f"n{number}")
        found[out] = Unit(name or f"n{number}", net, out, connections, biases[0] if biases else None, depth)
    result = list(found.values())
    return result if sum(len(unit.connections) for unit in result) <= (most or MOST_CONNECTIONS) else []


def in_reading_order(neurons: Iterable[Unit]) -> list[Unit]:
    """The same neurons layer by layer, and in a layer by their numbers where they have any, o9 before o10; else as they were computed."""
    first: dict[tuple[int, str], int] = {}
    keys = {}
    for place, unit in enumerate(neurons):
        stem = unit.name.rstrip("0123456789")
        number = unit.name[len(stem) :]
        group = first.setdefault((unit.depth, stem if number else unit.name), place)
        keys[unit.out] = unit.depth, group, int(number[-18:] or 0), place, unit
    return [unit for *_, unit in sorted(keys.values(), key=lambda key: key[:4])]


def are_all(order: Sequence[Value], neurons: Sequence[Unit], parameters: Collection[Value]) -> bool:
    """Whether parameters are used in these neurons only, as their weights and biases: whether the neurons are the whole network."""
    trained = set(parameters)
    used = Counter(operand for v in order for operand in v.args if operand in trained)
    drawn = Counter(c.weight for unit in neurons for c in unit.connections)
    drawn.update(unit.bias for unit in neurons if unit.bias is not None)
    return used == drawn


def ends(order: Sequence[Value], neurons: Sequence[Unit]) -> set[Value]:
    """The outputs of neurons from which the result, last in the order, is computed without another neuron between."""
    outs, result = {unit.out for unit in neurons}, order[-1]
    return {result} if result in outs else set(flow(result, outs, {v: k for k, v in enumerate(order)}))


_SUMS = (ops.add, ops.sum_of)


def _linear(order: Sequence[Value], trained: Collection[Value], numbers: bool) -> set[Value]:
    """The products of a weight with a signal, and sums of such products and of biases."""
    found: set[Value] = set()
    for v in order:
        if v.op is ops.mul:
            a, b = v.args
            fits = (a in trained) != (b in trained) and (
                numbers or (not isinstance(a, Constant) and not isinstance(b, Constant))
            )
        elif v.op is ops.dot:
            half = len(v.args) // 2
            fits = half > 0 and all(
                (a in trained) != (b in trained) for a, b in zip(v.args[:half], v.args[half:], strict=True)
            )
        else:
            terms = [x for x in v.args if not _is_nothing(x, trained)] if v.op in _SUMS else []
            fits = all(x in found or x in trained for x in terms) and any(x in found for x in terms)
        if fits:
            found.add(v)
    return found


def _is_nothing(x: Value, trained: Collection[Value]) -> bool:
    """Whether this is a plain 0 in a sum, as that which Python's `sum` begins with, or a Value(0.0) that a loop begins with."""
    return x.op is None and x.data == 0.0 and (isinstance(x, Constant) or (not x.label and x not in trained))


def _terms(
    net: Value,
    linear: Collection[Value],
    trained: Collection[Value],
    neurons: Mapping[Value, Unit],
    numbers: bool,
) -> tuple[list[Connection], list[Value]] | None:
    """The connections and the biases, at most one, that a net input is the sum of; None if a signal comes from no input or neuron."""
    connections: list[Connection] = []
    biases: list[Value] = []
    waiting: list[Value] = [net]
    while waiting:
        node = waiting.pop()
        if node not in linear:
            biases.append(node)
        elif node.op in _SUMS:
            waiting += [x for x in node.args if not _is_nothing(x, trained)][::-1]
        else:
            half = len(node.args) // 2
            for k in range(half):
                first = node.args[k] in trained
                places = (k, half + k) if first else (half + k, k)
                weight, source = (node.args[place] for place in places)
                last = k == half - 1 and not (numbers and weight.label.startswith("w"))
                if isinstance(source, Constant) and source.data == 1.0 and node.op is ops.dot and (last or not numbers):
                    biases.append(weight)  # of a dot
                elif (isinstance(source, Constant) and not numbers) or not (source in neurons or source.op is None):
                    return None
                else:
                    connections.append(Connection(weight, source, node, places))
    return (connections, biases) if connections and len(biases) < 2 else None


def _weighs_more(user: Value, net: Value, trained: Collection[Value]) -> bool:
    """Whether a user of what may be a net input adds another product of a weight to it."""
    return user.op in _SUMS and any(
        x is not net and x.op in (ops.mul, ops.dot) and any(factor in trained for factor in x.args) for x in user.args
    )


def _output(net: Value, users: Mapping[Value, Sequence[Value]], linear: Collection[Value]) -> Value:
    """What a neuron with this net input gives out: the result of its activation, or the net input itself."""
    its = users.get(net, [])
    if len(its) != 1 or net.label.startswith("out_"):
        return net
    [user] = its
    op: Any = user.op
    if op.arity is None or op.arity - len(op.defaults) != 1 or user.args[0] is not net:
        return net
    if op not in _ARITHMETIC:
        return user
    into = users.get(user, [])
    feeds = not into or any(x in linear and x.op not in _SUMS for x in into)
    return user if net.label.startswith("net_") and (user.label.startswith("out_") or feeds) else net
