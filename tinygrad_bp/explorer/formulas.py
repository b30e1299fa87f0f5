"""The formulas of a page: the explanation's, with a mark in the place of each name, where the page writes a name or a number."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from tinygrad_bp.core.order import between, dependents
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.formulas import FormulaWriter
from tinygrad_bp.explanation.names import latex_name, unique_names
from tinygrad_bp.explanation.neurons import ACTIVATIONS
from tinygrad_bp.explanation.waypoints import Factor, Waypoints

MOST_EXPLAINED = 400  # nodes; of a larger graph the page explains each step by itself
LONGEST_NAME = 40  # of what is called by its formula


def names(order: Sequence[Value]) -> dict[Value, str]:
    """What each Value but constants is called: its label, made printable and unique, or where it has none its formula or a number."""
    found = unique_names(v for v in order if v.label and not isinstance(v, Constant))
    spoken, taken = dict(found), set(found.values())
    writer = FormulaWriter(spoken)
    for k, v in enumerate(order, 1):
        if v not in found and not isinstance(v, Constant):
            name = writer.value(v)
            if not 0 < len(name) <= LONGEST_NAME or name in taken:
                name = untaken(f"v{k}", taken)
                spoken[v] = name  # of which later formulas may speak
            taken.add(name)
            found[v] = name
    return found


def latex_names(order: Sequence[Value], spoken: Mapping[Value, str]) -> dict[Value, str]:
    """The same names in LaTeX: those of Values that are called by their formula are formulas."""
    labelled = {v: name for v, name in spoken.items() if v.label}
    writer = FormulaWriter(labelled, latex=True)
    found = {}
    for v in order:
        if v in spoken:
            formula = "" if v.label else writer.value(v)
            if not formula:
                labelled[v] = spoken[v]  # of which later formulas speak
            found[v] = formula or latex_name(spoken[v])
    return found


def untaken(name: str, taken: Container[str]) -> str:
    """The name, with as many primes as it takes to be none of these."""
    while name in taken:
        name += "′"
    return name


def formulas(result: Value, order: Sequence[Value]) -> dict[str, Any]:
    """For each node, by its place in the order: how it is computed, and how the result changes with it.

    Returns a dictionary of `forward`, by node the formula of its data; `slopes`, for each edge that of its local derivative or None;
    `gradient`, by labelled node its chain rule; and `factors`, by "of,by,whole" the formula of a derivative. Formulas are pairs of plain
    text and LaTeX, in which ⟦3⟧ stands for node 3.
    """
    marked = MarkedGraph(order)
    chains = marked.chain_rules(result) if len(order) <= MOST_EXPLAINED else {}
    return {
        "forward": marked.forward(),
        "slopes": marked.local_derivatives(),
        "gradient": chains,
        "factors": marked.factors,
    }


class MarkedGraph:
    """A graph in whose formulas nodes have marks for names.

    Attributes:
        place: of each node in the order.
        marks: of all nodes but constants.
        labelled: those of nodes with a label.
        factors: by "of,by,whole" the formulas of the derivatives that the chain rules are made of.
    """

    def __init__(self, order: Sequence[Value]) -> None:
        self.place = {v: k for k, v in enumerate(order)}
        self.marks = {v: f"⟦{k}⟧" for k, v in enumerate(order) if not isinstance(v, Constant)}
        self.labelled = {v: mark for v, mark in self.marks.items() if v.label}
        self.direct = [FormulaWriter(self.marks, latex=latex) for latex in (False, True)]
        self.named = [FormulaWriter(self.labelled, latex=latex) for latex in (False, True)]
        self.stops = {*self.labelled, order[-1]}
        self.factors: dict[str, list[str]] = {}

    def forward(self) -> dict[int, list[str]]:
        """By node the formula of its data, in terms of labelled nodes where that is short enough."""
        # An unlabelled node's own formula may speak of other unlabelled ones only by what they are made of.
        found = {}
        for v in self.marks:
            if v.op is not None:
                texts = _pair(writer.value(v) for writer in self.named)
                if not texts and v.label:  # a net input of many weights is a sum of products, however long
                    texts = _pair(writer.sum(v) for writer in self.named)
                texts = texts or _pair(writer.value(v) for writer in self.direct)
                if texts:
                    found[self.place[v]] = texts
        return found

    def local_derivatives(self) -> list[list[str] | None]:
        """For each edge the formula of its local derivative; None where there is none."""
        found: list[list[str] | None] = []
        for v in self.marks:
            for k, x in enumerate(v.operands):
                if isinstance(x, Value):
                    found.append(_pair(writer.local_derivative(v, k) for writer in self.direct))
        return found

    def chain_rules(self, result: Value) -> dict[int, Any]:
        """By labelled node, the chain rule of the result with respect to it; what it is made of goes into `factors`."""
        found: dict[int, Any] = {}
        xs = [v for v in self.labelled if v is not result]
        graph = Waypoints(result, xs, True, apart=True)
        for v in xs:
            quantity, chain = graph.quantity(v), graph.chain(v)
            found[self.place[v]] = {
                "chain": self._written(chain.factors) if chain and len(chain.factors) > 1 else None,
                "terms": [self._written(term.factors) for term in quantity.terms],
                "parts": self._written(quantity.parts),
                "delta": quantity.delta,
            }
        return found

    def _written(self, factors: Sequence[Factor]) -> list[list[int]]:
        """These factors as the page has them: of what, with respect to what, and whether whole."""
        found = []
        for factor in factors:
            found.append([self.place[factor.of], self.place[factor.by], int(factor.whole)])
            key = ",".join(map(str, found[-1]))
            if key not in self.factors and factor.edge:
                edge = factor.edge
                ways = self._ways(edge.of, edge.by)
                if texts := _pair(writer.derivative(edge.of, edge.by, ways, self.stops) for writer in self.named):
                    self.factors[key] = texts
        return found

    def _ways(self, of: Value, by: Value) -> dict[Value, int]:
        """The places of the nodes on the ways from one Value with a label to another that meet no third one."""
        inner = [v for v, _ in between(of, self.stops, self.place)]
        return {v: self.place[v] for v in dependents(reversed(inner), [by])}


def _pair(texts: Iterable[str]) -> list[str] | None:
    """A formula as plain text and as LaTeX; None if it could not be written."""
    text, latex = texts
    return [text, _plain_marks(latex)] if text and latex else None


def _plain_marks(latex: str) -> str:
    r"""LaTeX in which a mark is just that: it has been written as the name {\text{⟦3⟧}}."""
    return re.sub(r"\{\\text\{(⟦\d+⟧)\}\}", r"\1", latex)


def activation_formulas(net: str, out: str) -> dict[str, dict[str, list[str]]]:
    """For each activation that a page can choose: its formula, and that of its derivative, with these marks for operand and result."""
    x = Value(0.5, "x")
    found: dict[str, dict[str, list[str]]] = {}
    for op in ACTIVATIONS:
        y = op(x)
        forward, derivative = [], []
        for latex in (False, True):
            forward.append(_plain_marks(FormulaWriter({x: net}, latex=latex).value(y)))
            writer = FormulaWriter({x: net, y: out}, latex=latex)
            derivative.append(_plain_marks(writer.derivative(y, x, {x: 0, y: 1}, {x, y})))
        found[op.name] = {"forward": forward, "slope": derivative}
    return found
