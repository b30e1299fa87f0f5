"""When a training stops before all epochs are done, and how it goes back to parameters that were better."""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import repeat
from typing import Any

from tinygrad_bp.core.operation import as_float
from tinygrad_bp.networks.optim import Optimizer, at_once
from tinygrad_bp.networks.optimizer_state import State
from tinygrad_bp.networks.training.checkpoint import Judged
from tinygrad_bp.networks.training.history import History
from tinygrad_bp.text import counted


class Snapshot:
    """The parameters and the state of an optimizer, to go back to: those of now, if no other is given."""

    def __init__(self, optimizer: Optimizer, state: State | None = None) -> None:
        self.optimizer = optimizer
        self.state = State.of(optimizer) if state is None else state

    def restore(self) -> None:
        self.optimizer.change(*self.state)


def _is_true(said: Any) -> bool:
    """Whether a callback said True: Python's, or that of an array library, which `is True` does not know.

    What else it returns is no answer: a path that it saved to, a number that it wrote down.
    """
    kind = getattr(said, "dtype", None)
    return said is True or (str(kind).endswith("bool") and getattr(said, "ndim", 1) == 0 and bool(said))


class Judge:
    """Whether to stop after an epoch.

    Attributes:
        looks: whether there is something to look at after each epoch.
    """

    def __init__(
        self,
        optimizer: Optimizer,
        patience: int | None,
        stop_below: float | None,
        on_epoch: Callable[[History], Any] | None,
        held_out: bool,
    ) -> None:
        if on_epoch is not None and not callable(on_epoch):
            raise TypeError(f"train: on_epoch is a function, not {type(on_epoch).__name__}")
        if stop_below is not None:
            stop_below = as_float(stop_below, "train: stop_below", wants="takes a real number")
        self.optimizer, self.patience, self.stop_below, self.on_epoch = optimizer, patience, stop_below, on_epoch
        self.looks = held_out or any(x is not None for x in (patience, stop_below, on_epoch))
        self.best, self.since, self.noted, self.told = math.inf, 0, 0, 0
        self.goes_back = held_out and patience is not None
        self.keep = held_out or patience is not None  # what is lost otherwise where training diverges
        self.held_out = held_out
        self.parameters: Snapshot | None = None
        self.before = Snapshot(optimizer)  # of this epoch

    def __call__(self, history: History) -> str:
        """The reason to stop; empty for none."""
        self.note(history)
        if self.told < history.epochs:
            self.told = history.epochs
            if self.on_epoch is not None and _is_true(self.on_epoch(history)):
                return "the callback said so"
        if self.stop_below is not None and history.losses[-1] < self.stop_below:
            return f"loss below {self.stop_below:g}"
        if self.patience is not None and self.since >= self.patience:
            return f"no better for {counted(self.patience, 'epoch')}"
        return ""

    def note(self, history: History) -> None:
        """Takes note of the loss of an epoch that was not noted yet, all at once."""
        if self.noted >= history.epochs:
            return
        now = (history.validation or history.losses)[-1]
        after = Snapshot(self.optimizer) if self.keep else self.before
        found: dict[str, Any] = {"noted": history.epochs, "since": self.since + 1, "before": after}
        if now < self.best:
            # The loss of rows held out is of the parameters that there are; that of the rows learned is of those before.
            best = (after if self.held_out else self.before) if self.keep else None
            found |= {"best": now, "since": 0, "parameters": best}
        at_once(map(setattr, repeat(self), found, found.values()))

    def judged(self, history: History) -> Judged:
        """What it goes by, for a checkpoint."""
        if not self.looks:  # else what was not asked for would count as not looked at yet
            return Judged(noted=history.epochs, told=history.epochs)
        states = [x.state if x is not None and self.keep else None for x in (self.parameters, self.before)]
        return Judged(self.best, self.since, self.noted, self.told, *states)

    def as_judged(self, judged: Judged) -> dict[str, Any]:
        """The attributes with which it goes on as one that had judged so."""
        found: dict[str, Any] = {"best": judged.best, "since": judged.since, "noted": judged.noted, "told": judged.told}
        for name, state in (("parameters", judged.parameters), ("before", judged.before)):
            if state is not None:
                found[name] = Snapshot(self.optimizer, state)
        return found

    def restore_the_best(self, *, diverged: bool = False) -> None:
        """Goes back to the parameters that did best, if it was asked for or those that there are have diverged."""
        if self.parameters is not None and (self.goes_back or diverged):
            self.parameters.restore()
