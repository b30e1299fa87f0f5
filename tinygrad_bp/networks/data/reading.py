"""Tables from files and DataFrames. What cannot be a number, a class or a category, or is missing, is an error that says where."""

from __future__ import annotations

import json
import os
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any, cast

from tinygrad_bp.files import Source, called, packed_name, parse_json, read_text_in
from tinygrad_bp.networks.data.cells import Cells, Where, fail, one_name
from tinygrad_bp.networks.data.delimited import Dialect, delimited
from tinygrad_bp.networks.data.frames import framed, is_frame
from tinygrad_bp.networks.data.making import Wanted, made
from tinygrad_bp.networks.data.preprocessing import RULES
from tinygrad_bp.networks.data.table import Table
from tinygrad_bp.text import counted, did_you_mean, listed, shown

MOST_BYTES = 256_000_000  # that are read of a file
FORMATS = ("csv", "tsv", "json")
WESTERN = "cp1252"  # what Excel and others write where it is not UTF-8; it has the letters of latin-1
BINARY = {
    ".xlsx": "a workbook", ".xls": "a workbook", ".ods": "a workbook", ".parquet": "no text", ".feather": "no text", ".pkl": "no text",
}  # fmt: skip

Columns = str | int | Sequence[str | int]


class OtherEncoding(UserWarning):
    """A table was not in UTF-8, and was read as if it were in the encoding of Western Europe."""


def read(
    source: Any,
    target: Columns | None = None,
    format: str | None = None,
    *,
    inputs: Columns | None = None,
    ignore: Columns = (),
    classes: bool = False,
    missing: str | None = None,
    header: bool | None = None,
    delimiter: str | None = None,
    decimal: str | None = None,
    encoding: str | None = None,
) -> Table:
    """The table in a file, CSV or JSON.

    In a CSV file commas, semicolons, tabs, bars or blanks part the columns; numbers may have decimal commas where commas part none. The
    first line names the columns; where it holds what the others hold they are called c1, c2, .... A JSON file is a list of objects, one
    for each row, or an object with lists `columns` and `rows`.

    Columns of numbers, or of true and false, become inputs. A column of texts becomes an input for each text, 1 where it stands and else
    0, such as `island=Dream`. How, stands in `preprocessing` of the table, so that others become inputs in the same way.

    Args:
        source: the file, by its name, packed (.gz) or not, or an open one, such as `sys.stdin`; or in its place a DataFrame (of pandas,
            Polars, PyArrow and others, with the extra `frames`), a dictionary of columns or a list of dictionaries.
        target: the column to be learned, or several; by default the last. A column is meant by its name, or by its number from 1, where
            -1 is the last. A column of texts, or of true and false, has classes, in the order of the alphabet.
        format: "csv", "tsv" or "json"; by default what the suffix says or, if it says nothing, what the text looks like.
        inputs: the columns to learn from; by default all others.
        ignore: columns to leave out.
        classes: whether the numbers of a target are names of classes.
        missing: "mean" fills what is missing among the inputs, with the mean of a column or the most frequent of its texts, "drop" leaves
            such rows out; rows whose target is missing are left out by both. By default nothing may be missing. What stands for a
            missing cell is nothing, NaN, NA, N/A, null or ?.
        header: whether the first line names the columns; by default it does where it does not look like the others.
        delimiter: what parts columns; by default what parts all lines alike.
        decimal: "," or "."; by default what the numbers look like.
        encoding: of the file; by default what a byte order mark says, or UTF-8, or cp1252 with a warning.

    Lines that are blank between their commas are passed over, and so are columns without a name in which nothing stands. A first column
    without a name, as pandas and R write the names of rows, is no input.

    Raises ValueError, naming the file, the line or row and the column, for an empty file, for one of more than 256 MB, for a row of
    another length than the first line, for a column that is not there, is there twice or has no name, for text or nothing where a number
    should be and for NaN and infinities; OSError where the file cannot be read, ImportError for a DataFrame without narwhals.
    """
    if missing not in (None, *RULES):
        raise ValueError(f"read: missing is {listed(RULES, 'or')}, not {shown(missing)}{did_you_mean(missing, RULES)}")
    wanted = Wanted(
        target=None if target is None else one_name(target, "target"),
        inputs=None if inputs is None else one_name(inputs, "inputs"),
        ignore=one_name(ignore, "ignore"),
        classes=bool(classes),
        missing=missing,
    )
    return made(cells(source, format, Dialect(delimiter, decimal, header), encoding), wanted)


def cells(source: Any, format: str | None = None, dialect: Dialect | None = None, encoding: str | None = None) -> Cells:
    """The table in a file or a DataFrame as it was written. Raises what `read` raises of it."""
    if is_frame(source):
        return _checked(framed(source))
    name = called(source)
    if format not in (None, *FORMATS):
        raise ValueError(
            f"the format of a table is {listed(FORMATS, 'or')}, not {shown(format)}{did_you_mean(format, FORMATS)}"
        )
    suffix = "" if hasattr(source, "read") else packed_name(cast(str, source))[0].suffix.lower()
    if not (format or suffix[1:] in FORMATS or hasattr(source, "read") or os.path.exists(cast(str, source))):
        fail(name, "the name of a table should end in .csv, .tsv or .json")
    if suffix in BINARY and not format:
        fail(name, f"this is {BINARY[suffix]}: save it as CSV, or read it by pandas and give read the DataFrame")
    form = format or (suffix[1:] if suffix[1:] in FORMATS else "")
    text = _text(name, source, encoding, None if form == "json" else WESTERN)
    form = form or ("json" if text.lstrip()[:1] in ("[", "{") else "csv")
    return _checked(_json(name, text) if form == "json" else delimited(name, text, dialect or Dialect()))


def _text(name: str, source: Source, encoding: str | None, otherwise: str | None) -> str:
    try:
        text, used = read_text_in(source, MOST_BYTES, encoding, otherwise)
    except (ValueError, LookupError) as error:
        fail(name, f"this is {error}" if isinstance(error, ValueError) else f"encoding: {error}")
    if used == otherwise != encoding:
        words = f"{name}: no UTF-8, so it is read as {used}, of Western Europe; encoding= (--encoding) says otherwise"
        warnings.warn(words, OtherEncoding, stacklevel=4)
    if not text.strip():
        fail(name, "the file is empty")
    return text


def _checked(cells: Cells) -> Cells:
    """The cells. Raises ValueError for columns without a name or with that of another, no rows, and those of another length."""
    name, columns, rows = cells.name, cells.columns, cells.rows
    for place, (column, count) in enumerate(Counter(columns).items(), 1):
        if not column:
            fail(name, f"column {place} has no name")
        if count > 1:
            fail(name, f"there are two columns {shown(column)}")
    if not columns:
        fail(name, "row 1 has no columns")
    if not rows:
        fail(name, "there are names of columns, but no rows")
    for where, row in rows:
        if len(row) != len(columns):
            fail(name, f"{where} has {counted(len(row), 'field')}, and there are {counted(len(columns), 'column')}")
    return cells


def _json(name: str, text: str) -> Cells:
    try:
        content = parse_json(text, float)
    except json.JSONDecodeError as error:
        fail(name, f"line {error.lineno}: this is no JSON: {error.msg}")
    except ValueError as error:
        fail(name, str(error))
    except RecursionError:
        fail(name, "lists are nested too deeply for a table")
    if isinstance(content, dict) and isinstance(content.get("columns"), list) and isinstance(content.get("rows"), list):
        columns, rows = content["columns"], content["rows"]
        if not all(isinstance(column, str) for column in columns) or not all(isinstance(row, list) for row in rows):
            fail(name, "columns are a list of names, and rows lists of what is in them")
        return Cells(name, columns, [(Where("row", number), row) for number, row in enumerate(rows, 1)])
    if not isinstance(content, list) or not all(isinstance(row, dict) for row in content):
        fail(name, "a table is a list of objects, or an object with columns and rows")
    if not content:
        fail(name, "there are no rows")
    return _objects(name, content)


def _objects(name: str, rows: Sequence[dict[str, Any]]) -> Cells:
    """The table of objects, all of which have the keys of the first."""
    columns, known = list(rows[0]), set(rows[0])
    found = []
    for number, row in enumerate(rows, 1):
        for column in columns:
            if column not in row:
                fail(name, f"row {number} has no {shown(column)}")
        for column in row:
            if column not in known:
                fail(name, f"row {number} has {shown(column)}, which the first row has not")
        found.append((Where("row", number), [row[column] for column in columns]))
    return Cells(name, columns, found)
