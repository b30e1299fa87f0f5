"""How a lesson ends: the update, the forward pass again, and the check."""

from __future__ import annotations

import math
from collections.abc import Iterator

from tinygrad_bp.checking import InputCheck, check_gradients
from tinygrad_bp.core.order import dependents
from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.blocks import Block, Formula, Table, Text
from tinygrad_bp.lessons.speaking import MOST_STEPS, MOST_WEIGHTS, Speaker
from tinygrad_bp.lessons.steps import Steps

MOST_STEPS_OUT = 3  # parameters whose step of an optimizer is written out
MOST_AGAIN = 20_000  # nodes that depend on the parameters that are checked, counted for each: they are computed again at a dozen places
FEWEST_CHECKED = 6
ENOUGH = 1e-5  # how well differences are to agree in a large graph, where each one more takes long


class Closing(Speaker):
    """The parts after the backward pass."""

    def update(self) -> Iterator[Block]:
        """The step of gradient descent or of an optimizer."""
        trained = self.trained
        steps = Steps(self.found, self.write)
        yield self.heading("lesson.part.update")
        yield self.paragraph(self.key("lesson.update.why"), loss=self.write.name(self.found.loss))
        if self.found.optimizer is not None:
            yield from self.optimizer(steps)
        most = MOST_WEIGHTS if steps.kind == "descent" else MOST_STEPS_OUT
        for v in trained[:most]:
            yield from steps.equations(v)
        if len(trained) > most:
            rest = self.some_of([self.write.name(v) for v in trained[most:]])
            yield self.paragraph(self.key("lesson.update.rest"), count=len(trained) - most, names=rest)
        if len(trained) > most or steps.moments:
            yield self.table(steps, trained)

    def optimizer(self, steps: Steps) -> Iterator[Block]:
        """What the optimizer does, in words, and its settings."""
        optimizer, number = self.found.optimizer, self.write.number
        assert optimizer is not None
        name = type(optimizer).__name__
        rate = self.found.learning_rate or 0.0
        if steps.kind == "other":
            yield self.paragraph("lesson.step.other", name=name)
        else:
            yield self.paragraph(f"lesson.step.{steps.kind}", name=name)
        if steps.decay and steps.kind != "adamw":
            yield self.paragraph("lesson.step.decay")
        settings = [(r"\eta", "eta", rate)]
        settings += [(r"\lambda", "lambda", steps.decay)] if steps.decay else []
        momentum = getattr(optimizer, "momentum", 0.0)
        settings += [(r"\mu", "mu", momentum)] if momentum else []
        betas = getattr(optimizer, "betas", ()) if steps.kind in ("adam", "adamw") else ()
        settings += [(rf"\beta_{{{k}}}", f"beta{k}", beta) for k, beta in enumerate(betas, 1)]
        settings += [(r"\epsilon", "eps", optimizer.eps)] if betas and hasattr(optimizer, "eps") else []
        formulas = []
        for latex, text, x in settings:
            written = number(x)
            formulas.append(Formula(f"{text} = {written.text}", f"{latex} = {written.latex}"))
        yield self.paragraph("lesson.step.settings", number=optimizer.steps + 1, settings=self.listed(formulas))
        if callable(optimizer.lr):
            yield self.paragraph("lesson.step.schedule")

    def table(self, steps: Steps, trained: list[Value]) -> Table:
        """The parameters before and after the step: all, or of very many some."""
        letters: list[Text] = [[Formula(letter, letter)] for letter in steps.moments]
        names = [
            self.words(self.key("lesson.update.name")),
            *[self.words(f"lesson.update.{key}") for key in ("old", "slope")],
        ]
        head = [*names, *letters, self.words("lesson.update.new")]
        rows: list[list[Text]] = []
        for v in self.some(trained):
            new, moments = self.found.moved(v)
            numbers = [v.data, self.found.graph.total[v], *(moments if letters else ()), new]
            rows.append([[self.write.name(v)], *[[self.write.number(x)] for x in numbers]])
        key = "lesson.update.table" if len(rows) == len(trained) else "lesson.update.table.some"
        return Table(head, rows, self.words(self.key(key), count=len(rows), all=len(trained)))

    def again(self) -> Iterator[Block]:
        """The error with the new parameters."""
        found = self.found
        old = found.loss.data
        yield self.heading("lesson.part.again")
        try:
            after = found.data({v: found.updated(v).value for v in found.parameters})[found.loss]
        except (ArithmeticError, ValueError):
            yield self.paragraph(self.key("lesson.again.outside"))
            return
        if not math.isfinite(after):
            yield self.paragraph(self.key("lesson.again.outside"))
            return
        change = "why" if after < old else "larger" if after > old else "same"
        yield self.paragraph(self.key(f"lesson.again.{change}"))
        yield self.arrow(self.write.name(found.loss), old, after)

    def check(self) -> Iterator[Block]:
        """Backpropagation beside differences."""
        trained = self.trained
        some, tolerance = self.checked()
        yield self.heading("lesson.part.check")
        yield self.paragraph(self.key("lesson.check.why"))
        checked = check_gradients(self.found.loss, some, tolerance=tolerance)
        head = [self.words(self.key("lesson.update.name"))]
        head += [self.words(f"lesson.check.{key}") for key in ("backward", "difference")]
        pairs = list(zip(some, checked.inputs, strict=True))
        unsure = {v for v, each in pairs if not _agrees(each)}
        rows: list[list[Text]] = []
        for k, (v, each) in enumerate(pairs):
            if k < MOST_STEPS or v in unsure:
                numbers = [self.write.number(x) for x in (each.autograd, 0.0 if _is_zero(each) else each.difference)]
                mark: list[Text] = [["?" if v in unsure else ""]] if unsure else []
                rows.append([[self.write.name(v)], *[[x] for x in numbers], *mark])
        yield Table([*head, *([""] if unsure else [])], rows, self.words("lesson.check.table"))
        if len(trained) > len(rows):
            yield self.paragraph("lesson.left.checked", count=len(some), all=len(trained))
        yield self.paragraph("lesson.check.not" if unsure else "lesson.check.all")

    def checked(self) -> tuple[list[Value], float]:
        """The parameters that are checked, and how closely: in a large graph a few from all over it, as each has it computed again."""
        trained = self.trained
        first = trained[: 2 * MOST_STEPS]
        again = sum(len(dependents(self.found.order, [v])) for v in first)
        if again <= MOST_AGAIN:
            return first, 1e-7
        count = max(FEWEST_CHECKED, MOST_AGAIN * len(first) // again)
        return [trained[k * len(trained) // count] for k in range(count)], ENOUGH


def _agrees(row: InputCheck) -> bool:
    """Whether a difference confirms a derivative: also 0, where nothing moves at all, as behind a relu that lets nothing through."""
    if _is_zero(row):
        return True
    return row.verdict == "agrees" and math.isclose(row.autograd, row.difference, rel_tol=1e-3, abs_tol=1e-6)


def _is_zero(found: InputCheck) -> bool:
    """Whether a derivative is 0 and the difference is nothing but rounding, which it is said to be uncertain by."""
    noise = min(found.uncertainty, 1e-6)
    return found.autograd == 0.0 and found.verdict != "wrong" and abs(found.difference) <= noise
