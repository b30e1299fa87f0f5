"""How many digits are left: the bound holds, and is near to the truth, which has 50 digits."""

import math
from typing import Any

import pytest
from mpmath import mp, mpf

import tinygrad_bp as tg
from tests.bounds import digits, reference
from tests.graphs import random_graph
from tests.references import points
from tinygrad_bp import OPERATIONS, Operation, Value, diagnose
from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Reduction
from tinygrad_bp.core.stable import halves
from tinygrad_bp.diagnosis.digits import ALL_DIGITS
from tinygrad_bp.diagnosis.exact import local_error


def exact(root: Value) -> mpf:
    """What the root would be without any rounding."""
    known = {}
    for node in tg.topological_order(root, constants=False):
        with mp.workdps(60):
            known[node] = mpf(node.data)
            if node.op is not None:
                numbers = [mpf(x) if type(x) is float else known[x] for x in node.operands]
                known[node] = reference(node.op).value(*numbers)
    return known[root]


@pytest.mark.parametrize("size", [3, 10, 30, 60])
def test_the_bound_holds_and_is_within_a_factor_of_20_of_the_truth(size: int) -> None:
    near = count = 0
    for seed in range(120):
        y, _ = random_graph(1000 * size + seed, size)
        found = diagnose(y)
        off = float(abs(exact(y) - mpf(y.data)))
        assert found.bound is not None
        assert off <= found.bound, seed
        count += 1
        near += found.bound <= 20.0 * off or found.bound == 0.0
        assert found.digits == ALL_DIGITS or off <= abs(y.data) * 10.0**-found.digits
    assert near >= 0.9 * count


def test_roots_that_cancel() -> None:
    a, b = Value(1000001.0, "a"), Value(1000000.0, "b")
    y = a.sqrt() - b.sqrt()
    found = diagnose(y)
    assert f"{found.digits:.1f}" == "9.4"
    assert found.rounding.worst == pytest.approx(2 * 1000 * 2**-53, rel=1e-3)
    assert found.rounding.condition == pytest.approx(1e6, rel=1e-3)
    assert set(found.rounding.conditions) == {a, b}
    [finding] = found.findings
    assert (finding.kind, finding.node) == ("digits", y)
    assert [each.node.op.name for each in found.rounding.contributions] == ["sqrt", "sqrt"]
    assert finding.instead == "(a - b) / (sqrt(a) + sqrt(b))"
    assert "9.4 digits are left" in str(found)
    better = (a - b) / (a.sqrt() + b.sqrt())
    assert diagnose(better).digits > 15
    assert diagnose(better).ok


def test_what_rounds_nothing_loses_nothing() -> None:
    x, z = Value(1.3, "x"), Value(0.7, "z")
    for y in (-x, x * 0.25, x.relu(), tg.maximum(x, z), x - 1.0, abs(x - 2.0), (x * 8.0 - x * 8.0)):
        found = diagnose(y)
        assert found.rounding.worst == found.bound == 0.0
        assert found.digits == ALL_DIGITS
        assert "all digits are left" in str(found)


def test_a_difference_of_near_numbers_is_exact_and_what_they_lost_counts() -> None:
    x = Value(1.3, "x")
    product = x * 1.1
    y = product - 1.43
    found = diagnose(y)
    assert {each.node for each in found.rounding.contributions} == {product}
    assert found.digits < 1.0
    assert found.bound >= abs(float(exact(y) - mpf(y.data)))


def test_no_digit_of_0_is_left_where_something_was_rounded() -> None:
    y = Value(0.1, "a") * 3.0 - Value(0.3, "b") * 1.0000000000000002
    assert y.data == 0.0
    found = diagnose(y)
    assert found.digits == 0.0
    assert found.bound > 0.0
    assert [each.kind for each in found.findings] == ["digits"]


def test_beyond_a_kink_the_bound_holds_too() -> None:
    a, b = Value(0.1, "a"), Value(0.7, "b")
    for factor in (3.0, 7.0, 11.0, 13.0):
        for other in (0.1, 0.3, 0.9):
            y = (a * factor - (b * other) * (a.data * factor / (b.data * other))).relu() * 3.0
            assert abs(float(exact(y) - mpf(y.data))) <= diagnose(y).bound


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_what_an_operation_lost_is_what_50_digits_say(name: str) -> None:
    row = OPERATIONS[name]
    told = 0
    for point in points(row, 40)[:120]:
        try:
            y = row.forward(*point)
        except (ValueError, ArithmeticError):
            continue
        error = local_error(row, y, point) if math.isfinite(y) else None
        if error is not None:
            told += 1
            with mp.workdps(max(700, digits(row))):
                truth = float(mpf(y) - mpf(reference(row).value(*map(mpf, point))))
            assert abs(error - truth) <= 1e-6 * abs(truth) + 1e-9 * math.ulp(y) + 1e-307, point
    assert told > 10 or name not in ("add", "exp", "sin", "tanh", "dot", "gelu", "atan2", "pow")


def test_an_operation_of_ones_own_counts_at_its_worst() -> None:
    own = Operation("own", lambda x: x * x + 1.0, (lambda y, x: 2.0 * x,), "own({})", "{}", "own")
    assert local_error(own, 2.21, [1.1]) is None
    found = diagnose(own(Value(1.1, "x")))
    assert found.rounding.contributions[0].node.op is own
    assert 1e-16 < found.bound < 1e-14


@pytest.mark.parametrize("base", [2, 10])
@pytest.mark.parametrize("order", [1, 2, 3])
def test_a_constant_that_a_rule_rounds_is_counted(base: int, order: int) -> None:
    for k in range(1, 40):
        x = Value(0.37 * k, "x")
        y = tg.log2(x) if base == 2 else tg.log10(x)
        for _ in range(order):
            y = tg.grad(y, x)
        with mp.workdps(60):
            wanted = [1, -1, 2][order - 1] / mpf(x.data) ** order / mp.log(base)
            off = float(abs(wanted - mpf(y.data)))
        found = diagnose(y)
        assert found.bound is not None
        assert off <= found.bound
        assert found.bound < 1e-14 * abs(y.data)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_the_bound_holds_for_every_row_of_rounded_operands(name: str) -> None:
    row = OPERATIONS[name]
    usual = [
        point for point in points(row, 40) if all(x == 0.0 or 1e-60 < abs(x) < 1e60 for x in point) and len(point) < 9
    ]
    for k, point in enumerate(usual[:24]):
        xs = [Value(x) for x in point]
        us = [x * 0.7 * 1.4285714285714286 for x in xs] if k % 2 else [(x + 0.1) - 0.1 for x in xs]
        try:
            operands: Any = halves(us) if row is ops.dot else [us] if isinstance(row, Reduction) else us
            z = row(*operands) * 3.3 + 0.7
            off = float(abs(exact(z) - mpf(z.data)))
        except (ValueError, ArithmeticError):  # what was moved is outside of the domain
            continue
        found = diagnose(z)
        if found.bound is not None:
            assert off <= found.bound, point
