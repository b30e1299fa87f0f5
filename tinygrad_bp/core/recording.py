"""What recording needs beside the node: the numbers that the partials give, and errors in words that name labels and numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import CLOSED, Operation, as_float, at
from tinygrad_bp.core.operators import Operators

if TYPE_CHECKING:
    from tinygrad_bp.core.value import Value


def finish(node: Value) -> bool:
    """Gives their shares to the operands of a node from the first on whose gradient is None, at which `backward` stopped.

    Returns whether there was one. Raises TypeError for a gradient that is no number.
    """
    found = False
    for x, local in zip(node.operands, node.recorded_derivatives, strict=True):
        if isinstance(x, Operators):
            if x.grad is None:
                found = True
                x.grad = 0.0
            elif not isinstance(x.grad, Real):
                raise TypeError(
                    f"backward: the gradient of {x.label or 'a leaf'} is {x.grad!r:.60}, which is no number; set it to 0.0"
                )
            if found:
                x.grad += local * node.grad
    return found


def local_derivatives(op: Operation, y: float, operands: Sequence[Any], numbers: Sequence[float]) -> Sequence[Any]:
    """The numbers that the partials give; None for a constant, since nothing is differentiated with respect to one, or even can be."""
    found: list[float | None] = []
    try:
        if not isinstance(op.partials, tuple):
            local = op.partials(y, *numbers)  # of the table: floats; of the user's own: maybe integers
            found = list(local if ops.OPERATIONS.get(op.name) is op else map(float, local))
            if len(found) != len(operands):
                raise TypeError(f"it gives {len(found)} derivatives for {len(operands)} operands")
            return _closed(found) if op.chooses else found
        for partial, x in zip(op.partials, operands, strict=True):
            varies = isinstance(x, Operators) and x.varies
            found.append(float(partial(y, *numbers)) if varies else None)
        return _closed(found) if ops.closes(op, numbers) else found
    except (ValueError, ArithmeticError) as error:
        if any(x != x for x in numbers):
            return [math.nan] * len(numbers)  # a NaN among the operands gives NaN, also where the rule raises
        labels = [x.label if isinstance(x, Operators) else "" for x in operands]
        by, reason = "", op.reason(error, numbers)
        if op.arity is not None and op.arity > 1:
            by = f" with respect to {labels[len(found)] or f'operand {len(found) + 1}'}"
            reason = str(error).rpartition(": ")[
                2
            ]  # of a row that the rule uses, what that needs, without its own numbers
        failed = ValueError(
            f"{op.name} has no derivative{by} at {at(numbers, labels)}: {reason}; or make what does not vary a number instead of a Value"
        )
        failed.numbers = tuple(numbers)  # type: ignore[attr-defined]
        raise failed from None
    except TypeError as error:
        raise TypeError(
            f"{op.name}: its derivative cannot be computed: {error}. `partials` is a tuple with a rule for each operand, each called "
            "with the result and the operands, (y, x) for one; or one rule for any number of operands that returns all of them"
        ) from error


def _closed(local: Sequence[float | None]) -> list[float | None]:
    return [CLOSED if each == 0 else each for each in local]


def failure(op: Operation, operands: Sequence[Any], error: Exception) -> Exception:
    """What to raise where recording `op` met `error`: the same in words that name the operands' labels and numbers."""
    labels = [x.label if isinstance(x, Operators) else "" for x in operands]
    try:
        numbers = [
            x.data if isinstance(x, Operators) else as_float(x, op.name, next(filter(None, labels), ""))
            for x in operands
        ]
    except (TypeError, OverflowError) as no_number:
        return no_number
    return error if isinstance(error, TypeError) else op.failure(error, numbers, labels)
