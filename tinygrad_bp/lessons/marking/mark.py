"""`mark`: what somebody derived by hand, beside what comes out, and where it went wrong.

>>> w, x = Value(0.5, "w"), Value(3.0, "x")
>>> net = w * x
>>> net.label = "net_o1"
>>> out = net.sigmoid()
>>> out.label = "out_o1"
>>> E = (out - 1.0) ** 2 / 2
>>> E.label = "E"
>>> found = mark(E, {"net_o1": "1.5", "out_o1": "0.8176", "dE/dw": "-0.547"})
>>> [each.verdict for each in found], found.ok
(['right', 'right', 'wrong'], False)
>>> found["dE/dw"].causes[0]
'This is what comes out if the factor dout_o1/dnet_o1 = 0.149146452 is left out.'
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.names import number, significant
from tinygrad_bp.lessons.blocks import Block, Formula, Items, Paragraph, Piece, Strong, Table, Text, Title
from tinygrad_bp.lessons.chosen import text_of, truth
from tinygrad_bp.lessons.derivation import Derivation, Step
from tinygrad_bp.lessons.document import Document
from tinygrad_bp.lessons.equations import symbol
from tinygrad_bp.lessons.finite import refuse_what_is_not_finite
from tinygrad_bp.lessons.marking.answers import pairs_of
from tinygrad_bp.lessons.marking.causes import Causes
from tinygrad_bp.lessons.marking.keys import Key, marks_of_numbers, marks_of_questions, read_key
from tinygrad_bp.lessons.marking.naming import Names, order_of
from tinygrad_bp.lessons.marking.numbers import Unreadable, has_decimal_comma, number_of
from tinygrad_bp.lessons.marking.verdicts import Answer, Given, Mark, Verdicts, legends
from tinygrad_bp.lessons.phrases import enumerated, phrase
from tinygrad_bp.lessons.tables import written
from tinygrad_bp.text import counted, did_you_mean, joined, number_as_json, printable, shown
from tinygrad_bp.words import Words, words

MOST_SAID = 8  # unknown names in one error


def mark(
    loss: Value | str | os.PathLike[str],
    answers: Any,
    *,
    lr: float | None = None,
    parameters: Iterable[Value | str] | None = None,
    accept_rounded: bool = False,
    title: str = "",
    digits: int = 9,
    language: str = "en",
) -> Marks:
    """Marks what was derived by hand: for each answer the right number, a verdict, and for a wrong one the likely cause.

    Args:
        loss: the Value that everything was computed for; or the key of a sheet, `keys/sheet-01.json`, as `sheets` writes it: then what
            is left out of the answers is marked as blank.
        answers: names and numbers: a dictionary; a file or the text of one, CSV with the columns name and answer, or JSON; or a function
            of plain floats, whose parameters are called as the leaves of the graph are, and which returns a dictionary. Names are `net_h1`,
            `dE/dw5`, `delta_o1`, `w5+`, and what is near: `grad w5`, `δo1`, `∂E / ∂w5`; also a Value, a leaf for the derivative with
            respect to it, and a pair of Values. A text keeps its digits: "0.74" is right for what rounds to it. One that is no number is
            a wrong answer.
        lr: the learning rate, for updated parameters.
        parameters: the leaves that are trained, Values or their names; without them all but those called as inputs and targets are.
        accept_rounded: whether an answer counts as right whose last digits are off since the numbers before it were rounded too early.
        title: a heading of your own.
        digits: how many decimals numbers have.
        language: "en" or "ja".

    No gradient and no data of the graph is read or changed. Raises TypeError for what is no Value, holds no answers, or is neither number
    nor text; ValueError for names that nothing has, listing near ones, for a quantity that is answered twice, for a file that is no key,
    for numbers that are not finite, in the graph or of what was answered, and as `lesson` does; OSError for a file that cannot be read.
    Nothing is marked before everything is read.
    """
    say = words(language, "mark")
    digits = significant(digits, "mark: digits")
    title = text_of(title, "mark: title")
    accept_rounded = truth(accept_rounded, "mark: accept_rounded")
    if isinstance(loss, str | os.PathLike):
        for name, option in (("lr", lr), ("parameters", parameters)):
            if option is not None:
                raise ValueError(f"mark: {name}= is for a network; a key has its numbers already")
        key = read_key(loss)
        pairs = pairs_of(answers, key.derivation)
        title = title or Path(loss).stem
        return Marks.by_key(key, pairs, title=title, digits=digits, say=say, accept_rounded=accept_rounded)
    derivation = Derivation(loss, learning_rate=lr, parameters=parameters, operation="mark")
    refuse_what_is_not_finite(derivation, "mark")
    given = _given(derivation, pairs_of(answers, derivation))
    causes = Causes(derivation, digits)
    if not given:
        raise ValueError("mark: there are no answers")
    marks = Verdicts(causes, given, say).marks()
    return Marks(derivation, marks, title=title, digits=digits, say=say, accept_rounded=accept_rounded)


class Marks(Document):
    """What `mark` found: a document, which shows itself, and is written by `text`, `markdown`, `html`, `to_dict`, `save` and so on.

    It is a sequence, each a `Mark`, in the order in which the quantities are derived; `marks["dE/dw5"]` is that of a quantity.

    Attributes:
        ok: whether all is right, and nothing is left blank. What follows from numbers that were rounded too early counts as right only if
            `mark` was told to accept it; it is no wrong step either way.
        first_wrong: the first wrong step in the order of derivation, what follows from it left out; None if there is none.
        derivation: all that is derived, by name; None by a key without a graph.
    """

    def __init__(
        self,
        derivation: Derivation | None,
        marks: Sequence[Mark],
        *,
        title: str,
        digits: int,
        say: Words,
        accept_rounded: bool = False,
    ) -> None:
        self.derivation, self._marks = derivation, [replace(mark, accepted=accept_rounded) for mark in marks]
        super().__init__(list(self._blocks(title, digits, say)), say.language)

    @classmethod
    def by_key(
        cls,
        key: Key,
        pairs: Sequence[tuple[Any, Any]],
        *,
        title: str,
        digits: int,
        say: Words,
        told: list[str] | None = None,
        accept_rounded: bool = False,
    ) -> Marks:
        """The marks of a solution by the key of its sheet: its numbers, and then its questions.

        Args:
            key: of the sheet.
            pairs: what was answered: names and answers.
            title, digits: of the document, as in `mark`.
            say: the words of its language.
            told: where it is said that something has no name, or is answered twice; without it that is an error.
            accept_rounded: as in `mark`.

        Raises TypeError and ValueError for names as `mark` does.
        """
        tell = None if told is None else _Telling(told, say)
        letters: dict[str, Any] = {}
        rest: list[tuple[Any, Any]] = []
        for name, answer in pairs:
            question = key.question(name)
            if question is None:
                rest.append((name, answer))
                continue
            if question in letters:
                _twice(question, f"mark: {question} is answered twice", tell)
            letters.setdefault(question, answer)
        found = key.derivation
        if found is None:
            marks = marks_of_numbers(key, _numbers(key, rest, tell), say)
        else:
            given = {step.name: (step, called, answer) for step, called, answer in _given(found, rest, tell)}
            for name in key.asked:
                given.setdefault(name, (found[name], name, None))
            steps = order_of(found, [step for step, _, _ in given.values()])
            marks = Verdicts(Causes(found, digits), [given[step.name] for step in steps], say).marks()
        marks = [*marks, *marks_of_questions(key, letters, say)]
        return cls(found, marks, title=title, digits=digits, say=say, accept_rounded=accept_rounded)

    def __iter__(self) -> Iterator[Mark]:
        return iter(self._marks)

    def __len__(self) -> int:
        return len(self._marks)

    def __bool__(self) -> bool:
        return self.ok

    def __getitem__(self, name: str) -> Mark:
        """The mark of a quantity, by a name as `mark` takes it. Raises KeyError for one that was not asked for."""
        called = name
        if not any(mark.name == name for mark in self._marks) and self.derivation is not None:
            called = Names(self.derivation).found(name).name
        found = next((mark for mark in self._marks if mark.name == called), None)
        if found is None:
            raise KeyError(f"{called} was not answered{did_you_mean(name, [mark.name for mark in self._marks])}")
        return found

    @property
    def ok(self) -> bool:
        return all(mark.ok for mark in self._marks)

    @property
    def right(self) -> int:
        """How many are right, or accepted as if they were."""
        return sum(mark.ok for mark in self._marks)

    @property
    def rounded(self) -> int:
        """How many are computed rightly from numbers that were rounded too early."""
        return sum(mark.verdict == "rounded" for mark in self._marks)

    @property
    def first_wrong(self) -> Mark | None:
        return next((mark for mark in self._marks if mark.verdict == "wrong"), None)

    def to_dict(self) -> dict[str, Any]:
        """The marks as dictionaries and lists, for JSON and for autograders."""
        first = self.first_wrong
        return {
            "title": self.title,
            "language": self.language,
            "ok": self.ok,
            "right": self.right,
            "rounded": self.rounded,
            "count": len(self._marks),
            "first_wrong": first.name if first else None,
            "marks": [
                {
                    "name": mark.name,
                    "asked": mark.asked,
                    "answer": mark.answer,
                    "value": mark.value if isinstance(mark.value, str) else number_as_json(mark.value),
                    "verdict": mark.verdict,
                    "ok": mark.ok,
                    "given": list(mark.given),
                    "causes": [{"key": key, "text": text} for key, text in zip(mark.keys, mark.causes, strict=True)],
                }
                for mark in self._marks
            ],
        }

    def _blocks(self, title: str, digits: int, say: Words) -> Iterator[Block]:
        found = self.derivation
        named = phrase(say, "mark.title", loss=symbol(found.names[found.loss])) if found is not None else [""]
        yield Title([title] if title else named)
        yield Paragraph(say("mark.summary", right=self.right, count=len(self._marks)))
        if self.rounded:
            accepted = all(mark.ok for mark in self._marks if mark.verdict == "rounded")
            yield Paragraph(say("mark.accepted" if accepted else "mark.roundedToo", count=self.rounded))
        if (first := self.first_wrong) is not None:
            yield Paragraph(phrase(say, "mark.first", name=first.symbol))
        if found is not None and found.learning_rate is not None and (fixed := found.fixed):
            names = enumerated(say, [symbol(found.names[v]) for v in fixed])
            yield Paragraph(phrase(say, "mark.fixed", count=len(fixed), names=names))
        head = [say(f"mark.column.{key}") for key in ("name", "answer", "value", "verdict")]
        rows: list[list[Text]] = []
        for mark in self._marks:
            verdict: Piece = say(f"mark.verdict.{mark.verdict}")
            answer = _as_written(mark.answer) if mark.answer else say("mark.blank")
            right = mark.value if isinstance(mark.value, str) else written(number(mark.value, digits))
            rows.append([[mark.symbol], [answer], [right], [verdict if mark.ok else Strong(str(verdict))]])
        yield Table(head, rows)
        remarks = [[mark.symbol, say("say.colon"), *mark.remark] for mark in self._marks if mark.remark]
        if remarks:
            yield Paragraph(say("mark.remarks"))
            yield Items(remarks)
        yield from legends({mark.verdict for mark in self._marks}, say)


def _as_written(text: str) -> Piece:
    text = printable(text)
    return (
        Formula(text, text)
        if text.replace(".", "").lstrip("-").isascii() and text.lstrip("-").replace(".", "").isdigit()
        else text
    )


@dataclass(frozen=True)
class _Telling:
    """What cannot be marked is told in sentences, and the rest is marked."""

    told: list[str]
    say: Words

    def unknown(self, name: str, near: Sequence[str]) -> None:
        key = "mark.unknownName" if not near else "mark.unknownNear"
        self.told.append(self.say(key, name=shown(name), near=", ".join(near)))

    def twice(self, name: str) -> None:
        self.told.append(self.say("mark.twice", name=name))


def _twice(name: str, message: str, tell: _Telling | None) -> None:
    """Tells of what is answered twice. Raises ValueError where nothing is told."""
    if tell is None:
        raise ValueError(message)
    tell.twice(name)


def _given(derivation: Derivation, pairs: Sequence[tuple[Any, Any]], tell: _Telling | None = None) -> list[Given]:
    """The steps in the order of derivation, how each was called, and the answers. Raises as `mark` says."""
    names = Names(derivation)
    unknown: list[str] = []
    found: dict[str, Given] = {}
    comma = has_decimal_comma(answer for _, answer in pairs)
    for key, answer in pairs:
        called = key if isinstance(key, str) else ""
        try:
            step: Step = names.found(key)
        except KeyError as error:
            if tell is not None:
                tell.unknown(str(key), names.near(str(key)))
            else:
                unknown.append(error.args[0])
            continue
        if not math.isfinite(step.value):
            raise ValueError(
                f"mark: the right number of {step.name} is {step.value!r}, beside which no answer is right or wrong"
            )
        if step.name in found:
            other = found[step.name][1]
            how = f", as {shown(other)} and as {shown(called)}" if called != other else ""
            _twice(step.name, f"mark: {step.name} is answered twice{how}", tell)
            continue
        asked = called or step.name
        found[step.name] = step, asked, _answer(step.name, answer, step.value, comma, names.name_of)
    _refuse_unknown(unknown)
    return [found[step.name] for step in order_of(derivation, [step for step, _, _ in found.values()])]


def _numbers(key: Key, pairs: Sequence[tuple[Any, Any]], tell: _Telling | None) -> dict[str, Answer]:
    """The answers by name, to a key without a graph."""
    found: dict[str, Answer] = {}
    comma = has_decimal_comma(answer for _, answer in pairs)
    for name, answer in pairs:
        known = key.quantity(name)
        if known is None and tell is not None:
            tell.unknown(str(name), [])
        elif known is None:
            _refuse_unknown([f"{shown(name)}{did_you_mean(str(name), key.asked)}"])
        elif known in found:
            _twice(known, f"mark: {known} is answered twice", tell)
        else:
            found[known] = _answer(known, answer, key.asked[known], comma, key.quantity)
    return found


def _answer(name: str, answer: Any, value: float, comma: bool | None, name_of: Callable[[str], str | None]) -> Answer:
    """The number that was answered, also where its name was copied with it: `net_o1 = 0.2812`."""
    try:
        copied = re.fullmatch(r"([^=≈]*[^=≈\s])\s*[=≈]\s*([^=≈]+)", answer) if isinstance(answer, str) else None
        if copied and name_of(copied[1].strip()) == name:
            number = number_of(copied[2], value, comma)
            return number and replace(number, text=answer.strip())
        return number_of(answer, value, comma)
    except Unreadable as error:
        return error
    except TypeError as error:
        raise TypeError(f"mark: {printable(name)} {error}") from None


def _refuse_unknown(unknown: Sequence[str]) -> None:
    if unknown:
        some = joined(unknown[:MOST_SAID], "; ")
        more = f"; and {counted(len(unknown) - MOST_SAID, 'more name')}" if len(unknown) > MOST_SAID else ""
        raise ValueError("mark: nothing here is called " + some + more)
