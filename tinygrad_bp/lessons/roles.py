"""What a leaf is: an input, a target, the state that a recurrence begins with, or a parameter.

A graph does not say it. Names do: i1, x, input_3, t, y2, target_o1, .... So does the graph where a recurrence begins: h0, which is
multiplied by the same weight as h1 after it, is a state like h1 and nothing to train.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from typing import Literal

from tinygrad_bp.core import ops
from tinygrad_bp.core.stable import halves
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.neurons import ACTIVATIONS

Role = Literal["input", "target", "start", "parameter", "fixed"]
_TARGET = re.compile(r"(?:[ty]|targets?)(?:\d+|_\w+)?")
# Of a network people write more: X1, x[1], x₁, x1_2, feature1, label.
_NUMBER = r"(?:_?[\d₀-₉]+)?(?:_\w+)?(?:\[[\w, ]+\])*"
_OF_A_NETWORK = re.compile(rf"(?:[ty]|targets?|labels?|expected|goals?){_NUMBER}", re.IGNORECASE)
_FROM_OUTSIDE = re.compile(rf"(?:[ix]|in|inputs?|features?){_NUMBER}|{_OF_A_NETWORK.pattern}", re.IGNORECASE)


def outer(label: str) -> bool:
    """Whether a leaf of this label comes from outside, as inputs and targets do: it is not to be trained."""
    return _FROM_OUTSIDE.fullmatch(label) is not None


def learns(order: Sequence[Value]) -> bool:
    """Whether a graph without neurons of its own is to learn all the same: in any other formula x, y and t are quantities like all others.

    It does where something that is computed is subtracted from a leaf that is called as targets are, (w x + b - t) ** 2, or where an
    activation takes a sum of products, tanh(w x + u h).
    """
    return any(_compares(v) or _weighs(v) for v in order)


def _compares(v: Value) -> bool:
    beside = [x for x in v.args if x.op is None and _TARGET.fullmatch(x.label)] if v.op is ops.sub else []
    return bool(beside) and any(x.op is not None for x in v.args)


def _weighs(v: Value) -> bool:
    if v.op not in ACTIVATIONS or v.args[0].op not in (ops.add, ops.sub, ops.sum_of, ops.dot):
        return False
    waiting, products = [v.args[0]], 0
    while waiting:
        x = waiting.pop()
        products += x.op in (ops.mul, ops.dot)
        waiting += x.args if x.op in (ops.add, ops.sub, ops.sum_of) else ()
    return products > 0


def untrained(order: Sequence[Value]) -> set[Value]:
    """The leaves that are no parameters: inputs and targets by their names, and what recurrences begin with."""
    found = {v for v in order if v.op is None and outer(v.label)}
    return found | starts(order, found)


def starts(order: Sequence[Value], outside: Collection[Value]) -> set[Value]:
    """The leaves that recurrences begin with: what is multiplied by a factor that multiplies computed Values, too.

    Besides, it is called as these are, h0 and h1, or it is 0 and used for nothing else.
    """
    partners: dict[Value, list[Value]] = {}
    uses: dict[Value, int] = {}
    for v in order:
        pairs = [v.args] if v.op is ops.mul else list(zip(*halves(v.args), strict=True)) if v.op is ops.dot else []
        for a, b in pairs:
            partners.setdefault(a, []).append(b)
            partners.setdefault(b, []).append(a)
        for x in v.args:
            uses[x] = uses.get(x, 0) + 1
    computed = {_series(v.label) for v in order if v.op is not None} - {None}
    found: set[Value] = set()
    for v, beside in partners.items():
        if v.op is not None or v in outside or isinstance(v, Constant):
            continue
        weighed = [w for w in beside if w.op is None and any(x.op is not None for x in partners[w])]
        if _series(v.label) in computed:
            if weighed or any(w.op is not None for w in beside):
                found.add(v)
        elif v.data == 0.0 and len(weighed) == len(beside) == uses[v]:
            found.add(v)
    return found


def _series(label: str) -> str | None:
    """What h0, h_1 and h[2] have in common; None of a label without a number."""
    text = re.sub(r"[_\[({^]*\d+[\])}]*", "#", label)
    return text if text != label else None


def roles(
    order: Sequence[Value], parameters: Collection[Value], targets: Collection[Value], *, network: bool
) -> dict[Value, Role]:
    """Of each leaf of a graph what it is; `fixed` is what is neither trained nor called as an input or target.

    Only a `network` has targets: `targets`, and what is called so.
    """
    leaves = [v for v in order if v.op is None]
    outside = {v for v in leaves if outer(v.label)}
    beginning = starts(order, outside)
    found: dict[Value, Role] = {}
    for v in leaves:
        if v in parameters:
            found[v] = "parameter"
        elif v in targets or (network and _OF_A_NETWORK.fullmatch(v.label)):
            found[v] = "target"
        else:
            found[v] = "start" if v in beginning else "input" if v in outside else "fixed"
    return found
