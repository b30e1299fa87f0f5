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


def beat(page: Page) -> None:
    """The beat of the gradient of w5, three factors."""
    page.locator(".scrubber").fill("12")


def graph(page: Page) -> None:
    """The computation graph, in the middle of the backward pass."""
    page.get_by_role("button", name="Graph", exact=True).click()
    page.locator(".scrubber").fill("18")


def main() -> None:
    """Writes explorer.png and explorer-graph.png, light and dark."""
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        file = explore("tutorial", language="en").save(Path(folder) / "page.html")
        chromium = playwright.chromium.launch(executable_path=find_chromium(), args=["--no-sandbox"])
        for name, show, size in (("explorer", beat, (1280, 720)), ("explorer-graph", graph, (1360, 860))):
            for scheme in ("light", "dark"):
                page = chromium.new_page(
                    viewport={"width": size[0], "height": size[1]}, color_scheme=scheme, reduced_motion="reduce"
                )
                page.goto(file.as_uri())
                show(page)
                page.mouse.move(0, 0)
                page.evaluate("document.activeElement.blur()")
                page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 500)))")
                page.screenshot(path=PICTURES / f"{name}{'-dark' * (scheme == 'dark')}.png")
                page.close()
        chromium.close()


if __name__ == "__main__":
    main()
