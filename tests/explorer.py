"""Pages of the explorer for tests: each made once, used as people use it, and read to the last digit; and the same numbers from Python."""

import base64
import contextlib
import functools
import json
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import tinygrad_bp as tg
from tinygrad_bp import MLP, Value, explore
from tinygrad_bp.core.order import topological_order
from tinygrad_bp.core.value import Constant
from tinygrad_bp.networks.losses import squared_error
from tinygrad_bp.tutorial import training
from tinygrad_bp.tutorial.figures import setup
from tinygrad_bp.tutorial.network import forward

PANELS = ("formula", "slope", "training", "edit", "paths", "truth", "teacher", "export", "settings")


class Model(NamedTuple):
    """Leaves by their labels, and what records the graph of the result for the numbers that are in them now."""

    leaves: dict[str, Value]
    record: Callable[[], Value]


class Subject(NamedTuple):
    """What a page is about, without any part of the explorer."""

    model: Callable[..., Model]
    rows: Sequence[dict[str, float]]  # the numbers of the leaves that each case sets
    trained: Sequence[str]


class Numbers(NamedTuple):
    """The numbers of a graph: data and gradient of each node but constants, and the local derivative on each edge."""

    data: list[float]
    grads: list[float]
    slopes: list[float]


def tutorial() -> Any:
    leaves = {name: Value(x, name) for name, x in setup(float).items() if name != "eta"}
    return Model(leaves, lambda: forward(**leaves)["E_total"])


def of_net(net: Any) -> Any:
    inputs = [Value(0.0, f"i{k + 1}") for k in range(net.widths[0])]
    targets = [Value(0.0, f"target_o{k + 1}") for k in range(net.widths[-1])]
    leaves = {leaf.label: leaf for leaf in [*inputs, *targets, *net.weights, *net.biases]}
    return Model(leaves, lambda: squared_error(net(inputs), targets))


def truth_net(hidden: str = "sigmoid", output: str = "sigmoid") -> Any:
    """As `explore("xor")` makes it."""
    return MLP(2, [5, 1], activation=[hidden, output], seed=2, init="uniform", separate_products=True)


def linear_net() -> Any:
    return MLP(3, [2, 2], activation=["tanh", None], seed=5)


def hand_made() -> Any:
    leaves = {name: Value(x, name) for name, x in {"x": 1.5, "y": -0.5, "p": 0.8, "q": 1.25, "r": -0.3}.items()}

    def record() -> Any:
        x, y, p, q, r = leaves.values()
        named = {"square": p * p, "power": q**3, "grown": (r * x).exp(), "soft": tg.logsumexp([p, q * y, 0.0])}
        named["top"] = tg.maximum(named["square"], r)
        named["product"] = tg.dot([named["square"], named["power"], p], [named["grown"], 0.5, y])
        named["loss"] = (named["product"] + named["soft"] - named["top"]) ** 2 / 4
        for label, node in named.items():
            node.label = label
        return named["loss"]

    return Model(leaves, record)


def cases(rows: Any) -> Any:
    """The leaves of a network's inputs and targets, for rows of both."""
    kinds = ("i", "target_o")
    return [{f"{kind}{k}": x for kind, xs in zip(kinds, row, strict=True) for k, x in enumerate(xs, 1)} for row in rows]


def truth(name: Any) -> Any:
    return [([float(a), float(b)], [float(TRUTHS[name][2 * a + b])]) for a in (0, 1) for b in (0, 1)]


TRUTHS = {"xor": (0, 1, 1, 0), "or": (0, 1, 1, 1), "and": (0, 0, 0, 1), "nand": (1, 1, 1, 0)}
ROWS = [([0.5, -1.0, 0.25], [0.3, -0.6]), ([1.0, 0.0, -0.5], [1.0, 0.2]), ([-0.75, 0.5, 2.0], [-0.4, 0.1])]
WEIGHTS = [f"w{k}" for k in range(1, 9)]
SUBJECTS = {
    "tutorial": Subject(tutorial, [{}], WEIGHTS),
    "xor": Subject(
        lambda *kinds: of_net(truth_net(*kinds)), cases(truth("xor")), [v.label for v in truth_net().parameters()]
    ),
    "linear": Subject(lambda: of_net(linear_net()), cases(ROWS), [v.label for v in linear_net().parameters()]),
    "hand-made": Subject(hand_made, [{}], ["p", "q", "r"]),
}


@functools.cache
def made(name: Any) -> Any:
    """The page of a subject."""
    if name == "linear":
        return explore(linear_net(), rows=ROWS)
    return explore(hand_made().record()) if name == "hand-made" else explore(name)


def put_in(model: Any, numbers: Any) -> Any:
    for name, x in numbers.items():
        model.leaves[name].data = x
    return model


def train(
    subject: Any,
    rounds: Any,
    *,
    model: Any = None,
    rows: Any = None,
    trained: Any = None,
    rate: float = 0.5,
    keep: bool = False,
) -> Any:
    """The model after some rounds of plain gradient descent, case by case; `keep` leaves the gradients of the rounds before."""
    model = model or subject.model()
    rows, trained = rows or subject.rows, trained or subject.trained
    for _ in range(rounds):
        for row in rows:
            put_in(model, row)
            result = model.record()
            for name, leaf in model.leaves.items():
                if not keep or name not in trained:
                    leaf.grad = 0.0
            result.backward()
            for name in trained:
                model.leaves[name].data -= rate * model.leaves[name].grad
    return put_in(model, rows[0])


def graph_of(result: Any) -> Any:
    """The nodes but constants in topological order, and the edges between them: (head, tail, slope), operand by operand."""
    nodes = [v for v in topological_order(result) if not isinstance(v, Constant)]
    edges = [(v, x, slope) for v in nodes for x, slope in zip(v.args, v.local_derivatives, strict=True)]
    return nodes, [edge for edge in edges if not isinstance(edge[1], Constant)]


def numbers(model: Any, keep: Any = ()) -> Any:
    """What backward() makes of the graph. The leaves named in `keep` add it to the gradients that they have."""
    for name, leaf in model.leaves.items():
        if name not in keep:
            leaf.grad = 0.0
    result = model.record()
    result.backward()
    nodes, edges = graph_of(result)
    return Numbers([v.data for v in nodes], [v.grad for v in nodes], [slope for _, _, slope in edges])


def start(name: Any, **changes: Any) -> Any:
    """The model of a subject with the numbers of its first case, and changes to them."""
    subject = SUBJECTS[name]
    return put_in(subject.model(), {**subject.rows[0], **changes})


def close(wanted: Any, within: float = 0.0) -> Any:
    return pytest.approx(wanted, rel=1e-12, abs=within)


def assert_same(found: Any, wanted: Any, within: float = 0.0) -> None:
    """That numbers of a page are Python's; None is for what is not reached yet."""
    for kind, these, those in zip(Numbers._fields, found, wanted, strict=False):
        assert [x is None for x in these] == [x is None for x in those], kind
        assert [x for x in these if x is not None] == close([x for x in those if x is not None], within), kind


# A window in which the computation graph of each subject has room, operation by operation: what is out of sight is not drawn.
ROOMY = {"viewport": {"width": 3800, "height": 3000}, "device_scale_factor": 0.25}

# Of what is drawn in a picture: the corners of a part of it in the window, those of its letters without the room above and below them,
# and whether two rectangles, which may be turned, lie on each other by more than a pixel.
CORNERS = """
  const corners = (each, { x, y, width, height }) => {
    const { a, b, c, d, e, f } = each.getScreenCTM();
    return [[x, y], [x + width, y], [x + width, y + height], [x, y + height]].map(([p, q]) => [a * p + c * q + e, b * p + d * q + f]);
  };
  const letters = (each) => {
    const { x, y, width, height } = each.getBBox();
    return corners(each, { x, y: y + height * 0.2, width, height: height * 0.64 });
  };
  const over = (one, other) => {
    const sides = (list) => [0, 1].map((k) => [list[k][1] - list[k + 1][1], list[k + 1][0] - list[k][0]]);
    return [...sides(one), ...sides(other)].every(([p, q]) => {
      const [first, second] = [one, other].map((list) => list.map(([x, y]) => (x * p + y * q) / Math.hypot(p, q)));
      return Math.min(Math.max(...first), Math.max(...second)) - Math.max(Math.min(...first), Math.min(...second)) > 1;
    });
  };
"""
# Of the computation graph, whose boxes and edges are drawn in topological order.
READ = """
() => {
  const number = ({ dataset }) => (dataset.value === "" ? null : Number(dataset.value));
  const boxes = [...document.querySelectorAll(".computation .item[data-node]")].map((box) => box.querySelectorAll(".node-number"));
  const slopes = document.querySelectorAll(".computation .slope");
  return [boxes.map(([data]) => number(data)), boxes.map(([, grad]) => number(grad)), [...slopes].map(number)];
}
"""
# On the panel of training.
ROUND = "Number(document.querySelector('.curve-readout').textContent.match(/[\\d,]+/)[0].replaceAll(',', ''))"
DRAWN = "() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))"


class Explorer:
    """A page of the explorer in a browser, or a frame with one, and what people do there."""

    def __init__(self, page: Any) -> None:
        self.page = page
        getattr(page, "page", page).set_default_timeout(120_000)
        self.stopped = False
        self.settle()
        self.wait()  # a page that is opened far into a training goes there first, in as many pictures as that takes

    def settle(self) -> None:
        """Waits until the page shows what was done."""
        if self.stopped:
            self.run(50)
        else:
            self.page.evaluate(DRAWN)

    def stop_clock(self) -> None:
        """From now on the page's time passes only while `run` lets it: what a movement shows at a moment depends on no machine."""
        self.page.clock.install(time=0)
        self.page.clock.pause_at(1000)
        self.stopped = True

    def run(self, milliseconds: int) -> None:
        """Lets that much time pass on the page."""
        self.page.clock.run_for(milliseconds)

    def press(self, *keys: Any) -> None:
        for key in keys:
            self.page.keyboard.press(key)
        self.settle()

    def click(self, selector: Any) -> None:
        self.page.click(selector)
        self.settle()

    def button(self, name: Any, within: str = "#page") -> None:
        self.page.locator(within).get_by_role("button", name=name, exact=True).click()
        self.settle()

    def train(self, rounds: Any) -> None:
        """Presses a button of training, and waits until it is done."""
        self.panel("training")
        self.button(rounds)
        self.wait()

    def wait(self) -> None:
        """Waits until nothing plays and nothing is trained, and the page shows it."""
        # A function: an expression would be evaluated anew at every look, which the page's content-security policy forbids.
        self.page.wait_for_function("() => !document.body.classList.contains('playing')")
        self.settle()

    def show(self, tab: Any) -> None:
        """The neuron diagram or the computation graph, with all numbers of the round."""
        self.rest()
        if self.page.locator(f"[data-tab={tab}][aria-pressed=false]").count():
            self.click(f"[data-tab={tab}]")

    def rest(self) -> None:
        """Shows all numbers at once, as between two rounds, if it is in the middle of one."""
        if self.place() is not None:
            self.panel("settings")
            self.click("#panel-settings .settings-play .button")

    def case(self, number: int) -> None:
        """Looks at a case of a table; on a page without one, at the only case there is."""
        if self.page.locator(".cases").count():
            self.panel("training").locator(".cases-row").nth(number - 1).click()
            self.settle()

    def place(self) -> int | None:
        """The number of the beat that is shown; None between two rounds."""
        words = self.page.locator(".count").inner_text()
        return int(words.split()[0]) if words[0].isdigit() else None

    def begin(self) -> None:
        """Goes to the beginning of the round, before anything is computed."""
        self.jump(0)

    def jump(self, beat: int) -> None:
        """Goes to a beat by the slider of the player."""
        self.page.locator(".scrubber").evaluate(
            """(slider, beat) => {
              slider.value = String(beat);
              slider.dispatchEvent(new Event("input", { bubbles: true }));
            }""",
            beat,
        )
        self.settle()

    def pace(self, name: str) -> None:
        """Chooses what one step is: "beat", "node" or "pass"."""
        self.panel("settings").locator("select").select_option(name)
        self.settle()

    def mode(self, name: str) -> None:
        """Chooses which numbers the neuron diagram shows between rounds."""
        self.panel("settings")
        self.click(f"[data-mode={name}]")

    def panel(self, name: Any) -> Any:
        if self.page.locator("#drawer").get_attribute("hidden") is not None:
            self.click(".more")
        self.click(f"#tab-{name}")
        return self.page.locator(f"#panel-{name}")

    def change(self, label: Any, typed: Any) -> None:
        """Types into a field of the panel on which things are changed."""
        field = self.panel("edit").get_by_label(label, exact=True)
        field.fill(str(typed))
        field.blur()
        self.settle()

    def choose(self, label: Any, option: Any) -> None:
        self.panel("edit").get_by_label(label).select_option(option)
        self.settle()

    def switch(self, label: Any, on: bool = True) -> None:
        self.panel("edit").get_by_label(label).set_checked(on)
        self.settle()

    def select(self, name: Any) -> None:
        """Chooses an item of the diagram, by the keyboard."""
        named = [f'.diagram .item[aria-label^="{name}{colon}"]' for colon in ":："]
        item = self.page.locator(",".join([f'.diagram .item[data-name="{name}"]', *named]))
        with (
            contextlib.nullcontext() if item.count() else self.room(painted=True)
        ):  # what is not painted takes no focus
            item.first.focus()
            self.press("Enter")

    @contextlib.contextmanager
    def room(self, *, painted: bool = False) -> Iterator[None]:
        """A window in which the whole computation graph is drawn, for as long as it is read."""
        window = getattr(self.page, "page", self.page)
        before = window.viewport_size
        with contextlib.nullcontext() if painted else self.unpainted():
            if before["width"] >= ROOMY["viewport"]["width"]:
                yield
            else:
                self.resize(ROOMY["viewport"])
                yield
                self.resize(before)

    @contextlib.contextmanager
    def unpainted(self) -> Iterator[None]:
        """Meanwhile the page writes all that it shows, and the browser paints none of it: of a large window that takes most of the time."""
        paint = "(how) => { document.documentElement.style.visibility = how; }"
        self.page.evaluate(paint, "hidden")
        yield
        self.page.evaluate(paint, "")

    def resize(self, size: Any) -> None:
        """Makes the window as large as that, and waits until the page has heard of it and has drawn itself anew."""
        window = getattr(self.page, "page", self.page)
        window.set_viewport_size(size)
        window.wait_for_function(f"() => innerWidth === {size['width']}")
        self.settle()  # in this frame it measures its parts
        self.settle()

    def numbers(self) -> Any:
        """What the computation graph shows; None for what is not reached yet."""
        with self.room():
            return Numbers(*self.page.evaluate(READ))

    def walk(self, key: Any, count: Any) -> Any:
        """Presses a key again and again: what the computation graph shows each time, and the numbers in the caption below it."""
        program = f"""async ([key, count]) => {{
              const found = [];
              for (let k = 0; k < count; k++) {{
                document.body.dispatchEvent(new KeyboardEvent("keydown", {{ key, bubbles: true }}));
                await new Promise(requestAnimationFrame);
                const caption = [...document.querySelectorAll(".words data")].map((data) => Number(data.value));
                found.push([...({READ})(), caption]);
              }}
              return found;
            }}"""
        with self.room():
            found = self.page.evaluate(program, [key, count])
        return [(Numbers(*three), caption) for *three, caption in found]

    def text(self, key: Any, language: str = "en") -> Any:
        """One of the page's own texts."""
        texts = json.loads(self.page.locator("#texts").text_content())
        return texts[language][texts["keys"].index(key)]

    def status(self) -> Any:
        """What was said last."""
        self.settle()
        return self.page.locator(".status").inner_text()

    def round(self) -> Any:
        """The round that is shown."""
        return self.state()["view"]["round"]

    def copied(self, selector: Any) -> Any:
        """What a button copies."""
        return self.page.evaluate(
            """(selector) => {
              let copied = null;
              const clipboard = { writeText: async (words) => { copied = words; } };
              Object.defineProperty(navigator, "clipboard", { value: clipboard, configurable: true });
              document.querySelector(selector).click();
              return copied;
            }""",
            selector,
        )

    def link(self) -> Any:
        """The link to the page as it is."""
        return self.copied("[aria-describedby=exports-link]")

    def state(self) -> Any:
        """What the link holds."""
        _, found = self.link().split("#s=")
        return json.loads(base64.urlsafe_b64decode(found + "=" * (-len(found) % 4)))

    def slide(self, share: Any) -> None:
        """Moves the slider of the rounds to a part of its way."""
        self.panel("training")
        self.page.locator(".curve-slider").evaluate(
            """(slider, share) => {
              slider.value = Number(slider.min) + share * (slider.max - slider.min);
              slider.dispatchEvent(new Event("input", { bubbles: true }));
            }""",
            share,
        )
        self.settle()


def download(explorer: Any, name: Any, tmp_path: Any) -> Any:
    """What a button of the panel saves: the name it gives to the file, and the file's bytes."""
    panel = explorer.panel("export")
    with explorer.page.expect_download() as found:
        panel.get_by_role("button", name=name, exact=True).click()
    path = tmp_path / "downloads" / found.value.suggested_filename
    found.value.save_as(path)
    assert explorer.status() == f"Saved: {path.name}"
    return path


def fragment(state: Any) -> Any:
    """The part of a link after the #."""
    text = json.dumps(state).replace("Infinity", "1e999")  # which is JSON, and infinite
    return f"s={base64.urlsafe_b64encode(text.encode()).decode().rstrip('=')}"


def trained_tutorial(rounds: Any, **options: Any) -> Any:
    return put_in(start("tutorial"), training.train(setup(float), rounds, **options).parameters)


@pytest.fixture
def opened(open_page: Any, tmp_path: Path) -> Any:
    """A function that opens the page of a subject, at its computation graph if not told otherwise, with all numbers of the first case."""

    def open_subject(name: Any, tab: str = "graph", fragment: str = "", **options: Any) -> Any:
        explorer = Explorer(open_page(made(name).save(tmp_path / "page.html"), fragment, **options))
        if not fragment:
            explorer.show(tab)
            explorer.case(1)
        return explorer

    return open_subject
