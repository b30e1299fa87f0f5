"""Graphs for tests that hold on every graph."""

import random

import tinygrad_bp as tg
from tinygrad_bp import Value

STEPS = (
    lambda a, b, c: a + b,
    lambda a, b, c: a - b,
    lambda a, b, c: (a * b).tanh(),
    lambda a, b, c: a.sigmoid(),
    lambda a, b, c: 0.5 * a,
    lambda a, b, c: a.relu() - 1,
    lambda a, b, c: (a * 0.3).exp().log1p(),
    lambda a, b, c: tg.dot([a, b], [c, 0.7]),
    lambda a, b, c: tg.sum_of([a, b, c, b]),
    lambda a, b, c: -a,
    lambda a, b, c: tg.logsumexp([a, b, 0.0]),
    lambda a, b, c: a / (b * b + 1.0),
    lambda a, b, c: (a * a + 0.1) ** 0.7,
    lambda a, b, c: a.sin() * b.cos(),
    lambda a, b, c: tg.maximum(a, b),
    lambda a, b, c: (a * a + 1.0).sqrt(),
    lambda a, b, c: a.tanh() ** 3,
    lambda a, b, c: a.gelu() - b.silu(),
    lambda a, b, c: a.erf() * b.asinh(),
    lambda a, b, c: (a * a + 1.0).log2(),
    lambda a, b, c: tg.clip(a, -1.0, 1.0),
)


def random_graph(seed: int, size: int = 60) -> tuple[Value, list[Value]]:
    """A random graph with constants, reuse and n-ary nodes, and the leaves x0 to x3 that it starts from."""
    draw = random.Random(seed)
    leaves = [Value(draw.uniform(-2, 2), f"x{k}") for k in range(4)]
    nodes = list(leaves)
    for _ in range(size):
        a, b, c = (draw.choice(nodes[-12:] + leaves) for _ in range(3))
        nodes.append(draw.choice(STEPS)(a, b, c))
    return sum(nodes[-5:]), leaves
