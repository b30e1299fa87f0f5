"""Networks of Keras as networks of Values."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from tinygrad_bp.networks.conversion.chain import Chain, flat, listed, no_class, transposed
from tinygrad_bp.networks.nn import MLP
from tinygrad_bp.text import shown

# Layers that in prediction pass numbers on as they are.
_NOTHING = {
    "InputLayer", "Dropout", "AlphaDropout", "GaussianDropout", "GaussianNoise", "ActivityRegularization", "Flatten", "Reshape", "Identity",
}  # fmt: skip
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

        return listed(model.predict(np.array(rows), verbose=0))

    return original


def _add(chain: Chain, layer: Any) -> None:
    kind, where = type(layer).__name__, _where(layer)
    if kind == "Dense":
        kernel, *bias = _weights(chain, where, layer)
        chain.linear(where, transposed(kernel), bias[0] if bias else None)
        _activate(chain, where, getattr(layer, "activation", None))
    elif kind == "SpectralNormalization":  # which changes the weights in training only
        _add(chain, layer.layer)
    elif kind == "Activation":
        _activate(chain, where, layer.activation)
    elif kind == "BatchNormalization":
        chain.fixed(where, *_normalization(layer, _weights(chain, where, layer)))
    elif kind == "Normalization":
        means, variances = flat(listed(layer.mean)), flat(listed(layer.variance))
        factors = [1.0 / max(math.sqrt(v), 1e-7) for v in variances]
        chain.fixed(where, factors, [-m * f for m, f in zip(means, factors, strict=True)])
    elif kind == "Rescaling":
        chain.fixed(where, flat(listed(layer.scale)), flat(listed(layer.offset)))
    elif kind == "Softmax":
        chain.outputs_are_classes(where)
    elif kind not in _NOTHING:
        _activation_layer(chain, where, layer)


def _activation_layer(chain: Chain, where: str, layer: Any) -> None:
    """Adds a layer that is an activation, also where it is the activation of another layer."""
    kind = type(layer).__name__
    if kind == "LeakyReLU" and (slope := _slope(layer)) in (0.0, 1.0):
        chain.activation(where, "linear" if slope else "relu")
        return
    for option, wanted in _ACTIVATIONS.get(kind, {}).items():
        value = getattr(layer, option, wanted)
        value = float(value) if value is not None else None
        if value is not None or wanted != 0.0:
            chain.require(where, option, value, wanted)
    chain.activation(where, kind)


def _slope(layer: Any) -> float:
    """That of a LeakyReLU below 0, by the name of either edition of Keras."""
    return float(getattr(layer, "negative_slope", getattr(layer, "alpha", 0.01)))


def _weights(chain: Chain, where: str, layer: Any) -> list[Any]:
    found = list(layer.get_weights())
    if not found:
        raise chain.unfit(where, "has no weights yet: call the model once, or build it for its inputs")
    return found


def _activate(chain: Chain, where: str, activation: Any) -> None:
    """Adds an activation as layers have it: a function, or its name."""
    called = (
        activation if isinstance(activation, str | None) else getattr(activation, "__name__", type(activation).__name__)
    )
    if called in ("softmax", "Softmax"):
        chain.outputs_are_classes(where)
    elif called in _ACTIVATIONS and not isinstance(activation, str):
        _activation_layer(chain, where, activation)
    elif called in ("leaky_relu", "LeakyReLU"):
        slope = getattr(activation, "negative_slope", 0.2)
        if slope != 0.01:
            raise chain.unfit(
                where, f"has a leaky_relu with a slope of {slope!r}; the row of the table is that of 0.01"
            )
        chain.activation(where, "leaky_relu")
    elif called is not None:
        chain.activation(where, called)


def _normalization(layer: Any, weights: list[Any]) -> tuple[list[float], list[float]]:
    """Factors and summands of batch normalization as it is in prediction: γ·(x − mean) / √(var + ε) + β."""
    *learned, means, variances = map(listed, weights)
    scales = learned.pop(0) if getattr(layer, "scale", True) else [1.0] * len(means)
    shifts = learned.pop(0) if getattr(layer, "center", True) else [0.0] * len(means)
    factors = [g / math.sqrt(v + layer.epsilon) for g, v in zip(scales, variances, strict=True)]
    return factors, [b - f * m for b, f, m in zip(shifts, factors, means, strict=True)]
