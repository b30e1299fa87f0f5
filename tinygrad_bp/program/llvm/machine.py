"""`MachineProgram`: a program whose functions are compiled when they are first called.

The numbers are those of IEEE arithmetic: where Python would raise, infinities and NaN come out.
"""

from __future__ import annotations

import ctypes
import threading
from array import array
from collections.abc import Callable, Sequence
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from tinygrad_bp.core.output import said
from tinygrad_bp.program.cache import CACHE, size_of, written
from tinygrad_bp.program.definition import expanded
from tinygrad_bp.program.instructions import Code
from tinygrad_bp.program.llvm import calls, training
from tinygrad_bp.program.llvm.buffers import Rows, address, doubles, shared_numbers, table_numbers
from tinygrad_bp.program.llvm.compiler import compiler
from tinygrad_bp.program.llvm.native import NATIVE
from tinygrad_bp.program.python import nested

if TYPE_CHECKING:
    from tinygrad_bp.program.program import Program

# The arguments of loops that change their own numbers
TRAINING = (*[ctypes.c_void_p] * 5, ctypes.c_int64, ctypes.c_void_p, ctypes.c_int64)


class _Made:
    """What programs of one structure share: the instructions, and the functions that have been compiled."""

    def __init__(self, code: Code, optimized: bool) -> None:
        self.code = expanded(code, NATIVE, "llvm")
        self.optimized = optimized
        self.functions: dict[Any, Any] = {}
        self.lock = threading.Lock()


class MachineProgram:
    """What `program.to("llvm")` makes: `machine(*numbers)` as `program(*numbers)`, and its loops over rows, in machine code.

    Args:
        optimized: whether LLVM takes the time to make the code quicker; the numbers are the same. Only for programs that are small enough.

    Attributes:
        program: the program that it was made from.
        code: its instructions, by operations that machine code has.
        source: LLVM's text of one call.

    Raises ImportError without llvmlite (`pip install llvmlite`), ValueError for an operation that machine code has not and that no
    definition leads to.
    """

    def __init__(self, program: Program, optimized: bool = True) -> None:
        self._compiler = compiler()
        code = program.code
        self.program = program
        self._made = CACHE.of(lambda: ("llvm", optimized, written(code)), size_of(code), lambda: _Made(code, optimized))
        self.code = self._made.code

    @property
    def is_large(self) -> bool:
        """Whether the program is too large to be one function, and keeps its numbers in memory."""
        return self._layout.blocks

    @cached_property
    def source(self) -> str:
        return calls.single(self.code, self._layout)

    @cached_property
    def _call(self) -> Any:
        return self._function("call", lambda: self.source, "call", (ctypes.c_void_p, ctypes.c_void_p))

    @cached_property
    def _buffers(self) -> tuple[Any, Any]:
        return ctypes.c_double * len(self.code.inputs), ctypes.c_double * len(self.code.outputs)

    def __call__(self, /, *numbers: float, **named: float) -> Any:
        """The outputs for these numbers, nested as they were given to `compile`. Raises what a call of the program raises.

        Args:
            numbers, named: as a call of the program takes them.
        """
        if named:
            numbers = self.program.in_order(numbers, named)
        inputs, outputs = self._buffers
        try:
            given = inputs(*numbers)
        except (TypeError, IndexError, OverflowError):
            given = inputs(*self.program.as_floats(numbers))
        if len(numbers) != len(self.code.inputs):
            self.program.as_floats(numbers)
        found = outputs()
        self._call(given, found)
        return self._shaped(found)

    def bind(self, inputs: Any, outputs: Any) -> Callable[[], None]:
        """A function without arguments that reads one buffer of doubles and writes another, neither of them copied.

        Args:
            inputs: the buffer that is read, an array of the array module, of NumPy or the like, with a number for each input.
            outputs: the one that is written, with a number for each output.

        Raises TypeError for buffers of other numbers than doubles or that are not contiguous, ValueError for other lengths.
        """
        given = doubles(inputs, "inputs", len(self.code.inputs))
        found = doubles(outputs, "outputs", len(self.code.outputs))
        function, buffers = self._call, (given, found)
        inside, outside = ctypes.c_void_p(address(given)), ctypes.c_void_p(address(found))

        def call() -> None:
            function(inside, outside)

        call.__dict__["buffers"] = buffers  # which live as long as the function
        return call

    def rows(self, table: Any, shared: Sequence[float] = (), *, total: bool = False) -> Any:
        """The outputs for each row of a table, as `Rows`, or their sums.

        Args:
            table: a sequence of rows, or a two-dimensional buffer such as a NumPy array; of doubles row after row it is not copied.
            shared: the first inputs, the same for all rows. The columns of the table are the others.
            total: whether to return the sums over all rows, nested as the outputs.

        Raises ValueError for rows of another length, TypeError for what is no number.
        """
        given = shared_numbers(shared, self.program.inputs)
        count, cells = table_numbers(table, self.program.inputs, len(given))
        results = len(self.code.outputs)
        found = array("d", (0.0,)) * (results * (1 if total else count))
        function = self._function(
            ("rows", len(given), total),
            lambda: calls.rows(self.code, len(given), self._layout, total),
            "rows",
            (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p),
        )
        function(address(given), address(cells), count, address(found))
        if total:
            return self._shaped(found.tolist())
        return Rows(self.code, count, found)

    def iterate(
        self, state: array[float], settings: array[float], table: array[float], order: array[int]
    ) -> array[float]:
        """Runs the program once for each number in `order`, on that row of the table, and returns output 0 of each time.

        Arrays are of doubles, row after row, but for `order`.

        Args:
            state: the first inputs, which the other outputs replace each time, in place.
            settings: the inputs that come then, a row for each time.
            table: rows of the last inputs.
            order: which row of the table is taken, from 0, for each time: an array of 64-bit integers, `array("q")`.

        Raises TypeError for arrays of other kinds, ValueError where numbers and program do not fit each other. Where `order` names a row
        that is not there, the state is that of the time before.
        """
        state, settings, table, order = _held(state, settings, table, order)
        carried, count = len(state), len(order)
        given = len(settings) // max(count, 1)
        if len(self.code.outputs) != carried + 1:
            raise ValueError(
                f"iterate: {len(self.code.outputs)} outputs are a number and {len(self.code.outputs) - 1} to replace the state, "
                f"which has {carried}"
            )
        rows = self._count("iterate", settings, given, count, table, carried + given)
        function = self._function(
            ("iterate", carried, given),
            lambda: training.iterated(self.code, carried, given, self._layout),
            "run",
            TRAINING,
            ctypes.c_int64,
        )
        done, found = _run(function, rows, state, settings, table, order, order)
        if done < count:
            raise ValueError(f"iterate: order names row {order[done]}, and the rows are 0 to {rows - 1}")
        return found

    def descend(
        self,
        update: Program,
        state: array[float],
        settings: array[float],
        table: array[float],
        order: array[int],
        ends: array[int],
    ) -> array[float]:
        """Takes a step of gradient descent for each number in `ends`, and returns the mean losses.

        Outputs are a loss and its derivatives with respect to the parameters, which are the first inputs; the columns of the table are
        the others. Arrays are as in `iterate`.

        Args:
            update: computes from a parameter, its derivative, what is remembered of it and the settings of a step what takes their place.
            state: all parameters, then for each quantity remembered a number for each parameter; changed in place.
            settings: of the steps, a row for each.
            table: the rows to learn from.
            order: the rows in the order in which they are taken.
            ends: where each step ends: step i takes the rows that `order` names from ends[i - 1] to ends[i].

        Raises TypeError for arrays of other kinds, ValueError where numbers and programs do not fit each other or the update has an
        operation that no definition leads to; nothing is changed then.
        """
        state, settings, table, *places = _held(state, settings, table, order, ends)
        # Copies, that stay as they have been looked at: a row that is not there would be looked for all the same.
        order, ends = (array("q", each) for each in places)
        parameters, count = len(self.code.outputs) - 1, len(ends)
        given = len(settings) // max(count, 1)
        rows = self._count("descend", settings, given, count, table, parameters)
        kept = len(update.code.outputs) - 1
        if len(state) != parameters * (1 + kept) or len(update.code.inputs) != 2 + kept + given:
            raise ValueError(
                f"descend: a state of {len(state)} numbers and {given} settings do not fit {parameters} parameters and {update!r}"
            )
        if order and not 0 <= min(order) <= max(order) < rows:
            raise ValueError(
                f"descend: order names rows from {min(order)} to {max(order)}, and there are 0 to {rows - 1}"
            )
        if any(a >= b for a, b in pairwise([0, *ends])) or (ends and ends[-1] > len(order)):
            raise ValueError("descend: ends go up, from 1 at least to the length of order at most")
        step = expanded(update.code, NATIVE, "llvm")
        key = tuple(step.constants), tuple(step.instructions), tuple(step.outputs)
        function = self._function(
            ("descend", parameters, given, key),
            lambda: training.in_batches(self.code, step, parameters, given, self._layout),
            "run",
            TRAINING,
            ctypes.c_int64,
        )
        return _run(function, rows, state, settings, table, order, ends)[1]

    def _count(self, name: str, settings: Any, given: int, count: int, table: Any, before: int) -> int:
        """The number of rows of the table. Raises ValueError where settings or table do not fit."""
        columns = len(self.code.inputs) - before
        if len(settings) != given * count:
            raise ValueError(f"{name}: {len(settings)} settings are not as many for each of {count} times")
        if columns < 0 or (len(table) % columns if columns else len(table)):
            raise ValueError(
                f"{name}: {len(self.code.inputs)} inputs, of which {before} are no columns, do not fit a table of {len(table)} numbers"
            )
        return len(table) // columns if columns else 1

    def _shaped(self, numbers: Any) -> Any:
        """The outputs, nested as they were given."""
        return numbers[:] if self._flat else nested(self.code.shape, numbers)

    @cached_property
    def _flat(self) -> bool:
        return bool(self.code.shape == list(range(len(self.code.outputs))))

    @cached_property
    def _layout(self) -> calls.Layout:
        return calls.Layout.of(self.code, self._compiler.width)

    def _function(
        self, key: Any, text: Callable[[], str], name: str, arguments: Sequence[Any], result: Any = None
    ) -> Any:
        made = self._made
        with made.lock:  # whoever comes second while the first compiles waits for it
            if key not in made.functions:
                optimized = made.optimized and not self._layout.blocks
                made.functions[key] = self._compiler.function(text(), name, result, *arguments, optimized=optimized)
            return made.functions[key]

    def __reduce__(self) -> tuple[Any, ...]:
        return MachineProgram, (self.program, self._made.optimized)

    @said
    def __repr__(self) -> str:
        return f"<machine code of {self.program!r}>"


def _held(*buffers: Any) -> list[Any]:
    """Views of the arrays: while there is one, nobody can resize its array, which would move the numbers."""
    for buffer, kind in zip(buffers, "dddqq", strict=False):
        if not isinstance(buffer, array) or buffer.typecode != kind:
            raise TypeError(f"state, settings and table are array('d')s, order is an array('q'), not {buffer!r:.60}")
    return [memoryview(buffer) for buffer in buffers]


def _run(function: Any, rows: int, *buffers: Any) -> tuple[int, array[float]]:
    """Calls a loop that changes its own numbers. Returns how often it went around, and what it recorded."""
    count = len(buffers[-1])
    found = array("d", (0.0,)) * count
    done = function(*[address(buffer) for buffer in buffers], count, address(found), rows)
    return done, found
