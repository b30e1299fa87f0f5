"""Tables in memory: DataFrames of pandas, Polars, PyArrow and others (by narwhals), and plain dictionaries and lists of them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping, Sequence
from typing import Any

from tinygrad_bp.networks.data.cells import Cells, Where, fail
from tinygrad_bp.text import one_line, shown

NAME = "the table"


def is_frame(source: Any) -> bool:
    """Whether this should be a table in memory, for it is no name of a file and no open one."""
    return not (isinstance(source, str | bytes) or hasattr(source, "read") or hasattr(source, "__fspath__"))


def framed(source: Any) -> Cells:
    """The cells of a table in memory: a DataFrame, a dictionary of columns, or a list of dictionaries.

    Raises ImportError for a DataFrame where narwhals is not installed, TypeError for what is no table, ValueError for a ragged one.
    """
    if isinstance(source, Mapping):
        columns = {str(name): list(column) for name, column in source.items()}
        if len(lengths := set(map(len, columns.values()))) > 1:
            fail(NAME, f"the columns have different lengths, {min(lengths)} and {max(lengths)}")
        return _cells(list(columns), list(zip(*columns.values(), strict=True)))
    if isinstance(source, list | tuple):
        return _of_dictionaries(source)
    if not hasattr(source, "collect") and not hasattr(source, "columns"):
        raise TypeError(f"read takes a file or a DataFrame, not {type(source).__name__} {shown(source)}")
    try:
        narwhals = importlib.import_module("narwhals")
    except ImportError:
        raise ImportError(
            'DataFrames are read by narwhals: pip install "tinygrad-bp[frames]" (a dictionary of columns needs nothing)'
        ) from None
    try:
        frame = narwhals.from_native(source)
        frame = frame.collect() if isinstance(frame, narwhals.LazyFrame) else frame
    except TypeError:
        raise TypeError(f"read takes a file or a DataFrame, not {type(source).__name__} {shown(source)}") from None
    except ValueError as error:  # of two columns with one name, for instance
        fail(NAME, one_line(str(error)))
    names = [str(name) for name in frame.columns]
    index = getattr(source, "index", None)  # of pandas, which tells its rows apart
    return _cells(names, frame.rows(), list(index) if index is not None and not callable(index) else None)


def _of_dictionaries(rows: Sequence[Any]) -> Cells:
    if not rows or not all(isinstance(row, Mapping) for row in rows):
        raise TypeError(f"read takes a file, a DataFrame, or a list of dictionaries, not {shown(rows)}")
    columns = list(dict.fromkeys(str(key) for row in rows for key in row))
    return _cells(columns, [tuple(row.get(column) for column in columns) for row in rows])


def _cells(columns: list[str], rows: Sequence[Sequence[Any]], index: list[Any] | None = None) -> Cells:
    cells = [[_plain(cell) for cell in row] for row in rows]
    return Cells(NAME, columns, [(Where("row", k), row) for k, row in enumerate(cells, 1)], index=index)


def _plain(cell: Any) -> Any:
    """A cell without what stands for nothing in the library that it comes from."""
    return None if type(cell).__name__ in ("NAType", "NaTType") else cell
