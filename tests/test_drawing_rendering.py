"""Pictures as files: both renderers draw them, and where none can the error says what to do."""

from __future__ import annotations

import base64
import math
import os
import re
import struct
import sys
import tempfile
import webbrowser
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp.drawing.rendering as rendering
from tests.drawings import SVG, square
from tests.renderers import RENDERERS
from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import curve, draw, draw_network
from tinygrad_bp.drawing.accessible import accessible
from tinygrad_bp.networks.nn import MLP


def test_svg_is_accessible_and_loads_nothing(renderer: str) -> None:
    svg = draw(square(Value(3.0, "x")), title="A square").svg()
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == "A square"
    assert "DOCTYPE" not in svg
    assert not re.search(r"href|<script|<image|<a\b|url\(|\son\w+=", svg)
    assert set(re.findall(r"https?://[^\"]*", svg)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_what_graphviz_writes_becomes_accessible_whatever_is_in_it() -> None:
    written = (
        '<?xml version="1.0"?><!DOCTYPE svg><!-- by Graphviz --><svg xmlns="http://www.w3.org/2000/svg" '
        'xmlns:xlink="http://www.w3.org/1999/xlink"><g id="graph0" class="graph"><title>G</title><!-- x -->'
        '<g id="node1" class="node"><title>n0</title><g id="a_node1"><a xlink:title="a &lt; &quot;b&quot;&#10;c">'
        '<polygon fill="none" points="0,0"/><text font-family="Arial">x &amp; y &lt; 1</text></a></g></g></g></svg>'
    )
    svg = accessible(written.encode(), 'A & "B"').decode()
    assert svg.split("\n", 1)[1] == (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" role="img" '
        'aria-label="A &amp; &quot;B&quot;"><title>A &amp; "B"</title><g class="graph"><!-- x --><g class="node"><g>'
        '<title>a &lt; "b"\nc</title><polygon fill="none" points="0,0"/>'
        """<text font-family="Arial,Helvetica,'Liberation Sans',sans-serif">x &amp; y &lt; 1</text></g></g></g></svg>\n"""
    )


def test_gv_and_a_notebook_and_repr() -> None:
    drawing = draw(Value(3.0, "x"))
    assert drawing.render("gv").decode() == drawing.source
    assert drawing._repr_mimebundle_()["image/svg+xml"].startswith("<?xml")
    assert repr(drawing) == "<Drawing 'Computation graph of x'; .show() opens it, .save('picture.svg') draws it>"


@pytest.mark.parametrize("suffix", [".svg", ".png", ".gv", ".SVG"])
def test_save_by_suffix(suffix: str, tmp_path: Path, renderer: str) -> None:
    drawing = draw(square(Value(3.0, "x")))
    path = drawing.save(tmp_path / f"graph{suffix}")
    assert path == tmp_path / f"graph{suffix}"
    assert path.read_bytes() == drawing.render(suffix[1:].lower())
    assert list(tmp_path.iterdir()) == [path]


def test_png_is_sharp(renderer: str) -> None:
    drawing = draw(Value(3.0, "x"))
    width, _ = struct.unpack(">II", drawing.render("png")[16:24])
    points = float(re.search(r'width="([\d.]+)pt"', drawing.svg())[1])  # type: ignore[index]
    assert width == pytest.approx(2 * points, abs=6)


def size(png: bytes) -> tuple[int, ...]:
    return struct.unpack(">II", png[16:24])


@pytest.mark.slow
def test_a_png_is_as_fine_as_wanted(renderer: str, tmp_path: Path) -> None:
    drawing = draw(Value(3.0, "x"))
    width, height = size(drawing.render("png"))
    for options, times in (({"scale": 2}, 2.0), ({"dpi": 432.0}, 3.0), ({"scale": 0.5}, 0.5), ({"dpi": 144}, 1.0)):
        assert size(drawing.render("png", **options)) == pytest.approx((width * times, height * times), abs=3)
        assert drawing.save(tmp_path / "x.png", **options).read_bytes() == drawing.render("png", **options)


@pytest.mark.parametrize(
    ("format", "options", "error", "words"),
    [
        ("png", {"dpi": 0}, ValueError, "dpi is a finite number above 0, not 0.0"),
        ("png", {"scale": -1.0}, ValueError, "scale is a finite number above 0, not -1.0"),
        ("png", {"scale": math.inf}, ValueError, "scale is a finite number above 0, not inf"),
        ("png", {"dpi": math.nan}, ValueError, "dpi is a finite number above 0, not nan"),
        ("png", {"dpi": "300"}, TypeError, "dpi takes a real number, not str '300'"),
        ("png", {"dpi": 288, "scale": 2}, ValueError, "dpi or scale, not both"),
        ("svg", {"dpi": 288}, ValueError, r"dpi is for PNG: a picture as \.svg has no pixels"),
        ("gv", {"scale": 2}, ValueError, r"scale is for PNG: a picture as \.gv has no pixels"),
    ],
)
def test_dots_are_checked(format: str, options: dict[str, Any], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        draw(Value(1.0, "x")).render(format, **options)


def test_two_pictures_on_one_page_share_no_ids_and_have_their_own_names(renderer: str) -> None:
    y = square(Value(3.0, "x"))
    drawings = [draw(y), draw(y), draw(y, title="A square"), draw_network(MLP(2, [1]), title="A <neuron>\n")]
    svgs = [drawing.svg() for drawing in drawings]
    ids = [re.findall(r"""\sid=["']([^"']*)""", svg) for svg in svgs]
    assert ids == [[], [], [], []]
    roots = [ET.fromstring(svg) for svg in svgs]
    assert all(root.get("aria-labelledby") is None for root in roots)
    assert [root[0].text for root in roots] == [drawing.title for drawing in drawings]
    names = [root.get("aria-label", "").strip() for root in roots]
    assert names == ["Computation graph of the result 9"] * 2 + ["A square", "A <neuron>"]


def test_two_curves_on_one_page_have_their_own_names_and_rules() -> None:
    one, other = (ET.fromstring(curve.svg([1.0, 0.5], title)) for title in ("A <curve>", 'The "other"'))
    assert [one.get("aria-label"), other.get("aria-label")] == ["A <curve>", 'The "other"']
    assert [one[0].text, other[0].text] == ["A <curve>", 'The "other"']
    rules = re.findall(r"[^{}]+(?=\{)", re.sub(r"@media[^{]*\{", "", one[1].text or ""))
    assert all(rule.strip().startswith((".error-curve .", ".error-curve text")) for rule in rules)
    assert one.get("class") == "error-curve"
    assert not one.findall(".//*[@id]")


def test_a_notebook_has_png_beside_svg(renderer: str) -> None:
    drawing = draw(Value(3.0, "x"))
    svg, png = drawing.svg(), drawing.render("png")
    bundle = drawing._repr_mimebundle_()
    assert set(bundle) == {"image/svg+xml", "image/png"}
    assert bundle["image/svg+xml"] == svg
    assert base64.b64decode(bundle["image/png"]) == png
    assert set(drawing._repr_mimebundle_(include={"image/png"})) == {"image/png"}
    assert set(drawing._repr_mimebundle_(include={"image/png"}, exclude={"image/png"})) == set()
    assert set(drawing._repr_mimebundle_(exclude=["image/png"])) == {"image/svg+xml"}
    wide = draw(Value(3.0, "日本"))  # for which graphviz-pure has no letters in PNG
    assert ("image/png" in wide._repr_mimebundle_()) == (Path(renderer).stem == "dot")


def test_show_opens_the_picture_in_a_viewer(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("DISPLAY", ":0")
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: opened.append(url) or True)
    drawing = draw(Value(3.0, "x"))
    path, other = drawing.show(), drawing.show()
    assert opened == [path.as_uri(), other.as_uri()]
    assert path != other
    assert path.read_text(encoding="utf-8") == drawing.svg()
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    with pytest.raises(
        RuntimeError, match=r'no viewer here; the picture is .*picture\.svg, or save it, \.save\("picture\.svg"\)'
    ):
        drawing.show()


def test_where_there_is_no_screen_show_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "linux")
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(webbrowser, "open", lambda url: pytest.fail("something was opened"))
    with pytest.raises(RuntimeError, match=r'no screen here; save it, \.save\("picture\.svg"\)'):
        draw(Value(3.0, "x")).show()


def test_pdf_needs_dot(renderer: str, tmp_path: Path) -> None:
    drawing = draw(Value(3.0, "x"))
    if Path(renderer).stem == "graphviz-pure":
        with pytest.raises(RuntimeError, match="graphviz-pure writes no PDF; install Graphviz"):
            drawing.save(tmp_path / "graph.pdf")
        assert not list(tmp_path.iterdir())
    else:
        assert drawing.save(tmp_path / "graph.pdf").read_bytes().startswith(b"%PDF")


@pytest.mark.parametrize(
    ("name", "error", "words"),
    [
        ("graph.jpg", ValueError, r"graph\.jpg.*should end in \.svg, \.png, \.pdf or \.gv"),
        ("graph", ValueError, r"should end in \.svg"),
        ("no/graph.svg", FileNotFoundError, r"there is no folder .*no'; make it first"),
        ("folder.svg", IsADirectoryError, "that is a folder"),
        ("x" * 300 + ".gv", OSError, "cannot write"),
    ],
)
def test_what_cannot_be_saved_says_why(name: str, error: type[Exception], words: str, tmp_path: Path) -> None:
    (tmp_path / "folder.svg").mkdir()
    with pytest.raises(error, match=words):
        draw(Value(1.0, "x")).save(tmp_path / name)
    assert [path.name for path in tmp_path.iterdir()] == ["folder.svg"]


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target = tmp_path / "graph.gv"
    target.write_text("old")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(OSError, match=r"graph\.gv.*No space left on device"):
        draw(Value(1.0, "x")).save(target)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("graph.gv", "old")]


def test_without_any_renderer_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tinygrad_bp.drawing.rendering.shutil.which", lambda *_, **__: None)
    drawing = draw(Value(1.0, "x"))
    with pytest.raises(RuntimeError, match=r"pip install graphviz-pure.*apt install graphviz"):
        drawing.svg()
    assert "install" in drawing._repr_mimebundle_()["text/plain"]
    assert drawing.render("gv")


def test_graphviz_pure_is_found_beside_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert [Path(program).stem for program in rendering._programs()] == ["graphviz-pure"]


def test_both_renderers_are_tested_where_both_are() -> None:
    assert "graphviz-pure" in [Path(program).stem for program in RENDERERS]
