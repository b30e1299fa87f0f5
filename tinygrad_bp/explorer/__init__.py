"""The explorer: a page where you can watch backpropagation happen, number by number.

>>> from tinygrad_bp.core.value import Value
>>> w, x = Value(0.5, "w"), Value(3.0, "x")
>>> out = (w * x).tanh()
>>> out.label = "out"
>>> explore(out)
Page(title='How out is computed, and how it changes')

The page is one HTML file. It computes with the programs that `compile` wrote from the recorded graph, so its numbers are the
engine's.

exploring     from a thing to its page
subject       what a page is about: a result, the leaves that training changes, and the cases it learns from
cases         the rows that a network learns from, as cases
description   all that a page knows about its subject
programs      what it computes with, in JavaScript
formulas      what it says of each number, in LaTeX
layout        where nodes and edges lie
beside        where words beside lines stand
page          the HTML file
web/          its style and its modules of JavaScript
"""

from tinygrad_bp.explorer.exploring import explore
from tinygrad_bp.explorer.page import Page

__all__ = ["Page", "explore"]
