"""The generators that models draw lots from: that of Python, NumPy's and PyTorch's, if they are there, and those of their own."""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Callable
from typing import Any

from tinygrad_bp.walking import PLAIN, held_by

_ASKED = itertools.count(step=2**32)  # of generators that have no state


def lots() -> dict[str, Any]:
    """How far they have come, as plain data."""
    found: dict[str, Any] = {"random": _listed(random.getstate())}
    if (numpy := getattr(sys.modules.get("numpy"), "random", None)) is not None:
        name, key, *rest = numpy.get_state()
        found["numpy"] = [name, key.tolist(), *rest]
    if (state := getattr(sys.modules.get("torch"), "get_rng_state", None)) is not None:
        found["torch"] = state().tolist()
    return found


def draw_on(states: dict[str, Any]) -> None:
    """Sets them to where they were. Raises TypeError and ValueError for what is no such state."""
    if "random" in states:
        random.setstate(generator_state(states["random"]))
    if "numpy" in states and (numpy := getattr(sys.modules.get("numpy"), "random", None)) is not None:
        numpy.set_state(tuple(states["numpy"]))
    if "torch" in states and hasattr(torch := sys.modules.get("torch"), "set_rng_state"):
        torch.set_rng_state(torch.tensor(states["torch"], dtype=torch.uint8))  # type: ignore[union-attr]


def generator_state(content: Any) -> Any:
    """The state of a generator of Python in plain data. Raises TypeError and ValueError for what is none."""
    version, words, rest = content
    state = version, tuple(words), rest
    random.Random().setstate(state)
    return state


def _listed(state: Any) -> list[Any]:
    version, words, rest = state
    return [version, list(words), rest]


def generator_of(thing: Any) -> tuple[Callable[[], Any], Callable[[Any], Any]] | None:
    """How the state of a generator of Python, NumPy or PyTorch is read and written; None of what is none."""
    if isinstance(thing, random.SystemRandom):
        return itertools.count(next(_ASKED)).__next__, lambda state: None  # never the same twice
    if isinstance(thing, random.Random):
        return thing.getstate, thing.setstate
    kind = type(thing).__module__.split(".")[0]
    if kind == "numpy" and hasattr(thing, "bit_generator"):
        bits = thing.bit_generator
        return lambda: bits.state, lambda state: setattr(bits, "state", state)
    if kind in ("numpy", "torch") and hasattr(thing, "get_state") and hasattr(thing, "set_state"):
        return thing.get_state, thing.set_state
    return None


def states(*things: Any) -> list[Any]:
    """How far the generators have come, as something to compare: the common ones, and those that these functions and objects hold."""
    found: list[Any] = [lots()]
    seen, waiting = dict[int, Any](), list(things)
    while waiting:
        thing = waiting.pop()
        if id(thing) in seen or isinstance(thing, PLAIN):
            continue
        seen[id(thing)] = thing  # kept, so that its number stays its own
        if (generator := generator_of(thing)) is not None:
            state = generator[0]()
            found.append(repr(state.tolist() if hasattr(state, "tolist") else state))
        else:
            waiting += [part for _, part in held_by(thing)]
    return found
