"""How many digits are left in a result, and which operations lost them: what rounding moved it by, to first order.

An operation that rounds by e moves y by ∂y/∂node · e. Two bounds are made of that. The *worst* takes every operation to round as badly as
numbers of that size may: Σ |∂y/∂node| · |node| · 2⁻⁵³, times the units that a function of the library may be off. It depends on the formula
and on where it is computed, not on luck, so it says how many digits there are. The *bound* is of these very numbers: what an operation
really lost is computed with 80 digits, and has a sign, so that what one lost another may have won.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from tinygrad_bp.checking.rounding import MOST, half_unit, own_rounding
from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import HUGE
from tinygrad_bp.core.value import Value
from tinygrad_bp.diagnosis.exact import local_error

UNIT = 2.0**-53
ALL_DIGITS = -math.log10(UNIT)  # 15.95, of a number that is rounded once
SAFETY = 1.1
SECOND_ORDER = 1e-4  # what share of the worst is added to the bound for what first order leaves out, at least
MOST_EXACT = 2000  # operations whose rounding is computed with 80 digits: those that may have lost most
ROUNDED = frozenset((ops.LOG2_OF_E, ops.LOG10_OF_E))  # numbers in rules that stand for others, with more digits
MOST_KEPT = 5  # contributions that are named


@dataclass(frozen=True)
class Contribution:
    """What an operation may have moved y by, and what share of all that is."""

    node: Value
    amount: float
    share: float


@dataclass(frozen=True)
class Rounding:
    """What rounding did to y.

    Attributes:
        worst: by how much it may have moved y had every operation rounded at its worst.
        bound: by how much it moved y at most, these numbers being what they are.
        digits: how many of y are left, by `worst`; 15.95 of a number that no operation rounded.
        contributions: the operations that may have lost most, the first first.
        shares: of each operation that may have lost some, what share of all that is.
        conditions: for each x how much larger a relative change of y is than one of x.
    """

    worst: float
    bound: float
    digits: float
    contributions: tuple[Contribution, ...]
    shares: Mapping[Value, float]
    conditions: Mapping[Value, float]

    @property
    def condition(self) -> float:
        """The largest of the conditions; 0.0 where there are none."""
        return max(self.conditions.values(), default=0.0)


def rounding(
    order: Sequence[Value], gradients: Mapping[Value, float], xs: Sequence[Value], changed: Collection[Value]
) -> Rounding | None:
    """What rounding did to the last of the nodes. None where a number or a gradient is not finite.

    Args:
        gradients: of the last node with respect to each.
        changed: the leaves whose data is another now than it was.
    """
    y = order[-1].data
    if not all(math.isfinite(node.data) and math.isfinite(gradients.get(node, 0.0)) for node in order):
        return None
    spread: dict[Value, float] = {}  # by how much rounding may have moved each node, signs left out
    worst: list[tuple[float, int]] = []
    unknown = 0.0
    for place, node in enumerate(order):
        if node.op is None:
            continue
        own = _own(node, changed) + _lacking(node)
        moves = [spread.get(x, 0.0) if isinstance(x, Value) else 0.0 for x in node.operands]
        spread[node] = own + math.fsum(
            abs(local or 0.0) * move for local, move in zip(node.recorded_derivatives, moves, strict=True) if move
        )
        gradient = abs(gradients.get(node, 0.0))
        beyond = _beyond_a_kink(node, moves)
        spread[node] = min(spread[node] + beyond, HUGE)
        unknown += gradient * beyond
        if own and gradient:
            worst.append((gradient * own, place))
    total = math.fsum(amount for amount, _ in worst)
    bound = SAFETY * (unknown + _known(order, gradients, changed, worst))
    bound += total * (min(1.0, SECOND_ORDER + 10.0 * total / abs(y)) if y else 1.0)
    found = [
        Contribution(order[place], amount, amount / total)
        for amount, place in heapq.nlargest(MOST_KEPT, worst)
        if amount > 0.01 * total
    ]
    conditions = {x: abs(gradients.get(x, 0.0) * (x.data / y)) for x in xs} if y else {}
    shares = {order[place]: amount / total for amount, place in worst if total}
    return Rounding(total, bound, _digits(total, y), tuple(found), shares, conditions)


def _digits(worst: float, y: float) -> float:
    if not worst:
        return ALL_DIGITS
    return min(ALL_DIGITS, max(0.0, math.log10(abs(y)) - math.log10(worst))) if y else 0.0


def _own(node: Value, changed: Collection[Value]) -> float:
    """How far the result of an operation may be off: 0 where it rounds nothing, as a difference of near numbers does."""
    assert node.op is not None
    y = node.data
    relative = max(half_unit(y), abs(y) * UNIT)
    own = math.inf if any(x in changed for x in node.operands) else own_rounding(node.op, y, node.numbers)
    if own == 0.0:
        return 0.0
    if node.op in (ops.add, ops.sub):  # where it is known what was lost, which is luck
        return relative
    return own / half_unit(y) * relative if math.isfinite(own) else 2.0 * MOST * relative


def _lacking(node: Value) -> float:
    """What a product or a quotient is off by since a factor that a rule writes down has 16 digits only."""
    return abs(node.data) * UNIT if node.op in (ops.mul, ops.div) and not ROUNDED.isdisjoint(node.numbers) else 0.0


def _beyond_a_kink(node: Value, moves: Sequence[float]) -> float:
    """What choosing the other side would change, where the operands may have been moved across a kink."""
    op, numbers = node.op, node.numbers
    if op is None or not (op.chooses or op is ops.abs) or not any(moves) or len(set(node.operands)) < len(moves):
        return 0.0
    total = math.fsum(moves)
    if op in (ops.sign, ops.step):
        return 2.0 if abs(numbers[0]) <= total else 0.0
    among = [0.0] if len(numbers) == 1 or op is ops.leaky_relu else numbers[1:]
    return total if any(abs(numbers[0] - x) <= total for x in among) else 0.0


def _known(
    order: Sequence[Value],
    gradients: Mapping[Value, float],
    changed: Collection[Value],
    worst: Sequence[tuple[float, int]],
) -> float:
    """What the roundings come to: of those that are known the sum with its signs, and the rest at its worst."""
    signed: list[float] = []
    rest: list[float] = []
    exact = {place for _, place in heapq.nlargest(MOST_EXACT, worst)}
    for amount, place in worst:
        node = order[place]
        assert node.op is not None
        error = None
        if place in exact and not any(x in changed for x in node.operands):
            error = local_error(node.op, node.data, node.numbers)
        if error is None:
            rest.append(amount)
        else:
            signed.append(gradients[node] * error)
            rest.append(abs(gradients[node]) * _lacking(node))
    return abs(math.fsum(signed)) + math.fsum(rest)
