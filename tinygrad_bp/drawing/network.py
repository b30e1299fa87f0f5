"""`draw_network`: neurons in columns, and a line for each weight."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Sized
from dataclasses import dataclass, field

from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import style
from tinygrad_bp.drawing.canvas import Canvas
from tinygrad_bp.drawing.columns import Grid, connections, left_out, slots_of
from tinygrad_bp.drawing.picture import Drawing
from tinygrad_bp.networks.nn import MLP, Layer, Module, Neuron
from tinygrad_bp.text import did_you_mean, shown, whole_number

Numbers = list[tuple[str, float]]  # what to write on a node, with names


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
    font_size: float = style.FONT_SIZE,
    transparent: bool = False,
    language: str = "en",
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
        font_size: of text, in points, from 1 to 500; all else grows with it.
        transparent: no ground, for a page that has its own, a light one or, with `dark`, a dark one.
        language: of the legend, "en" or "ja".

    Raises TypeError for what is no network and for `digits` and `max_neurons` that are no whole numbers, and ValueError for those out of
    range, for a number of inputs or targets that does not fit, for more lines than `max_connections` and for a highlighted thing that
    is not there.
    """
    if not isinstance(net, MLP | Layer | Neuron):
        instead = (
            "draw(model(inputs)) draws the graph of what it computes"
            if isinstance(net, Module)
            else "draw(y) draws the graph of a Value"
        )
        raise TypeError(
            f"draw_network takes an MLP, a Layer or a Neuron, not {type(net).__name__} {shown(net)}; {instead}"
        )
    layers = net.layers if isinstance(net, MLP) else [net if isinstance(net, Layer) else Layer([net])]
    looks = style.look(
        "draw_network",
        dark=dark,
        digits=digits,
        font_size=font_size,
        transparent=transparent,
        language=language,
        title=title,
    )
    digits, max_neurons = looks.digits, whole_number(max_neurons, "draw_network: max_neurons", 2)
    widths = [len(layers[0].neurons[0].weights), *(len(layer.neurons) for layer in layers)]
    for name, given, width in (("inputs", inputs, widths[0]), ("targets", targets, widths[-1])):
        if given is not None and not isinstance(given, Sized):
            raise TypeError(
                f"draw_network: {name} are numbers, {width} of them, not {type(given).__name__} {shown(given)}"
            )
        if given is not None and len(given) != width:
            raise ValueError(f"draw_network: this network takes {width} {name}, not {len(given)}")

    max_connections = whole_number(max_connections, "draw_network: max_connections", None)
    least = [[slot[0] for slot in slots_of(width, max_neurons, ()) if len(slot) == 1] for width in widths]
    _refuse_more_than(max_connections, widths, least)  # before the network is run
    case = None if inputs is None else [x if isinstance(x, Value) else Value(x) for x in inputs]
    names, numbers = _nodes(layers, case if values else None, run=activations)
    if case is not None:
        names[0] = [x.label or name for x, name in zip(case, names[0], strict=True)]
    wanted = (
        [highlight] if isinstance(highlight, Value | str) or not isinstance(highlight, Iterable) else list(highlight)
    )
    ways = _ways_to_the_outputs(layers, names, wanted) if wanted else Ways()
    columns = [
        slots_of(width, max_neurons, {place for where, place in ways.sought if where == column})
        for column, width in enumerate(widths)
    ]
    drawn = [[slot[0] for slot in slots if len(slot) == 1] for slots in columns]
    _refuse_more_than(max_connections, widths, drawn)

    written = [x for column, places in enumerate(drawn) for place in places for _, x in numbers[column][place]]
    grid = Grid(
        [len(slots) for slots in columns],
        node_reach=max([30.0, *(26 + 3.1 * len(style.write_number(x, digits)) for x in written)]),
        text_reach=_text_reach(layers, drawn, digits if values else None, gradients),
        text_height=34 if gradients and values else 19,
        crowded=bool(written) or not all(map(_shared, layers)),
    )
    canvas = Canvas(looks, values, gradients, bool(wanted))
    writer = NetworkWriter(layers, names, numbers, columns, drawn, ways, grid, canvas)
    writer.neurons()
    writer.lines()
    if targets is not None:
        writer.targets([x if isinstance(x, Value) else Value(x) for x in targets])
    dot = canvas.dot(title, writer.largest, left_out(widths, drawn, looks.say))
    return Drawing(dot, title or looks.say("picture.network", layers="-".join(map(str, widths))))


def _refuse_more_than(max_connections: int, widths: Sequence[int], drawn: Sequence[Sequence[int]]) -> None:
    count = connections(map(len, drawn))
    if count > max_connections:
        what = "the picture would have" if connections(widths) > count else "the network has"
        raise ValueError(
            f"draw_network: {what} {count:,} connections, too many to read: draw one of its layers, draw_network(net.layers[0]), "
            f"or less of each, as with max_neurons=6, or allow them with max_connections={count} (now {max_connections})"
        )


def _shared(layer: Layer) -> bool:
    """Whether all neurons of a layer have the same bias."""
    return len({neuron.bias for neuron in layer.neurons}) == 1


def _nodes(
    layers: Sequence[Layer], case: Sequence[Value] | None, *, run: bool
) -> tuple[list[list[str]], list[list[Numbers]]]:
    """Of each node, column by column, its name, and the numbers to write on it with their names."""
    width = len(layers[0].neurons[0].weights)
    names = [[f"i{k}" for k in range(1, width + 1)]]
    numbers: list[list[Numbers]] = [[[] for _ in range(width)] if case is None else [[("", x.data)] for x in case]]
    signals = list(case) if case is not None and run else None
    for depth, layer in enumerate(layers, 1):
        names.append([neuron.name or f"{depth}.{k}" for k, neuron in enumerate(layer.neurons, 1)])
        numbers.append([[] for _ in layer.neurons])
        if signals is not None:
            signals = layer(signals)
            for entries, neuron, out in zip(numbers[-1], layer.neurons, signals, strict=True):
                if neuron.activation is not None:
                    entries.append(("net", out.numbers[0]))
                entries.append(("out", out.data))
    return names, numbers


def _text_reach(layers: Sequence[Layer], drawn: Sequence[Sequence[int]], digits: int | None, gradients: bool) -> float:
    """Half the width of the widest text on a line, in points: names, and numbers if `digits` is given."""
    texts = []
    for layer, tails, places in zip(layers, drawn, drawn[1:], strict=False):
        for neuron in [layer.neurons[place] for place in places]:
            for p in [*[neuron.weights[k] for k in tails], neuron.bias]:
                texts.append(style.shorten(p.label) + (f"  {style.write_number(p.data, digits)}" if digits else ""))
                if gradients and digits:
                    texts.append(f"grad  {style.write_number(style.gradient(p), digits)}")
    return 6 + 3.1 * max(map(len, texts))


@dataclass(frozen=True)
class Ways:
    """The ways from the highlighted things to the outputs.

    Attributes:
        nodes: those on them: column and place.
        lines: those on them: layer, neuron and input, -1 for the bias.
        sought: the nodes without which the highlighted things themselves would not be seen.
    """

    nodes: set[tuple[int, int]] = field(default_factory=set)
    lines: set[tuple[int, int, int]] = field(default_factory=set)
    sought: set[tuple[int, int]] = field(default_factory=set)


def _ways_to_the_outputs(
    layers: Sequence[Layer], names: Sequence[Sequence[str]], wanted: Sequence[Value | str]
) -> Ways:
    nodes = {
        (column, place) for column, entries in enumerate(names) for place, name in enumerate(entries) if name in wanted
    }
    lines: set[tuple[int, int, int]] = set()
    sought = set(nodes)
    for depth, layer in enumerate(layers, 1):
        shared = _shared(layer)
        for place, neuron in enumerate(layer.neurons):
            for k, parameter in [*enumerate(neuron.weights), (-1, neuron.bias)]:
                itself = parameter in wanted or parameter.label in wanted
                if itself and not (shared and k == -1):  # a shared bias has a node of its own
                    sought.update({(depth, place), (depth - 1, max(k, 0))})
                if itself or (depth - 1, k) in nodes:
                    lines.add((depth, place, k))
                    nodes.add((depth, place))
    parameters = {p for layer in layers for p in layer.parameters()}
    there = {*(name for entries in names for name in entries), *(p.label for p in parameters)}
    for thing in wanted:
        if thing not in (there if isinstance(thing, str) else parameters):
            hint = did_you_mean(thing, there) if isinstance(thing, str) else ""
            raise ValueError(
                f"draw_network: highlight: {shown(thing)} is no weight, bias, neuron or input of this network{hint}"
            )
    return Ways(nodes, lines, sought)


@dataclass(frozen=True)
class NetworkWriter:
    """Puts a network on a canvas.

    Attributes:
        names, numbers: of each node, column by column, its name and what to write on it.
        columns: the slots of each column.
        drawn: of each column the places of the neurons that are drawn.
    """

    layers: Sequence[Layer]
    names: Sequence[Sequence[str]]
    numbers: Sequence[Sequence[Numbers]]
    columns: Sequence[Sequence[range]]
    drawn: Sequence[Sequence[int]]
    ways: Ways
    grid: Grid
    canvas: Canvas

    @property
    def largest(self) -> float:
        """The largest magnitude of a weight, drawn or not."""
        return style.largest_magnitude(
            [w.data for layer in self.layers for neuron in layer.neurons for w in neuron.weights]
        )

    def neurons(self) -> None:
        """The nodes of all columns."""
        for column, slots in enumerate(self.columns):
            for slot, places in enumerate(slots):
                spot, name = self.grid.at(column, slot), self.names[column][places[0]]
                lit = any((column, place) in self.ways.nodes for place in places)
                if len(places) > 1:
                    which = f"{name} to {self.names[column][places[-1]]}"
                    self.canvas.left_out(_id(column, places), len(places), which, spot, lit=lit)
                else:
                    numbers, note = self.numbers[column][places[0]], self._note(column)
                    self.canvas.neuron(_id(column, places), name, numbers, spot, lit=lit, note=note)

    def _note(self, column: int) -> str:
        """How many inputs of the neurons in a column are not drawn; empty if all are."""
        if not column:
            return ""
        inputs = len(self.names[column - 1])
        missing = inputs - len(self.drawn[column - 1])
        return f"{missing:,} of its {inputs:,} inputs are not drawn" if missing else ""

    def lines(self) -> None:
        """The lines of all weights, and the biases."""
        largest = self.largest
        for column, layer in enumerate(self.layers, 1):
            for slot, places in enumerate(self.columns[column]):
                for other, tails in enumerate(self.columns[column - 1]):
                    tail, head = _id(column - 1, tails), _id(column, places)
                    lit = any((column, j, k) in self.ways.lines for j in places for k in tails)
                    if len(tails) > 1 or len(places) > 1:
                        self.canvas.bundle(tail, head, len(tails) * len(places), lit=lit)
                    else:
                        weight = layer.neurons[places[0]].weights[tails[0]]
                        written = self.grid.written[column - 1]
                        spot = self.grid.on_line(column, slot, other) if written else None
                        self.canvas.line(tail, head, weight, largest, spot, lit=lit)
                if len(places) == 1:
                    self._bias(column, slot, places[0], largest)

    def _bias(self, column: int, slot: int, place: int, largest: float) -> None:
        """The line from a neuron's bias, and the node of that, if it is not drawn yet: one that neurons share lies under the column."""
        neurons = self.layers[column - 1].neurons
        shared = len(neurons) > 1 and _shared(self.layers[column - 1])
        node = f"b{column}" if shared else f"b{column}_{place + 1}"
        if not shared or place == 0:
            x, y = self.grid.at(column, slot)
            below = self.grid.at(column - 1, self.grid.heights[column - 1])
            users = range(len(neurons)) if shared else [place]
            lit = any((column, user, -1) in self.ways.lines for user in users)
            spot = below if shared else (x, y - self.grid.row * 0.5)
            self.canvas.bias(node, neurons[place].bias, spot, lit=lit)
        lit = (column, place, -1) in self.ways.lines
        self.canvas.line(node, f"n{column}_{place + 1}", None, largest, None, lit=lit)

    def targets(self, targets: Sequence[Value]) -> None:
        """Beside each output that is drawn, what it should be."""
        column = len(self.layers)
        for slot, places in enumerate(self.columns[-1]):
            if len(places) == 1:
                [place] = places
                label = targets[place].label or f"target_{self.names[-1][place]}"
                x, y = self.grid.at(column, slot)
                beside = x + self.grid.node_reach + 3.5 * len(label[:40]) + 40, y
                numbers = [("", targets[place].data)] if self.canvas.values else []
                self.canvas.neuron(f"t{place + 1}", label, numbers, beside, lit=False, plain=True)
                self.canvas.dotted(f"n{column}_{place + 1}", f"t{place + 1}")


def _id(column: int, places: range) -> str:
    """The name in DOT of the node for these places."""
    return f"{'n' if len(places) == 1 else 'e'}{column}_{places[0] + 1}"
