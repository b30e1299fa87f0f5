"""Which number left the range of floats first, in a step of training that failed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.networks.optim import Optimizer
from tinygrad_bp.networks.training.task import Task


def what_went_wrong(task: Task, batch: Sequence[int]) -> str:
    """In words, for a batch of rows by their places: the operation that is undefined, else the first node that is not finite, else the
    one nearest to the loss whose gradient is not."""
    optimizer = task.optimizer
    for row in batch:
        number = row + 1
        try:
            total = task.forward(*task.rows[row])
        except (ValueError, ArithmeticError) as error:
            return f"with row {number}, {error}; {_largest(optimizer, lambda p: p.data, 'parameter')}"
        order = topological_order(total)
        for node in order:
            named = node.op is not None or node.label  # not a mere number, but what was made of it
            if named and not math.isfinite(node.data):
                return f"with row {number}, {_node(node)} is {node.data}"
        for p in optimizer.parameters:
            p.grad = 0.0
        total.backward()
        for node in reversed(order):
            if not math.isfinite(node.grad):
                return f"with row {number}, the gradient of {_node(node)} is {node.grad}"
    return f"the step leads out of the range of floats; {_largest(optimizer, lambda p: p.grad, 'gradient')}"


def _largest(optimizer: Optimizer, number: Callable[[Value], float], what: str) -> str:
    p = max(optimizer.parameters, key=lambda p: abs(number(p)))
    return f"the largest {what} is {'that of ' if what == 'gradient' else ''}{p.label or 'one without a label'}, {number(p):.6g}"


def _node(node: Value) -> str:
    """A node in words: its label, and how it was computed from what."""
    if node.op is None:
        return node.label or "a number"
    operands = [f"{x.data:.6g}{f' ({x.label})' if x.label else ''}" for x in node.args[:4]]
    if len(node.args) > 4:
        operands.append("...")
    return f"{node.label or 'a node without a label'}, {node.op.name} of {', '.join(operands)},"
