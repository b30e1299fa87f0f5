"""What a neuron may make of its net input: any row of the table, or operation of one's own, that one operand is enough for."""

from __future__ import annotations

from collections.abc import Callable
from operator import methodcaller

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.core.operators import WRITTEN_OUT
from tinygrad_bp.core.value import Value
from tinygrad_bp.text import did_you_mean, shown

USUAL = ("sigmoid", "tanh", "relu", "softplus", "linear")
# The methods of a Value do the same as these rows, faster.
FASTER: dict[Operation, Callable[[Value], Value]] = {
    row: methodcaller(methods[-1]) for row, methods in WRITTEN_OUT.items() if row.arity == 1
}


def activation_named(choice: Operation | str | None) -> Operation | None:
    """The operation that is meant: by its name, or itself; None for None and "linear", of neurons that pass their net input on.

    Raises ValueError for a name that no such operation has and for an operation on several operands, TypeError for anything else.
    """
    if choice is None or (isinstance(choice, str) and choice == "linear"):
        return None
    row = ops.OPERATIONS.get(choice) if isinstance(choice, str) else choice
    if isinstance(row, Operation) and _takes_one(row):
        return row
    kind = ValueError if isinstance(choice, str | Operation) else TypeError
    fitting = [name for name, each in ops.OPERATIONS.items() if _takes_one(each)]
    hint = did_you_mean(choice, USUAL) or did_you_mean(choice, fitting) or ":"
    raise kind(
        f"activation {shown(choice)} is no operation on one operand{hint} An activation is the name of such an operation, "
        "as 'sigmoid', 'tanh' or 'relu' are, "
        "or the operation itself, or None or 'linear' for none"
    )


def _takes_one(row: Operation) -> bool:
    return row.arity is not None and row.arity - len(row.defaults) == 1
