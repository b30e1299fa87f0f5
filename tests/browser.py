"""Pages in headless Chromium: opened as files, watched for errors, kept off the network, checked for accessibility."""

import contextlib
import importlib.resources
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

# Playwright is imported where it is used: the suite also runs without extras.

# Playwright itself turns background networking, updates, syncing and extensions off.
ARGUMENTS = [
    "--no-sandbox",  # it does not start as root otherwise, as in containers
    "--disable-gpu",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",  # what no request event tells of, such as a preconnect, gets nowhere either
]
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def find_chromium() -> Any:
    """The path of a Chromium: the one the variable CHROMIUM names, if it is set, or else one on the path; None if there is none.

    One without windows comes first: it starts fewer processes for a page, and opens one in a fraction of the time.
    """
    named = os.environ.get("CHROMIUM")
    names = [named] if named else ["chromium-headless-shell", "chromium", "chromium-browser", "google-chrome"]
    return next(filter(None, map(shutil.which, names)), None)


# For one module, not for the session: as long as Playwright is there, asyncio takes its loop to be running, and other tests could not
# run one of their own. A start takes half a second.
@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A Chromium of Playwright's."""
    from playwright.sync_api import sync_playwright

    executable = find_chromium()
    assert executable is not None, "there is no Chromium: install one, or name it in the variable CHROMIUM"
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(executable_path=executable, args=ARGUMENTS) as browser,
    ):
        yield browser


class Opener:
    """Opens HTML files, each in a context of its own, and takes down their errors and what they asked the network for."""

    def __init__(self, browser: Any) -> None:
        self._browser = browser
        self._contexts, self._errors, self._requests = [], [], []

    def __call__(self, path: Any, fragment: str = "", **options: Any) -> Any:
        """The file, opened, as a page of Playwright; the options are those of its `Browser.new_context`."""
        url = Path(path).resolve().as_uri()

        def is_own(address: Any) -> Any:
            return address.startswith(("data:", "blob:", "about:")) or address.partition("#")[0] == url

        def answer(route: Any) -> None:
            if is_own(route.request.url):
                route.continue_()
            else:
                route.abort("blockedbyclient")

        def asked(request: Any) -> None:
            if not is_own(request.url):
                self._requests.append(f"{request.method} {request.url}")

        def said(message: Any) -> None:
            # Violations of a Content-Security-Policy come as errors of the console, as does every request that was aborted here.
            if message.type in ("error", "assert") and "net::ERR_BLOCKED_BY_CLIENT" not in message.text:
                self._errors.append(f"console: {message.text}")

        def connected(socket: Any) -> None:
            self._requests.append(f"WebSocket {socket.url}")

        def watch(page: Any) -> None:
            page.on("websocket", connected)
            page.on("crash", lambda page: self._errors.append(f"crashed: {page.url}"))

        context = self._browser.new_context(**options)
        context.set_default_timeout(120_000)  # for machines that are slow or busy: what fails, fails all the same
        self._contexts.append(context)
        context.route("**/*", answer)
        context.on("request", asked)
        context.on("console", said)
        context.on("weberror", lambda web: self._errors.append(f"uncaught: {web.error.stack or web.error}"))
        context.on("page", watch)
        page = context.new_page()
        page.goto(f"{url}#{fragment}" if fragment else url)
        return page

    def _taken(self, lines: Any) -> Any:
        from playwright.sync_api import Error

        # What a page did before it answers has been told when the answer comes. One that just goes elsewhere may not answer.
        for context in self._contexts:
            for page in context.pages:
                with contextlib.suppress(Error):
                    page.evaluate("0")
        taken = lines[:]
        lines.clear()
        return taken

    def take_errors(self) -> Any:
        """The lines of the errors until now, which the test expects: the end of the test no longer minds them."""
        return self._taken(self._errors)

    def take_requests(self) -> Any:
        """The lines of the requests until now, which the test expects: the end of the test no longer minds them."""
        return self._taken(self._requests)

    def close(self) -> None:
        """Closes all pages and fails if there were errors or requests that nobody took."""
        try:
            errors, requests = self.take_errors(), self.take_requests()
        finally:
            for context in self._contexts:
                context.close()
        if errors or requests:
            pytest.fail("\n".join(["unexpected in the browser:", *errors, *requests]), pytrace=False)


@pytest.fixture
def open_page(browser: Any) -> Iterator[Any]:
    """A function that opens an HTML file in Chromium; see `Opener`."""
    opener = Opener(browser)
    yield opener
    opener.close()


def axe_violations(page: Any) -> Any:
    """What axe finds against the page as it is now, a line for each element."""
    # Evaluated: a page that forbids scripts not its own would not take it as an element.
    page.evaluate(importlib.resources.files("axe_playwright_python").joinpath("axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("tags => axe.run({ runOnly: tags, resultTypes: ['violations'] })", AXE_TAGS)
    return [
        f"{rule['id']} ({node['impact']}) at {' '.join(map(str, node['target']))}: {node['html']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
