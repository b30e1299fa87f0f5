"""Derivatives as formulas: the rules of the table of operations, evaluated on pieces of text instead of numbers."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from typing import Any

from tinygrad_bp.core import ops
from tinygrad_bp.core.operation import ATOM, MULTIPLICATIVE, NEGATIVE, Operation
from tinygrad_bp.core.order import between
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.names import enclosed, latex_number

LONGEST = 200  # characters of a formula, names as they are
MOST_NODES = 60  # that a formula may be made of

# Where the table arranges a rule for accuracy or for derivatives of its own, the same as textbooks have it. The tests hold them together.
_PARTIALS: dict[Operation, Any] = {
    ops.sqrt: (lambda y, x: 1.0 / (2.0 * y),),
    ops.asin: (lambda y, x: 1.0 / ops.sqrt(1.0 - x**2.0),),
    ops.acos: (lambda y, x: -1.0 / ops.sqrt(1.0 - x**2.0),),
    ops.atan: (lambda y, x: 1.0 / (1.0 + x**2.0),),
    ops.tan: (lambda y, x: 1.0 + y**2.0,),
    ops.tanh: (lambda y, x: 1.0 - y**2.0,),
    ops.sigmoid: (lambda y, x: y * (1.0 - y),),
    ops.logsumexp: lambda y, *xs: [ops.exp(x - y) for x in xs],
}
TEXTBOOK = {op: replace(op, partials=partials) for op, partials in _PARTIALS.items()}


class Unwritable(Exception):
    """There is no formula: it would be too long, or speak of a Value that has no name."""


class Term:
    """A number times a formula's text. Arithmetic with it writes the text of the result and computes what is only numbers."""

    __slots__ = ("binding", "coefficient", "latex", "text")

    def __init__(self, text: str, binding: int, latex: bool, coefficient: float = 1.0) -> None:
        if len(text) > LONGEST * (1 + latex):
            raise Unwritable
        self.text, self.binding, self.latex, self.coefficient = text, binding, latex, coefficient

    @staticmethod
    def record_operation(op: Operation, operands: Sequence[Any]) -> Any:
        if op is ops.power_term:
            c, a, b, k = operands
            return c * a ** (b - k)
        if op is ops.log_term:
            c, a = operands
            latex = (c if isinstance(c, Term) else a).latex
            return c * Term(
                ops.log.write([write(a, latex)], latex=latex), ATOM, latex
            )  # of a number too: log(2), not 0.693147181
        if op is ops.exp_difference:
            return ops.exp(operands[0] - operands[1])
        if op is ops.reciprocal:
            return 1.0 / operands[0]
        latex = any(isinstance(x, Term) and x.latex for x in operands)
        return Term(op.write([write(x, latex) for x in operands], latex=latex), op.binding, latex)

    def __mul__(self, other: Any) -> Any:
        if not isinstance(other, Term):
            return Term(self.text, self.binding, self.latex, self.coefficient * other) if other else 0.0
        pair = [(self.text, self.binding), (other.text, ATOM if other.binding == MULTIPLICATIVE else other.binding)]
        return Term(
            ops.mul.write(pair, latex=self.latex), MULTIPLICATIVE, self.latex, self.coefficient * other.coefficient
        )

    def __add__(self, other: Any) -> Any:
        return _sum(self, other)

    def __radd__(self, other: Any) -> Any:
        return _sum(other, self)

    def __sub__(self, other: Any) -> Any:
        return _sum(self, other * -1.0)

    def __rsub__(self, other: Any) -> Any:
        return _sum(other, self * -1.0)

    def __neg__(self) -> Any:
        return self * -1.0

    def __truediv__(self, other: Any) -> Any:
        return self * (1.0 / other) if not isinstance(other, Term) else _quotient(self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _quotient(other, self) if other else 0.0

    def __pow__(self, exponent: Any) -> Any:
        if exponent == 1:
            return self
        return self.record_operation(ops.pow, (self, exponent)) if exponent != 0 else 1.0

    def __rpow__(self, base: Any) -> Any:
        return self.record_operation(ops.pow, (base, self))

    __rmul__ = __mul__


def _total(terms: Sequence[Any]) -> Any:
    """The sum, like terms put together, the last first: reverse accumulation meets them in the opposite of the written order."""
    like: dict[str, Any] = {}
    for term in reversed(terms):
        text = term.text if isinstance(term, Term) else ""
        like[text] = _sum(like[text], term) if text in like else term
    total: Any = 0.0
    for term in like.values():
        total = _sum(total, term)
    return total


def _sum(a: Any, b: Any) -> Any:
    for zero, other in ((a, b), (b, a)):
        if not isinstance(zero, Term) and zero == 0:
            return other
    if isinstance(a, Term) and isinstance(b, Term) and a.text == b.text:
        both = a.coefficient + b.coefficient
        return Term(a.text, a.binding, a.latex, both) if both else 0.0
    latex = (a if isinstance(a, Term) else b).latex
    negative = (b.coefficient if isinstance(b, Term) else b) < 0
    op = ops.sub if negative else ops.add
    right, binding = write(-b if negative else b, latex)
    return Term(
        op.write([write(a, latex), (right, binding if negative else max(binding, MULTIPLICATIVE))], latex=latex),
        op.binding,
        latex,
    )


def _quotient(a: Any, b: Term) -> Term:
    top = Term(a.text, a.binding, a.latex) if isinstance(a, Term) else abs(a)
    sign = a.coefficient if isinstance(a, Term) else math.copysign(1.0, a)
    text = ops.div.write([write(top, b.latex), write(b if b.coefficient > 0 else -b, b.latex)], latex=b.latex)
    return Term(text, MULTIPLICATIVE, b.latex, math.copysign(1.0, b.coefficient) * sign)


def write(x: Any, latex: bool) -> tuple[str, int]:
    """The text of a Term or a number, and how tightly it binds."""
    if not isinstance(x, Term):
        text = f"{x:.12g}"
        return latex_number(
            text
        ) if latex else text, NEGATIVE if x < 0 else ATOM if "e" not in text or not latex else MULTIPLICATIVE
    if x.coefficient == 1:
        return x.text, x.binding
    if x.coefficient == -1:
        if x.binding == MULTIPLICATIVE:
            return f"-{x.text}", MULTIPLICATIVE
        return ops.neg.write([(x.text, x.binding)], latex=latex), NEGATIVE
    factor = x.text, ATOM if x.binding == MULTIPLICATIVE else x.binding
    return ops.mul.write([write(x.coefficient, latex), factor], latex=latex), MULTIPLICATIVE


class Writer:
    """Writes formulas over the named Values of a graph."""

    def __init__(self, names: Mapping[Value, str], *, latex: bool = False) -> None:
        self.latex = latex
        self._names = names
        self._terms: dict[Value, Any] = {}

    def value(self, node: Value) -> str:
        """How the node was computed from named Values and numbers; empty if that is no formula of readable length, or it is a leaf."""
        try:
            return "" if node.op is None else write(self._spelled(node), self.latex)[0]
        except Unwritable:
            return ""

    def derivative(self, of: Value, by: Value, place: Mapping[Value, int], stops: Set[Value]) -> str:
        """The derivative of one Value by another along all routes between them that avoid the `stops`.

        Args:
            place: the position in topological order of every Value that lies on a route.
            stops: the Values at which routes end, `by` among them.

        Returns: the formula; empty if it is only a number or none of readable length.
        """
        try:
            term = self._derivative(of, by, place, stops)
        except (
            Unwritable,
            TypeError,
            ValueError,
            ArithmeticError,
            AttributeError,
        ):  # a rule of someone's own may know numbers only
            return ""
        return write(term, self.latex)[0] if isinstance(term, Term) else ""

    def _derivative(self, of: Value, by: Value, place: Mapping[Value, int], stops: Set[Value]) -> Any:
        gradients: dict[Any, list[Any]] = {of: [1.0]}
        for count, (node, operands) in enumerate(between(of, stops, place), 1):
            if count == MOST_NODES:
                raise Unwritable
            gradient = _total(gradients.pop(node))
            assert node.op is not None
            wanted = [x in place and (x is by or x not in stops) for x in operands]
            op = TEXTBOOK.get(node.op, node.op)
            partials = op.derivatives(self._term(node), [self._term(x) for x in operands], wanted)
            for x, partial, want in zip(operands, partials, wanted, strict=True):
                if want:
                    gradients.setdefault(x, []).append(gradient * partial)
        return _total(gradients[by])

    def _term(self, x: Value | float) -> Any:
        if not isinstance(x, Value):
            return x
        if x in self._names:
            return Term(enclosed(self._names[x], latex=self.latex), ATOM, self.latex)
        return self._terms.get(x) or self._spelled(x)

    def _spelled(self, node: Value) -> Any:
        waiting = [node]
        while waiting:
            head = waiting[-1]
            if head.op is None:
                raise Unwritable
            missing = [
                x for x in head.operands if isinstance(x, Value) and x not in self._terms and x not in self._names
            ]
            if missing:
                waiting.extend(missing)
                if len(waiting) > MOST_NODES:
                    raise Unwritable
                continue
            waiting.pop()
            operands = [self._term(x) for x in head.operands]
            term = (
                Term.record_operation(head.op, operands) if head.op is ops.power_term else None
            )  # x ** 2, not x ** (3 - 1)
            if not isinstance(term, Term):
                text = head.op.write([write(x, self.latex) for x in operands], latex=self.latex)
                term = Term(text, head.op.binding, self.latex)
            self._terms[head] = term
        return self._terms[node]
