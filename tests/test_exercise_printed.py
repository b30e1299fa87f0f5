"""A sheet on paper, measured in a browser: numbers, names and fractions stand whole in rows of their own, and nothing leaves the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tinygrad_bp import MLP, Value, exercise

ROWS = """[...document.querySelectorAll("tr")].filter(row => row.querySelector(".tg-blank")).map(row => {
    const text = document.createRange();
    text.selectNodeContents(row.cells[0]);
    const [math] = row.cells[1].querySelectorAll("math"), box = row.getBoundingClientRect(), own = math.getBoundingClientRect();
    return {
        lines: new Set([...text.getClientRects()].map(each => Math.round(each.top))).size,
        names: [...math.querySelectorAll("mtext")].map(each => { const r = document.createRange(); r.selectNodeContents(each);
            return new Set([...r.getClientRects()].map(line => Math.round(line.top))).size; }),
        above: own.top - box.top, below: box.bottom - own.bottom, fraction: math.querySelector("mfrac") !== null,
    };
})"""
BESIDE = "[...document.querySelectorAll('main *')].filter(each => each.getBoundingClientRect().right > innerWidth + 1).length"


def error_of_three_neurons(label: str, first: str = "w1") -> Value:
    """The squared error of a network, with these labels for it and for the first weight."""
    net = MLP(2, [2, 1], seed=1)
    [out] = net([Value(0.5, "i1"), Value(0.8, "i2")])
    net.parameters()[0].label = first
    error = (Value(1.0, "target_o1") - out) ** 2 / 2
    error.label = label
    return error


@pytest.mark.slow
@pytest.mark.extras
@pytest.mark.browser
def test_a_sheet_on_paper_has_whole_rows(tmp_path: Path, open_page: Any) -> None:
    error = error_of_three_neurons("<b>E</b>", first="a weight with a name that is longer than the column")
    sheet = exercise(error, lr=0.5, blanks="forward,gradients,update", language="ja").save(tmp_path / "sheet.html")
    page = open_page(sheet, viewport={"width": 658, "height": 962})  # as A4 within its margins
    page.emulate_media(media="print")
    rows = page.evaluate(ROWS)
    assert sum(row["fraction"] for row in rows) == 9
    assert any(row["names"] for row in rows)
    assert all(row["lines"] == 1 for row in rows)
    assert all(count == 1 for row in rows for count in row["names"])
    assert all(row["above"] > 1 and row["below"] > -1 for row in rows)
    assert page.evaluate(BESIDE) == 0


@pytest.mark.slow
@pytest.mark.extras
@pytest.mark.browser
def test_a_key_on_paper_fills_both_halves_of_the_page(tmp_path: Path, open_page: Any) -> None:
    """A table of three short columns down the whole page leaves most of it empty; one of few rows stays in one piece."""
    error = error_of_three_neurons("E")
    places = """[...document.querySelector("table").tBodies[0].rows].map(row => {
        const box = row.getBoundingClientRect();
        return { left: Math.round(box.left), right: box.right, top: Math.round(box.top) };
    })"""
    for blanks, halves in (("all", 2), ("deltas", 1)):
        key = exercise(error, lr=0.5, blanks=blanks, language="ja").key.save(tmp_path / f"{blanks}.html")
        page = open_page(key, viewport={"width": 658, "height": 962})
        assert len({row["left"] for row in page.evaluate(places)}) == 1  # on a screen it is one table
        page.emulate_media(media="print")
        rows = page.evaluate(places)
        by_half = [[row for row in rows if row["left"] == left] for left in sorted({row["left"] for row in rows})]
        assert len(by_half) == halves
        assert len({half[0]["top"] for half in by_half}) == 1  # each below the names of its columns
        assert all(row["right"] <= 658 for row in rows)
        assert page.evaluate(BESIDE) == 0


FORMULAS = """[...document.querySelectorAll(".tg-formulas")].map(list => {
    const size = each => parseFloat(getComputedStyle(each).fontSize);
    const text = size(document.querySelector(".tg > p"));
    return {
        sizes: [...list.querySelectorAll("math")].map(math => size(math) / text),
        wide: list.querySelector(".tg-scroll").scrollWidth - list.querySelector(".tg-scroll").clientWidth,
    };
})"""


@pytest.mark.slow
@pytest.mark.extras
@pytest.mark.browser
@pytest.mark.parametrize("width", [2, 6])
def test_formulas_are_as_large_as_the_text_however_long_they_are(width: int, tmp_path: Path, open_page: Any) -> None:
    net = MLP(2, [width, 1], seed=1)
    [out] = net([Value(0.5, "i1"), Value(0.8, "i2")])
    error = (Value(1.0, "target_o1") - out) ** 2 / 2
    error.label = "E"
    page = open_page(exercise(error, lr=0.5).save(tmp_path / "sheet.html"))
    for medium, wide in (("screen", 360), ("screen", 700), ("screen", 1000), ("screen", 1280), ("print", 658)):
        page.emulate_media(media=medium)
        page.set_viewport_size({"width": wide, "height": 900})
        [found] = page.evaluate(FORMULAS)
        assert len(found["sizes"]) > 2 * width
        assert all(1.0 <= size <= 1.1 for size in found["sizes"])
        assert found["wide"] <= 1
    assert page.evaluate(BESIDE) == 0  # on paper, where nothing scrolls
