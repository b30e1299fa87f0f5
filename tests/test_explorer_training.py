"""The explorer in a browser: stepping through a round, training, and what people change on the way, each as Python has it."""

import re

import pytest

from tests.explorer import (
    READ,
    ROUND,
    SUBJECTS,
    TRUTHS,
    WEIGHTS,
    Numbers,
    assert_same,
    cases,
    close,
    graph_of,
    numbers,
    put_in,
    start,
    train,
    truth,
)
from tinygrad_bp.tutorial import training
from tinygrad_bp.tutorial.figures import setup

pytestmark = [pytest.mark.extras, pytest.mark.browser]


def trained_tutorial(rounds, **options):
    return put_in(start("tutorial"), training.train(setup(float), rounds, **options).parameters)


# Stepping.


@pytest.mark.parametrize("name", ["tutorial", "hand-made"])
def test_steps_cover_everything_once_forward_and_back(opened, name):
    subject = SUBJECTS[name]
    explorer = opened(name)
    model = start(name)
    whole = numbers(model)
    nodes, edges = graph_of(model.record())
    explorer.page.locator(".controls select").select_option("node")
    explorer.button("Begin this round")
    begin = explorer.numbers()
    computed = [k for k, v in enumerate(nodes) if v.args]
    assert_same(begin, ([None if v.args else v.data for v in nodes], [None] * len(nodes)))
    shown = explorer.page.locator(".computation .item[data-node]").nth(computed[0])
    assert shown.get_attribute("aria-label").endswith(": data ·, gradient ·")

    kinds = {"forward": len(computed), "seed": 1, "backward": len(edges), "update": len(subject.trained)}
    found = explorer.walk(".", sum(kinds.values()))
    states = iter(
        zip(
            [begin, *(there for there, _ in found)],
            [there for there, _ in found],
            [caption for _, caption in found],
            strict=False,
        )
    )
    for _ in computed:
        before, after, _ = next(states)
        [k] = [k for k in computed if before.data[k] is None and after.data[k] is not None]
        assert after.data[k] == close(whole.data[k])
        assert all(before.data[nodes.index(x)] is not None for head, x, _ in edges if head is nodes[k])
        assert after.grads == before.grads
    before, after, _ = next(states)
    assert (after.data, after.grads) == (close(whole.data), [0.0] * (len(nodes) - 1) + [1.0])
    left = list(edges)
    for _ in edges:
        before, after, (so_far, slope, arriving, total) = next(states)
        changed = {k for k, (x, y) in enumerate(zip(before.grads, after.grads, strict=True)) if x != y}
        # What it adds is that of an edge, to whose head everything has come that comes.
        fits = [
            (head, x, d) for head, x, d in left
            if {nodes.index(x)} >= changed and d == close(slope) and after.grads[nodes.index(x)] == close(total)
            and before.grads[nodes.index(head)] == close(arriving) and not any(other is head for _, other, _ in left)
        ]  # fmt: skip
        assert fits
        left.remove(fits[0])
        assert before.grads[nodes.index(fits[0][1])] == close(so_far)
        assert so_far + slope * arriving == close(total, 1e-16)
    assert (left, after.grads) == ([], close(whole.grads))
    updated = list(whole.data)
    for _ in subject.trained:
        before, after, _ = next(states)
        [k] = [k for k, (x, y) in enumerate(zip(before.data, after.data, strict=True)) if x != y]
        assert nodes[k].label in subject.trained
        updated[k] -= 0.5 * whole.grads[k]
        assert after.data == close(updated)
    assert {v.label for v, x, y in zip(nodes, whole.data, updated, strict=True) if x != y} == set(subject.trained)

    if name == "hand-made":
        back = explorer.walk(",", len(found))
        assert back == [*found[-2::-1], (begin, back[-1][1])]


def test_the_output_of_a_neuron_gets_its_gradient_in_two_additions(opened):
    explorer = opened("tutorial")
    model = start("tutorial")
    result = model.record()
    result.backward()
    nodes, edges = graph_of(result)
    [wanted] = [v.grad for v in nodes if v.label == "out_h1"]
    explorer.page.locator(".controls select").select_option("node")
    explorer.select("out_h1")
    explorer.button("Begin this round")
    lines = explorer.page.evaluate(
        """async (count) => {
          const found = [];
          for (let k = 0; k < count; k++) {
            document.body.dispatchEvent(new KeyboardEvent("keydown", { key: ".", bubbles: true }));
            await new Promise(requestAnimationFrame);
            const line = document.querySelector(".formula-accumulation");
            if (line.checkVisibility()) found.push([...line.querySelectorAll("data")].map((data) => Number(data.value)));
          }
          return found;
        }""",
        len(nodes) + len(edges),
    )
    assert len(lines) == 2
    (none, slope, upstream, part), (before, other_slope, other_upstream, total) = lines
    assert (none, part, before, total) == (0.0, close(slope * upstream), part, close(wanted))
    assert before + other_slope * other_upstream == close(total)
    assert {slope, other_slope} == {0.4, 0.5}  # w5 and w7, of the ways by o1 and o2


def test_other_paces(opened):
    explorer = opened("tutorial")
    whole = numbers(start("tutorial"))
    nodes, _ = graph_of(start("tutorial").record())
    labels = [v.label for v in nodes]
    after = [x - 0.5 * g * (v.label in WEIGHTS) for v, x, g in zip(nodes, whole.data, whole.grads, strict=True)]
    for pace, least, most in (("neuron", 12, 30), ("pass", 3, 3)):
        explorer.page.locator(".controls select").select_option(pace)
        explorer.slide(0.0)
        explorer.button("Begin this round")
        found = [there for there, _ in explorer.walk(".", most)]
        stops = 1 + next(k for k, there in enumerate(found) if there.data == close(after))
        assert_same(found[stops - 1], (after, whole.grads))
        assert least <= stops <= most
        for neuron in ("h1", "h2", "o1", "o2"):
            net, out = labels.index(f"net_{neuron}"), labels.index(f"out_{neuron}")
            assert all((there.data[net] is None) == (there.data[out] is None) for there in found)


def test_a_round_of_several_cases_step_by_step(opened):
    subject = SUBJECTS["linear"]
    explorer = opened("linear")
    explorer.page.locator(".controls select").select_option("pass")
    explorer.button("Begin this round")
    model = subject.model()
    for row in subject.rows:
        put_in(model, row)
        before = numbers(model)
        found = [there for there, _ in explorer.walk(".", 3)]
        assert_same((found[0].data, found[1].grads), (before.data, before.grads))
        model = train(subject, 1, model=model, rows=[row])
        explorer.press(".")
    assert explorer.round() == 1
    explorer.button("Show all numbers")
    assert_same(explorer.numbers(), numbers(train(subject, 1)))
    explorer.press(*[","] * 4)
    assert explorer.page.locator(".cases-row[aria-pressed=true]").inner_text() == "3"
    assert explorer.round() == 0


def test_playing_and_pausing(opened):
    explorer = opened("tutorial")
    clock = explorer.page.clock
    clock.install()

    def caption(milliseconds):
        clock.run_for(milliseconds)
        return explorer.page.locator(".caption").inner_text()

    explorer.page.get_by_role("slider", name="speed").first.fill("3")
    explorer.page.locator(".caption").click()
    explorer.page.keyboard.press("k")
    played = {caption(1000) for _ in range(5)}
    assert len(played) == 5
    explorer.page.keyboard.press("k")
    there = caption(100)
    assert there == caption(5000)
    explorer.page.keyboard.press("k")
    assert caption(1000) != there
    explorer.page.keyboard.press("Escape")
    assert caption(100) == caption(5000)
    explorer.page.locator(".controls").get_by_role("button", name="Play").click()
    explorer.page.get_by_role("slider", name="speed").first.fill("5")
    assert caption(1000) != caption(200)


# Training.

ERRORS = {(False, False): "0.291027774", (True, False): "0.291027924"}


@pytest.mark.parametrize("biases", [False, True])
def test_training_the_worked_example(opened, biases):
    explorer = opened("tutorial")
    explorer.switch("train the biases", biases)
    nodes, _ = graph_of(start("tutorial").record())
    found = dict(zip((v.label for v in nodes), explorer.numbers().grads, strict=True))
    # from a computation of its own, to 15 digits
    assert (found["b1"], found["b2"]) == pytest.approx((0.018725609394704, 0.100400325112001), abs=5e-16)
    for sequential in (False, True):
        way = {"sequential": sequential, "train_biases": biases}
        explorer.slide(0.0)
        explorer.switch("sequential update", sequential)
        for rounds, name in ((1, "1 round"), (10_001, "10,000 rounds")):
            explorer.train(name)
            assert explorer.round() == rounds
            found, wanted = explorer.numbers(), numbers(trained_tutorial(rounds, **way))
            if sequential:
                assert found.data == close(wanted.data)  # what is shown for gradients is not that of anything
            else:
                assert_same(found, wanted)
            if rounds == 1:
                assert ERRORS.get((sequential, biases), "") in explorer.status()
        for share in (0.3, 0.75, 0.0):
            explorer.slide(share)
            assert explorer.numbers().data == close(numbers(trained_tutorial(explorer.round(), **way)).data)


# What is left of an error that training has brought to nothing is rounding, which no two computers do alike.
LEARNED = {"tutorial": 0.0, "xor": 0.0, "linear": 1e-12, "hand-made": 1e-12}


@pytest.mark.parametrize("name", SUBJECTS)
def test_training(opened, name):
    subject = SUBJECTS[name]
    explorer = opened(name)
    for keep in (False, True):
        explorer.switch("do not zero the gradients", keep)
        kept = subject.trained if keep else ()
        explorer.train("1 round")
        assert_same(explorer.numbers(), numbers(train(subject, 1, keep=keep), kept))
        if not keep or name == "tutorial":  # others take long, or swing without end
            explorer.train("10,000 rounds")
            for share in (1.0, 0.5):
                explorer.slide(share)
                wanted = train(subject, explorer.round(), keep=keep)
                assert_same(explorer.numbers(), numbers(wanted, kept), LEARNED[name])
        explorer.slide(0.0)


def test_training_runs_and_pauses(opened):
    explorer = opened("tutorial")
    clock = explorer.page.clock
    clock.install()
    explorer.page.keyboard.press("t")
    clock.run_for(500)
    explorer.page.keyboard.press("t")
    clock.run_for(100)
    rounds = explorer.round()
    assert rounds > 10
    clock.run_for(500)
    assert explorer.round() == rounds
    found = Numbers(*explorer.page.evaluate(READ))
    assert_same(found, numbers(train(SUBJECTS["tutorial"], rounds)))


def test_ways_to_a_round(opened):
    explorer = opened("tutorial")
    errors = training.train(setup(float), 10_000).errors
    explorer.train("10,000 rounds")
    chart = explorer.page.locator(".curve-chart")
    chart.click(position={"x": chart.bounding_box()["width"] / 2, "y": 80})
    explorer.settle()
    middle = explorer.round()
    assert 10 < middle < 1000
    for name, rounds in {
        "Previous round": middle - 1,
        "Next round": middle,
        "First round": 0,
        "Last round so far": 10_000,
    }.items():
        explorer.button(name)
        assert explorer.round() == rounds
    explorer.page.locator(".curve-slider").focus()
    for key, rounds in {
        "Home": 0,
        "ArrowRight": 1,
        "ArrowUp": 2,
        "ArrowLeft": 1,
        "End": 10_000,
        "ArrowDown": 9_999,
    }.items():
        explorer.press(key)
        assert explorer.round() == rounds
    wanted = explorer.page.get_by_label("first round with an error below")
    for below in (0.2, 0.01, 1e-3, errors[9000]):
        wanted.fill(repr(below))
        explorer.button("Go there")
        assert explorer.round() == next(k for k, error in enumerate(errors) if error < below)
    wanted.fill("2e-5")
    explorer.button("Go there")
    assert explorer.status() == "In the 10,000 rounds so far the error has not come below 2e−5."
    explorer.button("Train until it does")
    errors = training.train(setup(float), 40_000).errors
    assert explorer.round() == next(k for k, error in enumerate(errors) if error < 2e-5)
    assert_same(explorer.numbers(), numbers(trained_tutorial(explorer.round())))


# Changes.


def said(locator):
    """The texts that say what a number was before the changes, as numbers."""
    return [float(text.split()[-1].replace("−", "-")) for text in locator.all_text_contents() if text]


def test_the_original_stays_beside_what_was_changed(opened):
    explorer = opened("tutorial", "neurons", viewport={"width": 1920, "height": 1200})
    explorer.train("1 round")
    was = trained_tutorial(1)
    was.record().backward()
    explorer.change("w5", "0.9")
    ghosts = explorer.page.locator(".edit-ghost")
    assert said(ghosts) == pytest.approx([was.leaves["w5"].data], abs=1e-9)
    result = was.record()
    for mode, kind in (("values", "data"), ("gradients", "grad")):
        explorer.click(f"[data-mode={mode}]")
        result.backward()
        shown = {
            label: said(explorer.page.locator(f".boxes .item[aria-label^='{label}:'] .ghost-number"))
            for label in ("out_o1", "out_o2", "E_total")
        }
        nodes = {v.label: v for v in graph_of(result)[0]}
        for label in ("out_o1", "E_total"):
            changed = kind == "data" or label == "out_o1"
            assert shown[label] == [pytest.approx(getattr(nodes[label], kind), abs=1e-6)] * changed
        assert shown["out_o2"] == []
    curve = explorer.page.locator(".curve-ghost")
    assert curve.get_attribute("d")
    explorer.button("Reset everything")
    assert explorer.status() == "Everything is as it was in the beginning."
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
    "９",
]


def test_what_is_no_number_is_refused(opened):
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
        assert explorer.status().startswith(f"“{typed}” is no learning rate")
    assert explorer.numbers() == before


@pytest.mark.parametrize(
    ("name", "label", "message"),
    [
        ("linear", "target_o2", "That was not changed: (target_o2 - out_o2) ** 2 = pow(1e308, 2) would be ∞"),
        (
            "hand-made",
            "q",
            "That was not changed: power = pow(1e308, 3) would be ∞, which is no finite number (round 0).",
        ),
    ],
)
def test_a_number_that_makes_others_overflow_is_refused(opened, name, label, message):
    explorer = opened(name)
    before = explorer.numbers()
    explorer.change(label, "1e308")
    assert message in explorer.status()
    assert explorer.numbers() == before
    assert explorer.panel("edit").get_by_label(label, exact=True).input_value() != "1e308"


def test_a_training_that_diverges_says_where(opened):
    subject = SUBJECTS["linear"]
    explorer = opened("linear")
    explorer.change("learning rate η", "1e10")
    explorer.train("10,000 rounds")
    rounds = explorer.round()
    told = re.fullmatch(
        r"The training ends after round ([\d,]+): (.+)\. A smaller learning rate helps\.", explorer.status()
    )
    assert told is not None, explorer.status()
    assert int(told[1]) == rounds > 1
    assert "(target_o1 - out_o1) ** 2 = pow(" in told[2]
    assert_same(explorer.numbers(), numbers(train(subject, rounds, rate=1e10)))
    with pytest.raises(OverflowError):
        numbers(train(subject, rounds + 1, rate=1e10))
    for panel in ("formula", "edit", "paths", "truth", "teacher", "export"):
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


def test_truth_tables_can_be_switched_while_it_trains(opened):
    subject = SUBJECTS["xor"]
    explorer = opened("xor")
    explorer.press("t")
    for name in ("and", "or", "nand", "xor", "and"):
        explorer.page.wait_for_function(f"round => {ROUND} > round", arg=explorer.round())
        explorer.click(f"[data-preset={name}]")
    explorer.page.wait_for_function(f"round => {ROUND} > round", arg=explorer.round() + 2)
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


def test_predictions_for_a_truth_table(opened):
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


def mulberry32(seed):
    """The generator that the page draws weights with."""
    while True:
        seed = (seed + 0x6D2B79F5) & 0xFFFFFFFF
        t = (seed ^ seed >> 15) * (seed | 1) & 0xFFFFFFFF
        t ^= (t + ((t ^ t >> 7) * (t | 61) & 0xFFFFFFFF)) & 0xFFFFFFFF
        yield 2 * ((t ^ t >> 14) / 2**32) - 1


def test_a_seed_draws_the_same_weights_again(opened):
    explorer = opened("xor")
    edit = explorer.panel("edit")
    subject = SUBJECTS["xor"]
    seen = []
    for seed in (7, 4294967295, 7):
        edit.get_by_label("seed").fill(str(seed))
        explorer.button("Draw new weights")
        assert explorer.round() == 0
        # In the order of the page's parameters: the weights, and then the biases.
        drawn = dict(zip(subject.trained, mulberry32(seed), strict=False))
        assert_same(explorer.numbers(), numbers(start("xor", **drawn)))
        explorer.train("1 round")
        seen.append(explorer.numbers())
    assert seen[0] == seen[2] != seen[1]
    for seed in ("-1", "1.5", "4294967296"):
        edit.get_by_label("seed").fill(seed)
        explorer.button("Draw new weights")
        assert explorer.status() == "A seed is a whole number from 0 to 4294967295."
    assert explorer.numbers() == seen[2]
