"""The programs of a training, written once from the graph of one row: of a row's gradient, of an update, and of a whole step."""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from typing import Any

from tinygrad_bp.core.gradients import grad
from tinygrad_bp.core.operation import as_float
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.networks.optim import Optimizer
from tinygrad_bp.networks.training.kept import Kept, unrepeatable
from tinygrad_bp.networks.training.task import Row, Task, check_loss, is_out_of_range
from tinygrad_bp.networks.training.watching import Watched, watch
from tinygrad_bp.program import Program, compile

COMPARED = 64  # rows whose loss is computed both ways before a program is taken


class Uncompilable(Exception):
    """Why no program can stand for the computation of all rows."""


class Undefined(Uncompilable):
    """No row's loss can be recorded, since the operations are undefined for the numbers; training will say where."""


class Programs:
    """What stands for the model, the loss and the optimizer, as long as nobody changes what is written in it.

    Attributes:
        table, held_out: the numbers of each row, one after another.
        loss, gradient: of a row's numbers, after the parameters: its loss, and its loss with the gradient.
        update: of a parameter, its gradient, what is remembered of it and the settings: what follows upon the first and the third.
        step: of all parameters, all that is remembered, the settings and a row: the loss, and what follows upon the first two. None where
            batches have several rows.

    Args:
        one_by_one: whether there is a step for each row.

    Raises Uncompilable, with the reason, for a computation whose graph is not the same for all rows and numbers.
    """

    loss: Program
    gradient: Program
    update: Program
    step: Program | None

    def __init__(self, task: Task, one_by_one: bool) -> None:
        optimizer = task.optimizer
        self.one_by_one = one_by_one
        if type(optimizer).step is not Optimizer.step or type(optimizer).zero_grad is not Optimizer.zero_grad:
            raise Uncompilable("the optimizer has a step of its own")
        if any(type(p) is not Value for p in optimizer.parameters):
            raise Uncompilable("a parameter is of a class of its own")
        self.task = task
        shapes: set[Any] = set()
        self.table = [_flat(row, shapes) for row in task.rows]
        self.held_out = [_flat(row, shapes) for row in task.held_out]
        if len(shapes) > 1:
            raise Uncompilable("rows have different shapes")
        self.kept = Kept(task.model, task.loss, known=optimizer.parameters)
        self._write()
        self._compare()
        if change := self.kept.change():
            raise Uncompilable(change)

    def outdated(self) -> str:
        """Why the programs are not what the model computes any more: it was changed in other ways than by numbers of Values. Empty if they
        are."""
        self.kept.take()
        if reason := self._difference() or self.kept.change():
            self.kept.restore()  # the look was none of the calls of training
        return reason

    def _difference(self) -> str:
        """How the first row's loss is computed otherwise than at first; empty if it is not."""
        leaves, inputs, target = _as_values(self.task.rows[0])
        try:
            loss = self.task.forward(inputs, target)
        except (ValueError, ArithmeticError) as error:
            # Where the operations are undefined for these numbers, training will say so.
            return "" if is_out_of_range(error) else f"the model has changed since training began: {error}"
        same = isinstance(loss, Value) and _signature(loss, leaves) == self.signature
        return "" if same else "the model has changed since training began, or computes differently from call to call"

    def refresh(self) -> bool:
        """Writes the programs anew if somebody has changed a number that is written in them. Returns whether that was so."""
        if _hyperparameters(self.task.optimizer) == self.hyperparameters and all(
            x.data == old for x, old in self.fixed
        ):
            return False
        self._write()
        return True

    def _write(self) -> None:
        task, optimizer = self.task, self.task.optimizer
        loss, leaves = _recorded(task)
        loss.label = loss.label or "loss"
        self.signature = _signature(loss, leaves)
        given = {*optimizer.parameters, *leaves}
        self.fixed = [(x, x.data) for x in topological_order(loss, constants=False) if x.op is None and x not in given]
        self.hyperparameters = _hyperparameters(optimizer)
        try:
            gradient = grad(loss, optimizer.parameters)
            self.loss = compile([loss], [*optimizer.parameters, *leaves])
            self.gradient = compile([loss, *gradient], [*optimizer.parameters, *leaves])
        except (TypeError, ValueError) as error:  # an operation of one's own whose rules take numbers only
            raise Uncompilable(f"the gradient is no program: {error}") from error
        self.update = _update(optimizer)
        self.step = _step(optimizer, loss, gradient, leaves) if self.one_by_one else None

    def _compare(self) -> None:
        """Raises Uncompilable where the model has another loss than the program: some ways to look at a number go unnoticed."""
        now = [p.data for p in self.task.optimizer.parameters]
        last = len(self.table) - 1
        for k in sorted({round(k * last / (COMPARED - 1)) for k in range(COMPARED)}):
            try:
                wanted = self.task.forward(*self.task.rows[k]).data
                found = self.loss.function(*now, *self.table[k])[0]
            except (ValueError, ArithmeticError):  # training will say where
                continue
            if not math.isclose(found, wanted, rel_tol=1e-9, abs_tol=1e-12) and math.isfinite(wanted):
                raise Uncompilable(f"the loss of row {k + 1} is computed in another way than that of others")


def _signature(loss: Value, leaves: Sequence[Value]) -> list[Any]:
    """How a row's loss is computed: operations, their operands by place, constants, and the leaves that are no numbers of the row."""
    nodes = topological_order(loss, constants=False)
    places: dict[Any, int] = {node: k for k, node in enumerate(nodes)}
    numbers: dict[Any, int] = {leaf: k for k, leaf in enumerate(leaves)}
    return [
        (node.op, [x.hex() if isinstance(x, float) else places[x] for x in node.operands])
        if node.op
        else numbers.get(node, node)
        for node in nodes
    ]


def _hyperparameters(optimizer: Optimizer) -> dict[str, Any]:
    """The settings that the programs have as constants."""
    return {name: x for name, x in vars(optimizer).items() if name not in ("parameters", "lr", "steps", "moments")}


def _flat(row: Row, shapes: set[Any]) -> tuple[float, ...]:
    """The numbers of a row one after another; how they are nested is added to `shapes`. Raises Uncompilable for a row of other things."""
    numbers: list[float] = []

    def visit(part: Any) -> Any:
        if isinstance(part, list | tuple):
            return tuple([visit(x) for x in part])
        try:
            numbers.append(part if type(part) is float else as_float(part, "a row", wants="holds numbers"))
        except TypeError as error:
            raise Uncompilable(str(error)) from error
        return None

    shapes.add(visit(row))
    return tuple(numbers)


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


def _recorded(task: Task) -> tuple[Value, list[Value]]:
    """The loss of a row, recorded, and the leaves for the row's numbers. Raises Uncompilable where another row has another graph."""
    parameters, rows = task.optimizer.parameters, task.rows
    found: list[tuple[Value, list[Value]]] = []
    failure: Exception | None = None
    seen: list[list[str]] = []  # what was read in each look: a later one may read what an earlier one has left
    earlier: set[Value] = set()
    some = rows[0], rows[-1], rows[len(rows) // 2]
    for place, row in enumerate(chain(some, rows)):
        if place >= len(some) and (found or failure is None or not is_out_of_range(failure)):
            break
        leaves, inputs, target = _as_values(row)
        try:
            with watch([*parameters, *leaves]) as looks:
                seen.append(looks)
                call = partial(task.forward, inputs, target)
                loss, asked = (call(), "") if place else unrepeatable(call)
        except Exception as error:  # a model that wants numbers, or a row that its operations are undefined at
            failure = error
            seen.pop()  # what an error tells of
            continue
        if asked:
            raise Uncompilable(asked)
        if any(seen):
            raise Uncompilable(f"the model reads numbers while it computes: {next(filter(None, seen))[0]}")
        check_loss(loss)
        _check_that_nothing_is_kept(loss, leaves, earlier)
        found.append((loss, leaves))
    if not found:
        if failure is not None and is_out_of_range(failure):
            raise Undefined(f"the model is undefined for the numbers of all rows: {failure}")
        raise Uncompilable(f"the model does not take Values in place of a row's numbers: {failure}")
    _check_that_all_is_new([loss for loss, _ in found])
    codes = [compile([loss], [*parameters, *leaves]).code for loss, leaves in found]
    first, *others = [(code.instructions, code.constants, code.outputs) for code in codes]
    if any(other != first for other in others):
        raise Uncompilable("the model computes differently from call to call")
    return found[0]


def _check_that_nothing_is_kept(loss: Value, leaves: Sequence[Value], earlier: set[Value]) -> None:
    """Raises Uncompilable for a loss that is computed from what was computed in an earlier call, or given to it; adds this one's."""
    nodes = topological_order(loss, constants=False)
    for node in nodes:
        if node in earlier:
            raise Uncompilable(
                f"the model keeps state: {node.label or 'a node' if node.op is None else node.op.name} is of an earlier call"
            )
    earlier.update(leaves, (node for node in nodes if isinstance(node, Watched) and node.op is not None))


def check_that_nothing_is_from_outside(task: Task) -> None:
    """Raises ValueError where the loss of a row is computed from what was computed before training."""
    losses = []
    for row in (task.rows[0], task.rows[-1]):
        _, inputs, target = _as_values(row)
        with suppress(Exception):  # a model that wants numbers, or a row that its operations are undefined at
            losses.append(task.forward(inputs, target))
    if len(losses) == 2 and all(isinstance(loss, Value) for loss in losses):
        _check_that_all_is_new(losses)


def _check_that_all_is_new(losses: Sequence[Value]) -> None:
    """Raises ValueError for a node that several losses share: it would keep the number that it has.

    It names the last that was computed, of which the model knows, and not what that was computed from.
    """
    first, *others = [topological_order(loss, constants=False) for loss in losses]
    shared = set(first).intersection(*others) if others else ()
    for node in reversed(first):
        if node.op is not None and node in shared:
            raise ValueError(
                f"train: {node.label or f'a node, {node.op.name},'} was computed before training, outside of the model, and would keep its "
                "number; compute it inside"
            )


def _quantities(optimizer: Optimizer) -> tuple[list[str], list[Value]]:
    """What the optimizer remembers and its settings, as labels and leaves."""
    names = [f"m{k}" for k in range(1, optimizer.kept + 1)]
    steps = optimizer.settings()
    labels = ["lr", *[f"lr{k}" for k in range(1, len(steps))]]
    return names, [Value(x, label) for x, label in zip(steps, labels, strict=True)]


def _update(optimizer: Optimizer) -> Program:
    """The optimizer's formula for one parameter as a program."""
    names, settings = _quantities(optimizer)
    p, gradient, kept = Value(1.0, "p"), Value(1.0, "g"), [Value(1.0, name) for name in names]
    with watch([p, gradient, *kept, *settings]) as looks:
        after, remembered = optimizer.update(p, gradient, kept, settings)
    if looks:
        raise Uncompilable(f"the optimizer's update reads numbers: {looks[0]}")
    return compile([after, *remembered], [p, gradient, *kept, *settings])


def _step(optimizer: Optimizer, loss: Value, gradient: Sequence[Value], leaves: Sequence[Value]) -> Program:
    """A whole step as a program: what follows upon the parameters, what is remembered, the settings and a row."""
    names, settings = _quantities(optimizer)
    kept = [[Value(1.0, f"{name}_{p.label}") for p in optimizer.parameters] for name in names]
    after, remembered = [], []
    for k, (p, g) in enumerate(zip(optimizer.parameters, gradient, strict=True)):
        new, moments = optimizer.update(p, g, [row[k] for row in kept], settings)
        for label, node in zip((p.label, *[row[k].label for row in kept]), (new, *moments), strict=True):
            if label and node.op is not None and not node.label:  # a formula may leave a number as it was
                node.label = f"new_{label}"
        after.append(new)
        remembered.append(moments)
    outputs = [loss, *after, *[moments[row] for row in range(len(names)) for moments in remembered]]
    return compile(outputs, [*optimizer.parameters, *chain(*kept), *settings, *leaves])
