"""Softmax; what losses are called elsewhere; and targets that may be classes."""

import math
import warnings
from typing import Any

import pytest

import tinygrad_bp as tg
from tinygrad_bp import MLP, SGD, Value, softmax, train
from tinygrad_bp.cli import main
from tinygrad_bp.networks.data import Table, truth_table
from tinygrad_bp.networks.losses import LOSSES, OTHER_NAMES, LearnedAsNumbers, loss_meant
from tinygrad_bp.networks.recipe import Unsuitable, recipe


@pytest.mark.parametrize(
    ("outputs", "wanted"),
    [
        ([0.0, 0.0], [0.5, 0.5]),
        ([5.0], [1.0]),
        ([1e308, -1e308], [1.0, 0.0]),
        ([-math.inf, 0.0, 0.0], [0.0, 0.5, 0.5]),
        ([1e10, 1e10 + 1, 1e10 - 3], [0.26538792877224193, 0.7213991842739687, 0.013212886953789416]),
        ([-700.0, 0.0, 1.0], [math.exp(-701.0) / (1.0 + math.exp(-1.0)), 0.2689414213699951, 0.7310585786300049]),
        ([-1e300] * 4, [0.25] * 4),
    ],
)
def test_softmax_is_stable(outputs: list[float], wanted: list[float]) -> None:
    found = softmax([Value(x) for x in outputs])
    assert [p.data for p in found] == pytest.approx(wanted, rel=1e-12, abs=0.0)
    assert [p.data for p in softmax(outputs)] == [p.data for p in found]
    assert math.fsum(p.data for p in found) == pytest.approx(1.0, rel=4e-16)


def test_the_gradient_of_softmax_is_that_of_the_formula() -> None:
    zs = [Value(x, f"z{k}") for k, x in enumerate((0.5, -1.0, 2.0, 30.0))]
    probabilities = softmax(zs)
    for k, p in enumerate(probabilities):
        for j, (z, q) in enumerate(zip(zs, probabilities, strict=True)):
            assert tg.grad(p, z).data == pytest.approx(p.data * ((k == j) - q.data), rel=1e-9, abs=1e-15)
    program = tg.compile(probabilities, zs)  # for other numbers, too
    assert program(1e4, 1.0, 1.0, 1.0) == [1.0, 0.0, 0.0, 0.0]


def test_softmax_says_what_it_takes() -> None:
    with pytest.raises(ValueError, match="softmax: there are no outputs"):
        softmax([])
    with pytest.raises(TypeError, match="softmax takes Values and real numbers"):
        softmax(["a", 1.0])
    assert softmax(3.0)[0].data == 1.0


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("mse", "mean_squared_error"),
        ("MSE", "mean_squared_error"),
        ("MSELoss", "mean_squared_error"),
        ("rmse", "mean_squared_error"),
        ("mae", "mean_squared_error"),
        ("softmax", "cross_entropy"),
        ("crossentropy", "cross_entropy"),
        ("cross-entropy", "cross_entropy"),
        ("CrossEntropyLoss", "cross_entropy"),
        ("categorical_crossentropy", "cross_entropy"),
        ("nll", "cross_entropy"),
        ("bce", "binary_cross_entropy"),
        ("BCEWithLogitsLoss", "binary_cross_entropy"),
        ("log loss", "binary_cross_entropy"),
        ("binary_crossentropy", "binary_cross_entropy"),
        ("svm", "hinge"),
        ("sse", "squared_error"),
    ],
)
def test_a_loss_of_another_name_is_answered_with_the_one_here(
    name: str, meant: str, empty_folder: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    net = MLP(1, [1], seed=1)
    with pytest.raises(ValueError, match=f"did you mean '{meant}'"):
        train(net, [([1.0], [1.0])], name, SGD(net.parameters(), lr=0.1))
    with pytest.raises(Unsuitable, match=f"did you mean '{meant}'"):
        recipe(truth_table("xor"), loss=name)
    assert main(["train", "xor", "--loss", name]) == 2
    assert f"did you mean '{meant}'" in capsys.readouterr().err


def test_no_name_means_two_losses() -> None:
    others = [name for names in OTHER_NAMES.values() for name in names.split()]
    assert len(others) == len(set(others))
    assert set(OTHER_NAMES) == set(LOSSES)
    assert not set(others) & set(LOSSES)
    assert all(loss_meant(name) == f"; did you mean {name!r}?" for name in LOSSES)
    assert loss_meant("nothing of the kind") == ""


# What may be classes


def rows_of(kinds: list[float], count: int = 30) -> list[Any]:
    return [([float(k)], [kinds[k % len(kinds)]]) for k in range(count)]


def warned(model: Any, rows: list[Any], loss: Any) -> list[str]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        train(model, rows, loss, SGD(model.parameters(), lr=1e-4), epochs=1, engine="eager")
    assert all(each.category is LearnedAsNumbers and each.filename == __file__ for each in caught)
    return [str(each.message) for each in caught]


def test_targets_that_may_be_classes_are_said_once_with_what_to_call() -> None:
    net = MLP(1, [2, 1], activation=["tanh", None], seed=1)
    [words] = warned(net, rows_of([0.0, 1.0]), tg.mean_squared_error)
    assert words == (
        'train: all targets are 0 and 1, and are learned as numbers; if these are classes, take loss="binary_cross_entropy"'
    )
    [words] = warned(net, rows_of([0.0, 1.0, 2.0]), "squared_error")
    assert words.endswith(
        'are 0, 1 and 2, and are learned as numbers; if these are classes, take 3 outputs and loss="cross_entropy"'
    )


@pytest.mark.parametrize("kinds", [[0.0, 0.5, 1.0], [1.0, 2.0], [1.0], [float(k) for k in range(11)], [-1.0, 1.0]])
def test_numbers_are_learned_without_a_word(kinds: list[float]) -> None:
    assert warned(MLP(1, [1], activation=None, seed=1), rows_of(kinds), "mean_squared_error") == []


def test_truth_tables_by_sigmoid_neurons_are_learned_without_a_word() -> None:
    assert warned(MLP(1, [1], activation="sigmoid", seed=1), rows_of([0.0, 1.0]), "squared_error") == []
    assert warned(MLP(1, [1], activation=None, seed=1), rows_of([0.0, 1.0], 4), "squared_error") == []
    assert warned(MLP(1, [1], activation=None, seed=1), rows_of([0.0, 1.0]), "binary_cross_entropy") == []


def counts(kinds: int) -> Table:
    return Table(["x"], ["y"], [[float(k)] for k in range(30)], [[float(k % kinds)] for k in range(30)])


def test_a_recipe_says_so_too_and_the_command_how_it_is_said_to_it(
    empty_folder: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.warns(LearnedAsNumbers, match="'y' is 0, 1 and 2 and is learned as a number; classes=True learns"):
        chosen = recipe(counts(3))
    assert chosen.may_be_classes
    assert recipe(counts(3), loss="cross_entropy").may_be_classes == ""
    lines = ["x,y", *(f"{k},{k % 3}" for k in range(30))]
    (empty_folder / "t.csv").write_text("\n".join(lines) + "\n")
    for more in ([], ["--no-scale"]):
        assert main(["train", "t.csv", "--epochs", "1", *more]) == 0
        assert capsys.readouterr().err == (
            "tinygrad-bp: the target 'y' is 0, 1 and 2 and is learned as a number; --classes learns classes\n"
        )
    assert main(["train", "t.csv", "--epochs", "1", "--classes", "--force"]) == 0
    assert capsys.readouterr().err == ""


# A cross entropy has its last activation in itself


@pytest.mark.parametrize("name", ["xor", "or", "and", "nand"])
@pytest.mark.parametrize(
    ("loss", "last", "outputs"),
    [
        ("binary_cross_entropy", None, 1),
        ("cross_entropy", None, 2),
        ("squared_error", "sigmoid", 1),
        ("mean_squared_error", "sigmoid", 1),
        (None, "sigmoid", 1),
    ],
)
def test_the_last_layer_suits_the_loss(name: str, loss: str | None, last: str | None, outputs: int) -> None:
    chosen = recipe(truth_table(name), loss=loss)
    assert (chosen.activations[-1], chosen.layers[-1]) == (last, outputs)
    assert len(chosen.table.outputs[0]) == outputs


def test_cross_entropy_of_two_classes_takes_two_outputs() -> None:
    with pytest.raises(Unsuitable, match="binary_cross_entropy has 1"):
        recipe(truth_table("xor"), loss="cross_entropy", layers=[2, 5, 1])
    assert recipe(truth_table("xor"), loss="cross_entropy", layers=[2, 5, 2]).activations[-1] is None
    assert recipe(truth_table("xor"), loss="squared_error", layers=[2, 5, 2]).activations[-1] == "sigmoid"


@pytest.mark.parametrize("count", [10, 40])
@pytest.mark.parametrize("loss", ["binary_cross_entropy", "cross_entropy"])
def test_probabilities_of_several_targets_stay_what_they_are(count: int, loss: str) -> None:
    table = Table(
        ["x"], ["a", "b"], [[float(k)] for k in range(count)], [[float(k % 2), float(1 - k % 2)] for k in range(count)]
    )
    chosen = recipe(table, loss=loss, epochs=1)
    rows = chosen.rows()
    assert chosen.activations[-1] is None
    assert rows.target_scaling is None
    net = chosen.network(seed=1)
    train(net, rows.learned, chosen.loss, chosen.optimizer_of(net), epochs=1, validation=rows.held_out)
