"""The page of a document, opened in a browser: wide and narrow, in the dark, and on paper."""

from __future__ import annotations

import itertools
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from tests.browser import axe_violations
from tests.documents import hostile, japanese, lesson, name
from tests.labels import EXTREME, HOSTILE
from tinygrad_bp.explanation.names import latex_name, short_name
from tinygrad_bp.lessons.blocks import Formula, Paragraph, Table, Title
from tinygrad_bp.lessons.document import Document
from tinygrad_bp.lessons.writers.mathml import mathml

LABELS = [*HOSTILE, *EXTREME, r"\input{/etc/passwd}"]
OWN = {
    "a", "body", "code", "details", "div", "ellipse", "figcaption", "figure", "g", "h1", "h2", "h3", "h4", "head", "html", "li", "main",
    "math", "meta", "mfrac", "mi", "mn", "mo", "mrow", "msub", "msup", "mtext", "ol", "p", "path", "polygon", "polyline", "pre", "span",
    "strong", "style", "summary", "svg", "table", "tbody", "td", "text", "th", "thead", "title", "tr", "ul",
}  # fmt: skip


class Reader(HTMLParser):
    """What elements and attributes a page has."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.names: set[str] = set()
        self.attributes: set[str] = set()
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {key for key, _ in attrs}
        if tag != "meta":
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.add(tag)
        self.attributes |= {key for key, _ in attrs}

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


# The elements


@pytest.mark.parametrize("document", [lesson(), japanese(), hostile(LABELS)], ids=["english", "japanese", "hostile"])
def test_a_page_is_made_of_known_elements_that_are_closed_again(document: Document) -> None:
    page = Reader(document.html())
    assert page.open == []
    assert page.names <= OWN
    assert not {key for key in page.attributes if key.startswith("on")} | page.attributes & {
        "href",
        "src",
        "style",
        "id",
    }


def test_two_pictures_on_a_page_share_no_id() -> None:
    page = lesson().html()
    assert page.count("<svg") == 2
    assert not re.search(r'\sid="', page)


def test_nothing_may_run_or_load() -> None:
    page = lesson().html()
    assert "default-src 'none'" in page
    assert "script" not in page.partition("<main")[0]
    assert page.index("Content-Security-Policy") < page.index("<style")


@pytest.mark.parametrize("label", LABELS)
def test_the_name_of_a_label_becomes_mathml_that_says_it(label: str) -> None:
    written = mathml(name(label))
    assert Reader(written).names <= OWN
    if re.fullmatch(r"[A-Za-z]+", short_name(label)):
        assert re.sub("<[^>]*>", "", written) == {"lambda": "λ"}.get(label, label)


def test_formulas_become_mathml() -> None:
    assert (
        mathml(Formula("net_h1", latex_name("net_h1")))
        == "<math><mrow><msub><mrow><mi>net</mi></mrow><mrow><mi>h</mi><mn>1</mn></mrow></msub></mrow></math>"
    )
    assert mathml(Formula("w", "w"), display=True, sign="=").startswith(
        '<math displaystyle="true"><mo form="infix">=</mo>'
    )
    assert mathml(Formula("- 2", "- 2")).startswith('<math><mo form="infix">−</mo>')
    assert mathml(Formula("-2", "-2")).startswith('<math><mo form="prefix">−</mo>')
    assert mathml(Formula("", "")) == ""
    assert "<mtable>" in mathml(Formula("W", r"\begin{pmatrix}1 & 2 \\ 3 & 4\end{pmatrix}"))


@pytest.mark.parametrize(
    "latex",
    [r"\text{<script>x</script>}", r"\text{a & b}", r"\left(", r"\frac{1}", "}", r"\href{javascript:x}{y}", "{" * 3000],
)
def test_what_cannot_be_converted_is_harmless(latex: str) -> None:
    written = mathml(Formula("<b>", latex))
    page = Reader(written)
    assert page.names <= OWN
    assert page.open == []
    assert not page.attributes & {"href", "src"}


# The browser


@pytest.fixture
def saved(tmp_path: Path) -> Any:
    return lambda document: document.save(tmp_path / "page.html")


OVERFLOWING = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SIZES = """[...document.querySelectorAll("math")].filter(math => !math.closest("details:not([open]) > :not(summary)"))
    .map(math => math.getBoundingClientRect()).filter(box => !(box.width > 0 && box.height > 0)).length"""
# What is beside the window without being in a box that scrolls.
BESIDE = """[...document.querySelectorAll("main *")].filter(each => each.getBoundingClientRect().right > innerWidth + 1
    && !each.closest(".tg-scroll, .tg-equation, .tg-long, pre")).map(each => each.outerHTML.slice(0, 200))"""


@pytest.mark.slow
@pytest.mark.extras
@pytest.mark.browser
@pytest.mark.parametrize(
    ("document", "size", "scheme"),
    [
        (lesson, (360, 740), "light"),
        (lesson, (1280, 720), "dark"),
        (japanese, (360, 740), "dark"),
        (japanese, (1280, 720), "light"),
    ],
)
def test_a_page_fits_its_window(document: Any, size: tuple[int, int], scheme: str, saved: Any, open_page: Any) -> None:
    page = open_page(saved(document()), viewport={"width": size[0], "height": size[1]}, color_scheme=scheme)
    assert page.evaluate(OVERFLOWING) == 0
    assert page.evaluate(BESIDE) == []
    assert page.locator("math").count() > 10
    assert page.evaluate(SIZES) == 0
    assert axe_violations(page) == []


@pytest.mark.slow
@pytest.mark.extras
@pytest.mark.browser
def test_hostile_labels_neither_run_nor_widen_a_page(saved: Any, open_page: Any) -> None:
    page = open_page(saved(hostile(LABELS)), viewport={"width": 360, "height": 740})
    assert page.evaluate(OVERFLOWING) == 0
    assert page.evaluate("window.pwned") is None
    assert page.evaluate("document.querySelectorAll('script, img, b, iframe, a').length") == 0


@pytest.mark.slow
@pytest.mark.extras
@pytest.mark.browser
def test_lines_of_a_long_equation_do_not_touch_and_are_broken_before_terms(saved: Any, open_page: Any) -> None:
    page = open_page(saved(lesson()), viewport={"width": 800, "height": 720})
    tops = page.evaluate(
        """[...document.querySelectorAll(".tg-equation")].map(each => [...each.querySelectorAll(".tg-term")].map(term => {
            const box = term.getBoundingClientRect();
            return [Math.round(box.top), Math.round(box.bottom)];
        }))"""
    )
    assert max(map(len, tops)) > 20
    for terms in tops:
        lines = sorted({tuple(each) for each in terms})
        for (top, bottom), (next_top, _) in itertools.pairwise(lines):
            assert next_top == top or next_top >= bottom - 2


@pytest.mark.slow
@pytest.mark.extras
@pytest.mark.browser
def test_on_paper_all_is_there_and_what_is_folded_is_open(saved: Any, open_page: Any) -> None:
    page = open_page(saved(lesson()), viewport={"width": 1280, "height": 720})
    answer = page.get_by_text("Down: its derivative is positive.")
    assert not answer.is_visible()
    page.set_viewport_size({"width": 658, "height": 962})  # as A4 within its margins
    page.emulate_media(media="print")
    assert answer.is_visible()
    assert page.evaluate(OVERFLOWING) == 0
    assert (
        page.evaluate(
            "[...document.querySelectorAll('main *')].filter(each => each.getBoundingClientRect().right > 659).length"
        )
        == 0
    )
    pdf = page.pdf(prefer_css_page_size=True)
    assert set(re.findall(rb"/MediaBox\s*\[\s*0 0 (\d+)(?:\.\d+)? (\d+)", pdf)) <= {
        (b"594", b"841"),
        (b"595", b"841"),
        (b"595", b"842"),
    }


# Of each cell that holds a number in how many lines it stands; which tables are cut by their boxes.
BROKEN = """[...document.querySelectorAll("td.tg-number, td.tg-whole:not(:has(math)), span.tg-whole")].filter(cell => {
    const range = document.createRange(); range.selectNodeContents(cell);
    return new Set([...range.getClientRects()].map(box => Math.round(box.top))).size > 1; }).map(cell => cell.textContent)"""
CLIPPED = """[...document.querySelectorAll(".tg-scroll")].filter(box => box.scrollWidth > box.clientWidth + 1).length"""


@pytest.mark.slow
@pytest.mark.extras
@pytest.mark.browser
def test_numbers_stay_whole_and_no_column_is_clipped(saved: Any, open_page: Any) -> None:
    head = ["quantity", "printed", "verdict", "by hand", "autograd", "difference", "exact"]
    number = "-0.019049118258"
    rows = [[name("dE_total/dout_h1"), number, "≠ erratum", number, number, number, number]] * 3
    long = Paragraph(
        "The biases stay fixed, as in the text; their gradients are what they are: --train-biases trains them. " * 2
    )
    page = open_page(
        saved(Document([Title("T"), Table(head, rows), long], "en")), viewport={"width": 1280, "height": 720}
    )
    for wide in (1280, 360):
        page.set_viewport_size({"width": wide, "height": 740})
        assert page.evaluate(CLIPPED) == 0
        assert page.evaluate(BROKEN) == []
    page.set_viewport_size({"width": 673, "height": 995})  # A4 without its margins
    page.emulate_media(media="print")
    assert page.evaluate(BROKEN) == []
    assert page.evaluate("document.querySelector('table').getBoundingClientRect().right") <= 673


def test_a_sign_after_a_parenthesis_belongs_to_its_number() -> None:
    assert '<mo form="prefix">−</mo><mn>0.5</mn>' in mathml(Formula("a", r"2 \cdot \left(-0.5\right)"))
