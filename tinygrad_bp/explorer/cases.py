"""The rows that a network learns from, as cases: what each sets the leaves of the graph to."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tinygrad_bp.core.operation import as_float
from tinygrad_bp.core.value import Value
from tinygrad_bp.text import counted, shown

MOST_CASES = 64

Case = Mapping[Value, float]
Pair = tuple[Sequence[Any], Sequence[Any]]  # inputs and targets


def pairs_of(rows: Any, inputs: int, outputs: int) -> list[Pair]:
    """The rows, each as long as the network takes it; what numbers are in them is not looked at.

    Raises TypeError for what is no list, ValueError for none, for more than 64, and for a row that does not fit.
    """
    if isinstance(rows, str) or not isinstance(rows, Iterable):
        raise TypeError(
            f"explore: rows are pairs of inputs and targets in a list, not {type(rows).__name__} {shown(rows)}"
        )
    rows = list(rows)
    if not rows:
        raise ValueError("explore: there is no row to compute the network for")
    if len(rows) > MOST_CASES:
        raise ValueError(f"explore shows up to {MOST_CASES} rows, and there are {len(rows):,}: pass fewer")
    return [_pair(number, row, inputs, outputs) for number, row in enumerate(rows, 1)]


def _pair(number: int, row: Any, inputs: int, outputs: int) -> Pair:
    try:
        given, wanted = row
    except (TypeError, ValueError):
        raise ValueError(f"explore: row {number} is to be a pair of inputs and targets, not {shown(row)}") from None
    return _part(number, "input", given, inputs), _part(number, "target", wanted, outputs)


def _part(number: int, what: str, given: Any, count: int) -> list[Any]:
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise ValueError(f"explore: the {what}s of row {number} are to be a list of numbers, not {shown(given)}")
    numbers = list(given)
    if len(numbers) != count:
        raise ValueError(f"explore: this network takes {counted(count, what)}, and row {number} has {len(numbers)}")
    return numbers


def made_up(inputs: int, outputs: int) -> list[Pair]:
    """One row with targets that any loss takes: of several classes the first."""
    return [([1.0] * inputs, [1.0] + [0.0] * (outputs - 1))]


def cases_of(pairs: Iterable[Pair], inputs: Sequence[Value], targets: Sequence[Value]) -> list[Case]:
    """For each row the numbers of these leaves. Raises TypeError for what is no number, ValueError for one that is not finite."""
    cases: list[Case] = []
    for number, (given, wanted) in enumerate(pairs, 1):
        leaves = [*zip(inputs, given, strict=True), *zip(targets, wanted, strict=True)]
        case = {leaf: as_float(x, f"explore: row {number}", leaf.label, "takes a real number") for leaf, x in leaves}
        for leaf, x in case.items():
            if not math.isfinite(x):
                raise ValueError(f"explore: {leaf.label} is {x!r} in row {number}; a page shows finite numbers")
        cases.append(case)
    return cases
