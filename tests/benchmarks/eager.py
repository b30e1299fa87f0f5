"""Engines that record anew each time, in turn, several times over: medians and ratios.

W1 is one step of the 2-2-2 worked example: forward, backward, update of its 8 weights. W2 is a network 2-16-16-1 with tanh over 100
rows, forward and backward. W3 is a chain of multiplications and additions, differentiated; only for engines that survive it. W4 is a random
graph of 100,000 additions, multiplications, tanh and exp, built and differentiated. Before anything is timed, all engines must agree.
Absolute times say little: compare within one run.
"""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Sequence

from tests.benchmarks import tables
from tests.benchmarks.engines import Engine, installed, uncollected
from tests.benchmarks.peers import scalar_network

WEIGHTS = [0.15, 0.20, 0.25, 0.30, 0.40, 0.45, 0.50, 0.55]


def worked_example(engine: Engine, steps: int) -> list[float]:
    """The weights after so many steps of gradient descent."""
    numbers = list(WEIGHTS)
    sigmoid = engine.sigmoid
    persistent = engine.name != "xad"  # on a tape the weights are registered anew each step
    leaves = engine.leaves(numbers)
    for _ in range(steps):
        if not persistent:
            leaves = engine.leaves(numbers)
        w1, w2, w3, w4, w5, w6, w7, w8 = leaves
        h1 = sigmoid(w1 * 0.05 + w2 * 0.10 + 0.35)
        h2 = sigmoid(w3 * 0.05 + w4 * 0.10 + 0.35)
        o1 = sigmoid(w5 * h1 + w6 * h2 + 0.60)
        o2 = sigmoid(w7 * h1 + w8 * h2 + 0.60)
        error = (0.01 - o1) ** 2 * 0.5 + (0.99 - o2) ** 2 * 0.5
        slopes = engine.differentiate(error, leaves)
        if persistent:
            for w, slope in zip(leaves, slopes, strict=True):
                w.data -= 0.5 * slope
        else:
            numbers = [w - 0.5 * slope for w, slope in zip(numbers, slopes, strict=True)]
    return [w.data for w in leaves] if persistent else numbers


def mix(engine: Engine, plan: Sequence[tuple[str, int, int]]) -> tuple[float, float, list[float]]:
    """Seconds to build the random graph, seconds to differentiate it, and its derivatives."""
    draw = random.Random(7)
    leaves = engine.leaves([draw.uniform(-1.0, 1.0) for _ in range(100)])
    nodes = list(leaves)
    tanh, exp = engine.tanh, engine.exp
    start = time.perf_counter()
    for kind, i, j in plan:
        a, b = nodes[-i], nodes[-j]
        nodes.append(a + b if kind == "+" else a * b if kind == "*" else tanh(a) if kind == "tanh" else exp(a))
        if kind != "tanh":
            nodes[-1] = tanh(nodes[-1])  # keeps the numbers small
    built = time.perf_counter()
    slopes = engine.differentiate(nodes[-1], leaves)
    return built - start, time.perf_counter() - built, slopes


def chain(engine: Engine, length: int) -> tuple[float, float]:
    """Seconds to build and differentiate a chain of this many operations, and the derivative through it."""
    [x] = engine.leaves([1.0])
    leaves = [x]
    start = time.perf_counter()
    for _ in range(length // 2):
        x = x * 1.0000001 + 0.0000001
    [slope] = engine.differentiate(x, leaves)
    return time.perf_counter() - start, slope


def compare(title: str, engines: Sequence[Engine], run: Callable[[Engine], float], unit: str, rounds: int) -> str:
    """Runs the engines in turn, so that a change of the machine's speed meets them all: medians and ratios, as Markdown."""
    found: dict[str, list[float]] = {engine.name: [] for engine in engines}
    for _ in range(rounds):
        for engine in engines:
            gc.collect()  # what one engine leaves behind is not the next one's time
            if not engine.collected:
                gc.disable()
            found[engine.name].append(run(engine))
            gc.enable()
    return tables.table(title, found, engines[0].name, unit)


def agree(engines: Sequence[Engine], compute: Callable[[Engine], Sequence[float]]) -> None:
    """Raises ArithmeticError if the engines compute different numbers."""
    first = compute(engines[0])
    for engine in engines[1:]:
        tables.agree(engine.name, compute(engine), first)


def moons(engine: Engine, rows: Sequence[Sequence[float]]) -> list[float]:
    """The derivatives of a network 2-16-16-1's mean squared error over the rows, by its 337 parameters."""
    draw = random.Random(2)
    p = engine.leaves([draw.uniform(-0.5, 0.5) for _ in range(337)])
    errors = [scalar_network(engine.tanh, p, *row) for row in rows]
    return engine.differentiate(sum(errors[1:], errors[0]) * (1.0 / len(rows)), p)


def report() -> str:
    """All measures of the engine, as Markdown."""
    engines = installed()
    agree(engines, lambda engine: worked_example(engine, 100))

    def step(engine: Engine) -> float:
        start = time.perf_counter()
        worked_example(engine, 500)
        return (time.perf_counter() - start) / 500 * 1e6

    text = compare("W1, a step of the worked example", engines, step, "µs", 25)

    draw = random.Random(1)
    rows = [[draw.gauss(0, 1), draw.gauss(0, 1), draw.choice((-1.0, 1.0))] for _ in range(100)]
    agree(engines, lambda engine: moons(engine, rows))

    def batch(engine: Engine) -> float:
        start = time.perf_counter()
        moons(engine, rows)
        return (time.perf_counter() - start) * 1e3

    text += compare("W2, the gradient over 100 rows", engines, batch, "ms", 3)

    size = 100_000
    plan = [
        (draw.choice(("+", "*", "tanh", "exp")), draw.randrange(1, 100), draw.randrange(1, 100)) for _ in range(size)
    ]
    operations = sum(1 if kind == "tanh" else 2 for kind, _, _ in plan)
    engines.insert(1, uncollected())
    agree(engines, lambda engine: mix(engine, plan)[2])
    unit = "ns an operation"
    text += compare("W4, a random graph: build", engines, lambda e: mix(e, plan)[0] / operations * 1e9, unit, 5)
    text += compare(
        "W4, a random graph: build and backward", engines, lambda e: sum(mix(e, plan)[:2]) / operations * 1e9, unit, 5
    )

    # It recurses, and stops at about 1,000 operations.
    survivors = [engine for engine in engines if engine.name != "micrograd"]
    for length in (1_000, 100_000, 1_000_000):

        def per_node(engine: Engine, length: int = length) -> float:
            return chain(engine, length)[0] / length * 1e9

        agree(survivors, lambda engine, length=length: [chain(engine, length)[1]])  # type: ignore[misc]
        text += compare(f"W3, a chain of {length:,} operations", survivors, per_node, unit, 3)
    return text
