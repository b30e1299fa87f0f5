"""What people change on a page of the explorer, as Python has it."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.explorer import (
    PANELS,
    ROUND,
    SUBJECTS,
    TRUTHS,
    Explorer,
    assert_same,
    cases,
    close,
    graph_of,
    numbers,
    put_in,
    start,
    train,
    trained_tutorial,
    truth,
)
from tinygrad_bp import Value

pytestmark = [pytest.mark.extras, pytest.mark.browser]


def said(locator: Any) -> Any:
    """The texts that say what a number was before the changes, as numbers."""
    return [float(text.split()[-1].replace("−", "-")) for text in locator.all_text_contents() if text]


def test_the_original_stays_beside_what_was_changed(opened: Any) -> None:
    explorer = opened("tutorial", "neurons", viewport={"width": 1920, "height": 1200})
    explorer.train("1 round")
    was = trained_tutorial(1)
    was.record().backward()
    explorer.change("w5", "0.9")
    ghosts = explorer.page.locator(".edit-ghost")
    assert said(ghosts) == pytest.approx([was.leaves["w5"].data], abs=1e-9)
    result = was.record()
    for mode, kind in (("values", "data"), ("gradients", "grad")):
        explorer.mode(mode)
        result.backward()
        shown = {
            label: said(explorer.page.locator(f".boxes .item[data-name='{label}'] .ghost-number"))
            for label in ("out_o1", "out_o2", "E_total")
        }
        nodes = {v.label: v for v in graph_of(result)[0]}
        for label in ("out_o1", "E_total"):
            changed = kind == "data" or label == "out_o1"
            assert shown[label] == [pytest.approx(getattr(nodes[label], kind), abs=1e-6)] * changed
        assert shown["out_o2"] == []
    curve = explorer.page.locator(".curve-ghost")
    explorer.panel("training")
    assert curve.get_attribute("d")
    explorer.panel("edit")
    explorer.button("Reset everything")
    assert explorer.status() == "Everything is as it was in the beginning."
    explorer.panel("training")
    assert (curve.get_attribute("d"), said(ghosts)) == ("", [])
    assert explorer.round() == 0
    explorer.show("graph")
    assert_same(explorer.numbers(), numbers(start("tutorial")))


REFUSED = [
    "abc",
    "",
    "1e999",
    "-1e999",
    "NaN",
    "Infinity",
    "0x10",
    "1 2",
    "1,2,3",
    "<img src=x onerror=alert(1)>",
    "九",
]


def test_what_is_no_number_is_refused(opened: Any) -> None:
    explorer = opened("tutorial")
    before = explorer.numbers()
    explorer.select("w5")
    value = explorer.page.get_by_label("Value", exact=True)
    for typed in REFUSED:
        value.fill(typed)
        value.press("Enter")
        assert explorer.status() == f"“{typed}” is not a finite number: write it like 0.15 or -1.5e-3."
    for typed in ("abc", "-1e999", "<img src=x onerror=alert(1)>"):
        explorer.change("w5", typed)
        assert explorer.status().startswith(f"“{typed}” is not a finite number")
        assert explorer.panel("edit").get_by_label("w5", exact=True).input_value() == "0.4"
    for typed in ("abc", "1e999", "0", "-1"):
        explorer.change("learning rate η", typed)
        assert explorer.status().startswith(f"“{typed}” is not a valid learning rate")
    assert explorer.numbers() == before


@pytest.mark.parametrize(
    ("typed", "number"), [("１．５", 1.5), ("−０．２５", -0.25), ("1e-3", 0.001), ("0,5", 0.5), (" 2 ", 2.0)]
)
def test_digits_of_full_width_are_digits(opened: Any, typed: str, number: float) -> None:
    explorer = opened("tutorial")
    explorer.change("w5", typed)
    assert_same(explorer.numbers(), numbers(start("tutorial", w5=number)))


@pytest.mark.parametrize(
    ("name", "label", "message"),
    [
        (
            "linear",
            "target_o2",
            "target_o2 = 1e308 was not taken: (target_o2 − out_o2)² = (1e308 − ",
        ),
        (
            "hand-made",
            "q",
            "q = 1e308 was not taken: power = 1e308³ would be ∞, which is not a finite number (round 0). It is still",
        ),
    ],
)
def test_a_number_that_makes_others_overflow_is_refused(opened: Any, name: str, label: str, message: str) -> None:
    explorer = opened(name)
    before = explorer.numbers()
    explorer.change(label, "1e308")
    assert message in explorer.status()
    assert explorer.status().endswith("Take a number nearer to 0.")
    assert explorer.numbers() == before
    assert explorer.panel("edit").get_by_label(label, exact=True).input_value() != "1e308"


def test_a_number_that_is_taken_says_what_is_not_finite_then(open_page: Any, tmp_path: Path) -> None:
    x, w = Value(2.0, "x"), Value(1.0, "w")
    root = tg.sqrt(w) * x
    root.label = "E"
    explorer = Explorer(open_page(tg.explore(root).save(tmp_path / "page.html")))
    explorer.change("w", "0")
    assert explorer.status().startswith(
        "With w = 0 some numbers are not finite: the derivative of √(w) with respect to w is ∞"
    )


@pytest.mark.parametrize("typed", ["1e308", "-1e308"])
def test_at_the_end_of_the_range_of_floats_nothing_is_drawn_that_is_no_number(opened: Any, typed: str) -> None:
    explorer = opened("tutorial")
    explorer.change("w5", typed)
    explorer.select("w5")
    assert "too near to the largest number" in explorer.panel("slope").inner_text()
    for panel in PANELS:
        explorer.panel(panel)
        assert explorer.page.evaluate(UNDEFINED) == []
    assert explorer.page.locator("[d*=NaN], [x=NaN], [cx=NaN]").count() == 0


def test_a_training_that_diverges_says_where(opened: Any) -> None:
    subject = SUBJECTS["linear"]
    explorer = opened("linear")
    explorer.change("learning rate η", "1e10")
    explorer.train("10,000 rounds")
    said = explorer.status()
    rounds = explorer.round()
    told = re.fullmatch(r"The training ends after round ([\d,]+): (.+)\. A smaller learning rate helps\.", said)
    assert told is not None, said
    assert int(told[1]) == rounds > 1
    assert "(target_o1 − out_o1)² = (" in told[2]
    assert_same(explorer.numbers(), numbers(train(subject, rounds, rate=1e10)))
    with pytest.raises(OverflowError):
        numbers(train(subject, rounds + 1, rate=1e10))
    for panel in PANELS:
        explorer.panel(panel)
        for tab in ("neurons", "graph"):
            explorer.show(tab)
            assert explorer.page.evaluate(UNDEFINED) == []
    for _ in range(2):
        explorer.press(".")  # no further
    explorer.panel("edit")
    explorer.button("Reset everything")
    explorer.train("1 round")
    assert_same(explorer.numbers(), numbers(train(subject, 1)))


# What on the page, between its tags or in them, is no number or no finite one.
UNDEFINED = r"""() => [...document.querySelectorAll("#page *")].flatMap((element) => [
  ...[...element.childNodes].filter((node) => node.nodeType === Node.TEXT_NODE).map((node) => node.data),
  ...[...element.attributes].map(({ value }) => value), element.value ?? "",
]).filter((text) => /\bNaN\b|\bundefined\b|\bnull\b|-?\binf\b|Infinity|\[object/.test(text))"""


def test_truth_tables_can_be_switched_while_it_trains(opened: Any) -> None:
    subject = SUBJECTS["xor"]
    explorer = opened("xor")
    explorer.panel("training")
    explorer.page.evaluate("document.activeElement.blur()")
    explorer.press("t")
    for name in ("and", "or", "nand", "xor", "and"):
        explorer.page.wait_for_function(f"round => {ROUND} > round", arg=explorer.round())
        explorer.click(f"[data-preset={name}]")
    explorer.page.wait_for_function(f"round => {ROUND} > round", arg=explorer.round() + 2)
    explorer.page.evaluate("document.activeElement.blur()")
    explorer.press("t")
    model, done = subject.model(), 0
    rows = subject.rows
    events = explorer.state()["events"]
    assert len(events) == 5
    for event in [*events, {"round": explorer.round()}]:
        model = train(subject, event["round"] - done, model=model, rows=rows)
        done = event["round"]
        rows = cases(truth(event["preset"])) if "preset" in event else rows
    assert_same(explorer.numbers(), numbers(put_in(model, rows[0])))
    assert explorer.page.locator("[data-preset=and]").get_attribute("aria-pressed") == "true"


def test_predictions_for_a_truth_table(opened: Any) -> None:
    explorer = opened("xor", "neurons")
    name = "nand"
    explorer.click(f"[data-preset={name}]")
    explorer.train("10,000 rounds")
    rows = cases(truth(name))
    model = train(SUBJECTS["xor"], 10_000, rows=rows)
    wanted = []
    for row in rows:
        result = put_in(model, row).record()
        [prediction] = [v.data for v in graph_of(result)[0] if v.label == "out_o1"]
        wanted.append([row["i1"], row["i2"], row["target_o1"], prediction, result.data])
    cells = explorer.page.locator(".cases tbody tr").evaluate_all(
        "(rows) => rows.map((row) => [...row.querySelectorAll('[data-value]')].map((cell) => Number(cell.dataset.value)))"
    )
    assert cells == [close(row) for row in wanted]
    assert [round(row[3]) for row in cells] == list(TRUTHS[name])
    mean = sum(row[-1] for row in wanted) / 4
    epoch = explorer.page.locator(".cases-epoch").inner_text().replace("−", "-")
    assert float(epoch.split()[-1]) == pytest.approx(mean, abs=1e-9)


def mulberry32(seed: Any) -> Iterator[Any]:
    """The generator that the page draws weights with."""
    while True:
        seed = (seed + 0x6D2B79F5) & 0xFFFFFFFF
        t = (seed ^ seed >> 15) * (seed | 1) & 0xFFFFFFFF
        t ^= (t + ((t ^ t >> 7) * (t | 61) & 0xFFFFFFFF)) & 0xFFFFFFFF
        yield 2 * ((t ^ t >> 14) / 2**32) - 1


def test_a_seed_draws_the_same_weights_again(opened: Any) -> None:
    explorer = opened("xor")
    edit = explorer.panel("edit")
    subject = SUBJECTS["xor"]
    seen = []
    for seed in (7, 4294967295, 7):
        explorer.panel("edit")
        edit.get_by_label("seed").fill(str(seed))
        explorer.button("Draw new weights")
        assert explorer.round() == 0
        # In the order of the page's parameters: the weights, and then the biases.
        drawn = dict(zip(subject.trained, mulberry32(seed), strict=False))
        assert_same(explorer.numbers(), numbers(start("xor", **drawn)))
        explorer.train("1 round")
        seen.append(explorer.numbers())
    assert seen[0] == seen[2] != seen[1]
    explorer.panel("edit")
    for seed in ("-1", "1.5", "4294967296"):
        edit.get_by_label("seed").fill(seed)
        explorer.button("Draw new weights")
        assert explorer.status() == "A seed is a whole number from 0 to 4294967295."
    assert explorer.numbers() == seen[2]
