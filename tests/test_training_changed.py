"""A model that is changed while it is trained, in other ways than by numbers of Values: noticed, and said."""

import random
from collections.abc import Callable
from typing import Any

import pytest

from tests.trainings import each_engine, some_1d
from tinygrad_bp import MLP, SGD, Value, train
from tinygrad_bp.networks.training import History

pytestmark = pytest.mark.usefixtures("many_rows")


def scaled(net: MLP, scale: list[float]) -> Callable[[Any], Any]:
    return lambda inputs: net(inputs)[0] * scale[0]


def new_scale(net: MLP, scale: list[float]) -> None:
    scale[0] = 0.5


def new_activation(net: MLP, scale: list[float]) -> None:
    net.layers[0].neurons[0].activation = "relu"  # type: ignore[assignment]


def new_weight(net: MLP, scale: list[float]) -> None:
    net.layers[0].neurons[1].weights[0] = Value(0.125)


@each_engine
@pytest.mark.parametrize("change", [new_scale, new_activation, new_weight])
def test_what_a_callback_changes_in_the_model_is_heard(engine: str, change: Callable[..., None]) -> None:
    found = []
    for each in ("eager", engine):
        net, scale = MLP(1, [2, 1], activation=["tanh", None], seed=1), [1.0]

        def on_epoch(history: History, net: MLP = net, scale: list[float] = scale) -> None:
            if history.epochs == 4:
                change(net, scale)

        optimizer = SGD(net.parameters(), 0.1)
        history = train(
            scaled(net, scale), some_1d(), "squared_error", optimizer, epochs=9, on_epoch=on_epoch, engine=each
        )
        found.append([p.data for p in optimizer.parameters])
    assert found[1] == pytest.approx(found[0], rel=1e-12)
    if engine != "eager":
        assert (history.engine, history.why_eager[:21]) == ("eager", "the model has changed")


@pytest.mark.extras
@pytest.mark.parametrize("library", ["random", "numpy"])
def test_a_model_that_draws_seldom_runs_eagerly(library: str) -> None:
    import numpy as np

    draw: Callable[[], float] = random.random if library == "random" else np.random.random
    w = Value(0.5, "w")
    model = lambda inputs: w * inputs[0] * float(draw() > 1e-12)  # noqa: E731
    history = train(model, some_1d(), "squared_error", SGD([w]), epochs=2)
    assert (history.engine, history.why_eager) == ("eager", "the model draws random numbers")


@each_engine
def test_a_model_that_stays_as_it_is_stays_compiled(engine: str) -> None:
    net = MLP(1, [2, 1], seed=1)
    optimizer = SGD(net.parameters(), 0.1)
    history = train(net, some_1d(), "squared_error", optimizer, epochs=9, on_epoch=lambda history: None, engine=engine)
    assert (history.engine, history.why_eager) == (engine, "")
