"""What a caller chooses by Values or by names: leaves of a graph, and whether something is so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tinygrad_bp.core.value import Value
from tinygrad_bp.text import did_you_mean, listed, shown

MOST_NAMES = 8  # that an error lists


def leaves_called(leaves: Sequence[Value], names: Mapping[Value, str], each: object) -> list[Value]:
    """The leaves that are meant: a Value, a name, or a label that several have, as in a batch. None if there are none."""
    if isinstance(each, str):
        return [v for v in leaves if names.get(v) == each] or [v for v in leaves if each and v.label == each]
    return [v for v in leaves if v is each]


def near_leaves(leaves: Sequence[Value], names: Mapping[Value, str], each: object) -> str:
    """The end of an error, of what is no leaf: a name that is like it, or those that there are."""
    there = list(dict.fromkeys([*(names[v] for v in leaves if v in names), *(v.label for v in leaves if v.label)]))
    some = [*(shown(name) for name in there[:MOST_NAMES]), *(["…"] if len(there) > MOST_NAMES else [])]
    near = did_you_mean(each, there) if isinstance(each, str) else ""
    return near or (f"; there are {listed(some)}" if some else "")


def several(given: Any, name: str) -> list[Any]:
    """What is given as one Value, one name, or several of them. Raises TypeError, which begins with `name`, for anything else."""
    if isinstance(given, Value | str):
        return [given]
    if not isinstance(given, Iterable):
        raise TypeError(
            f"{name} are leaves of the graph, told by Values or by their names, not {type(given).__name__} {shown(given)}"
        )
    return list(given)


def truth(x: object, name: str) -> bool:
    """Whether it is so. Raises TypeError, which begins with `name`, for what is neither True nor False."""
    if type(x).__name__ not in ("bool", "bool_"):  # NumPy's too
        raise TypeError(f"{name} is True or False, not {type(x).__name__} {shown(x)}")
    return bool(x)


def text_of(x: object, name: str) -> str:
    """A text. Raises TypeError, which begins with `name`, for what is none."""
    if not isinstance(x, str):
        raise TypeError(f"{name} is a text, not {type(x).__name__} {shown(x)}")
    return x
