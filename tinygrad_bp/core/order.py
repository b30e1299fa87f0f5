"""Walks over the graph, each question asked once: in what order, what depends on what, how much flows from here to there, whose it is,
what has changed since.

None recurs, so the depth of a graph does not matter.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    # Which at run time put themselves here, since `backward` walks by this file.
    from tinygrad_bp.core.value import Constant, Value

Owner = TypeVar("Owner")


def topological_order(*roots: Value, constants: bool = True) -> list[Value]:
    """All nodes from which the roots were computed, and the roots, each once and after its args. The same order every time.

    Args:
        roots: the Values to start from, one argument each.
        constants: False leaves out the plain numbers among the operands.

    Raises TypeError for a root that is no Value.
    """
    order: list[Value] = []
    seen: set[Value] = set()
    for root in roots:
        if not isinstance(root, Value):
            raise TypeError(f"topological_order takes Values, not {type(root).__name__} {root!r:.60}")
        trail: list[tuple[Value | None, Iterator[Any]]] = [(None, iter((root,)))]
        while trail:  # the nodes being entered, from the root inward, each with the args it has still to visit
            node, rest = trail[-1]
            for arg in rest:
                if (
                    arg not in seen
                    and type(arg) is not float
                    and (constants or node is None or type(arg) is not Constant)
                ):
                    seen.add(arg)
                    trail.append((arg, iter(arg.args if constants else arg.operands)))
                    break
            else:
                trail.pop()
                if node is not None:
                    order.append(node)
    return order


def count_nodes(*roots: Value, most: int) -> int:
    """How many nodes the roots were computed from, plain numbers and the roots included; `most + 1` if they are more than `most`.

    No more of them are looked at, so that what is too large for something is refused as fast as what is just too large.
    """
    seen = set(roots)
    waiting: list[Any] = list(seen)
    count = len(seen)
    while waiting and count <= most:
        for operand in waiting.pop().operands:
            if type(operand) is float:  # each a node of its own
                count += 1
            elif operand not in seen:
                seen.add(operand)
                waiting.append(operand)
                count += 1
    return min(count, most + 1)


def dependents(order: Iterable[Value], xs: Iterable[Value], *, constants: bool = False) -> set[Value]:
    """Those of the nodes, which come in topological order, that depend on one of `xs`, and these themselves.

    With `constants=True` an x may be a plain number among the operands.
    """
    found = set(xs)
    for node in order:
        if node not in found and any(x in found for x in (node.args if constants else node.operands)):
            found.add(node)
    return found


def between(
    start: Value, stops: Collection[Value], place: Mapping[Value, int], *, constants: bool = False
) -> Iterator[tuple[Value, tuple[Any, ...]]]:
    """`start` and what it was computed from up to the stops, these left out: each after all that were computed from it, with its operands.

    Args:
        place: for each node that takes part its place in topological order; what is not there is passed over.
    """
    seen = {start}
    waiting = [(-place[start], start)]
    while waiting:  # no two have the same place, so no two nodes are ever compared
        _, node = heapq.heappop(waiting)
        operands: tuple[Any, ...] = node.args if constants else node.operands
        yield node, operands
        for x in operands:
            if x in place and x not in stops and x not in seen:
                seen.add(x)
                heapq.heappush(waiting, (-place[x], x))


def flow(
    start: Value, stops: Collection[Value], place: Mapping[Value, int], *, constants: bool = False
) -> dict[Value, float]:
    """The derivatives of `start` with respect to the stops that it was computed from without another stop between.

    This is reverse accumulation from `start` that ends at stops: what lies `between` is contracted into one factor for each. With
    `constants=True` a plain number among the operands may be a stop.
    """
    gradients: dict[Any, float] = {start: 1.0}
    for node, operands in between(start, stops, place, constants=constants):
        gradient = gradients.pop(node)
        for x, local in zip(operands, node.local_derivatives, strict=True):
            if x in place:
                gradients[x] = gradients.get(x, 0.0) + local * gradient
    return gradients


def owners(order: Sequence[Value], given: Mapping[Value, Owner | None]) -> dict[Value, Owner | None]:
    """Whom each node belongs to: the one given for it, else the one that all computed from it belongs to; None if there is no such one."""
    found = dict(given)
    for node in reversed(order):
        owner = found.setdefault(node, None)
        for x in node.args:
            if x not in given:
                found[x] = owner if found.get(x, owner) == owner else None
    return found


def changed_leaves(nodes: Iterable[Value]) -> list[Value]:
    """The leaves whose data was changed after the nodes were computed from it, each once.

    Where several leaves made a node that does not follow from them any more, those that also made one that still does are cleared.
    """
    stale: list[list[Value]] = []
    kept: set[Value] = set()
    for node in nodes:
        operands: tuple[Any, ...] = node.operands
        leaves = [x for x in operands if type(x) is not float and x.op is None]
        if node.op is None or not leaves:
            continue
        try:
            now = node.op.forward(*node.numbers)
        except Exception:  # anyone's rule; it did work on the data of then
            now = math.inf if math.isnan(node.data) else math.nan
        if now == node.data or (math.isnan(now) and math.isnan(node.data)):
            kept.update(leaves)
        else:
            stale.append(leaves)
    return list(dict.fromkeys(leaf for leaves in stale for leaf in [x for x in leaves if x not in kept] or leaves))


def recorded_order(root: Value) -> list[Value]:
    """The nodes from which a recorded one was computed, and itself, leaves left out: `topological_order`, made for `backward`.

    Walks depth first without recursion. What has been seen is marked in `grad`, which is worthless until `backward` sets it: by
    a NaN of this walk's own, so that an interrupt leaves nothing that could be taken for a gradient.
    """
    seen = float("nan")  # a new object; not equal to any number
    order: list[Value] = []
    entered: list[Value] = []
    rows: dict[Value, Iterator[Any]] = {}
    done, enter, leave = order.append, entered.append, entered.pop
    node = root
    node.grad = seen
    while True:
        a = node._a
        if type(a) is Value and a.op is not None and a.grad is not seen:
            a.grad = seen
            enter(node)
            node = a
            continue
        while True:  # all under a is in the order; now b, or each x of a row
            b = node._b
            next_node = None
            if type(b) is Value:
                if b.op is not None and b.grad is not seen:
                    next_node = b
            elif node._a is None:
                row = rows.get(node)
                if row is None:
                    row = rows[node] = iter(b)
                for x in row:
                    if type(x) is Value and x.op is not None and x.grad is not seen:
                        next_node = x
                        break
            if next_node is not None:
                next_node.grad = seen
                enter(node)
                node = next_node
                break
            done(node)
            if not entered:
                return order
            node = leave()
