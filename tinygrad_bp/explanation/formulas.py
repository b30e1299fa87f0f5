"""Derivatives as formulas: the partials of the table of operations, evaluated on pieces of text instead of numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence, Set
from dataclasses import replace
from functools import reduce
from typing import Any

from tinygrad_bp.core import ops, stable
from tinygrad_bp.core.operation import ADDITIVE, ATOM, MULTIPLICATIVE, NEGATIVE, Operation
from tinygrad_bp.core.order import between
from tinygrad_bp.core.symbol import Symbol
from tinygrad_bp.core.value import Value
from tinygrad_bp.explanation.names import enclosed, fraction, latex_number, multiple_of_pi, number

LONGEST = 200  # characters of a formula, names as they are, and a number as long as most names are
_NUMBER = re.compile(r"\d{4}[\d.]*|\d*\.\d{2,}")
MOST_NODES = 60  # that a formula may be made of

# Where the table arranges a rule for accuracy or for derivatives of its own, the same as textbooks have it. The tests hold them together.
_PARTIALS: dict[Operation, Any] = {
    ops.sqrt: (lambda y, x: 1.0 / (2.0 * y),),
    ops.asin: (lambda y, x: 1.0 / ops.sqrt(1.0 - x**2.0),),
    ops.acos: (lambda y, x: -1.0 / ops.sqrt(1.0 - x**2.0),),
    ops.atan: (lambda y, x: 1.0 / (1.0 + x**2.0),),
    ops.tan: (lambda y, x: 1.0 + y**2.0,),
    ops.tanh: (lambda y, x: 1.0 - y**2.0,),
    ops.log2: (lambda y, x: 1.0 / ops.log_term(x, 2.0),),
    ops.log10: (lambda y, x: 1.0 / ops.log_term(x, 10.0),),
    ops.cbrt: (lambda y, x: 1.0 / (3.0 * y**2.0),),
    ops.asinh: (lambda y, x: 1.0 / ops.sqrt(1.0 + x**2.0),),
    ops.acosh: (lambda y, x: 1.0 / ops.sqrt(x**2.0 - 1.0),),
    ops.atanh: (lambda y, x: 1.0 / (1.0 - x**2.0),),
    ops.erf: (lambda y, x: 1.1283791670955126 * ops.exp(-(x**2.0)),),  # 2 / sqrt(pi)
    ops.silu: (lambda y, x: ops.sigmoid(x) + y * (1.0 - ops.sigmoid(x)),),
    ops.gelu: (lambda y, x: ops.normal_cdf(x) + x * ops.normal_density(x),),
    ops.gelu_slope: (lambda y, x: ops.normal_density(x) * (2.0 - x**2.0),),
    ops.sigmoid: (lambda y, x: y * (1.0 - y),),
    ops.log_term: (lambda y, c, a: ops.log_term(1.0, a), lambda y, c, a: c / a),
    ops.logsumexp: lambda y, *xs: [ops.exp(x - y) for x in xs],
}
TEXTBOOK = {op: replace(op, partials=partials) for op, partials in _PARTIALS.items()}


class Unwritable(Exception):
    """There is no formula: it would be too long, or speak of a Value that has no name."""


class Formula(Symbol):
    """A number times a formula's text. Arithmetic with it writes the text of the result and computes what is only numbers."""

    __slots__ = ("binding", "coefficient", "latex", "quotient", "text")

    def __init__(self, text: str, binding: int, latex: bool, coefficient: float = 1.0) -> None:
        most = LONGEST * (1 + latex)
        if len(text) > most and len(_NUMBER.sub("0.00", text)) > most:
            raise Unwritable
        self.text, self.binding, self.latex, self.coefficient = text, binding, latex, coefficient
        self.quotient: tuple[Any, Formula, int] | None = None  # what stands above, below, and to which power that is

    @staticmethod
    def record_operation(op: Operation, operands: Sequence[Any]) -> Any:
        if op in _ARITHMETIC:
            return _ARITHMETIC[op](*operands)
        return spelled(op, operands, any(isinstance(x, Formula) and x.latex for x in operands))


def spelled(op: Operation, operands: Sequence[Any], latex: bool) -> Formula:
    """The operation on formulas and numbers, as its row says it."""
    found = Formula(_written(op, [write(x, latex) for x in operands], latex), op.binding, latex)
    if op is ops.div and isinstance(operands[1], Formula) and operands[1].coefficient == 1:
        found.quotient = operands[0], operands[1], 1
    return found


def _written(op: Operation, operands: Sequence[tuple[str, int]], latex: bool) -> str:
    """The formula as the row writes it, but a minus sign after another sign only in parentheses: a * (-b), not a * -b."""
    return op.write(
        [
            (text, ADDITIVE if place and binding < ATOM and text.startswith("-") and op.binding < ATOM else binding)
            for place, (text, binding) in enumerate(operands)
        ],
        latex=latex,
    )


def recorded(op: Operation, operands: Sequence[Any], latex: bool) -> Any:
    """The operation as it was recorded, in the way that people write it: without + 0, * 1 and / 1, and a - b for a + (-b)."""
    short = _SHORTER[op](*operands) if op in _SHORTER else None
    return short if isinstance(short, Formula) else spelled(op, operands, latex)


def _opposite(x: Any) -> Any:
    """What has a minus sign, without it; None of anything else. Numbers that stand in place of names are some, too."""
    if not isinstance(x, Formula):
        return -x if x < 0 else None
    if x.coefficient == -1:
        return Formula(x.text, x.binding, x.latex)
    if x.coefficient == 1 and x.binding in (NEGATIVE, MULTIPLICATIVE) and re.match(r"-\d", x.text):
        alone = re.fullmatch(r"-[\d.]+(?:e-?\d+)?", x.text)
        return Formula(x.text[1:], ATOM if alone else MULTIPLICATIVE, x.latex)
    return None


def _shorter_sum(a: Any, b: Any) -> Any:
    for x, other in ((a, b), (b, a)):
        if not isinstance(x, Formula) and x == 0:
            return other
    opposite = _opposite(b)
    return None if opposite is None else spelled(ops.sub, (a, opposite), _in_latex(a, b))


def _shorter_difference(a: Any, b: Any) -> Any:
    named = isinstance(b, Formula) and b.coefficient == 1  # a - (-0.5) stays where the number stands in place of a name
    opposite = None if named else _opposite(b)
    return None if opposite is None else spelled(ops.add, (a, opposite), _in_latex(a, b))


def _shorter_product(a: Any, b: Any) -> Any:
    for x, other in ((a, b), (b, a)):
        if not isinstance(x, Formula) and abs(x) == 1 and isinstance(other, Formula):
            return _signed(other, x)
    return None


def _signed(x: Formula, sign: float) -> Formula:
    """The same, or with the other sign."""
    found = Formula(x.text, x.binding, x.latex, x.coefficient * sign)
    found.quotient = x.quotient
    return found


def _in_latex(*operands: Any) -> bool:
    return any(isinstance(x, Formula) and x.latex for x in operands)


_SHORTER: dict[Operation, Callable[..., Any]] = {
    ops.add: _shorter_sum,
    ops.sub: _shorter_difference,
    ops.neg: lambda a: _signed(a, -1.0) if isinstance(a, Formula) else None,
    ops.mul: _shorter_product,
    ops.div: lambda a, b: (
        None if isinstance(b, Formula) or abs(b) != 1 or not isinstance(a, Formula) else _signed(a, b)
    ),
    ops.pow: lambda a, b: None if isinstance(b, Formula) or b != 1 else a,
    ops.sum_of: lambda *xs: reduce(lambda a, b: recorded(ops.add, (a, b), _in_latex(a, b)), xs),
}


def _total(terms: Sequence[Any]) -> Any:
    """The sum, like terms put together, the last first: reverse accumulation meets them in the opposite of the written order."""
    like: dict[str, Any] = {}
    for term in reversed(terms):
        text = term.text if isinstance(term, Formula) else ""
        like[text] = _sum(like[text], term) if text in like else term
    total: Any = 0.0
    for term in like.values():
        total = _sum(total, term)
    return total


def _sum(a: Any, b: Any) -> Any:
    """Without a zero, and with like terms put together."""
    for zero, other in ((a, b), (b, a)):
        if not isinstance(zero, Formula) and zero == 0:
            return other
    if isinstance(a, Formula) and isinstance(b, Formula) and a.text == b.text:
        both = a.coefficient + b.coefficient
        return Formula(a.text, a.binding, a.latex, both) if both else 0.0
    latex = (a if isinstance(a, Formula) else b).latex
    if isinstance(b, Formula) and b.coefficient == 1 and (opposite := _opposite(b)) is not None:
        return spelled(ops.sub, (a, opposite), latex)
    negative = (b.coefficient if isinstance(b, Formula) else b) < 0
    op = ops.sub if negative else ops.add
    right, binding = write(-b if negative else b, latex)
    return Formula(
        _written(op, [write(a, latex), (right, binding if negative else max(binding, MULTIPLICATIVE))], latex),
        op.binding,
        latex,
    )


def _product(a: Any, b: Any) -> Any:
    """The numbers are multiplied, the texts written side by side."""
    if not (isinstance(a, Formula) and isinstance(b, Formula)):
        formula, factor = (a, b) if isinstance(a, Formula) else (b, a)
        if not isinstance(formula, Formula):
            return formula * factor
        if not factor:
            return 0.0
        found = Formula(formula.text, formula.binding, formula.latex, formula.coefficient * factor)
        found.quotient = formula.quotient
        return found
    for one, other in ((b, a), (a, b)):
        if (
            one.quotient is not None and not isinstance(one.quotient[0], Formula) and one.quotient[0] == 1
        ):  # a / b, not a * 1 / b
            joined = _over(Formula(other.text, other.binding, other.latex), *one.quotient[1:])
            joined.coefficient = a.coefficient * b.coefficient
            return joined
    pair = [(a.text, a.binding), _as_factor(b)]
    return Formula(_written(ops.mul, pair, a.latex), MULTIPLICATIVE, a.latex, a.coefficient * b.coefficient)


def _quotient(a: Any, b: Any) -> Any:
    """A fraction with its sign before it; a number below it becomes a factor."""
    if not isinstance(b, Formula):
        return a * (1.0 / b)
    if not isinstance(a, Formula) and a == 0:
        return 0.0
    top = Formula(a.text, a.binding, a.latex) if isinstance(a, Formula) else abs(a)
    sign = a.coefficient if isinstance(a, Formula) else math.copysign(1.0, a)
    if isinstance(a, Formula) and a.quotient is not None and a.quotient[1].text == b.text and b.coefficient == 1:
        above, below, power = a.quotient  # a / b / b is a / b ** 2
        found = _over(above, below, power + 1)
    else:
        found = _over(top, b if b.coefficient > 0 else -b, 1)
    found.coefficient *= math.copysign(1.0, b.coefficient) * sign
    return found


def _over(above: Any, below: Formula, power: int) -> Formula:
    """A quotient as it is written, with what it is made of."""
    bottom = below if power == 1 else spelled(ops.pow, (below, float(power)), below.latex)
    text = _written(ops.div, [write(above, below.latex), write(bottom, below.latex)], below.latex)
    found = Formula(text, MULTIPLICATIVE, below.latex)
    found.quotient = above, below, power
    return found


def _dot(*operands: Any) -> Any:
    """A sum of products. Those with a 0 are left out."""
    total: Any = 0.0
    for w, x in zip(*stable.halves(operands), strict=True):
        total = _sum(total, _product(w, x))
    return total


def _power(a: Any, exponent: Any) -> Any:
    """Without the exponents 0 and 1."""
    if not isinstance(exponent, Formula):
        if exponent == 1:
            return a
        if exponent == 0:
            return 1.0
    return spelled(ops.pow, (a, exponent), (a if isinstance(a, Formula) else exponent).latex)


def _log_term(c: Any, a: Any) -> Any:
    """The logarithm of a number is written too: log(2), not 0.693147181."""
    return c * spelled(ops.log, [a], (c if isinstance(c, Formula) else a).latex)


# What is not written as its row says it: sums and products are simplified, and rows that serve accuracy written as textbooks have them.
_ARITHMETIC: dict[Operation, Callable[..., Any]] = {
    ops.add: _sum,
    ops.sub: lambda a, b: _sum(a, b * -1.0),
    ops.mul: _product,
    ops.div: _quotient,
    ops.pow: _power,
    ops.dot: _dot,
    ops.neg: lambda a: a * -1.0,
    ops.power_term: lambda c, a, b, k: c * a ** (b - k),
    ops.log_term: _log_term,
    ops.exp_difference: lambda a, b: ops.exp(a - b),
    ops.reciprocal: lambda a: 1.0 / a,
}


def _exponential(x: Any, latex: bool) -> Any:
    return spelled(ops.exp, [x], latex) if isinstance(x, Formula) else math.exp(x)


def _log_of_sum(*terms: Any) -> Any:
    """The logarithm of 1, where there is a number, and of the exponentials."""
    latex = _in_latex(*terms)
    return spelled(ops.log, [reduce(_sum, (_exponential(x, latex) for x in terms))], latex)


# What an engine has in one piece, as textbooks have it.
_WRITTEN_OUT: dict[Operation, Callable[..., Any]] = {
    ops.logsumexp: _log_of_sum,
    ops.softplus: lambda x: _log_of_sum(0.0, x),
    ops.log1p: lambda x: spelled(ops.log, [_sum(1.0, x)], x.latex),
    ops.expm1: lambda x: _sum(spelled(ops.exp, [x], x.latex), -1.0),
}


def write(x: Any, latex: bool) -> tuple[str, int]:
    """The text of a formula or a number, and how tightly it binds."""
    if not isinstance(x, Formula):
        return _write_multiple_of_pi(x, latex) or _write_fraction(x, latex) or write_number(f"{x:.12g}", latex)
    if x.coefficient == 1:
        return x.text, x.binding
    if x.coefficient == -1:
        if x.binding == MULTIPLICATIVE and not x.text.startswith("-"):
            return f"-{x.text}", MULTIPLICATIVE
        if x.text.startswith("-"):
            return f"-{_enclosed(x.text, latex)}", MULTIPLICATIVE
        return ops.neg.write([(x.text, x.binding)], latex=latex), NEGATIVE
    if x.quotient is not None and not isinstance(x.quotient[0], Formula) and x.quotient[0] == 1:  # 3 / g, not 3 * 1 / g
        return _over(x.coefficient, *x.quotient[1:]).text, MULTIPLICATIVE
    return _written(ops.mul, [write(x.coefficient, latex), _as_factor(x)], latex), MULTIPLICATIVE


def _as_factor(x: Formula) -> tuple[str, int]:
    """A factor after another one: a product stands there as it is, a * b * c, but for a minus sign."""
    return x.text, ATOM if x.binding == MULTIPLICATIVE and not x.text.startswith("-") else x.binding


def write_number(text: str, latex: bool) -> tuple[str, int]:
    """A number that was written, as LaTeX if wanted, and how tightly it binds."""
    binding = NEGATIVE if text.startswith("-") else MULTIPLICATIVE if latex and "e" in text else ATOM
    return latex_number(text) if latex else text, binding


def _write_fraction(x: float, latex: bool) -> tuple[str, int] | None:
    """A number as the fraction that it is. None if it is none."""
    if (found := fraction(x)) is None:
        return None
    above, below = found
    if latex:
        return f"{'-' if above < 0 else ''}\\frac{{{abs(above)}}}{{{below}}}", NEGATIVE if above < 0 else MULTIPLICATIVE
    return f"{above} / {below}", NEGATIVE if above < 0 else MULTIPLICATIVE


def _write_multiple_of_pi(x: float, latex: bool) -> tuple[str, int] | None:
    """A number as the multiple of pi that it is, as `2 * pi` or `3 * pi / 4`. None if it is none."""
    if (found := multiple_of_pi(x)) is None:
        return None
    above, below = found
    sign = "-" if above < 0 else ""
    factor = "" if abs(above) == 1 else str(abs(above))
    if latex:
        top = rf"{factor}\pi"
        text = top if below == 1 else rf"\frac{{{top}}}{{{below}}}"
        atom = below == 1 and not factor
    else:
        top = f"{factor} * pi" if factor else "pi"
        text = top if below == 1 else f"{top} / {below}"
        atom = text == "pi"
    return sign + text, NEGATIVE if sign else ATOM if atom else MULTIPLICATIVE


def _enclosed(text: str, latex: bool) -> str:
    return rf"\left({text}\right)" if latex else f"({text})"


_ADDITIVE = (ops.add, ops.sub, ops.neg, ops.sum_of)


class FormulaWriter:
    """Writes formulas over the named Values of a graph.

    With `digits` the numbers of these stand in place of their names. With `leaves_as_numbers` a leaf that has no name is written as its
    number; otherwise there is no formula with it. With `textbook` log(exp(a) + exp(b)) is written for logsumexp([a, b]), and so on.
    """

    def __init__(
        self,
        names: Mapping[Value, str],
        *,
        latex: bool = False,
        digits: int | None = None,
        leaves_as_numbers: bool = False,
        textbook: bool = False,
    ) -> None:
        self.latex = latex
        self._written_out = _WRITTEN_OUT if textbook else {}
        self._digits, self._leaves_as_numbers = digits, leaves_as_numbers
        self._names = names
        self._terms: dict[Value, Any] = {}

    def value(self, node: Value) -> str:
        """How the node was computed from named Values and numbers; empty if that is no formula of readable length, or it is a leaf."""
        try:
            return "" if node.op is None else write(self._spelled(node), self.latex)[0]
        except Unwritable:
            return ""

    def terms(self, node: Value) -> list[tuple[bool, list[str]]]:
        """What a node is the sum of: whether it is subtracted, and the factors of a product, `(False, ["w1", "i1"])`.

        Sums that have no name are taken apart, and so are dots. A factor that is no formula of readable length is empty.
        """
        found: list[tuple[bool, list[str]]] = []
        waiting: list[tuple[Any, bool]] = [(node, False)]
        while waiting:
            head, negative = waiting.pop()
            inner = isinstance(head, Value) and head.op is not None and (head is node or head not in self._names)
            number = self._constant(head)
            if number is not None and head is not node:
                if number or not (found or waiting):  # what adds 0 is not written
                    found.append(self._summand(negative != (number < 0), [abs(number)]))
            elif inner and head.op in (ops.add, ops.sum_of):
                waiting += [(x, negative) for x in reversed(head.operands)]
            elif inner and head.op is ops.neg:
                waiting.append((head.operands[0], not negative))
            elif inner and head.op is ops.dot:
                found += [self._summand(negative, pair) for pair in zip(*stable.halves(head.operands), strict=True)]
            elif inner and head.op is ops.sub:
                waiting += [(head.operands[1], not negative), (head.operands[0], negative)]
            elif inner and head.op is ops.mul:
                turned, factors = self._factors(head.operands)
                if len(factors) == 1:  # of a sum times 1, its summands
                    waiting.append((factors[0], negative != turned))
                else:
                    found.append(self._summand(negative, head.operands))
            else:
                found.append((negative, self._product([head], whole=head is node)))
        return found

    def _constant(self, x: Value | float) -> float | None:
        """The number of what is written as one: a constant, or a leaf without a name."""
        if not isinstance(x, Value):
            return x
        return x.data if x.op is None and self._leaves_as_numbers and x not in self._names else None

    def _summand(self, negative: bool, factors: Sequence[Any]) -> tuple[bool, list[str]]:
        """Whether a product is subtracted, and its factors."""
        turned, several = self._factors(factors)
        return negative != turned, self._product(several or [1.0])

    def _factors(self, factors: Sequence[Any]) -> tuple[bool, list[Any]]:
        """The factors without those of 1, which weigh a bias in a dot, and of -1; and whether these turn the sign."""
        several = [x for x in factors if self._constant(x) not in (1.0, -1.0)]
        return sum(self._constant(x) == -1.0 for x in factors) % 2 == 1, several

    def _product(self, several: Sequence[Any], *, whole: bool = False) -> list[str]:
        """The factors. `whole`: of a Value alone, how it was computed."""
        texts = []
        for x in several:
            try:
                text, binding = write(self._spelled(x) if whole else self._term(x), self.latex)
            except Unwritable:
                texts.append("")
                continue
            loose = len(several) > 1 and binding < MULTIPLICATIVE
            loose = loose or (
                bool(texts) and not self.latex and not isinstance(x, Value) and "/" in text
            )  # w * (1 / 3)
            texts.append(_enclosed(text, self.latex) if loose else text)
        return texts

    def derivative(self, of: Value, by: Value, place: Mapping[Value, int], stops: Set[Value]) -> str:
        """The derivative of one Value with respect to another along all routes between them that avoid the `stops`.

        Args:
            place: the position in topological order of every Value that lies on a route.
            stops: the Values at which routes end, `by` among them.

        Returns: the formula; empty if it is only a number or none of readable length.
        """
        try:
            term = self._derivative(of, by, place, stops)
        except (Unwritable, TypeError, ValueError, ArithmeticError, AttributeError):
            return ""  # a rule of someone's own may know numbers only
        return write(term, self.latex)[0] if isinstance(term, Formula) else ""

    def too_long(self, of: Value, by: Value, place: Mapping[Value, int], stops: Set[Value]) -> bool:
        """Whether `derivative` is empty because the formula would be too long."""
        try:
            self._derivative(of, by, place, stops)
        except Unwritable:
            return True
        except (TypeError, ValueError, ArithmeticError, AttributeError):
            pass
        return False

    def local_derivative(self, of: Value, place: int) -> str:
        """The derivative of a Value with respect to the operand at this place, the others held fixed: of x * x at either place x.

        Empty as `derivative` has it.
        """
        assert of.op is not None
        wanted = [k == place for k in range(len(of.operands))]
        try:
            operands = [self._term(x) for x in of.operands]
            term = TEXTBOOK.get(of.op, of.op).derivatives(self._term(of), operands, wanted)[place]
        except (Unwritable, TypeError, ValueError, ArithmeticError, AttributeError):
            return ""
        return write(term, self.latex)[0] if isinstance(term, Formula) else ""

    def sum(self, node: Value) -> str:
        """A sum of products written out, however long; empty if the node is none, or has a factor that is no formula of readable length."""
        terms = self.terms(node)
        if len(terms) < 2 or not all(all(factors) for _, factors in terms):
            return ""
        times = r" \cdot " if self.latex else " * "
        first, *others = [(negative, times.join(factors)) for negative, factors in terms]
        text = f"-{first[1]}" if first[0] else first[1]
        return text + "".join(f" {'-' if negative else '+'} {term}" for negative, term in others)

    def _derivative(self, of: Value, by: Value, place: Mapping[Value, int], stops: Set[Value]) -> Any:
        gradients: dict[Any, list[Any]] = {of: [1.0]}
        for count, (node, operands) in enumerate(between(of, stops, place), 1):
            if count == MOST_NODES:
                raise Unwritable
            gradient = _total(gradients.pop(node))
            assert node.op is not None
            wanted = [x in place and (x is by or x not in stops) for x in operands]
            op = TEXTBOOK.get(node.op, node.op)
            if op in _ADDITIVE:  # these slopes are numbers, whatever is added, also what has no name
                partials = op.derivatives(0.0, [0.0] * len(operands), wanted)
            else:
                partials = op.derivatives(self._term(node), [self._term(x) for x in operands], wanted)
            for x, partial, want in zip(operands, partials, wanted, strict=True):
                if want:
                    gradients.setdefault(x, []).append(gradient * partial)
        return _total(gradients[by])

    def _term(self, x: Value | float) -> Any:
        if not isinstance(x, Value):
            return x
        if x in self._names and self._digits is not None:
            text, binding = write_number(number(x.data, self._digits), self.latex)
            return Formula(text, binding, self.latex)
        if x in self._names:
            return Formula(enclosed(self._names[x], latex=self.latex), ATOM, self.latex)
        if x.op is None and self._leaves_as_numbers:
            return x.data
        return self._terms[x] if x in self._terms else self._spelled(x)

    def _spelled(self, node: Value) -> Any:
        waiting = [node]
        while waiting:
            head = waiting[-1]
            if head.op is None:
                raise Unwritable
            missing = [
                x
                for x in head.operands
                if isinstance(x, Value)
                and not (x in self._terms or x in self._names or (x.op is None and self._leaves_as_numbers))
            ]
            if missing:
                waiting.extend(missing)
                if len(waiting) > MOST_NODES:
                    raise Unwritable
                continue
            waiting.pop()
            operands = [self._term(x) for x in head.operands]
            term = None
            if head.op in self._written_out and any(isinstance(x, Formula) for x in operands):
                term = self._written_out[head.op](*operands)
            elif head.op in (ops.power_term, ops.dot) and any(
                isinstance(x, Formula) for x in operands
            ):  # x ** 2, not x ** (3 - 1); a sum of products
                term = Formula.record_operation(head.op, operands)
            self._terms[head] = term if isinstance(term, Formula) else recorded(head.op, operands, self.latex)
        return self._terms[node]
