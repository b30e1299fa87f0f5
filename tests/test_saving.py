"""Saved networks come back bit for bit, and what a file cannot hold is not saved."""

import json
import math
import os
import random
import struct
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.saved import bits, facts, per_neuron, write
from tests.worked import worked_net
from tinygrad_bp import MLP, Layer, Module, Neuron, Operation, Value, load, save
from tinygrad_bp.networks.notes import Notes
from tinygrad_bp.networks.scaling import Scaling

pytestmark = pytest.mark.usefixtures("empty_folder")
ODD = [
    5e-324,
    -2.2e-308,
    -0.0,
    0.0,
    math.inf,
    -math.inf,
    math.nan,
    1e308,
    -1.7976931348623157e308,
    0.1,
    1 / 3,
    1e22,
    1e16,
]


def renamed() -> Any:
    net = MLP(2, [2, 1], seed=1)
    for k, neuron in enumerate(net.layers[0].neurons):
        neuron.name = f'süß \n"{k}" \u202e \ud800'
    net.weights[0].label = "a\tlabel"
    return net


def noted() -> Any:
    net = MLP(1, [1], seed=1)
    more = {"inputs": ["a", "é"], "scales": [0.1, 1e-300], "deep": {"x": [None, True, {"y": ""}]}, "n": 10**30}
    scaling = Scaling([0.5, -1e300], [5e-324, 2.0])
    net.notes = Notes(["a", "b"], ["c"], "mean_squared_error", ["d", "é"], scaling, Scaling([0.0], [1.0]), more)
    return net


NETWORKS = {
    "worked": worked_net,
    "odd floats": lambda: MLP(len(ODD), [1], weights=ODD, biases=[-0.0]),
    "one": lambda: MLP(1, [1], seed=1),
    "deep": lambda: MLP(3, [4, 3, 2, 1], seed=1),
    "activations by layer": lambda: MLP(2, [2, 2, 1], activation=["leaky_relu", "softplus", None], seed=1),
    "activations by neuron": per_neuron,
    "shared biases": lambda: MLP(2, [3, 1], shared_bias=True, biases=[0.5, -0.5], seed=1),
    "fixed biases": lambda: MLP(2, [3, 1], train_biases=False, biases=[0.1, 0.2, 0.3, 0.4], seed=1),
    "separate products": lambda: MLP(2, [3, 1], separate_products=True, seed=1),
    "nested labels": lambda: MLP(2, [3, 1], labels="nested", shared_bias=True, seed=1),
    "names": renamed,
    "notes": noted,
    "without labels": lambda: MLP(1, [2], labels="numbered", seed=3),
}  # fmt: skip


@pytest.mark.parametrize("make", NETWORKS.values(), ids=NETWORKS)
def test_a_network_comes_back_whole(make: Any) -> None:
    net = make()
    path = save(net, "net.json")
    twin = load(path)
    assert facts(twin) == facts(net)
    assert repr(twin) == repr(net)
    assert save(twin, "twin.json").read_bytes() == path.read_bytes()


def test_random_floats_come_back() -> None:
    draw = random.Random(1)
    numbers = [struct.unpack("d", draw.randbytes(8))[0] for _ in range(3000)]
    net = MLP(3000, [1], weights=numbers)
    assert bits(load(save(net, "net.json"))) == bits(net)


@pytest.mark.parametrize("op", [op for op in tg.OPERATIONS.values() if op.arity and op.arity - len(op.defaults) == 1])
def test_every_activation_of_the_table_comes_back(op: Any) -> None:
    assert load(save(MLP(1, [1], activation=op), "net.json")).layers[0].neurons[0].activation is op


def test_a_loaded_network_can_be_trained_and_computes_the_same() -> None:
    net = MLP(2, [3, 1], seed=1)
    twin = load(save(net, "net.json"))
    for each in (net, twin):
        (each([0.5, -1.0])[0] ** 2).backward()
    assert [p.grad for p in twin.parameters()] == [p.grad for p in net.parameters()]
    assert net([0.5, -1.0])[0].data == twin([0.5, -1.0])[0].data


def test_files_are_json_that_people_can_read() -> None:
    path = save(MLP(2, [1], weights=[0.5, math.inf], biases=[-0.25], activation=None), "net.json")
    content = json.loads(path.read_text(encoding="ascii"), parse_constant=pytest.fail)
    assert content["shape"] == [2, 1]
    assert path.read_text().splitlines() == [
        "{",
        '  "format": "tinygrad_bp network",',
        '  "version": 1,',
        '  "shape": [2, 1],',
        '  "activations": [null],',
        '  "shared_bias": false,',
        '  "train_biases": true,',
        '  "separate_products": false,',
        '  "names": [["o1"]],',
        '  "weights": [',
        '    ["w1", 0.5],',
        '    ["w2", "inf"]',
        "  ],",
        '  "biases": [',
        '    ["b1", -0.25]',
        "  ],",
        '  "notes": {}',
        "}",
    ]


# Modules of one's own


class Gate(Module):
    def __init__(self, scale: float = 2.0, seed: int = 1, hidden: int = 2) -> None:
        self.scale = Value(scale, "scale")
        self.parts_ = [MLP(1, [hidden, 1], seed=seed), {"gate": Neuron([Value(0.5)], self.scale)}]


class Bare(Module):
    pass


@pytest.mark.parametrize("scale", ODD)
def test_a_module_of_ones_own_comes_back_into_another(scale: Any) -> None:
    old, new = Gate(scale), Gate(1.0, seed=2)
    before = new.parameters()
    path = save(old, "gate.json")
    json.loads(path.read_text(), parse_constant=pytest.fail)
    assert load(path, into=new) is new
    assert bits(new) == bits(old)
    assert new.parameters() == before


def test_modules_without_parameters() -> None:
    assert load(save(Bare(), "bare.json"), into=Bare()).parameters() == []


def test_a_layer_and_a_neuron_are_modules_too() -> None:
    for make in (lambda x: Neuron([Value(x)], Value(x)), lambda x: Layer([Neuron([Value(x)], Value(-x))])):
        assert bits(load(save(make(0.7), "part.json"), into=make(0.0))) == bits(make(0.7))


def test_a_network_goes_into_another_of_its_shape() -> None:
    net, other = MLP(2, [3, 1], seed=1), MLP(2, [3, 1], seed=2, train_biases=False)
    assert load(save(net, "net.json"), into=other) is other
    assert bits(other) == bits(net)


INTO = [
    ("net.json", lambda: MLP(2, [4, 1], seed=2), r"this network has the shape \[2, 3, 1\], and yours has \[2, 4, 1\]"),
    ("net.json", lambda: MLP(2, [3, 1], shared_bias=True), "has 2 biases, and there are 4"),
    ("net.json", Gate, "this file holds no parameters of a Module"),
    ("gate.json", lambda: MLP(2, [3, 1], seed=2), "is a parameter of (yours|the file) only"),
    ("gate.json", lambda: Gate(hidden=3), "'parts_.0.layer1.neuron3.b' is a parameter of yours only"),
    ("gate.json", Bare, "is a parameter of the file only"),
    ("broken.json", Gate, "scale is 'much', which is no number"),
    ("list.json", Gate, "this file holds no parameters of a Module"),
]


@pytest.mark.parametrize(("name", "make", "says"), INTO)
def test_a_module_of_another_build_is_named_and_stays_as_it_is(name: Any, make: Any, says: Any) -> None:
    save(MLP(2, [3, 1], seed=1), "net.json")
    content = json.loads(save(Gate(), "gate.json").read_text())
    for file, parameters in (("broken.json", {**content["parameters"], "scale": "much"}), ("list.json", [1.0])):
        with open(file, "w") as stream:
            json.dump({**content, "parameters": parameters}, stream)
    module = make()
    before = bits(module)
    with pytest.raises(ValueError, match=f"^{name}: .*{says}"):
        load(name, into=module)
    assert bits(module) == before


def test_a_damaged_network_leaves_the_other_as_it_is() -> None:
    text = save(MLP(2, [3, 1], seed=1), "net.json").read_text()
    module = MLP(2, [3, 1], seed=2)
    before = bits(module)
    for old, new in (('["b4", 0.0]', '["b4", null]'), ('["b4", 0.0]', '["b4"]'), ('"version": 1', '"version": 2')):
        write(text.replace(old, new))
        with pytest.raises(ValueError, match=r"^net\.json: "):
            load("net.json", into=module)
        assert bits(module) == before


def test_parameters_of_a_module_need_one_to_go_into() -> None:
    save(Gate(), "gate.json")
    with pytest.raises(ValueError, match=r"gate.json: .* build one, and load\(path, into=...\) it"):
        load("gate.json")
    with pytest.raises(TypeError, match="load puts numbers into an MLP, another Module or an optimizer, not int 3"):
        load("gate.json", into=3)


# What cannot be saved


def own_activation() -> Any:
    return MLP(1, [1], activation=Operation("tanh", math.tanh, (lambda y, x: 1 - y * y,), "t({})", "t({})", "t"))


def with_notes(more: Any) -> Any:
    net = MLP(1, [1])
    net.notes = Notes(more=more)
    return net


def half_shared() -> Any:
    net = MLP(1, [3], seed=1)
    net.layers[0].neurons[1].bias = net.layers[0].neurons[0].bias
    return net


def shared_across_layers() -> Any:
    net = MLP(1, [2, 2], seed=1)
    for one, other in zip(net.layers[0].neurons, net.layers[1].neurons, strict=True):
        other.bias = one.bias
    return net


def one_bias_for_all() -> Any:
    net = MLP(1, [2, 2], shared_bias=True, seed=1)
    for neuron in net.layers[1].neurons:
        neuron.bias = net.layers[0].neurons[0].bias
    return net


def tied_weights() -> Any:
    net = MLP(1, [2], seed=1)
    net.layers[0].neurons[1].weights[0] = net.layers[0].neurons[0].weights[0]
    return net


def partly_separate() -> Any:
    net = MLP(1, [2], seed=1)
    net.layers[0].neurons[1].separate_products = True
    return net


def cyclic() -> Any:
    notes = {}
    notes["itself"] = notes
    return notes


UNSAVABLE = [
    (own_activation, ValueError, "the activation tanh is an operation of your own, which a file cannot hold"),
    (half_shared, ValueError, "neurons share a bias with all others of their layer or with none"),
    (shared_across_layers, ValueError, "neurons share a bias with all others of their layer or with none"),
    (one_bias_for_all, ValueError, "neurons share a bias with all others of their layer or with none"),
    (tied_weights, ValueError, "a file holds each weight once, and here neurons share some"),
    (partly_separate, ValueError, "separate_products is the same for all neurons"),
    (lambda: with_notes({"x": {1, 2}}), TypeError, "the notes of a network are what JSON knows, .*: Object of type set"),
    (lambda: with_notes({"x": object()}), TypeError, "what JSON knows, .*: Object of type object"),
    (lambda: with_notes({"x": b"x"}), TypeError, "what JSON knows, .*: Object of type bytes"),
    (lambda: with_notes({"x": math.nan}), TypeError, "what JSON knows"),
    (lambda: with_notes({(1, 2): 3}), TypeError, "what JSON knows, .*: keys must be str"),
    (lambda: with_notes(cyclic()), TypeError, "what JSON knows"),
    (lambda: [1.0], TypeError, r"save takes an MLP, another Module or an optimizer, not list \[1.0\]"),
]  # fmt: skip


@pytest.mark.parametrize(("make", "error", "says"), UNSAVABLE)
def test_what_cannot_be_saved_is_named_and_the_file_there_stays(
    empty_folder: Path, make: Any, error: Any, says: Any
) -> None:
    path = save(MLP(1, [1], seed=1), "net.json")
    before = path.read_bytes()
    with pytest.raises(error, match=f"^save:? .*{says}|^{says}"):
        save(make(), path)
    assert path.read_bytes() == before
    assert os.listdir(empty_folder) == ["net.json"]


def test_notes_nested_beyond_measure_are_refused(empty_folder: Path) -> None:
    notes = []
    for _ in range(100_000):
        notes = [notes]
    with pytest.raises(TypeError, match="what JSON knows"):
        save(with_notes({"x": notes}), "net.json")
    assert os.listdir(empty_folder) == []


@pytest.mark.parametrize("path", ["none/net.json", ".", "file/net.json"])
def test_places_that_cannot_be_written_are_named(empty_folder: Path, path: str) -> None:
    (empty_folder / "file").write_text("kept")
    with pytest.raises(OSError, match=f"cannot write {path!r}"):
        save(MLP(1, [1]), path)
    assert os.listdir(empty_folder) == ["file"]


def test_a_file_is_replaced() -> None:
    save(MLP(2, [3, 1], seed=1), "net.json")
    net = MLP(1, [1], seed=2)
    assert facts(load(save(net, "net.json"))) == facts(net)


class Residual(MLP):
    def __call__(self, inputs: Any) -> Any:
        return [out + inputs[0] for out in super().__call__(inputs)]


def test_what_a_file_cannot_hold_is_not_saved(tmp_path: Path) -> None:
    extra: Any = MLP(1, [1])
    extra.scale = Value(2.0)
    mixed = MLP(1, [2])
    mixed.layers[0].neurons[0].train_bias = False
    for net, says in (
        (Residual(1, [1]), "class of your own"),
        (extra, "Values besides"),
        (mixed, "all trained or all fixed"),
    ):
        with pytest.raises(ValueError, match=says):
            save(net, tmp_path / "net.json")
    assert list(tmp_path.iterdir()) == []
