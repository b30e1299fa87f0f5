"""Tables that are built in: truth tables, points on a plane, measured penguins."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

from tinygrad_bp.core.operation import as_float
from tinygrad_bp.networks.data.cells import Cells, Where
from tinygrad_bp.networks.data.reading import read
from tinygrad_bp.networks.data.table import Table
from tinygrad_bp.networks.seeds import generator
from tinygrad_bp.text import shown, whole_number

TRUTH_TABLES: dict[str, tuple[int, int, int, int]] = {
    "xor": (0, 1, 1, 0),
    "or": (0, 1, 1, 1),
    "and": (0, 0, 0, 1),
    "nand": (1, 1, 1, 0),
}


def truth_table(name: str) -> Table:
    """ "xor", "or", "and" or "nand" of two inputs, 0 and 1, in four rows. Raises ValueError for another name."""
    if name not in TRUTH_TABLES:
        raise ValueError(f"truth tables are {', '.join(TRUTH_TABLES)}, not {shown(name)}")
    cases = [[float(a), float(b)] for a in (0, 1) for b in (0, 1)]
    return Table(["a", "b"], [f"a {name} b"], cases, [[float(x)] for x in TRUTH_TABLES[name]])


def moons(count: int = 100, noise: float = 0.1, seed: int = 0) -> Table:
    """Points on two half circles that reach into each other, half of the points on each, classes 0 and 1.

    Args:
        count: how many points there are, at least 2.
        noise: the standard deviation of what is added to each coordinate; the circles have the radius 1.
        seed: makes the noise repeatable.

    The shape is that of scikit-learn's `make_moons`; the points are evenly spaced, and then moved by the noise. Raises
    TypeError for a count that is no whole number and for noise that is no number, ValueError for fewer than 2 points and noise below 0.
    """
    count, noise = whole_number(count, "moons: count", 2), _deviation("moons", noise)
    draw = generator(seed, "moons: seed")
    upper = count // 2

    def points() -> Iterator[tuple[float, float, int]]:
        for k in range(upper):
            angle = math.pi * k / max(upper - 1, 1)
            yield math.cos(angle), math.sin(angle), 0
        for k in range(count - upper):
            angle = math.pi * k / max(count - upper - 1, 1)
            yield 1.0 - math.cos(angle), 0.5 - math.sin(angle), 1

    rows = [([x + draw.gauss(0.0, noise), y + draw.gauss(0.0, noise)], label) for x, y, label in points()]
    return Table.of_classes(["x", "y"], "moon", rows, ["0", "1"])


def spiral(count: int = 300, arms: int = 3, noise: float = 0.1, seed: int = 0) -> Table:
    """Points on arms that wind around the origin, classes 0, 1, ..., one for each arm.

    Args:
        count: how many points there are in all, at least as many as arms.
        arms: how many arms there are, at least 2.
        noise: the standard deviation, in radians, of what is added to each angle. An arm winds by 4 radians from the middle to radius 1.
        seed: makes the noise repeatable.

    Raises TypeError and ValueError as `moons` does; there are two arms or more, with a point or more on each.
    """
    arms = whole_number(arms, "spiral: arms", 2)
    count, noise = whole_number(count, "spiral: count", arms), _deviation("spiral", noise)
    draw = generator(seed, "spiral: seed")
    rows = []
    for arm in range(arms):
        share = count // arms + (arm < count % arms)
        for k in range(share):
            radius = (k + 1) / share
            angle = 4.0 * radius + 2.0 * math.pi * arm / arms + draw.gauss(0.0, noise)
            rows.append(([radius * math.cos(angle), radius * math.sin(angle)], arm))
    return Table.of_classes(["x", "y"], "arm", rows, [str(arm) for arm in range(arms)])


def penguins() -> Table:
    """342 penguins of three species, measured: length and depth of the bill and length of a flipper in mm, mass in g.

    Source: Gorman, Williams and Fraser (2014), *Ecological Sexual Dimorphism and Environmental Variability within a Community of
    Antarctic Penguins*, as in the collection palmerpenguins (Horst, Hill and Gorman, 2020), free of rights (CC0). Of its 344 birds two
    were not measured; they are left out.
    """
    return read(Path(__file__).with_name("penguins.csv"), target="species")


def bundled(name: str) -> Table:
    """The table of this name: one of `NAMES`. Raises ValueError for another."""
    if name not in NAMES:
        raise ValueError(f"there is no table {shown(name)}; the names are {', '.join(NAMES)}")
    return truth_table(name) if name in TRUTH_TABLES else _MADE[name]()


def bundled_cells(name: str) -> Cells:
    """The table of this name as it would be read, its targets among the columns. Raises ValueError for another name."""
    table = bundled(name)
    targets: Sequence[Sequence[Any]] = table.outputs
    if table.classes is not None:
        targets = [[table.classes[label]] for label in table.labels]
    rows = [
        (Where("row", k), [*row, *target]) for k, (row, target) in enumerate(zip(table.inputs, targets, strict=True), 1)
    ]
    return Cells(name, [*table.columns, *table.targets], rows)


_MADE: dict[str, Callable[[], Table]] = {"moons": moons, "spiral": spiral, "penguins": penguins}
NAMES = (*TRUTH_TABLES, *_MADE)


def _deviation(function: str, noise: float) -> float:
    number = as_float(noise, function, "noise", wants="takes a real number")
    if not 0.0 <= number < math.inf:
        raise ValueError(f"{function}: noise is a number from 0 up, not {shown(noise)}")
    return number
