"""How names, counts, numbers and mistakes are said, the same everywhere.

One rule for errors: TypeError for a wrong type, ValueError for a wrong number or name.
"""

from __future__ import annotations

import difflib
import functools
import math
import operator
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

MOST_NAMES = 8  # in a remark


def printable(text: str, keep: str = "") -> str:
    r"""`text` with what could steer a terminal or break a line in Python's notation: \x1b, \n. The characters of `keep` stay."""
    return "".join([c if c.isprintable() or c in keep else c.encode("unicode_escape").decode() for c in text])


def shown(x: object, most: int = 60) -> str:
    """The repr of a thing for a message, printable and cut to so many characters."""
    text = printable(repr(x))
    return text if len(text) <= most else text[: most - 3] + "..."


def counted(count: int, noun: str, plural: str = "") -> str:
    """`1 row`, `2 rows`, `1,000 rows`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def listed(names: Iterable[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    *rest, end = list(names) or [""]
    return joined(rest, ", ") + f" {last} " + end if rest else end


class Argument(NamedTuple):
    """An argument that a message names; `value` is as Python writes it: None where only its name is said, empty where any value will do."""

    name: str
    value: str | None = None

    @property
    def written(self) -> str:
        """As Python has it."""
        return self.name if self.value is None else f"{self.name}={self.value}"


class Advice(str):
    """A message that names arguments. As text it has them as Python has them, `depth=3`; `told` says them in another way.

    It knows them also when text was added before or after it by `+`.
    """

    parts: tuple[str | Argument, ...]

    def __new__(cls, *parts: str | Argument) -> Advice:
        made = super().__new__(cls, "".join(part if isinstance(part, str) else part.written for part in parts))
        made.parts = parts
        return made

    def told(self, write: Callable[[Argument], str]) -> str:
        """The message, with each argument as `write` writes it."""
        return "".join([write(part) if isinstance(part, Argument) else part for part in self.parts])

    def __add__(self, other: str) -> Advice:
        return Advice(*self.parts, *_parts(other))

    def __radd__(self, other: str) -> Advice:
        return Advice(*_parts(other), *self.parts)


def _parts(text: str) -> tuple[str | Argument, ...]:
    return text.parts if isinstance(text, Advice) else (text,)


def joined(texts: Iterable[str], between: str) -> str:
    """What `between.join(texts)` is, and advice if one of them is."""
    return functools.reduce(lambda whole, each: whole + between + each, texts) if (texts := list(texts)) else ""


def changed_since(names: Sequence[str]) -> str:
    """What readings remark of leaves of these names whose data was changed after it was used; empty for none."""
    if not names:
        return ""
    what = ", ".join(names[:MOST_NAMES]) + (", …" if len(names) > MOST_NAMES else "")
    return f"{what}: data{' among these' if len(names) > 1 else ''} changed after it was used; what follows from it is older"


def did_you_mean(name: object, names: Iterable[str]) -> str:
    """To end an error about an unknown name with: `; did you mean 'adam'?`, or nothing where no name is like it. Case does not count."""
    spelled = {each.lower(): each for each in names}
    near = difflib.get_close_matches(str(name)[:200].lower(), spelled, 1)
    return f"; did you mean {shown(spelled[near[0]])}?" if near else ""


def number_as_json(x: float) -> float | str:
    """A number for JSON, which knows no infinities and no NaN: "nan", "inf" and "-inf" in their place."""
    return x if math.isfinite(x) else str(x)


def shown_json(x: object) -> str:
    """What a JSON file holds, for a message: a list and an object, which may be nested too deeply for their repr, are only called so."""
    return "a list" if isinstance(x, list) else "an object" if isinstance(x, dict) else shown(x)


def whole_number(x: Any, name: str, least: int | None = 0, most: int | None = None) -> int:
    """`x` as an int, if it is a whole number in the range: an int or one of NumPy's integers. None for `least` lets negative ones pass.

    Raises TypeError for another type, truth values and 2.0 included, ValueError for a number out of the range; both begin with `name`.
    """
    try:
        if type(x).__name__ in ("bool", "bool_"):
            raise TypeError
        number = operator.index(x)
    except TypeError:
        raise TypeError(f"{name} is a whole number, not {type(x).__name__} {shown(x)}") from None
    if least is not None and (number < least or (most is not None and number > most)):
        within = f"from {least} to {most}" if most is not None else f"of at least {least}"
        raise ValueError(f"{name} is a whole number {within}, not {number}")
    return number


def one_line(text: str) -> str:
    """`text` with every run of white space as one blank."""
    return re.sub(r"\s+", " ", text).strip()


def fenced(text: str, language: str = "text") -> str:
    """`text` as a block of Markdown that shows it as it stands, and that nothing in it can end."""
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return f"{fence}{language}\n{text}\n{fence}"


# For a terminal


def terminal_width(most: int = 80) -> int:
    """How many columns lines may have: as many as the terminal has, at least 20; `most` where it is wider or there is none."""
    return max(20, min(most, shutil.get_terminal_size((most, 24)).columns))


def columned(rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """The lines of a table, the head of which is the first row, its columns to the right.

    Where it is wider than `width` each row becomes a few lines, in which a cell stands behind the head of its column.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    if sum(widths) + 2 * (len(widths) - 1) <= width:
        return ["  ".join(f"{cell:>{w}}" for cell, w in zip(row, widths, strict=True)).rstrip() for row in rows]
    head, *body = rows
    longest = max(map(len, head))
    return [
        line
        for place, row in enumerate(body)
        for line in [
            *([""] if place else []),
            *(f"{name:>{longest}}  {cell}".rstrip() for name, cell in zip(head, row, strict=True)),
        ]
    ]
