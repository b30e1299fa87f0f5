"""Models that draw lots, however seldom, and models that count or keep something: none is compiled with what it was at first."""

import itertools
import random
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from tests.trainings import some_1d
from tinygrad_bp import MLP, SGD, Module, Value, train

pytestmark = pytest.mark.usefixtures("many_rows")

GLOBAL = random.Random(1)
SELDOM = 1e-12


class Dropout(Module):
    """A module with a generator of its own, which leaves something out once in a long while."""

    def __init__(self, draw: Any) -> None:
        self.w, self.draw = Value(0.5, "w"), draw

    def __call__(self, inputs: Any) -> Any:
        return self.w * inputs[0] * float(self.draw.random() > SELDOM)


def keyword(w: Value) -> Any:
    def model(inputs: Any, *, draw: Any = random.Random(3)) -> Any:  # noqa: B008
        return w * inputs[0] * float(draw.random() > SELDOM)

    return model


def with_argument(draw: Callable[[], float], w: Value, inputs: Any) -> Any:
    return w * inputs[0] * float(draw() > SELDOM)


def drawn(draw: Callable[[], float]) -> Callable[[Value], Any]:
    return lambda w: lambda inputs: w * inputs[0] * float(draw() > SELDOM)


SELDOM_DRAWN: dict[str, Callable[[Value], Any]] = {
    "random": lambda w: lambda inputs: w * inputs[0] * float(random.random() > SELDOM),
    "a method of random": drawn(random.random),
    "gauss": drawn(partial(random.gauss, 9.0, 1.0)),
    "a generator in a closure": drawn(random.Random(2).random),
    "a generator in a global": lambda w: lambda inputs: w * inputs[0] * float(GLOBAL.random() > SELDOM),
    "a generator as a default": keyword,
    "a generator in a partial": lambda w: partial(with_argument, random.Random(4).random, w),
    "the system's": drawn(random.SystemRandom().random),
    "choices": drawn(lambda: random.choices([1.0])[0]),
}


def counting(w: Value) -> Any:
    count = itertools.count()
    return lambda inputs: w * inputs[0] * (1.0 + next(count))


def emptying(w: Value) -> Any:
    left = [float(k) for k in range(9999)]
    return lambda inputs: w * inputs[0] * left.pop()


def alternating(w: Value) -> Any:
    turn = itertools.cycle([1.0, 2.0])
    return lambda inputs: w * inputs[0] * next(turn)


def noisy(w: Value) -> Any:
    return lambda inputs: w * inputs[0] + random.gauss(0.0, 1.0)


KEPT: dict[str, Callable[[Value], Any]] = {
    "a count": counting,
    "a list that empties": emptying,
    "every other": alternating,
    "noise": noisy,
}


@pytest.mark.parametrize("make", [*SELDOM_DRAWN.values(), *KEPT.values()], ids=[*SELDOM_DRAWN, *KEPT])
def test_models_that_draw_or_keep_something_run_eagerly(make: Callable[[Value], Any]) -> None:
    w = Value(0.5, "w")
    history = train(make(w), some_1d(), "squared_error", SGD([w], 1e-9), epochs=2)
    assert history.engine == "eager"
    assert history.why_eager in (
        "the model holds an iterator, count, which a look at the model would use up",
        "the model holds an iterator, turn, which a look at the model would use up",
        "the model keeps state: left changes from call to call",
        "the model draws random numbers",
        "the model computes differently from call to call",
        "the loss of row 1 is computed in another way than that of others",
    )


def test_a_module_with_a_generator_of_its_own() -> None:
    net = Dropout(random.Random(5))
    assert train(net, some_1d(), "squared_error", SGD([net.w]), epochs=2).why_eager == "the model draws random numbers"


@pytest.mark.extras
@pytest.mark.parametrize("kind", ["default_rng", "RandomState"])
def test_generators_of_numpy(kind: str) -> None:
    import numpy as np

    net = Dropout(getattr(np.random, kind)(5))
    assert train(net, some_1d(), "squared_error", SGD([net.w]), epochs=2).why_eager == "the model draws random numbers"


@pytest.mark.extras
def test_a_generator_that_is_only_there_compiles() -> None:
    net, draw = MLP(1, [2, 1], seed=1), random.Random(5)

    def model(inputs: Any) -> Any:
        return net(inputs)[0] if draw is not None else None

    history = train(model, some_1d(), "squared_error", SGD(net.parameters()), epochs=2)
    assert (history.engine, history.why_eager) == ("llvm", "")
