"""Interrupts at a moment that is counted in lines of the package, so that it is the same on every machine."""

from __future__ import annotations

import signal
import sys
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import tinygrad_bp

HOME = str(Path(tinygrad_bp.__file__).parent)
MOMENTS = 12


def interrupted_at(place: int, run: Callable[[], object], error: type[BaseException] = KeyboardInterrupt) -> Any:
    """Runs until the line of this package that has that place in time, and raises there. Returns the error; without one, how many lines."""
    seen = 0

    def trace(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal seen
        if not frame.f_code.co_filename.startswith(HOME) or is_finalizer(frame):
            return None
        if event == "line":
            seen += 1
            if seen == place:
                sys.settrace(None)
                raise error
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        run()
    except error as caught:
        return caught
    finally:
        sys.settrace(before)
    return seen


def is_finalizer(frame: FrameType) -> bool:
    """Whether it is called by one: what is raised there Python only reports."""
    caller = frame.f_back
    return caller is not None and caller.f_code.co_filename == weakref.__file__


def moments_of(run: Callable[[], object], first: float = 0.0) -> list[int]:
    """Moments evenly through a run, or through what is left of it after this share."""
    lines = interrupted_at(-1, run)
    least = 1 + round(first * lines)
    return sorted({least + round(k * (lines - least) / (MOMENTS - 1)) for k in range(MOMENTS)})


@pytest.fixture
def interruptible() -> Iterator[None]:
    """A SIGINT is taken by this process and those it starts, also where it is ignored, as it is in the background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
