"""`compile`, and what it makes: a `Program`, a function of floats that is written from a recorded graph."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from typing import Any

from tinygrad_bp.core.operation import as_float
from tinygrad_bp.core.output import said
from tinygrad_bp.core.value import Value
from tinygrad_bp.program.cache import CACHE, size_of, written
from tinygrad_bp.program.instructions import Code, trace
from tinygrad_bp.program.python import Source, nested
from tinygrad_bp.text import counted


def compile(outputs: Any, inputs: Sequence[Value]) -> Program:
    """The program that computes `outputs` from `inputs`.

    Args:
        outputs: a Value or nested lists of Values; the program returns floats nested in the same way.
        inputs: the leaves that vary, each once, in the order in which the program takes their numbers.

    Every other leaf becomes a constant with the number it has now. Since a gradient is a graph, `compile([E, *grad(E, ws)], ws)`
    computes an error and its gradient.

    Raises TypeError if an output is no Value or list, an input no Value or either a set, which has no order; ValueError if an input was
    computed from others or is there twice.
    """
    return Program(trace(outputs, inputs))


class Program:
    """What `compile` makes: a function of floats.

    `program(*numbers)` takes a number for each input, by position or by name, and returns floats, nested as the outputs were.

    Attributes:
        code: the instructions.

    Calls raise TypeError for a wrong count or name of inputs and for what is no real number; and where an operation is undefined the
    error that Values raise there, naming the operation, the numbers and their labels.
    """

    def __init__(self, code: Code) -> None:
        self.code = code
        self._floats = [float] * len(code.inputs)  # what a call passes, if nothing needs to be converted

    @cached_property
    def _source(self) -> Source:
        code = self.code
        return CACHE.of(lambda: ("python", written(code)), size_of(code), lambda: Source(code))

    @property
    def inputs(self) -> list[str]:
        """The names of the inputs, which are those of the parameters."""
        return self._source.inputs

    @property
    def source(self) -> str:
        """The program as Python. Where it differs from a call of the program, a comment in it says so."""
        return self._source.text

    @cached_property
    def function(self) -> Callable[..., Any]:
        """The bare function that `source` defines: for floats only, without the checks of a call of the program."""
        return self._source.function

    def __call__(self, /, *numbers: float, **named: float) -> Any:
        """The outputs for these numbers, nested as they were given to `compile`. Raises what is said of the class.

        Args:
            numbers: of the first inputs, in their order.
            named: of the others, by a parameter's or an input's label.
        """
        if named:
            numbers = self.in_order(numbers, named)
        if [*map(type, numbers)] != self._floats:
            numbers = tuple(self.as_floats(numbers))
        try:
            return self.function(*numbers)
        except (ValueError, ArithmeticError) as error:
            return self._step_by_step(numbers, error)

    def scan(
        self,
        state: Sequence[float],
        settings: Sequence[Sequence[float]],
        table: Sequence[Sequence[float]],
        order: Sequence[int],
    ) -> tuple[list[float], list[float]]:
        """Runs the program once for each number in `order`, on that row of the table. Returns the last state, and output 0 of each time.

        All numbers are floats, in lists or tuples that stay as they are. Machine code has `iterate` for this, on buffers that it changes.

        Args:
            state: the first inputs, which the other outputs replace each time.
            settings: the inputs that come then, a row for each time; empty if there are none.
            table: rows of the last inputs; empty if there are none.
            order: which row of the table is taken, from 0, for each time.

        Raises ValueError where state, settings, table, order and program do not fit each other, and what operations raise on floats
        where they are undefined.
        """
        carried, given = len(state), len(settings[0]) if settings else 0
        settings = settings or [()] * len(order)
        columns = len(self.code.inputs) - carried - given
        table = table or ([] if columns else [()])
        self._require_fit(carried, settings, given, table, columns, order)
        _, loop = self._source.scanned(carried, given)
        found: tuple[list[float], list[float]] = loop(state, settings, table, order)
        return found

    def _require_fit(
        self,
        carried: int,
        settings: Sequence[Sequence[float]],
        given: int,
        table: Sequence[Sequence[float]],
        columns: int,
        order: Sequence[int],
    ) -> None:
        """Raises ValueError for what `scan` cannot go through, before it begins."""
        if len(self.code.outputs) != carried + 1:
            raise ValueError(
                f"scan: {counted(len(self.code.outputs), 'output')} are a number and {len(self.code.outputs) - 1} to replace the state, "
                f"which has {carried}"
            )
        if len(settings) != len(order):
            raise ValueError(
                f"scan: {counted(len(settings), 'row')} of settings for {counted(len(order), 'time')}; it takes one for each"
            )
        for name, rows, wanted in ("settings", settings, given), ("the table", table, max(columns, 0)):
            lengths = [*map(len, rows)] if order else []
            if lengths.count(wanted) < len(lengths):
                place = next(k for k, length in enumerate(lengths) if length != wanted)
                raise ValueError(
                    f"scan: row {place} of {name} has {counted(lengths[place], 'number')}, not {wanted}; the inputs are "
                    f"{', '.join(self.inputs):.60}, {carried} of them the state and {given} settings"
                )
        # Training comes by here each time that it is looked at: what takes long in a loop is asked of all at once.
        if order and not 0 <= min(order) <= max(order) < len(table):
            row_number = next(k for k in order if not 0 <= k < len(table))
            raise ValueError(f"scan: order names row {row_number}, and {_rows_there(len(table))}")

    def as_floats(self, numbers: Sequence[Any]) -> list[float]:
        """A float for each input. Raises TypeError for another count of them, and naming the input for what is no real number."""
        if len(numbers) != len(self.inputs):
            raise TypeError(
                f"program takes {len(self.inputs)} numbers ({', '.join(self.inputs):.60}), not {len(numbers)}"
            )
        return [
            as_float(x, "program", name, wants="takes a real number")
            for x, name in zip(numbers, self.inputs, strict=True)
        ]

    def in_order(self, numbers: Sequence[Any], named: Mapping[str, Any]) -> tuple[Any, ...]:
        """All inputs in order, those given by name included. Raises TypeError where they are not all there once.

        Args:
            numbers: of the first inputs, in their order.
            named: of the others, by a parameter's or an input's label.
        """
        places = {name: place for place, name in enumerate(self.inputs)}
        counts = Counter(self.code.inputs)
        places = {label: place for place, label in enumerate(self.code.inputs) if counts[label] == 1} | places
        found = dict(enumerate(numbers))
        for name, x in named.items():
            if name not in places:
                raise TypeError(f"program has no input {name!r}; its inputs are {', '.join(self.inputs):.200}")
            if places[name] in found:
                raise TypeError(f"program got input {name!r} twice")
            found[places[name]] = x
        missing = [name for place, name in enumerate(self.inputs) if place not in found]
        if missing:
            raise TypeError(f"program lacks a number for {', '.join(missing):.200}")
        return tuple(found[place] for place in sorted(found))

    def _step_by_step(self, floats: Sequence[float], error: Exception) -> Any:
        """The outputs by the rows of the table: they go on where `fsum` gives up, and name the operation that is undefined."""
        slots = list(floats)

        def number(x: int) -> float:
            return slots[x] if x >= 0 else self.code.constants[~x]

        for op, operands in self.code.instructions:
            operand_numbers = [number(x) for x in operands]
            try:
                slots.append(float(op.forward(*operand_numbers)))
            except (ValueError, ArithmeticError) as failed:
                raise op.failure(failed, operand_numbers, [self.code.labels.get(x, "") for x in operands]) from error
        return nested(self.code.shape, [number(x) for x in self.code.outputs])

    def to(self, target: Any) -> Any:
        """The same program elsewhere: "python" (this one); "llvm", machine code; "javascript", the text of an ES module; "c", the text of
        a file of C99; or on arrays.

        Arrays are those of "numpy", "jax", "torch", or of any module that follows the array API standard.

        Raises ValueError for an unknown target, ImportError where one needs a package that is not installed.
        """
        if target == "python":
            return self
        if target == "llvm":
            from tinygrad_bp.program.llvm.machine import MachineProgram

            return MachineProgram(self)
        if target == "javascript":
            from tinygrad_bp.program.javascript import javascript

            return javascript(self.code)
        if target == "c":
            from tinygrad_bp.program.c import c

            return c(self.code)
        if target in ("numpy", "jax", "torch") or hasattr(target, "asarray"):
            from tinygrad_bp.program.arrays import ArrayProgram

            return ArrayProgram(self, target)
        raise ValueError(
            f"program.to takes 'python', 'llvm', 'javascript', 'c', 'numpy', 'jax', 'torch' or an array namespace, not {target!r:.60}"
        )

    def __reduce__(self) -> tuple[Any, ...]:
        return Program, (self.code,)

    @said
    def __repr__(self) -> str:
        parts = (self.code.inputs, "input"), (self.code.instructions, "instruction"), (self.code.outputs, "output")
        return f"Program({', '.join([counted(len(things), noun) for things, noun in parts])})"


def _rows_there(count: int) -> str:
    return f"the rows are 0 to {count - 1}" if count else "the table has no rows"
