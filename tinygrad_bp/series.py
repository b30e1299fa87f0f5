"""Derivatives forward through the graph: along a direction, and of every order at once, as a power series.

`backward` starts at the result and asks of each node how the result changes with it. Here the walk starts at the leaves: they move along
a direction, x + v·t, and each node is told how it moves with them, as the coefficients of its series in t. One walk costs about as much as
the graph, however many results it has; `backward` costs as much, however many leaves it has.

    >>> x = Value(2.0, "x")
    >>> jvp(x**3, {x: 1.0}).data
    12.0
    >>> [c.data for c in taylor(x**3, x, 4)]  # (2 + t)³ = 8 + 12t + 6t² + t³
    [8.0, 12.0, 6.0, 1.0, 0.0]

Everything is a Value, recorded like any other arithmetic, and can be differentiated again. The rules are those of the table: a partial
is run on series as it is run on floats, Values and text. From y' = p·x', with the series of the partial p, follows the next coefficient of
y; A. Griewank and A. Walther, Evaluating Derivatives (2008), chapter 13.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, overload

from tinygrad_bp.core import ops, slopes
from tinygrad_bp.core.gradients import grad
from tinygrad_bp.core.operation import Operation, as_float, require_order
from tinygrad_bp.core.order import changed_leaves, dependents, topological_order
from tinygrad_bp.core.symbol import Symbol
from tinygrad_bp.core.value import Constant, Value

Number = (
    Value | float
)  # a coefficient: a plain number as long as it is known to be one, so that no node is made for a 0


@overload
def jvp(y: Value, tangents: Mapping[Value, Number]) -> Value: ...
@overload
def jvp(y: Sequence[Value], tangents: Mapping[Value, Number]) -> list[Value]: ...


def jvp(y: Value | Sequence[Value], tangents: Mapping[Value, Number]) -> Value | list[Value]:
    """How y changes as each x of `tangents` changes at its rate: Σ ∂y/∂x · rate, the Jacobian times a vector, in one walk forward.

    Args:
        y: a Value, or a sequence of them, for which a list is returned.
        tangents: for each x that moves, any Value, its rate: a number or a Value.

    No `grad` attribute is read or changed. Where y does not depend on any x, the result is a `Constant` 0.

    Raises TypeError if y or an x is no Value, an x is a constant or a rate no number, and ValueError if the data of a leaf was changed
    after it was used.
    """
    if not isinstance(y, Value | Iterable) or isinstance(y, str):
        raise TypeError(f"jvp: y is a Value, or a sequence of them, not {type(y).__name__} {y!r:.60}")
    require_order(y, "jvp")
    ys = [y] if isinstance(y, Value) else list(y)
    found = [_as_value(each[1]) for each in _expanded(ys, _checked(tangents, "jvp"), 1, "jvp")]
    return found[0] if isinstance(y, Value) else found


def hvp(y: Value, xs: Sequence[Value], vs: Sequence[Number]) -> list[Value]:
    """The matrix of second derivatives of y times the vector `vs`, a Value for each x, without the matrix.

    Args:
        y: the result that is differentiated twice.
        xs: a sequence of n Values, each once.
        vs: the vector: n numbers or Values, one for each x.

    It costs a few times as much as the graph, where `hessian` costs that for each x. Where y does not depend on x it is a `Constant` 0.
    Raises what `jvp` raises, and ValueError if there are not as many vs as xs or an x is there twice.
    """
    if not isinstance(y, Value):
        raise TypeError(f"hvp: y is a Value, not {type(y).__name__} {y!r:.60}")
    for given in (xs, vs):
        require_order(given, "hvp")
        if not isinstance(given, Iterable) or isinstance(given, str | Value):
            raise TypeError(
                f"hvp takes a sequence of Values and one of their places in the vector, not {type(given).__name__}"
            )
    xs, vs = list(xs), list(vs)
    if len(xs) != len(vs):
        raise ValueError(f"hvp needs as many vs as xs, not {len(vs)} for {len(xs)}")
    tangents: dict[Value, Number] = {}
    for x, v in zip(xs, vs, strict=True):
        if x in tangents:
            raise ValueError(f"hvp: {x.label or 'a Value'} stands twice among the xs; each has one place in the vector")
        tangents |= _checked({x: v}, "hvp")
    return [_as_value(each[1]) for each in _expanded(grad(y, xs), tangents, 1, "hvp")]


def taylor(y: Value, x: Value | Mapping[Value, Number], order: int) -> list[Value]:
    """The coefficients of the Taylor series of y about the numbers that it was recorded at: `order + 1` Values.

    Args:
        y: the result.
        x: the Value that moves, as x + t; or, as for `jvp`, a mapping of several to their rates, which move at once, each as x + rate·t.
        order: the highest power of t, 0 or more.

    The coefficient of t^k, in place k, is the kth derivative with respect to t divided by k!. Where y does not depend on any x, all
    coefficients but the first are a `Constant` 0.

    Raises TypeError and ValueError where `jvp` does, and for an order that is no whole number from 0 on.
    """
    if isinstance(order, bool) or not isinstance(order, int):
        raise TypeError(f"taylor: the order is a whole number, not {type(order).__name__} {order!r:.60}")
    if order < 0:
        raise ValueError(f"taylor: the order is at least 0, not {order}")
    if not isinstance(x, Value | Mapping):
        raise TypeError(f"taylor: each x is a Value, not {type(x).__name__} {x!r:.60}")
    tangents = _checked(x if isinstance(x, Mapping) else {x: 1.0}, "taylor")
    [coefficients] = _expanded([y], tangents, order, "taylor")
    return [_as_value(c) for c in coefficients]


def _checked(tangents: Any, name: str) -> dict[Value, Number]:
    """The rates, each a Value or a float."""
    if not isinstance(tangents, Mapping):
        raise TypeError(
            f"{name} takes a dictionary of Values and their rates, such as {{x: 1.0}}, not {type(tangents).__name__}"
        )
    checked: dict[Value, Number] = {}
    for x, rate in tangents.items():
        if not isinstance(x, Value):
            raise TypeError(f"{name}: each x is a Value, not {type(x).__name__} {x!r:.60}")
        if isinstance(x, Constant):
            raise TypeError(f"{name}: {x!r} is a constant of the expression; make it a Value to move it")
        checked[x] = rate if isinstance(rate, Value) else as_float(rate, f"{name}: the rate of {x.label or 'an x'}")
    return checked


def _as_value(coefficient: Number) -> Value:
    return coefficient if isinstance(coefficient, Value) else Constant(coefficient)


def _expanded(ys: Sequence[Value], rates: Mapping[Value, Number], order: int, name: str) -> list[list[Number]]:
    """The coefficients 0 to `order` of each y, where each x moves at its rate."""
    for y in ys:
        if not isinstance(y, Value):
            raise TypeError(f"{name}: y is a Value, not {type(y).__name__} {y!r:.60}")
    nodes = topological_order(*ys, constants=False)
    varies = dependents(nodes, rates)
    moving = [node for node in nodes if node in varies]
    if changed := changed_leaves(moving):
        names = ", ".join(f"{leaf.label or 'an unlabelled leaf'} is now {leaf.data!r}" for leaf in changed)
        raise ValueError(f"{name}: the data of a leaf was changed after it was used ({names}): compute y anew")
    known: dict[Value, list[Number]] = {}
    for node in moving:
        tape = _Tape(order)
        operands = [tape.given(known[x]) if x in known else x for x in node.operands]
        known[node] = tape.expanded(node, operands, rates.get(node, 0.0))
    return [known.get(y, [y, *[0.0] * order]) for y in ys]


class _Series(Symbol):
    """A series in t, its coefficients known up to some order: what the rules of the table are run on.

    Attributes:
        coefficients: those known so far. Of what does not move there is one; the others are 0.
        rates: k times coefficient k for each k: those of the derivative with respect to t, one place late.
        op, operands: what it is computed by, of series and numbers.
        partials: with respect to each operand that moves, series or numbers, once they are needed.
        depth: how many partials were taken on the way here; a partial is needed to one order less than what it is a partial of.
    """

    __slots__ = ("coefficients", "depth", "moves", "op", "operands", "partials", "rates", "tape")

    def __init__(
        self, tape: _Tape, coefficients: Sequence[Number], op: Operation | None = None, operands: Sequence[Any] = ()
    ) -> None:
        self.tape, self.op, self.operands, self.depth = tape, op, operands, tape.depth
        self.coefficients = list(coefficients)
        self.rates = [_product(float(k), c) for k, c in enumerate(coefficients)]
        self.moves = len(coefficients) > 1 or any(_moves(x) for x in operands)
        self.partials: list[Any] | None = None

    @staticmethod
    def record_operation(op: Operation, operands: Sequence[Any]) -> _Series:
        tape = next(x.tape for x in operands if isinstance(x, _Series))
        return tape.record(op, operands)

    def grow(self, k: int, rate: Number = 0.0) -> None:
        """Adds coefficient k, when all before it are known, and of the operands this one too. `rate` is added to it."""
        self.coefficients.append(_sum([self._next(k), rate]))
        self.rates.append(_product(float(k), self.coefficients[k]))

    def _next(self, k: int) -> Number:
        op, xs = self.op, self.operands
        if op in (ops.add, ops.sum_of):
            return _sum([_at(x, k) for x in xs])
        if op is ops.sub:
            return _sum([_at(xs[0], k), _negative(_at(xs[1], k))])
        if op in (ops.mul, ops.dot):  # of each pair the product of two series
            half = len(xs) // 2
            pairs = zip(xs[:half], xs[half:], strict=True)
            return _dot([pair for a, b in pairs for pair in _products(a, b, k)])
        if op is ops.div:  # a = y·b, solved for the last coefficient of y
            earlier = _dot([(self.coefficients[k - j], _at(xs[1], j)) for j in range(1, k + 1)])
            return _quotient(_sum([_at(xs[0], k), _negative(earlier)]), _at(xs[1], 0))
        if op is ops.over_squares:  # c = y·(a² + b²), likewise
            c, a, b = xs
            squares = [_dot([*_products(a, a, j), *_products(b, b, j)]) for j in range(1, k + 1)]
            earlier = _dot([(self.coefficients[k - j], square) for j, square in enumerate(squares, 1)])
            return ops.over_squares(_sum([_at(c, k), _negative(earlier)]), _at(a, 0), _at(b, 0))
        return self._by_partials(k)

    def _by_partials(self, k: int) -> Number:
        """From y' = Σ p·x': k·yₖ = Σ p₍ₖ₋ⱼ₎·j·xⱼ, over the operands x that move and j from 1 to k."""
        if self.partials is None:
            self.partials = self.tape.partials(self)
        pairs = [
            (_at(partial, k - j), x.rates[j])
            for x, partial in zip(self.operands, self.partials, strict=True)
            if _moves(x)
            for j in range(1, k + 1)
        ]
        assert self.op is not None
        if ops.closes(self.op, [_number(_at(x, 0)) for x in self.operands]):  # a branch not taken lets nothing through
            return _quotient(_sum([ops.passed(p, rate) for p, rate in pairs if not _nothing(rate)]), float(k))
        return _quotient(_dot(pairs), float(k))


class _Tape:
    """The series of one node and of its partials, theirs and so on, in an order in which each follows from those before it."""

    def __init__(self, order: int) -> None:
        self.order = order
        self.depth = 0
        self._series: list[_Series] = []
        self._known: dict[tuple[Any, ...], _Series] = {}

    def given(self, coefficients: Sequence[Number]) -> _Series:
        """An operand of the node, all of whose coefficients are known."""
        return _Series(self, coefficients)

    def expanded(self, node: Value, operands: Sequence[Any], rate: Number) -> list[Number]:
        """The coefficients of the node, to which a `rate` of its own is added where it is one of those that are moved."""
        if not any(map(_moves, operands)):
            return [node, rate, *[0.0] * self.order][: self.order + 1]
        assert node.op is not None
        fixed = [_Series(self, [x]) if isinstance(x, Value) else x for x in operands]
        series = self._added(node.op, fixed, node)
        for k in range(1, self.order + 1):
            for each in self._series:  # in the first round it grows by the partials
                if each.moves and each.depth + k <= self.order:
                    each.grow(k, rate if each is series and k == 1 else 0.0)
        return series.coefficients

    def record(self, op: Operation, operands: Sequence[Any]) -> _Series:
        """The series of `op` on these operands: the one there is, if they were met before. The partials of sin and cos lead back to it."""
        known = self._known.get(_key(op, operands))
        return (
            known
            if known is not None
            else self._added(op, operands, Operation.__call__(op, *[_at(x, 0) for x in operands]))
        )

    def partials(self, series: _Series) -> list[Any]:
        """The partials of the operation of a series with respect to its operands, one order less deep. None for what does not move."""
        op, operands = series.op, series.operands
        assert op is not None
        self.depth = series.depth + 1
        wanted = [_moves(x) for x in operands]
        if slopes.asks(op, len(operands)):  # a rule with an `if` would keep the branch of these numbers
            return slopes.slopes(op, operands, wanted)
        return op.derivatives(series, operands, wanted)

    def _added(self, op: Operation, operands: Sequence[Any], first: Number) -> _Series:
        series = self._known[_key(op, operands)] = _Series(self, [first], op, operands)
        self._series.append(series)
        return series


def _key(op: Operation, operands: Sequence[Any]) -> tuple[Any, ...]:
    """By which an operation on the same operands is found again: numbers by all their bits, all else by what it is."""
    return op, *[x.hex() if isinstance(x, float) else x if isinstance(x, int) else id(x) for x in operands]


def _moves(x: Any) -> bool:
    return isinstance(x, _Series) and x.moves


def _at(x: Any, k: int) -> Number:
    """Coefficient k of a series, or of a number, which does not move."""
    coefficients = x.coefficients if isinstance(x, _Series) else [x]
    found: Number = coefficients[k] if k < len(coefficients) else 0.0
    return found


def _products(a: Any, b: Any, k: int) -> list[tuple[Number, Number]]:
    """What coefficient k of a · b is the sum of the products of."""
    return [(_at(a, j), _at(b, k - j)) for j in range(k + 1)]


def _number(coefficient: Number) -> float:
    return coefficient.data if isinstance(coefficient, Value) else coefficient


# Arithmetic on coefficients. No node is made for a factor of 1, nor for what is known to be 0: that stays 0 beside infinity too.


def _nothing(x: Number) -> bool:
    return not isinstance(x, Value) and x == 0.0


def _negative(x: Number) -> Number:
    return 0.0 if _nothing(x) else -x


def _sum(terms: Iterable[Number]) -> Number:
    kept = [x for x in terms if not _nothing(x)]
    if len(kept) > 2:
        return ops.sum_of(kept)
    return kept[0] + kept[1] if len(kept) == 2 else kept[0] if kept else 0.0


def _product(a: Number, b: Number) -> Number:
    if _nothing(a) or _nothing(b):
        return 0.0
    if not isinstance(a, Value) and a == 1.0:
        return b
    return a if not isinstance(b, Value) and b == 1.0 else a * b


def _dot(pairs: Iterable[tuple[Number, Number]]) -> Number:
    kept = [(a, b) for a, b in pairs if not _nothing(a) and not _nothing(b)]
    if len(kept) > 1:
        return ops.dot([a for a, _ in kept], [b for _, b in kept])
    return _product(*kept[0]) if kept else 0.0


def _quotient(a: Number, b: Number) -> Number:
    if _nothing(a) or (not isinstance(b, Value) and b == 1.0):
        return a
    return ops.div(a, b)
