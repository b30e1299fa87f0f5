"""What was found, for people: a lesson on the network, beside its numbers what is printed, what they are in other ways, and a verdict.

For a terminal it begins with what a learner needs; the whole lesson is to be read on a page and on paper.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tinygrad_bp.drawing import Drawing
from tinygrad_bp.lessons import Document, lesson
from tinygrad_bp.lessons import blocks as b
from tinygrad_bp.lessons.audited import Audited
from tinygrad_bp.lessons.brief import Brief
from tinygrad_bp.lessons.course import course
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.equations import Equations
from tinygrad_bp.tutorial.comparison import BIAS_GRADIENTS, Comparison
from tinygrad_bp.tutorial.figures import CALLED, DRAWING, FIGURES
from tinygrad_bp.tutorial.training import BIASES, WEIGHTS
from tinygrad_bp.words import words

EDITIONS = "page.truth.note2.editions"
DIGITS = 6  # of the numbers that a learner meets first
# After which part of the lesson the pictures stand.
PLACES = {"network": ("1", "2"), "backward": ("3", "4", "5", "6")}


class Report(Audited):
    """Says in a language what was found."""

    def __init__(self, comparison: Comparison, language: str = "en") -> None:
        self.loss, self.rate = comparison.values["E_total"], comparison.ways["hand"]["eta"]
        everything = Equations(Derivation(self.loss, learning_rate=self.rate))
        super().__init__(comparison, FIGURES, everything, words(language), CALLED)
        self.found = comparison
        self.trained = [comparison.values[x] for x in (WEIGHTS + BIASES if comparison.train_biases else WEIGHTS)]
        derivation = Derivation(self.loss, learning_rate=self.rate, parameters=self.trained)
        self.brief = Brief(derivation, self.say, DIGITS)

    def screen(self, *, audit_only: bool = False, width: int = 80) -> Document:
        """In short, for a terminal of so many columns; with `audit_only` the figures, the training and the errata alone."""
        say = self.say
        title: list[b.Block] = [
            b.Title(say("tutorial.title")),
            b.Paragraph(say("tutorial.introduction")),
            b.Code(DRAWING),
        ]
        head: list[b.Block] = [b.Heading(say("tutorial.audit", count=len(FIGURES))), b.Legend(say("tutorial.legend"))]
        figures = [block for stage in self.stages for block in self.figures(stage, short=True)]
        opening = [] if audit_only else [*title, *self.brief.blocks()]
        audit = [*head, *figures, b.Legend(say("tutorial.slope"))]
        return Document([*opening, *audit, *self.training(width=width), *self.errata(EDITIONS)], say.language)

    def whole(self, pictures: Mapping[str, Drawing], notes: Sequence[str] = ()) -> Document:
        """The lesson, with its figures, all errata and what training comes to.

        Args:
            pictures: those that can be drawn here, by the names of their files, and with them the curve of the error, `error-curve`.
            notes: what there is to be said about the files.
        """
        say, language, title = self.say, self.say.language, self.say("tutorial.title")
        told = lesson(self.loss, lr=self.rate, parameters=self.trained, title=title, language=language)
        blocks = told.with_more(lambda part: self.beside(part, pictures, PLACES))
        legends = [b.Legend(say(f"tutorial.{key}")) for key in ("legend", "slope")]
        ending = [b.Paragraph(text) for text in (*notes, self.found.conclusion(language))]
        training = [*self.figures("training", level=1), *legends, *self.training(pictures.get("error-curve"))]
        return Document([*blocks, *training, *self.errata(EDITIONS), *ending], language)

    def training(self, picture: Drawing | None = None, width: int = 80) -> Iterator[b.Block]:
        say, found, rounds = self.say, self.found, len(self.found.run.errors) - 1
        if found.sequential:
            yield b.Heading(say("tutorial.mistake"))
            yield self.apart(found.mistakes(), [say("tutorial.mistake.right"), say("tutorial.mistake.wrong")])
        yield from course(found.run, say, loss="E_total", picture=picture, width=width)
        if found.sequential and rounds:
            yield b.Paragraph(say("tutorial.mistake.why"))
        gradients = ", ".join(f"{name} = {found.ways['hand'][name]:.12f}" for name in BIAS_GRADIENTS)
        kind = "untrained" if not rounds else "trained" if found.train_biases else "fixed"
        yield b.Paragraph(say(f"tutorial.biases.{kind}", gradients=gradients))
