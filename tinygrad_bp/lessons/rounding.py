"""How far off an answer can be, when every number on the way to it was rounded as it was written down.

It is a bound by sensitivities, to the first order. What is written down, a value with a name, a slope, a derivative of the loss, is off by
half a unit of its last digit, and by what those that it was computed from are off, each times how strongly it depends on it. What has no
name is reckoned in one go and not rounded; the leaves are exact.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.asking import KEPT, place_of
from tinygrad_bp.lessons.derivation import Derivation, Numbers, Step
from tinygrad_bp.lessons.softmax import grouped

NOISE = 4e-16  # what floats are off by: what is left of larger numbers that cancel is no number to ask for
CLEAR = 0.5  # units of the last digit that is asked for: what is off by more is not well-conditioned


def half_unit(x: float, digits: int) -> float:
    """How far off a number is at most, once it is rounded to so many digits that count."""
    return 0.5 * 10.0 ** -place_of(x, digits) if x else 0.0


class Rounding:
    """How far off the quantities of a derivation can be with these data, if numbers are kept with so many digits.

    Args:
        found: the derivation.
        data: the numbers of all nodes.
        digits: how many digits that count are kept.
        classes: the net inputs that a softmax is taken of, or one alone of a sigmoid; their deltas are p - y with p written down.
    """

    def __init__(self, found: Derivation, data: Numbers, digits: int, classes: Iterable[Sequence[Value]] = ()) -> None:
        self._shares: dict[Value, float] = {}
        for nets in classes:
            largest = max(0.0 if len(nets) == 1 else -math.inf, *(data[v] for v in nets))
            rest = math.exp(-largest) if len(nets) == 1 else 0.0  # a sigmoid
            total = math.fsum([rest, *(math.exp(data[v] - largest) for v in nets)])
            self._shares |= {v: half_unit(math.exp(data[v] - largest) / total, digits) for v in nets}
        beside, shares = found.probabilities, found.shares
        self._found, self._data, self._digits = found, data, digits
        self._values: dict[Value, float] = {}
        self._local: dict[
            Value, list[tuple[Value, float, float]]
        ] = {}  # of each operand the slope, and how far off that is
        self._swept: dict[Value, tuple[dict[Value, float], dict[Value, float]]] = {}
        for v in found.order:
            self._local[v] = list(self._slopes(v))
            passed = math.fsum(abs(slope) * (self._values[x] + NOISE * abs(data[x])) for x, slope, _ in self._local[v])
            written = v.op is not None and v in found.names
            passed += sum(
                half_unit(data[p], digits) * shares[beside.net[p]].steepness(data[p])
                for p in beside.errors.get(v, ())
                if data[p]
            )
            self._values[v] = passed + (half_unit(data[v], digits) if written else 0.0)

    def of(self, step: Step) -> tuple[float, float]:
        """The number of a quantity with these data, and how far off it can be."""
        if step.by is None:
            return self._data[step.of], self._values[step.of]
        totals, errors = self._sweep(step.of)
        total, error = totals.get(step.by, 0.0), errors.get(step.by, 0.0)
        if step.kind != "update":
            return total, error
        rate = self._found.learning_rate
        assert rate is not None
        value = self._data[step.by] - rate * total
        return value, rate * error + half_unit(rate * total, self._digits) + half_unit(value, self._digits)

    def _slopes(self, v: Value) -> Iterator[tuple[Value, float, float]]:
        """Of each operand the local derivative, and by how much it changes when what it is computed from is off."""
        if v.op is None:
            return
        data, op = self._data, v.op
        operands = [data[x] if isinstance(x, Value) else x for x in v.operands]
        wanted = [isinstance(x, Value) for x in v.operands]
        slopes = op.derivatives(data[v], operands, wanted)
        shifted = []
        passed = 0.0
        for k, x in enumerate(v.operands):
            if isinstance(x, Value) and self._values[x]:
                shifted.append((data[v], [*operands[:k], operands[k] + self._values[x], *operands[k + 1 :]]))
                passed += abs(slopes[k]) * self._values[x]
        if v in self._found.names:
            passed += half_unit(data[v], self._digits)
        if passed:
            shifted.append((data[v] + passed, operands))
        others = [op.derivatives(out, given, wanted) for out, given in shifted]
        single = sum(wanted) == 1 and v in self._found.names
        for k, x in enumerate(v.operands):
            if isinstance(x, Value):
                off = math.fsum(abs(other[k] - slopes[k]) for other in others)
                rounded = half_unit(slopes[k], self._digits) if single and abs(slopes[k]) != 1.0 else 0.0
                yield x, slopes[k], off + rounded

    def _sweep(self, top: Value) -> tuple[dict[Value, float], dict[Value, float]]:
        """The derivatives of a Value, and how far off they can be."""
        if top in self._swept:
            return self._swept[top]
        found, order = self._found, self._found.order
        totals, errors = {top: 1.0}, {top: 0.0}
        for v in reversed(order[: found.place[top] + 1]):
            if v not in totals:
                continue
            if v in found.names and v is not top:
                errors[v] += half_unit(totals[v], self._digits) + self._shares.get(v, 0.0)
            for x, slope, off in self._local[v]:
                totals[x] = totals.get(x, 0.0) + slope * totals[v]
                noise = NOISE * abs(slope * totals[v])
                errors[x] = errors.get(x, 0.0) + abs(slope) * errors[v] + abs(totals[v]) * off + noise
        self._swept[top] = totals, errors
        return totals, errors


def classes_of(found: Derivation) -> list[list[Value]]:
    """The net inputs of each case that a softmax is taken of, or one alone of a sigmoid, where the error is a cross entropy of it."""
    groups = [group for layers in found.cases for group in grouped(layers[-1], found.shares)]
    return [[unit.net for unit in group] for group in groups]


class Condition(NamedTuple):
    """How an answer stands rounding on the way to it.

    Attributes:
        units: how many units of the last digit that is asked for it can be off.
        settled: whether it is the same number all the same, once it is rounded to these digits.
    """

    units: float
    settled: bool

    @property
    def is_clear(self) -> bool:
        """Whether the answer is well-conditioned: it may be asked for."""
        return self.units <= CLEAR

    @property
    def tolerance(self) -> float:
        """How many units an answer may be off: half of one by rounding it, and what it is off before."""
        return 0.5 if self.settled else max(1.0, float(math.ceil(0.5 + self.units)) if self.units < 1e6 else 1.0)


def conditions(
    found: Derivation, data: Numbers, steps: Iterable[Step], digits: int, classes: Iterable[Sequence[Value]] = ()
) -> dict[str, Condition]:
    """Of each quantity, by its name, how it stands rounding to `KEPT` more digits than the so many that are asked for."""
    try:
        rounding = Rounding(found, data, digits + KEPT, classes)
        return {step.name: _condition(*rounding.of(step), digits) for step in steps}
    except (ArithmeticError, ValueError):  # beside a pole
        return {step.name: Condition(math.inf, settled=False) for step in steps}


def _condition(x: float, error: float, digits: int) -> Condition:
    if not error:
        return Condition(0.0, settled=True)
    if not x or not math.isfinite(error):
        return Condition(math.inf, settled=False)
    texts = {f"{each:.{digits - 1}e}" for each in (x - error, x, x + error)}
    return Condition(error / (2.0 * half_unit(x, digits)), len(texts) == 1)
