"""Pictures of training, by matplotlib: how a loss fell, what a network says where, its weights and gradients, and how it came about.

    >>> from tinygrad_bp import plotting                                     # doctest: +SKIP
    >>> figure = plotting.loss_curve(history)                                # doctest: +SKIP
    >>> plotting.save(figure, "loss.svg")                                    # doctest: +SKIP
    >>> plotting.animation(net, moons(), binary_cross_entropy, Adam(net.parameters()), epochs=200).save("moons.gif")  # doctest: +SKIP

The figures are matplotlib's own, to be changed and saved as such; in a notebook they show themselves. pyplot has no part in this, nor
is any setting changed. Colours are those of the other pictures, and stay apart for every kind of colour vision; classes differ by marker,
too.

This needs matplotlib: `pip install 'tinygrad-bp[plot]'`. All functions raise ImportError without it.
"""

from __future__ import annotations

import base64
import html
import importlib
import io
import math
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_bp.core.operation import as_float
from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing.style import DARK, LIGHT, Palette, printable, shorten
from tinygrad_bp.files import write_whole
from tinygrad_bp.networks.data import Scaling, Table
from tinygrad_bp.networks.losses import Loss
from tinygrad_bp.networks.nn import MLP, Layer, Module, Neuron
from tinygrad_bp.networks.optim import Optimizer
from tinygrad_bp.networks.training import History, train
from tinygrad_bp.networks.training.watching import watch
from tinygrad_bp.program import compile

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["Animation", "animation", "decision_boundary", "histograms", "loss_curve", "save"]

# In the order in which they are given to classes: a second class is blue, as positive numbers are elsewhere.
_COLOURS = {
    LIGHT: ("#d55e00", "#0072b2", "#00825f", "#b8578f", "#8a7400", "#2f9fd8", "#4b5560"),
    DARK: ("#f0933f", "#5cb3ee", "#2fbf94", "#e58fc0", "#e0cc45", "#a9dcff", "#b9c2cd"),
}
_MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p")
_HUGE, _TINY = 1e200, 1e-200  # beyond these an axis has no room for its ticks
_BANDS = 4  # shades of a region, the deeper the surer
_STILL, _MOVING = 220, 130  # points of a grid to a side
_DPI = 144
_METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


# The loss


def loss_curve(
    history_or_histories: History | Sequence[float] | Mapping[str, History | Sequence[float]],
    *,
    log: bool = True,
    title: str = "",
    dark: bool = False,
) -> Figure:
    """A figure of the loss after each epoch, a line for each history; the loss of rows held out is dashed.

    Args:
        history_or_histories: what `train` returned, or a list of losses, or several of these by their names.
        log: a logarithmic scale. Losses of 0, which it has no place for, stand on its lower edge, marked. It is linear all the same where
            a loss is negative, or none positive.
        title: a heading.
        dark: light on dark.

    Raises ValueError where there is no epoch to draw, and for a loss that is NaN, infinite or beyond 1e200, naming it; TypeError for what
    is no history.
    """
    _require("matplotlib")
    curves = _curves(history_or_histories)
    palette = DARK if dark else LIGHT
    figure = _figure(6.4, 4.0, palette)
    axes = figure.add_subplot()
    keys = _draw_curves(axes, curves, log, palette)
    _heading(figure, title, keys, palette)
    return figure


Curve = tuple[str, list[float], list[float]]  # its name, its losses and those of rows held out


def _curves(given: Any) -> list[Curve]:
    named = given if isinstance(given, Mapping) else {"": given}
    if not named:
        raise ValueError("loss_curve needs at least one history")
    curves = []
    for name, each in named.items():
        of = f" of {name!r:.60}" if name else ""
        if not isinstance(each, History) and (isinstance(each, str) or not isinstance(each, Iterable)):
            raise TypeError(f"loss_curve takes what train returned, or losses, not {type(each).__name__} {each!r:.60}")
        parts = (each.losses, each.validation) if isinstance(each, History) else (each, ())
        curve = []
        for what, part in zip(("loss", "validation loss"), parts, strict=True):
            losses = [as_float(x, "loss_curve", wants="takes real numbers") for x in part]
            for epoch, x in enumerate(losses, 1):
                if not abs(x) <= _HUGE:
                    raise ValueError(f"loss_curve: the {what}{of} in epoch {epoch:,} is {x!r}, which no curve can show")
            curve.append(losses)
        if not curve[0]:
            raise ValueError(f"loss_curve: the history{of} has no epoch to draw")
        curves.append((str(name), curve[0], curve[1]))
    return curves


def _draw_curves(axes: Any, curves: Sequence[Curve], log: bool, palette: Palette) -> list[tuple[Any, str]]:
    """Draws them, and returns what a legend needs to say, pairs of a handle and a text."""
    from matplotlib.lines import Line2D
    from matplotlib.ticker import FixedLocator, FuncFormatter, LogLocator, MaxNLocator, NullLocator

    _plain_axes(axes, palette)
    every = [x for _, losses, validation in curves for x in (*losses, *validation)]
    positive = [x for x in every if x >= _TINY]
    log = log and bool(positive) and min(every) >= 0.0
    lowest, highest = (min(positive), max(positive)) if log else (min(every), max(every))
    longest = max(len(losses) for _, losses, _ in curves)
    # On the lower edge, a little below all others.
    edge = lowest / max(1.5, (highest / lowest) ** 0.08) if log and len(positive) < len(every) else None
    if log:
        axes.set_yscale("log")
        ratio = highest / lowest
        steps = (1.0,) if ratio > 100 else (1.0, 2.0, 5.0) if ratio > 8 else (1.0, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0)
        axes.yaxis.set_major_locator(LogLocator(subs=steps, numticks=9) if ratio > 2 else MaxNLocator(6))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.yaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:g}"))
    if log and lowest < highest:
        room = min(0.05 * math.log10(highest / lowest), 5.0) if math.isfinite(highest / lowest) else 5.0
        axes.set_ylim(lowest / 10.0**room if edge is None else edge, highest * 10.0**room)
    elif edge is not None:
        axes.set_ylim(edge, highest * 1.5)
    elif lowest == highest:  # a flat line, in the middle
        room = abs(lowest) / 2 or 1.0
        axes.set_ylim(lowest - room, lowest + room)
    axes.set_xlim(*((0.5, 1.5) if longest == 1 else (max(0.5, 1 - 0.02 * longest), longest * 1.02)))
    axes.xaxis.set_major_locator(MaxNLocator(6, integer=True) if longest > 1 else FixedLocator([1]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.set_xlabel("epoch")
    axes.set_ylabel("loss")

    keys: list[tuple[Any, str]] = []
    for number, (name, losses, validation) in enumerate(curves):
        colour = _COLOURS[palette][(1, 0, *range(2, len(_COLOURS[palette])))[number % len(_COLOURS[palette])]]
        marker = _MARKERS[number % len(_MARKERS)]
        for part, dashes in ((losses, "-"), (validation, (0, (4.0, 2.2)))):
            if not part:
                continue
            look: dict[str, Any] = {"color": colour, "linestyle": dashes, "linewidth": 1.8, "zorder": 3 + number / 100}
            if len(curves) > 1 or len(part) == 1:
                look |= {"marker": marker, "markersize": 5.5, "markeredgecolor": palette.paper, "markeredgewidth": 0.7}
                look["markevery"] = (0, 1) if len(part) < 8 else 0.16
            heights = part if edge is None else [max(x, edge) for x in part]
            axes.plot(range(1, len(part) + 1), heights, **look)
            zeros = [k for k, x in enumerate(part, 1) if x < _TINY and (k == 1 or part[k - 2] >= _TINY)]
            if edge is not None and zeros:  # where each stretch of them begins
                axes.plot(
                    zeros, [edge] * len(zeros), linestyle="none", marker=7, markersize=8, color=colour, clip_on=False,
                    markeredgewidth=0, zorder=5,
                )  # fmt: skip
        if name or len(curves) > 1:
            keys.append((Line2D([], [], color=colour, linewidth=1.8, marker=marker * (len(curves) > 1)), name))
    if any(validation for _, _, validation in curves):
        colour = _COLOURS[palette][1] if len(curves) == 1 else palette.quiet
        if len(curves) == 1 and not keys:
            keys.append((Line2D([], [], color=colour, linewidth=1.8), "training"))
        keys.append((Line2D([], [], color=colour, linewidth=1.8, linestyle=(0, (4.0, 2.2))), "validation"))
    if edge is not None:
        handle = Line2D([], [], linestyle="none", marker="v", markersize=7, color=palette.quiet, markeredgewidth=0)
        keys.append((handle, "0, below the scale"))
    return keys


# What a network says where


def decision_boundary(
    net: Callable[[Any], Any],
    table: Table | Iterable[tuple[Any, Any]],
    *,
    threshold: float | None = None,
    title: str = "",
    dark: bool = False,
) -> Figure:
    """A figure of the plane of two inputs: the class that the network gives to each point of it, and the rows of a table.

    Regions have the colours of their classes, the deeper the further the network is from saying otherwise. Rows have the colour and marker
    of their own class; one that lies in the region of another is outlined.

    Args:
        net: a network, or any function of a list of two Values. Of one output the classes are what lies above `threshold` and what does
            not; of several outputs the largest says the class.
        table: rows with two inputs, as `train` takes them. Where a table has been scaled, the network gets scaled inputs, and the axes
            show the units from before.
        threshold: for a network with one output. By default it is 0 for an output without activation, as `binary_cross_entropy` trains
            it, and else halfway between the two targets: 0.5 for 0 and 1, 0 for -1 and 1.
        title: a heading.
        dark: light on dark.

    Raises ValueError for rows that have not two inputs, are no classes, do not fit the outputs, or are NaN, infinite or huge, and where the
    network gives NaN or infinity; TypeError for what is no network.
    """
    _require("matplotlib", "numpy")
    palette = DARK if dark else LIGHT
    plane = _Plane(net, table, threshold, _STILL, ())
    figure = _figure(5.6, 5.0, palette)
    axes = figure.add_subplot()
    view = _View(axes, plane, palette)
    view.show(())
    _heading(figure, title, view.keys, palette)
    return figure


class _Plane:
    """A network with two inputs over a grid, and the rows in it.

    Attributes:
        xs, ys: the grid's coordinates, in the units from before scaling.
        points: the rows, in these units.
        labels: the number of each row's class.
        classes: the names of the classes.
        columns: the names of the inputs.
    """

    def __init__(
        self,
        net: Callable[[Any], Any],
        table: Table | Iterable[tuple[Any, Any]],
        threshold: float | None,
        size: int,
        parameters: Sequence[Value],
    ) -> None:
        import numpy as np

        if not callable(net):
            raise TypeError(f"decision_boundary takes a network, or a function of Values, not {type(net).__name__}")
        inputs, targets, self.columns, classes, scaling = _rows(table)
        scaling = scaling or Scaling([0.0, 0.0], [1.0, 1.0])
        scaled = np.array(inputs)
        with np.errstate(all="ignore"):
            self.points = scaled * np.array(scaling.scales) + np.array(scaling.means)
        for number, (row, point) in enumerate(zip(inputs, self.points.tolist(), strict=True), 1):
            if not all(abs(x) <= 1e100 for x in (*row, *point)):
                raise ValueError(f"decision_boundary: row {number} lies at {row!r:.80}, which is nowhere on a picture")
        lows, highs = self.points.min(axis=0), self.points.max(axis=0)
        # Where all rows have the same number there is room around it.
        rooms = np.where(highs > lows, (highs - lows) * 0.09, np.maximum(np.abs(highs), 1.0) * 0.5)
        self.xs, self.ys = (
            np.linspace(low - room, high + room, size) for low, high, room in zip(lows, highs, rooms, strict=True)
        )
        grid = np.meshgrid(
            *((axis - m) / s for axis, m, s in zip((self.xs, self.ys), scaling.means, scaling.scales, strict=True))
        )
        self._net, self._parameters = net, list(parameters)
        # One array for the grid and the rows: the network is asked once.
        self._x, self._y = (np.concatenate([g.ravel(), scaled[:, k]]) for k, g in enumerate(grid))
        outputs = self._record()
        self.labels, self.classes, halfway = _classes(targets, classes, len(outputs), threshold)
        bare = len(outputs) == 1 and (outputs[0].op is None or outputs[0].op.arity != 1)
        self._threshold = (0.0 if bare else halfway) if threshold is None else threshold

    def _record(self) -> list[Value]:
        """The outputs at the middle of the rows, and the program for all points, if there can be one."""
        x, y = Value(float(self._x.mean()), "x1"), Value(float(self._y.mean()), "x2")
        with watch([x, y, *self._parameters]) as looks:
            outputs = self._outputs([x, y])
        self._program: Callable[..., Any] | None = None
        if not looks:
            program = compile(outputs, [x, y, *self._parameters])
            try:
                self._program = program.to("numpy")
            except ValueError:  # an operation of one's own, which only Python knows
                self._program = partial(self._one_by_one, program)
        return outputs

    def _outputs(self, inputs: list[Any]) -> list[Value]:
        found = self._net(inputs)
        outputs = list(found) if isinstance(found, list | tuple) else [found]
        for out in outputs or [None]:
            if not isinstance(out, Value):
                raise TypeError(f"decision_boundary: a network returns Values, not {type(out).__name__} {out!r:.60}")
        return outputs

    def _one_by_one(self, function: Callable[..., list[float]], x: Any, y: Any, *numbers: float) -> list[list[float]]:
        return [
            *map(
                list, zip(*(function(a, b, *numbers) for a, b in zip(x.tolist(), y.tolist(), strict=True)), strict=True)
            )
        ]

    def leads(self, numbers: Sequence[float]) -> tuple[Any, Any]:
        """For each class how far it leads before all others, on the grid and at the rows; `numbers` are those of the parameters."""
        import numpy as np

        if self._program is not None:
            found = self._program(self._x, self._y, *numbers)
        else:  # the network looks at its numbers, so there is no program for all of them
            kept = [p.data for p in self._parameters]
            try:
                for p, number in zip(self._parameters, numbers, strict=True):
                    p.data = number
                found = self._one_by_one(
                    lambda *xy: [out.data for out in self._outputs([*map(Value, xy)])], self._x, self._y
                )
            finally:
                for p, number in zip(self._parameters, kept, strict=True):
                    p.data = number
        outputs = np.array([np.broadcast_to(np.asarray(out, dtype=float), self._x.shape) for out in found])
        if not np.isfinite(outputs).all():
            which, place = np.argwhere(~np.isfinite(outputs))[0]
            raise ValueError(
                f"decision_boundary: the network gives {outputs[which, place].item()!r} for the inputs "
                f"{[self._x[place].item(), self._y[place].item()]!r}; a picture needs finite numbers"
            )
        outputs = np.clip(outputs, -_HUGE / 4, _HUGE / 4)
        if len(outputs) == 1:
            outputs = np.concatenate([self._threshold - outputs, outputs - self._threshold])
            leads = outputs
        else:
            others = [np.delete(outputs, k, axis=0).max(axis=0) for k in range(len(outputs))]
            leads = outputs - np.array(others)
        on_grid = len(self.xs) * len(self.ys)
        return leads[:, :on_grid].reshape(len(leads), len(self.ys), len(self.xs)), leads[:, on_grid:]


def _rows(table: Any) -> tuple[list[list[float]], list[list[float]], list[str], list[str] | None, Scaling | None]:
    """The inputs and targets of the rows, the names of columns and classes, and how inputs were scaled."""
    if isinstance(table, Table):
        inputs, targets, columns = table.inputs, table.outputs, table.columns
        classes, scaling = table.classes, table.scaling
    else:
        try:
            pairs = [(list(row), target) for row, target in table]
        except (TypeError, ValueError):
            raise TypeError("decision_boundary takes a Table, or pairs of inputs and target") from None
        inputs = [[as_float(x, "decision_boundary", wants="takes real numbers") for x in row] for row, _ in pairs]
        targets = [
            [
                as_float(x, "decision_boundary", wants="takes real numbers")
                for x in (t if hasattr(t, "__len__") else [t])
            ]
            for _, t in pairs
        ]
        columns, classes, scaling = ["x1", "x2"], None, None
    if not inputs:
        raise ValueError("decision_boundary needs at least one row")
    for number, row in enumerate(inputs, 1):
        if len(row) != 2:
            raise ValueError(f"decision_boundary draws two inputs, a plane, and row {number} has {len(row)}")
    return inputs, targets, columns, classes, scaling


def _classes(
    targets: Sequence[Sequence[float]], classes: Sequence[str] | None, outputs: int, threshold: float | None
) -> tuple[list[int], list[str], float]:
    """The number of each row's class, the names of the classes, and what is halfway between the targets of two."""
    if threshold is not None:
        if outputs > 1:
            raise ValueError(f"decision_boundary: of {outputs} outputs the largest decides, and there is no threshold")
        if not math.isfinite(as_float(threshold, "decision_boundary", "threshold", wants="takes a real number")):
            raise ValueError(f"decision_boundary: threshold is a finite number, not {threshold!r}")
    several = max(2, outputs)
    if classes is not None and len(classes) != several:
        raise ValueError(
            f"decision_boundary: a network with {outputs} output{'s' * (outputs > 1)} tells {several} classes apart, not {len(classes)}"
        )
    for number, target in enumerate(targets, 1):
        if len(target) not in (1, outputs):
            raise ValueError(
                f"decision_boundary: row {number} has {len(target)} targets, and the network {outputs} outputs"
            )
    if outputs == 1:
        kinds = sorted({target[0] for target in targets})
        if len(kinds) > 2:
            raise ValueError(
                f"decision_boundary draws classes, and the targets here are {len(kinds):,} different numbers, "
                f"such as {kinds[0]:g}, {kinds[1]:g} and {kinds[2]:g}"
            )
        halfway = sum(kinds) / 2 if len(kinds) == 2 else 0.5
        names = [f"{kind:g}" for kind in kinds] if len(kinds) == 2 else ["0", "1"]
        return [int(target[0] > halfway) for target in targets], list(classes or names), halfway
    labels = []
    for number, target in enumerate(targets, 1):
        label = target.index(max(target)) if len(target) > 1 else target[0]
        if label not in range(outputs):
            raise ValueError(
                f"decision_boundary: row {number} is of class {label:g}, and the network has outputs for 0 to {outputs - 1}"
            )
        labels.append(int(label))
    return labels, list(classes or map(str, range(outputs))), 0.5


class _View:
    """A plane in the axes of a figure. It can be shown again, for other parameters."""

    def __init__(self, axes: Any, plane: _Plane, palette: Palette) -> None:
        from matplotlib.lines import Line2D

        self.axes, self.plane, self.palette = axes, plane, palette
        self.colours = [_COLOURS[palette][k % len(_COLOURS[palette])] for k in range(len(plane.classes))]
        self.scale: float | None = None  # of the deepest shade; found in what is shown first
        _plain_axes(axes, palette, grid=False)
        axes.set_xlim(plane.xs[0], plane.xs[-1])
        axes.set_ylim(plane.ys[0], plane.ys[-1])
        axes.set_xlabel(_text(plane.columns[0])).set_parse_math(False)
        axes.set_ylabel(_text(plane.columns[1])).set_parse_math(False)
        self.note = axes.set_title(" ", loc="right", fontsize=9, color=palette.quiet)
        self.regions: list[Any] = []
        self.rows: list[tuple[list[int], Any]] = []
        self.keys: list[tuple[Any, str]] = []
        size = min(46.0, max(12.0, 5000.0 / len(plane.labels)))
        for k, name in enumerate(plane.classes):
            members = [row for row, label in enumerate(plane.labels) if label == k]
            marker, colour = _MARKERS[k % len(_MARKERS)], self.colours[k]
            dots = axes.scatter(*plane.points[members].T, s=size, marker=marker, color=colour, zorder=4)
            self.rows.append((members, dots))
            handle = Line2D([], [], linestyle="none", marker=marker, markersize=7, color=colour, markeredgewidth=0)
            self.keys.append((handle, name))

    def show(self, numbers: Sequence[float]) -> None:
        """Draws the regions, and outlines the rows in wrong ones."""
        import numpy as np
        from matplotlib.colors import to_rgb

        for region in self.regions:
            region.remove()
        self.regions = []
        grid, at_rows = self.plane.leads(numbers)
        if self.scale is None:
            self.scale = float(np.quantile(grid.max(axis=0), 0.9)) or 1.0
        paper = np.array(to_rgb(self.palette.paper))
        depths = np.linspace(0.13, 0.40, _BANDS)
        where = (self.plane.xs, self.plane.ys)
        for k, (lead, colour) in enumerate(zip(grid, self.colours, strict=True)):
            if lead.max() <= 0.0:
                continue
            shades = [tuple(paper + (np.array(to_rgb(colour)) - paper) * depth) for depth in depths]
            levels = [self.scale * step / _BANDS for step in range(_BANDS)]
            self.regions.append(
                self.axes.contourf(
                    *where, lead, levels=[*levels, max(float(lead.max()), self.scale) * 2], colors=shades, zorder=1
                )
            )
            if lead.min() < 0.0 and k < len(grid) - 1:  # the border of the last class is that of the others
                self.regions.append(
                    self.axes.contour(*where, lead, levels=[0.0], colors=[self.palette.ink], linewidths=1.3, zorder=3)
                )
        said = at_rows.argmax(axis=0)
        for k, (members, dots) in enumerate(self.rows):
            right = said[members] == k
            dots.set_edgecolors([self.palette.paper if each else self.palette.ink for each in right])
            dots.set_linewidths([0.6 if each else 1.5 for each in right])
        wrong = int((said != np.array(self.plane.labels)).sum())
        count = len(self.plane.labels)
        outlined = "; the others are outlined" if wrong > 1 else "; the other one is outlined" if wrong else ""
        self.note.set_text(
            f"{count - wrong:,} of {count:,} rows right{outlined if wrong < count else '; all are outlined'}"
        )


# Weights and gradients


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
    _require("matplotlib", "numpy")
    import numpy as np

    if not isinstance(net, Module):
        raise TypeError(f"histograms takes a network, an MLP or another Module, not {type(net).__name__} {net!r:.60}")
    layers = _layers(net)
    if not layers:
        raise ValueError("histograms: this network has no parameters")
    palette = DARK if dark else LIGHT
    kinds = ["data", "grad"] if gradients else ["data"]
    figure = _figure(3.6 * len(kinds) + 0.4, 1.15 * len(layers) + 0.9, palette)
    grid = figure.subplots(len(layers), len(kinds), squeeze=False, sharex="col")
    for column, kind in enumerate(kinds):
        rows = []
        for name, parameters in layers.items():
            for path, parameter in parameters.items():
                if not abs(getattr(parameter, kind)) <= _HUGE:
                    what = "the gradient of " * (kind == "grad") + path
                    raise ValueError(
                        f"histograms: {what} is {getattr(parameter, kind)!r}, which has no place on a scale"
                    )
            weights = [getattr(p, kind) for path, p in parameters.items() if not _is_bias(path)]
            rows.append((name, weights, [getattr(p, kind) for path, p in parameters.items() if _is_bias(path)]))
        reach = max(abs(x) for _, weights, biases in rows for x in (*weights, *biases))
        ends = reach if reach > _TINY else 1.0  # those of the outermost columns lie beyond the outermost number
        colour = _COLOURS[palette][0 if kind == "grad" else 1]
        for row, (name, weights, biases) in enumerate(rows):
            axes = grid[row, column]
            _plain_axes(axes, palette, grid=False)
            axes.spines["left"].set_visible(False)
            axes.set_yticks([])
            axes.set_ylim(-0.14, 1.12)
            axes.locator_params(axis="x", nbins=5)
            axes.axvline(0.0, color=palette.dim, linewidth=0.8, zorder=1)
            note = ""
            if weights and reach > _TINY:
                step = _step(weights, reach)
                counts, edges = np.histogram(
                    weights, bins=np.arange(math.floor(min(weights) / step), math.floor(max(weights) / step) + 2) * step
                )
                ends = max(ends, -edges[0], edges[-1])
                axes.stairs(counts / counts.max(), edges, fill=True, color=colour, alpha=0.85, linewidth=0, zorder=2)
                scale = max(map(abs, weights))
                rms = scale * math.sqrt(math.fsum((x / scale) ** 2 for x in weights) / len(weights)) if scale else 0.0
                note = f"rms {rms:.2g}"
            if biases and reach > _TINY:
                axes.plot(
                    biases, [-0.08] * len(biases), linestyle="none", marker="|", markersize=6, color=palette.quiet
                )
            if kind == "grad" and reach <= _TINY:
                note = "all 0"
            axes.set_title(note, loc="right", fontsize=8.5, color=palette.quiet, pad=-4)
            if column == 0:
                heading = axes.set_title(_text(name), loc="left", fontsize=9.5, color=palette.ink, pad=-4)
                heading.set_parse_math(False)
        below = grid[-1, column]  # with the scale of all
        below.set_xlim(-1.04 * ends, 1.04 * ends)
        below.set_xlabel({"data": "weights", "grad": "gradients"}[kind])
        if kind == "grad" and reach <= _TINY:
            below.set_xlabel("gradients (there are none before backward())")
            below.set_xticks([])
    _heading(figure, title, [], palette)
    return figure


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


def _is_bias(path: str) -> bool:
    return path.rpartition(".")[2] in ("b", "bias")


def _step(numbers: Sequence[float], reach: float) -> float:
    """The width of the columns: about a third of the standard deviation, and so that there are not too many to draw."""
    spread = max(numbers) - min(numbers)
    return max(spread / max(6.0, min(40.0, 2.0 * math.sqrt(len(numbers)))), reach / 60.0)


# Moving pictures


def animation(
    net: Callable[[Any], Any],
    table: Table | Iterable[tuple[Any, Any]],
    loss: Loss,
    optimizer: Optimizer,
    *,
    epochs: int = 100,
    frames: int = 60,
    seconds: float = 6.0,
    threshold: float | None = None,
    log: bool = True,
    title: str = "",
    dark: bool = False,
    **options: Any,
) -> Animation:
    """Trains a network with two inputs as `train` does, and returns a moving picture of it: what it says where, and its loss.

    Args:
        net, table, loss, optimizer, epochs: as in `train`. The rows are drawn as in `decision_boundary`.
        frames: how many pictures at most, from before the first epoch to after the last; they are closer together in the beginning, where
            most happens.
        seconds: how long it moves, before it rests on the last picture and begins again.
        threshold: as in `decision_boundary`.
        log: as in `loss_curve`.
        title: a heading.
        dark: light on dark.
        options: of `train`: `batch_size`, `shuffle`, `seed`, `validation`, `patience` and so on.

    Raises what `train` and `decision_boundary` raise, and ValueError for fewer than 2 frames or epochs below 1.
    """
    for name, number, least in (("epochs", epochs, 1), ("frames", frames, 2)):
        if not isinstance(number, int) or isinstance(number, bool) or number < least:
            raise ValueError(f"animation: {name} is a whole number from {least} up, not {number!r:.60}")
    if not 0.0 < as_float(seconds, "animation", "seconds", wants="takes a real number") < 1e4:
        raise ValueError(f"animation: seconds are more than 0 and below 10,000, not {seconds!r}")
    _require("matplotlib", "numpy", "PIL")
    rows: Any = table if isinstance(table, Table) else list(table)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(f"animation takes an optimizer, such as SGD(net.parameters()), not {type(optimizer).__name__}")
    plane = _Plane(net, rows, threshold, _MOVING, optimizer.parameters)

    def numbers() -> list[float]:
        return [p.data for p in optimizer.parameters]

    wanted = {round(epochs * (k / (frames - 1)) ** 2) for k in range(frames)}
    found = {0: numbers()}
    plane.leads(found[0])  # what cannot be drawn is not trained
    also = options.pop("on_epoch", None)

    def on_epoch(history: History) -> Any:
        if history.epochs in wanted:
            found[history.epochs] = numbers()
        return also(history) if also is not None else None

    history = train(net, rows, loss, optimizer, epochs=epochs, on_epoch=on_epoch, **options)
    found[history.epochs] = numbers()
    return Animation(history, list(found), _Film(plane, list(found.values()), seconds, log, title, dark))


@dataclass(frozen=True)
class _Film:
    plane: _Plane
    numbers: list[list[float]]  # for each picture those of the parameters
    seconds: float
    log: bool
    title: str
    dark: bool


class Animation:
    """What `animation` makes: a training as a moving picture. In a notebook it shows itself.

    Attributes:
        history: what `train` returned.
        epochs: for each picture how many epochs were done.
    """

    def __init__(self, history: History, epochs: list[int], film: _Film) -> None:
        self.history = history
        self.epochs = epochs
        self._film = film

    @cached_property
    def gif(self) -> bytes:
        """The picture as a GIF file, the same bytes every time. It is drawn when it is first asked for, in some seconds."""
        import numpy as np
        from PIL import Image, ImageColor

        pictures = [Image.fromarray(each) for each in self._pictures()]
        # One palette for all, so that nothing flickers, of the first, the middle and the last. It mixes colours, but not the paper's.
        width, height = pictures[0].size
        strip = Image.new("RGB", (width, 3 * height))
        for k, place in enumerate((0, len(pictures) // 2, -1)):
            strip.paste(pictures[place], (0, k * height))
        shades = strip.quantize(255)
        paper = ImageColor.getrgb((DARK if self._film.dark else LIGHT).paper)
        colours = [*(shades.getpalette() or [])[: 255 * 3]]
        colours += [0] * (255 * 3 - len(colours)) + list(paper)
        flat = []
        for each in pictures:
            places = np.array(each.quantize(palette=shades, dither=Image.Dither.NONE))
            places[(np.asarray(each) == paper).all(axis=-1)] = 255
            flat.append(Image.fromarray(places))
            flat[-1].putpalette(colours)
        time = max(20, round(100 * self._film.seconds / len(flat)) * 10)  # in ms; GIF counts hundredths of a second
        target = io.BytesIO()
        flat[0].save(
            target,
            format="GIF",
            save_all=True,
            append_images=flat[1:],
            duration=[time] * (len(flat) - 1) + [2000],
            loop=0,
        )
        return target.getvalue()

    def save(self, path: str | os.PathLike[str]) -> Path:
        """Writes a file whose name ends in .gif, and returns its path.

        Raises ValueError for another name, OSError where the file cannot be written. An existing file is replaced only when the new one is
        whole.
        """
        if Path(path).suffix.lower() != ".gif":
            raise ValueError(f"cannot save an animation as {str(path)!r}: the name should end in .gif")
        return write_whole(path, self.gif)

    def _pictures(self) -> list[Any]:
        """The pictures, as arrays of red, green and blue."""
        import numpy as np
        from matplotlib.backends.backend_agg import FigureCanvasAgg

        film = self._film
        palette = DARK if film.dark else LIGHT
        figure = _figure(9.2, 4.4, palette, dpi=100)
        canvas: Any = FigureCanvasAgg(figure)
        left, right = figure.subplots(1, 2, width_ratios=[1.0, 1.0])
        view = _View(left, film.plane, palette)
        losses = _curves(self.history) if self.history.losses else []
        keys = _draw_curves(right, losses, film.log, palette) if losses else []
        caption = right.set_title(" ", loc="right", fontsize=9, color=palette.quiet)
        _heading(figure, film.title, [*view.keys, *keys], palette)
        lines = [(line, np.asarray(line.get_xdata()), np.asarray(line.get_ydata())) for line in right.lines]
        [dot] = right.plot(
            [], [], marker="o", markersize=6, color=_COLOURS[palette][1], markeredgecolor=palette.paper, zorder=6
        )
        view.show(film.numbers[-1])  # the last one sets the scale of the shades
        figure.draw_without_rendering()
        figure.set_layout_engine("none")  # where all stands stays
        found = []
        for epoch, numbers in zip(self.epochs, film.numbers, strict=True):
            view.show(numbers)
            for line, xs, ys in lines:
                line.set_data(xs[xs <= epoch], ys[xs <= epoch])
            if lines:
                dot.set_data(
                    lines[0][1][epoch - 1 : epoch] if epoch else [], lines[0][2][epoch - 1 : epoch] if epoch else []
                )
            now = f", loss {self.history.losses[epoch - 1]:.3g}" if epoch else ""
            caption.set_text(f"epoch {epoch:,}{now}" if epoch else "before training")
            canvas.draw()
            found.append(np.asarray(canvas.buffer_rgba())[..., :3].copy())
        return found

    def _repr_html_(self) -> str:
        alt = html.escape(repr(self), quote=True)
        return f'<img alt="{alt}" src="data:image/gif;base64,{base64.b64encode(self.gif).decode()}">'

    def __repr__(self) -> str:
        return f"<Animation of {self.history.epochs:,} epochs in {len(self.epochs)} pictures; .save('training.gif') draws it>"


# Figures


def save(figure: Figure, path: str | os.PathLike[str]) -> Path:
    """Writes a figure to a file whose suffix says how, .png, .svg or .pdf, and returns its path. The same figure gives the same bytes.

    Raises ValueError for another suffix, OSError where the file cannot be written. An existing file is replaced only when the new one is
    whole.
    """
    format = Path(path).suffix.lower().removeprefix(".")
    if format not in _METADATA:
        raise ValueError(f"cannot save a figure as {str(path)!r}: the name should end in .{', .'.join(_METADATA)}")
    return write_whole(path, _render(figure, format))


def _render(figure: Figure, format: str) -> bytes:
    from matplotlib import rc_context

    target = io.BytesIO()
    with rc_context({"svg.hashsalt": "tinygrad_bp"}):  # names of parts of an SVG are random without it
        figure.savefig(target, format=format, metadata=_METADATA[format])
    return target.getvalue()


def _require(*modules: str) -> None:
    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError as error:
            name = {"PIL": "pillow"}.get(module, module)
            raise ImportError(f"pictures of training need {name}: pip install 'tinygrad-bp[plot]'") from error


def _figure(width: float, height: float, palette: Palette, dpi: int = _DPI) -> Figure:
    """An empty figure, in inches."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine

    room = 0.07  # at the edges
    layout = ConstrainedLayoutEngine(
        w_pad=0.04, h_pad=0.04, wspace=0.04, hspace=0.02,
        rect=(room / width, room / height, 1.0 - 2 * room / width, 1.0 - 2 * room / height),
    )  # fmt: skip
    figure = Figure(figsize=(width, height), dpi=dpi, facecolor=palette.paper, layout=layout)
    vars(figure)["_repr_png_"] = partial(_render, figure, "png")  # for notebooks that never heard of pyplot
    return figure


def _plain_axes(axes: Any, palette: Palette, *, grid: bool = True) -> None:
    axes.set_facecolor(palette.paper)
    for side, spine in axes.spines.items():
        spine.set_visible(side in ("left", "bottom"))
        spine.set_color(palette.line)
    axes.tick_params(which="both", color=palette.line, labelcolor=palette.quiet, labelsize=9, length=3)
    axes.xaxis.label.set(color=palette.ink, fontsize=10)
    axes.yaxis.label.set(color=palette.ink, fontsize=10)
    axes.set_axisbelow(True)
    if grid:
        axes.grid(axis="y", color=palette.dim, linewidth=0.6)


def _heading(figure: Figure, title: str, keys: Sequence[tuple[Any, str]], palette: Palette) -> None:
    """The title and under it the legend, above the axes, where they cover nothing."""
    if not title and not keys:
        return
    # The texts come after: the legend would leave out names that begin with an underscore.
    legend = figure.legend(
        [handle for handle, _ in keys], ["-"] * len(keys), loc="outside upper left", ncols=min(4, max(1, len(keys))), frameon=False,
        alignment="left", fontsize=9.5, labelcolor=palette.ink, handletextpad=0.5, columnspacing=1.6, borderaxespad=0.9, borderpad=0,
        handlelength=2.0 if any(handle.get_linestyle() != "None" for handle, _ in keys) else 0.8,
    )  # fmt: skip
    for text, (_, name) in zip(legend.get_texts(), keys, strict=True):
        text.set(text=_text(name), parse_math=False)
    if title:
        legend.set_title(_text(title, 100))
        legend.get_title().set(parse_math=False, color=palette.ink, fontsize=12.5, fontweight="bold")


def _text(text: str, longest: int = 40) -> str:
    return shorten(printable(text), longest)
