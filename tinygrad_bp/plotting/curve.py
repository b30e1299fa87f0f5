"""The loss after each epoch, as a curve."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from tinygrad_bp.core.operation import as_float
from tinygrad_bp.drawing.style import DARK, LIGHT, Palette
from tinygrad_bp.networks.training import History
from tinygrad_bp.plotting.figures import COLOURS, HUGE, MARKERS, TINY, Key, add_heading, new_figure, plain_axes, require
from tinygrad_bp.text import shown

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_DASHED = (0, (4.0, 2.2))


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
    require("matplotlib")
    curves = read_curves(history_or_histories)
    palette = DARK if dark else LIGHT
    figure = new_figure(6.4, 4.0, palette)
    axes = figure.add_subplot()
    keys = draw_curves(axes, curves, log, palette)
    add_heading(figure, title, keys, palette)
    return figure


class Curve(NamedTuple):
    """The losses of a history and those of rows held out, if there were any."""

    name: str
    losses: list[float]
    validation: list[float]


def read_curves(given: Any) -> list[Curve]:
    """The curves of what `loss_curve` takes. Raises what it raises."""
    named = given if isinstance(given, Mapping) else {"": given}
    if not named:
        raise ValueError("loss_curve needs at least one history")
    return [_read(str(name), each, f" of {shown(name)}" if name else "") for name, each in named.items()]


def _read(name: str, given: Any, of: str) -> Curve:
    if not isinstance(given, History) and (isinstance(given, str) or not isinstance(given, Iterable)):
        raise TypeError(f"loss_curve takes what train returned, or losses, not {type(given).__name__} {shown(given)}")
    losses, validation = (given.losses, given.validation) if isinstance(given, History) else (given, ())
    curve = Curve(name, _finite(losses, f"loss{of}"), _finite(validation, f"validation loss{of}"))
    if not curve.losses:
        raise ValueError(f"loss_curve: the history{of} has no epoch to draw")
    return curve


def _finite(losses: Iterable[float], what: str) -> list[float]:
    found = [as_float(x, "loss_curve", wants="takes real numbers") for x in losses]
    for epoch, x in enumerate(found, 1):
        if not abs(x) <= HUGE:
            raise ValueError(f"loss_curve: the {what} in epoch {epoch:,} is {x!r}, which no curve can show")
    return found


def draw_curves(axes: Any, curves: Sequence[Curve], log: bool, palette: Palette) -> list[Key]:
    """Draws them, and returns what a legend needs to say."""
    plain_axes(axes, palette)
    scale = _scale(curves, log)
    _set_losses(axes, scale)
    _set_epochs(axes, max(len(curve.losses) for curve in curves))
    for number, curve in enumerate(curves):
        for part, line in ((curve.losses, "-"), (curve.validation, _DASHED)):
            if part:
                look: dict[str, Any] = {"color": _colour(number, palette), "linestyle": line, "linewidth": 1.8}
                if len(curves) > 1 or len(part) == 1:
                    look |= {"marker": _marker(number), "markersize": 5.5, "markeredgewidth": 0.7}
                    look |= {"markeredgecolor": palette.paper, "markevery": (0, 1) if len(part) < 8 else 0.16}
                _draw_line(axes, part, scale.edge, look, 3 + number / 100)
    return _keys(curves, scale, palette)


def _colour(number: int, palette: Palette) -> str:
    """That of the curve of this number: blue first, then orange, then as for classes."""
    colours = COLOURS[palette]
    return colours[(1, 0, *range(2, len(colours)))[number % len(colours)]]


def _marker(number: int) -> str:
    return MARKERS[number % len(MARKERS)]


class _Scale(NamedTuple):
    """Of losses: the smallest and the largest with a place on it, and where losses of 0 stand that have none, if there are any."""

    log: bool
    lowest: float
    highest: float
    edge: float | None


def _scale(curves: Sequence[Curve], log: bool) -> _Scale:
    every = [x for curve in curves for x in (*curve.losses, *curve.validation)]
    positive = [x for x in every if x >= TINY]
    if not (log and positive and min(every) >= 0.0):
        return _Scale(False, min(every), max(every), None)
    lowest, highest = min(positive), max(positive)
    # On the lower edge, a little below all others.
    edge = lowest / max(1.5, (highest / lowest) ** 0.08) if len(positive) < len(every) else None
    return _Scale(True, lowest, highest, edge)


def _set_losses(axes: Any, scale: _Scale) -> None:
    """The vertical axis."""
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullLocator

    axes.set_ylabel("loss")
    log, lowest, highest, edge = scale
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


def _set_epochs(axes: Any, longest: int) -> None:
    """The horizontal axis."""
    from matplotlib.ticker import FixedLocator, FuncFormatter, MaxNLocator

    axes.set_xlabel("epoch")
    if longest == 1:
        axes.set_xlim(0.5, 1.5)
        axes.xaxis.set_major_locator(FixedLocator([1]))
    else:
        axes.set_xlim(max(0.5, 1 - 0.02 * longest), longest * 1.02)
        axes.xaxis.set_major_locator(MaxNLocator(6, integer=True))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))


def _draw_line(axes: Any, losses: Sequence[float], edge: float | None, look: Mapping[str, Any], zorder: float) -> None:
    heights = losses if edge is None else [max(x, edge) for x in losses]
    axes.plot(range(1, len(losses) + 1), heights, **look, zorder=zorder)
    # Where each stretch of zeros begins.
    zeros = [k for k, x in enumerate(losses, 1) if x < TINY and (k == 1 or losses[k - 2] >= TINY)]
    if edge is not None and zeros:
        axes.plot(
            zeros, [edge] * len(zeros), linestyle="none", marker=7, markersize=8, color=look["color"], clip_on=False,
            markeredgewidth=0, zorder=5,
        )  # fmt: skip


def _keys(curves: Sequence[Curve], scale: _Scale, palette: Palette) -> list[Key]:
    from matplotlib.lines import Line2D

    keys: list[Key] = []
    several = len(curves) > 1
    for number, curve in enumerate(curves):
        if curve.name or several:
            colour, marker = _colour(number, palette), _marker(number) if several else ""
            keys.append((Line2D([], [], color=colour, linewidth=1.8, marker=marker), curve.name))
    if any(curve.validation for curve in curves):
        colour = palette.quiet if several else _colour(0, palette)
        if not keys:
            keys.append((Line2D([], [], color=colour, linewidth=1.8), "training"))
        keys.append((Line2D([], [], color=colour, linewidth=1.8, linestyle=_DASHED), "validation"))
    if scale.edge is not None:
        handle = Line2D([], [], linestyle="none", marker="v", markersize=7, color=palette.quiet, markeredgewidth=0)
        keys.append((handle, "0, below the scale"))
    return keys
