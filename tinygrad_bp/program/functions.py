"""What targets that are text define of their own: the functions that a program calls."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set

from tinygrad_bp.core.operation import Operation

# Of an operation, or of what operations share, under its name: what its function calls, and its text.
Functions = Mapping[Operation | str, tuple[Sequence[Operation | str], str]]


def native(expressions: Set[Operation], functions: Functions) -> frozenset[Operation]:
    """The operations that a target has."""
    return frozenset(expressions).union(op for op in functions if isinstance(op, Operation))


def called(functions: Functions, operations: Iterable[Operation]) -> dict[Operation | str, str]:
    """The texts of the functions of these operations, each after those that it calls itself. An operation without one is passed over."""
    found: dict[Operation | str, str] = {}

    def define(function: Operation | str) -> None:
        calls, text = functions[function]
        for other in calls:
            define(other)
        found.setdefault(function, text)

    for op in operations:
        if op in functions and op not in found:
            define(op)
    return found
