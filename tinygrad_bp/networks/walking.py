"""What is inside a thing that may hold parameters: attributes, entries of lists, dictionaries, sets and arrays of objects."""

from __future__ import annotations

import itertools
import sys
import types
from collections import deque
from collections.abc import Iterator, Mapping
from typing import Any

from tinygrad_bp.core.operation import Operation
from tinygrad_bp.core.value import Value

PLAIN = (str, bytes, bytearray, int, float, complex, range, type(None), type, types.ModuleType, Operation, Value)
# Of the standard library only these are looked into: a logger or a lock leads to half the process, and to no parameter.
HOLDERS = ("types.SimpleNamespace", "collections.", "functools.partial")


def inside(thing: Any) -> Iterator[tuple[str, Any]]:
    """Pairs of a name and a thing in this one; none of what cannot hold parameters.

    Raises ValueError for a set whose Values cannot be told apart by their labels: it has no order.
    """
    if isinstance(thing, PLAIN):
        return
    if isinstance(thing, Mapping):
        yield from ((str(key), part) for key, part in thing.items())
    elif isinstance(thing, list | tuple | deque):
        yield from ((str(place), part) for place, part in enumerate(thing))
    elif isinstance(thing, set | frozenset):
        yield from _of_a_set(thing)
    elif str(getattr(thing, "dtype", "")) == "object" and hasattr(thing, "ndim"):
        yield from _of_an_array(thing)
    elif _is_looked_into(type(thing)):
        yield from attributes(thing)


def attributes(thing: Any) -> Iterator[tuple[str, Any]]:
    """The attributes of an object, in `__dict__`, in slots and of its class, in this order; each name once."""
    own = getattr(thing, "__dict__", {})
    yield from own.items()
    seen = set(own)
    for kind in type(thing).__mro__:
        for name, part in vars(kind).items():
            if name in seen or name.startswith("__"):
                continue
            seen.add(name)
            if isinstance(part, types.MemberDescriptorType):  # a slot
                try:
                    yield name, part.__get__(thing)
                except AttributeError:  # with nothing in it
                    continue
            elif not hasattr(part, "__get__"):  # no method and no property
                yield name, part


def _of_a_set(things: Any) -> Iterator[tuple[str, Any]]:
    values = [x for x in things if isinstance(x, Value)]
    others = [x for x in things if not isinstance(x, PLAIN)]
    labels = [x.label for x in values]
    if len(set(labels)) < len(labels) or len(others) > 1:
        raise ValueError(
            "parameters in a set have no order; give each Value a label of its own, or take a list in place of the set"
        )
    yield from sorted(zip([label or "item" for label in labels], values, strict=True), key=lambda pair: pair[0])
    yield from ((type(x).__name__, x) for x in others)


def _of_an_array(array: Any) -> Iterator[tuple[str, Any]]:
    for place in itertools.product(*map(range, array.shape)):
        yield ".".join(map(str, place)) or "item", array[place]


def _is_looked_into(kind: type) -> bool:
    module = kind.__module__
    if f"{module}.{kind.__qualname__}".startswith(HOLDERS):
        return True
    return module.split(".")[0] not in sys.stdlib_module_names
