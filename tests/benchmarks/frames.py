"""`python -m tests.benchmarks.frames`: how long the page of a large graph keeps the browser from drawing, panel by panel.

The graph has 789 nodes and 264 parameters. What is told is the processor's time of the longest task after each action, or while it
trains of each task that draws, in milliseconds: the median and the 95th of a hundred. A picture of the screen lasts 16.7, and nobody
notices that one stands still for 50.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.browser import ARGUMENTS, find_chromium
from tinygrad_bp import MLP, explore

TIMES = 20
PAUSE = 220  # ms after each action, in which all that it leads to is done
DRAWS = 4.0  # ms of a task that does more than look whether there is something to do
PANELS = ("none", "formula", "slope", "training", "edit", "paths", "truth", "teacher", "export", "settings")


def by_key(key: str) -> str:
    return f"document.body.dispatchEvent(new KeyboardEvent('keydown', {{ key: {key!r}, bubbles: true }}))"


def scrub(time: int) -> str:
    return f"""{{
      const slider = document.querySelector(".scrubber");
      slider.value = String(({time} * 37 + 5) % Number(slider.max));
      slider.dispatchEvent(new Event("input", {{ bubbles: true }}));
    }}"""


ACTIONS: dict[str, Callable[[int], str]] = {
    "a step": lambda time: by_key("."),
    "a place of the slider": scrub,
    "zoom": lambda time: by_key("+" if time % 6 < 3 else "-"),
    "a round": lambda time: by_key("r"),
}


def tasks(browser: Any, page: Any, act: Callable[[], None]) -> list[float]:
    """How much of the processor's time each task of the page took while something was done, in ms."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "trace.json"
        browser.start_tracing(page=page, path=path, categories=["toplevel", "devtools.timeline", "blink.user_timing"])
        act()
        browser.stop_tracing()
        events = json.loads(path.read_text())["traceEvents"]
    mains = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    [own] = {event["pid"] for event in events if event["name"] == "begins" and "user_timing" in event.get("cat", "")}
    return [
        event["tdur"] / 1000
        for event in events
        if event["name"] == "ThreadControllerImpl::RunTask"
        and event["pid"] == own
        and (own, event["tid"]) in mains
        and "tdur" in event
    ]


def longest(browser: Any, page: Any, action: Callable[[int], str]) -> list[float]:
    """The longest task after each action."""
    found = []
    for time in range(TIMES):

        def act(time: int = time) -> None:
            page.evaluate("performance.mark('begins')")
            page.evaluate(action(time))
            page.wait_for_timeout(PAUSE)

        found.append(max(tasks(browser, page, act)))
    return found


def training(browser: Any, page: Any) -> list[float]:
    """The tasks of two seconds of training."""

    def act() -> None:
        page.evaluate("performance.mark('begins')")
        page.evaluate(by_key("t"))
        page.wait_for_timeout(2000)
        page.evaluate(by_key("t"))

    return [took for took in tasks(browser, page, act) if took > DRAWS]


def row(panel: str, name: str, found: list[float]) -> str:
    found.sort()
    return f"{panel:10}{name:24}{found[len(found) // 2]:8.1f}{found[int(0.95 * (len(found) - 1))]:8.1f}"


def main() -> None:
    from playwright.sync_api import sync_playwright

    net = MLP(8, [14, 8, 2], seed=1, separate_products=True)
    made = explore(net, rows=[([0.1 * k for k in range(8)], [1.0, 0.0])])
    with (
        tempfile.TemporaryDirectory() as folder,
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=find_chromium(), args=ARGUMENTS) as browser,
    ):
        page = browser.new_context(viewport={"width": 1280, "height": 720}, reduced_motion="reduce").new_page()
        page.goto(made.save(Path(folder) / "page.html").as_uri())
        page.locator("[data-tab=graph]").click()
        print(f"{'panel':10}{'what is done':24}{'median':>8}{'95th':>8}")
        for panel in sys.argv[1:] or PANELS:
            if panel != "none":
                if page.locator("#drawer").is_hidden():
                    page.click(".more")
                page.click(f"#tab-{panel}")
            page.wait_for_timeout(1200)
            page.evaluate("document.activeElement?.blur()")
            for name, action in ACTIONS.items():
                print(row(panel, name, longest(browser, page, action)), flush=True)
            print(row(panel, "training", training(browser, page)), flush=True)


if __name__ == "__main__":
    main()
