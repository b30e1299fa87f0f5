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

from collections.abc import Iterable, Iterator
from typing import Any

from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.names import significant
from tinygrad_bp.lessons.blocks import Block, Formula, Items, Legend, Paragraph, Piece, Strong, Table, Text, Title
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.document import Document
from tinygrad_bp.lessons.marking.answers import pairs_of
from tinygrad_bp.lessons.marking.causes import Causes
from tinygrad_bp.lessons.marking.naming import Names, order_of
from tinygrad_bp.lessons.marking.numbers import Number, number_of
from tinygrad_bp.lessons.marking.verdicts import Mark, Verdicts
from tinygrad_bp.lessons.phrases import phrase
from tinygrad_bp.text import counted, did_you_mean, number_as_json, printable, shown
from tinygrad_bp.words import Words, words

MOST_SAID = 8  # unknown names in one error


def mark(
    loss: Value,
    answers: Any,
    *,
    lr: float | None = None,
    parameters: Iterable[Value] | None = None,
    title: str = "",
    digits: int = 9,
    language: str = "en",
) -> Marks:
    """Marks what was derived by hand: for each answer the right number, a verdict, and for a wrong one the likely cause.

    Args:
        loss: the Value that everything was computed for.
        answers: names and numbers: a dictionary; a file or the text of one, CSV with the columns name and answer, or JSON; or a function
            of plain floats, whose parameters are called as the leaves of the graph are, and which returns a dictionary. Names are `net_h1`,
            `dE/dw5`, `delta_o1`, `w5+`, and what is near: `grad w5`, `δo1`, `∂E / ∂w5`; also a Value, a leaf for the derivative with
            respect to it, and a pair of Values. A text keeps its digits: "0.74" is right for what rounds to it.
        lr: the learning rate, for updated parameters.
        parameters: the leaves that are trained; without them all but those called as inputs and targets are.
        title: a heading of your own.
        digits: how many decimals numbers have.
        language: "en" or "ja".

    No gradient and no data of the graph is read or changed. Raises TypeError for what is no Value, holds no answers, or is no number;
    ValueError for names that nothing has, listing near ones, for a quantity that is answered twice, for texts that are no numbers, and as
    `lesson` does; OSError for a file that cannot be read. Nothing is marked before everything is read.
    """
    say = words(language)
    derivation = Derivation(loss, learning_rate=lr, parameters=parameters)
    given = _given(derivation, pairs_of(answers, derivation))
    causes = Causes(derivation, significant(digits, "mark: digits"))
    return Marks(derivation, Verdicts(causes, given, say).marks(), language=language, title=title, causes=causes)


class Marks(Document):
    """What `mark` found: a document, which shows itself, and is written by `text`, `markdown`, `html`, `to_dict`, `save` and so on.

    It is a sequence of `Mark`s, in the order in which the quantities are derived; `marks["dE/dw5"]` is that of a quantity.

    Attributes:
        ok: whether all is right, and nothing is left blank.
        first_wrong: the first wrong step in the order of derivation, what follows from it left out; None if there is none.
        derivation: all that is derived, by name.
    """

    def __init__(self, derivation: Derivation, marks: list[Mark], *, language: str, title: str, causes: Causes) -> None:
        self.derivation, self._marks = derivation, marks
        super().__init__(list(self._blocks(title, causes, words(language))), language)

    def __iter__(self) -> Iterator[Mark]:
        return iter(self._marks)

    def __len__(self) -> int:
        return len(self._marks)

    def __bool__(self) -> bool:
        return self.ok

    def __getitem__(self, name: str) -> Mark:
        """The mark of a quantity, by a name as `mark` takes it. Raises KeyError for one that was not asked for."""
        step = Names(self.derivation).found(name)
        found = next((mark for mark in self._marks if mark.name == step.name), None)
        if found is None:
            raise KeyError(f"{step.name} was not answered{did_you_mean(name, [mark.name for mark in self._marks])}")
        return found

    @property
    def ok(self) -> bool:
        return all(mark.ok for mark in self._marks)

    @property
    def right(self) -> int:
        """How many are right."""
        return sum(mark.ok for mark in self._marks)

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
            "count": len(self._marks),
            "first_wrong": first.name if first else None,
            "marks": [
                {
                    "name": mark.name,
                    "asked": mark.asked,
                    "answer": mark.answer,
                    "value": number_as_json(mark.value),
                    "verdict": mark.verdict,
                    "given": list(mark.given),
                    "causes": [{"key": key, "text": text} for key, text in zip(mark.keys, mark.causes, strict=True)],
                }
                for mark in self._marks
            ],
        }

    def _blocks(self, title: str, causes: Causes, say: Words) -> Iterator[Block]:
        yield Title([title] if title else phrase(say, "mark.title", loss=causes.write.name(self.derivation.loss)))
        yield Paragraph(say("mark.summary", right=self.right, count=len(self._marks)))
        if (first := self.first_wrong) is not None:
            yield Paragraph(phrase(say, "mark.first", name=causes.write.step(first.step)))
        head = [say(f"mark.column.{key}") for key in ("name", "answer", "value", "verdict")]
        rows: list[list[Text]] = []
        for mark in self._marks:
            verdict: Piece = say(f"mark.verdict.{mark.verdict}")
            answer = _as_written(mark.answer) if mark.answer else say("mark.blank")
            right = causes.write.number(mark.value)
            rows.append(
                [[causes.write.step(mark.step)], [answer], [right], [verdict if mark.ok else Strong(str(verdict))]]
            )
        yield Table(head, rows)
        remarks = [
            [causes.write.step(mark.step), say("say.colon"), *mark.remark] for mark in self._marks if mark.remark
        ]
        if remarks:
            yield Paragraph(say("mark.remarks"))
            yield Items(remarks)
        if any(mark.verdict == "carried" for mark in self._marks):
            yield Legend(say("mark.carried.legend"))


def _as_written(text: str) -> Piece:
    text = printable(text)
    return (
        Formula(text, text)
        if text.replace(".", "").lstrip("-").isascii() and text.lstrip("-").replace(".", "").isdigit()
        else text
    )


def _given(derivation: Derivation, pairs: list[tuple[Any, Any]]) -> list[tuple[Any, str, Number | None]]:
    """The steps in the order of derivation, how each was called, and the answers. Raises as `mark` says."""
    names = Names(derivation)
    unknown: list[str] = []
    found: dict[str, tuple[Any, str, Number | None]] = {}
    for key, answer in pairs:
        called = key if isinstance(key, str) else ""
        try:
            step = names.found(key)
        except KeyError as error:
            unknown.append(str(error.args[0]))
            continue
        if step.name in found:
            other = found[step.name][1]
            raise ValueError(
                f"mark: {step.name} is answered twice{f', as {shown(other)} and as {shown(called)}' if called != other else ''}"
            )
        try:
            found[step.name] = step, called or step.name, number_of(answer)
        except (TypeError, ValueError) as error:
            raise type(error)(f"mark: {printable(step.name)} {error}") from None
    if unknown:
        some = "; ".join(unknown[:MOST_SAID])
        more = f"; and {counted(len(unknown) - MOST_SAID, 'more name')}" if len(unknown) > MOST_SAID else ""
        raise ValueError(f"mark: nothing here is called {some}{more}")
    if not found:
        raise ValueError("mark: there are no answers")
    return [found[step.name] for step in order_of(derivation, [step for step, _, _ in found.values()])]
