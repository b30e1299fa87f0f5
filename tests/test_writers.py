"""The writers of text, Markdown and data: every kind of block, in lines that fit, with labels that stay text."""

from __future__ import annotations

import html
import json
import re

import pytest

from tests.documents import PROGRAM, equations, hostile, japanese, lesson, name, product
from tests.labels import EXTREME, HOSTILE
from tinygrad_bp.drawing import Drawing
from tinygrad_bp.explanation.names import columns
from tinygrad_bp.lessons.blocks import (
    Aside,
    Blank,
    Code,
    Equation,
    Folded,
    Formula,
    Heading,
    Items,
    Paragraph,
    Picture,
    Strong,
    Table,
    Title,
)
from tinygrad_bp.lessons.document import Document
from tinygrad_bp.lessons.writers.data import data
from tinygrad_bp.lessons.writers.markdown import inline, markdown, spelled
from tinygrad_bp.lessons.writers.pieces import broken, file_names, fitted, number_columns, unfolded, width
from tinygrad_bp.lessons.writers.plain import filled, text
from tinygrad_bp.lessons.writers.saving import to_json

LABELS = [*HOSTILE, *EXTREME, r"\input{/etc/passwd}", r"\write18{touch x}", "\\end{document}"]
DOT = Drawing("digraph { a }", "A picture")


# Text


@pytest.mark.parametrize("columns_of_the_terminal", [80, 40, 20])
@pytest.mark.parametrize("document", [lesson, japanese])
def test_every_line_of_text_but_a_programs_fits(document: object, columns_of_the_terminal: int) -> None:
    blocks = [block for block in document().blocks if not isinstance(block, Code)]
    for line in text(blocks, columns_of_the_terminal).splitlines():
        assert columns(line) <= columns_of_the_terminal, line


def test_hostile_labels_are_printable_and_fit() -> None:
    blocks = [block for block in hostile(LABELS).blocks if not isinstance(block, Code)]
    for line in text(blocks, 40).split("\n"):
        assert columns(line) <= 40, line
        assert all(c.isprintable() or c == "\u200d" for c in line), line


def test_text_keeps_every_word() -> None:
    written = text([Paragraph("one two three " * 40)], 33)
    assert written.split() == ["one", "two", "three"] * 40


def test_rows_of_an_equation_stand_below_each_other_where_they_do_not_fit_side_by_side() -> None:
    short, long, *_ = equations()
    assert text([short]) == "out_h1 = 0.593269992\n"
    assert text([long], 80).count("\n") == 1
    assert text([long], 60).splitlines() == [
        "net_h1 = w1 * i1 + w2 * i2 + b1",
        "       = 0.15 * 0.05 + 0.2 * 0.1 + 0.35",
        "       = 0.3775",
    ]


def test_a_long_sum_is_broken_before_its_terms() -> None:
    *_, sums, _ = equations()
    lines = text([sums], 80).splitlines()
    assert lines[0].startswith("∂E_total/∂b1 = ∂E_total/∂net_h1 * ∂net_h1/∂b1 + ")
    begun = [line.lstrip() for line in lines[1:]]
    assert all(re.match(r"= |\+ |\* ", line) for line in begun)
    assert not any(line.rstrip().endswith(("+", "*", "=")) for line in lines)


def test_lines_do_not_begin_with_a_japanese_full_stop() -> None:
    for wide in range(8, 30):
        lines = filled("総入力を計算します。活性化関数（シグモイド）を通します。", wide)
        assert all(columns(line) <= wide for line in lines)
        assert not any(line[0] in "。、）" or line[-1] == "（" for line in lines)
        assert "".join(lines) == "総入力を計算します。活性化関数（シグモイド）を通します。"


def test_a_table_that_is_too_wide_becomes_a_list() -> None:
    table = Table(["name", "number"], [["w5", "0.4"], ["x" * 30, "-12.25"]], "What it shows.")
    assert text([table]).splitlines()[1:] == [
        "  name                            number",
        "  ──────────────────────────────  ──────",
        "  w5                                 0.4",
        f"  {'x' * 30}  -12.25",
    ]
    listed = text([table], 25).splitlines()
    assert listed[1:3] == ["  w5", "    number  0.4"]
    assert text([Table(["", ""], [["a", "1"]])]) == "  a  1\n"


def test_numbers_stand_to_the_right() -> None:
    rows = [["w5", "0.4", "1.5e-07", "", "a"], [name("w6"), "-3", "1 × 10^-7", "–", "2"]]
    assert number_columns(Table(["", "", "", "", ""], rows)) == [False, True, True, True, False]


def test_what_is_folded_stands_at_the_end_on_paper() -> None:
    blocks = [Folded("answer", [Paragraph("yes"), Folded("why", [Paragraph("so")])]), Paragraph("question")]
    assert unfolded(blocks) == [
        Paragraph("question"), Heading("answer"), Paragraph("yes"), Heading("why", 2), Paragraph("so"),
    ]  # fmt: skip
    assert text(blocks).index("question") < text(blocks).index("yes")


@pytest.mark.parametrize(
    ("given", "error", "message"),
    [
        (10, ValueError, "text: width is a whole number of at least 20, not 10"),
        (4.5, TypeError, "text: width is a whole number"),
    ],
)
def test_a_width_that_is_none(given: float, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        text([], given)


def test_pictures_are_named_in_text_in_both_languages() -> None:
    assert text([Picture(DOT, "a", "Below it.")]) == "[Picture: A picture]\nBelow it.\n"
    assert text([Picture(DOT, "a")], language="ja") == "[図：A picture]\n"


# Formulas


def test_long_formulas_are_broken_before_operators_outside_of_braces() -> None:
    assert broken(r"\frac{a + b}{c} \cdot \left(d + e\right) - 2") == [
        r"\frac{a + b}{c}",
        r"\cdot \left(d + e\right)",
        "- 2",
    ]
    assert broken(r"+ a \cdot (-2)") == ["+ a", r"\cdot (-2)"]
    assert broken("") == [""]
    lines = fitted([product(*["0.123456789"] * 20)], 40, str)
    assert len(lines) > 3
    assert all(width(line) <= 40 for line in lines)
    assert " ".join(lines) == product(*["0.123456789"] * 20).latex


def test_pictures_have_names_that_files_can_have() -> None:
    given = ["network", "network", "../../etc/passwd", "重み", "", "con", "a" * 300, "%$#", "network-2"]
    blocks = [*[Picture(DOT, each) for each in given[:-1]], Folded("x", [Picture(DOT, given[-1])])]
    names = list(file_names(blocks, "sheet 1").values())
    assert len({each.lower() for each in names}) == len(given)
    assert all(re.fullmatch(r"sheet-1-[A-Za-z0-9-]+", each) and len(each) < 100 for each in names)
    assert names[0] == "sheet-1-network"


# Markdown


def test_markdown_of_each_kind() -> None:
    written = markdown(lesson().blocks)
    assert written.startswith("# A round of backpropagation, from $E_{\\mathrm{total}}$ to $w_{5}$\n\n")
    assert "beside this lesson" not in written  # which is said to a terminal
    assert "![The network with its numbers](network.svg)" in written
    assert "| $w_{7}$ | 0.5 | -0.022602540 | 0.51130127 |" in written
    assert f"```python\n{PROGRAM.strip()}\n```" in written
    assert "<summary>Answer for w5</summary>\n\nDown" in written
    assert written.count("$$") % 2 == 0
    assert "data:image/svg+xml;base64," in markdown([Picture(DOT, "a")], embedded=True)


def test_what_github_would_take_from_formulas_is_spelled_in_letters() -> None:
    latex = r"\{\mathrm{net}_{h1}\} \\ a\_b \, c\$ *x* [a](b) | `"
    assert not re.search(r"\\[^A-Za-z]|[*`|$]|\]\(|[})]_", spelled(latex))
    for equation in equations():
        for block in ([equation], [Paragraph([equation.left, "x"])]):
            assert not re.search(r"\\[^A-Za-z]|[})]_", markdown(block))


def test_formulas_stand_apart_from_letters_in_markdown() -> None:
    formula = Formula("w", "w")
    assert inline(["重み", formula, "は"]) == "重み $w$ は"
    assert inline(["(", formula, "), ", formula, "."]) == "($w$), $w$."
    assert inline([formula, formula]) == "$w$ $w$"
    assert inline(["5", formula, Strong(" a ")]) == "5 $w$ <strong>a</strong>"


@pytest.mark.parametrize("label", LABELS)
def test_a_label_in_markdown_is_text(label: str) -> None:
    written = inline(label)
    assert not re.search(r"<(?!/?span>|/?strong>)", written)
    bare = re.sub(r"\\[!-/:-@\[-`{-~]|&\w+;|&#\d+;|<span>[@$]</span>", "", written)
    assert not re.search(r"[\\`*_\[\]{}#|~!<>&$@]", bare)
    assert "\n" not in written
    assert "\n#" not in markdown([Paragraph(label)])
    row = markdown([Table([label, "x"], [[label, label]])]).splitlines()
    assert len(row) == 3
    assert all(len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == 3 for line in row)


def test_what_begins_a_list_or_a_heading_is_escaped() -> None:
    assert markdown([Paragraph("1. x"), Paragraph("- x"), Paragraph("# x"), Paragraph("=== x")]) == (
        "1\\. x\n\n\\- x\n\n\\# x\n\n\\=== x\n"
    )
    assert markdown([Items(["+ x"])]) == "- \\+ x\n"


def test_a_program_cannot_end_its_block() -> None:
    written = markdown([Code("a\n```\n````x", "py thon`")])
    assert written == "`````python\na\n```\n````x\n`````\n"


def test_a_summary_has_no_marks_of_its_own() -> None:
    for label in LABELS:
        summary = re.search("<summary>(.*)</summary>", markdown([Folded(label, [])]))
        assert not re.search(r"[<>*_`$\[\]]", summary[1])
        if label.isascii() and label.isprintable():
            assert html.unescape(summary[1]) == label


# Data


def test_data_has_all_that_is_in_the_blocks() -> None:
    blocks = [
        Title(["a", Formula("w5", "w_{5}"), Strong("b")]),
        Aside("c"),
        Equation(Formula("x", "x"), [[Formula("1", "1")]]),
    ]
    assert data(blocks) == [
        {"kind": "title", "text": ["a", {"text": "w5", "latex": "w_{5}"}, {"strong": "b"}]},
        {"kind": "aside", "text": ["c"]},
        {"kind": "equation", "left": {"text": "x", "latex": "x"}, "rows": [[{"text": "1", "latex": "1"}]]},
    ]
    kinds = {block["kind"] for block in data(lesson().blocks)}
    assert kinds >= {"heading", "paragraph", "legend", "table", "picture", "code", "items", "folded"}


def test_data_keeps_labels_as_they_are_through_json() -> None:
    # Two halves of a surrogate pair beside each other are one letter in JSON.
    document = hostile([label for label in LABELS if label != "\udfff\ud800"])
    written = to_json(document.to_dict())
    assert all(line.isprintable() for line in written.split("\n"))
    written.encode()
    assert json.loads(written) == document.to_dict()


def test_a_blank_is_a_line_to_write_on_in_every_format() -> None:
    document = Document([Paragraph(["w5: ", Blank(6), " or ", Blank(40)]), Table(["a", "b"], [["1", Blank(12)]])])
    assert "w5: ______ or ___" in document.text()
    assert r"\_\_\_\_\_\_ or" in document.markdown()
    assert r"\underline{\hspace{3.0em}}" in document.latex()
    assert document.html().count('class="tg-blank tg-') == 3
    assert document.to_dict()["blocks"][0]["text"][1] == {"blank": 6}


def test_three_levels_of_headings_are_told_apart_in_text() -> None:
    lines = text([Title("T"), Heading("a", 1), Heading("b", 2), Heading("c", 3)], 20).splitlines()
    assert lines == ["T", "═", "", "── a " + "─" * 15, "", "b", "─", "", "c", "╌"]
