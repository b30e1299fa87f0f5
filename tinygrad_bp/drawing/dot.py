"""DOT, the language of Graphviz, statement by statement.

The package `graphviz` writes the same text. But its quoting looks at every run of backslashes once for each backslash in it, so that a
label of ten thousand takes it minutes; here each character is looked at once or twice.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*|-?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)")
# Graphviz takes strings of up to 16,384 bytes, and joins those that have a + between them. None ends within an escape.
LONGEST = 3000
_PIECES = re.compile(rf"(?:[^\\]|\\.){{1,{LONGEST}}}", re.DOTALL)
_KEYWORDS = {"node", "edge", "graph", "digraph", "subgraph", "strict"}


def quote(text: str) -> str:
    """An attribute's value. What is in < and > is taken for one of the HTML-like labels.

    Quotation marks and single backslashes are the caller's to escape, who knows what the attribute makes of them: see `style`.
    """
    if text.startswith("<") and text.endswith(">"):
        return text
    if len(text) < LONGEST and _NAME.fullmatch(text) and text.lower() not in _KEYWORDS:
        return text
    return " + ".join(f'"{piece}"' for piece in _PIECES.findall(text) or [""])


class Graph:
    """A graph or, with a name, a part of one. The names of graphs, nodes and ports are of letters, digits and underscores."""

    def __init__(
        self,
        name: str = "",
        *,
        graph: Mapping[str, str] | None = None,
        node: Mapping[str, str] | None = None,
        edge: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.statements = [
            f"{kind}{_list(look)}" for kind, look in (("graph", graph), ("node", node), ("edge", edge)) if look
        ]

    def node(self, name: str, label: str, **look: str) -> None:
        """A node that looks so."""
        self.statements.append(f"{name}{_list(look, label)}")

    def edge(self, tail: str, head: str, label: str | None = None, **look: str) -> None:
        """An edge from one node, or a port of it, to another."""
        self.statements.append(f"{tail} -> {head}{_list(look, label)}")

    def label(self, text: str) -> None:
        """What is written over or under the whole graph."""
        self.statements.append(f"label={quote(text)}")

    def put(self, part: Graph) -> None:
        """A part, as it is by now."""
        self.statements += [f"subgraph {part.name} {{", *(f"\t{line}" for line in part.statements), "}"]

    @property
    def source(self) -> str:
        """The DOT text."""
        return "".join(["digraph {\n", *(f"\t{line}\n" for line in self.statements), "}\n"])


def _list(look: Mapping[str, str], label: str | None = None) -> str:
    """Attributes by name, after the label, which is what people look for."""
    pairs = [*([("label", label)] if label is not None else []), *sorted(look.items())]
    return f" [{' '.join(f'{name}={quote(value)}' for name, value in pairs)}]" if pairs else ""
