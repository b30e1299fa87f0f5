"""Real lessons as pages and on paper: in a browser, narrow, in the dark and printed; and as LaTeX, compiled, in few pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests import rounds
from tests.browser import axe_violations
from tests.test_lesson_given import recurrent
from tests.typesetting import compiled
from tinygrad_bp import Adam, lesson
from tinygrad_bp.lessons import Lesson
from tinygrad_bp.lessons.derivation import Derivation

OVERFLOWING = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# What is beside the window without being in a box that scrolls, and what is cut off in one that does not.
BESIDE = """[...document.querySelectorAll("main *")].filter(each => each.getBoundingClientRect().right > innerWidth + 1
    && !each.closest(".tg-scroll, .tg-equation, .tg-long, pre")).map(each => each.outerHTML.slice(0, 200))"""
CUT = """[...document.querySelectorAll("main *")].filter(each => getComputedStyle(each).overflowX === "hidden"
    && each.scrollWidth > each.clientWidth + 1).map(each => each.outerHTML.slice(0, 200))"""
GIVEN = """(() => { const box = document.querySelector(".tg-table .tg-scroll");
    return box.scrollWidth - box.clientWidth; })()"""
# Figures, short tables and parts of programs that a page would part, and long tables whose caption or ends stand alone.
PARTED = """[...document.querySelectorAll("figure, main .tg-table, pre .tg-kept")].filter(each => each.getClientRects().length
    && (each.querySelectorAll("tbody tr").length > 6
        ? [...each.querySelectorAll(".tg-caption, tbody tr:first-child, tbody tr:nth-last-child(2)")].some(
            part => getComputedStyle(part).breakAfter !== "avoid")
        : getComputedStyle(each).breakInside !== "avoid")).length"""


LESSONS: dict[str, Callable[[], Lesson]] = {
    "worked-en": lambda: lesson(rounds.worked(), lr=0.5),
    "worked-ja": lambda: lesson(rounds.worked(), lr=0.5, language="ja"),
    "softmax-ja": lambda: lesson(rounds.softmax(), lr=0.5, language="ja"),
    "batch-en": lambda: lesson(rounds.batch(), lr=0.5),
    "recurrent-ja": lambda: lesson(recurrent(), lr=0.5, language="ja"),
    "hostile-en": lambda: lesson(rounds.hostile(), lr=0.5),
}


def with_adam() -> Lesson:
    loss = rounds.tanh()
    return lesson(loss, optimizer=Adam(Derivation(loss).parameters, 0.01), language="ja")


LESSONS["adam-ja"] = with_adam
AXE_READS = {"worked-en", "softmax-ja", "hostile-en"}  # which takes seconds, and between them have all kinds of blocks


@pytest.mark.slow
@pytest.mark.extras
@pytest.mark.browser
@pytest.mark.parametrize("kind", LESSONS)
def test_a_lesson_is_read_offline_on_a_telephone_and_in_the_dark(kind: str, tmp_path: Path, open_page: Any) -> None:
    path = LESSONS[kind]().save(tmp_path / "lesson.html")
    messages: list[str] = []
    page = open_page(path, viewport={"width": 360, "height": 740}, color_scheme="dark", offline=True)
    page.on("console", lambda message: messages.append(message.text))
    page.reload()
    assert page.evaluate(OVERFLOWING) == 0
    assert page.evaluate(BESIDE) == []
    assert page.evaluate(CUT) == []
    if kind.startswith("worked"):
        assert page.evaluate(GIVEN) <= 0
    assert page.locator("math").count() > 50
    if kind in AXE_READS:
        assert axe_violations(page) == []  # contrast among them
    assert messages == []


@pytest.mark.slow
@pytest.mark.extras
@pytest.mark.browser
@pytest.mark.parametrize(("kind", "most"), [("worked-en", 7), ("worked-ja", 7), ("softmax-ja", 12), ("adam-ja", 10)])
def test_a_printed_lesson_is_short_and_nothing_is_parted(kind: str, most: int, tmp_path: Path, open_page: Any) -> None:
    page = open_page(LESSONS[kind]().save(tmp_path / "lesson.html"), viewport={"width": 673, "height": 995})
    printed = page.pdf(prefer_css_page_size=True)
    assert 3 < len(re.findall(rb"/Type\s*/Page\b", printed)) <= most
    page.emulate_media(media="print")
    assert page.evaluate(PARTED) == 0
    assert page.evaluate(OVERFLOWING) == 0
    assert page.evaluate(BESIDE.replace("innerWidth", "673")) == []
    rows = page.evaluate(
        "[...document.querySelectorAll('.tg-rows')].map(e => [e.children.length, Math.round(e.getBoundingClientRect().height)])"
    )
    assert sum(height for _, height in rows) < 25 * sum(count for count, _ in rows)  # several rows share a line


@pytest.mark.slow
@pytest.mark.latex
@pytest.mark.parametrize(
    ("kind", "engine", "most"),
    [
        ("worked-en", "pdflatex", 7),
        ("worked-ja", "lualatex", 7),
        ("adam-ja", "lualatex", 10),
    ],
)
def test_a_lesson_of_latex_is_short_and_nothing_sticks_out(kind: str, engine: str, most: int, tmp_path: Path) -> None:
    LESSONS[kind]().save(tmp_path / "lesson.tex")
    said = compiled(engine, tmp_path / "lesson.tex", runs=2)
    assert not re.search("Overfull|Missing character|undefined|Rerun", said)
    [pages] = re.findall(r"Output written on lesson\.pdf \((\d+) pages", said)
    assert 3 < int(pages) <= most
