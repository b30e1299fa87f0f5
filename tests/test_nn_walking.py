"""Where parameters are found: in whatever a Module holds; and what of a training can be pickled and copied."""

import copy
import dataclasses
import pickle
from collections import deque
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tinygrad_bp import MLP, SGD, Module, Value, load, save
from tinygrad_bp.networks import optim


@dataclasses.dataclass
class Pair:
    """Two things, in a dataclass."""

    first: Any
    second: Any


class Slots:
    """A thing in a slot, and a slot with nothing in it."""

    __slots__ = ("empty", "thing")

    def __init__(self, thing: Any) -> None:
        self.thing = thing


class Plain:
    """A thing among the attributes of an object."""

    def __init__(self, thing: Any) -> None:
        self.thing = thing


HOLDERS: dict[str, tuple[Any, str]] = {
    "itself": (lambda x: x, "held"),
    "list": (lambda x: [1.0, x], "held.1"),
    "tuple": (lambda x: ("a", (x,)), "held.1.0"),
    "dictionary": (lambda x: {"k": x}, "held.k"),
    "deque": (lambda x: deque([x]), "held.0"),
    "set": (lambda x: {x}, "held.w"),
    "dataclass": (lambda x: Pair(1.0, x), "held.second"),
    "slots": (Slots, "held.thing"),
    "object": (Plain, "held.thing"),
    "namespace": (lambda x: SimpleNamespace(a=x), "held.a"),
}


class Holder(Module):
    """A Module with one thing."""

    def __init__(self, held: Any) -> None:
        self.held = held


@pytest.mark.parametrize(("make", "path"), HOLDERS.values(), ids=HOLDERS.keys())
def test_a_value_is_found_and_saved_wherever_it_is(make: Any, path: str, tmp_path: Path) -> None:
    w = Value(2.0, "w")
    model = Holder(make(w))
    assert model.named_parameters() == {path: w}
    save(model, tmp_path / "model.json")
    other = Value(0.0, "w")
    load(tmp_path / "model.json", into=Holder(make(other)))
    assert other.data == 2.0


@pytest.mark.extras
def test_values_in_arrays_are_found() -> None:
    import numpy as np

    values = [[Value(1.0), Value(2.0)], [Value(3.0), Value(4.0)]]
    found = Holder(np.array(values, dtype=object)).named_parameters()
    assert found == {f"held.{i}.{j}": values[i][j] for i in (0, 1) for j in (0, 1)}
    assert Holder(np.array([1.0, 2.0])).parameters() == []
    assert Holder(np.array(values[0][0], dtype=object)).parameters() == [values[0][0]]


def test_attributes_of_the_class_and_slots_of_a_module_are_found() -> None:
    class Scaled(Module):
        __slots__ = ("offset",)
        scale = Value(2.0, "scale")
        name = "scaled"

        def __init__(self) -> None:
            self.offset = Value(1.0, "offset")

        @property
        def twice(self) -> Value:
            raise AssertionError("a property is not called")

    assert {path: p.data for path, p in Scaled().named_parameters().items()} == {"offset": 1.0, "scale": 2.0}


def test_circles_and_long_chains_are_gone_through_once() -> None:
    chain: Any = [Value(1.0)]
    first = chain[0]
    for _ in range(5000):
        chain = Plain(chain)
    model = Holder(chain)
    chain.back = model
    assert model.parameters() == [first]


def test_a_set_is_in_the_order_of_its_labels_or_refused() -> None:
    values = [Value(float(k), f"w{k}") for k in range(9)]
    assert Holder({*values[5:], *values[:5]}).parameters() == values
    with pytest.raises(ValueError, match=r"Holder: held: parameters in a set have no order; give each Value a label"):
        Holder({Value(1.0), Value(2.0)}).parameters()


def test_weights_that_are_tied_are_parameters_once() -> None:
    net = MLP(2, [2, 2], seed=1)
    net.layers[1].neurons[0].weights[0] = net.layers[0].neurons[0].weights[0]
    assert len(net.parameters()) == len(set(net.parameters())) == 11
    assert SGD(net.parameters())


def test_what_is_added_to_an_mlp_is_a_parameter() -> None:
    net = MLP(2, [1], seed=1, train_biases=False)
    extra: Any = net
    extra.gains = [Value(1.0, "gain")]
    assert [p.label for p in net.parameters()] == ["w1", "w2", "gain"]
    with pytest.raises(ValueError, match="has Values besides"):
        save(net, "unused.json")


SCHEDULES = {
    "step": optim.step_decay(0.5, 3),
    "exponential": optim.exponential_decay(0.5, 0.9),
    "cosine": optim.cosine_annealing(0.5, 7, 0.1),
    "linear": optim.linear_decay(0.5, 7, 0.1),
    "warmup": optim.warmup(optim.linear_decay(0.5, 7), 4),
}


@pytest.mark.parametrize("schedule", SCHEDULES.values(), ids=SCHEDULES.keys())
def test_schedules_are_pickled_and_copied(schedule: Any) -> None:
    optimizer = SGD([Value(1.0)], schedule)
    for other in (pickle.loads(pickle.dumps(optimizer)), copy.deepcopy(optimizer)):
        assert [other.lr(k) for k in range(9)] == [schedule(k) for k in range(9)]
