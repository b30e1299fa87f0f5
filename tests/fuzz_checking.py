"""Random functions for `check_gradients`: right rules are never called wrong, and wrong ones are found where a difference can tell.

`python -m tests.fuzz_checking --count 100000 --seed 1` runs so many, prints what was counted, and returns 1 if a right one was called
wrong; with `--show` it prints those. The suite runs a few hundred.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import random
import sys
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from multiprocessing import Pool
from typing import Any

from tinygrad_bp import OPERATIONS, Operation, Value, check_gradients, clip, maximum, minimum
from tinygrad_bp.checking import GradientCheck

OFF = 1e-6  # by which share of itself the slope of a wrong rule is off
Step = tuple[
    Operation, tuple[int | float, ...]
]  # the operands: the place of an earlier number, the leaves being first, or a constant
ROWS = sorted(OPERATIONS)


@dataclass(frozen=True)
class Function:
    """A function as steps, so that it can be recorded with one of them wrong."""

    family: str
    data: tuple[float, ...]
    steps: tuple[Step, ...]

    def __call__(self, *leaves: Value) -> Value:
        numbers: list[Any] = list(leaves)
        for op, operands in self.steps:
            numbers.append(Value.record_operation(op, [numbers[x] if type(x) is int else x for x in operands]))
        return numbers[-1]

    def leaves(self) -> list[Value]:
        """The leaves to call it with."""
        return [Value(x, f"x{k}") for k, x in enumerate(self.data)]

    def meets(self) -> bool:
        """Whether the last step chooses among operands of which some are equal."""
        last = self(*self.leaves())
        return last.op in (maximum, minimum, clip) and len(set(last.numbers)) < len(last.numbers)

    def spoiled(self, factor: float) -> Function:
        """The same with a last step all of whose rules give slopes that are wrong by this factor."""
        op, operands = self.steps[-1]
        return dataclasses.replace(self, steps=(*self.steps[:-1], (_spoiled(op, factor), operands)))

    def __str__(self) -> str:
        return f"{self.family} at {self.data}: " + "; ".join(
            f"{k}: {op.name}{operands}" for k, (op, operands) in enumerate(self.steps, len(self.data))
        )


def _spoiled(op: Operation, factor: float) -> Operation:
    partials: Any = op.partials
    if isinstance(partials, tuple):
        return dataclasses.replace(op, partials=tuple(_scaled(partial, factor) for partial in partials))
    return dataclasses.replace(op, partials=lambda y, *xs: [factor * local for local in partials(y, *xs)])


def _scaled(partial: Callable[..., Any], factor: float) -> Callable[..., Any]:
    return lambda y, *xs: factor * partial(y, *xs)


# Numbers


def number(draw: random.Random) -> float:
    """A number of any size, more often one of ordinary size or one at which something happens."""
    kind = draw.random()
    if kind < 0.45:
        return draw.uniform(-3.0, 3.0)
    if kind < 0.6:
        return draw.uniform(-45.0, 45.0)
    if kind < 0.72:
        return draw.choice([0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -0.0, 1e-3, 100.0, math.pi])
    if kind < 0.82:
        return draw.choice([1.0, -1.0, 0.0, 0.5]) + draw.choice([-1.0, 1.0]) * 10.0 ** draw.uniform(-16.0, -3.0)
    sign = draw.choice([-1.0, 1.0])
    return sign * 10.0 ** (draw.uniform(-12.0, 12.0) if kind < 0.95 else draw.uniform(-320.0, 300.0))


def _point(op: Operation, draw: random.Random) -> tuple[float, ...]:
    """A point of the operation's domain, corners included."""
    box = draw.choice(op.domain.boxes)
    if draw.random() < 0.1:
        return tuple(draw.choice(side) for side in box)
    return tuple(min(max(number(draw), low), high) for low, high in box)


# Families


def alone(draw: random.Random) -> Function:
    """One row at a point of its domain, each operand a leaf."""
    op = OPERATIONS[draw.choice(ROWS)]
    data = _point(op, draw)
    return Function(op.name, data, ((op, tuple(range(len(data)))),))


def graph(draw: random.Random) -> Function:
    """A random graph over every row."""
    data = tuple(number(draw) for _ in range(draw.randint(1, 3)))
    known = list(data)
    steps: list[Step] = []
    for _ in range(draw.randint(2, 12)):
        for _ in range(20):
            op = OPERATIONS[draw.choice(ROWS)]
            count = len(draw.choice(op.domain.boxes))
            operands = tuple(
                draw.randrange(max(0, len(known) - 6), len(known)) if draw.random() < 0.75 else number(draw)
                for _ in range(count)
            )
            if not any(type(x) is int for x in operands):
                continue
            try:
                y = op.forward(*[known[x] if type(x) is int else x for x in operands])
            except (ValueError, ArithmeticError):
                continue
            if math.isfinite(y):
                known.append(y)
                steps.append((op, operands))
                break
    return Function("graph", data, tuple(steps))


def chain(draw: random.Random) -> Function:
    """Unary rows one after another, of ordinary numbers."""
    x = draw.uniform(-2.0, 2.0)
    names = [name for name in ROWS if OPERATIONS[name].arity == 1]
    known, steps = x, list[Step]()
    for _ in range(40):
        op = OPERATIONS[draw.choice(names)]
        try:
            y = op.forward(known)
        except (ValueError, ArithmeticError):
            continue
        if 1e-6 < abs(y) < 1e6:
            steps.append((op, (len(steps),)))
            known = y
        if len(steps) == 5:
            break
    return Function("chain", (x,), tuple(steps))


def _named(family: str, data: Sequence[float], *steps: tuple[Any, ...]) -> Function:
    return Function(family, tuple(data), tuple((OPERATIONS[name], operands) for name, *operands in _tuples(steps)))


def _tuples(steps: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    return [(step[0], *step[1:]) for step in steps]


def _near_a_power(draw: random.Random) -> Function:
    x = 1.0 + draw.choice([-1.0, 1.0]) * 10.0 ** draw.uniform(-16.0, -1.0)
    power = draw.choice([1.5, 1.5, 1.2, 2.5, 0.5, 3.0])
    return _named("|x - 1| ** p", [x], ("sub", 0, 1.0), ("abs", 1), ("pow", 2, power))


def _fast(draw: random.Random) -> Function:
    x = 10.0 ** draw.uniform(5.0, 17.0)
    name = draw.choice(["sin", "cos", "tan"])
    if draw.random() < 0.5:
        return _named("fast", [x], (name, 0))
    return _named("fast", [draw.uniform(0.1, 3.0)], ("mul", 0, x), (name, 1))


def _end_of_domain(draw: random.Random) -> Function:
    name = draw.choice(["asin", "acos", "atanh", "log", "sqrt", "acosh", "log1p"])
    op = OPERATIONS.get(name, OPERATIONS["asin"])
    [(low, high)] = draw.choice(op.domain.boxes)
    end = draw.choice([each for each in (low, high) if abs(each) < 10.0])
    x = end + (1.0 if end == low else -1.0) * 10.0 ** draw.uniform(-17.0, -2.0)
    x = min(max(x, low), high)
    return Function("end of domain", (x,), ((op, (0,)),))


def _systematic(draw: random.Random) -> Function:
    x = draw.choice([-1.0, 1.0]) * 10.0 ** draw.uniform(-6.0, 0.0)
    name = draw.choice(["sigmoid", "tanh", "softplus", "cos", "exp", "cosh", "atan"])
    return _named("f(x ** 3)", [x], ("mul", 0, 0), ("mul", 1, 0), (name, 2))


def _subnormal(draw: random.Random) -> Function:
    x = draw.choice([-1.0, 1.0]) * 10.0 ** draw.uniform(-323.0, -100.0)
    name = draw.choice(["sin", "tanh", "atan", "expm1", "relu", "abs", "mul", "dot"])
    inner = (name, 0, 0) if name in ("mul", "dot") else (name, 0)
    return _named("subnormal", [x], inner, ("mul", 1, draw.uniform(-2.0, 2.0)))


def _beside_a_kink(draw: random.Random) -> Function:
    z = draw.choice([0.0, draw.choice([-1.0, 1.0]) * 10.0 ** draw.uniform(-18.0, -2.0)])
    name = draw.choice(["relu", "abs", "leaky_relu", "maximum", "minimum"])
    first = (name, 1) if name in ("relu", "abs") else (name, 1, draw.choice([0.0, 0.01]))
    after = draw.choice(["sin", "tanh", "exp", "sigmoid"])
    offset = draw.choice([0.0, 1.0, -3.0])
    return _named(
        "kink", [z + offset], ("sub", 0, offset), first, ("mul", 2, draw.choice([3.0, -3.0, 0.1])), (after, 3)
    )


def _saturated(draw: random.Random) -> Function:
    name = draw.choice(["sigmoid", "tanh", "atan", "softplus", "exp", "erf"])
    name = name if name in OPERATIONS else "tanh"
    return _named("saturated", [draw.choice([-1.0, 1.0]) * draw.uniform(5.0, 60.0)], (name, 0), ("add", 1, 1.0))


def _cancelling(draw: random.Random) -> Function:
    large = 10.0 ** draw.uniform(3.0, 17.0)
    name = draw.choice(["sin", "tanh", "exp", "mul"])
    return _named(
        "cancelling",
        [draw.uniform(-1.0, 1.0)],
        ("add", 0, large),
        ("sub", 1, large),
        (name, 2, 2) if name == "mul" else (name, 2),
        ("add", 3, 0),
    )


FAMILIES = (
    alone, alone, graph, graph, graph, chain,
    _near_a_power, _fast, _end_of_domain, _systematic, _subnormal, _beside_a_kink, _saturated, _cancelling,
)  # fmt: skip


def function(seed: int) -> Function | None:
    """The random function of this seed; None where the rows have no value or no finite derivative there."""
    draw = random.Random(seed)
    found = draw.choice(FAMILIES)(draw)
    if not found.steps:
        return None
    try:
        leaves = found.leaves()
        y = found(*leaves)
    except (ValueError, ArithmeticError):
        return None
    y.backward()
    return found if math.isfinite(y.data) and all(math.isfinite(leaf.grad) for leaf in leaves) else None


def checked(found: Function, called: bool) -> GradientCheck:
    """The check of the function, by its graph or by calling it."""
    return check_gradients(found, found.leaves()) if called else check_gradients(found(*found.leaves()))


def run(seed: int) -> tuple[Counter[str], list[str]]:
    """What is counted of one seed, and what is to be shown."""
    counts: Counter[str] = Counter()
    show: list[str] = []
    found = function(seed)
    if found is None:
        return counts, show
    called = seed % 4 == 0  # a quarter of them as functions, the others as graphs
    right = checked(found, called)
    counts["functions"] += 1
    for row in right.inputs:
        counts[f"right, {row.verdict}"] += 1
        counts[f"{found.family}: {row.verdict}"] += 1
        if row.verdict == "wrong":
            counts["right called wrong"] += 1
            show.append(f"{seed} {found}\n{right}")
    spoiled = checked(found.spoiled(1.0 + OFF), called)
    for row, other in zip(right.inputs, spoiled.inputs, strict=True):
        if row.autograd == 0.0 or abs(other.autograd / row.autograd - 1.0 - OFF) > 1e-3 * OFF:
            continue
        if found.meets():
            continue  # of maximum(a, a) any rule between 0 and 1 is as good as another
        counts["wrong"] += 1
        counts["wrong, found"] += other.verdict == "wrong"
        if (
            not row.note
            and not other.note.startswith("a kink")
            and 3.0 * row.uncertainty < 0.9 * OFF * abs(row.autograd)
        ):
            counts["wrong that a difference can tell"] += 1
            counts["wrong that a difference can tell, found"] += other.verdict == "wrong"
            if other.verdict != "wrong":
                show.append(f"missed: {seed} {found}\n{right}\n{spoiled}")
    return counts, show


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command and returns its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz_checking", description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=0, help="the first of the seeds")
    parser.add_argument("--processes", type=int, default=1)
    parser.add_argument("--show", type=int, default=5, help="how many of each kind are shown")
    options = parser.parse_args(arguments)
    total: Counter[str] = Counter()
    shown: Counter[bool] = Counter()
    seeds = range(options.seed, options.seed + options.count)
    with Pool(options.processes) if options.processes > 1 else nullcontext() as pool:
        for counts, show in pool.imap_unordered(run, seeds, 50) if pool else map(run, seeds):
            total += counts
            for text in show:
                missed = text.startswith("missed")
                shown[missed] += 1
                if shown[missed] <= options.show:
                    print(text, flush=True)
    for what in sorted(total):
        print(f"{total[what]:>9,} {what}")
    return int(total["right called wrong"] > 0)


if __name__ == "__main__":
    sys.exit(main())
