"""The round of a network on one screen: its forward pass, one chain rule, one sum over paths, and the update."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.blocks import Block, Equation, Formula, Piece
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.equations import Equations, chain, summed
from tinygrad_bp.lessons.opening import Opening
from tinygrad_bp.words import Words

MOST_GIVEN = 12  # numbers of a layer


class Brief(Opening):
    """What a learner needs first, of the first neuron of each layer.

    Args:
        derivation: of a network, with a learning rate.
        say: the words of a language.
        digits: of numbers.
    """

    def __init__(self, derivation: Derivation, say: Words, digits: int) -> None:
        super().__init__(derivation, Equations(derivation, digits), say, None)

    def blocks(self) -> Iterator[Block]:
        """From the numbers that are given to the new error."""
        *before, [first, *_] = self.cases[0]
        weight = first.connections[0].weight
        yield from self.numbers()
        yield from self.forward()
        yield self.heading("lesson.brief.chain", weight=self.write.name(weight))
        names = {"net": self.write.name(first.net), "out": self.write.name(first.out)}
        key = "lesson.brief.chain.why" if first.net is not first.out else "lesson.brief.chain.linear"
        yield self.paragraph(key, weight=self.write.name(weight), **names)
        yield self.chain(first, weight)
        yield self.delta(first)
        followed = [weight]
        for hidden, *_ in before[-1:]:
            yield from self.paths(hidden)
            followed.append(hidden.connections[0].weight)
        yield self.heading("lesson.part.update")
        yield self.paragraph("lesson.brief.update")
        yield from map(self.write.update, followed)
        found = self.found
        after = found.data({v: found.updated(v).value for v in found.parameters})[found.loss]
        numbers = {"before": self.write.number(found.loss.data), "after": self.write.number(after)}
        yield self.paragraph("lesson.brief.error", count=len(found.parameters), **numbers)

    def numbers(self) -> Iterator[Block]:
        """What is given: from outside, for each layer its weights and biases, and all else."""
        inside = [
            [v for v in self.leaves() if any(u in layer for u in self.user_of.get(v, ()))] for layer in self.cases[0]
        ]
        told = {v for leaves in inside for v in leaves}
        first = [v for v in self.leaves() if v not in told]
        rate = _equal(Formula("eta", r"\eta"), self.write.number(self.found.learning_rate or 0.0))
        yield self.paragraph("lesson.brief.given", numbers=self.commas([*map(self.equal, first), rate]))
        for depth, leaves in enumerate(inside, 1):
            if leaves:
                layer = self.layer_heading(depth, len(inside), 2).text
                numbers = self.commas([*map(self.equal, leaves)])
                yield self.paragraph("lesson.brief.layer", layer=layer, numbers=numbers)

    def commas(self, formulas: Sequence[Formula]) -> list[Piece]:
        """`a, b, c`, and of very many …."""
        some = [*formulas[:MOST_GIVEN], *([Formula("…", r"\dots")] if len(formulas) > MOST_GIVEN else [])]
        pieces: list[Piece] = []
        for formula in some:
            pieces += [self.say("say.comma"), formula] if pieces else [formula]
        return pieces

    def equal(self, v: Value) -> Formula:
        """`out_h1 = 0.593270`."""
        return _equal(self.write.name(v), self.write.number(v.data))

    def forward(self) -> Iterator[Block]:
        """The first neuron of each layer in full, of the others what comes out."""
        yield self.heading("lesson.part.forward")
        told = {v for unit in self.found.neurons for v in (unit.net, unit.out)}
        for first, *others in self.cases[0]:
            yield from self.activation(first)
            yield from (self.write.value(v) for v in dict.fromkeys([first.net, first.out]))
            if others:
                neurons = self.some_of([self.neuron(unit) for unit in others])
                found = self.some_of([self.equal(unit.out) for unit in others])
                yield self.paragraph("lesson.brief.alike", count=len(others), neurons=neurons, found=found)
        yield from (self.write.value(v) for v in self.found.forward if v not in told)

    def chain(self, unit: Unit, weight: Value) -> Equation:
        """The derivative of the error with respect to a weight of a neuron, factor by factor."""
        loss = self.found.loss
        pairs = [(of, by) for of, by in ((loss, unit.out), (unit.out, unit.net), (unit.net, weight)) if of is not by]
        names = [self.write.derivative(*pair) for pair in pairs]
        numbers, [whole] = ([self.slope(*pair) for pair in several] for several in (pairs, [(loss, weight)]))
        return chain(self.write.derivative(loss, weight), [*(summed([(False, x)]) for x in (names, numbers)), [whole]])

    def slope(self, of: Value, by: Value) -> Formula:
        """The number of a derivative."""
        return self.write.number(self.found.between(of, by).value)

    def delta(self, unit: Unit) -> Block:
        """The chain rule once more, by the delta rule."""
        loss, write, first = self.found.loss, self.write, unit.connections[0]
        delta = self.found.between(loss, unit.net).value
        rule = summed([(False, [write.delta(unit.net), self.source(first.source)])])
        numbers = summed([(False, [write.number(delta), write.number(first.source.data)])])
        return self.paragraph(
            "lesson.brief.delta",
            neuron=self.neuron(unit),
            delta=_equal(write.delta(unit.net), write.number(delta)),
            rule=_equal(*rule, *numbers, self.slope(loss, first.weight)),
            minus=write.number(-delta),
        )

    def paths(self, unit: Unit) -> Iterator[Block]:
        """The derivative with respect to an output of a hidden neuron, from all neurons that it feeds, and with it that of a weight."""
        write, first = self.write, unit.connections[0]
        out, weight = write.name(unit.out), write.name(first.weight)
        kind = "sum" if len(self.found.graph.users[unit.out]) > 1 else "path"
        yield self.heading(f"lesson.brief.{kind}", out=out)
        yield self.paragraph(f"lesson.brief.{kind}.why", out=out)
        yield write.total(unit.out)
        graph = self.found.graph
        for factor in graph.factors([edge for edge in graph.users[unit.net] if edge.of is unit.out]):
            yield self.paragraph("lesson.brief.slope", neuron=self.neuron(unit))
            yield write.slope(unit.out, unit.net, factor)
        yield self.paragraph(
            "lesson.brief.sum.rest", neuron=self.neuron(unit), source=self.source(first.source), weight=weight
        )
        yield self.chain(unit, first.weight)


def _equal(*sides: Formula) -> Formula:
    return Formula(" = ".join(x.text for x in sides), " = ".join(x.latex for x in sides))
