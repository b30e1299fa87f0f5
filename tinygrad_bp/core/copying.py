"""Copies of Values, and how they are pickled: what was one graph stays one graph.

A graph is handed on as one flat list, since one node inside another would be as deep as the graph.
"""

from __future__ import annotations

import copy
import threading
from collections.abc import Collection, Iterator, Sequence
from typing import Any

from tinygrad_bp.core.operation import Operation
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value

_new = object.__new__


def copied(node: Value) -> Value:
    """A node with the same number, gradient, label and operands: `copy.copy`."""
    out = _leaf(type(node), node.data, node.grad, node.label, getattr(node, "__dict__", None))
    out.op, out._a, out._b, out._da, out._db = node.op, node._a, node._b, node._da, node._db
    return out


def copied_onto(node: Value, op: Operation | None, operands: Sequence[Value | float]) -> Value:
    """A copy of a node as if it had been made by another operation on other operands, with the number and local derivatives it has."""
    out = copied(node)
    out.op = op
    _connect(out, operands)
    return out


def deeply_copied(root: Value, memo: dict[int, Any]) -> Value:
    """`copy.deepcopy`, with its `memo` of what has been copied already, by identity."""
    entered = [root]
    while entered:
        node = entered[-1]
        waiting = [x for x in node.operands if isinstance(x, Value) and id(x) not in memo]
        if waiting and id(node) not in memo:
            entered.extend(waiting)
            continue
        entered.pop()
        if id(node) not in memo:
            memo[id(node)] = out = copied(node)
            _connect(out, [memo.get(id(x), x) for x in node.operands])
            if hasattr(out, "__dict__"):
                vars(out).update(copy.deepcopy(vars(node), memo))
    return memo[id(root)]  # type: ignore[no-any-return]


def reduced(node: Value) -> tuple[Any, ...]:
    """What `pickle` writes of a Value: how to make it, after all that it was computed from.

    Each node is pickled as itself, so Values pickled together, in a tuple or in attributes, go on sharing what they shared.
    """
    if node.op is None:  # what a subclass carries is its state, so that it may lead back to the leaf
        return _leaf, (type(node), node.data, node.grad, node.label, None), getattr(node, "__dict__", None)
    ancestors = None if node in _Ancestors.written() else _Ancestors(node)
    return _node, (ancestors, node.op, node.operands, node.recorded_derivatives, node.data, node.grad, node.label)


class _Ancestors:
    """All that a node was computed from, operands first: a list for pickle to write before the node.

    Each node in it then finds its operands written already, so pickle never goes into the graph as deep as it is.
    """

    _walks = threading.local()  # the nodes that walks of this thread have handed to pickle so far

    def __init__(self, node: Value) -> None:
        self.node = node

    @classmethod
    def written(cls) -> Collection[Value]:
        """The nodes whose operands are written already, or will be before they are."""
        return getattr(cls._walks, "nodes", ())

    def _in_order(self) -> Iterator[Value]:
        outer = self.written()
        nodes = self._walks.nodes = set(outer)
        try:
            for node in topological_order(self.node, constants=False)[:-1]:
                nodes.add(node)
                yield node
        finally:
            self._walks.nodes = outer

    def __reduce__(self) -> tuple[Any, ...]:
        return list, (), None, self._in_order()


def _connect(node: Value, operands: Sequence[Value | float]) -> None:
    if operands:
        node.hold(operands, node.recorded_derivatives)


def _leaf(kind: type[Value], data: float, grad: float, label: str, more: dict[str, Any] | None) -> Value:
    leaf = _new(kind)
    leaf.op = leaf._a = leaf._b = leaf._da = leaf._db = None
    leaf._data, leaf.grad = data, grad
    if label:
        leaf.label = label
    if more:  # what a subclass carries
        vars(leaf).update(more)
    return leaf


def _node(
    ancestors: object,
    op: Operation,
    operands: Sequence[Value | float],
    local: Sequence[float | None],
    data: float,
    grad: float,
    label: str,
) -> Value:
    node = _leaf(Value, data, grad, label, None)
    node.op = op
    node.hold(operands, local)
    return node
