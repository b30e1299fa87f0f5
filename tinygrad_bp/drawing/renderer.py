"""A renderer that is no program: one that is handed in, or Graphviz as WebAssembly where Python runs in a browser."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable
from typing import Any

# Takes DOT text and a format, one of "svg", "png", "pdf" and "plain" (https://graphviz.org/docs/outputs/plain/), and returns the picture.
Renderer = Callable[[str, str], str | bytes]

WASM = "Graphviz as WebAssembly"
IN_A_BROWSER = (
    "in JavaScript, `globalThis.graphviz = await Graphviz.load()` (the package @hpcc-js/wasm-graphviz) before this, "
    "or hand in a renderer by drawing.set_renderer()"
)
_set: Renderer | None = None


def set_renderer(renderer: Renderer | None) -> Renderer | None:
    """From now on pictures are drawn by a function of yours; by Graphviz again, as it is found, if that is None.

    The function takes DOT text and a format: "svg", "png", "pdf", and "plain", which `explore` asks for. It returns the picture as bytes or
    text. What it cannot draw it refuses by any exception; then Graphviz is tried, and its words are in the error if that is not there.

    Returns the function that was set before, or None. Raises TypeError for what is no function.
    """
    global _set
    if renderer is not None and not callable(renderer):
        raise TypeError(
            f"set_renderer takes a function of DOT text and a format, or None, not {type(renderer).__name__}"
        )
    before, _set = _set, renderer
    return before


def renderers() -> list[tuple[str, Renderer]]:
    """The functions that draw here, by names for messages, the one to be asked first before the others."""
    found = [] if _set is None else [("the renderer that was set", _set)]
    if runs_in_javascript():
        graphviz = getattr(importlib.import_module("js"), "graphviz", None)
        if callable(getattr(graphviz, "layout", None)):
            found.append((WASM, _by_wasm(graphviz)))
    return found


def runs_in_javascript() -> bool:
    """Whether this is Pyodide, which starts no programs."""
    return sys.platform == "emscripten"


def _by_wasm(graphviz: Any) -> Renderer:
    def render(source: str, format: str) -> str:
        if format not in ("svg", "plain"):
            raise ValueError(f"it writes no {format.upper()}")
        return str(graphviz.layout(source, format, "dot"))

    return render
