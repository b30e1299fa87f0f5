"""Graphs with numbers that are not finite, of which nothing can be derived."""

from __future__ import annotations

import math

from tinygrad_bp.lessons.chosen import MOST_NAMES
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.text import listed


def refuse_what_is_not_finite(found: Derivation, operation: str) -> None:
    """Raises ValueError, naming the first number that is not finite: nothing can be said of what follows from it."""
    first = next((v for v in found.order if not math.isfinite(v.data)), None)
    if first is None:
        return
    name = found.names.get(first, "")
    if first.op is None:
        name = name or "a leaf"
    else:
        operands = [(found.names.get(x, ""), x.data) for x in first.args[:MOST_NAMES]]
        told = [f"{called} = {data!r}" if called else repr(data) for called, data in operands]
        told += [f"{len(first.args) - MOST_NAMES:,} more"] if len(first.args) > MOST_NAMES else []
        result = f"the result of {first.op.name} of {listed(told)}"
        name = f"{name}, {result}," if name else result
    raise ValueError(
        f"{operation}: a round of backpropagation needs finite numbers, and {name} is {first.data!r}"
        + (f"; so {found.names[found.loss]} is {found.loss.data!r}" if first is not found.loss else "")
    )
