"""What a model, its rows and its optimizer must be like to be compiled, and what runs as it is."""

import math
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.trainings import each_engine, some_1d, some_rows
from tinygrad_bp import MLP, SGD, Module, Optimizer, Value, train
from tinygrad_bp.networks import losses

pytestmark = pytest.mark.usefixtures("many_rows")


def test_a_step_of_ones_own_is_taken() -> None:
    class Clipped(SGD):
        def step(self) -> None:
            for p in self.parameters:
                p.grad = max(-0.01, min(0.01, p.grad))
            super().step()

    w = Value(0.5, "w")
    history = train(lambda x: w * x[0], [([1.0], 9.0)], losses.squared_error, Clipped([w], 1.0), epochs=3)
    assert (history.engine, history.why_eager) == ("eager", "the optimizer has a step of its own")
    assert w.data == pytest.approx(0.53)


@each_engine
def test_what_a_callback_changes_is_heard(engine: Any) -> None:
    found = []
    for each in ("eager", engine):
        w, scale = Value(0.5, "w"), Value(1.0, "scale")
        optimizer = SGD([w], 0.1, momentum=0.9)

        def on_epoch(history: Any, optimizer: Any = optimizer, scale: Any = scale) -> None:
            optimizer.momentum = 0.1
            scale.data *= 0.9

        rows = [([1.0], 2.0), ([2.0], 3.0)]
        model = lambda x, w=w, scale=scale: w * scale * x[0]  # noqa: E731
        train(model, rows, losses.squared_error, optimizer, epochs=12, on_epoch=on_epoch, engine=each)
        found.append(w.data)
    assert found[1] == pytest.approx(found[0], rel=1e-12)


def test_parameters_of_another_class_run_eagerly() -> None:
    class Named(Value):
        pass

    w = Named(0.5, "w")
    history = train(lambda x: w * x[0], [([1.0], 0.2)], losses.squared_error, SGD([w], 0.1), epochs=2)
    assert (history.engine, history.why_eager) == ("eager", "a parameter is of a class of its own")


def test_a_node_from_outside_the_model_is_refused() -> None:
    w = Value(0.5, "w")
    twice = w * 2.0
    twice.label = "twice"
    with pytest.raises(ValueError, match="twice was computed before training, outside of the model"):
        train(lambda x: twice * x[0], some_1d(), losses.squared_error, SGD([w], 0.1))


def test_of_all_nodes_from_outside_the_last_is_named() -> None:
    w = Value(0.5, "w")
    outside = w
    for k in range(40):
        outside = outside * 1.01
        outside.label = f"n{k}"
    with pytest.raises(ValueError, match="train: n39 was computed before training"):
        train(lambda x: outside * x[0], some_1d(), losses.squared_error, SGD([w], 0.1))


def test_rows_of_different_lengths_run_eagerly() -> None:
    w = Value(0.5, "w")
    rows = [([1.0, 2.0], 1.0), ([1.0], 1.0)]
    history = train(lambda xs: w * tg.sum_of(xs), rows, losses.squared_error, SGD([w]), epochs=2)
    assert (history.engine, history.why_eager) == ("eager", "rows have different shapes")


@each_engine
def test_rows_of_nested_lists(engine: Any) -> None:
    w = Value(0.5, "w")

    def model(inputs: Any) -> Any:
        (a, b), c = inputs
        return w * a * b + c[0]

    rows = [([[1.0, 2.0], [3.0]], 1.0), ([[0.5, 1.0], [0.0]], 0.0)]
    history = train(model, rows, losses.squared_error, SGD([w], 0.1), epochs=20, engine=engine)
    assert history.engine == engine
    assert w.data == pytest.approx(-0.96, abs=0.03)


def test_inputs_that_are_no_numbers_run_eagerly() -> None:
    letters = {"a": Value(0.1, "a"), "b": Value(0.2, "b")}
    rows = [("ab", 1.0), ("ba", 0.0)]
    optimizer = SGD(list(letters.values()), 0.1)
    history = train(lambda word: letters[word[0]] * 1.0, rows, losses.squared_error, optimizer, epochs=3)
    assert history.engine == "eager"
    assert letters["a"].data > 0.1
    assert letters["b"].data < 0.2


def test_a_module_of_ones_own_is_compiled() -> None:
    class Line(Module):
        def __init__(self) -> None:
            self.slope, self.offset = Value(0.0, "slope"), Value(0.0, "offset")

        def __call__(self, inputs: Any) -> Any:
            return self.slope * inputs[0] + self.offset

    line = Line()
    rows = [([x], 3.0 * x - 1.0) for x in (-1.0, 0.0, 1.0, 2.0)]
    history = train(line, rows, losses.mean_squared_error, SGD(line.parameters(), 0.1), epochs=200, engine="python")
    assert (line.slope.data, line.offset.data) == pytest.approx((3.0, -1.0), abs=1e-6)
    assert history.losses[-1] < 1e-10


@pytest.mark.extras
def test_an_operation_of_ones_own_is_compiled() -> None:
    cube = tg.Operation("cube", lambda x: x**3, (lambda y, x: 3 * x * x,), "{} ** 3", "{}^3", "x³")
    net = MLP(2, [3, 1], activation=[cube, None], seed=1)
    history = train(net, some_rows(5), losses.mean_squared_error, SGD(net.parameters(), 0.01), epochs=20)
    assert history.engine == "llvm"
    assert history.losses[-1] < history.losses[0]


@pytest.mark.extras
@pytest.mark.parametrize("activation", ["gelu", "silu", "erf", "asinh"])
def test_any_row_on_one_operand_is_an_activation_in_every_engine(activation: str) -> None:
    found = []
    for engine in ("eager", "python", "llvm"):
        net = MLP(2, [3, 1], activation=[activation, None], seed=1)
        optimizer = SGD(net.parameters(), 0.02)
        history = train(net, some_rows(5), losses.mean_squared_error, optimizer, epochs=20, engine=engine)
        assert history.losses[-1] < history.losses[0]
        found.append([p.data for p in net.parameters()])
    assert found[0] == found[1] == pytest.approx(found[2], rel=1e-12)


def test_an_optimizer_of_ones_own() -> None:
    class Signs(Optimizer):
        """Steps of lr against the sign of the gradient."""

        def update(self, p: Any, gradient: Any, moments: Any, settings: Any) -> Any:
            return p - settings[0] * tg.sign(gradient), moments

    found = []
    for engine in ("eager", "python"):
        net = MLP(2, [3, 1], seed=1)
        train(net, some_rows(5), losses.mean_squared_error, Signs(net.parameters(), 0.01), epochs=20, engine=engine)
        found.append([p.data for p in net.parameters()])
    assert found[0] == found[1]


def test_a_parameter_that_the_loss_does_not_depend_on() -> None:
    used, unused = Value(1.0, "used"), Value(2.0, "unused")
    train(lambda x: used * x[0], [([1.0], 0.0)], losses.squared_error, SGD([used, unused], 0.5), epochs=3)
    assert unused.data == 2.0


def test_an_operation_whose_rule_takes_numbers_only_runs_eagerly() -> None:
    wave = tg.Operation("wave", math.sin, (lambda y, x: math.cos(x),), "wave({})", "wave({})", "~")
    net, twin = (MLP(1, [2, 1], activation=[op, None], seed=1) for op in (wave, tg.sin))
    history = train(net, some_1d(), losses.squared_error, SGD(net.parameters(), 0.1), epochs=5)
    assert history.engine == "eager"
    assert "the gradient is no program" in history.why_eager
    train(twin, some_1d(), losses.squared_error, SGD(twin.parameters(), 0.1), epochs=5, engine="eager")
    assert [p.data for p in net.parameters()] == [p.data for p in twin.parameters()]
    with pytest.raises(ValueError, match="engine 'python' cannot do this, for the gradient is no program"):
        train(net, some_1d(), losses.squared_error, SGD(net.parameters(), 0.1), engine="python")


def test_rows_held_out_that_are_no_numbers_run_eagerly() -> None:
    letters = {"a": Value(0.1, "a")}
    model = lambda inputs: letters["a"] * (inputs[0] if isinstance(inputs[0], float | Value) else 1.0)  # noqa: E731
    options: dict[str, Any] = {"epochs": 2, "validation": [("a", 1.0)]}
    history = train(model, [([1.0], 1.0)], losses.squared_error, SGD(letters.values(), 0.1), **options)
    assert history.engine == "eager"
    assert len(history.validation) == 2
