"""`Kept`: what a model keeps from call to call, plain numbers and generators; noticed where a call changes it, and put back after a look.

A program never calls the model, so a count that the model keeps would stand still, and a running mean would stay what it was at first.
"""

from __future__ import annotations

import array
import datetime
import gc
import os
import sys
import types
from collections import deque
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.lots import draw_on, generator_of, lots
from tinygrad_bp.walking import PLAIN, held_by, is_of_a_library, names_of

ABSENT = object()
DRAWS = "the model draws random numbers"
NOW = ("now", "today", "utcnow")
CLOCKS = ("time", "time_ns", "perf_counter", "perf_counter_ns", "monotonic", "monotonic_ns")
DEPTH = 20  # of what is compared part by part


@dataclass
class _Holder:
    """Something that holds things, how to read them, and how to write them again; an empty name is that of generators.

    Attributes:
        then: what was read last.
    """

    name: str
    read: Callable[[], Any]
    write: Callable[[Any], Any]
    then: Any = None


class Kept:
    """What these functions and modules keep, as it is now.

    Args:
        known: parameters, whose numbers others look after.
    """

    def __init__(self, *things: Any, known: Sequence[Value] = ()) -> None:
        self.iterator = ""  # the name of something that a call may use up, and that nobody can put back
        self._holders = [_Holder("", lots, draw_on)]
        values: dict[Value, str] = {}
        others, seen = set(known), dict[int, Any]()
        waiting: list[tuple[str, Any]] = [("the model", thing) for thing in things]
        while waiting:
            name, thing = waiting.pop()
            if isinstance(thing, Value):
                if thing.op is None and thing not in others and not isinstance(thing, Constant):
                    values[thing] = name
            elif id(thing) not in seen and not isinstance(thing, PLAIN):
                seen[id(thing)] = thing  # kept, so that its number stays its own
                if isinstance(thing, Iterator):
                    self.iterator = self.iterator or name
                elif (generator := generator_of(thing)) is not None:
                    self._holders.append(_Holder("", *generator))
                else:
                    self._holders += _holders(name, thing)
                    waiting += held_by(thing)
        for value, name in values.items():
            self._holders.append(_Holder(value.label or name, *_number_of(value)))
        self.take()

    def take(self) -> None:
        """Takes note of all as it is now."""
        for holder in self._holders:
            holder.then = holder.read()

    def change(self) -> str:
        """Why no program can stand for what changed so; empty if nothing did.

        Values that are computed anew do not count: whether they are used again, the graph of the next call tells.
        """
        for holder in self._holders:
            now = holder.read()
            if not holder.name and not _same(holder.then, now):
                return DRAWS
            if (name := _changed(holder.name, holder.then, now)) is not None:
                return f"the model keeps state: {name} changes from call to call"
        return ""

    def restore(self) -> None:
        """Sets all to what it was when it was last taken note of."""
        for holder in self._holders:
            now = holder.read()
            if not _is_the_same_thing(holder.then, now):
                with suppress(AttributeError, TypeError, ValueError):  # what nobody can write
                    holder.write(holder.then)


def _number_of(value: Value) -> tuple[Callable[[], float], Callable[[float], None]]:
    def write(number: float) -> None:
        value.data = number

    return lambda: value.data, write


def _holders(name: str, thing: Any) -> Iterator[_Holder]:
    """How to read and to write what is directly in a thing."""
    if isinstance(thing, list):
        yield _Holder(name, lambda: thing[:], lambda old: thing.__setitem__(slice(None), old))
    elif isinstance(thing, deque):
        yield _Holder(name, lambda: list(thing), partial(_refill, thing.clear, thing.extend))
    elif isinstance(thing, set):
        yield _Holder(name, lambda: set(thing), partial(_refill, thing.clear, thing.update))
    elif isinstance(thing, MutableMapping):
        yield _Holder(name, lambda: dict(thing), partial(_refill, thing.clear, thing.update))
    elif isinstance(thing, array.array):
        yield _Holder(name, lambda: thing[:], lambda old: thing.__setitem__(slice(None), old))
    elif hasattr(thing, "dtype") and hasattr(thing, "copy") and hasattr(thing, "__setitem__"):
        yield _Holder(name, thing.copy, lambda old: thing.__setitem__(..., old))
    elif isinstance(thing, types.FunctionType):
        yield from _of_a_function(thing)
    if not isinstance(thing, type) and isinstance(own := getattr(thing, "__dict__", None), dict):
        yield _Holder(name, lambda: dict(own), partial(_refill, own.clear, own.update))
        for kind in type(thing).__mro__:
            if not is_of_a_library(kind):
                yield _of_a_class(name, kind, thing)


def _refill(clear: Callable[[], Any], fill: Callable[[Any], Any], old: Any) -> None:
    clear()
    fill(old)


def _of_a_class(name: str, kind: type, thing: Any) -> _Holder:
    """Its attributes that are no methods, and the slots of a thing of it."""

    def read() -> dict[str, Any]:
        found = {}
        for key, part in list(vars(kind).items()):
            if isinstance(part, types.MemberDescriptorType) and "__slots__" in vars(kind):
                found[key] = getattr(thing, key, ABSENT)
            elif not key.startswith("__") and not hasattr(part, "__get__"):
                found[key] = part
        return found

    def write(old: dict[str, Any]) -> None:
        for key, part in read().items():
            if (before := old.get(key, ABSENT)) is not part:
                slot = isinstance(vars(kind)[key], types.MemberDescriptorType)
                _set(thing if slot else kind, key, before)

    return _Holder(name, read, write)


def _set(thing: Any, name: str, part: Any) -> None:
    if part is ABSENT:
        delattr(thing, name)
    else:
        setattr(thing, name, part)


def _of_a_function(function: types.FunctionType) -> Iterator[_Holder]:
    """What it encloses, and the globals that it names."""
    code = function.__code__
    for name, cell in zip(code.co_freevars, function.__closure__ or (), strict=False):
        if cell != types.CellType():
            yield _Holder(name, partial(getattr, cell, "cell_contents"), partial(setattr, cell, "cell_contents"))
    if is_of_a_library(function):
        return
    given, names = function.__globals__, names_of(code)

    def write(old: dict[str, Any]) -> None:
        for name in names:
            if name in old:
                given[name] = old[name]
            else:
                given.pop(name, None)

    yield _Holder("a global", lambda: {name: given[name] for name in names if name in given}, write)


def _changed(name: str, then: Any, now: Any) -> str | None:
    """The name of what is not the same; None if all is."""
    if isinstance(then, dict) and isinstance(now, dict):
        for key in {**then, **now}:
            if not _same(then.get(key, ABSENT), now.get(key, ABSENT)):
                return key if isinstance(key, str) and key.isidentifier() else name
        return None
    return None if _same(then, now) else name


def _is_the_same_thing(then: Any, now: Any) -> bool:
    if type(then) is type(now) and isinstance(then, list):
        return len(then) == len(now) and all(map(_is, then, now))
    if type(then) is type(now) and isinstance(then, dict):
        return list(then) == list(now) and all(map(_is, then.values(), now.values()))
    return then is now


def _is(a: Any, b: Any) -> bool:
    return a is b


def _same(then: Any, now: Any, depth: int = DEPTH) -> bool:
    """Whether two things are of the same content; what may be a result of a call, Values or nothing, is taken for the same."""
    if then is now:
        return True
    if depth == 0:
        return False
    if _is_result(then, depth) and _is_result(now, depth):
        return True
    if type(then) is not type(now):
        return False
    if isinstance(then, PLAIN):
        return repr(then) == repr(now)
    if type(then) in (list, tuple) and {*map(type, then)} == {*map(type, now)} == {int}:
        return bool(then == now)  # the words of a generator, hundreds or thousands
    if isinstance(then, list | tuple | deque):
        pairs = zip(then, now, strict=False)
        rest = [*then][len(now) :] + [*now][len(then) :]
        return all(_same(a, b, depth - 1) for a, b in pairs) and all(_is_result(x, depth - 1) for x in rest)
    if isinstance(then, dict):
        return all(_same(then.get(key, ABSENT), now.get(key, ABSENT), depth - 1) for key in {**then, **now})
    if isinstance(then, set | frozenset):
        return all(isinstance(x, Value) for x in then ^ now)
    if hasattr(then, "tolist"):
        return _same(then.tolist(), now.tolist(), depth - 1)
    with suppress(TypeError):
        return _same(vars(then), vars(now), depth - 1)
    return False


def _is_result(thing: Any, depth: int) -> bool:
    if thing is None or thing is ABSENT or isinstance(thing, Value):
        return True
    if isinstance(thing, dict) and depth:
        return all(_is_result(part, depth - 1) for part in thing.values())
    return isinstance(thing, list | tuple) and depth > 0 and all(_is_result(part, depth - 1) for part in thing)


def unrepeatable(call: Callable[[], Any]) -> tuple[Any, str]:
    """What a call returns, and what it asks on its way that answers differently each time: the time, or the system's lots.

    Nothing is noticed where somebody else's profiler is at work.
    """
    asked: list[str] = []

    def notice(frame: Any, event: str, what: Any) -> None:
        if event != "c_call" or not isinstance(what, types.BuiltinFunctionType):
            return
        now = isinstance(what.__self__, type) and issubclass(what.__self__, datetime.date) and what.__name__ in NOW
        if what is os.urandom:
            asked.append(DRAWS)
        elif now or (what.__module__ == "time" and what.__name__ in CLOCKS):
            asked.append("the model asks for the time")

    if sys.getprofile() is not None:
        return call(), ""
    # What the collector calls on its way, as tools have it take the time, is none of the model's.
    collects = gc.isenabled()
    gc.disable()
    sys.setprofile(notice)
    try:
        found = call()
    finally:
        sys.setprofile(None)
        if collects:
            gc.enable()
    return found, asked[0] if asked else ""
