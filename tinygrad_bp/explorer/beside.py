"""Where words beside the lines of a drawing stand: on no box, on no other words, and as far as that can be, on no line."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence

Box = tuple[float, float, float, float]  # its middle, its width and its height
Curve = Sequence[Sequence[float]]  # the points of a Bézier curve, of three for each piece after the first one
Point = tuple[float, float]

HIGH = 15.0  # of words, in points
GAP = 3.0  # between words and what is beside them
SAMPLES = 24  # points of a curve
FIRST, LAST = 0.12, 0.88  # of the way along a line, where words may stand
SWEEPS = 3  # in which all words are placed anew, since those before them were placed without them
ON_BOX, ON_WORDS, ON_LINE = 100.0, 50.0, 1.0  # what it costs
_SIDES = ((0, -1), (0, 1), (-1, 0), (1, 0), (0, 0))


def beside(
    curves: Sequence[Curve], widths: Sequence[float], boxes: Sequence[Sequence[float]], *, together: bool
) -> list[Point]:
    """For each curve the middle of the words beside it.

    Args:
        widths: of the words, in points.
        boxes: the middle, the width and the height of each.
        together: whether all words are there at the same time. Otherwise words may lie on each other and on lines: what is said at one
            time is of one box, to which lines come from different sides.
    """
    ways = [list(_along(curve)) for curve in curves]
    points = sorted((x, y, k) for k, way in enumerate(ways) for x, y in way) if together else []
    rooms = [(x, y, width, height) for x, y, width, height in boxes]
    spots = [_spots(way, width, rooms, points) for way, width in zip(ways, widths, strict=True)]
    placed = {k: found[0][1] for k, found in enumerate(spots)}
    for _ in range(SWEEPS if together else 0):
        for k, found in enumerate(spots):
            others = [spot for other, spot in placed.items() if other != k]
            least = float("inf")
            for alone, spot in found:
                if alone >= least:
                    break
                cost = alone + ON_WORDS * sum(_meet(spot, other) for other in others)
                if cost < least:
                    least, placed[k] = cost, spot
    return [(x, y) for x, y, _, _ in placed.values()]


def _spots(
    way: Sequence[Point], width: float, boxes: Sequence[Box], points: Sequence[tuple[float, float, int]]
) -> list[tuple[float, Box]]:
    """Places above, below, left and right of a line and on it, each with what it costs, the cheapest first."""
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
            low, high = spot[0] - width, spot[0] + width
            near = points[bisect_left(points, (low, 0.0, 0)) : bisect_right(points, (high, 0.0, 0))]
            level = [point for point in near if abs(spot[1] - point[1]) < HIGH]  # most of them are above or below
            lines = {line for a, b, line in level if _meet(spot, (a, b, 0.0, 0.0))}
            cost = ON_BOX * sum(_meet(spot, box) for box in close) + ON_LINE * len(lines)
            found.append((cost + abs(share - 0.5) + number / 10, spot))
    return sorted(found)


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
