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
