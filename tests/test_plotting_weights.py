"""Histograms of weights and gradients."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from tests.plots import png, texts
from tinygrad_bp import MLP, Value, plotting
from tinygrad_bp.networks.nn import Module

pytestmark = [pytest.mark.extras, pytest.mark.usefixtures("settings_stay")]


def test_each_layer_has_a_histogram_of_weights_and_of_gradients() -> None:
    net = MLP(2, [8, 3], activation="tanh", seed=1)
    sum(net([0.5, -1.0])).backward()  # type: ignore[union-attr]
    figure = plotting.histograms(net, title="Before training")
    assert len(figure.axes) == 4
    shown = texts(figure)
    assert {"Before training", "layer 1: 2 → 8", "layer 2: 8 → 3", "weights", "gradients"} <= set(shown)
    assert len([text for text in shown if text.startswith("rms ")]) == 4
    rms = math.sqrt(sum(w.data**2 for w in net.weights[:16]) / 16)
    assert f"rms {rms:.2g}" in shown
    assert len(plotting.histograms(net, gradients=False).axes) == 2


def test_gradients_that_are_not_there_are_said_not_to_be() -> None:
    shown = texts(plotting.histograms(MLP(2, [2])))
    assert "all 0" in shown
    assert "gradients (there are none before backward())" in shown


class Scale(Module):
    def __init__(self) -> None:
        self.inner = MLP(2, [2], seed=1)
        self.scale = [Value(3.0, "s")]


@pytest.mark.parametrize(
    "net",
    [
        MLP(1, [1]), MLP(2, [3], shared_bias=True).layers[0], MLP(2, [2]).layers[0].neurons[0], Scale(),
        MLP(2, [2], weights=[0.0] * 4), MLP(2, [1], weights=[1e200, -1e200]), MLP(2, [1], weights=[1e-310, 1e-310]),
        MLP(1, [2], weights=[1.0, 1.0]), MLP(1, [2], weights=[1e-200, 1e200]), MLP(100, [30], seed=1), MLP(2, [2] * 12, seed=1),
    ],
)  # fmt: skip
def test_any_network_has_histograms(net: Module) -> None:
    assert png(plotting.histograms(net))


def test_parts_of_other_modules_are_layers() -> None:
    assert {"inner", "scale"} <= set(texts(plotting.histograms(Scale())))


NAN_NET = MLP(2, [1], weights=[math.nan, 1.0])

MISTAKES: list[tuple[Callable[[], Any], type[Exception], str]] = [
    (lambda: plotting.histograms(3), TypeError, "an MLP or another Module, not int 3"),  # type: ignore[arg-type]
    (lambda: plotting.histograms(Module()), ValueError, "has no parameters"),
    (lambda: plotting.histograms(NAN_NET), ValueError, "layer1.neuron1.w1 is nan, which has no place on a scale"),
]  # fmt: skip


@pytest.mark.parametrize(("mistake", "error", "words"), MISTAKES)
def test_mistakes_are_named(mistake: Callable[[], Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        mistake()


def test_a_gradient_that_is_no_number_is_named() -> None:
    net = MLP(2, [1], seed=1)
    net.biases[0].grad = math.inf
    with pytest.raises(ValueError, match=r"the gradient of layer1\.neuron1\.b is inf"):
        plotting.histograms(net)
    assert png(plotting.histograms(net, gradients=False))
