"""A graph with other numbers in some places: what comes out of a mistake, or of another's results taken for granted."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cached_property

from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.derivation import Derivation, Step
from tinygrad_bp.lessons.marking.mistakes import evaluated, mistakes

Numbers = Mapping[Value, float]


class World:
    """The numbers of a graph where some are given. What cannot be computed from these, as the logarithm of a negative one, is NaN.

    Args:
        values: data of nodes that are taken for granted.
        slopes: local derivatives that are, by node and place of the operand.
        totals: derivatives of the loss that are.
        by_result: whether the slopes of functions whose data is given are computed from that, `out * (1 - out)`, and not from the operand.
        instead: data of what follows in a way that the graph does not have, as -log(p) does of probabilities of a softmax.
        between: derivatives of one Value with respect to another that acts on it in several ways, all of them or the direct one.
        inside: data that local derivatives are computed from, where they are other than those of the forward pass.
    """

    def __init__(
        self,
        derivation: Derivation,
        values: Numbers | None = None,
        slopes: Mapping[tuple[Value, int], float] | None = None,
        totals: Numbers | None = None,
        inside: Numbers | None = None,
        by_result: bool = False,
        instead: Numbers | None = None,
        between: Mapping[Step, float] | None = None,
    ) -> None:
        self.derivation = derivation
        self.values, self.slopes, self.totals = dict(values or {}), dict(slopes or {}), dict(totals or {})
        self.inside, self.by_result = dict(inside or {}), by_result
        self.instead, self.between = dict(instead or {}), dict(between or {})
        self._sweeps: dict[Value, dict[Value, float]] = {}

    def elsewhere(self, values: Numbers) -> World:
        """The same with these data given."""
        return World(
            self.derivation, values, self.slopes, self.totals, self.inside, self.by_result, self.instead, self.between
        )

    @cached_property
    def data(self) -> dict[Value, float]:
        given = {**self.instead, **self.values}
        return self.derivation.data(given, partly=True) if given else self.derivation.recorded

    @cached_property
    def local(self) -> dict[Value, list[float]]:
        """The local derivatives of each node, by the place of the operand; those with respect to plain numbers are 0."""
        data = {**self.data, **self.inside} if self.inside else self.data
        found = dict(self.derivation.local)
        if data is not self.derivation.recorded:
            self._renew(found, data)
        for v, x in self.values.items() if self.by_result else ():
            if v.op is not None and v.op.name in mistakes()["by_result"]:
                try:
                    found[v] = [evaluated(mistakes()["by_result"][v.op.name], 0.0, x)]
                except ArithmeticError:
                    found[v] = [math.nan]
        for (v, place), slope in self.slopes.items():
            found[v] = [slope if k == place else x for k, x in enumerate(found[v])]
        return found

    def _renew(self, found: dict[Value, list[float]], data: Numbers) -> None:
        """Computes those local derivatives anew whose node or operands have other data than the graph."""
        recorded = self.derivation.recorded
        moved = {v for v, x in data.items() if x is not recorded[v]} | {
            v for v, x in self.data.items() if x is not recorded[v]
        }
        for v in found:
            if v not in moved and moved.isdisjoint(v.args):
                continue
            assert v.op is not None
            wanted = [isinstance(x, Value) for x in v.operands]
            operands = [data[x] if isinstance(x, Value) else x for x in v.operands]
            try:
                slopes = v.op.derivatives(self.data[v], operands, wanted)
            except (ArithmeticError, ValueError):
                slopes = [math.nan] * len(wanted)
            found[v] = [x if want else 0.0 for x, want in zip(slopes, wanted, strict=True)]

    @cached_property
    def _apart(self) -> World:
        """The same with nothing given of derivatives between."""
        return World(self.derivation, self.values, self.slopes, {}, self.inside, self.by_result, self.instead)

    def sweep(self, of: Value, free: Value | None = None) -> dict[Value, float]:
        """The derivatives of a Value with respect to all below it; of the loss those that are given, but for that of `free`."""
        if free not in self.totals:
            free = None
        if free is None and of in self._sweeps:
            return self._sweeps[of]
        given = self.totals if of is self.derivation.loss else {}
        found = {of: 1.0}
        order = self.derivation.order
        for v in reversed(order[: self.derivation.place[of] + 1]):
            for step, total in self.between.items():
                if step.by is v and step.of in found and (step.direct or step.of is not of):
                    found[v] = found.get(v, 0.0) + found[step.of] * (total - self._apart.down(step).get(v, 0.0))
            if v in given and v is not free:
                found[v] = given[v]
            if v not in found or v.op is None:
                continue
            total = found[v]
            for x, local in zip(v.operands, self.local[v], strict=True):
                if isinstance(x, Value):
                    found[x] = found.get(x, 0.0) + (local * total if local else 0.0)
        if free is None:
            self._sweeps[of] = found
        return found

    def upward(self, by: Value, of: Value, *, direct: bool = False) -> dict[Value, float]:
        """The derivatives of all that depend on a Value, up to another, with respect to it; `direct`: through nothing with a name."""
        order, place = self.derivation.order, self.derivation.place
        found = {by: 1.0}
        blocked = self.totals if of is self.derivation.loss else {}
        for v in order[place[by] + 1 : place[of] + 1]:
            if v.op is None or not any(x in found for x in v.operands):
                continue
            if direct and v is not of and v in self.derivation.names:
                continue
            total = 0.0
            for x, local in zip(v.operands, self.local[v], strict=True):
                if isinstance(x, Value) and x in found and local and not (x in blocked and x is not by):
                    total += local * found[x]
            found[v] = total
        return found

    def down(self, step: Step) -> dict[Value, float]:
        """The derivatives of what a step differentiates with respect to all below it, the step's own not taken for granted."""
        assert step.by is not None
        if step.direct:
            return self.derivation.directly(step.of, step.by, self.local)
        return self.sweep(step.of, step.by)

    def up(self, step: Step) -> dict[Value, float]:
        """The derivatives of all between with respect to what a step differentiates by."""
        assert step.by is not None
        return self.upward(step.by, step.of, direct=step.direct)

    def number(self, step: Step) -> float:
        """What a step of the derivation gives here, itself not taken for granted."""
        if step.kind == "value":
            if step.of not in self.values:
                return self.data[step.of]
            others = {**self.instead, **{v: x for v, x in self.values.items() if v is not step.of}}
            return self.derivation.data(others, partly=True)[step.of]
        assert step.by is not None
        if step.kind == "update":
            assert self.derivation.learning_rate is not None
            if step.by in self.derivation.fixed:
                return self.data[step.by]
            # A derivative with respect to the parameter itself that was given is what the update takes.
            return self.data[step.by] - self.derivation.learning_rate * self.sweep(step.of).get(step.by, 0.0)
        return self.down(step).get(step.by, 0.0)
