"""What the numbers of a graph are by mpmath, each with how far floats may be off: every row within a few ulp, and what that does later.

A *ball* is a number and a radius. The ball of a node is its row by mpmath at the middles of its operands' balls; the radius is how far the
row moves to the ends of these, which is its conditioning, and the rounding of the row itself. Local derivatives have balls too, and with
them the chain rule. Where nothing can be told, beyond the range of floats, at a vertical tangent, or as close to the end of a domain as
the rounding, it says so by `Undecided`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mpmath import mp, mpf

from tests.references import REFERENCES, SMALLEST, Reference, halves
from tinygrad_bp import Operation, Reduction, Value, ops, topological_order
from tinygrad_bp.core.operation import HUGE, TINY, Domain

HALF_ULP = mpf(2) ** -53
Ball = tuple[Any, Any]
DIGITS = 50


# A row of a user's own, which no table knows; and it in mpmath.
def _blend(a: Any, b: Any) -> Any:
    if abs(a) > 1e3 or abs(b) > 1e3:
        raise ValueError
    return a * b / (1.0 + a * a)


own_blend = Operation(
    "own_blend",
    _blend,
    (
        lambda y, a, b: b * ((1.0 - a) * (1.0 + a)) / ((1.0 + a * a) * (1.0 + a * a)),
        lambda y, a, b: a / (1.0 + a * a),
    ),
    "own_blend({}, {})",
    "",
    "blend",
    domain=Domain("numbers within 1000", (((-1e3, 1e3), (-1e3, 1e3)),)),
    definition=lambda a, b: a * b / (1.0 + a * a),
)
OWN = Reference(
    lambda a, b: a * b / (1 + a * a),
    (lambda a, b: b * (1 - a * a) / (1 + a * a) ** 2, lambda a, b: a / (1 + a * a)),
    through=lambda a, b: (a * b, b * (1 - a * a)),
)


class Undecided(Exception):
    """Nothing can be told of the number, for the reason given."""


@dataclass(frozen=True)
class Rounding:
    """How far a row may be off: in units in the last place, and by how much of the largest term of a sum; below `least` all."""

    units: float
    terms: float = 0.0
    least: float = SMALLEST


ROWS = Rounding(5.0)  # 4 ulp of a row, and one for what reading the reference rounds


def reference(op: Operation) -> Reference:
    """The row in mpmath."""
    return OWN if op is own_blend else REFERENCES[op.name]


def digits(op: Operation) -> int:
    """With how many digits to compute it."""
    return max(DIGITS, reference(op).digits if isinstance(op, Reduction) else 0)


def _real(numbers: Sequence[Any]) -> list[Any]:
    found = [mpf(x) for x in numbers]  # a TypeError for a complex number
    if not all(map(mp.isfinite, found)):
        raise Undecided("infinite")
    return found


def _call(f: Callable[..., Any], numbers: Sequence[Any]) -> list[Any]:
    """The results of a reference; Undecided where it has none."""
    try:
        found = f(*numbers)
        return _real(found if isinstance(found, list | tuple) else [found])
    except (TypeError, ValueError, ArithmeticError):
        raise Undecided("outside of the domain") from None


def _ends(op: Operation, operands: Sequence[Ball]) -> list[list[Any]]:
    """Ends of the operands' balls: all up, all down, and, of a few, each up while the others go down."""
    if not any(radius for _, radius in operands):
        return []
    if op in (ops.sin, ops.cos, ops.tan) and operands[0][1] > 0.1:
        raise Undecided("no digits")  # whatever it is at the ends, it comes round to all others between them
    signs = [[1] * len(operands), [-1] * len(operands)]
    if 1 < len(operands) <= 4:
        signs += [[1 if place == k else -1 for place in range(len(operands))] for k in range(len(operands))]
    elif len(operands) > 4:
        signs.append([1 if place % 2 else -1 for place in range(len(operands))])
    ends = [[m + s * r for s, (m, r) in zip(each, operands, strict=True)] for each in signs]
    # At 0 many rows have a kink, or a slope that is infinite.
    zeros = [place for place, (m, r) in enumerate(operands) if 0 < abs(m) <= r]
    return ends + [[mpf(0) if k == place else m for k, (m, _) in enumerate(operands)] for place in zeros]


def _ulp(x: Any, least: float) -> float:
    return max(math.ulp(min(float(abs(x)), HUGE)), least)


def _size_of_terms(op: Operation, numbers: Sequence[Any]) -> Any:
    if op is ops.dot:
        return sum(abs(w * x) + SMALLEST / HALF_ULP for w, x in zip(*halves(numbers), strict=True))
    return sum(map(abs, numbers)) if op is ops.sum_of else 0


def node_ball(op: Operation, operands: Sequence[Ball], rounding: Rounding) -> Ball:
    """The ball of a row at these balls."""
    value = reference(op).value
    if op is ops.atan2 and abs(operands[0][0]) <= operands[0][1] and operands[1][0] < 0:
        raise Undecided("a branch cut")  # where the sign of a zero counts, which mpmath has not
    with mp.workdps(digits(op)):
        middles = [m for m, _ in operands]
        [y] = _call(value, middles)
        spread = max((abs(_call(value, end)[0] - y) for end in _ends(op, operands)), default=mpf(0))
        lost = rounding.units * _ulp(y, rounding.least)
        terms = _size_of_terms(op, middles)
        # `dot` rounds its products; other targets add up without compensation.
        lost += terms * (rounding.terms + (HALF_ULP if op is ops.dot else 0))
        if abs(y) + spread > HUGE or terms > HUGE:
            raise Undecided("range")
        if spread > abs(y) and spread > 1e-3:
            raise Undecided("no digits")
        return y, 2 * spread + lost


def local_balls(op: Operation, operands: Sequence[Ball], wanted: Sequence[bool], rounding: Rounding) -> list[Ball]:
    """The balls of the partials that are wanted; (0, 0) for the others."""
    row = reference(op)
    with mp.workdps(digits(op)):
        middles, ends = [m for m, _ in operands], _ends(op, operands)
        through = _call(lambda *xs: list(row.through(*xs)), middles)
        if any(abs(x) > HUGE for x in through):
            raise Undecided("range on the way")
        terms = sum((4 * math.ulp(float(x)) for x in _call(lambda *xs: list(row.terms(*xs)), middles)), 0.0)
        if callable(row.partials):
            rules: Any = row.partials
            every = [_call(rules, middles), *[_call(rules, end) for end in ends]]
            columns = [list(column) for column in zip(*every, strict=True)]
        else:
            columns = [
                [_call(partial, numbers)[0] for numbers in [middles, *ends]] if want else [mpf(0)]
                for partial, want in zip(row.partials, wanted, strict=True)
            ]
        closes = ops.closes(op, [float(m) for m in middles])
        found: list[Ball] = []
        for [slope, *others], want in zip(columns, wanted, strict=True):
            spread = max((abs(other - slope) for other in others), default=mpf(0))
            if not want or (closes and slope == 0 == spread):
                found.append((mpf(0), mpf(0)))
                continue
            if abs(slope) + spread > HUGE:
                raise Undecided("range")
            lost = rounding.units * _ulp(slope, rounding.least) + terms + abs(slope) * rounding.terms
            lost += sum(abs(slope) * SMALLEST / abs(x) for x in through if 0 < abs(x) < TINY)
            found.append((slope, 2 * spread + lost))
        return found


class Balls:
    """The balls of the graph of a Value, and of its derivatives with respect to all that it was computed from."""

    def __init__(self, root: Value, rounding: Rounding = ROWS) -> None:
        self.root, self.rounding = root, rounding
        self.order = topological_order(root, constants=False)
        self.known: dict[Any, Ball] = {}
        for node in self.order:
            if node.op is None:
                self.known[node] = mpf(node.data), mpf(0)
            else:
                self.known[node] = node_ball(node.op, self._operands(node), rounding)

    def _operands(self, node: Value) -> list[Ball]:
        return [(mpf(x), mpf(0)) if type(x) is float else self.known[x] for x in node.operands]

    @property
    def value(self) -> Ball:
        return self.known[self.root]

    @cached_property
    def derivatives(self) -> dict[Any, Ball]:
        """By node. Raises Undecided where an infinity or what leaves the range is on the way."""
        found: dict[Any, Ball] = {self.root: (mpf(1), mpf(0))}
        with mp.workdps(DIGITS):
            for node in reversed(self.order):
                if node.op is None:
                    continue
                a, ra = found[node]
                wanted = [isinstance(x, Value) for x in node.operands]
                for x, (p, rp) in zip(
                    node.operands, local_balls(node.op, self._operands(node), wanted, self.rounding), strict=True
                ):
                    if isinstance(x, Value):
                        product = p * a
                        radius = abs(p) * ra + abs(a) * rp + rp * ra
                        if product or radius:
                            radius += max(self.rounding.units * HALF_ULP * (abs(product) + radius), self.rounding.least)
                        m, r = found.get(x, (mpf(0), mpf(0)))
                        total = m + product
                        found[x] = total, r + radius + self.rounding.units * HALF_ULP * (abs(total) + r + radius)
                        if abs(product) + radius > HUGE or abs(total) > HUGE:
                            raise Undecided("range")
        return found


def holds(got: float, ball: Ball) -> bool:
    """Whether a float is within a ball."""
    return math.isfinite(got) and abs(mpf(got) - ball[0]) <= ball[1]


# Exact derivatives ---------------------------------------------------------------------------------------------------


def exact_gradient(root: Value, data: dict[Any, Any], leaf: Value, places: int) -> Any:
    """The derivative of the root by a leaf in mpmath, the leaves having these numbers."""
    order = topological_order(root, constants=False)
    known: dict[Any, Any] = dict(data)
    numbers = lambda node: [mpf(x) if type(x) is float else known[x] for x in node.operands]  # noqa: E731
    for node in order:
        if node.op is not None:
            with mp.workdps(max(places, digits(node.op))):
                [known[node]] = _call(reference(node.op).value, numbers(node))
    found: dict[Any, Any] = {root: mpf(1)}
    for node in reversed(order):
        if node.op is None:
            continue
        with mp.workdps(max(places, digits(node.op))):
            operands = numbers(node)
            rules: Any = reference(node.op).partials
            columns = (
                _call(rules, operands)
                if callable(rules)
                else [
                    _call(rule, operands)[0] if isinstance(x, Value) else 0
                    for rule, x in zip(rules, node.operands, strict=True)
                ]
            )
            for x, slope in zip(node.operands, columns, strict=True):
                if isinstance(x, Value):
                    found[x] = found.get(x, mpf(0)) + slope * found.get(node, mpf(0))
    return found.get(leaf, mpf(0))


def second_derivative(root: Value, leaf: Value, by: Value, expected: Ball) -> Any:
    """The derivative by one leaf of the derivative by another, from differences of exact gradients at very close points.

    The ball that is expected says with how many digits to compute it. Undecided where the slopes to both sides differ by more than that.
    """
    leaves = {node: mpf(node.data) for node in topological_order(root, constants=False) if node.op is None}
    size = abs(leaves[by])
    largest = max(abs(x) for node in topological_order(root, constants=False) for x in (node.data, *node.numbers))
    apart = 40 if size else 400  # powers of ten between the leaf, or 1, and the step
    places = 110 + apart + int(sum(min(abs(mp.log10(x or 1)), 400) for x in (size, largest, sum(map(abs, expected)))))
    with mp.workdps(places):
        step = mpf(10) ** -apart * min(size or 1, 1)
        left, here, right, beyond = (
            exact_gradient(root, {**leaves, by: leaves[by] + k * step}, leaf, places) for k in (-1, 0, 1, 2)
        )
        slopes = [(here - left) / step, (right - here) / step, (beyond - here) / (2 * step)]
        if max(slopes) - min(slopes) > max(1e-15 * sum(map(abs, slopes)), expected[1]):
            raise Undecided("a kink")
        return (slopes[0] + slopes[1]) / 2
