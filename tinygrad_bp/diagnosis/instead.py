"""What to write instead, where that is known: the same function in a form that keeps its digits, its range or its slope."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import Operation
from tinygrad_bp.core.value import Value
from tinygrad_bp.diagnosis.names import LONGEST, called, enclosed

TINY = "1e-12"
MOST_TERMS = 4  # that are named of a sum

Operand = Value | float


def better(nodes: Iterable[Value]) -> str:
    """What stands better for the first of the nodes that something is known for, as source code; else empty."""
    for node in nodes:
        rule = _RULES.get(node.op) if node.op is not None else None
        text = rule(*node.operands) if rule else ""
        if text and len(text) <= 2 * LONGEST:
            return text
    return ""


def around(nodes: Sequence[Value], users: Mapping[Value, Sequence[Value]], steps: int = 3) -> list[Value]:
    """These nodes, then what uses them, what uses that, and so on: in which a form that does not keep its digits may be seen."""
    found = dict.fromkeys(nodes)
    edge = list(nodes)
    for _ in range(steps):
        edge = [user for node in edge for user in users.get(node, ())][:50]
        found.update(dict.fromkeys(edge))
    return list(found)


def users_of(order: Sequence[Value]) -> dict[Value, list[Value]]:
    """For each node the nodes that were computed from it."""
    found: dict[Value, list[Value]] = {}
    for node in order:
        for x in node.operands:
            if isinstance(x, Value):
                found.setdefault(x, []).append(node)
    return found


def _name(x: Operand) -> str:
    return called(x) if isinstance(x, Value) else f"{x:.9g}"


def _number(x: Operand | None) -> float:
    return x.data if isinstance(x, Value) else x or 0.0


def _of(x: Operand, op: Operation) -> Sequence[Operand] | None:
    """The operands of x, if this operation made it."""
    return x.operands if isinstance(x, Value) and x.op is op else None


def _root(x: Operand) -> Operand | None:
    """What x is the square of."""
    if (pair := _of(x, ops.mul)) and pair[0] is pair[1]:
        return pair[0]
    if (power := _of(x, ops.pow)) and power[1] == 2.0:
        return power[0]
    return None


def _terms(x: Operand) -> list[Operand]:
    """What x is the sum of."""
    found: list[Operand] = []
    waiting = [x]
    while waiting and len(found) <= 1000:
        term = waiting.pop()
        parts = _of(term, ops.add) or _of(term, ops.sum_of)
        if parts is None:
            found.append(term)
        else:
            waiting += list(parts)[::-1]
    return found


def _exponents(x: Operand) -> list[str] | None:
    """x as a sum of exponentials: their exponents, 0 for a 1. None if it is no such sum."""
    found = []
    for term in _terms(x):
        if term == 1.0:
            found.append("0.0")
        elif (inner := _of(term, ops.exp)) is not None:
            found.append(_name(inner[0]))
        else:
            return None
    return found if any(each != "0.0" for each in found) else None


def _listed(names: Sequence[str]) -> str:
    shown = [*names[:MOST_TERMS], "..."] if len(names) > MOST_TERMS else names
    return f"[{', '.join(shown)}]"


def _sqrt(x: Operand) -> str:
    root = _root(x)
    if root is not None:
        return f"abs({_name(root)})"
    terms = _terms(x)
    roots = [_root(term) for term in terms]
    if len(terms) == 2 and all(root is not None for root in roots) and any(_number(root) for root in roots):
        return "hypot({}, {})".format(*(_name(root) for root in roots if root is not None))
    return f"sqrt(maximum({_name(x)}, {TINY}))"


def _pow(a: Operand, b: Operand) -> str:
    if not isinstance(b, Value) and b == 0.5:
        return _sqrt(a)
    return f"maximum({_name(a)}, {TINY}) ** {enclosed(b)}" if not isinstance(b, Value) and 0.0 < b < 1.0 else ""


def _log(x: Operand) -> str:
    exponents = _exponents(x)
    if exponents is not None:
        others = [each for each in exponents if each != "0.0"]
        if len(exponents) == 1:
            return others[0]
        return (
            f"softplus({others[0]})" if [len(exponents), len(others)] == [2, 1] else f"logsumexp({_listed(exponents)})"
        )
    if (inner := _of(x, ops.sigmoid)) is not None:
        return f"-softplus(-{enclosed(inner[0])})"
    if (quotient := _of(x, ops.div)) is not None and (top := _of(quotient[0], ops.exp)):
        below = _exponents(quotient[1])
        return f"{enclosed(top[0])} - logsumexp({_listed(below)})" if below else ""
    return _log_beside_1(x)


def _log_beside_1(x: Operand) -> str:
    if (pair := _of(x, ops.sub)) is not None and pair[0] == 1.0:
        inner = _of(pair[1], ops.sigmoid)
        return f"-softplus({_name(inner[0])})" if inner is not None else f"log1p(-{enclosed(pair[1])})"
    if (pair := _of(x, ops.add)) is not None and 1.0 in pair:
        return f"log1p({_name(pair[0] if pair[1] == 1.0 else pair[1])})"
    return ""


def _sub(a: Operand, b: Operand) -> str:
    if b == 1.0 and (inner := _of(a, ops.exp)) is not None:
        return f"expm1({_name(inner[0])})"
    if a == 1.0:
        if (inner := _of(b, ops.sigmoid)) is not None:
            return f"sigmoid(-{enclosed(inner[0])})"
        if (inner := _of(b, ops.cos)) is not None:
            return f"2 * sin({enclosed(inner[0])} / 2) ** 2"
        if (root := _root(b)) is not None and (inner := _of(root, ops.tanh)) is not None:
            return f"1 / cosh({_name(inner[0])}) ** 2"
    for op, form in (
        (ops.sqrt, "({0} - {1}) / (sqrt({0}) + sqrt({1}))"),
        (ops.log, "log({0} / {1})"),
    ):
        if (left := _of(a, op)) is not None and (right := _of(b, op)) is not None:
            return form.format(enclosed(left[0]), enclosed(right[0]))
    left_root, right_root = _root(a), _root(b)
    if left_root is not None and right_root is not None:
        x, y = enclosed(left_root), enclosed(right_root)
        return f"({x} - {y}) * ({x} + {y})"
    return ""


def _div(a: Operand, b: Operand) -> str:
    below = _exponents(b)
    if below is None:
        return ""
    if a == 1.0 and len(below) == 2 and "0.0" in below:
        [inner] = [each for each in below if each != "0.0"]
        return f"sigmoid({inner[1:] if inner.startswith('-') else f'-({inner})'})"
    if (top := _of(a, ops.exp)) is None:
        return ""
    if len(below) == 2 and "0.0" in below:
        return f"sigmoid({_name(top[0])})"
    return f"softmax({_listed(below)})" if len(below) > 1 else f"exp({enclosed(top[0])} - ({below[0]}))"


def _add(a: Operand, b: Operand) -> str:
    """exp(x) + -1, sqrt(a) + -sqrt(b): a difference as it may stand."""
    if not isinstance(b, Value):
        return _sub(a, -b)
    negative = _of(b, ops.neg)
    return _sub(a, negative[0]) if negative is not None else ""


_RULES: dict[Operation, Callable[..., str]] = {
    ops.sqrt: _sqrt,
    ops.pow: _pow,
    ops.log: _log,
    ops.sub: _sub,
    ops.add: _add,
    ops.div: _div,
    ops.asin: lambda x: f"asin(clip({_name(x)}, -1 + {TINY}, 1 - {TINY}))",
    ops.acos: lambda x: f"acos(clip({_name(x)}, -1 + {TINY}, 1 - {TINY}))",
    ops.acosh: lambda x: f"acosh(maximum({_name(x)}, 1 + {TINY}))",
}

RAISING = ("exp", "log", "div", "pow", "sqrt")  # for which a catalogue has what to write where they are not defined


def after_an_error(error: Any) -> str:
    """The operation that an error is of, if something is known for it; else empty."""
    name = str(error).split(" ", 1)[0]
    if name == "pow" and isinstance(error, OverflowError):
        return "pow.overflow"
    return name if name in RAISING and all(map(math.isfinite, getattr(error, "numbers", ()))) else ""
