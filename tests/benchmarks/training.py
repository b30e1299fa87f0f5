"""Networks and their training: neurons as one node or as many, and the engines of `train`, compiling included."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Callable, Sequence

from tests.benchmarks import tables
from tests.benchmarks.eager import WEIGHTS, moons
from tests.benchmarks.engines import installed
from tinygrad_bp import MLP, SGD, mean_squared_error, squared_error, sum_of, train

EPOCHS = 10_000


def gradient(net: MLP, rows: Sequence[Sequence[float]]) -> list[float]:
    """The derivatives of the network's mean squared error over the rows, by its parameters."""
    net.zero_grad()
    loss = sum_of([(net([x, y])[0] - target) ** 2 for x, y, target in rows]) * (1.0 / len(rows))
    loss.backward()
    return [p.grad for p in net.parameters()]


def neurons() -> str:
    """W2 by the networks of this package and, beside them, the other engines."""
    draw = random.Random(1)
    rows = [[draw.gauss(0, 1), draw.gauss(0, 1), draw.choice((-1.0, 1.0))] for _ in range(100)]
    kinds = {"`MLP`, a neuron one `dot`": False, "`MLP`, `separate_products`": True}
    nets = {
        name: MLP(2, [16, 16, 1], activation=["tanh", "tanh", None], seed=1, separate_products=separate)
        for name, separate in kinds.items()
    }
    runners: dict[str, Callable[[], list[float]]] = {
        name: (lambda net=net: gradient(net, rows)) for name, net in nets.items()
    }
    first = next(iter(runners.values()))()
    for name, run in runners.items():
        tables.agree(name, run(), first)
    for engine in installed():
        if engine.name != "tinygrad_bp":
            runners[engine.name] = lambda engine=engine: moons(engine, rows)
    found = tables.timed(runners, 7)
    return tables.table("W2, the gradient over 100 rows, by networks", found, next(iter(found)), "ms", 1e3)


def trained(engine: str) -> tuple[float, list[float]]:
    """Seconds that `train` takes for 10,000 rounds of the worked example, and the weights afterwards."""
    net = MLP(2, [2, 2], weights=WEIGHTS, biases=[0.35, 0.60], shared_bias=True, train_biases=False)
    row = [([0.05, 0.10], [0.01, 0.99])]
    start = time.perf_counter()
    train(net, row, squared_error, SGD(net.parameters(), lr=0.5), epochs=EPOCHS, engine=engine)
    return time.perf_counter() - start, [p.data for p in net.parameters()]


def two_moons(engine: str) -> tuple[float, list[float]]:
    """Seconds that `train` takes for 20 epochs of W2 in batches of 10, and the parameters afterwards."""
    draw = random.Random(1)
    rows = [([draw.gauss(0, 1), draw.gauss(0, 1)], draw.choice((-1.0, 1.0))) for _ in range(100)]
    net = MLP(2, [16, 16, 1], activation=["tanh", "tanh", None], seed=1)
    start = time.perf_counter()
    train(net, rows, mean_squared_error, SGD(net.parameters(), lr=0.05), epochs=20, batch_size=10, engine=engine)
    return time.perf_counter() - start, [p.data for p in net.parameters()]


def engines(title: str, run: Callable[[str], tuple[float, list[float]]], rounds: int) -> str:
    """A training by each engine in turn: medians and ratios, as Markdown."""
    names = ("eager", "python", "llvm")
    wanted = run("eager")[1]
    for name in names[1:]:
        tables.agree(name, run(name)[1], wanted)
    found: dict[str, list[float]] = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            gc.collect()
            found[name].append(run(name)[0] * 1e3)
    return tables.table(title, found, "eager", "ms")


def report() -> str:
    """All measures of networks, as Markdown."""
    return (
        neurons()
        + engines("`train`, 10,000 rounds of the worked example", trained, 5)
        + engines("`train`, 20 epochs of W2 in batches of 10", two_moons, 5)
    )
