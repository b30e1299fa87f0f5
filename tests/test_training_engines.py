"""Which engine `train` takes where nobody says, and that it is a matter of sizes alone."""

from __future__ import annotations

import sys
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


@pytest.mark.parametrize("one_by_one", [True, False])
@pytest.mark.parametrize("nodes", NODES)
def test_the_more_rows_the_more_is_prepared(nodes: int, one_by_one: bool) -> None:
    order = [costs.cheapest(nodes, 2**k, 2**k if one_by_one else 1 + 2**k // 10, one_by_one) for k in range(30)]
    assert order == sorted(order, key=("eager", "python", "llvm").index)
    assert order[0] == "eager"
    assert order[-1] == "llvm"


@pytest.mark.parametrize("rows", [1, 100, 3_000, 100_000, 10**7])
def test_the_cheapest_is_cheapest(rows: int) -> None:
    for nodes in NODES:
        for of_step in (1, 10):
            sizes = nodes, rows, -(-rows // of_step), of_step == 1
            cost = {engine.__name__: engine(*sizes) for engine in (costs.eager, costs.python, costs.llvm)}
            assert min(cost, key=lambda name: cost[name]) == costs.cheapest(*sizes)


# Milliseconds of trainings by each engine on one machine: nodes, rows in all, steps, and what eager, python and llvm took.
MEASURED = [
    (6, 160, 160, 6.5, 8.7, 11.9), (6, 20_000, 20_000, 737.7, 38.2, 36.5), (6, 2_400, 240, 41.4, 11.9, 18.7),
    (50, 140, 140, 15.8, 17.9, 28.2), (50, 8_000, 1_600, 496.4, 84.3, 51.8), (76, 140, 7, 11.7, 18.1, 59.7),
    (224, 400, 400, 114.5, 55.3, 65.3), (224, 3_000, 600, 452.1, 154.7, 82.8), (584, 400, 80, 135.7, 119.7, 182.1),
    (847, 300, 300, 317.8, 170.9, 130.9), (1_620, 140, 28, 153.6, 259.9, 210.3), (1_620, 400, 80, 440.2, 416.6, 245.6),
    (6_194, 140, 140, 1433.4, 1429.9, 1096.9), (6_194, 140, 7, 422.2, 1037.9, 818.0),
]  # fmt: skip


@pytest.mark.parametrize("case", MEASURED, ids=str)
def test_the_choice_is_within_a_tenth_of_the_fastest_that_was_measured(case: Any) -> None:
    nodes, rows, steps, *times = case
    chosen = costs.cheapest(nodes, rows, steps, rows == steps)
    assert times[("eager", "python", "llvm").index(chosen)] <= 1.1 * min(times)


def test_few_rows_are_recorded() -> None:
    history, _ = trained(epochs=2)
    assert history.engine == "eager"
    assert history.why_eager == "recording so few rows, 40 in all, takes less time than writing a program of one"


def test_more_rows_are_worth_a_program() -> None:
    nodes = len(topological_order(MLP(2, [8, 1], seed=1)([0.5, 0.5])[0], constants=False)) + 2
    epochs = next(k for k in range(1, 10_000) if costs.cheapest(nodes, 20 * k, 20 * k, True) == "python")
    history, _ = trained(epochs=epochs)
    assert history.engine == "python"
    assert history.why_eager[:26] == "compiling for so few rows,"


def test_loading_llvmlite_counts_for_the_first_that_compiles(monkeypatch: pytest.MonkeyPatch) -> None:
    # A network of 5, 8, 8 and 3 neurons, 30 rows and 40 epochs one by one took 194 ms in a new process, and 85 as Python.
    assert costs.cheapest(450, 1_200, 1_200, True) == "llvm"
    assert costs.cheapest(450, 1_200, 1_200, True, loaded=False) == "python"
    assert costs.cheapest(450, 100_000, 100_000, True, loaded=False) == "llvm"
    seen: list[bool] = []
    monkeypatch.setattr(costs, "cheapest", lambda *sizes: seen.append(sizes[-1]) or "eager")
    for loaded in (True, False):
        with monkeypatch.context() as patched:
            if loaded:
                patched.setitem(sys.modules, "llvmlite", sys)
            else:
                patched.delitem(sys.modules, "llvmlite", raising=False)
            trained(epochs=1)
    assert seen == [True, False]


@pytest.mark.extras
def test_many_rows_are_worth_machine_code() -> None:
    history, _ = trained(epochs=4_000)
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
    monkeypatch.setattr(costs, "cheapest", lambda *sizes: pytest.fail("nobody asked"))
    assert trained(epochs=1, engine="python")[0].engine == "python"
    assert trained(epochs=1, engine="eager")[0].engine == "eager"
    with pytest.raises(ValueError, match="engine is one of 'auto', 'llvm', 'python', 'eager', not 'fast'"):
        trained(epochs=1, engine="fast")


@pytest.mark.parametrize("cheapest", ["eager", "llvm"])
def test_what_was_computed_before_is_refused_by_every_engine(cheapest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(costs, "cheapest", lambda *sizes: cheapest)
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
