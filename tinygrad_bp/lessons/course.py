"""A training, round after round, of what has its numbers by name, and what is said of its course."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import Drawing, curve
from tinygrad_bp.lessons.blocks import Block, Code, Heading, Picture, Table
from tinygrad_bp.program import compile
from tinygrad_bp.words import Words

LEAST = 0.001  # of an error that is written in decimals
MOST_COLUMNS = 76

Number = TypeVar("Number")


@dataclass(frozen=True)
class Run(Generic[Number]):
    """What came of a training: its errors, of which `errors[k]` is that after k updates, and outputs and parameters at its end."""

    errors: list[Number]
    outputs: dict[str, Number]
    parameters: dict[str, Number]

    def decimals(self) -> Run[Decimal]:
        """The same in numbers that round as they are printed."""
        errors: list[Any] = self.errors
        named: list[dict[str, Any]] = [self.outputs, self.parameters]
        outputs, parameters = ({name: Decimal(x) for name, x in numbers.items()} for numbers in named)
        return Run([Decimal(x) for x in errors], outputs, parameters)

    def to_dict(self) -> dict[str, Any]:
        """For JSON."""
        return {
            "error_before": self.errors[0],
            "error_after_1_update": self.errors[1] if len(self.errors) > 1 else None,
            "error_seen_by_last_round": self.errors[-2] if len(self.errors) > 1 else None,
            "error_after": self.errors[-1],
            "outputs": self.outputs,
            "parameters": self.parameters,
        }


def descend(
    one_round: Callable[..., Mapping[str, Any]],
    start: Mapping[str, Any],
    rounds: int,
    *,
    loss: str,
    outputs: Sequence[str],
    parameters: Sequence[str],
    fixed: Sequence[str] = (),
    on_round: Callable[[], object] = lambda: None,
) -> Run[Any]:
    """Trains by a function that computes a round.

    Args:
        one_round: takes all numbers by name and returns quantities by name: the loss, the outputs, and `w+` for each parameter w.
        start: the numbers to begin with.
        loss, outputs, parameters: what they are called.
        fixed: the parameters that are not trained.
        on_round: called after each round.

    Raises OverflowError where the loss leaves all bounds.
    """
    numbers: dict[str, Any] = dict(start)
    errors: list[Any] = []
    while True:
        found = one_round(**numbers)
        error = found[loss]
        if not math.isfinite(error):
            told = f"{loss} is {error} after {len(errors)} updates"
            raise OverflowError(f"training left all bounds: {told}; choose a smaller learning rate")
        errors.append(error)
        if len(errors) > rounds:
            return Run(errors, {name: found[name] for name in outputs}, {name: numbers[name] for name in parameters})
        numbers |= {name: found[f"{name}+"] for name in parameters if name not in fixed}
        on_round()


def recorded(quantities: Mapping[str, Value], inputs: Sequence[Value]) -> Callable[..., dict[str, float]]:
    """A function that computes these quantities from inputs, which it takes by their labels; other numbers it passes over."""
    program, names = compile(list(quantities.values()), inputs), [v.label for v in inputs]
    return lambda **numbers: dict(zip(quantities, program(*[numbers[name] for name in names]), strict=True))


def course(
    run: Run[float], say: Words, *, loss: str, picture: Drawing | None = None, width: int = MOST_COLUMNS
) -> Iterator[Block]:
    """What is said of a training: its curve, as a picture or else in text of so many columns, and its first and last numbers."""
    errors, rounds = run.errors, len(run.errors) - 1

    def when(name: str, k: int) -> str:
        return say("lesson.course.after" if k else "lesson.course.before", name=name, count=k)

    yield Heading(say("lesson.course" if rounds else "lesson.course.none", count=rounds))
    if rounds and picture:
        yield Picture(picture, "error-curve")
    elif rounds:
        yield Code("\n".join(curve.plot(errors, min(MOST_COLUMNS, width - 5))))
    told = [(when(loss, k), errors[k]) for k in sorted({0, 1, rounds - 1, rounds}) if 0 <= k <= rounds]
    lines = [[name, f"{x:.9e}" if abs(x) < LEAST else f"{x:.12f}"] for name, x in told]
    yield Table(["", ""], [*lines, *[[when(name, rounds), f"{x:.10f}"] for name, x in run.outputs.items()]])
