"""The keys of exercises: the graph of a sheet, what is asked on it, and its questions; and the marks of a solution by them."""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tinygrad_bp.files import called, parse_json, read_text
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.equations import symbol
from tinygrad_bp.lessons.marking.answers import MOST_BYTES, no_number
from tinygrad_bp.lessons.marking.carrying import Rounding
from tinygrad_bp.lessons.marking.naming import folded
from tinygrad_bp.lessons.marking.numbers import Number
from tinygrad_bp.lessons.marking.verdicts import Answer, Mark, unreadable
from tinygrad_bp.lessons.phrases import phrase
from tinygrad_bp.lessons.questions import KINDS
from tinygrad_bp.lessons.recording import derivation_of
from tinygrad_bp.lessons.writers.pieces import plain
from tinygrad_bp.text import printable, shown, shown_json
from tinygrad_bp.words import Words

FORMAT = "tinygrad_bp exercise key"


@dataclass(frozen=True)
class Key:
    """The key of a sheet.

    Attributes:
        derivation: all that is derived; None of a sheet whose graph has operations that only a program has.
        asked: the right numbers by the names of what is asked for, in the order of the sheet.
        questions: the letters of the right choices by the names of the questions; `choices` are what can be chosen, by letters.
        kinds: what the questions are about, by their names.
    """

    derivation: Derivation | None
    asked: Mapping[str, float]
    questions: Mapping[str, str]
    choices: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)

    def question(self, name: object) -> str | None:
        """The question that is called so; None for what is none."""
        if not isinstance(name, str):
            return None
        return next((each for each in self.questions if folded(each) == folded(name)), None)

    def quantity(self, name: object) -> str | None:
        """The number that is called so, in a key without a graph."""
        return next((each for each in self.asked if isinstance(name, str) and folded(each) == folded(name)), None)


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
    try:
        content = parse_json(read_text(path, MOST_BYTES), no_number)
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise ValueError(f"it holds {shown_json(content)}")
        if content.get("version") != 1:
            raise ValueError(f"it is of version {shown(content.get('version'))}, and this program reads version 1")
        asked = {str(each["name"]): float(each["value"]) for each in content["answers"]}
        questions = {str(each["name"]): str(each["right"]).lower() for each in content["questions"]}
        choices = {str(each["name"]): dict(each.get("choices", {})) for each in content["questions"]}
        kinds = {str(each["name"]): str(each["kind"]) for each in content["questions"] if each.get("kind") in KINDS}
        graph, rate = content.get("graph"), content["learning_rate"]
        found = None if graph is None else derivation_of(graph, rate)
        if found is not None and (missing := [name for name in asked if name not in found]):
            raise ValueError(f"nothing in its graph is called {shown(missing[0])}")
    except (KeyError, TypeError, ValueError, ArithmeticError, RecursionError) as error:
        raise ValueError(
            f"mark: {shown(called(path), 200)} is no key of an exercise: {printable(str(error))}"
        ) from None
    return Key(found, asked, questions, choices, kinds)


def marks_of_questions(key: Key, given: Mapping[str, Any], say: Words) -> list[Mark]:
    """The marks of the questions of a sheet: of each the letters, in any order, or the words of a choice."""
    marks = []
    for name, right in key.questions.items():
        written = "" if given.get(name) is None else str(given[name]).strip()
        choices = key.choices.get(name) or dict.fromkeys(right, "")
        mark = Mark(name, name, written, right, "blank", symbol=name)
        letters = _letters(written, choices)
        if letters:
            mark = replace(mark, verdict="right" if letters == right else "wrong")
            if mark.verdict == "wrong" and name in key.kinds:
                mark = replace(mark, keys=[f"question.{key.kinds[name]}"])
        elif letters is None:
            there = ", ".join(choices)
            sentence = phrase(say, "mark.noChoice", answer=shown(written), choices=there)
            mark = replace(mark, verdict="wrong", causes=[plain(sentence)], keys=["unreadable"], remark=sentence)
        marks.append(mark)
    return marks


def _letters(written: str, choices: Mapping[str, str]) -> str | None:
    """The letters of the choices that are meant; empty for a blank, None for what is no choice."""
    text = unicodedata.normalize("NFKC", written).casefold()
    words = re.findall(r"\w+", text)
    told = {
        letter: re.findall(r"\w+", unicodedata.normalize("NFKC", each).casefold()) for letter, each in choices.items()
    }
    for letter, each in told.items():
        if each and words in (each, [letter, *each]):
            return letter
    letters = sorted({c for word in words for c in word})
    if all(c in choices for c in letters):
        return "".join(letters)
    within = [letter for letter, each in told.items() if _are_within(words, each)]
    return within[0] if len(within) == 1 else None


def _are_within(words: Sequence[str], others: Sequence[str]) -> bool:
    """Whether words stand side by side among others."""
    return any(list(words) == list(others[k : k + len(words)]) for k in range(len(others)))


def marks_of_numbers(key: Key, given: Mapping[str, Answer], say: Words) -> Sequence[Mark]:
    """The marks by a key without a graph, which knows the right numbers and no more."""
    marks = []
    rounding = Rounding.of(answer for answer in given.values() if isinstance(answer, Number))
    for name, value in key.asked.items():
        answer = given.get(name)
        mark = Mark(name, name, "", value, "blank", symbol=symbol(name))
        if isinstance(answer, Number):
            right = answer.is_rounded(value)
            verdict: Any = "wrong" if not right else "few" if rounding.says_little(answer, value) else "right"
            mark = replace(mark, answer=answer.text, verdict=verdict)
        elif answer is not None:
            mark = unreadable(mark, answer, say)
        marks.append(mark)
    return marks
