"""Documents: how they show themselves, and the files that they are saved as."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents import japanese, lesson
from tinygrad_bp.drawing import Drawing
from tinygrad_bp.lessons.blocks import Code, Equation, Folded, Formula, Items, Paragraph, Picture, Table, Title
from tinygrad_bp.lessons.document import Document

NONE = Formula("", "")
PICTURE = Picture(Drawing("digraph { a }", "A picture"), "net")


def test_a_document_shows_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    document = Document([Title(["The ", Formula("w5", "w_{5}")]), Paragraph("one two three " * 9), PICTURE])
    assert document.title == "The w5"
    assert str(document) == document.text().rstrip("\n")
    monkeypatch.setenv("COLUMNS", "40")
    assert max(map(len, repr(document).splitlines())) <= 40 < max(map(len, str(document).splitlines()))
    shown = document._repr_markdown_()
    assert shown.startswith("# The $w_{5}$\n")
    assert "](data:image/svg+xml;base64," in shown
    assert re.findall(r"<[^>]*>", shown) == []  # a notebook that is not trusted takes out more than scripts
    assert Document([], title="x").title == "x"


def test_empty_blocks_are_written_too(tmp_path: Path) -> None:
    empty = Document(
        [
            Title(""),
            Paragraph([]),
            Items([]),
            Table([], []),
            Table(["a"], []),
            Code(""),
            Folded([], []),
            Equation(NONE, []),
        ]
    )
    for suffix in ("html", "md", "tex", "json", "txt"):
        assert empty.save(tmp_path / f"a.{suffix}").stat().st_size > 0
    assert Document([]).text() == Document([]).markdown() == ""


def test_a_document_can_be_printed_where_output_is_ascii() -> None:
    code = (
        "from tinygrad_bp.lessons.document import Document; from tinygrad_bp.lessons.blocks import *; "
        "x = Document([Title('One'), Heading('Two'), Paragraph('∂E')]); print(x); print(repr(x))"
    )
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.startswith(f"One\n===\n\n-- Two {'-' * 73}\n\ndE\n")


@pytest.mark.parametrize("language", ["de", "", "EN"])
def test_a_language_that_there_is_none_of(language: str) -> None:
    with pytest.raises(ValueError, match=r"^language is one of 'en', 'ja'"):
        Document([], language)


@pytest.mark.parametrize("document", [lesson, japanese])
def test_every_format_is_saved_as_it_is_written(document: object, tmp_path: Path) -> None:
    made = document()
    written = {
        "html": made.html(),
        "txt": made.text(),
        "json": made.to_dict(),
    }
    for format, content in written.items():
        path = made.save(tmp_path / f"a.{format}")
        found = path.read_text(encoding="utf-8")
        assert (json.loads(found) if format == "json" else found) == content
    assert f'lang="{made.language}"' in written["html"]
    assert made.save(tmp_path / "other", "txt").read_text(encoding="utf-8") == written["txt"]


@pytest.mark.parametrize(("suffix", "kinds"), [("md", {".svg"}), ("tex", {".pdf", ".png"})])
def test_pictures_are_files_beside_markdown_and_latex(suffix: str, kinds: set[str], tmp_path: Path) -> None:
    (tmp_path / "mine.svg").write_text("mine")
    for stem in ("sheet 1", "sheet 2"):
        path = lesson().save(tmp_path / f"{stem}.{suffix}")
        files = [each.name for each in tmp_path.iterdir() if each.name.startswith(stem.replace(" ", "-"))]
        assert len(files) == 2
        assert {Path(each).suffix for each in files} <= kinds
        for each in files:
            assert each in path.read_text(encoding="utf-8")
            assert (tmp_path / each).stat().st_size > 1000
    assert (tmp_path / "mine.svg").read_text() == "mine"
    assert len(list(tmp_path.iterdir())) == 7


def test_without_pictures_there_is_one_file(tmp_path: Path) -> None:
    for suffix in ("md", "tex"):
        Document([Paragraph("x")]).save(tmp_path / f"a.{suffix}")
    assert sorted(each.name for each in tmp_path.iterdir()) == ["a.md", "a.tex"]


def test_where_a_picture_cannot_be_drawn_no_file_is_written(tmp_path: Path) -> None:
    broken = Document([PICTURE, Picture(Drawing("no picture"), "b")])
    (tmp_path / "a.md").write_text("old")
    for suffix in ("md", "tex", "html"):
        with pytest.raises(RuntimeError, match="no program here can draw this"):
            broken.save(tmp_path / f"a.{suffix}")
    assert [each.name for each in tmp_path.iterdir()] == ["a.md"]
    assert (tmp_path / "a.md").read_text() == "old"


@pytest.mark.parametrize("path", ["a.docx", "a", "a.html.bak"])
def test_another_suffix_is_refused(path: str, tmp_path: Path) -> None:
    with pytest.raises(
        ValueError,
        match=r"cannot save a document as .*: the name should end in \.html, \.md, \.tex, \.json, \.txt or \.pdf",
    ):
        Document([]).save(tmp_path / path)
    with pytest.raises(ValueError, match="the format of a document is html"):
        Document([]).save(tmp_path / "a.md", "docx")


@pytest.mark.parametrize("suffix", ["md", "html"])
def test_a_folder_that_is_not_there_is_not_made(suffix: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="there is no folder"):
        Document([PICTURE]).save(tmp_path / "none" / f"a.{suffix}")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="there are no such streams")
def test_a_stream_has_its_pictures_in_itself() -> None:
    for format, sign in (
        ("md", b"data:image/svg+xml"),
        (None, b"[Picture: A picture]"),
        ("tex", b"not beside this document"),
    ):
        reading, writing = os.pipe()
        Document([PICTURE]).save(f"/dev/fd/{writing}", format)
        os.close(writing)
        with open(reading, "rb") as stream:
            assert sign in stream.read()
