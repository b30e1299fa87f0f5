"""What may be taken for a local derivative: of a product, a power, a difference, a function."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.blocks import Formula
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.marking.forward import Forward, is_number
from tinygrad_bp.lessons.marking.mistakes import Mistake, evaluated, mistakes
from tinygrad_bp.lessons.marking.worlds import World


class Slopes:
    """The mistakes in local derivatives of a derivation."""

    def __init__(self, derivation: Derivation, forward: Forward) -> None:
        self.found, self.forward = derivation, forward
        self.write, self.words = forward.write, forward.words

    def of(self, n: Value, place: int, x: Value, local: float, world: World) -> Iterator[Mistake]:
        """What may be taken for a local derivative: mistakes whose value stands in its place."""
        op = n.op
        if op in (ops.mul, ops.dot):
            yield from self._products(n, place, local, world)
            return
        number = {"what": self.words.factor(n, place), "number": self.write.number(local)}
        if op is ops.div and place == 0:
            if is_number(n.operands[1]):
                yield from self._constant(n, 1)
            else:
                yield Mistake("omitted", 1.0, 2.0, number, kind="slope")
        elif op is ops.pow and place == 0 and not isinstance(n.operands[1], Value):
            base, power = world.data[x], n.operands[1]
            if power == 2:
                yield Mistake("halved", local / 2.0, 1.8)
            try:
                yield Mistake("degree", base ** (power - 1.0), 2.2, number)
                yield Mistake("degree", power * base**power, 2.5, number)
                yield Mistake("degree", base**power, 2.5, number)
            except (ArithmeticError, ValueError):
                pass
        elif op is ops.sub and place == 0:
            pair = self.forward.difference(n)
            if pair is not None and pair[0] == "exchanged":
                yield Mistake(pair[0], -1.0, 1.6, pair[1])
        elif op is ops.sub and place == 1:
            pair = self.forward.difference(n)
            if pair is not None:
                yield Mistake(pair[0], 1.0, 1.6, pair[1])
            else:
                yield Mistake("minus", 1.0, 2.2, number)
        elif op not in (ops.add, ops.sub, ops.sum_of, ops.neg):
            yield from self._functions(n, x, local, number, world)
        if local < 0.0 and op is ops.neg:
            yield Mistake("minus", 1.0, 2.2, number)

    def _functions(
        self, n: Value, x: Value, local: float, number: Mapping[str, Formula | str], world: World
    ) -> Iterator[Mistake]:
        """What is taken for the slope of a function of one operand, an activation above all."""
        assert n.op is not None
        result, operand = self.forward.written(n), self.forward.written(x)
        for k, template in enumerate(mistakes()["slopes"].get(n.op.name, ())):
            try:
                slope = evaluated(template, world.data[x], world.data[n])
            except (ArithmeticError, ValueError):
                continue
            if isinstance(slope, float):
                yield Mistake("replaced", slope, 1.0 + 0.1 * k, {**number, "wrong": self.words.slope(template, x, n)})
        if n.op is ops.softplus and x in self.found.names:  # of a cross entropy it is no activation
            sigmoid = Formula(f"1 / (1 + exp(-{operand.text}))", rf"\sigma({operand.latex})")
            wrong = Formula(f"{sigmoid.text} * (1 - {sigmoid.text})", rf"{sigmoid.latex} \cdot (1 - {sigmoid.latex})")
            yield Mistake("replaced", local * (1.0 - local), 1.4, {**number, "wrong": wrong})
        yield Mistake("omitted", 1.0, 1.1, number, kind="slope")
        yield Mistake("twice", local * local, 2.6, number)
        own = local < 0.0 and (n.op is ops.cos or n.op is ops.div)  # whose slope has a minus sign of its own
        yield Mistake("minus", -local, 2.4 if own else 3.6, number, text="" if own else "wrongSign")
        if local:
            yield Mistake("upsideDown", 1.0 / local, 3.2, number)
        if n.op.name not in mistakes()["slopes"]:
            yield Mistake("replaced", world.data[n], 2.8, {**number, "wrong": result})
            yield Mistake("replaced", world.data[x], 3.0, {**number, "wrong": operand})
        for other in self.forward.likeness.alike(n):
            wrong = self.words.factor(other, 0)
            yield Mistake("replaced", world.local[other][0], 2.4, {**number, "wrong": wrong})

    def _products(self, n: Value, place: int, local: float, world: World) -> Iterator[Mistake]:
        """What is taken for the other factor of a product."""
        operands = n.operands
        half = len(operands) // 2
        other_place = (place + half) % len(operands) if n.op is ops.dot else 1 - place
        partner = operands[other_place]
        if is_number(partner):
            if n.op is ops.mul and local not in (0.0, 1.0):
                yield from self._constant(n, other_place)
            return
        assert isinstance(partner, Value)
        if partner is operands[place]:
            yield Mistake("halved", 0.0, 2.0)
            return
        if partner.op is ops.mul and partner not in self.found.names:
            for x in partner.operands:
                c = x.data if isinstance(x, Value) else x
                if is_number(x) and c not in (0.0, 1.0):
                    yield Mistake("constant", local / c, 1.8, {"number": self.write.number(c)})
        number = {"what": self.forward.written(partner), "number": self.write.number(local)}
        yield Mistake("omitted", 1.0, 1.5, number)
        yield Mistake("twice", local * local, 2.4, number)
        for other, rank in self.forward.likeness.instead(n, place, partner):
            x = world.data.get(other, other.data)  # a signal may be a plain number
            if not x:
                continue  # as if the product were left out
            yield Mistake("replaced", x, rank, {**number, "wrong": self.forward.written(other)})
        if (new := self.forward.updated.get(partner)) is not None:
            plus = self.write.name(partner)
            yield Mistake("replaced", new, 1.4, {**number, "wrong": Formula(f"{plus.text}+", f"{plus.latex}^{{+}}")})

    def _constant(self, n: Value, place: int) -> Iterator[Mistake]:
        """A constant factor or divisor that is forgotten: the one at this place."""
        x = n.operands[place]
        if (x.data if isinstance(x, Value) else x) not in (0.0, 1.0):
            key, rank, number = self.forward.means.constant(n, place)
            yield Mistake(key, 1.0, rank, {"number": self.write.number(number)})
