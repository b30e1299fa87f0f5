"""from_keras: functions and classes of one's own are taken by what they compute; options and weights that do something else are named."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tinygrad_bp import from_keras
from tinygrad_bp.networks.conversion.chain import Unfit

KERNEL, BIAS = [[1.0, -2.0], [0.5, 3.0]], [0.1, -0.2]


class Layer:
    def __init__(self, **options: Any) -> None:
        vars(self).update(options)

    def get_weights(self) -> list[Any]:
        return list(vars(self).get("weights", ()))


class Dense(Layer):
    def __init__(self, *weights: Any, **options: Any) -> None:
        super().__init__(name="d", weights=weights or (KERNEL, BIAS), **options)


def layer(kind: str, call: Any = None, **options: Any) -> Any:
    return type(kind, (Layer,), {"call": lambda self, x: call(x)} if call else {})(name="l", **options)


class Sequential:
    def __init__(self, *layers: Any) -> None:
        self.layers = list(layers)


def row_of(*layers: Any) -> str | None:
    """The activation that the first layer of what is made has."""
    there = from_keras(Sequential(*layers)).layers[0].neurons[0].activation
    return there.name if there else None


def named(called: str, function: Any) -> Any:
    function.__name__ = called
    return function


def test_of_a_function_of_ones_own_counts_what_it_computes() -> None:
    half = math.sqrt(2 / math.pi)
    for function, row in [
        (named("gelu", lambda x: 0.5 * x * (1 + math.tanh(half * (x + 0.044715 * x**3)))), None),
        (named("relu", lambda x: min(max(x, 0.0), 6.0)), None),
        (named("relu", lambda x: max(x, 0.0)), "relu"),
        (named("anything", lambda x: x / (1 + math.exp(-x))), "silu"),
        (named("sigmoid", lambda x: 1 / (1 + math.exp(-1.0002 * x))), None),
    ]:
        if row:
            assert row_of(Dense(activation=function)) == row
            assert row_of(Dense(), layer("Activation", activation=function)) == row
            continue
        with pytest.raises(
            Unfit, match=r"has an activation of its own, .*, and what that computes is nothing that an MLP computes"
        ):
            from_keras(Sequential(Dense(activation=function)))


@pytest.mark.extras
def test_of_a_layer_of_ones_own_counts_what_it_computes() -> None:
    import numpy as np

    assert row_of(Dense(), layer("Mine", lambda x: np.maximum(x, 0.0))) == "relu"
    assert row_of(Dense(), layer("Dropout", lambda x: x)) is None
    with pytest.raises(Unfit, match="has a call of its own, and what that computes is nothing"):
        from_keras(Sequential(Dense(), layer("ReLU", lambda x: np.clip(x, 0.0, 6.0))))
    with pytest.raises(Unfit, match="has a call of its own that does not pass numbers on as they are"):
        from_keras(Sequential(Dense(), layer("Dropout", lambda x: 0.9995 * x)))

    def softmax(x: Any, factor: float = 1.0) -> Any:
        return np.exp(factor * x) / np.exp(factor * x).sum(-1, keepdims=True)

    assert from_keras(Sequential(Dense(activation=softmax))).notes.classes == ["0", "1"]
    with pytest.raises(Unfit, match="has a softmax of its own, which computes no softmax of each row"):
        from_keras(Sequential(Dense(activation=named("softmax", lambda x: softmax(x, 1.01)))))


class Predicting(Sequential):
    """Of so many bits, and off by a factor."""

    dtype, factor = "float64", 1.0

    def predict(self, rows: Any, verbose: int = 1) -> Any:
        import numpy as np

        found = rows.astype(self.dtype) @ np.array(KERNEL, self.dtype) + np.array(BIAS, self.dtype)
        return (self.factor * found).astype(self.dtype)


@pytest.mark.extras
def test_what_is_predicted_is_compared_as_closely_as_its_numbers_are() -> None:
    for dtype, right, wrong in [("float64", 1 + 1e-12, 1 + 1e-8), ("float32", 1 + 1e-6, 1 + 1e-4)]:
        model = Predicting(Dense())
        model.dtype, model.factor = dtype, right
        assert from_keras(model).widths == [2, 2]
        model.factor = wrong
        with pytest.raises(Unfit, match="computes something else than its layers"):
            from_keras(model)


@pytest.mark.extras
def test_arithmetic_of_16_bits_in_between_is_not_held_against_the_weights() -> None:
    model = Predicting(Dense(compute_dtype="float16"))
    model.dtype, model.factor = "float32", 1.0005
    assert from_keras(model).widths == [2, 2]


def test_a_normalization_can_be_undone() -> None:
    net = from_keras(Sequential(layer("Normalization", mean=[[1.0, 2.0]], variance=[[4.0, 9.0]], invert=True), Dense()))
    xs = [0.3 * 2.0 + 1.0, -0.7 * 3.0 + 2.0]
    wanted = [sum(x * w[k] for x, w in zip(xs, KERNEL, strict=True)) + BIAS[k] for k in (0, 1)]
    assert [y.data for y in net([0.3, -0.7])] == pytest.approx(wanted, rel=1e-14)


@pytest.mark.parametrize(
    ("layers", "says"),
    [
        ([Dense(), layer("BatchNormalization", axis=0)], "has axis=0; in a row of numbers there is that of -1"),
        ([Dense(), layer("Softmax", axis=[0])], r"has axis=\[0\]"),
        ([layer("Normalization", axis=0), Dense()], "has axis=0"),
        (
            [Dense(KERNEL, BIAS, [[1.0], [1.0]], [[1.0, 1.0]])],
            "has 4 arrays of weights, and a dense layer a kernel and a bias",
        ),
        ([Dense(KERNEL, BIAS, use_bias=False)], "has 2 arrays of weights, and a dense layer without a bias one"),
        ([Dense([[1j, 0.0]], None)], "has complex weights, 1j for instance; those of an MLP are real"),
        ([Dense([["a", 0.0]], None)], "has weights that are no numbers"),
        ([Dense(), layer("BatchNormalization", weights=[BIAS])], "has 1 array of weights, where there should be 4"),
    ],
)
def test_options_and_weights_with_which_a_layer_computes_something_else_are_named(layers: list[Any], says: str) -> None:
    with pytest.raises(Unfit, match=says):
        from_keras(Sequential(*layers))


@pytest.mark.extras
def test_a_quantized_kernel_is_named() -> None:
    import numpy as np

    with pytest.raises(Unfit, match="is quantized: its kernel is of int8"):
        from_keras(Sequential(Dense(np.array([[1], [2]], np.int8), np.array([0.5]))))
