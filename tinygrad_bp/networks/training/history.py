"""`History`: what happened in a training; and `Diverged`, with which one ends whose numbers leave the range of floats."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tinygrad_bp.core.output import said
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

    @said
    def __repr__(self) -> str:
        last = f", the last loss {self.losses[-1]:.6g}" if self.losses else ""
        done = f"{counted(self.epochs, 'epoch')}, {counted(self.steps, 'step')}"
        return f"<{done} by engine {self.engine!r}{last}; {self.stopped}>"


class Diverged(ArithmeticError):
    """A loss, a gradient or a parameter left the range of floats. The message names the step and the node; `history` is what was before.

    The model has the parameters with which that step began; those after the best epoch, if there were `validation` or `patience`.
    """

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history

    def __reduce__(self) -> Any:
        return Diverged, (str(self), self.history)
