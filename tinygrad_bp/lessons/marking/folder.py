"""A folder of answers, marked by a folder of keys: one table for a class.

The keys are those that `sheets(...).save(folder)` writes, and so say alone what is right: a number that is no farther off than its
tolerance, or is the right one rounded; the letters of a question. `mark` says more of a single solution, for which the graph is needed.
"""

from __future__ import annotations

import csv
import difflib
import io
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tinygrad_bp.core.output import saying
from tinygrad_bp.files import parse_json, read_text
from tinygrad_bp.lessons.blocks import Block, Items, Paragraph, Table, Text, Title
from tinygrad_bp.lessons.document import Document
from tinygrad_bp.lessons.marking.answers import MOST_BYTES, read
from tinygrad_bp.lessons.marking.naming import bare, plain_name
from tinygrad_bp.lessons.marking.numbers import number_of
from tinygrad_bp.text import printable, shown, shown_json
from tinygrad_bp.words import Words, words

FORMAT = "tinygrad_bp exercise key"
SUFFIXES = (".csv", ".json", ".tsv", ".txt")


@saying
@dataclass(frozen=True)
class SheetMarks:
    """The marks of one sheet.

    Attributes:
        sheet: its name.
        verdicts: "right", "wrong" or "blank" by the name of what was asked for, in the order of the sheet.
        problem: why nothing could be marked, such as a missing file; else empty.
    """

    sheet: str
    verdicts: dict[str, str]
    problem: str = ""

    @property
    def ok(self) -> bool:
        """Whether all is right."""
        return not self.problem and set(self.verdicts.values()) <= {"right"}

    def count(self, verdict: str) -> int:
        """How many have this verdict."""
        return sum(each == verdict for each in self.verdicts.values())

    @property
    def first_wrong(self) -> str:
        """The first wrong one; empty if there is none."""
        return next((name for name, verdict in self.verdicts.items() if verdict == "wrong"), "")


def mark_folder(
    keys: str | os.PathLike[str], answers: str | os.PathLike[str], *, title: str = "", language: str = "en"
) -> FolderMarks:
    """Marks each file of answers, `sheet-01.csv` or `.json`, by the key of the same name, `sheet-01.json`.

    What is wrong with one file, that it is missing, holds unknown names or texts that are no numbers, is said beside its sheet. Raises
    ValueError for a folder without keys, and for a file among them that is no key; OSError where keys cannot be read.
    """
    say = words(language)
    found = sorted(Path(keys).glob("*.json"))
    if not found:
        raise ValueError(
            f"mark: there are no keys in {shown(str(keys), 200)}: they are sheet-01.json, ..., as exercises write them"
        )
    place = Path(answers)
    rows = []
    for path in found:
        key = _key(path)
        file = next((each for suffix in SUFFIXES if (each := place / f"{path.stem}{suffix}").is_file()), None)
        rows.append(SheetMarks(path.stem, {}, say("mark.missing")) if file is None else _marked(path.stem, key, file))
    known = {path.stem for path in found}
    strays = (
        sorted(p.name for p in place.glob("*") if p.suffix in SUFFIXES and p.stem not in known)
        if place.is_dir()
        else []
    )
    return FolderMarks(rows, strays, language=language, title=title)


class FolderMarks(Document):
    """What `mark_folder` found: a document with one table, and a sequence of `SheetMarks`.

    Attributes:
        ok: whether all sheets are there and all is right.
        strays: files of answers that there is no key for.
    """

    def __init__(self, sheets: Sequence[SheetMarks], strays: Sequence[str], *, language: str, title: str) -> None:
        self._sheets, self.strays = list(sheets), list(strays)
        super().__init__(list(self._blocks(title, words(language))), language)

    def __iter__(self) -> Iterator[SheetMarks]:
        return iter(self._sheets)

    def __len__(self) -> int:
        return len(self._sheets)

    def __bool__(self) -> bool:
        return self.ok

    @property
    def ok(self) -> bool:
        return not self.strays and all(each.ok for each in self._sheets)

    def to_dict(self) -> dict[str, Any]:
        """The table as dictionaries and lists, for JSON."""
        return {
            "title": self.title,
            "language": self.language,
            "ok": self.ok,
            "sheets": [
                {
                    "sheet": each.sheet,
                    "ok": each.ok,
                    "right": each.count("right"),
                    "count": len(each.verdicts),
                    "first_wrong": each.first_wrong or None,
                    "verdicts": each.verdicts,
                    "problem": each.problem or None,
                }
                for each in self._sheets
            ],
            "strays": self.strays,
        }

    def csv(self) -> str:
        """The table as CSV."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["sheet", "right", "wrong", "blank", "count", "first_wrong", "problem"])
        for each in self._sheets:
            counts = [each.count(verdict) for verdict in ("right", "wrong", "blank")]
            writer.writerow([each.sheet, *counts, len(each.verdicts), each.first_wrong, each.problem])
        return file.getvalue()

    def _blocks(self, title: str, say: Words) -> Iterator[Block]:
        yield Title([title] if title else say("mark.folder.title"))
        done = sum(each.ok for each in self._sheets)
        yield Paragraph(say("mark.folder.summary", right=done, count=len(self._sheets)))
        columns = ("sheet", "right", "wrong", "blank", "first")
        rows: list[list[Text]] = [
            [
                printable(each.sheet),
                *(
                    [f"{each.count(verdict)}" for verdict in ("right", "wrong", "blank")]
                    if not each.problem
                    else ["—"] * 3
                ),
                printable(each.problem or each.first_wrong or "—"),
            ]
            for each in self._sheets
        ]
        yield Table([say(f"mark.folder.{key}") for key in columns], rows)
        if self.strays:
            yield Paragraph(say("mark.folder.strays"))
            yield Items([printable(name) for name in self.strays])


def _key(path: Path) -> dict[str, Any]:
    def constant(name: str) -> float:
        raise ValueError(f"{name} is no number of JSON")

    try:
        content = parse_json(read_text(path, MOST_BYTES), constant)
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError(f"it holds {shown_json(content)}")
        if content.get("version") != 1:
            raise ValueError(f"it is of version {shown(content.get('version'))}, and this program reads version 1")
        for each in content["answers"]:
            float(each["value"]), float(each["tolerance"]), str(each["name"])
        for each in content["questions"]:
            str(each["name"]), str(each["right"])
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValueError(f"mark: {shown(str(path), 200)} is no key of an exercise: {printable(str(error))}") from None
    return content


def _marked(sheet: str, key: dict[str, Any], file: Path) -> SheetMarks:
    names = [str(each["name"]) for each in (*key["answers"], *key["questions"])]
    plain = {_folded(name): name for name in names}
    given: dict[str, Any] = {}
    try:
        for name, answer in read(file):
            known = plain.get(_folded(name))
            if known is None:
                near = difflib.get_close_matches(_folded(name), plain, 3, 0.5)
                hint = f" (near it: {', '.join(plain[each] for each in near)})" if near else ""
                raise ValueError(f"nothing there is called {shown(name)}{hint}")
            if known in given:
                raise ValueError(f"{known} is answered twice")
            given[known] = answer
        verdicts = {str(each["name"]): _of_number(each, given.get(str(each["name"]))) for each in key["answers"]}
    except (ValueError, TypeError, OSError) as error:
        return SheetMarks(sheet, {}, str(error).removeprefix("mark: "))
    for each in key["questions"]:
        answer = "".join(sorted(str(given.get(str(each["name"])) or "").lower().replace(",", "").replace(" ", "")))
        verdicts[str(each["name"])] = (
            "blank" if not answer else "right" if answer == str(each["right"]).lower() else "wrong"
        )
    return SheetMarks(sheet, verdicts)


def _of_number(asked: dict[str, Any], answer: Any) -> str:
    try:
        number = number_of(answer)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{asked['name']} {error}") from None
    if number is None:
        return "blank"
    value, tolerance = float(asked["value"]), float(asked["tolerance"])
    near = abs(number.x - value) <= tolerance * (1.0 + 1e-9)
    rounded = number.is_rounded(value) and not number.says_little(value)
    return "right" if near or rounded else "wrong"


def _folded(name: str) -> str:
    return bare(plain_name(name)).casefold()
