"""Tables from CSV and JSON files. What cannot be a number, or is missing, is an error that says where."""

from __future__ import annotations

import csv
import io
import json
import math
import os
import re
from collections import Counter
from collections.abc import Sequence
from typing import Any, NoReturn, cast

from tinygrad_bp.files import Source, called, packed_name, parse_json, read_text
from tinygrad_bp.networks.data.table import Table
from tinygrad_bp.text import counted, did_you_mean, listed, shown, shown_json

MOST_CLASSES = 1000
MOST_BYTES = 256_000_000  # that are read of a file
FORMATS = ("csv", "tsv", "json")


def read(source: Source, target: str | Sequence[str] | None = None, format: str | None = None) -> Table:
    """The table in a file, CSV or JSON; the file is one by its name, packed (.gz) or not, or an open one, such as `sys.stdin`.

    A CSV file begins with a line that names the columns; commas, semicolons or tabs part them. A JSON file is a list of objects, one for
    each row, or an object with lists `columns` and `rows`.

    Args:
        target: the column to be learned, or several; by default the last. A column of texts has classes, in the order of the alphabet.
        format: "csv", "tsv" or "json"; by default what the suffix says or, if it says nothing, what the text looks like.

    Lines that are blank between their commas are passed over.

    Raises ValueError, naming the file, the line or row and the column, for an empty file, for one of more than 256 MB, for a row of
    another length than the first line, for a column that is not there, is there twice or has no name, for text or nothing where a number
    should be and for NaN and infinities; OSError where the file cannot be read.
    """
    targets = [target] if isinstance(target, str) else target
    if targets is not None and not (isinstance(targets, Sequence) and all(isinstance(t, str) for t in targets)):
        raise TypeError(f"read: target is the name of a column, or a list of names, not {shown(target)}")
    columns, rows = cells(source, format)
    return _table(called(source), columns, rows, targets)


def cells(source: Source, format: str | None = None) -> tuple[list[str], list[tuple[str, list[Any]]]]:
    """The names of the columns, and of each row where it stands and what is in it. Raises what `read` raises of the file."""
    name = called(source)
    if format not in (None, *FORMATS):
        raise ValueError(
            f"the format of a table is {listed(FORMATS, 'or')}, not {shown(format)}{did_you_mean(format, FORMATS)}"
        )
    suffix = "" if hasattr(source, "read") else packed_name(cast(str, source))[0].suffix.lower().removeprefix(".")
    if not (format or suffix in FORMATS or hasattr(source, "read") or os.path.exists(cast(str, source))):
        _fail(name, "the name of a table should end in .csv, .tsv or .json")
    text = _text(name, source)
    form = format or (suffix if suffix in FORMATS else "json" if text.lstrip()[:1] in ("[", "{") else "csv")
    columns, rows = _json(name, text) if form == "json" else _csv(name, text)
    _check_columns(name, columns)
    if not rows:
        _fail(name, "there are names of columns, but no rows")
    for where, row in rows:
        if len(row) != len(columns):
            _fail(name, f"{where} has {counted(len(row), 'field')}, and there are {counted(len(columns), 'column')}")
    return columns, rows


def _text(name: str, source: Source) -> str:
    try:
        text = read_text(source, MOST_BYTES)
    except ValueError as error:
        _fail(name, f"this is {error}")
    if not text.strip():
        _fail(name, "the file is empty")
    return text


def _check_columns(name: str, columns: Sequence[str]) -> None:
    for place, (column, count) in enumerate(Counter(columns).items(), 1):
        if not column:
            _fail(name, f"column {place} has no name")
        if count > 1:
            _fail(name, f"there are two columns {shown(column)}")
    if not columns:
        _fail(name, "row 1 has no columns")


def _csv(name: str, text: str) -> tuple[list[str], list[tuple[str, list[Any]]]]:
    head = re.sub('"[^"]*"', "", text.lstrip().split("\n", 1)[0])
    delimiter = max(",;\t", key=head.count)
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    found: list[tuple[str, list[Any]]] = []
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                found.append((f"line {reader.line_num}", [field.strip() for field in fields]))
    except csv.Error as error:
        _fail(name, f"line {reader.line_num}: {error}")
    if not found:
        _fail(name, "the file is empty but for separators")
    columns = found[0][1]
    if all(_is_number(column) for column in columns):
        _fail(name, f"the first line should name the columns, and it holds numbers: {', '.join(columns):.60}")
    return columns, found[1:]


def _json(name: str, text: str) -> tuple[list[str], list[tuple[str, list[Any]]]]:
    try:
        content = parse_json(text, float)
    except json.JSONDecodeError as error:
        _fail(name, f"line {error.lineno}: this is no JSON: {error.msg}")
    except ValueError as error:
        _fail(name, str(error))
    except RecursionError:
        _fail(name, "lists are nested too deeply for a table")
    if isinstance(content, dict) and isinstance(content.get("columns"), list) and isinstance(content.get("rows"), list):
        columns, rows = content["columns"], content["rows"]
        if not all(isinstance(column, str) for column in columns) or not all(isinstance(row, list) for row in rows):
            _fail(name, "columns are a list of names, and rows lists of what is in them")
        return columns, [(f"row {number}", row) for number, row in enumerate(rows, 1)]
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        _fail(name, "a table is a list of objects, or an object with columns and rows")
    if not content:
        _fail(name, "there are no rows")
    return _objects(name, content)


def _objects(name: str, rows: Sequence[dict[str, Any]]) -> tuple[list[str], list[tuple[str, list[Any]]]]:
    """The table of objects, all of which have the keys of the first."""
    columns, known = list(rows[0]), set(rows[0])
    found = []
    for number, row in enumerate(rows, 1):
        for column in columns:
            if column not in row:
                _fail(name, f"row {number} has no {shown(column)}")
        for column in row:
            if column not in known:
                _fail(name, f"row {number} has {shown(column)}, which the first row has not")
        found.append((f"row {number}", [row[column] for column in columns]))
    return columns, found


def _table(name: str, columns: list[str], rows: list[tuple[str, list[Any]]], targets: Sequence[str] | None) -> Table:
    chosen = [columns[-1]] if targets is None else list(targets)
    for column in chosen:
        place_of(name, columns, column)
        if chosen.count(column) > 1:
            _fail(name, f"column {shown(column)} cannot be a target twice")
    inputs = [column for column in columns if column not in chosen]
    if not inputs or not chosen:
        _fail(name, "a table needs a column to learn from and one to be learned")
    places = {column: place for place, column in enumerate(columns)}
    numbers = [[_finite(name, where, column, row[places[column]]) for column in inputs] for where, row in rows]
    if len(chosen) == 1 and not all(_is_number(row[columns.index(chosen[0])]) for _, row in rows):
        return _classes(name, columns, rows, inputs, numbers, chosen[0])
    outputs = [[_finite(name, where, column, row[places[column]]) for column in chosen] for where, row in rows]
    return Table(inputs, chosen, numbers, outputs)


def _classes(
    name: str,
    columns: list[str],
    rows: list[tuple[str, list[Any]]],
    inputs: list[str],
    numbers: list[list[float]],
    target: str,
) -> Table:
    place = columns.index(target)
    found: list[str] = []
    for where, row in rows:
        if not isinstance(row[place], str) or not row[place]:
            _fail(name, f"{where}, column {shown(target)}: {_what(row[place])} among the names of classes")
        if _is_number(row[place]):
            words = next(str(row[place]) for _, row in rows if not _is_number(row[place]))
            _fail(
                name,
                f"{where}, column {shown(target)}: the number {row[place]:.60} among the names of classes, such as {shown(words)}",
            )
        found.append(row[place])
    classes = sorted(set(found))
    if len(classes) < 2:
        _fail(name, f"column {shown(target)} has one class only, {shown(classes[0])}: there is nothing to learn")
    if len(classes) > MOST_CLASSES:
        _fail(
            name,
            f"column {shown(target)} has {len(classes)} classes; more than {MOST_CLASSES} are most likely no classes",
        )
    number_of = {kind: k for k, kind in enumerate(classes)}
    numbered = [(row, number_of[kind]) for row, kind in zip(numbers, found, strict=True)]
    return Table.of_classes(inputs, target, numbered, classes)


def place_of(name: str, columns: Sequence[str], column: str) -> int:
    """The place of a column. Raises ValueError, with the names there are, if there is none of this name."""
    if column not in columns:
        hint = did_you_mean(column, columns)
        _fail(name, f"there is no column {shown(column)}; the columns are {', '.join(columns):.200}{hint}")
    return list(columns).index(column)


def number(name: str, columns: Sequence[str], where: str, row: Sequence[Any], column: str) -> float:
    """What stands in a column of a row as a float. Raises ValueError for what is no finite number."""
    return _finite(name, where, column, row[list(columns).index(column)])


def _finite(name: str, where: str, column: str, cell: Any) -> float:
    if isinstance(cell, bool) or not isinstance(cell, int | float | str) or not _is_number(cell):
        _fail(name, f"{where}, column {shown(column)}: {_what(cell)} where a number should be")
    try:
        x = float(cell)
    except OverflowError:
        x = math.inf
    if not math.isfinite(x):
        _fail(name, f"{where}, column {shown(column)}: {cell!r:.40} is no finite number")
    return x


def _is_number(cell: Any) -> bool:
    if isinstance(cell, str):
        try:
            float(cell)
        except ValueError:
            return False
        return "_" not in cell
    return isinstance(cell, int | float)


def _what(cell: Any) -> str:
    if cell is None or cell == "":
        return "nothing"
    return f"the text {shown(cell)}" if isinstance(cell, str) else shown_json(cell)


def _fail(name: str, words: str) -> NoReturn:
    raise ValueError(f"{name}: {words}")
