"""Means and halves in a graph: what is divided by how many it is the sum of, and squares that are divided by 2."""

from __future__ import annotations

from collections.abc import Collection
from functools import cached_property

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.lessons.marking.wording import count_of, summands


class Means:
    """What the constants are that something is multiplied with or divided by."""

    def __init__(self, derivation: Derivation) -> None:
        self.found = derivation
        self._counts: dict[Value, int] = {}

    def count(self, n: Value) -> int:
        """Of how many a node is the mean, if it divides a sum by how many are in it; else 0."""
        if n not in self._counts:
            parts = [(k, x.data if isinstance(x, Constant) else x) for k, x in enumerate(n.operands)]
            numbers = [(k, x) for k, x in parts if not isinstance(x, Value)]
            self._counts[n] = 0
            if len(numbers) == 1 and len(parts) == 2 and (n.op is ops.mul or (n.op is ops.div and numbers[0][0] == 1)):
                place, c = numbers[0]
                count = count_of(c if n.op is ops.mul else 1.0 / c if c else 0.0)
                if count and self._is_of(n.operands[1 - place], count):
                    self._counts[n] = count
        return self._counts[n]

    def _is_of(self, x: Value | float, count: int) -> bool:
        """Whether something is the sum of so many, or of so many cases."""
        if not isinstance(x, Value):
            return False
        cases = sum(not places.isdisjoint(self._below(x)) for places in self._outs)
        if cases > 1 and count % cases == 0:
            return count // cases in (1, len(self.found.cases[0][-1]))
        parts = list(summands(x))
        return len(parts) == count and not (count == 2 and is_squared(x))

    @cached_property
    def _outs(self) -> list[set[Value]]:
        """Of each case the outputs."""
        return [{unit.out for unit in layers[-1]} for layers in self.found.cases]

    def _below(self, x: Value) -> set[Value]:
        met, waiting = {x}, [x]
        ends = set().union(*self._outs)
        while waiting:
            v = waiting.pop()
            if v in ends:
                continue
            for y in v.args:
                if y not in met:
                    met.add(y)
                    waiting.append(y)
        return met

    def ends(self, n: Value) -> list[Value]:
        """Of a mean the last and the first summand; of anything else nothing."""
        if not self.count(n):
            return []
        [inner] = [x for x in n.operands if isinstance(x, Value) and not isinstance(x, Constant)]
        parts = [x for x in summands(inner) if isinstance(x, Value)]
        return list(dict.fromkeys([parts[-1], parts[0]])) if len(parts) > 1 else []

    def constant(self, n: Value, place: int) -> tuple[str, float, float]:
        """What it is called to leave out a constant, the operand at this place, how likely that is, and the number to be said."""
        x = n.operands[place]
        c = x.data if isinstance(x, Value) else x
        if count := self.count(n):
            return "mean", 1.5, float(count)
        other = n.operands[1 - place]
        share = c if n.op is not ops.div else 1.0 / c if c else 0.0
        if share == 0.5 and isinstance(other, Value) and is_squared(other):
            return "doubled", 1.5, c
        return ("divisor" if n.op is ops.div else "constant"), 1.8, c

    def within(self, nodes: Collection[Value]) -> list[int]:
        """Of how many the means are that are among these nodes."""
        return sorted({count for n in nodes if n.op is not None and (count := self.count(n))})

    def is_halved(self, nodes: Collection[Value]) -> bool:
        """Whether a square is divided by 2 at one of these nodes."""
        for n in nodes:
            for place, x in enumerate(n.operands if n.op in (ops.mul, ops.div) else ()):
                number = not isinstance(x, Value) or isinstance(x, Constant)
                if number and len(n.operands) == 2 and self.constant(n, place)[0] == "doubled":
                    return True
        return False


def is_square(v: Value) -> bool:
    """Whether a Value is a square: x ** 2, or x * x."""
    if v.op is ops.pow:
        exponent = v.operands[1]
        return (exponent.data if isinstance(exponent, Constant) else exponent) == 2.0
    return v.op is ops.mul and v.operands[0] is v.operands[1]


def is_squared(v: Value) -> bool:
    """Whether a Value is a square, or a sum of squares."""
    parts = list(summands(v))
    return bool(parts) and all(isinstance(x, Value) and is_square(x) for x in parts)
