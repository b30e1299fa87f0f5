"""A computation done again at another point, with a bound of what rounding moved on the way.

What is compared are differences to the computation at the point itself, the *base*. An operation that meets the numbers that it met there
rounds as it did there, so it moves nothing. Any other may round differently, by its own rounding there and here; and what its operands
were moved by moves its result: by a sum or a product as these do, by any other operation as far as its forward says when it is run
beside its operands. No rule for a derivative has a part in this, since it may be the one that is wrong.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tinygrad_bp.core.operation import TINY, Operation
from tinygrad_bp.core.ops import OPERATIONS
from tinygrad_bp.core.order import dependents, topological_order
from tinygrad_bp.core.value import Value

Probe = Callable[[float, float], tuple[float, float]]
"""Of the number in one leaf, and how far that is from the point that was meant: the result and the bound. NaN outside the domain."""

# Rows by how far their forward is from the exact result, in units in the last place; what is in none of them is within MOST.
EXACT = frozenset(("neg", "relu", "abs", "sign", "step", "maximum", "minimum", "clip"))
ROUNDED = frozenset(("div", "sqrt", "leaky_relu", "sum_of", "reciprocal"))  # correctly: half a unit
CLOSE = frozenset(("pow", "exp", "log", "log2", "log10", "sin", "cos", "tan", "asin", "acos", "atan", "atan2", "hypot"))
GOOD = frozenset(
    ("expm1", "log1p", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh", "erf", "sigmoid", "softplus")
)  # 2 units
MOST = 4.0
# Which may bend within less than any step, beside those of EXACT.
SHARP = frozenset(("leaky_relu", "atan2", "hypot", "over_squares", "cbrt"))
SMALLEST = 5e-324
ALIKE = 1e-6  # what share of another an operand is at least, for the bend by it to stand out from rounding
FAR_FROM_TINY = 1e-100  # of numbers that are no smaller the squares have all their digits
UNITS = 64.0
OUTSIDE = (math.nan, math.inf)


def own_rounding(op: Operation, y: float, numbers: Sequence[float]) -> float:
    """How far the result of an operation on these numbers may be from the exact one."""
    if not math.isfinite(y):
        return math.inf
    name = _row(op)
    if name in EXACT or (name and y == 0.0 and 0.0 in numbers):
        return 0.0
    if name in ("add", "sub"):
        a, b = numbers
        return abs(_lost(a, b if name == "add" else -b, y))
    if name == "mul":
        return 0.0 if any(_power_of_2(x, y) for x in numbers) else half_unit(y)
    if name == "dot":
        half = len(numbers) // 2
        products = zip(numbers[:half], numbers[half:], strict=True)
        return half_unit(y) + sum(half_unit(w * x) for w, x in products if w and x)
    halves = 1.0 if name in ROUNDED else 2.0 if name in CLOSE else 4.0 if name in GOOD else 2.0 * MOST
    moved = 0.0
    if not name:  # of a user's own, which may cancel inside: as if each operand had been rounded too
        moved = sum(swing(op.forward, y, numbers, [half_unit(x) for x in numbers]))
    return halves * half_unit(y) + moved


def _row(op: Operation) -> str:
    """The name of the row of the table that computes as this operation does, whatever its rules; else empty."""
    row = OPERATIONS.get(op.name)
    return op.name if row is not None and row.forward is op.forward else ""


def is_smooth(op: Operation, numbers: Sequence[float]) -> bool:
    """Whether a row of the table has no kinks there, and nothing that looks like one from afar, as x ** (1 + 1e-16) does at 0."""
    name = _row(op)
    if name in EXACT or not name:
        return False
    if name in ("pow", "power_term"):
        return 0.0 not in numbers
    return name not in SHARP or _far_from_bend(name, numbers)


def _far_from_bend(name: str, numbers: Sequence[float]) -> bool:
    """Whether a row of SHARP bends over longer ways than the steps, at these numbers."""
    sizes = [abs(x) for x in numbers]
    if name in ("cbrt", "leaky_relu"):  # they bend at 0, where the steps on the scale of x do not come
        return sizes[0] >= TINY
    low, high = sorted(sizes[-2:])  # the others where both are 0: over as much as the other operand is
    return low >= FAR_FROM_TINY and low >= ALIKE * high


def half_unit(x: float) -> float:
    """Half the distance to the next float, but at least the smallest one."""
    return max(0.5 * math.ulp(x), SMALLEST) if math.isfinite(x) else math.inf


def _lost(a: float, b: float, total: float) -> float:
    """What the sum of two numbers lost by rounding, exactly (Knuth's two-sum)."""
    back = total - a
    return (a - (total - back)) + (b - back)


def _power_of_2(x: float, y: float) -> bool:
    """Whether a product y with x is exact since x is a power of 2, and y has all its digits."""
    return abs(math.frexp(x)[0]) == 0.5 and abs(y) > 1e-290


def carried(op: Operation, y: float, numbers: Sequence[float], moves: Sequence[float]) -> float:
    """How far a result moves if its operands move by so much."""
    name = _row(op)
    if name in ("add", "sub", "sum_of", "neg", "relu", "abs", "maximum", "minimum", "logsumexp", "clip"):
        return math.fsum(moves)
    if name in ("mul", "dot"):
        half = len(numbers) // 2
        return math.fsum(
            abs(a) * b_moves + abs(b) * a_moves + a_moves * b_moves
            for a, b, a_moves, b_moves in zip(numbers[:half], numbers[half:], moves[:half], moves[half:], strict=True)
        )
    return math.fsum(swing(op.forward, y, numbers, moves))


def swing(forward: Callable[..., float], y: float, numbers: Sequence[float], moves: Sequence[float]) -> Iterable[float]:
    """How far a result moves with each operand that moves, and with all of them at once."""
    moving = [place for place, move in enumerate(moves) if move]
    groups = [[place] for place in moving] + ([moving] if len(moving) > 1 else [])
    for group in groups:
        share, shifts = 1.0, {}
        for place in group:
            # Of a move by few units the result may show nothing; it is taken as a share of one by many.
            least = UNITS * math.ulp(numbers[place])
            shifts[place] = max(moves[place], least)
            share = min(share, moves[place] / least)
        yield share * (
            half_unit(y)
            + max(
                abs(_at(forward, [x + side * shifts.get(place, 0.0) for place, x in enumerate(numbers)]) - y)
                for side in (-1.0, 1.0)
            )
        )


def _at(forward: Callable[..., float], numbers: Sequence[float]) -> float:
    try:
        y = forward(*numbers)
    except (ValueError, ArithmeticError):
        return math.inf
    return y if y == y else math.inf


def _moved(
    op: Operation, y: float, now: Sequence[float], base: Sequence[float], own: float, moves: Sequence[float]
) -> float:
    """How far rounding moved a result from the base: by its operands, and if these are others than there by its own rounding."""
    rounding = 0.0 if now == base else own + own_rounding(op, y, now)
    return rounding + (carried(op, y, now, moves) if any(moves) else 0.0)


def replay(y: Value, leaf: Value) -> Probe:
    """y as a function of the number in one leaf: the nodes computed from it are computed again, the others keep their data."""
    order = topological_order(y, constants=False)
    varies = dependents(order, [leaf]) - {leaf}
    steps = [
        (node, node.op, node.operands, list(node.numbers), own_rounding(node.op, node.data, node.numbers))
        for node in order
        if node in varies and node.op
    ]

    def probe(x: float, slip: float = 0.0) -> tuple[float, float]:
        numbers: dict[Any, float] = {leaf: x}
        moves: dict[Any, float] = {leaf: slip} if slip else {}
        try:
            for node, op, operands, base, own in steps:
                now = [numbers.get(operand, recorded) for operand, recorded in zip(operands, base, strict=True)]
                beside = [moves.get(operand, 0.0) for operand in operands]
                if now == base and not any(beside):
                    continue
                numbers[node] = result = op.forward(*now)
                if moved := _moved(op, result, now, base, own, beside):
                    moves[node] = moved
        except (ValueError, ArithmeticError):
            return OUTSIDE
        return numbers.get(y, y.data), moves.get(y, 0.0)

    return probe


def recall(f: Callable[..., Value], y: Value, leaves: Sequence[Value], k: int) -> Probe:
    """The same for a function, which is called anew; the bound is that of the graph that it records then.

    y is what it gave at the point.
    """
    base = topological_order(y, constants=False)

    def probe(x: float, slip: float = 0.0) -> tuple[float, float]:
        arguments = [Value(x if i == k else leaf.data, leaf.label) for i, leaf in enumerate(leaves)]
        try:
            result = f(*arguments)
            return result.data, _bound(result, base, {arguments[k]: slip})
        except (ValueError, ArithmeticError):
            return OUTSIDE

    return probe


def _bound(y: Value, base: Sequence[Value], moves: dict[Value, float]) -> float:
    """How far rounding moved y from what the base computed, if both are computed alike; if not, what it may move y at all."""
    order = topological_order(y, constants=False)
    alike = [node.op for node in order] == [node.op for node in base]
    known: Mapping[Any, float] = moves
    for i, node in enumerate(order):
        if node.op is not None:
            now = list(node.numbers)
            before = list(base[i].numbers) if alike else None
            own = own_rounding(node.op, base[i].data, before) if before is not None and before != now else 0.0
            moved = _moved(node.op, node.data, now, before or [], own, [known.get(x, 0.0) for x in node.operands])
            if moved:
                moves[node] = moved
    return moves.get(y, 0.0)


def one_operation(op: Operation, numbers: Sequence[float], place: int) -> Probe:
    """One operation as a function of one operand."""
    base = list(numbers)
    here = _at(op.forward, base)
    own = own_rounding(op, here, base)

    def probe(x: float, slip: float = 0.0) -> tuple[float, float]:
        now = [*base[:place], x, *base[place + 1 :]]
        try:
            y = op.forward(*now)
        except (ValueError, ArithmeticError):
            return OUTSIDE
        return y, _moved(op, y, now, base, own, [slip if i == place else 0.0 for i in range(len(now))])

    return probe
