"""Formulas on the pages of the explorer: each row of numbers is the result, and what is copied runs and gives it."""

import math
import re
from pathlib import Path
from typing import Any

import pytest

import tinygrad_bp as tg
from tests.explorer import ROOMY
from tinygrad_bp import MLP, Value, explore, ops

pytestmark = [pytest.mark.extras, pytest.mark.browser]


def unlabelled() -> Any:
    w, x, b, y = Value(0.5, "w"), Value(1.5, "x"), Value(0.1, "b"), Value(0.2, "y")
    return ((w * x + b).tanh() - y) ** 2


def two_ways() -> Any:
    w, p, q = Value(0.7, "w"), Value(1.25, "p"), Value(-0.5, "q")
    u = w.sigmoid()
    v = (tg.dot([w, w], [p, q]) + 1.0) ** 0.5
    return 1.0 / (u * v.tanh() * u + 1.0) + w * w - (p * w - q) / (w**w)


def named(label: Any, other: Any) -> Any:
    a, b = Value(0.5, label), Value(2.0, other)
    c = (a * b).tanh() + a
    c.label = "c"
    return c * b


def softmax() -> Any:
    return MLP(2, [3, 3], activation=["relu", None], seed=4)


def smooth() -> Any:
    return MLP(2, [2, 2, 2, 1], activation=["gelu", "silu", "erf", "asinh"], seed=5)


PAGES = {
    "tutorial": lambda: explore("tutorial"),
    "xor": lambda: explore("xor"),
    "dots": lambda: explore(MLP(2, [3, 2], seed=1), rows=[([0.5, -1.0], [0.2, 0.8])]),
    "softmax": lambda: explore(softmax(), rows=[([0.5, -1.0], [0.0, 1.0, 0.0])], loss="cross_entropy"),
    "no labels": lambda: explore(unlabelled()),
    "smooth": lambda: explore(smooth(), rows=[([0.5, -1.0], [0.2])]),
    "two ways": lambda: explore(
        two_ways(),
    ),
    "words of Python": lambda: explore(named("lambda", "tanh")),
    "the same identifier": lambda: explore(named("a b", "a-b")),
}

# Selects each node in turn and copies in every form; the clipboard is one of the test's own. Nobody looks, and nothing is painted.
COPIES = """async () => {
  document.documentElement.style.visibility = 'hidden';
  const copied = [];
  Object.defineProperty(navigator, 'clipboard', { value: { writeText: async (text) => { copied.push(text); } }, configurable: true });
  const frame = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const found = {};
  for (const item of document.querySelectorAll('.computation [data-node]')) {
    item.dispatchEvent(new MouseEvent('click', { bubbles: true }));
    await frame();
    for (const button of document.querySelectorAll('.formula-copies button')) button.click();
    await frame();
    const [latex, python, text] = copied.splice(0);
    found[item.dataset.node] = { latex, python, text };
  }
  return found;
}"""


@pytest.fixture
def copies(open_page: Any, tmp_path: Path) -> Any:
    def open_copies(name: Any, activation: Any = None) -> Any:
        page = open_page(PAGES[name]().save(tmp_path / "page.html"), **ROOMY)
        page.locator(".more").click()
        page.locator("#tab-settings").click()
        page.get_by_role("button", name="Show all numbers").click()
        page.locator("#tab-formula").click()
        if activation:
            page.locator("#tab-edit").click()
            page.locator(".edit select").last.select_option(activation)
            page.locator("#tab-formula").click()
        graph = page.locator("[data-tab=graph]")
        if graph.is_visible():
            graph.click()
        page.locator(".computation").wait_for()
        return page.evaluate(COPIES)

    return open_copies


def close(x: Any, wanted: Any, within: float = 1e-12) -> Any:
    return math.isclose(x, wanted, rel_tol=within, abs_tol=within)


CHOICES = [(name, None) for name in PAGES] + [("tutorial", "tanh"), ("no labels", "softplus"), ("dots", "relu")]


@pytest.mark.parametrize(("name", "activation"), CHOICES)
def test_what_is_copied_gives_the_number_row_by_row_and_latex_is_balanced(
    copies: Any, name: Any, activation: Any
) -> None:
    found = copies(name, activation)
    assert found
    for node, copied in found.items():
        assert_runs(node, copied["python"])
        for equation in copied["text"].split("\n\n"):
            assert_rows_are_the_result(node, equation)
        latex = re.sub(r"\\text\{(?:[^{}]|\\[{}])*\}", "", copied["latex"])
        assert latex.count("{") - latex.count(r"\{") == latex.count("}") - latex.count(r"\}")
        assert not re.search(r"\*\*|\bsigmoid\b|\bsqrt\(|⟦|⟧", latex), latex


def assert_runs(node: str, program: str) -> None:
    names: dict[str, Any] = {}
    exec(program, names)
    for variable, wanted in re.findall(r"^(\w+) = .*  # (\S+)$", program, re.MULTILINE):
        if re.fullmatch(r"-?[\d.]+(e-?\d+)?", wanted):
            assert close(names[variable], float(wanted)), f"node {node}:\n{program}"


def assert_rows_are_the_result(node: str, equation: str) -> None:
    rows = [line.split(" = ", 1)[1] for line in equation.splitlines() if " = " in line]
    result = re.split(" = ", rows[-1])[-1]
    for row in rows:
        try:
            number = eval(re.sub(r"^.* = ", "", row).replace("·", "*").replace("−", "-"), dict(ops.OPERATIONS))
        except (NameError, SyntaxError, TypeError):
            continue  # a row of names
        if isinstance(number, float | int):
            assert close(number, float(result), 3e-7), f"node {node}:\n{equation}"
