"""Ctrl-C, or no memory, at any moment of a training: parameters, optimizer and history of one step, and leaves that are Values."""

from collections.abc import Callable
from typing import Any

import pytest

import tinygrad_bp
from tests.interrupts import MOMENTS, interrupted_at, moments_of
from tests.trainings import each_engine, some_rows, xor
from tinygrad_bp import MLP, SGD, Adam, Optimizer, Value, train
from tinygrad_bp.networks.training import History
from tinygrad_bp.networks.training.watching import watch


def state(optimizer: Optimizer) -> list[float]:
    return [*[p.data for p in optimizer.parameters], *[x for row in optimizer.moments for x in row]]


def small(engine: str) -> tuple[Optimizer, Callable[[], History]]:
    """A training of six steps in three epochs, with rows held out."""
    net = MLP(2, [2, 1], activation=["tanh", None], seed=3)
    optimizer = Adam(net.parameters(), 0.05)
    rows = some_rows(6)
    options: dict[str, Any] = {"epochs": 3, "batch_size": 2, "validation": rows[4:], "engine": engine}
    return optimizer, lambda: train(net, rows[:4], "mean_squared_error", optimizer, **options)


@pytest.mark.slow
@each_engine
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interrupt_at_any_moment_leaves_one_step(engine: str, error: type[BaseException]) -> None:
    states: dict[int, list[float]] = {}
    optimizer, run = small("eager")
    step = Optimizer.change

    def change(self: Optimizer, *given: Any) -> None:
        step(self, *given)
        states[self.steps] = state(self)

    states[0] = state(optimizer)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Optimizer, "change", change)
        run()
    assert list(states) == [0, *range(1, 7)]
    told = 0
    for place in moments_of(small(engine)[1]):
        optimizer, run = small(engine)
        caught = interrupted_at(place, run, error)
        assert isinstance(caught, error | int), place  # the second time some is done already, and there are fewer lines
        assert state(optimizer) == pytest.approx(states[optimizer.steps], rel=1e-9), place
        assert {type(p) for p in optimizer.parameters} == {Value}, place
        history = getattr(caught, "history", None)
        if history is not None:
            told += 1
            assert history.stopped == "interrupted"
            assert history.steps == optimizer.steps, place
            assert len(history.validation) == len(history.losses) == history.steps // 2, (place, history)
    assert told > MOMENTS // 2 or error is MemoryError


@pytest.mark.slow
@each_engine
def test_an_interrupt_while_steps_are_taken_one_by_one_to_find_the_one_that_fails(engine: str) -> None:
    def run(w: Value, optimizer: Optimizer) -> object:
        rows = [([1.0], 0.0), ([2.0], 0.0), ([3.0], 0.0), ([1e200], 0.0)]
        with pytest.raises(tinygrad_bp.Diverged):
            train(lambda x: w * x[0], rows, "squared_error", optimizer, engine=engine)
        return None

    states = {0: 1.0}
    for x in (1.0, 2.0, 3.0):
        now = states[len(states) - 1]
        states[len(states)] = now - 0.01 * (now * x * x)
    first = Value(1.0, "w")
    for place in moments_of(lambda: run(first, SGD([first], 0.01))):
        w = Value(1.0, "w")
        optimizer = SGD([w], 0.01)
        caught = interrupted_at(place, lambda w=w, optimizer=optimizer: run(w, optimizer))
        assert isinstance(
            caught, KeyboardInterrupt | int
        )  # the second time some is done already, and there are fewer lines
        assert w.data == pytest.approx(states[optimizer.steps], rel=1e-12), place
        if (history := getattr(caught, "history", None)) is not None:
            assert history.steps == optimizer.steps, place


@pytest.mark.parametrize("make", [SGD, Adam])
def test_an_interrupt_within_a_step_leaves_one_step(make: Any) -> None:
    def fresh() -> Optimizer:
        parameters = [Value(float(k)) for k in range(4)]
        for p in parameters:
            p.grad = 1.0
        optimizer: Optimizer = make(parameters, 0.1)
        return optimizer

    before, after = fresh(), fresh()
    after.step()
    for place in range(1, interrupted_at(-1, fresh().step) + 1):
        optimizer = fresh()
        interrupted_at(place, optimizer.step)
        assert state(optimizer) == state((before, after)[optimizer.steps])


def test_a_step_that_fails_changes_nothing() -> None:
    class Third(SGD):
        def update(self, p: Any, gradient: Any, moments: Any, settings: Any) -> Any:
            return p / (2.0 - gradient), moments

    parameters = [Value(1.0), Value(1.0), Value(1.0)]
    parameters[2].grad = 2.0
    with pytest.raises(ZeroDivisionError):
        Third(parameters).step()
    assert [p.data for p in parameters] == [1.0, 1.0, 1.0]


def test_a_sweep_ends_with_one_interrupt() -> None:
    begun = []

    def interrupt(history: History) -> None:
        raise KeyboardInterrupt

    def sweep() -> None:
        for k in range(3):
            begun.append(k)
            train(*xor(), epochs=3, on_epoch=interrupt)

    with pytest.raises(KeyboardInterrupt):
        sweep()
    assert begun == [0]


@each_engine
def test_ctrl_c_keeps_what_was_trained(engine: str) -> None:
    def interrupt(history: History) -> None:
        if history.epochs == 3:
            raise KeyboardInterrupt

    net, rows, loss, optimizer = xor()
    with pytest.raises(KeyboardInterrupt) as caught:
        train(net, rows, loss, optimizer, epochs=99, on_epoch=interrupt, engine=engine)
    history = caught.value.history  # type: ignore[attr-defined]
    assert (history.epochs, history.steps, history.stopped) == (3, 12, "interrupted")
    other, rows, loss, optimizer = xor()
    train(other, rows, loss, optimizer, epochs=3, engine=engine)
    assert [p.data for p in net.parameters()] == [p.data for p in other.parameters()]


def test_watching_ends_with_an_error() -> None:
    x, kinds = Value(1.0), []

    def look() -> None:
        with watch([x]):
            kinds.append(type(x))
            raise MemoryError

    with pytest.raises(MemoryError):
        look()
    assert kinds != [Value]
    assert type(x) is Value
