"""Pictures as files: both renderers draw them, and where none can the error says what to do."""

from __future__ import annotations

import os
import re
import struct
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

import tinygrad_bp.drawing.rendering as rendering
from tests.drawings import SVG, square
from tests.renderers import RENDERERS
from tinygrad_bp.core.value import Value
from tinygrad_bp.drawing import draw


def test_svg_is_accessible_and_loads_nothing(renderer: str) -> None:
    svg = draw(square(Value(3.0, "x")), title="A square").svg()
    root = ET.fromstring(svg)
    assert root.get("role") == "img"
    assert root[0].tag == f"{SVG}title"
    assert root[0].text == "A square"
    assert "DOCTYPE" not in svg
    assert not re.search(r"href|<script|<image|<a\b|url\(|\son\w+=", svg)
    assert set(re.findall(r"https?://[^\"]*", svg)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_gv_and_a_notebook_and_repr() -> None:
    drawing = draw(Value(3.0, "x"))
    assert drawing.render("gv").decode() == drawing.source
    assert drawing._repr_mimebundle_()["image/svg+xml"].startswith("<?xml")
    assert repr(drawing) == "<Drawing 'Computation graph of x'; .save('picture.svg') draws it>"


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
    monkeypatch.setattr(rendering.shutil, "which", lambda *_, **__: None)
    drawing = draw(Value(1.0, "x"))
    with pytest.raises(RuntimeError, match=r"pip install graphviz-pure.*apt install graphviz"):
        drawing.svg()
    assert "install" in drawing._repr_mimebundle_()["text/plain"]
    assert drawing.render("gv")


def test_graphviz_pure_is_found_beside_python(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert [Path(program).stem for program in rendering._programs()] == ["graphviz-pure"]


def test_a_renderer_that_fails_gives_way_to_the_next_and_one_that_hangs_is_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, slow = tmp_path / "broken", tmp_path / "slow"
    broken.write_text("#!/bin/sh\necho 'no such library' >&2\nexit 3\n")
    slow.write_text("#!/bin/sh\nexec sleep 60\n")
    for script in (broken, slow):
        script.chmod(0o755)
    drawing = draw(Value(1.0, "x"))
    monkeypatch.setattr(rendering, "_programs", lambda: iter([str(broken), RENDERERS[-1]]))
    assert "<svg" in drawing.svg()
    monkeypatch.setattr(rendering, "_programs", lambda: iter([str(broken), str(tmp_path / "absent")]))
    with pytest.raises(RuntimeError, match=r"status 3: no such library; .*absent does not start"):
        drawing.svg()
    monkeypatch.setattr(rendering, "_programs", lambda: iter([str(slow)]))
    monkeypatch.setattr(rendering, "SECONDS", 0.1)
    with pytest.raises(RuntimeError, match=r"longer than 0\.1 seconds"):
        drawing.svg()


def test_both_renderers_are_tested_where_both_are() -> None:
    assert "graphviz-pure" in [Path(program).stem for program in RENDERERS]
