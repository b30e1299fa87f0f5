"""Which number left the range of floats first, in a step of training that failed, and why; and why learning stands still."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from typing import Any

from tinygrad_bp.core.ops import sum_of
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.diagnosis import Finding, diagnose
from tinygrad_bp.lots import draw_on, lots
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
                return f"with row {number}, {_node(node)} is {node.data}{_cause(total, optimizer)}"
        for p in optimizer.parameters:
            p.grad = 0.0
        total.backward()
        for node in reversed(order):
            if not math.isfinite(node.grad):
                return f"with row {number}, the gradient of {_node(node)} is {node.grad}{_cause(total, optimizer)}"
    return f"the step leads out of the range of floats; {_largest(optimizer, lambda p: p.grad, 'gradient')}"


# What says more than which number it was.
CAUSES = ("0*inf", "inf-inf", "inf/inf", "infinite slope", "0*inf gradient", "inf-inf gradient", "undefined slope")
STILL = ("no gradient", "dead", "saturated", "vanishing")
STANDS = 1e-3  # what share of its size a loss falls by, at least, in half of the epochs of a training that learns
LEAST_EPOCHS = 10
MOST_ROWS = 40  # that a diagnosis looks at


def _cause(total: Value, optimizer: Optimizer) -> str:
    """Why a number is not finite, in parentheses, if that is more than where; else empty."""
    cause = _found(total, optimizer, CAUSES)
    if cause is None:
        return ""
    instead = f"; instead: {cause.instead}" if cause.instead else ""
    return f" ({cause.words.rstrip('.')}{instead})"


def why_it_stands_still(task: Task, losses: Sequence[float]) -> str:
    """What keeps the parameters from learning, if the loss fell no more over the second half of the epochs; else empty."""
    half = losses[len(losses) // 2 :]
    if len(losses) < LEAST_EPOCHS or not half[0] or half[0] - min(half) > STANDS * abs(half[0]):
        return ""
    before = lots()
    cause = None
    with suppress(ValueError, ArithmeticError):
        rows = task.rows[:MOST_ROWS]
        total = sum_of([task.forward(*row) for row in rows]) / len(rows)
        cause = _found(total, task.optimizer, STILL)
    draw_on(before)
    return f"learning stands still: {cause}" if cause else ""


def _found(total: Value, optimizer: Optimizer, kinds: Collection[str]) -> Finding | None:
    """The first of these kinds that is wrong with a loss and its gradient by the parameters that it is computed from."""
    there = set(topological_order(total, constants=False))
    found = diagnose(total, [p for p in optimizer.parameters if p in there]).findings
    return next((finding for finding in found if finding.kind in kinds), None)


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
