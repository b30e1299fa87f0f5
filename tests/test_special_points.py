"""At kinks and ends of domains, within functions whose slope is 0 or infinite there: no infinite slope is silently a number."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import pytest

import tinygrad_bp as tg
from tinygrad_bp import OPERATIONS, Value, diagnose, grad
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.program import compile

Function = Callable[[Value], Value]
INNER: dict[str, Function] = {
    "x": lambda x: x,
    "square": lambda x: x * x,
    "cube": lambda x: x**3,
    "abs": abs,
    "relu": lambda x: x.relu(),
    "leaky": lambda x: tg.leaky_relu(x, 0.0),
    "minimum": lambda x: tg.minimum(x, 0.0),
    "clip": lambda x: tg.clip(x, 0.0, 1.0),
    "sqrt": lambda x: x.sqrt(),
    "cbrt": lambda x: x.cbrt(),
}
SHIFTS = 0.0, 1.0, -1.0
JUMPS = "sign", "step"  # whose slope counts as 0 at the jump as everywhere: docs/derivatives.md


def outer(row: Operation) -> Iterator[Function]:
    """The row with the inner function at each place, beside special numbers."""
    for c in SHIFTS:
        if row.arity == 1:
            yield lambda u, c=c: row(u + c)
        elif row.arity == 2:
            yield lambda u, c=c: row(u, c)
            yield lambda u, c=c: row(c, u)
        elif row.name in ("leaky_relu", "clip"):
            yield lambda u, c=c: row(u, c, 1.0)
            yield lambda u, c=c: row(c, u, 1.0)
    if row.arity == 2:
        yield lambda u: row(u, u)


def moved(g: Function, h: Function, x: float) -> float | None:
    leaf = Value(x)
    try:
        return (g(h(leaf)) + leaf).data
    except (ValueError, ArithmeticError):
        return None


def is_infinite(g: Function, h: Function, x: float, y: float, side: float) -> bool:
    """Whether the difference quotients to this side grow without an end; a jump is none."""
    quotients = []
    for step in (1e-6, 1e-12):
        there = moved(g, h, x + side * step)
        if there is None or abs(there - y) > 1e-1:
            return False
        quotients.append(abs(there - y) / step)
    return quotients[1] > max(10.0, 1.5 * quotients[0])


@pytest.mark.parametrize("name", [name for name in OPERATIONS if name not in (*JUMPS, "log_term", "power_term")])
def test_an_infinite_slope_is_in_the_gradient_or_is_named(name: str) -> None:
    for g in outer(OPERATIONS[name]):
        for inner, h in INNER.items():
            for x in SHIFTS:
                leaf = Value(x, "x")
                try:
                    y = g(h(leaf)) + leaf
                except (ValueError, ArithmeticError):
                    continue
                y.backward()
                if math.isfinite(leaf.grad) and math.isfinite(y.data):
                    if any(is_infinite(g, h, x, y.data, side) for side in (1.0, -1.0)):
                        assert [each.kind for each in diagnose(y).findings] == ["kink"], (inner, x, leaf.grad)
                elif math.isfinite(y.data):
                    assert diagnose(y).findings, (inner, x)


@pytest.mark.parametrize("name", [name for name, row in OPERATIONS.items() if row.arity in (1, 2)])
def test_at_infinities_a_slope_is_the_limit_or_is_named(name: str) -> None:
    row = OPERATIONS[name]
    infinite = itertools.product((math.inf, -math.inf, 0.0, 0.5, 2.0), repeat=row.arity or 1)
    for point in infinite:
        if not any(map(math.isinf, point)):
            continue
        xs = [Value(x) for x in point]
        try:
            y = row(*xs)
            there = [Value(math.copysign(1e100, x) if math.isinf(x) else x) for x in point]
            row(*there).backward()
        except (ValueError, ArithmeticError):
            continue
        y.backward()
        if not math.isfinite(y.data):
            continue
        for x, far in zip(xs, there, strict=True):
            if math.isfinite(x.grad):
                assert x.grad == pytest.approx(far.grad, rel=1e-4, abs=1e-4), point
            else:
                assert diagnose(y, [x]).findings, point


@pytest.mark.extras
def test_a_base_below_0_has_no_root_and_minus_infinity_has_none_either() -> None:
    import numpy as np

    a, b = Value(2.0, "a"), Value(3.0, "b")
    for exponent in (0.25, 0.5, -0.5, 1.5, 1 / 3):
        for y, inputs in ((a**exponent, [a]), (a**b, [a, b])):
            program = compile([y, grad(y, a)], inputs)
            point = [-math.inf, exponent][: len(inputs)]
            for base in (-math.inf, -4.0):
                with pytest.raises(ValueError, match=r"pow is undefined at -(inf|4\.0) \(a\)"):
                    Value(base, "a") ** exponent
                with pytest.raises(ValueError, match="pow is undefined at -"):
                    program(base, *point[1:])
            machine, arrays = program.to("llvm"), program.to("numpy")
            found = [*machine(*point), *machine.rows([point] * 9)[8], *arrays(*point)]
            assert all(map(math.isnan, map(float, found))), (exponent, found)
            column = arrays(*[np.array([x, x]) for x in point])
            assert all(np.isnan(each).all() for each in column)
            zeros = [machine(-0.0, *point[1:])[0], float(arrays(-0.0, *point[1:])[0])]
            zeros += arrays(np.array([-0.0, -0.0]), *point[1:])[0].tolist()
            assert [math.copysign(1.0, x) for x in zeros] == [1.0] * 4  # of either sign a zero above 0
            assert {abs(x) for x in zeros} == {0.0 if exponent > 0 else math.inf}
    for whole, wanted in ((3.0, -math.inf), (4.0, math.inf), (-3.0, 0.0), (0.0, 1.0)):
        program = compile(a**b, [a, b])
        for target in (program, program.to("llvm"), program.to("numpy")):
            assert float(target(-math.inf, whole)) == wanted
