"""A program as machine code, by LLVM.

The numbers are those of IEEE arithmetic: where Python would raise, infinities and NaN come out.
"""

from __future__ import annotations

import ctypes
import operator
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import chain
from time import perf_counter
from typing import TYPE_CHECKING, Any

from tinygrad_bp.operation import as_float
from tinygrad_bp.program.code import Code, refuse_own_operations
from tinygrad_bp.program.llvm import functions
from tinygrad_bp.program.llvm.numbers import Real, Writer
from tinygrad_bp.program.python import nested

if TYPE_CHECKING:
    from tinygrad_bp.program import Program

OPTIMISED = 20_000  # instructions; beyond, optimising takes longer than most will ever run the program
BLOCK = 2_000  # instructions in a function of a program that large
TURN = 0.05  # seconds of machine code between two looks at Python: for Ctrl-C and progress


@dataclass(frozen=True)
class Trained:
    """What training leaves.

    Attributes:
        parameters: their numbers after the last step.
        losses: output 0 at each step, before its update.
    """

    parameters: list[float]
    losses: array[float]


def _sgd(w: Writer, p: Real, gradient: Real, moments: list[Real], s: dict[str, Real]) -> tuple[Real, list[Real]]:
    return p - s["rate"] * gradient, []


def _momentum(w: Writer, p: Real, gradient: Real, moments: list[Real], s: dict[str, Real]) -> tuple[Real, list[Real]]:
    velocity = s["momentum"] * moments[0] + gradient
    return p - s["rate"] * velocity, [velocity]


def _adam(w: Writer, p: Real, gradient: Real, moments: list[Real], s: dict[str, Real]) -> tuple[Real, list[Real]]:
    m = s["beta1"] * moments[0] + (1.0 - s["beta1"]) * gradient
    v = s["beta2"] * moments[1] + (1.0 - s["beta2"]) * (gradient * gradient)
    deviation = w.intrinsic("sqrt", v) / w.intrinsic("sqrt", 1.0 - s["power_beta2"]) + s["epsilon"]
    return p - s["rate"] / (1.0 - s["power_beta1"]) * (m / deviation), [m, v]


class MachineProgram:
    """What `program.to("llvm")` makes: `machine(*numbers)` as `program(*numbers)`, and its loops over rows, in machine code.

    Attributes:
        program: the program that it was made from.
        source: LLVM's text of one call.

    Raises ImportError without llvmlite (`pip install "tinygrad-bp[llvm]"`), ValueError for an operation of your own.
    """

    def __init__(self, program: Program) -> None:
        try:
            import llvmlite.binding
        except ImportError as error:
            raise ImportError('machine code needs llvmlite: pip install "tinygrad-bp[llvm]"') from error
        refuse_own_operations(program.code, "llvm")
        self.program = program
        self._llvm = llvmlite.binding
        self._compiled: dict[Any, tuple[Any, Any]] = {}

    @property
    def code(self) -> Code:
        return self.program.code

    @cached_property
    def source(self) -> str:
        return functions.single(self.code, BLOCK if len(self.code.instructions) > OPTIMISED else None, self._width)

    @cached_property
    def _call(self) -> Any:
        return self._function("call", lambda: self.source, "call", (ctypes.c_void_p, ctypes.c_void_p))

    @cached_property
    def _buffers(self) -> tuple[Any, Any]:
        return ctypes.c_double * len(self.code.inputs), ctypes.c_double * len(self.code.outputs)

    def __call__(self, *numbers: float, **named: float) -> Any:
        if named:
            numbers = self.program.in_order(numbers, named)
        inputs, outputs = self._buffers
        try:
            given = inputs(*numbers)
        except (TypeError, IndexError):
            given = inputs(*self.program.as_floats(numbers))
        if len(numbers) != len(self.code.inputs):
            self.program.as_floats(numbers)
        found = outputs()
        self._call(given, found)
        return self._shaped(found)

    def bind(self, inputs: Any, outputs: Any) -> Callable[[], None]:
        """A function without arguments that reads one buffer of doubles and writes another, neither of them copied.

        Buffers are arrays of the array module, NumPy arrays and the like. Raises TypeError for buffers of other numbers than doubles or
        that are not contiguous, ValueError for another length than that of the inputs and of the outputs.
        """
        given = _buffer(inputs, "inputs", len(self.code.inputs))
        found = _buffer(outputs, "outputs", len(self.code.outputs))
        bound = partial(self._call, ctypes.c_void_p(_address(given)), ctypes.c_void_p(_address(found)))
        bound.__dict__["needs"] = self, given, found  # the code and the buffers live as long as the function
        return bound

    def rows(self, table: Any, shared: Sequence[float] = (), *, total: bool = False) -> Any:
        """The outputs for each row of a table, as a memoryview of shape (rows, outputs); with `total` their sums, nested as the outputs.

        The first inputs are `shared` by all rows, the others are the columns. The table is a sequence of rows or a two-dimensional
        buffer of doubles. Raises ValueError for rows of another length.
        """
        count, cells = self._table(table, len(self.code.inputs) - len(shared))
        given = self._shared(shared)
        results = len(self.code.outputs)
        found = array("d", (0.0,)) * (results * (1 if total else count))
        function = self._function(
            ("rows", len(given), total),
            lambda: functions.rows(self.code, len(given), self._width, total),
            "rows",
            (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p),
        )
        function(_address(given), _address(cells), count, _address(found))
        if total:
            return self._shaped(found.tolist())
        return memoryview(found).cast("B").cast("d", shape=[count, results]) if count and results else found

    def train(
        self,
        parameters: Sequence[float],
        table: Any,
        steps: int,
        *,
        optimizer: str = "sgd",
        rate: float = 0.01,
        momentum: float = 0.0,
        betas: tuple[float, float] = (0.9, 0.999),
        epsilon: float = 1e-8,
        order: Iterable[int] | None = None,
        full_batch: bool = False,
        progress: Callable[[int, float], Any] | None = None,
    ) -> Trained:
        """Trains the parameters, which are the first inputs; the rows of the table are the others.

        Output 0 is the loss, the others are its gradient, one for each parameter. A step takes one row, in order from the first, or as
        `order` names them, and around again; with `full_batch` all rows, whose losses and gradients are added up.

        Args:
            optimizer: "sgd", plain or with `momentum`, or "adam"; formulas and defaults as in PyTorch.
            progress: called now and then with the number of steps done and the last loss.

        Ctrl-C stops between two steps. A writable buffer given as `parameters` is changed in place, so that it has what was trained until
        then; of a list nothing is lost either, it stays as it was. Raises ValueError where numbers and program do not fit each other.
        """
        if len(self.code.outputs) != len(parameters) + 1:
            raise ValueError(
                f"train needs a program whose outputs are the loss and its derivative by each of the {len(parameters)} parameters, "
                f"not {len(self.code.outputs)} outputs"
            )
        steps = operator.index(steps)
        if steps < 0 or optimizer not in ("sgd", "adam"):
            raise ValueError(
                f"train takes steps >= 0 and the optimizer 'sgd' or 'adam', not {steps!r} and {optimizer!r}"
            )
        count, cells = self._table(table, len(self.code.inputs) - len(parameters))
        if count == 0:
            raise ValueError("train needs at least one row")
        numbers = self._shared(parameters)
        values = {"rate": rate}
        update, moments = _sgd, 0
        if optimizer == "adam":
            update, moments = _adam, 2
            values |= {"beta1": betas[0], "beta2": betas[1], "epsilon": epsilon, "power_beta1": 1.0, "power_beta2": 1.0}
        elif momentum:
            update, moments = _momentum, 1
            values["momentum"] = momentum
        state, settings = array("d", (0.0,)) * (moments * len(parameters)), array("d", values.values())
        losses = array("d", (0.0,)) * steps
        sequence = array("q", range(count) if order is None else order)
        if not sequence or not all(0 <= row < count for row in sequence):
            raise ValueError(f"train: order is row numbers from 0 to {count - 1}")
        if full_batch:
            sequence = array("q", [count])
        shape = len(parameters), moments, list(values), update, self._width
        function = self._function(
            ("train", full_batch, *shape[:2], optimizer),
            lambda: (
                functions.batch_training(self.code, *shape) if full_batch else functions.training(self.code, *shape)
            ),
            "train",
            (*[ctypes.c_void_p] * 5, *[ctypes.c_int64] * 3, ctypes.c_void_p),
        )
        memory = [_address(buffer) for buffer in (numbers, state, settings, cells, sequence)]
        done, turn = 0, 1 if full_batch else 64
        while done < steps:
            now = min(turn, steps - done)
            start = perf_counter()
            function(*memory, len(sequence), done % len(sequence), now, _address(losses) + 8 * done)
            elapsed = perf_counter() - start
            done += now
            turn = max(1, min(int(now * TURN / max(elapsed, 1e-9)), 4 * now))
            if progress is not None:
                progress(done, losses[done - 1])
        return Trained(list(numbers), losses)

    def _shared(self, numbers: Any) -> Any:
        """The numbers as a buffer of doubles, which they may be already."""
        try:
            return _buffer(numbers, "shared", len(numbers))
        except TypeError:
            missing = [0.0] * (len(self.code.inputs) - len(numbers))
            return array("d", self.program.as_floats([*numbers, *missing])[: len(numbers)])

    def _table(self, table: Any, columns: int) -> tuple[int, Any]:
        """The number of rows, and their numbers one after another."""
        if columns < 0:
            raise ValueError(f"program has {len(self.code.inputs)} inputs, and that many at most are shared")
        rows: Any = table
        try:
            view = memoryview(table)
        except TypeError:
            view = None
        if view is not None:
            if view.ndim != 2 or view.shape is None or view.shape[1] != columns:
                raise ValueError(f"the table has the shape {view.shape}, and the program takes (rows, {columns})")
            if view.format == "d" and view.c_contiguous:
                return view.shape[0], array("d", view.tobytes()) if view.readonly else view
            try:
                rows = view.tolist()
            except NotImplementedError:
                raise TypeError("a table in a buffer holds numbers of this machine's own types") from None
        rows = [list(row) for row in rows]
        for number, row in enumerate(rows, 1):
            if len(row) != columns:
                raise ValueError(f"row {number} has {len(row)} numbers, and the program takes {columns} in each")
        wants = "takes a real number"
        return len(rows), array("d", [as_float(x, "a table", wants=wants) for x in chain.from_iterable(rows)])

    def _shaped(self, numbers: Any) -> Any:
        """The outputs, nested as they were given."""
        return numbers[:] if self._flat else nested(self.code.shape, numbers)

    @cached_property
    def _flat(self) -> bool:
        return bool(self.code.shape == list(range(len(self.code.outputs))))

    @cached_property
    def _width(self) -> int:
        """How many doubles the processor computes with at once."""
        features = self._llvm.get_host_cpu_features()
        return 8 if features.get("avx512f") else 4 if features.get("avx2") else 2

    def _function(self, key: Any, text: Callable[[], str], name: str, arguments: Sequence[Any]) -> Any:
        if key not in self._compiled:
            engine = self._engine(text())
            function = ctypes.CFUNCTYPE(None, *arguments)(engine.get_function_address(name))
            self._compiled[key] = engine, function
        return self._compiled[key][1]

    def _engine(self, text: str) -> Any:
        llvm = self._llvm
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        small = len(self.code.instructions) <= OPTIMISED
        module = llvm.parse_assembly(text)
        machine = llvm.Target.from_default_triple().create_target_machine(
            cpu=llvm.get_host_cpu_name(),
            features=llvm.get_host_cpu_features().flatten(),
            opt=2 if small else 0,
            jit=True,
        )
        if small:
            tuning = llvm.create_pipeline_tuning_options(speed_level=2)
            builder = llvm.create_pass_builder(machine, tuning)
            builder.getModulePassManager().run(module, builder)
        engine = llvm.create_mcjit_compiler(module, machine)
        engine.finalize_object()
        return engine

    def __repr__(self) -> str:
        return f"<machine code of {self.program!r}>"


def _buffer(numbers: Any, what: str, length: int) -> memoryview:
    view = memoryview(numbers)
    if view.format != "d" or not view.c_contiguous or view.readonly:
        raise TypeError(f"{what} takes a buffer of doubles without gaps, not a read-only one")
    if view.nbytes != 8 * length:
        raise ValueError(f"{what}: {length} doubles, not {view.nbytes // 8}")
    return view


def _address(buffer: Any) -> int:
    """Where the numbers of a writable buffer lie in memory."""
    view = memoryview(buffer)
    return ctypes.addressof(ctypes.c_char.from_buffer(view.cast("B"))) if view.nbytes else 0
