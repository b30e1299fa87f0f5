"""Copies of Values, and how they are pickled: what was one graph stays one graph.

A graph is handed on as one flat list, since one node inside another would be as deep as the graph.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
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


def reduced(root: Value) -> tuple[Any, ...]:
    """What `pickle` writes: each Value takes along what it was computed from. Leaves stay shared; nodes between become copies."""
    if root.op is None:
        return _leaf, (type(root), root.data, root.grad, root.label, getattr(root, "__dict__", None))
    nodes = topological_order(root, constants=False)
    place: dict[Any, int] = {node: i for i, node in enumerate(nodes)}
    rows = [
        (node.op, [place.get(x, x) for x in node.operands], node._da, node._db, node.data, node.grad, node.label)
        if node.op
        else node
        for node in nodes
    ]
    return _graph, (rows,)


def _connect(node: Value, operands: Sequence[Value | float]) -> None:
    if type(node._b) is tuple:
        node._b = tuple(operands)
    else:
        node._a, node._b = (*operands, None, None)[:2]


def _leaf(kind: type[Value], data: float, grad: float, label: str, more: dict[str, Any] | None) -> Value:
    leaf = _new(kind)
    leaf.op = leaf._a = leaf._b = leaf._da = leaf._db = None
    leaf._data, leaf.grad = data, grad
    if label:
        leaf.label = label
    if more:  # what a subclass carries
        vars(leaf).update(more)
    return leaf


def _graph(rows: list[Any]) -> Value:
    nodes: list[Value] = []
    for row in rows:
        if isinstance(row, Value):
            nodes.append(row)
            continue
        op, operands, local, locals_, data, grad, label = row
        node = _leaf(Value, data, grad, label, None)
        node.op, node._da, node._db = op, local, locals_
        node._a, node._b = None, () if type(node._db) is tuple else None
        _connect(node, [nodes[x] if type(x) is int else x for x in operands])
        nodes.append(node)
    return nodes[-1]
