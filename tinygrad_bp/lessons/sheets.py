"""Sheets for a class: as many exercises as there are students, each with numbers of its own, and the keys to mark them by.

`Sheets.save("week3")` writes

- `week3/sheet-01.html`, ...: the sheets; for a Moodle also `week3/class.xml` or `class.gift`, with all sheets to draw from;
- `week3/keys/sheet-01.json`, ...: the keys as data, as `tinygrad_bp.lessons.exercise` describes them, and `sheet-01.html` to read;
- `week3/answers/sheet-01.csv`, ...: files to fill in, `name,answer`, which marking takes beside the key of the same name.
"""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, overload

from tinygrad_bp.core.output import said
from tinygrad_bp.core.value import Value
from tinygrad_bp.files import format_of, read_text, write_whole, written_together
from tinygrad_bp.lessons.exercise import Exercise, exercise
from tinygrad_bp.lessons.moodle import gift_of_class, moodle_of_class
from tinygrad_bp.lessons.writers.saving import FORMATS, to_json
from tinygrad_bp.text import shown, whole_number

MOST_SHEETS = 1000
MOST_BYTES = 1_000_000  # of a file of answers
MOST_AGAIN = 30  # draws for a sheet, until it is none of those before


def sheets(loss: Value, count: int, *, seed: int | str = 0, **options: Any) -> Sheets:
    """So many exercises on a loss, each with other numbers: `exercise` with seeds that follow from one.

    Args:
        loss: as for `exercise`.
        count: how many there are.
        seed: what is drawn for all of them; the same one gives the same sheets, and the first ones are the same however many there are.
        options: those of `exercise`.

    Raises what `exercise` raises, and ValueError where a graph leaves no room for so many different sheets.
    """
    count = whole_number(count, "sheets: count", 1, MOST_SHEETS)
    digits = max(2, len(str(count)))
    made: list[Exercise] = []
    seen: set[tuple[object, ...]] = set()
    for k in range(1, count + 1):
        for again in range(MOST_AGAIN):
            own = f"{seed}/{k}" + (f"/{again}" if again else "")
            new = exercise(loss, seed=own, sheet=f"sheet-{k:0{digits}}", **options)
            numbers = tuple(v.data for v in new.derivation.order if v.op is None)
            if numbers not in seen:
                break
        else:
            raise ValueError(f"sheets: no more than {len(made)} different sheets were found for {shown(loss.label)}")
        seen.add(numbers)
        made.append(new)
    return Sheets(made)


class Sheets(Sequence[Exercise]):
    """What `sheets` made: the exercises, in order."""

    def __init__(self, exercises: Sequence[Exercise]) -> None:
        self._exercises = tuple(exercises)

    def __len__(self) -> int:
        return len(self._exercises)

    @overload
    def __getitem__(self, place: int) -> Exercise: ...
    @overload
    def __getitem__(self, place: slice) -> Sequence[Exercise]: ...
    def __getitem__(self, place: int | slice) -> Exercise | Sequence[Exercise]:
        return self._exercises[place]

    @said
    def __repr__(self) -> str:
        return f"Sheets({len(self)} exercises)"

    def moodle(self) -> str:
        """All sheets as one file of Moodle XML, in categories to draw from at random: the whole sheets, and each quantity of all sheets."""
        return moodle_of_class([each.problem() for each in self])

    def gift(self) -> str:
        """All sheets as one file of GIFT, in a category for each quantity."""
        return gift_of_class([each.problem() for each in self])

    def save(self, folder: str | os.PathLike[str], format: str = "html") -> Path:
        """Writes sheets, keys and files of answers into a folder, all of them or none. Returns its path.

        Args:
            folder: which may be new.
            format: of the sheets: "html", "md", "tex", "json", "txt", "pdf", "xml" (Moodle) or "gift". For a Moodle there is one file more,
                "class.xml" or "class.gift", to draw from at random: see `moodle`.

        Raises ValueError for another format, FileExistsError where a file of answers is filled in already, OSError where files cannot be
        written, and what `Exercise.save` raises.
        """
        format = format_of("", (*FORMATS, "xml", "gift"), "an exercise", "xml" if format == "moodle" else format)
        place = Path(folder)
        for each in self:
            _refuse_filled(place / "answers" / f"{each.sheet}.csv")
        with (
            written_together(place) as top,
            written_together(place / "keys") as keys,
            written_together(place / "answers") as answers,
        ):
            if format == "xml":
                write_whole(top / "class.xml", self.moodle())
            if format == "gift":
                write_whole(top / "class.gift", self.gift())
            for each in self:
                each.save(top / f"{each.sheet}.{format}")
                write_whole(keys / f"{each.sheet}.json", to_json(each.key_data()))
                each.key.save(keys / f"{each.sheet}.html")
                write_whole(answers / f"{each.sheet}.csv", each.template())
        return place


def _refuse_filled(path: Path) -> None:
    """Nobody's work is lost: a file of answers in which something is answered is not written anew."""
    if path.is_file():
        rows = list(csv.reader(read_text(path, MOST_BYTES).splitlines()))[1:]
        if any(cell.strip() for row in rows for cell in row[1:]):
            raise FileExistsError(
                f"{shown(str(path), 200)} has answers in it already: name another folder, or move them away"
            )
