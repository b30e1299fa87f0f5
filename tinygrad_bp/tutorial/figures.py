"""What the tutorial is given and what it prints, from figures.json: numbers as text, digit for digit, since their digits are judged.

One training case. Net inputs go through the logistic function; the error is halved, squared and summed over the outputs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from tinygrad_bp.lessons.audit import Figure, Time
from tinygrad_bp.words import Said

Number = TypeVar("Number")

_TEXT: dict[str, Any] = json.loads((Path(__file__).parent / "figures.json").read_text(encoding="utf-8"))

SETUP: dict[str, str] = _TEXT["setup"]
ROUNDS: int = _TEXT["rounds"]
OTHER_EDITIONS: dict[str, str] = _TEXT["other_editions"]  # what they print besides
DRAWING = "\n".join(_TEXT["drawing"])
PATHS: dict[str, tuple[str, str]] = _TEXT["paths"]  # of each picture of the backward pass its start, and what is drawn
FIGURES = [Figure(stage, *texts) for stage, figures in _TEXT["figures"].items() for texts in figures]
STAGES = tuple(_TEXT["figures"])
PRINTED = {figure.quantity: figure.printed for figure in FIGURES}

# The figures of the training. What is said to be the error after all rounds is what the forward pass of the last one sees.
AFTER_ONE, AT_THE_END, SLIP = "E_total after 1 update", f"E_total after {ROUNDS} rounds", "net_h1 (its formula)"
TIMES = {AFTER_ONE: Time("E_total", 1, 1), AT_THE_END: Time("E_total", ROUNDS - 1, ROUNDS)}
CALLED = {
    AFTER_ONE: Said("lesson.course.after", {"name": "E_total", "count": 1}),
    AT_THE_END: Said("lesson.course.rounds", {"name": "E_total", "count": ROUNDS}),
    SLIP: Said("audit.formula", {"name": "net_h1"}),
}


def setup(number: Callable[[str], Number]) -> dict[str, Number]:
    """The set-up by name, as numbers of the kind that `number` makes from text, such as `float` or `Decimal`."""
    return {name: number(text) for name, text in SETUP.items()}
