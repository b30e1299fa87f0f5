"""`check_gradients`: autograd against differences, input by input, and rule by rule where they part.

    >>> w, x = Value(0.4, "w"), Value(1.5, "x")
    >>> bool(check_gradients((w * x).tanh()))
    True

If every rule on the way is right by itself, so is what the chain rule makes of them. A derivative is called wrong only if a rule is, or if
a function computes with something that it does not record. Where a function does not give the same twice, nothing is compared.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import Any, overload

from tinygrad_bp.checking.results import Fault, GradientCheck, InputCheck
from tinygrad_bp.checking.rounding import is_smooth, one_operation, recall, replay
from tinygrad_bp.checking.verdict import Verdict, judge
from tinygrad_bp.core.operation import Operation, as_float, at, require_order
from tinygrad_bp.core.order import changed_leaves, dependents, topological_order
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.lots import states
from tinygrad_bp.text import printable, shown

AGAIN = 20  # how often a function is called at one place before it is blamed
NOISE = 1e-9  # by how much derivatives may differ where only the order of the terms does, as that of a set
NEAR = 2.0**-30  # of its size, how far an operand is moved out of the way of another


@overload
def check_gradients(
    f: Value | Callable[..., Value],
    inputs: Value | Iterable[Value | float] | None = None,
    *,
    tolerance: float = 1e-7,
    against: None = None,
) -> GradientCheck: ...
@overload
def check_gradients(
    f: Value | Callable[..., Value],
    inputs: Value | Iterable[Value | float] | None = None,
    *,
    tolerance: float = 1e-7,
    against: Any,
    **marking: Any,
) -> Any: ...
def check_gradients(
    f: Value | Callable[..., Value],
    inputs: Value | Iterable[Value | float] | None = None,
    *,
    tolerance: float = 1e-7,
    against: Any = None,
    **marking: Any,
) -> Any:
    """Compares autograd's derivatives of `f` with numerical ones; changes no data and no gradient.

    Args:
        f: a Value, whose graph is computed again with the inputs moved; or a function of as many arguments as there are inputs that
            returns a Value, which is called again instead, so that its branches are taken as it takes them.
        inputs: for a Value the leaves to vary, by default all of them; for a function the Values or numbers to call it with.
        tolerance: the largest relative error that counts as agreement.
        against: what was derived by hand, as `mark` takes answers: then it is compared with that in place of differences, and what is
            returned are the `Marks`.
        marking: with `against`, further options of `mark`, such as `lr`.

    At a kink, where the slopes to both sides differ, a derivative between the two agrees. Raises TypeError if `f` is neither or returns
    something else, or if an input is no leaf or no number; ValueError for inputs that f was not computed from, for missing ones, for a
    Value that was computed from other data than its leaves have now, for a function that gives another result when it is called again
    with the same inputs, as one does that draws lots, or sets the data of its arguments, and for a tolerance that is not between 0 and 1.
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
    if marking and against is None:
        raise TypeError(
            f"check_gradients: {next(iter(marking))} is an option of what is checked against answers: give against="
        )
    if isinstance(f, Value):
        leaves = _leaves(f, inputs)
        _require_unchanged(f)
        if against is not None:
            return _marked(f, leaves if inputs is not None else None, against, marking)
        return _Check(f, leaves, None, tolerance).result()
    if not callable(f):
        raise TypeError(
            f"check_gradients takes a Value or a function that returns one, not {type(f).__name__} {f!r:.60}"
        )
    if inputs is None:
        raise ValueError("check_gradients of a function needs the inputs to call it with")
    require_order(inputs, "check_gradients")
    leaves = [
        Value(
            x.data if isinstance(x, Value) else as_float(x, f"check_gradients: input {k}"),
            x.label if isinstance(x, Value) else "",
        )
        for k, x in enumerate(inputs, 1)
    ]
    function = _Repeatable(f, leaves)
    if against is not None:
        return _marked(function.result, leaves, against, marking)
    return _Check(function.result, leaves, function, tolerance).result()


def _marked(y: Value, leaves: Sequence[Value] | None, answers: Any, options: dict[str, Any]) -> Any:
    """What `mark` says, a reading that stands above this one: it is asked for by the name that programs use."""
    return import_module("tinygrad_bp").mark(y, answers, **{"parameters": leaves, **options})


class _Repeatable:
    """A function that is held to what it gave at first.

    Attributes:
        result: the Value that it gave for the leaves themselves.
    """

    def __init__(self, f: Callable[..., Value], leaves: Sequence[Value]) -> None:
        self._f, self._leaves = f, leaves
        self.result = self(*leaves)
        before = states(f)
        again, arguments = self._again()
        if states(f) != before:  # what is seeded in each call comes as far each time
            raise ValueError(
                "check_gradients: the function draws random numbers, so that differences say nothing: let it draw none, or seed its "
                "generator inside it"
            )
        for leaf, here, there in zip(leaves, _backward(self.result, leaves), _backward(again, arguments), strict=True):
            if not (_same(here, there) or math.isclose(here, there, rel_tol=NOISE, abs_tol=NOISE)):
                what = f"input {printable(leaf.label)}" if leaf.label else "an input"
                raise self._not_the_same(
                    f"{self.result.data!r} with the derivative {here!r} by {what}", f"with {there!r}"
                )

    def __call__(self, *arguments: Value) -> Value:
        before = [x.data for x in arguments]
        y = self._f(*arguments)
        if not isinstance(y, Value):
            raise TypeError(f"check_gradients: the function returned {type(y).__name__} {shown(y)}, not a Value")
        for k, (x, data) in enumerate(zip(arguments, before, strict=True), 1):
            if not _same(x.data, data):
                raise ValueError(
                    f"check_gradients: the function set the data of its input {k} from {data!r} to {x.data!r}, so that it cannot be "
                    "moved: let it compute a new Value from it"
                )
        return y

    def require_the_same(self, times: int = 1) -> None:
        """Calls it again at the same place. Raises ValueError if it gives something else."""
        for _ in range(times):
            self._again()

    def _again(self) -> tuple[Value, list[Value]]:
        """What it gives at the same place, and the Values it was called with."""
        arguments = [Value(leaf.data, leaf.label) for leaf in self._leaves]
        try:
            again = self(*arguments)
        except Exception as error:
            raise self._not_the_same(repr(self.result.data), f"raised {type(error).__name__}") from error
        if not _same(again.data, self.result.data):
            raise self._not_the_same(repr(self.result.data), repr(again.data))
        return again, arguments

    @staticmethod
    def _not_the_same(before: str, after: str) -> ValueError:
        return ValueError(
            f"check_gradients: the function gave {before}, and {after} when it was called again with the same "
            "inputs, so that differences say nothing: let it draw no lots and keep no state, or seed its generator inside it"
        )


def _same(a: float, b: float) -> bool:
    return a == b or (math.isnan(a) and math.isnan(b))


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


@dataclass(frozen=True)
class _Edge:
    """The verdict on one local derivative, with respect to the operand in this place."""

    node: Value
    place: int
    verdict: Verdict


class _Check:
    """One check of y, which is recorded, or of the function that gave it."""

    def __init__(self, y: Value, leaves: Sequence[Value], f: _Repeatable | None, tolerance: float) -> None:
        self.y, self.leaves, self.f, self.tolerance = y, leaves, f, tolerance
        self.order = topological_order(y, constants=False)

    def result(self) -> GradientCheck:
        rows = []
        for k, (leaf, autograd) in enumerate(zip(self.leaves, _backward(self.y, self.leaves), strict=True)):
            probe = recall(self.f, self.y, self.leaves, k) if self.f else replay(self.y, leaf)
            verdict = judge(autograd, probe, leaf.data, self.tolerance)
            if verdict.verdict == "wrong":
                verdict = self.confirmed(k, verdict, autograd)
            rows.append(_row(leaf.label or f"input {k + 1}", leaf.data, autograd, verdict))
        if self.f:
            self.f.require_the_same(1 if all(row.verdict == "agrees" for row in rows) else AGAIN)
        found = GradientCheck(tuple(rows), ())
        if found.ok:
            return found
        return GradientCheck(
            tuple(rows), tuple(self.fault(edge) for edge in self.edges if edge.verdict.verdict == "wrong")
        )

    @cached_property
    def edges(self) -> list[_Edge]:
        """The verdicts on all local derivatives."""
        return [
            _Edge(node, place, self.judged(node.op, node.numbers, place, local))
            for node in self.order
            if node.op is not None
            for place, (x, local) in enumerate(zip(node.operands, node.local_derivatives, strict=True))
            if isinstance(x, Value)
        ]

    def judged(self, op: Operation, numbers: Sequence[float], place: int, local: float) -> Verdict:
        """The verdict on a local derivative. A rule that chooses a side where operands meet is right if it is so beside that place."""
        smooth = is_smooth(op, numbers)
        verdict = judge(local, one_operation(op, numbers, place), numbers[place], self.tolerance, smooth=smooth)
        if verdict.verdict == "wrong" and not smooth and 1 < len(numbers) <= 3:
            for beside in _beside(numbers, place):
                other = judge(local, one_operation(op, beside, place), beside[place], self.tolerance, smooth=False)
                if other.verdict != "wrong":
                    return Verdict("undecided", verdict.difference, "its operands meet here", kink=True)
        return verdict

    def confirmed(self, k: int, verdict: Verdict, autograd: float) -> Verdict:
        """The verdict that an input's derivative is wrong, if something explains it; else that it cannot be told."""
        if self.f:
            self.f.require_the_same(AGAIN)
            if self.unrecorded(k):
                return Verdict(
                    "wrong", verdict.difference, "the function computes from it in a way that is not recorded"
                )
        after = dependents(self.order, [self.leaves[k]])
        edges = [edge for edge in self.edges if edge.node.operands[edge.place] in after]
        if any(edge.verdict.verdict == "wrong" for edge in edges):
            return verdict
        if math.isnan(autograd):
            return Verdict(
                "wrong",
                verdict.difference,
                f"every rule on the way is right by itself: {_met(edges, self.y)}",
            )
        why = (
            "a kink on the way has no one slope"
            if any(edge.verdict.kink for edge in edges)
            else "rounding on the way hides it"
        )
        return Verdict("undecided", verdict.difference, f"every rule on the way is right by itself: {why}")

    def unrecorded(self, k: int) -> bool:
        """Whether the function called near the point gives what its recorded graph does not."""
        assert self.f
        leaf = self.leaves[k]
        called, recorded = recall(self.f, self.y, self.leaves, k), replay(self.y, leaf)
        for step in (2.0**-40, 2.0**-20):
            for side in (-1.0, 1.0):
                x = leaf.data + side * step * (abs(leaf.data) or 1.0)
                (a, a_moved), (b, b_moved) = called(x, 0.0), recorded(x, 0.0)
                if abs(a - b) > a_moved + b_moved:  # not where one has no value, as where something unused has none
                    return True
        return False

    def fault(self, edge: _Edge) -> Fault:
        node = edge.node
        assert node.op is not None
        operands = ", ".join(f"{v.data!r} ({printable(v.label)})" if v.label else repr(v.data) for v in node.args)
        name = f"{printable(node.label)} = {node.data!r}" if node.label else repr(node.data)
        local = node.local_derivatives[edge.place]
        return Fault(node.op.name, edge.place + 1, name, operands, local, edge.verdict.difference.value)


def _beside(numbers: Sequence[float], place: int) -> list[list[float]]:
    """The numbers with those in other places a little larger or smaller, in all combinations."""
    found: list[list[float]] = [[]]
    for k, x in enumerate(numbers):
        move = 0.0 if k == place else NEAR * (abs(x) or 1.0)
        found = [[*before, now] for before in found for now in dict.fromkeys((x - move, x + move))]
    return found


def _met(edges: Sequence[_Edge], y: Value) -> str:
    """What makes a NaN of right rules: a slope that is infinite, if there is one, has met a slope of 0."""
    for edge in edges:
        op = edge.node.op
        if op is not None and math.isinf(edge.node.local_derivatives[edge.place]):
            where = at(edge.node.numbers)
            return f"{op.name} gives infinity at {where}, which times 0 is nan; diagnose says what to write instead"
    found = import_module("tinygrad_bp").diagnose(y).findings  # a reading above this one, as `mark` is
    return f"together they make nan{': ' + str(found[0]) if found else ''}"


def _row(label: str, x: float, autograd: float, verdict: Verdict) -> InputCheck:
    difference, uncertainty = verdict.difference.value, verdict.difference.uncertainty
    absolute, size = abs(autograd - difference), max(abs(autograd), abs(difference))
    relative = absolute / size if 0.0 < size < math.inf else absolute
    ulps = absolute / math.ulp(difference)
    return InputCheck(
        label, x, autograd, difference, uncertainty, absolute, relative, ulps, verdict.verdict, verdict.note
    )
