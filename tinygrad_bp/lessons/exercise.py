"""An exercise: a round of backpropagation with numbers drawn anew, blanks to fill in, questions, and a key with the reasons.

The key as data, which solutions are marked against later, `Exercise.key_data()` or `keys/sheet-01.json`, is a dictionary with

- `format`: "tinygrad_bp exercise key", and `version`: 1;
- `sheet`: the name of the sheet, which its answers are filed under; `title`, `language`, `seed`;
- `learning_rate`: a number, or null where nothing is updated; `digits`: how many digits that count are asked for;
- `leaves`: the number of each leaf by its name, as `Derivation.names` has it: with them the graph can be computed again;
- `answers`: a list, in the order of the sheet, of `number` (the place on the sheet), `name` (`net_h1`, `dE/dw5`, `delta_o1`, `w5+`), `kind`
  ("value", "derivative", "delta", "update"), `value` (the right one, to 12 digits), `tolerance`
  (half of what its last digit counts, so that what is rounded to as many digits is no farther off)
  and `text` (the value as it would be written);
- `graph`: what it was computed by, as `tinygrad_bp.lessons.recording` describes it: solutions are marked by it;
- `questions`: a list of `number`, `name` ("q12", by which it is answered), `kind`, `text`, `choices` (letters and texts), `right`
  (the letters of the right choices together, "b" or "ac"), and `several` (whether more than one letter may be right).

Answers are a CSV of two columns, `name` and `answer`, which `Exercise.template()` begins: `net_h1,0.3775`, and of a question its letters,
`q12,b`.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import draw_network
from tinygrad_bp.explanation.names import columns, latex_number
from tinygrad_bp.files import format_of, write_whole
from tinygrad_bp.lessons.blocks import (
    Blank,
    Block,
    Equation,
    Folded,
    Formula,
    Heading,
    Paragraph,
    Picture,
    Piece,
    Table,
    Text,
    Title,
)
from tinygrad_bp.lessons.derivation import Derivation, Kind, Step
from tinygrad_bp.lessons.document import Document
from tinygrad_bp.lessons.equations import Equations
from tinygrad_bp.lessons.friendly import Lots, recorded_again, redrawn
from tinygrad_bp.lessons.layers import cases, inputs_of, network
from tinygrad_bp.lessons.moodle import Problem, gift, moodle
from tinygrad_bp.lessons.phrases import phrase
from tinygrad_bp.lessons.questions import LETTERS, Question, questions
from tinygrad_bp.lessons.recording import graph_data
from tinygrad_bp.lessons.writers.pieces import plain
from tinygrad_bp.lessons.writers.saving import FORMATS
from tinygrad_bp.text import did_you_mean, listed, shown, whole_number
from tinygrad_bp.words import Words, words

PARTS: dict[str, Kind] = {"forward": "value", "deltas": "delta", "gradients": "derivative", "update": "update"}
BLANKS = (*PARTS, "all")
MOST_BLANKS = 60  # on a sheet
MOST_FORMULAS = 24
MOST_ACROSS = 5  # names and numbers in a row
WIDTH = 78  # columns of text that a row may have
KEPT = 2  # more digits, while one reckons
LONG = 30  # letters of a line for what leads to a number


def exercise(
    loss: Value,
    *,
    seed: int | str = 0,
    blanks: str | Iterable[str] = "all",
    lr: float | None = None,
    parameters: Iterable[Value] | None = None,
    questions: int = 4,
    digits: int = 4,
    zeros: bool = False,
    title: str = "",
    sheet: str = "sheet",
    language: str = "en",
) -> Exercise:
    """A sheet with blanks for a round of backpropagation on a network, or on any formula, with numbers drawn anew.

    Args:
        loss: the Value that everything is computed for. It is recorded once more with other numbers, and stays as it is.
        seed: what is drawn; the same one gives the same sheet.
        blanks: what is to be filled in: "forward", "deltas", "gradients", "update", "all" of them, or a list of names, such as
            `["net_h1", "dE/dw5"]`. What comes before is given. Of very many a part is drawn.
        lr: the learning rate; without one nothing is updated.
        parameters: the leaves that are trained; without them all but those called as inputs and targets are, i1, x, t, target_o1, ....
        questions: how many questions of understanding there are at most.
        digits: how many digits that count a number is to have. An answer is right if it
            is the number, rounded where the answer ends.
        zeros: whether an input may be 0.
        title: a heading of your own.
        sheet: the name of the sheet, as keys and answers have it.
        language: "en" or "ja".

    Raises TypeError for what is no Value, ValueError for one that was not computed from anything or cannot be with other numbers, for
    leaves that were changed since, for blanks that there are none of, for "update" without a learning rate, and for another language.
    """
    say = words(language)
    digits = whole_number(digits, "exercise: digits", 2, 9)
    count = whole_number(questions, "exercise: questions", 0, 5)
    if not isinstance(seed, int | str) or isinstance(seed, bool):
        raise TypeError(f"exercise: seed is a whole number or a text, not {type(seed).__name__} {shown(seed)}")
    original = _derivation(loss, lr, parameters)
    copies = recorded_again(original, redrawn(original, f"numbers {seed}", zeros=zeros))
    found = _derivation(copies[loss], lr, [copies[v] for v in original.parameters])
    return Exercise(found, seed, blanks, count, digits, say, title, sheet)


def _derivation(loss: Value, lr: float | None, parameters: Iterable[Value] | None) -> Derivation:
    chosen = None if parameters is None else list(parameters)
    found = Derivation(loss, learning_rate=lr, parameters=chosen)
    if len(found.forward) == 1 and not found.neurons:  # without a label on the way there are no steps
        found = Derivation(loss, learning_rate=lr, parameters=chosen, labelled_only=False)
    return found


@dataclass(frozen=True)
class Asked:
    """A blank of a sheet.

    Attributes:
        number: its place on the sheet.
        step: what is to be found.
        tolerance: how far off a right answer may be.
        text: the right answer, written with the digits that are asked for.
    """

    number: int
    step: Step
    tolerance: float
    text: str

    @property
    def value(self) -> float:
        """The right answer to 12 digits, which are the same on every machine."""
        return float(f"{self.step.value:.12g}") + 0.0


class Exercise(Document):
    """What `exercise` wrote: a document, the sheet. It shows itself, and is written by `text`, `markdown`, `latex`, `html` and `save`.

    Attributes:
        derivation: all that is derived, by name, of the graph with the new numbers.
        asked: the blanks.
        questions: the questions of understanding.
        sheet: its name.
    """

    def __init__(
        self,
        derivation: Derivation,
        seed: int | str,
        blanks: str | Iterable[str],
        count: int,
        digits: int,
        say: Words,
        title: str,
        sheet: str,
    ) -> None:
        self.derivation, self.seed, self.digits, self.sheet = derivation, seed, digits, sheet
        self._say = say
        self._write = Equations(derivation, digits + KEPT)
        lots = Lots(f"blanks {seed}")
        steps, self._whole = _chosen(derivation, blanks, lots)
        self.asked = [_asked(number, step, digits) for number, step in enumerate(steps, 1)]
        self.questions: list[Question] = questions(derivation, self._write, say, lots, count)
        self._title = title
        super().__init__(list(self._sheet()), say.language)

    # What it is written as

    @cached_property
    def key(self) -> Document:
        """The answers, each with the step of the lesson that leads to it."""
        heading = self._words("exercise.key.title", title=self._heading)
        return Document([Title(heading), *self._key()], self.language)

    @property
    def answered(self) -> Document:
        """The sheet and, folded or at its end, the answers."""
        heading = Heading(self._words("exercise.part.key"))
        return Document([*self.blocks, heading, *self._key()], self.language)

    def key_data(self) -> dict[str, Any]:
        """The key as dictionaries and lists, for JSON, as the beginning of this module describes it."""
        found = self.derivation
        return {
            "format": "tinygrad_bp exercise key",
            "version": 1,
            "sheet": self.sheet,
            "title": self.title,
            "language": self.language,
            "seed": self.seed,
            "learning_rate": found.learning_rate,
            "digits": self.digits,
            "leaves": {found.names[v]: v.data for v in _leaves(found)},
            "answers": [
                {
                    "number": each.number,
                    "name": each.step.name,
                    "kind": each.step.kind,
                    "value": each.value,
                    "tolerance": each.tolerance,
                    "text": each.text,
                }
                for each in self.asked
            ],
            "questions": [
                {
                    "number": number,
                    "name": f"q{number}",
                    "kind": question.kind,
                    "text": plain(question.text),
                    "choices": {LETTERS[k]: plain(choice) for k, choice in enumerate(question.choices)},
                    "right": question.letters,
                    "several": question.several,
                }
                for number, question in self._numbered()
            ],
            "graph": graph_data(found),
        }

    def template(self) -> str:
        """The beginning of a file of answers, as CSV: the name of each blank and question, and room for what is answered."""
        file = io.StringIO()
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["name", "answer"])
        writer.writerows([each.step.name, ""] for each in self.asked)
        writer.writerows([f"q{number}", ""] for number, _ in self._numbered())
        return file.getvalue()

    def to_dict(self) -> dict[str, Any]:
        """As dictionaries and lists, for JSON: the sheet without its answers, and what is asked by name."""
        asked = [{"number": each.number, "name": each.step.name, "kind": each.step.kind} for each in self.asked]
        asked += [{"number": k, "name": f"q{k}", "kind": each.kind} for k, each in self._numbered()]
        return {**super().to_dict(), "sheet": self.sheet, "digits": self.digits, "asked": asked}

    def moodle(self) -> str:
        """As Moodle XML, which a Moodle imports into its question bank: a numerical question for each blank, others with choices."""
        return moodle(self._problem())

    def gift(self) -> str:
        """As GIFT, the format of plain text that Moodle imports. It has no picture."""
        return gift(self._problem())

    def save(self, path: str | os.PathLike[str], format: str | None = None, *, key: bool = False) -> Path:
        """Writes the sheet to a file whose suffix says how, if `format` does not: as other documents, and as "xml" (Moodle) or "gift".

        With `key` the answers follow at its end. Raises ValueError for another suffix or format, and what `Document.save` raises.
        """
        format = format_of(
            path, (*FORMATS, "xml", "gift"), "an exercise", "xml" if format == "moodle" else format, "txt"
        )
        if format == "xml":
            return write_whole(path, self.moodle())
        if format == "gift":
            return write_whole(path, self.gift())
        return self.answered.save(path, format) if key else super().save(path, format)

    # The sheet

    def _words(self, key: str, **given: object) -> list[Piece]:
        return phrase(self._say, key, **given)

    @property
    def _heading(self) -> str:
        return self._title or plain(self._words("exercise.title", loss=self._write.name(self.derivation.loss)))

    def _numbered(self) -> Iterator[tuple[int, Question]]:
        return enumerate(self.questions, len(self.asked) + 1)

    def _sheet(self) -> Iterator[Block]:
        yield Title(
            [self._title] if self._title else self._words("exercise.title", loss=self._write.name(self.derivation.loss))
        )
        name, date = self._say("exercise.name"), self._say("exercise.date")
        yield Paragraph([f"{name} ", Blank(28), f"   {date} ", Blank(14)])
        yield from self._task()
        yield from self._setting()
        yield from self._to_fill()
        if self.questions:
            yield Heading(self._words("exercise.part.questions"))
            yield Paragraph(self._words("exercise.questions"))
        for number, question in self._numbered():
            more = self._words("exercise.several") if question.several else []
            space: list[Piece] = [" "] if more else []
            yield Paragraph([f"{number}. ", *question.text, *space, *more])
            yield _side_by_side(question)

    def _task(self) -> Iterator[Block]:
        if self.asked:
            yield Paragraph(self._words("exercise.task", digits=self.digits, more=self.digits + KEPT))
        if len(self.asked) < self._whole:
            yield Paragraph(self._words("exercise.some", count=len(self.asked), all=self._whole))

    def _setting(self) -> Iterator[Block]:
        found, write = self.derivation, self._write
        yield Heading(self._words("exercise.part.given"))
        layered = cases(found.neurons)
        net = network(layered[0]) if layered else None
        if net is not None:
            drawing = draw_network(
                net, inputs=inputs_of(layered[0]), values=False, activations=False, language=self._say.language
            )
            yield Picture(drawing, "network", self._words("exercise.picture"))
        yield _pairs([(write.name(v), write.number(v.data)) for v in _leaves(found)])
        if found.learning_rate is not None:
            rate = write.number(found.learning_rate)
            yield Paragraph(self._words("lesson.network.rate", eta=Formula("eta", r"\eta"), rate=rate))
        yield Paragraph(self._words("exercise.formulas.case" if len(layered) > 1 else "exercise.formulas"))
        yield self._formulas()
        known = self._known()
        if known:
            yield Paragraph(self._words("exercise.known"))
            yield _pairs([(write.step(step), write.number(step.value)) for step in known])

    def _formulas(self) -> Table:
        """How each quantity is computed, in symbols; of several cases those of the first. A net input and its output stand side by side."""
        found = self.derivation
        inside = {v for unit in found.neurons for v in (unit.net, unit.out)}
        layered = cases(found.neurons)
        outs = {unit.out: unit.net for layer in layered[0] for unit in layer} if layered else {}
        first = [v for out, net in outs.items() for v in (net, out)]
        rest = [v for v in found.forward if v not in inside]
        named = [v for v in dict.fromkeys([*first, *rest]) if v in found.names][:MOST_FORMULAS]
        written = {v: self._symbols(v) for v in named}
        rows: list[list[Formula]] = []
        for v, formula in written.items():
            if formula is not None and v in outs and rows and outs[v] in written and outs[v] is not v:
                rows[-1].append(formula)
            elif formula is not None:
                rows.append([formula])
        if any(v.op is not None and v.op.name == "sigmoid" for v in found.order):
            rows.append([Formula("sigmoid(x) = 1 / (1 + exp(-x))", r"\sigma\left(x\right) = \frac{1}{1 + e^{-x}}")])
        return _in_two(rows)

    def _symbols(self, v: Value) -> Formula | None:
        """The formula of a quantity, where it has one."""
        equation = self._write.value(v)
        return _chain(equation.left, equation.rows[0]) if len(equation.rows) > 1 else None

    def _known(self) -> list[Step]:
        """What is given besides the leaves: all that comes before the first blank and is none itself."""
        asked = {each.step.name for each in self.asked}
        kinds = {each.step.kind for each in self.asked}
        if "value" in kinds or not kinds:
            return []
        found = self.derivation
        known = [found[found.names[v]] for v in found.forward]
        if kinds <= {"derivative", "update"}:
            known += [step for step in found.steps if step.kind == "delta"]
        if kinds == {"update"}:
            known += _steps(found, "gradients")
        return [step for step in known if step.name not in asked]

    def _to_fill(self) -> Iterator[Block]:
        heads = (
            self._words("exercise.column.quantity"),
            self._words("exercise.column.working"),
            self._words("exercise.column.answer"),
        )
        for part, kind in PARTS.items():
            asked = [each for each in self.asked if each.step.kind == kind]
            if asked:
                yield Heading(self._words(f"exercise.part.{part}"))
                rows: list[list[Text]] = [
                    [f"{each.number}.", [self._write.step(each.step)], [Blank(LONG)], [Blank()]] for each in asked
                ]
                yield Table(["", *heads], rows)

    # The key

    def _key(self) -> Iterator[Block]:
        if self.asked:
            yield Paragraph(self._words("exercise.key.tolerance"))
            heads = [self._words(f"exercise.column.{name}") for name in ("quantity", "answer", "tolerance")]
            right: list[list[Text]] = [
                [
                    f"{each.number}.",
                    [self._write.step(each.step)],
                    [_written(each.text)],
                    [_written(f"{each.tolerance:g}")],
                ]
                for each in self.asked
            ]
            yield Table(["", *heads], right)
        for each in self.asked:
            yield Folded(
                [f"{each.number}. ", self._write.step(each.step), " = ", _written(each.text)],
                [self._equation(each.step)],
            )
        for number, question in self._numbered():
            letters = ", ".join(question.letters)
            yield Folded([f"{number}. {letters}"], [Paragraph(question.text), _side_by_side(question), *question.why])

    def _equation(self, step: Step) -> Equation:
        """The step of the lesson that leads to a quantity."""
        if step.kind == "value" or step.by is None:
            return self._write.value(step.of)
        if step.kind == "update":
            return self._write.update(step.by)
        if step.of is self.derivation.loss:
            return self._write.total(step.by)
        graph = self.derivation.graph
        [edge] = [edge for edge in graph.users[step.by] if edge.of is step.of]
        [factor] = graph.factors([edge])
        return self._write.slope(step.of, step.by, factor)

    def _problem(self) -> Problem:
        """What the formats of learning platforms are written from."""
        task = [block for block in self.blocks if isinstance(block, Picture)]
        found, write = self.derivation, self._write
        given = [(write.name(v), write.number(v.data)) for v in _leaves(found)]
        if found.learning_rate is not None:
            given.append((Formula("eta", r"\eta"), write.number(found.learning_rate)))
        given += [(write.step(step), write.number(step.value)) for step in self._known()]
        formulas = [plain(cell) for row in self._formulas().rows for cell in row]
        numbers = [
            (each.number, plain(write.step(each.step)), each.value, each.tolerance, [self._equation(each.step)])
            for each in self.asked
        ]
        return Problem(
            title=plain(self.blocks[0].text) if isinstance(self.blocks[0], Title) else "",
            sheet=self.sheet,
            given=[f"{plain(name)} = {plain(number)}" for name, number in given],
            formulas=[each for each in formulas if each],
            pictures=task,
            numbers=numbers,
            questions=list(self._numbered()),
            digits=self.digits,
            say=self._say,
        )


# What is asked


def _chosen(found: Derivation, blanks: str | Iterable[str], lots: Lots) -> tuple[list[Step], int]:
    """The steps that are asked for, and how many there are."""
    if isinstance(blanks, str):
        if blanks not in BLANKS:
            near = did_you_mean(blanks, BLANKS)
            raise ValueError(
                f"exercise: blanks is {listed(map(repr, BLANKS), 'or')}, or a list of names, not {shown(blanks)}{near}"
            )
        if blanks == "update" and found.learning_rate is None:
            raise ValueError("exercise: blanks='update' needs a learning rate, as in lr=0.5")
        parts = list(PARTS) if blanks == "all" else [blanks]
        steps = [step for part in parts for step in _steps(found, part)]
    else:
        names = list(blanks)
        for name in names:
            if name not in found:
                near = did_you_mean(name, [step.name for step in found.steps])
                raise ValueError(f"exercise: there is no quantity {shown(name)} to leave blank{near}")
        steps = [step for step in found.steps if step.name in names]
    steps = list({step.name: step for step in steps}.values())
    return [steps[k] for k in lots.some(MOST_BLANKS, len(steps))], len(steps)


def _steps(found: Derivation, part: str) -> list[Step]:
    if part == "forward":
        return [step for step in found.steps if step.kind == "value"]
    if part == "update":
        return [step for step in found.steps if step.kind == "update"]
    trained = set(found.parameters)
    derived = [step for step in found.steps if step.kind in ("derivative", "delta") and step.of is found.loss]
    if part == "gradients":
        return [step for step in derived if step.by in trained]
    deltas = [step for step in derived if step.kind == "delta"]
    return deltas or [step for step in derived if step.by not in trained]


def _asked(number: int, step: Step, digits: int) -> Asked:
    x = float(f"{step.value:.12g}")
    exponent = math.floor(math.log10(abs(x))) if x else 0
    place = digits - 1 - exponent
    text = f"{x + 0.0:.{place}f}" if 0 <= place <= digits + 5 else f"{x + 0.0:.{digits - 1}e}"
    return Asked(number, step, float(f"5e{-place - 1}"), text)


def _leaves(found: Derivation) -> list[Value]:
    """The leaves that have names: what comes from outside, the parameters layer by layer, all else."""
    first: list[Value | None] = [v for layers in cases(found.neurons) for v in inputs_of(layers)]
    for unit in found.neurons:
        first += [*[c.weight for c in unit.connections], unit.bias]
    order = [v for v in found.order if v.op is None]
    return [v for v in dict.fromkeys([*first, *order]) if v is not None and v in found.names and v.op is None]


# Blocks


def _pairs(pairs: Sequence[tuple[Formula, Formula]]) -> Table:
    """Names and their numbers, a few side by side: as many as have room in a line of text."""
    cells = [columns(each.text) for pair in pairs for each in pair]
    fitting = (
        n
        for n in range(MOST_ACROSS, 1, -1)
        if sum(max(cells[k :: 2 * n], default=0) + 2 for k in range(2 * n)) <= WIDTH
    )
    across = min(next(fitting, 1), len(pairs)) or 1
    rows: list[list[list[Piece]]] = []
    for start in range(0, len(pairs), across):
        row: list[list[Piece]] = []
        for name, number in pairs[start : start + across]:
            row += [[name], [number]]
        rows.append(row + [[]] * (2 * across - len(row)))
    return Table([[]] * (2 * across), rows)


def _in_two(rows: Sequence[Sequence[Formula]]) -> Table:
    """Formulas in a table of two columns, if these have room in a line of text; else one below the other."""
    left = max((columns(row[0].text) for row in rows), default=0)
    packed: list[list[Formula]] = []
    for row in rows:
        room = WIDTH - 4 - left
        alone = packed and len(row) == len(packed[-1]) == 1
        if alone and columns(row[0].text) <= room:
            packed[-1].append(row[0])
        else:
            packed.append(list(row))
    if len(rows) < 3 or any(columns(each.text) > WIDTH - 4 - left for row in packed for each in row[1:]):
        return Table([[]], [[[each]] for row in rows for each in row])
    empty: list[Piece] = []
    return Table([[], []], [[[row[0]], [row[1]] if len(row) > 1 else empty] for row in packed])


def _chain(left: Formula, row: Sequence[Formula]) -> Formula:
    return Formula(
        f"{left.text} = {' '.join(term.text for term in row)}", f"{left.latex} = {' '.join(term.latex for term in row)}"
    )


def _written(text: str) -> Formula:
    return Formula(text, latex_number(text))


def _side_by_side(question: Question) -> Table:
    """The choices in a line, each with its letter."""
    cells: list[list[Piece]] = [
        [f"({letter}) ", *choice] for letter, choice in zip(LETTERS, question.choices, strict=False)
    ]
    return Table([[]] * len(cells), [cells])
