"""Points of a plane in two classes, the same every time: what a network of two inputs can be shown to learn."""

from __future__ import annotations

from math import cos, pi, sin, tau

Point = tuple[tuple[float, float], int]  # and its class, 0 or 1

INNER, OUTER = 12, 20  # points of the circles
HALF = 16  # points of a moon
ARM = 20  # points of an arm of the spiral


def _point(x: float, y: float, label: int) -> Point:
    return (round(x, 2) + 0.0, round(y, 2) + 0.0), label  # no -0.0


def circle() -> list[Point]:
    """A ring of points of class 0 around some of class 1, between -1 and 1."""
    inner = [(0.2 + 0.25 * (k % 2), tau * k / INNER) for k in range(INNER)]
    outer = [(0.85 + 0.1 * (k % 2), tau * k / OUTER) for k in range(OUTER)]
    return [_point(r * cos(a), r * sin(a), label) for label, ring in ((1, inner), (0, outer)) for r, a in ring]


def moons() -> list[Point]:
    """Two half moons, one in the other, between -1 and 1."""
    angles = [pi * k / (HALF - 1) for k in range(HALF)]
    upper = [_point((cos(a) - 0.5) / 1.5, (sin(a) - 0.25) / 1.5, 0) for a in angles]
    return upper + [_point((0.5 - cos(a)) / 1.5, (0.25 - sin(a)) / 1.5, 1) for a in angles]


def spiral() -> list[Point]:
    """Two arms that wind around each other once, between -1 and 1."""
    places = [(0.95 * k / ARM, 1.1 * tau * k / ARM) for k in range(1, ARM + 1)]
    return [
        _point(r * sin(a + half), r * cos(a + half), label) for label, half in ((0, 0.0), (1, pi)) for r, a in places
    ]


POINTS = {"circle": circle, "moons": moons, "spiral": spiral}
