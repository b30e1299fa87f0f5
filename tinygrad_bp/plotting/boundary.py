"""What a network says where: the plane of two inputs, a region for each class."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from tinygrad_bp.drawing.style import DARK, LIGHT, Palette
from tinygrad_bp.networks.data import Table
from tinygrad_bp.plotting.figures import COLOURS, MARKERS, Key, add_heading, as_typed, new_figure, plain_axes, require
from tinygrad_bp.plotting.plane import Plane

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_BANDS = 4  # shades of a region, the deeper the surer
_POINTS = 220  # of the grid, to a side


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
    require("matplotlib", "numpy")
    palette = DARK if dark else LIGHT
    plane = Plane(net, table, threshold, _POINTS)
    figure = new_figure(5.6, 5.0, palette)
    axes = figure.add_subplot()
    view = View(axes, plane, palette)
    view.show()
    add_heading(figure, title, view.keys, palette)
    return figure


class View:
    """A plane in the axes of a figure. It can be shown again, for other parameters.

    Attributes:
        keys: what a legend needs to say.
    """

    def __init__(self, axes: Any, plane: Plane, palette: Palette) -> None:
        self._axes, self._plane, self._palette = axes, plane, palette
        self._colours = [COLOURS[palette][k % len(COLOURS[palette])] for k in range(len(plane.classes))]
        self._deepest: float | None = None  # the lead from which a shade is the deepest; found in what is shown first
        plain_axes(axes, palette, grid=False)
        axes.set_xlim(plane.xs[0], plane.xs[-1])
        axes.set_ylim(plane.ys[0], plane.ys[-1])
        axes.set_xlabel(as_typed(plane.columns[0])).set_parse_math(False)
        axes.set_ylabel(as_typed(plane.columns[1])).set_parse_math(False)
        self._note = axes.set_title(" ", loc="right", fontsize=9, color=palette.quiet)
        self._regions: list[Any] = []
        self._rows: list[tuple[list[int], Any]] = []  # of each class the places of its rows, and their dots
        self.keys: list[Key] = []
        self._add_rows()

    def _add_rows(self) -> None:
        from matplotlib.lines import Line2D

        plane = self._plane
        size = min(46.0, max(12.0, 5000.0 / len(plane.labels)))
        for k, (name, colour) in enumerate(zip(plane.classes, self._colours, strict=True)):
            members = [row for row, label in enumerate(plane.labels) if label == k]
            marker = MARKERS[k % len(MARKERS)]
            dots = self._axes.scatter(*plane.points[members].T, s=size, marker=marker, color=colour, zorder=4)
            self._rows.append((members, dots))
            handle = Line2D([], [], linestyle="none", marker=marker, markersize=7, color=colour, markeredgewidth=0)
            self.keys.append((handle, name))

    def show(self, numbers: Sequence[float] = ()) -> None:
        """Draws the regions, and outlines the rows in wrong ones; `numbers` are those of the plane's parameters."""
        on_grid, at_rows = self._plane.leads(numbers)
        self._show_regions(on_grid)
        self._show_rows(at_rows.argmax(axis=0))

    def _show_regions(self, leads: Any) -> None:
        import numpy as np
        from matplotlib.colors import to_rgb

        for region in self._regions:
            region.remove()
        self._regions = []
        if self._deepest is None:
            self._deepest = float(np.quantile(leads.max(axis=0), 0.9)) or 1.0
        paper = np.array(to_rgb(self._palette.paper))
        depths = np.linspace(0.13, 0.40, _BANDS)
        where = (self._plane.xs, self._plane.ys)
        for k, (lead, colour) in enumerate(zip(leads, self._colours, strict=True)):
            if lead.max() <= 0.0:
                continue
            shades = [tuple(paper + (np.array(to_rgb(colour)) - paper) * depth) for depth in depths]
            levels = [self._deepest * step / _BANDS for step in range(_BANDS)]
            levels.append(max(float(lead.max()), self._deepest) * 2)
            self._regions.append(self._axes.contourf(*where, lead, levels=levels, colors=shades, zorder=1))
            if lead.min() < 0.0 and k < len(leads) - 1:  # the border of the last class is that of the others
                ink = [self._palette.ink]
                self._regions.append(
                    self._axes.contour(*where, lead, levels=[0.0], colors=ink, linewidths=1.3, zorder=3)
                )

    def _show_rows(self, said: Any) -> None:
        """Outlines the rows whose class is not the one that the network says, and counts the others."""
        import numpy as np

        for k, (members, dots) in enumerate(self._rows):
            right = said[members] == k
            dots.set_edgecolors([self._palette.paper if each else self._palette.ink for each in right])
            dots.set_linewidths([0.6 if each else 1.5 for each in right])
        count = len(self._plane.labels)
        wrong = int((said != np.array(self._plane.labels)).sum())
        outlined = ""
        if wrong == count:
            outlined = "; all are outlined"
        elif wrong:
            outlined = "; the other one is outlined" if wrong == 1 else "; the others are outlined"
        self._note.set_text(f"{count - wrong:,} of {count:,} rows right{outlined}")
