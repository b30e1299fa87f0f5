"""A slope of 0 from a branch that is not taken lets nothing through, not even the infinite slope of what comes after it."""

import json
import math
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

import tinygrad_bp as tg
from tinygrad_bp import Value, grad
from tinygrad_bp.core.operation import CLOSED, Operation

CASES: dict[str, tuple[Callable[[Value], Value], float]] = {
    "relu": (lambda x: tg.sqrt(tg.relu(x)), -1.0),
    "relu at the kink": (lambda x: tg.sqrt(tg.relu(x)), 0.0),
    "maximum": (lambda x: tg.maximum(x, 0.0) ** 0.5, -2.0),
    "minimum": (lambda x: tg.acos(tg.minimum(x, 1.0)), 2.0),
    "sign": (lambda x: tg.acos(tg.sign(x)), 2.0),
    "step": (lambda x: tg.sqrt(1.0 - tg.step(x)), 3.0),
    "leaky relu without a slope": (lambda x: tg.sqrt(tg.leaky_relu(x, 0.0)), -1.0),
    "a power of coefficient 0": (lambda x: tg.sqrt(x**0.0 - 1.0), 2.0),
    "clip": (lambda x: tg.asin(tg.clip(x, -1.0, 1.0)), 1.5),
}
each_case = pytest.mark.parametrize(("f", "at"), CASES.values(), ids=CASES)


@each_case
def test_backward_grad_and_explain_say_0(f: Callable[[Value], Value], at: float) -> None:
    x = Value(at, "x")
    y = f(x)
    y.label = "y"
    y.backward()
    assert x.grad == 0.0
    assert grad(y, x).data == 0.0
    assert tg.explain(y, x).total == 0.0


@each_case
@pytest.mark.parametrize("target", ["python", *[pytest.param(t, marks=pytest.mark.extras) for t in ("numpy", "llvm")]])
def test_programs_say_0(f: Callable[[Value], Value], at: float, target: str) -> None:
    x = Value(at, "x")
    y = f(x)
    program = tg.compile([y, grad(y, x)], [x]).to(target)
    assert [float(number) for number in program(at)] == [y.data, 0.0]


@pytest.mark.node
@each_case
def test_javascript_says_0(tmp_path: Path, f: Callable[[Value], Value], at: float) -> None:
    x = Value(at, "x")
    text = tg.compile([grad(f(x), x)], [x]).to("javascript") + f"\nconsole.log(JSON.stringify(program({at})));\n"
    path = tmp_path / "program.mjs"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(["node", str(path)], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [0]


def test_an_open_branch_passes_what_comes() -> None:
    x = Value(4.0, "x")
    y = tg.sqrt(tg.relu(x))
    y.backward()
    assert x.grad == 0.25 == grad(y, x).data


def test_what_is_no_choice_is_no_gate() -> None:
    x, w = Value(0.0, "x"), Value(0.0, "w")
    y = tg.sqrt(x) * w  # whose slope with respect to sqrt(x) is 0 because w is, not because a branch is closed
    y.backward()
    assert math.isnan(x.grad)
    assert math.isnan(grad(y, x).data)


NO_SLOPE: dict[str, tuple[Callable[[Value], Value], float]] = {  # at 0
    "a root of a kink": (lambda x: tg.sqrt(abs(x)), math.nan),
    "a power of a kink": (lambda x: abs(x) ** 0.5, math.nan),
    "x to the x": (lambda x: x**x, -math.inf),
    "a power of 0": (lambda x: 0.0**x, -math.inf),
}
each_without = pytest.mark.parametrize(("f", "slope"), NO_SLOPE.values(), ids=NO_SLOPE)


@each_without
@pytest.mark.parametrize("target", ["python", *[pytest.param(t, marks=pytest.mark.extras) for t in ("numpy", "llvm")]])
def test_an_infinite_slope_is_not_0_but_what_it_is(f: Callable[[Value], Value], slope: float, target: str) -> None:
    x = Value(0.0, "x")
    y = f(x)
    y.backward()
    program = tg.compile(grad(y, x), [x]).to(target)
    for found in (x.grad, grad(y, x).data, float(program(0.0)), tg.taylor(y, x, 1)[1].data):
        assert repr(found) == repr(slope)
    [finding] = tg.diagnose(y).findings
    assert finding.kind == ("0*inf gradient" if math.isnan(slope) else "infinite slope")


@pytest.mark.node
@each_without
def test_javascript_knows_it_too(tmp_path: Path, f: Callable[[Value], Value], slope: float) -> None:
    x = Value(0.0, "x")
    text = tg.compile([grad(f(x), x)], [x]).to("javascript") + "\nconsole.log(String(program(0)));\n"
    path = tmp_path / "program.mjs"
    path.write_text(text, encoding="utf-8")
    done = subprocess.run(["node", str(path)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ("NaN" if math.isnan(slope) else "-Infinity")


def test_powers_of_0_with_higher_exponents_keep_all_their_derivatives() -> None:
    x, p = Value(0.0, "x"), Value(2.0, "p")
    y = x**p
    second = tg.core.gradients.hessian(y, [x, p])
    assert [[each.data for each in row] for row in second] == [[2.0, 0.0], [0.0, 0.0]]


def test_an_operation_of_ones_own_can_choose() -> None:
    ramp = Operation(
        "ramp", lambda x: max(x, 0.0), (lambda y, x: tg.step(x),), "ramp({})", "", "ramp", chooses=True,
        definition=lambda x: tg.maximum(x, 0.0),
    )  # fmt: skip
    x = Value(-1.0, "x")
    y = tg.sqrt(ramp(x))
    y.backward()
    assert x.grad == 0.0 == grad(y, x).data


def test_the_closed_slope_is_a_float_that_wins() -> None:
    assert CLOSED == 0.0
    assert repr(CLOSED) == "0.0"
    for number in (1.0, -2.0, math.inf, -math.inf, math.nan):
        assert CLOSED * number == 0.0 == number * CLOSED
