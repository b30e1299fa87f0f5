"""`draw_neurons`: neurons of any graph where the caller says, in columns and rows: a recurrent network, unrolled in time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import style
from tinygrad_bp.drawing.canvas import Canvas, Spot
from tinygrad_bp.drawing.picture import Drawing
from tinygrad_bp.explanation.neurons import Unit

ROW = 104.0  # points between two rows
STAIR = 84.0  # and between two neurons of one place, each of which stands a step higher
HALF = 18.0  # the height of half a neuron, with a text's half


@dataclass(frozen=True)
class Place:
    """Where a neuron or an input stands: in a column, a row, counted upward, and as which of those that stand there together."""

    column: int
    row: int
    number: int = 0


def draw_neurons(
    neurons: Sequence[Unit],
    places: Mapping[Value, Place],
    names: Mapping[Value, str],
    *,
    left: int = 0,
    gap: int = 0,
    values: bool = True,
    title: str = "",
    digits: int = 9,
    language: str = "en",
) -> Drawing:
    """A picture of neurons: a line for each weight with its name, from what it multiplies to its neuron, and a small node for each bias.

    Args:
        neurons: those that are drawn.
        places: of each of their outputs and inputs.
        names: of inputs; the others have their numbers.
        left: how many neurons are left out.
        gap: before which column; it is empty.
        values: write numbers and show the size and sign of weights; False for the names alone.
        title: what the picture shows, for readers who do not see it.
        digits: significant digits of numbers.
        language: of the legend, "en" or "ja".
    """
    looks = style.look(
        "draw_neurons", dark=False, digits=digits, font_size=style.FONT_SIZE, transparent=False, language=language
    )
    canvas = Canvas(looks, values, gradients=False, lighting=False)
    drawn = [v for v in places if any(v is c.source for unit in neurons for c in unit.connections)]
    drawn += [unit.out for unit in neurons if not any(unit.out is v for v in drawn)]
    ids = {v: f"n{k}" for k, v in enumerate(drawn, 1)}
    weights = [c.weight for unit in neurons for c in unit.connections]
    room = _Room(neurons, places, digits if values else None)
    called = {unit.out: unit.name for unit in neurons}
    for v in drawn:
        name = called.get(v) or names.get(v, "")
        numbers = [("", v.data)] if values and name and v not in called else []
        canvas.neuron(ids[v], name or style.write_number(v.data, digits), numbers, room.at(places[v]), lit=False)
    largest = style.largest_magnitude([w.data for w in weights])
    for unit in neurons:
        head = ids[unit.out]
        for c in unit.connections:
            if c.source in ids:
                spot = room.on_line(places[unit.out], places[c.source])
                canvas.line(ids[c.source], head, c.weight, largest, spot, lit=False)
        if unit.bias is not None:
            canvas.bias(f"b{head}", unit.bias, room.beside(places[unit.out]), lit=False)
            canvas.line(f"b{head}", head, None, largest, None, lit=False)
    if left:
        row = min(places[unit.out].row for unit in neurons)
        canvas.left_out("more", left, "", room.at(Place(gap, row)), lit=False)
        for unit in neurons:
            place = places[unit.out]
            if place.row == row and place.column == gap - 1:
                canvas.dotted(ids[unit.out], "more")
            elif place.row == row and place.column == gap + 1:
                canvas.dotted("more", ids[unit.out])
    return Drawing(canvas.dot("", largest, ""), title)


class _Room:
    """How far apart neurons stand, and where texts stand on lines: clear of the neuron that they lead to."""

    def __init__(self, neurons: Sequence[Unit], places: Mapping[Value, Place], digits: int | None) -> None:
        parameters = [
            p for unit in neurons for p in [*[c.weight for c in unit.connections], unit.bias] if p is not None
        ]
        texts = [
            style.shorten(p.label) + (f"  {style.write_number(p.data, digits)}" if digits else "") for p in parameters
        ]
        written = [unit.name for unit in neurons] + [
            style.write_number(v.data, digits) if digits else "" for v in places if v.op is None
        ]
        self.text = 6 + 3.1 * max(map(len, texts))
        self.node = max(28.0, *(10 + 3.4 * len(style.shorten(each)) for each in written))
        self.counts = Counter((place.column, place.row) for place in places.values())
        self.most = max(self.counts.values())
        tallest: dict[int, int] = {}
        for (_, row), count in self.counts.items():
            tallest[row] = max(count, tallest.get(row, 1))
        stairs = {row: STAIR * (count - 1) if row else 0.0 for row, count in tallest.items()}
        self.rows = {row: row * ROW + sum(tall for below, tall in stairs.items() if below < row) for row in tallest}
        self.side = 2 * self.node + 2 * self.text + 16
        self.across = self.most * (self.side + 2 * self.text)

    def at(self, place: Place) -> Spot:
        """The middle of a place."""
        count = self.counts[place.column, place.row] or 1
        x = place.column * self.across + self.side * (place.number - (count - 1) / 2)
        return x, self.rows[place.row] + (STAIR * place.number if place.row else 0.0)

    def beside(self, place: Place) -> Spot:
        """Where the bias of a neuron stands: above it to the left, of several together on the sides where no lines to others are."""
        x, y = self.at(place)
        count = self.counts[place.column, place.row]
        right = count > 1 and place.number == count - 1
        below = count > 1 and place.number == 0
        return x + (self.node + self.text) * (1 if right else -1), y + STAIR * (-0.52 if below else 0.52)

    def on_line(self, head: Place, tail: Place) -> Spot:
        """Where a text stands on a line: clear of the neuron that it leads to, and of what leads there from beside its tail."""
        (x, y), (other_x, other_y) = self.at(head), self.at(tail)
        away_x, away_y = other_x - x, other_y - y
        clear = [(self.node + self.text) / abs(away_x)] if away_x else []
        clear += [2 * HALF / abs(away_y)] if away_y else []
        beside = self.counts[tail.column, tail.row]
        reach = min(0.6, max(min(clear), 1 / (beside + 1)))
        return x + away_x * reach, y + away_y * reach
