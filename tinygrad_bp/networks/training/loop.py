"""`train`: the loop that everybody writes, with all it needs around it."""

from __future__ import annotations

import math
import operator
import os
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from itertools import repeat
from time import perf_counter
from typing import Any, NoReturn

from tinygrad_bp.core.stable import sum_of
from tinygrad_bp.core.value import assignments
from tinygrad_bp.lots import draw_on, lots
from tinygrad_bp.networks.losses import Loss
from tinygrad_bp.networks.optim import Optimizer, at_once
from tinygrad_bp.networks.optimizer_state import State, settings_of
from tinygrad_bp.networks.seeds import generator
from tinygrad_bp.networks.training.batches import Batches
from tinygrad_bp.networks.training.checkpoint import Checkpoint, Facts, facts_of, fixed_of, read
from tinygrad_bp.networks.training.diagnosis import (
    fails_by_itself,
    of_rows_held_out,
    what_went_wrong,
    why,
    why_it_stands_still,
)
from tinygrad_bp.networks.training.engines import Compiled, Eager, chosen
from tinygrad_bp.networks.training.history import Diverged, History
from tinygrad_bp.networks.training.progress import Standing, bar
from tinygrad_bp.networks.training.stopping import Judge, Snapshot
from tinygrad_bp.networks.training.task import Row, Task, is_out_of_range
from tinygrad_bp.networks.training.watching import unwatch
from tinygrad_bp.text import shown, whole_number

TURN = 0.05  # seconds of steps between two looks at the outside: for Ctrl-C and progress


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
    resume: History | Checkpoint | str | os.PathLike[str] | None = None,
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
            one that is done first, by the size of a row's graph and the number of rows in all epochs. For machine code llvmlite must be
            installed, and for both programs the graph must be the same for all rows; where one cannot, the next does.
        validation: rows held out, whose loss is measured after each epoch.
        patience: stop when the loss (that of `validation`, if given) has not become smaller for so many epochs; with `validation`
            the parameters are set back to those that did best, also where training diverges or is interrupted.
        stop_below: stop when the loss of an epoch is below this.
        on_epoch: called with the history after each epoch; training stops if it returns True, and goes on whatever else it returns.
        progress: show how far it has come; by default if standard error is a terminal, and in a notebook if it takes over a second.
        resume: go on from there: a history, or a file that `history.save(path)` wrote. `epochs` is their number in all.

    All engines give the same numbers but for rounding. Before the first step the model is called on some of the rows, and no other thread
    should use it then.

    Ctrl-C ends with KeyboardInterrupt, so that it ends a loop of several trainings, too. What was trained so far stays in the model:
    parameters, optimizer and history are those of one step. The history is the exception's attribute `history`.

    A training that goes on is given the same model, rows, loss and optimizer, made again, and the same batch_size, shuffle and seed. By
    the same engine it gives the numbers of one that never stopped, bit for bit. Another learning rate, schedule, patience or stop_below
    may be given. If the model or on_epoch draw from Python's or NumPy's generator, that goes on from where it was, too.

    Raises Diverged when a number leaves the range of floats; TypeError and ValueError for settings and rows that do not fit, and where
    `resume` is of another training, saying what differs; OSError where its file cannot be read; ImportError and ValueError where an engine
    asked for cannot do it.
    """
    start = perf_counter()
    history = History()
    loop: _Loop | None = None
    try:
        epochs = whole_number(epochs, "train: epochs")
        if batch_size is not None:
            batch_size = whole_number(batch_size, "train: batch_size", 1)
        if patience is not None:
            patience = whole_number(patience, "train: patience", 1)
        draw = generator(seed, "train: seed")
        task = Task.of(model, rows, loss, optimizer, validation)
        judge = Judge(optimizer, patience, stop_below, on_epoch, bool(task.held_out))
        count = len(task.rows)
        size = count if batch_size is None else min(batch_size, count)
        facts = facts_of(task, size, bool(shuffle), seed)
        begun = settings_of(optimizer)
        if resume is not None:
            history.now = checkpoint = _checkpoint(resume)
            changed = checkpoint.check(task, facts, epochs)
        runner, history.why_eager = chosen(task, engine, epochs, size)
        history.engine = runner.name
        loop = _Loop(task, runner, history, judge, epochs, facts, begun, draw if shuffle else None)
        if resume is not None:
            loop.go_on(checkpoint, changed)
        history.now, running = loop.checkpoint, loop
        with bar(progress, Standing(history, epochs, loop.total, lambda: running.runner.within)) as show:
            loop.look()
            while history.steps < loop.total and not history.stopped:
                loop.take_a_turn()
                show()
        loop.finish()
    except BaseException as error:
        if isinstance(optimizer, Optimizer):
            unwatch(optimizer.parameters)
        if loop is not None:
            loop.settle(error)
        if isinstance(error, KeyboardInterrupt):
            history.stopped = "interrupted"
            error.history = history  # type: ignore[attr-defined]
        raise
    finally:
        history.seconds += perf_counter() - start
    return history


class _Loop:
    """A training on its way: so many steps at a turn, the history kept, a look around after each epoch."""

    def __init__(
        self,
        task: Task,
        runner: Eager | Compiled,
        history: History,
        judge: Judge,
        epochs: int,
        facts: Facts,
        begun: dict[str, Any],
        draw: random.Random | None,
    ) -> None:
        self.task, self.runner, self.history, self.judge = task, runner, history, judge
        self.facts, self.begun, self.lots = facts, begun, lots()
        count, size = len(task.rows), facts.batch_size
        self.batches = Batches(count, size, draw)
        self.per_epoch = -(-count // size)
        self.total = epochs * self.per_epoch
        self.turn = 1  # how many steps to take at once
        self.epoch: list[float] = []  # losses of this epoch's rows, added up batch by batch
        self.start = self.before = Snapshot(task.optimizer)
        self.seen = task.optimizer.steps  # its count when the history was last told
        self.taking: tuple[Eager | Compiled, Sequence[Sequence[int]]] = runner, ()
        self.unsettled = False  # whether parameters are to go back to those before these steps

    def take_a_turn(self) -> None:
        """Takes some steps, up to the end of the epoch if there is something to look at then."""
        history, per_epoch = self.history, self.per_epoch
        if isinstance(self.runner, Compiled) and (reason := self.runner.outdated()):
            self.runner, self.turn = Eager(self.task), 1
            history.engine, history.why_eager = "eager", reason
        count = min(self.turn, self.total - history.steps)
        if self.judge.looks:
            count = min(count, per_epoch - history.steps % per_epoch)
        batches = self.batches.take(count)
        began = perf_counter()
        self._run(batches)
        if self.runner.name != "eager":  # of which each step is recorded at once
            elapsed = perf_counter() - began
            self.turn = max(1, min(int(count * TURN / max(elapsed, 1e-9)), 4 * count))
        self.look()

    def look(self) -> None:
        """Measures on the rows held out, tells whoever is to be told, and stops where it is time to, if an epoch has just ended."""
        history = self.history
        if self.judge.looks and history.losses and history.steps % self.per_epoch == 0:
            if self.task.held_out and len(history.validation) < history.epochs:
                history.validation.append(self._evaluated())
            history.stopped = self.judge(history)

    def checkpoint(self) -> Checkpoint:
        """All that is needed to go on from here."""
        history, optimizer = self.history, self.task.optimizer
        now = lots()
        return Checkpoint(
            facts=self.facts,
            optimizer=type(optimizer).__name__,
            begun=self.begun,
            settings=settings_of(optimizer),
            state=State.of(optimizer),
            fixed={name: x.data for name, x in fixed_of(self.task).items()},
            losses=history.losses[:],
            validation=history.validation[:],
            steps=history.steps,
            seconds=history.seconds,
            epoch=self.epoch[:],
            judged=self.judge.judged(history),
            place=self.batches.place(-(-history.steps // self.per_epoch)),
            lots={name: state for name, state in now.items() if state != self.lots.get(name)},
        )

    def go_on(self, checkpoint: Checkpoint, changed: Mapping[str, Any]) -> None:
        """Goes on from there, all at once; `changed` are attributes of the optimizer."""
        task, history, optimizer = self.task, self.history, self.task.optimizer
        state, fixed = checkpoint.state, fixed_of(task)
        mine = {**changed, "moments": [row[:] for row in state.moments], "steps": state.steps}
        past = {
            "losses": checkpoint.losses[:],
            "validation": checkpoint.validation[:],
            "steps": checkpoint.steps,
            "seconds": checkpoint.seconds,
        }
        judged = self.judge.as_judged(checkpoint.judged)
        begun = -(-checkpoint.steps // self.per_epoch)
        self.batches.go_to(checkpoint.place, begun, checkpoint.steps - (begun - 1) * self.per_epoch)
        draw_on(checkpoint.lots)
        self.lots = {name: x for name, x in self.lots.items() if name not in checkpoint.lots}
        at_once(
            assignments(optimizer.parameters, state.numbers),
            assignments(list(fixed.values()), [checkpoint.fixed[name] for name in fixed]),
            map(setattr, repeat(optimizer), mine, mine.values()),
            map(setattr, repeat(history), past, past.values()),
            map(setattr, repeat(self.judge), judged, judged.values()),
            map(setattr, repeat(self), ("epoch", "seen"), (checkpoint.epoch[:], state.steps)),
        )
        self.start = self.before = Snapshot(optimizer)

    def finish(self) -> None:
        """Ends a training that has come to its end: the checkpoint is of now, and the parameters are the best, if those were asked for."""
        history = self.history
        history.now = self.checkpoint()
        self.judge.restore_the_best()
        history.hint = why_it_stands_still(self.task, history.losses)
        history.stopped = history.stopped or "all epochs done"

    def settle(self, error: BaseException) -> None:
        """Makes parameters, optimizer and history agree, wherever they were interrupted; goes back to the best where it was asked for."""
        history, (runner, batches) = self.history, self.taking
        diverged = isinstance(error, Diverged)
        done = self.task.optimizer.steps - self.seen
        losses = runner.losses[:done] if done > 0 else []
        if self.unsettled or (done > 0 and not (len(losses) == done and self._all_finite(losses))):
            self.before.restore()
        elif done > 0:
            self._record(losses, batches[:done])
        ended = not callable(history.now)  # or has not begun
        with suppress(BaseException):  # it is the first error that goes on
            if self.task.held_out and not diverged and len(history.validation) < len(history.losses):
                history.validation.append(self._evaluated())
            if self.judge.looks and not diverged and history.steps % self.per_epoch == 0:
                self.judge.note(history)
        if not ended:
            checkpoint = history.now = None
            with suppress(BaseException):
                checkpoint = self.checkpoint()
            history.now = checkpoint
        if self.task.held_out and not diverged:
            del history.losses[len(history.validation) :]
        self.judge.restore_the_best(diverged=diverged)

    def _run(self, batches: Sequence[Sequence[int]]) -> None:
        """Takes these steps and records them. Raises Diverged if a number leaves the range of floats."""
        self.before = Snapshot(self.task.optimizer)
        self.taking = self.runner, batches
        try:
            losses = self.runner.run(batches)
        except (ValueError, ArithmeticError):
            losses = [math.nan]
        if self._all_finite(losses):
            self._record(losses, batches)
            return
        self.before.restore()
        self._to_the_failure(batches)

    def _to_the_failure(self, batches: Sequence[Sequence[int]]) -> None:
        """Takes the steps one by one, recording each, up to the one that fails, if one does, and raises Diverged."""
        eager = Eager(self.task)
        for batch in batches:
            self.before = Snapshot(self.task.optimizer)
            self.taking = eager, [batch]
            losses = error = None
            try:
                losses = eager.run([batch])
            except (ValueError, ArithmeticError) as failed:
                error = failed
            if losses is None or not self._all_finite(losses):
                self.before.restore()
                self._fail(batch, error)
            else:
                self._record(losses, [batch])

    def _fail(self, batch: Sequence[int], error: Exception | None) -> NoReturn:
        """Raises what is to be said of the step that failed, the next one."""
        history = self.history
        step = history.steps + 1
        if type(error) is ZeroDivisionError and fails_by_itself(self.task, batch):
            raise error
        if error is not None and not is_out_of_range(error):
            which = ", ".join(str(row + 1) for row in batch[:8])
            raise ValueError(f"train: step {step:,}, rows {which}: {error}") from error
        where = f"step {step:,} (epoch {history.steps // self.per_epoch + 1:,})"
        words = what_went_wrong(self.task, batch)
        self.unsettled = True
        words += why(self.task, batch, self.start.restore)
        self.before.restore()
        self.unsettled = False
        history.stopped = "diverged"
        raise Diverged(f"training stopped in {where}: {words}", history) from error

    def _all_finite(self, losses: Sequence[float]) -> bool:
        return all(map(math.isfinite, losses)) and all(math.isfinite(p.data) for p in self.task.optimizer.parameters)

    def _record(self, losses: Sequence[float], batches: Sequence[Sequence[int]]) -> None:
        """Tells the history of these steps, all at once."""
        history, count = self.history, len(self.task.rows)
        kept, done, rest = len(self.epoch), [], []
        for x, batch in zip(losses, batches, strict=True):
            rest.append(x * len(batch))
            if kept + len(rest) == self.per_epoch:
                done.append(sum_of(*self.epoch[:kept], *rest) / count)
                kept, rest = 0, []
        at_once(
            map(
                operator.setitem,
                (history.losses, self.epoch),
                (slice(len(history.losses), None), slice(kept, None)),
                (done, rest),
            ),
            map(
                setattr,
                (history, self),
                ("steps", "seen"),
                (history.steps + len(losses), self.task.optimizer.steps),
            ),
        )

    def _evaluated(self) -> float:
        """The mean loss over the rows held out. Raises Diverged where it leaves the range of floats."""
        history = self.history
        try:
            loss, words = self.runner.evaluate(), ""
        except (ValueError, ArithmeticError) as error:
            loss, words = math.nan, f": {error}"
        if math.isfinite(loss):
            return loss
        words = of_rows_held_out(self.task) or words
        history.stopped = "diverged"
        raise Diverged(
            f"training stopped after epoch {history.epochs:,}: the loss of the rows held out is {loss}{words}", history
        )


def _checkpoint(resume: Any) -> Checkpoint:
    """What `train` is to go on from."""
    if isinstance(resume, History):
        return resume.checkpoint
    if isinstance(resume, Checkpoint):
        return resume
    if not isinstance(resume, str | os.PathLike):
        raise TypeError(
            f"train: resume is a history, or a file that history.save wrote, not {type(resume).__name__} {shown(resume)}"
        )
    return read(resume)
