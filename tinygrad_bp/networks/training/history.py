"""`History`: what happened in a training; and `Diverged`, with which one ends whose numbers leave the range of floats."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tinygrad_bp.core.output import said
from tinygrad_bp.networks.training.checkpoint import Checkpoint
from tinygrad_bp.text import counted


@dataclass
class History:
    """What happened in a training.

    Attributes:
        losses: of each epoch, the mean over all rows, each as it was before the step it took part in.
        validation: after each epoch the mean loss over the rows held out, if there are any.
        steps: how many steps were taken.
        engine: what computed them: "llvm", "python" or "eager".
        why_eager: where "auto" did not compile the model, or not to machine code, the reason; also where a model that was compiled has
            changed on the way, and was run eagerly from there on.
        stopped: why training ended: "all epochs done", "loss below 0.01", "no better for 20 epochs", "the callback said so",
            "interrupted" or "diverged" in the history that KeyboardInterrupt and `Diverged` have.
        seconds: how long it took, compiling included.
        hint: where learning stood still at the end, what keeps the parameters from it; see `diagnose`.
        checkpoint: all that a training needs to go on as if it had never stopped, as it is now; of a training that has ended, as it was
            then. `train(..., resume=history)` takes it, also from a file, which `save` writes.
    """

    losses: list[float] = field(default_factory=list)
    validation: list[float] = field(default_factory=list)
    steps: int = 0
    engine: str = ""
    why_eager: str = ""
    stopped: str = ""
    seconds: float = 0.0
    hint: str = ""

    def __post_init__(self) -> None:
        # No field: who makes a dictionary of a history, or compares two, means what happened.
        self.now: Checkpoint | Callable[[], Checkpoint] | None = None

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "now": self.now() if callable(self.now) else self.now}

    @property
    def checkpoint(self) -> Checkpoint:
        """See above. Raises ValueError for a history that no training has begun."""
        if self.now is None:
            raise ValueError("this history has no checkpoint: no training has begun")
        return self.now() if callable(self.now) else replace(self.now, seconds=self.seconds)

    def save(self, path: str | os.PathLike[str], more: Mapping[str, Any] | None = None) -> Path:
        """Writes the checkpoint to a file, whole or not at all, and returns its path; as `on_epoch`, after each epoch.

        `train(..., resume=path)` goes on from there, in another process, too, with the same model, rows, loss and optimizer made again,
        and gives the numbers of a training that was never interrupted. The file is JSON, and nothing in it is executed.

        Args:
            path: of the file.
            more: what of yours is saved along, by names: texts, numbers, lists and dictionaries.

        Raises ValueError for a history that no training has begun, TypeError for more that JSON does not know, OSError where the file
        cannot be written.
        """
        return self.checkpoint.save(path, more)

    @property
    def epochs(self) -> int:
        """How many times all rows were gone through."""
        return len(self.losses)

    @said
    def __repr__(self) -> str:
        last = f", the last loss {self.losses[-1]:.6g}" if self.losses else ""
        done = f"{counted(self.epochs, 'epoch')}, {counted(self.steps, 'step')}"
        hint = f"; {self.hint}" if self.hint else ""
        return f"<{done} by engine {self.engine!r}{last}; {self.stopped}{hint}>"


class Diverged(ArithmeticError):
    """A loss, a gradient or a parameter left the range of floats. The message names the step and the node; `history` is what was before.

    The model has the parameters with which that step began; those after the best epoch, if there were `validation` or `patience`.
    """

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history

    def __reduce__(self) -> Any:
        return Diverged, (str(self), self.history)
