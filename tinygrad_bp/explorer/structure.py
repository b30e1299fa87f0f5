"""The neurons in a graph: what is a sum of products of weights with signals, and then maybe an activation.

Read from the graph itself, so that a network written out by hand with ordinary operators is recognized as an `MLP` is. A neuron is
recognized by its net input: a node `net_h1`, the operand of an activation, or an output without one that is called `out_o1`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_bp import ops
from tinygrad_bp.operation import Operation
from tinygrad_bp.value import Constant, Value

ACTIVATIONS = (ops.sigmoid, ops.tanh, ops.relu, ops.softplus)  # what a page can exchange for one another
MOST_CONNECTIONS = 600


@dataclass(frozen=True)
class Connection:
    """A weight, the signal it multiplies, and what is computed of them."""

    weight: Value
    source: Value
    product: Value


@dataclass(frozen=True)
class Unit:
    """A neuron.

    Attributes:
        name: h1 of `out_h1`; else the label of its output, or a number.
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


def units(order: Sequence[Value], parameters: Collection[Value]) -> list[Unit]:
    """The neurons of a graph, in the order they are computed. Empty if there is none, or if they are too many to draw."""
    trained = set(parameters)
    found: dict[Value, Unit] = {}  # by output
    inside: set[Value] = set()
    for node in order:
        if node.op is None or node in inside:
            continue
        net = _net_of(node)
        if net is None or net in inside:
            continue
        read = _terms(net, trained, found)
        if read is None:
            continue
        connections, bias, members = read
        if net is node and any(node in other.operands and _net_of(other) is node for other in order if other.op):
            continue  # its activation comes later
        depth = 1 + max((found[c.source].depth for c in connections if c.source in found), default=0)
        label = node.label or net.label
        name = label.partition("_")[2] if label.startswith(("out_", "net_")) else label
        found[node] = Unit(name or f"n{len(found) + 1}", net, node, connections, bias, depth)
        inside.update(members, (net, node))
    result = list(found.values())
    return result if sum(len(unit.connections) for unit in result) <= MOST_CONNECTIONS else []


def _net_of(node: Value) -> Value | None:
    """The net input of the neuron that ends in this node; None if no neuron can."""
    if _activates(node.op):
        net: Any = node.operands[0]
        # What is called an output is one already: a loss goes on from there, with the softplus of a logit for instance.
        return net if isinstance(net, Value) and net.op is not None and not net.label.startswith("out_") else None
    return node if node.label.startswith(("out_", "net_")) else None


def _activates(op: Operation | None) -> bool:
    return op is not None and op.arity is not None and op.arity - len(op.defaults) == 1 and op is not ops.neg


def _terms(
    net: Value, trained: Collection[Value], neurons: Mapping[Value, Unit]
) -> tuple[list[Connection], Value | None, set[Value]] | None:
    """The products and the bias that a net input is the sum of, and all nodes in it; None if it is nothing of that kind."""
    connections: list[Connection] = []
    biases: list[Value] = []
    members: set[Value] = set()
    waiting: list[Any] = [net]

    def connect(a: Any, b: Any, product: Value) -> bool:
        for weight, source in ((a, b), (b, a)):
            leaf = isinstance(source, Value) and not isinstance(source, Constant) and source.op is None
            if (
                weight in trained
                and isinstance(source, Value)
                and (source in neurons or (leaf and source not in trained))
            ):
                connections.append(Connection(weight, source, product))
                return True
        return False

    while waiting:
        node = waiting.pop()
        if isinstance(node, Value) and node.op is None and node in trained:
            biases.append(node)
            continue
        if not isinstance(node, Value) or node.op is None or (node is not net and node in neurons):
            return None
        members.add(node)
        if node.op is ops.add or node.op is ops.sum_of:
            waiting += list(node.operands)[::-1]
        elif node.op is ops.mul:
            a, b = node.operands
            if not connect(a, b, node):
                return None
        elif node.op is ops.dot:
            half = len(node.operands) // 2
            for a, b in zip(node.operands[:half], node.operands[half:], strict=True):
                one = b if isinstance(b, float) else b.data if isinstance(b, Constant) else None
                if one == 1.0 and isinstance(a, Value) and a in trained:
                    biases.append(a)
                elif not connect(a, b, node):
                    return None
        else:
            return None
    if not connections or len(biases) > 1:
        return None
    return connections, biases[0] if biases else None, members
