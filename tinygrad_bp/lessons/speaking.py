"""What the parts of a lesson are written with: what is derived, its equations, and the words of a language."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.blocks import Equation, Formula, Heading, Paragraph, Piece
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.entropy import Entropy
from tinygrad_bp.lessons.equations import Equations, symbol
from tinygrad_bp.lessons.layers import is_recurrent
from tinygrad_bp.lessons.phrases import enumerated, phrase
from tinygrad_bp.lessons.softmax import Share
from tinygrad_bp.words import Words

MOST_NEURONS = 6  # of a layer that are written out
MOST_WEIGHTS = 8  # of a neuron
MOST_CASES = 4
MOST_STEPS = 60  # of a graph without neurons


def _split(name: str) -> list[str]:
    """Letters and numbers of a name in turn."""
    return re.split(r"(\d+)", name)


class Speaker:
    """The state that the parts of a lesson share.

    Attributes:
        found, write, say, follows: the derivation, its equations, the words, and the parameter that is followed alone.
        cases: the layers of neurons, case by case.
        neuron_of: of each net input and output its neuron.
        user_of: of each weight and bias its neurons.
        shares: of each net input that a cross entropy is computed from, its probability and target.
        entropy: the equations of these.
    """

    def __init__(self, derivation: Derivation, equations: Equations, say: Words, follows: Value | None) -> None:
        self.found, self.write, self.say, self.follows = derivation, equations, say, follows
        self.cases = derivation.cases
        self.neuron_of = {v: unit for unit in derivation.neurons for v in (unit.net, unit.out)}
        self.user_of: dict[Value, list[Unit]] = {}
        for unit in derivation.neurons:
            for v in [*[c.weight for c in unit.connections], *([unit.bias] if unit.bias is not None else [])]:
                self.user_of.setdefault(v, []).append(unit)
        self.shares: dict[Value, Share] = derivation.shares
        self.entropy = Entropy(equations, self.cases, self.shares)
        self._said: set[str] = set()

    @property
    def trained(self) -> list[Value]:
        """The parameters, those of one letter together and by their numbers: w2 before w10."""
        chosen = set(self.found.parameters)
        return self.numbered([v for v in self.found.backward if v in chosen])

    def numbered(self, leaves: Sequence[Value]) -> list[Value]:
        """Leaves, those of one letter together and by their numbers."""
        chosen = set(leaves)
        kinds: dict[str, int] = {}
        for v in [*self.user_of, *self.found.order]:
            if v in chosen:
                kinds.setdefault(_split(self.found.names[v])[0], len(kinds))

        def key(v: Value) -> tuple[int, list[tuple[int, str]]]:
            letter, *_ = parts = _split(self.found.names[v])
            return kinds[letter], [(int(part), "") if part.isdecimal() else (-1, part) for part in parts]

        return sorted(leaves, key=key)

    @cached_property
    def recurrent(self) -> bool:
        """Whether neurons are steps of one after the other."""
        return is_recurrent(self.found.neurons)

    @cached_property
    def recurring(self) -> list[Value]:
        """The weights and biases of more than one step, whatever the case."""
        return [v for v, users in self.user_of.items() if len({unit.depth for unit in users}) > 1]

    def words(self, key: str, **given: object) -> list[Piece]:
        """A text of the catalogue, with formulas where it has names for them."""
        return phrase(self.say, key, **given)

    def key(self, key: str) -> str:
        """Of two texts that which fits the subject: of a formula without neurons that about quantities and a result."""
        name = key.removeprefix("lesson.")
        return f"lesson.{name}.formula" if self.found.formula else key

    def paragraph(self, key: str, **given: object) -> Paragraph:
        """A paragraph of the catalogue's words."""
        return Paragraph(self.words(key, **given))

    def once(self, key: str, **given: object) -> list[Paragraph]:
        """A paragraph that is said only the first time."""
        if key in self._said:
            return []
        self._said.add(key)
        return [self.paragraph(key, **given)]

    def briefly(self, key: str, **given: object) -> Paragraph:
        """A paragraph that has a shorter form from the second time on."""
        name = key.removeprefix("lesson.")
        again = f"lesson.{name}.again"
        return self.paragraph(key if self.first(key) else again, **given)

    def first(self, key: str) -> bool:
        """Whether this is asked for the first time."""
        new = key not in self._said
        self._said.add(key)
        return new

    def listed(self, formulas: Sequence[Formula]) -> list[Piece]:
        """`a, b and c`."""
        return enumerated(self.say, formulas)

    def some_of(self, formulas: Sequence[Formula], most: int = MOST_WEIGHTS) -> list[Piece]:
        """`a, b, c and 12 more`, of very many."""
        if len(formulas) <= most + 1:
            return self.listed(formulas)
        return enumerated(self.say, [*formulas[:most], self.say("say.more", count=len(formulas) - most)])

    def heading(self, key: str, level: int = 1, **given: object) -> Heading:
        """A heading of the catalogue's words."""
        return Heading(self.words(key, **given), level)

    def neuron(self, unit: Unit) -> Formula:
        """A neuron by its name, of several cases with the number of its case."""
        return self.write.neuron(unit)

    def bare(self, unit: Unit) -> Formula:
        """A neuron by its name, whatever the case."""
        return symbol(unit.name)

    def source(self, v: Value) -> Formula:
        """What a weight multiplies: a name, or the number of what has none."""
        return self.write.number(v.data) if isinstance(v, Constant) else self.write.name(v)

    def layer_heading(self, depth: int, count: int, level: int) -> Heading:
        """Of the layer at this depth of so many."""
        if self.recurrent:
            last = {c.weight for unit in self.cases[0][-1] for c in unit.connections}
            if depth == count and last.isdisjoint(self.recurring):
                return self.heading("lesson.layer.output", level)
            return self.heading("lesson.layer.step", level, number=depth)
        if depth == count:
            return self.heading("lesson.layer.output", level)
        if count == 2:
            return self.heading("lesson.layer.hidden", level)
        return self.heading("lesson.layer.hidden.numbered", level, number=depth)

    def some(self, steps: Sequence[Value]) -> list[Value]:
        """All steps, or of too many those at both ends."""
        return list(steps) if len(steps) <= MOST_STEPS else [*steps[: MOST_STEPS // 2], *steps[-MOST_STEPS // 2 :]]

    def left_steps(self, count: int) -> list[Paragraph]:
        """What `some` has left out, if it has."""
        return [self.paragraph("lesson.left.steps", count=count - MOST_STEPS)] if count > MOST_STEPS else []

    def arrow(self, left: Formula, old: float, new: float) -> Equation:
        """`E = 0.298371109 → 0.291027774`."""
        before, now = self.write.number(old), self.write.number(new)
        return Equation(left, [[Formula(f"{before.text} → {now.text}", rf"{before.latex} \rightarrow {now.latex}")]])
