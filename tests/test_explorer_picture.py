"""The picture of a network in a browser: at every beat, in every size, what is written in it can be read."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.explorer import CORNERS, DRAWN, Explorer, linear_net, made
from tinygrad_bp import MLP, explore

pytestmark = [pytest.mark.extras, pytest.mark.browser]

# 640 by 360 is what is left of 1280 by 720 at 200 %.
SIZES = (
    (1280, 720),
    (845, 640),
    (640, 360),
    (360, 740),
    (1366, 768),
    (1920, 1080),
    (2560, 1440),
    (412, 915),
    (414, 896),
    (390, 844),
)
# What cannot be read at a beat: texts over each other, cut off, across the edge of a box, or not there though the equation names them.
UNREAD = (
    "async (beats) => {"
    + CORNERS
    + """
  const found = new Set();
  const inside = (corners, { left, right, top, bottom }) =>
    corners.every(([x, y]) => x > left - 0.5 && x < right + 0.5 && y > top - 0.5 && y < bottom + 0.5);
  const seen = (each) => each.getClientRects().length > 0 && each.textContent.trim() !== "";
  for (let beat = 0; beat <= beats; beat++) {
    const picture = document.querySelector(".neurons");
    const equation = document.querySelector(".equation").textContent;
    const texts = [...picture.querySelectorAll("text:not(.halo)")].filter(seen)
      .map((each) => ({ each, words: each.textContent, corners: letters(each) }));
    const boxes = [...picture.querySelectorAll("rect.box")]
      .map((each) => ({ place: each.getBoundingClientRect(), corners: corners(each, each.getBBox()) }));
    const frame = document.querySelector(".stage").getBoundingClientRect();
    texts.forEach(({ each, words, corners }, k) => {
      if (!inside(corners, frame)) found.add(`${beat}: ${words} is cut off`);
      const line = each.matches(".line-label");
      for (const box of boxes)
        if (over(corners, box.corners) && (line || !inside(corners, box.place))) found.add(`${beat}: ${words} is across a box`);
      for (const other of texts.slice(k + 1)) if (over(corners, other.corners)) found.add(`${beat}: ${words} is over ${other.words}`);
    });
    for (const each of picture.querySelectorAll(".only-lit.shown > .hit-box"))
      if (!inside(corners(each, each.getBBox()), frame)) found.add(`${beat}: the box of ${each.parentElement.textContent} is cut off`);
    const words = picture.querySelectorAll(".line-texts > *");
    picture.querySelectorAll(".lines > .item").forEach((each, k) => {
      const name = each.ariaLabel.split(":")[0];
      const named = new RegExp(`(^|[^a-z])${name}($|[^0-9])`).test(equation);
      if (named && each.matches(".spoken") && !words[k].getClientRects().length) found.add(`${beat}: ${name} is not in sight`);
    });
    for (const each of picture.querySelectorAll(".boxes > .current:not(.only-lit), .boxes > .spoken:not(.only-lit)"))
      if (![...each.querySelectorAll("text")].some((part) => seen(part) && /[0-9?·]/.test(part.textContent)))
        found.add(`${beat}: ${each.ariaLabel} has no number`);
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key: " ", bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
  }
  return [...found];
}"""
)

# What lies on a line that is not its own, or even on its own, of the numbers that are always there; and what touches the edge of its box.
TOUCHING = (
    "() => {"
    + CORNERS
    + """
  const ends = (each) => { // with the thickness of the line
    const [x1, y1, x2, y2] = ["x1", "y1", "x2", "y2"].map((name) => Number(each.getAttribute(name)));
    const half = Number(each.getAttribute("stroke-width") ?? 1.6) / 2 / Math.hypot(x2 - x1, y2 - y1);
    const [p, q] = [(y1 - y2) * half, (x2 - x1) * half];
    const { e, f } = each.getScreenCTM();
    return [[x1 + p, y1 + q], [x2 + p, y2 + q], [x2 - p, y2 - q], [x1 - p, y1 - q]].map(([x, y]) => [x + e, y + f]);
  };
  const sides = (list) => list.map(([x, y], k) => [y - list[(k + 1) % 4][1], list[(k + 1) % 4][0] - x]);
  const depth = (one, other) => Math.min(...[...sides(one), ...sides(other)].map(([p, q]) => {
    const [first, second] = [one, other].map((list) => list.map(([x, y]) => (x * p + y * q) / Math.hypot(p, q)));
    return Math.min(Math.max(...first) - Math.min(...second), Math.max(...second) - Math.min(...first));
  }));
  const seen = (each) => each.getClientRects().length > 0 && each.textContent.trim() !== "";
  const found = [];
  const lines = [...document.querySelectorAll(".neurons :is(.weight-line, .bias-line)")].map(ends);
  for (const each of [...document.querySelectorAll(".neurons .line-texts > :not(.unlit) > .line-label")].filter(seen))
    if (lines.some((line) => depth(letters(each), line) > 2)) found.push(`${each.textContent} lies on a line`);
  for (const each of [...document.querySelectorAll(".neurons .boxes text")].filter(seen)) {
    const box = each.parentElement.querySelector(":scope > .box");
    if (!box || each.matches(".badge, .ghost-number")) continue;
    const { left, right, top, bottom } = box.getBoundingClientRect();
    const r = Number(box.getAttribute("rx"));
    const room = letters(each).map(([x, y]) => {
      const [across, down] = [Math.min(x - left, right - x), Math.min(y - top, bottom - y)];
      return across < r && down < r ? r - Math.hypot(r - across, r - down) : Math.min(across, down);
    });
    if (Math.min(...room) < 2) found.push(`${each.textContent} touches its box`);
  }
  return found;
}"""
)


def softmax() -> Any:
    rows = [([0.5, -1.0, 0.25], [1.0, 0.0]), ([1.0, 0.5, -0.5], [0.0, 1.0])]
    return explore(MLP(3, [4, 2], activation=["tanh", None], seed=1), rows=rows, loss="cross_entropy")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tutorial", "xor", "softmax"])
def test_all_that_is_written_can_be_read_at_every_beat(open_page: Any, tmp_path: Path, name: str) -> None:
    shown = softmax() if name == "softmax" else made(name)
    page = open_page(shown.save(tmp_path / "page.html"), reduced_motion="reduce")
    beats = int(page.locator(".scrubber").get_attribute("max"))
    for width, height in SIZES:
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(DRAWN)
        Explorer(page).jump(0)
        assert page.evaluate(UNREAD, beats) == [], (width, height)


@pytest.mark.parametrize(("width", "height"), [(1280, 720), (360, 740)])
def test_ten_neurons_in_a_row_have_names_and_numbers(open_page: Any, tmp_path: Path, width: int, height: int) -> None:
    shown = explore(MLP(1, [1] * 10, seed=2), rows=[([1.0], [1.0])])
    options = {"viewport": {"width": width, "height": height}, "reduced_motion": "reduce"}
    page = open_page(shown.save(tmp_path / "page.html"), **options)
    explorer = Explorer(page)
    beats = int(page.locator(".scrubber").get_attribute("max"))
    explorer.jump(0)
    assert page.evaluate(UNREAD, beats) == []
    explorer.jump(beats)
    names = page.locator(".neurons .box-name").all_text_contents()
    assert names == ["i1", *(f"h{k}_1" for k in range(1, 10)), "o1", "E"]
    numbers = page.locator(".neurons .item:not(.bare) > .box ~ .box-number:visible").all_text_contents()
    assert len(numbers) == 12
    assert all(any(c.isdigit() for c in number) for number in numbers)
    assert len(page.locator(".neurons .line-label:visible").all()) == 10


def large(name: str) -> Any:
    """Networks of more lines than can have their words beside them."""
    if name == "4-8-3":
        rows = [([0.3218, 0.8916, -0.3103, -0.0826], [1.0, 0.0, 0.0])]
        return explore(MLP(4, [8, 3], activation=["tanh", None], seed=4), rows=rows, loss="cross_entropy")
    inputs, *shape = map(int, name.split("-"))
    rows = [([(-1) ** k * (0.217 + k / 9) for k in range(inputs)], [0.25] * shape[-1])]
    return explore(MLP(inputs, shape, seed=4), rows=rows)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["4-8-3", "2-16-1", "10-6-2", "4-5-3", "3-5-4-2"])
def test_of_many_lines_only_those_that_a_beat_names_have_numbers(open_page: Any, tmp_path: Path, name: str) -> None:
    page = open_page(large(name).save(tmp_path / "page.html"), reduced_motion="reduce")
    explorer = Explorer(page)
    beats = int(page.locator(".scrubber").get_attribute("max"))
    said = (
        "() => [...document.querySelectorAll('.line-texts > *')].filter((each) => each.getClientRects().length).length"
    )
    for width, height in ((1280, 720), (1920, 1080), (390, 844), (360, 740)):
        page.set_viewport_size({"width": width, "height": height})
        page.evaluate(DRAWN)
        explorer.jump(0)
        assert page.evaluate(said) == 0
        assert page.evaluate(UNREAD, beats) == [], (width, height)
        explorer.jump(beats - 1)
        assert page.evaluate(said) == 1  # the one whose update is told
        explorer.jump(1)
        assert page.evaluate(said) > 1


# What the picture writes of derivatives at a beat, the one that the beat is about first, and what is said to those who hear it.
DERIVATIVES = """() => {
  const seen = (each) => each.getClientRects().length > 0;
  const texts = [...document.querySelectorAll(".neurons :is(.line-label, .box-number)")].filter(seen);
  const named = (each) => Number(each.parentElement.matches(".term-4, .current"));
  const said = [...document.querySelectorAll(".neurons .item")].map((each) => each.ariaLabel);
  texts.sort((one, other) => named(other) - named(one));
  return [texts.map((each) => each.textContent).filter((words) => /^d\\S* /.test(words)), said];
}"""


def figure(words: str) -> float:
    return float(words.rpartition(" ")[2].replace("−", "-"))


@pytest.mark.parametrize(
    ("name", "width", "height"),
    [("tutorial", 1280, 720), ("tutorial", 1920, 1080), ("tutorial", 360, 740), ("xor", 1280, 720), ("xor", 360, 740)],
)
def test_what_a_derivative_is_of_is_written_where_there_is_room_and_always_heard(
    open_page: Any, tmp_path: Path, name: str, width: int, height: int
) -> None:
    viewport = {"width": width, "height": height}
    page = open_page(made(name).save(tmp_path / "page.html"), viewport=viewport, reduced_motion="reduce")
    explorer = Explorer(page)
    told = 0
    for beat in range(int(page.locator(".scrubber").get_attribute("max"))):
        explorer.jump(beat)
        written, heard = page.evaluate(DERIVATIVES)
        spoken = [each for words in heard for each in re.findall(r"\bd\S+ \S+[^\s,]", words)]
        assert all(re.fullmatch(r"dE/d\w+ \S+", each) for each in spoken), spoken
        for words in written:
            sign, number = words.split(" ")
            by = sign.rpartition("d")[2] or "out"
            assert sign in (f"dE/d{by}", f"d{by}", "d")
            if number != "·":  # in fewer digits where there is less room
                assert any(
                    figure(each) == pytest.approx(figure(words), rel=0.03) for each in spoken if f"d{by} " in each
                )
        if written and width >= 1280:
            assert written[0].startswith("dE/d"), (beat, written)
            told += 1
    assert told > 7 or width < 1280
    assert "dw is short for dE/dw" in explorer.panel("settings").inner_text()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tutorial", "xor"])
def test_beside_a_panel_no_number_lies_on_a_line_or_touches_its_box(open_page: Any, tmp_path: Path, name: str) -> None:
    page = open_page(made(name).save(tmp_path / "page.html"), reduced_motion="reduce")
    explorer = Explorer(page)
    last = int(page.locator(".scrubber").get_attribute("max"))
    for width, height in ((1280, 720), (1366, 768)):
        explorer.resize({"width": width, "height": height})
        for panel in ("formula", "slope", None):
            if panel:
                explorer.panel(panel)
            else:
                explorer.click(".close")
            room = page.locator(".stage").bounding_box()["width"]
            assert (room < width) == bool(panel)
            for beat in range(last + 1) if panel != "slope" else (0, last):
                explorer.jump(beat)
                assert page.evaluate(TOUCHING) == [], (width, panel, beat)


def test_outputs_are_called_as_their_classes(open_page: Any, tmp_path: Path) -> None:
    net = linear_net()
    columns = ["bill_length_mm", "bill_depth_mm", "body_mass_g"]
    net.notes = replace(net.notes, classes=["Adelie", "Gentoo"], columns=columns)
    shown = explore(net, rows=[([0.5, -1.0, 0.25], [1.0, 0.0])], loss="cross_entropy")
    viewport = {"width": 1280, "height": 720}
    page = open_page(shown.save(tmp_path / "page.html"), viewport=viewport, reduced_motion="reduce")
    names = page.locator(".neurons .box-name").all_text_contents()
    assert {*columns, "Adelie", "Gentoo", "p Adelie", "p Gentoo"} <= set(names)


def test_a_name_stays_where_it_is_while_its_number_changes(open_page: Any, tmp_path: Path) -> None:
    page = open_page(
        made("xor").save(tmp_path / "page.html"), viewport={"width": 1280, "height": 720}, reduced_motion="reduce"
    )
    explorer = Explorer(page)
    starts = "() => [...document.querySelectorAll('.neurons .boxes text')].map((each) => each.getAttribute('x'))"
    before = page.evaluate(starts)
    bias = page.locator(".neurons .item[data-node] .box-number", has_text="b1 ")
    left = bias.bounding_box()["x"]
    explorer.jump(int(page.locator(".scrubber").get_attribute("max")) - 1)
    assert bias.text_content() != "b1 0"
    assert abs(bias.bounding_box()["x"] - left) < 1
    assert page.evaluate(starts) == before
    halos = """() => [...document.querySelectorAll(".line-texts > *")].map((words) => {
      const [halo, label] = words.querySelectorAll("text");
      return halo.innerHTML === label.innerHTML && getComputedStyle(label.lastChild).stroke === "none";
    })"""
    assert all(page.evaluate(halos))  # the halo of no letter covers the one before it


def test_forced_colours_tell_terms_apart_by_lines(open_page: Any, tmp_path: Path) -> None:
    options = {"viewport": {"width": 1280, "height": 720}, "reduced_motion": "reduce", "forced_colors": "active"}
    page = open_page(made("tutorial").save(tmp_path / "page.html"), **options)
    Explorer(page).jump(1)
    style = "(all, name) => all.map((each) => getComputedStyle(each)[name])"
    under = page.locator(".equation-row:first-child .term").evaluate_all(style, "borderBottomStyle")
    lines = page.locator(".lines .spoken .weight-line").evaluate_all(style, "strokeDasharray")
    assert list(dict.fromkeys(under)) == ["solid", "dashed", "dotted"]
    assert lines == ["none", "9px, 4px"]
    label, ground = page.evaluate(
        "() => [getComputedStyle(document.querySelector('.halo')).stroke, getComputedStyle(document.documentElement).backgroundColor]"
    )
    assert label == ground  # a label has its ground, so that it is read on a line
    Explorer(page).jump(18)
    below = page.locator(".equation .term:has(.fraction)").evaluate_all(
        "(all) => all.map((each) => [each, each.querySelector('.under sub')].map((part) => part.getBoundingClientRect().bottom))"
    )
    assert below
    assert all(under >= denominator for under, denominator in below)  # nothing is struck through
    width = "(all) => all.map((each) => parseFloat(getComputedStyle(each).strokeWidth))"
    lit = page.locator(".neurons .item.spoken > .box").evaluate_all(width)
    unlit = page.locator(".neurons .item:not(.spoken, .current) > .box").evaluate_all(width)
    assert lit
    assert unlit
    assert min(lit) > max(unlit)
