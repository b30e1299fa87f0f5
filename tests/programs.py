"""What tests of programs share: the same computed by Values and by rows, and what two results have in common."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.worked import worked_example
from tinygrad_bp import Operation, Value, grad, topological_order

INFINITE = (math.inf, -math.inf, math.nan)
own_bell = Operation("own_bell", lambda x: math.exp(-x * x), (lambda y, x: -2.0 * x * y,), "own_bell({})", "", "bell")


def replay(outputs: Sequence[Value], leaves: Sequence[Value], numbers: Sequence[float]) -> list[float]:
    """The data of the outputs with other numbers in the leaves: the same operations on new Values, one by one."""
    new: dict[Any, Any] = {leaf: Value(number, leaf.label) for leaf, number in zip(leaves, numbers, strict=True)}
    for node in topological_order(*outputs, constants=False):
        if node.op is not None:
            operands = [new.get(x, x) for x in node.operands]
            new[node] = Value.record_operation(node.op, operands)
            new[node].label = node.label
    return [new.get(output, output).data for output in outputs]


def forward(outputs: Sequence[Value], leaves: Sequence[Value], numbers: Sequence[float]) -> list[float]:
    """The same on floats, for graphs whose Values would ask for a derivative that is not there: (-2.0) ** b by b."""
    new: dict[Any, Any] = dict(zip(leaves, numbers, strict=True))
    for node in topological_order(*outputs, constants=False):
        if node not in new:
            operands = [x if type(x) is float else new[x] for x in node.operands]
            new[node] = node.op.compute(operands) if node.op else node.data
    return [new[output] for output in outputs]


def result(f: Any, *args: Any) -> Any:
    """What f returns, or its error as the type and the operation it names."""
    try:
        return f(*args)
    except (ValueError, ArithmeticError) as error:
        return type(error), str(error).split(" ")[0]


def same(got: Any, want: Any, tolerance: float = 1e-12) -> bool:
    if isinstance(want, tuple) or isinstance(got, tuple):
        return got == want
    return len(got) == len(want) and all(
        type(a) is float and (a == b or (a != a and b != b) or math.isclose(a, b, rel_tol=tolerance))
        for a, b in zip(got, want, strict=True)
    )


def run(source: str, tmp_path: Path, more: str, seed: str = "0") -> str:
    """What a new process prints that runs the source from a file, and then `more`."""
    path = tmp_path / "saved.py"
    path.write_text(source + more, encoding="utf-8")
    environment = {**os.environ, "PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"}
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, env=environment, check=True, encoding="utf-8"
    )
    return done.stdout


def network() -> tuple[list[Value], list[Value]]:
    """The error of the worked example and its gradient; the weights, inputs and targets."""
    net, inputs, targets, error = worked_example()
    return [error, *grad(error, net.weights)], [*net.weights, *inputs, *targets]
