"""What stands between the outputs of a network and its error: the error of each output, and probabilities that are in no node."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.order import dependents
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.lessons.layers import cases as cases_of
from tinygrad_bp.lessons.softmax import Share, shares_of, slopes_at, with_leaves
from tinygrad_bp.lessons.targets import logistic_of

_SUMS = (ops.add, ops.sum_of)
_SCALED = (ops.mul, ops.div)


def parts(order: Sequence[Value], outs: Iterable[Value]) -> dict[Value, list[Value]]:
    """The summands of the result that different outputs have a part in, and for each these outputs; none where there is just one.

    A mean of summands counts as their sum.
    """
    under = {out: dependents(order, [out]) for out in outs}
    found: dict[Value, list[Value]] = {}
    waiting = [order[-1]]
    while waiting:
        v = waiting.pop()
        of = [out for out, above in under.items() if v in above]
        terms = [x for x in v.args if not isinstance(x, Constant)]
        opened = v.op in _SUMS or (v.op in _SCALED and len(terms) == 1)
        if opened and len(of) > 1 and v not in under:
            waiting += terms[::-1]
        elif of and v.op is not None:
            found.setdefault(v, of)
    apart = len({tuple(of) for of in found.values()}) > 1
    return found if apart and not set(found) & set(under) else {}


def probabilities(order: Sequence[Value], outs: Collection[Value]) -> tuple[str, list[Value]] | None:
    """What an error that takes net inputs makes probabilities of: "softmax" or "sigmoid", and of which outputs; None if it does not."""
    sigmoids: dict[Value, None] = {}
    classes: dict[Value, None] = {}
    for v in order:
        if v.op is ops.logsumexp:
            shifted = [x for x in v.args if not isinstance(x, Constant)]
            found = [x if x in outs else x.args[0] if x.op is ops.sub else x for x in shifted]
            if found and all(x in outs for x in found):
                classes.update(dict.fromkeys(found))
        elif v.op is ops.softplus:
            [z] = v.args[:1]
            if z.op is ops.sub and z.args[1] in outs:  # of the surprise at one class
                most = z.args[0]
                if most in outs:
                    classes[most] = None
                classes[z.args[1]] = None
            elif z in outs or (z.op is ops.neg and z.args[0] in outs):
                sigmoids[z if z in outs else z.args[0]] = None
    if len(classes) > 1:
        return "softmax", [out for out in outs if out in classes]
    return ("sigmoid", [out for out in outs if out in sigmoids]) if sigmoids else None


def shares(order: Sequence[Value], neurons: Sequence[Unit], known: Collection[Value]) -> dict[Value, Share]:
    """What the outputs are in a cross entropy of their softmax or their sigmoids, by their net inputs, as lessons find it in a graph of any
    operations; empty if there is none.

    Args:
        known: the leaves that are no targets.
    """
    if not neurons:
        return {}
    try:
        cases = cases_of(neurons, order)
        found = shares_of(cases, order, slopes_at(order, {}))
        if not found:
            return logistic_of(cases, order, known)
        return with_leaves(found, order, known) if all(share.cases == 1 for share in found.values()) else {}
    except (ArithmeticError, ValueError):
        return {}


def outcome(
    order: Sequence[Value],
    neurons: Sequence[Unit],
    outs: Collection[Value],
    place: Mapping[Value, int],
    judged: Mapping[Value, Share],
) -> dict[str, Any]:
    """Both as numbers: of nodes, and of neurons, which `outs` are outputs of."""
    number = {unit.out: k for k, unit in enumerate(neurons)}
    ordered = [unit.out for unit in neurons if unit.out in outs]
    found = probabilities(order, ordered)
    among = [
        out for out in ordered if out in judged
    ]  # which are net inputs: not those that are probabilities themselves
    if found is None and among:
        found = "sigmoid" if judged[among[0]].alone else "softmax", among
    said = found and {"kind": found[0], "neurons": [number[out] for out in found[1]]}
    return {
        "parts": sorted(
            ([place[v], [number[out] for out in of]] for v, of in parts(order, ordered).items()),
            key=lambda part: part[1],
        ),
        "probabilities": said,
    }


def telling(order: Sequence[Value], parameters: Collection[Value], cases: Sequence[Mapping[Value, float]]) -> int:
    """The number of the case to open with: in which the fewest parameters have a gradient of 0, of several that of the largest error."""
    best, least = 0, (len(parameters) + 1, 0.0)
    for number, case in enumerate(cases if len(cases) > 1 else []):
        try:
            still, error = _still(order, parameters, case)
        except (ArithmeticError, ValueError):
            continue  # a case that the loss does not take
        if (still, -error) < least:
            best, least = number, (still, -error)
    return best


def _still(order: Sequence[Value], parameters: Collection[Value], case: Mapping[Value, float]) -> tuple[int, float]:
    """How many parameters have a gradient of 0 in a case, and the error."""
    data: dict[Any, float] = {}
    for v in order:
        data[v] = case.get(v, v.data) if v.op is None else v.op.forward(*[_number(x, data) for x in v.operands])
    grads = {order[-1]: 1.0}
    for v in reversed(order):
        if v.op is not None and v in grads:
            wanted = [isinstance(x, Value) for x in v.operands]
            numbers = [_number(x, data) for x in v.operands]
            slopes = v.op.derivatives(data[v], numbers, wanted)
            for x, slope in zip(v.operands, slopes, strict=True):
                if isinstance(x, Value):
                    grads[x] = grads.get(x, 0.0) + grads[v] * slope
    return sum(grads.get(v, 0.0) == 0.0 for v in parameters), data[order[-1]]


def _number(x: Any, data: Mapping[Any, float]) -> float:
    return data[x] if isinstance(x, Value) else x


def is_error(order: Sequence[Value]) -> bool:
    """Whether the result of a graph is an error, as far as labels say so: its own, or those of targets."""
    if re.fullmatch(r"(?:E|L|J|loss|error|cost)(?:\d+|_.*)?", order[-1].label, re.IGNORECASE | re.DOTALL):
        return True
    return any(v.op is None and re.fullmatch(r"targets?(?:\d+|_.*)?", v.label, re.DOTALL) for v in order)
