"""How findings call nodes and write numbers. Labels are anyone's text: here they become harmless and short."""

from __future__ import annotations

import math

from tinygrad_bp.core.operation import ATOM, NEGATIVE
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.names import short_name
from tinygrad_bp.text import printable

LONGEST = 60  # characters of a formula
DEEPEST = 4  # operations in one another
MOST_OPERANDS = 3  # that a formula shows of a sum


def number(x: float) -> str:
    """It to six digits, infinities as signs."""
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "∞" if x > 0 else "−∞"
    return f"{x:.6g}"


def written(node: Value, deepest: int = DEEPEST) -> str:
    """How a node is computed, as far as that is short: `sqrt(a) - sqrt(b)`; operands further down are numbers. Of a leaf its number."""
    for depth in range(deepest, 0, -1):
        text, _ = _formula(node, depth, whole=True)
        if len(text) <= LONGEST:
            break
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _formula(x: Value | float, depth: int, *, whole: bool = False) -> tuple[str, int]:
    """An operand in so many operations, and how tightly that binds."""
    if isinstance(x, Value) and x.label and not whole:
        return short_name(x.label), ATOM
    if not isinstance(x, Value) or x.op is None or depth == 0:
        data = x.data if isinstance(x, Value) else x
        text = f"{data:.9g}" if math.isfinite(data) else number(data)
        return text, NEGATIVE if text.startswith(("-", "−")) else ATOM
    if x.op.arity is None and len(x.operands) > 2 * MOST_OPERANDS:
        return f"{printable(x.op.name)}(…)", ATOM
    return printable(x.op.write([_formula(each, depth - 1) for each in x.operands])), x.op.binding


def enclosed(x: Value | float) -> str:
    """What an operand is called, in parentheses where it would come apart in a formula."""
    text = called(x) if isinstance(x, Value) else f"{x:.9g}"
    binding = _formula(x, DEEPEST)[1]
    return text if binding == ATOM else f"({text})"


def called(node: Value) -> str:
    """What a node is called: its label, else how it is computed."""
    return short_name(node.label) or written(node)


def operation(node: Value) -> str:
    """The name of its operation, with the label where it has one: `sub`, `sub (y)`."""
    name = printable(node.op.name) if node.op is not None else ""
    label = short_name(node.label)
    return f"{name} ({label})" if name and label else name or label
