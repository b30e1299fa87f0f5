"""Makes the screenshots in docs/pictures: python docs/screenshots.py, where Chromium and the extra `dev` are installed."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

sys.path.insert(0, str(Path(__file__).parent.parent))

from tests.browser import find_chromium
from tinygrad_bp import explore

PICTURES = Path(__file__).parent / "pictures"


def formula(page: Page) -> None:
    """The chain rule of w1, after some training."""
    page.get_by_role("button", name="look around").click()
    page.get_by_role("button", name="10,000 rounds").last.click()
    page.locator(".curve input[type=range]").fill("0")
    page.locator('.neurons [data-node="2"]').first.dispatch_event("click")


def graph(page: Page) -> None:
    """The computation graph, in the middle of the backward pass."""
    page.get_by_role("button", name="look around").click()
    page.get_by_role("button", name="Computation graph").click()
    page.get_by_role("combobox", name="by").select_option("node")
    for _ in range(58):
        page.keyboard.press(".")


def main() -> None:
    """Writes explorer.png and explorer-graph.png, light and dark."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = explore("tutorial", language="en").save(Path(folder) / "page.html")
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        for name, show, size in (("explorer", formula, (1360, 1230)), ("explorer-graph", graph, (1360, 860))):
            for scheme in ("light", "dark"):
                page = chromium.new_page(
                    viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
                )
                page.goto(file.as_uri())
                show(page)
                page.mouse.move(0, 0)
                page.evaluate("scrollTo(0, 0)")
                page.evaluate("document.activeElement.blur()")
                page.wait_for_function(
                    "document.querySelector('.status').textContent !== ''"
                ) if show is formula else None
                page.evaluate("document.querySelector('.status').textContent = ''")
                page.screenshot(path=PICTURES / f"{name}{'-dark' * (scheme == 'dark')}.png")
                page.close()
        chromium.close()


if __name__ == "__main__":
    main()
