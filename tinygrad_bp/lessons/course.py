"""What came of a training: the curve of its error, and numbers from its beginning and its end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from tinygrad_bp.drawing import Drawing, curve
from tinygrad_bp.lessons.blocks import Block, Code, Heading, Picture, Table
from tinygrad_bp.words import Words

LEAST = 0.001  # of an error that is written in decimals
MOST_COLUMNS = 76


def course(
    errors: Sequence[float], outputs: Mapping[str, float], say: Words, *, loss: str, picture: Drawing | None, width: int
) -> Iterator[Block]:
    """The course of a training.

    Args:
        errors: `errors[k]` is the error after k updates.
        outputs: what else there is to be told of its end, by name.
        loss: what the error is called.
        picture: the curve as a picture; without one it is drawn in text.
        width: columns of the text.
    """
    rounds = len(errors) - 1

    def when(name: str, k: int) -> str:
        return say("lesson.course.after" if k else "lesson.course.before", name=name, count=k)

    yield Heading(say("lesson.course" if rounds else "lesson.course.none", count=rounds))
    if rounds and picture:
        yield Picture(picture, "error-curve")
    elif rounds:
        yield Code("\n".join(curve.plot(errors, min(MOST_COLUMNS, width - 5))))
    told = [(when(loss, k), errors[k]) for k in sorted({0, 1, rounds - 1, rounds}) if 0 <= k <= rounds]
    lines = [[name, f"{x:.9e}" if abs(x) < LEAST else f"{x:.12f}"] for name, x in told]
    yield Table(["", ""], [*lines, *[[when(name, rounds), f"{x:.10f}"] for name, x in outputs.items()]])
