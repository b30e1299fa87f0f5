"""What the tutorial is given and what it prints, from figures.json: numbers as text, digit for digit, since their digits are judged.

One training case. Net inputs go through the logistic function; the error is halved, squared and summed over the outputs.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

Number = TypeVar("Number")

_TEXT: dict[str, Any] = json.loads((Path(__file__).parent / "figures.json").read_text(encoding="utf-8"))

SETUP: dict[str, str] = _TEXT["setup"]
ROUNDS: int = _TEXT["rounds"]
OTHER_EDITIONS: dict[str, str] = _TEXT["other_editions"]  # what they print besides
DRAWING = "\n".join(_TEXT["drawing"])
PATHS: dict[str, tuple[str, str]] = _TEXT["paths"]  # of each picture of the backward pass its start, and what is drawn


class Figure(NamedTuple):
    """A figure: the part of the text it stands in, its name, such as `dE_o1/dout_h1` or `w5+`, how it is computed, and what is printed."""

    stage: str
    quantity: str
    formula: str
    printed: str


FIGURES = [Figure(stage, *texts) for stage, figures in _TEXT["figures"].items() for texts in figures]
STAGES = tuple(_TEXT["figures"])


def setup(number: Callable[[str], Number]) -> dict[str, Number]:
    """The set-up by name, as numbers of the kind that `number` makes from text, such as `float` or `Decimal`."""
    return {name: number(text) for name, text in SETUP.items()}
