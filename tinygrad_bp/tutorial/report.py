"""What was found, for people: a lesson on the network, beside its numbers what is printed, what they are in other ways, and a verdict.

For a terminal it begins with what a learner needs; the whole lesson is to be read on a page and on paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tinygrad_bp.drawing import Drawing
from tinygrad_bp.lessons import Document, lesson
from tinygrad_bp.lessons import blocks as b
from tinygrad_bp.lessons.audit import audited
from tinygrad_bp.lessons.brief import Brief
from tinygrad_bp.lessons.course import course
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.marking.naming import Names
from tinygrad_bp.lessons.writers.pieces import plain
from tinygrad_bp.tutorial.comparison import BIAS_GRADIENTS, Comparison
from tinygrad_bp.tutorial.figures import DRAWING, FIGURES, STAGES
from tinygrad_bp.tutorial.training import BIASES, WEIGHTS
from tinygrad_bp.words import words

DIGITS = 6  # of the numbers that a learner meets first
# After which part of the lesson the pictures stand.
PLACES = {"network": ("1", "2"), "backward": ("3", "4", "5", "6")}


class Report:
    """Says in a language what was found."""

    def __init__(self, comparison: Comparison, language: str = "en") -> None:
        self.found, self.say = comparison, words(language)
        self.loss, self.rate = comparison.values["E_total"], comparison.ways["hand"]["eta"]
        self.trained = [comparison.values[x] for x in (WEIGHTS + BIASES if comparison.train_biases else WEIGHTS)]
        derivation = Derivation(self.loss, learning_rate=self.rate, parameters=self.trained)
        self.brief = Brief(derivation, self.say, DIGITS)
        self.names = Names(Derivation(self.loss, learning_rate=self.rate))

    def screen(self, *, audit_only: bool = False, width: int = 80) -> Document:
        """In short, for a terminal of so many columns; with `audit_only` the figures, the training and the errata alone."""
        say = self.say
        title: list[b.Block] = [
            b.Title(say("tutorial.title")),
            b.Paragraph(say("tutorial.introduction")),
            b.Code(DRAWING),
        ]
        head: list[b.Block] = [b.Heading(say("tutorial.audit", count=len(FIGURES))), b.Legend(say("tutorial.legend"))]
        figures = [block for stage in STAGES for block in self.figures(stage, short=True)]
        opening = [] if audit_only else [*title, *self.brief.blocks()]
        audit = [*head, *figures, b.Legend(say("tutorial.slope"))]
        return Document([*opening, *audit, *self.training(width=width), *self.errata()], say.language)

    def whole(self, pictures: Mapping[str, Drawing], notes: Sequence[str] = ()) -> Document:
        """The lesson, with its figures, all errata and what training comes to.

        Args:
            pictures: those that can be drawn here, by the names of their files, and with them the curve of the error, `error-curve`.
            notes: what there is to be said about the files.
        """
        say, language, title = self.say, self.say.language, self.say("tutorial.title")
        told = lesson(self.loss, lr=self.rate, parameters=self.trained, title=title, language=language)
        parts = {say(f"lesson.part.{part}"): part for part in ("network", "forward", "backward", "update")}
        part = ""
        blocks: list[b.Block] = []
        for block in told.blocks:
            if isinstance(block, b.Heading) and block.level == 1:
                blocks += self.beside(part, pictures)
                part = parts.get(plain(block.text), "")
            if not isinstance(block, b.Picture):
                blocks.append(block)
        legends = [b.Legend(say(f"tutorial.{key}")) for key in ("legend", "slope")]
        ending = [b.Paragraph(text) for text in (*notes, self.found.conclusion(language))]
        training = [*self.figures("training"), *legends, *self.training(pictures.get("error-curve"))]
        return Document([*blocks, *training, *self.errata(), *ending], language)

    def name(self, quantity: str) -> b.Text:
        """The name of a quantity, as it stands in an equation."""
        return quantity if " " in quantity else self.brief.write.step(self.names.found(quantity))

    def figures(self, stage: str, *, short: bool = False) -> Iterator[b.Block]:
        yield b.Heading(self.say(f"page.truth.{stage}"), 1 if stage == "training" and not short else 2)
        rows = [row for row, figure in zip(self.found.rows, FIGURES, strict=True) if figure.stage == stage]
        yield from audited(rows, self.say, self.name, short=short)

    def training(self, picture: Drawing | None = None, width: int = 80) -> Iterator[b.Block]:
        say, found, rounds = self.say, self.found, len(self.found.run.errors) - 1
        if found.sequential:
            yield b.Heading(say("tutorial.mistake"))
            mistakes = found.mistakes()
            rows = [[self.name(name), f"{right:.12f}", f"{wrong:.12f}"] for name, right, wrong in mistakes]
            yield b.Table(["", say("tutorial.mistake.right"), say("tutorial.mistake.wrong")], rows)
        yield from course(found.run, say, loss="E_total", picture=picture, width=width)
        if found.sequential and rounds:
            yield b.Paragraph(say("tutorial.mistake.why"))
        gradients = ", ".join(f"{name} = {found.ways['hand'][name]:.12f}" for name in BIAS_GRADIENTS)
        kind = "untrained" if not rounds else "trained" if found.train_biases else "fixed"
        yield b.Paragraph(say(f"tutorial.biases.{kind}", gradients=gradients))

    def errata(self) -> Iterator[b.Block]:
        say, items = self.say, self.found.causes(self.say)
        if editions := self.found.editions:
            columns = {key: [f"{x[k]:.10f}" for x in editions] for k, key in ((2, "sequential"), (3, "simultaneous"))}
            columns["editions"] = [x.printed for x in editions]
            told = {key: say("say.comma").join(texts) for key, texts in columns.items()}
            items.append(say("page.truth.note2.editions", **told))
        yield b.Heading(say("page.truth.errata"))
        yield b.Items(items, numbered=True)

    def beside(self, part: str, drawings: Mapping[str, Drawing]) -> Iterator[b.Block]:
        """What stands at the end of a part of the lesson."""
        for name, drawing in drawings.items():
            if name.startswith(PLACES.get(part, ())):
                yield b.Picture(drawing, name)
        for stage in STAGES:
            if stage.partition("-")[0] == part:
                yield from self.figures(stage)
