"""The generators that models draw lots from: that of Python, NumPy's, if it is there, and those of their own."""

from __future__ import annotations

import random
import sys
import types
from contextlib import suppress
from functools import partial
from typing import Any

from tinygrad_bp.networks.walking import PLAIN, inside


def lots() -> dict[str, Any]:
    """How far they have come, as plain data."""
    found: dict[str, Any] = {"random": _listed(random.getstate())}
    if (numpy := getattr(sys.modules.get("numpy"), "random", None)) is not None:
        name, key, *rest = numpy.get_state()
        found["numpy"] = [name, key.tolist(), *rest]
    return found


def draw_on(states: dict[str, Any]) -> None:
    """Sets them to where they were. Raises TypeError and ValueError for what is no such state."""
    if "random" in states:
        random.setstate(generator_state(states["random"]))
    if "numpy" in states and (numpy := getattr(sys.modules.get("numpy"), "random", None)) is not None:
        numpy.set_state(tuple(states["numpy"]))


def generator_state(content: Any) -> Any:
    """The state of a generator of Python in plain data. Raises TypeError and ValueError for what is none."""
    version, words, rest = content
    state = version, tuple(words), rest
    random.Random().setstate(state)
    return state


def _listed(state: Any) -> list[Any]:
    version, words, rest = state
    return [version, list(words), rest]


def own_lots(*things: Any) -> list[Any]:
    """How far the generators have come that these functions and modules hold: in attributes, closures, defaults and globals they name."""
    states, seen, waiting = [], dict[int, Any](), list(things)
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, PLAIN):
            continue
        seen[id(thing)] = thing  # kept, so that its number stays its own
        state = _state_of(thing)
        if state is not None:
            states.append(state)
        else:
            waiting += _held_by(thing)
    return states


def _state_of(thing: Any) -> Any:
    """The state of a generator of Python, NumPy or PyTorch; None of what is none."""
    if isinstance(thing, random.SystemRandom):
        return object()  # which no one can compare
    if isinstance(thing, random.Random):
        return thing.getstate()
    kind = type(thing).__module__.split(".")[0]
    if kind == "numpy" and hasattr(thing, "bit_generator"):
        return repr(thing.bit_generator.state)
    if kind == "numpy" and hasattr(thing, "get_state"):
        return repr(thing.get_state())
    return thing.get_state().tolist() if kind == "torch" and hasattr(thing, "get_state") else None


def _held_by(thing: Any) -> list[Any]:
    found: list[Any] = []
    if callable(thing):
        with suppress(Exception):  # what an object of anyone's says to a name that it does not know
            found.append(thing.__self__)
    if isinstance(thing, types.MethodType):
        found.append(thing.__func__)
    elif isinstance(thing, types.FunctionType):
        code = thing.__code__
        found += [cell.cell_contents for cell in thing.__closure__ or () if cell != types.CellType()]
        found += [*(thing.__defaults__ or ()), *(thing.__kwdefaults__ or {}).values()]
        found += [thing.__globals__[name] for name in code.co_names if name in thing.__globals__]
    elif isinstance(thing, partial):
        found += [thing.func, *thing.args, *thing.keywords.values()]
    elif isinstance(thing, list | tuple):  # often of very many numbers
        found += [part for part in thing if type(part) is not float]
    else:
        with suppress(ValueError):  # a set without an order
            found += [part for _, part in inside(thing)]
        found += [vars(kind)["__call__"] for kind in type(thing).__mro__ if "__call__" in vars(kind)]
    return found
