"""Of several cases: what each adds to the derivative with respect to a parameter."""

from __future__ import annotations

import math
from collections.abc import Sequence

from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.layers import Layers


def contributions(found: Derivation, cases: Sequence[Layers]) -> dict[Value, list[float]]:
    """Of each parameter of the neurons the summands of its derivative, one for each case: delta times what the weight multiplies.

    Left out are those whose derivative is not their sum: what acts on the loss in other ways, too.
    """
    sums: dict[Value, list[float]] = {}
    for place, layers in enumerate(cases):
        for unit in [unit for layer in layers for unit in layer]:
            delta = found.graph.total.get(unit.net, 0.0)
            parts = [(c.weight, delta * c.source.data) for c in unit.connections]
            parts += [(unit.bias, delta)] if unit.bias is not None else []
            for parameter, part in parts:
                sums.setdefault(parameter, [0.0] * len(cases))[place] += part
    total = found.graph.total
    return {
        v: parts
        for v, parts in sums.items()
        if v in total and abs(math.fsum(parts) - total[v]) <= 1e-9 * (1e-12 + math.fsum(map(abs, parts)))
    }
