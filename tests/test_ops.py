"""Every row of the table against mpmath, over its whole domain. The tests iterate over the table: a row without a reference fails."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from mpmath import mp, mpf

from tests.references import REFERENCES, SMALLEST, Reference, halves, points
from tinygrad_bp import Operation, Reduction, Value, grad, ops
from tinygrad_bp.core.operation import HUGE, TINY
from tinygrad_bp.core.ops import OPERATIONS

INF = math.inf
ROWS = pytest.mark.parametrize("row", OPERATIONS.values(), ids=list(OPERATIONS))

# Accuracy ------------------------------------------------------------------------------------------------------------


def ulps(got: float, want: Any, through: Sequence[Any] = ()) -> float:
    """The error of `got` in units in the last place of `want`, less what an intermediate excuses: one below TINY as many digits as it
    has fewer than others, one beyond HUGE all."""
    bound = mpf(2) ** 1024  # stands for infinity: the float that would come after HUGE
    want = max(-bound, min(bound, mpf(want)))
    shown = max(-bound, min(bound, mpf(got)))
    unit = math.ulp(min(float(abs(want)), HUGE))
    if any(abs(x) > HUGE for x in through):
        return 0.0
    excused = sum(abs(want) * SMALLEST / abs(x) for x in through if 0 < abs(x) < TINY)
    return float(max(abs(shown - want) - excused, 0) / unit)


def products_rounded(row: Operation, exact: Sequence[Any], want: Any) -> float:
    """What `dot` may lose besides, in ulp of the result: half an ulp of each product, none of which is more than 2**-53 of it."""
    if row is not ops.dot:
        return 0.0
    products = [abs(w * x) for w, x in zip(*halves(exact), strict=True)]
    if any(product > HUGE for product in products):
        return INF
    lost = sum(product / mpf(2) ** 53 + SMALLEST for product in products)
    return float(lost / math.ulp(min(float(abs(want)), HUGE)))


def terms_rounded(reference: Reference, exact: Sequence[Any], want: Any) -> float:
    """What a partial may lose besides where its terms cancel, in ulp of the result: 4 ulp of each."""
    lost = sum(4 * math.ulp(float(term)) for term in reference.terms(*exact))
    return lost / math.ulp(min(float(abs(want)), HUGE))


@ROWS
def test_values_and_partials_keep_within_4_ulp_of_mpmath(row: Operation) -> None:
    reference = REFERENCES[row.name]
    for operands in points(row):
        with mp.workdps(reference.digits):
            exact = [mpf(x) for x in operands]
            want = reference.value(*exact)
            try:
                y = row.compute(operands)
            except OverflowError:
                assert ulps(math.copysign(INF, want), want) <= 4, operands
                continue
            assert ulps(y, want) <= 4 + products_rounded(row, exact, want), (operands, y, want)
            slopes = reference.slopes(exact)
            if not isinstance(row.partials, tuple):
                assert all(
                    ulps(got, want) <= 4 for got, want in zip(row.partials(y, *operands), slopes, strict=True)
                ), operands
                continue
            for place, (partial, want) in enumerate(zip(row.partials, slopes, strict=True)):
                if want is None:
                    with pytest.raises(ValueError, match=r"log_term is undefined at .*: it needs a base >= 0"):
                        partial(y, *operands)
                    continue
                slope = partial(y, *operands)
                allowed = 4 + terms_rounded(reference, exact, want)
                assert ulps(slope, want, reference.through(*exact)) <= allowed, (place, operands, slope, want)


def test_over_squares_is_rounded_once_so_that_its_partials_keep_within_3_ulp() -> None:
    reference, rules = REFERENCES["over_squares"], ops.over_squares.partials
    draw = random.Random(1)
    specimens = [(19.683542321642044, 0.5490143727407993, -4.282408212992151), (1.0, 3.0, 1e-30), (1e300, 1e300, 1.0)]
    specimens += [tuple(math.ldexp(draw.uniform(1, 2), draw.randint(-3, 3)) for _ in range(3)) for _ in range(3000)]
    with mp.workdps(50):
        for operands in specimens:
            exact = [mpf(x) for x in operands]
            y = ops.over_squares(*operands)
            assert ulps(y, reference.value(*exact)) <= 0.501, operands
            for partial, want in zip(rules, reference.slopes(exact), strict=True):
                assert ulps(partial(y, *operands), want) <= 3, operands
    assert math.copysign(1.0, ops.over_squares(-0.0, 1.0, 2.0)) == -1.0


def test_every_row_has_a_reference_and_a_domain_to_draw_from() -> None:
    assert set(REFERENCES) == set(OPERATIONS)
    for row in OPERATIONS.values():
        assert row.domain.boxes
        assert row.arity is None or all(len(box) == row.arity for box in row.domain.boxes)


@pytest.mark.parametrize("row", [row for row in OPERATIONS.values() if row.definition], ids=lambda row: row.name)
def test_definitions_compute_the_same(row: Operation) -> None:
    assert row.definition is not None
    for operands in points(row):
        if row in (ops.asinh, ops.acosh) and abs(operands[0]) > 1e307:
            continue  # twice as much is beyond the range of floats
        y = row.forward(*operands)
        # The cube root's exponent is rounded, which counts at both ends; what is below the normal floats may have lost its digits.
        tolerance = 2e-14 if row is ops.cbrt else 2e-15
        assert row.definition(*operands) == pytest.approx(y, rel=tolerance, abs=1e-320), operands


def test_signed_zeros_keep_their_side() -> None:
    assert ops.atan2(-0.0, -1.0) == -math.pi
    assert ops.sqrt.partials[0](-0.0, -0.0) == INF  # type: ignore[index]


# Second and higher derivatives ---------------------------------------------------------------------------------------


def moderate_points(row: Operation, count: int = 12) -> list[tuple[float, ...]]:
    rng = random.Random(row.name)
    if row.name in ("pow", "power_term", "log_term"):  # by an exponent only a positive base has derivatives
        return [tuple(rng.uniform(0.2, 3) for _ in range(row.arity or 0)) for _ in range(count)]
    ranges = [
        [(max(low + 0.05 * abs(low), -3.0), min(0.95 * high, 3.0)) for low, high in box] for box in row.domain.boxes
    ]
    return [tuple(rng.uniform(*ends) for ends in ranges[i % len(ranges)]) for i in range(count)]


def second_partials(row: Operation, operands: Sequence[float]) -> list[list[float]]:
    """The rules on Values, and backward through what they recorded."""
    xs = [Value(x) for x in operands]
    y = row(*(halves(xs) if row is ops.dot else [xs] if isinstance(row, Reduction) else xs))
    rows = []
    for slope in row.derivatives(y, xs):
        for x in xs:
            x.grad = 0.0
        if isinstance(slope, Value):
            slope.backward()
        rows.append([x.grad for x in xs])
    return rows


@ROWS
def test_second_partials_follow_mpmath(row: Operation) -> None:
    reference = REFERENCES[row.name]
    saturated = [(18.0,), (-40.0,), (300.0,)] if row.name in ("tanh", "sigmoid", "softplus", "silu") else []
    saturated += [(5.0,), (-5.0,), (20.0,), (-25.0,)] if row.name in ("erf", "silu", "gelu") else []
    for tolerance, operands in [*[(1e-15, p) for p in moderate_points(row)], *[(0.0, p) for p in saturated]]:
        with mp.workdps(60 if tolerance else 500):
            exact = [mpf(x) for x in operands]
            for i, by_operand in enumerate(second_partials(row, operands)):
                for j, got in enumerate(by_operand):
                    order = tuple(int(place == j) for place in range(len(exact)))
                    want = mp.diff(lambda *xs, i=i: mpf(reference.slopes(xs)[i]), exact, order)
                    assert abs(got - want) <= 1e-12 * abs(want) + tolerance, (operands, i, j, got, want)


def derivatives(f: Callable[[Value], Value], x: float, orders: int) -> list[float]:
    """f(x) and its derivatives up to this order."""
    v = Value(x)
    nodes = [f(v)]
    for _ in range(orders):
        nodes.append(grad(nodes[-1], v))
    return [node.data for node in nodes]


@pytest.mark.parametrize(
    ("f", "x", "expected"),
    [
        (lambda x: x**2, 0.0, [0.0, 0.0, 2.0, 0.0]),
        (lambda x: x**3, 0.0, [0.0, 0.0, 0.0, 6.0]),
        (lambda x: x**3, -0.0, [-0.0, 0.0, 0.0, 6.0]),
        (lambda x: x**3, -2.0, [-8.0, 12.0, -12.0, 6.0, 0.0]),
        (lambda x: x**0, 0.0, [1.0, 0.0, 0.0]),
        (lambda x: x**1, 0.0, [0.0, 1.0, 0.0]),
        (lambda x: x**1.5, 0.0, [0.0, 0.0, INF, -INF]),
        (lambda x: x**0.5, 0.0, [0.0, INF, -INF]),
        (lambda x: x**-1, -2.0, [-0.5, -0.25, -0.25, -0.375]),
        (lambda x: 2.0**x, 0.0, [1.0, math.log(2), math.log(2) ** 2]),
        (lambda x: 0.0**x, 2.0, [0.0, 0.0, 0.0]),
        (ops.sqrt, 4.0, [2.0, 0.25, -1 / 32, 3 / 256]),
        (ops.sqrt, 0.0, [0.0, INF, -INF]),
        (ops.reciprocal, 2.0, [0.5, -0.25, 0.25, -0.375]),
        (ops.relu, 0.0, [0.0, 0.0, 0.0]),
        (ops.abs, 0.0, [0.0, 0.0, 0.0]),
        (ops.tanh, 0.0, [0.0, 1.0, 0.0, -2.0]),
        (ops.atan, 0.0, [0.0, 1.0, 0.0, -2.0]),
        (lambda x: ops.logsumexp([x]), 3.0, [3.0, 1.0, 0.0]),
        (ops.cbrt, 0.0, [0.0, INF]),
        (ops.cbrt, -8.0, [-2.0, 1 / 12, 1 / 144]),
        (ops.acosh, 1.0, [0.0, INF]),
        (ops.asinh, 0.0, [0.0, 1.0, 0.0, -1.0]),
        (ops.erf, 0.0, [0.0, 2 / math.sqrt(math.pi), 0.0, -4 / math.sqrt(math.pi)]),
        (ops.silu, 0.0, [0.0, 0.5, 0.5, 0.0, -0.5]),
        (ops.gelu, 0.0, [0.0, 0.5, math.sqrt(2 / math.pi), 0.0, -4 / math.sqrt(2 * math.pi)]),
        (lambda x: ops.clip(x, -1.0, 1.0), 1.0, [1.0, 1.0, 0.0]),
    ],
)
def test_higher_derivatives_at_points_where_rules_go_wrong(
    f: Callable[[Value], Value], x: float, expected: list[float]
) -> None:
    assert derivatives(f, x, len(expected) - 1) == pytest.approx(expected, rel=1e-14, abs=1e-16)
