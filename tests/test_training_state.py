"""Models that keep something from call to call: "auto" runs them eagerly, with the numbers of "eager", and says why."""

import datetime
import gc
import itertools
import os
import random
import secrets
import time
from collections import deque
from collections.abc import Callable
from typing import Any

import pytest

from tests.trainings import some_1d
from tinygrad_bp import MLP, SGD, Module, Value, train
from tinygrad_bp.networks.training import Diverged, History
from tinygrad_bp.networks.training.kept import unrepeatable

pytestmark = pytest.mark.usefixtures("many_rows")

ROWS = [([float(k)], k / 2) for k in range(4)]
CALLS = 0
SEED = [1]


class Model(Module):
    """A module with a weight, and a `start`, at which what it keeps is made."""

    def __init__(self) -> None:
        self.w = Value(0.5, "w")
        self.start()

    def start(self) -> None:
        """Nothing is kept."""


class Counter(Model):
    def start(self) -> None:
        self.n = 0

    def __call__(self, x: Any) -> Any:
        self.n += 1
        return [self.w * x[0] * (1 if self.n < 14 else 2)]


class Slotted(Model):
    __slots__ = ("n",)

    def start(self) -> None:
        self.n = 0

    __call__ = Counter.__call__


class OfItsClass(Model):
    n = 0

    def start(self) -> None:
        OfItsClass.n = 0

    def __call__(self, x: Any) -> Any:
        OfItsClass.n += 1
        return [self.w * x[0] * (1 if self.n < 14 else 2)]


class RunningMean(Model):
    def start(self) -> None:
        self.mean: Any = 0.0

    def __call__(self, x: Any) -> Any:
        self.mean = 0.9 * self.mean + 0.1 * x[0]
        return [self.w * (x[0] - self.mean)]


class MeanInAValue(Model):
    def start(self) -> None:
        self.mean = Value(0.0, "mean")

    def __call__(self, x: Any) -> Any:
        y = [self.w * (x[0] - self.mean)]
        self.mean.data = self.mean.data * 0.9 + 0.1
        return y


class Recurrent(Model):
    def start(self) -> None:
        self.before: Any = None

    def __call__(self, x: Any) -> Any:
        y = self.w * x[0] + (0.0 if self.before is None else 0.1 * self.before)
        self.before = x[0]
        return [y]


class Queue(Model):
    def start(self) -> None:
        self.last: deque[float] = deque([1.0] * 3, maxlen=3)

    def __call__(self, x: Any) -> Any:
        self.last.append(self.last[0] * 1.01)
        return [self.w * x[0] * self.last[-1]]


class Iterating(Model):
    def start(self) -> None:
        self.turn = itertools.cycle([1.0, 2.0, 3.0])

    def __call__(self, x: Any) -> Any:
        return [self.w * x[0] * next(self.turn)]


class Generating(Model):
    def start(self) -> None:
        self.factors = (1.0 + 0.01 * k for k in itertools.count())

    def __call__(self, x: Any) -> Any:
        return [self.w * x[0] * next(self.factors)]


class Drawing(Model):
    def start(self) -> None:
        self.draw = random.Random(1)
        random.seed(1)

    def __call__(self, x: Any) -> Any:
        return [self.w * x[0] * (0.5 + self.draw.random() + random.random())]


class OwnGenerator(Model):
    def start(self) -> None:
        SEED[0] = 1

    def __call__(self, x: Any) -> Any:
        SEED[0] = (SEED[0] * 1103515245 + 12345) % 2**31
        return [self.w * x[0] * (1.0 if SEED[0] > 2**24 else 2.0)]


class Global(Model):
    def start(self) -> None:
        global CALLS
        CALLS = 0

    def __call__(self, x: Any) -> Any:
        return [self.w * x[0] * self.factor()]

    def factor(self) -> float:
        global CALLS
        CALLS += 1
        return 1.0 if CALLS < 14 else 2.0


KEEPING = [Counter, Slotted, OfItsClass, RunningMean, MeanInAValue, Recurrent, Queue, Iterating, Generating, Drawing,
           OwnGenerator, Global]  # fmt: skip


def trained(model: Any, engine: str, rows: Any = ROWS, loss: Any = "mean_squared_error") -> tuple[History, float]:
    history = train(model, rows, loss, SGD([model.w], 0.01), epochs=6, engine=engine)
    return history, model.w.data


@pytest.mark.parametrize("kind", KEEPING, ids=lambda kind: kind.__name__)
def test_a_model_that_keeps_something_has_the_numbers_of_eager(kind: type[Any]) -> None:
    history, found = trained(kind(), "auto")
    eager, wanted = trained(kind(), "eager")
    assert history.engine == "eager"
    assert history.why_eager
    assert (found, history.losses) == (wanted, eager.losses)


def test_an_overflow_of_plain_numbers_is_said_in_words() -> None:
    w = Value(0.5, "w")
    with pytest.raises(Diverged, match="with row 1, Numerical result out of range; "):
        train(lambda x: w * x[0] ** 2, [([1e200], 1.0)], "squared_error", SGD([w]))


def test_the_reason_names_what_is_kept() -> None:
    assert trained(Counter(), "auto")[0].why_eager == "the model keeps state: n changes from call to call"
    assert "an iterator, turn, " in trained(Iterating(), "auto")[0].why_eager
    with pytest.raises(ValueError, match="engine 'python' cannot do this, for the model keeps state: n changes"):
        trained(Counter(), "python")


def test_a_look_that_ends_in_an_error_leaves_no_trace() -> None:
    net = Counter()
    with pytest.raises(ValueError, match="depends on none of the 1 parameters"):
        train(net, ROWS, "mean_squared_error", SGD([Value(1.0)]))
    assert net.n == 0


def test_a_loss_that_counts() -> None:
    class Loss:
        calls = 0

        def __call__(self, outputs: Any, target: Any) -> Any:
            self.calls += 1
            return (outputs[0] - target) ** 2 * (1 if self.calls < 14 else 2)

    found = [trained(Drawn(lambda: 1.0), engine, loss=Loss())[1] for engine in ("auto", "eager")]
    assert found[0] == found[1]


class Drawn(Model):
    """A factor comes from a function."""

    def __init__(self, draw: Callable[[], float]) -> None:
        super().__init__()
        self.draw = draw

    def __call__(self, x: Any) -> Any:
        return [self.w * x[0] * (1.0 if self.draw() >= 0 else 2.0)]


@pytest.mark.parametrize(
    ("draw", "why"),
    [
        (lambda: os.urandom(1)[0], "the model draws random numbers"),
        (lambda: secrets.randbelow(9), "the model draws random numbers"),
        (lambda: time.time(), "the model asks for the time"),
        (time.perf_counter, "the model asks for the time"),
        (lambda: datetime.datetime.now().microsecond, "the model asks for the time"),
    ],
    ids=["urandom", "secrets", "time", "perf_counter", "now"],
)
def test_what_answers_differently_each_time(draw: Callable[[], float], why: str) -> None:
    history, _ = trained(Drawn(draw), "auto")
    assert (history.engine, history.why_eager) == ("eager", why)


@pytest.mark.extras
def test_lots_of_torch() -> None:
    torch = pytest.importorskip("torch")
    found = []
    for engine in ("auto", "eager"):
        torch.manual_seed(1)
        history, w = trained(Drawn(lambda: torch.rand(1).item() - 1e-3), engine)
        found.append(w)
        if engine == "auto":
            assert (history.engine, history.why_eager) == ("eager", "the model draws random numbers")
    assert found[0] == found[1]


class Keeping(MLP):
    """Keeps what it computed for whoever wants to look at it, and what it makes when it is first called."""

    made = False

    def __call__(self, inputs: Any) -> list[Value]:
        self.made = True
        self.last = super().__call__(inputs)
        return self.last


@pytest.mark.extras
def test_results_that_are_kept_and_not_used_are_no_state() -> None:
    net = Keeping(1, [2, 1], seed=1)
    history = train(net, some_1d(), "squared_error", SGD(net.parameters()), epochs=2)
    assert (history.engine, history.why_eager) == ("llvm", "")


@pytest.mark.parametrize("engine", ["auto", "eager", "python"])
def test_a_row_that_the_operations_are_undefined_for_diverges_in_every_engine(engine: str) -> None:
    w = Value(0.5, "w")
    with pytest.raises(Diverged, match="with row 1, pow overflows"):
        train(lambda x: (w * x[0]) ** 2, [([1e200], 1.0)], "squared_error", SGD([w]), engine=engine)


def test_one_row_that_can_be_recorded_is_enough() -> None:
    w = Value(0.5, "w")
    rows = [([x], 1.0) for x in (1e200, 1.0, 1e200, 1e200)]
    with pytest.raises(Diverged, match="with row 1, pow overflows"):
        train(lambda x: (w * x[0]) ** 2, rows, "squared_error", SGD([w]), engine="python")


def test_what_the_collector_calls_is_none_of_the_models() -> None:
    def takes_the_time(phase: str, info: dict[str, int]) -> None:
        time.perf_counter()

    def collects() -> float:
        return float(len([[k] for k in range(5000)]))  # enough of them for the collector to come by

    gc.callbacks.append(takes_the_time)
    try:
        assert unrepeatable(collects) == (5000.0, "")
    finally:
        gc.callbacks.remove(takes_the_time)
    assert gc.isenabled()
