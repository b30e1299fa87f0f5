"""The DOT text of a network: neurons, biases and lines, put where the caller says."""

from __future__ import annotations

import math
from collections.abc import Sequence

from graphviz import Digraph

from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import style

Spot = tuple[float, float]  # in points, from left to right and upward


class Canvas:
    """The DOT text of a network, node by node and line by line."""

    def __init__(self, look: style.Look, values: bool, gradients: bool, lighting: bool) -> None:
        self.look, self.palette, self.digits = look, look.palette, look.digits
        self.values, self.gradients, self.lighting = values, gradients, lighting
        self.bundles = False  # whether weights were drawn as such
        self.signs: set[bool] = set()  # of the weights drawn so far; True for a negative one
        self.graph = Digraph(
            graph_attr={
                **look.text, "layout": "neato", "inputscale": "72", "splines": "line", "outputorder": "edgesfirst", "bgcolor": look.ground,
                "pad": "0.25", "labelloc": "t",
            },
            node_attr={**look.text, "shape": "plain"},
            edge_attr={**look.text, "color": self.palette.line, "arrowsize": "0.6"},
        )  # fmt: skip

    def neuron(
        self,
        node: str,
        name: str,
        numbers: Sequence[tuple[str, float]],
        spot: Spot,
        *,
        lit: bool,
        plain: bool = False,
        note: str = "",
    ) -> None:
        """A node with a name and the numbers that have it: a neuron, an input or, without a frame, a target."""
        colour, thickness = self._border(lit)
        tip = "\n".join([name, *(f"{what} = {x!r}".lstrip(" =") for what, x in numbers), *filter(None, [note])])
        look = {
            "label": f"<{style.markup(name)}>",
            "shape": "circle",
            "width": f"{0.7 * self.look.factor:g}",
            "style": "filled",
            "margin": "0.02",
        }
        if numbers or plain:
            head = f"<tr><td{style.room_for(name, self.look.font_size)}><b>{style.markup(name)}</b></td></tr>"
            rows = style.named_numbers(numbers, self.palette, self.digits) if numbers else ""
            fill = self.palette.paper if plain else self.palette.cluster
            look = {"label": style.box(head + rows, 0 if plain else int(thickness), colour, fill)}
        self.graph.node(
            node, pos=self._at(spot), tooltip=style.tooltip(tip), color=colour, penwidth=thickness,
            fillcolor=self.palette.cluster, **look,
        )  # fmt: skip

    def left_out(self, node: str, count: int, which: str, spot: Spot, *, lit: bool) -> None:
        """A node that stands for neurons that are not drawn."""
        colour = self.palette.highlight if lit else self.palette.quiet
        # Dots one above another, of a sign that is in every font; ⋮ is not.
        dots = (
            f'<tr><td height="{9 * self.look.factor:.0f}"><font point-size="{14 * self.look.factor:g}"><b>•</b></font></td></tr>'
            * 3
        )
        more = self.look.say("picture.more", count=count)
        label = f'<{style.PLAIN_TABLE}{dots}<tr><td><font color="{colour}">{more}</font></td></tr></table>>'
        tip = style.tooltip(self.look.say("picture.left.which", count=count, which=which))
        self.graph.node(
            node, pos=self._at(spot), label=label, tooltip=tip, fontcolor=colour, style="filled",
            fillcolor=self.palette.paper,
        )  # fmt: skip

    def bundle(self, tail: str, head: str, count: int, *, lit: bool) -> None:
        """A line for all weights between two nodes of which one stands for neurons that are not drawn."""
        self.bundles = True
        colour = self.palette.highlight if lit else self.palette.dim if self.lighting else self.palette.line
        tip = style.tooltip(self.look.say("picture.left.bundle", weights=self.look.say("count.weight", count=count)))
        self.graph.edge(tail, head, style="dotted", color=colour, arrowhead="none", edgetooltip=tip)

    def bias(self, node: str, bias: Value, spot: Spot, *, lit: bool) -> None:
        """A small node for a bias, in which it is written."""
        colour, thickness = self._border(lit)
        rows = self._written(bias)
        label = style.box(rows or "<tr><td>1</td></tr>", int(thickness), colour, self.palette.paper)
        self.graph.node(node, pos=self._at(spot), label=label, tooltip=_tip(bias))

    def line(self, tail: str, head: str, weight: Value | None, largest: float, spot: Spot | None, *, lit: bool) -> None:
        """A line for a weight, or for a bias, which has a node to be written in; `spot` is where to write."""
        look = {}
        if weight is not None and self.values:
            size = min(1.0, abs(weight.data) / largest) if largest and not math.isnan(weight.data) else 0.0
            negative = weight.data < 0
            self.signs.add(negative)
            look = {
                "penwidth": f"{0.8 + 3.2 * size:.2f}",
                "color": self.palette.lines[not negative],
                "arrowsize": "0.5",
            }
            if negative:
                look["style"] = "dashed"
        if self.lighting:
            look["color"] = self.palette.highlight if lit else self.palette.dim
            look.setdefault("penwidth", "2" if lit else "1")
        self.graph.edge(tail, head, edgetooltip=_tip(weight) if weight is not None else "", **look)
        if weight is not None and spot is not None:
            rows = self._written(weight)
            if rows:
                label = style.box(rows, 0, self.palette.paper, self.palette.paper, padding=0)
                self.graph.node(f"{tail}_{head}", pos=self._at(spot), label=label, tooltip=_tip(weight))

    def dotted(self, tail: str, head: str) -> None:
        """A line that says what belongs together."""
        self.graph.edge(tail, head, style="dotted", arrowhead="none")

    def dot(self, title: str, largest: float, note: str) -> str:
        """The DOT text, under a heading with a legend and a note."""
        keys = []
        if self.values:
            # With ways highlighted, colours tell these apart, and only dashes the sign.
            negative, positive = [self.palette.line] * 2 if self.lighting else self.palette.lines
            if False in self.signs:
                keys.append(style.line_key(self.look.say("picture.positive"), positive))
            if True in self.signs:
                keys.append(style.line_key(self.look.say("picture.negative"), negative, dashed=True))
            if largest:
                number = style.write_number(largest, min(3, self.digits))
                keys.append(f"<td>{self.look.say('picture.thickness', number=number)}</td>")
        if self.lighting:
            keys.append(style.line_key(self.look.say("picture.ways"), self.palette.highlight))
        if self.bundles:
            keys.append(f"<td>{self.look.say('picture.dotted')}</td>")
        self.graph.attr(label=style.heading(title, keys, note, self.look.font_size))
        return str(self.graph.source)

    def _at(self, spot: Spot) -> str:
        """A spot as DOT says it. Larger text has larger distances."""
        return ",".join(f"{x * self.look.factor:.1f}" for x in spot) + "!"

    def _border(self, lit: bool) -> tuple[str, str]:
        if lit:
            return self.palette.highlight, "2"
        return self.palette.dim if self.lighting else self.palette.line, "1"

    def _written(self, parameter: Value) -> str:
        """The rows of a table: the name, and beside it the number and under that the gradient where they are wanted."""
        name = style.markup(parameter.label)
        if not self.values:
            return f"<tr><td>{name}</td></tr>" if name else ""
        shown = [parameter.data, style.gradient(parameter)] if self.gradients else [parameter.data]
        numbers = [style.write_number(x, self.digits) for x in shown]
        names = [f'<font color="{self.palette.quiet}">{each} </font>' for each in (name, "grad")]
        rows = [
            f'<tr><td align="left"{style.room_for(parameter.label, self.look.font_size)}>{what}</td><td align="left">{number}</td></tr>'
            for what, number in zip(names, style.align_points(numbers), strict=False)
        ]
        return "".join(rows)


def _tip(parameter: Value) -> str:
    return style.tooltip(
        "\n".join(
            [*filter(None, [parameter.label]), f"value = {parameter.data!r}", f"grad = {style.gradient(parameter)!r}"]
        )
    )
