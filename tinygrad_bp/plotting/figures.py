"""What all pictures of training share: colours and markers, an empty figure and its heading, and how it is saved."""

from __future__ import annotations

import importlib
import io
import os
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tinygrad_bp.drawing.style import DARK, LIGHT, Palette, drawable, shorten
from tinygrad_bp.files import format_of, write_whole

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Key = tuple[Any, str]  # of a legend: a handle of matplotlib's and the text beside it

HUGE, TINY = 1e200, 1e-200  # beyond these an axis has no room for its ticks
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "p")
# In the order in which they are given to classes: a second class is blue, as positive numbers are elsewhere.
COLOURS = {
    LIGHT: ("#d55e00", "#0072b2", "#00825f", "#b8578f", "#8a7400", "#2f9fd8", "#4b5560"),
    DARK: ("#f0933f", "#5cb3ee", "#2fbf94", "#e58fc0", "#e0cc45", "#a9dcff", "#b9c2cd"),
}
_DPI = 144
_METADATA: dict[str, dict[str, None]] = {
    "png": {"Software": None},
    "svg": {"Date": None, "Creator": None},
    "pdf": {"CreationDate": None, "Creator": None, "Producer": None},
}


def save(figure: Figure, path: str | os.PathLike[str], format: str | None = None) -> Path:
    """Writes a figure to a file and returns its path. The same figure gives the same bytes.

    Args:
        figure: what a function of `plotting` drew.
        path: the file, whose suffix says how: .png, .svg or .pdf.
        format: "png", "svg" or "pdf", where the suffix does not say it.

    Raises ValueError for another suffix, OSError where the file cannot be written. An existing file is replaced only when the new one is
    whole.
    """
    return write_whole(path, _render(figure, format_of(path, list(_METADATA), "a figure", format)))


def _render(figure: Figure, format: str) -> bytes:
    from matplotlib import rc_context

    target = io.BytesIO()
    with rc_context({"svg.hashsalt": "tinygrad_bp"}):  # names of parts of an SVG are random without it
        figure.savefig(target, format=format, metadata=_METADATA[format])
    return target.getvalue()


def require(*modules: str) -> None:
    """Raises ImportError, saying what to install, if one of these modules is not there."""
    for module in modules:
        try:
            importlib.import_module(module)
        except ImportError as error:
            name = {"PIL": "pillow"}.get(module, module)
            raise ImportError(f"pictures of training need {name}: pip install 'tinygrad-bp[plot]'") from error


def new_figure(width: float, height: float, palette: Palette, dpi: int = _DPI) -> Figure:
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


def plain_axes(axes: Any, palette: Palette, *, grid: bool = True) -> None:
    """Gives axes the look of the house: two sides, quiet ticks and, if wanted, lines across."""
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


def add_heading(figure: Figure, title: str, keys: Sequence[Key], palette: Palette) -> None:
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
        text.set(text=as_typed(name), parse_math=False)
    if title:
        legend.set_title(as_typed(title, 100))
        legend.get_title().set(parse_math=False, color=palette.ink, fontsize=12.5, fontweight="bold")


def as_typed(text: str, longest: int = 40) -> str:
    """A name or a title, which may hold anything, as text that a picture can show. The artist it is given to must not parse formulas."""
    return shorten(drawable(text), longest)
