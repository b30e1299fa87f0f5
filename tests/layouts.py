"""The layout of a page with its places again, which pages have in steps."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import accumulate
from typing import Any


def placed(layout: Any, edges: Iterable[tuple[int, int]]) -> dict[str, Any]:
    """The same with the middles of boxes and the points of edges, each from a box to another, from the upper left corner."""

    def boxes(steps: Any) -> list[list[float]]:
        xs, ys = (list(accumulate(step[k] for step in steps)) for k in (0, 1))
        return [[round(x, 1), round(y, 1), *others] for x, y, (_, _, *others) in zip(xs, ys, steps, strict=True)]

    nodes, again = boxes(layout["nodes"]), boxes(layout["again"])
    curves = []
    for steps, begins, (tail, _) in zip(layout["edges"], layout["begins"], edges, strict=True):
        start = map(math.floor, (nodes[tail] if begins is None else again[begins])[:2])
        xs, ys = (list(accumulate(steps[k::2], initial=x))[1:] for k, x in enumerate(start))
        curves.append(list(zip(xs, ys, strict=True)))
    return {**layout, "nodes": nodes, "again": again, "edges": curves}
