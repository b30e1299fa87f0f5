"""What a page is about, to keep without a browser: the whole graph as a picture, and its numbers as a table."""

from __future__ import annotations

from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Constant, Value
from tinygrad_bp.drawing import Drawing, draw
from tinygrad_bp.explanation.formulas import FormulaWriter
from tinygrad_bp.explorer.formulas import names
from tinygrad_bp.explorer.programs import rebuilt
from tinygrad_bp.explorer.subject import MOST_NODES
from tinygrad_bp.files import csv_of


def snapshot(result: Value) -> Value:
    """A copy of a graph with the gradients of this result, which no later change of the graph changes."""
    copies = rebuilt(topological_order(result), {})
    copied = copies[result]
    copied.backward()
    return copied


def picture(result: Value, title: str, language: str | None) -> Drawing:
    """All nodes of a graph, with data, gradients and local derivatives."""
    return draw(result, max_nodes=MOST_NODES, local_derivatives=True, digits=5, title=title, language=language or "en")


def table(result: Value) -> str:
    """The numbers of a graph as CSV, with a line for each Value in the order of computation: its name, formula, data and gradient."""
    order = topological_order(result)
    called = names(order)
    writer = FormulaWriter(called)
    rows = [[called[v], writer.value(v), repr(v.data), repr(v.grad)] for v in order if not isinstance(v, Constant)]
    return csv_of([["name", "formula", "data", "gradient"], *rows], "\r\n")
