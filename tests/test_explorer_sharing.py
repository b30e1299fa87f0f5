"""What the explorer takes from others and gives to them: links, saved pages, exports, labels and titles."""

import base64
import csv
import io
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.explorer import PANELS, ROOMY, SUBJECTS, Explorer, download, fragment, graph_of, made, numbers, put_in
from tests.labels import HOSTILE
from tinygrad_bp import Value, explore, topological_order
from tinygrad_bp.explanation.names import short_name
from tinygrad_bp.tutorial import training
from tinygrad_bp.tutorial.figures import setup

pytestmark = [pytest.mark.extras, pytest.mark.browser]

UNKNOWN = "The link holds no state that this page understands, so it is shown from the beginning."


@pytest.fixture
def opened(open_page: Any, tmp_path: Path) -> Any:
    """A function that opens the page of a subject."""

    def open_subject(name: Any, fragment: str = "", **options: Any) -> Any:
        return Explorer(open_page(made(name).save(tmp_path / f"{name}.html"), fragment, **options))

    return open_subject


def what_is_seen(explorer: Any) -> Any:
    """All texts and numbers on the page, and the marks of what is chosen. How far the diagram is zoomed, and what was said last, does not
    matter."""
    explorer.settle()
    return explorer.page.evaluate(
        """() => {
          document.querySelector(".status").replaceChildren();
          const all = (selector) => [...document.querySelectorAll(selector)].filter((each) => !each.closest("[hidden]"));
          return [
            document.documentElement.lang, document.title,
            all("header, .words, .bar, .drawer").map((each) => each.innerText),
            all(".diagram text").map((each) => each.textContent),
            all("[data-value], data").map((each) => each.dataset.value ?? each.value),
            all("input:not([type=range]):not([type=number]), select").map((each) => (each.type === "checkbox" ? each.checked : each.value)),
            all(".selected, .current, .gone, [aria-selected=true], [aria-pressed=true]").map((each) => each.dataset.node ?? each.innerHTML),
          ];
        }"""
    )


def go_far(explorer: Any, name: Any) -> None:
    """Changes, trains, steps and selects."""
    explorer.show("graph")
    explorer.train("1 round")
    explorer.change(SUBJECTS[name].trained[-1], "0.625")
    explorer.change("learning rate η", "0.3")
    explorer.train("10,000 rounds")
    explorer.slide(0.5)
    explorer.switch("do not zero the gradients")
    explorer.train("1 round")
    explorer.press(".", ".", ".")
    explorer.select(SUBJECTS[name].trained[0])
    explorer.press(".")


# Links.


@pytest.mark.parametrize("name", ["tutorial", "linear"])
def test_a_link_leads_to_the_same_sight(opened: Any, name: str) -> None:
    explorer = opened(name)
    go_far(explorer, name)
    explorer.page.get_by_role("button", name="日本語").click()
    explorer.settle()
    link = explorer.link()
    other = opened(name, link.partition("#")[2])
    for _ in range(500):  # what would be without the changes is computed between frames
        if what_is_seen(other) == what_is_seen(explorer):
            break
        explorer.settle()
        other.settle()
    assert what_is_seen(other) == what_is_seen(explorer)
    assert other.numbers() == explorer.numbers()
    assert other.state() == explorer.state()
    assert what_is_seen(other)[0] == "ja"


def test_a_title_changes_with_the_language(open_page: Any, tmp_path: Path) -> None:
    y = Value(3.0, "w") ** 2
    page = explore(y, title={"en": "A valley", "ja": "谷"}, language="en")
    explorer = Explorer(open_page(page.save(tmp_path / "page.html")))
    assert (explorer.page.title(), explorer.page.locator("h1").text_content()) == ("A valley", "A valley")
    explorer.page.get_by_role("button", name="日本語").click()
    explorer.settle()
    assert (explorer.page.title(), explorer.page.locator("h1").text_content()) == ("谷", "谷")


def test_the_address_is_the_link(opened: Any) -> None:
    explorer = opened("tutorial")
    explorer.show("graph")
    explorer.change("w1", "0.5")
    explorer.page.wait_for_url("**/tutorial.html#s=*")
    explorer.select("w1")
    explorer.page.wait_for_function("link => location.href === link", arg=explorer.link())


def packed(text: Any) -> Any:
    return "s=" + base64.urlsafe_b64encode(text).decode().rstrip("=")


GARBAGE = [
    "s=", "s", "x", "s=%", "s=%00", "s=AAAA", "s=AAAA==", "s=" + "A" * 300_000, "S=e30", "s=e30&s=e30", "tab-edit", "s=\u202e\0",
    "s=日本語", "<img src=x onerror=window.pwned=1>", "%3Cscript%3Ewindow.pwned=1%3C/script%3E", "javascript:window.pwned=1",
    *map(packed, (b"\xff\xfe\xfd", b"[" * 100_000, b'{"version": NaN}', b"null", b"5", b'"x"', b"[]", b"{}", b"true")),
]  # fmt: skip

# What may not be in a state of the worked example: the numbers that are given are no parameters, and 1 is the place of w5, which is one.
WRONG_STATES = {
    "version": (0, 3, "2", None),
    "graph": (0, None, "x"),
    "view": (None, [], "x", 5),
    "events": (None, {}, "x", [None], [5], [[]], [{}]),
}
WRONG_VIEWS = {
    "round": (-1, 0.5, "1", 10**9, [], math.inf), "trained": (-1, "1", 10**9), "row": (1, -1, "0"), "step": (-1, 10**6, "1", 0.5),
    "tab": ("__proto__", "toString", 5, None), "mode": ("x",), "panel": ("constructor", "<img src=x onerror=alert(1)>"), "pace": ({},),
    "language": ("fr", "__proto__"), "open": (1, "yes"), "ask": ("no",), "logScale": (None, 0), "selected": (-1, 10**6, "3", 0.5, [3]),
    "lens": ("__proto__", 999), "quantity": ("x",), "collapsed": ("x", [-1], [10**9], ["0"], list(range(1000))),
    "quiz": ("x", 5, [1], *({"id": place, "quantity": quantity, "seed": seed} for place, quantity, seed in (
        (999, "grad", 0), ("1", "grad", 0), (1, "x", 0), (1, "data", 0), (40, "grad", 0), (1, "grad", -1)))),
}  # fmt: skip
WRONG_EVENTS = {
    "round": (-1, "0", None, 10**9), "row": (1, "0", None),
    "leaves": ("x", 5, [5], [[1]], [[1, "1"]], [[1, None]], [[0, 1]], [[99, 1]], [["1", 1]], [[-1, 1]], [["length", 1]], [[1, math.inf]]),
    "cells": ("x", [5], [[0, 0]], [[0, 0, "1"]], [[0, 1, 1]], [[1, 0, 1]], [[0, 0, math.inf]], [[-1, 0, 1]]),
    "preset": ("xor", "x", "__proto__", "toString", 5, None, []),
    "settings": (
        {"rate": 0}, {"rate": -1}, {"rate": "1"}, {"rate": None}, {"rate": math.inf}, {"variant": "__proto__"}, {"variant": "x,y"},
        {"variant": 5}, {"biases": 1}, {"sequential": "yes"}, {"accumulate": None}, {"seed": -1}, {"seed": "x"}, {"seed": 0.5},
        {"optimizer": "toString"}, {"optimizer": 1}, {"batch": 1},
    ),
    "table": ([], {}, "x", [[]], [[[0, 1]]], [None]),
}  # fmt: skip


def hostile(state: Any) -> Iterator[Any]:
    """States that are none of this page: each with something in the wrong place."""

    def spoilt(thing: Any, wrongs: Any) -> Any:
        return [{**thing, key: wrong} for key, several in wrongs.items() for wrong in several]

    event = {"round": 0, "row": 0}
    yield from spoilt(state, WRONG_STATES)
    yield from ({**state, "view": view} for view in spoilt(state["view"], WRONG_VIEWS))
    yield from ({**state, "events": [wrong]} for wrong in spoilt(event, WRONG_EVENTS))
    yield from (
        {**state, "events": events} for events in ([event, event], [{**event, "round": k} for k in range(3000)])
    )


FOLLOWED = """(hash) => new Promise((done) => {
  document.querySelector(".status").replaceChildren();
  addEventListener("hashchange", () => requestAnimationFrame(() => {
    done([document.querySelector(".status").textContent, window.pwned ?? null, ({}).polluted ?? null]);
  }), { once: true });
  location.hash = hash;
})"""


def test_links_that_hold_no_state_are_ignored(opened: Any) -> None:
    explorer = opened("tutorial")
    explorer.show("graph")
    explorer.change("w5", "0.75")
    here, state = explorer.numbers(), explorer.state()
    written = f"#{explorer.link().partition('#')[2]}"  # it is not written while links are followed
    explorer.page.wait_for_function("(written) => location.hash === written", arg=written)
    links = [*GARBAGE, *(fragment(wrong) for wrong in hostile(state))]
    assert len(links) > 100
    for link in dict.fromkeys(links):
        assert explorer.page.evaluate(FOLLOWED, link) == [UNKNOWN, None, None], link[:200]
    assert explorer.numbers() == here
    for harmless in ({"__proto__": {"polluted": 1}}, {"constructor": {"prototype": {"polluted": 1}}}):
        text = json.dumps({**state, "view": {**state["view"], **harmless}, **harmless})
        link = packed(text.encode())
        assert explorer.page.evaluate(FOLLOWED, link) == ["", None, None]
    assert explorer.numbers() == here


@pytest.mark.parametrize("link", ["<img src=x onerror=window.pwned=1>", "another page", "overflow"])
def test_a_page_opened_by_such_a_link_begins_at_the_beginning(opened: Any, link: str) -> None:
    if link == "another page":
        explorer = opened("xor")
        explorer.show("graph")
        link = explorer.link().partition("#")[2]
    elif link == "overflow":
        explorer = opened("tutorial")
        explorer.show("graph")
        explorer.change("w5", "0.75")
        state = explorer.state()
        places = [
            k for k, v in enumerate(topological_order(SUBJECTS["tutorial"].model().record())) if v.label in ("w5", "w6")
        ]
        state["events"][0]["leaves"] = [[place, 1.7e308] for place in places]
        link = fragment(state)
    explorer = opened("tutorial", link)
    explorer.page.wait_for_function("text => document.querySelector('.status').textContent === text", arg=UNKNOWN)
    assert explorer.place() == 0
    explorer.show("graph")
    assert explorer.numbers().data == pytest.approx(numbers(SUBJECTS["tutorial"].model()).data)
    assert explorer.page.evaluate("window.pwned") is None


# Exports.


def rows_of(path: Any) -> Any:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


def test_a_saved_page_opens_as_it_was(opened: Any, open_page: Any, tmp_path: Path) -> None:
    name = "xor"
    explorer = opened(name)
    go_far(explorer, name)
    path = download(explorer, "This page", tmp_path)
    other = Explorer(open_page(path))
    assert what_is_seen(other) == what_is_seen(explorer)
    other.train("1 round")
    again = Explorer(open_page(download(other, "This page", tmp_path)))
    assert what_is_seen(again) == what_is_seen(other)
    assert abs(len(path.read_bytes()) - len(made(name).html.encode())) < 2000


def test_numbers_as_json_and_the_training_as_csv(opened: Any, tmp_path: Path) -> None:
    explorer = opened("tutorial")
    explorer.show("graph")
    explorer.change("learning rate η", "0.25")
    explorer.train("10,000 rounds")
    explorer.slide(0.5)
    rounds = explorer.round()
    run = training.train({**setup(float), "eta": 0.25}, 10_000)
    model = put_in(SUBJECTS["tutorial"].model(), training.train({**setup(float), "eta": 0.25}, rounds).parameters)
    found = json.loads(download(explorer, "Numbers, JSON", tmp_path).read_text(encoding="utf-8"))
    wanted = numbers(model)
    nodes, edges = graph_of(model.record())
    assert found["settings"]["rate"] == 0.25
    assert (found["round"], found["row"], len(found["events"])) == (rounds, 0, 1)
    assert found["errors"] == pytest.approx(run.errors, rel=1e-12)
    assert [*found["data"].values()] == pytest.approx(wanted.data, rel=1e-12)
    assert [*found["gradients"].values()] == pytest.approx(wanted.grads, rel=1e-12)
    assert [each["value"] for each in found["derivatives"]] == pytest.approx(wanted.slopes, rel=1e-12)
    assert [*found["data"]] == found["names"]
    for v, name in zip(nodes, found["names"], strict=True):
        assert v.label in ("", name)
    names = dict(zip(nodes, found["names"], strict=True))
    assert [(each["of"], each["by"]) for each in found["derivatives"]] == [
        (names[head], names[x]) for head, x, _ in edges
    ]
    assert found["leaves"] == {label: found["data"][label] for label in model.leaves}

    path = download(explorer, "Training, CSV", tmp_path)
    table = rows_of(path)
    assert table[0] == ["round", "error", *run.parameters]
    rows = {int(row[0]): [float(x) for x in row[1:]] for row in table[1:]}
    assert list(rows) == list(range(10_001))
    assert [row[0] for row in rows.values()] == pytest.approx(run.errors, rel=1e-12)
    assert rows[10_000][1:] == pytest.approx(list(run.parameters.values()), rel=1e-12)
    assert rows[rounds][1:] == pytest.approx([model.leaves[name].data for name in run.parameters], rel=1e-12)


def test_a_long_training_as_a_table_of_some_rounds(opened: Any, tmp_path: Path) -> None:
    explorer = opened("tutorial")
    explorer.show("graph")
    explorer.train("10,000 rounds")
    explorer.train("10,000 rounds")
    explorer.train("1 round")
    path = download(explorer, "Training, CSV", tmp_path)
    rows = rows_of(path)[1:]
    assert [int(row[0]) for row in rows] == list(range(0, 20_002, 3))
    errors = training.train(setup(float), 20_001).errors
    assert [float(row[1]) for row in rows] == pytest.approx(errors[::3], rel=1e-12)


SVG = "{http://www.w3.org/2000/svg}"
INERT = {"svg", "title", "rect", "g", "line", "text", "tspan", "path", "defs", "marker"}


def unlike(one: Any, other: Any) -> Any:
    """The part of the pixels of two PNGs of about the same size that differ much."""
    from PIL import Image, ImageChops

    pictures = [Image.open(io.BytesIO(data)).convert("L") for data in (one, other)]
    box = (2, 2, *(min(sizes) - 2 for sizes in zip(*(picture.size for picture in pictures), strict=True)))
    apart = ImageChops.difference(*(picture.crop(box) for picture in pictures)).histogram()
    return sum(apart[80:]) / sum(apart)


# Counts the pixels of each piece of a picture.
BANDS = """() => {
  const canvas = CanvasRenderingContext2D.prototype;
  const { getImageData } = canvas;
  window.bands = [];
  canvas.getImageData = function (x, y, width, height) {
    window.bands.push(width * height);
    return getImageData.call(this, x, y, width, height);
  };
}"""


@pytest.mark.parametrize(("tab", "scheme"), [("neurons", "dark"), ("graph", "light")])
def test_pictures(opened: Any, open_page: Any, tmp_path: Path, tab: str, scheme: str) -> None:
    from PIL import Image

    explorer = opened("tutorial", color_scheme=scheme, **ROOMY)
    explorer.show(tab)
    explorer.train("1 round")
    shown = explorer.page.locator(".diagram text").evaluate_all(
        "(all) => all.filter((each) => each.getBoundingClientRect().width).map((each) => each.textContent)"
    )
    path = download(explorer, "Diagram, SVG", tmp_path)
    root = ElementTree.fromstring(path.read_bytes())
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= INERT
    assert not [
        name
        for each in root.iter()
        for name in each.attrib
        if name.startswith("on") or "href" in name or name in ("class", "style")
    ]
    texts = ["".join(each.itertext()) for each in root.iter(f"{SVG}text")]
    assert [text for text in texts if text] == shown
    assert len(texts) > 40
    assert {part[:1] for part in path.read_text(encoding="utf-8").split("url(")[1:]} <= {"#"}
    width, height = float(root.get("width")), float(root.get("height"))
    assert min(width, height) > 200
    explorer.page.evaluate(BANDS)
    picture = download(explorer, "Diagram, PNG", tmp_path).read_bytes()
    bands = explorer.page.evaluate("window.bands")
    with Image.open(io.BytesIO(picture)) as drawn:
        assert sum(bands) == drawn.width * drawn.height  # each pixel once, and not many before a pause
        assert max(bands) <= 1_000_000
        assert (drawn.format, *drawn.size) == ("PNG", pytest.approx(2 * width, abs=2), pytest.approx(2 * height, abs=2))
        assert len(drawn.convert("RGB").getcolors(1 << 24)) > 50
    if tab == "graph":
        return  # which is saved whole, at a scale of its own
    # By itself it looks as it does on the page.
    alone = open_page(path, viewport={"width": round(width), "height": round(height)}, color_scheme="light")
    assert alone.evaluate("document.documentElement.tagName") == "svg"
    assert unlike(explorer.page.locator(".diagram").screenshot(), alone.screenshot()) < 0.02


def test_copying_where_the_browser_does_not_let(opened: Any) -> None:
    explorer = opened("tutorial")
    explorer.show("neurons")
    explorer.select("w5")
    explorer.page.evaluate("() => { navigator.clipboard.writeText = async () => { throw new Error('no'); }; }")
    explorer.button("text")
    explorer.settle()
    field = explorer.page.get_by_label("Text to copy")
    assert field.is_visible()
    assert field.input_value().startswith("dE_total/dw5 = ")
    assert explorer.page.evaluate("document.activeElement.tagName") == "TEXTAREA"
    explorer.press("Tab")
    assert not field.is_visible()


# Labels and titles of others.

LABELS = [*HOSTILE, "a" * 3000, *["paired"] * (len(HOSTILE) % 2 == 0)]
HALF = len(LABELS) // 2  # of them are labels of inputs; the rest are of parameters, and so in the heading of a table


def hostile_page(**options: Any) -> Any:
    leaves = [Value(0.1 + 0.01 * k, label) for k, label in enumerate(LABELS)]
    neurons = [(w * x).tanh() for w, x in zip(leaves[HALF:], leaves[:HALF], strict=True)]
    for neuron, label in zip(neurons, LABELS, strict=False):
        neuron.label = f"out_{label}"
    result = sum(neurons) ** 2
    result.label = LABELS[0]
    title = " ".join(LABELS)
    return explore(result, title=title, parameters=leaves[HALF:], **options), result


def assert_inert(explorer: Any) -> None:
    explorer.settle()
    assert explorer.page.evaluate("window.pwned ?? ({}).pwned ?? null") is None
    found = "[...document.querySelectorAll('img, iframe, object, embed, link, base, [onload], [onerror], [onclick], [href], [src]')]"
    assert explorer.page.evaluate(f"{found}.map((each) => each.outerHTML)") == []
    assert explorer.page.evaluate("document.scripts.length") == 4


def test_labels_and_titles_are_shown_as_text(open_page: Any, tmp_path: Path) -> None:
    page, result = hostile_page()
    huge = {"viewport": {"width": 13_000, "height": 7600}, "device_scale_factor": 0.1}  # where all labels have room
    explorer = Explorer(open_page(page.save(tmp_path / "page.html"), **huge))
    for shown in (explorer.page.title(), explorer.page.locator("h1").text_content()):
        words = " ".join(shown.split())  # a title is shown with single blanks
        assert [text for text in LABELS if text.isprintable() and " ".join(text.split()) not in words] == []
    assert_inert(explorer)
    explorer.show("neurons")
    assert_inert(explorer)
    explorer.show("graph")
    items = explorer.page.locator(".computation .item[data-node]").evaluate_all(
        "(all) => all.map((each) => each.ariaLabel)"
    )
    nodes, _ = graph_of(result)
    labelled = 0
    for v, words in zip(nodes, items, strict=True):
        name = words.rpartition(": data ")[0]
        if v.label:
            assert name.removeprefix("\u2068").startswith(short_name(v.label))  # a sign that isolates Hebrew and Arabic
            labelled += 1
    assert labelled > len(LABELS)
    with explorer.unpainted():
        for place in range(0, len(nodes), 8):
            explorer.page.locator(".computation .item[data-node]").nth(place).dispatch_event("click")
            copies = explorer.page.locator(".formula-copies")
            for form in ("LaTeX", "Python", "text"):
                copies.get_by_role("button", name=form, include_hidden=True).dispatch_event("click")
    for panel in PANELS:
        explorer.panel(panel)
        assert_inert(explorer)
    explorer.train("1 round")
    explorer.press(".", ".")
    other = Explorer(open_page(download(explorer, "This page", tmp_path), **huge))
    assert_inert(other)
    assert other.numbers() == explorer.numbers()
    root = ElementTree.fromstring(download(explorer, "Diagram, SVG", tmp_path).read_bytes())
    assert {each.tag.removeprefix(SVG) for each in root.iter()} <= INERT
    assert LABELS[0] in root.find(f"{SVG}title").text
    assert download(explorer, "Diagram, PNG", tmp_path).read_bytes().startswith(b"\x89PNG")
    assert LABELS[0] in json.loads(download(explorer, "Numbers, JSON", tmp_path).read_text(encoding="utf-8"))["title"]
    table = rows_of(download(explorer, "Training, CSV", tmp_path))
    assert {len(row) for row in table} == {2 + HALF}
    assert {'"a", b', "'=1+1"} < set(table[0])
    assert not [cell for cell in table[0] if cell.startswith(("=", "+", "-", "@"))]


def test_nothing_but_the_page_s_own_script_runs(open_page: Any, tmp_path: Path) -> None:
    page = open_page(made("tutorial").save(tmp_path / "page.html"))
    page.evaluate(
        """() => {
          const script = document.createElement("script");
          script.textContent = "window.pwned = 1";
          document.body.append(script);
          document.body.insertAdjacentHTML("beforeend", `<img src="data:," onerror="window.pwned = 2">
            <p onclick="window.pwned = 3">x</p> <a href="javascript:window.pwned = 4">y</a>
            <iframe srcdoc="<script>parent.pwned = 5</script>"></iframe> <style>p { color: red }</style>`);
          document.querySelector("p[onclick]").click();
          document.querySelector("a[href]").click();
        }"""
    )
    for request in ("fetch('https://example.org/')", "import('data:text/javascript,window.pwned=6')"):
        assert page.evaluate(f"{request}.then(() => 'done', () => 'refused')") == "refused"
    page.evaluate("(async () => new WebSocket('wss://example.org'))().catch(() => null)")
    assert page.evaluate("window.pwned ?? null") is None
    assert page.locator("p[onclick]").evaluate("(each) => getComputedStyle(each).color") != "rgb(255, 0, 0)"
    errors = open_page.take_errors()
    assert len(errors) >= 8
    assert [line for line in errors if "Content Security Policy" not in line] == []
