"""Compiled programs beside C, a step written by hand, and other compilers. What is not installed is left out, and said."""

from __future__ import annotations

import ctypes
import math
import random
import shutil
import subprocess
import tempfile
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.benchmarks.eager import WEIGHTS
from tests.benchmarks.peers import PEERS
from tests.benchmarks.tables import agree, table
from tinygrad_bp import MLP, Value, compile, grad
from tinygrad_bp.program import Program

ROW = [0.05, 0.10, 0.01, 0.99]
Runner = Callable[[], Any]


def worked_example() -> Program:
    """The error of the worked example and its 8 derivatives."""
    net = MLP(2, [2, 2], weights=WEIGHTS, biases=[0.35, 0.60], shared_bias=True, separate_products=True)
    rest = [Value(x, label) for x, label in zip(ROW, ("i1", "i2", "target_o1", "target_o2"), strict=True)]
    error = sum((target - out) ** 2 * 0.5 for target, out in zip(rest[2:], net(rest[:2]), strict=True))
    return compile([error, *grad(error, net.weights)], [*net.weights, *rest])


def one_step() -> Program:
    """A step of its training: the error and the new weights from the old ones, the learning rate and a row."""
    row = [Value(x, label) for x, label in zip(ROW, ("i1", "i2", "target_o1", "target_o2"), strict=True)]
    net = MLP(2, [2, 2], weights=WEIGHTS, biases=[0.35, 0.60], shared_bias=True, separate_products=True)
    error = sum((target - out) ** 2 * 0.5 for target, out in zip(row[2:], net(row[:2]), strict=True))
    lr = Value(0.5, "lr")
    after = [w - lr * slope for w, slope in zip(net.weights, grad(error, net.weights), strict=True)]
    return compile([error, *after], [*net.weights, lr, *row])


def moons() -> tuple[Program, list[float]]:
    """One row's squared error of a network 2-16-16-1 and its 337 derivatives; the parameters."""
    net = MLP(2, [16, 16, 1], activation=["tanh", "tanh", None], seed=1)
    x, y, target = Value(0.3, "x"), Value(0.2, "y"), Value(1.0, "target")
    error = (net([x, y])[0] - target) ** 2
    parameters = net.parameters()
    return compile([error, *grad(error, parameters)], [*parameters, x, y, target]), [p.data for p in parameters]


def by_hand(  # what a careful person writes, with the sigmoid in its usual form
    w1: float, w2: float, w3: float, w4: float, w5: float, w6: float, w7: float, w8: float, i1: float, i2: float, t1: float, t2: float,
    exp: Callable[[float], float] = math.exp,
) -> list[float]:  # fmt: skip
    h1 = 1.0 / (1.0 + exp(-(w1 * i1 + w2 * i2 + 0.35)))
    h2 = 1.0 / (1.0 + exp(-(w3 * i1 + w4 * i2 + 0.35)))
    o1 = 1.0 / (1.0 + exp(-(w5 * h1 + w6 * h2 + 0.60)))
    o2 = 1.0 / (1.0 + exp(-(w7 * h1 + w8 * h2 + 0.60)))
    e1, e2 = o1 - t1, o2 - t2
    d1, d2 = e1 * o1 * (1.0 - o1), e2 * o2 * (1.0 - o2)
    c1, c2 = (d1 * w5 + d2 * w7) * h1 * (1.0 - h1), (d1 * w6 + d2 * w8) * h2 * (1.0 - h2)
    return [0.5 * e1 * e1 + 0.5 * e2 * e2, c1 * i1, c1 * i2, c2 * i1, c2 * i2, d1 * h1, d1 * h2, d2 * h1, d2 * h2]


def by_hand_exactly(  # the same with the sigmoid in the form that neither overflows nor loses the digits of its slope
    w1: float, w2: float, w3: float, w4: float, w5: float, w6: float, w7: float, w8: float, i1: float, i2: float, t1: float, t2: float,
    exp: Callable[[float], float] = math.exp,
) -> list[float]:  # fmt: skip
    n1, n2 = w1 * i1 + w2 * i2 + 0.35, w3 * i1 + w4 * i2 + 0.35
    x1, x2 = exp(-abs(n1)), exp(-abs(n2))
    h1, h2 = (1.0 if n1 > 0.0 else x1) / (1.0 + x1), (1.0 if n2 > 0.0 else x2) / (1.0 + x2)
    n3, n4 = w5 * h1 + w6 * h2 + 0.60, w7 * h1 + w8 * h2 + 0.60
    x3, x4 = exp(-abs(n3)), exp(-abs(n4))
    o1, o2 = (1.0 if n3 > 0.0 else x3) / (1.0 + x3), (1.0 if n4 > 0.0 else x4) / (1.0 + x4)
    e1, e2 = o1 - t1, o2 - t2
    d1, d2 = e1 * x3 / (1.0 + x3) ** 2, e2 * x4 / (1.0 + x4) ** 2
    c1, c2 = (d1 * w5 + d2 * w7) * x1 / (1.0 + x1) ** 2, (d1 * w6 + d2 * w8) * x2 / (1.0 + x2) ** 2
    return [0.5 * e1**2 + 0.5 * e2**2, c1 * i1, c1 * i2, c2 * i1, c2 * i2, d1 * h1, d1 * h2, d2 * h1, d2 * h2]


def compilers() -> list[tuple[str, str]]:
    """The C compilers that are installed, each with the efforts that it is measured with."""
    return [(name, effort) for name in ("gcc", "clang") if shutil.which(name) for effort in ("-O3", "-O2")]


def floors() -> dict[str, ctypes.CDLL]:
    """The workloads in C by how they were compiled, on the spot; none without a compiler."""
    return {f"C, {compiler} {effort}": floor(compiler, effort) for compiler, effort in compilers()}


def floor(compiler: str, effort: str) -> ctypes.CDLL:
    folder = tempfile.mkdtemp()
    source, library = Path(__file__).with_name("floor.c"), Path(folder) / "floor.so"
    subprocess.run([compiler, effort, "-shared", "-fPIC", str(source), "-o", str(library), "-lm"], check=True)
    found = ctypes.CDLL(str(library))
    shutil.rmtree(folder)
    pointer = ctypes.c_void_p
    found.worked_example.argtypes = [pointer, pointer]
    found.train_worked_example.argtypes = [pointer, pointer, ctypes.c_long, ctypes.c_double, pointer]
    found.moons.argtypes = [pointer, pointer, ctypes.c_long, pointer]
    return found


def address(numbers: array[float]) -> ctypes.c_void_p:
    return ctypes.c_void_p(numbers.buffer_info()[0])


def measure(runners: dict[str, tuple[Runner, int]], rounds: int = 15) -> dict[str, list[float]]:
    """Seconds of each runner, in turn, per unit of its work: a runner does so many units a call."""
    found: dict[str, list[float]] = {name: [] for name in runners}
    for _ in range(rounds):
        for name, (run, units) in runners.items():
            start = time.perf_counter()
            run()
            found[name].append((time.perf_counter() - start) / units)
    return found


def repeated(run: Runner, times: int) -> tuple[Runner, int]:
    def loop() -> None:
        for _ in range(times):
            run()

    return loop, times


def first_workload(in_c: dict[str, ctypes.CDLL]) -> str:
    program = worked_example()
    machine = program.to("llvm")
    arguments = (*WEIGHTS, *ROW)
    wanted = by_hand(*arguments)
    agree("the generated Python", program(*arguments), wanted)
    agree("the exact form by hand", by_hand_exactly(*arguments), wanted)
    agree("machine code", machine(*arguments), wanted)
    function = program.function
    python = {
        "written by hand": repeated(lambda: by_hand(*arguments), 2000),
        "the same, keeping its digits in saturation": repeated(lambda: by_hand_exactly(*arguments), 2000),
        "generated, `program.function`": repeated(lambda: function(*arguments), 2000),
        "generated, `program(...)`": repeated(lambda: program(*arguments), 2000),
        "machine code, `machine(...)`": repeated(lambda: machine(*arguments), 2000),
    }
    text = table("W1, one step, called with Python's floats", measure(python), "written by hand", "µs", 1e6)
    inputs, outputs = array("d", arguments), array("d", bytes(72))
    call = machine.bind(inputs, outputs)
    calls = {"machine code": repeated(call, 5000)}
    steps = 200_000
    losses, row = array("d", bytes(8 * steps)), array("d", ROW)
    step = one_step().to("llvm")
    rates, order = array("d", [0.5]) * steps, array("q", [0]) * steps

    def train() -> array[float]:
        return step.iterate(array("d", WEIGHTS), rates, row, order)

    trainings: dict[str, tuple[Runner, int]] = {"machine code, `machine.iterate`": (train, steps)}
    at = address(inputs), address(outputs)
    for name, c in in_c.items():
        c.worked_example(*at)
        agree(name, outputs, wanted)

        def train_in_c(c: ctypes.CDLL = c) -> None:
            weights = array("d", WEIGHTS)
            c.train_worked_example(address(weights), address(row), steps, 0.5, address(losses))

        calls[name] = repeated(lambda c=c: c.worked_example(*at), 5000)  # type: ignore[misc]
        trainings[name] = (train_in_c, steps)
        train_in_c()
        agree(f"{name}, in a loop", train()[:100], losses[:100])
    base, train_base = next(iter(in_c), "machine code"), next(iter(in_c), "machine code, `machine.iterate`")
    text += table("W1, one step, a call on buffers through ctypes", measure(calls), base, "ns", 1e9)
    return text + table("W1, a step of a training loop", measure(trainings), train_base, "ns", 1e9)


def second_workload(in_c: dict[str, ctypes.CDLL]) -> str:
    program, parameters = moons()
    draw = random.Random(1)
    rows = [[draw.gauss(0, 1), draw.gauss(0, 1), draw.choice((-1.0, 1.0))] for _ in range(100)]
    wanted = [math.fsum(column) for column in zip(*[program(*parameters, *row) for row in rows], strict=True)]
    machine = program.to("llvm")
    numbers, cells = array("d", parameters), array("d", [x for row in rows for x in row])
    view = memoryview(cells).cast("B").cast("d", shape=[100, 3])
    agree("machine code", machine.rows(view, numbers, total=True), wanted)
    runners = {"machine code, `machine.rows`": repeated(lambda: machine.rows(view, numbers, total=True), 20)}
    out = array("d", bytes(8 * 338))  # for all, since an address keeps nothing alive
    at = address(numbers), address(cells), 100, address(out)
    for name, c in in_c.items():
        c.moons(*at)
        agree(name, out, wanted)
        runners[name] = repeated(lambda c=c: c.moons(*at), 20)  # type: ignore[misc]
    for name, make in PEERS.items():
        try:
            run, numbers_of = make(parameters, rows)
        except ImportError:
            print(f"{name} is not installed and left out")
            continue
        agree(name, numbers_of(run()), wanted)
        runners[name] = repeated(run, 20)
    base = next(iter(in_c), "machine code, `machine.rows`")
    return table("W2, the gradient over 100 rows, by programs", measure(runners), base, "µs", 1e6)


def emission() -> str:
    """What an operation costs to emit and compile, for programs of 1,000 to 1,000,000 operations."""
    lines = [
        "\n### A program of many operations\n",
        "| operations | trace, µs each | Python source, µs each | machine code, µs each |",
        "|---:|---:|---:|---:|",
    ]
    for size in (1_000, 10_000, 100_000, 1_000_000):
        x = y = Value(0.5, "x")
        for _ in range(size // 2):
            y = y * 1.0000001 + 0.0000001
        start = time.perf_counter()
        program = compile(y, [x])
        traced = time.perf_counter()
        program.source  # noqa: B018  # it is made when first asked for
        emitted = time.perf_counter()
        wanted, tried = y.data, time.perf_counter()
        agree("machine code", [program.to("llvm")(0.5)], [wanted])
        compiled = time.perf_counter()
        each = [f"{seconds / size * 1e6:.2f}" for seconds in (traced - start, emitted - traced, compiled - tried)]
        lines.append(f"| {size:,} | {' | '.join(each)} |")
    return "\n".join(lines) + "\n"


def report() -> str:
    """All measures of programs, as Markdown."""
    in_c = floors()
    if not in_c:
        print("there is no C compiler, so no floor")
    return first_workload(in_c) + second_workload(in_c) + emission()
