"""W5, a step of a GPT on scalars of 4,192 parameters on one name: loss and gradient, recorded anew or by a program.

The model is that of examples/microgpt.py, written for any scalar with `+`, `*`, `**`, `exp`, `log` and `relu`; the engine's own style takes
`dot` and `softmax` where others add products. Before anything is timed, all must agree.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from tests.benchmarks import tables
from tinygrad_bp import Value, compile, cross_entropy, dot, grad, logsumexp, softmax, sum_of
from tinygrad_bp.program.cache import CACHE

WIDTH, HEADS, BLOCK, TOKENS = 16, 4, 16, 27
NAME = [0, 5, 13, 13, 1, 9, 14, 0]  # of seven letters and the ends
SHAPES = {
    "tokens": (TOKENS, WIDTH), "places": (BLOCK, WIDTH), "query": (WIDTH, WIDTH), "key": (WIDTH, WIDTH), "value": (WIDTH, WIDTH),
    "joined": (WIDTH, WIDTH), "wider": (4 * WIDTH, WIDTH), "narrower": (WIDTH, 4 * WIDTH), "guess": (TOKENS, WIDTH),
}  # fmt: skip
Rows = Sequence[Sequence[Any]]


class Plain:
    """What people write in an evening: a number, where it came from, and the slopes."""

    __slots__ = ("data", "grad", "operands", "slopes")

    def __init__(self, data: float, operands: tuple[Plain, ...] = (), slopes: tuple[float, ...] = ()) -> None:
        self.data, self.grad, self.operands, self.slopes = data, 0.0, operands, slopes

    def __add__(self, other: Any) -> Plain:
        other = other if isinstance(other, Plain) else Plain(other)
        return Plain(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: Any) -> Plain:
        other = other if isinstance(other, Plain) else Plain(other)
        return Plain(self.data * other.data, (self, other), (other.data, self.data))

    def __pow__(self, power: float) -> Plain:
        return Plain(self.data**power, (self,), (power * self.data ** (power - 1),))

    def exp(self) -> Plain:
        y = math.exp(self.data)
        return Plain(y, (self,), (y,))

    def log(self) -> Plain:
        return Plain(math.log(self.data), (self,), (1.0 / self.data,))

    def relu(self) -> Plain:
        return Plain(max(self.data, 0.0), (self,), (float(self.data > 0.0),))

    __radd__, __rmul__ = __add__, __mul__

    def backward(self) -> None:
        order: list[Plain] = []
        seen: set[Plain] = set()
        waiting = [(self, False)]
        while waiting:
            v, done = waiting.pop()
            if done:
                order.append(v)
            elif v not in seen:
                seen.add(v)
                waiting.append((v, True))
                waiting.extend((x, False) for x in v.operands)
        self.grad = 1.0
        for v in reversed(order):
            for x, slope in zip(v.operands, v.slopes, strict=True):
                x.grad += v.grad * slope


def products(xs: Sequence[Any], ys: Sequence[Any]) -> Any:
    """The sum of the products, one after the other."""
    total = xs[0] * ys[0]
    for x, y in zip(xs[1:], ys[1:], strict=True):
        total = total + x * y
    return total


def shares(zs: Sequence[Any]) -> list[Any]:
    """Softmax, one exp after the other."""
    largest = max(z.data for z in zs)
    parts = [(z + -largest).exp() for z in zs]
    whole = sum(parts[1:], parts[0]) ** -1
    return [part * whole for part in parts]


def surprise(zs: Sequence[Any], token: int) -> Any:
    return shares(zs)[token].log() * -1.0


class GPT:
    """The model, of matrices of scalars.

    Args:
        product: of two vectors.
        weigh: softmax.
    """

    def __init__(self, matrices: dict[str, Rows], product: Callable[..., Any], weigh: Callable[..., Any]) -> None:
        self.matrices, self.product, self.weigh = matrices, product, weigh
        self.keys: list[Any] = []
        self.values: list[Any] = []

    def read(self, x: Sequence[Any]) -> list[Any]:
        """Reads the vector of a token. Returns how much speaks for each to come next."""
        x = self.normed([a + b for a, b in zip(x, self.matrices["places"][len(self.keys)], strict=True)])
        x = [a + b for a, b in zip(x, self.attention(self.normed(x)), strict=True)]
        wide = [a.relu() for a in self.linear("wider", self.normed(x))]
        x = [a + b for a, b in zip(x, self.linear("narrower", wide), strict=True)]
        return self.linear("guess", x)

    def linear(self, name: str, x: Sequence[Any]) -> list[Any]:
        return [self.product(row, x) for row in self.matrices[name]]

    def normed(self, x: Sequence[Any]) -> list[Any]:
        stretch = (self.product(x, x) * (1.0 / len(x)) + 1e-5) ** -0.5
        return [a * stretch for a in x]

    def attention(self, x: Sequence[Any]) -> list[Any]:
        self.keys.append(self.linear("key", x))
        self.values.append(self.linear("value", x))
        asked, found, size = self.linear("query", x), [], WIDTH // HEADS
        for first in range(0, WIDTH, size):
            head = slice(first, first + size)
            weights = self.weigh([self.product(asked[head], key[head]) * size**-0.5 for key in self.keys])
            found += [
                self.product(weights, column) for column in zip(*[each[head] for each in self.values], strict=True)
            ]
        return self.linear("joined", found)


def numbers() -> dict[str, list[list[float]]]:
    draw = random.Random(42)
    return {
        name: [[draw.gauss(0.0, 0.08) for _ in range(columns)] for _ in range(rows)]
        for name, (rows, columns) in SHAPES.items()
    }


def made(kind: Callable[[float], Any]) -> tuple[dict[str, Rows], list[Any]]:
    """The matrices, and all their scalars."""
    matrices = {name: [[kind(x) for x in row] for row in rows] for name, rows in numbers().items()}
    return matrices, [p for rows in matrices.values() for row in rows for p in row]


def recorded(matrices: dict[str, Rows], product: Any, weigh: Any, lost: Any) -> Any:
    """The mean loss over the letters of the name."""
    gpt = GPT(matrices, product, weigh)
    terms = [lost(gpt.read(matrices["tokens"][now]), then) for now, then in pairwise(NAME)]
    return sum(terms[1:], terms[0]) * (1.0 / len(terms))


def eager(kind: Callable[[float], Any], product: Any, weigh: Any, lost: Any) -> Callable[[], list[float]]:
    """A step that records the graph anew: the derivatives with respect to all parameters."""
    matrices, parameters = made(kind)

    def step() -> list[float]:
        for p in parameters:
            p.grad = 0.0
        recorded(matrices, product, weigh, lost).backward()
        return [p.grad for p in parameters]

    return step


def program() -> tuple[Any, list[float]]:
    """The program of a step for names of this length, whose tokens are inputs, and what it is called with."""
    matrices, parameters = made(Value)
    steps = list(pairwise(NAME))
    now, then = ([[Value(float(k == pair[side])) for k in range(TOKENS)] for pair in steps] for side in (0, 1))
    gpt, columns, terms = GPT(matrices, dot, softmax), list(zip(*matrices["tokens"], strict=True)), []
    for token, wanted in zip(now, then, strict=True):
        zs = gpt.read([dot(token, column) for column in columns])
        terms.append(logsumexp(zs) - dot(wanted, zs))
    loss = sum_of(terms) * (1.0 / len(terms))
    inputs = [*parameters, *[x for row in (*now, *then) for x in row]]
    return compile(grad(loss, parameters), inputs), [x.data for x in inputs]


def report() -> str:
    """The measures, as Markdown."""
    found, given = program()
    machine = found.to("llvm")
    runners: dict[str, Callable[[], list[float]]] = {
        "a plain scalar of 30 lines": eager(Plain, products, shares, surprise),
        "tinygrad_bp, the same operators": eager(Value, products, shares, surprise),
        "tinygrad_bp, `dot` and `softmax`": eager(Value, dot, softmax, cross_entropy),
        "a program, Python": lambda: found.function(*given),  # type: ignore[no-any-return]
        "a program, machine code": lambda: machine(*given),  # type: ignore[no-any-return]
    }
    first = next(iter(runners.values()))()
    for name, run in runners.items():
        worst = max(abs(a - b) for a, b in zip(run(), first, strict=True))
        if worst > 1e-12:
            raise ArithmeticError(f"{name} disagrees by {worst:.1e}; nothing timed")
    text = tables.table(
        "W5, a step of a GPT of 4,192 parameters",
        tables.timed(runners, 5),
        "tinygrad_bp, `dot` and `softmax`",
        "ms",
        1e3,
    )
    compiling = {"Python": lambda: written("python"), "machine code": lambda: written("llvm")}
    return text + tables.table(
        "W5, to write and compile the program of a step", tables.timed(compiling, 3), "Python", "s"
    )


def written(target: str) -> None:
    """Writes the program anew, compiles it and calls it once."""
    CACHE.clear()
    found, given = program()
    made = found.to(target)
    (made.function if target == "python" else made)(*given)


if __name__ == "__main__":
    print(report())
