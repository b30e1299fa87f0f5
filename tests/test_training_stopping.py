"""What stops a training: a loss, a callback, patience, and numbers that leave all bounds."""

import math
from typing import Any

import pytest

from tests.trainings import each_engine, some_rows, xor
from tinygrad_bp import MLP, SGD, Adam, Diverged, Value, train
from tinygrad_bp.networks import losses
from tinygrad_bp.networks.training import History


@each_engine
def test_a_loss_that_is_small_enough(engine: Any) -> None:
    history = train(*xor(), epochs=100_000, stop_below=0.01, engine=engine)
    assert history.losses[-1] < 0.01 <= history.losses[-2]
    assert history.stopped == "loss below 0.01"


def test_a_callback() -> None:
    seen = []

    def on_epoch(history: Any) -> Any:
        seen.append((history.epochs, history.losses[-1]))
        return history.epochs == 7

    history = train(*xor(), epochs=50, on_epoch=on_epoch)
    assert [epochs for epochs, _ in seen] == [1, 2, 3, 4, 5, 6, 7]
    assert history.losses == [loss for _, loss in seen]
    assert history.stopped == "the callback said so"


def test_a_callback_sees_and_changes_the_optimizer() -> None:
    net, rows, loss, optimizer = xor()
    before = []

    def halve(history: Any) -> None:
        before.append([p.data for p in net.parameters()])
        optimizer.lr = 0.0

    train(net, rows, loss, optimizer, epochs=4, on_epoch=halve)
    assert before[0] == before[1] == before[3]


@each_engine
def test_patience_with_rows_held_out_restores_the_best(engine: Any) -> None:
    rows = some_rows(12)
    learned, held_out = rows[:6], [(x, -t) for x, t in rows[6:]]  # what is learned makes these worse
    net = MLP(2, [8, 1], activation=["tanh", None], seed=1)
    options = {"validation": held_out, "patience": 5, "engine": engine}
    history = train(net, learned, losses.mean_squared_error, Adam(net.parameters(), 0.01), epochs=500, **options)
    best = min(history.validation)
    assert len(history.validation) == history.epochs == history.validation.index(best) + 6
    assert history.stopped == "no better for 5 epochs"
    now = sum(losses.mean_squared_error(net(x), t).data for x, t in held_out) / 6
    assert now == pytest.approx(best, rel=1e-12)


def test_patience_without_rows_held_out_looks_at_the_loss() -> None:
    w = Value(1.0, "w")
    history = train(lambda x: w * x[0], [([1.0], 1.0)], losses.squared_error, SGD([w]), epochs=99, patience=3)
    assert history.epochs == 4


@each_engine
def test_a_loss_that_overflows_says_where(engine: Any) -> None:
    net = MLP(1, [1], weights=[1.0], activation=None, train_biases=False)
    rows = [([1.0], 0.0), ([1e155], 0.0)]
    with pytest.raises(Diverged) as caught:
        train(net, rows, losses.squared_error, SGD(net.parameters(), 0.1), epochs=5, engine=engine)
    words = str(caught.value)
    assert words.startswith("training stopped in step 2 (epoch 1): ")
    assert "with row 2, pow overflows at -9e+154, 2.0: it needs " in words
    assert "; the largest parameter is w1, 0.9; so it is with the parameters that training began with" in words
    assert caught.value.history.steps == 1
    assert caught.value.history.stopped == "diverged"
    assert net.weights[0].data == pytest.approx(0.9)


@each_engine
def test_weights_that_grow_without_bounds_say_so(engine: Any) -> None:
    net = MLP(1, [1], weights=[1.0], activation=None, train_biases=False)
    with pytest.raises(
        Diverged, match=r"step \d+ \(epoch \d+\): with row 1, pow overflows .* the largest parameter is w1, "
    ):
        train(net, [([1.0], 0.0)], losses.mean_squared_error, SGD(net.parameters(), 3.0), epochs=9999, engine=engine)
    assert math.isfinite(net.weights[0].data)
    assert abs(net.weights[0].data) > 1e100


@each_engine
def test_an_operation_that_is_undefined_says_where(engine: Any) -> None:
    w = Value(0.25, "w")

    def model(inputs: Any) -> Any:
        y = w - inputs[0]
        y.label = "margin"
        return y.log()

    rows = [([0.1], 0.0), ([0.1], 0.0), ([5.0], 0.0)]
    with pytest.raises(Diverged, match=r"step 3 \(epoch 1\): .* at -4.7\d+ \(margin\): it needs x > 0") as caught:
        train(model, rows, losses.squared_error, SGD([w], 1e-9), engine=engine)
    assert "with row 3, log is undefined" in str(caught.value)


def test_nan_in_a_row_is_named() -> None:
    net = MLP(2, [2, 1], seed=1)
    with pytest.raises(ValueError, match=r"row 2 holds NaN: \(\[nan, 1.0\], 1.0\)"):
        train(net, [([0.0, 1.0], 1.0), ([math.nan, 1.0], 1.0)], losses.mean_squared_error, SGD(net.parameters()))


def test_an_infinity_in_a_row_is_named() -> None:
    net = MLP(2, [1], activation=None, seed=1)
    with pytest.raises(Diverged, match=r"step 2 .*with row 2, \w+_o1, dot of .*, is -?inf; row 2 holds inf$"):
        train(net, [([0.0, 1.0], 1.0), ([math.inf, 1.0], 1.0)], losses.mean_squared_error, SGD(net.parameters()))


def test_a_gradient_that_is_infinite_is_named() -> None:
    w = Value(0.0, "w")
    with pytest.raises(
        Diverged,
        match=r"step 1 .*the gradient of .*mul of 0 \(w\), 1, is inf \(The slope of sqrt is .*\); so it is with",
    ):
        train(lambda x: (w * x[0]).sqrt(), [([1.0], 1.0)], lambda out, target: out, SGD([w], 0.1))


@each_engine
def test_rows_held_out_beyond_the_range_of_floats(engine: Any) -> None:
    w = Value(0.5, "w")
    says = r"after epoch 1: the loss of the rows held out is (nan|inf); that of validation row 1 is "
    with pytest.raises(Diverged, match=says) as caught:
        train(
            lambda x: (w * x[0]).log(),
            [([1.0], 0.0)],
            losses.squared_error,
            SGD([w], 0.1),
            validation=[([0.0], 0.0)],
            engine=engine,
        )
    assert caught.value.history.epochs == 1


@each_engine
def test_only_a_rate_that_is_too_large_is_blamed(engine: str) -> None:
    w = Value(1.0, "w")
    with pytest.raises(Diverged, match=r"a smaller learning rate may help$"):
        train(lambda x: w * x[0], [([1.0], 0.0)], losses.squared_error, SGD([w], 5.0), epochs=9999, engine=engine)
    assert math.isfinite(w.data)


@each_engine
def test_a_momentum_that_lets_steps_grow_is_blamed(engine: str) -> None:
    w = Value(1.0, "w")
    with pytest.raises(Diverged, match=r"with a momentum of 3 steps only grow, and it is below 1$"):
        train(
            lambda x: w * x[0], [([1.0], 0.0)], "squared_error", SGD([w], 0.1, momentum=3.0), epochs=999, engine=engine
        )


@each_engine
def test_a_schedule_that_fails_is_blamed(engine: str) -> None:
    w = Value(1.0, "w")
    schedule = lambda step: 0.1 / (5 - step)  # noqa: E731
    with pytest.raises(ValueError, match=r"step 6, rows 1: SGD: the schedule fails at step 5: float division by zero"):
        train(lambda x: w * x[0], [([1.0], 0.0)], "squared_error", SGD([w], schedule), epochs=9, engine=engine)


@each_engine
def test_an_infinity_held_out_is_named(engine: str) -> None:
    w = Value(0.5, "w")
    rows = [([1.0], 0.0)]
    with pytest.raises(Diverged, match=r"that of validation row 2 is inf, and it holds inf"):
        train(
            lambda x: w * x[0],
            rows,
            losses.squared_error,
            SGD([w], 0.1),
            validation=[*rows, ([math.inf], 0.0)],
            engine=engine,
        )


@each_engine
@pytest.mark.parametrize(
    "options", [{"validation": [([1.0], 0.0)], "patience": 9999}, {"validation": [([1.0], 0.0)]}, {"patience": 9999}]
)
def test_the_best_parameters_outlive_what_diverges_later(engine: str, options: dict[str, Any]) -> None:
    w = Value(1.0, "w")
    optimizer = SGD([w], 0.5)
    seen: list[float] = []

    def on_epoch(history: History) -> None:
        seen.append(w.data)
        if history.epochs == 5:
            optimizer.lr = 5.0

    with pytest.raises(Diverged) as caught:
        train(
            lambda x: w * x[0],
            [([1.0], 0.0)],
            losses.squared_error,
            optimizer,
            epochs=9999,
            on_epoch=on_epoch,
            engine=engine,
            **options,
        )
    assert caught.value.history.epochs > 20
    assert w.data == seen[4]
    assert abs(w.data) < 0.1
