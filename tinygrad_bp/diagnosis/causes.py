"""Where a NaN or an infinity came from: the events that made one of finite numbers, and no more than those that what is asked about
came from.

Forward it is looked for in topological order, backward in the order in which `backward` multiplies and adds.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Closed
from tinygrad_bp.core.order import dependents
from tinygrad_bp.core.stable import halves
from tinygrad_bp.core.value import Value

UNDERFLOWING = frozenset((ops.mul, ops.div, ops.exp, ops.pow, ops.sigmoid, ops.softplus))


@dataclass(frozen=True, eq=False)
class Event:
    """Something that is not finite, of what is.

    Attributes:
        kind: what happened, as `Finding.kind`.
        node: where; backward the node whose slope or gradient it is.
        at: the node at which the two that make a NaN meet; of a row of nothing but -∞ what was to choose among them.
        by: the place of the operand that it was passed to, backward; forward that of a plain number that was given so.
        numbers: the numbers that count.
        cause: what happened before, without which this would not have.
    """

    kind: str
    node: Value
    at: Value | None = None
    by: int = 0
    numbers: Mapping[str, float] = field(default_factory=dict)
    cause: Event | None = None


@dataclass
class Backward:
    """What `backward` computes, without a word of it in the nodes.

    Attributes:
        gradients: of the last of the nodes with respect to each.
        events: those that led to a gradient of the xs that is not finite, in the order in which they happened.
        kinks: infinite slopes that meet the kink of what chooses, where its slope counts as 0, on the way to an x: nothing is passed.
    """

    gradients: dict[Value, float]
    events: list[Event]
    kinks: list[Event]


# Forward


def forward_events(order: Sequence[Value], *, all_of_them: bool = False) -> list[Event]:
    """The events that the last of the nodes came from, if it is not finite; or those of all nodes. In topological order."""
    wanted = set(order) if all_of_them else _not_finite_on_the_way(order)
    events: list[Event] = []
    empty: set[Value] = set()
    for node in order:
        event = _forward_event(node) if node in wanted else None
        choice = _empty_choice(node) if event is not None and event.kind == "inf-inf" else None
        if event is not None and choice not in empty:
            events.append(event if choice is None else replace(event, at=choice))
        if choice is not None:  # of which one is told, not each operand
            empty.add(choice)
    return events


def _empty_choice(node: Value) -> Value | None:
    """What a -∞ is compared with that was to be the largest, or a sum of exponentials, of operands that are all -∞: a masked row."""
    if node.op is ops.sub and node.numbers[0] == node.numbers[1] == -math.inf:
        for x in node.operands:
            if isinstance(x, Value) and x.op in (ops.logsumexp, ops.maximum):
                return x
    return None


def _not_finite_on_the_way(order: Sequence[Value]) -> set[Value]:
    """The nodes that are not finite from which the last one has that; of a NaN those that are NaN, if there are."""
    found: set[Value] = set()
    if not math.isfinite(order[-1].data):
        found.add(order[-1])
    for node in reversed(order):
        if node in found:
            operands = [x for x in node.operands if isinstance(x, Value)]
            nans = [x for x in operands if math.isnan(x.data)]
            found.update(nans or [x for x in operands if not math.isfinite(x.data)])
    return found


def _forward_event(node: Value) -> Event | None:
    y = node.data
    if math.isfinite(y):
        return None
    if node.op is None:
        return Event("given", node, numbers={"data": y})
    numbers = node.numbers
    if math.isnan(y) and any(map(math.isnan, numbers)):
        return _given_here(node, math.isnan)
    if math.isnan(y):
        return Event(_kind_of_nan(node, numbers), node, node, numbers=_numbered(numbers))
    if all(map(math.isfinite, numbers)):
        return Event("overflow", node, numbers=_numbered(numbers))
    return _given_here(node, math.isinf)


def underflows(order: Sequence[Value]) -> list[Event]:
    """The operations whose result is 0 for being too small for a float."""
    return [
        Event("underflow", node, numbers=_numbered(node.numbers))
        for node in order
        if node.data == 0.0
        and node.op in UNDERFLOWING
        and 0.0 not in node.numbers
        and all(map(math.isfinite, node.numbers))
    ]


def _given_here(node: Value, how: Any) -> Event | None:
    """What was written into the expression as a plain number; what comes from an operand happened there."""
    for place, x in enumerate(node.operands):
        if not isinstance(x, Value) and how(x):
            return Event("given", node, by=place + 1, numbers={"data": x})
    return None


def _kind_of_nan(node: Value, numbers: Sequence[float]) -> str:
    if node.op in (ops.add, ops.sub, ops.sum_of):
        return "inf-inf"
    if node.op in (ops.mul, ops.passed):
        return "0*inf"
    if node.op is ops.dot:
        products = [w * x for w, x in zip(*halves(numbers), strict=True)]
        return "0*inf" if any(map(math.isnan, products)) else "inf-inf"
    if node.op is ops.div and all(map(math.isinf, numbers)):
        return "inf/inf"
    return "undefined"


def _numbered(numbers: Sequence[float]) -> dict[str, float]:
    return {f"operand {k}": x for k, x in enumerate(numbers, 1)}


# Backward


def backward_events(order: Sequence[Value], xs: Collection[Value]) -> Backward:
    """The gradients, and where those of the xs that are not finite came from."""
    walk = _Walk(order)
    return Backward(walk.gradients, walk.leading_to(xs), walk.kinks(xs))


class _Walk:
    """The chain rule as `backward` runs it, which remembers where a zero and where what is not finite came from."""

    def __init__(self, order: Sequence[Value]) -> None:
        self.order = order
        self.gradients: dict[Value, float] = {order[-1]: 1.0}
        self.came: dict[Value, Event] = {}  # of a gradient that is not finite the first event that it came from
        self.zeros: dict[Value, Value] = {}  # of a gradient of 0 the node whose local derivative is
        self.met: list[tuple[Value, Event]] = []  # whose gradient each event went into
        self.stopped: list[tuple[Value, Event]] = []  # whose gradient each would have gone into but for a kink
        for node in reversed(order):
            if node in self.gradients:
                gradient = self.gradients[node]
                for place, (x, local) in enumerate(zip(node.operands, node.recorded_derivatives, strict=True)):
                    if isinstance(x, Value) and local is not None:
                        self._pass(node, place, x, local, gradient)

    def _pass(self, node: Value, place: int, x: Value, local: float, gradient: float) -> None:
        term = local * gradient
        event = None
        if not math.isfinite(term):
            event = self._event(node, place, local, gradient, term)
            if event is not self.came.get(node):
                self.met.append((x, event))
        elif term == 0.0:
            if not math.isfinite(gradient) and isinstance(local, Closed) and _at_kink(node, place):
                steep = _steep(self.came.get(node))
                if steep is not None:
                    numbers = {"slope": 0.0, "gradient": gradient}
                    self.stopped.append((x, Event("kink", steep.node, node, steep.by, numbers, steep)))
            zero = node if local == 0.0 or gradient != 0.0 else self.zeros.get(node, node)
            self.zeros.setdefault(x, zero)
        before = self.gradients.get(x, 0.0)
        total = self.gradients[x] = before + term
        if not math.isfinite(total) and event is None and math.isfinite(before):
            event = Event("gradient overflow", x, x, numbers={"one": before, "other": term})
            self.met.append((x, event))
        elif math.isnan(total) and not math.isnan(before) and not math.isnan(term):
            event = Event("inf-inf gradient", x, x, numbers={"one": before, "other": term}, cause=self.came.get(x))
            self.met.append((x, event))
            self.came[x] = event
        if event is not None:
            self.came.setdefault(x, event)

    def _event(self, node: Value, place: int, local: float, gradient: float, term: float) -> Event:
        """The event that made this product, which is not finite; that of the gradient, if it came with it."""
        before = self.came.get(node)
        numbers = {"slope": float(local), "gradient": gradient}
        if math.isnan(local):
            return Event("undefined slope", node, by=place, numbers=numbers)
        if math.isnan(term) and not math.isnan(gradient):
            if math.isinf(local):  # and the gradient is 0
                return Event("0*inf gradient", node, self.zeros.get(node, node), place, numbers)
            steep = _steep(before)
            if steep is None:
                return Event("0*inf gradient", node, node, place, numbers, before)
            return Event("0*inf gradient", steep.node, node, steep.by, numbers, before)
        if before is not None and not math.isfinite(gradient):
            return before
        if math.isinf(local):
            return Event("infinite slope", node, by=place, numbers=numbers)
        return Event("gradient overflow", node, by=place, numbers=numbers)

    def leading_to(self, xs: Collection[Value]) -> list[Event]:
        """The events by way of which the gradient of an x is not finite; what is only on the way to others is left out."""
        if all(math.isfinite(self.gradients.get(x, 0.0)) for x in xs):
            return []
        bad: set[Value] = set()
        for node in self.order:  # from the leaves on
            gradient = self.gradients.get(node, 0.0)
            if (node in xs and not math.isfinite(gradient)) or any(
                x in bad and not math.isfinite(local * gradient)
                for x, local in zip(node.operands, node.recorded_derivatives, strict=True)
                if isinstance(x, Value) and local is not None
            ):
                bad.add(node)
        return list(dict.fromkeys(event for x, event in self.met if x in bad))

    def kinks(self, xs: Collection[Value]) -> list[Event]:
        """The events that would have led to one of the xs."""
        ways = dependents(self.order, xs) if self.stopped else set()
        return [event for x, event in self.stopped if x in ways]


def _at_kink(node: Value, place: int) -> bool:
    """Whether what chooses, with a slope of 0 here, has another beside this number of its operand, or jumps there."""
    op, numbers = node.op, list(node.numbers)
    assert op is not None
    x = numbers[place]
    for beside in (math.nextafter(x, -math.inf), math.nextafter(x, math.inf)):
        numbers[place] = beside
        try:
            y = op.forward(*numbers)
            slope = op.derivatives(y, numbers)[place]
        except (ValueError, ArithmeticError):
            continue
        if slope != 0.0 or abs(y - node.data) > 1e-6 * abs(node.data) + 1e-300:
            return True
    return False


def _steep(event: Event | None) -> Event | None:
    """The infinite slope that an event came from."""
    while event is not None and event.kind != "infinite slope":
        event = event.cause
    return event


def not_told_before(events: Iterable[Event]) -> list[Event]:
    """The events without those that another says along: the infinite slope that meets a 0 later, and the same once more elsewhere."""
    events = list(events)
    told = {event.cause for event in events if event.cause is not None and event.kind == "0*inf gradient"}
    found: dict[tuple[str, Value], Event] = {}
    for event in events:
        if event not in told:
            found.setdefault((event.kind, event.node), event)
    return list(found.values())
