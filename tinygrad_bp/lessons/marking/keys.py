"""The keys of exercises: the graph of a sheet, what is asked on it, and its questions; and the marks of a solution by them."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tinygrad_bp.files import called, parse_json, read_text
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.equations import symbol
from tinygrad_bp.lessons.marking.answers import MOST_BYTES
from tinygrad_bp.lessons.marking.naming import bare, plain_name
from tinygrad_bp.lessons.marking.numbers import Number
from tinygrad_bp.lessons.marking.verdicts import Answer, Mark, unreadable
from tinygrad_bp.lessons.recording import derivation_of
from tinygrad_bp.text import printable, shown, shown_json
from tinygrad_bp.words import Words

FORMAT = "tinygrad_bp exercise key"


@dataclass(frozen=True)
class Key:
    """The key of a sheet.

    Attributes:
        derivation: all that is derived; None of a sheet whose graph has operations that only a program has.
        asked: the right numbers by the names of what is asked for, in the order of the sheet.
        questions: the letters of the right choices by the names of the questions.
    """

    derivation: Derivation | None
    asked: Mapping[str, float]
    questions: Mapping[str, str]

    def question(self, name: object) -> str | None:
        """The question that is called so; None for what is none."""
        if not isinstance(name, str):
            return None
        return next((each for each in self.questions if folded(each) == folded(name)), None)

    def quantity(self, name: object) -> str | None:
        """The number that is called so, in a key without a graph."""
        return next((each for each in self.asked if isinstance(name, str) and folded(each) == folded(name)), None)


def folded(name: str) -> str:
    """A name as it is compared."""
    return bare(plain_name(name)).casefold()


def is_key(path: str | os.PathLike[str]) -> bool:
    """Whether a file is, or says that it is, the key of an exercise."""
    if Path(path).suffix != ".json" or not Path(path).is_file():
        return False
    try:
        content = parse_json(read_text(path, MOST_BYTES), float)
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(content, dict) and content.get("format") == FORMAT


def read_key(path: str | os.PathLike[str]) -> Key:
    """The key in a file. Raises ValueError for one that is no key, OSError for one that cannot be read."""

    def constant(name: str) -> float:
        raise ValueError(f"{name} is no number of JSON")

    try:
        content = parse_json(read_text(path, MOST_BYTES), constant)
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError(f"it holds {shown_json(content)}")
        if content.get("version") != 1:
            raise ValueError(f"it is of version {shown(content.get('version'))}, and this program reads version 1")
        asked = {str(each["name"]): float(each["value"]) for each in content["answers"]}
        questions = {str(each["name"]): str(each["right"]).lower() for each in content["questions"]}
        graph, rate = content.get("graph"), content["learning_rate"]
        found = None if graph is None else derivation_of(graph, rate)
        if found is not None and (missing := [name for name in asked if name not in found]):
            raise ValueError(f"nothing in its graph is called {shown(missing[0])}")
    except (KeyError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise ValueError(
            f"mark: {shown(called(path), 200)} is no key of an exercise: {printable(str(error))}"
        ) from None
    return Key(found, asked, questions)


def marks_of_questions(key: Key, given: Mapping[str, Any]) -> list[Mark]:
    """The marks of the questions of a sheet: of each the letters, in any order."""
    marks = []
    for name, right in key.questions.items():
        written = "" if given.get(name) is None else str(given[name]).strip()
        letters = "".join(sorted(c for c in written.lower() if c.isalnum()))
        verdict: Any = "blank" if not letters else "right" if letters == right else "wrong"
        marks.append(Mark(name, name, written, right, verdict, symbol=name))
    return marks


def marks_of_numbers(key: Key, given: Mapping[str, Answer], say: Words) -> Sequence[Mark]:
    """The marks by a key without a graph, which knows the right numbers and no more."""
    marks = []
    for name, value in key.asked.items():
        answer = given.get(name)
        mark = Mark(name, name, "", value, "blank", symbol=symbol(name))
        if isinstance(answer, Number):
            right = answer.is_rounded(value)
            verdict: Any = "wrong" if not right else "few" if answer.says_little(value) else "right"
            mark = replace(mark, answer=answer.text, verdict=verdict)
        elif answer is not None:
            mark = unreadable(mark, answer, say)
        marks.append(mark)
    return marks
