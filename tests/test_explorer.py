"""The explorer's page, before a browser opens it: what it is about, the programs in it, its formulas, its layout and its text."""

from __future__ import annotations

import base64
import hashlib
import html
import importlib
import json
import math
import os
import random
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

import tinygrad_bp as tg
from tests.graphs import random_graph
from tests.labels import EXTREME, HOSTILE, LETTERS
from tinygrad_bp import MLP, Layer, Module, Neuron, Operation, Value, explore, ops
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Constant
from tinygrad_bp.drawing import rendering
from tinygrad_bp.explorer import Page, page, structure
from tinygrad_bp.explorer import description as descriptions
from tinygrad_bp.explorer import programs as programs_module
from tinygrad_bp.explorer.description import describe
from tinygrad_bp.explorer.formulas import activation_formulas, formulas, names
from tinygrad_bp.explorer.layout import groups, layout
from tinygrad_bp.explorer.page import LANGUAGES, SCRIPTS
from tinygrad_bp.explorer.programs import by_hand, programs, rebuilt, variants
from tinygrad_bp.explorer.structure import ACTIVATIONS, ends, units
from tinygrad_bp.explorer.subject import of_model, of_truth_table, of_tutorial, of_value, subject_of
from tinygrad_bp.networks import data, losses
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.text import printable
from tinygrad_bp.tutorial.derivation import one_round
from tinygrad_bp.tutorial.figures import FIGURES, setup
from tinygrad_bp.tutorial.network import network

ASSETS = Path(page.__file__).parent / "web"
LABELS = [*HOSTILE, *EXTREME]
OUTER = ["i1", "i2", "target_o1", "target_o2"]


def called(label, value):
    value.label = label
    return value


def hostile(text):
    """A graph in which a leaf and the result are called this."""
    return called(text, Value(1.5, text) * 2.0)


def logistic_by_hand():
    """A neuron and its error, with names of someone's own, and none for the nodes between."""
    slope, offset, x, wanted = Value(0.7, "slope"), Value(-0.2, "offset"), Value(1.5, "x"), Value(1.0, "t")
    guess = (slope * x + offset).sigmoid()
    return called("error", -(wanted * guess.log() + (1.0 - wanted) * (1.0 - guess).log()))


def all_operations():
    """A result made by every kind of row: twice the same operand, powers, sums of any length, kinks."""
    x, y, z = Value(1.3, "x0"), Value(-0.4, "x1"), Value(2.2, "x2")
    rows = [
        x * x, x**3, x**y, z**-1.5, 2.0**y, x / z, 1.0 - y, -y, tg.logsumexp([x, y, 0.5]), tg.dot([x, y, 0.5], [z, x, y]), tg.dot([x], [x]),
        tg.sum_of([x, y, y, 3.0]), tg.maximum(x, y), tg.minimum(x, 5.0), (x + z).sqrt(), x.exp(), z.log(), y.tanh(), y.sigmoid(), y.relu(),
        x.relu(), y.softplus(), abs(y), x.sin() * z.cos(), tg.leaky_relu(y, 0.1), tg.atan2(x, y), tg.hypot(y, z), x.log1p() + y.expm1(),
    ]  # fmt: skip
    return called("all", tg.sum_of(rows))


def mlp(activations=("sigmoid", "sigmoid"), sizes=(2, 2), **options):
    return MLP(2, list(sizes), activation=list(activations), seed=3, **options)


def error_of(net, targets=(0.3, 0.8), loss=losses.squared_error):
    """The error of a network with leaves for inputs and targets."""
    inputs = [Value(0.5 - k, f"i{k}") for k in range(1, net.widths[0] + 1)]
    return called("E", loss(net(inputs), [Value(t, f"target_o{k}") for k, t in enumerate(targets, 1)]))


# Subjects


def test_the_worked_example():
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
def test_truth_tables(name):
    subject = of_truth_table(name)
    assert (subject.kind, subject.preset, subject.train_biases, len(subject.parameters)) == ("truth", name, True, 21)
    rows = [[x for _, x in sorted((leaf.label, x) for leaf, x in case.items())] for case in subject.cases]
    assert rows == [[*inputs, *targets] for inputs, targets in data.truth_table(name)]
    about, _ = describe(subject)
    assert about["presets"]["chosen"] == name
    assert about["presets"]["tables"][name] == about["cases"]
    assert set(about["presets"]["tables"]) == set(data.TRUTH_TABLES)


@pytest.mark.parametrize(
    "loss", [*losses.LOSSES, losses.squared_error, lambda outs, wanted: (outs[0] - wanted[0]) ** 2]
)
def test_networks_with_each_loss(loss):
    net = mlp(["tanh", None])
    rows = [([0.5, -1.0], [1.0, 0.0]), ([1, 2], [0, 1])]
    subject = of_model(net, rows=rows, loss=loss, learning_rate=0.1, title="T")
    outputs = net([0.5, -1.0])
    wanted = (losses.LOSSES[loss] if isinstance(loss, str) else loss)(outputs, [1.0, 0.0])
    assert subject.result.data == pytest.approx(wanted.data, rel=1e-15)
    assert subject.parameters == [*net.weights, *net.biases]
    assert [list(case.values()) for case in subject.cases] == [[0.5, -1.0, 1.0, 0.0], [1.0, 2.0, 0.0, 1.0]]
    assert (subject.learning_rate, subject.title, subject.kind) == (0.1, "T", "network")


def test_without_rows_a_network_is_shown_for_a_row_that_is_made_up():
    subject = of_model(mlp(), loss="cross_entropy")  # whose targets add up to 1
    [case] = subject.cases
    assert {leaf.label: x for leaf, x in case.items()} == {"i1": 1.0, "i2": 1.0, "target_o1": 1.0, "target_o2": 0.0}
    assert subject.kind == "invented"


@pytest.mark.parametrize("arrays", [False, pytest.param(True, marks=pytest.mark.extras)])
def test_rows_may_be_any_iterables(arrays):
    rows = [([0.5, -1.0], [1.0, 0.0]), ([1, 2], [0, 1])]
    given = importlib.import_module("numpy").array(rows) if arrays else ((iter(xs), tuple(ts)) for xs, ts in rows)
    subject = of_model(mlp(), rows=given)
    assert [list(case.values()) for case in subject.cases] == [[0.5, -1.0, 1.0, 0.0], [1.0, 2.0, 0.0, 1.0]]
    assert {type(x) for case in subject.cases for x in case.values()} == {float}


def test_further_leaves_of_a_loss_are_in_each_case():
    weight = Value(0.25, "weight")
    rows = [([0.5, -1.0], [1.0, 0.0]), ([1, 2], [0, 1])]
    about, _ = describe(of_model(mlp(), rows=rows, loss=lambda outs, wanted: weight * (outs[0] - wanted[0]) ** 2))
    assert [{about["nodes"][k]["label"]: x for k, x in case} for case in about["cases"]] == [
        {"i1": 0.5, "i2": -1.0, "target_o1": 1.0, "weight": 0.25},
        {"i1": 1.0, "i2": 2.0, "target_o1": 0.0, "weight": 0.25},
    ]


def test_summands_of_the_error_have_names():
    order = topological_order(of_model(mlp()).result)
    assert {"E_o1", "E_o2", "E_total"} <= {v.label for v in order}
    assert of_model(mlp(sizes=[2, 1])).result.label == "E"
    assert {"E_o1", "E_o2", "E_o3"} <= {v.label for v in topological_order(of_model(mlp(sizes=[2, 3])).result)}


def test_the_notes_of_a_network_name_its_inputs_and_its_loss():
    net = mlp()
    net.notes = Notes(columns=["weight in kilograms", "age"], loss="hinge")
    subject = of_model(net)
    assert [leaf.label for leaf in subject.cases[0]] == ["weight in kilograms", "age", "target_o1", "target_o2"]
    assert subject.result.data == losses.hinge(net([1.0, 1.0]), [1.0, 0.0]).data
    about, _ = describe(subject)
    assert [about["nodes"][k]["label"] for k in about["network"]["inputs"]] == ["weight in kilograms", "age"]
    assert of_model(net, loss="squared_error").result.label == "E_total"


@pytest.mark.parametrize("columns", [["a"], ["a", "a"], None])
def test_notes_that_do_not_fit_name_nothing(columns):
    net = mlp()
    net.notes = Notes(columns=columns)
    assert [leaf.label for leaf in of_model(net).cases[0]][:2] == ["i1", "i2"]


def test_a_layer_and_a_neuron_are_networks_too():
    weights = [[Value(0.5, f"w{k}"), Value(-1.0, f"v{k}")] for k in (1, 2)]
    neurons = [Neuron(ws, Value(0.1, f"c{k}"), "tanh", f"n{k}") for k, ws in enumerate(weights, 1)]
    one = of_model(neurons[0], rows=[([1.0, 2.0], [0.5])])
    assert one.result.data == pytest.approx((math.tanh(0.5 - 2.0 + 0.1) - 0.5) ** 2 / 2)
    assert [p.label for p in one.parameters] == ["w1", "v1", "c1"]
    both = of_model(Layer(neurons))
    assert [p.label for p in both.parameters] == ["w1", "v1", "w2", "v2", "c1", "c2"]
    assert len(both.cases[0]) == 4
    assert {leaf.label for leaf in both.cases[0]} == {"i1", "i2", "target_n1", "target_n2"}


OUTSIDE = ["i1", "x", "y", "t", "target", "target_o1", "input_2", "inputs", "targets_a", "x_1", "x_train", "y12"]
BIASES = ["b", "b1", "b_x", "bias", "bias_h1", "bias2"]
WEIGHTS = ["w", "rate", "xs", "x1_2", "time", "index", "in", "i_", "targeted", "beta", "bx", ""]


def test_a_value_trains_what_is_no_input_and_no_target():
    leaves = [Value(1.0, label) for label in OUTSIDE + BIASES + WEIGHTS]
    subject = of_value(tg.sum_of(leaves))
    assert [leaf.label for leaf in subject.cases[0]] == OUTSIDE
    assert [b.label for b in subject.biases] == BIASES
    assert [p.label for p in subject.parameters] == BIASES + WEIGHTS
    assert [b.label for b in of_value(logistic_by_hand()).biases] == ["offset"]  # by its place in a neuron


@pytest.mark.parametrize("labels", [["", ""], ["x", "y"]])
def test_where_all_could_be_inputs_all_are_trained(labels):
    leaves = [Value(1.0, label) for label in labels]
    subject = of_value(leaves[0] * leaves[1] + 1.0)
    assert subject.parameters == leaves
    assert subject.cases == [{}]


def test_parameters_can_be_given():
    x, w = Value(2.0, "x"), Value(3.0, "w")
    subject = of_value(x * w, parameters=[x, x])
    assert subject.parameters == [x]
    assert subject.cases == [{w: 3.0}]
    assert of_value(x * w, parameters=[]).cases == [{x: 2.0, w: 3.0}]


def test_an_example_takes_a_title_and_a_rate():
    options = {"rows": None, "loss": None, "parameters": None, "title": "T"}
    for thing, kind in (("xor", "truth"), ("tutorial", "tutorial"), (mlp(), "invented"), (W * X, "graph")):
        subject = subject_of(thing, learning_rate=2.0, **options)
        assert (subject.title, subject.learning_rate, subject.kind) == ("T", 2.0, kind)
        assert subject_of(thing, learning_rate=None, **options).learning_rate == 0.5


W, X = Value(1.0, "w"), Value(2.0, "x")
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
def test_mistakes(thing, options, kind, said):
    with pytest.raises(kind, match=re.escape(said)):
        explore(thing, **options)


# Structure


def found(result, parameters=None):
    """The neurons in a graph, as formulas: h1[1] = tanh(w1*i1 + w2*i2 + b1), with the depth in brackets."""
    written = []
    for unit in units(topological_order(result), of_value(result, parameters=parameters).parameters):
        terms = [f"{c.weight.label}*{c.source.label}" for c in unit.connections]
        terms += [] if unit.bias is None else [unit.bias.label]
        activation = unit.activation.name if unit.activation else ""
        written.append(f"{unit.name}[{unit.depth}] = {activation}({' + '.join(terms)})")
    return written


def test_the_neurons_of_the_worked_example():
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
def test_the_neurons_of_a_network_are_found_however_it_is_recorded(sizes, shared):
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
def test_neurons(formula, neurons, whole):
    leaves = {label: Value(0.1 * k, label) for k, label in enumerate("wvuxy", 1)}
    y = eval(formula, {"tg": tg, "called": called, **leaves})
    assert found(y) == neurons
    network = describe(of_value(y))[0]["network"]
    assert (network and network["whole"]) is whole


def test_what_is_trained_decides_what_a_weight_is():
    w, x = Value(0.1, "w"), Value(0.3, "x")
    y = (w * x).tanh()
    assert found(y, [x]) == ["n1[1] = tanh(x*w)"]
    assert found(y, [w, x]) == found(y, []) == []


@pytest.mark.parametrize("make", [lambda: of_tutorial(), lambda: of_model(mlp()), lambda: of_value(X * W)])
def test_connections_know_their_operands(make):
    about, _ = describe(make())
    for neuron in about["network"]["neurons"]:
        for weight, source, product, *places in neuron["connections"]:
            assert weight in about["parameters"]
            assert [about["nodes"][product]["args"][place] for place in places] == [weight, source]


def test_all_outputs_that_reach_the_result_by_themselves_are_ends():
    w, x = Value(0.1, "w"), Value(0.3, "x")
    h = called("h", (w * x).tanh())
    out = called("o", (Value(0.2, "v") * h).tanh())
    for result, wanted in ((out, {"o"}), ((out - 1.0) ** 2, {"o"}), (out + h * h, {"h", "o"})):
        order = topological_order(result)
        assert {v.label for v in ends(order, units(order, of_value(result).parameters))} == wanted


def test_what_has_no_name_gets_one_in_a_copy():
    w, x, b, t = Value(0.5, "w"), Value(1.5, "x"), Value(0.1, "result"), Value(0.2, "t")
    result = ((w * x + b).tanh() - t) ** 2
    result.backward()

    def state():
        return [(v, v.label, v.data, v.grad, v.op) for v in topological_order(result, constants=False)]

    before = state()
    about, _ = describe(of_value(result))
    assert state() == before
    labels = [node.get("label") for node in about["nodes"]]
    assert set(labels) == {"w", "x", "result", "t", "net_n1", "out_n1", "result′", None}
    assert labels[about["result"]] == "result′"
    assert {labels[k] for k in about["formulas"]["gradient"]} == {"w", "x", "result", "t", "net_n1", "out_n1"}
    assert about["formulas"]["gradient"][labels.index("net_n1")]["delta"] == "delta_n1"


def targets(subject):
    about, _ = describe(subject)
    return [
        n["target"] if n["target"] is None else about["nodes"][n["target"]]["label"]
        for n in about["network"]["neurons"]
    ]


@pytest.mark.parametrize("loss", losses.LOSSES)
def test_targets_of_a_network(loss):
    net = mlp(["sigmoid", None])
    subject = of_model(net, loss=loss)
    assert targets(subject) == [None, None, "target_o1", "target_o2"]
    neurons = units(topological_order(subject.result), subject.parameters)
    assert [unit.activation for unit in neurons] == [ops.sigmoid, ops.sigmoid, None, None]  # no softplus of the loss
    beside = not loss.endswith("cross_entropy")
    assert targets(of_value(error_of(net, loss=losses.LOSSES[loss])))[2:] == (
        ["target_o1", "target_o2"] if beside else [None, None]
    )


@pytest.mark.parametrize(
    ("error", "target"),
    [
        ("(out - y) ** 2", "y"), ("y - out", "y"), ("out * called('target_a', y)", "target_a"), ("out * y", None),
        ("(out - 2.0 * y) ** 2", None), ("(out - x) ** 2", None),  # an input
    ],
)  # fmt: skip
def test_a_leaf_in_a_difference_is_a_target_and_a_factor_is_none(error, target):
    x, y = Value(0.3, "x"), Value(0.4, "y")
    out = (Value(0.1, "w") * x).tanh()
    assert targets(of_value(eval(error, {"called": called, "out": out, "x": x, "y": y}))) == [target]


def test_too_many_connections_are_not_drawn(monkeypatch):
    result = of_tutorial().result
    monkeypatch.setattr(structure, "MOST_CONNECTIONS", 8)
    assert len(found(result)) == 4
    monkeypatch.setattr(structure, "MOST_CONNECTIONS", 7)
    assert found(result) == []


# The programs

DRIVER = """
import { readFileSync } from "node:fs";
const text = (x) => Array.isArray(x) ? x.map(text) : Number.isFinite(x) ? x : String(x);
const jobs = JSON.parse(readFileSync(process.argv[2], "utf8"));
console.log(JSON.stringify(jobs.map(([program, given]) => text((0, eval)(program)(...given)))));
"""


def run(folder, jobs):
    """What Node.js says of pairs of a program and the numbers it is called with."""
    (folder / "jobs.json").write_text(json.dumps(jobs), encoding="utf-8")
    (folder / "driver.mjs").write_text(DRIVER, encoding="utf-8")
    command = ["node", str(folder / "driver.mjs"), str(folder / "jobs.json")]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr
    return [list(map(float, numbers)) for numbers in json.loads(done.stdout)]


def variables_of(order):
    return [v for v in order if not isinstance(v, Constant)]


def job_pair(both, order):
    """The two calls for a graph at its own numbers."""
    variables = variables_of(order)
    leaves = [v.data for v in variables if v.op is None]
    return [[both["forward"], leaves], [both["slopes"], [v.data for v in variables]]]


def recorded(order):
    """The data of all computed nodes, and the local derivatives on all edges but from constants."""
    nodes = [v for v in variables_of(order) if v.op is not None]
    slopes = [
        slope
        for v in nodes
        for x, slope in zip(v.args, v.local_derivatives, strict=True)
        if not isinstance(x, Constant)
    ]
    return [v.data for v in nodes], slopes


def reverse(order, slopes):
    """The loop of backward(), over the numbers on the edges."""
    gradients = dict.fromkeys(order, 0.0)
    gradients[order[-1]] = 1.0
    left = list(slopes)
    for v in reversed(variables_of(order)):
        args = [x for x in v.args if not isinstance(x, Constant)]
        own = [left.pop() for _ in args][::-1]
        for x, slope in zip(args, own, strict=True):
            gradients[x] += slope * gradients[v]
    assert left == []
    return gradients


def close(numbers):
    return pytest.approx(numbers, rel=1e-12, abs=1e-300)


GRAPHS = {
    "tutorial": lambda: of_tutorial().result,
    **{name: lambda name=name: of_truth_table(name).result for name in data.TRUTH_TABLES},
    **{loss: lambda loss=loss: of_model(mlp(["tanh", None]), loss=loss).result for loss in losses.LOSSES},
    "by hand": logistic_by_hand,
    "all operations": all_operations,
    "x * x": lambda: Value(3.0, "x") * Value(3.0, "x"),
    "one node": lambda: Value(3.0) * 2.0,
    "hostile labels": lambda: tg.sum_of([hostile(text) for text in LABELS]),
    **{f"random {seed}": lambda seed=seed: random_graph(seed)[0] for seed in range(20)},
}


@pytest.mark.node
def test_the_programs_compute_what_python_recorded(tmp_path):
    orders = {name: topological_order(make()) for name, make in GRAPHS.items()}
    jobs = [job for order in orders.values() for job in job_pair(programs(order), order)]
    results = iter(run(tmp_path, jobs))
    for name, order in orders.items():
        numbers, slopes = next(results), next(results)
        wanted, wanted_slopes = recorded(order)
        assert numbers == close(wanted), name
        assert slopes == close(wanted_slopes), name
        order[-1].backward()
        gradients = reverse(order, slopes)
        for v in variables_of(order):
            scale = 1.0 if name.startswith("random") else 0.0  # where the terms of a gradient cancel
            assert gradients[v] == pytest.approx(v.grad, rel=1e-12, abs=1e-300 + 1e-13 * scale), (name, v)


@pytest.mark.node
def test_the_programs_hold_for_other_numbers(tmp_path):
    draw = random.Random(5)
    order = topological_order(of_tutorial().result)
    both = programs(order)
    jobs, wanted = [], []
    for _ in range(5):
        numbers = {v.label: draw.uniform(-3, 3) for v in order if v.op is None and v.label}
        again = topological_order(network(numbers)["E_total"])
        jobs += job_pair(both, again)
        wanted += recorded(again)
    for got, numbers in zip(run(tmp_path, jobs), wanted, strict=True):
        assert got == close(numbers)


@pytest.mark.node
def test_a_slope_is_computed_from_the_numbers_in_the_nodes(tmp_path):
    w, x = Value(3.0, "w"), Value(2.0, "x")
    order = topological_order((w * x).exp())  # w, x, w * x, exp
    [slopes] = run(tmp_path, [[programs(order)["slopes"], [10.0, 20.0, 30.0, 40.0]]])
    assert slopes == [20.0, 10.0, 40.0]


@pytest.mark.node
@pytest.mark.parametrize(
    ("separate", "own"), [(False, ["sigmoid", "tanh"]), (True, ["relu", "softplus"]), (False, ["tanh", None])]
)
def test_variants_are_the_same_graph_with_other_activations(tmp_path, separate, own):
    def recorded_by(kinds):
        return topological_order(error_of(mlp([kind or None for kind in kinds], separate_products=separate)))

    order = recorded_by(own)
    written = variants(order, units(order, of_value(order[-1]).parameters))
    names = [op.name for op in ACTIVATIONS]
    assert set(written) == {f"{a},{b}" for a in names for b in (names if own[1] else [""])}
    assert written.pop(",".join(kind or "" for kind in own)) == {}
    orders = {name: recorded_by(name.split(",")) for name in written}
    results = iter(run(tmp_path, [job for name, both in written.items() for job in job_pair(both, orders[name])]))
    for name, other in orders.items():
        numbers, slopes = recorded(other)
        assert next(results) == close(numbers), name
        assert next(results) == close(slopes), name


@pytest.mark.node
def test_a_variant_need_not_have_a_number_here(tmp_path):
    order = topological_order(logistic_by_hand())
    written = variants(order, units(order, of_value(order[-1]).parameters))
    assert set(written) == {f",{op.name}" for op in ACTIVATIONS}
    leaves = [v.data for v in order if v.op is None and not isinstance(v, Constant)]
    flipped = [-5.0 if x == 0.7 else x for x in leaves]  # tanh of it is below 0, where there is no logarithm
    at, beyond = run(tmp_path, [[written[",tanh"]["forward"], point] for point in (leaves, flipped)])
    assert at[-1] == pytest.approx(-math.log(math.tanh(0.7 * 1.5 - 0.2)), rel=1e-12)
    assert math.isnan(beyond[-1])


@pytest.mark.parametrize(
    ("kinds", "sides"),
    [
        (["relu"], [",{}"]),
        (["tanh", None], ["{},"]),
        (["exp", "sigmoid"], [",{}"]),
        (["sigmoid", "exp"], ["{},"]),
        ([["tanh", "sigmoid"], "sigmoid"], [",{}"]),
        ([None, None], []),
        (["exp", "exp"], []),
    ],
)
def test_a_side_without_one_activation_to_exchange_keeps_its_own(kinds, sides):
    net = mlp(["tanh"] * len(kinds), [2] * len(kinds))
    for layer, kind in zip(net.layers, kinds, strict=True):
        for neuron, name in zip(layer.neurons, kind if isinstance(kind, list) else [kind] * 2, strict=True):
            neuron.activation = name and ops.OPERATIONS[name]
    order = topological_order(error_of(net))
    neurons = units(order, net.parameters())
    assert len(neurons) == 2 * len(kinds)
    assert set(variants(order, neurons)) == {side.format(op.name) for side in sides for op in ACTIVATIONS}
    assert variants(order, []) == {}


def test_too_long_variants_are_left_out(monkeypatch):
    subject = of_tutorial()
    order = topological_order(subject.result)
    neurons = units(order, subject.parameters)
    assert len(variants(order, neurons)) == 16
    monkeypatch.setattr(programs_module, "MOST_VARIANTS_TEXT", 20_000)
    assert variants(order, neurons) == {}


def test_a_rebuilt_graph_is_another_one():
    order = topological_order(all_operations())
    sigmoid = next(v for v in order if v.op is ops.sigmoid)
    copies = rebuilt(order, {sigmoid: ops.tanh})
    assert list(copies) == order
    for v, copied in copies.items():
        assert copied.label == v.label
        assert copied.op is (ops.tanh if v is sigmoid else v.op)
        assert list(copied.args) == [copies[x] for x in v.args]
        assert (copied is v) == isinstance(v, Constant)
    assert sigmoid.op is ops.sigmoid


@pytest.mark.node
def test_the_derivation_by_hand(tmp_path):
    draw = random.Random(1)
    program, takes, returns = by_hand()
    given = [setup(float), *({name: draw.uniform(-4, 4) for name in takes} for _ in range(20))]
    wanted = [one_round(math.exp, **numbers) for numbers in given]
    assert min(round_["net_h1"] for round_ in wanted) < -1 < 1 < max(round_["net_h1"] for round_ in wanted)
    assert set(returns) == set(wanted[0]) - set(takes)
    assert {figure.quantity for figure in FIGURES if figure.stage != "training"} - {"dE_o1/dnet_o1"} <= set(returns)
    results = run(tmp_path, [[program, [numbers[name] for name in takes]] for numbers in given])
    for numbers, round_ in zip(results, wanted, strict=True):
        for name, x in zip(returns, numbers, strict=True):
            assert x == pytest.approx(round_[name], rel=1e-12), name


def test_nothing_of_a_label_but_letters_is_in_a_program():
    for text in LABELS:
        for program in programs(topological_order(hostile(text))).values():
            assert "labels" not in program
            assert not re.search(r"alert\(|<|&|evil\[|\\u|[^\x00-\x7f]", program) or text in LETTERS, program


# Formulas

NAMESPACE = {**ops.OPERATIONS, "__builtins__": {}}


def evaluated(text, order):
    """A formula's text with numbers in place of marks."""
    return eval(re.sub(r"⟦(\d+)⟧", lambda mark: f"({order[int(mark[1])].data!r})", text), NAMESPACE)


def along(order, of, by, stops=()):
    """The derivative of one node by another, by ways that meet none of the stops."""
    flow = {of: 1.0}
    for v in reversed(order):
        if v in flow and v is not by and (v is of or v not in stops):
            for x, slope in zip(v.args, v.local_derivatives, strict=True):
                flow[x] = flow.get(x, 0.0) + slope * flow[v]
    return flow.get(by, 0.0)


def all_formulas(written):
    yield from written["forward"].values()
    yield from (pair for pair in written["slopes"] if pair)
    yield from written["factors"].values()


NAMED = ["tutorial", "xor", *losses.LOSSES, "by hand", "all operations", "hostile labels", "random 1", "random 2"]


@pytest.mark.parametrize("name", NAMED)
def test_marks_stand_for_nodes_that_are_there(name):
    order = topological_order(GRAPHS[name]())
    for text, latex in all_formulas(formulas(order[-1], order)):
        marks = re.findall(r"⟦(\d+)⟧", text)
        assert set(marks) == set(re.findall(r"⟦(\d+)⟧", latex))
        assert all(not isinstance(order[int(mark)], Constant) for mark in marks)
        assert "⟦" not in re.sub(r"⟦\d+⟧", "", text + latex)
        assert r"\text" not in latex


@pytest.mark.parametrize("name", NAMED)
def test_formulas_give_the_numbers(name):
    order = topological_order(GRAPHS[name]())
    written = formulas(order[-1], order)
    for k, (text, _) in written["forward"].items():
        assert evaluated(text, order) == pytest.approx(order[k].data, rel=1e-9, abs=1e-12), text
    _, slopes = recorded(order)
    assert len(written["slopes"]) == len(slopes)
    for pair, slope in zip(written["slopes"], slopes, strict=True):
        if pair:
            assert evaluated(pair[0], order) == pytest.approx(slope, rel=1e-9, abs=1e-12), pair
    labelled = {v for v in order if v.label}
    for key, (text, _) in written["factors"].items():
        of, by, whole = map(int, key.split(","))
        number = along(order, order[of], order[by], () if whole else labelled)
        assert evaluated(text, order) == pytest.approx(number, rel=1e-9, abs=1e-12), (key, text)


@pytest.mark.parametrize("name", NAMED)
def test_gradients_are_the_sums_of_products_that_are_written(name):
    order = topological_order(GRAPHS[name]())
    order[-1].backward()
    labelled = {v for v in order if v.label}

    def product(factors):
        return math.prod(along(order, order[of], order[by], () if whole else labelled) for of, by, whole in factors)

    written = formulas(order[-1], order)["gradient"]
    for k, rule in written.items():
        gradient = along(order, order[-1], order[k])  # that of a leaf adds up over the tests
        for terms in ([rule["chain"]], rule["terms"], [[part] for part in rule["parts"]]):
            if terms and terms[0]:
                assert math.fsum(map(product, terms)) == pytest.approx(gradient, rel=1e-9, abs=1e-12), (order[k], terms)


def test_every_labelled_node_of_the_worked_example_has_its_formulas():
    order = topological_order(of_tutorial().result)
    written = formulas(order[-1], order)
    labelled = {k for k, v in enumerate(order) if v.label}
    assert set(written["gradient"]) == labelled - {len(order) - 1}
    assert set(written["forward"]) == {k for k, v in enumerate(order) if v.op is not None}
    place = {v.label: k for k, v in enumerate(order)}
    rule = written["gradient"][place["w5"]]
    assert [[order[of].label, order[by].label] for of, by, _ in rule["chain"]] == [
        ["E_total", "out_o1"], ["out_o1", "net_o1"], ["net_o1", "w5"],
    ]  # fmt: skip
    assert written["factors"][f"{place['out_o1']},{place['net_o1']},1"][0] == "⟦{0}⟧ * (1 - ⟦{0}⟧)".format(
        place["out_o1"]
    )
    assert len(written["gradient"][place["out_h1"]]["parts"]) == 2
    assert written["gradient"][place["net_o1"]]["delta"] == "delta_o1"
    assert written["gradient"][place["w5"]]["delta"] == ""


def test_formulas_speak_of_nodes_with_labels_and_where_that_is_not_possible_of_any():
    order = topological_order((Value(3.0, "x") * 2.0).tanh() + Value(1.0))  # x, 2, x * 2, tanh, 1, +
    assert {k: text for k, (text, _) in formulas(order[-1], order)["forward"].items()} == {
        2: "⟦0⟧ * 2",
        3: "tanh(⟦0⟧ * 2)",
        5: "⟦3⟧ + ⟦4⟧",
    }


def test_gradients_of_large_graphs_are_not_explained(monkeypatch):
    order = topological_order(of_tutorial().result)
    monkeypatch.setattr("tinygrad_bp.explorer.formulas.MOST_EXPLAINED", len(order))
    assert len(formulas(order[-1], order)["gradient"]) == 24
    monkeypatch.setattr("tinygrad_bp.explorer.formulas.MOST_EXPLAINED", len(order) - 1)
    written = formulas(order[-1], order)
    assert written["gradient"] == written["factors"] == {}
    assert written["forward"]


def test_the_formulas_of_activations():
    found = activation_formulas("⟦0⟧", "⟦1⟧")
    assert set(found) == {op.name for op in ACTIVATIONS}
    for op in ACTIVATIONS:
        for x in (0.7, -0.7):
            y = op(Value(x))
            pair = [y.args[0], y]
            assert evaluated(found[op.name]["forward"][0], pair) == pytest.approx(y.data, rel=1e-12)
            assert evaluated(found[op.name]["slope"][0], pair) == pytest.approx(y.local_derivatives[0], rel=1e-12)


def test_names():
    order = topological_order(of_tutorial().result)
    found = names(order)
    assert [v for v in order if v not in found] == [v for v in order if isinstance(v, Constant)]
    by_formula = [name for v, name in found.items() if not v.label]
    assert by_formula[:3] == ["w1 * i1", "w2 * i2", "w1 * i1 + w2 * i2"]
    assert all(found[v] == v.label for v in order if v.label)


@pytest.mark.parametrize("name", [*NAMED, "one node"])
def test_names_are_printable_and_unique(name):
    order = topological_order(GRAPHS[name]())
    found = list(names(order).values())
    assert len(set(found)) == len(found)
    assert all(name and name.replace("\u200d", "").isprintable() and len(name) <= 50 for name in found if name.strip())


def test_what_has_no_label_is_called_by_a_number_or_by_what_that_is_in():
    a, b = Value(1.0), Value(2.0, "v1")
    order = topological_order((a * b).exp() + (a * b).exp())
    found = names(order)
    assert [found[v] for v in order] == [
        "v1′", "v1", "v1′ * v1", "exp(v1′ * v1)", "v5", "exp(v5)", "exp(v1′ * v1) + exp(v5)",
    ]  # fmt: skip


# Layout


def laid_out(result):
    about, _ = describe(of_value(result))
    return about, about["layout"]


def box_of(place):
    x, y, width, height = place
    return x - width / 2, y - height / 2, x + width / 2, y + height / 2


def assert_readable(about, found):
    """Whether no boxes overlap, all is inside, and every curve leads from box to box."""
    boxes = [box_of(place) for place in found["nodes"]]
    assert len(boxes) == len(about["nodes"])
    for k, (left, top, right, bottom) in enumerate(boxes):
        assert -0.5 <= left < right <= found["width"] + 0.5
        assert -0.5 <= top < bottom <= found["height"] + 0.5
        for other in boxes[:k]:
            assert left >= other[2] or right <= other[0] or top >= other[3] or bottom <= other[1], (k, boxes)
    edges = [(tail, head) for head, node in enumerate(about["nodes"]) for tail in node.get("args", [])]
    assert len(found["edges"]) == len(edges)
    for (tail, head), points in zip(edges, found["edges"], strict=True):
        assert len(points) % 3 == 1
        for (x, y), k in ((points[0], tail), (points[-1], head)):
            left, top, right, bottom = boxes[k]
            assert left - 15 <= x <= right + 15, (tail, head)  # the last curve ends before the arrow's head
            assert top - 15 <= y <= bottom + 15, (tail, head)


LAID_OUT = ["tutorial", "xor", "cross_entropy", "all operations", "one node", "hostile labels", "random 3"]


@pytest.mark.parametrize("name", LAID_OUT)
def test_layout(renderer, name):
    assert_readable(*laid_out(GRAPHS[name]()))


def test_twice_the_same_operand_has_two_edges(renderer):
    x = Value(3.0, "x")
    _, found = laid_out(x * x)
    first, second = found["edges"]
    assert first != second


def test_members_of_a_neuron_lie_together(renderer):
    about, found = laid_out(of_tutorial().result)
    assert len(about["groups"]) == 4
    for group in about["groups"]:
        lefts, tops, rights, bottoms = zip(*[box_of(found["nodes"][k]) for k in group], strict=True)
        for k, (x, y, *_) in enumerate(found["nodes"]):
            inside = min(lefts) <= x <= max(rights) and min(tops) <= y <= max(bottoms)
            assert inside == (k in group)


def test_groups_hold_what_only_one_neuron_uses():
    def grouped(subject):
        order = topological_order(subject.result)
        members = groups(order, units(order, subject.parameters))
        return [sorted(v.label for v in group if v.label) for group in members]

    assert grouped(of_tutorial()) == [  # no bias, since neurons share it
        ["net_h1", "out_h1", "w1", "w2"],
        ["net_h2", "out_h2", "w3", "w4"],
        ["net_o1", "out_o1", "w5", "w6"],
        ["net_o2", "out_o2", "w7", "w8"],
    ]
    assert grouped(of_model(mlp(["sigmoid"], [1]))) == [["b1", "net_o1", "out_o1", "w1", "w2"]]
    assert grouped(of_value(W.tanh())) == []


def test_boxes_are_as_wide_as_their_names():
    leaves = [Value(1.0, label) for label in ("w", "a_rather_long_name", "x" * 500, "学習率の初期値です")]
    order = topological_order(tg.sum_of(leaves))
    widths = [box[2] for box in layout(order, names(order), [])["nodes"]]
    assert widths[0] < widths[1] < widths[2] == max(widths) < 200
    assert widths[1] <= widths[3]


def test_without_graphviz_there_is_no_page(monkeypatch, tmp_path):
    monkeypatch.setattr(rendering, "_programs", lambda: iter(()))
    with pytest.raises(RuntimeError, match="install Graphviz"):
        explore(W * X, tmp_path / "page.html")
    assert list(tmp_path.iterdir()) == []


# The page


class Read(HTMLParser):
    """What a browser finds in a page: the elements with attributes, and the texts in them."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.path, self.comments = [], [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.elements.append([tag, dict(attributes), ""])
        if tag not in ("meta", "br", "link", "img"):
            self.path.append(self.elements[-1])

    def handle_endtag(self, tag):
        assert self.path.pop()[0] == tag

    def handle_data(self, text):
        if self.path:
            self.path[-1][2] += text

    def handle_comment(self, text):
        self.comments.append(text)

    def all(self, tag):
        return [(attributes, text) for name, attributes, text in self.elements if name == tag]

    def json(self, name):
        [text] = [text for attributes, text in self.all("script") if attributes.get("id") == name]
        return json.loads(text)

    @property
    def description(self):
        return self.json("description")

    @property
    def policy(self):
        [content] = [a["content"] for a, _ in self.all("meta") if a.get("http-equiv") == "Content-Security-Policy"]
        return dict(part.split(" ", 1) for part in content.split("; "))


def parsed(made):
    return Read(made.html)


@pytest.fixture(scope="module")
def texts():
    return json.loads((ASSETS / "texts.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tutorial():
    return explore("tutorial")


def test_one_page_for_the_worked_example(tutorial):
    assert len(tutorial.html.encode()) < 1_000_000
    read = parsed(tutorial)
    assert read.path == []
    assert read.comments == []
    assert [attributes.get("id") for attributes, _ in read.all("script")] == ["texts", "description", "state", None]
    assert read.json("state") is None
    assert read.json("texts") == json.loads((ASSETS / "texts.json").read_text(encoding="utf-8"))
    assert read.description["kind"] == "tutorial"
    assert not re.search(r"\{\{[A-Z]+\}\}", tutorial.html)


@pytest.mark.parametrize(("language", "written"), [(None, "en"), ("en", "en"), ("ja", "ja")])
def test_the_language(language, written):
    read = parsed(explore(W * X, language=language))
    assert read.description["language"] == language
    [(attributes, _)] = read.all("html")
    assert attributes["lang"] == written


def test_the_same_page_in_every_process():
    code = (
        "import hashlib; from tinygrad_bp import MLP, Value, explore; x = [Value(k / 10) for k in range(8)]; "
        "y = sum(a * b for a, b in zip(x[:4], x[4:])).tanh(); net = MLP(2, [3, 1], seed=1); "
        "pages = [explore('xor'), explore(y, parameters=x[:4]), explore(net)]; "
        "print([hashlib.sha256(p.html.encode()).hexdigest() for p in pages])"
    )
    runs = {
        subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True).stdout
        for seed in "01"
    }  # fmt: skip
    assert len(runs) == 1


@pytest.mark.parametrize("thing", ["tutorial", hostile("</script>"), mlp()])
def test_the_policy_allows_this_script_and_style_alone(thing):
    read = parsed(explore(thing))

    def digest(text):
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    [script] = [text for attributes, text in read.all("script") if attributes.get("type") == "module"]
    [(_, style)] = read.all("style")
    assert read.policy == {
        "default-src": "'none'", "script-src": digest(script), "style-src": digest(style), "img-src": "data: blob:", "base-uri": "'none'",
        "form-action": "'none'",
    }  # fmt: skip
    assert all("src" not in a and "href" not in a and "style" not in a for _, a, _ in read.elements)
    assert not [name for _, a, _ in read.elements for name in a if name.startswith("on")]
    assert all(attributes.get("type") in ("module", "application/json") for attributes, _ in read.all("script"))


@pytest.mark.parametrize("thing", ["tutorial", "and", mlp()])
def test_nothing_is_loaded_from_elsewhere(thing):
    addresses = re.findall(r"""https?:[^\s"'`<>]*|["'(]//[^\s"'`]+""", explore(thing).html)
    assert set(addresses) == {"http://www.w3.org/2000/svg"}
    assert not re.search(r"@import|url\((?!#|data:)", (ASSETS / "style.css").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def plain():
    return explore(W * X)


@pytest.mark.parametrize("text", LABELS, ids=lambda text: ascii(text)[:30])
def test_labels_and_titles_stay_text(tmp_path, text, plain):
    made = explore(hostile(text), tmp_path / "page.html", title=text)
    whole = (tmp_path / "page.html").read_bytes().decode()
    read = Read(whole)
    about = read.description
    assert about["title"] == text
    assert [node.get("label", "") for node in about["nodes"] if "name" in node] == [text, text or "result"]
    shown = printable(text) or "How result is computed, and how it changes"
    assert made.title == shown
    assert read.all("title") == [({}, shown)]
    assert [tag for tag, *_ in read.elements] == [tag for tag, *_ in parsed(plain).elements]
    assert read.comments == []
    written = next(text for attributes, text in read.all("script") if attributes.get("id") == "description")
    assert written.isascii()
    assert not set("<>&") & set(written)
    assert not re.search("[\0\x1b\u2028\u2029\u200f\u202e\ufeff\uffff\ud800-\udfff]", whole)
    if re.search('[<>&"]', text) and text not in plain.html:
        assert text not in whole.replace(html.escape(text), "")


def test_numbers_are_exact():
    numbers = [1 / 3, -0.0, 5e-324, 1.7976931348623157e308, 1e22]
    leaves = [Value(x, f"x{k}") for k, x in enumerate(numbers)]
    about = parsed(explore(tg.sum_of([leaf * 0.0 for leaf in leaves]))).description
    found = [node["data"] for node in about["nodes"] if "label" in node and "data" in node]
    assert list(map(float.hex, map(float, found))) == list(map(float.hex, numbers))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("thing", "options", "kind"),
    [("tutorial", {}, "tutorial"), ("nand", {}, "truth"), (mlp(), {"rows": [([1, 0], [0, 1])]}, "network"), (mlp(), {}, "invented"),
     (called("a<{name}>", W * X), {}, "graph"), (W * X, {"title": "mine"}, None)],
)  # fmt: skip
def test_titles(texts, language, thing, options, kind):
    made = explore(thing, language=language, **options)
    title = "mine" if kind is None else texts[language][f"title.{kind}"].replace("{name}", "a<{name}>")
    assert kind is None or f"lead.{kind}" in texts[language]
    assert made.title == title
    assert parsed(made).all("title") == [({}, title)]
    assert repr(made) == f"Page(title={title!r})"


def test_a_page_is_saved_whole(tmp_path, monkeypatch):
    made = Page("<p>whole</p>", "t")
    for name in ("page.html", "page.HTM"):
        assert made.save(tmp_path / name) == tmp_path / name
        assert (tmp_path / name).read_text(encoding="utf-8") == "<p>whole</p>"
    assert explore(W * X, tmp_path / "page.html").html == (tmp_path / "page.html").read_bytes().decode()

    def refuse(source, target):
        raise PermissionError(13, "Permission denied")

    (tmp_path / "page.html").write_text("before", encoding="utf-8")
    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(PermissionError, match=r"cannot write .*Permission denied"):
        made.save(tmp_path / "page.html")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == "before"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["page.HTM", "page.html"]


@pytest.mark.parametrize("name", ["page", "page.txt", "page.html.gz", "html", ".html", ""])
def test_a_page_is_html(tmp_path, name):
    with pytest.raises(ValueError, match=r"its name ends in \.html, and not as in"):
        Page("", "").save(Path(name))
    with pytest.raises(FileNotFoundError, match="make it first"):
        Page("", "").save(tmp_path / "no" / "page.html")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("title", ["The graph", *LABELS[:8]])
def test_a_notebook_shows_the_page_in_a_sandbox(title):
    made = explore(hostile(title), title=title)
    read = Read(made._repr_html_())
    [[tag, attributes, text]] = read.elements
    assert (tag, text) == ("iframe", "")
    assert attributes["srcdoc"] == made.html
    assert attributes["title"] == made.title
    assert set(attributes["sandbox"].split()) == {"allow-scripts", "allow-downloads"}


# The words


SOURCES = {path.stem: path.read_text(encoding="utf-8") for path in ASSETS.glob("*.js")}
CODE = {
    name: re.sub(r"^import [^;]*;\n|^\s*//.*\n", "", source, flags=re.MULTILINE) for name, source in SOURCES.items()
}
LITERALS = {text for code in CODE.values() for text in re.findall(r'"([\w.]+)"', code)}


def key_patterns():
    """The keys that are put together, such as `truth.note${k}.title`, as patterns; and the text each begins with."""
    for code in CODE.values():
        for template in re.findall(r"`((?:[\w.]|\$\{[^{}`]*\})+)`", code):
            pieces = re.split(r"\$\{[^{}]*\}", template)
            if len(pieces) > 1 and any(re.search(r"[a-z]\.|\.[a-z]", piece) for piece in pieces):
                yield re.compile("(.+)".join(map(re.escape, pieces))), pieces[0]


def test_the_languages_say_the_same(texts):
    assert tuple(texts) == LANGUAGES
    first, *others = texts.values()
    for other in others:
        assert list(other) == list(first)
        for key, words in first.items():
            assert set(re.findall(r"\{(\w+)\}", other[key])) == set(re.findall(r"\{(\w+)\}", words)), key


def test_each_text_is_there_once_and_plain():
    for _, table in json.loads((ASSETS / "texts.json").read_text(encoding="utf-8"), object_pairs_hook=list):
        assert len(dict(table)) == len(table)
        for key, words in table:
            assert words == words.strip() != "", key
            assert not re.search(r"[<>&][a-z/#]|\{\{", words), key


def test_every_text_that_is_asked_for_is_there(texts):
    keys = set(texts["en"])
    spaces = {key.partition(".")[0] for key in keys if "." in key}
    asked = {key for code in CODE.values() for key in re.findall(r'\btext\("([^"]+)"', code)}
    asked |= {text for text in LITERALS if text.partition(".")[0] in spaces and "." in text}
    begun = ["", *(begin for _, begin in key_patterns())]
    assert {key for key in asked if not any(begin + key in keys for begin in begun)} == set()
    for pattern, begin in key_patterns():
        if begin:
            assert any(pattern.fullmatch(key.removeprefix(start)) for key in keys for start in begun), pattern.pattern


def test_every_text_is_asked_for(texts):
    words = {word for code in CODE.values() for word in re.findall(r"\w+", code)} | LITERALS
    known = words | {"tutorial", "truth", "network", "invented", "graph", *(figure.stage for figure in FIGURES)}
    patterns = [pattern for pattern, _ in key_patterns()]

    def made(key):
        """Whether a key can be put together from words of the scripts."""
        if key in LITERALS or ("." not in key and (key in known or key.isdigit())):
            return True
        found = [match for match in (pattern.fullmatch(key) for pattern in patterns) if match]
        return any(all(map(made, match.groups())) for match in found)

    assert [key for key in texts["en"] if not made(key)] == []


def test_placeholders_are_given_where_a_text_is_asked_for_by_name(texts):
    for code in CODE.values():
        for key in re.findall(r'\btext\("([^"]+)"\)', code):  # with nothing to put in
            assert "{" not in texts["en"][key] or re.search(rf'text\("{re.escape(key)}"\)\.(split|replace)', code), key


# The scripts


def exports(name):
    """What a module exports. Not by `let`: what is imported is the value at the start."""
    return re.findall(r"^export (?:async )?(?:const|function\*?|class) (\w+)", SOURCES[name], re.MULTILINE)


def imports(source):
    return [
        (module, [name.strip() for name in given.split(",") if name.strip()])
        for given, module in re.findall(r'^import \{([^}]*)\} from "\./(\w+)\.js";$', source, re.MULTILINE)
    ]


def test_every_module_is_in_the_page_once(tutorial):
    assert sorted(SCRIPTS) == sorted(SOURCES)
    script = parsed(tutorial).all("script")[-1][1]
    assert re.findall(r"^const (\w+)Module = \(\(\) => \{$", script, re.MULTILINE) == list(SCRIPTS)
    for name in SCRIPTS:
        linked = page._linked(name)
        assert linked in script
        assert not re.search(r"^\s*(import|export)\b", linked, re.MULTILINE), name
        assert linked.endswith(f"\nreturn {{ {', '.join(exports(name))} }};\n}})();"), name
        assert len(exports(name)) == len(re.findall(r"^\s*export\b", SOURCES[name], re.MULTILINE))


@pytest.mark.parametrize("name", SCRIPTS)
def test_no_line_of_a_text_is_taken_for_an_import_or_export(name):
    source = SOURCES[name]
    for line in re.finditer(r"^(import|export)\b", source, re.MULTILINE):
        assert source.count("`", 0, line.start()) % 2 == 0, source[line.start() :][:80]


@pytest.mark.parametrize("name", SCRIPTS)
def test_imports_name_what_an_earlier_module_exports(name):
    source = SOURCES[name]
    assert len(imports(source)) == len(re.findall(r"^\s*import\b", source, re.MULTILINE))
    for module, given in imports(source):
        assert SCRIPTS.index(module) < SCRIPTS.index(name), module
        assert set(given) <= set(exports(module)), module
        for each in given:
            assert re.search(rf"\b{each}\b", CODE[name]), f"{each} is imported and not used"


def test_modules_import_what_they_call():
    # A forgotten import would be noticed only when that line runs.
    for name, code in CODE.items():
        there = {each for _, given in imports(SOURCES[name]) for each in given}
        for each in {each for other in SOURCES if other != name for each in exports(other)} - there:
            called_here = re.search(rf"(?<![\w.#]){each}\(|\bnew {each}\b", code)
            declared = re.search(
                rf"(?:const|let|function\*?|class) {each}\b|^ +(?:get |set |static |async )*{each}\(.*\{{$",
                code,
                re.MULTILINE,
            )
            assert not called_here or declared, f"{name} calls {each}"


FORBIDDEN = [
    r"\.innerHTML\b", r"\bouterHTML\s*\+?=[^=]", r"insertAdjacentHTML", r"createContextualFragment", r"\.setHTML", r"DOMParser",
    r"document\.write", r"</script", r"<!--", r"javascript:", r"\beval\b", r"\bFunction\(", r"new Function", r"\bimport\s*\(",
    r"set(?:Timeout|Interval)\(\s*[\"'`]", r"\bfetch\b", r"XMLHttpRequest", r"WebSocket", r"EventSource", r"sendBeacon",
    r"localStorage|sessionStorage|indexedDB|\bcookie\b", r"console\.", r"\bdebugger\b",
]  # fmt: skip


def test_the_scripts_make_no_markup_run_no_text_and_send_nothing():
    for pattern in FORBIDDEN:
        found = {name: match[0] for name, code in CODE.items() if (match := re.search(pattern, code, re.IGNORECASE))}
        assert found == {}
    assert "<" not in (ASSETS / "style.css").read_text(encoding="utf-8")


@pytest.mark.node
@pytest.mark.parametrize("thing", ["tutorial", "xor", "hostile", mlp(["tanh", None]), all_operations()])
def test_the_whole_script_is_javascript(tmp_path, thing):
    made = explore(tg.sum_of([hostile(text) for text in LABELS]) if thing == "hostile" else thing)
    path = tmp_path / "page.mjs"
    path.write_text(parsed(made).all("script")[-1][1], encoding="utf-8")
    done = subprocess.run(["node", "--check", str(path)], capture_output=True, text=True, encoding="utf-8", check=False)
    assert done.returncode == 0, done.stderr


def test_the_page_is_not_loaded_with_the_package():
    code = "import sys, tinygrad_bp; print([m for m in sys.modules if m.startswith('tinygrad_bp.explorer.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_page_shows_a_bounded_graph(monkeypatch):
    assert descriptions.MOST_NODES == 1000
    monkeypatch.setattr(descriptions, "MOST_NODES", 3)
    assert len(describe(of_value(W * X))[0]["nodes"]) == 3
    with pytest.raises(ValueError, match="up to 3 nodes, and this one has 5"):
        describe(of_value(W * X + 1.0))
