"""`train`: three engines that compute the same, epochs and batches, and what does not fit."""

import math
import random
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.trainings import each_engine, some_rows, xor
from tests.worked import INPUTS, TARGETS, worked_net
from tinygrad_bp import MLP, SGD, Adam, AdamW, Value, train
from tinygrad_bp.networks import losses, optim
from tinygrad_bp.networks.training import History

ROW = (INPUTS, TARGETS)


@each_engine
def test_the_worked_example(engine: Any) -> None:
    net = worked_net(train_biases=False)
    history = train(net, [ROW], losses.squared_error, SGD(net.parameters(), lr=0.5), epochs=10_000, engine=engine)
    assert history.engine == engine
    assert history.losses[0] == pytest.approx(0.298371109, abs=5e-10)
    assert history.losses[1] == pytest.approx(0.29102777369359933, rel=1e-14)
    assert history.losses[-1] == pytest.approx(3.510854812e-05, rel=1e-9)
    assert losses.squared_error(net(ROW[0]), ROW[1]).data == pytest.approx(3.510187783e-05, rel=1e-9)
    assert [round(out.data, 10) for out in net(ROW[0])] == [0.0159136204, 0.9840642735]
    assert (history.epochs, history.steps, history.stopped) == (10_000, 10_000, "all epochs done")


OPTIMIZERS = {
    "sgd": lambda ps: SGD(ps, 0.05),
    "momentum": lambda ps: SGD(ps, 0.01, momentum=0.9),
    "nesterov": lambda ps: SGD(ps, 0.01, momentum=0.8, nesterov=True, weight_decay=0.01),
    "adam": lambda ps: Adam(ps, 0.003),
    "adam with decay": lambda ps: Adam(ps, optim.cosine_annealing(0.01, 700), weight_decay=0.01),
    "adamw": lambda ps: AdamW(ps, optim.warmup(0.001, 20), betas=(0.8, 0.99), eps=1e-6),
}


@pytest.mark.extras
@pytest.mark.parametrize("batch_size", [1, 5, None])
@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS.keys())
def test_engines_agree_to_12_digits_after_1000_steps(make: Any, batch_size: int | None) -> None:
    rows, found = some_rows(11), []
    per_epoch = {1: 11, 5: 3, None: 1}[batch_size]
    for engine in ("eager", "python", "llvm"):
        net = MLP(2, [4, 1], activation=["tanh", None], seed=3)
        optimizer = make(net.parameters())
        options = {"batch_size": batch_size, "shuffle": True, "seed": 7, "engine": engine}
        history = train(net, rows, losses.mean_squared_error, optimizer, epochs=-(-1000 // per_epoch), **options)
        assert history.steps == optimizer.steps >= 1000
        found.append(
            [p.data for p in net.parameters()] + history.losses + [x for row in optimizer.moments for x in row]
        )
    assert found[1] == pytest.approx(found[0], rel=1e-12, abs=1e-15)
    assert found[2] == pytest.approx(found[0], rel=1e-12, abs=1e-15)


def test_it_is_the_loop_that_everybody_writes() -> None:
    rows = some_rows(7)
    net, other = (MLP(2, [3, 1], activation="tanh", seed=5) for _ in range(2))
    optimizer = Adam(other.parameters(), 0.01)
    for _ in range(10):
        for batch in (rows[:3], rows[3:6], rows[6:]):
            loss = tg.sum_of([(other(x)[0] - t) ** 2 for x, t in batch]) / len(batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    train(net, rows, losses.mean_squared_error, Adam(net.parameters(), 0.01), epochs=10, batch_size=3)
    assert [p.data for p in net.parameters()] == pytest.approx([p.data for p in other.parameters()], rel=1e-12)


@each_engine
def test_two_trainings_one_after_the_other_are_one(engine: Any) -> None:
    found = []
    for parts in ((20,), (7, 13)):
        net = MLP(2, [3, 1], seed=2)
        optimizer = Adam(net.parameters(), optim.exponential_decay(0.05, 0.99))
        for epochs in parts:
            train(net, some_rows(5), losses.mean_squared_error, optimizer, epochs=epochs, engine=engine)
        found.append([p.data for p in net.parameters()])
    assert found[0] == found[1]


def test_losses_of_an_epoch_are_the_mean_over_its_rows() -> None:
    net = MLP(1, [1], weights=[0.0], activation=None, train_biases=False)
    rows = [([1.0], 1.0), ([1.0], 2.0), ([1.0], 6.0)]
    history = train(net, rows, losses.mean_squared_error, SGD(net.parameters(), 0.0), epochs=2, batch_size=2)
    assert history.losses == pytest.approx([41 / 3, 41 / 3])
    assert history.steps == 4


def test_shuffling_is_repeatable_and_goes_through_all_rows() -> None:
    seen = []

    def model(inputs: Any) -> Any:
        seen.append(inputs[0])
        return w * inputs[0]

    orders = []
    for seed in (1, 1, 2):
        w = Value(0.0, "w")
        seen.clear()
        rows = [([float(k)], 0.0) for k in range(8)]
        train(model, rows, losses.squared_error, SGD([w]), epochs=3, shuffle=True, seed=seed, engine="eager")
        orders.append(seen[:])
    assert orders[0] == orders[1] != orders[2]
    assert [sorted(orders[0][k : k + 8]) for k in (0, 8, 16)] == [[float(k) for k in range(8)]] * 3
    assert orders[0][:8] != orders[0][8:16]


def test_only_the_parameters_of_the_optimizer_change() -> None:
    net = MLP(2, [3, 1], seed=1)
    last = net.layers[-1].parameters()
    before = {p: p.data for p in net.parameters()}
    train(net, some_rows(5), losses.mean_squared_error, SGD(last, 0.1), epochs=3)
    assert {p for p in net.parameters() if p.data != before[p]} == set(last)


@each_engine
def test_classes_by_number(engine: Any) -> None:
    draw = random.Random(2)
    rows = [([draw.gauss(2 * k, 0.3), draw.gauss(-k, 0.3)], k) for k in range(3) for _ in range(10)]
    net = MLP(2, [3], activation=None, seed=1)
    options = {"epochs": 30, "shuffle": True, "seed": 1, "validation": rows[::5], "engine": engine}
    history = train(net, rows, tg.cross_entropy, Adam(net.parameters(), 0.05), **options)
    assert history.engine == engine
    assert sum(max(range(3), key=lambda c: net(x)[c].data) == k for x, k in rows) >= 29


@pytest.mark.usefixtures("many_rows")
@pytest.mark.extras
def test_rows_of_numpy() -> None:
    import numpy

    inputs, targets = numpy.random.default_rng(1).normal(size=(8, 2)), numpy.ones((8, 1))
    net = MLP(2, [2, 1], seed=1)
    history = train(net, zip(inputs, targets, strict=True), losses.squared_error, SGD(net.parameters()), epochs=2)
    assert history.engine == "llvm"


@pytest.mark.extras
def test_whole_numbers_of_numpy_are_whole_numbers() -> None:
    import numpy

    found = []
    for whole in (int, numpy.int64, numpy.uint8):
        net = MLP(whole(2), [whole(3), whole(2)], activation=["tanh", None], seed=whole(1))
        rows = [(row, whole(k % 2)) for k, (row, _) in enumerate(some_rows(6))]
        options = {"epochs": whole(4), "batch_size": whole(2), "patience": whole(3), "shuffle": True, "seed": whole(5)}
        history = train(net, rows, losses.cross_entropy, SGD(net.parameters(), 0.1), **options)
        assert history.steps == 12
        found.append([p.data for p in net.parameters()])
    assert found[0] == found[1] == found[2]


def test_no_epochs_is_no_training() -> None:
    net, rows, loss, optimizer = xor()
    before = [p.data for p in net.parameters()]
    history = train(net, rows, loss, optimizer, epochs=0)
    assert (history.losses, history.steps, history.stopped) == ([], 0, "all epochs done")
    assert [p.data for p in net.parameters()] == before


def test_repr_and_progress(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")  # makes a terminal of what pytest reads
    history = train(*xor(), epochs=30, progress=True, engine="python")
    assert repr(history).startswith("<30 epochs, 120 steps by engine 'python', the last loss 0.")
    assert "epoch 30 of 30" in capsys.readouterr().err
    monkeypatch.delenv("FORCE_COLOR")
    train(*xor(), epochs=30)
    assert capsys.readouterr() == ("", "")
    assert repr(History()) == "<0 epochs, 0 steps by engine ''; >"


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"rows": []}, ValueError, "needs at least one row"),
        ({"rows": [1.0]}, TypeError, "rows are pairs of inputs and target, and number 1 is 1.0"),
        ({"validation": []}, ValueError, "validation needs at least one row"),
        ({"epochs": -1}, ValueError, "epochs is a whole number of at least 0, not -1"),
        ({"epochs": 2.5}, TypeError, "epochs is a whole number, not float 2.5"),
        ({"epochs": True}, TypeError, "epochs is a whole number, not bool True"),
        ({"seed": 0.5}, TypeError, "train: seed is a whole number, not float 0.5"),
        ({"validation": [([0.0, math.nan], 1.0)]}, ValueError, "validation row 1 holds NaN"),
        ({"batch_size": 0}, ValueError, "batch_size is a whole number of at least 1, not 0"),
        ({"patience": 0}, ValueError, "patience is a whole number of at least 1"),
        ({"engine": "gpu"}, ValueError, "engine is one of 'auto', 'llvm', 'python', 'eager', not 'gpu'"),
        ({"optimizer": 0.1}, TypeError, "takes an optimizer, such as"),
        ({"rows": 3}, TypeError, "rows are pairs of inputs and target, not int 3"),
        ({"rows": [([0.0], 1.0)]}, ValueError, "row 1 has 1 input, and the network takes 2"),
        ({"rows": [([0.0, 1.0], [1.0, 2.0])]}, ValueError, "row 1: mean_squared_error: 1 output and 2 targets"),
        (
            {"rows": [([0.0, 1.0], 1.0), ([0.0], 1.0), ([1.0, 1.0], 0.0)]},
            ValueError,
            "row 2 has 1 input, and the network takes 2",
        ),
        (
            {"loss": "binary_cross_entropy", "rows": [([0.0, 1.0], 2.0)]},
            ValueError,
            "row 1: binary_cross_entropy: a target is 0 or 1",
        ),
        ({"loss": "mean_squared_eror"}, ValueError, "no loss 'mean_squared_eror'; .*did you mean 'mean_squared_error'"),
        ({"loss": 3}, TypeError, "the loss is a function of outputs and target, or a name, not int"),
        ({"on_epoch": 5}, TypeError, "on_epoch is a function, not int"),
        ({"optimizer": SGD([Value(1.0)])}, ValueError, "depends on none of the 1 parameters of the optimizer"),
        ({"loss": lambda outs, target: 1.0}, TypeError, "the loss is a Value, not float 1.0"),
        (
            {"loss": tg.cross_entropy, "rows": [([0.0, 1.0], 7)]},
            ValueError,
            "row 1 is of class 7, and the model has 1 output, for classes 0 to 0",
        ),
    ],
)
def test_what_does_not_fit_is_named(options: Any, error: Any, says: str) -> None:
    net, rows, loss, optimizer = xor()
    given = {"rows": rows, "loss": loss, "optimizer": optimizer} | options
    with pytest.raises(error, match=says):
        train(net, given.pop("rows"), given.pop("loss"), given.pop("optimizer"), **given)
