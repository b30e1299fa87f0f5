"""The playground, as the site has it, in Chromium: programs that are good, wrong and endless, long chains, links, and no network."""

from __future__ import annotations

import base64
import re
import subprocess
import zlib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import axe_violations
from tests.site import ROOT, built, served

pytestmark = [pytest.mark.browser, pytest.mark.site, pytest.mark.node, pytest.mark.slow, pytest.mark.extras]

TIME = 120_000  # milliseconds, for machines that are busy


class Playground:
    """The page, loaded, and how it is used."""

    def __init__(self, page: Any) -> None:
        self.page = page

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.ready()

    def ready(self) -> None:
        self.page.wait_for_selector("body[data-state=ready]", timeout=TIME)

    def shows(self, text: str) -> None:
        """Waits until the view shows this."""
        self.page.locator("#panel", has_text=text).wait_for(timeout=TIME)

    def until(self, expression: str) -> None:
        """Waits for an expression of JavaScript; the page's policy has Playwright's own way refused."""
        waited = 0
        while not self.page.evaluate(expression):
            assert waited < TIME, expression
            self.page.wait_for_timeout(50)
            waited += 50

    def write(self, program: str) -> None:
        """Replaces the program, as pasting it does."""
        self.page.evaluate("program => playground.write(program)", program)

    def run(self, program: str) -> str:
        """Runs a program to its end, and returns what is said then."""
        self.start(program)
        self.ready()
        return str(self.page.inner_text("#status"))

    def start(self, program: str) -> None:
        self.write(program)
        self.page.evaluate("document.body.dataset.state = 'asked'")
        self.page.click("#run")

    def view(self, name: str) -> str:
        """The text of a view."""
        self.page.click(f"#tab-{name}")
        self.page.wait_for_selector(f"#panel[data-view={name}]", timeout=TIME)
        self.ready()
        return str(self.page.inner_text("#panel"))


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with served(built()) as site:
        yield site + "play/"


@pytest.fixture(scope="module")
def loaded(browser: Any, address: str) -> Iterator[tuple[Playground, list[str], list[str]]]:
    """The playground in a browser that never saw it, what it asked for, and what went wrong."""
    asked: list[str] = []
    errors: list[str] = []
    context = browser.new_context(viewport={"width": 1280, "height": 900})

    def failed(request: Any) -> None:
        """What the policy of the page held back was not asked for."""
        if request.failure != "csp":
            asked.append(request.url)

    context.on("requestfinished", lambda request: asked.append(request.url))
    context.on("requestfailed", failed)
    context.on("weberror", lambda web: errors.append(str(web.error)))
    page = context.new_page()
    playground = Playground(page)
    playground.open(address)
    page.wait_for_selector("body[data-offline=ready]", timeout=TIME)
    yield playground, asked, errors
    context.close()


@pytest.fixture
def playground(loaded: Any, address: str) -> Iterator[Playground]:
    """The playground, ready, and afterwards: nothing went wrong, and nothing came from elsewhere."""
    found, asked, errors = loaded
    found.ready()
    yield found
    assert errors == []
    assert [
        url for url in asked if not url.startswith((address.removesuffix("play/"), "data:", "blob:", "about:"))
    ] == []


GOOD = "from tinygrad_bp import Value\nx = Value(3.0)\ny = x * x + x\ny.backward()\nprint('slope', x.grad)\nx.grad + 1\ny\n"


def test_a_good_program_is_shown_in_every_view(playground: Playground) -> None:
    assert playground.run(GOOD) == "Done: y = 12."
    assert "slope 7.0\n8.0\n" in playground.view("output")
    graph = playground.view("graph")
    assert "grad 7" in re.sub(r"\s+", " ", graph)
    assert "dy/dx = 2 * x + 1" in playground.view("explain")
    assert "1 of 1 derivatives agree" in playground.view("check")
    playground.view("lesson")
    lesson = playground.page.frame_locator("#panel iframe")
    lesson.locator("h1").first.wait_for(timeout=TIME)
    playground.view("page")
    playground.page.frame_locator("#panel iframe").locator("button:visible", has_text="Next").first.wait_for(
        timeout=TIME
    )
    playground.view("graph")
    assert axe_violations(playground.page) == []


def test_what_is_typed_runs_by_itself(playground: Playground) -> None:
    playground.view("output")
    playground.write("print(6 * 7)\n")
    playground.shows("42")


@pytest.mark.parametrize(
    ("program", "words"),
    [
        ("x = 1\ny = (x +\n", "SyntaxError in line 2: '(' was never closed"),
        ("def f(x):\n    return 1 / x\n\nf(0)\n", "ZeroDivisionError in line 2: "),
        ("from tinygrad_bp import Value\nValue(-1.0, 'x').log()\n", "ValueError in line 2: log"),
        ("raise SystemExit(3)\n", "SystemExit in line 1: 3"),
        ("import numpy\n", "No module named 'numpy'. numpy is not here: this page has Python's standard library"),
        ("input('name? ')\n", 'in place of input() write the answer itself, such as name = "Ada". (EOFError in line 1'),
        (
            "from tinygrad_bp import MLP, SGD, squared_error, train\nnet = MLP(2, [1])\n"
            "train(net, [([0, 0], 0)], squared_error, SGD(net.parameters(), lr=1.0), epochs=1, engine='llvm')\n",
            "In this page nothing can be installed",
        ),
        ("import exercises, playground\n", "exercises is not here"),
        ("y = maths.exp(1)\n", "name 'maths' is not defined. A name has to be made or imported"),
        ("import asyncio\nasyncio.run(asyncio.sleep(0))\n", "await does not work here, as nothing"),
        ("def f():\n    await 1\n", "without async and await. (SyntaxError in line 2: 'await' outside async function)"),
        ("import threading\nthreading.Thread(target=print).start()\n", "In a browser there are no threads"),
        ("class E(Exception):\n    def __str__(self):\n        return 1 / 0\nraise E()\n", "E in line 4:"),
    ],
)
def test_an_error_is_said_in_its_place(playground: Playground, program: str, words: str) -> None:
    short = playground.run(program)
    told = playground.page.inner_text("#error")
    assert words in told
    [line] = re.findall(r"in line (\d+)", told)
    assert short == f"Error in line {line}."  # in full it stands in one place
    assert playground.page.locator(".cm-lintRange-error").count() > 0
    assert playground.run(GOOD) == "Done: y = 12."
    assert playground.page.inner_text("#error") == ""


@pytest.mark.parametrize(
    "program",
    [
        "import builtins\ndel builtins.print, builtins.len, builtins.isinstance, builtins.repr, builtins.setattr\n",
        "__builtins__.clear()\n",
        "import math\nmath.exp = math.tanh = None\n",
        "from tinygrad_bp import Value\nValue.__mul__ = Value.backward = lambda *given: 42\nValue.more = 1\n",
        "import sys\nsys.stdout = sys.stderr = None\nglobals().clear()\n",
        "import os\nos._exit(0)\n",
        "import ast, json, contextlib, io\nast.parse = json.dumps = contextlib.redirect_stdout = io.TextIOBase = None\n",
        "import sys\nsys.setrecursionlimit(40)\n",
        "import sys\nsys.modules.clear()\nsys.path.clear()\nsys.modules = None\n",
        "import random\nrandom.random = None\n",
        "import sys\nsys.setrecursionlimit(10**9)\ndef f(n):\n    return f(n + 1)\nf(0)\n",
    ],
)
def test_what_a_program_breaks_is_whole_for_the_next_one(playground: Playground, program: str) -> None:
    playground.run(program)
    after = (
        GOOD
        + "assert not hasattr(Value, 'more')\nimport random, sys\nrandom.random()\nassert sys.getrecursionlimit() > 500\n"
    )
    assert playground.run(after) == "Done: y = 12."


def test_a_chain_of_ones_own_engine_is_let_go_of(playground: Playground) -> None:
    engine = (
        "class N:\n    def __init__(self, of):\n        self.of = of\n\n"
        "def f():\n    n = N(None)\n    for _ in range(20000):\n        n = N(n)\n"
    )
    assert playground.run(engine + "    return n\nkept = f()\n").startswith("Done.")
    assert playground.run(engine + "    1 / 0\nf()\n") == "Error in line 9."
    assert playground.run(GOOD) == "Done: y = 12."


def test_no_more_is_shown_than_can_be_read(playground: Playground) -> None:
    playground.view("output")
    playground.run("print('x' * 10**7)\n'y' * 10**7\n")
    assert 200_000 <= len(playground.page.inner_text("#panel")) < 200_100
    playground.run("raise ValueError('x' * 10**6)\n")
    assert 500 < len(playground.page.inner_text("#error")) < 600


def test_exit_ends_a_program_and_what_it_made_is_shown(playground: Playground) -> None:
    assert playground.run(GOOD + "exit()\nz = y * 2\n") == "Done: y = 12."
    assert playground.run(GOOD + "print((z := y * 2).data)\n") == "Done: z = 24."
    assert playground.run(GOOD + "outs = {'a': [x * 2, y / 4]}\n") == "Done: result = 3."
    # What a program ends with has its own view, and the others are of its last Value.
    assert playground.run(GOOD + "from tinygrad_bp import exercise\nexercise(y)\n") == "Done: Exercise."
    playground.view("lesson")
    playground.page.frame_locator("#panel iframe").locator("text=Name").first.wait_for(timeout=TIME)
    assert "dy/dx = 2 * x + 1" in playground.view("explain")


def test_nothing_in_a_picture_runs(playground: Playground) -> None:
    inside = (
        '<script>parent.hurt = 1</script><text onclick="1">hi</text><a href="javascript:1"><text>there</text></a>'
        '<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"><img src="x" onerror="hurt = 2"/></body></foreignObject>'
    )
    inside += (
        "<style>body { background: red !important } @import url(https://elsewhere.invalid/x.css);</style>"
        '<a href="#"><set attributeName="href" to="javascript:hurt = 4"/><text id="status">see</text></a>'
        '<rect width="5" height="5" style="position: fixed" fill="url(https://elsewhere.invalid/y.svg#a)"/>'
    )
    svg = f'<svg xmlns="http://www.w3.org/2000/svg" onload="hurt = 3">{inside}</svg>'
    page = playground.page
    ground = "getComputedStyle(document.body).backgroundColor"
    before = page.evaluate(ground)
    # A picture of somebody else's is a page of its own; what passes for one of the package's has what those have, and no more.
    playground.run(f"class Drawing:\n    def svg(self):\n        return {svg!r}\nDrawing()\n")
    playground.view("graph")
    shown = page.frame_locator("#panel iframe")
    shown.get_by_text("see").dispatch_event("click")  # what is drawn there lies partly outside of its frame
    assert shown.locator("html").evaluate("() => origin") == "null"
    forged = f"class Drawing:\n    __module__ = 'tinygrad_bp.x'\n    def svg(self):\n        return {svg!r}\n"
    playground.run(forged + "Drawing()\n")
    assert "see" in playground.view("graph")
    assert (
        page.locator("#panel :is(script, style, img, set, [style], [onload], [onclick], [href], [fill^=url])").count()
        == 0
    )
    assert page.locator("#status").count() == 1
    assert page.evaluate(ground) == before
    assert page.evaluate("typeof hurt") == "undefined"


def test_nothing_goes_elsewhere(playground: Playground) -> None:
    tried = (
        "import js\n"
        "async def ask():\n    try:\n        await js.fetch('https://elsewhere.invalid/')\n"
        "    except Exception as error:\n        print('refused', error)\n"
        "import asyncio\nkept = asyncio.ensure_future(ask())\n"
        "print([hasattr(js, name) for name in ('caches', 'indexedDB', 'Worker')])\njs.eval('1')\n"
    )
    playground.run(tried)
    assert "Content Security Policy" in playground.page.inner_text("#error")
    assert "[False, False, False]" in playground.view("output")


def test_long_chains_do_not_end_it(playground: Playground) -> None:
    chain = "from tinygrad_bp import Value\nx = Value(0.5, 'x')\ny = x\nfor _ in range(3000):\n    y = y * 0.999 + 0.001\ny.backward()\ny\n"
    assert playground.run(chain).startswith("Done: y = 0.975")
    assert "The graph has 12,001 nodes" in playground.view("graph").replace("12001", "12,001")
    for view in ("page", "check", "lesson"):
        assert "too many for this view" in playground.view(view)
    assert "dy/dx" not in playground.view("explain")
    assert "some derivatives are left out" in playground.view("explain")
    playground.view("graph")
    assert playground.run(chain + "1 / 0\n") == "Error in line 8."
    assert playground.run(GOOD) == "Done: y = 12."


def test_a_check_of_many_inputs_says_how_many_it_took(playground: Playground) -> None:
    many = "from tinygrad_bp import Value\nxs = [Value(0.01 * k, f'x{k}') for k in range(500)]\nsum((x * x for x in xs), Value(0.0))\n"
    playground.run(many)
    assert "33 of 501 derivatives are checked" in playground.view("check")


def test_a_wide_graph_is_fitted_and_made_larger(playground: Playground) -> None:
    page = playground.page
    playground.run(
        "from tinygrad_bp import MLP, squared_error\nE = squared_error(MLP(3, [4, 2], seed=1)([1, 2, 3]), [0, 1])\n"
    )
    playground.view("graph")
    frame = page.locator("#panel .picture")
    size = "frame => [frame.scrollWidth > frame.clientWidth, frame.scrollHeight > frame.clientHeight]"
    page.set_viewport_size({"width": 360, "height": 740})
    playground.run(page.evaluate("playground.program()") + "E\n")
    playground.view("graph")
    assert frame.evaluate(size) == [True, True]
    right, height = frame.evaluate(
        "frame => [frame.scrollLeft + frame.clientWidth - frame.scrollWidth, frame.clientHeight]"
    )
    tops = "nodes => nodes.map(node => node.getBoundingClientRect()).sort((a, b) => b.right - a.right)[0].top"
    top = page.locator("#panel .picture g.node").evaluate_all(tops) - frame.bounding_box()["y"]
    assert abs(right) <= 1
    assert 0 < top < height  # the result is in sight
    page.click("[data-zoom=fit]")
    assert frame.evaluate(size) == [False, False]
    page.click("[data-zoom=larger]")
    page.set_viewport_size({"width": 1280, "height": 900})


def test_an_endless_loop_can_be_stopped(playground: Playground) -> None:
    playground.view("output")
    playground.start("print('begun')\nwhile True:\n    pass\n")
    playground.shows("begun")
    playground.page.click("#stop")
    playground.ready()
    assert playground.page.inner_text("#status").startswith("Stopped.")
    assert playground.run(GOOD) == "Done: y = 12."


def test_while_a_program_runs_a_panel_says_so_and_nothing_of_another(playground: Playground) -> None:
    panel = "document.querySelector('#panel').innerText"
    playground.run(GOOD)
    playground.view("output")
    playground.start("while True:\n    pass\n")
    playground.page.click("#tab-check")
    for view in ("check", "graph", "explain", "page", "lesson"):
        playground.page.click(f"#tab-{view}")
        assert playground.page.evaluate(panel) == "The program is running. This view comes when it has ended."
    playground.page.click("#tab-output")
    assert playground.page.evaluate(panel) == "The program is running, and has printed nothing yet."
    assert playground.page.get_attribute("#panel", "aria-busy") == "true"
    playground.page.click("#stop")
    playground.ready()
    playground.shows("Nothing was printed.")
    assert playground.page.get_attribute("#panel", "aria-busy") == "false"
    assert playground.run(GOOD) == "Done: y = 12."
    playground.shows("slope 7.0")


def test_a_loop_that_catches_all_is_ended_and_what_is_written_meanwhile_runs(playground: Playground) -> None:
    assert playground.page.evaluate("crossOriginIsolated")  # on the first visit, too
    playground.view("output")
    loop = "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass\n"
    playground.start("print('begun')\n" + loop)
    playground.shows("begun")
    playground.write("print(6 * 7)\n")
    playground.shows("42")
    playground.ready()
    assert playground.page.inner_text("#status").startswith("Done.")


LINKED = "print(2 ** 10, 'リンク')\n"


def packed(program: str) -> str:
    """A program as links hold it."""
    packing = zlib.compressobj(9, zlib.DEFLATED, -15)
    return base64.urlsafe_b64encode(packing.compress(program.encode()) + packing.flush()).decode().rstrip("=")


def test_a_link_holds_the_program_and_all_works_without_a_network(playground: Playground, address: str) -> None:
    page = playground.page.context.new_page()
    page.context.set_offline(True)
    other = Playground(page)
    other.open(f"{address}?lang=ja#p={packed(LINKED)}")
    assert "1024 リンク" in other.view("output")
    # By now a program can be interrupted: Python need not be ended for it.
    assert page.evaluate("crossOriginIsolated")
    other.start("print('begun')\nwhile True:\n    pass\n")
    other.shows("begun")
    page.click("#stop")
    other.ready()
    assert page.inner_text("#status") == "停止しました。"
    assert other.run(GOOD) == "完了しました：y = 12"
    before = page.evaluate("location.hash")
    page.click("#link")
    other.until(f"location.hash !== {before!r}")
    data = page.evaluate("location.hash")[3:]
    assert zlib.decompress(base64.urlsafe_b64decode(data + "=" * (-len(data) % 4)), -15).decode() == GOOD
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.get_attribute("html", "lang") == "ja"
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert axe_violations(page) == []
    # What an exercise belongs to is there, too.
    playground.until("document.body.dataset.lessons === 'ready'")
    page.evaluate("location.assign('?lang=en#exercise=w5')")
    other.ready()
    page.wait_for_selector("#exercise-lesson:visible")
    page.click("#exercise-lesson")
    page.locator("article h1").wait_for(timeout=TIME)
    assert page.url.endswith("play/site/learn/3-the-worked-example.html")
    assert page.evaluate("document.querySelector('article img').naturalWidth") > 0
    page.context.set_offline(False)
    page.close()


def test_a_damaged_link_is_said_to_be_one(playground: Playground, address: str) -> None:
    page = playground.page.context.new_page()
    other = Playground(page)
    whole = packed(LINKED)
    other.open(f"{address}#p={whole[:-4]}")
    notice = page.locator("#notice")
    assert notice.inner_text().startswith("This link is damaged")
    assert axe_violations(page) == []
    other.write(GOOD)
    assert notice.is_hidden()
    for damaged in (whole[4:], "", "%F0", f"{whole}."):
        page.evaluate("part => { location.hash = 'p=' + part }", damaged)
        notice.wait_for(timeout=TIME)
        assert page.evaluate("playground.program()") == GOOD
        page.evaluate("playground.write(playground.program())")
        assert notice.is_hidden()
    actions = {
        "output": lambda: page.click("#tab-output"),
        "key": lambda: page.press("#tab-output", "ArrowRight"),
        "run": lambda: page.click("#run"),
        "by key": lambda: page.press(".cm-content", "Control+Enter"),
        "typed": lambda: page.press(".cm-content", "Enter"),
    }
    for place, (name, act) in enumerate(actions.items()):
        page.evaluate("part => { location.hash = 'p=' + part }", f"{place}")
        notice.wait_for(timeout=TIME)
        notice.click()  # to read it is no action
        page.wait_for_timeout(50)
        assert notice.is_visible()
        act()
        notice.wait_for(state="hidden", timeout=TIME)
        other.ready()
        assert page.evaluate("playground.program()").strip() == GOOD.strip(), name
    page.evaluate("location.hash = 'p='")
    notice.wait_for(timeout=TIME)
    page.evaluate("part => { location.hash = 'p=' + part }", whole)
    notice.wait_for(state="hidden", timeout=TIME)
    assert page.evaluate("playground.program()") == LINKED
    page.close()


def test_a_link_to_a_long_program_can_be_made() -> None:
    program = "".join(f"# {place} {place**40:x}\n" for place in range(12_000))
    made = subprocess.run(
        ["node", "--input-type=module", "-e", MAKING, (ROOT / "docs" / "play" / "link.js").as_uri()],
        input=program,
        stdout=subprocess.PIPE,
        check=True,
        encoding="utf-8",
    ).stdout
    assert len(made) > 200_000
    assert zlib.decompress(base64.urlsafe_b64decode(made + "=" * (-len(made) % 4)), -15).decode() == program


MAKING = """
const { packed, unpacked } = await import(process.argv[1]);
const program = (await import("node:fs")).readFileSync(0, "utf-8");
const made = await packed(program);
if ((await unpacked(made)) !== program) throw new Error("it is another one");
process.stdout.write(made);
"""


def test_a_link_that_is_copied_leaves_an_exercise_open_and_what_goes_wrong_is_said(
    playground: Playground, address: str
) -> None:
    page = playground.page.context.new_page()
    Playground(page).open(f"{address}#exercise=mul")
    page.evaluate("navigator.clipboard.writeText = text => { globalThis.copied = text; return Promise.resolve() }; 0")
    page.click("#link")
    page.locator("#status", has_text="The link is copied.").wait_for(timeout=TIME)
    data = page.evaluate("copied").partition(f"{address}#p=")[2]
    held = zlib.decompress(base64.urlsafe_b64decode(data + "=" * (-len(data) % 4)), -15).decode()
    assert held == page.evaluate("playground.program()")
    page.evaluate("navigator.clipboard.writeText = () => Promise.reject(new Error('not allowed')); 0")
    page.click("#link")
    page.locator("#status", has_text="The link could not be copied: not allowed").wait_for(timeout=TIME)
    assert page.evaluate("location.hash") == "#exercise=mul"
    page.click("#exercise-leave")
    page.evaluate("history.replaceState = () => { throw new Error('too long') }; 0")
    page.click("#link")
    page.locator("#status", has_text="The link could not be copied: too long").wait_for(timeout=TIME)
    page.close()


def test_where_python_cannot_be_loaded_that_is_said_and_can_be_tried_again(browser: Any, address: str) -> None:
    context = browser.new_context(service_workers="block")
    page = context.new_page()
    for missing in ("**/worker.js", "**/packages.zip"):
        context.route(missing, lambda route: route.abort())
        page.goto(f"{address}?lang=constructor")  # which is no language
        page.wait_for_selector("body[data-state=failed]", timeout=TIME)
        assert page.get_attribute("html", "lang") == "en"
        assert re.fullmatch("The playground could not be loaded: .+", page.inner_text("#status"))
        assert page.inner_text("#panel") == page.inner_text("#status")
        assert page.locator("#progress").is_hidden()
        assert page.locator("#run").is_disabled()
        assert axe_violations(page) == []
        page.click("text=Try again")
        page.wait_for_selector("body[data-state=failed]", timeout=TIME)  # nothing has changed yet
        context.unroute(missing)
        page.click("text=Try again")
        assert page.evaluate("document.activeElement.id") == "panel"
        found = Playground(page)
        found.ready()
        assert page.locator("#retry").is_hidden()
        assert found.run(GOOD) == "Done: y = 12."
    context.close()


def test_a_picture_is_let_go_of_where_a_drag_is_broken_off(playground: Playground) -> None:
    playground.run(GOOD)
    playground.view("graph")
    page = playground.page
    for _ in range(6):
        page.click("[data-zoom=larger]")
    frame = page.locator("#panel .picture")
    frame.evaluate("frame => frame.scrollTo(0, 0)")
    for end in ("pointerup", "pointercancel"):
        before = frame.evaluate("frame => frame.scrollLeft")
        frame.dispatch_event("pointerdown", {"pointerType": "mouse", "button": 0, "clientX": 300, "clientY": 300})
        moved = "x => dispatchEvent(new PointerEvent('pointermove', { clientX: x, clientY: 300 }))"
        page.evaluate(moved, 280)
        assert frame.evaluate("frame => frame.scrollLeft") == before + 20
        page.evaluate("end => dispatchEvent(new PointerEvent(end))", end)
        page.evaluate(moved, 200)
        assert frame.evaluate("frame => frame.scrollLeft") == before + 20
    page.click("[data-zoom=fit]")


def said(playground: Playground) -> str:
    """What is said of an answer, once it is."""
    playground.until("document.querySelector('#exercise-said').innerText !== ''")
    playground.ready()
    return str(playground.page.inner_text("#exercise-said"))


# Whether the place where an exercise is to be written is in the part of the editor that is seen.
IN_SIGHT = """(() => {
  const line = [...document.querySelectorAll(".cm-line")].find((each) => each.textContent.includes("# write this"));
  if (!line) return false;
  const [place, around] = [line, document.querySelector("#editor")].map((each) => each.getBoundingClientRect());
  return place.top >= around.top && place.bottom <= Math.min(around.bottom, innerHeight);
})()"""


def test_no_line_of_an_example_is_cut_off_at_the_editors_edge(playground: Playground) -> None:
    page = playground.page
    names = page.eval_on_selector_all("#examples option", "options => options.map(o => o.value).filter(Boolean)")
    assert len(names) > 3
    for name in names:
        page.select_option("#examples", name)
        assert page.evaluate(
            "(() => { const s = document.querySelector('.cm-scroller'); return s.scrollWidth <= s.clientWidth; })()"
        )
        playground.ready()


# For each line of the editor how far its rows are from its left edge, in letters.
ROWS = """(() => [...document.querySelectorAll(".cm-line")].map((line) => {
  const inside = document.createRange();
  inside.selectNodeContents(line);
  const rows = {};
  for (const { top, left, width } of inside.getClientRects()) {
    const row = Math.round(top / 8);
    if (width) rows[row] = Math.min(rows[row] ?? left, left);
  }
  const letter = parseFloat(getComputedStyle(line).fontSize) * 0.6;
  return Object.values(rows).map((left) => (left - line.getBoundingClientRect().left - 6) / letter);
}))()"""


# Whether a line of which this holds is within the editor, and stays there.
SEEN = """new Promise((go) => setTimeout(() => {
  const around = document.querySelector("#editor").getBoundingClientRect();
  const line = [...document.querySelectorAll(".cm-line")].find((line, place) => %s);
  const { top, bottom } = line?.getBoundingClientRect() ?? {};
  go(top >= around.top && bottom <= around.bottom);
}, 300))"""


def test_a_line_that_is_wrapped_goes_on_within_its_indentation(playground: Playground) -> None:
    page = playground.page
    page.set_viewport_size({"width": 360, "height": 800})
    long = " + ".join(["1"] * 20)
    playground.run(f"class A:\n    def f(self):\n        return {long}\nx = {long}\n{' ' * 40}# deep\ny = 2\n")
    class_line, method, body, plain, deep, last, _ = page.evaluate(ROWS)
    assert (len(class_line), len(method), len(last)) == (1, 1, 1)
    for first, *rest in (class_line, method, body, plain, deep, last):
        assert abs(first) < 0.5  # with its blanks
        assert all(abs(left - rest[0]) < 0.5 for left in rest)
    assert len(body) > 2
    assert abs(body[1] - 10) < 1
    assert abs(plain[1] - 2) < 1
    assert all(left < 17 for left in deep)  # else a narrow editor had no room
    # Where a program is long because of them, too, the place to write is in sight, and of a shorter one that comes next the beginning.
    page.evaluate("location.hash = 'exercise=backward'")
    playground.until(SEEN % "line.textContent.includes('# write this')")
    page.click("#exercise-leave")
    playground.until(SEEN % "place === 0 && line.textContent.startsWith('class A')")
    page.set_viewport_size({"width": 1280, "height": 900})
    playground.run(GOOD)


def test_programs_of_exercises_are_tried(playground: Playground) -> None:
    page = playground.page
    page.evaluate("localStorage.clear(); location.hash = 'exercise=mul'")
    page.wait_for_selector("#exercise:visible", timeout=TIME)
    assert page.evaluate("document.activeElement.id") == "exercise-title"
    playground.view("graph")
    playground.shows("this program makes no Value")
    page.set_viewport_size({"width": 1280, "height": 860})
    page.click("#exercise-check")
    assert "What comes back is None" in said(playground)
    playground.until(IN_SIGHT)
    page.set_viewport_size({"width": 1280, "height": 900})
    start = page.evaluate("playground.program()")
    place = "...  # write this"

    def check(body: str) -> str:
        playground.write(start.replace(place, body))
        page.click("#exercise-check")
        return said(playground)

    assert "This gives 2, 5, and should give 5, 2:" in check(
        "return Number(self.data * other.data, (self, other), (self.data, other.data))"
    )
    playground.write(start.replace(place, "while True: pass"))
    page.click("#exercise-check")
    page.wait_for_selector("#stop:enabled", timeout=TIME)
    page.wait_for_timeout(300)
    page.click("#stop")
    assert said(playground) == "Stopped before there was an answer."
    playground.write("from tinygrad_bp import Value as Number\n")
    page.click("#exercise-check")
    assert said(playground).startswith("Number comes from the package here.")
    assert check("return (") == "The program has to run to its end first. What is wrong is said below the editor."
    assert axe_violations(page) == []
    right = "other = as_number(other); return Number(self.data * other.data, (self, other), (other.data, self.data))"
    assert check(right) == "Solved."
    assert "(1 of 17 done)" in page.inner_text("#course summary")
    # Where the browser keeps nothing, or something broken, the page still knows.
    page.evaluate(
        "localStorage.setItem('exercises', '[null'); Storage.prototype.setItem = () => { throw new Error('full') }; 0"
    )
    page.click("#exercise-next")
    assert page.evaluate("location.hash") == "#exercise=backward"
    page.click("#course summary")
    page.click("text=Write __mul__")
    assert place in page.evaluate("playground.program()")
    assert check(right) == "Solved."
    assert "(1 of 17 done)" in page.inner_text("#course summary")
    page.once("dialog", lambda dialog: dialog.accept())
    page.click("#course summary")
    page.click("#course-forget")
    assert "(0 of 17 done)" in page.inner_text("#course summary")
    page.click("#exercise-leave")
    assert page.evaluate("location.hash") == ""
    playground.run(GOOD)


def test_what_is_derived_by_hand_is_marked(playground: Playground) -> None:
    page = playground.page
    page.evaluate("location.hash = 'exercise=w5'")
    page.wait_for_selector("#answer-1", timeout=TIME)
    given = page.frame_locator("#exercise-given iframe").locator("svg").first
    given.wait_for(timeout=TIME)
    page.set_viewport_size({"width": 360, "height": 800})
    assert given.evaluate("svg => svg.getBoundingClientRect().right <= innerWidth && svg.clientWidth > 200")
    page.set_viewport_size({"width": 1280, "height": 900})
    page.fill("#answer-1", "12.5")
    page.press("#answer-1", "Enter")
    found = said(playground)
    assert "dE/dw5: wrong" in found
    assert "Next: delta_o1. It is found by delta_o1 = dE/dnet_o1 = dE/dout_o1 * dout_o1/dnet_o1." in found
    assert page.get_attribute("#answer-1", "aria-invalid") == "true"
    page.click("#exercise-numbers")
    playground.until("document.querySelector('#answer-1').value === ''")
    playground.ready()
    assert page.inner_text("#exercise-said") == ""
    page.set_viewport_size({"width": 360, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    assert axe_violations(page) == []
    page.set_viewport_size({"width": 1280, "height": 900})
    page.click("#exercise-leave")
    playground.ready()
