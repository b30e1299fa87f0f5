"""A layout in few signs: places by the steps to them, of which many are alike."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any


def in_steps(layout: dict[str, Any], lines: Iterable[tuple[int, int]]) -> dict[str, Any]:
    """The same layout, the middle of each box said by the step to it, x and y, from the middle of the one before; of the first, itself.

    The points of an edge are one list of such steps: from the middle of the box where it begins, rounded down, to its first point, and on
    from point to point. `lines` are the numbers of the boxes that the edges lead from and to.
    """
    nodes, again = layout["nodes"], layout["again"]
    edges = []
    for points, begins, (tail, _) in zip(layout["edges"], layout["begins"], lines, strict=True):
        box = nodes[tail] if begins is None else again[begins]
        both = pairwise([[math.floor(x) for x in box[:2]], *points])
        edges.append([step for (a, b), (x, y) in both for step in (x - a, y - b)])
    return {**layout, "nodes": _steps(nodes), "again": _steps(again), "edges": edges}


def _steps(boxes: Sequence[Sequence[float]]) -> list[list[float]]:
    both = pairwise([[0.0, 0.0], *boxes])
    return [[round(x - a, 1), round(y - b, 1), *others] for (a, b, *_), (x, y, *others) in both]
