"""Neurons and networks, with the worked example's numbers and names."""

import copy
import pickle
import random
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.worked import BIASES, WEIGHTS, worked_net
from tinygrad_bp import MLP, Layer, Module, Neuron, Value, topological_order


def test_the_worked_network() -> None:
    net = worked_net()
    o1, o2 = net([Value(0.05, "i1"), Value(0.10, "i2")])
    nodes = {node.label: node for node in topological_order(o1, o2) if node.label}
    assert {f"{kind}_{name}" for kind in ("net", "out") for name in ("h1", "h2", "o1", "o2")} <= set(nodes)
    assert nodes["net_h1"].data == pytest.approx(0.3775, rel=1e-15)
    assert nodes["out_o2"].data == pytest.approx(0.772928465321462589, rel=1e-15)
    assert [p.label for p in net.parameters()] == ["w1", "w2", "w3", "w4", "w5", "w6", "w7", "w8", "b1", "b2"]
    assert nodes["net_h1"].op is nodes["net_o2"].op is tg.dot
    assert nodes["net_h1"].args[2] is nodes["net_h2"].args[2] is net.biases[0]


def test_fixed_biases_are_no_parameters() -> None:
    assert [p.label for p in worked_net(train_biases=False).parameters()] == [f"w{k}" for k in range(1, 9)]


def test_fixed_biases_are_fixed_inside_other_modules_too() -> None:
    class Outer(Module):
        def __init__(self) -> None:
            self.inner = MLP(2, [2], train_biases=False, labels="nested")

    outer = Outer()
    assert len(outer.parameters()) == len(outer.inner.layers[0].parameters()) == 4
    assert outer.inner.biases[0].label == "layer1.neuron1.b"
    outer.inner.train_biases = True
    assert len(outer.parameters()) == len(outer.inner.parameters()) == 6


def test_own_biases_zero_weights_given_or_drawn() -> None:
    net = MLP(2, [5, 1], seed=1)
    assert len(net.weights) == 15
    assert [b.data for b in net.biases] == [0.0] * 6
    assert len({b.label for b in net.biases}) == 6
    assert all(-1 <= w.data <= 1 for w in net.weights)
    assert [w.data for w in net.weights] == [w.data for w in MLP(2, [5, 1], seed=1).weights]
    assert [w.data for w in net.weights] != [w.data for w in MLP(2, [5, 1], seed=2).weights]


def test_a_shared_bias_of_zero_is_still_shared() -> None:
    net = MLP(1, [3], shared_bias=True)
    assert len(net.biases) == 1


def test_names_of_layers() -> None:
    def names(*shape: Any) -> Any:
        return [neuron.name for layer in MLP(*shape).layers for neuron in layer.neurons]

    assert names(2, [1]) == ["o1"]
    assert names(2, [2, 1]) == ["h1", "h2", "o1"]
    assert names(2, [2, 1, 1]) == ["h1_1", "h1_2", "h2_1", "o1"]


def test_activations_by_name_row_or_layer() -> None:
    assert MLP(1, [1], weights=[2.0], activation=None)([3.0])[0].data == 6.0
    assert MLP(1, [1], weights=[2.0], activation="relu")([-3.0])[0].data == 0.0
    assert MLP(1, [1], weights=[2.0], activation=tg.leaky_relu)([-3.0])[0].data == -0.06
    deep = MLP(1, [1, 1], weights=[2.0, 1.0], activation=["tanh", None])
    assert deep([0.5])[0].data == tg.tanh(1.0)


@pytest.mark.parametrize("activation", ["sigmoid", "gelu", "silu", "erf"])
def test_zero_grad_and_training_a_step(activation: str) -> None:
    net = MLP(2, [2, 1], seed=3, activation=activation)
    for _ in range(2):
        net.zero_grad()
        loss = (net([0.5, -1.0])[0] - 1.0) ** 2
        loss.backward()
    before = loss.data
    for p in net.parameters():
        p.data -= 0.1 * p.grad
    assert ((net([0.5, -1.0])[0] - 1.0) ** 2).data < before


def test_the_gradients_of_a_network_are_right() -> None:
    net = MLP(3, [4, 3, 2], seed=7, activation=["tanh", "softplus", None])
    assert tg.check_gradients(tg.logsumexp(net([0.1, -0.2, 0.3])))


def test_networks_are_copied_and_pickled() -> None:
    net = worked_net()
    for twin in (copy.deepcopy(net), pickle.loads(pickle.dumps(net))):
        assert [o.data for o in twin([0.05, 0.1])] == [o.data for o in net([0.05, 0.1])]
        assert twin.biases[0] is twin.layers[0].neurons[1].bias
        assert twin.weights[0] is not net.weights[0]


def test_repr() -> None:
    assert repr(
        MLP(2, [2, 1], weights=WEIGHTS[:6], biases=BIASES, shared_bias=True, activation=["tanh", None])
    ).splitlines() == [
        "MLP(2-2-1, 8 parameters)",
        "├─ layer1: Layer(2 inputs, 2 neurons, tanh, shared bias)",
        "└─ layer2: Layer(2 inputs, 1 neuron, linear)",
    ]
    assert repr(Layer([Neuron([Value(1.0)], Value(0.0), None, "o1")])).splitlines() == [
        "Layer(1 input, 1 neuron, linear)",
        "└─ neuron1: Neuron(o1: 1 input, linear)",
    ]
    assert repr(Layer([Neuron([Value(1.0)], Value(0.0)) for _ in range(99)])).splitlines()[-1] == "└─ … 88 more"


class Block(Module):
    def __init__(self) -> None:
        self.scale = Value(2.0, "scale")
        self.layers = [MLP(1, [1]), {"gate": MLP(1, [2], shared_bias=True), "tied": self.scale}]
        self.width, self.note = 3, "no parameter"
        self.itself = self


def test_modules_of_ones_own_find_their_parameters() -> None:
    block = Block()
    assert list(block.named_parameters()) == [
        "scale",
        "layers.0.layer1.neuron1.w1",
        "layers.0.layer1.neuron1.b",
        "layers.1.gate.layer1.neuron1.w1",
        "layers.1.gate.layer1.neuron1.b",
        "layers.1.gate.layer1.neuron2.w1",
    ]
    assert block.parameters() == list(block.named_parameters().values())
    block.scale.grad = 3.0
    block.zero_grad()
    assert block.scale.grad == 0.0
    assert repr(block).splitlines()[:3] == [
        "Block(6 parameters)",
        "├─ layers.0: MLP(1-1, 2 parameters)",
        "│  └─ layer1: Layer(1 input, 1 neuron, sigmoid)",
    ]


def test_parameters_defined_as_in_micrograd() -> None:
    class Old(Module):
        def parameters(self) -> Any:
            return [w]

    w = Value(1.0)
    w.grad = 2.0
    Old().zero_grad()
    assert w.grad == 0.0


def test_separate_products_give_the_same_numbers() -> None:
    for seed in range(20):
        one, other = (MLP(5, [4, 3], activation="tanh", seed=seed, separate_products=s) for s in (False, True))
        draw = random.Random(seed)
        inputs = [draw.gauss(0, 1) for _ in range(5)]
        found = []
        for net in (one, other):
            loss = tg.logsumexp(net(inputs))
            loss.backward()
            found.append([loss.data, *[p.grad for p in net.parameters()]])
        assert found[0] == pytest.approx(found[1], rel=1e-12, abs=1e-15)
    assert {node.op for node in topological_order(other(inputs)[0]) if node.op} == {tg.ops.mul, tg.ops.add, tg.tanh}


@pytest.mark.parametrize(("init", "limit"), [("uniform", 1.0), ("glorot", (6 / 110) ** 0.5), ("he", (6 / 100) ** 0.5)])
def test_weights_are_drawn_within_their_limits(init: str, limit: Any) -> None:
    weights = [w.data for w in MLP(100, [10], init=init, seed=1).weights]
    assert 0.99 * limit < max(map(abs, weights)) <= limit
    assert abs(sum(weights) / 1000) < 0.1 * limit


def test_weights_drawn_by_a_function() -> None:
    net = MLP(3, [2, 1], init=lambda draw, inputs, neurons: 10 * inputs + neurons)
    assert [w.data for w in net.weights] == [32.0] * 6 + [21.0] * 2


def test_nested_labels() -> None:
    net = MLP(2, [2, 1], labels="nested", seed=1)
    assert net.layers[0].neurons[1].weights[1].label == "layer1.neuron2.w2"
    assert {path: p.label for path, p in net.named_parameters().items()} == {p: p for p in net.named_parameters()}
    assert {b.label for b in MLP(2, [2, 1], labels="nested", shared_bias=True).biases} == {"layer1.b", "layer2.b"}


def test_parameters_whose_paths_collide_are_refused() -> None:
    module: Any = Module()
    module.table = {1: Value(1.0), "1": Value(2.0)}
    with pytest.raises(ValueError, match=r"two parameters are called 'table\.1'"):
        module.parameters()


def test_one_bias_may_be_fixed() -> None:
    net = MLP(2, [2, 1])
    net.layers[0].neurons[0].train_bias = False
    assert len(net.parameters()) == len(net.named_parameters()) == 8
    assert net.layers[0].neurons[0].bias not in net.parameters()


def test_a_neuron_can_be_renamed() -> None:
    neuron = Neuron([Value(1.0, "w")], Value(0.0, "b"), name="a")
    neuron.name = "z"
    out = neuron([1.0])
    assert (out.label, out.args[0].label) == ("out_z", "net_z")


def test_an_activation_may_be_assigned_by_name_too() -> None:
    neuron = Neuron([Value(0.5)], Value(0.0), name="h1")
    for choice, op in (
        ("tanh", tg.tanh),
        (tg.relu, tg.relu),
        ("linear", None),
        (None, None),
        ("leaky_relu", tg.leaky_relu),
    ):
        neuron.activation = choice
        assert neuron.activation is op
        assert neuron([1.0]).op is (op or tg.dot)
    with pytest.raises(ValueError, match="activation 'tahn' is no operation on one operand; did you mean 'tanh'"):
        neuron.activation = "tahn"
    with pytest.raises(
        TypeError, match="activation 3 is no operation on one operand: An activation is the name of such"
    ):
        neuron.activation = 3
    assert neuron.activation is tg.leaky_relu


def test_an_operation_of_ones_own_is_an_activation() -> None:
    cube = tg.Operation("cube", lambda x: x**3, (lambda y, x: 3 * x * x,), "{} ** 3", "{}^3", "x³")
    out = Neuron([Value(0.5)], Value(0.25), cube, "h1")([1.0])
    assert (out.op, out.label, out.data) == (cube, "out_h1", 0.75**3)
    assert out.args[0].label == "net_h1"


@pytest.mark.parametrize("op", [tg.sigmoid, tg.tanh, tg.relu])
def test_activations_are_their_rows(op: Any) -> None:
    neuron = Neuron([Value(0.7)], Value(0.1), op)
    net = tg.dot([0.7, 0.1], [0.3, 1.0])
    out = neuron([0.3])
    assert out.op is op
    assert out.data == op(net)


@pytest.mark.parametrize(
    ("make", "error", "says"),
    [
        (lambda: MLP(2, [2, 2], weights=[1.0]), ValueError, "takes 8 weights, not 1"),
        (lambda: MLP(2, [2, 2], biases=[1.0]), ValueError, "takes 4 biases, not 1"),
        (lambda: MLP(2, [2, 2], biases=[1.0] * 4, shared_bias=True), ValueError, "takes 2 biases, not 4"),
        (lambda: MLP(0, [2]), ValueError, "not 0 inputs"),
        (lambda: MLP(2, []), ValueError, "layers of one or more neurons"),
        (lambda: MLP(2, [2, 0]), ValueError, "layers of one or more neurons"),
        (lambda: MLP(2, [1.5]), TypeError, "a number of inputs or neurons is a whole number, not float 1.5"),
        (lambda: MLP(2, [1], weights=["a", 1.0]), TypeError, "MLP with w1 takes a real number, not str 'a'"),
        (lambda: MLP(2, [1], activation="tahn"), ValueError, "activation 'tahn'.*tanh"),
        (lambda: MLP(2, [1], activation=tg.maximum), ValueError, "no operation on one operand"),
        (lambda: MLP(2, [1, 1], activation=["tanh"]), ValueError, "takes 2 activations, not 1"),
        (lambda: MLP(2, [1])([1.0]), ValueError, "neuron o1 has 2 weights and got 1 input"),
        (lambda: MLP(2, [1])([1.0, "x"]), TypeError, "dot with w1 takes a Value or a real number, not str 'x'"),
        (lambda: MLP(2, [1], labels="w"), ValueError, "labels are 'numbered' or 'nested', not 'w'"),
        (
            lambda: MLP(2, [1], init="xavier"),
            ValueError,
            "init is one of 'uniform', 'glorot', 'he' or a function, not 'xavier'",
        ),
        (lambda: Neuron([], Value(0.0)), ValueError, "needs at least one weight"),
        (lambda: Layer([]), ValueError, "a layer needs neurons"),
    ],
)
def test_wrong_shapes_are_named(make: Any, error: Any, says: str) -> None:
    with pytest.raises(error, match=says):
        make()
