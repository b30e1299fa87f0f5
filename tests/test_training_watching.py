"""A model that looks at numbers is no program: each look is noticed, and the model runs eagerly."""

import random
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.trainings import some_1d
from tinygrad_bp import MLP, SGD, Value, train
from tinygrad_bp.core import operators, ops
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.networks import losses
from tinygrad_bp.networks.training.watching import watch

pytestmark = pytest.mark.usefixtures("many_rows")


def test_a_model_whose_graph_depends_on_the_data_runs_eagerly() -> None:
    w = Value(0.5, "w")

    def model(inputs: Any) -> Any:
        return w * inputs[0] if inputs[0] > 0 else w * inputs[0] * 0.1

    rows = [([1.0], 1.0), ([-1.0], 1.0)]
    history = train(model, rows, losses.squared_error, SGD([w], 0.1), epochs=50)
    assert history.engine == "eager"
    assert "reads numbers while it computes" in history.why_eager
    other = Value(0.5, "w")
    for _ in range(50):
        for x, slope in ((1.0, 1.0), (-1.0, 0.1)):
            other.grad = 0.0
            ((1.0 - other * x * slope) ** 2 / 2).backward()
            other.data -= 0.1 * other.grad
    assert w.data == pytest.approx(other.data, rel=1e-12)


LOOKS = {
    "comparing": lambda y: y if y > 0.1 else y * 2,
    "bool": lambda y: y if y else y * 2,
    "data": lambda y: y * y.data,
    "max": lambda y: max(y, y * 2),
    "sorted": lambda y: sorted([y, y * 2])[0],
    "data of a result": lambda y: y * y.sin().data,
    "comparing a dot": lambda y: y if tg.dot([0.5, 1.0], [y, 1.0]) > 0 else y * 2,
    "comparing a maximum": lambda y: y if tg.maximum(0.0, y) > 0.1 else y * 2,
    "comparing a power": lambda y: y if 2.0**y > 1.1 else y * 2,
}


@pytest.mark.parametrize("look", LOOKS.values(), ids=LOOKS.keys())
@pytest.mark.parametrize("of", ["input", "weight", "neuron"])
def test_every_look_at_a_number_is_noticed(look: Any, of: str) -> None:
    net = MLP(1, [2, 1], seed=1)

    def model(inputs: Any) -> Any:
        things = {"input": inputs[0], "weight": net.weights[0], "neuron": net(inputs)[0]}
        y = things[of]
        return net(inputs)[0] * look(y if isinstance(y, Value) else Value(y))

    history = train(model, some_1d(), losses.squared_error, SGD(net.parameters()), epochs=1)
    assert (history.engine, history.why_eager[:23]) == ("eager", "the model reads numbers")
    with pytest.raises(ValueError, match="engine 'python' cannot do this, for the model reads numbers"):
        train(model, some_1d(), losses.squared_error, SGD(net.parameters()), engine="python")
    assert all(type(p) is Value for p in net.parameters())


def test_a_model_that_draws_lots_runs_eagerly() -> None:
    net, draw = MLP(1, [16, 1], seed=1), random.Random(1)

    def dropout(inputs: Any) -> Any:
        hidden = [out * float(draw.random() < 0.5) for out in net.layers[0](inputs)]
        return net.layers[1](hidden)

    history = train(dropout, some_1d(), losses.squared_error, SGD(net.parameters()), epochs=2)
    assert (history.engine, history.why_eager) == ("eager", "the model computes differently from call to call")


QUIET_LOOKS = {
    "==": lambda x: 3.0 if x == 1.0 else x,
    "in": lambda x: 3.0 if x in (1.0, 2.0) else x,
    "a dictionary": lambda x: {1.0: 3.0}.get(x, x),
    "isinstance": lambda x: 3.0 if isinstance(x, float) else x,
}


@pytest.mark.parametrize("look", QUIET_LOOKS.values(), ids=QUIET_LOOKS.keys())
def test_looks_that_do_not_read_the_number_are_noticed_too(look: Any) -> None:
    rows = [([x], 0.5) for x in (0.5, 1.0, 1.5, 2.0, -1.0)]
    found = []
    for engine in ("eager", "auto"):
        w = Value(0.5, "w")
        history = train(
            lambda x, w=w: w * look(x[0]), rows, losses.squared_error, SGD([w], 0.1), epochs=20, engine=engine
        )
        found.append(w.data)
    assert history.engine == "eager"
    assert found[0] == found[1]


def test_a_loss_that_looks_at_its_target_is_noticed() -> None:
    w = Value(0.5, "w")
    rows = [([1.0], 1.0), ([2.0], 0.0), ([0.5], 1.0)]
    loss = lambda out, t: (out - 1.0) ** 2 if t == 1.0 else out**2  # noqa: E731
    assert train(lambda x: w * x[0], rows, loss, SGD([w], 0.1), epochs=2).engine == "eager"


def test_an_update_that_branches_runs_eagerly() -> None:
    class Signs(SGD):
        def update(self, p: Any, gradient: Any, moments: Any, settings: Any) -> Any:
            return p - settings[0] * (1.0 if gradient > 0 else -1.0), moments

    w = Value(0.5, "w")
    history = train(lambda x: w * x[0], [([1.0], 0.2)], losses.squared_error, Signs([w], 0.1), epochs=9)
    assert (history.engine, history.why_eager[:33]) == ("eager", "the optimizer's update reads numb")


def test_a_look_at_what_one_more_fast_method_makes_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def fast(self: Value) -> Value:
        return Value.record_operation(tg.sin, (self,))  # past the class of self, as the methods that are written out do

    monkeypatch.setattr(Value, "sin", fast)
    monkeypatch.setitem(operators.WRITTEN_OUT, tg.sin, ("sin",))
    w = Value(0.5, "w")

    def model(inputs: Any) -> Any:
        y = (w * inputs[0]).sin()
        return y if y > 0.1 else y * 2

    history = train(model, some_1d(), losses.squared_error, SGD([w]), epochs=1)
    assert (history.engine, history.why_eager) == ("eager", "the model reads numbers while it computes: sin")


@pytest.mark.parametrize(
    ("row", "name"), [(row, name) for row, names in operators.WRITTEN_OUT.items() for name in names]
)
def test_what_is_written_out_makes_watched_values_of_watched_ones(row: tg.Operation, name: str) -> None:
    x = Value(0.5, "x")
    with watch([x]) as looks:
        node = getattr(x, name)(*[0.25] * (len(row.partials) - 1))
        assert looks == []
        assert node.data > -2.0
        assert looks == [row.name]


@pytest.mark.parametrize("row", [row for row in ops.OPERATIONS.values() if row.arity != 1], ids=lambda row: row.name)
def test_what_a_row_makes_is_watched_whichever_operand_is(row: Operation) -> None:
    count = row.arity or 4
    numbers = {"log_term": [1.0, 2.0]}.get(row.name, [0.5] * count)
    for place in range(count):
        operands = [Value(x, f"x{k}") for k, x in enumerate(numbers)]
        with watch([operands[place]]) as looks:
            half = len(operands) // 2
            y = row(
                *(
                    (operands[:half], operands[half:])
                    if row is ops.dot
                    else [operands]
                    if row.arity is None
                    else operands
                )
            )
            assert looks == []
            bool(y > 0.0)
            assert looks, (row, place)
