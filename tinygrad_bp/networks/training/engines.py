"""Three ways to take the same steps: recording each row anew, generated Python, and machine code.

All take the mean of loss and gradient over the rows of a batch, add up in the order of the rows, and update by the optimizer's formula.
"""

from __future__ import annotations

import sys
from array import array
from collections.abc import Sequence
from copy import copy
from itertools import accumulate, chain
from typing import TYPE_CHECKING, Any

from tinygrad_bp.core.stable import sum_of
from tinygrad_bp.networks.training import costs
from tinygrad_bp.networks.training.kept import Kept
from tinygrad_bp.networks.training.task import Task
from tinygrad_bp.networks.training.tracing import Programs, Uncompilable, Undefined, check_that_nothing_is_from_outside
from tinygrad_bp.text import shown

if TYPE_CHECKING:
    from tinygrad_bp.program.llvm.machine import MachineProgram
    from tinygrad_bp.program.program import Program

ENGINES = ("auto", "llvm", "python", "eager")


def chosen(task: Task, wanted: str, epochs: int, batch_size: int) -> tuple[Eager | Compiled, str]:
    """The engine, and why it is not machine code where "auto" is wanted. Where it is eager, nobody has called the model before.

    Raises ValueError for a name that none has and for a loss that is computed from what was computed before training, ImportError or
    ValueError where the engine that is wanted cannot do the task, and what `Task.try_out` raises.
    """
    if wanted not in ENGINES:
        raise ValueError(f"train: engine is one of {', '.join(map(repr, ENGINES))}, not {shown(wanted)}")
    if wanted == "eager":  # whose model may count its calls
        return Eager(task), ""
    kept = Kept(task.model, task.loss, known=task.optimizer.parameters)
    if kept.iterator and wanted == "auto":
        return Eager(task), f"the model holds an iterator, {kept.iterator}, which a look at the model would use up"
    runner = None
    try:
        nodes, rows = task.try_out(), epochs * (len(task.rows) + len(task.held_out))
        steps = epochs * -(-len(task.rows) // batch_size)
        sizes = nodes, rows, steps, batch_size == 1
        first = costs.cheapest(*sizes, "llvmlite" in sys.modules) if wanted == "auto" else wanted
        if first == "eager":
            check_that_nothing_is_from_outside(task)
            return Eager(task), f"recording so few rows, {rows} in all, takes less time than writing a program of one"
        runner, why = _compiled(task, first, wanted, rows, batch_size == 1)
        return runner, why
    finally:
        if not isinstance(runner, Compiled):
            kept.restore()


def _compiled(task: Task, first: str, wanted: str, rows: int, one_by_one: bool) -> tuple[Eager | Compiled, str]:
    """The engine that comes first, or where "auto" is wanted the next that can do the task; and why it is not machine code."""
    try:
        programs = Programs(task, one_by_one)
    except Uncompilable as reason:
        if wanted != "auto" and not isinstance(reason, Undefined):
            raise ValueError(f"train: engine {wanted!r} cannot do this, for {reason}; engine='eager' can") from reason
        return Eager(task), str(reason)
    if first == "python":
        why = f"compiling for so few rows, {rows} in all, takes longer than the time that it saves"
        return Compiled(programs), why if wanted == "auto" else ""
    try:
        return Machine(programs, optimized=costs.optimizing_pays(rows)), ""
    except (ImportError, ValueError) as error:  # no llvmlite, or an operation that has no definition to follow
        if wanted == "llvm":
            raise
        from tinygrad_bp.program.llvm.compiler import Unusable  # which has been loaded in vain already

        return Compiled(programs), str(error) if isinstance(error, ValueError | Unusable) else ""


class Eager:
    """Records the graph of every row anew, and differentiates it by `backward`."""

    name = "eager"

    def __init__(self, task: Task) -> None:
        self.task = task
        self.losses: list[float] = []
        self.within = 0.0  # which part of the step that is on its way is done

    def run(self, batches: Sequence[Sequence[int]]) -> list[float]:
        """Takes a step for each batch, a list of the numbers of its rows. Returns the losses before each step, means over the batch.

        They are in `losses` before the optimizer counts the step, for whoever is interrupted.
        """
        forward, rows, optimizer = self.task.forward, self.task.rows, self.task.optimizer
        self.losses = losses = []
        for batch in batches:
            optimizer.zero_grad()
            total = 0.0
            for place, row in enumerate(batch):
                self.within = place / len(batch)
                loss = forward(*rows[row])
                loss.backward()
                total += loss.data
            self.within = 0.0
            losses.append(total / len(batch))
            if len(batch) > 1:
                for p in optimizer.parameters:
                    p.grad /= len(batch)
            optimizer.step()
        return losses

    def evaluate(self) -> float:
        """The mean loss over the rows held out, with the parameters as they are."""
        losses: list[float] = [self.task.forward(*row).data for row in self.task.held_out]
        return sum_of(*losses) / len(losses)


class Compiled:
    """The same by programs."""

    name = "python"
    within = 0.0

    def __init__(self, programs: Programs) -> None:
        self.programs, self.optimizer = programs, programs.task.optimizer
        self.losses: list[float] = []
        self.prepare()

    def prepare(self) -> None:
        """Makes what runs of programs that have just been written."""

    def run(self, batches: Sequence[Sequence[int]]) -> list[float]:
        """As `Eager.run`. Where it raises, the parameters are as they were before."""
        state = [p.data for p in self.optimizer.parameters] + list(chain(*self.optimizer.moments))
        settings, others = self._settings(len(batches))
        if self.programs.step:
            state, losses = self._one_by_one(state, settings, [row for [row] in batches])
        else:
            state, losses = self._in_batches(state, settings, batches)
        self.losses = losses
        count = len(self.optimizer.parameters)
        numbers, *moments = [state[k : k + count] for k in range(0, len(state), count)]
        self.optimizer.change(numbers, moments, self.optimizer.steps + len(batches), others)
        return losses

    def outdated(self) -> str:
        """Why the programs cannot be used any more; empty if they can, and then they are written anew where that is needed."""
        try:
            if self.programs.refresh():
                self.prepare()
        except Uncompilable as reason:
            return str(reason)
        return self.programs.outdated()

    def evaluate(self) -> float:
        """As `Eager.evaluate`."""
        now = [p.data for p in self.optimizer.parameters]
        losses: list[float] = [self.programs.loss.function(*now, *row)[0] for row in self.programs.held_out]
        return sum_of(*losses) / len(losses)

    def _one_by_one(self, state: Any, settings: Any, order: list[int]) -> tuple[Any, list[float]]:
        assert self.programs.step is not None
        return self.programs.step.scan(state, settings, self.programs.table, order)

    def _in_batches(self, state: Any, settings: Any, batches: Sequence[Sequence[int]]) -> tuple[Any, list[float]]:
        count = len(self.optimizer.parameters)
        table = self.programs.table
        differentiate, update = self.programs.gradient.function, self.programs.update.function
        rows = [state[k : k + count] for k in range(0, len(state), count)]
        losses = []
        for batch, now in zip(batches, settings, strict=True):
            parameters = rows[0]
            total = differentiate(*parameters, *table[batch[0]])
            for row in batch[1:]:
                total = [a + b for a, b in zip(total, differentiate(*parameters, *table[row]), strict=True)]
            loss, *gradient = [x / len(batch) for x in total]
            losses.append(loss)
            changed = [update(p, g, *kept, *now) for p, g, *kept in zip(parameters, gradient, *rows[1:], strict=True)]
            rows = [list(row) for row in zip(*changed, strict=True)]
        return list(chain(*rows)), losses

    def _settings(self, count: int) -> tuple[list[tuple[float, ...]], dict[str, Any]]:
        """The settings of so many steps, and the attributes that an optimizer of one's own changes on the way."""
        ahead, before, found = copy(self.optimizer), dict(vars(self.optimizer)), []
        for _ in range(count):
            found.append(ahead.settings())
            ahead.steps += 1
        same = object()
        changed = {name: x for name, x in vars(ahead).items() if x is not before.get(name, same)}
        return found, changed


class Machine(Compiled):
    """The same in machine code. Raises ImportError without llvmlite, ValueError for operations that only Python knows.

    Args:
        optimized: whether LLVM takes the time to make the code quicker; the numbers are the same.
    """

    name = "llvm"

    def __init__(self, programs: Programs, optimized: bool) -> None:
        self.optimized = optimized
        super().__init__(programs)
        self.cells = array("d", chain(*programs.table))

    def prepare(self) -> None:
        self.loss = self._machine(self.programs.loss)
        self.gradient = self._machine(self.programs.gradient)
        self.step = self._machine(self.programs.step) if self.programs.step else None

    def _machine(self, program: Program) -> MachineProgram:
        from tinygrad_bp.program.llvm.machine import MachineProgram

        return MachineProgram(program, self.optimized)

    def evaluate(self) -> float:
        now = [p.data for p in self.optimizer.parameters]
        [total] = self.loss.rows(self.programs.held_out, now, total=True)
        return float(total / len(self.programs.held_out))

    def _one_by_one(self, state: Any, settings: Any, order: list[int]) -> tuple[Any, list[float]]:
        assert self.step is not None
        if self.step.is_large:
            return self._in_batches(state, settings, [[row] for row in order])
        now = array("d", state)
        losses = self.step.iterate(now, array("d", chain(*settings)), self.cells, array("q", order))
        return now.tolist(), losses.tolist()

    def _in_batches(self, state: Any, settings: Any, batches: Sequence[Sequence[int]]) -> tuple[Any, list[float]]:
        now = array("d", state)
        ends = array("q", accumulate(map(len, batches)))
        losses = self.gradient.descend(
            self.programs.update, now, array("d", chain(*settings)), self.cells, array("q", chain(*batches)), ends
        )
        return now.tolist(), losses.tolist()
