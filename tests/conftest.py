"""What a machine may lack is skipped there, and is a failure in CI."""

import importlib.util
import os
import shutil
from typing import Any

import pytest

from tests.browser import browser, find_chromium, open_page
from tests.command import neuron, quick
from tests.drawings import example
from tests.explorer import opened
from tests.files import empty_folder
from tests.interrupts import interruptible
from tests.plots import settings_stay
from tests.renderers import renderer
from tests.trainings import many_rows

# Fixtures, for every test.
__all__ = [
    "browser",
    "empty_folder",
    "example",
    "interruptible",
    "many_rows",
    "neuron",
    "open_page",
    "opened",
    "quick",
    "renderer",
    "settings_stay",
]

MAY_BE_MISSING = {
    "browser": lambda: importlib.util.find_spec("playwright") is not None and find_chromium() is not None,
    "cc": lambda: shutil.which("cc") is not None,
    "latex": lambda: shutil.which("pdflatex") is not None and shutil.which("lualatex") is not None,
    "node": lambda: shutil.which("node") is not None,
    "site": lambda: (
        shutil.which("npm") is not None
        and all(importlib.util.find_spec(name) is not None for name in ("sphinx", "furo", "myst_parser"))
    ),
    "torch": lambda: importlib.util.find_spec("torch") is not None,
}


def pytest_addoption(parser: Any) -> None:
    parser.addoption(
        "--one-of-each",
        action="store_true",
        help="of a test of many cases only the first: on another Python the code is what may fail, not the numbers",
    )


@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems(config: Any, items: Any) -> Any:
    for item in items:
        if item.get_closest_marker("torch"):  # which is an extra of the package
            item.add_marker("extras")
    for marker, there in MAY_BE_MISSING.items():
        if not there() and not os.environ.get("CI"):
            for item in items:
                if item.get_closest_marker(marker):
                    item.add_marker(pytest.mark.skip(reason=f"{marker} is not installed"))
    yield  # tests are chosen by their markers
    if config.getoption("--one-of-each"):
        first = {item.nodeid.partition("[")[0]: item for item in reversed(items)}
        kept = set(first.values())
        config.hook.pytest_deselected(items=[item for item in items if item not in kept])
        items[:] = [item for item in items if item in kept]
