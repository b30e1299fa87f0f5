"""Random graphs over every row of the table, at extreme points too: values, gradients, second derivatives and programs against mpmath.

`python -m tests.fuzz --graphs 100000 --seed 7` runs so many, `--programs 0.1` a tenth of them as programs too; it prints what was counted
and what is wrong, and returns 1 if something is. The suite runs a few hundred. What a number may be off, `tests/bounds.py` says.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from importlib.util import find_spec
from multiprocessing import Pool
from pathlib import Path
from typing import Any

from mpmath import mp, mpf

from tests.bounds import ROWS, Balls, Rounding, Undecided, digits, holds, own_blend, reference, second_derivative
from tests.c import compiled
from tests.fuzz_checking import Function, Step
from tests.references import SMALLEST, sample
from tinygrad_bp import OPERATIONS, Value, compile, grad, topological_order
from tinygrad_bp.core.operation import HUGE, TINY

TABLE = (*OPERATIONS.values(), own_blend)
# How far programs may be off: they take other functions, have definitions in place of rows, and add up without compensation. JAX takes
# what is below the normal floats for 0.
PROGRAMS = {
    "python": ROWS,
    "llvm": Rounding(64.0),
    "numpy": Rounding(2e4, 1e-15),
    "torch": Rounding(2e4, 1e-15),
    "jax": Rounding(2e4, 1e-15, 1e-300),
    "javascript": Rounding(2e4, 1e-15),
    "c": Rounding(32.0),
    "clang": Rounding(32.0),
}
MEET = ("power_term", "over_squares")  # in whose partials an infinity may meet a 0, as docs/derivatives.md says
NEEDS = {"llvm": "llvmlite", "numpy": "numpy", "torch": "torch", "jax": "jax"}
COMMANDS = {"javascript": "node", "c": "cc", "clang": "clang"}
DRIVER = """
import { readFileSync } from "node:fs";
const number = (x) => x === "inf" ? Infinity : x === "-inf" ? -Infinity : x === "nan" ? NaN : x;
const text = (x) => Array.isArray(x) ? x.map(text) : Number.isFinite(x) ? x : String(x);
const found = [];
for (const { module, points } of JSON.parse(readFileSync(process.argv[2], "utf8"))) {
  const m = await import(module);
  found.push(points.map((p) => text(m.program(...p.map(number)))));
}
console.log(JSON.stringify(found));
"""


def installed() -> list[str]:
    """The targets that can be run here."""
    return [
        name
        for name in PROGRAMS
        if (shutil.which(COMMANDS[name]) if name in COMMANDS else name not in NEEDS or find_spec(NEEDS[name]))
    ]


# Graphs --------------------------------------------------------------------------------------------------------------


def number(draw: random.Random) -> float:
    """A number of ordinary size, one of any size, or one at which something happens; seldom an infinity or NaN."""
    kind = draw.random()
    if kind < 0.55:
        return draw.uniform(-3.0, 3.0)
    if kind < 0.7:
        return draw.choice([0.0, -0.0, 1.0, -1.0, 2.0, 0.5, math.nextafter(1.0, 0.0), -math.nextafter(1.0, 2.0)])
    if kind < 0.98:
        return sample(-HUGE, HUGE, draw)
    return draw.choice([SMALLEST, -TINY, HUGE, -HUGE, math.inf, -math.inf, math.nan])


def _operand(low: float, high: float, known: Sequence[float], draw: random.Random) -> int | float:
    """The place of an earlier number that is in the interval, or a constant that is."""
    places = [place for place in range(max(0, len(known) - 6), len(known)) if low <= known[place] <= high]
    if places and draw.random() < 0.8:
        return draw.choice(places)
    x = number(draw)
    return x if low <= x <= high or not math.isfinite(x) else sample(low, high, draw)


def graph(draw: random.Random) -> Function:
    """A graph over every row, whose leaves are in the domain of the first: a row at a time, as long as it has a value and derivatives."""
    first = draw.choice(TABLE)
    box = draw.choice(first.domain.boxes)
    data = [sample(low, high, draw) if draw.random() < 0.7 else number(draw) for low, high in box[:4]]
    steps: list[Step] = []
    nodes: list[Any] = [Value(x) for x in data]
    for op in [first, *[draw.choice(TABLE) for _ in range(draw.randint(0, 7))]]:
        box = draw.choice(op.domain.boxes)
        operands = tuple(_operand(low, high, [node.data for node in nodes], draw) for low, high in box)
        if op is first and not steps and len(box) <= len(data):
            operands = tuple(range(len(box)))
        if not any(type(x) is int for x in operands):
            continue
        try:
            nodes.append(Value.record_operation(op, [nodes[x] if type(x) is int else x for x in operands]))
        except (ValueError, ArithmeticError):
            continue
        steps.append((op, operands))
    return Function("graph", tuple(data), tuple(steps))


def refusals(draw: random.Random) -> Iterator[str]:
    """What is wrong with one row at one point of its domain: it raises, though there is a value."""
    op = draw.choice(TABLE)
    point = [sample(low, high, draw) for low, high in draw.choice(op.domain.boxes)]
    try:
        y = op.forward(*point)
    except (ValueError, ArithmeticError) as error:
        with mp.workdps(max(digits(op), reference(op).digits)):
            want = reference(op).value(*map(mpf, point))
        if not (isinstance(error, OverflowError) and abs(want) > HUGE * (1 - 2.0**-50)):
            yield f"{op.name} at {point} raises {error!r}, where mpmath has {mp.nstr(want, 17)}"
    else:
        if y != y:
            yield f"{op.name} at {point} is NaN"


# What is held against mpmath -----------------------------------------------------------------------------------------


class Findings:
    """What was counted, and what is wrong."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.wrong: list[str] = []

    def compare(self, what: str, got: float, ball: Any, said: str) -> None:
        """Counts a number, and keeps it if it is not in the ball."""
        self.counts[what] += 1
        if not holds(got, ball):
            self.wrong.append(f"{what}: {got!r}, not {mp.nstr(ball[0], 20)} ± {mp.nstr(ball[1], 3)}, in {said}")


def derivatives(found: Findings, function: Function, draw: random.Random) -> None:
    """Value, `backward`, `grad` and second derivatives of a function."""
    leaves = function.leaves()
    y = function(*leaves)
    y.backward()
    slopes = grad(y, leaves)
    finite = all(map(math.isfinite, function.data)) and all(
        math.isfinite(x) for _, operands in function.steps for x in operands if type(x) is float
    )
    found.counts["graphs"] += 1
    for node in topological_order(y, constants=False):
        if all(map(math.isfinite, node.numbers)) and node.op is not None:
            numbers = [node.data, *[x for x in node.recorded_derivatives if x is not None and node.op.name not in MEET]]
            if any(x != x for x in numbers):
                found.wrong.append(f"NaN from finite numbers: {node.op.name} at {node.numbers} in {function}")
    for leaf, slope in zip(leaves, slopes, strict=True):
        found.counts["grad beside backward"] += 1
        if not (
            math.isclose(leaf.grad, slope.data, rel_tol=1e-9, abs_tol=1e-290)
            or (leaf.grad != leaf.grad and slope.data != slope.data)
        ):
            found.wrong.append(f"backward {leaf.grad!r}, grad {slope.data!r}: {function}")
    if not finite:
        found.counts["graphs with infinities or NaN"] += 1
        return
    try:
        balls = Balls(y)
        found.compare("value", y.data, balls.value, str(function))
        by_node = balls.derivatives
        for leaf, slope in zip(leaves, slopes, strict=True):
            ball = by_node.get(leaf, (mpf(0), mpf(0)))
            found.compare("backward", leaf.grad, ball, f"by {leaf.label}: {function}")
            found.compare("grad", slope.data, ball, f"by {leaf.label}: {function}")
    except Undecided as reason:
        found.counts[f"undecided: {reason}"] += 1
        return
    varying = [(leaf, slope) for leaf, slope in zip(leaves, slopes, strict=True) if slope.op is not None]
    if varying:
        second(found, function, y, leaves, *draw.choice(varying))


def second(found: Findings, function: Function, y: Value, leaves: Sequence[Value], leaf: Value, slope: Value) -> None:
    """The second derivatives by one leaf and all leaves: of the graph that `grad` wrote, against differences of exact gradients."""
    for other in leaves:
        other.grad = 0.0
    slope.backward()
    try:
        balls = Balls(slope).derivatives
        for other in leaves:
            if other in balls:
                want = second_derivative(y, leaf, other, balls[other])
                found.compare(
                    "second derivative", other.grad, (want, balls[other][1]), f"{leaf.label}, {other.label}: {function}"
                )
    except Undecided as reason:
        found.counts[f"second derivative undecided: {reason}"] += 1


def programs(found: Findings, functions: Sequence[Function], targets: Sequence[str]) -> None:
    """Value and gradient of functions as programs of each target, JavaScript's all in one process, those in C in one library."""
    written = []
    for function in functions:
        leaves = function.leaves()
        y = function(*leaves)
        outputs = [y, *grad(y, leaves)]
        wanted = [node.data for node in outputs]
        if all(map(math.isfinite, [*wanted, *function.data])):
            written.append((function, y, leaves, wanted, compile(outputs, leaves)))
    for target in targets:
        if target == "javascript":
            results = _javascript([(each[-1].to(target), each[0].data) for each in written])
        elif target in COMMANDS:
            results = _c(COMMANDS[target], [(each[-1].to("c"), each[0].data) for each in written])
        else:
            results = [_run(each[-1], target, each[0].data) for each in written]
        for (function, y, leaves, wanted, _), got in zip(written, results, strict=True):
            found.counts[f"{target}: programs"] += 1
            if all(math.isclose(a, b, rel_tol=1e-14) for a, b in zip(got, wanted, strict=True)):
                continue
            _against_bounds(found, target, function, y, leaves, got)


def _against_bounds(
    found: Findings, target: str, function: Function, y: Value, leaves: Sequence[Value], got: list[float]
) -> None:
    try:
        balls = Balls(y, PROGRAMS[target])
        least = min((abs(m) for m, _ in [*balls.known.values(), *balls.derivatives.values()] if m), default=1)
        if least < 1e-290 or max(abs(m) for m, _ in balls.known.values()) > 1e300:
            raise Undecided("range")
        nothing = mpf(0), mpf(0)
        for x, ball in zip(got, [balls.value, *[balls.derivatives.get(leaf, nothing) for leaf in leaves]], strict=True):
            found.compare(f"{target}: number", x, ball, str(function))
    except Undecided as reason:
        found.counts[f"{target}: undecided: {reason}"] += 1


def _run(program: Any, target: str, data: Sequence[float]) -> list[float]:
    made = program.to(target)
    if target in ("python", "llvm"):
        try:
            return list(made(*data))
        except (ValueError, ArithmeticError):
            return [math.nan, *[math.nan for _ in data]]
    xp = __import__("jax.numpy", fromlist=["numpy"]) if target == "jax" else __import__(target)
    return [float(x) for x in made(*[xp.asarray(x, dtype=xp.float64) for x in data])]


def _javascript(jobs: Sequence[tuple[str, Sequence[float]]]) -> list[list[float]]:
    with tempfile.TemporaryDirectory() as name:
        folder, described = Path(name), []
        for k, (text, data) in enumerate(jobs):
            path = folder / f"module{k}.mjs"
            path.write_text(text, encoding="utf-8")
            described.append({"module": path.as_uri(), "points": [data]})
        (folder / "jobs.json").write_text(json.dumps(described), encoding="utf-8")
        (folder / "driver.mjs").write_text(DRIVER, encoding="utf-8")
        done = subprocess.run(
            ["node", str(folder / "driver.mjs"), str(folder / "jobs.json")],
            capture_output=True, text=True, encoding="utf-8", check=True,
        )  # fmt: skip
        return [[float(x) for x in results[0]] for results in json.loads(done.stdout)]


def _c(compiler: str, jobs: Sequence[tuple[str, Sequence[float]]]) -> list[list[float]]:
    with tempfile.TemporaryDirectory() as name:
        functions = compiled(Path(name), [text for text, _ in jobs], "-O2", compiler=compiler)
        return [function(*data) for function, (_, data) in zip(functions, jobs, strict=True)]


# The command ---------------------------------------------------------------------------------------------------------


def run(seed: int, graphs: int, share: float, targets: Sequence[str]) -> Findings:
    """So many graphs of this seed, a share of them as programs too."""
    found = Findings()
    chosen = []
    for k in range(graphs):
        draw = random.Random(f"{seed} {k}")
        found.wrong += refusals(draw)
        function = graph(draw)
        if function.steps:
            derivatives(found, function, draw)
            if draw.random() < share:
                chosen.append(function)
    if chosen:
        programs(found, chosen, targets)
    found.wrong = [f"seed {seed}: {text}" for text in found.wrong]
    return found


def _job(job: tuple[int, int, float, list[str]]) -> Findings:
    if "jax" in job[3] and job[2]:
        __import__("jax").config.update("jax_enable_x64", True)
    return run(*job)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--graphs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="of a hundred graphs; the next hundred has the next")
    parser.add_argument("--programs", type=float, default=0.1, help="which share of the graphs is run as programs too")
    parser.add_argument("--targets", nargs="+", choices=list(PROGRAMS), default=installed())
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--show", type=int, default=20, help="how many of what is wrong are shown")
    options = parser.parse_args(arguments)
    jobs = [
        (options.seed + k, min(100, options.graphs - 100 * k), options.programs, options.targets)
        for k in range(math.ceil(options.graphs / 100))
    ]
    total, wrong = Counter[str](), 0
    with Pool(options.processes) if options.processes > 1 else nullcontext() as pool:
        for found in pool.imap_unordered(_job, jobs) if pool else map(_job, jobs):
            total += found.counts
            for text in found.wrong:
                wrong += 1
                if wrong <= options.show:
                    print(text, flush=True)
    for what in sorted(total):
        print(f"{total[what]:>9,} {what}")
    print(f"{wrong:>9,} wrong")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
