"""What is folded in a program is the same float for zeros of both signs, infinities and NaN; powers are written as people do."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.programs import INFINITE, replay, result, run
from tests.references import SPECIAL
from tinygrad_bp import Value, compile, grad
from tinygrad_bp.core import ops

NUMBERS = (*INFINITE, *SPECIAL, 0.0, -0.0, 0.3, -0.3)
Formula = Callable[..., Value]


def add(terms: Sequence[Value]) -> Value:
    """Python's sum, which begins with 0."""
    total = sum(terms)
    assert isinstance(total, Value)
    return total


def bits(found: Any) -> Any:
    """The result with the signs of its zeros; all NaN are one."""
    return [x.hex() if x == x else "nan" for x in found] if isinstance(found, list) else found


def body(y: Value, inputs: Sequence[Value]) -> str:
    """The formula of the last line but one, with the names of all lines above in their places."""
    source = compile([y], inputs).source
    return source[source.index("def program(") :].split("\n", 1)[1].rsplit("    return", 1)[0].strip()


FOLDS: list[Formula] = [
    lambda x, z: x + 0.0, lambda x, z: 0.0 + x, lambda x, z: x - 0.0, lambda x, z: x + -0.0, lambda x, z: -0.0 + x, lambda x, z: x - -0.0,
    lambda x, z: x * 1.0, lambda x, z: x * -1.0, lambda x, z: x / 1.0, lambda x, z: -(-x), lambda x, z: (-x) * (-z),  # noqa: B002
    lambda x, z: x + (-z), lambda x, z: (-x) + z, lambda x, z: x - (-z), lambda x, z: (-x) - z, lambda x, z: (-x) + (-z),
    lambda x, z: -(x * 3.0), lambda x, z: (x * -1.0) * -1.0, lambda x, z: -(x - z), lambda x, z: 0.0 - x, lambda x, z: x**1,
    lambda x, z: add([x, z]), lambda x, z: add([x * z, z * z]), lambda x, z: add([x]) + add([z]), lambda x, z: add([add([x]), add([z])]),
    lambda x, z: add([x, z]) + 0.35, lambda x, z: add([x * z, z]).tanh(), lambda x, z: add([x, z]).sigmoid(), lambda x, z: add([x]).exp(),
    lambda x, z: add([x]) ** 2, lambda x, z: add([x]) ** 3, lambda x, z: add([x]).relu() * z, lambda x, z: add([x.relu(), z]),
    lambda x, z: add([x]) * add([z]), lambda x, z: add([x]) * add([x]), lambda x, z: tg.atan2(add([x]), z), lambda x, z: 1.0 / add([x]),
    lambda x, z: add([x]) - add([z]), lambda x, z: tg.maximum(add([x]), z), lambda x, z: add([x * x, z]), lambda x, z: add([-(x * x), z]),
    lambda x, z: add([x.abs() * 0.5, -z]), lambda x, z: -add([-x.abs(), 0.0 * z]), lambda x, z: add([x]) + add([x.abs() - z.abs()]),
    lambda x, z: tg.leaky_relu(add([x]), 0.1), lambda x, z: tg.clip(add([x]), -1.0, 1.0), lambda x, z: add([x.sqrt(), z]),
    lambda x, z: tg.dot([add([x]), z], [1.0, add([z])]), lambda x, z: tg.sum_of([add([x]), add([z])]), lambda x, z: add([x]).cbrt(),
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(FOLDS)))
def test_no_fold_changes_a_bit(place: int) -> None:
    x, z = Value(0.5, "x"), Value(0.25, "z")
    y = FOLDS[place](x, z)
    program = compile([y], [x, z])
    for a in NUMBERS:
        for b in (0.0, -0.0, 1.5, -1.5, *INFINITE):
            assert bits(result(program, a, b)) == bits(result(replay, [y], [x, z], [a, b])), (a, b)


@pytest.mark.slow
def test_sums_with_0_in_random_graphs_change_no_bit() -> None:
    draw = random.Random(5)
    gone = 0
    for _ in range(150):
        leaves = [Value(draw.uniform(-2, 2), f"x{k}") for k in range(3)]
        nodes = list(leaves)
        for _ in range(14):
            a, b = draw.choice(nodes[-6:]), draw.choice(nodes[-6:])
            row = draw.choice(
                (ops.add, ops.sub, ops.mul, ops.tanh, ops.cos, ops.relu, ops.abs, ops.neg, ops.sign, None, None, None)
            )
            nodes.append(0.0 + a if row is None else Value.record_operation(row, [a, b][: row.arity]))
        outputs = nodes[-2:]
        program = compile(outputs, leaves)
        gone += sum(node.op is ops.add and 0.0 in node.operands for node in nodes) > sum(
            op is ops.add and any(x < 0 for x in operands) for op, operands in program.code.instructions
        )
        for _ in range(12):
            point = [draw.choice((0.0, -0.0, 0.5, -0.5, 1.0, math.inf)) for _ in leaves]
            assert bits(result(program, *point)) == bits(result(replay, outputs, leaves, point))
    assert gone > 100


def test_a_sum_begins_without_0_where_nobody_can_tell() -> None:
    a, b, c = (Value(0.5, name) for name in "abc")
    assert body(add([a * b, b * c]) + 0.35, [a, b, c]) == "t1 = a * b + b * c + 0.35"
    assert body(add([(a - b) ** 2, (b - c) ** 2]), [a, b, c]) == "t1 = (a - b) ** 2 + (b - c) ** 2"
    assert body(add([a, b]).cos(), [a, b, c]) == "t1 = cos(a + b)"
    assert body(add([a, b]).tanh(), [a, b, c]) == "t1 = tanh(0.0 + a + b)"  # the output's own zero has a sign
    net = add([a * b, b * c]) + 0.35
    net.label = "net"
    assert body(net * net, [a, b, c]) == "net = a * b + b * c + 0.35\n    t1 = net * net"


def derivative(y: Value, x: Value, times: int) -> Value:
    for _ in range(times):
        y = grad(y, x)
    return y


@pytest.mark.parametrize(
    ("f", "times", "formula"),
    [
        (lambda x: 3.0 * x**2, 1, "t1 = 6.0 * x"), (lambda x: 3.0 * x**2, 2, ""), (lambda x: 3.0 * x**2, 3, ""),
        (lambda x: x**3, 1, "t1 = 3.0 * x ** 2"), (lambda x: x**3, 2, "t1 = 6.0 * x"), (lambda x: x**4, 3, "t1 = 24.0 * x"),
        (lambda x: x**5, 2, "t1 = 20.0 * x ** 3"), (lambda x: x**-1, 1, "t1 = -1.0 * x ** -2"), (lambda x: x**-2, 2, "t1 = 6.0 * x ** -4"),
        (lambda x: (2.0 * x - 1.0) ** 3, 1, "t1 = 2.0 * (3.0 * (2.0 * x - 1.0) ** 2)"), (lambda x: x**2 * 0.5, 1, "t1 = x"),
        (lambda x: (-x) ** 3, 1, "t1 = -(3.0 * (-x) ** 2)"), (lambda x: x**2 + x**3, 4, ""),
    ],
)  # fmt: skip
def test_derivatives_of_whole_powers_are_written_as_powers(
    tmp_path: Path, f: Formula, times: int, formula: str
) -> None:
    x = Value(1.5, "x")
    y = derivative(f(x), x, times)
    program = compile([y], [x])
    if formula != "t1 = x":
        assert body(y, [x]) == formula
    assert "power_term" not in program.source
    assert "def " not in program.source.replace("def program(", "")
    for number in NUMBERS:
        got, want = result(program, number), result(replay, [y], [x], [number])
        if number == number and 1e-100 < abs(number) < 1e100:
            assert bits(got) == bits(want), number
        elif number == number and abs(number) < 1e308:  # beyond, and at 0, whose sign the product keeps
            assert got == pytest.approx(want, rel=1e-15, abs=1e-300), number
    saved = float(run(program.source, tmp_path, "print(program(-0.7)[0])\n")) if times == 1 else program(-0.7)[0]
    assert saved == program(-0.7)[0]


def test_powers_that_python_would_compute_otherwise_stay_calls() -> None:
    x, n = Value(1.5, "x"), Value(2.0, "n")
    for y in (x**2.5, x**n, x**0.5):
        program = compile([grad(y, x)], [x, n])
        assert "= power_term(" in program.source
        assert "def power_term(" in program.source
    third = compile([grad(x**3, x)], [x])
    assert "# Where a derivative's power is infinite" in third.source
    assert third(1e200) == [math.inf]
    with pytest.raises(OverflowError):
        third.function(1e200)
    inverse = compile([grad(x**-1, x)], [x])
    assert inverse(0.0) == [-math.inf]
