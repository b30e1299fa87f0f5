"""`explore`: from a Value, a network or the name of an example to its page."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import Any

from tinygrad_bp.core.operation import as_float
from tinygrad_bp.core.value import Value
from tinygrad_bp.explorer.description import describe
from tinygrad_bp.explorer.exports import snapshot
from tinygrad_bp.explorer.page import Page, page_of
from tinygrad_bp.explorer.subject import Title, subject_of
from tinygrad_bp.text import shown
from tinygrad_bp.words import LANGUAGES


def explore(
    thing: Any,
    path: str | os.PathLike[str] | None = None,
    *,
    rows: Sequence[tuple[Sequence[float], Sequence[float]]] | None = None,
    loss: Any = None,
    parameters: Sequence[Value] | None = None,
    learning_rate: float | None = None,
    title: str | Mapping[str, str] = "",
    language: str | None = None,
) -> Page:
    """The page for a Value, a network or one of the examples. A notebook shows it; `.save("page.html")` or a `path` writes it.

    Args:
        thing: a Value, an error as a rule, whose graph is shown; an MLP, a Layer or a Neuron; or the name of an example: "tutorial", the
            worked example, or "xor", "or", "and", "nand", a network that learns a truth table.
        path: a file to write the page to.
        rows: for a network: pairs of inputs and targets, up to 64 of them, that it learns one by one. Without them it is shown for
            a row that is made up.
        loss: for a network: a loss, or the name of one. By default that in the notes of the network, else `squared_error`.
        parameters: for a Value: the leaves that training changes. By default all whose labels are not those of inputs and targets, such
            as i1, x, y or target_o1, if the Value is an error or has neurons. In other computations, and with an empty list, nothing is
            trained: the page ends with the gradients.
        learning_rate: what a parameter changes by, per unit of its gradient; 0.5 by default. It can be changed on the page. Given for
            a Value, it says that the Value is to be made smaller, whatever it is called.
        title: a heading; or one for each language, such as {"en": "A valley", "ja": "谷"}, so that it changes with the page's.
        language: "en" or "ja"; by default that of the reader's browser. It can be changed on the page.

    Raises TypeError for what is no Value, network or text; ValueError for another name, for a Value that was not computed, for more than
    1,000 nodes, for numbers that are not finite, for an operation of one's own that only Python can compute, and for rows that do not
    fit; and RuntimeError where no Graphviz is there to lay out the graph.
    """
    rate = learning_rate
    if rate is not None:
        rate = as_float(rate, "explore: learning_rate", wants="takes a real number")
        if not 0.0 < rate < math.inf:
            raise ValueError(f"explore: learning_rate is a finite number above 0, not {learning_rate!r}")
    heading = _heading(title)
    subject = subject_of(thing, rows=rows, loss=loss, parameters=parameters, learning_rate=rate, title=heading)
    if language is not None and language not in LANGUAGES:
        raise ValueError(f"explore: language is one of {', '.join(map(repr, LANGUAGES))}, not {shown(language)}")
    made = page_of(*describe(subject), language=language, graph=snapshot(subject.result))
    if path is not None:
        made.save(path)
    return made


def _heading(title: Any) -> Title:
    """The title if it is one: text, or text by language. Raises TypeError for what is neither, ValueError for another language."""
    by_language = title if isinstance(title, Mapping) else {"en": title}
    for language, text in by_language.items():
        if not isinstance(text, str):
            raise TypeError(f"explore: a title is text, not {type(text).__name__} {shown(text)}")
        if language not in LANGUAGES:
            raise ValueError(
                f"explore: a title is for one of the languages {', '.join(map(repr, LANGUAGES))}, not {shown(language)}"
            )
    return dict(title) if isinstance(title, Mapping) else title
