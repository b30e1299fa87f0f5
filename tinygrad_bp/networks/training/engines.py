"""Three ways to take the same steps: recording each row anew, generated Python, and machine code.

All take the mean of loss and gradient over the rows of a batch, add up in the order of the rows, and update by the optimizer's formula.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Callable, Sequence
from itertools import accumulate, chain
from typing import Any

from tinygrad_bp.core.gradients import grad
from tinygrad_bp.core.operation import as_float
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.networks.optim import Optimizer
from tinygrad_bp.networks.training.watching import watch
from tinygrad_bp.program import Program, compile

Row = tuple[Any, Any]
Forward = Callable[[Any, Any], Value]  # the loss of a row, given its inputs and its target


COMPARED = 64  # rows whose loss is computed both ways before a program is taken


class Uncompilable(Exception):
    """Why no program can stand for the computation of all rows."""


class Eager:
    """Records the graph of every row anew, and differentiates it by `backward`."""

    name = "eager"

    def __init__(self, forward: Forward, rows: Sequence[Row], optimizer: Optimizer) -> None:
        self.forward, self.rows, self.optimizer = forward, rows, optimizer

    def run(self, batches: Sequence[Sequence[int]]) -> list[float]:
        """Takes a step for each batch, a list of the numbers of its rows. Returns the losses before each step, means over the batch."""
        losses = []
        for batch in batches:
            self.optimizer.zero_grad()
            total = 0.0
            for row in batch:
                loss = self.forward(*self.rows[row])
                loss.backward()
                total += loss.data
            losses.append(total / len(batch))
            if len(batch) > 1:
                for p in self.optimizer.parameters:
                    p.grad /= len(batch)
            self.optimizer.step()
        return losses

    def evaluate(self, rows: Sequence[Row]) -> float:
        """The mean loss over these rows, with the parameters as they are."""
        return sum([self.forward(*row).data for row in rows]) / len(rows)


class Compiled:
    """The same by programs, written once from the graph of one row: one of a row's gradient and one of a whole step.

    Raises Uncompilable, with the reason, for a computation whose graph is not the same for all rows and numbers.
    """

    name = "python"

    def __init__(self, forward: Forward, rows: Sequence[Row], held_out: Sequence[Row], optimizer: Optimizer) -> None:
        if type(optimizer).step is not Optimizer.step or type(optimizer).zero_grad is not Optimizer.zero_grad:
            raise Uncompilable("the optimizer has a step of its own")
        if any(type(p) is not Value for p in optimizer.parameters):
            raise Uncompilable("a parameter is of a class of its own")
        self.forward, self.rows, self.optimizer = forward, rows, optimizer
        self.table = [_flat(*row) for row in rows]
        if len({_shape(row) for row in (*rows, *held_out)}) > 1:
            raise Uncompilable("rows have different shapes")
        self._write()
        self._compare()

    def _write(self) -> None:
        """Writes the programs."""
        optimizer = self.optimizer
        loss, leaves = _recorded(self.forward, self.rows, optimizer)
        loss.label = loss.label or "loss"
        given = {*optimizer.parameters, *leaves}
        self.fixed = [(x, x.data) for x in topological_order(loss, constants=False) if x.op is None and x not in given]
        self.hyperparameters = _hyperparameters(optimizer)
        gradient = grad(loss, optimizer.parameters)
        self.loss = compile([loss], [*optimizer.parameters, *leaves])
        self.gradient = compile([loss, *gradient], [*optimizer.parameters, *leaves])
        self.update = _update(optimizer)
        self.step = _step(optimizer, loss, gradient, leaves)

    def _compare(self) -> None:
        """Raises Uncompilable where the model has another loss than the program: some ways to look at a number go unnoticed."""
        now = [p.data for p in self.optimizer.parameters]
        last = len(self.rows) - 1
        for k in sorted({round(k * last / (COMPARED - 1)) for k in range(COMPARED)}):
            try:
                wanted = self.forward(*self.rows[k]).data
                found = self.loss.function(*now, *self.table[k])[0]
            except (ValueError, ArithmeticError):  # training will say where
                continue
            if not math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-12) and math.isfinite(wanted):
                raise Uncompilable(f"the loss of row {k + 1} is computed in another way than that of others")

    def run(self, batches: Sequence[Sequence[int]]) -> list[float]:
        """As `Eager.run`. Where it raises, the parameters are as they were before."""
        if _hyperparameters(self.optimizer) != self.hyperparameters or any(x.data != old for x, old in self.fixed):
            self._write()  # a callback changed what is written in the programs
        state = self._state()
        settings = self._settings(len(batches))
        try:
            if all(len(batch) == 1 for batch in batches):
                state, losses = self._one_by_one(state, settings, [row for [row] in batches])
            else:
                state, losses = self._in_batches(state, settings, batches)
        except BaseException:
            self.optimizer.steps -= len(batches)
            raise
        self._keep(state)
        return losses

    def evaluate(self, rows: Sequence[Row]) -> float:
        """As `Eager.evaluate`."""
        now = [p.data for p in self.optimizer.parameters]
        losses = [self.loss.function(*now, *_flat(*row))[0] for row in rows]
        return float(sum(losses) / len(losses))

    def _one_by_one(self, state: Any, settings: Any, order: list[int]) -> tuple[Any, list[float]]:
        return self.step.iterate(state, settings, self.table, order)

    def _in_batches(self, state: Any, settings: Any, batches: Sequence[Sequence[int]]) -> tuple[Any, list[float]]:
        count = len(self.optimizer.parameters)
        gradient, update = self.gradient.function, self.update.function
        rows = [state[k : k + count] for k in range(0, len(state), count)]
        losses = []
        for batch, now in zip(batches, settings, strict=True):
            parameters = rows[0]
            total = gradient(*parameters, *self.table[batch[0]])
            for row in batch[1:]:
                total = [a + b for a, b in zip(total, gradient(*parameters, *self.table[row]), strict=True)]
            loss, *slopes = [x / len(batch) for x in total]
            losses.append(loss)
            changed = [
                update(p, slope, *kept, *now) for p, slope, *kept in zip(parameters, slopes, *rows[1:], strict=True)
            ]
            rows = [list(row) for row in zip(*changed, strict=True)]
        return list(chain(*rows)), losses

    def _state(self) -> list[float]:
        return [p.data for p in self.optimizer.parameters] + list(chain(*self.optimizer.moments))

    def _settings(self, count: int) -> list[tuple[float, ...]]:
        """The settings of so many steps, which count as done."""
        found = []
        for _ in range(count):
            found.append(self.optimizer.settings())
            self.optimizer.steps += 1
        return found

    def _keep(self, state: Sequence[float]) -> None:
        count = len(self.optimizer.parameters)
        for p, x in zip(self.optimizer.parameters, state, strict=False):
            p.data = x
        self.optimizer.moments = [list(state[k : k + count]) for k in range(count, len(state), count)]


class Machine(Compiled):
    """The same in machine code. Raises ImportError without llvmlite, ValueError for operations that only Python knows."""

    name = "llvm"

    def __init__(self, compiled: Compiled) -> None:
        vars(self).update(vars(compiled))
        self.cells = array("d", chain(*self.table))
        self._translate()

    def _write(self) -> None:
        super()._write()
        self._translate()

    def _translate(self) -> None:
        self.machine_loss = self.loss.to("llvm")
        self.machine_gradient = self.gradient.to("llvm")
        self.machine_step = self.step.to("llvm")

    def evaluate(self, rows: Sequence[Row]) -> float:
        now = [p.data for p in self.optimizer.parameters]
        [total] = self.machine_loss.rows([_flat(*row) for row in rows], now, total=True)
        return float(total / len(rows))

    def _one_by_one(self, state: Any, settings: Any, order: list[int]) -> tuple[Any, list[float]]:
        if self.machine_step.is_large:
            return self._in_batches(state, settings, [[row] for row in order])
        now = array("d", state)
        losses = self.machine_step.iterate(now, array("d", chain(*settings)), self.cells, array("q", order))
        return now.tolist(), losses.tolist()

    def _in_batches(self, state: Any, settings: Any, batches: Sequence[Sequence[int]]) -> tuple[Any, list[float]]:
        now = array("d", state)
        ends = array("q", accumulate(map(len, batches)))
        losses = self.machine_gradient.descend(
            self.update, now, array("d", chain(*settings)), self.cells, array("q", chain(*batches)), ends
        )
        return now.tolist(), losses.tolist()


def _hyperparameters(optimizer: Optimizer) -> dict[str, Any]:
    """The settings that the programs have as constants."""
    return {name: x for name, x in vars(optimizer).items() if name not in ("parameters", "lr", "steps", "moments")}


def _flat(*parts: Any) -> tuple[float, ...]:
    """The numbers of a row one after another. Raises Uncompilable for a row of other things."""
    numbers: list[float] = []
    waiting = list(reversed(parts))
    while waiting:
        part = waiting.pop()
        if isinstance(part, list | tuple):
            waiting += reversed(part)
            continue
        try:
            numbers.append(part if type(part) is float else as_float(part, "a row", wants="holds numbers"))
        except TypeError as error:
            raise Uncompilable(str(error)) from error
    return tuple(numbers)


def _shape(part: Any) -> Any:
    return tuple(map(_shape, part)) if isinstance(part, list | tuple) else None


def _as_values(row: Row) -> tuple[list[Value], Any, Any]:
    """Leaves for the numbers of a row, and the row made of them."""
    leaves: list[Value] = []

    def make(part: Any, label: str) -> Any:
        if isinstance(part, list | tuple):
            return [make(x, f"{label}{'_' * label[-1:].isdigit()}{k}") for k, x in enumerate(part, 1)]
        leaves.append(Value(part, label))
        return leaves[-1]

    inputs, target = make(row[0], "i"), make(row[1], "target")
    return leaves, inputs, target


def _recorded(forward: Forward, rows: Sequence[Row], optimizer: Optimizer) -> tuple[Value, list[Value]]:
    """The loss of a row, recorded, and the leaves for the row's numbers. Raises Uncompilable where another row has another graph."""
    found: list[tuple[Value, list[Value]]] = []
    failure: Exception | None = None
    for row in (rows[0], rows[-1], rows[len(rows) // 2]):
        leaves, inputs, target = _as_values(row)
        try:
            with watch([*optimizer.parameters, *leaves]) as looks:
                loss = forward(inputs, target)
        except Exception as error:  # a model that wants numbers, or a row that its operations are undefined at
            failure = error
            continue
        if looks:
            raise Uncompilable(f"the model reads numbers while it computes: {looks[0]}")
        if not isinstance(loss, Value):
            raise TypeError(f"train: the loss is a Value, not {type(loss).__name__} {loss!r:.60}")
        found.append((loss, leaves))
    if not found:
        raise Uncompilable(f"the model does not take Values in place of a row's numbers: {failure}")
    orders = [topological_order(loss, constants=False) for loss, _ in found]
    for node in set(orders[0]).intersection(*orders[1:]) if len(orders) > 1 else ():
        if node.op is not None:
            raise ValueError(
                f"train: {node.label or f'a node, {node.op.name},'} was computed before training, outside of the model, and would keep its "
                "number; compute it inside"
            )
    codes = [compile([loss], [*optimizer.parameters, *leaves]).code for loss, leaves in found]
    first, *others = [(code.instructions, code.constants, code.outputs) for code in codes]
    if any(other != first for other in others):
        raise Uncompilable("the model computes differently from call to call")
    return found[0]


def _quantities(optimizer: Optimizer) -> tuple[list[str], list[Value]]:
    """What the optimizer remembers and its settings, as labels and leaves."""
    names = [f"m{k}" for k in range(1, optimizer.kept + 1)]
    steps = optimizer.settings()
    labels = ["lr", *[f"lr{k}" for k in range(1, len(steps))]]
    return names, [Value(x, label) for x, label in zip(steps, labels, strict=True)]


def _update(optimizer: Optimizer) -> Program:
    """The optimizer's formula for one parameter as a program."""
    names, settings = _quantities(optimizer)
    p, slope, kept = Value(1.0, "p"), Value(1.0, "g"), [Value(1.0, name) for name in names]
    with watch([p, slope, *kept, *settings]) as looks:
        after, remembered = optimizer.update(p, slope, kept, settings)
    if looks:
        raise Uncompilable(f"the optimizer's update reads numbers: {looks[0]}")
    return compile([after, *remembered], [p, slope, *kept, *settings])


def _step(optimizer: Optimizer, loss: Value, gradient: Sequence[Value], leaves: Sequence[Value]) -> Program:
    """A whole step as a program: what follows upon the parameters, what is remembered, the settings and a row."""
    names, settings = _quantities(optimizer)
    kept = [[Value(1.0, f"{name}_{p.label}") for p in optimizer.parameters] for name in names]
    after, remembered = [], []
    for k, (p, slope) in enumerate(zip(optimizer.parameters, gradient, strict=True)):
        new, moments = optimizer.update(p, slope, [row[k] for row in kept], settings)
        for label, node in zip((p.label, *[row[k].label for row in kept]), (new, *moments), strict=True):
            if label and node.op is not None and not node.label:  # a formula may leave a number as it was
                node.label = f"new_{label}"
        after.append(new)
        remembered.append(moments)
    outputs = [loss, *after, *[moments[row] for row in range(len(names)) for moments in remembered]]
    return compile(outputs, [*optimizer.parameters, *chain(*kept), *settings, *leaves])
