"""A round on the page of the explorer, beat by beat: in the order of the text, with Python's numbers, on a screen that does not jump."""

from pathlib import Path
from typing import Any

import pytest

from tests.explorer import CORNERS, Explorer, close, graph_of, made, numbers, start, trained_tutorial
from tinygrad_bp import MLP, explore

pytestmark = [pytest.mark.extras, pytest.mark.browser]

# The last is what is left of 1280 by 720 at 200 %.
SIZES = ((1280, 720), (1366, 768), (360, 740), (640, 360))
BEATS = [
    "net_h1", "out_h1", "net_h2", "out_h2", "net_o1", "out_o1", "net_o2", "out_o2", "E_total",
    "dE_total/dout_o1", "dE_total/dnet_o1", "dE_total/dw5", "dE_total/dw6",
    "dE_total/dout_o2", "dE_total/dnet_o2", "dE_total/dw7", "dE_total/dw8",
    "dE_total/dout_h1", "dE_total/dnet_h1", "dE_total/dw1", "dE_total/dw2",
    "dE_total/dout_h2", "dE_total/dnet_h2", "dE_total/dw3", "dE_total/dw4",
]  # fmt: skip


@pytest.fixture
def fresh(open_page: Any, tmp_path: Path) -> Any:
    """A function that opens the page of a subject, or another page, as it is when it is opened."""

    def open_fresh(page: Any, width: int = 1280, height: int = 720, **options: Any) -> Explorer:
        page = made(page) if isinstance(page, str) else page
        options = {"viewport": {"width": width, "height": height}, "reduced_motion": "reduce", **options}
        return Explorer(open_page(page.save(tmp_path / "page.html"), **options))

    return open_fresh


# Where things are: the picture, each box in it, the words, the player, each of its buttons.
PLACES = """() => [...document.querySelectorAll(
  "header, .stage, .stage > svg, .neurons .box, .neurons .weight-line, .words, .bar, .bar button, .scrubber, .count",
)].map((each) => {
  if (each.matches(".weight-line")) return ["x1", "y1", "x2", "y2"].map((name) => each.getAttribute(name)); // it may grow thicker
  const { x, y, width, height } = each.getBoundingClientRect();
  return [x, y, width, height].map((length) => Math.round(10 * length) / 10);
})"""
# What cannot be read: outside of the window, or of its own place.
UNSEEN = """() => {
  const found = [];
  const all = ".stage, .words, .bar, .bar button, .count, .equation-right, .equation-left, .why, .slot > *";
  for (const each of document.querySelectorAll(all)) {
    const { left, top, right, bottom, width } = each.getBoundingClientRect();
    if (!width) continue;
    if (left < -0.5 || top < -0.5 || right > innerWidth + 0.5 || bottom > innerHeight + 0.5) found.push(`${each.className} is outside`);
  }
  const inner = document.querySelector(".words-inner");
  if (inner.scrollHeight > inner.clientHeight + 1) found.push(`words: ${inner.scrollHeight} of ${inner.clientHeight}`);
  if (inner.scrollWidth > inner.clientWidth + 1) found.push("words are too wide");
  const rows = [...inner.children].map((each) => each.getBoundingClientRect());
  if (rows.some(({ top }, k) => k > 0 && top < rows[k - 1].bottom - 0.5)) found.push("words lie over each other");
  for (const row of inner.querySelectorAll(".equation-row")) { // the boxes of what is written, not of the places it is written in
    const written = [...row.querySelectorAll(".name, .fraction, data, .equals")].filter((each) => each.textContent);
    const pieces = written.map((each) => each.getBoundingClientRect());
    for (const [k, a] of pieces.entries())
      for (const b of pieces.slice(k + 1)) {
        const inside = (p, q) => p.left >= q.left - 1 && p.right <= q.right + 1 && p.top >= q.top - 1 && p.bottom <= q.bottom + 1;
        const apart = a.right <= b.left + 1 || b.right <= a.left + 1 || a.bottom <= b.top + 4 || b.bottom <= a.top + 4;
        if (!apart && !inside(a, b) && !inside(b, a)) found.push("an equation lies over itself");
      }
  }
  if (document.documentElement.scrollHeight > innerHeight) found.push("the page scrolls");
  return found;
}"""


def wide() -> Any:
    return explore(MLP(3, [4, 4, 2], seed=1), rows=[([0.5, -1.0, 0.25], [0.2, 0.8]), ([1.0, 0.5, -0.5], [0.9, 0.1])])


@pytest.mark.slow
@pytest.mark.parametrize(("width", "height"), SIZES)
@pytest.mark.parametrize("name", ["tutorial", "xor", "3-4-4-2"])
def test_nothing_jumps_and_all_is_in_sight(fresh: Any, name: str, width: int, height: int) -> None:
    explorer = fresh(wide() if name == "3-4-4-2" else name, width, height)
    places = explorer.page.evaluate(PLACES)
    last = int(explorer.page.locator(".scrubber").get_attribute("max"))
    seen = []
    for beat in range(last + 1):
        assert explorer.place() == beat
        assert explorer.page.evaluate(PLACES) == places, beat
        assert explorer.page.evaluate(UNSEEN) == [], beat
        seen.append(explorer.page.locator(".words").inner_text())
        explorer.press(" ")
    assert explorer.place() == 0  # once more
    assert explorer.page.evaluate(PLACES) == places
    assert len(set(seen)) == last + 1


@pytest.mark.parametrize("language", ["en-GB", "ja-JP"])
def test_japanese_has_room_too(fresh: Any, language: str) -> None:
    explorer = fresh("tutorial", 360, 740, locale=language)
    for beat in range(28):
        explorer.jump(beat)
        assert explorer.page.evaluate(UNSEEN) == [], beat


# Windows of unusual shapes too; beside a panel, or below one, there is as much room as without it, or less.
SHAPES = ((1280, 720), (1366, 768), (360, 740), (1024, 600), (768, 1024), (640, 360))
# A round as someone goes through it who answers each question in the same way: the sizes of letters, what cannot be read, and equals
# signs that stand at the end of a line.
WALK = f"""async (answer) => {{
  const drawn = () => new Promise(requestAnimationFrame);
  const sizes = [];
  const faults = [];
  for (;;) {{
    sizes.push([".equation", ".why"].map((each) => getComputedStyle(document.querySelector(each)).fontSize).join());
    const place = document.querySelector(".count").textContent;
    for (const fault of ({UNSEEN})()) faults.push(`${{place}}: ${{fault}}`);
    for (const sign of document.querySelectorAll(".equals")) {{
      const words = document.createTreeWalker(sign.parentElement, NodeFilter.SHOW_TEXT);
      words.currentNode = sign.firstChild;
      const after = document.createRange();
      after.selectNodeContents(words.nextNode());
      const [next] = after.getClientRects();
      const {{ right, top, bottom }} = sign.getBoundingClientRect();
      const beside = next.left >= right - 1 && next.top < bottom && next.bottom > top;
      if (!beside) faults.push(`${{place}}: a line ends with an equals sign`);
    }}
    const slider = document.querySelector(".scrubber");
    if (slider.value === slider.max) return [sizes, faults];
    (document.querySelectorAll(".slot button")[answer] ?? document.querySelector(".next")).click();
    await drawn();
  }}
}}"""


@pytest.mark.slow
@pytest.mark.parametrize("language", ["en-GB", "ja-JP"])
@pytest.mark.parametrize("name", ["tutorial", "xor"])
def test_letters_have_one_size_in_a_round(fresh: Any, name: str, language: str) -> None:
    explorer = fresh(name, locale=language)
    for width, height in SHAPES:
        for answer, panel in enumerate((False, True)):
            explorer.resize({"width": width, "height": height})
            explorer.begin()
            explorer.panel("formula") if panel else explorer.press("Escape")
            sizes, faults = explorer.page.evaluate(WALK, answer)
            assert len(sizes) > 15
            assert len(set(sizes)) == 1, (width, height, panel, sizes)
            assert faults == [], (width, height, panel)


def worked(model: Any) -> dict[str, float]:
    """The numbers of the worked example by the names that equations have on their left."""
    result = model.record()
    result.backward()
    nodes = [v for v in graph_of(result)[0] if v.label]
    return {v.label: v.data for v in nodes} | {f"dE_total/d{v.label}": v.grad for v in nodes}


def equation(explorer: Explorer) -> tuple[str, float]:
    """What stands on the left of the equation, and its last number."""
    left, found = explorer.page.evaluate(
        """() => {
          const left = document.querySelector(".equation-left");
          const fraction = left.querySelector("[role=math]");
          return [fraction ? fraction.ariaLabel : left.textContent, document.querySelector(".equation-result data").value];
        }"""
    )
    return left, float(found)


def test_beats_are_in_the_order_of_the_text_and_right(fresh: Any) -> None:
    explorer = fresh("tutorial")
    model = start("tutorial", w5=-0.75, i1=1.5, target_o2=0.25, b1=-0.5)
    wanted = worked(model)
    for label, typed in (("w5", "-0.75"), ("i1", "1.5"), ("target_o2", "0.25"), ("b1", "-0.5")):
        explorer.change(label, typed)
    for beat, name in enumerate(BEATS, 1):
        explorer.jump(beat)
        left, number = equation(explorer)
        assert left.endswith(name if "/" in name else name.replace("_", "")), beat
        assert number == close(wanted[name])
    explorer.jump(26)
    left, number = equation(explorer)
    assert (left, number) == ("w5⁺", close(model.leaves["w5"].data - 0.5 * model.leaves["w5"].grad))
    explorer.jump(27)
    before, after = explorer.page.locator(".equation data").evaluate_all(
        "(all) => all.map((each) => Number(each.value))"
    )
    for label in (f"w{k}" for k in range(1, 9)):
        model.leaves[label].data -= 0.5 * model.leaves[label].grad
    assert (before, after) == (close(wanted["E_total"]), close(model.record().data))


def test_a_round_ends_with_the_error_and_goes_on(fresh: Any) -> None:
    explorer = fresh("tutorial")
    explorer.jump(27)
    assert explorer.page.locator(".equation").inner_text().split("\n")[-1] == "0.298371 → 0.291028"
    assert explorer.page.locator(".next").inner_text() == "Once more"
    explorer.click(".next")
    assert (explorer.place(), explorer.round()) == (0, 1)
    explorer.jump(27)
    assert "0.291028 →" in explorer.page.locator(".equation").inner_text()
    explorer.button("Train to round 10,000")
    explorer.wait()  # a slow machine goes on in the frames that follow
    said = explorer.status()
    assert explorer.round() == 10_000
    assert said == "Round 10,000: the error is 3.51018778e−5."
    explorer.rest()
    explorer.show("graph")
    assert explorer.numbers().data == close(numbers(trained_tutorial(10_000)).data)


def test_w5_has_three_factors_and_h1_two_streams(fresh: Any) -> None:
    explorer = fresh("tutorial")
    wanted = worked(start("tutorial"))
    explorer.jump(12)
    factors = explorer.page.locator(".equation-right [role=math]").evaluate_all(
        "(all) => all.map((each) => each.ariaLabel)"
    )
    assert factors == ["dE_total/dout_o1", "dout_o1/dnet_o1", "dnet_o1/dw5"]
    *found, product = explorer.page.locator(".equation data").evaluate_all(
        "(all) => all.map((each) => Number(each.value))"
    )
    assert found == close([0.74136507, 0.186815602, 0.593269992]) or found[0] * found[1] * found[2] == close(product)
    assert product == close(wanted["dE_total/dw5"])
    assert "Three links lie between w5 and Etotal" in explorer.page.locator(".why").inner_text().replace("\n", "")
    slope = explorer.page.locator(".neurons .badge.term-1")
    assert slope.all_text_contents() == ["slope 0.1868"]
    assert [each.text_content() for each in explorer.page.locator(".apart > .box-number:not(.plain)").all()] == [
        "out 0.5933",
        "dE/dout 0.7414",
    ]
    explorer.jump(20)  # from w1 there are two ways, so that it is no chain of three links
    assert "The first is what came back to h1" in explorer.page.locator(".why").inner_text()
    explorer.jump(18)
    numbers_shown = explorer.page.locator(".equation data").evaluate_all(
        "(all) => all.map((each) => Number(each.value))"
    )
    delta_1, w5, delta_2, w7, first, second, total = numbers_shown
    assert (w5, w7) == (0.4, 0.5)
    assert (first, second) == (close(delta_1 * w5), close(delta_2 * w7))
    assert first + second == close(total) == close(wanted["dE_total/dout_h1"])
    # What the equation speaks of has its colours in the picture.
    colours = explorer.page.evaluate(
        """() => ["o1", "o2"].map((name) => {
          const title = [...document.querySelectorAll(".neurons .item > title")].find((each) => each.textContent === `out_${name}`);
          return [...title.parentElement.querySelectorAll(".box-number")].map((each) => getComputedStyle(each).fill);
        }).concat([...document.querySelectorAll(".equation-row:first-child .term")].map((each) => getComputedStyle(each).color))"""
    )
    for shown, term in ((colours[0], colours[2]), (colours[1], colours[-1])):
        assert shown.count(term) == 1  # of all its numbers its node delta
    assert colours[2] != colours[-1]


def test_what_is_not_computed_yet_is_no_number(fresh: Any) -> None:
    explorer = fresh("tutorial")
    read = """() => [...document.querySelectorAll(".neurons .box-number")].map((each) => each.textContent)
      .filter((words) => /^(net|out|δ|dE.dout) /.test(words))"""
    assert explorer.page.evaluate(read) == [f"{what} ·" for _ in range(4) for what in ("out", "net")]
    heading, sentence = (explorer.page.locator(each).bounding_box() for each in (".equation-right", ".why"))
    assert heading["x"] == sentence["x"]  # of one page: no column is kept free for the left side of an equation
    explorer.jump(1)
    assert [words for words in explorer.page.evaluate(read) if "·" not in words] == ["net 0.3775"]
    explorer.jump(11)
    assert sorted(words for words in explorer.page.evaluate(read) if words[0] in "δd" and "·" not in words) == [
        "dE/dout 0.7414", "δ 0.1385",
    ]  # fmt: skip


def test_no_panel_tells_a_derivative_before_its_beat(fresh: Any) -> None:
    explorer = fresh("tutorial")
    page = explorer.page
    pending = explorer.text("neurons.pending")
    latex = ".formula-copies button:nth-of-type(1)"
    explorer.select("w5")
    for beat, told in ((0, False), (9, False), (11, False), (12, True), (25, True), (27, True), (None, True)):
        if beat is None:
            explorer.rest()
        else:
            explorer.jump(beat)
        for name in ("formula", "slope", "paths"):
            words = explorer.panel(name).inner_text()
            assert ("0.082167" in words) is told, (beat, name)
            assert pending in words or told, (beat, name)
        style = page.locator(".slope-wide .plot-tangent").evaluate("(each) => getComputedStyle(each).display")
        assert (style != "none") is told
        assert page.locator(".slope-wide .plot-curve").get_attribute("d")
        assert (page.locator(".paths-share").first.text_content() != "") is told
        explorer.panel("formula")
        updated = beat is None or beat > 25
        assert ("0.35891648" in page.locator("#panel-formula").inner_text()) is updated  # what the update makes of it
        if page.locator(latex).is_visible():
            assert ("0.082167" in explorer.copied(latex)) is told
        else:
            assert not told
    explorer.jump(0)
    explorer.select("out_h1")
    assert "0.593" not in explorer.panel("formula").inner_text()
    explorer.jump(2)
    assert "0.593269992" in explorer.panel("formula").inner_text()


def test_each_number_is_heard_by_its_name(fresh: Any) -> None:
    explorer = fresh("tutorial")
    labels = "(all) => all.map((each) => each.ariaLabel)"

    def heard() -> set[str]:
        return set(explorer.page.locator(".neurons [role=button]").evaluate_all(labels))

    assert {"h1: not computed yet", "o1: not computed yet", "i1: 0.05", "w5: 0.4"} <= heard()
    explorer.jump(1)
    assert {"h1: net 0.3775", "h2: not computed yet"} <= heard()
    explorer.jump(2)
    why = explorer.page.locator(".why")
    assert "σ(x) = 1/(1 + e⁻ˣ)" in why.inner_text()
    assert "1/(1 + e^−0.3775)" in why.inner_text()
    explorer.jump(11)
    assert "e⁻ˣ/(1 + e⁻ˣ)², which is σ · (1 − σ)" in why.inner_text()
    explorer.jump(12)
    assert {
        "o1: net 1.106, out 0.7514, dE/dout 0.7414, δ 0.1385", "h1: net 0.3775, out 0.5933", "w5: 0.4, dE/dw5 0.08217",
        "w6: 0.45",
    } <= heard()  # fmt: skip
    explorer.jump(10)
    panel = explorer.panel("formula")
    explorer.select("out_h1")
    assert "0.593269992" in panel.inner_text()
    assert "0.036350306" not in panel.inner_text()  # which a later beat finds
    explorer.jump(18)
    assert "0.036350306" in panel.inner_text()


def test_questions_come_first_and_can_be_switched_off(fresh: Any) -> None:
    explorer = fresh("tutorial")
    slot = explorer.page.locator(".slot")
    asked = []
    for beat in range(27):
        explorer.jump(beat)
        asked += [beat] * slot.locator(".question").count()
    assert asked == [9, 17, 21, 25, 26]
    explorer.jump(9)
    slot.get_by_role("button", name="down").click()
    explorer.settle()
    assert explorer.place() == 10  # an answer goes on, and is judged
    assert slot.inner_text() == "✓ As you said: down."
    w5 = explorer.page.locator(".diagram .item[aria-label^='w5:']")
    w5.focus()
    w5.press("PageUp")
    explorer.settle()
    assert (explorer.place(), slot.inner_text()) == (10, "")  # the numbers that it judged are others
    explorer.press(" ")
    assert slot.inner_text() == ""
    explorer.jump(9)
    slot.get_by_role("button", name="up").click()
    explorer.settle()
    assert slot.inner_text().startswith("✗ You said up.")
    explorer.press("Control+z")
    explorer.jump(17)
    slot.get_by_role("button", name="shrink").click()
    explorer.settle()
    assert slot.inner_text().startswith("✗ You said shrink.")
    explorer.click("[data-tab=graph]")
    explorer.press(" ")
    assert (explorer.place(), explorer.state()["view"]["tab"]) == (19, "graph")  # who clicked goes on
    explorer.page.locator("[data-tab=neurons]").focus()
    explorer.press(" ")
    assert (explorer.place(), explorer.state()["view"]["tab"]) == (19, "neurons")  # who came by keys presses the button
    explorer.panel("settings").get_by_label("ask first, then show").uncheck()
    for beat in asked:
        explorer.jump(beat)
        assert slot.locator(".question").count() == 0


def test_a_tap_goes_on(fresh: Any) -> None:
    explorer = fresh("tutorial", 360, 740, has_touch=True)
    for selector, beat in ((".why", 1), (".stage", 2)):
        explorer.page.locator(selector).tap(position={"x": 5, "y": 5})
        explorer.settle()
        assert explorer.place() == beat
    assert not explorer.page.locator(".drawer").is_visible()


def test_phases_are_buttons(fresh: Any) -> None:
    explorer = fresh("tutorial")
    for name, beat in (("Backward", 10), ("Update", 26), ("Forward", 1)):
        explorer.button(name)
        assert explorer.place() == beat
        assert explorer.page.locator("[aria-current=step]").inner_text() == name


def opacity(found: Any) -> float:
    return float(found.evaluate("(each) => getComputedStyle(each).opacity"))


@pytest.mark.parametrize(
    ("name", "moved"), [("tutorial", "All weights at once"), ("xor", "All weights and biases at once")]
)
def test_an_update_says_what_moves(fresh: Any, name: str, moved: str) -> None:
    explorer = fresh(name)
    explorer.jump(int(explorer.page.locator(".scrubber").get_attribute("max")) - 1)
    assert explorer.page.locator(".why").inner_text().startswith(moved)


def test_in_an_update_the_old_number_becomes_the_new_one(fresh: Any) -> None:
    explorer = fresh("tutorial", reduced_motion="no-preference")
    explorer.jump(25)
    explorer.stop_clock()
    explorer.page.keyboard.press(" ")
    label, line = explorer.page.locator(".line-label").nth(4), explorer.page.locator(".weight-line").nth(4)
    result = explorer.page.locator(".equation-result")
    widths = []
    for after, words, struck, told in ((100, "w5 0.4", 0, 0), (500, "w5 0.4", 1, 0), (600, "w5 0.3589", 0, 1)):
        explorer.run(after)
        assert (label.text_content(), label.locator(".struck").count(), opacity(result)) == (words, struck, told)
        widths.append(float(line.get_attribute("stroke-width")))
    assert widths == sorted(widths, reverse=True)
    assert widths[0] > widths[-1]
    assert label.text_content() == explorer.page.locator(".halo").nth(4).text_content()
    colours = explorer.page.locator(".weight-line").evaluate_all(
        "(all) => all.map((each) => getComputedStyle(each).stroke)"
    )
    assert colours.count(colours[4]) == 1  # the weight that the equation is about


def test_who_is_fast_leaves_nothing_behind(fresh: Any) -> None:
    explorer = fresh("tutorial", reduced_motion="no-preference")
    explorer.stop_clock()
    explorer.page.locator(".play").click()
    explorer.run(150)
    for _ in range(26):
        explorer.page.keyboard.press(" ")
        explorer.run(70)
    assert explorer.place() == 27
    words = "(all) => all.map((each) => each.textContent)"
    quick = explorer.page.locator(".neurons text").evaluate_all(words)
    assert explorer.page.locator(".chip, .arriving, .struck, .multiplying, .adding").count() == 0
    calm = fresh("tutorial")
    calm.jump(27)
    assert calm.page.locator(".neurons text").evaluate_all(words) == quick


# By how much the travelling numbers that are seen lie on one another, at most, along the direction in which they could part soonest.
LAPPED = """() => {
  const all = [...document.querySelectorAll(".chip:not(.gone)")].filter((each) => each.textContent).map((each) => {
    const { a, b, e, f } = each.getCTM();
    const { width, height } = each.querySelector(".chip-ground").getBBox();
    const scale = Math.hypot(a, b);
    return { x: e, y: f, angle: Math.atan2(b, a), sides: [width * scale, height * scale] };
  });
  const axes = ({ angle }) => [[Math.cos(angle), Math.sin(angle)], [-Math.sin(angle), Math.cos(angle)]];
  const reach = (each, [p, q]) => axes(each).reduce((sum, [x, y], k) => sum + (Math.abs(x * p + y * q) * each.sides[k]) / 2, 0);
  const depth = (one, other) =>
    Math.min(...[...axes(one), ...axes(other)].map((axis) =>
      reach(one, axis) + reach(other, axis) - Math.abs((one.x - other.x) * axis[0] + (one.y - other.y) * axis[1])));
  return [all.length, Math.max(0, ...all.flatMap((one, k) => all.slice(0, k).map((other) => depth(one, other))))];
}"""


@pytest.mark.parametrize(("name", "size"), [("tutorial", (1280, 720)), ("tutorial", (360, 740)), ("xor", (1280, 720))])
def test_no_travelling_number_covers_another(fresh: Any, name: str, size: Any) -> None:
    explorer = fresh(name, *size, reduced_motion="no-preference")
    explorer.stop_clock()
    last = int(explorer.page.locator(".scrubber").get_attribute("max"))
    most = 0
    for beat in range(1, last):
        explorer.jump(beat - 1)
        explorer.page.keyboard.press(" ")
        for moment in range(0, 4800, 120):
            explorer.run(120)
            count, lapped = explorer.page.evaluate(LAPPED)
            most = max(most, count)
            assert lapped <= 3, (beat, moment)
            if moment > 1700 and not count:
                break
    assert most > 1


# Of the travelling numbers: those that have words, those that are seen, those of them that are cut off at the edge of the picture or lie
# on a badge, and where those are that cover the name of a box.
TRAVELLING = (
    "() => {"
    + CORNERS
    + """
  const { left, right, top, bottom } = document.querySelector(".stage").getBoundingClientRect();
  const shown = (each) => each.getClientRects().length > 0 && each.textContent !== "";
  const badges = [...document.querySelectorAll(".neurons .badge")].filter(shown).map(letters);
  const chips = [...document.querySelectorAll(".chip:not(.gone)")].filter(shown);
  const place = (each) => corners(each, each.querySelector(".chip-ground").getBBox());
  const faults = chips.filter((each) => {
    const inside = place(each).every(([x, y]) => x > left - 0.5 && x < right + 0.5 && y > top - 0.5 && y < bottom + 0.5);
    return !inside || badges.some((badge) => over(place(each), badge));
  });
  const names = [...document.querySelectorAll(".neurons .box-name")].filter(shown).map(letters);
  const covering = chips.filter((each) => names.some((name) => over(place(each), name)));
  const all = [...document.querySelectorAll(".chip")];
  const at = covering.map((each) => `${each.textContent} at ${place(each)[0].map(Math.round)}`);
  return [...[all, chips, faults].map((list) => list.filter((each) => each.textContent).map((each) => all.indexOf(each))), at];
}"""
)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tutorial", "xor"])
def test_numbers_travel_in_the_picture_however_small_it_is(fresh: Any, name: str) -> None:
    explorer = fresh(name, reduced_motion="no-preference")
    explorer.stop_clock()
    last = int(explorer.page.locator(".scrubber").get_attribute("max"))
    wide: set[int] = set()
    for width, height in ((1280, 720), (640, 360), (740, 360), (360, 740), (568, 320)):
        explorer.resize({"width": width, "height": height})
        for beat in range(1, last):
            explorer.jump(beat - 1)
            explorer.page.keyboard.press(" ")
            unseen: set[int] = set()
            seen: set[int] = set()
            over: list[set[str]] = [set()]
            for moment in range(0, 8000, 150):
                explorer.run(150)
                made, shown, faults, covering = explorer.page.evaluate(TRAVELLING)
                assert faults == [], (width, beat, moment)
                over.append(set(covering))
                assert not set.intersection(*over[-3:]), (width, beat, moment)  # none stays there
                seen |= set(shown)
                unseen = (unseen | set(made)) - seen
                if not explorer.page.locator(".chip").count():
                    break
            assert not unseen, (width, beat)
            parts = explorer.page.locator(".box.part").count()  # between which and the outputs numbers go
            if width == 1280 and seen:
                wide.add(beat)
            assert seen or beat not in wide or not parts, (width, beat)
    assert len(wide) > last // 2


def test_numbers_travel_and_meet(fresh: Any) -> None:
    explorer = fresh("tutorial", reduced_motion="no-preference")
    explorer.stop_clock()
    explorer.page.keyboard.press(" ")
    explorer.run(100)
    chips = explorer.page.locator(".chip")
    assert [words for words in chips.locator("text").all_text_contents() if words] == ["0.05", "0.1", "0.35"]
    across = "(all) => all.map((each) => each.getBoundingClientRect().x)"
    there = chips.evaluate_all(across)
    explorer.run(900)
    assert chips.locator("text").all_text_contents() == ["0.0075", "0.02", "0.35"]  # each times its weight
    assert all(x > before for before, x in zip(there, chips.evaluate_all(across), strict=True))
    assert explorer.page.locator(".box-number.arriving").count() == 1
    explorer.run(1300)
    seen = explorer.page.locator(".chip:not(.gone) text")
    assert seen.all_text_contents() == ["0.0075 + 0.02 + 0.35"]  # in the neuron
    explorer.run(600)
    assert seen.all_text_contents() == ["0.3775"]
    explorer.run(600)
    assert chips.count() == explorer.page.locator(".arriving").count() == 0
    explorer.page.keyboard.press(" ")
    explorer.run(100)
    explorer.page.keyboard.press(" ")  # who is faster sees the next beat
    explorer.run(100)
    assert explorer.place() == 3
    explorer.jump(11)
    explorer.page.keyboard.press(" ")
    explorer.run(1000)
    assert seen.all_text_contents() == ["0.741365", "0.593270", "0.186816"]  # the factors of the equation
    result = explorer.page.locator(".equation-result")
    assert opacity(result) == 0  # what they make is told when they have met
    label = explorer.page.locator(".line-label").nth(4)
    assert label.text_content() == "w5 0.4"  # what they make is seen when they have met
    explorer.run(1500)
    assert seen.all_text_contents() == ["0.082167"]
    assert opacity(result) == 1
    explorer.run(1000)
    assert label.text_content() == "dE/dw5 0.08217"
    moves = (
        (9, 1500, {"0.274811", "0.023560"}),
        (9, 3000, {"0.274811", "0.023560"}),
        (9, 4500, {"0.298371"}),
        (10, 1500, {"0.741365"}),
        (14, 1500, {"−0.217072"}),
        (18, 2300, {"0.05540 − 0.01905"}),
    )
    for beat, after, moved in moves:
        explorer.jump(beat - 1)
        explorer.page.keyboard.press(" ")
        explorer.run(after)
        assert set(seen.all_text_contents()) == moved
    assert label.text_content() == explorer.page.locator(".halo").nth(4).text_content()
    explorer.resize({"width": 360, "height": 740})
    told = explorer.page.locator(".boxes > .current .box-number:not(.arriving)")
    for beat, said in ((1, "net 0.3775"), (2, "out 0.5933"), (9, "0.2984"), (11, "δ 0.1385"), (19, "δ 0.00877")):
        explorer.jump(beat - 1)
        explorer.page.keyboard.press(" ")
        explorer.run(900)
        assert told.all_text_contents() == []  # in a small box, too
        explorer.run(8000)
        assert told.all_text_contents() == [said]


def test_a_notice_leaves_by_itself_and_with_the_next_action(fresh: Any) -> None:
    explorer = fresh("tutorial")
    explorer.stop_clock()
    status = explorer.page.locator(".status")
    explorer.page.keyboard.press("r")
    explorer.run(100)
    assert status.inner_text() == "Round 1: the error is 0.291027774."
    explorer.page.keyboard.press(" ")
    explorer.run(100)
    assert status.inner_text() == ""
    explorer.page.keyboard.press("r")
    explorer.run(100)
    box = status.bounding_box()
    for button in explorer.page.locator("button:visible").all():
        place = button.bounding_box()
        apart = place["y"] + place["height"] <= box["y"] or box["y"] + box["height"] <= place["y"]
        assert apart, button.inner_text()
    explorer.run(10_000)
    assert status.inner_text() == ""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_forced_colours_show_what_is_chosen(fresh: Any, scheme: str) -> None:
    explorer = fresh("tutorial", forced_colors="active", color_scheme=scheme)
    explorer.jump(12)
    page = explorer.page
    line = page.locator(".fraction .over").first.evaluate("(each) => getComputedStyle(each).borderBottomColor")
    ground = page.evaluate("getComputedStyle(document.documentElement).backgroundColor")
    assert line != ground
    for chosen in (".phase.on", ".pictures [aria-pressed=true]"):
        assert page.locator(chosen).evaluate("(each) => getComputedStyle(each).outlineStyle") == "solid"
