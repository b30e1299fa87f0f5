"""Between which numbers a quantity lies, whatever the leaves are: a probability between 0 and 1, a sum of squares not below 0."""

from __future__ import annotations

import math
from functools import cached_property

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Value
from tinygrad_bp.lessons.derivation import Derivation, Step
from tinygrad_bp.lessons.marking.forward import is_same
from tinygrad_bp.lessons.marking.means import is_square
from tinygrad_bp.lessons.marking.wording import summands

Range = tuple[float, float]

ANY: Range = (-math.inf, math.inf)
POSITIVE: Range = (0.0, math.inf)
_FUNCTIONS: dict[object, Range] = {
    ops.sigmoid: (0.0, 1.0),
    ops.tanh: (-1.0, 1.0),
    ops.sin: (-1.0, 1.0),
    ops.cos: (-1.0, 1.0),
    ops.exp: POSITIVE,
    ops.relu: POSITIVE,
    ops.softplus: POSITIVE,
    ops.sqrt: POSITIVE,
}


class Ranges:
    """What an answer cannot be."""

    def __init__(self, derivation: Derivation) -> None:
        self.found = derivation

    def broken(self, step: Step, x: float) -> str:
        """Which text of the catalogue says why an answer is impossible; empty for one that is not, and where there is none."""
        if step.kind != "value":
            return ""
        v = step.of
        if v in self.found.probabilities.net or v in self.found.probabilities.own or is_share(v):
            return "outside" if not 0.0 <= x <= 1.0 else ""
        low, high = self._ranges[v]
        if low <= x <= high:
            return ""
        if v.op is ops.sigmoid or v.op is ops.tanh:
            return "outsideSigmoid" if v.op is ops.sigmoid else "outsideTanh"
        return "negative" if low == 0.0 > x else ""

    @cached_property
    def _ranges(self) -> dict[Value, Range]:
        found: dict[Value, Range] = {}
        for v in self.found.order:
            operands = [found.get(x, (x.data, x.data)) if isinstance(x, Value) else (x, x) for x in v.operands]
            found[v] = _range(v, operands) if v.op is not None else ANY
        return found


def is_share(v: Value) -> bool:
    """Whether a Value is one of several exponentials over the sum of all, as softmax has it."""
    if v.op is not ops.div:
        return False
    top, whole = v.operands
    parts = list(summands(whole)) if isinstance(whole, Value) else []
    if not isinstance(top, Value) or top.op is not ops.exp or len(parts) < 2:
        return False
    exponentials = [x for x in parts if isinstance(x, Value) and x.op is ops.exp]
    return len(exponentials) == len(parts) and any(x is top or is_same(x, top) for x in exponentials)


def _range(v: Value, operands: list[Range]) -> Range:
    """The range of a result by those of its operands; where it is not told by a simple rule, any number."""
    if v.op in _FUNCTIONS:
        return _FUNCTIONS[v.op]
    if is_square(v) or (v.op is ops.pow and isinstance(v.operands[1], float) and v.operands[1] % 2.0 == 0.0):
        return POSITIVE
    if v.op in (ops.add, ops.sum_of):
        return math.fsum(low for low, _ in operands), math.fsum(high for _, high in operands)
    if v.op is ops.sub:
        (low, high), (less, more) = operands
        return low - more, high - less
    if v.op is ops.neg:
        [(low, high)] = operands
        return -high, -low
    if v.op is ops.log and operands[0][1] <= 1.0:
        return -math.inf, 0.0
    if is_share(v):
        return 0.0, 1.0
    if v.op in (ops.mul, ops.div) and (
        all(low >= 0.0 for low, _ in operands) or all(high <= 0.0 for _, high in operands)
    ):
        return POSITIVE
    return ANY
