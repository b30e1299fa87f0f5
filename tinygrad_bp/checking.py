"""Autograd held against numerical differences, input by input, and rule by rule where they part.

    >>> w, x = Value(0.4, "w"), Value(1.5, "x")
    >>> bool(check_gradients((w * x).tanh()))
    True

The numerical derivative is the central difference (f(x + h) - f(x - h)) / 2h, for a falling series of steps h. Two neighbours of the
series give an estimate without the error of order h**2 (L. F. Richardson, "The deferred approach to the limit", Philosophical
Transactions of the Royal Society A 226, 1927). An estimate counts if no smaller step contradicts it by more than the rounding of f
explains; the one that its neighbours confirm best is taken, and how well they do is its uncertainty. Where that is too large to
tell right from wrong, as in a saturated sigmoid, the verdict is neither.
"""

from __future__ import annotations

import copy
import math
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tinygrad_bp.core.operation import as_float
from tinygrad_bp.core.order import changed_leaves, dependents, topological_order
from tinygrad_bp.core.output import said, saying
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.text import printable

Function = Callable[[float], float]
EPSILON = sys.float_info.epsilon


@saying
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
        verdict: "agrees", "wrong", or "undecided" where the differences cannot tell.
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
    verdict: str
    note: str = ""

    @property
    def ok(self) -> bool:
        """Whether nothing contradicts autograd here."""
        return self.verdict != "wrong"


@saying
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

    @said
    def __str__(self) -> str:
        return (
            f"the rule of {self.operation} is at fault: its derivative with respect to operand {self.operand} at {self.operands} "
            f"is {self.rule:.9g}, and the difference is {self.difference:.9g} (node {self.node})"
        )


@saying
@dataclass(frozen=True)
class GradientCheck:
    """What `check_gradients` found. True if no input is wrong; `str()` is a table of them, followed by the rules at fault."""

    inputs: tuple[InputCheck, ...]
    faults: tuple[Fault, ...]

    @property
    def ok(self) -> bool:
        """Whether no input is wrong. Those that differences cannot decide are listed as undecided."""
        return all(row.ok for row in self.inputs)

    def __bool__(self) -> bool:
        return self.ok

    @said
    def __str__(self) -> str:
        return self.text()

    @said
    def text(self, *, width: int = 80) -> str:
        """The table for a terminal of so many columns: where they are too few each input has lines of its own."""
        labels = [printable(row.label) for row in self.inputs]
        lines = _table(labels, self.inputs) if width >= 80 else _list(labels, self.inputs)
        count = {
            verdict: sum(row.verdict == verdict for row in self.inputs) for verdict in ("agrees", "wrong", "undecided")
        }
        if not self.inputs:
            lines.append("nothing to check: there are no inputs")
        else:
            undecided = f", {count['undecided']} cannot be decided (?)" if count["undecided"] else ""
            lines.append(f"{count['agrees']} of {len(self.inputs)} derivatives agree{undecided}")
        lines.extend(map(str, self.faults))
        if count["wrong"] and not self.faults:
            lines.append("every rule on the way is right by itself: does the function compute the same each time?")
        return "\n".join(lines)


_VERDICTS = {"agrees": "ok", "wrong": "WRONG", "undecided": "?"}


def _table(labels: Sequence[str], rows: Sequence[InputCheck]) -> list[str]:
    width = max([5, *map(len, labels)])
    lines = [f"{'input':<{width}} {'autograd':>16} {'difference':>16} {'absolute':>9} {'relative':>9} {'ulp':>8}"]
    for label, row in zip(labels, rows, strict=True):
        errors = f"{row.absolute:>9.1e} {row.relative:>9.1e} {row.ulps:>8.2g}"
        lines.append(
            f"{label:<{width}} {row.autograd:>16.9g} {row.difference:>16.9g} {errors}  {_VERDICTS[row.verdict]}"
        )
        if row.note:
            lines.append(f"{'':<{width}}   {row.note}")
    return lines


def _list(labels: Sequence[str], rows: Sequence[InputCheck]) -> list[str]:
    """The same for a narrow terminal."""
    lines = []
    for label, row in zip(labels, rows, strict=True):
        lines += [
            f"{label}: {_VERDICTS[row.verdict]}",
            f"  autograd   {row.autograd:>16.9g}",
            f"  difference {row.difference:>16.9g}",
            f"  off by {row.absolute:.1e}, {row.relative:.1e}, {row.ulps:.2g} ulp",
        ]
        if row.note:
            lines.append(f"  {row.note}")
    return lines


def check_gradients(
    f: Value | Callable[..., Value], inputs: Value | Iterable[Value | float] | None = None, *, tolerance: float = 1e-7
) -> GradientCheck:
    """Compares autograd's derivatives of `f` with numerical ones; changes no data and no gradient.

    Args:
        f: a Value, whose graph is computed again with the inputs moved; or a function of as many arguments as there are inputs that
            returns a Value, which is called again instead, so that its branches are taken as it takes them.
        inputs: for a Value the leaves to vary, by default all of them; for a function the Values or numbers to call it with.
        tolerance: the largest relative error that counts as agreement.

    At a kink, where the slopes to both sides differ, a derivative between the two agrees. Raises TypeError if `f` is neither or returns
    something else, or if an input is no leaf or no number; ValueError for inputs that f was not computed from, for missing ones, for a
    Value that was computed from other data than its leaves have now, and for a tolerance that is not between 0 and 1.
    """
    tolerance = as_float(tolerance, "check_gradients: tolerance", wants="takes a real number")
    if not 0.0 < tolerance < 1.0:
        raise ValueError(f"check_gradients: the tolerance is a relative error between 0 and 1, not {tolerance!r}")
    if isinstance(inputs, Value):
        inputs = [inputs]
    if inputs is not None and not isinstance(inputs, Iterable):
        raise TypeError(
            f"check_gradients: inputs is a sequence of Values or numbers, not {type(inputs).__name__} {inputs!r:.60}"
        )
    if isinstance(f, Value):
        y, leaves = f, _leaves(f, inputs)
        _require_unchanged(f)
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
    gradients, noise = _backward(y, leaves)
    rows = [
        _compare(leaf.label or f"input {k}", leaf.data, gradient, function, noise, tolerance)
        for k, (leaf, gradient, function) in enumerate(zip(leaves, gradients, moved, strict=True), 1)
    ]
    return GradientCheck(tuple(rows), () if all(row.ok for row in rows) else tuple(_faults(y, tolerance)))


def _require_unchanged(y: Value) -> None:
    if changed := changed_leaves(topological_order(y, constants=False)):
        now = ", ".join(f"{printable(leaf.label) or 'an unlabelled leaf'} is now {leaf.data!r}" for leaf in changed)
        raise ValueError(
            f"check_gradients: the data of a leaf was changed after the value was computed from it ({now}): compute the value anew"
        )


def _leaves(y: Value, inputs: Iterable[Value | float] | None) -> list[Value]:
    found = [node for node in topological_order(y, constants=False) if node.op is None]
    if inputs is None:
        return found
    inputs = list(inputs)
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


def _backward(y: Value, leaves: Sequence[Value]) -> tuple[list[float], float]:
    """What `y.backward()` leaves in the leaves, found on a copy of the graph, and how far rounding on the way may move y."""
    memo: dict[int, Any] = {}
    twin = copy.deepcopy(y, memo)
    twins = [memo.get(id(leaf), leaf) for leaf in leaves]  # a leaf that the function did not use has no twin
    twins = [Value(leaf.data) if twin is leaf else twin for leaf, twin in zip(leaves, twins, strict=True)]
    for leaf in twins:
        leaf.grad = 0.0
    twin.backward()
    moves = [abs(node.grad * node.data) for node in topological_order(twin, constants=False) if node.op is not None]
    noise = EPSILON * math.fsum(move for move in moves if math.isfinite(move))
    return [leaf.grad for leaf in twins], noise + math.ulp(y.data) if math.isfinite(y.data) else math.inf


def _recall(f: Callable[..., Value], leaves: Sequence[Value], k: int) -> Function:
    return lambda x: _called(f, [Value(x if i == k else leaf.data, leaf.label) for i, leaf in enumerate(leaves)]).data


def _replay(y: Value, leaf: Value) -> Function:
    """y as a function of the number in one leaf: the nodes computed from it are computed again, the others keep their data."""
    order = topological_order(y, constants=False)
    varies = dependents(order, [leaf]) - {leaf}
    steps = [
        (node, node.op.forward, list(zip(node.operands, node.numbers, strict=True)))
        for node in order
        if node in varies and node.op
    ]

    def function(x: float) -> float:
        numbers: dict[Any, float] = {leaf: x}
        for node, forward, operands in steps:
            numbers[node] = forward(*[numbers.get(operand, recorded) for operand, recorded in operands])
        return numbers.get(y, y.data)

    return function


def _compare(label: str, x: float, autograd: float, function: Function, noise: float, tolerance: float) -> InputCheck:
    """The verdict on one derivative; `noise` is how far rounding may move the function."""
    difference, uncertainty = derivative(function, x, noise)
    verdict, note = _verdict(autograd, difference, uncertainty, tolerance), ""
    if verdict != "agrees":
        (left, left_error), (right, right_error) = (_limit(function, x, noise, side) for side in (-1, 1))
        kink = abs(left - right) > 3.0 * (left_error + right_error) + 1e-3 * max(abs(left), abs(right))
        edge = (
            [math.isnan(_value_of(function, x + side * _steps(x)[-1])) for side in (-1, 1)] if math.isfinite(x) else []
        )
        if difference != difference and any(edge):
            difference, uncertainty = (right, right_error) if edge[0] else (left, left_error)
            verdict, note = _verdict(autograd, difference, uncertainty, tolerance), "only one side is defined"
        elif difference != difference:
            note = "the differences have no limit here"
        elif kink:
            note = f"a kink: the slope is {left:.6g} on the left, {right:.6g} on the right"
            inside = min(left, right) - 3.0 * left_error <= autograd <= max(left, right) + 3.0 * right_error
            verdict = "agrees" if inside else "wrong"
        if verdict == "undecided" and not note:
            note = f"differences are no better than {uncertainty:.1e} here: rounding of the function hides its slope"
    absolute = abs(autograd - difference)
    size = max(abs(autograd), abs(difference))
    relative = absolute / size if 0.0 < size < math.inf else absolute
    return InputCheck(
        label, x, autograd, difference, uncertainty, absolute, relative, absolute / math.ulp(difference), verdict, note
    )


def _verdict(autograd: float, difference: float, uncertainty: float, tolerance: float) -> str:
    if difference != difference:
        return "undecided"
    absolute, size = abs(autograd - difference), max(abs(autograd), abs(difference))
    if not math.isfinite(autograd):
        return "wrong" if uncertainty < 1e-3 * abs(difference) or autograd != autograd else "undecided"
    if absolute > max(3.0 * uncertainty, tolerance * size):
        return "wrong"
    return "agrees" if uncertainty <= 1e-4 * size or absolute == size == 0.0 else "undecided"


def derivative(function: Function, x: float, noise: float | None = None) -> tuple[float, float]:
    """The numerical derivative at x and its uncertainty; NaN and infinity where no difference can be formed.

    `noise` is how far rounding may move the function's values; by default their last place.
    """
    return _limit(function, x, math.ulp(_value_of(function, x)) if noise is None else noise, 0)


def _limit(function: Function, x: float, noise: float, side: int) -> tuple[float, float]:
    """The slope to both sides of x (side 0), to the left (-1) or to the right (1), and its uncertainty."""
    here = _value_of(function, x)
    # The difference for each step, the distance it is taken over, its rounding.
    series: list[tuple[float, float, float]] = []
    for step in _steps(x):
        above, below = (x + step, x - step) if side == 0 else (x + step, x) if side > 0 else (x, x - step)
        high = here if above == x else _value_of(function, above)
        low = here if below == x else _value_of(function, below)
        if above != below and math.isfinite(high - low):
            moved = math.ulp(abs(x) + step) * (abs(high - here) + abs(low - here)) / step  # by rounding x + step itself
            series.append(((high - low) / (above - below), above - below, moved if math.isfinite(moved) else 0.0))
    # Among the smallest steps only rounding makes a difference; if that is more than foreseen, it is the better guide.
    scatter = sorted(abs(slope - before) * width for (before, _, _), (slope, width, _) in pairwise(series[-7:]))
    noise = max(noise, scatter[len(scatter) // 2] if scatter else 0.0)
    series = [(slope, width, 2.0 * (noise + moved) / width) for slope, width, moved in series]
    gain = 16.0 if side == 0 else 4.0  # by which a quarter of the step divides the error
    estimates = [
        ((gain * fine - coarse) / (gain - 1.0), 2.0 * blur) for (coarse, _, _), (fine, _, blur) in pairwise(series)
    ]
    best, uncertainty = math.nan, math.inf
    for k in range(1, len(estimates)):
        estimate, rounding = estimates[k]
        error = abs(estimate - estimates[k - 1][0]) + rounding
        if error < uncertainty and all(
            abs(slope - estimate) <= 3.0 * (error + blur) for slope, _, blur in series[k + 2 :]
        ):
            best, uncertainty = estimate, error
    return best, uncertainty


def _steps(x: float) -> list[float]:
    """Falling steps, each a quarter of the one before, on the scale of x and, for an x near 0, on that of 1."""
    scales = {abs(x) or 1.0} | ({1.0} if abs(x) < 1e-3 else set())
    return (
        sorted({0.1 * scale * 4.0**-k for scale in scales for k in range(21)}, reverse=True) if math.isfinite(x) else []
    )


def _value_of(function: Function, x: float) -> float:
    """The function at x, NaN outside its domain."""
    try:
        return function(x)
    except (ValueError, ArithmeticError):
        return math.nan


def _faults(y: Value, tolerance: float) -> list[Fault]:
    """The recorded local derivatives under y that the numerical derivative of their own operation contradicts."""
    faults = []
    for node in topological_order(y, constants=False):
        for place, (x, local) in enumerate(zip(node.operands, node.local_derivatives, strict=True)):
            if isinstance(x, Value):
                assert node.op is not None
                function = _partly(node.op.forward, node.numbers, place)
                row = _compare("", x.data, local, function, 2.0 * math.ulp(node.data), tolerance)
                if not row.ok:
                    shown = ", ".join(
                        f"{v.data!r} ({printable(v.label)})" if v.label else repr(v.data) for v in node.args
                    )
                    name = f"{printable(node.label)} = {node.data!r}" if node.label else repr(node.data)
                    faults.append(Fault(node.op.name, place + 1, name, shown, local, row.difference))
    return faults


def _partly(forward: Callable[..., float], numbers: Sequence[float], place: int) -> Function:
    return lambda x: forward(*numbers[:place], x, *numbers[place + 1 :])
