"""NaNs and infinities planted in graphs, each of a known cause, which `diagnose` has to name: by kind, by operation and by node."""

import math
import random
from collections.abc import Callable
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.graphs import random_graph
from tinygrad_bp import MLP, Value, diagnose

INF, NAN = math.inf, math.nan
Planted = tuple[
    Value, Value, str, str
]  # what is put into a graph; the node that is to be named, its kind, what is to be said


def given_nan(draw: random.Random) -> Planted:
    x = Value(NAN, "planted")
    return x * draw.uniform(0.5, 2), x, "given", "planted was given as NaN"


def given_infinity(draw: random.Random) -> Planted:
    x = Value(draw.choice((INF, -INF)), "planted")
    return x * 0.0, x, "given", "planted was given as"


def written_nan(draw: random.Random) -> Planted:
    node = Value(1.5, "a") * NAN
    return node, node, "given", "NaN was written into a * NaN"


def overflown_product(draw: random.Random) -> Planted:
    node = Value(1e200, "a") * Value(draw.choice((-1, 1)) * 1e200, "b")
    return node - node, node, "overflow", "Overflow at mul: a * b"


def overflown_square(draw: random.Random) -> Planted:
    node = tg.dot([Value(1e200, "a")], [Value(1e180, "b")])
    return node * 0.0, node, "overflow", "Overflow at dot"


def overflown_sum(draw: random.Random) -> Planted:
    node = Value(1.7e308, "a") + Value(1.6e308, "b")
    return node / node, node, "overflow", "Overflow at add: a + b"


def overflown_quotient(draw: random.Random) -> Planted:
    node = Value(1e300, "a") / Value(1e-300, "b")
    return node * 0.0, node, "overflow", "Overflow at div: a / b"


def root_times_0(draw: random.Random) -> Planted:
    node = Value(0.0, "a").sqrt()
    return node * 0.0, node, "0*inf gradient", "0 · ∞ at mul: the slope of sqrt is infinite at 0"


def root_of_square(draw: random.Random) -> Planted:
    x = Value(0.0, "a")
    node = (x * x).sqrt()
    return node, node, "0*inf gradient", "0 · ∞ at mul: the slope of sqrt is infinite at 0"


def root_of_squares(draw: random.Random) -> Planted:
    a, b = Value(0.0, "a"), Value(0.0, "b")
    node = (a * a + b * b).sqrt()
    return node, node, "0*inf gradient", "Write sqrt(maximum(a * a + b * b, 1e-12)) instead"


def root_of_power(draw: random.Random) -> Planted:
    node = (Value(0.0, "a") ** 2).sqrt()
    return node, node, "0*inf gradient", "Write abs(a) instead"


def steep_power(draw: random.Random) -> Planted:
    x = Value(0.0, "a")
    node = x ** draw.choice((0.25, 0.5, 0.75))
    return node * x, node, "0*inf gradient", "the slope of pow is infinite at 0"


def steep_root(draw: random.Random) -> Planted:
    node = Value(0.0, "a").cbrt()
    return node * 2.0, node, "infinite slope", "The slope of cbrt is infinite at 0"


def steep_arc(draw: random.Random) -> Planted:
    node = Value(draw.choice((-1.0, 1.0)), "a").asin()
    return node * 0.0, node, "0*inf gradient", "0 · ∞ at mul: the slope of asin is infinite"


def steep_arcosh(draw: random.Random) -> Planted:
    node = Value(1.0, "a").acosh()
    return node, node, "infinite slope", "The slope of acosh is infinite at 1"


def steep_log(draw: random.Random) -> Planted:
    node = Value(1e-310, "a").log()
    return node * 0.01, node, "infinite slope", "The slope of log is infinite at 1e-310"


def overflown_gradient(draw: random.Random) -> Planted:
    inner = Value(1e-320, "a") * 1e200
    return inner * 1e119, inner, "gradient overflow", "Overflow in the gradient at mul"


def two_infinities(draw: random.Random) -> Planted:
    x = Value(0.0, "a")
    node = x.cbrt()
    return x.sqrt() - node, node, "infinite slope", "∞ − ∞ in the gradient of a"


def undefined_slope(draw: random.Random) -> Planted:
    own = tg.Operation("own", lambda x: x, (lambda y, x: NAN,), "own({})", "{}", "own")
    node = own(Value(1.0, "a"))
    return node, node, "undefined slope", "own has no slope at 1"


def undefined_result(draw: random.Random) -> Planted:
    own = tg.Operation("own", lambda x: NAN, (lambda y, x: 1.0,), "own({})", "{}", "own")
    node = own(Value(1.0, "a"))
    return node, node, "undefined", "own gives NaN at 1"


PLANTS: list[Callable[[random.Random], Planted]] = [
    given_nan,
    given_infinity,
    written_nan,
    overflown_product,
    overflown_square,
    overflown_sum,
    overflown_quotient,
    root_times_0,
    root_of_square,
    root_of_squares,
    root_of_power,
    steep_power,
    steep_root,
    steep_arc,
    steep_arcosh,
    steep_log,
    overflown_gradient,
    two_infinities,
    undefined_slope,
    undefined_result,
]


def healthy(draw: random.Random) -> Any:
    """A function of one Value whose graph has hundred nodes, and passes what it is given on without a branch."""
    if draw.random() < 0.3:
        net = MLP(3, [4, 3, 1], activation="tanh", seed=draw.randrange(1000))
        return lambda p: (net([p, 0.3, -0.7])[0] - 0.2) ** 2
    y, leaves = random_graph(draw.randrange(10**6), draw.randint(5, 60))
    steps = draw.choices(
        (lambda p: p * 0.7 + y, lambda p: y - p, lambda p: p + leaves[0] * 3, lambda p: tg.sum_of([p, y])), k=3
    )
    return lambda p: _through(steps, p)


def _through(steps: Any, p: Value) -> Value:
    for step in steps:
        p = step(p)
    return p


@pytest.mark.parametrize("seed", range(100))
def test_the_cause_is_named(seed: int) -> None:
    draw = random.Random(f"planted {seed}")
    plant = PLANTS[seed % len(PLANTS)]
    planted, node, kind, says = plant(draw)
    y = healthy(draw)(planted)
    found = diagnose(y)
    assert not found
    first = found.findings[0]
    assert (first.kind, first.node) == (kind, node), plant.__name__
    assert says in " ".join(str(found).split())
    assert len(found.findings) <= 4
    y.backward()  # it is there indeed
    leaves = [x for x in tg.topological_order(y, constants=False) if x.op is None]
    assert not math.isfinite(y.data) or not all(math.isfinite(x.grad) for x in leaves)


@pytest.mark.parametrize("seed", range(40))
def test_what_is_finite_has_no_such_finding(seed: int) -> None:
    y, _ = random_graph(seed, 40)
    gradients = [each for each in diagnose(y).findings if "inf" in each.kind or each.kind in ("given", "undefined")]
    assert not gradients
