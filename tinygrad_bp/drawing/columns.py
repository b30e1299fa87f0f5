"""The columns of a picture of a network: which neurons of each layer are drawn, and where.

A column is a list of slots from top to bottom, each with the places of the neurons it is for: one that is drawn, or several that are
left out. Places are computed evenly, and Graphviz keeps them. Where n lines run into each neuron, numbers stand at 1/(n + 1) of the
way from it to the line's other end: there all numbers of a layer are equally far apart.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise

from tinygrad_bp.drawing.canvas import Spot
from tinygrad_bp.words import Words

# Of a neuron and of a layer, that lines can have their names and numbers written on them.
MOST_INPUTS, MOST_LINES = 8, 64
MOST_COUNTED = 3  # layers of which the heading says one by one how many neurons are left out


def slots_of(width: int, most: int, sought: Collection[int]) -> list[range]:
    """The slots of a column: one for each neuron, or for the first and the last of too many, those sought, and each gap between them."""
    if width <= most:
        return [range(place, place + 1) for place in range(width)]
    first, last = max(1, (most // 2 + 1) // 2), max(1, most // 4)
    drawn = sorted({*range(first), *sought, *range(width - last, width)})
    slots = []
    for place, following in pairwise([*drawn, width]):
        slots.append(range(place, place + 1))
        if (
            following > place + 1
        ):  # a gap of one is that neuron itself, which needs no more room than a node in its place
            slots.append(range(place + 1, following))
    return slots


def connections(counts: Iterable[int]) -> int:
    """How many lines there are between columns of so many neurons."""
    return sum(n * m for n, m in pairwise(counts))


def left_out(widths: Sequence[int], drawn: Sequence[Sequence[int]], say: Words) -> str:
    """A sentence that counts what is left out; empty if nothing is."""
    parts = [
        say(
            "picture.left.neurons" if column else "picture.left.inputs",
            count=width - len(places),
            all=width,
            layer=column,
        )
        for column, (width, places) in enumerate(zip(widths, drawn, strict=True))
        if width > len(places)
    ]
    if not parts:
        return ""
    if len(parts) > MOST_COUNTED:
        parts = [say("picture.left.both", count=sum(widths) - sum(map(len, drawn)), all=sum(widths))]
    every = connections(widths)
    count = every - connections(map(len, drawn))
    parts.append(say("picture.left.weights", count=count, all=every))
    return say("picture.left", parts=say("say.comma").join(parts))


class Grid:
    """Where slots lie, and texts on lines, in points. Columns are so far apart that texts are clear of the neurons.

    Attributes:
        written: for each layer whether texts are written on the lines into it.
        row: how far apart neurons are.
    """

    def __init__(
        self, heights: Sequence[int], *, node_reach: float, text_reach: float, text_height: int, crowded: bool
    ) -> None:
        self.heights, self.node_reach, self.clear = heights, node_reach, node_reach + text_reach + 8
        self.written = [n <= MOST_INPUTS and n * m <= MOST_LINES for n, m in pairwise(heights)]
        texts = [(n + 2) * text_height for n, fits in zip(heights, self.written, strict=False) if fits]
        self.row = max([100 if crowded else 84, *texts])
        self.across = [0.0]
        for (n, m), fits in zip(pairwise(heights), self.written, strict=True):
            gap = (n + 2) * self.clear if fits else 2 * node_reach + 100
            self.across.append(self.across[-1] + max(180.0, min(1000.0, gap), 0.4 * self.row * max(n, m)))

    def at(self, column: int, slot: int) -> Spot:
        """The middle of a slot."""
        return self.across[column], self.row * ((self.heights[column] - 1) / 2 - slot)

    def on_line(self, column: int, slot: int, other: int) -> Spot:
        """Where a text stands on the line into a slot from the slot `other` of the column before."""
        here, there = self.at(column, slot), self.at(column - 1, other)
        reach = max(1 / (self.heights[column - 1] + 2), self.clear / (self.across[column] - self.across[column - 1]))
        return here[0] + (there[0] - here[0]) * reach, here[1] + (there[1] - here[1]) * reach
