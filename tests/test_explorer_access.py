"""The explorer for everyone: its first sight, by keyboard alone, for screen readers, on screens of all sizes, in two languages."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.browser import axe_violations
from tests.explorer import PANELS, ROOMY, Explorer, Model, download, made, numbers
from tests.graphs import random_graph
from tinygrad_bp import Value, explore

pytestmark = [pytest.mark.extras, pytest.mark.browser]

WIDTHS = (320, 360, 768, 1280, 2560)


@pytest.fixture
def opened(open_page: Any, tmp_path: Path) -> Any:
    """A function that opens the page of a subject, or another page."""

    def open_subject(page: Any, **options: Any) -> Any:
        page = made(page) if isinstance(page, str) else page
        return Explorer(open_page(page.save(tmp_path / "page.html"), **options))

    return open_subject


# The first sight.


@pytest.mark.parametrize("name", ["tutorial", "xor"])
def test_the_first_sight_is_the_network_and_the_player(opened: Any, name: str) -> None:
    explorer = opened(name)
    page = explorer.page
    assert page.locator("button.primary:visible").all_inner_texts() == ["Next"]
    assert page.locator(".neurons .box.neuron:visible").count() == {"tutorial": 4, "xor": 6}[name]
    for hidden in (".drawer", "[role=tab]", "input:not(.scrubber)", "select", "table"):
        assert page.locator(f"{hidden}:visible").count() == 0
    buttons = [words.strip() for words in page.locator("button:visible").all_inner_texts()]
    assert buttons == [
        "Neurons", "Graph", "English", "日本語", "↶", "↷", "Look closer", "", "Next", "Play", "Forward", "Backward", "Update",
    ]  # fmt: skip
    assert page.locator(".neurons").get_by_text("out ·").count() == {"tutorial": 4, "xor": 6}[name]  # not computed yet


# By keyboard alone.

FOCUSABLE = """() => [...document.querySelectorAll("button, input, select, textarea, summary, a[href], [tabindex='0']")].filter((each) =>
  each.checkVisibility({ contentVisibilityAuto: true }) && !each.disabled && each.tabIndex >= 0)"""


def test_the_tab_key_reaches_everything_and_leaves_again(opened: Any) -> None:
    explorer = opened("tutorial")
    page = explorer.page
    explorer.show("neurons")
    explorer.select("w5")
    for k, panel in enumerate(PANELS):
        explorer.show(("neurons", "graph")[k % 2])
        explorer.panel(panel)
        count = page.evaluate(
            f"() => {{ window.expected = ({FOCUSABLE})(); window.met = new Set(); return expected.length; }}"
        )
        assert count > 12
        page.evaluate("() => { expected[0].focus(); met.add(expected[0]); }")
        for _ in range(count + 5):
            page.keyboard.press("Tab")
            if page.evaluate("document.activeElement === document.body || !met.add(document.activeElement)"):
                break
        else:
            pytest.fail("the focus does not leave the page")
        assert (
            page.evaluate("expected.filter((each) => !met.has(each)).map((each) => each.outerHTML.slice(0, 200))") == []
        )


@pytest.mark.parametrize(
    ("name", "tab"), [("tutorial", "neurons"), ("tutorial", "graph"), ("xor", "neurons"), ("hand-made", "graph")]
)
def test_arrows_reach_every_item_of_a_diagram(opened: Any, name: str, tab: str) -> None:
    explorer = opened(name)
    explorer.show(tab)
    missed = explorer.page.evaluate(
        """() => {
          const items = [...document.querySelectorAll(".diagram .item:not(.gone)")];
          const reached = new Set([items.find((item) => item.tabIndex === 0)]);
          for (const item of reached) {
            for (const key of ["ArrowRight", "ArrowLeft", "ArrowDown", "ArrowUp"]) {
              item.focus();
              item.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
              reached.add(document.activeElement);
            }
          }
          return items.filter((item) => !reached.has(item)).map((item) => item.ariaLabel);
        }"""
    )
    assert missed == []


def test_keys(opened: Any) -> None:
    explorer = opened("tutorial")
    page = explorer.page
    selected = lambda: page.locator(".item.selected").evaluate_all("(all) => all.map((each) => each.dataset.node)")  # noqa: E731
    focused = lambda: page.evaluate("document.activeElement.dataset.node ?? null")  # noqa: E731
    explorer.press("g")
    assert page.locator(".computation").is_visible()
    explorer.press("g")
    assert page.locator(".neurons").is_visible()
    page.locator(".neurons .item[tabindex='0']").focus()
    first = focused()
    explorer.press("ArrowRight", "ArrowRight", "ArrowDown")
    assert focused() != first
    for key in ("Enter", " "):
        explorer.press(key)
        assert selected() == [focused()]
        assert page.locator(".formula-heading").is_visible()
        explorer.press("Escape")
        assert selected() == []
        explorer.press("Escape")
        assert not page.locator(".drawer").is_visible()
    page.evaluate("document.activeElement.blur()")
    places = []
    for key in (".", "ArrowRight", " ", ",", "ArrowLeft"):
        explorer.press(key)
        places.append(explorer.place())
    assert places == [1, 2, 3, 2, 1]
    explorer.press("r", "r")
    assert explorer.round() == 2
    explorer.press("g")
    explorer.press("0")
    zoom = lambda: page.locator(".computation > g").first.get_attribute("transform")  # noqa: E731
    whole = zoom()
    for key in ("+", "-"):
        explorer.press(key)
        assert zoom() != whole
        explorer.press("0")
        assert zoom() == whole
    explorer.panel("edit")
    page.locator("#tab-edit").focus()
    for key, panel in (
        ("ArrowRight", "paths"),
        ("ArrowLeft", "edit"),
        ("ArrowLeft", "training"),
        ("ArrowLeft", "slope"),
        ("ArrowLeft", "formula"),
        ("ArrowLeft", "settings"),
    ):
        explorer.press(key)
        assert page.evaluate("document.activeElement.id") == f"tab-{panel}"
        assert page.locator("[role=tabpanel]:visible").get_attribute("id") == f"panel-{panel}"
    rounds = explorer.round()
    field = explorer.panel("edit").get_by_label("w5", exact=True)
    field.focus()
    explorer.press("r", "t", "k", ".", "g")  # in a field these are letters
    assert (explorer.round(), page.locator(".computation").is_visible()) == (rounds, True)
    explorer.press("Escape")  # but for one, which leaves the panel with its field
    assert page.locator(".drawer").is_hidden()
    assert page.evaluate("document.activeElement.classList.contains('more')")
    explorer.panel("settings").locator(".help summary").click()
    page.get_by_label("single-key shortcuts").uncheck()
    explorer.press("r", "g")
    assert (explorer.round(), page.locator(".computation").is_visible()) == (rounds, True)
    page.get_by_label("single-key shortcuts").check()
    explorer.press("r")
    assert explorer.round() == rounds + 1


# For screen readers, and for eyes: every pair of a language, a scheme and a width.


@pytest.mark.parametrize(
    ("language", "scheme", "width"),
    [("en", "light", 360), ("en", "dark", 1280), ("ja", "light", 1280), ("ja", "dark", 360)],
)
def test_nothing_is_found_against_the_page(opened: Any, language: str, scheme: str, width: int) -> None:
    locale = {"en": "en-GB", "ja": "ja-JP"}[language]
    explorer = opened("tutorial", viewport={"width": width, "height": 900}, color_scheme=scheme, locale=locale)
    assert axe_violations(explorer.page) == []
    explorer.show("neurons")
    explorer.press("r")
    explorer.panel("edit").locator(".edit-field input").first.fill("0.5")
    for tab in ("neurons", "graph"):
        explorer.show(tab)
        explorer.select("w5")
        explorer.press("r", ".", ".")
        for panel in PANELS:
            explorer.panel(panel)
        # All panels at once. What was said lies over the page, and over whatever is there.
        explorer.page.evaluate(
            """() => {
              document.querySelectorAll("[role=tabpanel]").forEach((each) => { each.hidden = false; });
              document.querySelector(".status").replaceChildren();
            }"""
        )
        assert axe_violations(explorer.page) == []


OVERFLOW = """async (panels) => {
  const wide = [];
  for (const panel of panels) {
    document.getElementById(`tab-${panel}`).click();
    await new Promise(requestAnimationFrame);
    const { scrollWidth, clientWidth } = document.documentElement;
    if (scrollWidth > clientWidth) wide.push([panel, scrollWidth]);
  }
  return wide;
}"""


@pytest.mark.parametrize(("name", "language"), [("tutorial", "en"), ("xor", "ja"), ("hand-made", "en")])
def test_no_screen_is_too_narrow_or_too_wide(opened: Any, name: str, language: str) -> None:
    explorer = opened(name, locale=language)
    page = explorer.page
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        explorer.settle()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
    for tab in ("neurons", "graph")[name == "hand-made" :]:
        explorer.show(tab)
        explorer.select({"tutorial": "w5", "xor": "w11", "hand-made": "q"}[name])
        explorer.press("r", ".", ".")
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            explorer.settle()
            assert page.evaluate(OVERFLOW, PANELS) == [], (tab, width)


def test_reduced_motion_is_respected(opened: Any) -> None:
    explorer = opened("tutorial")
    explorer.show("graph")
    for motion, wanted in (("reduce", {"0s"}), ("no-preference", {"0s", "0.2s"})):
        explorer.page.emulate_media(reduced_motion=motion)
        for kind, expected in (("transitionDuration", wanted), ("animationName", {"none"})):
            found = explorer.page.evaluate(
                f"[...document.querySelectorAll('*')].map((each) => getComputedStyle(each).{kind})"
            )
            assert {each for text in found for each in text.split(", ")} == expected


def test_what_is_printed(opened: Any) -> None:
    explorer = opened("tutorial", color_scheme="dark")
    explorer.show("neurons")
    explorer.select("w5")
    page = explorer.page
    page.emulate_media(media="print")
    for kept in (".neurons", ".formula-heading", ".formula-equation", ".words", "h1"):
        assert page.locator(f"{kept}:visible").count() > 0
    for left_out in ("button", "input[type=range]", "select", ".bar", ".panel-tabs", ".help"):
        assert page.locator(f"{left_out}:visible").count() == 0, left_out
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert page.evaluate("getComputedStyle(document.querySelector('h1')).color") == "rgb(27, 31, 36)"
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert printed.count(b"/Type /Page\n") in range(1, 5)


def test_diagrams_have_names_and_are_described_in_words(opened: Any) -> None:
    explorer = opened("tutorial")
    explorer.press(".", "k", "k")
    for tab, name in (("neurons", "Neuron diagram"), ("graph", "Computation graph")):
        explorer.show(tab)
        diagram = explorer.page.locator(".diagram")
        assert diagram.get_attribute("aria-label") == name
        described = explorer.page.locator(f"#{diagram.get_attribute('aria-describedby')}").text_content()
        assert "2 inputs" in described
        assert "0.298371109" in described
        for item in diagram.locator(".item:not(.gone)").all():
            assert re.search(r"\S", item.get_attribute("aria-label"))
            assert item.get_attribute("role") == "button"


# Two languages.


def test_switching_the_language_says_everything_anew(opened: Any) -> None:
    explorer = opened("tutorial")
    explorer.show("graph")
    explorer.select("w5")
    explorer.train("1 round")
    here = explorer.numbers()
    still = explorer.text("truth.errata")  # below it trainings are computed, for as long as that takes

    def said() -> dict[str, str]:
        return {panel: explorer.panel(panel).inner_text().partition(still)[0] for panel in PANELS}

    english = said()
    explorer.panel("formula")
    explorer.button("日本語", "header")
    page = explorer.page
    assert page.evaluate("[document.documentElement.lang, document.activeElement.lang]") == ["ja", "ja"]
    assert explorer.numbers() == here
    assert page.locator(".formula-heading").inner_text().startswith("w")
    assert page.locator(".diagram .item[tabindex='0']").count() == 1
    assert page.title() == explorer.text("title.tutorial", "ja")
    # What is in English still, on the whole page: words that are the same in both languages, such as names and sigmoid.
    same = page.evaluate(
        """() => {
          const { keys, en, ja } = JSON.parse(document.getElementById("texts").textContent);
          return keys.filter((key, k) => en[k] === ja[k] && /[a-z]{3}/i.test(en[k].replace(/\\{\\w+\\}/g, "")));
        }"""
    )
    names = {"formula.latex", "formula.python", "optimizer.adam", "table.xor", "table.and", "table.nand"}
    assert set(same) == names
    for panel in PANELS:
        words = explorer.panel(panel).inner_text()
        assert words != english[panel]
        assert re.search("[ぁ-んァ-ン一-龯]", words)
    shown = page.evaluate(
        """() => [...document.querySelectorAll("#page *")].flatMap((each) => [
          each.ariaLabel, each.title, ...[...each.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data),
        ]).filter(Boolean).join("\\n")"""
    )
    left = set(re.findall(r"[A-Za-z]{4,}(?: [a-z]{2,})+", shown))
    assert left == set()
    explorer.button("English", "header")
    assert said() == english


@pytest.mark.parametrize(("locale", "language"), [("ja-JP", "ja"), ("de-DE", "en")])
def test_the_language_is_the_reader_s(opened: Any, locale: str, language: str) -> None:
    explorer = opened("tutorial", locale=locale)
    assert explorer.page.evaluate("document.documentElement.lang") == language
    assert explorer.page.title() == explorer.text("title.tutorial", language)


def test_a_page_can_have_a_language_of_its_own(opened: Any) -> None:
    explorer = opened(explore("tutorial", language="ja"), locale="en-US")
    assert explorer.page.locator("h1").inner_text() == explorer.text("title.tutorial", "ja")


# Other graphs.


def unlabelled() -> Any:
    x, w = Value(0.5), Value(-1.5)
    y = x * w
    return y * y + tg.exp(x) - w


@pytest.mark.parametrize(
    ("graph", "nodes"), [(unlabelled, 7), (lambda: random_graph(36, 900)[0], 415)], ids=["small", "415 nodes"]
)
def test_graphs_without_neurons(opened: Any, tmp_path: Path, graph: Any, nodes: int) -> None:
    result = graph()
    assert len(tg.topological_order(result)) == nodes
    explorer = opened(explore(result, learning_rate=0.5), **ROOMY)
    assert explorer.page.locator("[data-tab]").count() == 0
    assert axe_violations(explorer.page) == []
    explorer.show("graph")
    run = json.loads(download(explorer, "Numbers, JSON", tmp_path).read_text(encoding="utf-8"))
    all_of = [[*run["data"].values()], [*run["gradients"].values()], [each["value"] for each in run["derivatives"]]]
    for found, wanted in zip(all_of, numbers(Model({}, lambda: result)), strict=True):
        assert found == pytest.approx(wanted, rel=1e-12, abs=1e-12)
    explorer.page.locator(".computation .item[data-node]").nth(2).focus()
    explorer.press("Enter")
    assert explorer.page.locator(".formula-part").count() >= 1
    for panel in PANELS:
        explorer.panel(panel)
    explorer.page.evaluate("document.activeElement.blur()")
    explorer.press("r", ".", ".", ",")
    assert explorer.round() == 1
    assert explorer.page.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_a_derivative_that_is_infinite(opened: Any) -> None:
    w, x = Value(0.0, "w"), Value(2.0, "x")
    explorer = opened(explore(tg.sqrt(w) * x, learning_rate=0.5))
    assert explorer.status().startswith("Some numbers are not finite: the derivative of √(w) with respect to w is ∞")
    explorer.show("graph")
    explorer.select("w")
    for panel in PANELS:
        explorer.panel(panel)
    assert "NaN" not in explorer.page.locator("#page").inner_text()
    explorer.press("r")
    assert "the derivative of √(w) with respect to w is ∞" in explorer.status()
    assert explorer.round() == 0
    explorer.change("w", "9")
    explorer.press("r")
    assert explorer.round() == 1
