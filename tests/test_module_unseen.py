"""Values that a Module holds where nobody looks for parameters: `save` and `train` name the attribute."""

import functools
import warnings
from pathlib import Path
from typing import Any

import pytest

from tinygrad_bp import MLP, SGD, Module, Value, save, train
from tinygrad_bp.networks.nn import Unseen

ROWS = [([1.0], 1.0)]


class Holder(Module):
    def __init__(self, held: Any, w: Value) -> None:
        self.v = Value(1.0, "v")
        self.held = held
        self.call = [w]

    def parts(self) -> Any:
        yield from (("v", self.v), ("held", self.held))

    def __call__(self, x: Any) -> Any:
        return self.v * x[0] + 0.0 * self.call[0]


class Other:
    def __init__(self, w: Value) -> None:
        self.w = w

    def method(self) -> Value:
        return self.w


def default(w: Value) -> Any:
    return lambda x, w=w: w * x


def keyword(w: Value) -> Any:
    def f(x: Any, *, w: Value = w) -> Any:
        return w * x

    return f


def cached(w: Value) -> Any:
    return functools.lru_cache(lambda: w)


HIDDEN = {
    "closure": lambda w: lambda x: w * x,
    "default": default,
    "keyword": keyword,
    "keys": lambda w: {w: 1.0},
    "method": lambda w: Other(w).method,
    "view": lambda w: {"w": w}.values(),
    "iterator": lambda w: iter([w]),
    "cache": cached,
    "a list of functions": lambda w: [lambda x: w * x],
    "method of a list": lambda w: [w].append,
}


@pytest.mark.parametrize("hide", HIDDEN.values(), ids=HIDDEN.keys())
def test_hidden_values_are_named(hide: Any, tmp_path: Path) -> None:
    w = Value(0.5, "w")
    net = Holder(hide(w), w)
    assert net.parameters() == [net.v]
    with pytest.warns(Unseen, match="save: Holder has a Value w in held that is none of its parameters") as said:
        save(net, tmp_path / "net.json")
    assert said[0].filename == __file__
    with pytest.warns(Unseen, match="train: Holder has a Value w in held that is none of its parameters") as said:
        train(net, ROWS, "squared_error", SGD(net.parameters()), epochs=1)
    assert said[0].filename == __file__


def test_what_is_trained_or_seen_is_not_warned_of(tmp_path: Path) -> None:
    w = Value(0.5, "w")
    frozen = MLP(1, [2, 1], train_biases=False)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        train(Holder(lambda x: w * x, w), ROWS, "squared_error", SGD([w]), epochs=1)
        seen = Holder([w, lambda x: w * x], w)
        save(seen, tmp_path / "net.json")
        train(seen, ROWS, "squared_error", SGD(seen.parameters()), epochs=1)
        train(frozen, ROWS, "squared_error", SGD(frozen.parameters()), epochs=1)


@pytest.mark.extras
def test_a_structured_array_is_named(tmp_path: Path) -> None:
    import numpy as np

    w = Value(0.5, "w")
    with pytest.warns(Unseen, match="in held"):
        save(Holder(np.array([(w, 1.0)], dtype=[("a", object), ("b", float)]), w), tmp_path / "net.json")
