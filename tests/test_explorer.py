"""What a page of the explorer is about, and the neurons in it."""

from __future__ import annotations

import importlib
import math
import re
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.subjects import W, X, called, error_of, logistic_by_hand, mlp
from tinygrad_bp import Layer, Module, Neuron, Operation, Value, explore, ops
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.explanation import neurons as structure
from tinygrad_bp.explanation.neurons import ends, units
from tinygrad_bp.explorer.description import describe
from tinygrad_bp.explorer.subject import of_model, of_truth_table, of_value, subject_of
from tinygrad_bp.lessons.derivation import Derivation
from tinygrad_bp.networks import data, losses
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.tutorial.figures import FIGURES
from tinygrad_bp.tutorial.page import subject as of_tutorial

OUTER = ["i1", "i2", "target_o1", "target_o2"]


# Subjects


def test_the_worked_example() -> None:
    subject = of_tutorial()
    assert subject.result.data == pytest.approx(0.298371109, abs=1e-9)
    assert [p.label for p in subject.parameters] == [*(f"w{k}" for k in range(1, 9)), "b1", "b2"]
    assert [b.label for b in subject.biases] == ["b1", "b2"]
    assert (subject.train_biases, subject.learning_rate, subject.kind) == (False, 0.5, "tutorial")
    assert [{leaf.label: x for leaf, x in case.items()} for case in subject.cases] == [
        {"i1": 0.05, "i2": 0.10, "target_o1": 0.01, "target_o2": 0.99}
    ]
    about, _ = describe(subject)
    assert about["tutorial"]["figures"] == [[f.stage, f.quantity, f.formula, f.printed] for f in FIGURES]


@pytest.mark.parametrize("name", ["xor", "or", "and", "nand"])
def test_truth_tables(name: str) -> None:
    subject = of_truth_table(name)
    assert (subject.kind, subject.preset, subject.train_biases, len(subject.parameters)) == ("truth", name, True, 21)
    rows = [[x for _, x in sorted((leaf.label, x) for leaf, x in case.items())] for case in subject.cases]
    assert rows == [[*inputs, *targets] for inputs, targets in data.truth_table(name)]
    about, _ = describe(subject)
    assert about["presets"]["chosen"] == name
    assert about["presets"]["tables"][name] == about["cases"]
    assert set(about["presets"]["tables"]) == {*data.TRUTH_TABLES, "circle", "moons", "spiral"}


@pytest.mark.parametrize(
    "loss", [*losses.LOSSES, losses.squared_error, lambda outs, wanted: (outs[0] - wanted[0]) ** 2]
)
def test_networks_with_each_loss(loss: Any) -> None:
    net = mlp(["tanh", None])
    low = -1.0 if loss in ("hinge", losses.hinge) else 0.0
    rows = [([0.5, -1.0], [1.0, low]), ([1, 2], [low, 1])]
    subject = of_model(net, rows=rows, loss=loss, learning_rate=0.1, title="T")
    outputs = net([0.5, -1.0])
    wanted = (losses.LOSSES[loss] if isinstance(loss, str) else loss)(outputs, [1.0, low])
    assert subject.result.data == pytest.approx(wanted.data, rel=1e-15)
    assert subject.parameters == [*net.weights, *net.biases]
    assert [list(case.values()) for case in subject.cases] == [[0.5, -1.0, 1.0, low], [1.0, 2.0, low, 1.0]]
    assert (subject.learning_rate, subject.title, subject.kind) == (0.1, "T", "network")


def test_without_rows_a_network_is_shown_for_a_row_that_is_made_up() -> None:
    subject = of_model(mlp(), loss="cross_entropy")  # whose targets add up to 1
    [case] = subject.cases
    assert {leaf.label: x for leaf, x in case.items()} == {"i1": 1.0, "i2": 1.0, "target_o1": 1.0, "target_o2": 0.0}
    assert subject.kind == "invented"


@pytest.mark.parametrize("arrays", [False, pytest.param(True, marks=pytest.mark.extras)])
def test_rows_may_be_any_iterables(arrays: bool) -> None:
    rows = [([0.5, -1.0], [1.0, 0.0]), ([1, 2], [0, 1])]
    given = importlib.import_module("numpy").array(rows) if arrays else ((iter(xs), tuple(ts)) for xs, ts in rows)
    subject = of_model(mlp(), rows=given)
    assert [list(case.values()) for case in subject.cases] == [[0.5, -1.0, 1.0, 0.0], [1.0, 2.0, 0.0, 1.0]]
    assert {type(x) for case in subject.cases for x in case.values()} == {float}


def test_further_leaves_of_a_loss_are_in_each_case() -> None:
    weight = Value(0.25, "weight")
    rows = [([0.5, -1.0], [1.0, 0.0]), ([1, 2], [0, 1])]
    about, _ = describe(of_model(mlp(), rows=rows, loss=lambda outs, wanted: weight * (outs[0] - wanted[0]) ** 2))
    assert [{about["nodes"][k]["label"]: x for k, x in case} for case in about["cases"]] == [
        {"i1": 0.5, "i2": -1.0, "target_o1": 1.0, "weight": 0.25},
        {"i1": 1.0, "i2": 2.0, "target_o1": 0.0, "weight": 0.25},
    ]


def test_summands_of_the_error_have_names() -> None:
    order = topological_order(of_model(mlp()).result)
    assert {"E_o1", "E_o2", "E_total"} <= {v.label for v in order}
    assert of_model(mlp(sizes=[2, 1])).result.label == "E"
    assert {"E_o1", "E_o2", "E_o3"} <= {v.label for v in topological_order(of_model(mlp(sizes=[2, 3])).result)}


def test_the_notes_of_a_network_name_its_inputs_and_its_loss() -> None:
    net = mlp()
    net.notes = Notes(columns=["weight in kilograms", "age"], loss="hinge")
    subject = of_model(net)
    assert [leaf.label for leaf in subject.cases[0]] == ["weight in kilograms", "age", "target_o1", "target_o2"]
    made_up = [Value(1.0), Value(0.0)]
    assert subject.result.data == losses.hinge(net([1.0, 1.0]), made_up).data
    about, _ = describe(subject)
    assert [about["nodes"][k]["label"] for k in about["network"]["inputs"]] == ["weight in kilograms", "age"]
    assert of_model(net, loss="squared_error").result.label == "E_total"


@pytest.mark.parametrize("columns", [["a"], ["a", "a"], None])
def test_notes_that_do_not_fit_name_nothing(columns: Any) -> None:
    net = mlp()
    net.notes = Notes(columns=columns)
    assert [leaf.label for leaf in of_model(net).cases[0]][:2] == ["i1", "i2"]


def test_a_layer_and_a_neuron_are_networks_too() -> None:
    weights = [[Value(0.5, f"w{k}"), Value(-1.0, f"v{k}")] for k in (1, 2)]
    neurons = [Neuron(ws, Value(0.1, f"c{k}"), "tanh", f"n{k}") for k, ws in enumerate(weights, 1)]
    one = of_model(neurons[0], rows=[([1.0, 2.0], [0.5])])
    assert one.result.data == pytest.approx((math.tanh(0.5 - 2.0 + 0.1) - 0.5) ** 2 / 2)
    assert [p.label for p in one.parameters] == ["w1", "v1", "c1"]
    both = of_model(Layer(neurons))
    assert [p.label for p in both.parameters] == ["w1", "v1", "w2", "v2", "c1", "c2"]
    assert len(both.cases[0]) == 4
    assert {leaf.label for leaf in both.cases[0]} == {"i1", "i2", "target_n1", "target_n2"}


OUTSIDE = [
    "i1",
    "x",
    "y",
    "t",
    "target",
    "target_o1",
    "input_2",
    "inputs",
    "targets_a",
    "x_1",
    "x_train",
    "y12",
    "x1_2",
    "in",
]
BIASES = ["b", "b1", "b_x", "bias", "bias_h1", "bias2"]
WEIGHTS = ["w", "rate", "xs", "time", "index", "i_", "targeted", "beta", "bx", ""]


def test_a_value_trains_what_is_no_input_and_no_target() -> None:
    leaves = [Value(1.0, label) for label in OUTSIDE + BIASES + WEIGHTS]
    subject = of_value(tg.sum_of(leaves))
    assert [leaf.label for leaf in subject.cases[0]] == OUTSIDE
    assert [b.label for b in subject.biases] == BIASES
    assert [p.label for p in subject.parameters] == BIASES + WEIGHTS
    assert [b.label for b in of_value(logistic_by_hand()).biases] == ["offset"]  # by its place in a neuron


def recurrence() -> tuple[Any, set[str]]:
    h, w, u, b = Value(0.0, "h0"), Value(0.5, "w"), Value(0.3, "u"), Value(0.1, "b")
    for k in range(3):
        h = called(f"h{k + 1}", (w * h + u * Value(0.5, f"x{k}") + b).tanh())
    return called("E", (h - Value(1.0, "t")) ** 2), {"w", "u", "b"}


def added_up() -> tuple[Any, set[str]]:
    total, w = Value(0.0), Value(0.5, "w")
    for k in range(3):
        total = total + (w * Value(1.0 + k, f"x{k}") - Value(2.0, f"t{k}")) ** 2
    return total, {"w"}


@pytest.mark.parametrize("make", [recurrence, added_up])
def test_what_a_loop_begins_with_is_not_trained_as_lessons_say(make: Any) -> None:
    result, trained = make()
    assert {p.label for p in of_value(result).parameters} == trained
    assert {p.label for p in Derivation(result).parameters} == trained


@pytest.mark.parametrize("labels", [["", ""], ["x", "y"]])
def test_where_all_could_be_inputs_all_are_trained(labels: Any) -> None:
    leaves = [Value(1.0, label) for label in labels]
    subject = of_value(leaves[0] * leaves[1] + 1.0)
    assert subject.parameters == leaves
    assert subject.cases == [{}]


def test_parameters_can_be_given() -> None:
    x, w = Value(2.0, "x"), Value(3.0, "w")
    subject = of_value(x * w, parameters=[x, x])
    assert subject.parameters == [x]
    assert subject.cases == [{w: 3.0}]
    untrained = of_value(x * w, parameters=[])  # the derivative by w is told all the same
    assert (untrained.trains, untrained.parameters, untrained.cases) == (False, [w], [{x: 2.0}])


def test_an_example_takes_a_title_and_a_rate() -> None:
    options = {"rows": None, "loss": None, "parameters": None, "title": "T"}
    for thing, kind in (("xor", "truth"), ("tutorial", "tutorial"), (mlp(), "invented"), (W * X, "graph")):
        subject = subject_of(thing, learning_rate=2.0, **options)
        assert (subject.title, subject.learning_rate, subject.kind) == ("T", 2.0, kind)
        assert subject_of(thing, learning_rate=None, **options).learning_rate == 0.5


OWN = Operation("folded", lambda x: x if x > 0.0 else -x, (lambda y, x: y / x,), "{} folded", "", "folded")
MISTAKES = [
    (3.5, {}, TypeError, "explore takes a Value, an MLP, a Layer or a Neuron, not float 3.5"),
    ([W * X], {}, TypeError, "not list [Value("),
    (Module(), {}, TypeError, "of a Module the graph: give it the loss, a Value"),
    ("xro", {}, ValueError, "there is no example 'xro'; there are tutorial, xor, or, and, nand"),
    ("xor", {"rows": []}, ValueError, "'xor' has its own"),
    ("tutorial", {"loss": "hinge"}, ValueError, "'tutorial' has its own"),
    ("tutorial", {"parameters": []}, ValueError, "'tutorial' has its own"),
    (W, {}, ValueError, "was not computed from anything; give it the result of a computation"),
    ((2.0 * W).args[0], {}, ValueError, "was not computed from anything"),
    (W * X, {"rows": [([1.0], [1.0])]}, ValueError, "rows and loss are for a network"),
    (W * X, {"loss": "hinge"}, ValueError, "rows and loss are for a network"),
    (W * X, {"parameters": [Value(1.0, "other")]}, ValueError, "the parameter other is no leaf of the graph"),
    (W * X, {"parameters": [W * X]}, ValueError, "is no leaf of the graph"),
    (W * X, {"parameters": ["w"]}, ValueError, "the parameter 'w' is no leaf"),
    (W * X, {"learning_rate": 0.0}, ValueError, "learning_rate is a finite number above 0, not 0.0"),
    (W * X, {"learning_rate": -1}, ValueError, "above 0, not -1"),
    (W * X, {"learning_rate": math.inf}, ValueError, "above 0, not inf"),
    (W * X, {"learning_rate": math.nan}, ValueError, "above 0, not nan"),
    (W * X, {"learning_rate": "0.5"}, TypeError, "learning_rate takes a real number, not str '0.5'"),
    (W * X, {"language": "de"}, ValueError, "language is one of 'en', 'ja', not 'de'"),
    (W * X, {"title": 5}, TypeError, "a title is text, not int 5"),
    (W * X, {"title": {"en": "T", "ja": 5}}, TypeError, "a title is text, not int 5"),
    (W * X, {"title": {"de": "T"}}, ValueError, "a title is for one of the languages 'en', 'ja', not 'de'"),
    (mlp(), {"parameters": []}, ValueError, "those of a network are known"),
    (mlp(), {"rows": []}, ValueError, "there is no row"),
    (mlp(), {"rows": [([1, 1], [0, 0])] * 65}, ValueError, "up to 64 rows, and there are 65: pass fewer"),
    (mlp(), {"rows": [([1, 1], [0, 0]), 5]}, ValueError, "row 2 is to be a pair of inputs and targets, not 5"),
    (mlp(), {"rows": [([1, 1], [0, 0], 1)]}, ValueError, "row 1 is to be a pair"),
    (mlp(), {"rows": [([1], [0, 0])]}, ValueError, "takes 2 inputs, and row 1 has 1"),
    (mlp(), {"rows": [([1, 1], [0])]}, ValueError, "takes 2 targets, and row 1 has 1"),
    (mlp(sizes=[2, 1]), {"rows": [([1, 1], [0, 0])]}, ValueError, "takes 1 target, and row 1 has 2"),
    (mlp(), {"rows": [([1, 1], 0)]}, ValueError, "the targets of row 1 are to be a list of numbers, not 0"),
    (mlp(), {"rows": [("11", [0, 0])]}, ValueError, "the inputs of row 1 are to be a list of numbers, not '11'"),
    (mlp(), {"rows": [([1, "a"], [0, 0])]}, TypeError, "row 1 with i2 takes a real number, not str 'a'"),
    (mlp(), {"rows": [([1, 1], [0, 10**400])]}, OverflowError, "row 1 with target_o2"),
    (mlp(), {"rows": [([1, 1], [0, 0]), ([1, math.nan], [0, 0])]}, ValueError, "i2 is nan in row 2; a page shows finite"),
    (mlp(), {"loss": "mse"}, ValueError, "there is no loss 'mse'; there are squared_error, mean_squared_error"),
    (mlp(), {"loss": 5}, TypeError, "a loss is a function, or the name of one, not int 5"),
    (mlp(), {"loss": lambda outs, wanted: 3.0}, TypeError, "a loss returns a Value computed from the outputs, not 3.0"),
    (mlp(), {"loss": lambda outs, wanted: Value(3.0)}, TypeError, "a loss returns a Value computed from"),
    (OWN(W), {}, ValueError, "javascript has no folded, and its forward cannot be followed"),
    (Value(math.inf, "far") - X, {}, ValueError, "explore: far is inf; a page shows finite numbers"),
    (W * math.nan, {}, ValueError, "explore: a Value without a label is nan"),
    (mlp([OWN, None]), {}, ValueError, "javascript has no folded"),
]  # fmt: skip


@pytest.mark.parametrize(("thing", "options", "kind", "said"), MISTAKES)
def test_mistakes(thing: Any, options: Any, kind: Any, said: Any) -> None:
    with pytest.raises(kind, match=re.escape(said)):
        explore(thing, **options)


# Structure


def found(result: Any, parameters: Any = None) -> Any:
    """The neurons in a graph, as formulas: h1[1] = tanh(w1*i1 + w2*i2 + b1), with the depth in brackets."""
    written = []
    for unit in of_value(result, parameters=parameters).neurons or ():
        terms = [f"{c.weight.label}*{c.source.label}" for c in unit.connections]
        terms += [] if unit.bias is None else [unit.bias.label]
        activation = unit.activation.name if unit.activation else ""
        written.append(f"{unit.name}[{unit.depth}] = {activation}({' + '.join(terms)})")
    return written


def test_the_neurons_of_the_worked_example() -> None:
    subject = of_tutorial()
    about, _ = describe(subject)
    assert found(subject.result) == [
        "h1[1] = sigmoid(w1*i1 + w2*i2 + b1)", "h2[1] = sigmoid(w3*i1 + w4*i2 + b1)",
        "o1[2] = sigmoid(w5*out_h1 + w6*out_h2 + b2)", "o2[2] = sigmoid(w7*out_h1 + w8*out_h2 + b2)",
    ]  # fmt: skip
    label = [node.get("label") for node in about["nodes"]]
    net = about["network"]
    assert net["whole"]
    assert [label[k] for k in net["inputs"]] == ["i1", "i2"]
    assert [n["target"] for n in net["neurons"][:2]] == [None, None]
    assert [label[n["target"]] for n in net["neurons"][2:]] == ["target_o1", "target_o2"]
    assert [n["end"] for n in net["neurons"]] == [False, False, True, True]
    for n in net["neurons"]:
        assert (label[n["net"]], label[n["out"]]) == (f"net_{n['name']}", f"out_{n['name']}")


@pytest.mark.parametrize("sizes", [[1], [3, 2], [4, 3, 2]])
@pytest.mark.parametrize("shared", [False, True])
def test_the_neurons_of_a_network_are_found_however_it_is_recorded(sizes: Any, shared: bool) -> None:
    nets = [
        mlp(["tanh"] * (len(sizes) - 1) + [None], sizes, shared_bias=shared, separate_products=separate)
        for separate in (False, True)
    ]
    one, other = (sorted(found(error_of(net, [0.5] * sizes[-1]))) for net in nets)
    assert one == other
    assert len(one) == sum(sizes)
    wanted = [f"{d} tanh" if d < len(sizes) else f"{d} " for d, size in enumerate(sizes, 1) for _ in range(size)]
    assert sorted(re.sub(r".*\[(\d)\] =( \w*)\(.* \+ b\w*\)", r"\1\2", each) for each in one) == wanted
    assert len(set(re.findall(r"w\w*(?=\*)", str(one)))) == len(nets[0].weights)


UNITS = [
    # of any name, or none
    ("w * x + v", ["n1[1] = (w*x + v)"], True),
    ("called('line', x * w + v)", ["line[1] = (w*x + v)"], True),
    ("called('out_y', w * x + v)", ["y[1] = (w*x + v)"], True),
    ("called('out_', w * x)", ["n1[1] = (w*x)"], True),
    ("called('guess', called('net_y', w * x).relu())", ["guess[1] = relu(w*x)"], True),
    ("(w * called('h', (v * x).sigmoid()) + u * x).tanh()", ["h[1] = sigmoid(v*x)", "n2[2] = tanh(w*h + u*x)"], True),
    # sums of any shape
    ("(x * w + (u + y * v)).tanh()", ["n1[1] = tanh(w*x + v*y + u)"], True),
    ("(called('out_y', w * x) + v * y).tanh()", ["n1[1] = tanh(w*x + v*y)"], True),
    ("tg.sum_of([tg.dot([w, y], [x, v]), u]).sin()", ["n1[1] = sin(w*x + v*y + u)"], True),
    ("tg.dot([w, v], [x, 1.0])", ["n1[1] = (w*x + v)"], True),
    # the activation is the only user of the net input, and no arithmetic unless a name says so
    ("(net := w * x + v).tanh() * net", ["n1[1] = (w*x + v)"], True),
    ("called('out_y', w * x).tanh()", ["y[1] = (w*x)"], True),
    *((f"{activation}(w * x)", ["n1[1] = (w*x)"], True) for activation in ("-", "abs", "tg.exp", "tg.log", "tg.sqrt")),
    ("called('net_y', w * x).exp()", ["y[1] = exp(w*x)"], True),
    # what else is done with it
    ("w * (v * x).exp() + u * x", ["n1[1] = (v*x)"], False),
    ("(w * x + 1.0).tanh()", ["n1[1] = (w*x)"], True),
    ("(w * x - v).tanh()", ["n1[1] = (w*x)"], False),
    ("(called('h', w * x) * v).tanh()", ["h[1] = (w*x)", "n2[2] = tanh(v*h)"], True),
    ("(w * x).tanh() + w**2", ["n1[1] = tanh(w*x)"], False),
    ("((p := w * x) + v).tanh() * (p + v).sin() * v.exp()", ["n1[1] = tanh(w*x + v)", "n2[1] = sin(w*x + v)"], False),
    # nothing that comes in; two biases; a signal that is no leaf and no neuron; nothing with a weight
    ("(w * v).tanh()", [], None),
    ("(2.0 * x + w).tanh()", [], None),
    ("(w * x + v + v).tanh()", [], None),
    ("(w * x + v * y**2).tanh()", [], None),
    ("x.tanh() * w", [], None),
    ("tg.sum_of([w, v, x]).tanh()", [], None),
]


@pytest.mark.parametrize(("formula", "neurons", "whole"), UNITS)
def test_neurons(formula: Any, neurons: Any, whole: Any) -> None:
    leaves = {label: Value(0.1 * k, label) for k, label in enumerate("wvuxy", 1)}
    y = eval(formula, {"tg": tg, "called": called, **leaves})
    assert found(y) == neurons
    network = describe(of_value(y))[0]["network"]
    assert (network and network["whole"]) is whole


def test_what_is_trained_decides_what_a_weight_is() -> None:
    w, x = Value(0.1, "w"), Value(0.3, "x")
    y = (w * x).tanh()
    assert found(y, [x]) == ["n1[1] = tanh(x*w)"]
    assert found(y, [w, x]) == found(y, []) == []


@pytest.mark.parametrize("make", [lambda: of_tutorial(), lambda: of_model(mlp()), lambda: of_value(X * W)])
def test_connections_know_their_operands(make: Any) -> None:
    about, _ = describe(make())
    for neuron in about["network"]["neurons"]:
        for weight, source, product, *places in neuron["connections"]:
            assert weight in about["parameters"]
            assert [about["nodes"][product]["args"][place] for place in places] == [weight, source]


def test_all_outputs_that_reach_the_result_by_themselves_are_ends() -> None:
    w, x = Value(0.1, "w"), Value(0.3, "x")
    h = called("h", (w * x).tanh())
    out = called("o", (Value(0.2, "v") * h).tanh())
    for result, wanted in ((out, {"o"}), ((out - 1.0) ** 2, {"o"}), (out + h * h, {"h", "o"})):
        order = topological_order(result)
        assert {v.label for v in ends(order, units(order, of_value(result).parameters))} == wanted


def test_what_has_no_name_gets_one_in_a_copy() -> None:
    w, x, b, t = Value(0.5, "w"), Value(1.5, "x"), Value(0.1, "result"), Value(0.2, "t")
    result = ((w * x + b).tanh() - t) ** 2
    result.backward()

    def state() -> Any:
        return [(v, v.label, v.data, v.grad, v.op) for v in topological_order(result, constants=False)]

    before = state()
    about, _ = describe(of_value(result))
    assert state() == before
    labels = [node.get("label") for node in about["nodes"]]
    assert set(labels) == {"w", "x", "result", "t", "net_n1", "out_n1", "result′", None}
    assert labels[about["result"]] == "result′"
    assert {labels[k] for k in about["formulas"]["gradient"]} == {"w", "x", "result", "t", "net_n1", "out_n1"}
    assert about["formulas"]["gradient"][labels.index("net_n1")]["delta"] == "delta_n1"


def targets(subject: Any) -> Any:
    about, _ = describe(subject)
    return [
        n["target"] if n["target"] is None else about["nodes"][n["target"]]["label"]
        for n in about["network"]["neurons"]
    ]


@pytest.mark.parametrize("loss", losses.LOSSES)
def test_targets_of_a_network(loss: Any) -> None:
    net = mlp(["sigmoid", None])
    subject = of_model(net, loss=loss)
    assert targets(subject) == [None, None, "target_o1", "target_o2"]
    neurons = units(topological_order(subject.result), subject.parameters)
    assert [unit.activation for unit in neurons] == [ops.sigmoid, ops.sigmoid, None, None]  # no softplus of the loss
    assert targets(of_value(error_of(net, loss=losses.LOSSES[loss])))[2:] == ["target_o1", "target_o2"]


@pytest.mark.parametrize(
    ("error", "target"),
    [
        ("(out - y) ** 2", "y"), ("y - out", "y"), ("out * called('target_a', y)", "target_a"), ("out * y", None),
        ("(out - 2.0 * y) ** 2", None), ("(out - x) ** 2", None),  # an input
    ],
)  # fmt: skip
def test_a_leaf_in_a_difference_is_a_target_and_a_factor_is_none(error: str, target: str | None) -> None:
    x, y = Value(0.3, "x"), Value(0.4, "y")
    out = (Value(0.1, "w") * x).tanh()
    assert targets(of_value(eval(error, {"called": called, "out": out, "x": x, "y": y}))) == [target]


def test_too_many_connections_are_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    result = of_tutorial().result
    monkeypatch.setattr(structure, "MOST_CONNECTIONS", 8)
    assert len(found(result)) == 4
    monkeypatch.setattr(structure, "MOST_CONNECTIONS", 7)
    assert found(result) == []
