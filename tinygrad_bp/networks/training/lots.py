"""The generators that models draw lots from: that of Python, and NumPy's, if it is there."""

from __future__ import annotations

import random
import sys
from typing import Any


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
