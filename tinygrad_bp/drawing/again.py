"""Where a Value is drawn again, so that Graphviz has an end: a weight that each of forty steps uses would have a line through all of them.

Graphviz gives a line a bend in every column that it crosses, and places bends as it places nodes. Three weights of forty steps of a
recurrent network have 11,000 bends, which took it longer than a minute. Where there are that many, what is used far away is drawn again
beside its user, as people unroll such a network; where there are not, nothing is.
"""

from __future__ import annotations

from collections.abc import Sequence

MOST_BENDS = 3000  # of all lines, in columns of Values; half a second of Graphviz
NEAR = 16  # columns that a line of a computed Value may cross, to begin with


def again(count: int, lines: Sequence[tuple[int, int]], *, most: int = MOST_BENDS) -> list[int]:
    """For each line which drawing of its tail it begins at: 0 for the Value's own, 1 for the first one again, and so on.

    All are 0 where the lines have no more than `most` bends. Else the users in a column share a drawing of a
    leaf; and where that is not enough, one of what was computed far away from them.

    Args:
        count: of nodes, which are numbered so that each comes after those that it was computed from.
        lines: the tail and the head of each.
    """
    column = columns(count, lines)
    far = [column[head] - column[tail] for tail, head in lines]
    inner = {head for _, head in lines}
    near = NEAR
    found = [0] * len(lines)
    while bends(far, found) > most and near:
        found = _places(lines, column, inner, near)
        near //= 2
    return found


def bends(far: Sequence[int], places: Sequence[int]) -> int:
    """Those of lines that cross so many columns, but for what begins at a drawing again, right beside its head."""
    return sum(max(0, crossed - 1) for crossed, place in zip(far, places, strict=True) if not place)


def _places(lines: Sequence[tuple[int, int]], column: Sequence[int], inner: set[int], near: int) -> list[int]:
    users: dict[int, list[int]] = {}  # of each tail its lines
    for number, (tail, _) in enumerate(lines):
        users.setdefault(tail, []).append(number)
    found = [0] * len(lines)
    for tail, numbers in users.items():
        first = column[tail] + (near if tail in inner else 1)
        place, last = 0, first
        for number in sorted(numbers, key=lambda number: column[lines[number][1]]):
            at = column[lines[number][1]]
            if at > last:
                place, last = place + 1, at
            found[number] = place
    return found


def columns(count: int, lines: Sequence[tuple[int, int]]) -> list[int]:
    """In which column each node lies, about: as Graphviz has it, where lines are short."""
    tails: list[list[int]] = [[] for _ in range(count)]
    heads: list[list[int]] = [[] for _ in range(count)]
    for tail, head in lines:
        tails[head].append(tail)
        heads[tail].append(head)
    column = [0] * count
    held = [0] * count  # how many operands hold a node where it is: those that do not come along with it
    for v in range(count):
        inner = [tail for tail in tails[v] if tails[tail]]
        column[v] = 1 + max((column[tail] for tail in inner), default=0)
        held[v] = sum(held[tail] > 0 or len(heads[tail]) > 1 for tail in inner)
    for v in reversed(range(count)):
        latest = min((column[head] for head in heads[v]), default=column[v] + 1) - 1
        if not tails[v] or len(heads[v]) > held[v]:
            column[v] = max(column[v], latest) if tails[v] else latest
    return column
