"""Where words stand beside the lines of a drawing that are spoken of one after the other: on no box, and near the middle of their line.

They may lie on each other and on lines: what is said at one time is of one box, to which lines come from different sides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Box = tuple[float, float, float, float]  # its middle, its width and its height
Curve = Sequence[Sequence[float]]  # the points of a Bézier curve, of three for each piece after the first one
Point = tuple[float, float]

HIGH = 15.0  # of words, in points
GAP = 3.0  # between words and what is beside them
SAMPLES = 24  # points of a curve
FIRST, LAST = 0.12, 0.88  # of the way along a line, where words may stand
ON_BOX = 100.0  # what it costs
_SIDES = ((0, -1), (0, 1), (-1, 0), (1, 0), (0, 0))


def beside(curves: Sequence[Curve], widths: Sequence[float], boxes: Sequence[Sequence[float]]) -> list[Point]:
    """For each curve the middle of the words beside it.

    Args:
        widths: of the words, in points.
        boxes: the middle, the width and the height of each.
    """
    rooms = [(x, y, width, height) for x, y, width, height in boxes]
    return [_spot(list(_along(curve)), width, rooms) for curve, width in zip(curves, widths, strict=True)]


def _spot(way: Sequence[Point], width: float, boxes: Sequence[Box]) -> Point:
    """Above, below, left or right of a line or on it, whichever costs least."""
    found = []
    left, right = (limit(x for x, _ in way) for limit in (min, max))
    around = (left + right) / 2, 0.0, right - left + 2 * width, float("inf")
    close = [box for box in boxes if _meet(around, box)]
    for k, (x, y) in enumerate(way):
        share = k / (len(way) - 1)
        if not FIRST <= share <= LAST:
            continue
        for number, (across, down) in enumerate(_SIDES):
            spot = x + across * (width / 2 + GAP), y + down * (HIGH / 2 + GAP), width, HIGH
            cost = ON_BOX * sum(_meet(spot, box) for box in close)
            found.append((cost + abs(share - 0.5) + number / 10, spot[:2]))
    return min(found)[1]


def _meet(a: Box, b: Box) -> bool:
    return abs(a[0] - b[0]) < (a[2] + b[2]) / 2 + GAP - 1 and abs(a[1] - b[1]) < (a[3] + b[3]) / 2 + GAP - 1


def _along(curve: Curve) -> Iterator[Point]:
    """Points along it, both ends among them."""
    pieces = (len(curve) - 1) // 3
    for step in range(SAMPLES + 1):
        piece, t = divmod(step * pieces / SAMPLES, 1)
        if piece == pieces:
            piece, t = piece - 1, 1.0
        first = 3 * int(piece)
        shares = (1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3
        x, y = (sum(s * p[axis] for s, p in zip(shares, curve[first : first + 4], strict=True)) for axis in (0, 1))
        yield x, y
