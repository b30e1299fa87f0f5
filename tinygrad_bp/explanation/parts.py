"""Which Values without a label get a name, so that no formula is too long to read."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.formulas import FormulaWriter
from tinygrad_bp.explanation.waypoints import Waypoints

MOST_PARTS = 24  # nodes without a name in one formula
FEW_PARTS = 6  # where the formulas of derivatives are to be short, too
MOST_TERMS = 12  # of a sum whose derivatives are looked at


def parts(order: Sequence[Value], named: Collection[Value], most: int = MOST_PARTS) -> set[Value]:
    """The Values without a label that need a name, so that no formula is made of more than so many nodes.

    `order` has all nodes in topological order, of which the last one is what a formula is wanted for, as it is for those `named`.
    """
    found: set[Value] = set()
    size: dict[Value, int] = {}  # of the formula that a Value without a name is written as
    for v in order:
        if v.op is None:
            continue
        inner = sorted({x for x in v.operands if isinstance(x, Value) and size.get(x)}, key=lambda x: size[x])
        total = sum(size[x] for x in inner)
        while inner and total > most:
            largest = inner.pop()
            total -= size[largest]
            size[largest] = 0
            found.add(largest)
        wide = len(v.operands) > most
        if wide and v not in named and v is not order[-1]:
            found.add(v)
        size[v] = 0 if v in named or v in found else 1 + total
    return found


def parts_of_derivatives(graph: Waypoints) -> list[Value]:
    """The Values without a label that need a name, so that each formula between waypoints, and of their derivatives, can be written."""
    writer = FormulaWriter(graph.names, leaves_as_numbers=True)
    found: dict[Value, None] = {}
    for v in graph.order:
        if v.op is None or not _long(graph, writer, v):
            continue
        inside = [*_inside(v, graph.names), v]
        short = parts(inside, {v}, FEW_PARTS)
        found.update((x, None) for x in inside if x in short)
    return list(found)


def _long(graph: Waypoints, writer: FormulaWriter, v: Value) -> bool:
    """Whether the formula of a waypoint, or one of its derivatives, is too long to be written."""
    if len(list(_inside(v, graph.names, FEW_PARTS))) < FEW_PARTS:
        return False
    terms = writer.terms(_sum_in(v, graph.names))
    if not all(all(factors) for _, factors in terms):
        return True
    edges = graph.edges[v] if len(terms) <= MOST_TERMS else []
    return any(writer.too_long(v, edge.by, graph.place, graph.waypoints) for edge in edges)


def _sum_in(v: Value, named: Collection[Value]) -> Value:
    """What a Value is a share of, as a mean is of a sum, if that is all it is: summands are written one by one."""
    inner = [x for x in v.args if x.op is not None and x not in named]
    alone = len(inner) == 1 and len(v.args) == 2 and any(isinstance(x, Constant) for x in v.args)
    return inner[0] if v.op in (ops.div, ops.mul) and alone else v


def _inside(v: Value, named: Collection[Value], most: int | None = None) -> list[Value]:
    """What the formula of a Value is made of, in topological order; no more than so many."""
    found: list[Value] = []
    seen = {v}
    waiting: list[tuple[Value, Iterator[Value]]] = [(v, _unnamed(v, named))]
    while waiting and (most is None or len(found) < most):
        node, rest = waiting[-1]
        x = next((x for x in rest if x not in seen), None)
        if x is None:
            waiting.pop()
            if node is not v:
                found.append(node)
        else:
            seen.add(x)
            waiting.append((x, _unnamed(x, named)))
    return found


def _unnamed(v: Value, named: Collection[Value]) -> Iterator[Value]:
    return (x for x in v.operands if isinstance(x, Value) and x.op is not None and x not in named)
