"""`draw_network`: neurons in columns, and a line for each weight.

The places of nodes and of the numbers on lines are computed here, evenly, and Graphviz keeps them. Where n lines run into each
neuron, numbers stand at 1/(n + 1) of the way from it to the line's other end: there all numbers of a layer are equally far apart.

A column is a list of slots from top to bottom, each with the places of the neurons it is for: one that is drawn, or several that are
left out.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Any

from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import style
from tinygrad_bp.drawing.rendering import Drawing
from tinygrad_bp.networks.nn import MLP, Layer, Neuron

# Of a neuron and of a layer, that lines can have their names and numbers written on them.
MOST_INPUTS, MOST_LINES = 8, 64
MOST_COUNTED = 3  # layers of which the heading says one by one how many neurons are left out


def draw_network(
    net: MLP | Layer | Neuron,
    *,
    inputs: Sequence[Value | float] | None = None,
    targets: Sequence[Value | float] | None = None,
    values: bool = True,
    activations: bool = True,
    gradients: bool = False,
    highlight: Value | str | Iterable[Value | str] = (),
    digits: int = 9,
    max_neurons: int = 16,
    max_connections: int = 1000,
    title: str = "",
    dark: bool = False,
) -> Drawing:
    """A picture of a network: a column for the inputs and for each layer, a line for each weight, a small node for each bias.

    Lines are as thick as the weight is large; blue and solid for a positive one, orange and dashed for a negative one. Where a neuron
    has more than 8 inputs or a layer more than 64 weights nothing is written on the lines; their tooltips have it.

    Of a layer too wide to read the first and the last few neurons are drawn, and between them a node that says how many are left out.
    Dotted lines stand for all weights to and from those, and the heading counts what is not drawn. Numbers on what is drawn are those of
    the whole network.

    Args:
        net: the network, or one layer or neuron.
        inputs: of one case, to be written on the input nodes. The network is run on them.
        targets: what the outputs should be, written beside them.
        values: write numbers and show the size and sign of weights; False for the names alone.
        activations: with `inputs`, write on each neuron its net input and its output.
        gradients: write under each weight and bias its gradient, as `backward()` left it.
        highlight: weights, biases or names of neurons and inputs, whose ways to the outputs stand out.
        digits: significant digits of numbers, 1 to 17.
        max_neurons: of a layer, or of inputs, of more than these only half as many are drawn, at least 2, the first and the last; what
            is highlighted is drawn besides.
        max_connections: refuse to draw more lines of weights than these.
        title: a heading.
        dark: light on dark.

    Raises TypeError for what is no network, and ValueError for a number of inputs or targets that does not fit, for more lines than
    `max_connections` and for a highlighted thing that is not there.
    """
    if not isinstance(net, MLP | Layer | Neuron):
        raise TypeError(
            f"draw_network takes an MLP, a Layer or a Neuron, not {type(net).__name__}; draw(y) draws the graph of a Value"
        )
    layers = net.layers if isinstance(net, MLP) else [net if isinstance(net, Layer) else Layer([net])]
    style.check_digits(digits)
    if not isinstance(max_neurons, int) or max_neurons < 2:
        raise ValueError(f"max_neurons is a whole number from 2 up, not {max_neurons!r}")
    widths = [len(layers[0].neurons[0].weights), *(len(layer.neurons) for layer in layers)]
    for name, case_part, wanted in (("inputs", inputs, widths[0]), ("targets", targets, widths[-1])):
        if case_part is not None and len(case_part) != wanted:
            raise ValueError(f"draw_network: this network takes {wanted} {name}, not {len(case_part)}")

    case = None if inputs is None else [x if isinstance(x, Value) else Value(x) for x in inputs]
    names, numbers = _nodes(layers, case if values else None, run=activations)
    if case is not None:
        names[0] = [x.label or name for x, name in zip(case, names[0], strict=True)]
    chosen = [highlight] if isinstance(highlight, Value | str) else list(highlight)
    lit, lit_lines, sought = _ways_to_the_outputs(layers, names, chosen)
    columns = [
        _slots(width, max_neurons, {place for where, place in sought if where == column})
        for column, width in enumerate(widths)
    ]
    drawn = [[slot[0] for slot in slots if len(slot) == 1] for slots in columns]
    count = sum(len(left) * len(right) for left, right in pairwise(drawn))
    if count > max_connections:
        what = "the network has" if drawn == [[*range(width)] for width in widths] else "the picture would have"
        raise ValueError(
            f"{what} {count:,} connections, too many to read: draw one of its layers, draw_network(net.layers[0]), "
            f"or less of each, as with max_neurons=6, or allow them with max_connections={count} (now {max_connections})"
        )

    shown = [x for column, places in enumerate(drawn) for place in places for _, x in numbers[column][place]]
    node_reach = max([30.0, *(26 + 3.1 * len(style.write_number(x, digits)) for x in shown)])
    text_reach = _text_reach(layers, drawn, digits if values else None, gradients)
    heights = [len(slots) for slots in columns]
    written = [n <= MOST_INPUTS and n * m <= MOST_LINES for n, m in pairwise(heights)]

    # In points. Where lines have texts the columns are so far apart that these are clear of the neurons.
    text_height = 34 if gradients and values else 19
    crowded = shown or any(len({neuron.bias for neuron in layer.neurons}) > 1 for layer in layers)
    row = max(
        [100 if crowded else 84, *((n + 2) * text_height for n, fits in zip(heights, written, strict=False) if fits)]
    )
    across = [0.0]
    for (n, m), fits in zip(pairwise(heights), written, strict=True):
        gap = (n + 2) * (node_reach + text_reach + 8) if fits else 2 * node_reach + 100
        across.append(across[-1] + max(180.0, min(1000.0, gap), 0.4 * row * max(n, m)))

    def at(column: int, slot: int) -> tuple[float, float]:
        return across[column], row * ((heights[column] - 1) / 2 - slot)

    canvas = _Canvas(style.DARK if dark else style.LIGHT, digits, values, gradients, bool(chosen))
    largest = style.largest_magnitude([w.data for layer in layers for neuron in layer.neurons for w in neuron.weights])
    for column, slots in enumerate(columns):
        for slot, places in enumerate(slots):
            place, spot, glows = places[0], at(column, slot), any((column, each) in lit for each in places)
            if len(places) > 1:
                first, last = names[column][place], names[column][places[-1]]
                canvas.left_out(_id(column, places), len(places), f"{first} to {last}", spot, lit=glows)
                continue
            missing = widths[column - 1] - len(drawn[column - 1]) if column else 0
            note = f"{missing:,} of its {widths[column - 1]:,} inputs are not drawn" if missing else ""
            canvas.node(_id(column, places), names[column][place], numbers[column][place], spot, lit=glows, note=note)
    for depth, layer in enumerate(layers, 1):
        shared = len({neuron.bias for neuron in layer.neurons}) == 1 and len(layer.neurons) > 1
        for slot, places in enumerate(columns[depth]):
            head, here = _id(depth, places), at(depth, slot)
            reach = max(
                1 / (heights[depth - 1] + 2), (node_reach + text_reach + 8) / (across[depth] - across[depth - 1])
            )
            for other, tails in enumerate(columns[depth - 1]):
                there = at(depth - 1, other)
                spot = (here[0] + (there[0] - here[0]) * reach, here[1] + (there[1] - here[1]) * reach)
                glows = bool(lit_lines) and any((depth, j, k) in lit_lines for j in places for k in tails)
                if len(tails) > 1 or len(places) > 1:
                    canvas.bundle(_id(depth - 1, tails), head, len(tails) * len(places), lit=glows)
                    continue
                weight = layer.neurons[places[0]].weights[tails[0]]
                canvas.line(
                    _id(depth - 1, tails), head, weight, largest, spot if written[depth - 1] else None, lit=glows
                )
            if len(places) > 1:
                continue
            place = places[0]
            bias = f"b{depth}" if shared else f"b{depth}_{place + 1}"
            glows = (depth, place, -1) in lit_lines
            if not shared or place == 0:
                spot = at(depth - 1, heights[depth - 1]) if shared else (here[0], here[1] - row * 0.5)
                canvas.bias(
                    bias,
                    layer.neurons[place].bias,
                    spot,
                    lit=any((depth, j, -1) in lit_lines for j in range(place, widths[depth])),
                )
            canvas.line(bias, head, None, largest, None, lit=glows)
    for slot, [place, *others] in enumerate([] if targets is None else columns[-1]):
        if others:
            continue
        given = targets[place]  # type: ignore[index]
        target = given if isinstance(given, Value) else Value(given)
        label = target.label or f"target_{names[-1][place]}"
        x, y = at(len(layers), slot)
        number = [("", target.data)] if values else []
        canvas.node(
            f"t{place + 1}", label, number, (x + node_reach + 3.5 * len(label[:40]) + 40, y), lit=False, plain=True
        )
        canvas.graph.edge(f"n{len(layers)}_{place + 1}", f"t{place + 1}", style="dotted", arrowhead="none")
    return Drawing(
        canvas.dot(title, largest, _not_drawn(widths, drawn)), title or f"Network {'-'.join(map(str, widths))}"
    )


def _nodes(
    layers: Sequence[Layer], case: Sequence[Value] | None, *, run: bool
) -> tuple[list[list[str]], list[list[list[tuple[str, float]]]]]:
    """Of each node, column by column, its name, and the numbers to write on it with their names."""
    width = len(layers[0].neurons[0].weights)
    names = [[f"i{k}" for k in range(1, width + 1)]]
    numbers: list[list[list[tuple[str, float]]]] = [
        [[] for _ in range(width)] if case is None else [[("", x.data)] for x in case]
    ]
    signals = list(case) if case is not None and run else None
    for depth, layer in enumerate(layers, 1):
        names.append([neuron.name or f"{depth}.{k}" for k, neuron in enumerate(layer.neurons, 1)])
        numbers.append([[] for _ in layer.neurons])
        if signals is not None:
            signals = layer(signals)
            for entries, neuron, out in zip(numbers[-1], layer.neurons, signals, strict=True):
                entries += [("net", out.args[0].data)] * (neuron.activation is not None) + [("out", out.data)]
    return names, numbers


def _slots(width: int, most: int, sought: Collection[int]) -> list[range]:
    """The slots of a column: one for each neuron, or for the first and the last of too many, those sought, and each gap between them."""
    if width <= most:
        return [range(place, place + 1) for place in range(width)]
    first, last = max(1, (most // 2 + 1) // 2), max(1, most // 4)
    drawn = sorted({*range(first), *sought, *range(width - last, width)})
    slots = []
    for place, following in pairwise([*drawn, width]):
        slots.append(range(place, place + 1))
        # Of a single neuron this is the neuron itself, which needs no more room than a node in its place.
        if following > place + 1:
            slots.append(range(place + 1, following))
    return slots


def _id(column: int, places: range) -> str:
    """The name in DOT of the node for these places."""
    return f"{'n' if len(places) == 1 else 'e'}{column}_{places[0] + 1}"


def _not_drawn(widths: Sequence[int], drawn: Sequence[Sequence[int]]) -> str:
    """A sentence that counts what is left out; empty if nothing is."""
    parts = [
        f"{width - len(places):,} of {width:,} {f'neurons of layer {column}' if column else 'inputs'}"
        for column, (width, places) in enumerate(zip(widths, drawn, strict=True))
        if width > len(places)
    ]
    if not parts:
        return ""
    if len(parts) > MOST_COUNTED:
        parts = [f"{sum(widths) - sum(map(len, drawn)):,} of {sum(widths):,} inputs and neurons"]
    every = sum(n * m for n, m in pairwise(widths))
    count = every - sum(len(left) * len(right) for left, right in pairwise(drawn))
    return f"Not drawn: {', '.join([*parts, f'{count:,} of {every:,} weights'])}"


def _text_reach(layers: Sequence[Layer], drawn: Sequence[Sequence[int]], digits: int | None, gradients: bool) -> float:
    """Half the width of the widest text on a line, in points: names, and numbers if `digits` is given."""
    texts = []
    for layer, tails, places in zip(layers, drawn, drawn[1:], strict=False):
        for neuron in [layer.neurons[place] for place in places]:
            for p in [*[neuron.weights[k] for k in tails], neuron.bias]:
                texts.append(style.shorten(p.label) + (f"  {style.write_number(p.data, digits)}" if digits else ""))
                if gradients and digits:
                    texts.append(f"grad  {style.write_number(p.grad, digits)}")
    return 6 + 3.1 * max(map(len, texts))


def _ways_to_the_outputs(
    layers: Sequence[Layer], names: Sequence[Sequence[str]], wanted: Sequence[Value | str]
) -> tuple[set[tuple[int, int]], set[tuple[int, int, int]], set[tuple[int, int]]]:
    """The nodes (column, place) on the ways from the wanted things, the lines (layer, neuron, input; -1 for the bias) on them, and the
    nodes without which the wanted things themselves would not be seen.
    """
    if not wanted:
        return set(), set(), set()
    nodes = {
        (column, place) for column, entries in enumerate(names) for place, name in enumerate(entries) if name in wanted
    }
    lines, sought = set(), set(nodes)
    for depth, layer in enumerate(layers, 1):
        shared = len({neuron.bias for neuron in layer.neurons}) == 1
        for place, neuron in enumerate(layer.neurons):
            for k, parameter in [*enumerate(neuron.weights), (-1, neuron.bias)]:
                itself = parameter in wanted or parameter.label in wanted
                if itself and not (shared and k == -1):  # a shared bias has a node of its own
                    sought.update({(depth, place), (depth - 1, max(k, 0))})
                if itself or (depth - 1, k) in nodes:
                    lines.add((depth, place, k))
                    nodes.add((depth, place))
    there = {name for entries in names for name in entries}
    for layer in layers:
        there.update(p.label for p in layer.parameters())
    parameters = {p for layer in layers for p in layer.parameters()}
    for thing in wanted:
        if thing not in (there if isinstance(thing, str) else parameters):
            hint = style.nearest(thing, there) if isinstance(thing, str) else ""
            raise ValueError(f"highlight: {thing!r} is no weight, bias, neuron or input of this network{hint}")
    return nodes, lines, sought


class _Canvas:
    """The DOT text of a network, node by node and line by line."""

    def __init__(self, palette: style.Palette, digits: int, values: bool, gradients: bool, lighting: bool) -> None:
        from graphviz import Digraph

        self.palette, self.digits, self.values, self.gradients, self.lighting = (
            palette,
            digits,
            values,
            gradients,
            lighting,
        )
        self.bundles = False  # whether weights were drawn as such
        self.signs: set[bool] = set()  # of the weights drawn so far; True for a negative one
        text = {"fontname": style.FONT, "fontsize": str(style.FONT_SIZE), "fontcolor": palette.ink}
        self.graph: Any = Digraph(
            graph_attr={
                **text, "layout": "neato", "inputscale": "72", "splines": "line", "outputorder": "edgesfirst", "bgcolor": palette.paper,
                "pad": "0.25", "labelloc": "t",
            },
            node_attr={**text, "shape": "plain"},
            edge_attr={**text, "color": palette.line, "arrowsize": "0.6"},
        )  # fmt: skip

    def node(
        self,
        node: str,
        name: str,
        numbers: Sequence[tuple[str, float]],
        spot: tuple[float, float],
        *,
        lit: bool,
        plain: bool = False,
        note: str = "",
    ) -> None:
        colour, thickness = self._border(lit)
        tip = "\n".join([name, *(f"{what} = {x!r}".lstrip(" =") for what, x in numbers), *filter(None, [note])])
        look = {
            "label": f"<{style.markup(name)}>",
            "shape": "circle",
            "width": "0.7",
            "style": "filled",
            "margin": "0.02",
        }
        if numbers or plain:
            head = f"<tr><td{style.room_for(name)}><b>{style.markup(name)}</b></td></tr>"
            rows = style.named_numbers(numbers, self.palette, self.digits) if numbers else ""
            fill = self.palette.paper if plain else self.palette.cluster
            look = {"label": style.box(head + rows, 0 if plain else int(thickness), colour, fill)}
        self.graph.node(
            node, pos=f"{spot[0]:.1f},{spot[1]:.1f}!", tooltip=style.tooltip(tip), color=colour, penwidth=thickness,
            fillcolor=self.palette.cluster, **look,
        )  # fmt: skip

    def left_out(self, node: str, count: int, which: str, spot: tuple[float, float], *, lit: bool) -> None:
        """A node that stands for neurons that are not drawn."""
        colour = self.palette.highlight if lit else self.palette.quiet
        # Dots one above another, of a sign that is in every font; ⋮ is not.
        dots = '<tr><td height="9"><font point-size="14"><b>•</b></font></td></tr>' * 3
        label = f'<{style.PLAIN_TABLE}{dots}<tr><td><font color="{colour}">{count:,} more</font></td></tr></table>>'
        tip = style.tooltip(f"{count:,} that are not drawn: {which}")
        self.graph.node(
            node, pos=f"{spot[0]:.1f},{spot[1]:.1f}!", label=label, tooltip=tip, fontcolor=colour, style="filled",
            fillcolor=self.palette.paper,
        )  # fmt: skip

    def bundle(self, tail: str, head: str, count: int, *, lit: bool) -> None:
        """A line for all weights between two nodes of which one stands for neurons that are not drawn."""
        self.bundles = True
        colour = self.palette.highlight if lit else self.palette.dim if self.lighting else self.palette.line
        tip = style.tooltip(f"{count:,} {'weight' if count == 1 else 'weights'} not drawn")
        self.graph.edge(tail, head, style="dotted", color=colour, arrowhead="none", edgetooltip=tip)

    def bias(self, node: str, bias: Value, spot: tuple[float, float], *, lit: bool) -> None:
        colour, thickness = self._border(lit)
        rows = self._written(bias)
        label = style.box(rows or "<tr><td>1</td></tr>", int(thickness), colour, self.palette.paper)
        self.graph.node(node, pos=f"{spot[0]:.1f},{spot[1]:.1f}!", label=label, tooltip=_tip(bias))

    def line(
        self, tail: str, head: str, weight: Value | None, largest: float, spot: tuple[float, float] | None, *, lit: bool
    ) -> None:
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
                self.graph.node(
                    f"{tail}_{head}", pos=f"{spot[0]:.1f},{spot[1]:.1f}!", label=label, tooltip=_tip(weight)
                )

    def dot(self, title: str, largest: float, note: str) -> str:
        keys = []
        if self.values:
            # With ways highlighted, colours tell these apart, and only dashes the sign.
            negative, positive = [self.palette.line] * 2 if self.lighting else self.palette.lines
            if False in self.signs:
                keys.append(style.line_key("positive weight", positive))
            if True in self.signs:
                keys.append(style.line_key("negative weight", negative, dashed=True))
            if largest:
                keys.append(f"<td>thickness: size, up to {style.write_number(largest, min(3, self.digits))}</td>")
        if self.lighting:
            keys.append(style.line_key("ways to the outputs", self.palette.highlight))
        if self.bundles:
            keys.append("<td>dotted: weights not drawn</td>")
        self.graph.attr(label=style.heading(title, keys, note))
        return str(self.graph.source)

    def _border(self, lit: bool) -> tuple[str, str]:
        if lit:
            return self.palette.highlight, "2"
        return self.palette.dim if self.lighting else self.palette.line, "1"

    def _written(self, parameter: Value) -> str:
        """The rows of a table: the name, and beside it the number and under that the gradient where they are wanted."""
        name = style.markup(parameter.label)
        if not self.values:
            return f"<tr><td>{name}</td></tr>" if name else ""
        numbers = [
            style.write_number(parameter.data, self.digits),
            *([style.write_number(parameter.grad, self.digits)] * self.gradients),
        ]
        names = [f'<font color="{self.palette.quiet}">{each} </font>' for each in (name, "grad")]
        rows = [
            f'<tr><td align="left"{style.room_for(parameter.label)}>{what}</td><td align="left">{number}</td></tr>'
            for what, number in zip(names, style.align_points(numbers), strict=False)
        ]
        return "".join(rows)


def _tip(parameter: Value) -> str:
    return style.tooltip(
        "\n".join([*filter(None, [parameter.label]), f"value = {parameter.data!r}", f"grad = {parameter.grad!r}"])
    )
