"""Weights and gradients of a network's layers, as histograms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing.style import DARK, LIGHT, Palette
from tinygrad_bp.networks.nn import MLP, Layer, Module, Neuron
from tinygrad_bp.plotting.figures import COLOURS, HUGE, TINY, add_heading, as_typed, new_figure, plain_axes, require
from tinygrad_bp.text import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def histograms(net: Module, *, gradients: bool = True, title: str = "", dark: bool = False) -> Figure:
    """A figure of how the weights of each layer are distributed, and beside them their gradients, as `backward()` left them.

    All layers have one scale, so that a layer whose gradients vanish shows as a narrow peak at 0. Each histogram is as high as its
    largest column. Ticks below are biases. *rms* is the root of the mean of the squares of the weights.

    Args:
        net: an MLP, or any Module, whose layers are its attributes.
        gradients: draw gradients, too.
        title: a heading.
        dark: light on dark.

    Raises TypeError for what is no Module, and ValueError for one without parameters and for a parameter or gradient that is NaN,
    infinite or beyond 1e200, naming it.
    """
    require("matplotlib", "numpy")
    if not isinstance(net, Module):
        raise TypeError(f"histograms takes a network, an MLP or another Module, not {type(net).__name__} {shown(net)}")
    layers = _layers(net)
    if not layers:
        raise ValueError("histograms: this network has no parameters")
    palette = DARK if dark else LIGHT
    columns = [_column(layers, "data")]
    if gradients:
        columns.append(_column(layers, "grad"))
    figure = new_figure(3.6 * len(columns) + 0.4, 1.15 * len(layers) + 0.9, palette)
    grid = figure.subplots(len(layers), len(columns), squeeze=False, sharex="col")
    for place, column in enumerate(columns):
        _draw_column(grid[:, place], column, palette)
    for axes, name in zip(grid[:, 0], layers, strict=True):
        heading = axes.set_title(as_typed(name), loc="left", fontsize=9.5, color=palette.ink, pad=-4)
        heading.set_parse_math(False)
    add_heading(figure, title, [], palette)
    return figure


class _Column(NamedTuple):
    """The numbers of one kind, "data" or "grad": for each layer those of weights and those of biases, and the largest magnitude."""

    kind: str
    layers: list[tuple[list[float], list[float]]]
    reach: float


def _column(layers: dict[str, dict[str, Value]], kind: str) -> _Column:
    rows = []
    for parameters in layers.values():
        weights: list[float] = []
        biases: list[float] = []
        for path, parameter in parameters.items():
            x = parameter.grad if kind == "grad" else parameter.data
            if not abs(x) <= HUGE:
                what = f"the gradient of {path}" if kind == "grad" else path
                raise ValueError(f"histograms: {what} is {x!r}, which has no place on a scale")
            (biases if path.rpartition(".")[2] in ("b", "bias") else weights).append(x)
        rows.append((weights, biases))
    return _Column(kind, rows, max(abs(x) for weights, biases in rows for x in (*weights, *biases)))


def _draw_column(column_axes: Any, column: _Column, palette: Palette) -> None:
    """Draws the histograms of one kind, below each other and with one scale."""
    kind, layers, reach = column
    empty = reach <= TINY
    ends = 1.0 if empty else reach  # those of the outermost columns lie beyond the outermost number
    for axes, (weights, biases) in zip(column_axes, layers, strict=True):
        plain_axes(axes, palette, grid=False)
        axes.spines["left"].set_visible(False)
        axes.set_yticks([])
        axes.set_ylim(-0.14, 1.12)
        axes.locator_params(axis="x", nbins=5)
        axes.axvline(0.0, color=palette.dim, linewidth=0.8, zorder=1)
        note = "all 0" if empty and kind == "grad" else ""
        if weights and not empty:
            colour = COLOURS[palette][0 if kind == "grad" else 1]
            ends = max(ends, _draw_histogram(axes, weights, _step(weights, reach), colour))
            note = f"rms {_root_mean_square(weights):.2g}"
        if biases and not empty:
            below = [-0.08] * len(biases)
            axes.plot(biases, below, linestyle="none", marker="|", markersize=6, color=palette.quiet)
        axes.set_title(note, loc="right", fontsize=8.5, color=palette.quiet, pad=-4)
    lowest = column_axes[-1]  # with the scale of all
    lowest.set_xlim(-1.04 * ends, 1.04 * ends)
    lowest.set_xlabel("gradients" if kind == "grad" else "weights")
    if empty and kind == "grad":
        lowest.set_xlabel("gradients (there are none before backward())")
        lowest.set_xticks([])


def _draw_histogram(axes: Any, numbers: Sequence[float], step: float, colour: str) -> float:
    """Draws it with columns of this width, and returns how far from 0 it reaches."""
    import numpy as np

    first, last = math.floor(min(numbers) / step), math.floor(max(numbers) / step)
    counts, edges = np.histogram(numbers, bins=np.arange(first, last + 2) * step)
    axes.stairs(counts / counts.max(), edges, fill=True, color=colour, alpha=0.85, linewidth=0, zorder=2)
    return float(max(-edges[0], edges[-1]))


def _step(numbers: Sequence[float], reach: float) -> float:
    """The width of the columns: about a third of the standard deviation, and so that there are not too many to draw."""
    spread = max(numbers) - min(numbers)
    return max(spread / max(6.0, min(40.0, 2.0 * math.sqrt(len(numbers)))), reach / 60.0)


def _root_mean_square(numbers: Sequence[float]) -> float:
    scale = max(map(abs, numbers))
    return scale * math.sqrt(math.fsum((x / scale) ** 2 for x in numbers) / len(numbers)) if scale else 0.0


def _layers(net: Module) -> dict[str, dict[str, Value]]:
    """The parameters by their paths, for each layer by its name."""
    found: dict[str, dict[str, Value]] = {}
    for path, parameter in net.named_parameters().items():
        name = path.split(".")[0]
        if isinstance(net, MLP):
            number = int(name.removeprefix("layer"))
            layer = net.layers[number - 1]
            name = f"layer {number}: {len(layer.neurons[0].weights)} → {len(layer.neurons)}"
        elif isinstance(net, Layer | Neuron):
            name = type(net).__name__.lower()
        found.setdefault(name, {})[path] = parameter
    return found
