"""A training that was saved and goes on: bit for bit the numbers of one that never stopped."""

import copy
import json
import math
import pickle
import random
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from tests.interrupts import MOMENTS, interrupted_at, moments_of
from tests.trainings import each_engine, some_rows
from tinygrad_bp import MLP, SGD, Adam, Diverged, Module, Optimizer, Value, load, save, train
from tinygrad_bp.networks.training import History
from tinygrad_bp.optim import cosine_annealing, warmup

pytestmark = pytest.mark.usefixtures("empty_folder")
ROWS = some_rows(10)
HELD_OUT = some_rows(4, seed=7)


def network(hidden: int = 3, activation: Any = ("tanh", None)) -> MLP:
    return MLP(2, [hidden, 1], activation=activation, seed=3)


def adam(net: Any) -> Optimizer:
    return Adam(net.parameters(), warmup(cosine_annealing(0.05, 40), 5))


def momentum(net: Any) -> Optimizer:
    return SGD(net.parameters(), 0.05, momentum=0.9)


def state(optimizer: Optimizer) -> tuple[Any, ...]:
    return [p.data for p in optimizer.parameters], optimizer.moments, optimizer.steps, optimizer.rate()


def told(history: History) -> tuple[Any, ...]:
    return history.losses, history.validation, history.steps, history.stopped, history.engine


OPTIONS: dict[str, tuple[Callable[[Any], Optimizer], dict[str, Any]]] = {
    "in order": (momentum, {}),
    "shuffled": (adam, {"shuffle": True, "seed": 1, "batch_size": 3}),
    "shuffled without a seed": (momentum, {"shuffle": True, "batch_size": 4}),
    "rows held out": (adam, {"validation": HELD_OUT, "patience": 3, "batch_size": None}),
    "patience": (momentum, {"patience": 4, "shuffle": True, "seed": 4, "batch_size": 4}),
}


@each_engine
@pytest.mark.parametrize(("make", "options"), OPTIONS.values(), ids=OPTIONS.keys())
@pytest.mark.parametrize("by", ["history", "file", "pickle", "copy", "on_epoch"])
def test_it_goes_on_as_if_it_had_never_stopped(
    engine: str, make: Callable[[Any], Optimizer], options: dict[str, Any], by: str
) -> None:
    def run(epochs: int, **more: Any) -> tuple[Optimizer, History]:
        optimizer = make(net := network())
        history = train(net, ROWS, "squared_error", optimizer, epochs=epochs, engine=engine, **options, **more)
        return optimizer, history

    saved: list[Any] = []

    def save_it(history: History) -> None:
        if history.epochs == 3:
            saved.append(copy.deepcopy(history) if by == "copy" else history.save("run.json"))

    # One that is saved on its way, and goes on, is the one that never stopped.
    optimizer, whole = run(12, on_epoch=save_it)
    if by != "on_epoch":
        if "seed" not in options and "shuffle" in options:
            return  # another order each time
        _, part = run(3)
        saved = [{"history": part, "copy": saved[0]}.get(by) or part.save("run.json")]
        if by == "pickle":
            saved = [pickle.loads(pickle.dumps(part))]
    other, history = run(12, resume=saved[0])
    assert state(other) == state(optimizer)
    assert told(history) == told(whole)


@pytest.mark.slow
@each_engine
@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_after_an_interrupt_at_any_moment(engine: str, error: type[BaseException]) -> None:
    options: dict[str, Any] = {"batch_size": 4, "shuffle": True, "seed": 5, "validation": HELD_OUT, "patience": 2}

    def made() -> tuple[Optimizer, Callable[..., History]]:
        net = network()
        optimizer = SGD(net.parameters(), 0.3, momentum=0.9)

        def run(**more: Any) -> History:
            return train(net, ROWS, "squared_error", optimizer, epochs=6, engine=engine, **options, **more)

        return optimizer, run

    whole, run = made()
    wanted = told(run())
    assert "no better" in wanted[3]
    gone_on = 0
    for place in moments_of(made()[1], first={"eager": 0.0, "python": 0.68, "llvm": 0.6}[engine]):
        _, run = made()
        caught = interrupted_at(place, run, error)
        history = getattr(caught, "history", None)
        if history is None or history.now is None:
            continue
        history.save("run.json")
        optimizer, run = made()
        assert told(run(resume="run.json")) == wanted, place
        assert state(optimizer) == state(whole), place
        gone_on += 1
    assert gone_on > MOMENTS // 2 or error is MemoryError


@each_engine
def test_after_ctrl_c_within_a_callback(engine: str) -> None:
    heard: list[int] = []

    def hear(history: History) -> None:
        heard.append(history.epochs)
        if heard == [1, 2, 3]:
            raise KeyboardInterrupt

    def run(net: MLP, **more: Any) -> History:
        return train(net, ROWS, "squared_error", momentum(net), epochs=6, engine=engine, on_epoch=hear, **more)

    with pytest.raises(KeyboardInterrupt) as caught:
        run(net := network())
    run(other := network(), resume=caught.value.history)  # type: ignore[attr-defined]
    assert heard == [1, 2, 3, 4, 5, 6]
    train(net := network(), ROWS, "squared_error", momentum(net), epochs=6, engine=engine)
    assert [p.data for p in other.parameters()] == [p.data for p in net.parameters()]


def test_the_last_parameters_go_on_and_not_the_best() -> None:
    options: dict[str, Any] = {"validation": HELD_OUT, "engine": "python"}
    whole = train(net := network(), ROWS, "squared_error", SGD(net.parameters(), 0.6), epochs=30, **options)
    train(
        other := network(), ROWS, "squared_error", SGD(other.parameters(), 0.6), epochs=9, patience=3, **options
    ).save("a")
    best = network()
    history = train(best, ROWS, "squared_error", SGD(best.parameters(), 0.6), epochs=30, resume="a", **options)
    assert history.losses == whole.losses
    assert [p.data for p in best.parameters()] == [p.data for p in net.parameters()]


def test_what_has_ended_ends_again() -> None:
    net = network()
    options: dict[str, Any] = {"validation": HELD_OUT, "patience": 2, "batch_size": None}
    history = train(net, ROWS, "squared_error", SGD(net.parameters(), 0.9), epochs=500, **options)
    assert history.stopped == "no better for 2 epochs"
    again = train(net, ROWS, "squared_error", SGD(net.parameters(), 0.9), epochs=500, resume=history, **options)
    assert told(again) == told(history)
    more = options | {"patience": 5}
    on = train(net, ROWS, "squared_error", SGD(net.parameters(), 0.9), epochs=500, resume=history, **more)
    assert on.epochs > history.epochs
    assert on.losses[: history.epochs] == history.losses


@pytest.mark.extras
def test_lots_that_a_model_draws_go_on(tmp_path: Path) -> None:
    import numpy as np

    for draw in (random.random, np.random.random):

        def run(epochs: int, draw: Callable[[], float] = draw, **more: Any) -> list[float]:
            net = MLP(2, [8, 1], activation=["tanh", None], seed=1)

            def dropout(inputs: Any) -> Any:
                return net.layers[1]([out * float(draw() < 0.5) for out in net.layers[0](inputs)])

            optimizer = momentum(net)
            history = train(dropout, ROWS, "squared_error", optimizer, epochs=epochs, **more)
            history.save(tmp_path / "run.json")
            return [p.data for p in net.parameters()]

        random.seed(1)
        np.random.seed(1)
        whole = run(6)
        random.seed(1)
        np.random.seed(1)
        run(2)
        random.seed(99)
        np.random.seed(99)
        assert run(6, resume=tmp_path / "run.json") == whole


def test_a_rate_that_a_callback_changes_goes_on() -> None:
    def run(epochs: int, **more: Any) -> tuple[Any, ...]:
        net = network()
        optimizer = SGD(net.parameters(), 0.2)

        def halve(history: History) -> None:
            optimizer.lr = 0.2 / 2**history.epochs

        history = train(net, ROWS, "squared_error", optimizer, epochs=epochs, on_epoch=halve, **more)
        return *state(optimizer), history.save("run.json")

    whole = run(6)
    run(3)
    assert run(6, resume="run.json") == whole


def test_a_smaller_rate_helps_what_diverged() -> None:
    w = Value(1.0, "w")
    rows = [([1.0], 0.0)]

    def save_it(history: History) -> None:
        if history.epochs == 9:
            history.save("run.json")

    with pytest.raises(Diverged) as caught:
        train(lambda x: w * x[0], rows, "squared_error", SGD([w], 5.0), epochs=9999, on_epoch=save_it)
    again = caught.value.history.checkpoint
    with pytest.raises(Diverged, match=str(again.steps + 1)):
        train(lambda x: w * x[0], rows, "squared_error", SGD([w], 5.0), epochs=9999, resume=caught.value.history)
    optimizer = SGD([w], 0.5)
    history = train(lambda x: w * x[0], rows, "squared_error", optimizer, epochs=2000, resume="run.json")
    assert optimizer.lr == 0.5
    assert abs(w.data) < 1e-3
    assert history.epochs == 2000


def halving(step: int) -> float:
    return 0.1 / (1 + step)


def test_a_schedule_of_ones_own_is_given_again() -> None:
    def run(epochs: int, lr: Any = halving, **more: Any) -> tuple[Any, ...]:
        net = network()
        optimizer = SGD(net.parameters(), lr)
        train(net, ROWS, "squared_error", optimizer, epochs=epochs, **more).save("run.json")
        return state(optimizer)

    whole = run(6)
    run(3)
    with pytest.raises(
        ValueError, match=r"run.json is of another training: there SGD has lr .*\.halving, and here 0.1"
    ):
        run(6, lr=0.1, resume="run.json")
    assert run(6, resume="run.json") == whole
    run(3)
    assert run(3, lr=cosine_annealing(0.1, 99), resume="run.json")[2] == 30


class Signed(SGD):
    def __init__(self, parameters: Any, lr: float, limits: Any = (1.0, 2.0), how: Any = math.tanh) -> None:
        super().__init__(parameters, lr)
        self.limits, self.how, self.more = limits, how, {"a": [1]}


MISMATCHES: dict[str, tuple[dict[str, Any], str]] = {
    "shape": ({"net": network(4)}, r"shape of the network is \[2, 3, 1\], and here \[2, 4, 1\]"),
    "activation": ({"net": network(activation="relu")}, "activations of the network is .'tanh', 'linear'., and here .'relu'"),
    "optimizer": ({"make": momentum}, "there the optimizer is Adam, and here SGD"),
    "setting": ({"make": lambda net: Adam(net.parameters(), 0.01, eps=1e-3)}, "there Adam has eps 1e-08, and here 0.001"),
    "schedule": ({"make": adam}, r"there Adam has lr 0.01, and here warmup\(cosine_annealing\(0.05, 40, 0.0\), 5\)"),
    "parameters": ({"make": lambda net: Adam(net.weights, 0.01)}, "there the optimizer has 13 parameters, and here 9"),
    "order": ({"make": lambda net: Adam(net.parameters()[::-1], 0.01)}, "there parameter 1 is 'layer1.neuron1.w1', and here"),
    "rows": ({"rows": ROWS[:5]}, "there 10 rows, and here 5"),
    "one row": ({"rows": [*ROWS[:9], ([0.0, 1.0], 1.0)]}, "row 10 is another one"),
    "held out": ({"validation": HELD_OUT}, "there 0 rows held out, and here 4"),
    "loss": ({"loss": "mean_squared_error"}, "there the loss is squared_error, and here mean_squared_error"),
    "batch": ({"batch_size": 2}, "there a step takes 1 row, and here 2"),
    "shuffle": ({"shuffle": True}, "there shuffle is False, and here True"),
    "epochs": ({"epochs": 1}, "epochs is their number in all, and run.json has 2 epochs already, not 1"),
}  # fmt: skip


@pytest.mark.parametrize(("changed", "says"), MISMATCHES.values(), ids=MISMATCHES.keys())
def test_what_differs_is_named(changed: dict[str, Any], says: str) -> None:
    train(net := network(), ROWS, "squared_error", Adam(net.parameters(), 0.01), epochs=2).save("run.json")
    options = {"rows": ROWS, "loss": "squared_error", "epochs": 4} | changed
    net = options.pop("net", network())
    optimizer = options.pop("make", lambda net: Adam(net.parameters(), 0.01))(net)
    before = state(optimizer)
    with pytest.raises(ValueError, match=says):
        train(net, options.pop("rows"), options.pop("loss"), optimizer, resume="run.json", **options)
    assert state(optimizer) == before


def test_seeds_of_orders_agree_where_both_are_said() -> None:
    def run(**more: Any) -> History:
        return train(net := network(), ROWS, "squared_error", SGD(net.parameters()), epochs=2, shuffle=True, **more)

    run(seed=3).save("run.json")
    assert run(resume="run.json").epochs == 2
    with pytest.raises(ValueError, match="there seed is 3, and here 4"):
        run(seed=4, resume="run.json")


def test_what_is_not_trained_is_part_of_the_model() -> None:
    class Scaled(Module):
        def __init__(self) -> None:
            self.inner, self.scale = network(), Value(2.0, "scale")

        def __call__(self, inputs: Any) -> Any:
            return self.inner(inputs)[0] * self.scale

    def run(model: Scaled, epochs: int, **more: Any) -> History:
        optimizer = SGD(model.inner.parameters(), 0.1)
        return train(model, ROWS, "squared_error", optimizer, epochs=epochs, **more)

    model = Scaled()
    model.scale.data = 3.0
    run(model, 2).save("run.json")
    run(other := Scaled(), 4, resume="run.json")
    assert other.scale.data == 3.0
    run(model, 4, resume="run.json")
    assert [p.data for p in model.parameters()] == [p.data for p in other.parameters()]


def test_a_history_without_a_training_has_no_checkpoint() -> None:
    with pytest.raises(ValueError, match="no training has begun"):
        History().save("run.json")
    with pytest.raises(TypeError, match=r"resume is a history, or a file that history.save wrote, not int 3"):
        train(net := network(), ROWS, "squared_error", SGD(net.parameters()), resume=3)  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        train(net, ROWS, "squared_error", SGD(net.parameters()), resume="none.json")


def test_a_history_is_plain_data_all_the_same() -> None:
    history = train(net := network(), ROWS, "squared_error", SGD(net.parameters()), epochs=2)
    assert json.loads(json.dumps(asdict(history))) == asdict(history)
    assert pickle.loads(pickle.dumps(history)) == history == copy.deepcopy(history)


def test_files_of_ours_are_told_apart() -> None:
    history = train(net := network(), ROWS, "squared_error", SGD(net.parameters()), epochs=2)
    history.save("run.json", more={"commit": "abc", "tries": [1, 2]})
    save(net, "net.json")
    with pytest.raises(ValueError, match=r"no saved network, but a training .* train\(..., resume=path\) reads"):
        load("run.json")
    with pytest.raises(ValueError, match=r"no saved training, but a network, which load\(path\) reads"):
        train(net, ROWS, "squared_error", SGD(net.parameters()), resume="net.json")
    with pytest.raises(TypeError, match="a history saves itself"):
        save(history, "x.json")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="JSON knows"):
        history.save("run.json", more={"net": net})
    assert json.loads(Path("run.json").read_text())["more"] == {"commit": "abc", "tries": [1, 2]}
