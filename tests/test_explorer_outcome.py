"""What a description says of outputs, errors and cases: in the order of the text, for networks of any size."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.subjects import LABELS
from tests.test_explorer_description import evaluated
from tinygrad_bp import MLP, Value, explore, save, softmax
from tinygrad_bp.cli import main
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.explanation.names import short_name
from tinygrad_bp.explorer.description import describe
from tinygrad_bp.explorer.formulas import formulas
from tinygrad_bp.explorer.subject import of_model, of_truth_table, of_value, table_name
from tinygrad_bp.networks import losses
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.networks.scaling import Scaling
from tinygrad_bp.tutorial.page import subject as of_tutorial


def about(subject: Any) -> dict[str, Any]:
    return describe(subject)[0]


def labels(found: dict[str, Any], places: Any) -> list[str]:
    return [found["nodes"][k].get("label", "") for k in places]


def parts_of(found: dict[str, Any]) -> list[tuple[str, list[str]]]:
    neurons = found["network"]["neurons"]
    return [(found["nodes"][k]["name"], [neurons[n]["name"] for n in of]) for k, of in found["network"]["parts"]]


def net(outputs: int) -> MLP:
    return MLP(2, [3, outputs], activation=["tanh", None], seed=1)


# Between outputs and error


@pytest.mark.parametrize("loss", ["squared_error", "mean_squared_error", "binary_cross_entropy", "hinge"])
def test_the_error_of_each_output_is_a_node_of_its_own(loss: str) -> None:
    found = about(of_model(net(3), loss=loss))
    assert parts_of(found) == [("E_o1", ["o1"]), ("E_o2", ["o2"]), ("E_o3", ["o3"])]
    assert about(of_model(net(1), loss=loss))["network"]["parts"] == []  # it is the error itself


def test_the_parts_of_the_worked_example_are_its_own() -> None:
    assert parts_of(about(of_tutorial())) == [("E_o1", ["o1"]), ("E_o2", ["o2"])]


def test_what_is_no_error_has_no_parts_by_that_name() -> None:
    o1, o2 = net(2)([Value(0.5, "i1"), Value(1.0, "i2")])
    found = about(of_value(o1 * o1 + 2.0 * o2 * o2))
    assert not any(label.startswith("E_") for label in labels(found, range(len(found["nodes"]))))
    assert not found["isError"]


@pytest.mark.parametrize("count", [2, 3, 12])
@pytest.mark.parametrize("target", ["leaves", "number", "certain", "chances"])
def test_softmax_is_said_however_the_cross_entropy_is_recorded(count: int, target: str) -> None:
    outputs = net(count)([Value(0.5, "i1"), Value(1.0, "i2")])
    targets: Any = {
        "leaves": [Value(float(k == 0), f"target_o{k + 1}") for k in range(count)],
        "number": 1,
        "certain": losses.one_hot(1, count),
        "chances": [1.0 / count] * count,
    }[target]
    found = about(of_value(losses.cross_entropy(outputs, targets)))
    names = [neuron["name"] for neuron in found["network"]["neurons"]]
    said = found["network"]["probabilities"]
    assert said["kind"] == "softmax"
    assert [names[k] for k in said["neurons"]] == [f"o{k}" for k in range(1, count + 1)]
    assert found["network"]["parts"] == []
    assert found["isError"]


def test_a_sigmoid_that_is_part_of_the_loss_is_said() -> None:
    outputs = net(2)([Value(0.5, "i1"), Value(1.0, "i2")])
    for targets in ([1.0, 0.0], [Value(1.0, "target_o1"), Value(0.0, "target_o2")]):
        found = about(of_value(losses.binary_cross_entropy(outputs, targets)))
        assert found["network"]["probabilities"] == {"kind": "sigmoid", "neurons": [3, 4]}
        judged = [neuron["judged"] for neuron in found["network"]["neurons"][3:]]
        leaves = isinstance(targets[0], Value)
        assert judged == [[2, None], [2, None]] if leaves else [[2, 1.0], [2, 0.0]]  # the mean of two
    assert about(of_model(net(2)))["network"]["probabilities"] is None
    assert all("judged" not in neuron for neuron in about(of_model(net(2)))["network"]["neurons"])
    hidden = MLP(2, [2, 1], activation=["softplus", None], seed=1)  # an activation is none of the loss's
    assert about(of_model(hidden))["network"]["probabilities"] is None


@pytest.mark.parametrize("way", ["each", "right", "quotient", "function"])
def test_softmax_is_found_in_whichever_operations_a_graph_has_it(way: str) -> None:
    nets = [
        Value(x, "x") * Value(w, f"w{k}") + Value(0.1, f"b{k}")
        for k, (x, w) in enumerate([(0.5, 1.0), (0.25, -2.0)], 1)
    ]
    for k, z in enumerate(nets, 1):
        z.label = f"net_o{k}"
    targets = [Value(0.0, "goal_1"), Value(1.0, "goal_2")]
    powers = [z.exp() for z in nets]
    shares = [power / (powers[0] + powers[1]) for power in powers] if way != "function" else softmax(nets)
    if way in ("each", "function"):
        error = -(targets[0] * shares[0].log() + targets[1] * shares[1].log())
    else:
        error = -shares[1].log() if way == "right" else ((powers[0] + powers[1]) / powers[1]).log()
    error.label = "E"
    found = about(of_value(error))
    leaves = way in ("each", "function")
    assert found["network"]["probabilities"] == {"kind": "softmax", "neurons": [0, 1]}
    judged = [neuron["judged"] for neuron in found["network"]["neurons"]]
    assert judged == ([[1, None], [1, None]] if leaves else [[1, 0.0], [1, 1.0]])
    told = [neuron["target"] for neuron in found["network"]["neurons"]]
    assert labels(found, told if leaves else []) == (["goal_1", "goal_2"] if leaves else [])


@pytest.mark.parametrize(
    ("label", "leaf", "wanted"),
    [
        ("loss", "x", True), ("E", "x", True), ("E_total", "x", True), ("Loss2", "x", True), ("out", "target", True),
        ("out", "x", False), ("", "x", False), ("Eve", "x", False), ("lossless", "x", False), ("E\n", "x", False),
    ],
)  # fmt: skip
def test_an_error_is_called_one(label: str, leaf: str, wanted: bool) -> None:
    y = (Value(2.0, "w") - Value(1.0, leaf)) ** 2
    y.label = label
    assert about(of_value(y))["isError"] is wanted


# Cases and classes


@pytest.mark.parametrize(("name", "opening"), [("xor", 3), ("or", 3), ("and", 3), ("nand", 3)])
def test_truth_tables_open_on_a_case_in_which_every_weight_has_a_gradient(name: str, opening: int) -> None:
    subject = of_truth_table(name)
    assert about(subject)["opening"] == opening
    case = subject.cases[opening]
    alone = about(of_truth_table(name, opening + 1))
    assert {x for _, x in alone["cases"][0]} == set(case.values())


def test_a_page_opens_on_the_first_case_with_the_fewest_gradients_of_0() -> None:
    rows = [([0.0, 0.0], [1.0]), ([0.0, 2.0], [1.0]), ([1.0, 2.0], [1.0]), ([3.0, 2.0], [1.0])]
    assert about(of_model(net(1), rows=rows))["opening"] == 2
    assert about(of_model(net(1), rows=rows[:2]))["opening"] == 1
    assert about(of_model(net(1)))["opening"] == 0
    assert about(of_tutorial())["opening"] == 0


def test_a_case_that_the_loss_does_not_take_is_not_opened_with() -> None:
    rows = [([1.0, 0.5], [0.5]), ([-1.0, 0.5], [-0.5])]
    found = about(of_model(net(1), rows=rows, loss=lambda outs, wanted: (outs[0] - wanted[0].log()) ** 2))
    assert found["opening"] == 0


def test_classes_have_their_names() -> None:
    model = MLP(4, [3, 3], activation=["tanh", None], seed=1)
    kinds = ["Adelie", "Chinstrap", '"><script>']
    model.notes = Notes(loss="cross_entropy", classes=kinds, targets=["species"], more={"table": "data/penguins.csv"})
    found = about(of_model(model))
    assert found["outputs"] == kinds
    assert found["classes"]
    assert found["title"] == "Penguins"
    assert explore(model).title == "Penguins"
    assert "<script>Adelie" not in explore(model, title="birds").html
    assert explore(model, title="birds").title == "birds"
    model.notes = Notes(targets=["mass", "length", "depth"])
    found = about(of_model(model))
    assert (found["outputs"], found["classes"]) == (["mass", "length", "depth"], False)
    model.notes = Notes(classes=["no", "yes"])
    assert about(of_model(model))["outputs"] == []
    one = net(1)
    one.notes = Notes(classes=["no", "yes"])
    assert (about(of_model(one))["outputs"], about(of_model(one))["classes"]) == (["no", "yes"], True)


def test_inputs_tell_how_they_were_scaled() -> None:
    model = net(1)
    rows = [([0.5, -1.0], [1.0])]
    assert about(of_model(model, rows=rows))["scaling"] == []
    model.notes = Notes(scaling=Scaling([44.0, 0.0], [5.5, 1.0]))
    found = about(of_model(model, rows=rows))
    [[place, mean, scale]] = found["scaling"]  # the second was left as it was
    assert (found["nodes"][place]["name"], mean, scale) == ("i1", 44.0, 5.5)
    assert about(of_model(model))["scaling"] == []  # the numbers of a made-up row were never measured


def test_names_of_classes_and_tables_are_text() -> None:
    model, some = net(20), LABELS[:20]
    scripts = explore(model).html.count("<script")
    for table in LABELS:
        model.notes = Notes(classes=[table, *some[1:]], more={"table": table})
        subject = of_model(model)
        assert subject.outputs[0] == table
    for start in range(0, len(LABELS) - 20, 20):
        model.notes = Notes(classes=LABELS[start : start + 20])
        assert all(short_name(name) == name for name in about(of_model(model))["outputs"])
    model.notes = Notes(classes=some, more={"table": "</title><script>alert(1)</script>"})
    page = explore(model, loss="cross_entropy")
    assert page.html.count("<script") == scripts
    assert page.html.encode()


@pytest.mark.parametrize(
    ("table", "name"),
    [
        ("penguins", "Penguins"),
        ("a/b/birds.csv", "Birds"),
        ("-", ""),
        ("", ""),
        (None, ""),
        (3, ""),
        ("..", ""),
        ([], ""),
    ],
)
def test_what_a_table_is_called(table: object, name: str) -> None:
    assert table_name(table) == name


def test_the_page_of_the_command_is_named_for_the_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    model = MLP(4, [3], activation=[None], seed=1)
    model.notes = Notes(loss="cross_entropy", classes=["Adelie", "Chinstrap", "Gentoo"])
    for file, title in (("model.json", "Penguins"), ("birds.json", "Birds")):
        save(model, file)
        assert main(["explore", file, "--data", "penguins", "-o", "page.html"]) == 0
        assert f"<title>{title}" in Path("page.html").read_text(encoding="utf-8")


# Order


def natural(text: str) -> list[Any]:
    return [int(piece) if piece.isdigit() else piece for piece in re.split(r"(\d+)", text)]


def in_order(names: list[str]) -> bool:
    return names == sorted(names, key=natural)


def recorded(reverse: bool) -> Any:
    """A network of someone's own, whose outputs may be compared with targets from the last to the first."""
    outs = MLP(2, [11, 12], seed=1)([Value(1.0, "i1"), Value(2.0, "i2")])
    step = -1 if reverse else 1
    targets = [Value(0.1, f"target_o{k}") for k in range(1, 13)]
    return of_value(losses.squared_error(outs[::step], targets[::step]))


SIZES: dict[str, Any] = {
    **{loss: lambda loss=loss: of_model(MLP(12, [11, 12], seed=1), loss=loss) for loss in losses.LOSSES},
    "separate": lambda: of_model(MLP(3, [11, 10], seed=1, separate_products=True)),
    "shared": lambda: of_model(MLP(3, [11, 10], seed=1, shared_bias=True)),
    "three layers": lambda: of_model(MLP(12, [3, 11, 2], seed=1)),
    "xor": lambda: of_truth_table("xor"),
    "tutorial": of_tutorial,
    "someone's own": lambda: recorded(False),
    "from the last to the first": lambda: recorded(True),
}


@pytest.mark.parametrize("name", SIZES)
def test_o1_stands_before_o2_and_w9_before_w10(name: str) -> None:
    found = about(SIZES[name]())
    network = found["network"]
    for letter in "wb":
        assert in_order([label for label in labels(found, found["parameters"]) if label.startswith(letter)])
    assert in_order(labels(found, found["biases"]))
    assert in_order([f"{neuron['depth']} {neuron['name']}" for neuron in network["neurons"]])
    assert in_order(labels(found, network["inputs"]))
    for neuron in network["neurons"]:
        assert in_order(labels(found, [weight for weight, *_ in neuron["connections"]]))
    assert in_order([name for name, _ in parts_of(found)])
    outer = labels(found, found["outer"])
    assert outer == sorted(outer, key=lambda label: (label.startswith("target"), natural(label)))
    assert not set(found["outer"]) & set(found["parameters"])
    levels = [box["number"] for box in found["folds"]["layer"]["boxes"] if box["kind"] == "layer"]
    assert levels == sorted(levels)


def test_neurons_with_names_of_their_own_stay_as_they_were_computed() -> None:
    x, w = Value(1.0, "x"), [Value(0.1 * k, f"w{k}") for k in range(1, 5)]
    left, right = (w[0] * x).tanh(), (w[1] * x).tanh()
    left.label, right.label = "right", "left"
    y = w[2] * left + w[3] * right
    assert [neuron["name"] for neuron in about(of_value(y))["network"]["neurons"]] == ["right", "left", "n3"]


# Formulas


def test_each_operand_of_a_square_has_its_slope() -> None:
    x = Value(3.0, "x")
    for y, wanted in (
        (x * x, ["⟦0⟧", "⟦0⟧"]),
        (x / x, ["1 / ⟦0⟧", "-⟦1⟧ / ⟦0⟧"]),
        (x**x, ["⟦0⟧ * ⟦0⟧ ** (⟦0⟧ - 1)", "⟦1⟧ * log(⟦0⟧)"]),
    ):
        order = topological_order(y)
        found = formulas(y, order)["slopes"]
        assert all(pair for pair in found)
        for pair, slope in zip(found, y.local_derivatives, strict=True):
            assert evaluated(pair[0], order) == pytest.approx(slope, rel=1e-12)
        if y.op is not None and y.op.name == "mul":
            assert [pair[0] for pair in found] == wanted


@pytest.mark.parametrize("separate", [False, True])
def test_a_net_input_of_many_weights_is_a_sum_of_products(separate: bool) -> None:
    subject = of_model(MLP(70, [1], seed=1, separate_products=separate))
    found = about(subject)
    [neuron] = found["network"]["neurons"]
    text, latex = found["formulas"]["forward"][neuron["net"]]
    assert text.count(" * ") == latex.count(r" \cdot ") == 70
    assert "dot(" not in text
    order = topological_order(subject.result)
    assert evaluated(text, order) == pytest.approx(order[neuron["net"]].data, rel=1e-12)
    assert len(str(found["formulas"]["forward"])) < 40_000  # partial sums are not written out again and again
