"""Which engine `train` takes where nobody says, and that it is a matter of sizes alone."""

from __future__ import annotations

from typing import Any

import pytest

from tests.trainings import some_1d, some_rows
from tinygrad_bp import MLP, SGD, Value, compile, train
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.networks import losses
from tinygrad_bp.networks.training import costs, engines
from tinygrad_bp.networks.training.task import Task
from tinygrad_bp.program.cache import CACHE

NODES = (5, 17, 100, 400, 1_300, 20_000)


def trained(epochs: int, rows: int = 20, sizes: Any = (8, 1), **options: Any) -> Any:
    net = MLP(2, list(sizes), activation="tanh", seed=1)
    history = train(net, some_rows(rows), losses.squared_error, SGD(net.parameters(), 0.01), epochs=epochs, **options)
    return history, [p.data for p in net.parameters()]


@pytest.mark.parametrize("nodes", NODES)
def test_the_more_rows_the_more_is_prepared(nodes: int) -> None:
    order = [costs.cheapest(nodes, 2**k, 2**k) for k in range(30)]
    assert order == sorted(order, key=("eager", "python", "llvm").index)
    assert order[0] == "eager"
    assert order[-1] == "llvm"


@pytest.mark.parametrize("rows", [1, 100, 3_000, 100_000, 10**7])
def test_the_cheapest_is_cheapest(rows: int) -> None:
    for nodes in NODES:
        cost = {engine.__name__: engine(nodes, rows, rows // 10) for engine in (costs.eager, costs.python, costs.llvm)}
        assert min(cost, key=lambda name: cost[name]) == costs.cheapest(nodes, rows, rows // 10)


def test_few_rows_are_recorded() -> None:
    history, _ = trained(epochs=2)
    assert history.engine == "eager"
    assert history.why_eager == "recording so few rows, 40 in all, takes less time than writing a program of one"


def test_more_rows_are_worth_a_program() -> None:
    nodes = len(topological_order(MLP(2, [8, 1], seed=1)([0.5, 0.5])[0], constants=False)) + 2
    epochs = next(k for k in range(1, 10_000) if costs.cheapest(nodes, 20 * k, k) == "python")
    history, _ = trained(epochs=epochs)
    assert history.engine == "python"
    assert history.why_eager[:26] == "compiling for so few rows,"


@pytest.mark.extras
def test_many_rows_are_worth_machine_code() -> None:
    history, _ = trained(epochs=1_000)
    assert (history.engine, history.why_eager) == ("llvm", "")


@pytest.mark.extras
@pytest.mark.parametrize("batch_size", [1, 7, None])
def test_what_llvm_takes_time_for_changes_no_number(batch_size: int | None, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for optimized in (False, True):
        monkeypatch.setattr(costs, "optimizing_pays", lambda rows, optimized=optimized: optimized)
        found.append(trained(epochs=30, sizes=(16, 16, 1), engine="llvm", batch_size=batch_size)[1])
    assert found[0] == found[1]


def test_who_is_wanted_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "cheapest", lambda nodes, rows, steps: pytest.fail("nobody asked"))
    assert trained(epochs=1, engine="python")[0].engine == "python"
    assert trained(epochs=1, engine="eager")[0].engine == "eager"
    with pytest.raises(ValueError, match="engine is one of 'auto', 'llvm', 'python', 'eager', not 'fast'"):
        trained(epochs=1, engine="fast")


@pytest.mark.parametrize("cheapest", ["eager", "llvm"])
def test_what_was_computed_before_is_refused_by_every_engine(cheapest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "cheapest", lambda nodes, rows, steps: cheapest)
    w = Value(0.5, "w")
    twice = w * 2.0
    twice.label = "twice"
    with pytest.raises(ValueError, match="twice was computed before training, outside of the model"):
        train(lambda x: twice * x[0], some_1d(), losses.squared_error, SGD([w], 0.1), epochs=1)


def test_the_second_training_of_a_shape_writes_no_function(monkeypatch: pytest.MonkeyPatch) -> None:
    CACHE.clear()
    made: list[str] = []
    monkeypatch.setattr("tinygrad_bp.program.python.defined", lambda text, names: made.append(text) or compile)
    with pytest.raises(TypeError):  # what is written is no function here, so that no training starts
        trained(epochs=1, engine="python")
    assert made
    monkeypatch.undo()
    CACHE.clear()
    first = trained(epochs=5, engine="python")[1]
    monkeypatch.setattr("tinygrad_bp.program.python.defined", lambda text, names: pytest.fail("written again"))
    assert trained(epochs=5, engine="python")[1] == first


@pytest.mark.extras
def test_a_batch_of_several_needs_no_program_of_a_step() -> None:
    steps = []
    for batch_size in (1, 5):
        net = MLP(2, [3, 1], activation="tanh", seed=1)
        task = Task.of(net, some_rows(10), "squared_error", SGD(net.parameters(), 0.1), None)
        runner, _ = engines.chosen(task, "llvm", 10, batch_size)
        assert isinstance(runner, engines.Machine)
        steps.append(runner.programs.step)
    assert steps[0] is not None
    assert steps[1] is None
