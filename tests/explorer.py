"""Pages of the explorer for tests: each made once, used as people use it, and read to the last digit; and the same numbers from Python."""

import base64
import functools
import json
import re
from collections.abc import Callable
from typing import Any, NamedTuple

import tinygrad_bp as tg
from tinygrad_bp import MLP, Value, explore
from tinygrad_bp.losses import squared_error
from tinygrad_bp.tutorial.figures import setup
from tinygrad_bp.tutorial.network import forward
from tinygrad_bp.value import Constant, topological_order


class Model(NamedTuple):
    """Leaves by their labels, and a function that records the graph of the result for the numbers that are in them now."""

    leaves: dict[str, Value]
    record: Callable[[], Value]


class Numbers(NamedTuple):
    """What a page shows of a graph: of each node but constants data and gradient, and of each edge the local derivative."""

    data: list[float]
    grads: list[float]
    slopes: list[float]


class Subject(NamedTuple):
    """What a page is about, without any part of the explorer."""

    model: Callable[..., Model]
    rows: list[dict[str, float]]  # what each case sets
    trained: list[str]


def tutorial():
    leaves = {name: Value(x, name) for name, x in setup(float).items() if name != "eta"}
    return Model(leaves, lambda: forward(**leaves)["E_total"])


def of_net(net):
    inputs = [Value(0.0, f"i{k + 1}") for k in range(net.widths[0])]
    targets = [Value(0.0, f"target_o{k + 1}") for k in range(net.widths[-1])]
    leaves = {leaf.label: leaf for leaf in [*inputs, *targets, *net.weights, *net.biases]}
    return Model(leaves, lambda: squared_error(net(inputs), targets))


def truth_net(hidden="sigmoid", output="sigmoid"):
    return MLP(2, [5, 1], activation=[hidden, output], seed=2, init="uniform", separate_products=True)


def linear_net():
    return MLP(3, [2, 2], activation=["tanh", None], seed=5)


LINEAR_ROWS = [([0.5, -1.0, 0.25], [0.3, -0.6]), ([1.0, 0.0, -0.5], [1.0, 0.2]), ([-0.75, 0.5, 2.0], [-0.4, 0.1])]
HAND_MADE = {"x": 1.5, "y": -0.5, "p": 0.8, "q": 1.25, "r": -0.3}


def hand_made():
    leaves = {name: Value(number, name) for name, number in HAND_MADE.items()}

    def record():
        x, y, p, q, r = leaves.values()
        square = p * p
        power = q**3
        grown = (r * x).exp()
        top = tg.maximum(square, r)
        soft = tg.logsumexp([p, q * y, 0.0])
        product = tg.dot([square, power, p], [grown, 0.5, y])
        for label, node in zip(["square", "power", "grown", "top", "soft", "product"], [square, power, grown, top, soft, product], strict=True):
            node.label = label
        result = (product + soft - top) ** 2 / 4
        result.label = "loss"
        return result

    return Model(leaves, record)


def cases(rows):
    return [
        {f"{name}{k}": x for name, numbers in zip(("i", "target_o"), row, strict=True) for k, x in enumerate(numbers, 1)}
        for row in rows
    ]


WEIGHTS = [f"w{k}" for k in range(1, 9)]
TRUTH = [([a, b], [float(a != b)]) for a in (0.0, 1.0) for b in (0.0, 1.0)]
SUBJECTS = {
    "tutorial": Subject(tutorial, [{}], WEIGHTS),
    "xor": Subject(lambda *kinds: of_net(truth_net(*kinds)), cases(TRUTH), [v.label for v in truth_net().parameters()]),
    "linear": Subject(lambda: of_net(linear_net()), cases(LINEAR_ROWS), [v.label for v in linear_net().parameters()]),
    "hand-made": Subject(hand_made, [{}], ["p", "q", "r"]),
}


@functools.cache
def made(name):
    """The page of a subject."""
    if name == "linear":
        return explore(linear_net(), rows=LINEAR_ROWS, title="Three rows")
    return explore(hand_made().record()) if name == "hand-made" else explore(name)


def numbers_of(result):
    """What backward() makes of a graph that was just recorded."""
    result.backward()
    nodes = [v for v in topological_order(result) if not isinstance(v, Constant)]
    slopes = [d for v in nodes for x, d in zip(v.args, v.local_derivatives, strict=True) if not isinstance(x, Constant)] 
    return Numbers([v.data for v in nodes], [v.grad for v in nodes], slopes)


READ = """() => {
  const number = (element) => element.dataset.value === "" ? null : Number(element.dataset.value);
  const boxes = [...document.querySelectorAll(".computation .item[data-node]")].map((item) => [...item.querySelectorAll(".node-number")]);
  return [boxes.map(([data]) => number(data)), boxes.map(([, grad]) => number(grad)), [...document.querySelectorAll(".slope")].map(number)];
}"""
SETTLED = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


class Explorer:
    """A page of the explorer in a browser, and what people do there."""

    def __init__(self, page):
        self.page = page
        page.set_default_timeout(5000)

    def settle(self):
        """Waits until the page shows what was done."""
        self.page.evaluate(SETTLED)

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def click(self, selector):
        self.page.click(selector)
        self.settle()

    def button(self, name, within="main"):
        self.page.locator(within).get_by_role("button", name=name, exact=True).click()
        self.settle()

    def show(self, tab):
        """The neuron diagram or the computation graph, on the full page."""
        if self.page.locator("body.simple").count():
            self.page.click(".main-actions .link")
        self.click(f"[data-tab={tab}]")

    def panel(self, name):
        self.click(f"#tab-{name}")
        return self.page.locator(f"#panel-{name}")

    def set(self, label, typed):
        """Types into a field of the panel on which things are changed."""
        field = self.panel("edit").get_by_label(label, exact=True)
        field.fill(str(typed))
        field.press("Enter")
        field.blur()
        self.settle()

    def switch(self, label, on=True):
        self.panel("edit").get_by_label(label).set_checked(on)
        self.settle()

    def select(self, name):
        """Chooses a node of the diagram by its name, as the keyboard does."""
        item = self.page.locator(f'.diagram .item[aria-label^="{name}:"]').first
        item.focus()
        self.press("Enter")

    def numbers(self):
        """What the computation graph shows; None for what is not reached yet."""
        self.settle()
        return Numbers(*self.page.evaluate(READ))

    def status(self):
        return self.page.locator(".status").inner_text()

    def round(self):
        """The round that is shown, and its error as it is written."""
        words = self.page.locator(".curve-readout").inner_text()
        round, error = re.fullmatch(r"Round ([\d,]+): (\S+)", words).groups()
        return int(round.replace(",", "")), float(error.replace("−", "-"))


def fragment(state):
    """The part of a link after the #."""
    return f"s={base64.urlsafe_b64encode(json.dumps(state).encode()).decode().rstrip('=')}"
