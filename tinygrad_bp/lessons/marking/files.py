"""Which file in a folder of answers is that of which sheet: sheet-04.csv, and also `sheet-04 Anna.csv` and `Sheet-04.CSV`."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tinygrad_bp.lessons.marking.answers import read

SUFFIXES = (".csv", ".json", ".tsv", ".txt")


@dataclass(frozen=True)
class Handed:
    """A file of answers, and the name of who handed it in, as far as the file is called so."""

    path: Path
    student: str = ""

    @property
    def is_blank(self) -> bool:
        """Whether nothing is filled in."""
        try:
            return not any(answer for _, answer in read(self.path))
        except (OSError, ValueError):
            return False


@dataclass(frozen=True)
class Folder:
    """The files of answers by sheets.

    Attributes:
        sheets: of each sheet the file that is marked.
        strays: the other files, by the texts of the catalogue, `mark.folder.stray.…`, that say why, and what those name.
    """

    sheets: Mapping[str, Handed]
    strays: Mapping[str, tuple[str, Mapping[str, str]]] = field(default_factory=dict)


def folder_of(keys: Path, answers: Path) -> Path:
    """The folder that holds the answers: the one that is named, or `answers` in it where sheets, keys and answers lie together."""
    within = answers / "answers"
    if not within.is_dir():
        return answers
    sheets = [path.stem for path in keys.glob("*.json")]
    is_whole = keys.parent.resolve() == answers.resolve()  # where the sheets lie that were handed out
    if is_whole or not any(_sheet_of(path.stem, sheets) for path in _tables(answers)):
        return within
    return answers


def files_of(sheets: Sequence[str], place: Path) -> Folder:
    """The files of a folder by sheets. Of several for one sheet that is taken which is filled in and is called as the sheet is."""
    found: dict[str, list[Handed]] = {}
    strays: dict[str, tuple[str, Mapping[str, str]]] = {}
    for path in sorted(place.iterdir(), key=_preferred) if place.is_dir() else ():
        if path.name.startswith("."):
            continue
        sheet = _sheet_of(path.stem, sheets)
        if path.is_dir():
            strays[path.name] = "folder", {}
        elif path.suffix.lower() not in SUFFIXES:
            strays[path.name] = "suffix" if sheet else "noKey", {}
        elif sheet is None:
            strays[path.name] = "noKey", {}
        else:
            found.setdefault(sheet, []).append(Handed(path, _student(path.stem, sheet)))
    taken = {}
    for sheet, files in found.items():
        filled = [each for each in files if len(files) > 1 and not each.is_blank] or files[:1]
        first = next((each for each in filled if not each.student), filled[0])
        taken[sheet] = first
        for each in filled:
            if each is not first:
                strays[each.path.name] = "second", {"other": first.path.name}
    return Folder(taken, dict(sorted(strays.items())))


def _tables(place: Path) -> Iterator[Path]:
    return (path for path in place.glob("*") if path.is_file() and path.suffix.lower() in SUFFIXES)


def _preferred(path: Path) -> tuple[int, str]:
    suffix = path.suffix.lower()
    return SUFFIXES.index(suffix) if suffix in SUFFIXES else len(SUFFIXES), path.name


def _pattern(sheet: str) -> str:
    """A sheet's name, alone or as a word of its own: that of sheet-1 is no part of sheet-10."""
    return rf"(?<![^\W_]){re.escape(sheet)}(?![^\W_])"


def _sheet_of(stem: str, sheets: Sequence[str]) -> str | None:
    """The sheet that a file is called after; of several the longest name."""
    meant = [sheet for sheet in sheets if re.search(_pattern(sheet), stem, re.IGNORECASE)]
    return max(meant, key=len, default=None)


def _student(stem: str, sheet: str) -> str:
    rest = re.sub(_pattern(sheet), " ", stem, count=1, flags=re.IGNORECASE)
    return re.sub(r"[\s_]+", " ", rest).strip(" -_.,")
