"""Which number left the range of floats first, in a step of training that failed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from tinygrad_bp.optim import Optimizer
from tinygrad_bp.value import Value, topological_order


def what_went_wrong(
    model: Callable[[Any], Any],
    loss: Callable[[Any, Any], Value],
    batch: Sequence[tuple[int, tuple[Any, Any]]],
    optimizer: Optimizer,
) -> str:
    """In words, for a batch of rows with their numbers: the first node that is not finite or, if all are, has such a gradient."""
    for number, (inputs, target) in batch:
        total = loss(model(inputs), target)
        order = topological_order(total)
        for node in order:
            if not math.isfinite(node.data):
                return f"with row {number}, {_node(node)} is {node.data}"
        for p in optimizer.parameters:
            p.grad = 0.0
        total.backward()
        for node in reversed(order):
            if not math.isfinite(node.grad):
                return f"with row {number}, the gradient of {_node(node)} is {node.grad}"
    wrong = next((p for p in optimizer.parameters if not math.isfinite(p.grad)), None)
    if wrong is not None:
        return f"the gradient of {_node(wrong)} is {wrong.grad}"
    largest = max(optimizer.parameters, key=lambda p: abs(p.grad))
    return f"the step leads out of the range of floats; the largest gradient is that of {_node(largest)}, {largest.grad:.6g}"


def _node(node: Value) -> str:
    """A node in words: its label, and how it was computed from what."""
    if node.op is None:
        return node.label or "a number"
    operands = ", ".join(f"{x.data:.6g}{f' ({x.label})' if x.label else ''}" for x in node.args[:4]) + ", ..." * (
        len(node.args) > 4
    )
    return f"{node.label or 'a node without a label'}, {node.op.name} of {operands},"
