"""Rows of the table of operations, for tests that hold every row."""

import math
import random
from typing import Any

from tinygrad_bp import Operation, Reduction
from tinygrad_bp.program import Program
from tinygrad_bp.program.instructions import Code, Instruction


def alone(op: Any, count: Any) -> Any:
    """The operation on so many operands as a program, not simplified; a target that has it not takes it apart."""
    code = Code([""] * count)
    code.instructions.append(Instruction(op, tuple(range(count))))
    code.outputs, code.shape = [count], 0
    return Program(code)


def points_of(op: Any, count: Any, decades: Any) -> Any:
    """So many points of each box of the operation's domain: moderate, larger, and on a scale of so many decades to both sides."""
    draw = random.Random(op.name)
    found = []
    for box in op.domain.boxes:
        for _ in range(count):
            choices = [
                (
                    draw.uniform(-3, 3),
                    draw.uniform(-45, 45),
                    math.copysign(10 ** draw.uniform(-decades, decades), low + high),
                )
                for low, high in box
            ]
            found.append([min(max(draw.choice(xs), low), high) for xs, (low, high) in zip(choices, box, strict=True)])
    return found


def corners_of(op: Any) -> Any:
    """The lower and the upper corner of each box of the operation's domain."""
    return [[side[k] for side in box] for box in op.domain.boxes for k in (0, 1)]


# Rows of one's own whose rules have an `if`.
leaky = Operation(
    "leaky", lambda x: x if x > 0 else 0.1 * x, (lambda y, x: 1.0 if x > 0 else 0.1,), "leaky({})", "", "leaky"
)
elu = Operation(
    "elu", lambda x: x if x > 0 else math.exp(x) - 1, (lambda y, x: 1.0 if x > 0 else y + 1.0,), "elu({})", "", "elu"
)
top = Reduction(
    "top",
    lambda *xs: max(xs),
    lambda y, *xs: [1.0 if x == y else 0.0 for x in xs],
    lambda bare, tight: f"top([{', '.join(bare)}])",
    lambda bare, tight: "",
    "top",
)
