"""`train`: a model, rows of data, a loss and an optimizer; the loop that everybody writes, with all it needs around it.

>>> from tinygrad_bp.networks.losses import squared_error
>>> from tinygrad_bp.networks.nn import MLP
>>> from tinygrad_bp.networks.optim import SGD
>>> net = MLP(2, [5, 1], activation="tanh", seed=1)
>>> rows = [([0, 0], 0), ([0, 1], 1), ([1, 0], 1), ([1, 1], 0)]
>>> history = train(net, rows, squared_error, SGD(net.parameters(), lr=0.1), epochs=1000)
>>> [round(net(inputs)[0].data) for inputs, _ in rows]
[0, 1, 1, 0]
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import islice
from time import perf_counter
from typing import Any

from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Value
from tinygrad_bp.networks.losses import LOSSES, Loss, binary_cross_entropy, cross_entropy, one_hot
from tinygrad_bp.networks.optim import Optimizer
from tinygrad_bp.networks.training.diagnosis import what_went_wrong
from tinygrad_bp.networks.training.engines import Compiled, Eager, Machine, Row, Uncompilable

__all__ = ["Diverged", "History", "train"]

TURN = 0.05  # seconds of steps between two looks at the outside: for Ctrl-C and progress
LARGE, FEW = 5_000, 1_000  # parameters of a network that takes seconds to compile; rows in all that are done before
ENGINES = ("auto", "llvm", "python", "eager")


@dataclass
class History:
    """What happened in a training.

    Attributes:
        losses: of each epoch, the mean over all rows, each as it was before the step it took part in.
        validation: after each epoch the mean loss over the rows held out, if there are any.
        steps: how many steps were taken.
        engine: what computed them: "llvm", "python" or "eager".
        why_eager: where "auto" did not compile the model, or not to machine code, the reason.
        stopped: why training ended: "all epochs done", "loss below 0.01", "no better for 20 epochs", "the callback said so",
            "interrupted" (by Ctrl-C) or, in the history of an error, "diverged".
        seconds: how long it took, compiling included.
    """

    losses: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    steps: int = 0
    engine: str = ""
    why_eager: str = ""
    stopped: str = ""
    seconds: float = 0.0

    @property
    def epochs(self) -> int:
        """How many times all rows were gone through."""
        return len(self.losses)

    def __repr__(self) -> str:
        last = f", the last loss {self.losses[-1]:.6g}" if self.losses else ""
        return f"<{self.epochs:,} epochs, {self.steps:,} steps by engine {self.engine!r}{last}; {self.stopped}>"


class Diverged(ArithmeticError):
    """A loss, a gradient or a parameter left the range of floats. The message names the step and the node; `history` is what was before.

    The model has the parameters with which that step began.
    """

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history

    def __reduce__(self) -> Any:
        return Diverged, (str(self), self.history)


def train(
    model: Callable[[Any], Any],
    rows: Iterable[Row],
    loss: Loss | str,
    optimizer: Optimizer,
    *,
    epochs: int = 100,
    batch_size: int | None = 1,
    shuffle: bool = False,
    seed: int | None = None,
    engine: str = "auto",
    validation: Iterable[Row] | None = None,
    patience: int | None = None,
    stop_below: float | None = None,
    on_epoch: Callable[[History], Any] | None = None,
    progress: bool | None = None,
) -> History:
    """Trains the parameters of the optimizer, in place, and returns what happened.

    Args:
        model: called with the inputs of a row, returns the outputs: an `MLP`, or any function of Values.
        rows: pairs of inputs and target, or targets.
        loss: called with the outputs and the target or targets, returns a Value; or the name of one of `losses`. With `cross_entropy` a
            target may be the number of a class.
        optimizer: of the parameters to train.
        epochs: how many times to go through all rows.
        batch_size: how many rows a step takes the mean over. 1 is online training; None takes all rows at once.
        shuffle: go through the rows in a new order each epoch.
        seed: makes the orders repeatable.
        engine: "llvm" computes in machine code, "python" by a program of floats, "eager" by recording each row anew. "auto" takes the
            first of these that can: for machine code llvmlite must be installed, and for both the graph must be the same for all rows;
            and for a large model and few rows the last, as compiling would take longer.
        validation: rows held out, whose loss is measured after each epoch.
        patience: stop when the loss (that of `validation`, if given) has not become smaller for so many epochs; with `validation`
            the parameters are set back to those that did best.
        stop_below: stop when the loss of an epoch is below this.
        on_epoch: called with the history after each epoch; if it returns True, training stops.
        progress: show a bar; by default if standard error is a terminal.

    All engines give the same numbers but for rounding. Before the first step the model is called on some of the rows, and no other thread
    should use it then. Ctrl-C stops training, and keeps what was trained so far.

    Raises Diverged when a number leaves the range of floats; ValueError for settings and rows that do not fit, ImportError and ValueError
    where an engine asked for cannot do it.
    """
    rows, held_out = _rows(rows, "rows"), _rows(validation or [], "validation")
    if not rows:
        raise ValueError("train needs at least one row, a pair of inputs and target")
    if validation is not None and not held_out:
        raise ValueError("train: validation needs at least one row")
    _whole("epochs", epochs, 0)
    size = len(rows) if batch_size is None else min(_whole("batch_size", batch_size, 1), len(rows))
    if patience is not None:
        _whole("patience", patience, 1)
    if not isinstance(optimizer, Optimizer):
        raise TypeError(
            f"train takes an optimizer, such as SGD(net.parameters(), lr=0.1), not {type(optimizer).__name__}"
        )
    start = perf_counter()
    history = History()
    loss = _loss(loss)
    if on_epoch is not None and not callable(on_epoch):
        raise TypeError(f"train: on_epoch is a function, not {type(on_epoch).__name__}")
    if loss is cross_entropy:
        rows, held_out = _probabilities(model, rows), _probabilities(model, held_out)
    if loss is binary_cross_entropy:
        for number, (_, target) in enumerate(rows, 1):
            try:
                binary_cross_entropy(_zeros(target), target)
            except (TypeError, ValueError) as error:
                raise type(error)(f"train: row {number}: {error}") from error
    for number, row in enumerate(rows, 1):
        if _holds_nan(row):
            raise ValueError(f"train: row {number} holds NaN: {row!r:.80}")
    if engine != "eager":  # whose model may count its calls
        _try_out(model, loss, rows, optimizer)
    runner, history.why_eager = _engine(engine, model, loss, rows, held_out, optimizer, epochs)
    history.engine = runner.name
    epoch_by_epoch = any(x is not None for x in (validation, patience, stop_below, on_epoch))
    judge = _Judge(optimizer, patience, stop_below, on_epoch, bool(held_out))
    batches = _batches(len(rows), size, random.Random(seed) if shuffle else None)
    per_epoch = -(-len(rows) // size)
    total, turn = epochs * per_epoch, 1
    epoch: list[float] = []  # losses of this epoch's rows, added up batch by batch
    with _bar(progress, epochs) as show:
        try:
            while history.steps < total and not history.stopped:
                count = min(turn, total - history.steps)
                if epoch_by_epoch:
                    count = min(count, per_epoch - history.steps % per_epoch)
                chosen = list(islice(batches, count))
                before, began = _Snapshot(optimizer), perf_counter()
                losses = _run(runner, chosen, before)
                if losses is None:
                    losses = _to_the_failure(model, loss, rows, chosen, optimizer, history, epoch, per_epoch)
                elapsed = perf_counter() - began
                _record(history, epoch, losses, chosen, len(rows), per_epoch)
                if runner.name != "eager":  # of which each step is recorded at once
                    turn = max(1, min(int(count * TURN / max(elapsed, 1e-9)), 4 * count))
                if epoch_by_epoch and history.steps % per_epoch == 0:
                    if held_out:
                        history.validation.append(_evaluated(runner, held_out, history))
                    history.stopped = judge(history)
                show(history)
        except KeyboardInterrupt:
            history.stopped = "interrupted"
        finally:
            history.seconds = perf_counter() - start
    judge.restore_the_best()
    history.stopped = history.stopped or "all epochs done"
    return history


def _engine(
    wanted: str,
    model: Callable[[Any], Any],
    loss: Loss,
    rows: Sequence[Row],
    held_out: Sequence[Row],
    optimizer: Optimizer,
    epochs: int,
) -> tuple[Eager | Compiled, str]:
    """The engine, and why it is the eager one where another was wanted."""
    if wanted not in ENGINES:
        raise ValueError(f"train: engine is one of {', '.join(map(repr, ENGINES))}, not {wanted!r:.60}")

    def forward(inputs: Any, target: Any) -> Any:
        return loss(model(inputs), target)

    if wanted == "eager":
        return Eager(forward, rows, optimizer), ""
    if wanted == "auto" and len(optimizer.parameters) > LARGE and epochs * len(rows) < FEW:
        return Eager(forward, rows, optimizer), "compiling so large a model takes longer than so few rows"
    try:
        compiled = Compiled(forward, rows, held_out, optimizer)
    except Uncompilable as reason:
        if wanted != "auto":
            raise ValueError(f"train: engine {wanted!r} cannot do this, for {reason}; engine='eager' can") from reason
        return Eager(forward, rows, optimizer), str(reason)
    if wanted != "python":
        try:
            return Machine(compiled), ""
        except (ImportError, ValueError) as error:  # no llvmlite, or an operation that has no definition to follow
            if wanted == "llvm":
                raise
            if isinstance(error, ValueError):
                return compiled, str(error)
    return compiled, ""


class _Snapshot:
    """The parameters and the state of an optimizer, to go back to."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.numbers = [p.data for p in optimizer.parameters]
        self.moments = [list(row) for row in optimizer.moments]
        self.steps = optimizer.steps

    def restore(self) -> None:
        for p, x in zip(self.optimizer.parameters, self.numbers, strict=True):
            p.data = x
        self.optimizer.moments = [list(row) for row in self.moments]
        self.optimizer.steps = self.steps


class _Judge:
    """Whether to stop after an epoch."""

    def __init__(
        self,
        optimizer: Optimizer,
        patience: int | None,
        stop_below: float | None,
        on_epoch: Callable[[History], Any] | None,
        held_out: bool,
    ) -> None:
        self.optimizer, self.patience, self.stop_below, self.on_epoch = optimizer, patience, stop_below, on_epoch
        self.best, self.since, self.keep = math.inf, 0, held_out and patience is not None
        self.parameters: _Snapshot | None = None

    def __call__(self, history: History) -> str:
        """The reason to stop; empty for none."""
        now = (history.validation or history.losses)[-1]
        self.since += 1
        if now < self.best:
            self.best, self.since = now, 0
            if self.keep:
                self.parameters = _Snapshot(self.optimizer)
        if self.on_epoch is not None and self.on_epoch(history) is True:
            return "the callback said so"
        if self.stop_below is not None and history.losses[-1] < self.stop_below:
            return f"loss below {self.stop_below:g}"
        if self.patience is not None and self.since >= self.patience:
            return f"no better for {self.patience} epochs"
        return ""

    def restore_the_best(self) -> None:
        if self.parameters is not None:
            self.parameters.restore()


def _run(runner: Eager | Compiled, batches: Sequence[Sequence[int]], before: _Snapshot) -> list[float] | None:
    """The losses of these steps; None, and all as before, if a number left the range of floats."""
    try:
        losses = runner.run(batches)
    except (ValueError, ArithmeticError):
        losses = [math.nan]
    if all(map(math.isfinite, losses)) and all(math.isfinite(p.data) for p in before.optimizer.parameters):
        return losses
    before.restore()
    return None


def _to_the_failure(
    model: Callable[[Any], Any],
    loss: Loss,
    rows: Sequence[Row],
    batches: Sequence[Sequence[int]],
    optimizer: Optimizer,
    history: History,
    epoch: list[float],
    per_epoch: int,
) -> list[float]:
    """Takes the steps one by one, recording each, up to the one that fails, and raises Diverged. Returns the losses if none does."""
    eager = Eager(lambda inputs, target: loss(model(inputs), target), rows, optimizer)
    found: list[float] = []
    for batch in batches:
        before = _Snapshot(optimizer)
        losses = error = None
        try:
            losses = eager.run([batch])
        except (ValueError, ArithmeticError) as failed:
            error = failed
        if losses is None or not all(map(math.isfinite, [*losses, *[p.data for p in optimizer.parameters]])):
            before.restore()
            done = history.steps + len(found)
            if error is not None and not _out_of_range(error):
                which = ", ".join(str(row + 1) for row in batch[:8])
                raise ValueError(f"train: step {done + 1:,}, rows {which}: {error}") from error
            _record(history, epoch, found, batches[: len(found)], len(rows), per_epoch)
            history.stopped = "diverged"
            where = f"step {done + 1:,} (epoch {done // per_epoch + 1:,})"
            what = what_went_wrong(model, loss, [(row + 1, rows[row]) for row in batch], optimizer)
            raise Diverged(f"training stopped in {where}: {what}; a smaller learning rate may help", history) from error
        found += losses
    return found


def _record(
    history: History,
    epoch: list[float],
    losses: Sequence[float],
    batches: Sequence[Sequence[int]],
    count: int,
    per_epoch: int,
) -> None:
    for x, batch in zip(losses, batches, strict=True):
        epoch.append(x * len(batch))
        history.steps += 1
        if len(epoch) == per_epoch:
            history.losses.append(sum(epoch) / count)
            epoch.clear()


def _batches(count: int, size: int, draw: random.Random | None) -> Iterator[list[int]]:
    """The numbers of the rows in each batch, epoch after epoch without end."""
    order = list(range(count))
    while True:
        if draw is not None:
            draw.shuffle(order)
        yield from [order[k : k + size] for k in range(0, count, size)]


def _loss(loss: Any) -> Loss:
    if isinstance(loss, str):
        if loss not in LOSSES:
            near = get_close_matches(loss, LOSSES, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise ValueError(f"train: there is no loss {loss!r:.60}; there are {', '.join(LOSSES)}{hint}")
        return LOSSES[loss]
    if not callable(loss):
        raise TypeError(f"train: the loss is a function of outputs and target, or a name, not {type(loss).__name__}")
    return loss  # type: ignore[no-any-return]


def _zeros(target: Any) -> Any:
    return [0.0] * len(target) if isinstance(target, list | tuple) else 0.0


def _try_out(model: Callable[[Any], Any], loss: Loss, rows: Sequence[Row], optimizer: Optimizer) -> None:
    """Raises what is wrong with rows and model before any step: rows that do not fit, an optimizer of another model."""
    parameters, last = set(optimizer.parameters), len(rows) - 1
    for place in sorted({0, last // 4, last // 2, last}):
        try:
            total = loss(model(rows[place][0]), rows[place][1])
        except (TypeError, ValueError, ArithmeticError) as error:
            if _out_of_range(error):
                return  # training will say where
            kind = TypeError if isinstance(error, TypeError) else ValueError
            raise kind(f"train: row {place + 1}: {error}") from error
        if not isinstance(total, Value):
            raise TypeError(f"train: the loss is a Value, not {type(total).__name__} {total!r:.60}")
        if not parameters.isdisjoint(topological_order(total, constants=False)):
            return
    raise ValueError(
        f"train: the loss depends on none of the {len(parameters)} parameters of the optimizer; is it the optimizer of another model?"
    )


def _evaluated(runner: Eager | Compiled, rows: Sequence[Row], history: History) -> float:
    """The mean loss over rows held out. Raises Diverged where it leaves the range of floats."""
    try:
        loss, words = runner.evaluate(rows), ""
    except (ValueError, ArithmeticError) as error:
        loss, words = math.nan, f": {error}"
    if math.isfinite(loss):
        return loss
    history.stopped = "diverged"
    raise Diverged(
        f"training stopped after epoch {history.epochs:,}: the loss of the rows held out is {loss}{words}", history
    )


def _holds_nan(part: Any) -> bool:
    if isinstance(part, list | tuple):
        return any(map(_holds_nan, part))
    return isinstance(part, float) and part != part


def _out_of_range(error: Exception) -> bool:
    """Whether an operation failed for its numbers, which other parameters may mend, and not for operands that do not fit."""
    return (
        isinstance(error, ArithmeticError)
        or " is undefined at " in str(error)
        or " has no derivative at " in str(error)
    )


def _rows(rows: Iterable[Any], name: str) -> list[Row]:
    """The rows as pairs, arrays as lists."""
    if not isinstance(rows, Iterable):
        raise TypeError(f"train: {name} are pairs of inputs and target, not {type(rows).__name__} {rows!r:.60}")
    found: list[Row] = []
    for number, row in enumerate(rows, 1):
        try:
            inputs, target = row
        except (TypeError, ValueError):
            raise TypeError(
                f"train: {name} are pairs of inputs and target, and number {number} is {row!r:.80}"
            ) from None
        found.append((_plain(inputs), _plain(target)))
    return found


def _plain(part: Any) -> Any:
    return part.tolist() if hasattr(part, "tolist") else part


def _probabilities(model: Callable[[Any], Any], rows: Sequence[Row]) -> list[Row]:
    """The rows with the probabilities of all classes in place of the number of the right one, so that all rows have one graph."""
    outputs = model(rows[0][0]) if rows else []
    count = len(outputs) if isinstance(outputs, list | tuple) else 1
    found: list[Row] = []
    for number, (inputs, target) in enumerate(rows, 1):
        if isinstance(target, int) and not isinstance(target, bool):
            if not 0 <= target < count:
                raise ValueError(
                    f"train: row {number} is of class {target}, and the model has {count} outputs, for classes 0 to {count - 1}"
                )
            target = one_hot(target, count)
        try:
            cross_entropy([0.0] * count, target)  # which a program does not check any more
        except ValueError as error:
            raise ValueError(f"train: row {number}: {error}") from None
        found.append((inputs, target))
    return found


def _whole(name: str, number: Any, least: int) -> int:
    if not isinstance(number, int) or isinstance(number, bool) or number < least:
        raise ValueError(f"train: {name} is a whole number from {least} up, not {number!r:.60}")
    return number


@contextmanager
def _bar(progress: bool | None, epochs: int) -> Iterator[Callable[[History], None]]:
    """A progress bar on standard error, as a function that shows how far a history has come."""
    if progress is None:
        import sys

        progress = bool(sys.stderr and sys.stderr.isatty())
    if not progress:
        yield lambda history: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
    from rich.text import Text

    class Rate(ProgressColumn):
        def render(self, task: Any) -> Text:
            return Text(f"{task.speed:,.0f}/s" if task.speed else "", style="dim")

    columns = (
        TextColumn("training"),
        BarColumn(bar_width=28),
        TextColumn("{task.completed:,} of {task.total:,} epochs"),
        Rate(),
        TextColumn("[bold]{task.fields[loss]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=epochs, loss="")

        def show(history: History) -> None:
            loss = f"loss {history.losses[-1]:.6g}" if history.losses else ""
            bar.update(task, completed=history.epochs, loss=loss)

        yield show
