"""The plane of two inputs: points that are cases, and what the network makes of every place."""

from typing import Any

import pytest

from tests.explorer import assert_same, numbers, start

pytestmark = [pytest.mark.extras, pytest.mark.browser]

COLOURS = """() => [...document.querySelectorAll(".plane canvas")].map((canvas) =>
  [...canvas.getContext("2d").getImageData(12, 12, 1, 1).data].join())"""


def test_a_point_is_a_case_that_is_shown_and_moved(opened: Any) -> None:
    explorer = opened("xor", "neurons", viewport={"width": 1280, "height": 1000})
    page = explorer.page
    panel = explorer.panel("training")
    points = panel.locator(".plane-point")
    assert points.count() == 4
    assert panel.locator(".plane-small").count() == 6
    assert points.nth(0).get_attribute("aria-label") == "Case 1: 0, 0; it should give 0"
    points.nth(2).click()
    explorer.settle()
    assert explorer.state()["view"]["row"] == 2
    assert [point.get_attribute("aria-pressed") for point in points.all()] == ["false", "false", "true", "false"]
    before = page.evaluate(COLOURS)
    explorer.train("10,000 rounds")
    explorer.train("10,000 rounds")
    assert page.evaluate(COLOURS) != before

    box = points.nth(2).bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x - 30, y - 20)
    page.mouse.up()
    explorer.settle()
    [event] = [event for event in explorer.state()["events"] if "cells" in event]
    [[row, _, a], [again, _, b]] = event["cells"]
    assert (row, again) == (2, 2)
    assert a < 1
    assert b > 0
    assert points.nth(2).get_attribute("aria-label").startswith(f"Case 3: {a:g}, {b:g}")
    explorer.press("Control+z")
    assert points.nth(2).get_attribute("aria-label") == "Case 3: 1, 0; it should give 1"
    points.nth(2).focus()
    explorer.press("ArrowRight")
    assert explorer.state()["view"]["row"] == 3
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Case 4:")
    explorer.press("Shift+ArrowUp")
    assert points.nth(3).get_attribute("aria-label") == "Case 4: 1, 1.05; it should give 0"
    panel.locator(".plane-small").first.click()
    explorer.settle()
    assert panel.locator(".plane-small").first.get_attribute("aria-pressed") == "true"
    assert "The output of h1" in panel.locator(".plane-plot").get_attribute("aria-label")
    explorer.panel("edit")
    explorer.button("Reset everything")
    explorer.case(4)
    explorer.show("graph")
    assert_same(explorer.numbers(), numbers(start("xor", i1=1.0, i2=1.0, target_o1=0.0)))


def test_points_are_added_taken_away_and_of_tables_to_choose(opened: Any) -> None:
    explorer = opened("xor", "neurons", viewport={"width": 1280, "height": 1000})
    page = explorer.page
    panel = explorer.panel("training")
    points = panel.locator(".plane-point")
    panel.locator(".plane-tools .segments button").nth(1).click()
    panel.locator(".plane-plot").scroll_into_view_if_needed()
    plane = panel.locator(".plane-plot").bounding_box()
    page.mouse.click(plane["x"] + 0.55 * plane["width"], plane["y"] + 0.3 * plane["height"])
    explorer.settle()
    assert points.count() == 5
    assert points.nth(4).get_attribute("aria-label").endswith("it should give 1")
    assert explorer.state()["view"]["row"] == 4
    assert panel.locator(".cases tbody tr").count() == 5
    explorer.button("Watch a round")
    explorer.settle()
    assert explorer.state()["view"]["step"] == 0
    explorer.press("Space")
    assert panel.locator(".plane-point.chosen").count() == 1
    explorer.press("Control+z")
    assert points.count() == 4
    explorer.press("Control+Shift+z")
    assert points.count() == 5
    points.nth(0).focus()
    explorer.press("Delete")
    assert points.count() == 4
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Case 1: 0, 1;")
    panel.get_by_role("button", name="Add a point").click()
    explorer.settle()
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith("Case 5: ")
    explorer.press("Shift+ArrowUp")
    assert points.count() == 5
    panel.get_by_role("button", name="Delete point 5").click()
    panel.locator("[data-preset=moons]").click()
    explorer.settle()
    assert points.count() == panel.locator(".cases tbody tr").count() == 32
    points.nth(20).click()
    explorer.settle()
    assert explorer.state()["view"]["row"] == 20
    panel.locator("[data-preset=xor]").click()
    explorer.settle()
    assert points.count() == 4
    assert points.nth(3).get_attribute("aria-pressed") == "true"
