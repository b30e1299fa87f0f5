"""The order in which quantities are told: each after those it was computed from, and those of one letter by their numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from tinygrad_bp.core.value import Value


def pattern(name: str) -> str:
    """What names of one series have in common: `out_o#` of out_o1, of out_o2, and of out_o2[3], which belongs to another case."""
    return re.sub(r"\d+", "#", re.sub(r"\[\d+\]$", "", name))


def by_number(order: Sequence[Value], names: Mapping[Value, str]) -> list[Value]:
    """Nodes in topological order, again in such an order, but o1, o2, o3 even where a loss takes o1, o3 and then o2."""
    series: dict[str, list[int]] = {}
    for k, v in enumerate(order):
        if v in names and v.op is not None:
            series.setdefault(pattern(names[v]), []).append(k)
    turns = {k: k for k in range(len(order))}
    for places in series.values():
        turns.update(zip(places, sorted(places, key=lambda k: _numbers(names[order[k]])), strict=True))
    if all(a == b for a, b in turns.items()):
        return list(order)
    place = {v: k for k, v in enumerate(order)}
    told: set[int] = set()
    found: list[Value] = []
    for k in range(len(order)):
        before = {turns[k]} - told
        waiting = list(before)
        while waiting:
            for x in order[waiting.pop()].operands:
                if isinstance(x, Value) and x in place and place[x] not in told and place[x] not in before:
                    before.add(place[x])
                    waiting.append(place[x])
        found += [order[each] for each in sorted(before)]
        told |= before
    return found


def _numbers(name: str) -> tuple[int, list[int]]:
    """Of a name the number of its case, and its own numbers."""
    case = re.search(r"\[(\d+)\]$", name)
    own = name[: case.start()] if case else name
    return int(case[1]) if case else 0, [int(x) for x in re.findall(r"\d+", own)]
