"""`Cells`: a table as it was written, before its columns have become numbers; and what a single cell can be."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property
from numbers import Real
from typing import Any, NamedTuple, NoReturn

from tinygrad_bp.core.output import said
from tinygrad_bp.text import did_you_mean, shown, shown_json

# What stands where nothing was measured, in any case of letters.
MISSING = frozenset({"", "na", "n/a", "#n/a", "nan", "null", "<na>", "?"})
_TRUTHS = {"false": 0.0, "true": 1.0}


class Where(NamedTuple):
    """Where a row stands, such as line 3."""

    unit: str
    number: int

    @said
    def __str__(self) -> str:
        return f"{self.unit} {self.number}"


@dataclass(frozen=True)
class Cells:
    """A table as it was written.

    Attributes:
        name: that of the file.
        columns: the names of the columns.
        rows: of each row where it stands, and what is in it.
        header: whether the names are those of the table; False where they are c1, c2, ..., for it has none.
        index: what names the rows; None if nothing does.
    """

    name: str
    columns: list[str]
    rows: list[tuple[Where, list[Any]]]
    header: bool = True
    index: list[Any] | None = None

    def place(self, column: str | int) -> int:
        """The place of a column, from 0, by its name or its number from 1, also as a text; -1 is the last.

        Raises ValueError, with the names there are, if there is none.
        """
        columns = self.columns
        if column in self._places:
            return self._places[str(column)]
        if isinstance(column, int) or (column.isascii() and column.isdecimal() and len(column) < 9):
            number = int(column)
            if 1 <= number <= len(columns):
                return number - 1
            if -len(columns) <= number < 0:
                return len(columns) + number
        self.lacking(column)

    def named(self, column: str) -> int:
        """The place of the column of this name. Raises ValueError if there is none, also where it is a number."""
        return self._places[column] if column in self._places else self.lacking(column)

    @cached_property
    def _places(self) -> dict[str, int]:
        return {column: k for k, column in reversed(list(enumerate(self.columns)))}  # of equal ones the first

    def lacking(self, column: str | int) -> NoReturn:
        """Raises ValueError about a column that is not there, with the names of those that are."""
        columns = self.columns
        hint = "" if isinstance(column, int) else did_you_mean(column, columns)
        if not self.header:
            hint += "; it has no line of names, its first line holds data (header=True, or --header yes, if that names columns)"
        fail(self.name, f"there is no column {shown(column)}; the columns are {', '.join(columns):.200}{hint}")


def is_missing(cell: Any) -> bool:
    """Whether a cell holds nothing, or what stands for nothing."""
    if isinstance(cell, str):
        return len(cell) < 5 and cell.strip().lower() in MISSING
    return cell is None or (isinstance(cell, float) and math.isnan(cell))


def is_number(cell: Any) -> bool:
    """Whether a cell holds a number: infinite or NaN it may be, but no truth value."""
    if isinstance(cell, str):
        try:
            float(cell)
        except ValueError:
            return False
        return "_" not in cell
    return isinstance(cell, Real | Decimal) and not is_truth(cell)


def is_truth(cell: Any) -> bool:
    """Whether a cell holds true or false."""
    if isinstance(cell, str):
        return len(cell) < 6 and cell.lower() in _TRUTHS
    return type(cell).__name__ in ("bool", "bool_")


def truth(cell: Any) -> float:
    """True and false as 1 and 0."""
    return _TRUTHS[cell.lower()] if isinstance(cell, str) else float(bool(cell))


def finite(cell: Any) -> float:
    """A cell as a finite number. Raises ValueError, in words to follow the name of a column, for what is none."""
    if not is_number(cell):
        raise ValueError(f"{what(cell)} where a number should be{_cause(cell)}")
    try:
        x = float(cell)
    except OverflowError:
        x = math.inf
    if not math.isfinite(x):
        raise ValueError(f"{cell!r:.40} is no finite number")
    return x


def _cause(cell: Any) -> str:
    """What may have made a text of a number."""
    text = cell.strip().lstrip("+-") if isinstance(cell, str) else ""
    if not looks_like_a_number(text):
        return ""
    for signs, words in (
        (",", "a comma, for decimals or between thousands"),
        ("'’  \u202f ", "signs between its thousands"),
        ("_", "an underscore"),
        ("%", "a percent sign"),
        ("$€£¥", "a currency"),
        (".", "more than one point"),
    ):
        if any(sign in text for sign in signs):
            decimal = ' or say decimal="," (--decimal ,)' if signs == "," and text.count(",") == 1 else ""
            return f"; it has {words}: write plain numbers, such as 1234.5{decimal and f',{decimal}'}"
    return ""


def looks_like_a_number(text: str) -> bool:
    """Whether a text that is no number is made of digits and signs of numbers: 1,234 or 5 % or 0x10 or $3."""
    signs = "+-.,'’_%$€£¥ \u00a0\u202f"
    if text[:2].lower() == "0x" and len(text) > 2:
        return all(c in "0123456789abcdef" for c in text[2:].lower())
    return any(c.isdecimal() for c in text) and all(c.isdecimal() or c in signs for c in text) and _signed(text)


def _signed(text: str) -> bool:
    """Whether signs stand where those of numbers do: 2020-01-31, 1-5 and 1.2.3 are none."""
    groups = text.split(",")[0].split(".")
    thousands = len(groups) < 3 or all(len(group) == 3 for group in groups[1:])
    return "-" not in text[1:] and "+" not in text[1:] and thousands


def what(cell: Any) -> str:
    """What a cell holds, in words."""
    if cell is None or cell == "":
        return "nothing"
    return f"the text {shown(cell)}" if isinstance(cell, str) else shown_json(cell)


def one_name(given: str | Sequence[str | int] | int, argument: str) -> list[str | int]:
    """A column, or several, as a list. Raises TypeError for what names none."""
    listed: Any = [given] if isinstance(given, str | int) else given
    if not isinstance(listed, Sequence) or any(isinstance(x, bool) or not isinstance(x, str | int) for x in listed):
        raise TypeError(
            f"read: {argument} is the name of a column, or its number from 1, or a list of them, not {shown(given)}"
        )
    return list(listed)


def fail(name: str, words: str) -> NoReturn:
    """Raises ValueError about a table."""
    raise ValueError(f"{name}: {words}")
