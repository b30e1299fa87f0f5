"""Ways down a graph: what Values were computed from."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator

from tinygrad_bp.core.value import Value


def nearest(begin: Iterable[Value | float], ends: Container[Value]) -> Iterator[Value]:
    """The first of the ends on each way down from these, which may be ends themselves."""
    waiting = [x for x in begin if isinstance(x, Value)]
    met = set(waiting)
    while waiting:
        v = waiting.pop()
        if v in ends:
            yield v
            continue
        new = [x for x in v.operands if isinstance(x, Value) and x not in met]
        met.update(new)
        waiting += new
