"""One error taken for another: the squared error for the cross entropy, and the other way round."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.derivation import Derivation, Step
from tinygrad_bp.lessons.marking.mistakes import Mistake
from tinygrad_bp.lessons.softmax import Share
from tinygrad_bp.lessons.targets import compared

HALVES = (0.5, 1.0)  # of the square that is the error: half of it, or all


@dataclass(frozen=True)
class End:
    """An output and its target.

    Attributes:
        at: the node whose derivative is other with another error: the output, or the net input where softmax or a sigmoid is in the loss.
        out, target: the numbers.
        slope: what the derivative at `at` would be of half the squared error of one case.
        count: of how many cases, or outputs, the error is the mean.
    """

    at: Value
    out: float
    target: float
    slope: float
    count: int = 1


class Errors:
    """What another error leads to.

    Args:
        shares: of net inputs that a cross entropy takes, what they are in it.
    """

    def __init__(self, found: Derivation, shares: Mapping[Value, Share]) -> None:
        self.found, self.shares = found, shares

    def mistakes(
        self, step: Step, down: Mapping[Value, float] | None = None, up: Mapping[Value, float] | None = None
    ) -> Iterator[Mistake]:
        """Of the error, or of a derivative of the loss, whose derivatives with respect to all are `down`, and of all by one `up`."""
        for key, ends in (("squaredForEntropy", self.of_entropy), ("entropyForSquared", self.of_squares)):
            if not ends:
                continue
            if step.kind == "value":
                below = self.found.below(step.of)
                own = [end for end in ends if end.at in below]
                if own and step.of not in {end.at for end in ends}:
                    yield from self._values(key, own)
            elif down is not None and up is not None and step.of is self.found.loss and step.by is not None:
                own = [end for end in ends if end.at in up and end.at in down]
                right = down.get(step.by, 0.0)
                for share in HALVES if own and key == "squaredForEntropy" else (0.5,) if own else ():
                    change = sum((self._slope(key, end, share) - down[end.at]) * up[end.at] for end in own)
                    yield Mistake(key, right + change, 1.7)

    @staticmethod
    def _slope(key: str, end: End, share: float) -> float:
        if key == "squaredForEntropy":
            return 2.0 * share * end.slope / end.count
        rest = end.out * (1.0 - end.out)
        return (end.out - end.target) / rest / end.count if rest else math.inf

    def _values(self, key: str, ends: Sequence[End]) -> Iterator[Mistake]:
        totals = []
        if key == "squaredForEntropy":
            totals = [share * math.fsum((end.out - end.target) ** 2 for end in ends) for share in HALVES]
            totals += [share * math.fsum((1.0 - end.out) ** 2 for end in ends if end.target == 1.0) for share in HALVES]
        elif all(0.0 < end.out < 1.0 and 0.0 <= end.target <= 1.0 for end in ends):
            pairs = [(end.target, math.log(end.out), math.log1p(-end.out)) for end in ends]
            totals = [
                -math.fsum(t * one + (1.0 - t) * other for t, one, other in pairs),
                -math.fsum(t * one for t, one, _ in pairs),
            ]
        for count in dict.fromkeys((1, ends[0].count, len(ends), len(self.found.cases))):
            for total in totals:
                yield Mistake(key, total / count, 1.9)

    # What the errors are in the graph

    @cached_property
    def of_entropy(self) -> list[End]:
        """The ends of a cross entropy, of softmax or of sigmoids; told by the numbers, however it is written."""
        if self.shares and not any(share.alone for share in self.shares.values()):
            return list(self._softmax())
        return [self._logistic(unit) for unit in self._last() if unit.net in self.found.logistic]

    def _last(self) -> Iterator[Unit]:
        return (unit for layers in self.found.cases for unit in layers[-1])

    def _softmax(self) -> Iterator[End]:
        for layers in self.found.cases:
            last = [(unit.net, self.shares[unit.net]) for unit in layers[-1] if unit.net in self.shares]
            mean = math.fsum((share.probability - share.target) * share.probability for _, share in last)
            for net, share in last:
                p, y = share.probability, share.target
                yield End(net, p, y, p * (p - y - mean), share.cases)

    def _logistic(self, unit: Unit) -> End:
        """The end of a neuron whose error is the cross entropy of its sigmoid."""
        share = self.found.logistic[unit.net]
        p, t = share.probability, share.target
        at, slope = (unit.out, p - t) if unit.activation else (unit.net, (p - t) * p * (1.0 - p))
        return End(at, p, t, slope, share.cases)

    @cached_property
    def of_squares(self) -> list[End]:
        """The ends of a squared error: outputs from which a target is subtracted, and nothing else of them is used."""
        found = [self._squared(unit) for unit in self._last()]
        return [end for end in found if end is not None] if all(found) else []

    def _squared(self, unit: Unit) -> End | None:
        target = compared(self.found, unit.out) if len(self.found.users.get(unit.out, [])) == 1 else None
        if target is None:
            return None
        number = target.data if isinstance(target, Value) else target
        total = self.found.graph.total.get(unit.out, 0.0)
        gap = unit.out.data - number
        count = round(gap / total) if total and 0.9 < gap / total < 1e4 else 1
        return End(unit.out, unit.out.data, number, gap, max(count, 1))
