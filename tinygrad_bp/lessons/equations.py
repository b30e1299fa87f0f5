"""The equations of a derivation: symbols, numbers, result, each as text and as LaTeX."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from tinygrad_bp.core import ops
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.formulas import FormulaWriter
from tinygrad_bp.explanation.names import enclosed, latex_name, latex_number, number, short_name
from tinygrad_bp.explanation.neurons import Unit
from tinygrad_bp.explanation.pencil import adding_up, comes_to, multiply, to_follow, value_of
from tinygrad_bp.explanation.waypoints import Factor, Quantity, Term, Waypoints, factors_of, summands
from tinygrad_bp.lessons.blocks import Equation, Formula
from tinygrad_bp.lessons.derivation import Derivation, Step
from tinygrad_bp.lessons.layers import named_by_case

LONGEST = 200  # letters of a sum over a number; of a longer one both ends
MOST_TERMS = 12  # of a sum that are written out; of more, those at both ends

Product = tuple[bool, Sequence[Formula]]  # whether it is subtracted, and its factors
Row = Sequence[Formula]  # a sum, each further summand with the sign that joins it


def symbol(name: str) -> Formula:
    """A name, as of a Value, a node delta or an updated parameter, as it stands in an equation."""
    plus = name.endswith("+")
    latex = latex_name(name.removesuffix("+"))
    return Formula(name, rf"{latex}^{{+}}" if plus else latex)


class Equations:
    """Writes the equations of a derivation, numbers with so many digits."""

    def __init__(self, derivation: Derivation, digits: int = 9) -> None:
        self.derivation, self.digits = derivation, digits
        names = derivation.names
        self._symbols = [FormulaWriter(names, latex=latex, leaves_as_numbers=True) for latex in (False, True)]
        self._in_numbers: dict[int, list[FormulaWriter]] = {}

    # Pieces

    def number(self, x: float, digits: int | None = None) -> Formula:
        """A number, with other digits if they are given."""
        text = number(x, self.digits if digits is None else digits)
        return Formula(text, latex_number(text))

    def _numbers(self, digits: int) -> list[FormulaWriter]:
        """What writes formulas with numbers of so many digits, as text and as LaTeX."""
        if digits not in self._in_numbers:
            self._in_numbers[digits] = [
                FormulaWriter(self.derivation.names, latex=latex, leaves_as_numbers=True, digits=digits)
                for latex in (False, True)
            ]
        return self._in_numbers[digits]

    def followed(self, write: Callable[[int], Row], result: float) -> Row:
        """A row of numbers with so many digits that with a pencil it is the result."""
        return to_follow(write, lambda row: self._comes_to(row, result), self.digits)

    def _comes_to(self, row: Row, result: float) -> bool:
        return comes_to(value_of(" ".join(x.text for x in row)), result, self.digits)

    def name(self, v: Value) -> Formula:
        """The name of a Value."""
        return symbol(self.derivation.names[v])

    def enclosed(self, v: Value) -> Formula:
        """The name of a Value as it stands in a formula."""
        name = self.derivation.names[v]
        return Formula(enclosed(name), enclosed(name, latex=True))

    def delta(self, v: Value) -> Formula:
        """The name of the node delta of a net input; of any other Value the derivative of the loss with respect to it."""
        name = self.derivation.delta_name(v)
        return symbol(name) if name else self.derivative(self.derivation.loss, v)

    def derivative(self, of: Value, by: Value, *, whole: bool = True) -> Formula:
        """`dE/dw5`."""
        d, latex = ("d", "d") if whole else ("∂", r"\partial ")
        pair = [self.derivation.names[v] for v in (of, by)]
        top, bottom = (enclosed(name) for name in pair)
        above, below = (enclosed(name, latex=True) for name in pair)
        return Formula(f"{d}{top}/{d}{bottom}", rf"\frac{{{latex}{above}}}{{{latex}{below}}}")

    def step(self, step: Step) -> Formula:
        """How a quantity is written."""
        if step.kind == "derivative" and step.by is not None:
            return self.derivative(step.of, step.by, whole=not step.direct)
        return symbol(step.name)

    # Equations

    def value(self, v: Value) -> Equation:
        """How a Value was computed."""
        symbols = self._row(self._symbols, v) or self._share(self._symbols, v)
        numbers: Row = []
        if symbols:
            numbers = self.followed(
                lambda digits: self._row(self._numbers(digits), v) or self._share(self._numbers(digits), v), v.data
            )
        return chain(self.name(v), [symbols, numbers, [self.number(v.data)]])

    def slope(self, of: Value, by: Value, factor: Factor) -> Equation:
        """A local derivative: its formula, that with numbers, and its number."""
        return chain(self.derivative(of, by, whole=factor.whole), [*self._formula(factor), [self.number(factor.value)]])

    def total(self, v: Value) -> Equation:
        """The derivative of the loss with respect to a waypoint, from those with respect to what was computed from it.

        Of a net input the node delta is on the left, and the derivative first on the right.
        """
        return self._summed(self.derivation.graph.quantity(v), self.delta(v))

    def between(self, of: Value, by: Value) -> Equation:
        """The derivative of any Value with respect to another, along all ways between them."""
        names = self.derivation.names
        inside = {v: name for v, name in names.items() if not v.label}
        graph = Waypoints(of, [by], True, inside)
        graph.names.update(names)
        return self._summed(graph.quantity(by), self.derivative(of, by))

    def _summed(self, quantity: Quantity, left: Formula) -> Equation:
        whole = self.derivative(quantity.derivative.of, quantity.derivative.by)
        rows: list[Row] = [] if left == whole else [[whole]]
        if quantity.parts:
            rows.append(summed([(False, [self._factor(part)]) for part in quantity.parts]))
        rows += self._rows(quantity)
        return chain(left, [*rows, [self.number(quantity.derivative.value)]])

    def of_class(self, letter: str, unit: Unit) -> Formula:
        """`p_o1`, of several cases `p_o1[2]`: a quantity of a class. A probability is called as it is in the graph."""
        if letter == "p" and (name := self.derivation.probabilities.called.get(unit.net)):
            return symbol(name)
        neuron = self.neuron(unit)
        return Formula(f"{letter}_{neuron.text}", f"{letter}_{{{neuron.latex}}}")

    def neuron(self, unit: Unit) -> Formula:
        """A neuron by its name, of several cases with the number of its case."""
        return symbol(named_by_case(unit, self.derivation.names))

    def label(self, label: str) -> Formula:
        """A label by itself, such as that of the same input in several cases."""
        return symbol(short_name(label))

    def target(self, unit: Unit) -> Formula:
        """The target of a class: its name in the graph, or `y_o1`."""
        share = self.derivation.shares[unit.net]
        if share.leaf is not None and share.leaf in self.derivation.names:
            return self.name(share.leaf)
        return self.of_class(self.letter(alone=share.alone), unit)

    def letter(self, *, alone: bool) -> str:
        """The letter of targets: y of classes, t of sigmoids; another one where it is the name of something else."""
        taken = set(self.derivation.names.values())
        letters = ("t", "y", "target") if alone else ("y", "t", "target")
        return next(letter for letter in letters if letter not in taken or letter == letters[-1])

    def gap(self, *, alone: bool) -> Formula:
        """`p - y`, what the deltas of a cross entropy are."""
        letter = symbol(self.letter(alone=alone))
        return Formula(f"p - {letter.text}", f"p - {letter.latex}")

    def share(self, unit: Unit) -> Equation:
        """The delta of a cross entropy: p - y, over the number of cases that the error is the mean of."""
        found, v = self.derivation, unit.net
        share = found.shares[v]
        left, whole = self.delta(v), self.derivative(found.loss, v)
        rows: list[Row] = [] if left == whole else [[whole]]
        pairs = (
            (self.of_class("p", unit), self.target(unit)),
            (self.number(share.probability), self.number(share.target)),
        )
        for first, second in pairs:
            row = summed([(False, [first]), (True, [second])])
            if share.cases > 1:
                texts = " ".join(x.text for x in row), " ".join(x.latex for x in row)
                row = [Formula(f"({texts[0]}) / {share.cases}", rf"\frac{{{texts[1]}}}{{{share.cases}}}")]
            rows.append(row)
        return chain(left, [*rows, [self.number(found.graph.total[v])]])

    def update(self, v: Value) -> Equation:
        """A step of gradient descent."""
        found = self.derivation
        rate = found.learning_rate
        assert rate is not None
        step = found.updated(v)
        eta = Formula("eta", r"\eta")
        slope = found.graph.total[v]
        rows = [
            summed([(False, [self.name(v)]), (True, [eta, self.derivative(found.loss, v)])]),
            self.followed(
                lambda digits: summed(
                    [
                        (False, [self.number(v.data, digits)]),
                        (True, [self.number(rate, digits), self.number(slope, digits)]),
                    ]
                ),
                step.value,
            ),
            [self.number(step.value)],
        ]
        return chain(symbol(step.name), rows)

    def _rows(self, quantity: Quantity) -> list[Row]:
        terms = quantity.terms
        rows = [self._products(terms, lambda factor: self._factor(factor))]
        if len(terms) == 1 == len(terms[0].factors):
            return [*rows, *self._formula(terms[0].factors[0])]
        by_delta = [self._by_delta(term) for term in terms]
        if all(by_delta):
            rows.append(self.shortened([(False, factors) for factors in by_delta]))
        else:
            rows += self._worked_in(terms)
        parts = summands(terms, MOST_TERMS)
        digits = adding_up(parts, quantity.derivative.value, self.digits) if len(terms) > 1 else self.digits
        rows.append(self._multiplying(quantity, digits))
        if len(terms) > 1:
            rows.append(self.shortened([(False, [self.number(x, digits)]) for x in parts]))
        return rows

    def _multiplying(self, quantity: Quantity, digits: int) -> Row:
        """A sum of products of numbers: with a pencil each is the summand that is shown with so many digits, and the sum what is said."""
        terms = quantity.terms
        products = [factors_of([x.value for x in term.factors]) for term in terms]
        results = [term.value for term in terms]

        def written(more: int) -> list[list[str]]:
            return [[number(x, more) for x in factors] for factors in products]

        def row(texts: list[list[str]]) -> Row:
            return self.shortened([(False, [Formula(x, latex_number(x)) for x in factors]) for factors in texts])

        def agrees(texts: list[list[str]]) -> bool:
            return multiply(texts, results, digits) and self._comes_to(row(texts), quantity.derivative.value)

        return row(to_follow(written, agrees, digits))

    def _products(self, terms: Sequence[Term], write: Callable[[Factor], Formula]) -> Row:
        return self.shortened([(False, [write(factor) for factor in term.factors]) for term in terms])

    def _factor(self, factor: Factor) -> Formula:
        """A factor of the chain rule: a whole derivative of the loss with respect to a net input stands as it is, not as a delta."""
        return self.derivative(factor.of, factor.by, whole=factor.whole)

    def _by_delta(self, term: Term) -> list[Formula]:
        """The delta rule's form of a term, `delta_o1 * out_h1`; empty if it has none."""
        found = self.derivation
        if len(term.factors) != 2 or not found.delta_name(term.factors[0].by):
            return []
        first, local = term.factors
        formula = self._written(self._symbols, local)
        if formula is None:
            return [self.delta(first.by), *([] if local.value == 1.0 else [self.number(local.value)])]
        return [self.delta(first.by), formula]

    def _worked_in(self, terms: Sequence[Term]) -> list[Row]:
        """The terms with the formula of their local derivative, in symbols and in numbers; none where one has no formula."""
        if any(
            unit.out is term.factors[-1].of and unit.net is term.factors[-1].by
            for term in terms
            for unit in self.derivation.neurons
        ):
            return []  # its slope is an equation of its own
        symbols = self._with_formulas(terms, self._symbols, self._factor, lambda _: True)

        def in_numbers(digits: int) -> Row:  # not 1 * (2 - 0.5)
            return self._with_formulas(
                terms, self._numbers(digits), lambda x: self.number(x.value, digits), lambda x: x.value != 1.0
            )

        return [symbols, self.followed(in_numbers, math.fsum(term.value for term in terms))] if symbols else []

    def _with_formulas(
        self,
        terms: Sequence[Term],
        writers: Sequence[FormulaWriter],
        write: Callable[[Factor], Formula],
        told: Callable[[Factor], bool],
    ) -> Row:
        products: list[Product] = []
        for term in terms:
            *first, local = term.factors
            formula = self._written(writers, local)
            if formula is None:
                return []
            products.append((False, [*(write(x) for x in first if told(x)), formula]))
        return self.shortened(products)

    def _formula(self, factor: Factor) -> list[Row]:
        """The formula of a local derivative in symbols and in numbers, each a row; none where it is only a number."""
        symbols = self._written(self._symbols, factor)
        if symbols is None:
            return []

        def in_numbers(digits: int) -> Row:
            row = self._written(self._numbers(digits), factor)
            return [] if row is None else [row]

        return [row for row in ([symbols], self.followed(in_numbers, factor.value)) if row]

    def _written(self, writers: Sequence[FormulaWriter], factor: Factor) -> Formula | None:
        edge, graph = factor.edge, factor.graph
        if edge is None:
            return None
        texts = [writer.derivative(edge.of, edge.by, graph.place, graph.waypoints) for writer in writers]
        return Formula(*texts) if all(texts) else None

    def _row(self, writers: Sequence[FormulaWriter], v: Value) -> Row:
        plain, latex = (writer.terms(v) for writer in writers)
        products: list[Product] = []
        for (negative, texts), (_, others) in zip(plain, latex, strict=True):
            if not all(texts) or not all(others):
                return []
            products.append((negative, [Formula(*pair) for pair in zip(texts, others, strict=True)]))
        return self.shortened(products)

    def _share(self, writers: Sequence[FormulaWriter], v: Value) -> Row:
        """Of what is too long for one formula, a sum over a number, as a mean is, or times one: the sum with what is at its ends."""
        if v.op not in (ops.div, ops.mul):
            return []
        sums = [x for x in v.args if x.op is not None and x not in self.derivation.names]
        numbers = [x.data for x in v.args if isinstance(x, Constant)]
        if len(sums) != 1 or len(numbers) != 1 or (v.op is ops.div and v.args[0] is not sums[0]):
            return []
        row, number = self._row(writers, sums[0]), self.number(numbers[0])
        if not row:
            return []
        if len(row) > 2 and sum(len(term.text) for term in row) > LONGEST:
            between = len(row) - 2
            row = [row[0], Formula(f"+ … {between:,} …", rf"+ \dots_{{{between}}}"), row[-1]]
        text, latex = " ".join(term.text for term in row), " ".join(term.latex for term in row)
        if v.op is ops.div:
            return [Formula(f"({text}) / {number.text}", rf"\frac{{{latex}}}{{{number.latex}}}")]
        return [Formula(f"{number.text} * ({text})", rf"{number.latex} \cdot \left({latex}\right)")]

    def shortened(self, products: Sequence[Product]) -> Row:
        """The sum; of very many summands those at both ends."""
        return summed(at_both_ends(products))


def chain(left: Formula, rows: Sequence[Row]) -> Equation:
    """Without rows that are empty, or that say what another has said."""
    kept: list[Row] = []
    for row in rows:
        if row and list(row) != [left] and row not in kept:
            kept.append(row)
    return Equation(left, kept)


def at_both_ends(products: Sequence[Product], *, subtracted: bool = False) -> Sequence[Product]:
    """The summands; of very many those at both ends, and how many there are between them, which are added or subtracted."""
    if len(products) <= MOST_TERMS:
        return products
    end = MOST_TERMS // 2
    between = len(products) - 2 * end
    more = Formula(f"… {between:,} …", rf"\dots_{{{between}}}")
    return [*products[:end], (subtracted, [more]), *products[-end:]]


def summed(products: Sequence[Product]) -> Row:
    """The summands with the signs that join them: negative factors in parentheses, a negative number alone subtracted."""
    row: list[Formula] = []
    for place, (negative, factors) in enumerate(products):
        first = not place and not negative
        alone = len(factors) == 1 and factors[0].text.startswith("-") and not negative
        product = factors[0] if alone else _product(factors, first=first)
        if alone and place:
            product = Formula(f"- {product.text[1:]}", f"- {product.latex[1:]}")
        elif negative:
            sign = "- " if place else "-"
            product = Formula(sign + product.text, sign + product.latex)
        elif place:
            product = Formula(f"+ {product.text}", f"+ {product.latex}")
        row.append(product)
    return row


def _product(factors: Sequence[Formula], *, first: bool) -> Formula:
    several = len(factors) > 1
    written = [
        in_parentheses(x) if (x.text.startswith("-") and not (first and not k)) or (several and is_sum(x)) else x
        for k, x in enumerate(factors)
    ]
    texts = [f"/ {x.text[4:]}" if k and x.text.startswith("1 / ") else f"* {x.text}" for k, x in enumerate(written)]
    return Formula(" ".join(texts)[2:], r" \cdot ".join(x.latex for x in written))


def is_sum(x: Formula) -> bool:
    """Whether a formula has a sum outside all parentheses."""
    deep = 0
    for k, c in enumerate(x.text):
        deep += (c in "([") - (c in ")]")
        if not deep and k and c in "+-" and x.text[k - 1] == " ":
            return True
    return False


def in_parentheses(x: Formula) -> Formula:
    return Formula(f"({x.text})", rf"\left({x.latex}\right)")
