"""Pages of computations in which nothing is trained: they end with the gradients, and speak of no update."""

from pathlib import Path
from typing import Any

import pytest

from tests.explorer import Explorer
from tinygrad_bp import Value, explore
from tinygrad_bp.explorer.description import describe
from tinygrad_bp.explorer.subject import subject_of

pytestmark = [pytest.mark.extras]


def bill() -> Value:
    price, apples, tax = Value(100.0, "price"), Value(2.0, "apples"), Value(1.1, "tax")
    total = price * apples * tax
    total.label = "total"
    return total


def square(label: str) -> Value:
    w = Value(3.0, "w")
    y = w * w
    y.label = label
    return y


def trains(thing: Value, **options: Any) -> bool:
    given = {"rows": None, "loss": None, "parameters": None, "learning_rate": None, "title": "", **options}
    about, _ = describe(subject_of(thing, **given))
    return bool(about["trains"])


def test_what_is_trained() -> None:
    assert not trains(bill())
    assert not trains(square("y"))
    assert trains(square("E"))
    assert trains(square("y"), learning_rate=0.1)
    total = bill()
    assert trains(total, parameters=[total.args[1]])
    assert not trains(square("E"), parameters=[])


@pytest.mark.browser
@pytest.mark.parametrize(
    ("make", "language", "sentence"),
    [
        (bill, "en", "If tax were 1 more, total would be 200 more."),
        (bill, "ja", "tax が 1 増えると、total は 200 増えます。"),
        (lambda: square("y"), "en", "If w were 0.1 more, y would be about 0.6 more."),
        (lambda: 1.0 - square("y"), "en", "If w were 0.1 more, result would be about 0.6 less."),
    ],
)
def test_the_page_ends_with_the_gradients(
    open_page: Any, tmp_path: Path, make: Any, language: str, sentence: str
) -> None:
    explorer = Explorer(open_page(explore(make(), language=language).save(tmp_path / "page.html")))
    page = explorer.page
    assert page.locator("[data-phase]").count() == 2
    scrubber = page.locator(".scrubber")
    last = int(scrubber.get_attribute("max"))
    said = []
    for beat in range(last + 1):
        explorer.jump(beat)
        said.append(page.locator(".words").inner_text())
    assert sentence in said[-1].replace("\n", "")
    explorer.press(" ")
    assert scrubber.input_value() == "0"  # once more, and no second round
    explorer.press("r", "t")
    assert scrubber.input_value() == "0"
    page.locator(".more").click()
    explorer.settle()
    assert page.locator("#tab-training").count() == 0
    for tab in page.locator("[role=tab]").all():
        tab.click()
        explorer.settle()
        said.append(page.locator("#drawer").inner_text())
    for words in ("η", "learning rate", "update", "学習率", "更新"):
        assert not any(words in each for each in said), words
