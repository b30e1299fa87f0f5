"""Autograd held against numerical differences, input by input, and rule by rule where they part.

    >>> w, x = Value(0.4, "w"), Value(1.5, "x")
    >>> bool(check_gradients((w * x).tanh()))
    True

The numerical derivative is the central difference (f(x + h) - f(x - h)) / 2h for a falling series of steps h, extrapolated to h = 0 by
Richardson's scheme as arranged by Ridders (C. J. F. Ridders, "Accurate computation of F'(x) and F'(x)F''(x)", Advances in Engineering
Software 4, 1982), which also tells how far it can be trusted: usually to ten digits or more.
"""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from tinygrad_bp.operation import as_float
from tinygrad_bp.value import Constant, Value, topological_order

Function = Callable[[float], float]
EPSILON = sys.float_info.epsilon


@dataclass(frozen=True)
class InputCheck:
    """One input's derivative, by autograd and by differences.

    Attributes:
        label: the input's label, or "input k" for an input without one, counted from 1.
        data: its number.
        autograd: the derivative that `backward()` gives.
        difference: the numerical derivative.
        uncertainty: how far the numerical derivative may be off.
        absolute: |autograd - difference|.
        relative: that divided by the larger of the two magnitudes; 0.0 if both are 0.
        ulps: the same in units in the last place of the numerical derivative.
        ok: whether they agree.
        note: what else is to be said: a kink, a difference that could not be formed.
    """

    label: str
    data: float
    autograd: float
    difference: float
    uncertainty: float
    absolute: float
    relative: float
    ulps: float
    ok: bool
    note: str = ""


@dataclass(frozen=True)
class Fault:
    """A local derivative that is wrong: the rule of one operation, at one node.

    Attributes:
        operation: the operation's name.
        operand: the place of the operand, from 1, whose derivative is wrong.
        node: the node's label and number.
        operands: the operands' labels and numbers.
        rule: the local derivative that was recorded.
        difference: what the numerical derivative of the operation says.
    """

    operation: str
    operand: int
    node: str
    operands: str
    rule: float
    difference: float

    def __str__(self) -> str:
        return (
            f"the rule of {self.operation} is at fault: its derivative by operand {self.operand} at {self.operands} is {self.rule:.9g}, "
            f"and the difference is {self.difference:.9g} (node {self.node})"
        )


@dataclass(frozen=True)
class GradientCheck:
    """What `check_gradients` found. True if every input agrees; `str()` is a table of them, followed by the rules at fault."""

    inputs: tuple[InputCheck, ...]
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        """Whether every input agrees."""
        return all(row.ok for row in self.inputs)

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        width = max([5, *(len(row.label) for row in self.inputs)])
        lines = [f"{'input':<{width}} {'autograd':>16} {'difference':>16} {'absolute':>9} {'relative':>9} {'ulp':>8}"]
        for row in self.inputs:
            numbers = f"{row.autograd:>16.9g} {row.difference:>16.9g} {row.absolute:>9.1e} {row.relative:>9.1e} {row.ulps:>8.2g}"
            lines.append(f"{row.label:<{width}} {numbers}  {'ok' if row.ok else 'WRONG'}")
            if row.note:
                lines.append(f"{'':<{width}}   {row.note}")
        wrong = sum(not row.ok for row in self.inputs)
        total = len(self.inputs)
        lines.append(
            f"{total - wrong} of {total} derivatives agree" if total else "nothing to check: there are no inputs"
        )
        lines.extend(map(str, self.faults))
        if wrong and not self.faults:
            lines.append("no single rule is at fault: was the data of a leaf changed after it was used?")
        return "\n".join(lines)


def check_gradients(
    f: Value | Callable[..., Value], inputs: Sequence[Value | float] | None = None, *, tolerance: float = 1e-7
) -> GradientCheck:
    """Compares autograd's derivatives of `f` with numerical ones; changes no data and no gradient.

    Args:
        f: a Value, whose graph is computed again with the inputs moved; or a function of as many arguments as there are inputs that
            returns a Value, which is called again instead, so that its branches are taken as it takes them.
        inputs: for a Value the leaves to vary, by default all of them; for a function the Values or numbers to call it with.
        tolerance: the largest relative error that counts as agreement.

    At a kink, where the slopes to both sides differ, a derivative between the two agrees. Raises TypeError if `f` is neither or returns
    something else, or if an input is no leaf or no number; ValueError for inputs that f was not computed from, or missing ones.
    """
    if not 0 < tolerance < 1:
        raise ValueError(f"check_gradients: the tolerance is a relative error between 0 and 1, not {tolerance!r}")
    if isinstance(f, Value):
        y, leaves = f, _leaves(f, inputs)
        moved = [_replay(y, leaf) for leaf in leaves]
    elif callable(f):
        if inputs is None:
            raise ValueError("check_gradients of a function needs the inputs to call it with")
        leaves = [
            Value(
                x.data if isinstance(x, Value) else as_float(x, f"check_gradients: input {k}"),
                x.label if isinstance(x, Value) else "",
            )
            for k, x in enumerate(inputs, 1)
        ]
        y = _called(f, leaves)
        moved = [_recall(f, leaves, k) for k in range(len(leaves))]
    else:
        raise TypeError(
            f"check_gradients takes a Value or a function that returns one, not {type(f).__name__} {f!r:.60}"
        )
    rows = [
        _compare(leaf.label or f"input {k}", leaf.data, autograd, function, tolerance)
        for k, (leaf, autograd, function) in enumerate(zip(leaves, _backward(y, leaves), moved, strict=True), 1)
    ]
    return GradientCheck(tuple(rows), () if all(row.ok for row in rows) else tuple(_faults(y, tolerance)))


def _leaves(y: Value, inputs: Sequence[Value | float] | None) -> list[Value]:
    found = [node for node in topological_order(y, constants=False) if node.op is None]
    if inputs is None:
        return found
    for k, x in enumerate(inputs, 1):
        if not isinstance(x, Value) or x.op is not None or isinstance(x, Constant):
            raise TypeError(
                f"check_gradients: input {k} must be a leaf of the graph, a Value made from a number, not {x!r:.80}"
            )
        if x not in found:
            raise ValueError(f"check_gradients: {x!r} is not among the leaves that the value was computed from")
    return [x for x in inputs if isinstance(x, Value)]


def _called(f: Callable[..., Value], arguments: Sequence[Value]) -> Value:
    y = f(*arguments)
    if not isinstance(y, Value):
        raise TypeError(f"check_gradients: the function returned {type(y).__name__} {y!r:.60}, not a Value")
    return y


def _backward(y: Value, leaves: Sequence[Value]) -> list[float]:
    """What `y.backward()` leaves in the leaves, found on a copy of the graph."""
    memo: dict[int, Any] = {}
    twin = copy.deepcopy(y, memo)
    twins = [memo.get(id(leaf), leaf) for leaf in leaves]  # a leaf that the function did not use has no twin
    twins = [Value(leaf.data) if twin is leaf else twin for leaf, twin in zip(leaves, twins, strict=True)]
    for leaf in twins:
        leaf.grad = 0.0
    twin.backward()
    return [leaf.grad for leaf in twins]


def _recall(f: Callable[..., Value], leaves: Sequence[Value], k: int) -> Function:
    return lambda x: _called(f, [Value(x if i == k else leaf.data, leaf.label) for i, leaf in enumerate(leaves)]).data


def _replay(y: Value, leaf: Value) -> Function:
    """y as a function of the number in one leaf: the nodes computed from it are computed again, the others keep their data."""
    varies = {leaf}
    nodes = []
    for node in topological_order(y, constants=False):
        if any(x in varies for x in node.operands):
            varies.add(node)
            nodes.append(node)

    def function(x: float) -> float:
        numbers: dict[Any, float] = {leaf: x}
        for node in nodes:
            assert node.op is not None
            numbers[node] = node.op.forward(
                *[numbers.get(v, v.data) if isinstance(v, Value) else v for v in node.operands]
            )
        return numbers.get(y, y.data)

    return function


def _compare(label: str, x: float, autograd: float, function: Function, tolerance: float) -> InputCheck:
    difference, uncertainty = derivative(function, x)
    note = ""
    if not math.fabs(autograd - difference) <= max(
        tolerance * math.fabs(autograd), tolerance * math.fabs(difference), 4.0 * uncertainty
    ):
        left, right = _one_sided(function, x, -1.0), _one_sided(function, x, 1.0)
        if left != left or right != right:
            difference = right if left != left else left
            note = "only one side is defined" if difference == difference else "no difference can be formed here"
        elif math.fabs(left - right) > 1e-3 * max(math.fabs(left), math.fabs(right)):
            note = f"a kink: the slope is {left:.6g} on the left, {right:.6g} on the right"
            if min(left, right) <= autograd <= max(left, right):
                difference = autograd
    absolute = 0.0 if autograd == difference else math.fabs(autograd - difference)
    size = max(math.fabs(autograd), math.fabs(difference))
    relative = absolute / size if 0.0 < size < math.inf else absolute
    ok = math.isfinite(absolute) and absolute <= max(
        tolerance * size, 4.0 * uncertainty if uncertainty < math.inf else 1e-4 * size
    )
    if ok and not note and 4.0 * uncertainty > 1e-3 * size > 0.0:
        note = "too small beside the rounding of the function for a difference to tell"
    return InputCheck(
        label, x, autograd, difference, uncertainty, absolute, relative, absolute / math.ulp(difference), ok, note
    )


def derivative(function: Function, x: float) -> tuple[float, float]:
    """The numerical derivative at x and its uncertainty, both NaN if the function is not defined around x."""
    best, uncertainty = math.nan, math.inf
    scale = math.fabs(x) or 1.0
    for start in (0.1, 1e-3, 1e-5):
        found, error = _ridders(function, x, start * scale)
        if error < uncertainty:
            best, uncertainty = found, error
        if uncertainty <= 1e-9 * math.fabs(best):
            break
    return best, uncertainty if best == best else math.nan


def _ridders(function: Function, x: float, step: float) -> tuple[float, float]:
    best, uncertainty = math.nan, math.inf
    row: list[float] = []
    for _ in range(12):
        above, below = x + step, x - step
        try:
            high, low = function(above), function(below)
            slope = (high - low) / (above - below)
        except (ValueError, ArithmeticError):  # outside the domain: closer
            row, step = [], step / 2.0
            continue
        rounding = EPSILON * max(math.fabs(high), math.fabs(low)) / (above - below)
        new = [slope]
        for k, previous in enumerate(row, 1):  # each column takes one more even power of the step out of the error
            factor = 4.0**k
            new.append((factor * new[-1] - previous) / (factor - 1.0))
            error = max(math.fabs(new[-1] - new[-2]), math.fabs(new[-1] - previous)) + rounding
            if error < uncertainty:
                best, uncertainty = new[-1], error
        if row and math.fabs(new[-1] - row[-1]) > 2.0 * uncertainty and len(row) > 2:
            break  # rounding has taken over
        row, step = new, step / 2.0
    return best, uncertainty


def _one_sided(function: Function, x: float, side: float) -> float:
    """The slope to one side of x, its error of first order taken out; infinite if it goes on growing, NaN where nothing is defined."""
    scale = (math.fabs(x) or 1.0) * side
    try:
        here = function(x)
        near, far = ((function(x + h * scale) - here) / (h * scale) for h in (5e-6, 1e-5))
        closest = (function(x + 1e-12 * scale) - here) / (1e-12 * scale)
    except (ValueError, ArithmeticError):
        return math.nan
    return math.copysign(math.inf, near) if math.fabs(closest) > 30.0 * math.fabs(near) > 0.0 else 2.0 * near - far


def _faults(y: Value, tolerance: float) -> list[Fault]:
    """The recorded local derivatives under y that the numerical derivative of their own operation contradicts."""
    faults = []
    for node in topological_order(y):
        numbers = [arg.data for arg in node.args]
        for place, (arg, slope) in enumerate(zip(node.args, node.local_derivatives, strict=True)):
            if not isinstance(arg, Constant):
                assert node.op is not None
                if not (row := _compare("", arg.data, slope, _partly(node.op.forward, numbers, place), tolerance)).ok:
                    shown = ", ".join(f"{v.data!r} ({v.label})" if v.label else repr(v.data) for v in node.args)
                    name = f"{node.label} = {node.data!r}" if node.label else repr(node.data)
                    faults.append(Fault(node.op.name, place + 1, name, shown, slope, row.difference))
    return faults


def _partly(forward: Callable[..., float], numbers: Sequence[float], place: int) -> Function:
    return lambda x: forward(*numbers[:place], x, *numbers[place + 1 :])
