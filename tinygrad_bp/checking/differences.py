"""Difference quotients for falling steps, extrapolated, and how far they may be off.

The numerical derivative is the central difference (f(x + h) - f(x - h)) / 2h, for steps h of which each is a quarter of the one before.
Two neighbours of the series give an estimate without the error of order h**2 (L. F. Richardson, "The deferred approach to the limit",
Philosophical Transactions of the Royal Society A 226, 1927). To one side the errors are of order h and h**2, and both are taken out.

Estimates count only where they settle: what still changes from one to the next, beyond what rounding explains, has to shrink as the steps
do. So steps that are longer than what happens in the function give no estimate, nor does a bend nearer than the steps. And no smaller step
may contradict by more than its rounding.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from tinygrad_bp.checking.rounding import Probe, half_unit, swing

EPSILON = sys.float_info.epsilon
LEVELS = 26  # of steps on a scale: a quarter of x down to the distance of floats
FORESEEN = 64.0  # by how much rounding may scatter more than its bound, in operations of a user's own
SETTLING = 3.0  # by which the changes of estimates shrink at least from step to step; smooth functions: by 64 or more
CENTRAL, ONE_SIDED, BEND = (16.0,), (4.0, 16.0), (4.0, 64.0)  # by what a quarter of the step divides the errors


@dataclass(frozen=True)
class Slope:
    """A numerical derivative and how far it may be off; NaN and infinity where no difference can be formed."""

    value: float = math.nan
    uncertainty: float = math.inf


@dataclass(frozen=True)
class Quotient:
    """The difference quotient for a step, and how far rounding may have moved it."""

    step: float
    slope: float
    blur: float


class Differences:
    """The difference quotients of a function around x; each of its numbers is computed once.

    Attributes:
        here: the function at x.
    """

    def __init__(self, probe: Probe, x: float) -> None:
        self.x, self._probe = x, probe
        self._seen: dict[float, tuple[float, float]] = {}
        self.here = self.at(0.0)[0]

    def at(self, offset: float) -> tuple[float, float]:
        """The function at so far from x, and the bound of its rounding."""
        found = self._seen.get(offset)
        if found is None:
            x = self.x + offset
            back = x - self.x
            slip = abs((self.x - (x - back)) + (offset - back))  # what x + h itself lost by rounding
            found = self._seen[offset] = self._probe(x, slip) if math.isfinite(x) else (math.nan, math.inf)
        return found

    def defined(self, side: int) -> bool:
        """Whether the function has a value beside x on this side (-1 or 1)."""
        return any(math.isfinite(self.at(side * step)[0]) for steps in scales(self.x, 1.0) for step in steps[-2:])

    def beside(self) -> bool:
        """Whether the function has values at the next floats to both sides, though it ends near x."""
        return all(math.isfinite(self.at(math.nextafter(self.x, end) - self.x)[0]) for end in (-math.inf, math.inf))

    def slope(self, side: int = 0, stretch: float = 1.0, levels: int = LEVELS) -> Slope:
        """The slope to both sides of x (side 0), to the left (-1) or to the right (1).

        With steps that are longer by the factor `stretch`; of each scale so many of the longest.
        """
        return _limit(self._quotients(side, stretch, levels), ONE_SIDED if side else CENTRAL)

    def bend(self, levels: int = LEVELS) -> Slope:
        """By how much the slope to the right is larger than that to the left."""
        rows = [
            [
                Quotient(after.step, after.slope - before.slope, after.blur + before.blur)
                for after, before in zip(right, left, strict=True)
            ]
            for right, left in zip(self._quotients(1, levels=levels), self._quotients(-1, levels=levels), strict=True)
        ]
        return _limit(rows, BEND)

    def follow(self, slope: float, gap: float) -> bool:
        """Whether steps that can tell this slope from one that is off by the gap are shorter than what happens at such a slope.

        If the function moved by as much as it ever does within such a step, it could do so many times over, in waves of which the floats
        beside x see nothing, or one that grows as slowly as you like.
        """
        extent = max(
            (abs(y - self.here) - moved for y, moved in self._seen.values() if math.isfinite(y - self.here)),
            default=0.0,
        )
        extent = extent if extent > 0.0 else abs(self.here)
        return any(
            each.blur <= 0.25 * gap and (abs(slope) * each.step <= 0.25 * extent or (each.blur == 0.0 == each.slope))
            for row in self._quotients(0)
            for each in row
        )

    def moves(self) -> float:
        """How steep the function is at most between x and a point beside it, rounding taken off."""
        steepest = 0.0
        for offset, (y, moved) in self._seen.items():
            if offset and math.isfinite(moved) and math.isfinite(y):
                steepest = max(steepest, (abs(y - self.here) - moved) / abs(offset))
        return steepest

    def _quotients(self, side: int, stretch: float = 1.0, levels: int = LEVELS) -> list[list[Quotient]]:
        return [[self._quotient(step, side) for step in steps[:levels]] for steps in scales(self.x, stretch)]

    def _quotient(self, step: float, side: int) -> Quotient:
        high, high_moved = self.at(step) if side >= 0 else (self.here, 0.0)
        low, low_moved = self.at(-step) if side <= 0 else (self.here, 0.0)
        width = step if side else 2.0 * step
        slope, moved = (high - low) / width, (high_moved + low_moved) / width
        if not math.isfinite(slope) or not math.isfinite(moved):
            return Quotient(step, math.nan, math.inf)
        return Quotient(step, slope, moved + 2.0 * half_unit(slope) if slope or high != low else moved)


def scales(x: float, stretch: float) -> list[list[float]]:
    """Falling steps, each a quarter of the one before: on the scale of x and, for an x near 0, on that of 1.

    On the scale of x they are multiples of the distance of floats there, so that x + h and x - h are exact.
    """
    if not math.isfinite(x):
        return []
    found = []
    if x:
        least = 2.0 * math.ulp(x) * stretch
        count = next((k for k in range(LEVELS) if least * 4.0**k > 0.25 * abs(x)), LEVELS)
        found.append([least * 4.0**k for k in reversed(range(count))])
    if abs(x) < 1e-3:
        found.append([stretch * 4.0**-k for k in range(2, LEVELS - 2)])
    return found


def _limit(series: Sequence[list[Quotient]], gains: Sequence[float]) -> Slope:
    """What these quotients tend to, as the steps of some series fall."""
    rows = [_no_calmer_than_it_is(_defined_at_last(row)) for row in series]
    found = [slope for row in rows for slope, step in _estimates(row, gains) if not _contradicted(slope, step, rows)]
    return min(found, key=lambda slope: slope.uncertainty, default=Slope())


def _defined_at_last(row: list[Quotient]) -> list[Quotient]:
    """The quotients of the steps from which on all have one."""
    last = max((k for k, each in enumerate(row) if not math.isfinite(each.slope)), default=-1)
    return row[last + 1 :]


def _no_calmer_than_it_is(row: list[Quotient]) -> list[Quotient]:
    """The quotients with more blur where the smallest steps, among which only rounding makes a difference, scatter by more than foreseen.

    If by much more, it is no rounding: a bend, or waves that are shorter than the steps.
    """
    scatter = sorted(
        abs(after.slope - before.slope) / (after.blur + before.blur)
        for before, after in pairwise(row[-7:])
        if after.blur + before.blur
    )
    factor = scatter[len(scatter) // 2] if scatter else 1.0
    return [Quotient(each.step, each.slope, factor * each.blur) for each in row] if 1.0 < factor < FORESEEN else row


def _estimates(row: Sequence[Quotient], gains: Sequence[float]) -> list[tuple[Slope, float]]:
    """The extrapolated slopes that have settled, each with the smallest step in it."""
    values = [(each.slope, each.blur) for each in row]
    for gain in gains:
        values = [
            ((gain * fine - coarse) / (gain - 1.0), (gain * fine_blur + coarse_blur) / (gain - 1.0))
            for (coarse, coarse_blur), (fine, fine_blur) in pairwise(values)
        ]
    raw = [(abs(after.slope - before.slope), before.blur + after.blur) for before, after in pairwise(row)]
    found = []
    for k in range(2, len(values)):
        if _settles(raw[: k + len(gains)]):
            (first, _), (second, _), (value, blur) = values[k - 2 : k + 1]
            still = max(abs(value - second), abs(second - first) / gains[-1])
            found.append((Slope(value, still + blur + EPSILON * abs(value)), row[k + len(gains)].step))
    return found


def _settles(changes: Sequence[tuple[float, float]]) -> bool:
    """Whether the last changes that stand out from rounding shrink, two times over, or the next one is lost in it, and less."""
    last = max((k for k, (change, blur) in enumerate(changes) if change > 4.0 * blur), default=None)
    if last is None:
        return True
    seen = [change for change, _ in changes[max(0, last - 2) : last + 1]]
    if len(seen) > 1 and all(SETTLING * after <= before for before, after in pairwise(seen)):
        return True
    return last + 1 < len(changes) and changes[last + 1][0] <= max(changes[last + 1][1], seen[-1] / SETTLING)


def _contradicted(slope: Slope, smallest: float, rows: Sequence[Sequence[Quotient]]) -> bool:
    """Whether a smaller step says something else, beyond its rounding."""
    return any(
        abs(each.slope - slope.value) > slope.uncertainty + each.blur
        for row in rows
        for each in row
        if each.step < smallest
    )


def derivative(function: Callable[[float], float], x: float, noise: float | None = None) -> tuple[float, float]:
    """The numerical derivative at x and its uncertainty; NaN and infinity where no difference can be formed.

    Args:
        function: floats to floats.
        x: where it is differentiated.
        noise: how far rounding may move the function's values; by default by two units in their last place and by what the last place
            of x makes.
    """

    def probe(x: float, slip: float = 0.0) -> tuple[float, float]:
        try:
            y = function(x)
            if noise is not None:
                return y, noise
            return y, 4.0 * half_unit(y) + sum(swing(function, y, [x], [math.ulp(x)]))
        except (ValueError, ArithmeticError):
            return math.nan, math.inf

    slope = Differences(probe, x).slope()
    return slope.value, slope.uncertainty
