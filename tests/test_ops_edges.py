"""The rows of the table where there is no number or no derivative, and as what `Value` records."""

from __future__ import annotations

import importlib
import itertools
import math
import operator
import random
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.references import SPECIAL, halves, points, sample
from tinygrad_bp import Constant, Operation, Reduction, Value, ops
from tinygrad_bp.core.operation import HUGE
from tinygrad_bp.core.ops import OPERATIONS

INF = math.inf
ROWS = pytest.mark.parametrize("row", OPERATIONS.values(), ids=list(OPERATIONS))

# What is no number ---------------------------------------------------------------------------------------------------


def every_slope(row: Operation, y: float, operands: Sequence[float]) -> list[float]:
    """All partials that there are: by an exponent there is none where the base is below 0."""
    if not isinstance(row.partials, tuple):
        return list(row.partials(y, *operands))
    base, exponents = {"pow": (0, (1,)), "power_term": (1, (2, 3))}.get(row.name, (0, ()))
    return [
        partial(y, *operands) for i, partial in enumerate(row.partials) if i not in exponents or not operands[base] < 0
    ]


def finite_tuples(row: Operation) -> Iterator[tuple[float, ...]]:
    rng = random.Random(row.name)
    if row.arity in (1, 2):
        yield from itertools.product(SPECIAL, repeat=row.arity)
    for _ in range(400):
        length = row.arity or 2 * rng.randint(1, 3)
        yield tuple(rng.choice((rng.choice(SPECIAL), sample(-HUGE, HUGE, rng))) for _ in range(length))


@ROWS
def test_finite_operands_never_turn_into_nan(row: Operation) -> None:
    for operands in finite_tuples(row):
        try:
            y = row.compute(operands)
        except (ValueError, ArithmeticError) as error:
            assert str(error).startswith((f"{row.name} is undefined at ", f"{row.name} overflows at ")), error  # noqa: PT017
            overflow = isinstance(error, OverflowError) and row.domain.fits
            assert str(error).endswith(overflow or row.domain.needs)  # noqa: PT017
            continue
        assert y == y, operands
        if row is ops.over_squares and math.isinf(y):
            continue  # a row of derivatives only, and this one has overflowed
        assert all(slope == slope for slope in every_slope(row, y, operands)), operands


@ROWS
def test_a_nan_among_the_operands_never_gives_a_number(row: Operation) -> None:
    for length in [row.arity] if row.arity else [2, 4, 6]:
        for places, others in itertools.product(
            itertools.product((False, True), repeat=length), (0.0, 1.0, 0.5, -1.0, INF, -INF)
        ):
            if any(places) and not (
                row is ops.passed and not places[0] and others == 0.0
            ):  # a closed gate lets none through
                operands = [math.nan if place else others for place in places]
                assert math.isnan(row.compute(operands)), operands
        assert math.isnan(row.compute([math.nan] * length))


@pytest.mark.parametrize(
    "name",
    [
        "relu",
        "leaky_relu",
        "abs",
        "maximum",
        "minimum",
        "softplus",
        "sigmoid",
        "tanh",
        "exp",
        "sqrt",
        "pow",
        "gelu",
        "silu",
        "erf",
        "asinh",
        "acosh",
        "atanh",
        "log2",
        "log10",
        "cbrt",
        "clip",
    ],
)
def test_slopes_at_nan_are_nan(name: str) -> None:
    row = OPERATIONS[name]
    operands = [math.nan, 0.5, 1.0][: row.arity]
    assert all(math.isnan(slope) for slope in row.derivatives(math.nan, operands))


@pytest.mark.parametrize(
    ("row", "operands", "value", "slopes"),
    [
        (ops.exp, [-INF], 0.0, [0.0]),
        (ops.exp, [INF], INF, [INF]),
        (ops.expm1, [-INF], -1.0, [0.0]),
        (ops.log, [INF], INF, [0.0]),
        (ops.log1p, [INF], INF, [0.0]),
        (ops.sqrt, [INF], INF, [0.0]),
        (ops.atan, [-INF], -math.pi / 2, [0.0]),
        (ops.atan2, [INF, 1.0], math.pi / 2, [0.0, 0.0]),
        (ops.atan2, [INF, INF], math.pi / 4, [0.0, 0.0]),
        (ops.tanh, [INF], 1.0, [0.0]),
        (ops.tanh, [-INF], -1.0, [0.0]),
        (ops.sigmoid, [INF], 1.0, [0.0]),
        (ops.sigmoid, [-INF], 0.0, [0.0]),
        (ops.softplus, [INF], INF, [1.0]),
        (ops.softplus, [-INF], 0.0, [0.0]),
        (ops.erf, [-INF], -1.0, [0.0]),
        (ops.silu, [INF], INF, [1.0]),
        (ops.silu, [-INF], 0.0, [0.0]),
        (ops.gelu, [INF], INF, [1.0]),
        (ops.gelu, [-INF], 0.0, [0.0]),
        (ops.asinh, [-INF], -INF, [0.0]),
        (ops.acosh, [INF], INF, [0.0]),
        (ops.log2, [INF], INF, [0.0]),
        (ops.log10, [INF], INF, [0.0]),
        (ops.cbrt, [-INF], -INF, [0.0]),
        (ops.clip, [2.0, -INF, INF], 2.0, [1.0, 0.0, 0.0]),
        (ops.clip, [INF, 0.0, 1.0], 1.0, [0.0, 0.0, 1.0]),
        (ops.relu, [INF], INF, [1.0]),
        (ops.relu, [-INF], 0.0, [0.0]),
        (ops.leaky_relu, [-INF, 0.25], -INF, [0.25, -INF]),
        (ops.leaky_relu, [INF, 0.25], INF, [1.0, 0.0]),
        (ops.abs, [-INF], INF, [-1.0]),
        (ops.maximum, [INF, 1.0], INF, [1.0, 0.0]),
        (ops.minimum, [-INF, 1.0], -INF, [1.0, 0.0]),
        (ops.div, [1.0, -INF], 0.0, [0.0, 0.0]),
        (ops.pow, [2.0, -INF], 0.0, [0.0, 0.0]),
        (ops.pow, [0.0, INF], 0.0, [0.0, 0.0]),
        (ops.pow, [INF, 2.0], INF, [INF, INF]),
        (ops.pow, [INF, 0.1], INF, [0.0, INF]),
        (ops.sum_of, [INF, 1.0], INF, [1.0, 1.0]),
        (ops.dot, [INF, 1.0, 2.0, 3.0], INF, [2.0, 3.0, INF, 1.0]),
        (ops.logsumexp, [INF, 1.0], INF, [1.0, 0.0]),
        (ops.logsumexp, [INF, INF], INF, [0.5, 0.5]),
        (ops.logsumexp, [-INF, 1.0], 1.0, [0.0, 1.0]),
        (ops.logsumexp, [-INF], -INF, [1.0]),
    ],
    ids=lambda x: x.name if isinstance(x, Operation) else None,
)
def test_infinite_operands_follow_the_limit(
    row: Operation, operands: list[float], value: float, slopes: list[float]
) -> None:
    y = row.compute(operands)
    assert (y, list(row.derivatives(y, operands))) == (value, slopes)


@pytest.mark.parametrize("name", ["sin", "cos", "tan", "asin", "acos", "atanh", "hypot"])
def test_without_a_limit_an_infinite_operand_is_refused(name: str) -> None:
    row = OPERATIONS[name]
    with pytest.raises((ValueError, OverflowError), match=rf"{name} (is undefined|overflows) at inf.*: it needs .+"):
        row(*[INF, 1.0][: row.arity])


@pytest.mark.torch
@pytest.mark.parametrize("bounds", [(-1.0, 1.0), (1.0, -1.0), (-math.inf, 1.0), (-1.0, math.inf)])
def test_clip_follows_clamp(bounds: tuple[float, float]) -> None:
    torch = importlib.import_module("torch")
    for x in (-2.0, -1.0, 0.0, 1.0, 2.0):
        theirs = [torch.tensor(each, dtype=torch.float64, requires_grad=True) for each in (x, *bounds)]
        torch.clamp(*theirs).backward()
        ours = [Value(each) for each in (x, *bounds)]
        y = ops.clip(*ours)
        y.backward()
        assert y.data == torch.clamp(*theirs).item()
        assert [each.grad for each in ours] == [each.grad.item() for each in theirs], (x, bounds)


def test_clip_between_equal_bounds_gives_all_to_one() -> None:
    for x, slopes in ((0.0, [0.0, 1.0, 0.0]), (1.0, [1.0, 0.0, 0.0]), (2.0, [0.0, 0.0, 1.0])):
        assert ops.clip.derivatives(1.0, [x, 1.0, 1.0]) == slopes


# The rows and Value --------------------------------------------------------------------------------------------------

SYMBOLS: dict[str, Callable[..., Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv, "pow": operator.pow,
    "neg": operator.neg, "abs": operator.abs,
}  # fmt: skip
NUMPY_NAMES = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "atan2": "arctan2", "asinh": "arcsinh", "acosh": "arccosh",
               "atanh": "arctanh"}  # fmt: skip
DERIVATIVES_ONLY = (
    "sigmoid_slope", "reciprocal", "over_squares", "power_term", "log_term", "exp_difference", "asinh_slope", "erf_slope", "silu_slope",
    "gelu_slope", "normal_cdf", "normal_density", "passed",
)  # fmt: skip
METHODS = [row.name for row in OPERATIONS.values() if row.arity and row.name not in DERIVATIVES_ONLY]


def spellings(row: Operation) -> list[Callable[..., Any]]:
    """The row itself, its operator and its methods: all that records it."""
    if isinstance(row, Reduction):
        return [lambda *xs: row(*(halves(xs) if row is ops.dot else [xs]))]
    methods = [getattr(Value, name) for name in (row.name, NUMPY_NAMES.get(row.name)) if row.name in METHODS and name]
    return [row, *methods, *([SYMBOLS[row.name]] if row.name in SYMBOLS else [])]


def recorded(f: Callable[..., Any], operands: Sequence[Any]) -> tuple[Any, ...]:
    """What f makes of the operands, to the bit: the number and the local derivatives by Values, or the error."""
    try:
        node = f(*operands)
    except (ValueError, ArithmeticError) as error:
        return type(error), str(error)
    slopes = [d.hex() for d, x in zip(node.local_derivatives, node.args, strict=True) if not isinstance(x, Constant)]
    return node.op, node.data.hex(), slopes


def by_the_row(row: Operation, operands: Sequence[Any]) -> tuple[Any, ...]:
    """The same from the row's own `forward` and `partials`."""
    numbers = [x.data if isinstance(x, Value) else float(x) for x in operands]
    try:
        y = row.compute(numbers)
    except (ValueError, ArithmeticError) as error:
        return type(error), str(error)
    varies = [isinstance(x, Value) for x in operands]
    slopes: list[float] = []
    try:
        if isinstance(row.partials, tuple):
            for partial, vary in zip(row.partials, varies, strict=True):
                slopes.append(float(partial(y, *numbers)) if vary else 0.0)
        else:
            slopes = [float(d) for d in row.partials(y, *numbers)]
    except (ValueError, ArithmeticError) as error:
        if any(map(math.isnan, numbers)):
            slopes = [math.nan] * len(numbers)
        else:
            by, why = (
                (f" with respect to operand {len(slopes) + 1}", str(error).rpartition(": ")[2])
                if row.arity != 1
                else ("", f"it needs {row.domain.needs}")
            )
            where = ", ".join(map(repr, numbers))
            return (
                ValueError,
                f"{row.name} has no derivative{by} at {where}: {why}; or make what does not vary a number instead of a Value",
            )
    if ops.closes(row, numbers):  # a zero of either sign is the closed one
        slopes = [slope or 0.0 for slope in slopes]
    return row, y.hex(), [d.hex() for d, vary in zip(slopes, varies, strict=True) if vary]


@ROWS
def test_values_record_what_the_row_says_to_the_bit(row: Operation) -> None:
    infinite = itertools.product((INF, -INF, math.nan, 0.0, -0.0, 1.0, -2.5), repeat=row.arity or 2)
    everyday = [(sample(-HUGE, HUGE, random.Random(i)), b) for i in range(60) for b in (-2.0, -1.0, 0.0, 1.0, 2.0, 3.0)]
    for operands in [*points(row, 60), *infinite, *(everyday if row is ops.pow else [])]:
        values = [Value(x) for x in operands]
        if not values:
            continue
        mixtures: list[list[Any]] = [values]
        if row.arity == 2:
            a, b = operands
            mixtures += [[values[0], b], [a, values[1]]]
            mixtures += [[values[0], int(b)]] if b.is_integer() and b.hex() != "-0x0.0p+0" else []
            mixtures += [[int(a), values[1]]] if a.is_integer() and a.hex() != "-0x0.0p+0" else []
        for mixture in mixtures:
            want = by_the_row(row, mixture)
            for f in spellings(row):
                if isinstance(mixture[0], Value) or f is row or f is SYMBOLS.get(row.name):
                    got = recorded(f, mixture)
                    assert got == want, (f, mixture)


@pytest.mark.parametrize("name", METHODS)
def test_functions_of_so_many_operands_are_methods_too(name: str) -> None:
    assert callable(getattr(Value, name))
