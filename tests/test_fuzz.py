"""A short run of the fuzzer, and that it would find what it looks for."""

from __future__ import annotations

import dataclasses
import math
import random
from collections.abc import Callable
from typing import Any

import pytest
from mpmath import mpf

from tests import fuzz
from tests.bounds import ROWS, Balls, Undecided, holds, local_balls, node_ball, own_blend, second_derivative
from tests.fuzz_checking import Function
from tests.references import SMALLEST
from tinygrad_bp import OPERATIONS, Value, grad, ops


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_values_and_derivatives_of_random_graphs_are_those_of_mpmath(seed: int) -> None:
    found = fuzz.run(seed, 120, 0.0, [])
    assert found.wrong == []
    counts = found.counts
    assert counts["graphs"] > 110
    for what in ("value", "backward", "grad", "second derivative"):
        assert counts[what] > 90  # what cannot be told is seldom


@pytest.mark.slow
@pytest.mark.extras
@pytest.mark.parametrize(
    "target",
    [
        "python",
        "llvm",
        "numpy",
        "jax",
        pytest.param("torch", marks=pytest.mark.torch),
        pytest.param("javascript", marks=pytest.mark.node),
        pytest.param("c", marks=pytest.mark.cc),
    ],
)
def test_programs_of_random_graphs_keep_to_the_bounds(target: str) -> None:
    if target == "jax":
        __import__("jax").config.update("jax_enable_x64", True)
    found = fuzz.run(11, 12 if target == "jax" else 60, 1.0, [target])
    assert found.wrong == []
    assert found.counts[f"{target}: programs"] > (10 if target == "jax" else 50)


def test_random_graphs_have_every_row_and_numbers_of_every_kind() -> None:
    drawn = [fuzz.graph(random.Random(f"0 {k}")) for k in range(1500)]
    assert {op for each in drawn for op, _ in each.steps} == {*OPERATIONS.values(), own_blend}
    data = [x for each in drawn for x in each.data]
    kinds: list[Callable[[float], bool]] = [
        math.isnan,
        math.isinf,
        lambda x: x == 0 and math.copysign(1.0, x) < 0,
        lambda x: 0 < abs(x) < 2.2e-308,
        lambda x: 1e300 < abs(x) < math.inf,
    ]
    assert all(any(map(kind, data)) for kind in kinds)


def test_the_command_counts(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz.main(["--graphs", "20", "--seed", "3", "--programs", "0.2", "--targets", "python"]) == 0
    printed = capsys.readouterr().out
    assert "        0 wrong\n" in printed
    assert " second derivative\n" in printed
    assert " python: programs\n" in printed


# It finds what it looks for


def of(op: Any, *data: float) -> Function:
    return Function(op.name, data, ((op, tuple(range(len(data)))),))


def wrong(function: Function) -> list[str]:
    found = fuzz.Findings()
    fuzz.derivatives(found, function, random.Random(1))
    return found.wrong


def scaled(f: Callable[..., Any], factor: float) -> Callable[..., Any]:
    return lambda *numbers: factor * f(*numbers)


def test_what_is_off_by_a_few_units_is_found() -> None:
    off = 1.0 + 2.0**-48
    assert wrong(of(ops.sin, 0.7)) == []
    value = dataclasses.replace(ops.sin, forward=scaled(math.sin, off))
    assert any(text.startswith("value: 0.644") for text in wrong(of(value, 0.7)))
    rules: Any = ops.sin.partials
    slope = dataclasses.replace(ops.sin, partials=(scaled(rules[0], off),))
    assert [text.split(":")[0] for text in wrong(of(slope, 0.7))][:2] == ["backward", "grad"]


def _number(x: Any) -> Any:
    return x.data if isinstance(x, Value) else x


def test_a_second_derivative_that_is_not_that_of_the_first_is_found() -> None:
    # Right numbers, but the rule is a constant to whoever differentiates it.
    frozen = dataclasses.replace(ops.sin, partials=(lambda y, x: 0.0 * x + _number(ops.cos(x)),))
    assert [text.split(":")[0] for text in wrong(of(frozen, 0.7))] == ["second derivative"]


def test_a_row_that_refuses_what_it_has_a_value_for_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(x: float) -> float:
        raise OverflowError

    assert [text for k in range(60) for text in fuzz.refusals(random.Random(k))] == []
    monkeypatch.setattr(fuzz, "TABLE", [dataclasses.replace(ops.tanh, forward=fails)])
    [text] = fuzz.refusals(random.Random(1))
    assert text.startswith("tanh at [")
    monkeypatch.setattr(fuzz, "TABLE", [dataclasses.replace(ops.tanh, forward=lambda x: math.nan)])
    [text] = fuzz.refusals(random.Random(1))
    assert text.endswith("is NaN")


# Bounds


def test_balls_grow_with_the_conditioning() -> None:
    x = Value(1.0, "x")
    y = (x + 1e8) - 1e8
    middle, radius = Balls(y * 1.0).value
    assert middle == 1
    assert 1e-9 < radius < 1e-6
    middle, radius = Balls((x * 3.0).tanh()).value
    assert radius < 1e-14
    steep = Balls(((x + 1e-9) - 1.0).log()).value  # the sum is rounded, and the logarithm magnifies that
    assert 1e-8 < steep[1] < 1e-4


def test_what_cannot_be_told_is_undecided() -> None:
    x = Value(0.1, "x")
    beside_0 = (x + 0.2) - (x + 0.2)
    for y in (beside_0.maximum(0.0).cbrt(), (x * 1e18).sin(), beside_0.sqrt()):
        with pytest.raises(Undecided):
            Balls(y).derivatives  # noqa: B018
    with pytest.raises(Undecided, match="range"):
        node_ball(ops.mul, [(mpf(1e200), mpf(0)), (mpf(1e200), mpf(0))], ROWS)
    with pytest.raises(Undecided, match="branch cut"):
        node_ball(ops.atan2, [(mpf(0), mpf(0)), (mpf(-1), mpf(0))], ROWS)
    assert local_balls(ops.relu, [(mpf(-1), mpf(0))], [True], ROWS) == [(0, 0)]
    assert not holds(math.inf, (mpf(1), mpf(9)))
    assert holds(1.0, (mpf(1), mpf(SMALLEST)))


def test_second_derivatives_by_differences_and_kinks() -> None:
    x = Value(0.0, "x")
    nothing = mpf(0), mpf(0)
    assert abs(second_derivative((x * 2.0).exp(), x, x, nothing) - 4) < 1e-30
    for y in (x.abs(), x.relu(), x * x.relu(), x.abs() * x):
        with pytest.raises(Undecided):
            second_derivative(y, x, x, nothing)
    w = Value(1e-200, "w")
    y = w * w * w + 1.0
    assert grad(grad(y, w), w).data == pytest.approx(6e-200)
    assert abs(second_derivative(y, w, w, (mpf(6e-200), mpf(0))) / mpf(6e-200) - 1) < 1e-15
