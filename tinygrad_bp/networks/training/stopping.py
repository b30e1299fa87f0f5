"""When a training stops before all epochs are done, and how it goes back to parameters that were better."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from tinygrad_bp.networks.optim import Optimizer
from tinygrad_bp.networks.training.history import History
from tinygrad_bp.text import counted


class Snapshot:
    """The parameters and the state of an optimizer, to go back to."""

    def __init__(self, optimizer: Optimizer) -> None:
        self.optimizer = optimizer
        self.numbers = [p.data for p in optimizer.parameters]
        self.moments = [list(row) for row in optimizer.moments]
        self.steps = optimizer.steps

    def restore(self) -> None:
        self.optimizer.change(self.numbers, self.moments, self.steps)


def _is_true(said: Any) -> bool:
    """Whether it is True: Python's, or that of an array library, which `is True` does not know."""
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
        self.optimizer, self.patience, self.stop_below, self.on_epoch = optimizer, patience, stop_below, on_epoch
        self.looks = held_out or any(x is not None for x in (patience, stop_below, on_epoch))
        self.best, self.since = math.inf, 0
        self.goes_back = held_out and patience is not None
        self.keep = held_out or patience is not None  # what is lost otherwise where training diverges
        self.held_out = held_out
        self.parameters: Snapshot | None = None
        self.before = Snapshot(optimizer)  # of this epoch

    def __call__(self, history: History) -> str:
        """The reason to stop; empty for none."""
        now = (history.validation or history.losses)[-1]
        self.since += 1
        before, self.before = self.before, Snapshot(self.optimizer) if self.keep else self.before
        if now < self.best:
            # The loss of rows held out is of the parameters that there are; that of the rows learned is of those before.
            self.parameters = (self.before if self.held_out else before) if self.keep else None
            self.best, self.since = now, 0
        if self.on_epoch is not None and _is_true(self.on_epoch(history)):
            return "the callback said so"
        if self.stop_below is not None and history.losses[-1] < self.stop_below:
            return f"loss below {self.stop_below:g}"
        if self.patience is not None and self.since >= self.patience:
            return f"no better for {counted(self.patience, 'epoch')}"
        return ""

    def restore_the_best(self, *, diverged: bool = False) -> None:
        """Goes back to the parameters that did best, if it was asked for or those that there are have diverged."""
        if self.parameters is not None and (self.goes_back or diverged):
            self.parameters.restore()
