"""Renderers that are no programs: one that is handed in, and Graphviz as WebAssembly, which Python in a browser finds by itself."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from tests.drawings import square
from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import draw, set_renderer
from tinygrad_bp.explorer import explore

SVG = '<svg xmlns="http://www.w3.org/2000/svg"><g class="graph"><text>mine</text></g></svg>'


@pytest.fixture(autouse=True)
def nothing_stays_set() -> Iterator[None]:
    yield
    set_renderer(None)


@pytest.fixture
def no_programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinygrad_bp.drawing.rendering._programs", lambda: iter(()))


class Graphviz:
    """As the WebAssembly one answers: text, and what it was asked for."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str]] = []

    def layout(self, source: str, format: str, engine: str) -> str:
        self.asked.append((format, engine))
        if format == "plain":
            count = source.count("[width=")
            nodes = [f"node n{k} 1 1 1 0.5 solid box" for k in range(count)]
            return "\n".join(["graph 1 4 3", *nodes, "edge n0 n1 4 1 1 1 1 1 1 1 1 solid black", "stop", ""])
        return SVG


@pytest.fixture
def browser_has(monkeypatch: pytest.MonkeyPatch, no_programs: None) -> Any:
    """A function that makes this a Python in a browser, whose JavaScript has these global names."""

    def make(**names: object) -> None:
        js = ModuleType("js")
        vars(js).update(names)
        monkeypatch.setitem(sys.modules, "js", js)
        monkeypatch.setattr(sys, "platform", "emscripten")

    return make


@pytest.mark.parametrize("picture", [SVG, SVG.encode()], ids=["text", "bytes"])
def test_a_function_draws_all_pictures_until_it_is_taken_back(picture: str | bytes, no_programs: None) -> None:
    asked = []

    def render(source: str, format: str) -> str | bytes:
        asked.append((source, format))
        return picture

    drawing = draw(square(Value(3.0, "x")))
    assert set_renderer(render) is None
    assert ">mine</text>" in drawing.svg()
    assert asked == [(drawing.source, "svg")]
    assert set_renderer(None) is render
    with pytest.raises(RuntimeError, match="neither the command dot"):
        drawing.svg()


def test_what_a_function_does_not_draw_graphviz_does(renderer: str) -> None:
    drawing = draw(Value(3.0, "x"))
    for wrong in (lambda source, format: 1 / 0, lambda source, format: 7, lambda source, format: "no picture"):
        set_renderer(wrong)
        assert "</svg>" in drawing.svg()
        assert drawing.render("png").startswith(b"\x89PNG")


@pytest.mark.parametrize(
    ("render", "words"),
    [
        (lambda source, format: 1 / 0, "the renderer that was set failed: division by zero; install Graphviz"),
        (lambda source, format: 7, "it returned int, not bytes or text"),
        (lambda source, format: "<p/>", "returned another document than an SVG"),
    ],
)
def test_where_there_is_no_other_the_error_has_its_words(render: Any, words: str, no_programs: None) -> None:
    set_renderer(render)
    with pytest.raises(RuntimeError, match=words):
        draw(Value(1.0, "x")).svg()


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(TypeError, match="set_renderer takes a function of DOT text and a format, or None, not str"):
        set_renderer("dot")


def test_in_a_browser_graphviz_is_found_by_itself(browser_has: Any) -> None:
    graphviz = Graphviz()
    browser_has(graphviz=graphviz)
    x = Value(3.0, "x")
    drawing = draw(square(x))
    assert ">mine</text>" in drawing.svg()
    assert graphviz.asked == [("svg", "dot")]
    assert set(drawing._repr_mimebundle_()) == {"image/svg+xml"}
    graphviz.asked.clear()
    assert "</html>" in str(explore(x.exp()).html)
    assert {format for format, _ in graphviz.asked} == {"plain"}
    with pytest.raises(RuntimeError, match=r"WebAssembly failed: it writes no PNG; save the picture as \.svg$"):
        drawing.render("png")


def test_in_a_browser_the_one_that_is_set_is_asked_first(browser_has: Any) -> None:
    graphviz = Graphviz()
    browser_has(graphviz=graphviz)
    set_renderer(lambda source, format: SVG.replace("mine", "yours"))
    assert ">yours</text>" in draw(Value(3.0, "x")).svg()
    assert graphviz.asked == []


@pytest.mark.parametrize("names", [{}, {"graphviz": SimpleNamespace(layout="no function")}])
def test_in_a_browser_without_graphviz_the_error_says_how_to_load_it(browser_has: Any, names: Any) -> None:
    browser_has(**names)
    with pytest.raises(RuntimeError, match=r"there is no Graphviz; in JavaScript, `globalThis\.graphviz = await"):
        draw(Value(1.0, "x")).svg()
