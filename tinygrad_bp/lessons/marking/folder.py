"""A folder of answers, marked by a folder of keys: one table for a class.

The keys are those that `sheets(...).save(folder)` writes. Each sheet is marked as `mark` marks a single one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tinygrad_bp.core.output import saying
from tinygrad_bp.files import csv_of
from tinygrad_bp.lessons.blocks import Block, Formula, Items, Paragraph, Piece, Table, Text, Title
from tinygrad_bp.lessons.chosen import text_of, truth
from tinygrad_bp.lessons.document import Document
from tinygrad_bp.lessons.marking.answers import read
from tinygrad_bp.lessons.marking.files import Handed, files_of, folder_of
from tinygrad_bp.lessons.marking.keys import Key, read_key
from tinygrad_bp.lessons.marking.mark import Marks
from tinygrad_bp.lessons.marking.verdicts import VERDICTS, Mark, Verdict, legends
from tinygrad_bp.lessons.writers.pieces import plain
from tinygrad_bp.text import printable, shown
from tinygrad_bp.words import Words, words

DIGITS = 9  # decimals of right numbers
FIRST: tuple[Verdict, ...] = ("wrong", "right", "carried", "rounded", "few", "blank")  # as the columns stand


@saying
@dataclass(frozen=True)
class SheetMarks:
    """The marks of one sheet.

    Attributes:
        sheet: its name.
        marks: what `mark` says of it; None if nothing could be marked.
        problem: why something, or nothing, could be marked, such as a name that nothing has, or a missing file; else empty.
        student: who handed it in, where the file is called `sheet-04 Anna.csv`; else empty.
    """

    sheet: str
    marks: Marks | None = field(repr=False)
    problem: str = ""
    student: str = ""

    @property
    def verdicts(self) -> dict[str, str]:
        """The verdicts, as `Mark` has them, by the name of what was asked for."""
        return {mark.name: mark.verdict for mark in self._each()}

    def _each(self) -> Iterator[Mark]:
        return iter(()) if self.marks is None else iter(self.marks)

    @property
    def wrong(self) -> list[Mark]:
        """The marks of the wrong answers."""
        return [mark for mark in self._each() if mark.verdict == "wrong"]

    @property
    def ok(self) -> bool:
        """Whether all is right, and all could be marked."""
        return self.marks is not None and self.marks.ok and not self.problem

    @property
    def called(self) -> str:
        """The sheet, and who handed it in."""
        return f"{self.sheet} {self.student}".rstrip()

    def count(self, verdict: str) -> int:
        """How many have this verdict."""
        return sum(each == verdict for each in self.verdicts.values())

    @property
    def first(self) -> Mark | None:
        """The mark of the first wrong answer."""
        return self.marks.first_wrong if self.marks is not None else None

    @property
    def first_wrong(self) -> str:
        """The name of the first wrong one; empty if there is none."""
        return self.first.name if self.first is not None else ""


def mark_folder(
    keys: str | os.PathLike[str],
    answers: str | os.PathLike[str],
    *,
    accept_rounded: bool = False,
    title: str = "",
    language: str = "en",
) -> FolderMarks:
    """Marks each file of answers, `sheet-01.csv` or `.json`, by the key of the same name, `sheet-01.json`, as `mark` does.

    Args:
        keys: the folder of the keys, `keys` in the folder that sheets are saved in.
        answers: the folder of the answers.
        accept_rounded: whether what follows from numbers that were rounded too early counts as right, as it does for `mark`.
        title: a heading of one's own.
        language: "en" or "ja".

    A name may follow, as in `sheet-01 Anna.csv`, and stands in the table. What is wrong with one file, that it is missing or holds unknown
    names, is said beside its sheet, and the rest is marked; files that are not taken are told. Raises ValueError for a folder without
    keys, and for a file among them that is no key; OSError where keys cannot be read.
    """
    say = words(language)
    title = text_of(title, "mark: title")
    accept_rounded = truth(accept_rounded, "mark: accept_rounded")
    found = sorted(Path(keys).glob("*.json"))
    if not found:
        raise ValueError(
            f"mark: there are no keys in {shown(str(keys), 200)}: they are sheet-01.json, ..., as exercises write them"
        )
    folder = files_of([path.stem for path in found], folder_of(Path(keys), Path(answers)))
    rows = []
    for path in found:
        key = read_key(path)
        file = folder.sheets.get(path.stem)
        rows.append(
            SheetMarks(path.stem, None, say("mark.missing"))
            if file is None
            else _marked(path.stem, key, file, say, accept_rounded=accept_rounded)
        )
    strays = {name: say(f"mark.folder.stray.{why}", **about) for name, (why, about) in folder.strays.items()}
    return FolderMarks(rows, strays, language=language, title=title)


def _marked(sheet: str, key: Key, file: Handed, say: Words, *, accept_rounded: bool) -> SheetMarks:
    told: list[str] = []
    try:
        pairs = read(file.path)
        marks = Marks.by_key(key, pairs, title=sheet, digits=DIGITS, say=say, told=told, accept_rounded=accept_rounded)
    except (ValueError, TypeError, OSError) as error:
        return SheetMarks(sheet, None, str(error).removeprefix("mark: "), file.student)
    return SheetMarks(sheet, marks, say("say.further").join(told), file.student)


class FolderMarks(Document):
    """What `mark_folder` found: a document with one table, and a sequence of `SheetMarks`.

    Attributes:
        ok: whether all sheets are there, all is right, and nothing was left unmarked.
        strays: the files in the folder of answers that were not marked; `why` says of each why.
    """

    def __init__(self, sheets: Sequence[SheetMarks], strays: Mapping[str, str], *, language: str, title: str) -> None:
        self._sheets, self.strays, self.why = list(sheets), list(strays), dict(strays)
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
                    "student": each.student or None,
                    "ok": each.ok,
                    "right": each.marks.right if each.marks is not None else 0,
                    "rounded": each.count("rounded"),
                    "count": len(each.verdicts),
                    "first_wrong": each.first_wrong or None,
                    "verdicts": each.verdicts,
                    "marks": each.marks.to_dict()["marks"] if each.marks is not None else [],
                    "problem": each.problem or None,
                }
                for each in self._sheets
            ],
            "causes": [{"key": kind, "count": len(sheets), "sheets": sheets} for kind, sheets in self.kinds.items()],
            "strays": self.strays,
        }

    def csv(self) -> str:
        """The table as CSV."""
        rows: list[list[object]] = [["sheet", *VERDICTS, "count", "first_wrong", "cause", "problem", "student"]]
        for each in self._sheets:
            counts = [each.count(verdict) for verdict in VERDICTS]
            cause = each.first.causes[0] if each.first is not None and each.first.causes else ""
            rows.append([each.sheet, *counts, len(each.verdicts), each.first_wrong, cause, each.problem, each.student])
        return csv_of(rows)

    def _blocks(self, title: str, say: Words) -> Iterator[Block]:
        yield Title([title] if title else say("mark.folder.title"))
        done = sum(each.ok for each in self._sheets)
        yield Paragraph(say("mark.folder.summary", right=done, count=len(self._sheets)))
        counted = [
            verdict for verdict in VERDICTS if verdict in ("right", "wrong") or any(map(_has(verdict), self._sheets))
        ]
        counted.sort(key=FIRST.index)
        rows: list[list[Text]] = []
        for each in self._sheets:
            first: Piece = each.first.symbol if each.first is not None else say("mark.blank")
            counts = [f"{each.count(verdict)}" if each.marks is not None else "" for verdict in counted]
            rows.append([printable(each.called), [first], *[[count] for count in counts]])
        heads = [say(f"mark.folder.short.{verdict}") for verdict in counted]
        yield Table([say("mark.folder.sheet"), say("mark.folder.first"), *heads], rows)
        yield from legends(counted, say)
        problems = [
            [printable(each.called), say("say.colon"), printable(each.problem)] for each in self._sheets if each.problem
        ]
        problems += [[printable(name), say("say.colon"), printable(why)] for name, why in self.why.items()]
        if problems:
            yield Paragraph(say("mark.folder.problems"))
            yield Items(problems)
        if kinds := self.kinds:
            yield Paragraph(say("mark.class"))
            whole = sum(each.marks is not None for each in self._sheets)
            yield Items(
                [
                    [
                        say("mark.classCount", count=len(sheets), whole=whole),
                        say("say.colon"),
                        say(f"mark.class.{kind}"),
                    ]
                    for kind, sheets in kinds.items()
                ]
            )
        if causes := list(self._causes(say)):
            yield Paragraph(say("mark.remarks"))
            yield Items(causes)

    @property
    def kinds(self) -> dict[str, list[str]]:
        """Of each kind of mistake the sheets on which it is the likeliest cause of something wrong, the most frequent kind first.

        The kinds are the keys of causes, `slope` where a slope is left out, and `question.still`, ... for a question of understanding.
        """
        found: dict[str, dict[str, None]] = {}
        for each in self._sheets:
            for mark in each.wrong:
                found.setdefault(_kind(mark), {})[each.sheet] = None
        return {kind: list(sheets) for kind, sheets in sorted(found.items(), key=lambda pair: -len(pair[1]))}

    def _causes(self, say: Words) -> Iterator[list[Piece]]:
        """Where what is wrong comes from: what is the same on several sheets, but for their numbers, once for all of these."""
        groups: dict[tuple[object, ...], list[tuple[str, Mark]]] = {}
        for each in self._sheets:
            for mark in each.wrong:
                if mark.remark:
                    key = mark.name, mark.told[0].named if mark.told else plain(mark.remark)
                    groups.setdefault(key, []).append((printable(each.called), mark))
        for group in sorted(groups.values(), key=lambda group: -len(group)):
            [(_, mark), *others] = group
            names = say.listed([name for name, _ in group])
            same = {tuple(cause.named for cause in each.told) for _, each in group}
            remark = _in_common([each.remark if len(same) == 1 else each.told[0].said(say) for _, each in group])
            yield [names, say("say.comma" if not others else "say.colon"), mark.symbol, say("say.colon"), *remark]


def _kind(mark: Mark) -> str:
    """What kind of mistake is the likeliest cause: its key, or `slope` for one that is left out."""
    if mark.told:
        return mark.told[0].kind or mark.told[0].key
    return mark.keys[0] if mark.keys else "unknown"


def _is_number(piece: Piece) -> bool:
    return isinstance(piece, Formula) and re.fullmatch(r"-?\d*\.?\d+(e-?\d+)?", piece.text) is not None


def _in_common(remarks: Sequence[Sequence[Piece]]) -> list[Piece]:
    """What several sheets are told alike: of numbers that are other ones on each `= 0.149` is left out, and others are dots."""
    found: list[Piece] = []
    for pieces in zip(*remarks, strict=False):
        piece = pieces[0]
        if any(map(_is_number, pieces)) and any(each != piece for each in pieces):
            last = found[-1] if found else ""
            if isinstance(last, str) and last.rstrip().endswith("="):
                found[-1] = last.rstrip()[:-1].rstrip()
                continue
            piece = Formula("…", r"\ldots")
        found.append(piece)
    return found


def _has(verdict: str) -> Callable[[SheetMarks], bool]:
    return lambda each: each.count(verdict) > 0
