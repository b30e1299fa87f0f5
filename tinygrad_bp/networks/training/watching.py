"""Whether the graph of a computation is the same for all numbers: leaves that notice when somebody looks at a number.

A program written from one recorded graph is right for other numbers only if the computation never asked about a number on its way,
`if x > 0:` or `x.data`. Values of a class of their own notice that; their results are of that class, too.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from itertools import repeat
from numbers import Real
from typing import Any

from tinygrad_bp.core.operators import WRITTEN_OUT
from tinygrad_bp.core.output import said
from tinygrad_bp.core.value import Value
from tinygrad_bp.networks.optim import at_once


class Watched(Value):
    """A Value that notes in `looks` when its number is read."""

    __slots__ = ()
    spreads = True
    looks: list[str]

    @property
    def data(self) -> float:
        self.looks.append(self.label or (self.op.name if self.op else "an input"))
        return self._data

    @data.setter
    def data(self, data: float) -> None:
        self.looks.append(f"assigning to {self.label or 'a Value'}")
        self._data = float(data)

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Real):
            self.looks.append(f"comparing {self.label or 'a Value'} with {other!r}")
        return self is other

    __hash__ = Value.__hash__

    @said
    def __repr__(self) -> str:
        label = f", label={self.label!r}" if self.label else ""
        return f"Value(data={self._data!r}, grad={self.grad!r}{label})"  # which is no look at it

    def __reduce__(self) -> Any:
        raise TypeError("a Value that is being watched is not to be kept")


@contextmanager
def watch(leaves: Iterable[Value]) -> Iterator[list[str]]:
    """Watches these leaves and what is computed from them: a list that names each Value whose number was read.

    For that time the leaves are of another class, so no other thread should use them then.
    """
    looks: list[str] = []
    # What is written out for speed makes Values past `record_operation`, so it gets a layer that passes the class on.
    written_out = {name: _recording(name) for names in WRITTEN_OUT.values() for name in names}
    kind = type("Watched", (Watched,), {"__slots__": (), "looks": looks, **written_out})
    leaves = [leaf for leaf in leaves if type(leaf) is Value]
    try:
        _become(kind, leaves)
        yield looks
    finally:
        _become(Value, leaves)


def unwatch(leaves: Iterable[Value]) -> None:
    """Ends what an interrupt kept `watch` from ending."""
    _become(Value, [leaf for leaf in leaves if isinstance(leaf, Watched)])


def _become(kind: type[Value], leaves: list[Value]) -> None:
    at_once(map(setattr, leaves, repeat("__class__"), repeat(kind)))


def _recording(name: str) -> Callable[..., Any]:
    """A method that does as that of Value does, and makes the node one of the class that it was called on."""
    method = getattr(Value, name)

    def record(self: Watched, *operands: Any) -> Any:
        node = method(self, *operands)
        if type(node) is Value:
            node.__class__ = type(self)
        return node

    return record
