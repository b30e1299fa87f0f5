"""A `Table` made of cells: which columns are inputs and targets, what stands for a missing cell, and which rows have too many of them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from tinygrad_bp.networks.data.cells import (
    Cells,
    Where,
    fail,
    finite,
    is_missing,
    is_number,
    is_truth,
    looks_like_a_number,
    what,
)
from tinygrad_bp.networks.data.preprocessing import Feature, Missing, Preprocessing, spelled
from tinygrad_bp.networks.data.table import Table
from tinygrad_bp.text import counted, shown

MOST_CLASSES = 1000
MOST_CATEGORIES = 100  # of a column to learn from
LONGEST = 200  # characters of a category
FEW = 20  # rows of which each may have a text of its own, and it is no name yet

SAY = 'missing="mean" or "drop" (--missing) says what becomes of it'


@dataclass(frozen=True)
class Wanted:
    """What a table is to be made of: the arguments of `read`."""

    target: list[str | int] | None = None
    inputs: list[str | int] | None = None
    ignore: list[str | int] = field(default_factory=list)
    classes: bool = False
    missing: str | None = None


def made(cells: Cells, wanted: Wanted, preprocessing: Preprocessing | None = None) -> Table:
    """The table, its inputs made as `preprocessing` says or as suits. Raises ValueError, naming file, row and column, as `read` does."""
    inputs, targets, ignored = _chosen(cells, wanted)
    count = len(cells.rows)
    if wanted.missing:
        cells = _without(cells, targets if wanted.missing == "mean" else [*targets, *inputs])
        if not cells.rows:
            fail(cells.name, "something is missing in each row")
    preprocessing = preprocessing or Preprocessing(
        [_feature(cells, place, wanted.missing) for place in inputs],
        wanted.missing,
        [cells.columns[place] for place in ignored],
    )
    rows = [_inputs(cells.name, preprocessing, where, [row[place] for place in inputs]) for where, row in cells.rows]
    columns, names = preprocessing.inputs, [cells.columns[place] for place in targets]
    if len(set(columns)) < len(columns):
        twice = next(name for name, times in Counter(columns).items() if times > 1)
        fail(cells.name, f"two inputs would be called {shown(twice)}: give one of the columns another name")
    about: dict[str, Any] = {
        "preprocessing": None if preprocessing.plain else preprocessing,
        "dropped": count - len(cells.rows),
    }
    if len(targets) == 1 and (wanted.classes or _has_classes(cells, targets[0])):
        kinds = _kinds(cells, targets[0], wanted.classes)
        classes = _classes(cells.name, names[0], kinds)
        number_of = {kind: k for k, kind in enumerate(classes)}
        numbered = [(row, number_of[kind]) for row, kind in zip(rows, kinds, strict=True)]
        return Table.of_classes(columns, names[0], numbered, classes, **about)
    if wanted.classes:
        fail(cells.name, f"classes are of one target, and there are {len(targets)}: {', '.join(names):.200}")
    outputs = [[_number(cells, where, row, place) for place in targets] for where, row in cells.rows]
    return Table(columns, names, rows, outputs, **about)


def _chosen(cells: Cells, wanted: Wanted) -> tuple[list[int], list[int], list[int]]:
    """The places of inputs, of targets, and of columns that are to be left out."""
    ignored = [cells.place(column) for column in wanted.ignore]
    inputs = None if wanted.inputs is None else [cells.place(column) for column in wanted.inputs]
    used = {*ignored, *(inputs or ())}
    free = [k for k in range(len(cells.columns)) if k not in used]
    targets = free[-1:] if wanted.target is None else [cells.place(column) for column in wanted.target]
    parts = {"a target": targets, "an input": inputs or [], "left out": ignored}
    told: dict[int, str] = {}
    for part, places in parts.items():
        for place in places:
            if place in told:
                column = shown(cells.columns[place])
                both = f"{part} twice" if told[place] == part else f"{told[place]} and {part}"
                fail(cells.name, f"column {column} cannot be {both}")
            told[place] = part
    if inputs is None:
        inputs = [place for place in free if place not in told]
    if not inputs or not targets:
        fail(cells.name, "a table needs a column to learn from and one to be learned")
    return inputs, targets, ignored


def _without(cells: Cells, places: Sequence[int]) -> Cells:
    """The cells without the rows in which something is missing at these places."""
    kept = [k for k, (_, row) in enumerate(cells.rows) if not any(is_missing(row[place]) for place in places)]
    index = None if cells.index is None else [cells.index[k] for k in kept]
    return Cells(cells.name, cells.columns, [cells.rows[k] for k in kept], cells.header, index)


def _feature(cells: Cells, place: int, missing: str | None) -> Feature:
    """How a column becomes inputs."""
    name, column = cells.columns[place], [row[place] for _, row in cells.rows]
    there = [cell for cell in column if not is_missing(cell)]
    if not there and missing:
        fail(cells.name, f"column {shown(name)} is empty: leave it out (ignore=, --ignore)")
    if there and all(map(is_truth, there)):
        fill = math.fsum(spelled(cell).lower() == "true" for cell in there) / len(there)
        return Feature(name, truth=True, fill=fill if missing == "mean" else None)
    if any(map(is_number, there)) or not all(isinstance(cell, str) for cell in there) or not there:
        numbers = []
        for where, row in cells.rows:
            if not is_missing(row[place]):
                numbers.append(_number(cells, where, row, place))
        return Feature(name, fill=math.fsum(x / len(numbers) for x in numbers) if missing == "mean" else None)
    for where, row in cells.rows:
        if not is_missing(row[place]) and looks_like_a_number(row[place].strip()):
            _number(cells, where, row, place)
    times = Counter(there)
    longest = max(map(len, times))
    if len(times) > MOST_CATEGORIES or longest > LONGEST or (len(times) == len(there) and len(there) >= FEW):
        each = "another one in each row" if len(times) == len(there) > 1 else f"{len(times)} different ones"
        each = f"of up to {longest:,} characters" if longest > LONGEST else each
        fail(
            cells.name,
            f"column {shown(name)} has texts, {each}, such as {shown(there[0])}: these are most likely no categories; "
            "leave it out (ignore=, --ignore)",
        )
    most = min(times, key=lambda text: (-times[text], text))
    return Feature(name, sorted(times), fill=most if missing == "mean" else None)


def _inputs(name: str, preprocessing: Preprocessing, where: Where, row: Sequence[Any]) -> list[float]:
    try:
        return preprocessing(row)
    except Missing as error:
        fail(name, f"{where}, {error}; {SAY}")
    except ValueError as error:
        fail(name, f"{where}, {error}")


def _number(cells: Cells, where: Where, row: Sequence[Any], place: int) -> float:
    """What stands in a column of a row as a float."""
    try:
        return finite(row[place])
    except ValueError as error:
        hint = f"; {SAY}" if is_missing(row[place]) else ""
        fail(cells.name, f"{where}, column {shown(cells.columns[place])}: {error}{hint}")


def _has_classes(cells: Cells, place: int) -> bool:
    """Whether a target has classes. Raises ValueError for numbers that are written as texts."""
    there = [(where, row) for where, row in cells.rows if not is_missing(row[place])]
    if all(is_number(row[place]) for _, row in there):
        return False
    if all(isinstance(row[place], str) and looks_like_a_number(row[place].strip()) for _, row in there):
        for where, row in there:
            _number(cells, where, row, place)
    return True


def _kinds(cells: Cells, place: int, numbers: bool) -> list[str]:
    """The class of each row, by its name; `numbers` says whether that may be a number."""
    name, target = cells.name, shown(cells.columns[place])
    truths = all(is_truth(row[place]) for _, row in cells.rows)
    found = []
    for where, row in cells.rows:
        cell = row[place]
        if cell is None or cell == "" or (isinstance(cell, float) and math.isnan(cell)):
            fail(name, f"{where}, column {target}: {what(cell)} among the names of classes; {SAY}")
        if numbers and (is_number(cell) or is_truth(cell)):
            if is_number(cell):
                _number(cells, where, row, place)
            cell = spelled(cell)
        if truths:
            cell = spelled(cell)
        if not isinstance(cell, str):
            fail(name, f"{where}, column {target}: {what(cell)} among the names of classes")
        if is_number(cell) and not numbers:
            words = next(str(row[place]) for _, row in cells.rows if not is_number(row[place]))
            fail(
                name,
                f"{where}, column {target}: the number {cell:.60} among the names of classes, such as {shown(words)}; "
                "classes=True (--classes) takes numbers as names",
            )
        found.append(cell)
    return found


def _classes(name: str, target: str, kinds: Sequence[str]) -> list[str]:
    """The names of the classes, in the order of the alphabet, or of numbers."""
    numbers = all(map(is_number, kinds))
    classes = sorted(set(kinds), key=lambda kind: (float(kind), kind) if numbers else (0.0, kind))
    if len(classes) < 2:
        fail(name, f"column {shown(target)} has one class only, {shown(classes[0])}: there is nothing to learn")
    if len(classes) > MOST_CLASSES:
        many = counted(len(classes), "class", "classes").replace(",", "")
        fail(name, f"column {shown(target)} has {many}; more than {MOST_CLASSES} are most likely no classes")
    return classes
