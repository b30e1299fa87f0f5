"""A program as machine code, by LLVM.

The numbers are those of IEEE arithmetic: where Python would raise, infinities and NaN come out.
"""

from __future__ import annotations

import ctypes
import math
import operator
import threading
from array import array
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from time import perf_counter
from typing import TYPE_CHECKING, Any

from tinygrad_bp.operation import as_float
from tinygrad_bp.program.code import Code, refuse_own_operations
from tinygrad_bp.program.llvm import functions
from tinygrad_bp.program.llvm.numbers import Real, Writer
from tinygrad_bp.program.python import nested

if TYPE_CHECKING:
    from tinygrad_bp.program import Program

WANTS = "takes a real number"
TURN = 0.05  # seconds of machine code between two looks at Python: for Ctrl-C and progress


@dataclass(frozen=True, repr=False)
class Trained:
    """What training leaves.

    Attributes:
        parameters: their numbers after the last step.
        losses: output 0 at each step, before its update.
    """

    parameters: list[float]
    losses: array[float]

    def __repr__(self) -> str:
        last = f", the last loss {self.losses[-1]:.9g}" if self.losses else ""
        return f"<trained in {len(self.losses)} steps: {len(self.parameters)} parameters{last}>"


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

    def __repr__(self) -> str:
        return f"<the outputs of {self._count} rows>"


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


def _optimizer(
    optimizer: str, rate: float, momentum: float, betas: tuple[float, float], epsilon: float
) -> tuple[functions.Update, int, dict[str, float]]:
    """How a parameter is updated, its number of moments, and the settings by name. Raises what `train` raises of them."""
    if optimizer not in ("sgd", "adam"):
        raise ValueError(f"train: optimizer is 'sgd' or 'adam', not {optimizer!r:.60}")
    if momentum and optimizer != "sgd":
        raise ValueError("train: momentum is of optimizer 'sgd'; that of 'adam' is betas[0]")
    wants = "is a real number"
    rate, momentum, epsilon = (
        as_float(x, f"train: {name}", wants=wants)
        for name, x in (("rate", rate), ("momentum", momentum), ("epsilon", epsilon))
    )
    beta1, beta2 = (as_float(x, "train: each of betas", wants=wants) for x in betas)
    limits = {"rate": (rate, math.inf), "momentum": (momentum, math.inf), "epsilon": (epsilon, math.inf)}
    for name, (x, limit) in (limits | {"betas[0]": (beta1, 1.0), "betas[1]": (beta2, 1.0)}).items():
        if not 0.0 <= x < limit:
            raise ValueError(f"train: {name} is from 0 to below {limit:g}, not {x!r}")
    values = {"rate": rate}
    update: functions.Update = _sgd
    moments = 0
    if optimizer == "adam":
        update, moments = _adam, 2
        values |= {"beta1": beta1, "beta2": beta2, "epsilon": epsilon, "power_beta1": 1.0, "power_beta2": 1.0}
    elif momentum:
        update, moments = _momentum, 1
        values["momentum"] = momentum
    return update, moments, values


class MachineProgram:
    """What `program.to("llvm")` makes: `machine(*numbers)` as `program(*numbers)`, and its loops over rows, in machine code.

    Attributes:
        program: the program that it was made from.
        source: LLVM's text of one call.

    Raises ImportError without llvmlite (`pip install llvmlite`), ValueError for an operation of your own.
    """

    def __init__(self, program: Program) -> None:
        try:
            import llvmlite.binding
        except ImportError as error:
            raise ImportError("machine code needs llvmlite: pip install llvmlite") from error
        refuse_own_operations(program.code, "llvm")
        self.program = program
        self._llvm = llvmlite.binding
        self._compiled: dict[Any, Any] = {}
        self._lock = threading.Lock()

    @property
    def code(self) -> Code:
        return self.program.code

    @cached_property
    def source(self) -> str:
        return functions.single(self.code, self._layout)

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
        except (TypeError, IndexError, OverflowError):
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
        function, buffers = self._call, (given, found)
        inside, outside = ctypes.c_void_p(_address(given)), ctypes.c_void_p(_address(found))

        def call() -> None:
            function(inside, outside)

        call.__dict__["buffers"] = buffers  # which live as long as the function
        return call

    def rows(self, table: Any, shared: Sequence[float] = (), *, total: bool = False) -> Any:
        """The outputs for each row of a table, as `Rows`; with `total` their sums over all rows, nested as the outputs.

        The first inputs are `shared` by all rows, the others are the columns. The table is a sequence of rows or a two-dimensional
        buffer such as a NumPy array; of doubles row after row it is not copied. Raises ValueError for rows of another length, TypeError for
        what is no number.
        """
        given = self._shared(shared, "shared")
        count, cells = self._table(table, len(self.code.inputs) - len(given))
        results = len(self.code.outputs)
        found = array("d", (0.0,)) * (results * (1 if total else count))
        function = self._function(
            ("rows", len(given), total),
            lambda: functions.rows(self.code, len(given), self._layout, total),
            "rows",
            (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int64, ctypes.c_void_p),
        )
        function(_address(given), _address(cells), count, _address(found))
        if total:
            return self._shaped(found.tolist())
        return Rows(self.code, count, found)

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
        numbers = self._shared(parameters, "parameters")
        if len(self.code.outputs) != len(numbers) + 1:
            raise ValueError(
                f"train needs a program whose outputs are the loss and its derivative by each of the {len(numbers)} parameters, "
                f"not {len(self.code.outputs)} outputs"
            )
        try:
            steps = operator.index(steps)
        except TypeError:
            raise TypeError(f"train: steps is a whole number, not {type(steps).__name__} {steps!r:.60}") from None
        if steps < 0:
            raise ValueError(f"train: steps is 0 or more, not {steps}")
        if full_batch and order is not None:
            raise ValueError("train: with full_batch each step takes all rows, so there is no order of them")
        update, moments, values = _optimizer(optimizer, rate, momentum, betas, epsilon)
        count, cells = self._table(table, len(self.code.inputs) - len(numbers))
        if count == 0:
            raise ValueError("train needs at least one row")
        state, settings = array("d", (0.0,)) * (moments * len(numbers)), array("d", values.values())
        losses = array("d", (0.0,)) * steps
        chosen = list(range(count) if order is None else islice(order, max(steps, 1)))
        if not chosen or not all(isinstance(row, int) and 0 <= row < count for row in chosen):
            raise ValueError(f"train: order is row numbers from 0 to {count - 1}")
        sequence = array("q", chosen)
        if _overlap(numbers, cells):
            raise ValueError(
                "train: parameters and table are one buffer; parameters are changed, so make the table a copy"
            )
        if full_batch:
            sequence = array("q", [count])
        made_of = len(numbers), moments, list(values), update, self._layout, full_batch
        function = self._function(
            ("train", full_batch, *made_of[:2], optimizer),
            lambda: functions.training(self.code, *made_of),
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

    def _shared(self, numbers: Any, what: str) -> Any:
        """The numbers as a buffer of doubles, which they may be already. Only parameters are written to."""
        try:
            view = memoryview(numbers)
        except TypeError:
            view = None
        if view is not None and view.ndim != 1:
            raise ValueError(f"{what} is one number after another, not of the shape {view.shape}")
        if view is not None and view.format == "d" and view.c_contiguous and not view.readonly:
            return view
        if view is not None and not view.readonly and what == "parameters":
            raise TypeError(
                f"{what} in a buffer are changed in place, so they must be doubles without gaps between them; make them a list, "
                "or an array by numpy.ascontiguousarray(..., dtype=float)"
            )
        return array(
            "d",
            [
                as_float(x, f"each of {what}", label=name, wants=WANTS)
                for x, name in zip(numbers, self.program.inputs, strict=False)
            ],
        )

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
        try:
            rows = [list(row) for row in rows]
        except TypeError:
            raise TypeError(
                f"a table is a sequence of rows, each a sequence of numbers, not {type(table).__name__} {table!r:.60}"
            ) from None
        for number, row in enumerate(rows, 1):
            if len(row) != columns:
                total = len(self.code.inputs)
                raise ValueError(
                    f"row {number} has {len(row)} numbers, and the program takes {columns} in each: it has {total} inputs, of which "
                    f"{total - columns} are shared by all rows"
                )
        names = self.program.inputs[len(self.code.inputs) - columns :]
        cells = [
            as_float(x, f"row {number}", label=name, wants=WANTS)
            for number, row in enumerate(rows, 1)
            for name, x in zip(names, row, strict=True)
        ]
        return len(rows), array("d", cells)

    def _shaped(self, numbers: Any) -> Any:
        """The outputs, nested as they were given."""
        return numbers[:] if self._flat else nested(self.code.shape, numbers)

    @cached_property
    def _flat(self) -> bool:
        return bool(self.code.shape == list(range(len(self.code.outputs))))

    @cached_property
    def _layout(self) -> functions.Layout:
        features = self._llvm.get_host_cpu_features()
        at_once = 8 if features.get("avx512f") else 4 if features.get("avx2") else 2  # doubles in a register
        return functions.Layout.of(self.code, at_once)

    def _function(self, key: Any, text: Callable[[], str], name: str, arguments: Sequence[Any]) -> Any:
        with self._lock:  # whoever comes second while the first compiles waits for it
            if key not in self._compiled:
                engine = self._engine(text())
                function = ctypes.CFUNCTYPE(None, *arguments)(engine.get_function_address(name))
                function.__dict__["engine"] = engine  # the code lives as long as the function
                self._compiled[key] = function
            return self._compiled[key]

    def _engine(self, text: str) -> Any:
        llvm = self._llvm
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        small = not self._layout.blocks
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

    def __reduce__(self) -> tuple[Any, ...]:
        return MachineProgram, (self.program,)

    def __repr__(self) -> str:
        return f"<machine code of {self.program!r}>"


def _buffer(numbers: Any, what: str, length: int) -> memoryview:
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


def _overlap(one: Any, other: Any) -> bool:
    """Whether two buffers share memory."""
    a, b = _address(one), _address(other)
    return a < b + memoryview(other).nbytes and b < a + memoryview(one).nbytes


def _address(buffer: Any) -> int:
    """Where the numbers of a writable buffer lie in memory."""
    view = memoryview(buffer)
    return ctypes.addressof(ctypes.c_char.from_buffer(view.cast("B"))) if view.nbytes else 0
