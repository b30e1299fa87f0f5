"""Numbers as handles, and what a gradient is the slope of: drawn, turned and typed on the page, as Python has it."""

from pathlib import Path
from typing import Any

import pytest

from tests.explorer import Explorer, assert_same, close, numbers, start
from tinygrad_bp import Value, explore

pytestmark = [pytest.mark.extras, pytest.mark.browser]

HANDLE = ".diagram .item[aria-label^='{}:']"


def drag(explorer: Any, name: str, up: int) -> None:
    """Draws a number by its line or its text, as many pixels upwards."""
    part = explorer.page.locator(f"{HANDLE.format(name)} :is(.hit, .box-number)").first
    box = part.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    mouse = explorer.page.mouse
    mouse.move(x, y)
    mouse.down()
    mouse.move(x, y - up / 2)
    mouse.move(x, y - up)
    mouse.up()
    explorer.settle()


def of(explorer: Any, name: str) -> float:
    part = explorer.page.locator(f"{HANDLE.format(name)}[data-value], .line-label:has-text('{name} ')").first
    return float(part.get_attribute("data-value") or "nan")


def error(**changes: float) -> float:
    return float(start("tutorial", **changes).record().data)


def shown_error(explorer: Explorer) -> float:
    return of(explorer, "E_total")


def test_numbers_are_drawn_turned_and_typed_and_undone(opened: Any) -> None:
    explorer = opened("tutorial", "neurons")
    page = explorer.page
    explorer.press("Escape")  # the panel that is open
    assert page.locator("#drawer").is_hidden()
    places = [page.locator(part).bounding_box() for part in (".stage", ".bar", ".words")]
    for name, up, label in (("i1", 60, "i1"), ("b1", -25, "b1"), ("target o1", 9, "target_o1")):
        drag(explorer, label, up)
        assert page.locator("#drawer").is_hidden(), name  # drawing is no click
    now = {"i1": 0.65, "b1": 0.1, "target_o1": 0.1}
    assert {name: of(explorer, name) for name in now} == close(now)
    assert shown_error(explorer) == close(error(**now))
    assert [page.locator(part).bounding_box() for part in (".stage", ".bar", ".words")] == places

    item = page.locator(HANDLE.format("i1")).first
    item.focus()
    page.mouse.move(*[item.bounding_box()[key] + 8 for key in ("x", "y")])
    page.mouse.wheel(0, -120)
    explorer.settle()
    assert of(explorer, "i1") == close(0.66)
    item.focus()
    explorer.press("PageUp")
    assert of(explorer, "i1") == close(0.76)
    page.keyboard.press("Enter")  # chosen: then the arrows change it
    explorer.settle()
    item = page.locator(HANDLE.format("i1")).first
    item.focus()
    explorer.press("ArrowUp", "ArrowUp", "ArrowDown", "Shift+ArrowUp")
    assert of(explorer, "i1") == close(0.771)
    assert page.locator("main > [aria-live]").inner_text() == (
        f"i1 = 0.771. E_total = {error(**{**now, 'i1': 0.771}):.6f}"
    )
    explorer.press("1")
    field = page.locator(".grip-field")
    assert field.input_value() == "1"
    field.fill("−１．５")
    explorer.press("Enter")
    assert (of(explorer, "i1"), field.count()) == (-1.5, 0)
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("i1:")
    explorer.press("F2")
    field.fill("abc")
    explorer.press("Enter")
    assert "abc" in explorer.status()
    explorer.press("F2")
    field.fill("-1,50")  # the number that is there: nothing changes, but what was refused is over
    explorer.press("Enter")
    assert explorer.status() == ""
    explorer.press("F2")
    field.fill("7")
    explorer.press("Escape")
    assert (of(explorer, "i1"), field.count()) == (-1.5, 0)
    assert shown_error(explorer) == close(error(**{**now, "i1": -1.5}))

    undone = []
    while page.locator(".undo .button").first.get_attribute("aria-disabled") == "false":
        explorer.press("Control+z")
        undone.append((of(explorer, "i1"), of(explorer, "b1"), of(explorer, "target_o1")))
        assert len(undone) < 20
    assert undone[0][0] == close(0.771)
    assert undone[-1] == (0.05, 0.35, 0.01)
    assert shown_error(explorer) == close(error())
    explorer.press("Control+Shift+Z")
    explorer.click(".undo .button:last-child")
    assert (of(explorer, "i1"), of(explorer, "b1")) == (close(0.65), close(0.1))
    explorer.click(".undo .button:first-child")
    assert (of(explorer, "i1"), of(explorer, "b1")) == (close(0.65), 0.35)


def test_the_history_of_the_browser_goes_back_over_changes_and_panels(opened: Any) -> None:
    explorer = opened("tutorial", "neurons")
    page = explorer.page
    explorer.press("Escape")

    def went(wanted: Any) -> None:
        page.wait_for_function(
            "([name, words]) => document.querySelector(name)?.getAttribute('aria-label') === words",
            arg=[HANDLE.format("w5"), f"w5: {wanted}"],
        )

    written = "async (long) => { await new Promise((done) => setTimeout(done, long)); return location.hash; }"
    before = page.evaluate(written, 400)
    explorer.change("w5", 0.9)
    first = page.evaluate(written, 400)
    explorer.change("w5", 0.7)
    second = page.evaluate(written, 400)
    assert len({before, first, second}) == 3
    page.go_back()
    went(0.9)
    assert page.evaluate("location.hash") == first
    page.go_forward()
    went(0.7)
    for _ in range(4):  # over the change, and the panel in which it was made, if that was seen by itself
        if page.evaluate("location.hash") != before:
            page.go_back()
            explorer.settle()
    went(0.4)
    assert page.locator("#drawer").is_hidden()


def test_the_slope_view_shows_what_the_gradient_predicts_and_what_happens(opened: Any) -> None:
    explorer = opened("tutorial", "neurons")
    page = explorer.page
    panel = explorer.panel("slope")
    assert panel.locator("select").first.locator("option:checked").inner_text() == "w5"  # of a large gradient

    def rows() -> Any:
        return [
            [float(cell.get_attribute("data-value") or "nan") for cell in row.locator("td.number").all()]
            for row in panel.locator(".slope-table tbody tr").all()
        ]

    model = start("tutorial")
    result = model.record()
    result.backward()
    slope = model.leaves["w5"].grad
    assert float(panel.locator(".plot-keys data").get_attribute("value")) == close(slope)
    step = -0.5 * slope
    assert rows()[0] == close([step, slope * step, error(w5=0.4 + step) - error()], within=1e-15)
    tangent = panel.locator(".slope-wide .plot-tangent")
    drawn = tangent.get_attribute("d")
    drag(explorer, "w5", 40)
    assert rows()[1] == close([0.4, slope * 0.4, error(w5=0.8) - error()], within=1e-15)
    assert tangent.get_attribute("d") != drawn
    box = panel.locator(".slope-wide").bounding_box()  # the point of the chart is a handle too
    page.mouse.click(box["x"] + box["width"] * 0.3, box["y"] + box["height"] / 2)
    explorer.settle()
    x = of(explorer, "w5")
    assert x < 0.2
    assert shown_error(explorer) == close(error(w5=x))
    field = panel.locator(".slope-field")
    for typed, understood in (("1,5", 1.5), ("-0", 0.0), ("1e1", 10.0), ("０．４", 0.4)):
        field.fill(typed)
        explorer.press("Enter")
        assert (of(explorer, "w5"), field.input_value()) == (understood, f"{understood:g}")
    panel.locator(".plot-slider").focus()
    explorer.press("ArrowRight")
    assert of(explorer, "w5") > 0.4
    panel.locator("select").first.select_option(label="i1")
    explorer.settle()
    assert "No update changes this number" in panel.inner_text()
    explorer.show("graph")
    with explorer.room():
        box = explorer.page.locator(".computation .item[aria-label^='w5:'] .node-number").first
        now = float(box.get_attribute("data-value"))
    assert_same(explorer.numbers(), numbers(start("tutorial", w5=now)))
    map_ = panel.locator(".landscape")
    assert map_.locator("select").count() == 2
    assert map_.locator(".landscape-way").first.get_attribute("d").startswith("M")
    plot = map_.locator(".landscape-plot")
    plot.scroll_into_view_if_needed()
    box = plot.bounding_box()
    mouse = explorer.page.mouse
    mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    mouse.down()
    mouse.move(box["x"] + box["width"] * 0.6, box["y"] + box["height"] - 4, steps=3)
    mouse.up()
    explorer.settle()
    assert explorer.page.evaluate("String(getSelection())") == ""  # dragging the point marks no text
    assert len(explorer.state()["events"][-1]["leaves"]) == 2
    explorer.panel("teacher").locator(".teacher-answer, .button").first.wait_for()


def test_the_slope_view_gives_no_riddle_away(opened: Any) -> None:
    explorer = opened("tutorial", "neurons")
    explorer.select("w5")
    explorer.panel("teacher")
    explorer.page.locator("#panel-teacher").get_by_role("button", name="Hide ").click()
    panel = explorer.panel("slope")
    panel.locator("select").first.select_option(label="w5")
    explorer.settle()
    assert explorer.text("slope.hidden") in panel.inner_text()
    assert panel.locator(".slope-wide").is_hidden()
    assert panel.locator(".landscape").is_hidden()


def test_a_weight_in_the_hand_shows_itself_and_no_gradient(opened: Any) -> None:
    explorer = opened("tutorial", "neurons")
    page = explorer.page
    beats = page.locator(".scrubber")
    for beat in range(int(beats.get_attribute("max"))):
        explorer.jump(beat)
        if "dw5" in page.locator(".neurons").text_content().replace(" ", ""):
            break
    else:
        pytest.fail("no beat shows the gradient of w5")
    item = page.locator(HANDLE.format("w5")).first
    item.focus()
    explorer.press("PageUp")
    words = page.locator(".neurons .line-label").all_text_contents()
    assert [each for each in words if "w5" in each and "dw5" not in each] == ["w5 = 0.5"]
    page.mouse.wheel(0, 0)
    explorer.jump(beat)
    assert any("dw5" in each for each in page.locator(".neurons .line-label").all_text_contents())


@pytest.mark.parametrize("chosen", ["a", "b"])
@pytest.mark.parametrize(
    ("made", "said"),
    [
        (
            lambda a, b: a(1e308) * b(0.5) - 0.0,
            {"a": "a = 1e308 is too near", "b": "Around b = 0.5, result comes too near"},
        ),
        (lambda a, b: a(1e-320).log() * b(2.0), {"a": "The slope is not finite here", "b": ""}),
        (lambda a, b: a(0.0) ** 0.5 * b(2.0), {"a": "The slope is not finite here", "b": ""}),
        (lambda a, b: (a(1e150) * b(1000.0)) ** 2, {"a": "Around a = 1e150", "b": "Around b = 1000"}),
    ],
)
def test_where_no_curve_can_be_drawn_it_is_said_why(
    open_page: Any, tmp_path: Path, made: Any, said: dict[str, str], chosen: str
) -> None:
    result = made(*(lambda x, name=name: Value(x, name) for name in "ab"))
    saved = explore(result, learning_rate=1.0).save(tmp_path / "page.html")
    page = open_page(saved, viewport={"width": 1280, "height": 720})
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    explorer = Explorer(page)
    panel = explorer.panel("slope")
    panel.locator("select").first.select_option(label=chosen)
    explorer.settle()
    words = panel.locator(".slope-panel > .quiet").first
    assert (words.inner_text() if words.is_visible() else "").startswith(said[chosen])
    assert panel.locator(".slope-wide").is_visible() == (said[chosen] == "")
    assert not wrong
    wide = "cells => cells.every(cell => cell.scrollWidth <= cell.clientWidth + 1)"
    assert panel.locator(".slope-table td.number").evaluate_all(wide)


def test_a_step_that_leaves_the_numbers_there_are_is_called_too_long(open_page: Any, tmp_path: Path) -> None:
    a, b = Value(1e308, "a"), Value(0.5, "b")
    explorer = Explorer(open_page(explore(a * b, learning_rate=1.0).save(tmp_path / "page.html")))
    for _ in range(int(explorer.page.locator(".scrubber").get_attribute("max"))):
        explorer.press(".")
    assert explorer.page.locator(".why").inner_text().startswith("With the new numbers result is −∞, which is not")
    explorer.press(".")
    assert "result = 1e308 · (−1e308) would be −∞" in explorer.status()
