"""One operation, every reading: rows that are not in the table, made as docs/adding-an-operation.md makes them, and all that reads them."""

from __future__ import annotations

import importlib
import json
import math
import subprocess
from collections.abc import Callable, Iterator
from math import exp as natural_exponential
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp as tg
from tinygrad_bp import (
    MLP,
    OPERATIONS,
    SGD,
    Operation,
    Reduction,
    Value,
    check_gradients,
    compile,
    draw,
    explain,
    explore,
    grad,
    losses,
    ops,
    topological_order,
    train,
)
from tinygrad_bp.core.operation import Domain
from tinygrad_bp.core.value import Constant
from tinygrad_bp.explorer.programs import programs
from tinygrad_bp.program import Program
from tinygrad_bp.program.parts import PARTS, bell, decay, logistic

POSITIVE = Domain("a, b > 0", (((1e-9, 1e9), (1e-9, 1e9)),))


def helped(x: float) -> float:
    """A helper that a forward calls, which calls another."""
    return x * math.tanh(log_of_1_plus_exp(x))


def log_of_1_plus_exp(x: float) -> float:
    return math.log1p(natural_exponential(x))


def enclosing(function: Callable[[float], float], scale: float) -> Callable[[float], float]:
    """A function that knows another one and a number by enclosing them."""
    return lambda x: scale * function(x)


def of_both_sides(x: float) -> float:
    if x > 1.0:
        return 1.0
    return max(x, -1.0)


def operation(
    name: str, forward: Callable[..., float], partials: Any, definition: Callable[..., Any] | None = None, **more: Any
) -> Operation:
    operands = ", ".join("{}" for _ in partials)
    source, latex = f"{name}({operands})", rf"\mathrm{{{{{name}}}}}({operands})"
    return Operation(name, forward, partials, source, latex, name, definition=definition, **more)


def slope_of_mish(x: Any) -> Any:
    y = ops.tanh(ops.softplus(x))
    return y + x * (1.0 - y * y) * ops.sigmoid(x)


UNARY: list[Operation] = [
    operation("bell", lambda x: math.exp(-x * x), (lambda y, x: -2.0 * x * y,)),
    operation("softsign", lambda x: x / (1.0 + abs(x)), (lambda y, x: 1.0 / ((1.0 + abs(x)) * (1.0 + abs(x))),)),
    operation("by_logarithm", lambda x: math.log(x + math.sqrt(x * x + 1.0)), (lambda y, x: 1.0 / ops.sqrt(x * x + 1.0),)),
    operation("my_asinh", math.asinh, (lambda y, x: 1.0 / ops.hypot(1.0, x),)),
    operation("by_erf", lambda x: 0.5 * x * (1.0 + math.erf(x / math.sqrt(2.0))), (
        lambda y, x: 0.5 + 0.5 * ops.erf(x / math.sqrt(2.0)) + x * ops.exp(-0.5 * x * x) / math.sqrt(2.0 * math.pi),)),
    operation("mish", helped, (lambda y, x: slope_of_mish(x),)),
    operation("twice_tanh", enclosing(math.tanh, 2.0), (lambda y, x: 2.0 - 0.5 * y * y,)),
    operation("of_operation", lambda x: UNARY[0](x) + float(1), (lambda y, x: -2.0 * x * (y - 1.0),)),
    operation("tanh", math.tanh, (lambda y, x: 1.0 - y * y,)),  # not the row, though all is as there
    operation("exp", lambda x, factor=math.cos: factor(2.0 * x), (lambda y, x: -2.0 * ops.sin(2.0 * x),)),
    operation("hard_tanh", of_both_sides, (lambda y, x: ops.step(1.0 - abs(x)),), lambda x: ops.maximum(ops.minimum(x, 1.0), -1.0)),
    operation("swish", lambda x, beta: x / (1.0 + math.exp(-beta * x)), (
        lambda y, x, beta: ops.sigmoid(beta * x) * (1.0 + beta * (x - y)), lambda y, x, beta: y * (x - y)), defaults=(1.5,)),
]  # fmt: skip
BINARY = [
    operation("log_ratio", lambda a, b: math.log(a / b), (lambda y, a, b: 1.0 / a, lambda y, a, b: -1.0 / b), domain=POSITIVE),
    operation("of_power", lambda a, b: math.pow(a, b) + math.hypot(a, b), (
        lambda y, a, b: b * a ** (b - 1.0) + a / ops.hypot(a, b), lambda y, a, b: a**b * ops.log(a) + b / ops.hypot(a, b)),
        domain=POSITIVE),
]  # fmt: skip
REDUCTIONS = [
    Reduction("mean", lambda *xs: math.fsum(xs) / len(xs), lambda y, *xs: [1.0 / len(xs)] * len(xs),
        lambda bare, tight: f"mean([{', '.join(bare)}])", lambda bare, tight: rf"\overline{{{', '.join(bare)}}}", "mean"),
    Reduction("rms", lambda *xs: math.sqrt(sum(x * x for x in xs) / len(xs)), lambda y, *xs: [x / (y * len(xs)) for x in xs],
        lambda bare, tight: f"rms([{', '.join(bare)}])", lambda bare, tight: rf"\mathrm{{rms}}({', '.join(bare)})", "rms"),
]  # fmt: skip
ALL = [*UNARY, *BINARY, *REDUCTIONS]
POINTS = [(0.25, 0.75, 1.25), (2.0, 0.5, 3.0), (0.875, 3.0, 0.125)]

every_operation = pytest.mark.parametrize("op", ALL, ids=lambda op: op.name)


def written(op: Operation) -> tuple[Value, list[Value]]:
    """The operation inside of other operations, and its leaves."""
    x, w, z = (Value(v, label) for v, label in zip(POINTS[0], "xwz", strict=True))
    if isinstance(op, Reduction):
        y = op([w * x, x, z, 0.5])
    elif op in BINARY:
        y = op(w * x, z)
    else:
        y = op(w * x) * op(z)
    y.label = "y"
    return y, [x, w, z]


def program_of(op: Operation) -> Program:
    """The operation, its gradient and second derivatives."""
    y, leaves = written(op)
    gradient = grad(y, leaves)
    return compile([y, gradient, [grad(each, leaves) for each in gradient]], leaves)


def flat(numbers: Any) -> Iterator[float]:
    if isinstance(numbers, list):
        for each in numbers:
            yield from flat(each)
    else:
        yield float(numbers)


def holds(found: Any, wanted: Any) -> None:
    assert list(flat(found)) == pytest.approx(list(flat(wanted)), rel=1e-11, abs=1e-13)


# The readings of the graph -------------------------------------------------------------------------------------------------------


@every_operation
def test_gradients_and_their_gradients(op: Operation) -> None:
    y, leaves = written(op)
    y.backward()
    gradient = grad(y, leaves)
    assert [g.data for g in gradient] == [x.grad for x in leaves]
    assert check_gradients(y).ok
    for g in gradient:
        assert check_gradients(g).ok


@every_operation
def test_it_is_explained_and_drawn(op: Operation) -> None:
    y, leaves = written(op)
    explained = str(explain(y, leaves[0]))
    assert explained.startswith("dy/dx = ")
    assert float(explained.rpartition("= ")[2].split("\n")[0]) == pytest.approx(grad(y, leaves[0]).data, rel=1e-8)
    assert op.symbol in draw(y).source
    assert op.name in op.describe()


# The targets ----------------------------------------------------------------------------------------------------------------------


@every_operation
def test_python(op: Operation) -> None:
    y, leaves = written(op)
    program = program_of(op)
    assert program(*POINTS[0])[:2] == [y.data, [g.data for g in grad(y, leaves)]]
    holds(program.to("python")(*POINTS[1]), program(*POINTS[1]))


@pytest.mark.extras
@every_operation
def test_machine_code(op: Operation) -> None:
    program = program_of(op)
    machine = program.to("llvm")
    for point in POINTS:
        holds(machine(*point), program(*point))
    for row, point in zip(machine.rows(POINTS * 7), POINTS * 7, strict=True):
        holds(row, program(*point))


@pytest.mark.extras
@pytest.mark.parametrize("target", ["numpy", "jax", "array_api_strict", pytest.param("torch", marks=pytest.mark.torch)])
@every_operation
def test_arrays(op: Operation, target: str) -> None:
    if target == "jax":
        importlib.import_module("jax").config.update("jax_enable_x64", True)
    program = program_of(op)
    on_arrays = program.to(importlib.import_module(target) if target == "array_api_strict" else target)
    for point in POINTS:
        holds(on_arrays(*point), program(*point))


@pytest.mark.extras
def test_jax_differentiates_what_was_traced() -> None:
    jax = importlib.import_module("jax")
    jax.config.update("jax_enable_x64", True)
    for op in ALL:
        y, leaves = written(op)
        gradient = jax.grad(compile(y, leaves).to("jax"), argnums=(0, 1, 2))(*POINTS[0])
        holds(list(gradient), [g.data for g in grad(y, leaves)])


NODE = "console.log(JSON.stringify(JSON.parse(process.argv[1]).map(([f, point]) => eval(f)(...point))));"


def node(calls: list[tuple[str, list[float]]]) -> Any:
    """What Node.js makes of each function, an expression, at its numbers."""
    done = subprocess.run(["node", "-e", NODE, json.dumps(calls)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def expression(module: str) -> str:
    """An ES module's function as an expression."""
    return f"(() => {{{module.replace('export ', '')} return program;}})()"


@pytest.mark.node
def test_javascript() -> None:
    wanted = [program_of(op) for op in ALL]
    functions = [expression(program.to("javascript")) for program in wanted]
    for point in POINTS:
        for program, found in zip(wanted, node([(f, list(point)) for f in functions]), strict=True):
            holds(found, program(*point))


@pytest.mark.node
def test_the_programs_of_a_page() -> None:
    for op in ALL:
        y, _ = written(op)
        variables = topological_order(y, constants=False)
        both = programs(topological_order(y))
        leaves = [v.data for v in variables if v.op is None]
        data, local = node([(both["forward"], leaves), (both["slopes"], [v.data for v in variables])])
        holds(data, [v.data for v in variables if v.op])
        edges = [edge for v in variables for edge in zip(v.args, v.local_derivatives, strict=True)]
        holds(local, [derivative for operand, derivative in edges if not isinstance(operand, Constant)])


@every_operation
def test_the_page_is_written(op: Operation, tmp_path: Path) -> None:
    explore(written(op)[0], tmp_path / "page.html")
    assert op.name in (tmp_path / "page.html").read_text(encoding="utf-8")


ROWS = [([0.2 * k, 0.5 - 0.1 * k], math.sin(k)) for k in range(6)]


def trained(op: Operation, engine: str) -> tuple[str, str, list[float]]:
    net = MLP(2, [3, 1], activation=[op, None], seed=2)
    history = train(net, ROWS, losses.squared_error, SGD(net.parameters(), 0.05), epochs=20, engine=engine)
    return history.engine, history.why_eager, history.losses


@pytest.mark.usefixtures("many_rows")
@pytest.mark.extras
@pytest.mark.parametrize("op", UNARY, ids=lambda op: op.name)
def test_training_in_every_engine(op: Operation, tmp_path: Path) -> None:
    _, _, wanted = trained(op, "eager")
    assert trained(op, "python") == ("python", "", wanted)
    engine, why, found = trained(op, "auto")
    assert (engine, why) == ("llvm", "")
    assert found == pytest.approx(wanted, rel=1e-9)
    assert trained(op, "llvm") == (engine, why, found)
    explore(MLP(2, [3, 1], activation=[op, None], seed=2), tmp_path / "page.html", rows=[([0.5, 1.0], [0.0])])


# What cannot be traced ---------------------------------------------------------------------------------------------------------------


def opaque(function: Callable[[float], float]) -> Callable[[float], float]:
    return lambda x: 0.5 * function(x)


def again(x: float) -> float:
    return again(x) + 1.0 if x == x else x


BRANCHING = operation("branching", lambda x: x if x > 0.0 else 0.1 * x, (lambda y, x: 0.1 + 0.9 * ops.step(x),))
OPAQUE = operation("opaque", opaque(math.lgamma), (lambda y, x: 0.0,))
ITSELF: Operation = operation("itself", lambda x: x, (lambda y, x: 1.0,), lambda x: ITSELF(x / 2.0) * 2.0)
EACH_OTHER: Operation = operation("each_other", lambda x: x, (lambda y, x: 1.0,), lambda x: THE_OTHER(x))
THE_OTHER: Operation = operation("the_other", lambda x: x, (lambda y, x: 1.0,), lambda x: EACH_OTHER(x))
ENDLESS = operation("endless", lambda x: x, (lambda y, x: 1.0,), lambda x: deeper(x))
NOTHING = operation("nothing", lambda x: x, (lambda y, x: 1.0,), lambda x: None)
ENDLESS_SUM: Reduction = Reduction("endless_sum", lambda *xs: sum(xs), lambda y, *xs: [1.0] * len(xs), "{}", "{}", "Σ",
    definition=lambda *xs: ENDLESS_SUM([*xs, 0.0]))  # fmt: skip


def deeper(x: Any) -> Any:
    return deeper(x) + 1.0


REFUSED = [
    (BRANCHING, "forward", "asked for a number"),
    (OPAQUE, "forward", "asked for a number"),
    (ITSELF, "definition", "it is defined by itself"),
    (EACH_OTHER, "definition", "it is defined by itself"),
    (ENDLESS, "definition", "it is defined by itself, without an end"),
    (NOTHING, "definition", "TypeError, a definition is made of its operands and real numbers, not NoneType None"),
    (ENDLESS_SUM, "definition", "it is defined by itself, without an end"),
]
TARGETS = {"javascript": "javascript", "llvm": "llvm", "numpy": "the array target"}


@pytest.mark.extras
@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize(("op", "what", "reason"), REFUSED, ids=lambda x: x.name if isinstance(x, Operation) else "")
def test_what_cannot_be_traced_is_refused_in_words(op: Operation, what: str, reason: str, target: str) -> None:
    x = Value(0.5, "x")
    y = op([x]) if isinstance(op, Reduction) else op(x)
    program = compile(y, [x])
    assert program(0.5) == y.data
    with pytest.raises(ValueError, match="step, sign, maximum or minimum in place of an if") as refused:
        program.to(target)
    assert str(refused.value).startswith(f"{TARGETS[target]} has no {op.name}, and its {what} cannot be followed: ")
    assert reason in str(refused.value)


def test_a_page_of_it_is_not_begun(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="javascript has no branching"):
        explore(BRANCHING(Value(0.5, "x")), tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("many_rows")
@pytest.mark.extras
def test_training_goes_on_with_the_next_engine() -> None:
    engine, why, found = trained(BRANCHING, "auto")
    assert engine == "python"
    assert why.startswith("llvm has no branching, and its forward cannot be followed: ")
    assert found == trained(BRANCHING, "eager")[2]
    with pytest.raises(ValueError, match="llvm has no branching"):
        trained(BRANCHING, "llvm")


@pytest.mark.extras
def test_an_optimizer_may_have_operations_of_ones_own() -> None:
    class Softly(SGD):
        def update(self, p: Any, gradient: Any, moments: Any, settings: Any) -> Any:
            return p - settings[0] * UNARY[1](gradient), []

    def run(engine: str) -> list[float]:
        net = MLP(2, [3, 1], seed=2)
        optimizer = Softly(net.parameters(), 0.05)
        return train(net, ROWS, losses.squared_error, optimizer, epochs=9, batch_size=3, engine=engine).losses

    assert run("llvm") == pytest.approx(run("eager"), rel=1e-9)


# A sum that is defined by a shorter one has an end.
TOTAL: Reduction = Reduction("total", lambda *xs: math.fsum(xs), lambda y, *xs: [1.0] * len(xs), "{}", "{}", "Σ",
    definition=lambda first, *others: first + TOTAL(others) if others else first)  # fmt: skip


@pytest.mark.extras
def test_a_definition_may_be_by_a_shorter_case() -> None:
    xs = [Value(k / 4.0, f"x{k}") for k in range(9)]
    assert compile(TOTAL(xs), xs).to("llvm")(*range(9)) == 36.0


@pytest.mark.extras
def test_a_function_is_not_changed_by_being_traced() -> None:
    x = Value(0.5, "x")
    for op in UNARY[:-1]:
        before = op.forward(0.5)
        compile(op(x), [x]).to("llvm")
        assert op.forward(0.5) == before
        assert type(before) is float
    assert helped.__globals__["math"] is math
    assert helped.__globals__["natural_exponential"] is math.exp


# The lists of the targets -----------------------------------------------------------------------------------------------------------


def native(target: str) -> frozenset[Operation]:
    module: Any = importlib.import_module(f"tinygrad_bp.program.{target}")
    found: frozenset[Operation] = module.NATIVE
    return found


@pytest.mark.parametrize(
    "target", ["python", "arrays", "javascript", "c.rows", pytest.param("llvm.native", marks=pytest.mark.extras)]
)
def test_the_lists_of_targets_name_rows_only(target: str) -> None:
    rows = {*OPERATIONS.values(), *PARTS}
    assert native(target) <= rows
    assert native(target) >= {ops.add, ops.sub, ops.mul, ops.div, ops.neg, ops.exp, ops.log, ops.step, ops.sign}


@pytest.mark.extras
@pytest.mark.parametrize(
    "lacking", [{decay}, {logistic}, {bell}, {decay, logistic, bell}], ids=["decay", "logistic", "bell", "all"]
)
def test_a_target_may_lack_what_the_sigmoid_is_made_of(
    lacking: set[Operation], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = importlib.import_module("tinygrad_bp.program.arrays")
    monkeypatch.setattr(module, "NATIVE", module.NATIVE - lacking)
    x, w = Value(0.5, "x"), Value(-1.5, "w")
    y = (x * w).sigmoid() * tg.sigmoid(x)
    program = compile([y, grad(y, [x, w])], [x, w])
    on_arrays = program.to("numpy")
    assert not any(f"{op.name}(" in on_arrays.source for op in lacking)
    for point in ((0.5, -1.5), (-3.0, 2.0), (0.0, 1.0), (40.0, 30.0)):
        holds(on_arrays(*point), program(*point))
