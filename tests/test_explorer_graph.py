"""The computation graph on the page: folded and unfolded, moved and zoomed, and drawn where it is in sight."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.explorer import ROOMY, SUBJECTS, Explorer, close, download, graph_of, numbers, start
from tinygrad_bp import explore
from tinygrad_bp.core.value import Constant

pytestmark = [pytest.mark.extras, pytest.mark.browser]


def test_both_edges_of_a_square(opened: Any) -> None:
    explorer = opened("hand-made", **ROOMY)
    model = start("hand-made")
    _, edges = graph_of(model.record())
    [first, second] = [k for k, (head, x, _) in enumerate(edges) if head.label == "square" and x.label == "p"]
    slopes = explorer.page.locator(".slope")
    boxes = [slopes.nth(k).bounding_box() for k in (first, second)]
    assert [slopes.nth(k).get_attribute("data-value") for k in (first, second)] == [repr(model.leaves["p"].data)] * 2
    assert boxes[0] != boxes[1]
    explorer.select("square")
    paths = explorer.panel("paths")
    paths.get_by_label("from").select_option(label="p")
    explorer.settle()
    assert paths.locator(".paths-path").count() == 6  # by two ways from the square, each twice, and by two others


@pytest.mark.parametrize("name", ["tutorial", "linear", "hand-made"])
def test_what_is_on_a_line_belongs_to_what_is_in_the_boxes(opened: Any, name: str) -> None:
    explorer = opened(name)
    model = start(name)
    before = numbers(model)
    nodes, edges = graph_of(model.record())
    for trained in SUBJECTS[name].trained:
        model.leaves[trained].data -= 0.5 * model.leaves[trained].grad
    after = numbers(model)
    last = int(explorer.page.locator(".scrubber").get_attribute("max"))
    nothing = [None] * len(edges)
    shown = []
    for beat in range(last + 1):
        explorer.jump(beat)
        shown.append(explorer.numbers())
    told = [sum(slope is not None for slope in found.slopes) for found in shown]
    assert told == sorted(told[: last - 1]) + told[last - 1 :]  # backward more and more
    forward = [found for found in shown if all(grad is None for grad in found.grads)][:-1]
    assert len(forward) > 2
    assert all(found.slopes == nothing for found in forward)
    assert shown[last - 2].slopes == close(before.slopes)
    update = shown[last - 1]
    moved = 0
    for (head, x, _), slope, was in zip(edges, update.slopes, before.slopes, strict=True):
        assert slope is None or slope == close(was)
        if head.op.name == "mul":
            other = next((each for each in head.args if each is not x), x)
            now = other.data if isinstance(other, Constant) else update.data[nodes.index(other)]
            assert (slope is None) == (now != close(was))  # the other factor, which may have been updated
            moved += slope is None
    assert moved or name == "linear"  # whose sums of products are single operations
    assert shown[last].data == close(after.data)
    assert (shown[last].slopes, shown[last].grads) == (nothing, [None] * len(after.data))
    explorer.rest()
    assert explorer.numbers().slopes == close(before.slopes)


def test_a_line_between_folded_boxes_tells_no_derivative_before_its_beat_or_of_another_round(opened: Any) -> None:
    explorer = opened("tutorial", viewport={"width": 1280, "height": 720})
    explorer.panel("settings")
    explorer.click("[data-level=neuron]")
    told = {}
    for beat in (9, 10, 13, 14, 25, 26, 27):
        explorer.jump(beat)
        words = explorer.page.locator(".computation .slope").all_text_contents()
        told[beat] = [each for each in words if each[0] != "w"]
        assert len(told[beat]) == 10
        assert len(words) == 18
    ends = {k: [each for each in words if each not in ("·", "1")] for k, words in told.items()}
    assert ends[9] == ends[27] == []
    assert ends[10] == ends[13] == ["0.7414"]  # of E_o1 by out_o1, which is the answer to what was asked before
    assert ends[14] == ["0.7414", "−0.2171"]
    assert sorted(ends[25]) == ["0.2171", "0.7414", "−0.2171", "−0.7414"]
    assert ends[26] == ends[25]
    assert told[27] == ["·"] * 10


def test_a_graph_is_folded_by_neurons_and_layers(opened: Any) -> None:
    explorer = opened("tutorial", **ROOMY)
    page = explorer.page
    result = start("tutorial").record()
    result.backward()
    whole = {v.label: v for v in graph_of(result)[0] if v.label}
    shown = explorer.numbers()
    names = "(all) => all.map((each) => each.ariaLabel.split(':')[0])"
    visible = lambda: page.locator(".computation .item[data-node]").evaluate_all(names)  # noqa: E731
    every = visible()
    page.locator("[aria-label='Close neuron h1 into one box']").dispatch_event("click")
    explorer.settle()
    outer = {"i1", "i2", "b1", "b2", "target_o1", "target_o2", "E_o1", "E_o2", "E_total"}
    assert set(visible()) == outer | {f"Open neuron {name}" for name in ("h1", "h2", "o1", "o2")}
    cover = page.locator("[aria-label^='Open neuron h1']")
    assert page.evaluate("document.activeElement.ariaLabel") == "Open neuron h1"
    h1 = [whole["net_h1"].data, whole["net_h1"].grad, whole["out_h1"].data, whole["out_h1"].grad]
    rows = cover.locator(".cover-number:not(:empty)").all_text_contents()
    assert [row.rpartition(" ")[0] for row in rows] == ["net", "δ", "out", "dE/dout"]
    for row, x in zip(rows, h1, strict=True):
        assert float(row.rpartition(" ")[2].replace("−", "-")) == pytest.approx(x, rel=2e-3)
    explorer.press("Enter")
    assert page.evaluate("document.activeElement.ariaLabel") == "Close neuron h1 into one box"
    assert {"net_h1", "out_h1", "w1 * i1", "w2 * i2"} <= set(visible())
    explorer.panel("settings")
    explorer.button("Layers")
    assert visible() == ["Open", "Open", "Open", "Open"]
    layers = page.locator(".computation .cover").evaluate_all("(all) => all.map((each) => each.textContent)")
    assert [words.partition("▸ ")[2].partition(".")[0] for words in layers if "layer" in words] == [
        "Hidden layerh1, h2out 0",
        "Output layero1, o2out 0",
    ]
    explorer.button("Fit")  # where there is room for all of it
    assert visible() == every
    assert explorer.numbers() == shown


# Words of lines that lie on a box, on each other or on another line, and words that leave their box, of what is in sight.
COVERED = """() => {
  const drawn = (all) => [...all].filter((each) => each.getClientRects().length && each.textContent);
  const room = (each) => each.getBoundingClientRect();
  const shared = (a, b, least, most) => Math.min(a[most], b[most]) - Math.max(a[least], b[least]);
  const meet = (a, b) => shared(room(a), room(b), "left", "right") > 1 && shared(room(a), room(b), "top", "bottom") > 3;
  const words = drawn(document.querySelectorAll(".computation .slope"));
  const items = drawn(document.querySelectorAll(".computation .item"));
  const found = [];
  const apart = (a, b) => meet(a, b) && found.push([a.textContent, b.textContent || b.parentNode.textContent]);
  words.forEach((word, k) => [...words.slice(k + 1), ...items.map((each) => each.querySelector("rect"))].map((b) => apart(word, b)));
  for (const line of document.querySelectorAll(".computation .graph-line")) {
    const [length, matrix] = [line.getTotalLength(), line.getScreenCTM()];
    const points = Array.from({ length: 100 }, (_, k) => line.getPointAtLength((length * k) / 99).matrixTransform(matrix));
    for (const word of words) {
      const { left, right, top, bottom } = room(word);
      const on = ({ x, y }) => x > left && x < right && y > top + 2 && y < bottom - 2;
      if (word.parentNode !== line.parentNode && points.some(on)) found.push([word.textContent, "a line"]);
    }
  }
  for (const each of items) {
    const { left, right } = room(each.querySelector("rect"));
    const inside = drawn(each.querySelectorAll("text"));
    for (const text of inside) if (room(text).left < left || room(text).right > right) found.push(text.textContent);
    inside.forEach((a, k) => inside.slice(k + 1).forEach((b) => apart(a, b)));
  }
  return found;
}"""
NAMED = "document.querySelector('.equation')?.textContent.match(/=.*[d∂]net.*[d∂]([wb][0-9]+)/)?.[1]"  # of whose gradient it is


@pytest.mark.parametrize("name", ["tutorial", "xor", "several"])
def test_words_of_a_folded_graph_cover_nothing_and_say_what_the_equation_names(
    name: str, opened: Any, open_page: Any, tmp_path: Path
) -> None:
    if name == "several":
        made = explore(tg.MLP(3, [4, 3], seed=1), rows=[([0.1, 0.2, 0.5], [0.3, 0.1, 0.2])])
        explorer = Explorer(open_page(made.save(tmp_path / "x.html"), viewport={"width": 1280, "height": 720}))
        explorer.press("g")
    else:
        explorer = opened(name, viewport={"width": 1280, "height": 720})
    page = explorer.page
    explorer.panel("settings")
    explorer.click("[data-level=neuron]")
    explorer.press("Escape")
    found = {}
    for beat in range(int(page.locator(".scrubber").get_attribute("max")) + 1):
        explorer.jump(beat)
        assert page.evaluate(COVERED) == []
        if name := page.evaluate(NAMED):
            found[name] = page.locator(".computation .cover-number", has_text=f"dE/d{name} ").count()
    assert found
    assert set(found.values()) == {1}


# Letters nearer than that to the edge of the box they are in.
OUTWARD = """(least) => [...document.querySelectorAll(".computation .item > text")].filter((each) => {
  const box = each.parentElement.querySelector(".box");
  if (!box || !each.textContent || !each.getClientRects().length) return false;
  const [inner, outer] = [each, box].map((part) => part.getBBox());
  return Math.min(inner.x - outer.x, outer.x + outer.width - inner.x - inner.width) < least;
}).map((each) => each.textContent)"""


@pytest.mark.slow
@pytest.mark.parametrize("name", ["tutorial", "xor"])
@pytest.mark.parametrize(("width", "height"), [(360, 740), (640, 360), (1280, 720)])
def test_no_number_of_a_graph_runs_onto_the_edge_of_its_box(opened: Any, name: str, width: int, height: int) -> None:
    explorer = opened(name, viewport={"width": width, "height": height}, reduced_motion="reduce")
    for beat in range(int(explorer.page.locator(".scrubber").get_attribute("max")) + 1):
        explorer.jump(beat)
        assert explorer.page.evaluate(OUTWARD, 4) == [], beat


def test_zooming_out_comes_back_to_where_it_was(opened: Any) -> None:
    explorer = opened("tutorial", viewport={"width": 1280, "height": 720})
    page = explorer.page

    def place() -> Any:
        explorer.settle()
        covers = page.locator(".computation .cover").evaluate_all("(all) => all.map((each) => each.ariaLabel)")
        return covers, page.locator(".computation > g").first.get_attribute("transform")

    explorer.panel("settings")
    explorer.click("[data-level=layer]")
    seen = [place()]
    for _ in range(12):
        explorer.button("Zoom in")
        seen.append(place())
    assert len({tuple(sorted(covers)) for covers, _ in seen}) >= 3  # layers, neurons, operations
    different = [after for before, after in pairwise(seen) if before != after]
    for before in reversed([seen[0], *different[:-1]]):
        explorer.button("Zoom out")
        assert place() == before


# What a part of the page tells of itself, and how many elements of the picture a step touches.
LETTERS = """() => {
  const texts = [...document.querySelectorAll(".computation text")].filter((each) => each.getClientRects().length && each.textContent);
  const { a } = document.querySelector(".computation > g").getCTM();
  return [Math.min(...texts.map((each) => a * parseFloat(getComputedStyle(each).fontSize))), texts.length];
}"""
TOUCHED = """async (keys) => {
  const touched = new Set();
  const watch = new MutationObserver((all) => all.forEach(({ target }) => touched.add(target)));
  watch.observe(document.querySelector(".stage"), { subtree: true, childList: true, attributes: true, characterData: true });
  const counts = [];
  for (const key of keys) {
    document.body.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    counts.push(touched.size);
    touched.clear();
  }
  return Math.max(...counts);
}"""


@pytest.fixture(scope="module")
def wide() -> Any:
    """A page of hundreds of nodes."""
    return explore(tg.MLP(2, [10, 10, 1], activation="tanh", seed=1), rows=[([0.1, 0.2], [0.3]), ([0.4, 0.1], [0.1])])


def test_only_what_is_in_sight_is_drawn_and_updated(wide: Any, open_page: Any, tmp_path: Path) -> None:
    page = open_page(wide.save(tmp_path / "wide.html"), viewport={"width": 1280, "height": 720})
    explorer = Explorer(page)
    # In the update all lines are spoken of. Only what is said beside some of them is written.
    last = int(page.locator(".scrubber").get_attribute("max"))
    for beat in (last - 2, last - 1, last):
        explorer.jump(beat)
        assert page.locator(".line-texts text.line-label:not(:empty)").count() <= 3 * 20
    explorer.press("g")
    for level in ("layer", "neuron", "operation"):
        explorer.panel("settings")
        explorer.click(f"[data-level={level}]")
        assert page.locator(".computation *").count() < 900
        assert page.evaluate(TOUCHED, [*" " * 12, *"rr"]) < 500
        least, count = page.evaluate(LETTERS)
        assert least >= 10.99
        assert count > 10
    saved = download(explorer, "Diagram, SVG", tmp_path).read_text(encoding="utf-8")
    nodes = len(tg.topological_order(wide.graph))
    assert saved.count("<title>") > nodes * 0.9  # all but constants, though few of them are in sight
    assert page.locator(".shelf").count() == 0


def test_the_window_follows_and_a_map_moves_it(wide: Any, open_page: Any, tmp_path: Path) -> None:
    page = open_page(
        wide.save(tmp_path / "wide.html"), viewport={"width": 1280, "height": 720}, reduced_motion="reduce"
    )
    explorer = Explorer(page)
    explorer.press("g")
    explorer.panel("settings")
    explorer.click("[data-level=operation]")
    # Of the nodes that are told together, the one that the sentence is about.
    inside = """() => {
      const stage = document.querySelector(".stage").getBoundingClientRect();
      return [...document.querySelectorAll(".computation .current")].map((each) => each.getBoundingClientRect()).some((box) =>
        box.left >= stage.left && box.right <= stage.right && box.top >= stage.top && box.bottom <= stage.bottom);
    }"""
    # The map lies on no node that is spoken of.
    covered = """() => {
      const map = document.querySelector(".minimap:not(.gone) .minimap-ground")?.getBoundingClientRect();
      return map && [...document.querySelectorAll(".computation .current > rect")].map((each) => each.getBoundingClientRect()).some((box) =>
        box.left < map.right && box.right > map.left && box.top < map.bottom && box.bottom > map.top);
    }"""
    for _ in range(9):
        explorer.press(".")
        explorer.settle()
        assert page.evaluate(inside)
        assert not page.evaluate(covered)
    place = lambda: page.locator(".computation > g").first.get_attribute("transform")  # noqa: E731
    before = place()
    ground = page.locator(".minimap-ground").bounding_box()
    page.mouse.click(ground["x"] + ground["width"] / 2, ground["y"] + 4)
    explorer.settle()
    assert place() != before
    step = explorer.place()
    page.mouse.click(ground["x"] + ground["width"] / 2, ground["y"] + ground["height"] - 4)
    assert explorer.place() == step  # a press on the map is no press on the page
    explorer.button("Fit")
    assert not page.locator(".minimap").is_visible()


def test_moving_and_zooming(opened: Any) -> None:
    explorer = opened("tutorial")
    page = explorer.page
    box = page.locator(".computation").bounding_box()
    x, y = box["x"] + box["width"] - 15, box["y"] + 15

    def place() -> Any:
        explorer.settle()
        return page.locator(".computation > g").first.get_attribute("transform")

    explorer.button("Fit")
    seen = [place()]
    for name in ("Zoom in", "Zoom in", "Zoom out"):
        explorer.button(name)
        seen.append(place())
    assert len(set(seen)) == 3
    assert seen[1] == seen[3]
    page.mouse.move(x, y)
    page.keyboard.down("Control")
    page.mouse.wheel(0, -300)
    page.wait_for_function(
        "before => document.querySelector('.computation > g').getAttribute('transform') !== before", arg=seen[-1]
    )
    page.keyboard.up("Control")
    zoomed = place()
    page.mouse.down()
    page.mouse.move(x - 60, y + 40, steps=4)
    page.mouse.up()
    assert place() != zoomed
    assert page.locator(".item.selected").count() == 0  # what is dragged is not chosen
    explorer.button("Fit")
    assert place() == seen[0]
