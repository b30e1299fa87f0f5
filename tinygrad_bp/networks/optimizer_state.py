"""What an optimizer is set to and remembers, as plain data, and how it is given back to one of the same kind.

Of a schedule of ours its name and numbers are kept. A function of one's own, and any other thing that is no plain data, is kept by its
name only: whoever goes on makes the optimizer with it again, and it is compared by that name.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

from tinygrad_bp.core.operation import as_float
from tinygrad_bp.networks.optim import OPTIMIZERS, Optimizer
from tinygrad_bp.networks.schedules import SCHEDULES
from tinygrad_bp.text import shown

NO_SETTINGS = ("parameters", "steps", "moments", "kept")
DEPTH = 20  # of settings within settings


class State(NamedTuple):
    """The numbers of the parameters, and what the optimizer remembers of them after so many steps."""

    numbers: list[float]
    moments: list[list[float]]
    steps: int

    @classmethod
    def of(cls, optimizer: Optimizer) -> State:
        """That of now."""
        moments = [list(row) for row in optimizer.moments]
        return cls([p.data for p in optimizer.parameters], moments, optimizer.steps)


def settings_of(optimizer: Optimizer) -> dict[str, Any]:
    """The settings by their names, the learning rate among them, as plain data."""
    return {name: _plain(x) for name, x in vars(optimizer).items() if name not in NO_SETTINGS}


def _plain(x: Any, depth: int = 0) -> Any:
    if x is None or type(x) in (bool, int, float, str):
        return x
    if isinstance(x, list | tuple) and depth < DEPTH:
        return [_plain(part, depth + 1) for part in x]
    if isinstance(x, dict) and depth < DEPTH and all(isinstance(key, str) for key in x):
        return {"entries": {key: _plain(part, depth + 1) for key, part in x.items()}}
    if isinstance(x, partial) and not x.keywords:
        for name, (_, formula) in SCHEDULES.items():
            if x.func is formula:
                return {"schedule": name, "arguments": [_plain(part, depth + 1) for part in x.args]}
    named = x if hasattr(x, "__qualname__") else type(x)
    return {"named": f"{named.__module__}.{named.__qualname__}"}


def _made(content: Any, like: Any) -> Any:
    """The setting that plain data stands for. Raises ValueError for what is kept by its name only."""
    if isinstance(content, list):
        likes = list(like) if isinstance(like, list | tuple) and len(like) == len(content) else [None] * len(content)
        parts = [_made(part, each) for part, each in zip(content, likes, strict=True)]
        return tuple(parts) if isinstance(like, tuple) else parts
    if not isinstance(content, dict):
        return content
    if isinstance(entries := content.get("entries"), dict):
        return {key: _made(part, None) for key, part in entries.items()}
    make, _ = SCHEDULES.get(str(content.get("schedule")), (None, None))
    arguments = content.get("arguments")
    if make is None or not isinstance(arguments, list):
        raise ValueError(f"{_said(content)} cannot be made from a file; set it yourself")
    return make(*[_made(x, None) for x in arguments])


def _said(content: Any) -> str:
    if isinstance(content, dict) and isinstance(content.get("named"), str):
        return f"{content['named']:.100}"
    if isinstance(content, dict) and isinstance(content.get("arguments"), list):
        return f"{content.get('schedule')!s:.30}({', '.join(map(_said, content['arguments'][:9]))})"
    return shown(content)


def fitting(
    optimizer: Optimizer, kind: str, settings: Mapping[str, Any], begun: Mapping[str, Any], states: Sequence[State]
) -> dict[str, Any]:
    """The attributes that an optimizer takes to go on from there, if it is one of the same kind and settings.

    Args:
        kind: the name of the class.
        settings: as they were at the end; those that differ from `begun`, with which it was made, were changed on the way.
        states: what it shall take.

    Another learning rate, or another schedule, is meant: it stays. Raises ValueError, in words to follow "there", for all else.
    """
    mine, given = type(optimizer).__name__, settings_of(optimizer)
    if kind != mine:
        raise ValueError(f"the optimizer is {kind:.60}, and here {mine}")
    count = len(optimizer.parameters)
    for numbers, moments, _ in states:
        if len(numbers) != count:
            raise ValueError(f"the optimizer has {len(numbers):,} parameters, and here {count:,}")
        if len(moments) != optimizer.kept or any(len(row) != count for row in moments):
            raise ValueError(f"{mine} remembers other numbers of each parameter than here")
    for odd in sorted((set(settings) ^ set(given)) | (set(begun) ^ set(given))):
        there, here = ("no", "one") if odd in given else ("a setting", "none")
        raise ValueError(f"{mine} has {there} {odd:.60}, and here {here}")
    changed = {}
    for name, x in given.items():
        then, now = begun[name], settings[name]
        if x in (then, now):
            if x != now:
                changed[name] = _checked(optimizer, name, now)
        elif name != "lr" or isinstance(x, dict) != isinstance(then, dict):
            raise ValueError(f"{mine} has {name} {_said(then)}, and here {_said(x)}")
    return changed


def _checked(optimizer: Optimizer, name: str, content: Any) -> Any:
    """A setting that a file holds. Raises ValueError for one that an optimizer of this class cannot have."""
    try:
        like = getattr(optimizer, name)
        x = _made(content, like)
        if name == "lr" and isinstance(x, bool):
            raise ValueError("a rate is a number")
        if name == "lr" and not callable(x) and not 0.0 <= as_float(x, "a rate", wants="is a number") < math.inf:
            raise ValueError("a rate is from 0 to below inf")
        if name != "lr" and not _is_like(x, like):
            raise ValueError(f"it is to be such as {shown(like)}")
        if type(optimizer) in OPTIMIZERS.values() and name != "lr":
            type(optimizer)(optimizer.parameters, 0.0, **({"momentum": 0.5} if name == "nesterov" else {}), **{name: x})
    except (TypeError, ValueError, OverflowError) as error:
        raise ValueError(f"{name} is {_said(content)}: {error}") from None
    return x


def _is_like(x: Any, like: Any) -> bool:
    """Whether it is of the same kind: a number, a text, a list of as many."""
    if isinstance(like, list | tuple):
        return isinstance(x, list | tuple) and len(x) == len(like) and all(map(_is_like, x, like))
    if type(like) in (int, float):
        return type(x) in (int, float) and abs(x) <= sys.float_info.max
    return like is None or x is None or type(x) is type(like)
