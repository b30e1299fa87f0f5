"""Which number left the range of floats first, in a step of training that failed."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

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
            words = (
                error.args[-1] if isinstance(error, OverflowError) and error.args else error
            )  # Python's have a number, too
            return f"with row {number}, {words}; {_largest(optimizer, lambda p: p.data, 'parameter')}"
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


def fails_by_itself(task: Task, batch: Sequence[int]) -> bool:
    """Whether model or loss divide by 0 in code of their own, in no operation, while all parameters are in range."""
    if not all(math.isfinite(p.data) for p in task.optimizer.parameters):
        return False
    for row in batch:
        try:
            task.forward(*task.rows[row])
        except ZeroDivisionError as error:
            return not hasattr(error, "numbers")
        except (ValueError, ArithmeticError):
            return False
    return False


def why(task: Task, batch: Sequence[int], start: Callable[[], None]) -> str:
    """What may be at fault, to end the message with: a row, what is computed, or the learning rate. `start` goes back to the parameters
    that training began with."""
    for row in batch:
        if (x := infinity_in(task.rows[row])) is not None:
            return f"; row {row + 1} holds {x}"
    start()
    for p in task.optimizer.parameters:
        if not math.isfinite(p.data):
            return f"; training began so: {p.label or 'a parameter without a label'} was {p.data}"
    try:
        for row in batch:
            total = task.forward(*task.rows[row])
            for p in task.optimizer.parameters:
                p.grad = 0.0
            total.backward()
            numbers = [total.data, *[p.grad for p in task.optimizer.parameters]]
            if not all(map(math.isfinite, numbers)):
                raise ArithmeticError
    except (ValueError, ArithmeticError):
        return "; so it is with the parameters that training began with"
    momentum = getattr(task.optimizer, "momentum", 0.0)
    if isinstance(momentum, float) and momentum >= 1.0:
        return f"; with a momentum of {momentum:g} steps only grow, and it is below 1"
    return "; a smaller learning rate may help"


def infinity_in(part: Any) -> float | None:
    """The first infinity in a row, if there is one."""
    if isinstance(part, list | tuple):
        return next((x for x in map(infinity_in, part) if x is not None), None)
    return part if isinstance(part, float) and math.isinf(part) else None


def of_rows_held_out(task: Task) -> str:
    """Which row held out has no finite loss."""
    for number, row in enumerate(task.held_out, 1):
        try:
            loss, words = task.forward(*row).data, ""
        except (ValueError, ArithmeticError) as error:
            loss, words = math.nan, f": {error}"
        if not math.isfinite(loss):
            x = infinity_in(row)
            return f"; that of validation row {number} is {loss}{words}{'' if x is None else f', and it holds {x}'}"
    return ""


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
