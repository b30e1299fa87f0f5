"""The formulas of a page: the explanation's, with a mark in the place of each name, where the page writes a name or a number."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.explanation.formulas import FormulaWriter
from tinygrad_bp.explanation.names import unique_names
from tinygrad_bp.explanation.waypoints import Factor, Quantity, Waypoints
from tinygrad_bp.explorer.structure import ACTIVATIONS

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
                name = f"v{k}"
                while name in taken:
                    name += "′"
                spoken[v] = name  # of which later formulas may speak
            taken.add(name)
            found[v] = name
    return found


def formulas(result: Value, order: Sequence[Value]) -> dict[str, Any]:
    """For each node, by its place in the order: how it is computed, and how the result changes with it.

    Returns a dictionary of `forward`, by node the formula of its data; `slopes`, for each edge that of its local derivative or None;
    `gradient`, by labelled node its chain rule; and `factors`, by "of,by,whole" the formula of a derivative. Formulas are pairs of plain
    text and LaTeX, in which ⟦3⟧ stands for node 3.
    """
    place = {v: k for k, v in enumerate(order)}
    marks = {v: f"⟦{k}⟧" for k, v in enumerate(order) if not isinstance(v, Constant)}
    labelled = {v: marks[v] for v in order if v.label and v in marks}
    # An unlabelled node's own formula may speak of other unlabelled ones only by what they are made of.
    writers = FormulaWriter(labelled), FormulaWriter(labelled, latex=True)
    direct = FormulaWriter(marks), FormulaWriter(marks, latex=True)

    forward: dict[int, list[str]] = {}
    for v in marks:
        if v.op is not None:
            texts = [writer.value(v) for writer in writers]
            if not all(texts):
                texts = [writer.value(v) for writer in direct]
            if all(texts):
                forward[place[v]] = [texts[0], _plain_marks(texts[1])]

    slopes: list[list[str] | None] = []
    for v in marks:
        for arg in v.args:
            if arg in marks:
                # Of two edges from the same operand, x * x, each has the derivative by its own place.
                texts = (
                    []
                    if sum(other is arg for other in v.args) > 1
                    else [w.derivative(v, arg, {arg: 0, v: 1}, {arg, v}) for w in direct]
                )
                slopes.append([texts[0], _plain_marks(texts[1])] if texts and all(texts) else None)

    gradient: dict[int, Any] = {}
    factors: dict[str, list[str]] = {}
    found = {"forward": forward, "slopes": slopes, "gradient": gradient, "factors": factors}
    if len(order) > MOST_EXPLAINED:
        return found

    def factor(each: Factor, graph: Waypoints) -> list[int]:
        whole = int(each.whole)
        written = [place[each.of], place[each.by], whole]
        key = ",".join(map(str, written))
        if key not in factors:
            texts = [_marked(each, graph, labelled, latex=latex) for latex in (False, True)]
            if all(texts):
                factors[key] = texts
        return written

    for v in order:
        if v is result or not v.label or isinstance(v, Constant):
            continue
        graph = Waypoints(result, v, True)
        if not graph.depends:
            continue
        quantity = graph.quantity(v)
        chain = graph.chain()
        gradient[place[v]] = {
            "chain": [factor(each, graph) for each in chain.factors] if chain and len(chain.factors) > 1 else None,
            **_sum(quantity, graph, factor),
        }
    return found


def _sum(quantity: Quantity, graph: Waypoints, factor: Any) -> dict[str, Any]:
    return {
        "terms": [[factor(each, graph) for each in term.factors] for term in quantity.terms],
        "parts": [factor(each, graph) for each in quantity.parts],
        "delta": quantity.delta,
    }


def _marked(factor: Factor, graph: Waypoints, labelled: Mapping[Value, str], *, latex: bool) -> str:
    edge = factor.edge
    if edge is None:
        return ""
    text = FormulaWriter(labelled, latex=latex).derivative(edge.of, edge.by, graph.place, graph.waypoints)
    return _plain_marks(text) if latex else text


def _plain_marks(latex: str) -> str:
    r"""LaTeX in which a mark is just that: it has been written as the name {\text{⟦3⟧}}."""
    return re.sub(r"\{\\text\{(⟦\d+⟧)\}\}", r"\1", latex)


def activation_formulas(net: str, out: str) -> dict[str, dict[str, list[str]]]:
    """For each activation that a page can choose: its formula and that of its slope, with these marks for the operand and the result."""
    x = Value(0.5, "x")
    found: dict[str, dict[str, list[str]]] = {}
    for op in ACTIVATIONS:
        y = op(x)
        y.label = "y"
        named = {x: net, y: out}
        pairs = {}
        for what in ("forward", "slope"):
            texts = []
            for latex in (False, True):
                writer = FormulaWriter({x: net} if what == "forward" else named, latex=latex)
                place = {x: 0, y: 1}
                texts.append(
                    _plain_marks(writer.value(y) if what == "forward" else writer.derivative(y, x, place, {x, y}))
                )
            pairs[what] = texts
        found[op.name] = pairs
    return found
