"""Where the nodes and edges of a computation graph lie: Graphviz says it when the page is written."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tinygrad_bp.core.order import owners
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.drawing.rendering import run
from tinygrad_bp.explanation.neurons import Unit

POINTS = 72.0  # an inch, in which Graphviz counts
NARROWEST, WIDEST, HEIGHT = 134.0, 172.0, 60.0  # of a node, in points
CONSTANT = 34.0, 22.0


def layout(order: Sequence[Value], names: Mapping[Value, str], members: Sequence[Sequence[Value]]) -> dict[str, Any]:
    """The places of all nodes and edges, from left to right, in points from the upper left corner.

    Args:
        members: the groups that should lie together.

    Returns a dictionary of `width` and `height`; `nodes`, for each node its middle and its size; and `edges`, for each edge the points of
    its Bézier curve. Raises RuntimeError where no Graphviz is there.
    """
    place = {v: k for k, v in enumerate(order)}
    sizes = [_size(v, names.get(v, "")) for v in order]
    lines = ["digraph {", 'rankdir="LR"; nodesep="0.22"; ranksep="0.6"; node [shape="box", fixedsize="true"];']
    lines += [
        f'n{k} [width="{width / POINTS:.4f}", height="{height / POINTS:.4f}"];'
        for k, (width, height) in enumerate(sizes)
    ]
    for number, group in enumerate(members):
        lines.append(
            f'subgraph "cluster_{number}" {{ margin="14"; label=" "; fontsize="12"; {" ".join(f"n{place[v]};" for v in group)} }}'
        )
    edges = [(place[arg], place[v]) for v in order for arg in v.args]
    lines += [f"n{tail} -> n{head};" for tail, head in edges]
    lines.append("}")
    return run("\n".join(lines), "plain", lambda returned: _read(returned, sizes, edges), "explore a part of the graph")


def _size(v: Value, name: str) -> tuple[float, float]:
    if isinstance(v, Constant):
        return CONSTANT
    wide = sum(2 if ord(c) > 0x2E7F else 1 for c in name)
    return min(WIDEST, max(NARROWEST, 6.6 * wide + 36.0)), HEIGHT


def _read(returned: bytes, sizes: Sequence[tuple[float, float]], edges: Sequence[tuple[int, int]]) -> dict[str, Any]:
    """Graphviz's plain format: a line for each node and edge, in inches from the lower left corner.

    Raises ValueError for what is not that, and where a node or an edge is missing.
    """
    width = height = 0.0
    places: dict[int, tuple[float, float]] = {}
    curves: dict[tuple[int, int], list[list[list[float]]]] = {}
    kind = ""
    try:
        for line in returned.decode().splitlines():
            kind, *words = line.split(" ")
            if kind == "graph":
                width, height = _points(words[1:3])
            elif kind == "node":
                x, y = _points(words[1:3])
                places[int(words[0][1:])] = x, height - y
            elif kind == "edge":
                numbers = _points(words[3 : 3 + 2 * int(words[2])])
                points = [[x, height - y] for x, y in zip(numbers[::2], numbers[1::2], strict=True)]
                curves.setdefault((int(words[0][1:]), int(words[1][1:])), []).append(points)
    except (ValueError, IndexError):
        raise ValueError("returned no layout") from None
    if (
        kind != "stop"
        or places.keys() != set(range(len(sizes)))
        or Counter({e: len(c) for e, c in curves.items()}) != Counter(edges)
    ):
        raise ValueError("returned a layout that is not whole")
    nodes = [[*places[number], *size] for number, size in enumerate(sizes)]
    return {
        "width": round(width, 1),
        "height": round(height, 1),
        "nodes": [[round(x, 1) for x in node] for node in nodes],
        "edges": [[[round(x, 1) for x in point] for point in curves[edge].pop(0)] for edge in edges],
    }


def _points(inches: Sequence[str]) -> list[float]:
    """Lengths as Graphviz writes them, in points. Raises ValueError for none and for what is no finite number."""
    numbers = [float(word) * POINTS for word in inches]
    if not numbers or not all(map(math.isfinite, numbers)):
        raise ValueError
    return numbers


def groups(order: Sequence[Value], units: Sequence[Unit]) -> list[list[Value]]:
    """For each neuron the nodes in it: its output, its net input and what they alone were computed from, weights included."""
    outside: dict[Value, int | None] = {c.source: None for unit in units for c in unit.connections}
    ends = {v: number for number, unit in enumerate(units) for v in (unit.net, unit.out)}
    owner = owners(order, {**outside, **ends})
    return [[v for v in order if owner[v] == number] for number in range(len(units))]
