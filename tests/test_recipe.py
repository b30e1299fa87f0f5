"""What suits a table, and what of it can be said otherwise. The command `train` is tested beside."""

import math
import pickle
from typing import Any

import pytest

from tinygrad_bp import MLP, SGD, Adam, train
from tinygrad_bp.networks.data import Table, moons, penguins, spiral, truth_table
from tinygrad_bp.networks.prediction import Predictor, notes
from tinygrad_bp.networks.recipe import Recipe, Unsuitable, recipe


def numbers(count: int = 40, kinds: int = 0) -> Table:
    """Rows of one input; the target is a number, or one of so many whole ones."""
    outputs = [[float(k % kinds)] if kinds else [100.0 + k] for k in range(count)]
    return Table(["x"], ["y"], [[k / count] for k in range(count)], outputs)


SUITS: list[tuple[Table, dict[str, Any]]] = [
    (truth_table("xor"), {"layers": [2, 5, 1], "activations": ["sigmoid", "sigmoid"], "loss": "squared_error", "optimizer": "sgd",
                          "learning_rate": 0.5, "epochs": 10_000, "batch_size": 1, "held_out": 0.0, "scale": False}),
    (moons(), {"layers": [2, 8, 1], "activations": ["tanh", None], "loss": "binary_cross_entropy", "optimizer": "adam",
               "learning_rate": 0.01, "epochs": 200, "batch_size": 16, "held_out": 0.25, "scale": True}),
    (spiral(), {"layers": [2, 8, 3], "activations": ["tanh", None], "loss": "cross_entropy"}),
    (numbers(), {"layers": [1, 8, 1], "activations": ["tanh", None], "loss": "mean_squared_error", "held_out": 0.25}),
    (numbers(9), {"layers": [1, 8, 1], "activations": ["tanh", None], "held_out": 0.0, "scale": True}),
]  # fmt: skip


@pytest.mark.parametrize(("table", "wanted"), SUITS)
def test_what_suits_a_table(table: Table, wanted: dict[str, Any]) -> None:
    chosen = recipe(table)
    assert {name: getattr(chosen, name) for name in wanted} == wanted
    assert chosen.table is table


def test_what_is_said_is_taken() -> None:
    said: dict[str, Any] = {
        "layers": [2, 4, 3, 1], "loss": "mean_squared_error", "optimizer": "sgd", "learning_rate": 0.5, "epochs": 7, "batch_size": 3,
        "held_out": 0.5, "scale": False,
    }  # fmt: skip
    chosen = recipe(moons(), activation="relu", **said)
    assert {name: getattr(chosen, name) for name in said} == said
    assert chosen.activations == ["relu", "relu", "sigmoid"]
    assert recipe(moons(), batch_size=0).batch_size is None


def test_two_classes_by_two_outputs() -> None:
    chosen = recipe(moons(), layers=[2, 8, 2])
    assert chosen.loss == "cross_entropy"
    assert chosen.table.outputs[0] == [1.0, 0.0]
    assert chosen.table.labels == moons().labels


def test_numbers_become_classes_by_as_many_outputs_or_by_a_loss() -> None:
    for chosen in (recipe(numbers(kinds=3), layers=[1, 3]), recipe(numbers(kinds=3), loss="cross_entropy")):
        assert chosen.table.classes == ["0", "1", "2"]
        assert (chosen.layers[-1], chosen.loss) == (3, "cross_entropy")


def test_a_recipe_is_trained() -> None:
    chosen = recipe(penguins(), epochs=30)
    net, rows = chosen.network(seed=1), chosen.rows(seed=1)
    assert rows.held_out is not None
    assert len(rows.learned) + len(rows.held_out) == 342
    history = train(
        net, rows.learned, chosen.loss, chosen.optimizer_of(net), epochs=chosen.epochs, batch_size=chosen.batch_size,
        validation=rows.held_out,
    )  # fmt: skip
    assert history.validation[-1] < 0.2
    net.notes = notes(rows.learned, chosen.loss, rows.target_scaling)
    measured = rows.measured[1]
    assert measured is not None
    assert Predictor(net).score(measured) > 0.95


def test_rows_are_scaled_as_those_that_are_learned() -> None:
    rows = recipe(numbers()).rows(seed=3)
    learned, held_out = rows.measured
    assert held_out is not None
    assert rows.held_out is not None
    assert rows.target_scaling is not None
    assert rows.learned.inputs == learned.scaled().inputs
    assert rows.held_out.inputs == held_out.scaled_by(learned.scaled().scaling).inputs
    assert math.fsum(row[0] for row in rows.learned.outputs) == pytest.approx(0.0, abs=1e-12)
    for scaled, measured in zip(rows.held_out.outputs, held_out.outputs, strict=True):
        assert rows.target_scaling.undone(scaled) == pytest.approx(measured)
    plain = recipe(numbers(), scale=False).rows(seed=3)
    assert (plain.learned, plain.held_out) == plain.measured == (learned, held_out)


def test_optimizers_and_networks_take_their_own_options() -> None:
    chosen = recipe(truth_table("or"))
    net = chosen.network(seed=1, init="he", labels="nested")
    assert isinstance(net, MLP)
    assert net.weights[0].label == "layer1.neuron1.w1"
    optimizer = chosen.optimizer_of(net, momentum=0.9)
    assert isinstance(optimizer, SGD)
    assert (optimizer.momentum, optimizer.rate()) == (0.9, 0.5)
    assert isinstance(recipe(moons()).optimizer_of(net), Adam)


UNSUITABLE: list[tuple[Table, dict[str, Any], str]] = [
    (moons(), {"layers": [2]}, "recipe: layers are inputs, hidden neurons, if any, and outputs, such as 2 8 1"),
    (moons(), {"layers": []}, "recipe: layers are inputs"),
    (moons(), {"layers": [3, 1]}, "recipe: layers begins with the number of inputs, and the table has 2: x, y"),
    (spiral(), {"layers": [2, 2]}, r"ends with the number of outputs, which is 3 for these classes \(0, 1, 2\), not 2"),
    (
        numbers(),
        {"layers": [1, 2]},
        "recipe: layers ends with 2 outputs; the target 'y' is one number in each row, of 40",
    ),
    (numbers(), {"loss": "binary_cross_entropy"}, "recipe: loss binary_cross_entropy is of two classes"),
    (moons(), {"loss": "hinge"}, "recipe: loss hinge wants targets 1 and -1"),
    (moons(), {"loss": "squared_eror"}, "recipe: loss 'squared_eror' is none of .*; did you mean 'squared_error'?"),
    (moons(), {"optimizer": "adamm"}, "recipe: optimizer 'adamm' is none of sgd, adam, adamw; did you mean 'adam'?"),
    (moons(), {"held_out": 1}, "recipe: held_out is a share of the rows, from 0 to below 1, not 1"),
    (moons(), {"held_out": math.nan}, "recipe: held_out is a share of the rows, from 0 to below 1, not nan"),
]


@pytest.mark.parametrize(("table", "options", "says"), UNSUITABLE)
def test_what_does_not_suit_a_table_is_named(table: Table, options: dict[str, Any], says: str) -> None:
    with pytest.raises(Unsuitable, match=f"{says}") as caught:
        recipe(table, **options)
    assert caught.value.argument in options
    assert str(pickle.loads(pickle.dumps(caught.value))) == str(caught.value)


@pytest.mark.parametrize(
    ("options", "error", "says"),
    [
        ({"layers": [2, 1.5]}, TypeError, "recipe: a number of layers is a whole number, not float 1.5"),
        ({"layers": [2, 0, 1]}, ValueError, "recipe: a number of layers is a whole number of at least 1, not 0"),
        ({"epochs": True}, TypeError, "recipe: epochs is a whole number, not bool True"),
        ({"batch_size": -1}, ValueError, "recipe: batch_size is a whole number of at least 0, not -1"),
        ({"held_out": "half"}, TypeError, "recipe with held_out takes .* not str 'half'"),
        ({"activation": "tahn"}, ValueError, "activation 'tahn' is no operation on one operand; did you mean 'tanh'?"),
    ],
)
def test_what_is_no_number_is_named(options: dict[str, Any], error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        recipe(moons(), **options)


def test_a_recipe_says_what_it_is() -> None:
    assert isinstance(recipe(moons()), Recipe)
    assert "loss='binary_cross_entropy', optimizer='adam', learning_rate=0.01" in repr(recipe(moons()))
