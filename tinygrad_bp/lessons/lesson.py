"""A lesson: a round of backpropagation on a network, every step with its equation, its numbers and a sentence that says why."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from typing import Literal

from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.names import significant
from tinygrad_bp.lessons.backward import Backward
from tinygrad_bp.lessons.blocks import Block, Folded, Heading, Picture, Title
from tinygrad_bp.lessons.chosen import MOST_NAMES, text_of
from tinygrad_bp.lessons.closing import Closing
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.document import Document
from tinygrad_bp.lessons.equations import Equations
from tinygrad_bp.lessons.finite import refuse_what_is_not_finite
from tinygrad_bp.lessons.matrices import Matrices
from tinygrad_bp.lessons.opening import Opening
from tinygrad_bp.lessons.writers.pieces import plain
from tinygrad_bp.networks.optim import Optimizer
from tinygrad_bp.text import listed, shown
from tinygrad_bp.words import words

By = Literal["neuron", "layer", "node"]
PARTS = ("network", "forward", "backward", "update")  # beside which more may stand


def lesson(
    loss: Value,
    *,
    lr: float | None = None,
    optimizer: Optimizer | None = None,
    x: Value | str | None = None,
    by: By = "neuron",
    parameters: Iterable[Value | str] | None = None,
    title: str = "",
    digits: int = 9,
    language: str = "en",
) -> Lesson:
    """A round of backpropagation written out: forward pass, error, backward pass, update, the new error, and a check.

    Args:
        loss: the Value that everything was computed for: an error, or the result of any formula.
        lr: the learning rate of a step of gradient descent; without one, and without an optimizer, there is no update.
        optimizer: whose next step is written out in its place, from what it remembers now.
        x: the parameter that the lesson follows, or its name, where all would be too many.
        by: "neuron" takes neuron by neuron what has a label, or each step where nothing computed has one, "layer" whole layers in
            matrices, "node" every step that was recorded.
        parameters: the leaves that are trained, or their names; without them those of the optimizer, or all but those called as inputs and
            targets are, i1, x, t, target_o1, ...; of a formula without neurons all leaves.
        title: a heading of your own.
        digits: how many decimals numbers have.
        language: "en" or "ja".

    Reads what was recorded; no gradient, no data in the graph and no optimizer is changed. Of a large network a part is written out, and
    what is left out is counted. Raises TypeError for what is no Value, and for an optimizer that is none; ValueError for one that was not
    computed from anything, for leaves that were changed since, for numbers that are not finite, for a learning rate that is no finite
    number above 0, or one beside an optimizer, for an x that is no leaf or stands beside parameters, and for another language.
    """
    say = words(language, "lesson")
    if by not in ("neuron", "layer", "node"):
        raise ValueError(f"lesson: by is 'neuron', 'layer' or 'node', not {shown(by)}")
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        raise TypeError(f"lesson: an optimizer is one such as SGD or Adam, not {type(optimizer).__name__}")
    if optimizer is not None and lr is not None:
        raise ValueError("lesson: the optimizer has a learning rate of its own; leave lr out")
    if x is not None and parameters is not None:
        raise ValueError("lesson: x is the one parameter that is followed; leave parameters out, or x")
    if not isinstance(x, Value | str | None):
        raise TypeError(f"lesson: x is a parameter, a Value or its name, not {type(x).__name__} {shown(x)}")
    title = text_of(title, "lesson: title")
    made = partial(Derivation, loss, learning_rate=lr, optimizer=optimizer, operation="lesson")
    derivation = made(parameters=parameters if x is None else x, labelled_only=by != "node")
    chosen = None if x is None and parameters is None else derivation.parameters
    if x is not None and len(derivation.parameters) > 1:
        names = listed([derivation.names[v] for v in derivation.parameters[:MOST_NAMES]])
        raise ValueError(f"lesson: x is one parameter, and {shown(x)} is the label of {names}")
    told = derivation.neurons or derivation.looks or any(v.label for v in derivation.forward)
    if by == "neuron" and not told:
        # Nothing has a name, so a step is what was recorded.
        derivation = made(parameters=chosen, labelled_only=False)
    refuse_what_is_not_finite(derivation, "lesson")
    writer = _Writer(
        derivation,
        Equations(derivation, significant(digits, "lesson: digits")),
        say,
        None if x is None else derivation.parameters[0],
    )
    return Lesson(derivation, list(writer.blocks(title, by)), language)


class Lesson(Document):
    """What `lesson` wrote: a document, which shows itself, and is written by `text`, `markdown`, `latex`, `html`, `to_dict` and `save`.

    Attributes:
        derivation: all that is derived, by name.
    """

    def __init__(self, derivation: Derivation, blocks: Sequence[Block], language: str) -> None:
        super().__init__(blocks, language)
        self.derivation = derivation

    def with_more(self, more: Callable[[str], Iterable[Block]]) -> list[Block]:
        """The blocks without pictures, and after each part what there is `more` for it, by its key, such as "network" or "forward"."""
        say, part = words(self.language), ""
        parts = {say(f"lesson.part.{key}"): key for key in PARTS}
        found: list[Block] = []
        for block in self.blocks:
            if isinstance(block, Heading) and block.level == 1:
                found += more(part)
                part = parts.get(plain(block.text), "")
            if not isinstance(block, Picture):
                found.append(block)
        return found


class _Writer(Opening, Backward, Closing):
    """All parts in their order."""

    def blocks(self, title: str, by: By) -> Iterator[Block]:
        yield Title([title] if title else self.words("lesson.title", loss=self.write.name(self.found.loss)))
        yield from self.setting()
        matrices = Matrices(self)
        if by == "layer" and matrices.there:
            yield self.heading("lesson.part.matrix")
            yield from matrices.blocks()
        else:
            if by == "layer":
                yield self.paragraph("lesson.matrix.none")
            yield from self.forward()
            yield from self.backward()
        if self.found.learning_rate is not None:
            yield from self.update()
            yield from self.again()
        yield from self.check()
        if by == "neuron" and (matrices.there or self.follows is None):
            why = self.key("lesson.matrix.none.neuron")
            blocks = matrices.blocks() if matrices.there else [self.paragraph(why)]
            yield Folded(self.words("lesson.part.matrix"), list(blocks))
