"""The explorer in a browser: every number on its pages is Python's, at every place of a training and after every change."""

import re
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.explorer import ROOMY, SUBJECTS, assert_same, close, graph_of, numbers, put_in, start, train
from tinygrad_bp.tutorial import comparison, training
from tinygrad_bp.tutorial.figures import setup

pytestmark = [pytest.mark.extras, pytest.mark.browser]

every_subject = pytest.mark.parametrize("name", SUBJECTS)


# All numbers of the page.

NEURONS = """() => {
  const boxes = [...document.querySelectorAll(".neurons .boxes .item:not(.gone)")].map((item) => [item, item]);
  const numbers = document.querySelectorAll(".neurons .line-label");
  const lines = [...document.querySelectorAll(".neurons .lines .item")].map((item, k) => [item, numbers[k]]);
  return [...boxes, ...lines].map(([item, number]) => [Number(item.dataset.node), Number(number.dataset.value)]);
}"""
# The rows in the boxes of neurons, by the node that they are about: what is written before the number, and the number.
ROWS = """() => [...document.querySelectorAll(".neurons .boxes .item")].flatMap((item) =>
  [...item.querySelectorAll(".box-number[data-value]")].map((row) => [
    Number(item.dataset.node), row.textContent.split(" ")[0], Number(row.dataset.value),
  ]))"""


@pytest.mark.parametrize("name", ["tutorial", "xor", "linear"])
def test_the_neuron_diagram(opened: Any, name: str) -> None:
    explorer = opened(name, "neurons", viewport={"width": 1920, "height": 1200})
    explorer.train("1 round")
    after = train(SUBJECTS[name], 1)
    for leaf in after.leaves.values():
        leaf.grad = 0.0
    graphs = [tg.topological_order(model.record()) for model in (start(name), after)]
    graphs[1][-1].backward()
    wanted = {
        "values": [v.data for v in graphs[1]],
        "gradients": [v.grad for v in graphs[1]],
        "change": [new.data - old.data for old, new in zip(*graphs, strict=True)],
    }
    for mode, those in wanted.items():
        explorer.mode(mode)
        found = explorer.page.evaluate(NEURONS)
        labels = {graphs[1][place].label for place, _ in found}
        targets = {label for label in after.leaves if label.startswith("target")}  # whose gradients nobody asks for
        assert labels >= {*after.leaves, graphs[1][-1].label} - (targets if mode != "values" else set())
        assert [x for _, x in found] == close([those[place] for place, _ in found])


@pytest.mark.parametrize(
    ("name", "edits"),
    [
        ("tutorial", {"w5": "-0.75", "i1": "3", "target_o2": "1e-3", "b1": "0,5"}),
        ("xor", {"w11": "2.5e1", "i2": ".5", "target_o1": "−1", "b6": "0"}),
        ("linear", {"w1": "1E2", "b4": "-.125", "i3": "12.5"}),
        ("hand-made", {"p": "-1.75", "x": "0.1", "r": "3"}),
    ],
)
def test_every_number_at_the_start_and_after_edits(opened: Any, name: str, edits: Any) -> None:
    subject = SUBJECTS[name]
    explorer = opened(name)
    assert_same(explorer.numbers(), numbers(start(name)))
    fields = explorer.panel("edit").locator(".edit-field input")
    typed = fields.evaluate_all("(fields) => Object.fromEntries(fields.map((field) => [field.ariaLabel, field.value]))")
    assert typed == {name: repr(leaf.data).removesuffix(".0") for name, leaf in start(name).leaves.items()}
    changes = {}
    for label, typed in edits.items():
        explorer.change(label, typed)
        changes[label] = float(typed.replace(",", ".").replace("−", "-"))
        assert_same(explorer.numbers(), numbers(start(name, **changes)))
    explorer.change("learning rate η", "0.01")
    explorer.train("1 round")
    rows = [{x: changes.get(x, number) for x, number in subject.rows[0].items()}, *subject.rows[1:]]
    assert_same(explorer.numbers(), numbers(train(subject, 1, model=start(name, **changes), rows=rows, rate=0.01)))


def test_other_activations(opened: Any) -> None:
    explorer = opened("xor")
    pairs = ("tanh relu", "relu softplus", "softplus tanh", "sigmoid sigmoid")
    for hidden, output in map(str.split, pairs):
        explorer.choose("hidden activation", hidden)
        explorer.choose("output activation", output)
        model = put_in(SUBJECTS["xor"].model(hidden, output), SUBJECTS["xor"].rows[0])
        assert_same(explorer.numbers(), numbers(model))


def test_other_activations_of_the_worked_example(opened: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    explorer = opened("tutorial")
    explorer.choose("hidden activation", "tanh")
    explorer.choose("output activation", "tanh")
    monkeypatch.setattr("tinygrad_bp.tutorial.network.sigmoid", tg.tanh)
    assert_same(explorer.numbers(), numbers(start("tutorial")))
    explorer.train("1 round")
    assert_same(explorer.numbers(), numbers(train(SUBJECTS["tutorial"], 1)))


# The formula panel, node by node: rows of numbers, what they come to, and what is copied.
FORMULAS = """async () => {
  let copied = null;
  const clipboard = { writeText: async (words) => { copied = words; } };
  Object.defineProperty(navigator, "clipboard", { value: clipboard, configurable: true });
  const written = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return node.data;
    if (node.tagName === "DATA") return node.value;
    if (node.tagName === "SUP") return ` ** ${node.textContent}`;
    return node.matches(".name, .fraction") ? "NAME" : [...node.childNodes].map(written).join("");
  };
  const found = [];
  for (const item of document.querySelectorAll(".computation .item[data-node]")) {
    item.dispatchEvent(new MouseEvent("click", { bubbles: true }));
    await new Promise(requestAnimationFrame);
    const parts = [...document.querySelectorAll(".formula-part")].map((part) => [
      part.querySelector("h3").textContent, [...part.querySelectorAll(".formula-row .formula-right")].map(written),
    ]);
    const copies = [...document.querySelectorAll(".formula-copies button")].map((button) => (button.click(), copied));
    found.push([Object.fromEntries(parts), copies]);
  }
  return found;
}"""
FUNCTIONS = {name: getattr(tg, name) for name in ("sigmoid", "tanh", "exp", "log", "maximum", "logsumexp", "dot")}


def computed(row: Any) -> Any:
    """What a row of the panel comes to."""
    text = row.rsplit(" = ", 1)[-1].replace("·", "*").replace("−", "-").replace("σ(", "sigmoid(")
    return float(eval(text, dict(FUNCTIONS)))


@pytest.mark.parametrize("name", ["tutorial", "hand-made"])
def test_formulas(opened: Any, name: str) -> None:
    subject = SUBJECTS[name]
    explorer = opened(name, **ROOMY)
    assert_formulas(explorer, subject, start(name), kept=False)
    explorer.switch("do not zero the gradients")
    explorer.train("1 round")
    assert_formulas(explorer, subject, train(subject, 1, keep=True), kept=True)


def assert_formulas(explorer: Any, subject: Any, model: Any, kept: Any) -> None:
    before = {label: model.leaves[label].grad for label in subject.trained}
    result = model.record()
    for leaf in model.leaves.values():
        leaf.grad = 0.0
    result.backward()
    nodes, _ = graph_of(result)
    shown = explorer.page.evaluate(FORMULAS)
    for node, (parts, (latex, python, text)) in zip(nodes, shown, strict=True):
        wanted = {"Its gradient, by the chain rule": node.grad}
        if node.args:
            wanted["Its number"] = node.data
        if node.label in subject.trained:
            wanted["Its update"] = node.data - 0.5 * (node.grad + before[node.label] * kept)
        assert parts.keys() == wanted.keys()
        for title, rows in parts.items():
            plain = [row for row in rows if "NAME" not in row.rsplit(" = ", 1)[-1]]
            assert [computed(row) for row in plain] == [close(wanted[title], 1e-16)] * len(plain), (node, rows)
            assert plain
        ran = dict(FUNCTIONS)
        exec(python, ran)
        assigned = [float(x) for x in ran.values() if isinstance(x, float | int | tg.Value)]
        for x in wanted.values():
            assert any(found == close(x, 1e-16) for found in assigned), python
        assert latex.count(r"\begin{aligned}") == latex.count(r"\end{aligned}") == len(parts)
        assert latex.count("{") == latex.count("}")
        assert text.count("\n\n") == len(parts) - 1


# The worked example's figures, each by its four ways.
def test_the_check_of_the_worked_example(opened: Any) -> None:
    found = comparison.compare(rounds=1)
    run = training.train(setup(float), 9999)
    explorer = opened("tutorial")
    panel = explorer.panel("truth")
    panel.locator(".truth-notes li").first.wait_for()  # the trainings of the text are computed in slices
    rows = panel.locator("tr:has(td)").evaluate_all(
        "(rows) => rows.map((row) => [...row.cells].map((cell) => cell.title || cell.textContent))"
    )
    verdicts = explorer.page.locator("#panel-truth .truth-verdict").all_inner_texts()
    assert len(rows) == len(verdicts) == len(found.rows) == 31
    formulas = explorer.page.locator("#panel-truth .truth-figure .truth-line > span:first-child").all_text_contents()
    assert len(formulas) == 31
    assert formulas[:2] == ["neth1 = w1 · i1 + w2 · i2 + b1", "outh1 = σ(neth1)"]
    for row, (printed, *numbers_shown), verdict in zip(found.rows, rows, verdicts, strict=True):
        last = row.quantity == "E_total after 10000 rounds"
        wanted = [run.errors[-1]] * 2 + [None] if last else [row.hand, row.autograd, row.difference]
        assert printed.replace("−", "-") == row.printed
        assert [float(x) if x != "·" else None for x in numbers_shown[:2]] == [close(x) for x in wanted[:2]]
        if wanted[2] is None:
            assert numbers_shown[2] == "·"
        else:
            assert float(numbers_shown[2]) == pytest.approx(wanted[2], rel=1e-8)
        assert verdict[2:] == ("erratum" if last else row.verdict)


def test_the_errata_can_be_seen_happening(opened: Any) -> None:
    explorer = opened("tutorial")
    explorer.panel("truth")
    notes = explorer.page.locator(".truth-notes li")
    notes.first.wait_for()
    assert notes.locator("h3").all_inner_texts() == [explorer.text(f"truth.note{k}.title") for k in range(1, 5)]
    for figure in ("−0.019049118258", "0.29102777369", "0.29102792", "0.984065734", "0.00003510"):
        assert figure in explorer.page.locator(".truth-notes").inner_text()
    explorer.button("See it happen")
    assert "0.291028" in explorer.page.locator(".equation").inner_text()
    assert float(explorer.page.locator(".equation data").get_attribute("value")) == pytest.approx(0.291027924, abs=1e-9)
    assert explorer.round() == 1
    assert explorer.panel("edit").get_by_label("sequential update").is_checked()


@pytest.mark.parametrize("name", ["xor", "hand-made"])
def test_the_check_and_the_paths_of_other_graphs(opened: Any, name: str) -> None:
    explorer = opened(name)
    model = start(name)
    numbers(model)
    rows = (
        explorer.panel("truth")
        .locator("tbody tr")
        .evaluate_all("(rows) => rows.map((row) => [...row.cells].map((cell) => cell.title || cell.textContent))")
    )
    assert sorted(row[0] for row in rows) == sorted(SUBJECTS[name].trained)
    for label, autograd, difference, _, verdict in rows:
        assert float(autograd) == close(model.leaves[label].grad)
        assert float(difference) == pytest.approx(float(autograd), rel=1e-6, abs=1e-10)
        assert verdict == "✓ agrees"

    panel = explorer.panel("paths")
    for label in SUBJECTS[name].trained[-5:]:
        panel.get_by_label("from").select_option(label=label)
        explorer.settle()
        wanted = model.leaves[label].grad
        assert float(panel.locator(".paths-total data").get_attribute("title")) == close(wanted, 1e-16)
        said = [
            re.sub("[ %]", "", words.replace("−", "-")) for words in panel.locator(".paths-amount").all_inner_texts()
        ]
        products = [float(words.split()[0]) for words in said]
        assert sum(products) == pytest.approx(wanted, rel=1e-7, abs=1e-9)
        shares = [float(share) for words in said for share in words.split()[1:]]
        if max(map(abs, products)) <= 20 * abs(
            wanted
        ):  # of a whole from which terms nearly cancel, no part makes sense
            assert sum(shares) == pytest.approx(100 * (wanted != 0), abs=0.3)


# Both diagrams.


def lit(explorer: Any) -> Any:
    """What is lit in the diagram: edges, and places of nodes."""
    return explorer.page.evaluate(
        """() => [
          document.querySelectorAll(".graph-line.lit").length,
          [...document.querySelectorAll(".diagram .item.lit[data-node]")].map((each) => Number(each.dataset.node)),
        ]"""
    )


def test_a_factor_lights_its_way_in_both_diagrams(opened: Any) -> None:
    explorer = opened("tutorial", **ROOMY)
    places = {v.label: k for k, v in enumerate(tg.topological_order(start("tutorial").record())) if v.label}
    explorer.select("w5")
    factor = explorer.page.locator('.formula-equation [aria-label="dout_o1/dnet_o1"]').first
    factor.hover()
    explorer.settle()
    assert lit(explorer) == [1, [places["net_o1"], places["out_o1"]]]
    explorer.show("neurons")
    assert lit(explorer) == [0, []]
    factor.focus()
    explorer.settle()
    assert places["out_o1"] in lit(explorer)[1]
    assert not {places["out_h1"], places["w1"]} & set(lit(explorer)[1])
    factor.blur()
    explorer.settle()
    assert lit(explorer) == [0, []]


def test_paths_light_their_edges(opened: Any) -> None:
    explorer = opened("tutorial", **ROOMY)
    panel = explorer.panel("paths")
    panel.get_by_label("from").select_option(label="w1")
    explorer.settle()
    order = tg.topological_order(start("tutorial").record())
    labels = {label: k for k, label in enumerate(v.label for v in order)}
    edges, nodes = lit(explorer)
    assert {labels[x] for x in ("w1", "net_h1", "out_h1", "net_o1", "net_o2", "E_o1", "E_o2", "E_total")} <= set(nodes)
    assert not {labels[x] for x in ("w2", "i1", "b1", "out_h2", "target_o1")} & set(nodes)
    ways = panel.locator(".paths-path")
    assert ways.count() == 2
    parts = []
    for k in range(2):
        ways.nth(k).focus()
        explorer.settle()
        parts.append(lit(explorer))
        assert parts[k][0] < edges
    assert set(parts[0][1]) | set(parts[1][1]) == set(nodes)
    assert labels["out_o1"] in set(parts[0][1]) ^ set(parts[1][1])
