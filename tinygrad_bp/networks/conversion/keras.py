"""Networks of Keras as networks of Values."""

from __future__ import annotations

import importlib
import math
from collections.abc import Callable, Iterator
from typing import Any

from tinygrad_bp.networks.conversion.chain import (
    CLOSE,
    Chain,
    activation_like,
    flat,
    listed,
    no_activation,
    no_class,
    transposed,
)
from tinygrad_bp.networks.losses import softmax
from tinygrad_bp.networks.nn import MLP
from tinygrad_bp.text import counted, shown

# Layers that in prediction pass numbers on as they are.
_NOTHING = {
    "InputLayer", "Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "ActivityRegularization", "Flatten", "Reshape", "Identity",
}  # fmt: skip
_SHAPES = {"InputLayer", "Flatten", "Reshape"}
# Layers that are activations, and what their options have to be for the row of the table to compute the same.
_ACTIVATIONS: dict[str, dict[str, Any]] = {
    "ReLU": {"max_value": None, "negative_slope": 0.0, "threshold": 0.0},
    "LeakyReLU": {"negative_slope": 0.01, "alpha": 0.01},
}


def from_keras(model: Any) -> MLP:
    """An `MLP` that computes what a model of Keras predicts, with its weights.

    Taken are dense layers one after the other and activations that are rows of the table. The model is read as in prediction: dropout
    passes numbers on; normalization and rescaling become part of the layer beside them. A softmax at the end is left out: the outputs
    are the net inputs, which the losses take, and `softmax(net(x))` or `Predictor(net)(x)` are the probabilities.

    Weights are the same floats. The outputs are equal up to the rounding of the model's own arithmetic, about 1e-7 for 32 bits.

    Raises TypeError for what has no layers, and ValueError, naming the layer, for what an `MLP` does not compute.
    """
    no_class("from_keras", model)
    if not isinstance(getattr(model, "layers", None), list | tuple):
        raise TypeError(f"from_keras takes a model of Keras, not {type(model).__name__} {shown(model)}")
    chain = Chain(type(model).__name__)
    original = _prediction(model)
    for layer in _layers(chain, model, compared=original is not None):
        if str(getattr(layer, "compute_dtype", ""))[-2:] == "16":  # whatever the type of what is predicted in the end
            chain.close = CLOSE["16"]
        _add(chain, layer)
    return chain.network(original)


def _layers(chain: Chain, model: Any, *, compared: bool) -> Iterator[Any]:
    """The layers one after the other. Of a graph of layers nothing else says that they are so than what it predicts."""
    where = _where(model)
    for side in ("inputs", "outputs"):
        ends = getattr(model, side, None)
        if isinstance(ends, list | tuple) and len(ends) > 1:
            raise chain.unfit(where, f"has {len(ends)} {side}; an MLP has one vector of them")
    if type(model).__name__ == "Functional" and not compared:
        raise chain.unfit(
            where, "is a graph of layers, and has no predict that would show them to be one after the other"
        )
    for layer in model.layers:
        if isinstance(getattr(layer, "layers", None), list | tuple):
            yield from _layers(chain, layer, compared=compared)
        else:
            yield layer


def _where(layer: Any) -> str:
    """What a layer is called in messages: its name, and its class."""
    kind, name = type(layer).__name__, getattr(layer, "name", "")
    return f"{name} ({kind})" if isinstance(name, str) and name else kind


def _prediction(model: Any) -> Any:
    """What the model predicts for rows, if it can be asked for it."""
    if not callable(getattr(model, "predict", None)):
        return None

    def original(rows: list[list[float]]) -> Any:
        import numpy as np  # which Keras itself needs

        return model.predict(np.array(rows), verbose=0)

    return original


def _add(chain: Chain, layer: Any) -> None:
    kind, where = type(layer).__name__, _where(layer)
    if kind == "Dense":
        kernel, bias = _dense(chain, where, layer)
        chain.linear(where, transposed(kernel), bias)
        _activate(chain, where, getattr(layer, "activation", None))
    elif kind == "SpectralNormalization":  # which changes the weights in training only
        _add(chain, layer.layer)
    elif kind == "Activation":
        _activate(chain, where, layer.activation)
    elif kind == "BatchNormalization":
        _require_last_axis(chain, where, layer)
        chain.fixed(where, *_normalization(chain, where, layer))
    elif kind == "Normalization":
        _require_last_axis(chain, where, layer)
        means, variances = flat(listed(layer.mean)), flat(listed(layer.variance))
        scales = [max(math.sqrt(v), 1e-7) for v in variances]
        if getattr(layer, "invert", False):
            chain.fixed(where, scales, means)
        else:
            chain.fixed(where, [1.0 / s for s in scales], [-m / s for m, s in zip(means, scales, strict=True)])
    elif kind == "Rescaling":
        chain.fixed(where, flat(listed(layer.scale)), flat(listed(layer.offset)))
    elif kind == "Softmax":
        _require_last_axis(chain, where, layer)
        _softmax(chain, where, kind, _call(layer))
    elif kind not in _NOTHING:
        _activation_layer(chain, where, layer)
    elif kind not in _SHAPES and _computed(_call(layer)) not in (None, "linear"):
        raise chain.unfit(where, "has a call of its own that does not pass numbers on as they are")


def _call(thing: Any) -> Callable[[Any], Any] | None:
    """What a function, or a layer of a class, computes, where that is not Keras's own and so its name says nothing; None if it is."""
    for kind in type(thing).__mro__:
        if _is_of_keras(kind):
            return None
        for name in ("call", "__call__"):
            if name in vars(kind):
                found = getattr(thing, name)
                return None if _is_of_keras(thing) else found
    return None


def _is_of_keras(thing: Any) -> bool:
    return f"{getattr(thing, '__module__', '')}.".startswith(("keras.", "tf_keras.", "tensorflow.python.keras."))


def _computed(function: Callable[[Any], Any] | None) -> str | None:
    """The name of the activation that a function computes, empty for one of no name; None if there is none that could be asked."""
    if function is None:
        return None
    try:
        array = importlib.import_module("numpy").array
    except ImportError:
        array = list

    def each(xs: list[float]) -> list[Any]:
        return [_or_infinite(function, x) for x in xs]

    ways = [activation_like(way) for way in (lambda xs: function(array([xs])), lambda xs: function(array(xs)), each)]
    return next(filter(None, ways), None if all(way is None for way in ways) else "")


def _or_infinite(function: Callable[[Any], Any], x: float) -> Any:
    try:
        return function(x)
    except OverflowError:
        return math.inf


def _softmax(chain: Chain, where: str, called: str, function: Callable[[Any], Any] | None) -> None:
    """Adds a softmax, unless it is a function of one's own that computes another one."""
    if function is not None:
        rows = [[0.5, -1.0, 2.0], [3.0, 1.5, -7.0]]
        try:
            found = listed(function(importlib.import_module("numpy").array(rows)))
            off = [
                y - x.data for row, ys in zip(rows, found, strict=True) for x, y in zip(softmax(row), ys, strict=True)
            ]
        except Exception:  # anyone's code, which is none that can be asked
            off = []
        if not all(abs(x) < CLOSE["32"] for x in off):
            raise chain.unfit(where, f"has a {called} of its own, which computes no softmax of each row")
    chain.outputs_are_classes(where)


def _require_last_axis(chain: Chain, where: str, layer: Any) -> None:
    """Raises Unfit for a layer that goes along the rows, not along the numbers of each."""
    axis = getattr(layer, "axis", None)
    for each in axis if isinstance(axis, list | tuple) else [axis]:
        if each not in (None, -1, 1):
            raise chain.unfit(where, f"has axis={axis!r}; in a row of numbers there is that of -1")


def _activation_layer(chain: Chain, where: str, layer: Any) -> None:
    """Adds a layer that is an activation, also where it is the activation of another layer."""
    kind = type(layer).__name__
    if computed := _computed(_call(layer)):
        chain.activation(where, computed)
        return
    if kind == "LeakyReLU" and (slope := _slope(layer)) in (0.0, 1.0):
        chain.activation(where, "linear" if slope else "relu")
        return
    for option, wanted in _ACTIVATIONS.get(kind, {}).items():
        value = getattr(layer, option, wanted)
        value = float(value) if value is not None else None
        if value is not None or wanted != 0.0:
            chain.require(where, option, value, wanted)
    if computed is not None:
        raise chain.unfit(where, f"has a call of its own, and what that computes {no_activation()}")
    chain.activation(where, kind)


def _slope(layer: Any) -> float:
    """That of a LeakyReLU below 0, by the name of either edition of Keras."""
    return float(getattr(layer, "negative_slope", getattr(layer, "alpha", 0.01)))


def _weights(chain: Chain, where: str, layer: Any) -> list[Any]:
    found = list(layer.get_weights())
    if not found:
        raise chain.unfit(where, "has no weights yet: call the model once, or build it for its inputs")
    return found


def _dense(chain: Chain, where: str, layer: Any) -> tuple[Any, Any | None]:
    """Kernel and bias of a dense layer that has no more than these."""
    weights = _weights(chain, where, layer)
    most = 2 if getattr(layer, "use_bias", True) else 1
    if len(weights) > most:
        there = "a kernel and a bias" if most == 2 else "without a bias one"
        raise chain.unfit(
            where,
            f"has {counted(len(weights), 'array')} of weights, and a dense layer {there}: "
            "quantized and LoRA layers compute with more; hand in the model as it was before, or with these merged",
        )
    if (dtype := str(getattr(weights[0], "dtype", ""))) in ("int8", "uint8", "int4"):
        raise chain.unfit(where, f"is quantized: its kernel is of {dtype}; hand in the model as it was before")
    return weights[0], weights[1] if len(weights) > 1 else None


def _activate(chain: Chain, where: str, activation: Any) -> None:
    """Adds an activation as layers have it: a function, or its name."""
    called = (
        activation if isinstance(activation, str | None) else getattr(activation, "__name__", type(activation).__name__)
    )
    if called in ("softmax", "Softmax"):
        _require_last_axis(chain, where, activation)
        _softmax(chain, where, called, _call(activation))
    elif called in _ACTIVATIONS and not isinstance(activation, str):
        _activation_layer(chain, where, activation)
    elif (computed := None if isinstance(activation, str) else _computed(_call(activation))) is not None:
        if not computed:
            raise chain.unfit(
                where, f"has an activation of its own, {called}, and what that computes {no_activation()}"
            )
        chain.activation(where, computed)
    elif called in ("leaky_relu", "LeakyReLU"):
        slope = getattr(activation, "negative_slope", 0.2)
        if slope != 0.01:
            raise chain.unfit(
                where, f"has a leaky_relu with a slope of {slope!r}; the row of the table is that of 0.01"
            )
        chain.activation(where, "leaky_relu")
    elif called is not None:
        chain.activation(where, called)


def _normalization(chain: Chain, where: str, layer: Any) -> tuple[list[float], list[float]]:
    """Factors and summands of batch normalization as it is in prediction: γ·(x − mean) / √(var + ε) + β."""
    weights = _weights(chain, where, layer)
    wanted = 2 + bool(getattr(layer, "scale", True)) + bool(getattr(layer, "center", True))
    if len(weights) != wanted:
        raise chain.unfit(where, f"has {counted(len(weights), 'array')} of weights, where there should be {wanted}")
    *learned, means, variances = map(listed, weights)
    scales = learned.pop(0) if getattr(layer, "scale", True) else [1.0] * len(means)
    shifts = learned.pop(0) if getattr(layer, "center", True) else [0.0] * len(means)
    factors = [g / math.sqrt(v + layer.epsilon) for g, v in zip(scales, variances, strict=True)]
    return factors, [b - f * m for b, f, m in zip(shifts, factors, means, strict=True)]
