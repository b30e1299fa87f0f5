"""Numbers that Python and machine code share: doubles that lie in memory one after another, not copied where they do already."""

from __future__ import annotations

import ctypes
from array import array
from collections.abc import Sequence
from typing import Any

from tinygrad_bp.core.operation import as_float
from tinygrad_bp.core.output import said
from tinygrad_bp.program.instructions import Code
from tinygrad_bp.program.python import nested
from tinygrad_bp.text import counted, shown

WANTS = "takes a real number"


class Rows(Sequence[Any]):
    """The outputs for each row of a table, nested as the outputs are: `rows[3]`, a list of all by `rows[:]`.

    `numpy.asarray(rows)` is an array of shape (rows, outputs), not a copy.

    Attributes:
        numbers: all outputs, row after row.
    """

    def __init__(self, code: Code, count: int, numbers: array[float]) -> None:
        self.numbers = numbers
        self._code = code
        self._count = count

    def __len__(self) -> int:
        return self._count

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return [self[k] for k in range(*place.indices(self._count))]
        k = range(self._count)[place]
        width = len(self._code.outputs)
        return nested(self._code.shape, self.numbers[k * width : (k + 1) * width])

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Any:
        import numpy

        found = numpy.frombuffer(self.numbers) if self.numbers else numpy.empty(0)
        return numpy.array(found.reshape(self._count, len(self._code.outputs)), dtype=dtype, copy=copy or None)

    @said
    def __repr__(self) -> str:
        return f"<the outputs of {self._count} rows>"


def shared_numbers(numbers: Any, names: Sequence[str]) -> Any:
    """The numbers as a buffer of doubles, which they may be already; errors name them.

    Raises ValueError for a buffer of more dimensions than one and more numbers than inputs, TypeError for what is no number.
    """
    view = _view(numbers)
    if view is not None and view.ndim != 1:
        raise ValueError(f"shared is one number after another, not of the shape {view.shape}")
    if view is None:
        try:
            numbers = list(numbers)
        except TypeError:
            raise TypeError(
                f"shared is a sequence of numbers, one for each of the first inputs, not {type(numbers).__name__} {shown(numbers)}"
            ) from None
    if len(numbers) > len(names):
        raise ValueError(f"shared has {len(numbers)} numbers, and the program has {counted(len(names), 'input')}")
    if view is not None and view.format == "d" and view.c_contiguous and not view.readonly:
        return view
    return array(
        "d", [as_float(x, "each of shared", label=name, wants=WANTS) for x, name in zip(numbers, names, strict=False)]
    )


def table_numbers(table: Any, names: Sequence[str], shared: int) -> tuple[int, Any]:
    """The number of rows of a table, and their numbers one after another. The columns are the inputs after the shared ones.

    Raises ValueError for rows of another length, TypeError for what is no table or no number.
    """
    columns = len(names) - shared
    rows: Any = table
    view = _view(table)
    if view is not None:
        if view.ndim != 2 or view.shape is None or view.shape[1] != columns:
            raise ValueError(f"the table has the shape {view.shape}, and the program takes (rows, {columns})")
        if view.format == "d" and view.c_contiguous:
            return view.shape[0], array("d", view.tobytes()) if view.readonly else view
        try:
            rows = view.tolist()
        except NotImplementedError:
            raise TypeError("a table in a buffer holds numbers of this machine's own types") from None
    try:
        rows = [list(row) for row in rows]
    except TypeError:
        raise TypeError(
            f"a table is a sequence of rows, each a sequence of numbers, not {type(table).__name__} {table!r:.60}"
        ) from None
    for number, row in enumerate(rows, 1):
        if len(row) != columns:
            raise ValueError(
                f"row {number} has {len(row)} numbers, and the program takes {columns} in each: it has {len(names)} inputs, of which "
                f"{shared} are shared by all rows"
            )
    cells = [
        as_float(x, f"row {number}", label=name, wants=WANTS)
        for number, row in enumerate(rows, 1)
        for name, x in zip(names[shared:], row, strict=True)
    ]
    return len(rows), array("d", cells)


def _view(numbers: Any) -> memoryview | None:
    try:
        return memoryview(numbers)
    except TypeError:
        return None


def doubles(numbers: Any, what: str, length: int) -> memoryview:
    """So many doubles as a view of them. Raises TypeError and ValueError for other buffers, and where there is none."""
    try:
        view = memoryview(numbers)
    except TypeError:
        raise TypeError(f"{what}: a buffer of doubles, such as array('d', ...), not {type(numbers).__name__}") from None
    for fits, wanted in (
        (view.format == "d", "numbers that are doubles"),
        (view.c_contiguous, "numbers without gaps between them"),
        (not view.readonly, "a buffer that may be written to"),
    ):
        if not fits:
            raise TypeError(f"{what}: bind needs {wanted}")
    if view.nbytes != 8 * length:
        raise ValueError(f"{what}: {length} doubles, not {view.nbytes // 8}")
    return view


def address(buffer: Any) -> int:
    """Where the numbers of a writable buffer lie in memory."""
    view = memoryview(buffer)
    return ctypes.addressof(ctypes.c_char.from_buffer(view.cast("B"))) if view.nbytes else 0
