"""The sheet of an exercise and its key, block by block: what is given, the blanks, the questions, and how each answer is found."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property

from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import draw_network
from tinygrad_bp.lessons.asking import KEPT, PARTS, Asked, figures, place_on_a_sheet, shortened
from tinygrad_bp.lessons.blocks import (
    Blank,
    Block,
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
from tinygrad_bp.lessons.definitions import has_angles
from tinygrad_bp.lessons.derivation import Derivation, Kind, Step
from tinygrad_bp.lessons.layers import inputs_of, is_recurrent, network
from tinygrad_bp.lessons.moodle import Problem
from tinygrad_bp.lessons.phrases import enumerated, phrase
from tinygrad_bp.lessons.questions import Question, side_by_side
from tinygrad_bp.lessons.rules import Rule, rules
from tinygrad_bp.lessons.setting import Setting
from tinygrad_bp.lessons.tables import pairs, written
from tinygrad_bp.lessons.unrolled import draw_unrolled
from tinygrad_bp.lessons.writers.pieces import plain
from tinygrad_bp.words import Words

FOR_FORMULAS = {  # what is called otherwise where there are no neurons, but values and derivatives
    "exercise.title": "exercise.title.formula",
    "exercise.part.forward": "exercise.part.forward.formula",
    "exercise.part.gradients": "exercise.part.gradients.formula",
}
LONG = 30  # letters of a line for what leads to a number


class Worksheet:
    """Writes the sheet and the key.

    Args:
        setting: the numbers and formulas of what is derived.
        say: the texts of the language.
        digits: how many digits that count are asked for.
        asked: the blanks.
        whole: how many there would have been.
        known: the quantities that are given.
        questions: the questions of understanding.
        title: a heading of the user's own; may be empty.
        ruled: whether the rules are told.
    """

    def __init__(
        self,
        setting: Setting,
        say: Words,
        *,
        digits: int,
        asked: Sequence[Asked],
        whole: int,
        known: Sequence[Step],
        questions: Sequence[Question],
        title: str,
        ruled: bool = True,
    ) -> None:
        self.setting, self.say, self.digits = setting, say, digits
        self.found, self.write = setting.found, setting.write
        self.asked, self.whole, self.known, self.questions = asked, whole, known, questions
        self.ruled = ruled
        self.title: list[Piece] = (
            [title] if title else self.words(self.fitting("exercise.title"), loss=self.write.name(self.found.loss))
        )

    @cached_property
    def rules(self) -> list[Rule]:
        """The rules for what is asked for."""
        return rules(self.setting, self.say, [each.step for each in self.asked]) if self.ruled else []

    @cached_property
    def formulas(self) -> Table:
        """How quantities are computed."""
        steps = [each.step for each in self.asked]
        asked = [v for step in steps for v in (step.of, step.by) if v is not None]
        return self.setting.formulas(asked, [plain(how) for _, how in self.rules])

    def fitting(self, key: str) -> str:
        """Of two texts that which fits the subject."""
        return FOR_FORMULAS.get(key, key) if self.found.formula else key

    def words(self, key: str, **given: object) -> list[Piece]:
        """A sentence of the catalogue."""
        return phrase(self.say, key, **given)

    def numbered(self) -> Iterator[tuple[int, Question]]:
        """The questions and their numbers, which go on after those of the blanks."""
        return enumerate(self.questions, len(self.asked) + 1)

    def number(self, step: Step) -> Formula:
        """The number of a quantity that is given, with as many digits as are kept."""
        return written(shortened(step.value, self.digits + KEPT))

    def blocks(self) -> Iterator[Block]:
        """The sheet."""
        yield Title(self.title)
        name, date = self.say("exercise.name"), self.say("exercise.date")
        yield Paragraph([f"{name} ", Blank(28), f"   {date} ", Blank(14)])
        yield from self._task()
        yield from self._setting()
        yield from self._to_fill()
        if self.questions:
            yield Heading(self.words("exercise.part.questions"))
            yield Paragraph(self.words("exercise.questions"))
        for number, question in self.numbered():
            more = self.words("exercise.several") if question.several else []
            space: list[Piece] = [" "] if more else []
            yield Paragraph([f"{number}. ", *question.text, *space, *more])
            yield side_by_side(question)

    def _task(self) -> Iterator[Block]:
        if self.asked:
            yield Paragraph(self.words("exercise.task", digits=self.digits, more=self.digits + KEPT))
        if len(self.asked) < self.whole:
            yield Paragraph(self.words("exercise.some", count=len(self.asked), all=self.whole))

    def _setting(self) -> Iterator[Block]:
        found, write = self.found, self.write
        yield Heading(self.words("exercise.part.given"))
        yield from self._picture()
        yield from self.setting.given()
        if found.learning_rate is not None:
            rate = write.number(found.learning_rate)
            yield Paragraph(self.words("lesson.network.rate", eta=Formula("eta", r"\eta"), rate=rate))
            if fixed := found.fixed:
                names = enumerated(self.say, [write.name(v) for v in fixed])
                yield Paragraph(self.words("exercise.fixed", count=len(fixed), names=names))
        yield Paragraph(self.words("exercise.formulas.case" if len(self.setting.cases) > 1 else "exercise.formulas"))
        yield self.formulas
        if has_angles(found.order):
            yield Paragraph(self.words("lesson.given.radians"))
        known = self.known
        if known:
            yield Paragraph(self.words("exercise.known"))
            yield pairs([(write.step(step), self.number(step)) for step in known])
        if self.rules:
            yield Table([[], []], self.rules, self.words("exercise.rules"))

    def _picture(self) -> Iterator[Picture]:
        """The network, if it is layered or recurrent."""
        layered = self.setting.cases
        net = network(layered[0]) if layered else None
        if net is not None:
            drawing = draw_network(
                net, inputs=inputs_of(layered[0]), values=False, activations=False, language=self.say.language
            )
            yield Picture(drawing, "network", self.words("exercise.picture"))
        elif layered and is_recurrent(self.found.neurons):
            steps = draw_unrolled(layered[0], self.found.names, self.say, values=False)
            if steps is not None:
                yield Picture(steps, "network", self.words("lesson.network.unrolled"))

    def _to_fill(self) -> Iterator[Block]:
        heads = (
            self.words("exercise.column.quantity"),
            self.words("exercise.column.working"),
            self.words("exercise.column.answer"),
        )
        parts: dict[str, list[Kind]] = {part: [kind] for part, kind in PARTS.items()}
        places = [place_on_a_sheet(each.step) for each in self.asked]
        if places != sorted(places):  # a delta comes after a derivative that it is made of
            parts = {"forward": ["value"], "backward": ["delta", "derivative"], "update": ["update"]}
        for part, kinds in parts.items():
            asked = [each for each in self.asked if each.step.kind in kinds]
            if asked:
                yield Heading(self.words(self.fitting(f"exercise.part.{part}")))
                rows: list[list[Text]] = [
                    [f"{each.number}.", [self.write.step(each.step)], [Blank(LONG)], [Blank()]] for each in asked
                ]
                yield Table(["", *heads], rows)

    # The key

    def key(self) -> Iterator[Block]:
        """The answers, and how each is found."""
        if self.asked:
            yield Paragraph(self.words("exercise.key.tolerance"))
            heads = [self.words(f"exercise.column.{name}") for name in ("quantity", "answer", "tolerance")]
            right: list[list[Text]] = [
                [
                    f"{each.number}.",
                    [self.write.step(each.step)],
                    [written(each.text)],
                    [written(figures(each.tolerance, 1))],
                ]
                for each in self.asked
            ]
            yield Table(["", *heads], right)
        for each in self.asked:
            yield Folded(
                [f"{each.number}. ", self.write.step(each.step), " = ", written(each.text)],
                self.setting.equations(each.step),
            )
        for number, question in self.numbered():
            letters = ", ".join(question.letters)
            yield Folded([f"{number}. {letters}"], [Paragraph(question.text), side_by_side(question), *question.why])

    def problem(self, sheet: str) -> Problem:
        """What the formats of learning platforms are written from."""
        found, write = self.found, self.write
        given = self.setting.lines()
        if found.learning_rate is not None:
            given.append(f"eta = {write.number(found.learning_rate).text}")
        given += [f"{write.step(step).text} = {self.number(step).text}" for step in self.known]
        formulas = [plain(cell) for row in self.formulas.rows for cell in row]
        numbers = [
            (each.number, plain(write.step(each.step)), each.value, each.tolerance, self.setting.equations(each.step))
            for each in self.asked
        ]
        return Problem(
            title=plain(self.title),
            sheet=sheet,
            given=given,
            formulas=[each for each in formulas if each],
            rules=[(plain(of), plain(how)) for of, how in self.rules],
            pictures=list(self._picture()),
            numbers=numbers,
            quantities=[
                plain(write.step(step)) for kind in PARTS.values() for step in found.steps if step.kind == kind
            ],
            questions=list(self.numbered()),
            digits=self.digits,
            say=self.say,
        )


def leaves_of(found: Derivation) -> list[Value]:
    """The leaves that have names: what comes from outside, the parameters layer by layer, all else."""
    first: list[Value | None] = [v for layers in found.cases for v in inputs_of(layers)]
    for unit in found.neurons:
        first += [*[c.weight for c in unit.connections], unit.bias]
    order = [v for v in found.order if v.op is None]
    return [v for v in dict.fromkeys([*first, *order]) if v is not None and v in found.names and v.op is None]
