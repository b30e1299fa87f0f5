"""What is inside a thing that may hold parameters: attributes, entries of lists, dictionaries, sets and arrays of objects."""

from __future__ import annotations

import copy
import functools
import itertools
import sys
import types
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, MappingView
from contextlib import suppress
from typing import Any

from tinygrad_bp.core.operation import Operation
from tinygrad_bp.core.value import Value

PLAIN = (str, bytes, bytearray, int, float, complex, range, type(None), type, types.ModuleType, Operation, Value)
# Of the standard library only these are looked into: a logger or a lock leads to half the process, and to no parameter.
WRITTEN_IN_PYTHON = 1 << 9  # the flag of classes that a program makes
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


def held_by(thing: Any) -> Iterator[tuple[str, Any]]:
    """Pairs of a name and a thing that this one may use: beside what is inside it what functions enclose, their defaults, the globals that
    they name, what methods are bound to, and the methods of its class."""
    if callable(thing):
        with suppress(Exception):  # what an object of anyone's says to a name that it does not know
            yield getattr(thing, "__name__", "a method"), thing.__self__
    if isinstance(thing, types.MethodType):
        yield thing.__name__, thing.__func__
    elif isinstance(thing, types.FunctionType):
        yield from enclosed(thing)
        if not thing.__module__ or thing.__module__.split(".")[0] != "tinygrad_bp":  # whose globals are known
            given = thing.__globals__
            yield from ((name, given[name]) for name in names_of(thing.__code__) if name in given)
    elif isinstance(thing, functools.partial):
        yield from (("a partial", part) for part in (thing.func, *thing.args, *thing.keywords.values()))
    elif isinstance(thing, list | tuple):  # often of very many numbers
        yield from (("an entry", part) for part in thing if type(part) is not float)
    else:
        with suppress(ValueError):  # a set without an order
            yield from inside(thing)
        for kind in type(thing).__mro__:
            if not is_of_a_library(kind):
                yield from ((name, f) for name, f in list(vars(kind).items()) if isinstance(f, types.FunctionType))


def enclosed(function: types.FunctionType) -> Iterator[tuple[str, Any]]:
    """What a function encloses, its defaults and its attributes, by their names."""
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
        if cell != types.CellType():
            yield name, cell.cell_contents
    given = function.__defaults__ or ()
    yield from zip(code.co_varnames[code.co_argcount - len(given) : code.co_argcount], given, strict=False)
    yield from (function.__kwdefaults__ or {}).items()
    yield from vars(function).items()


def hidden(things: Iterable[tuple[str, Any]]) -> Iterator[tuple[str, Value]]:
    """Pairs of the name of a thing and a Value that is in it, or in what it encloses, is bound to, or goes over: also where `inside` does
    not look, but for globals."""
    seen: dict[int, Any] = {}
    waiting = list(things)
    while waiting:
        name, thing = waiting.pop()
        if isinstance(thing, Value):
            yield name, thing
        elif id(thing) not in seen and not isinstance(thing, PLAIN):
            seen[id(thing)] = thing
            waiting += [(name, part) for part in _hidden_in(thing)]


def _hidden_in(thing: Any) -> Iterator[Any]:
    if isinstance(thing, Mapping):
        yield from thing
    if isinstance(thing, types.FunctionType):
        yield from (part for _, part in enclosed(thing))
    elif isinstance(thing, types.MethodType | types.BuiltinMethodType):
        yield thing.__self__
    elif isinstance(thing, MappingView):
        yield from thing  # type: ignore[misc]
    elif isinstance(thing, Iterator):
        if type(thing).__name__ in ("list_iterator", "tuple_iterator"):
            yield from copy.copy(thing)
    elif getattr(getattr(thing, "dtype", None), "fields", None):
        yield thing.tolist()
    else:
        yield getattr(thing, "__wrapped__", None)  # of functools.cache
    with suppress(ValueError):  # a set without an order
        yield from (part for _, part in inside(thing))


def names_of(code: types.CodeType) -> list[str]:
    """The globals and attributes that it names, and those of the functions written in it."""
    inner = [name for part in code.co_consts if isinstance(part, types.CodeType) for name in names_of(part)]
    return list(dict.fromkeys([*code.co_names, *inner]))


def is_of_a_library(thing: Any) -> bool:
    """Whether a class or a function is of the standard library, of this package, or of another that is installed."""
    if isinstance(thing, type) and not thing.__flags__ & WRITTEN_IN_PYTHON:
        return True
    module = str(getattr(thing, "__module__", None) or "")
    root = module.split(".")[0]
    if (root in sys.stdlib_module_names and root != "__main__") or root == "tinygrad_bp":
        return True
    return "site-packages" in str(getattr(sys.modules.get(module), "__file__", None) or "")


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
