"""LaTeX documents, compiled: English by pdflatex, Japanese by lualatex, hostile labels by both."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.documents import equations, hostile, japanese, lesson
from tests.labels import EXTREME, HOSTILE
from tests.renderers import script
from tests.typesetting import compiled
from tinygrad_bp import Value, explain
from tinygrad_bp.drawing import Drawing
from tinygrad_bp.explanation.typesetting import escaped
from tinygrad_bp.lessons.blocks import (
    Blank,
    Code,
    Equation,
    Folded,
    Formula,
    Heading,
    Items,
    Paragraph,
    Picture,
    Table,
    Title,
)
from tinygrad_bp.lessons.document import Document
from tinygrad_bp.lessons.writers import saving
from tinygrad_bp.lessons.writers.latex import inline, latex

LABELS = [*HOSTILE, *EXTREME, r"\input{/etc/passwd}", r"\write18{touch x}", "\\end{document}", "%", "^^5cinput"]


# Text


@pytest.mark.parametrize("label", LABELS)
def test_a_label_holds_no_sign_of_latexs_own(label: str) -> None:
    written = inline(label)
    bare = re.sub(
        r"\\(?:textbackslash|textasciicircum|textasciitilde|textless|textgreater|textbar|textquotedbl|textasciigrave)\{\}",
        "",
        written,
    )
    bare = re.sub(
        r"\\(?:allowbreak|ldots)\{\}|\\[{}$&#%_]|\\texttt\{U\+[0-9A-F]+\}|\\ensuremath\{[^\\]*\}|[-,']\{\}", "", bare
    )
    assert not re.search(r"[\\{}$&#%_^~]", bare)
    assert "\n" not in written


def test_letters_that_small_installations_lack_are_spelled() -> None:
    assert escaped("שA") == r"\texttt{U+05E9}A"
    assert escaped("é∂…") == r"é\ensuremath{\partial}\ldots{}"
    assert escaped("e\u0301") == "é"
    assert r"\DeclareUnicodeCharacter{91CD}" in latex([Paragraph("重")])
    assert r"\DeclareUnicodeCharacter" not in latex([Paragraph("重")], "ja")
    assert r"\text{重み}" in inline(Formula("重み", "{重み}"))


def test_long_words_may_be_broken() -> None:
    assert escaped("x" * 35) == r"xxxxxxxxxx\allowbreak{}xxxxxxxxxx\allowbreak{}xxxxxxxxxx\allowbreak{}xxxxx"


def test_equations_are_aligned_and_broken_before_terms() -> None:
    *_, sums, _ = equations()
    written = latex([sums])
    lines = written.partition(r"\begin{align*}")[2].partition(r"\end{align*}")[0].strip().split(" \\\\\n")
    assert len(lines) >= 8
    assert all(re.match(r"&\{\}= |&\\quad \{\}(\+|\\cdot) ", line) for line in lines[1:])
    assert r"\[ x = 1 \]" in latex([Equation(Formula("x", "x"), [[Formula("1", "1")]])])


def test_a_wide_table_has_columns_that_are_filled_with_lines() -> None:
    assert "{@{}lr@{}}" in latex([Table(["a", "b"], [["x", "1"]])])
    wide = latex([Table(["a", "b", "c"], [["x " * 100, "1", "y " * 10]])])
    assert re.search(r"\{@\{\}>\{\\raggedright\\arraybackslash\}p\{0\.\d+\\linewidth\}rl@\{\}\}", wide)
    assert r"\begin{longtable}" in latex([Table(["a"], [["x"]] * 30)])


def test_what_is_folded_stands_at_the_end_and_pictures_are_named() -> None:
    picture = Picture(Drawing("digraph { a }"), "net")
    written = latex([Folded("answer", [picture]), Heading("question")])
    assert written.index("question") < written.index("answer") < written.index(r"\IfFileExists{net.pdf}")
    assert "The picture is not beside this document" in written


# Compiled


def set_by(engine: str, document: str, folder: Path, runs: int = 1) -> str:
    (folder / "x.tex").write_text(document, encoding="utf-8")
    return compiled(engine, folder / "x.tex", runs)


@pytest.mark.slow
@pytest.mark.latex
@pytest.mark.parametrize(
    ("engine", "document"),
    [("pdflatex", lesson), ("lualatex", lesson), ("lualatex", japanese)],
    ids=["english", "english-lua", "japanese"],
)
def test_a_saved_document_compiles_with_its_pictures_and_nothing_sticks_out(
    engine: str, document: Any, tmp_path: Path
) -> None:
    document().save(tmp_path / "lesson.tex")
    said = set_by(engine, (tmp_path / "lesson.tex").read_text(encoding="utf-8"), tmp_path, runs=2)
    assert not re.search("Overfull|Missing character|undefined|Rerun", said)
    assert re.search(r"<(?:\./)?lesson-[a-z0-9-]+\.(pdf|png)", said)


@pytest.mark.slow
@pytest.mark.latex
@pytest.mark.parametrize(("engine", "language"), [("pdflatex", "en"), ("lualatex", "ja")])
def test_hostile_labels_compile(engine: str, language: str, tmp_path: Path) -> None:
    said = set_by(engine, latex(hostile(LABELS).blocks, language), tmp_path)
    assert "Missing character" not in said
    assert "(/etc/" not in said  # as LaTeX says it of each file that it opens
    assert {path.name for path in tmp_path.iterdir()} == {"x.tex", "x.pdf", "x.log", "x.aux"}


@pytest.mark.slow
@pytest.mark.latex
@pytest.mark.parametrize(("engine", "language"), [("pdflatex", "en"), ("lualatex", "ja")])
def test_explanations_compile(engine: str, language: str, tmp_path: Path) -> None:
    x, b = Value(0.5, r"50% of $x_1$ & \input{/etc/passwd} é ∂"), Value(0.1, "b")
    net = x * x * b
    net.label = "\\end{document} 日本 #1"
    documents = [found.latex(language=language) for found in (explain(net.tanh(), x), explain(net.tanh()))]
    bodies = [document.split("\\begin{document}")[1].split("\n\\end{document}\n")[0] for document in documents]
    whole = documents[0].replace(bodies[0], "".join(bodies))
    said = set_by(engine, whole, tmp_path)
    assert not re.search("Missing character|undefined", said)
    assert "(/etc/" not in said


@pytest.mark.slow
@pytest.mark.latex
def test_empty_blocks_and_matrices_compile(tmp_path: Path) -> None:
    matrix = Formula("[[1, 2]]", r"\begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix}")
    blocks = [
        Paragraph([]), Items([]), Table([], []), Table(["a"], []), Code(""), Folded([], []), Equation(Formula("", ""), []),
        Heading([matrix]), Equation(matrix, [[matrix] * 12]),
    ]  # fmt: skip
    assert "undefined" not in set_by("pdflatex", latex(blocks), tmp_path, runs=2)


@pytest.mark.slow
@pytest.mark.latex
def test_a_pdf_is_made_by_latex(tmp_path: Path) -> None:
    path = lesson().save(tmp_path / "lesson.pdf")
    assert path.read_bytes().startswith(b"%PDF-")
    assert [each.name for each in tmp_path.iterdir()] == ["lesson.pdf"]


@pytest.mark.parametrize("language", ["en", "ja"])
def test_without_latex_it_is_said_what_to_install(
    language: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(
        RuntimeError,
        match=r"no (pdflatex, lualatex or xelatex|lualatex) here: install it, `apt install texlive-.*\.html",
    ):
        Document([Code("x")], language).save(tmp_path / "x.pdf")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["echo '! Undefined control sequence.'", "exit 1"], r"failed with status 1: ! Undefined control sequence\."),
        (["exit 0"], "wrote nothing"),
        (["exec sleep 60"], "took longer than 0 seconds and was stopped"),
    ],
)
def test_a_latex_that_fails_is_named(
    lines: list[str], message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = script(tmp_path / "engine", *lines)
    if "sleep" in lines[0]:
        monkeypatch.setattr(saving, "SECONDS", 0.0)
    monkeypatch.setitem(saving.ENGINES, "en", (engine,))
    with pytest.raises(RuntimeError, match=f"LaTeX made no PDF: .*{message}.*apt install"):
        saving.pdf([Code("x")])


def test_what_is_to_be_filled_in_goes_on_over_pages_and_fractions_in_tables_have_room() -> None:
    slope = Formula("dE/dw", r"\frac{dE}{dw}")
    blank = Table(["", "quantity", "answer"], [["1.", [slope], [Blank()]]])
    source = latex([Title("Sheet"), blank, Table([[]], [[[slope]]])])
    assert source.count(r"\begin{longtable}[l]") == source.count(r"\begin{tabular}") == 1
    assert r"\dfrac{dE}{dw}" in source
    assert r"\frac" not in source.replace(r"\dfrac", "").replace(r"\tfrac", "")
    assert r"\newcommand{\highest}{0.25\textheight}" in source
    assert r"\newcommand{\highest}{0.8\textheight}" in latex([Title("Lesson")])
