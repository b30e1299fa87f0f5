"""A neuron opened on the page, and what the error makes of outputs, in a browser."""

import math
from pathlib import Path
from typing import Any

import pytest

from tests.explorer import Explorer, close, linear_net, start
from tinygrad_bp import MLP, explore
from tinygrad_bp.core.order import topological_order

pytestmark = [pytest.mark.extras, pytest.mark.browser]


def card(page: Any, within: str) -> Any:
    lines = page.locator(f"{within} .neuron-line data").all()
    return [float(line.get_attribute("value") or "nan") for line in lines]


def test_a_neuron_opens_where_someone_points_or_chooses(opened: Any) -> None:
    explorer = opened("tutorial", "neurons")
    page = explorer.page
    explorer.press("Escape")
    model = start("tutorial")
    result = model.record()
    result.backward()
    graph = {v.label: v for v in topological_order(result)}
    net, out = graph["net_o1"], graph["out_o1"]
    slope = out.data * (1 - out.data)
    wanted = [net.data, out.data, slope, out.grad, out.grad * slope]
    hover = page.locator(".hover-card")
    assert hover.is_hidden()
    page.locator(".diagram .item[data-name='out_o1'] .box").hover()
    explorer.settle()
    assert card(page, ".hover-card") == close(wanted)
    assert hover.evaluate("(card) => getComputedStyle(card).pointerEvents") == "none"
    page.mouse.move(2, 2)
    explorer.settle()
    assert hover.is_hidden()
    page.locator(".diagram .item[data-name='out_o1']").focus()
    explorer.settle()
    assert (
        page.locator("main > [aria-live]")
        .inner_text()
        .startswith("o1: net input 1.1059, output 0.7514, slope 0.1868, δ 0.1385")
    )
    page.keyboard.press("Enter")
    explorer.settle()
    assert hover.is_hidden()
    assert card(page, "#panel-formula") == close(wanted)
    sizes = [float(bar.get_attribute("value")) for bar in page.locator(".layer-row data").all()]
    assert sizes == close([sum(abs(graph[f"net_{a}{k}"].grad) for k in (1, 2)) / 2 for a in "ho"])
    assert page.locator(".badge", has_text="saturated").count() == 0
    explorer.change("b1", 9)
    assert page.locator(".badge", has_text="saturated: slope").count() == 2
    assert page.locator(".item.blocked").count() == 2


@pytest.mark.parametrize(
    ("activation", "bias", "case", "says"),
    [
        ("relu", 1, 1, ""),
        ("relu", 0, 2, "Off here: in this case the curve is flat"),
        ("relu", -9, 1, "Dead: the curve is flat in every case"),
        ("sigmoid", 9, 1, "Saturated: the curve is nearly flat here"),
    ],
)
def test_an_opened_neuron_says_in_words_what_its_badge_means(
    open_page: Any, tmp_path: Path, activation: str, bias: float, case: int, says: str
) -> None:
    made = explore(
        MLP(2, [1, 1], activation=[activation, None], seed=1), rows=[([1.0, 0.0], [1.0]), ([0.0, 1.0], [0.0])]
    )
    explorer = Explorer(open_page(made.save(tmp_path / "page.html"), viewport={"width": 360, "height": 740}))
    explorer.rest()
    for label, number in (("w1", 1), ("w2", -1), ("b1", bias)):
        explorer.change(label, number)
    explorer.case(case)
    explorer.select("out_h1")
    words = explorer.page.locator("#panel-formula .neuron-block")
    assert words.is_visible() == bool(says)
    assert words.inner_text().startswith(says)


# Of each box and badge of the picture: whether its neuron is blocked, the term whose colour it has, and the term that it is marked as.
COLOURS = """() => {
  const style = getComputedStyle(document.documentElement);
  const paint = (colour) => Object.assign(document.createElement("p"), { style: `color: ${colour}` }).style.color;
  const terms = [0, 1, 2, 3].map((k) => paint(style.getPropertyValue(`--term-${k}`)));
  const signs = ["positive", "negative"].map((name) => paint(style.getPropertyValue(`--${name}`)));
  const marked = (each) => Number(each?.getAttribute("class").match(/term-([0-3])/)?.[1] ?? -1);
  const boxes = [...document.querySelectorAll(".neurons .item > .box")].map((box) => {
    const { stroke, strokeDasharray } = getComputedStyle(box);
    const blocked = box.parentNode.classList.contains("blocked");
    return [blocked, strokeDasharray !== "none", terms.indexOf(stroke), marked(box.parentNode), signs.indexOf(stroke)];
  });
  const badges = [...document.querySelectorAll(".neurons .badge")].filter((each) => each.textContent).map((badge) => {
    const { fill } = getComputedStyle(badge);
    return [terms.indexOf(fill), marked(badge), signs.indexOf(fill)];
  });
  return [boxes, badges];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_frame_of_a_blocked_neuron_has_no_colour_of_a_term(open_page: Any, tmp_path: Path, scheme: str) -> None:
    net = MLP(4, [8, 3], activation=["tanh", None], seed=1)
    made = explore(net, rows=[([0.3, 0.9, -0.3, -0.1], [1.0, 0.0, 0.0])], loss="cross_entropy")
    options = {"viewport": {"width": 1280, "height": 720}, "color_scheme": scheme, "reduced_motion": "reduce"}
    explorer = Explorer(open_page(made.save(tmp_path / "page.html"), **options))
    explorer.rest()
    legend = explorer.panel("settings").locator(".legend")
    said = explorer.text("legend.blocked")
    assert said not in legend.inner_text()
    for bias in ("b1", "b9"):  # of h1, and of an output, which lets everything through
        explorer.change(bias, 9)
    explorer.panel("settings")
    framed, terms = 0, set()
    for beat in range(int(explorer.page.locator(".scrubber").get_attribute("max")) + 1):
        explorer.jump(beat)
        boxes, badges = explorer.page.evaluate(COLOURS)
        assert (said in legend.inner_text()) == any(blocked for blocked, *_ in boxes)
        for blocked, dashed, colour, term, sign in boxes:
            assert dashed or not blocked
            assert colour in (term, -1)  # what the beat is about is framed in that of letters
            assert sign == -1
            framed += blocked
            terms |= {colour} if blocked else set()
        assert all((colour, sign) == (term, -1) for colour, term, sign in badges)
    assert framed > 5
    assert len(terms) > 1  # also of those that the equation names


def test_probabilities_stand_between_outputs_and_error(open_page: Any, tmp_path: Path) -> None:
    made = explore(linear_net(), rows=[([0.5, -1.0, 0.25], [1.0, 0.0])], loss="cross_entropy")
    explorer = Explorer(open_page(made.save(tmp_path / "page.html"), viewport={"width": 1400, "height": 800}))
    explorer.rest()
    explorer.press("Escape")
    page = explorer.page
    found = [float(x.get_attribute("data-value")) for x in page.locator(".probability .box-number").all()]
    outs = [value.data for value in linear_net()([0.5, -1.0, 0.25])]
    total = sum(map(math.exp, outs))
    assert found == close([math.exp(x) / total for x in outs])
    assert page.locator(".probability .badge").first.inner_html() == "softmax"
    shown = page.locator(".diagram .item[data-name='E']").get_attribute("data-value")
    assert float(shown) == close(-math.log(found[0]))


COVERED = """() => {
    const card = document.querySelector(".hover-card").getBoundingClientRect();
    return [...document.querySelectorAll(".neurons .line-label")].filter((label) => {
        const box = label.getBoundingClientRect();
        const named = label.textContent.includes("w5");
        return named && card.left < box.right && card.right > box.left && card.top < box.bottom && card.bottom > box.top;
    }).map((label) => label.textContent);
}"""


def test_the_card_covers_nothing_that_the_beat_names(opened: Any) -> None:
    explorer = opened("tutorial", "neurons", viewport={"width": 1280, "height": 720})
    explorer.press("Escape")
    explorer.jump(12)
    for name in ("out_h1", "out_o1"):
        explorer.page.locator(f".diagram .item[data-name='{name}'] .box").hover()
        explorer.settle()
        assert explorer.page.locator(".hover-card").is_visible()
        assert explorer.page.evaluate(COVERED) == []
