"""The explorer's quiz: it keeps what it hides, and says of an answer what is right in it."""

import functools
from typing import Any

import pytest

from tests.explorer import PANELS, graph_of, tutorial

pytestmark = [pytest.mark.extras, pytest.mark.browser]


def ask(explorer: Any, label: Any, mode: Any) -> None:
    """Hides the number of a node of the worked example, as a teacher does."""
    explorer.show("neurons")
    explorer.mode(mode)
    explorer.panel("teacher")
    explorer.show("graph")
    explorer.select(label)
    explorer.page.locator("#panel-teacher").get_by_role("button", name="Hide ").click()
    explorer.settle()


def verdict(explorer: Any, answer: Any) -> Any:
    """What is said to an answer, and the derivatives in it."""
    panel = explorer.page.locator("#panel-teacher")
    panel.get_by_label("Your answer").fill(str(answer))
    panel.get_by_role("button", name="Check", exact=True).click()
    explorer.settle()
    said = panel.locator(".teacher-verdict")
    return said.inner_text(), said.locator("[role=math]").evaluate_all("(all) => all.map((each) => each.ariaLabel)")


@functools.cache
def worked() -> Any:
    """The numbers of the worked example by their labels: (data, gradient)."""
    result = tutorial().record()
    result.backward()
    return {v.label: (v.data, v.grad) for v in graph_of(result)[0] if v.label}


def test_a_hidden_number_and_its_answers(opened: Any) -> None:
    explorer = opened("tutorial")
    ask(explorer, "w5", "gradients")
    panel = explorer.page.locator("#panel-teacher")
    for rung in (2, 0):  # by a click far below: the question is in sight with its field
        panel.locator(".ladder-rung").nth(rung).click()
        explorer.settle()
        boxes = [panel.locator(part).bounding_box() for part in (".teacher-question", "#teacher-answer")]
        seen = explorer.page.locator("#panel-teacher").bounding_box()
        assert boxes[0]["y"] >= seen["y"]
        assert boxes[1]["y"] + boxes[1]["height"] <= seen["y"] + seen["height"]
    panel.get_by_role("button", name="End").click()
    ask(explorer, "w5", "gradients")
    _, gradient = worked()["w5"]
    out, slope, signal = worked()["out_o1"][1], 0.186815601808959487, worked()["out_h1"][0]
    assert gradient == pytest.approx(out * slope * signal)
    assert verdict(explorer, "abc")[0].startswith("That is not a number.")
    assert verdict(explorer, "0.08")[0].startswith("Right so far.")
    assert not verdict(explorer, "0.1")[0].startswith("Right so far.")  # which 0.0822 is, rounded to one decimal
    for answer, mistake, factor in (
        (out * signal, "is left out", "dout_o1/dnet_o1"),
        (out * slope, "is left out", "dnet_o1/dw5"),
        (slope * signal, "is left out", "dE_total/dout_o1"),
        (gradient * slope, "is taken twice", "dout_o1/dnet_o1"),
        (out * worked()["out_o1"][0] * signal, "is taken for", "dout_o1/dnet_o1"),
        (out * slope * worked()["out_h2"][0], "is taken for", "dnet_o1/dw5"),
        (-gradient, "is taken for", "dE_total/dout_o1"),  # target - out in place of -(target - out)
    ):
        words, named = verdict(explorer, answer)
        assert words.startswith("✗ Not yet.")
        assert mistake in words
        assert named[0] == factor
    assert "comes out if the gradient is multiplied by the learning rate" in verdict(explorer, 0.5 * gradient)[0]
    assert "digits and no further" in verdict(explorer, 0.0822 * 1.001)[0]
    assert "That is too large. Go through the formula once more" in verdict(explorer, 123.456)[0]
    panel.get_by_role("button", name="Hint").click()
    assert verdict(explorer, f"{gradient:.6g}")[0].startswith("✓ Right.")
    assert panel.locator(".teacher-score").inner_text() == "1 right of 1 tried"
    assert f"{gradient:.9f}" in panel.locator(".teacher-equation").first.inner_text()
    panel.get_by_role("button", name="Next question").click()
    explorer.settle()
    panel.get_by_role("button", name="Show the solution").click()
    explorer.settle()
    assert panel.locator(".teacher-verdict").inner_text() == explorer.text("teacher.solved")
    assert panel.locator(".teacher-score").inner_text() == "1 right of 2 tried"
    panel.get_by_role("button", name="End").click()
    explorer.settle()
    assert panel.get_by_role("button", name="Choose one for me").is_visible()


def test_signs_and_summands_that_are_mistaken(opened: Any) -> None:
    explorer = opened("tutorial")
    ask(explorer, "out_h1", "gradients")
    first, second = 0.05539942465142279, -0.01904911825827811
    assert verdict(explorer, first)[0].startswith("✗ Not yet.\n\nThis is what comes out if the summand")
    assert "is left out" in verdict(explorer, first)[0]
    words, named = verdict(explorer, first - second)
    assert "comes in with the wrong sign" in words
    assert "dE_total/dnet_o2" in named
    assert verdict(explorer, first + second)[0].startswith("✓ Right.")


# Where digits stand on the page, or in it.
DIGITS = """(digits) => {
  const found = [];
  const look = (text, where) => { if (String(text).replaceAll(".", "").includes(digits)) found.push(`${where}: ${text}`.slice(0, 200)); };
  for (const element of document.querySelectorAll("html, head > :not(script, style), body, body :not(script, style)")) {
    for (const node of element.childNodes) if (node.nodeType === Node.TEXT_NODE) look(node.data, element.outerHTML.slice(0, 60));
    for (const { name, value } of element.attributes) look(value, `${element.tagName} ${name}`);
    if (element.value) look(element.value, `${element.tagName} value`);
  }
  return found;
}"""
# The same on every tab and panel.
EVERYWHERE = f"""async ([digits, panels]) => {{
  const found = [];
  const click = (selector) => {{
    document.querySelector(selector).click();
    return new Promise(requestAnimationFrame);
  }};
  for (const [tab, mode] of [["neurons", "values"], ["neurons", "gradients"], ["graph", "values"]]) {{
    await click(`[data-mode=${{mode}}]`);
    await click(`[data-tab=${{tab}}]`);
    for (const panel of panels) {{
      await click(`#tab-${{panel}}`);
      found.push(...({DIGITS})(digits).map((where) => `${{tab}}, ${{mode}}, ${{panel}}: ${{where}}`));
    }}
  }}
  return found;
}}"""


def digits_of(x: Any) -> Any:
    return f"{abs(x):.8e}".replace(".", "")[:7]


def test_a_hidden_number_is_nowhere_on_the_page(opened: Any) -> None:
    explorer = opened("tutorial")
    explorer.show("neurons")
    for label, mode in (("w5", "gradients"), ("out_h1", "gradients"), ("out_o1", "values")):
        digits = digits_of(worked()[label][mode == "gradients"])
        if label == "w5":  # all panels and diagrams are drawn, with the number in them
            assert len(explorer.page.evaluate(EVERYWHERE, [digits, PANELS])) > 5
        assert len(explorer.page.evaluate(DIGITS, digits)) > 1
        ask(explorer, label, mode)
        assert explorer.page.evaluate(DIGITS, digits) == []
        assert explorer.page.evaluate(EVERYWHERE, [digits, PANELS]) == []
        explorer.panel("formula")
        explorer.select(label)
        for form in (2, 3, 4):
            copied = explorer.copied(f".formula-copies :nth-child({form})")
            assert digits not in copied.replace(".", "")
            assert "?" in copied
        explorer.panel("teacher")
        explorer.button("End")


def test_a_hidden_number_stays_hidden_in_a_link(opened: Any) -> None:
    explorer = opened("tutorial")
    ask(explorer, "w5", "gradients")
    other = opened("tutorial", fragment=explorer.link().partition("#")[2])
    assert other.page.locator("#panel-teacher .teacher-question").is_visible()
    assert other.page.evaluate(DIGITS, digits_of(worked()["w5"][1])) == []
    assert verdict(other, f"{worked()['w5'][1]:.5f}")[0].startswith("✓ Right.")


def test_the_ladder_is_climbed_and_remembered(opened: Any) -> None:
    explorer = opened("tutorial")
    panel = explorer.panel("teacher")
    rungs = panel.locator(".ladder-rung")
    assert rungs.count() == 8
    rungs.nth(6).click()
    explorer.settle()
    w5, gradient = worked()["w5"]
    updated = w5 - 0.5 * gradient
    assert explorer.page.evaluate(DIGITS, digits_of(updated)) == []
    assert "goes uphill" in verdict(explorer, w5 + 0.5 * gradient)[0]
    assert rungs.nth(6).get_attribute("aria-label") == "the update of a weight, w5⁺"
    assert verdict(explorer, f"{updated:.6f}")[0].startswith("✓ Right.")
    assert rungs.nth(6).get_attribute("aria-label") == "the update of a weight, w5⁺: done"
    panel.get_by_role("button", name="Next question").click()
    explorer.settle()
    assert rungs.nth(7).get_attribute("aria-current") == "step"
    panel.get_by_role("button", name="Next question").click()  # after the last rung, other numbers
    explorer.settle()
    assert rungs.nth(0).get_attribute("aria-current") == "step"
    top = [panel.locator(part).bounding_box()["y"] for part in (".teacher", ".teacher-question")]
    assert panel.bounding_box()["y"] <= top[0] < top[1]  # the question of another network is in sight
    assert "done" not in rungs.nth(6).get_attribute("aria-label")
    assert panel.get_by_text("networks so far: 1").is_visible()
    assert explorer.state()["events"][0]["settings"] == {"seed": 1}
    explorer.button("End")
    panel.get_by_role("button", name="From the beginning").click()
    explorer.settle()
    assert not panel.get_by_text("networks so far").is_visible()
