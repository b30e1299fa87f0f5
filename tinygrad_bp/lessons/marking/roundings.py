"""What comes out if numbers on the way are rounded: all of them, or one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property

from tinygrad_bp.lessons.blocks import Formula
from tinygrad_bp.lessons.derivation import Derivation, Step
from tinygrad_bp.lessons.equations import Equations
from tinygrad_bp.lessons.marking.worlds import World

MOST_ROUNDED = 120  # quantities of a graph in which rounding is tried


class Roundings:
    """A derivation with rounded numbers."""

    def __init__(self, derivation: Derivation, write: Equations) -> None:
        self.found, self.write = derivation, write

    def rounded(self, step: Step, world: World) -> Iterator[tuple[int, float]]:
        """What comes out if each result on the way is rounded to so many decimals, and how many."""
        if len(self.found.forward) + len(self.found.backward) > MOST_ROUNDED:
            return
        for digits in range(2, 7):
            if (digits, world) not in self._rounding:
                self._rounding[digits, world] = self._rounded(digits, world)
            yield digits, self._rounding[digits, world].number(step)

    def rounded_one(self, step: Step, world: World) -> Iterator[tuple[Formula, int, float]]:
        """What comes out if one number on the way is rounded to so many decimals, and which."""
        found = self.found
        if len(found.forward) + len(found.backward) > MOST_ROUNDED:
            return
        below = found.below(step.of)
        down = world.sweep(found.loss) if step.kind != "value" else {}
        for digits in range(1, 6):
            for v in found.forward:
                if v in below and v is not step.of and (x := _rounded(world.data[v], digits)) != world.data[v]:
                    other = world.elsewhere({**world.values, v: x})
                    yield self.write.name(v), digits, other.number(step)
            for v in found.backward if step.of is found.loss else ():
                if v is not step.by and v is not found.loss and v.op is not None and v in down:
                    other = World(found, world.values, world.slopes, {**world.totals, v: _rounded(down[v], digits)})
                    yield self.write.delta(v), digits, other.number(step)

    @cached_property
    def _rounding(self) -> dict[tuple[int, World], World]:
        return {}

    def _rounded(self, digits: int, world: World) -> World:
        found = self.found
        values, totals = dict(world.values), dict(world.totals)
        for v in found.forward:
            if v not in values:
                values[v] = _rounded(found.data(values, partly=True)[v], digits)
        for v in found.backward:
            if v not in totals and v is not found.loss:
                totals[v] = _rounded(World(found, values, world.slopes, totals).sweep(found.loss).get(v, 0.0), digits)
        return World(found, values, world.slopes, totals)


def _rounded(x: float, digits: int) -> float:
    """A number with so many decimals; one that is not finite as it is."""
    return round(x, digits) if math.isfinite(x) else x
